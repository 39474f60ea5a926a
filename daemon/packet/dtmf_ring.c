/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtmf_ring.c - keys that were pressed, from a media thread to the control thread */
#include <stdlib.h>
#include "base/wake.h"
#include "packet/dtmf_ring.h"

/* Both numbers only grow; each is written by one thread. */
struct dtmf_ring {
	uint32_t written, read;
	int wake_fd;
	struct dtmf_note slot[DTMF_RING];
};

struct dtmf_ring *dtmf_ring_new(int wake_fd)
{
	struct dtmf_ring *ring = calloc(1, sizeof(*ring));

	if (ring)
		ring->wake_fd = wake_fd;
	return ring;
}

void dtmf_ring_free(struct dtmf_ring *ring)
{
	free(ring);
}

bool dtmf_ring_put(struct dtmf_ring *ring, const struct dtmf_note *note)
{
	uint32_t read = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);

	if (ring->written - read >= DTMF_RING)
		return false;
	ring->slot[ring->written % DTMF_RING] = *note;
	__atomic_store_n(&ring->written, ring->written + 1, __ATOMIC_RELEASE);
	wake_post(ring->wake_fd);
	return true;
}

const struct dtmf_note *dtmf_ring_first(const struct dtmf_ring *ring)
{
	uint32_t written = __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE);

	return written == ring->read ? NULL : &ring->slot[ring->read % DTMF_RING];
}

void dtmf_ring_drop(struct dtmf_ring *ring)
{
	__atomic_store_n(&ring->read, ring->read + 1, __ATOMIC_RELEASE);
}
