/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun_limit.c - how many answers of the STUN service a source gets, and all together
 *
 * Of each bucket only one time is kept: when the answers given so far, one each 1/rate seconds,
 * will have been earned. It may be up to a burst ahead of now.
 */
#include <stdlib.h>
#include "nat/stun_limit.h"

#define BUCKETS	     16384 /* 128 KiB; a power of 2 */
#define SECOND_US    1000000
#define TOTAL_BURSTS 10 /* in a tenth of a second at most the answers of a tenth */

struct stun_limit {
	struct siphash_key key;
	int64_t total_us;
	int64_t earned_us[BUCKETS];
};

struct stun_limit *stun_limit_new(const struct siphash_key *key)
{
	struct stun_limit *limit = calloc(1, sizeof(*limit));

	if (limit)
		limit->key = *key;
	return limit;
}

void stun_limit_free(struct stun_limit *limit)
{
	free(limit);
}

static int64_t *bucket_of(struct stun_limit *limit, const struct endpoint *source)
{
	struct str addr = { (const char *)&source->in4.sin_addr, sizeof(source->in4.sin_addr) };

	if (source->sa.sa_family == AF_INET6)
		addr = (struct str){ (const char *)&source->in6.sin6_addr, 8 };
	return &limit->earned_us[siphash(&limit->key, addr) % BUCKETS];
}

static bool has_any(int64_t earned_us, unsigned int rate, unsigned int burst, int64_t now_us)
{
	return earned_us <= now_us + (burst - 1) * (int64_t)SECOND_US / rate;
}

static void take(int64_t *earned_us, unsigned int rate, int64_t now_us)
{
	*earned_us = (*earned_us > now_us ? *earned_us : now_us) + SECOND_US / rate;
}

enum stun_limited stun_limit_take(struct stun_limit *limit, const struct stun_rates *rates,
				  const struct endpoint *source, int64_t now_us)
{
	int64_t *bucket = bucket_of(limit, source);

	if (!has_any(*bucket, rates->rate, rates->burst, now_us))
		return STUN_LIMITED;
	if (!has_any(limit->total_us, rates->total, rates->total / TOTAL_BURSTS + 1, now_us))
		return STUN_LIMITED_TOTAL;
	take(bucket, rates->rate, now_us);
	take(&limit->total_us, rates->total, now_us);
	return STUN_UNLIMITED;
}
