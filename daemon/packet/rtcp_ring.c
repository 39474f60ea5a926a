/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtcp_ring.c - copies of RTCP from a media thread to the control thread, for homer */
#include <stdlib.h>
#include <unistd.h>
#include "base/wake.h"
#include "packet/rtcp_ring.h"

/* Both numbers only grow; each is written by one thread. */
struct rtcp_ring {
	uint32_t written, read;
	int wake_fd;
	struct rtcp_copy slot[RTCP_RING];
};

struct rtcp_ring *rtcp_ring_new(int wake_fd)
{
	struct rtcp_ring *ring = calloc(1, sizeof(*ring));

	if (ring)
		ring->wake_fd = wake_fd;
	return ring;
}

void rtcp_ring_free(struct rtcp_ring *ring)
{
	free(ring);
}

struct rtcp_copy *rtcp_ring_slot(struct rtcp_ring *ring)
{
	uint32_t read = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);

	if (ring->written - read >= RTCP_RING)
		return NULL;
	return &ring->slot[ring->written % RTCP_RING];
}

void rtcp_ring_put(struct rtcp_ring *ring)
{
	__atomic_store_n(&ring->written, ring->written + 1, __ATOMIC_RELEASE);
	wake_post(ring->wake_fd);
}

const struct rtcp_copy *rtcp_ring_first(const struct rtcp_ring *ring)
{
	uint32_t written = __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE);

	return written == ring->read ? NULL : &ring->slot[ring->read % RTCP_RING];
}

void rtcp_ring_drop(struct rtcp_ring *ring)
{
	__atomic_store_n(&ring->read, ring->read + 1, __ATOMIC_RELEASE);
}
