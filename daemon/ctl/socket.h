/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socket.h - a UDP socket that answers from the local address that the request was sent to
 */
#ifndef RTPRELAY_CTL_SOCKET_H
#define RTPRELAY_CTL_SOCKET_H

#include <netinet/in.h>
#include "base/endpoint.h"

/* Room for one IP_PKTINFO or IPV6_PKTINFO message. */
#define CTL_CONTROL CMSG_SPACE(sizeof(struct in6_pktinfo))

/* Return: a bound, non-blocking socket; or -errno. */
int ctl_socket_open(const struct endpoint *addr);
/**
 * ctl_socket_address() - prepares *answer for sendmsg(): @reply, to the sender of @request
 * @request: as recvmsg() filled it
 * @answer: has room for CTL_CONTROL bytes of control messages and for one iovec
 * The source is the address that the request was sent to. @request and @reply must stay valid until
 * the answer is sent.
 */
void ctl_socket_address(const struct msghdr *request, struct str reply, struct msghdr *answer);
/* Return: how many were sent; the others are lost. */
unsigned int ctl_socket_send(int fd, struct mmsghdr *answers, unsigned int count);

#endif
