/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - even/odd port pairs of one local address
 *
 * Pairs are drawn at random (an attacker must not guess the next one). A pair that carried packets
 * becomes free only after the quarantine, so that late packets of one call do not reach the next;
 * other pairs become free at once. Control thread only.
 */
#ifndef RTPRELAY_PORT_POOL_H
#define RTPRELAY_PORT_POOL_H

#include "base/endpoint.h"

struct port_pool;

struct port_pair {
	uint16_t port; /* even, RTP; port + 1 is RTCP */
	int fd[2];     /* bound, non-blocking, close-on-exec; -1: not requested */
};

struct port_pool_usage {
	unsigned int pairs, used, free, quarantined, taken_by_others;
};

/* @addr: local address to bind (port ignored). Rounds @port_min up to even. NULL: out of memory. */
struct port_pool *port_pool_new(const struct endpoint *addr, uint16_t port_min, uint16_t port_max,
				int64_t quarantine_ms);
void port_pool_free(struct port_pool *pool);
/**
 * port_pool_take() - reserve RTP on an even port and RTCP on the next (RFC 3550, section 11)
 * @count: 2; or 1 for a media without RTCP port: the odd port stays unbound and reserved
 * Return: 0; -EADDRINUSE, no pair is free; -EMFILE, out of descriptors; other -errno of socket()
 * and bind(). Pairs that another program has bound are skipped, and tried again later. After a
 * failure nothing is reserved.
 */
int port_pool_take(struct port_pool *pool, unsigned int count, int64_t now_ms,
		   struct port_pair *pair);
/**
 * port_pool_take_exact() - the same for a given pair: that of a call of an earlier daemon
 * Return: also -EADDRINUSE, it is in use or in quarantine; -ERANGE, it is not in the range
 */
int port_pool_take_exact(struct port_pool *pool, uint16_t port, unsigned int count, int64_t now_ms,
			 struct port_pair *pair);
/* Close the descriptors first. @carried: packets arrived at the pair, or left by it: quarantine. */
void port_pool_give(struct port_pool *pool, uint16_t port, bool carried, int64_t now_ms);
/* Is this very port bound for media, or was it until its quarantine began? */
bool port_pool_holds(struct port_pool *pool, uint16_t port, int64_t now_ms);
struct port_pool_usage port_pool_usage(struct port_pool *pool, int64_t now_ms);

#endif
