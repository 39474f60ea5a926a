/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun_tcp.h - connections to the STUN service by TCP
 *
 * Their number, those of one source, their memory and the time that they may be idle are bounded:
 * who holds connections open costs nobody else the service, since a new one takes the place of the
 * one that has been idle for longest. Of the STUN thread, once it runs.
 */
#ifndef RTPRELAY_NAT_STUN_TCP_H
#define RTPRELAY_NAT_STUN_TCP_H

#include <poll.h>
#include "base/endpoint.h"

#define STUN_TCP_LISTENERS 16
#define STUN_TCP_MAX	   64 /* connections */
#define STUN_TCP_SOURCE	   4  /* of one IPv4 address, or one /64 of IPv6 */
#define STUN_TCP_IDLE_MS   10000
#define STUN_TCP_FDS	   (STUN_TCP_LISTENERS + STUN_TCP_MAX)

struct stun_tcp;

enum stun_tcp_event {
	STUN_TCP_ACCEPTED,
	STUN_TCP_REFUSED, /* of a source that has too many, or may have none */
	STUN_TCP_IDLE,	  /* ended: idle, or to make room for another one */
};

/**
 * struct stun_tcp_ops - what is done with connections
 * @lets: may this source have one?
 * @answer: handles a message. Return: length of the reply, *reply; 0: the connection ends
 */
struct stun_tcp_ops {
	bool (*lets)(void *arg, const struct endpoint *source);
	size_t (*answer)(void *arg, const struct endpoint *source, const uint8_t *data, size_t len,
			 const uint8_t **reply);
	void (*count)(void *arg, enum stun_tcp_event event);
	void *arg;
};

/* NULL: out of memory */
struct stun_tcp *stun_tcp_new(const struct stun_tcp_ops *ops);
void stun_tcp_free(struct stun_tcp *tcp); /* takes NULL */
/* 0; -errno */
int stun_tcp_listen(struct stun_tcp *tcp, const struct endpoint *at);

/* What to wait for, at most STUN_TCP_FDS. Return: their number */
size_t stun_tcp_fds(const struct stun_tcp *tcp, struct pollfd *fds);
/* Ends what is idle. Return: clock_ms() of the next call; -1: it is not needed */
int64_t stun_tcp_tick(struct stun_tcp *tcp, int64_t now_ms);
/*
 * Handles what has happened at the descriptors of stun_tcp_fds(), since when nothing else was
 * called. @left: system calls that it may make. Return: so many it made
 */
unsigned int stun_tcp_handle(struct stun_tcp *tcp, const struct pollfd *fds, unsigned int left,
			     int64_t now_ms);

#endif
