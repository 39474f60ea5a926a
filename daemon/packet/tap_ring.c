/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap_ring.c - copies of packets from one thread to the recorder's thread */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "packet/tap_ring.h"

#define ALIGN 8

/*
 * @written, @read: bytes so far; both only grow, each is written by one thread. A record does not
 * go beyond the end of the memory: what is left there is a record without packet.
 * @lost, @lost_told: packets; by the writer
 */
struct tap_ring {
	uint64_t written;
	uint64_t lost, lost_told;
	uint8_t unused[64]; /* the threads write to different cache lines */
	uint64_t read;
	size_t bytes;
	uint8_t *memory;
};

/* tap 0: nothing, up to the end of the memory */
static struct tap_packet *at(const struct tap_ring *ring, uint64_t position)
{
	return (struct tap_packet *)(ring->memory + (position & (ring->bytes - 1)));
}

struct tap_ring *tap_ring_new(size_t bytes)
{
	struct tap_ring *ring = calloc(1, sizeof(*ring));
	void *memory;

	if (!ring)
		return NULL;
	ring->bytes = TAP_RING_MIN;
	while (ring->bytes < bytes)
		ring->bytes *= 2;
	memory = mmap(NULL, ring->bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		free(ring);
		return NULL;
	}
	ring->memory = memory;
	return ring;
}

void tap_ring_free(struct tap_ring *ring)
{
	if (!ring)
		return;
	munmap(ring->memory, ring->bytes);
	free(ring);
}

static struct tap_packet *count_lost(struct tap_ring *ring)
{
	__atomic_store_n(&ring->lost, ring->lost + 1, __ATOMIC_RELAXED);
	return NULL;
}

static size_t record_size(size_t len)
{
	return (sizeof(struct tap_packet) + len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

struct tap_packet *tap_ring_slot(struct tap_ring *ring, size_t len)
{
	size_t size = record_size(len);
	size_t left = ring->bytes - (ring->written & (ring->bytes - 1));
	size_t skip = left < size ? left : 0;
	uint64_t read = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
	struct tap_packet *packet;

	if (len > UINT16_MAX || ring->written - read + skip + size > ring->bytes)
		return count_lost(ring);
	if (skip) {
		/* Less than a head may be left: the reader looks at @size and @tap only. */
		at(ring, ring->written)->size = (uint32_t)skip;
		at(ring, ring->written)->tap = 0;
		__atomic_store_n(&ring->written, ring->written + skip, __ATOMIC_RELEASE);
	}
	packet = at(ring, ring->written);
	packet->size = (uint32_t)size;
	packet->len = (uint16_t)len;
	packet->lost = (uint32_t)(ring->lost - ring->lost_told);
	return packet;
}

void tap_ring_put(struct tap_ring *ring, const struct tap_packet *packet)
{
	assert(packet->tap);
	ring->lost_told += packet->lost;
	__atomic_store_n(&ring->written, ring->written + packet->size, __ATOMIC_RELEASE);
}

/* One less: the end of the memory may have no room for a whole one. */
size_t tap_ring_room(const struct tap_ring *ring, size_t len)
{
	uint64_t read = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
	size_t n = (ring->bytes - (ring->written - read)) / record_size(len);

	return n ? n - 1 : 0;
}

const struct tap_packet *tap_ring_first(struct tap_ring *ring)
{
	uint64_t written = __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE);
	const struct tap_packet *packet;

	while (written != ring->read) {
		packet = at(ring, ring->read);
		if (packet->tap)
			return packet;
		tap_ring_drop(ring);
	}
	return NULL;
}

void tap_ring_drop(struct tap_ring *ring)
{
	__atomic_store_n(&ring->read, ring->read + at(ring, ring->read)->size, __ATOMIC_RELEASE);
}

bool tap_ring_is_filling(const struct tap_ring *ring)
{
	return __atomic_load_n(&ring->written, __ATOMIC_RELAXED) - ring->read > ring->bytes / 2;
}

uint64_t tap_ring_lost(const struct tap_ring *ring)
{
	return __atomic_load_n(&ring->lost, __ATOMIC_RELAXED);
}
