/* SPDX-License-Identifier: GPL-2.0-or-later */
/* router_clock.c - has a router lost its mappings? By the epoch of its replies */
#include "nat/router_clock.h"

#define BACK_S	1 /* replies may overtake each other */
#define SLACK_S 2
#define DRIFT	16 /* one part of so many */

bool router_clock_lost(struct router_clock *clock, uint32_t epoch_s, int64_t now_ms)
{
	const struct router_clock last = *clock;
	int64_t ours_s = (now_ms - last.at_ms) / 1000, its_s = (int64_t)epoch_s - last.epoch_s;

	*clock = (struct router_clock){ true, epoch_s, now_ms };
	if (!last.known)
		return false;
	if (its_s < -BACK_S)
		return true;
	return ours_s + SLACK_S < its_s - its_s / DRIFT ||
	       its_s + SLACK_S < ours_s - ours_s / DRIFT;
}
