/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sweep.h - what the kernel has counted is asked for by and by, so that intervals of quality end
 *
 * Media in the kernel costs the daemon nothing while it flows, and figures are read when somebody asks. But how good
 * a call was at its worst can only be told by who looked in between. A round goes through all calls, a few at a time;
 * it takes 5 seconds, or longer when there are so many that more than half a hundredth of a core would be needed.
 * Control thread only.
 */
#ifndef RTPRELAY_SWEEP_H
#define RTPRELAY_SWEEP_H

#include "call/table.h"
#include "packet/quality.h"

#define SWEEP_MS     QUALITY_INTERVAL_MS /* of a round, at least */
#define SWEEP_CPU_US 5000		 /* of each second, about */

/* All zero: no round has begun. @began_ms: clock_ms() of the last; @read: flows that were asked about so far */
struct sweep {
	struct call_cursor cursor;
	int64_t began_ms;
	uint64_t read;
};

/* Once a second. */
void sweep_tick(struct sweep *sweep, struct call_table *calls, int64_t now_ms);
/* Before the table goes. */
void sweep_end(struct sweep *sweep);

#endif
