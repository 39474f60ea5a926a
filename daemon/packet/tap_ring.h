/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap_ring.h - copies of packets from one thread to the recorder's thread
 *
 * One writer, one reader, no lock. The writer never waits: what does not fit is lost, and counted
 * with the next packet that does. Memory is reserved at the start, and taken when it is used.
 */
#ifndef RTPRELAY_TAP_RING_H
#define RTPRELAY_TAP_RING_H

#include <stddef.h>
#include "base/endpoint.h"

/* The smallest ring: it holds the longest datagram, and then some. */
#define TAP_RING_MIN (256 * 1024)

/**
 * struct tap_packet - one datagram that was forwarded
 * @size: of the whole record; used by the ring
 * @tap: number of the media (struct bridge_conf)
 * @lost: packets that were lost before this one, of any media
 * @time_us: clock_us() when it was copied: by a media thread when it was received, by the kernel's
 *           tap when it arrived
 * @from, @local: as it was received; unset if the relay has made it (a prompt)
 * @out, @to: as it was sent, unset if that is not known
 * @side: enum side, who has sent it; of a prompt: the party that is not heard meanwhile
 * @data: @len bytes, before SRTP was applied and after it was removed
 */
struct tap_packet {
	uint32_t size, tap, lost;
	uint16_t len;
	uint8_t side;
	bool rtcp;
	int64_t time_us;
	struct endpoint from, local, out, to;
	uint8_t data[];
};

struct tap_ring;

/* @bytes: at least TAP_RING_MIN; rounded up to a power of two. NULL: no memory */
struct tap_ring *tap_ring_new(size_t bytes);
void tap_ring_free(struct tap_ring *ring); /* takes NULL */

/* Writer: memory for a packet of @len bytes, of which it fills all but @size, @lost, @len.
 * NULL: no room; it is counted. */
struct tap_packet *tap_ring_slot(struct tap_ring *ring, size_t len);
/* Writer: passes the packet of tap_ring_slot() to the reader. */
void tap_ring_put(struct tap_ring *ring, const struct tap_packet *packet);

/* Writer: so many packets of @len bytes at least have room now. */
size_t tap_ring_room(const struct tap_ring *ring, size_t len);

/* Reader: the oldest packet, valid until tap_ring_drop(); NULL: there is none. */
const struct tap_packet *tap_ring_first(struct tap_ring *ring);
void tap_ring_drop(struct tap_ring *ring);
/* Reader: is so much of it in use that older packets cannot be held back? */
bool tap_ring_is_filling(const struct tap_ring *ring);
/* Any thread: packets that were lost so far. */
uint64_t tap_ring_lost(const struct tap_ring *ring);

#endif
