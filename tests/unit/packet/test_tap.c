/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_tap.c - packets that a media thread copies for the recorder */
#include "daemon/packet/tap.h"
#include "tests/unit/test_clock.h"
#include "stream_scene.h"

static struct tap_ring *open_tapped(struct stage *stage)
{
	struct tap_ring *ring = tap_ring_new(TAP_RING_MIN);

	CU_ASSERT_PTR_NOT_NULL_FATAL(ring);
	open_stage(stage);
	stage->scene.bridge->tap_ring = ring;
	return ring;
}

static void arrive_from_a(struct stage *stage)
{
	CU_ASSERT_PTR_NOT_NULL(arrive(stage, A_RTP, stage->scene.phone_at[A_RTP]));
}

static uint32_t take_number(struct tap_ring *ring)
{
	const struct tap_packet *first = tap_ring_first(ring);
	uint32_t number = first ? first->tap : 0;

	if (first)
		tap_ring_drop(ring);
	return number;
}

/* The media thread reads its orders once a round; packets come during a round, too. */
static void test_tap_is_in_effect_before_the_thread_reads_orders(void)
{
	struct stage stage;
	struct tap_ring *ring = open_tapped(&stage);

	arrive_from_a(&stage);
	CU_ASSERT_PTR_NULL(tap_ring_first(ring));
	CU_ASSERT_EQUAL(bridge_tap(stage.scene.bridge, 5), 0);
	arrive_from_a(&stage);
	CU_ASSERT_EQUAL(take_number(ring), 5);
	CU_ASSERT_EQUAL(bridge_tap(stage.scene.bridge, 0), 0);
	arrive_from_a(&stage);
	CU_ASSERT_PTR_NULL(tap_ring_first(ring));
	close_stage(&stage);
	tap_ring_free(ring);
}

static void test_settings_of_an_offer_keep_the_tap(void)
{
	struct stage stage;
	struct tap_ring *ring = open_tapped(&stage);

	CU_ASSERT_EQUAL(bridge_tap(stage.scene.bridge, 5), 0);
	signal_stage(&stage);
	arrive_from_a(&stage);
	CU_ASSERT_EQUAL(take_number(ring), 5);
	close_stage(&stage);
	tap_ring_free(ring);
}

/* A pause begins between the start of a round and a packet of that round. */
static void test_time_of_a_packet_is_that_of_its_copy(void)
{
	const struct tap_packet *packet;
	struct stage stage;
	struct tap_ring *ring = open_tapped(&stage);
	int64_t pause_us;

	CU_ASSERT_EQUAL(bridge_tap(stage.scene.bridge, 5), 0);
	test_clock_stop();
	stage.now_ms = clock_us() / 1000;
	test_clock_pass(3);
	pause_us = clock_us();
	arrive_from_a(&stage);
	packet = tap_ring_first(ring);
	CU_ASSERT_PTR_NOT_NULL(packet);
	if (packet)
		CU_ASSERT_EQUAL(packet->time_us, pause_us);
	test_clock_go();
	close_stage(&stage);
	tap_ring_free(ring);
}

static void test_copy_has_all_addresses(void)
{
	const struct tap_packet *packet;
	struct stage stage;
	struct tap_ring *ring = open_tapped(&stage);

	CU_ASSERT_EQUAL(bridge_tap(stage.scene.bridge, 5), 0);
	arrive_from_a(&stage);
	packet = tap_ring_first(ring);
	CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
	CU_ASSERT_EQUAL(packet->side, SIDE_A);
	CU_ASSERT_EQUAL(packet->len, 172);
	CU_ASSERT_FALSE(packet->rtcp);
	CU_ASSERT_TRUE(endpoint_eq(&packet->from, &stage.scene.phone_at[A_RTP]));
	CU_ASSERT_TRUE(endpoint_eq(&packet->local, &stage.scene.relay_at[A_RTP]));
	CU_ASSERT_TRUE(endpoint_eq(&packet->out, &stage.scene.relay_at[B_RTP]));
	CU_ASSERT_TRUE(endpoint_eq(&packet->to, &stage.scene.phone_at[B_RTP]));
	tap_ring_drop(ring);
	CU_ASSERT_PTR_NOT_NULL(arrive(&stage, B_RTCP, stage.scene.phone_at[B_RTCP]));
	packet = tap_ring_first(ring);
	CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
	CU_ASSERT_TRUE(packet->rtcp);
	CU_ASSERT_EQUAL(packet->side, SIDE_B);
	close_stage(&stage);
	tap_ring_free(ring);
}

/* Who hears it would hear the other party: so it stands in that one's place. */
static void test_prompt_is_of_the_other_side(void)
{
	uint8_t data[20] = { 9 };
	struct packet packet = { .data = data, .len = sizeof(data) };
	const struct tap_packet *copy;
	struct stage stage;
	struct tap_ring *ring = open_tapped(&stage);
	struct stream *s;

	signal_stage(&stage);
	s = stream_at(&stage, B_RTP);
	s->to = stage.scene.phone_at[B_RTP];
	tap_prompt(s, s, &packet, 7);
	copy = tap_ring_first(ring);
	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	CU_ASSERT_EQUAL(copy->tap, 7);
	CU_ASSERT_EQUAL(copy->side, SIDE_A);
	CU_ASSERT_FALSE(copy->rtcp);
	CU_ASSERT_FALSE(endpoint_is_set(&copy->from));
	CU_ASSERT_FALSE(endpoint_is_set(&copy->local));
	CU_ASSERT_TRUE(endpoint_eq(&copy->out, &stage.scene.relay_at[B_RTP]));
	CU_ASSERT_TRUE(endpoint_eq(&copy->to, &stage.scene.phone_at[B_RTP]));
	CU_ASSERT(!memcmp(copy->data, data, sizeof(data)));
	close_stage(&stage);
	tap_ring_free(ring);
}

TEST_SUITE(tap,
	   { "a tap is in effect before the thread reads orders",
	     test_tap_is_in_effect_before_the_thread_reads_orders },
	   { "settings of an offer keep the tap", test_settings_of_an_offer_keep_the_tap },
	   { "the time of a packet is that of its copy",
	     test_time_of_a_packet_is_that_of_its_copy },
	   { "a copy has all addresses", test_copy_has_all_addresses },
	   { "a prompt is of the other side", test_prompt_is_of_the_other_side });
