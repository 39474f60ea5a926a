/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limits.h - how busy the host may be for new calls: max-load, max-cpu, max-bandwidth */
#ifndef RTPRELAY_CALL_LIMITS_H
#define RTPRELAY_CALL_LIMITS_H

#include "call/tree.h"

#define CALL_LIMITS 3

struct call_limit {
	const char *key;
	const char *error; /* the words that proxies look for */
	double is, limit;  /* in the unit of the key; limit 0: none */
};

/* Each with its value at the last stats_sample() and load_sample(). */
void call_limits(const struct call_table *table, struct call_limit limit[CALL_LIMITS]);

static inline bool call_limit_exceeded(const struct call_limit *limit)
{
	return limit->limit > 0 && limit->is > limit->limit;
}

#endif
