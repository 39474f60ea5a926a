/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sweep.h - visits all calls periodically: reads the kernel's counters, counts one-way calls and
 * phones behind NATs, reports to homer
 *
 * Media in the kernel costs the daemon nothing; its counters are read on request. But the lowest
 * quality of a call is known only if counters are also read in between. A round visits all calls, a
 * few in each tick. It takes 5 seconds, or longer if there are so many calls that it would need
 * more than 0.5 % of a core. Control thread only.
 */
#ifndef RTPRELAY_SWEEP_H
#define RTPRELAY_SWEEP_H

#include "call/table.h"
#include "packet/quality.h"

#define SWEEP_MS     QUALITY_INTERVAL_MS /* shortest duration of a round */
#define SWEEP_CPU_US 5000		 /* CPU time in each second, about */

/*
 * All zero: no round has begun. @began_ms: clock_ms() of the last one; @read: flows read so far;
 * @one_way, @nat: such calls and phones of this round
 */
struct sweep {
	struct call_cursor cursor;
	int64_t began_ms;
	uint64_t read;
	size_t one_way;
	struct nat_seen nat;
};

/* Call it once a second. */
void sweep_tick(struct sweep *sweep, struct call_table *calls, int64_t now_ms);
/* Call it before the table is freed. */
void sweep_end(struct sweep *sweep);

#endif
