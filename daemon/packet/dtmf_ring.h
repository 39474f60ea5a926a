/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dtmf_ring.h - keys that were pressed, from a media thread to the control thread
 *
 * One writer, one reader, no lock; memory is allocated at the start. When the ring is full, a key
 * is not reported: the media thread never waits for the control thread.
 */
#ifndef RTPRELAY_DTMF_RING_H
#define RTPRELAY_DTMF_RING_H

#include "base/endpoint.h"
#include "packet/dtmf_keys.h"

#define DTMF_RING 256

struct bridge;
struct dtmf_ring;

/**
 * struct dtmf_note - one key
 * @source: of its packets
 * @at_us: clock_us() when its end was heard, or missed
 * @clock: of the duration, Hz; 0: not known
 * @side: enum side
 * @blocked: its packets were dropped
 */
struct dtmf_note {
	struct bridge *bridge;
	struct endpoint source;
	struct dtmf_event event;
	int64_t at_us;
	uint32_t clock;
	uint8_t side;
	bool blocked;
};

/* @wake_fd: eventfd of the reader. NULL: no memory */
struct dtmf_ring *dtmf_ring_new(int wake_fd);
void dtmf_ring_free(struct dtmf_ring *ring); /* takes NULL */
/* Media thread: passes a copy to the reader, and wakes it. False: the ring is full. */
bool dtmf_ring_put(struct dtmf_ring *ring, const struct dtmf_note *note);
/* Control thread: the oldest note, valid until dtmf_ring_drop(); NULL: there is none. */
const struct dtmf_note *dtmf_ring_first(const struct dtmf_ring *ring);
void dtmf_ring_drop(struct dtmf_ring *ring);

#endif
