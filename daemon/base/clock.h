/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.h - the monotonic clock, for durations and timers; and how far the wall clock is from it */
#ifndef RTPRELAY_CLOCK_H
#define RTPRELAY_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static inline int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

/* Two readings of clocks that are farther apart tell little about a third one between them. */
#define CLOCK_APART_US 1000

/**
 * clock_offset_us() - CLOCK_REALTIME less clock_us()
 * @before: as known before; 0: unknown
 * Return: @before, unless the wall clock was set meanwhile. Both clocks have the same rate, so that
 *	times that are made with it keep their distances. A thread that is kept from running between
 *	two readings tries again, and does without a new one at last.
 */
static inline int64_t clock_offset_us(int64_t before)
{
	int64_t offset = before, apart = before ? CLOCK_APART_US : INT64_MAX;

	for (int i = 0; i < 3; i++) {
		int64_t from = clock_us(), to;
		struct timespec wall;

		clock_gettime(CLOCK_REALTIME, &wall);
		to = clock_us();
		if (to - from >= apart)
			continue;
		apart = to - from;
		offset = (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000 - from - apart / 2;
		if (apart < CLOCK_APART_US / 10)
			break;
	}
	return offset - before < CLOCK_APART_US && before - offset < CLOCK_APART_US && before
		       ? before
		       : offset;
}

#endif
