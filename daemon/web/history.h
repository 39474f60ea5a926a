/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history.h - the last hour in samples, for plots
 *
 * A ring of fixed size. A sample costs the same for any number of calls.
 */
#ifndef RTPRELAY_HISTORY_H
#define RTPRELAY_HISTORY_H

#include <stddef.h>
#include <stdint.h>
#include "stats/quality_totals.h"

#define HISTORY_INTERVAL_S 10
#define HISTORY_SAMPLES	   361 /* an hour of intervals lies between the first and the last */

/* Current numbers of calls, streams and flows; counters since the start. */
struct history_sample {
	int64_t at_ms; /* clock_ms() */
	uint32_t calls, streams, flows;
	uint64_t packets[2]; /* forwarded, by enum path */
	uint64_t drops, refused;
	uint64_t medias; /* that ended, and had a quality */
	uint64_t quality[QUALITY_MEASURES];
};

struct history {
	struct history_sample ring[HISTORY_SAMPLES];
	size_t count, next;
};

/* Replaces the oldest sample if the ring is full. */
void history_add(struct history *history, const struct history_sample *sample);
/* @index: 0, the oldest, to history->count - 1 */
const struct history_sample *history_at(const struct history *history, size_t index);

#endif
