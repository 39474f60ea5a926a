/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wheel.c - what has to be done at a time, by the second or the millisecond */
#include "packet/wheel.h"

/* Ahead of now, at most; half of the slots, since the thread may be late. */
#define AHEAD (WHEEL_SLOTS / 2)

static bool is_empty(const struct ring *ring)
{
	return ring->next == ring;
}

void wheel_init(struct wheel *wheel, int64_t unit_ms, int64_t now_ms)
{
	for (int i = 0; i < WHEEL_SLOTS; i++)
		ring_init(&wheel->slot[i]);
	ring_init(&wheel->due);
	wheel->filled = 0;
	wheel->unit_ms = unit_ms;
	wheel->done = now_ms / unit_ms;
}

void wheel_add(struct wheel *wheel, struct wheel_item *item, int64_t at_ms, int64_t now_ms)
{
	int64_t unit_ms = wheel->unit_ms, now = now_ms / unit_ms;
	int64_t at = (at_ms + unit_ms - 1) / unit_ms;
	unsigned int slot;

	if (at > now + AHEAD)
		at = now + AHEAD;
	if (!wheel->filled && wheel->done < now)
		wheel->done = now;
	if (at <= wheel->done) {
		ring_insert(&wheel->due, &item->link);
		return;
	}
	slot = (unsigned int)(at % WHEEL_SLOTS);
	ring_insert(&wheel->slot[slot], &item->link);
	wheel->filled |= UINT64_C(1) << slot;
}

void wheel_remove(struct wheel *wheel, struct wheel_item *item)
{
	const struct ring *rest = item->link.next;

	ring_remove(&item->link);
	if (is_empty(rest) && rest >= wheel->slot && rest < wheel->slot + WHEEL_SLOTS)
		wheel->filled &= ~(UINT64_C(1) << (rest - wheel->slot));
}

static void empty_slot(struct wheel *wheel, unsigned int slot)
{
	struct ring *all = &wheel->slot[slot];

	while (!is_empty(all)) {
		struct ring *first = all->next;

		ring_remove(first);
		ring_insert(&wheel->due, first);
	}
	wheel->filled &= ~(UINT64_C(1) << slot);
}

/* Each slot once, at most, however late it is. */
static void advance(struct wheel *wheel, int64_t now_ms)
{
	int64_t now = now_ms / wheel->unit_ms;

	if (now - wheel->done > WHEEL_SLOTS)
		wheel->done = now - WHEEL_SLOTS;
	while (wheel->done < now)
		empty_slot(wheel, (unsigned int)(++wheel->done % WHEEL_SLOTS));
}

struct wheel_item *wheel_take(struct wheel *wheel, int64_t now_ms)
{
	struct ring *first;

	advance(wheel, now_ms);
	first = wheel->due.next;
	if (first == &wheel->due)
		return NULL;
	ring_remove(first);
	return container_of(first, struct wheel_item, link);
}

int64_t wheel_first_ms(const struct wheel *wheel, int64_t now_ms)
{
	unsigned int from = (unsigned int)((wheel->done + 1) % WHEEL_SLOTS);
	uint64_t turned = wheel->filled;

	if (!is_empty(&wheel->due))
		return now_ms;
	if (from)
		turned = turned >> from | turned << (WHEEL_SLOTS - from);
	return (wheel->done + 1 + __builtin_ctzll(turned)) * wheel->unit_ms;
}
