/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_time.h - times of calls in records of the journal, and back
 *
 * Calls use the monotonic clock, records the wall clock. Even if the wall clock was set in between,
 * a past time of a record does not become a future one, and no remaining wait becomes longer. 0
 * means never, in both.
 */
#ifndef RTPRELAY_RECORD_TIME_H
#define RTPRELAY_RECORD_TIME_H

#include <stdint.h>

/* Both clocks at the same moment: their difference converts one time into the other. */
struct record_now {
	int64_t wall_ms, mono_ms;
};

struct record_now record_now(void);
int64_t record_time_to_wall(const struct record_now *now, int64_t mono_ms);
/* The monotonic time of a past event. */
int64_t record_time_past(const struct record_now *now, int64_t wall_ms);
/* The monotonic time of a deadline that was pending at @written_ms, when the record was written. */
int64_t record_time_awaited(const struct record_now *now, int64_t written_ms, int64_t wall_ms);

#endif
