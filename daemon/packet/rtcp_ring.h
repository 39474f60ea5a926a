/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtcp_ring.h - copies of RTCP from a media thread to the control thread, for homer
 *
 * Another ring of the same kind has STUN, for agents of ICE.
 *
 * One writer, one reader, no lock; memory is allocated at the start. When the ring is full, the
 * packet is not copied: the media thread never waits for the control thread.
 */
#ifndef RTPRELAY_RTCP_RING_H
#define RTPRELAY_RTCP_RING_H

#include "base/endpoint.h"

/* Holds a sender report with the most blocks it can have; of a longer packet the first parts. */
#define RTCP_COPY_MAX 1024
#define RTCP_RING     256
/* Shortest time between two copies of one stream: nobody sends so many reports but an attacker. */
#define RTCP_COPY_MS 100

struct bridge;
struct rtcp_ring;

/* @at_us: clock_us() when it arrived */
struct rtcp_copy {
	struct bridge *bridge;
	struct endpoint source, local;
	int64_t at_us;
	uint16_t len;
	uint8_t data[RTCP_COPY_MAX];
};

/* @wake_fd: eventfd of the reader. NULL: no memory */
struct rtcp_ring *rtcp_ring_new(int wake_fd);
void rtcp_ring_free(struct rtcp_ring *ring); /* takes NULL */
/* Media thread: where the next copy is written; NULL: the ring is full. */
struct rtcp_copy *rtcp_ring_slot(struct rtcp_ring *ring);
/* Media thread: passes it to the reader, and wakes it. */
void rtcp_ring_put(struct rtcp_ring *ring);
/* Control thread: the oldest copy, valid until rtcp_ring_drop(); NULL: there is none. */
const struct rtcp_copy *rtcp_ring_first(const struct rtcp_ring *ring);
void rtcp_ring_drop(struct rtcp_ring *ring);

#endif
