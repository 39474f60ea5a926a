/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socket.h - a UDP socket that tells which of our addresses a datagram came to, and answers from it
 */
#ifndef RTPRELAY_CTL_SOCKET_H
#define RTPRELAY_CTL_SOCKET_H

#include <netinet/in.h>
#include "base/endpoint.h"

/* Room for one IP_PKTINFO or IPV6_PKTINFO message. */
#define CTL_CONTROL CMSG_SPACE(sizeof(struct in6_pktinfo))

/* Bound, non-blocking; or -errno. */
int ctl_socket_open(const struct endpoint *addr);
/**
 * ctl_socket_address() - makes *answer the answer to @request, as recvmsg() left that
 * It goes to the request's sender, from the address that the request was sent to. @answer has room for CTL_CONTROL
 * bytes of control messages and for one iovec; @request and @reply must last until it is sent.
 */
void ctl_socket_address(const struct msghdr *request, struct str reply, struct msghdr *answer);
/* Return: how many could be sent; the others are lost. */
unsigned int ctl_socket_send(int fd, struct mmsghdr *answers, unsigned int count);

#endif
