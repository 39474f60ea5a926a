/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wheel.h - what has to be done at a time, by the second or the millisecond: a wheel
 *	     with a slot for each
 *
 * Adding, removing and taking cost the same for one as for many. One thread only.
 */
#ifndef RTPRELAY_PACKET_WHEEL_H
#define RTPRELAY_PACKET_WHEEL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/ring.h"

#define WHEEL_SLOTS 64

/* A member of what waits; wheel_item_init() comes first. */
struct wheel_item {
	struct ring link;
};

/**
 * struct wheel - what waits
 * @slot: by the unit of time, modulo their number; @filled: bit for each that is not empty
 * @due: items whose unit has come; @done: slots up to this unit are in there
 * @unit_ms: of time that a slot stands for
 */
struct wheel {
	struct ring slot[WHEEL_SLOTS], due;
	uint64_t filled;
	int64_t done, unit_ms;
};

void wheel_init(struct wheel *wheel, int64_t unit_ms, int64_t now_ms);

static inline void wheel_item_init(struct wheel_item *item)
{
	ring_init(&item->link);
}

/* @item does not wait. A time that is far ahead comes earlier: whoever takes it adds it again. */
void wheel_add(struct wheel *wheel, struct wheel_item *item, int64_t at_ms, int64_t now_ms);
/* Also if it does not wait. */
void wheel_remove(struct wheel *wheel, struct wheel_item *item);

/* The next one whose time has come, which does not wait any more; NULL: none */
struct wheel_item *wheel_take(struct wheel *wheel, int64_t now_ms);
/* When wheel_take() may have one; something waits */
int64_t wheel_first_ms(const struct wheel *wheel, int64_t now_ms);

/* The same; -1: never. Asked after each packet, and mostly nothing waits. */
static inline int64_t wheel_next_ms(const struct wheel *wheel, int64_t now_ms)
{
	if (!wheel->filled && wheel->due.next == &wheel->due)
		return -1;
	return wheel_first_ms(wheel, now_ms);
}

#endif
