/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pthread.h>
#include <string.h>
#include "daemon/packet/tap_ring.h"
#include "tests/unit/test.h"

static bool put(struct tap_ring *ring, uint32_t tap, size_t len, int64_t time_us)
{
	struct tap_packet *packet = tap_ring_slot(ring, len);

	if (!packet)
		return false;
	packet->tap = tap;
	packet->time_us = time_us;
	memset(packet->data, (int)tap, len);
	tap_ring_put(ring, packet);
	return true;
}

static void test_packets_come_in_order(void)
{
	struct tap_ring *ring = tap_ring_new(1);

	CU_ASSERT_PTR_NULL(tap_ring_first(ring));
	CU_ASSERT_TRUE(put(ring, 1, 172, 10));
	CU_ASSERT_TRUE(put(ring, 2, 0, 20));
	CU_ASSERT_EQUAL(tap_ring_first(ring)->tap, 1);
	CU_ASSERT_EQUAL(tap_ring_first(ring)->len, 172);
	CU_ASSERT_EQUAL(tap_ring_first(ring)->data[171], 1);
	tap_ring_drop(ring);
	CU_ASSERT_EQUAL(tap_ring_first(ring)->tap, 2);
	CU_ASSERT_EQUAL(tap_ring_first(ring)->time_us, 20);
	tap_ring_drop(ring);
	CU_ASSERT_PTR_NULL(tap_ring_first(ring));
	tap_ring_free(ring);
}

static void test_what_does_not_fit_is_counted(void)
{
	struct tap_ring *ring = tap_ring_new(TAP_RING_MIN);
	unsigned int n = 0;

	CU_ASSERT_FALSE(tap_ring_is_filling(ring));
	while (put(ring, 7, 1000, 0))
		n++;
	CU_ASSERT_TRUE(n > TAP_RING_MIN / 1200 && n < TAP_RING_MIN / 1000);
	CU_ASSERT_TRUE(tap_ring_is_filling(ring));
	CU_ASSERT_FALSE(put(ring, 7, 1000, 0));
	CU_ASSERT_FALSE(put(ring, 7, UINT16_MAX + 1, 0));
	for (unsigned int i = 0; i < n; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(tap_ring_first(ring));
		CU_ASSERT_EQUAL(tap_ring_first(ring)->lost, 0);
		tap_ring_drop(ring);
	}
	CU_ASSERT_TRUE(put(ring, 8, 100, 0));
	CU_ASSERT_TRUE(put(ring, 9, 100, 0));
	CU_ASSERT_EQUAL_FATAL(tap_ring_first(ring)->tap, 8);
	CU_ASSERT_EQUAL(tap_ring_first(ring)->lost, 3);
	tap_ring_drop(ring);
	CU_ASSERT_EQUAL(tap_ring_first(ring)->lost, 0);
	tap_ring_free(ring);
}

struct race {
	struct tap_ring *ring;
	unsigned int wanted, put;
};

static void *write_all(void *arg)
{
	struct race *race = arg;

	while (race->put < race->wanted)
		race->put += put(race->ring, race->put + 1, race->put * 7 % 1500, race->put);
	return NULL;
}

/* All lengths come by the end of the memory, and each packet is whole. */
static void test_another_thread_reads_whole_packets(void)
{
	struct race race = { .ring = tap_ring_new(TAP_RING_MIN), .wanted = 50000 };
	pthread_t thread;
	unsigned int seen = 0, wrong = 0;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, write_all, &race), 0);
	while (seen < race.wanted) {
		const struct tap_packet *packet = tap_ring_first(race.ring);

		if (!packet)
			continue;
		wrong += packet->tap != seen + 1 || packet->time_us != seen ||
			 packet->len != seen * 7 % 1500;
		for (size_t i = 0; i < packet->len; i++)
			wrong += packet->data[i] != (uint8_t)(seen + 1);
		tap_ring_drop(race.ring);
		seen++;
	}
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_PTR_NULL(tap_ring_first(race.ring));
	tap_ring_free(race.ring);
}

TEST_SUITE(tap_ring, { "packets come in order", test_packets_come_in_order },
	   { "what does not fit is counted", test_what_does_not_fit_is_counted },
	   { "another thread reads whole packets", test_another_thread_reads_whole_packets });
