/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ctl_socket.h - a UDP socket that tells which of our addresses a datagram came to, and answers from it
 */
#ifndef RTPRELAY_CTL_SOCKET_H
#define RTPRELAY_CTL_SOCKET_H

#include <netinet/in.h>
#include "endpoint.h"

/* Room for one IP_PKTINFO or IPV6_PKTINFO message. */
#define CTL_CONTROL CMSG_SPACE(sizeof(struct in6_pktinfo))

/* Bound, non-blocking; or -errno. */
int ctl_socket_open(const struct endpoint *addr);
/* @request: as recvmsg() left it: the answer goes to its sender, from the address it was sent to. 0; -errno */
int ctl_socket_reply(int fd, const struct msghdr *request, struct str reply);

/**
 * ctl_resolve() - the addresses that "HOST:PORT", "[V6]:PORT" or "PORT" (all addresses, both families) mean
 * Return: how many, at most @room; -EINVAL: none
 */
int ctl_resolve(const char *text, struct endpoint *addrs, size_t room);

#endif
