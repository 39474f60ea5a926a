/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record_time.c - times of calls in records of the journal, and back */
#include <time.h>
#include "base/clock.h"
#include "call/record_time.h"

struct record_now record_now(void)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct record_now){ (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000,
				    clock_ms() };
}

int64_t record_time_to_wall(const struct record_now *now, int64_t mono_ms)
{
	int64_t wall_ms = mono_ms + now->wall_ms - now->mono_ms;

	return mono_ms && wall_ms > 0 ? wall_ms : 0;
}

int64_t record_time_past(const struct record_now *now, int64_t wall_ms)
{
	int64_t mono_ms = wall_ms - now->wall_ms + now->mono_ms;

	if (!wall_ms)
		return 0;
	return mono_ms < now->mono_ms ? mono_ms : now->mono_ms;
}

int64_t record_time_awaited(const struct record_now *now, int64_t written_ms, int64_t wall_ms)
{
	int64_t mono_ms = wall_ms - now->wall_ms + now->mono_ms;
	int64_t left_ms = wall_ms - written_ms;

	if (!wall_ms)
		return 0;
	left_ms = left_ms > 0 ? left_ms : 0;
	return mono_ms < now->mono_ms + left_ms ? mono_ms : now->mono_ms + left_ms;
}
