/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ring.h - doubly linked rings; the links are members of the elements */
#ifndef RTPRELAY_RING_H
#define RTPRELAY_RING_H

#include <stddef.h>
#include <stdint.h>

/* A doubly linked ring; a single member points to itself. */
struct ring {
	struct ring *next, *prev;
};

#define container_of(ptr, type, member) ((type *)(void *)((uintptr_t)(ptr)-offsetof(type, member)))

static inline void ring_init(struct ring *ring)
{
	ring->next = ring->prev = ring;
}

static inline void ring_insert(struct ring *ring, struct ring *item)
{
	item->prev = ring->prev;
	item->next = ring;
	ring->prev->next = item;
	ring->prev = item;
}

static inline void ring_remove(struct ring *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	ring_init(item);
}

#endif
