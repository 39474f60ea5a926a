/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun_limit.h - how many answers of the STUN service a source gets, and all together
 *
 * Memory is fixed: sources are hashed into buckets, with a secret key, so that nobody can choose
 * with whom he shares one. IPv6 sources of one /64 are one source. Time is handed in.
 */
#ifndef RTPRELAY_NAT_STUN_LIMIT_H
#define RTPRELAY_NAT_STUN_LIMIT_H

#include "base/endpoint.h"
#include "base/siphash.h"

/* Answers a second, and at once after a pause; all at least 1. */
struct stun_rates {
	unsigned int rate, burst; /* of one source */
	unsigned int total;
};

enum stun_limited { STUN_UNLIMITED, STUN_LIMITED, STUN_LIMITED_TOTAL };

struct stun_limit;

/* NULL: out of memory */
struct stun_limit *stun_limit_new(const struct siphash_key *key);
void stun_limit_free(struct stun_limit *limit); /* takes NULL */

/**
 * stun_limit_take() - counts an answer, if there may be one now
 * @now_us: of clock_us(), at least that of the last call
 */
enum stun_limited stun_limit_take(struct stun_limit *limit, const struct stun_rates *rates,
				  const struct endpoint *source, int64_t now_us);

#endif
