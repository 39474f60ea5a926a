/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wake.h - one thread wakes another by an eventfd that does not block
 *
 * The one that is woken clears first and reads its letters after that: one that arrives later wakes
 * it again.
 */
#ifndef RTPRELAY_BASE_WAKE_H
#define RTPRELAY_BASE_WAKE_H

#include <stdint.h>
#include <unistd.h>

static inline void wake_post(int fd)
{
	uint64_t one = 1;

	/* Fails only when the counter is full: then the other thread was already woken. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

/* Also if it was not woken. */
static inline void wake_clear(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

#endif
