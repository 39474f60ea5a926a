/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring.h - datagrams of DTLS from a media thread to the crypto thread
 *
 * One writer, one reader, no lock; memory is allocated at the start. When the ring is full, the
 * datagram is dropped: the peer repeats it.
 */
#ifndef RTPRELAY_DTLS_RING_H
#define RTPRELAY_DTLS_RING_H

#include "dtls/record.h"

#define DTLS_RING 64

struct dtls_link;

struct dtls_ring_slot {
	struct dtls_link *link; /* with a reference */
	uint16_t len;
	uint8_t data[DTLS_DATAGRAM_MAX];
};

/* @written, @read: both only grow; each is written by one thread */
struct dtls_ring {
	uint32_t written, read;
	struct dtls_ring_slot slot[DTLS_RING];
};

/* Media thread: where the next datagram is written; NULL: the ring is full. */
static inline struct dtls_ring_slot *dtls_ring_slot(struct dtls_ring *ring)
{
	uint32_t read = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);

	return ring->written - read >= DTLS_RING ? NULL : &ring->slot[ring->written % DTLS_RING];
}

static inline void dtls_ring_put(struct dtls_ring *ring)
{
	__atomic_store_n(&ring->written, ring->written + 1, __ATOMIC_RELEASE);
}

/* Crypto thread: the oldest datagram, valid until dtls_ring_drop(); NULL: there is none. */
static inline struct dtls_ring_slot *dtls_ring_first(struct dtls_ring *ring)
{
	uint32_t written = __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE);

	return written == ring->read ? NULL : &ring->slot[ring->read % DTLS_RING];
}

static inline void dtls_ring_drop(struct dtls_ring *ring)
{
	__atomic_store_n(&ring->read, ring->read + 1, __ATOMIC_RELEASE);
}

#endif
