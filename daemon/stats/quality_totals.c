/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quality_totals.c - quality of all medias that ended: sums and distributions, for monitoring */
#include "stats/quality_totals.h"

const struct quality_scale quality_scales[QUALITY_MEASURES] = {
	/* The steps of ITU-T G.107, Annex B: below 2.58 nearly all users are dissatisfied. */
	[QUALITY_MOS] = { { 200, 258, 310, 360, 380, 403, 420, 434 },
			  { "2", "2.58", "3.1", "3.6", "3.8", "4.03", "4.2", "4.34" } },
	[QUALITY_LOSS] = { { 0, 10, 50, 100, 200, 500, 1000, 2000 },
			   { "0", "0.001", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2" } },
	[QUALITY_JITTER] = { { 1000, 5000, 10000, 20000, 40000, 80000, 160000, 320000 },
			     { "0.001", "0.005", "0.01", "0.02", "0.04", "0.08", "0.16", "0.32" } },
};

static void add(struct quality_totals *totals, enum quality_measure measure, uint64_t value)
{
	const struct quality_scale *scale = &quality_scales[measure];
	size_t i = 0;

	while (i < QUALITY_BOUNDS && value > scale->bound[i])
		i++;
	totals->bucket[measure][i]++;
	totals->sum[measure] += value;
}

void quality_totals_add(struct quality_totals *totals, const struct quality_summary *summary)
{
	if (!summary->samples)
		return;
	totals->count++;
	add(totals, QUALITY_MOS, summary->average.mos_x100);
	add(totals, QUALITY_LOSS, summary->average.loss);
	add(totals, QUALITY_JITTER, summary->average.jitter_us);
}
