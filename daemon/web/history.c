/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history.c - the last hour in samples, for plots */
#include "web/history.h"

void history_add(struct history *history, const struct history_sample *sample)
{
	history->ring[history->next] = *sample;
	history->next = (history->next + 1) % HISTORY_SAMPLES;
	if (history->count < HISTORY_SAMPLES)
		history->count++;
}

const struct history_sample *history_at(const struct history *history, size_t index)
{
	size_t oldest = history->next + HISTORY_SAMPLES - history->count;

	return &history->ring[(oldest + index) % HISTORY_SAMPLES];
}
