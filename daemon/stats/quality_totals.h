/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quality_totals.h - quality of all medias that ended: sums and distributions, for monitoring
 *
 * One value, the average, for each side of a media that received enough packets for a MOS.
 */
#ifndef RTPRELAY_QUALITY_TOTALS_H
#define RTPRELAY_QUALITY_TOTALS_H

#include "packet/quality.h"

enum quality_measure {
	QUALITY_MOS,	/* hundredths */
	QUALITY_LOSS,	/* hundredths of a percent */
	QUALITY_JITTER, /* microseconds */
	QUALITY_MEASURES
};

#define QUALITY_BOUNDS 8

/* @bound: upper bounds of the buckets; @text: the same in the units that monitoring uses */
struct quality_scale {
	uint64_t bound[QUALITY_BOUNDS];
	const char *text[QUALITY_BOUNDS];
};

extern const struct quality_scale quality_scales[QUALITY_MEASURES];

struct quality_totals {
	uint64_t count;
	uint64_t sum[QUALITY_MEASURES];
	uint64_t bucket[QUALITY_MEASURES][QUALITY_BOUNDS + 1]; /* the last: above all bounds */
};

/* Ignores a summary without samples. */
void quality_totals_add(struct quality_totals *totals, const struct quality_summary *summary);

#endif
