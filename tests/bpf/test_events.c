/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_events.c - what the program and the scan report, and how often
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "scene.h"
#include "tests/kmod/kinds.h"
#include "tests/unit/test.h"

#define SOON_MS 20000

/* Hears what has happened until now. Return: number of events */
static unsigned int events(void)
{
	unsigned int before = scene_events;

	flow_map_dispatch(map);
	return scene_events - before;
}

static void test_the_first_packet_is_told_once(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	scene_set(&flow);
	CU_ASSERT_EQUAL(events(), 0);
	scene_rtp(PHONE, LOCAL, 0, 1, 0);
	scene_rtp(PHONE, LOCAL, 0, 2, 0);
	CU_ASSERT_EQUAL(events(), 1);
	CU_ASSERT_EQUAL(scene_event, MAP_FIRST);
	CU_ASSERT_EQUAL(memcmp(&scene_found.flow, &flow, offsetof(struct map_flow, hop)), 0);
	CU_ASSERT_EQUAL(memcmp(scene_found.flow.cookie, flow.cookie, sizeof(flow.cookie)), 0);
	scene_close();
}

static void test_the_descriptor_is_readable_with_events(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	struct pollfd poll_fd;

	scene_open(true);
	poll_fd = (struct pollfd){ .fd = flow_map_news_fd(map), .events = POLLIN };
	scene_set(&flow);
	CU_ASSERT_EQUAL(poll(&poll_fd, 1, 0), 0);
	scene_rtp(PHONE, LOCAL, 0, 1, 0);
	CU_ASSERT_EQUAL(poll(&poll_fd, 1, SOON_MS), 1);
	CU_ASSERT_EQUAL(events(), 1);
	CU_ASSERT_EQUAL(poll(&poll_fd, 1, 0), 0);
	scene_close();
}

static void test_a_stranger_is_told_once_a_second(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	int64_t start_ms = clock_ms(), told_ms;
	uint32_t count = 0;

	scene_open(true);
	scene_set(&flow);
	CU_ASSERT_EQUAL(scene_rtp(UNKNOWN, LOCAL, 0x80 | 9, 77, 0), DROPPED);
	CU_ASSERT_EQUAL(events(), 1);
	told_ms = clock_ms();
	CU_ASSERT_EQUAL(scene_event, MAP_REFUSED);
	CU_ASSERT(endpoint_eq(&scene_found.flow.local, &flow.local));
	CU_ASSERT_EQUAL(scene_stranger.count, 1);
	CU_ASSERT(scene_stranger.rtp);
	CU_ASSERT_EQUAL(scene_stranger.seq, 77);
	CU_ASSERT_EQUAL(scene_stranger.pt, 9);
	CU_ASSERT_EQUAL(scene_stranger.ssrc, 0xabcd);
	CU_ASSERT_EQUAL(endpoint_port(&scene_stranger.source), 6666);
	do {
		scene_rtp(UNKNOWN, LOCAL, 0, 1, 0);
		count++;
	} while (!events() && clock_ms() - start_ms < SOON_MS);
	CU_ASSERT_EQUAL(scene_stranger.count, count);
	CU_ASSERT(clock_ms() - told_ms >= 980); /* its clock may be a tick behind */
	scene_close();
}

/* A packet of the flow's own sequence is told in spite of a flood of others. */
static void test_what_goes_on_has_a_limit_of_its_own(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	scene_set(&flow);
	scene_rtp(PHONE, LOCAL, 0, 100, 0);
	events();
	scene_rtp(UNKNOWN, LOCAL, 0, 40000, 0);
	CU_ASSERT_EQUAL(events(), 1);
	scene_rtp(UNKNOWN, LOCAL, 0, 40001, 0);
	CU_ASSERT_EQUAL(events(), 0);
	scene_rtp("192.0.2.10:4001", LOCAL, 0, 101, 0);
	CU_ASSERT_EQUAL(events(), 1);
	CU_ASSERT_EQUAL(scene_stranger.seq, 101);
	scene_close();
}

static enum verdict udptl(const char *from, uint16_t number)
{
	uint8_t bytes[4] = { (uint8_t)(number >> 8), (uint8_t)number, 1, 2 };

	return scene_send(from, LOCAL, bytes, sizeof(bytes));
}

static void test_udptl_that_goes_on_is_told_and_guesses_end_it(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_OPAQUE, false);

	scene_open(true);
	scene_set(&flow);
	CU_ASSERT_EQUAL(udptl(PHONE, 10), FORWARDED);
	CU_ASSERT_EQUAL(udptl("192.0.2.10:4001", 1000), DROPPED);
	events();
	CU_ASSERT_EQUAL(udptl("192.0.2.10:4001", 11), DROPPED);
	CU_ASSERT_EQUAL(events(), 1);
	CU_ASSERT(scene_stranger.numbered);
	CU_ASSERT_EQUAL(scene_stranger.seq, 11);
	scene_delete(LOCAL);
	/* Four wrong numbers: the right one is not told then. */
	scene_set(&flow);
	udptl(PHONE, 10);
	for (uint16_t i = 0; i < 4; i++)
		udptl("192.0.2.10:4001", (uint16_t)(1000 + i));
	events();
	udptl("192.0.2.10:4001", 11);
	CU_ASSERT_EQUAL(events(), 0);
	scene_close();
}

/* A flood to many flows: 200 in a second, and a few more if two processors count at once. */
static void test_all_flows_together_tell_200_a_second(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	int64_t start_ms;
	unsigned int told, seconds;
	char text[32];

	scene_open_pinned(NULL, 1000);
	for (uint16_t i = 0; i < 1000; i++) {
		endpoint_set_port(&flow.local, (uint16_t)(30000 + i));
		scene_set(&flow);
	}
	start_ms = clock_ms();
	for (uint16_t i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "192.0.2.1:%d", 30000 + i);
		CU_ASSERT_EQUAL(scene_rtp(UNKNOWN, text, 0, 1, 0), DROPPED);
	}
	told = events();
	seconds = (unsigned int)((clock_ms() - start_ms) / 1000) + 1;
	CU_ASSERT(told >= 200);
	CU_ASSERT(told <= 200 * (seconds + 1));
	CU_ASSERT(told < 1000);
	scene_close();
}

static void test_idle_and_resumed(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	int64_t start_ms = clock_ms();
	struct endpoint local = frame_endpoint(LOCAL);

	flow.idle_s = 1;
	scene_open(true);
	scene_set(&flow);
	while (!scene_events && clock_ms() - start_ms < SOON_MS) {
		poll(NULL, 0, 10);
		flow_map_scan(map, 10);
	}
	CU_ASSERT_EQUAL(scene_event, MAP_IDLE);
	CU_ASSERT(clock_ms() - start_ms >= 999);
	flow_map_scan(map, 10);
	CU_ASSERT_EQUAL(scene_events, 1);
	CU_ASSERT_EQUAL(flow_map_read(map, &local, &state), 0);
	CU_ASSERT(state.silent);
	/* The program's own event, at once; of a first packet here. */
	scene_rtp(PHONE, LOCAL, 0, 1, 0);
	CU_ASSERT_EQUAL(events(), 2);
	CU_ASSERT_EQUAL(scene_event, MAP_RESUMED);
	CU_ASSERT_EQUAL(flow_map_read(map, &local, &state), 0);
	CU_ASSERT_FALSE(state.silent);
	start_ms = clock_ms();
	while (scene_event != MAP_IDLE && clock_ms() - start_ms < SOON_MS) {
		poll(NULL, 0, 10);
		flow_map_scan(map, 10);
	}
	CU_ASSERT_EQUAL(scene_event, MAP_IDLE);
	scene_rtp(PHONE, LOCAL, 0, 2, 0);
	CU_ASSERT_EQUAL(events(), 1);
	CU_ASSERT_EQUAL(scene_event, MAP_RESUMED);
	scene_close();
}

/* If the event was lost, the scan finds the packet. */
static void test_the_scan_finds_what_has_resumed(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	int64_t start_ms = clock_ms();

	flow.idle_s = 1;
	scene_open(true);
	scene_set(&flow);
	while (!scene_events && clock_ms() - start_ms < SOON_MS) {
		poll(NULL, 0, 10);
		flow_map_scan(map, 10);
	}
	CU_ASSERT_EQUAL(scene_event, MAP_IDLE);
	scene_rtp(PHONE, LOCAL, 0, 1, 0);
	flow_map_scan(map, 10);
	CU_ASSERT_EQUAL(scene_event, MAP_RESUMED);
	scene_close();
}

static void test_events_of_ended_flows_are_not_told(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	scene_set(&flow);
	scene_rtp(PHONE, LOCAL, 0, 1, 0);
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(events(), 0);
	scene_close();
}

TEST_SUITE(bpf_events, { "the first packet is told once", test_the_first_packet_is_told_once },
	   { "the descriptor is readable with events",
	     test_the_descriptor_is_readable_with_events },
	   { "a stranger is told once a second", test_a_stranger_is_told_once_a_second },
	   { "what goes on has a limit of its own", test_what_goes_on_has_a_limit_of_its_own },
	   { "UDPTL that goes on is told, and guesses end it",
	     test_udptl_that_goes_on_is_told_and_guesses_end_it },
	   { "all flows together tell 200 a second", test_all_flows_together_tell_200_a_second },
	   { "idle and resumed", test_idle_and_resumed },
	   { "the scan finds what has resumed", test_the_scan_finds_what_has_resumed },
	   { "events of ended flows are not told", test_events_of_ended_flows_are_not_told });
