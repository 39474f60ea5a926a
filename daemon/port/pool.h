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
 * Return: 0; -EADDRINUSE, no pair is free; -ENOBUFS, none that is mapped; -EMFILE, out of
 * descriptors; other -errno of socket() and bind(). Pairs that another program has bound are
 * skipped, and tried again later. After a failure nothing is reserved.
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
/*
 * Ports that a router forwards (nat/portmap.h).
 *
 * After port_pool_map_only(), port_pool_take() takes only pairs that are mapped, and only those
 * count as free.
 */

/* Something that concerns a pair of port_pool_map() has changed: it is taken or given. */
typedef void port_pool_news_fn(void *arg);

enum port_pool_use { PORT_POOL_FREE, PORT_POOL_USED, PORT_POOL_FOREIGN };

/* @max: pairs of port_pool_map(), at most. 0; -ENOMEM: nothing is changed */
int port_pool_map_only(struct port_pool *pool, unsigned int max, port_pool_news_fn *news,
		       void *arg);
/* A free pair, by chance, that port_pool_map() was not called for; 0: there is none. */
uint16_t port_pool_draw(struct port_pool *pool, int64_t now_ms);
/**
 * port_pool_map() - says where a router forwards to the pair from
 * @port: of RTP
 * @external: the ports outside, of RTP and RTCP; with 0 among them: not now, the pair is not taken
 * Return: 0; -ERANGE, it is not of this pool; -ENOSPC, there are @max of them
 */
int port_pool_map(struct port_pool *pool, uint16_t port, const uint16_t external[2]);
void port_pool_unmap(struct port_pool *pool, uint16_t port);
/**
 * port_pool_take_here() - as port_pool_take(), for a phone on this side of the NAT
 *
 * No router has to forward anything to it: so it is one of the pairs that are not mapped, and a
 * mapped one only if no other is free.
 */
int port_pool_take_here(struct port_pool *pool, unsigned int count, int64_t now_ms,
			struct port_pair *pair);
/* The phone of a used pair is on this side now, or outside. */
void port_pool_set_here(struct port_pool *pool, uint16_t port, bool here);
/* Resting counts as used. PORT_POOL_FOREIGN: also not of this pool */
enum port_pool_use port_pool_use(struct port_pool *pool, uint16_t port, int64_t now_ms);
/* The next used pair of a phone outside, from @port on, that is not mapped; 0: none */
uint16_t port_pool_unmapped(const struct port_pool *pool, uint16_t port);
/* The port outside of @port, of RTP or RTCP; @port itself if it is not mapped. */
uint16_t port_pool_outside(const struct port_pool *pool, uint16_t port);
/* The port here of @port outside; 0: no port is mapped to it. */
uint16_t port_pool_inside(const struct port_pool *pool, uint16_t outside);

/* Is this very port bound for media, or was it until its quarantine began? */
bool port_pool_holds(struct port_pool *pool, uint16_t port, int64_t now_ms);
struct port_pool_usage port_pool_usage(struct port_pool *pool, int64_t now_ms);

#endif
