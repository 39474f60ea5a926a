/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_admit.c - which packets of its source a flow accepts; what is counted and reported
 */
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/count.h"
#include "kinds.h"
#include "scene.h"
#include "tests/unit/test.h"

static void test_any_source_where_none_is_named(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	flow.src = NULL;
	scene_start(&flow);
	scene_rtp(unknown, 0, 5, 0);
	CU_ASSERT(world_receive(dst, &packet, SOON));
	CU_ASSERT_EQUAL(packet.bytes[3], 5);
	scene_end();
}

static void check_kind(const struct kind_case *c, int kind)
{
	bool forwarded = c->expect[kind] == 'f';

	CU_ASSERT_FATAL(world_send(phone, LOCAL, c->bytes, c->len));
	CU_ASSERT_FATAL(world_receive(forwarded ? dst : relay, &packet, SOON));
	CU_ASSERT_EQUAL(packet.len, c->len);
	CU_ASSERT_EQUAL(memcmp(packet.bytes, c->bytes, c->len), 0);
}

static void test_kinds_go_where_they_belong(void)
{
	for (int kind = 1; kind <= RTPRELAY_KIND_MAX; kind++) {
		struct nl_flow flow = scene_flow((uint8_t)kind);
		uint64_t expect[RTPRELAY_C_MAX + 1] = { 0 };

		scene_start(&flow);
		for (size_t i = 0; i < COUNT(kinds); i++) {
			check_kind(&kinds[i], kind);
			expect[kinds[i].expect[kind] == 'f' ? RTPRELAY_C_PACKETS
							    : kinds[i].expect[kind]]++;
		}
		scene_end();
		for (int i = RTPRELAY_C_PACKETS; i <= RTPRELAY_C_MAX; i++)
			if (i != RTPRELAY_C_BYTES)
				CU_ASSERT_EQUAL(state.counters[i], expect[i]);
	}
}

static void test_stun_of_an_unknown_source_goes_up(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_MUX);

	scene_start(&flow);
	CU_ASSERT(world_send(unknown, LOCAL, STUN_BYTES, sizeof(STUN_BYTES) - 1));
	CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT_STRING_EQUAL(packet.from, UNKNOWN);
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_STUN], 1);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_SOURCE], 0);
}

static void test_payload_types_outside_the_set_go_up(void)
{
	static const uint8_t set[16] = { [0] = 0x01, [1] = 0x01, [15] = 0x80 }; /* 0, 8, 127 */
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	flow.pt_set = set;
	scene_start(&flow);
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT(state.has_pt_set);
	CU_ASSERT_EQUAL(memcmp(state.pt_set, set, sizeof(set)), 0);
	for (uint8_t pt = 0; pt < 128; pt++) {
		bool in_set = pt == 0 || pt == 8 || pt == 127;

		if (pt >= 64 && pt < 96)
			continue; /* packets with these are RTCP */
		scene_rtp(phone, pt, pt, 0);
		CU_ASSERT(world_receive(in_set ? dst : relay, &packet, SOON));
		CU_ASSERT_EQUAL(packet.bytes[1], pt);
	}
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 3);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_PT], 93);
}

static void test_blocked_media_is_dropped_and_counted(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	flow.flags = RTPRELAY_FLOW_DROP;
	scene_start(&flow);
	scene_rtp(phone, 0, 1, 0);
	scene_rtp(phone, 0, 3, 0);
	CU_ASSERT_FALSE(world_receive(dst, &packet, NEVER));
	CU_ASSERT_FALSE(world_receive(relay, &packet, 0));
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_BLOCKED], 2);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_RECEIVED], 2);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_LOST], 1);
}

static void test_blocked_media_needs_no_route(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	flow.dst = "203.0.113.77:5000";
	flow.flags = RTPRELAY_FLOW_DROP;
	scene_start(&flow);
	scene_rtp(phone, 0, 1, 0);
	CU_ASSERT_FALSE(world_receive(relay, &packet, NEVER));
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_BLOCKED], 1);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_ROUTE], 0);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_RECEIVED], 1);
}

static void test_statistics_of_a_bad_line(void)
{
	static const uint16_t seqs[] = { 65533, 65534, 0, 65535, 1, 1, 5, 6 };
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	scene_start(&flow);
	for (size_t i = 0; i < COUNT(seqs); i++) {
		scene_rtp(phone, 0, seqs[i], 160u * (uint32_t)i);
		CU_ASSERT(world_receive(dst, &packet, SOON));
	}
	scene_end();
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SSRC], 0xabcd);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SEQ], 0x20006);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_EXPECTED], 10);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_RECEIVED], 7);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_LOST], 3);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_REORDERED], 1);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_DUPLICATE], 1);
}

/*
 * Timestamps that run ahead of the clock by a known amount: jitter must have that size, in clock
 * units.
 */
static void test_jitter_uses_the_clock_of_the_payload_type(void)
{
	static const struct nl_clock clocks[] = { { 96, 48000 }, { 97, 90000 }, { 0, 0 } };
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	uint32_t timestamp = 0;

	flow.clocks = clocks;
	scene_start(&flow);
	for (uint16_t seq = 0; seq < 50; seq++) {
		scene_rtp(phone, 96, seq, timestamp);
		CU_ASSERT(world_receive(dst, &packet, SOON));
		timestamp += 48000; /* one second ahead each time, while almost no time passes */
	}
	scene_end();
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_CLOCK], 48000);
	/* After 49 steps 1 - (15/16)^49 of a second: 0.958. */
	CU_ASSERT(state.rtp[RTPRELAY_RTP_JITTER] > 40000);
	CU_ASSERT(state.rtp[RTPRELAY_RTP_JITTER] < 47000);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_PT], 96);
}

/*
 * Timestamps that follow the time at a high rate, of a payload type whose clock is the second one.
 * What the sender cannot know of the time of arrival is measured, and is the most that jitter may
 * be; with the other clock it would be 300 ms / 16.
 */
static void test_jitter_uses_the_second_clock_too(void)
{
	static const struct nl_clock clocks[] = { { 96, 8000 }, { 97, 1000000 }, { 0, 0 } };
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	int64_t before_us, unknown_us = 0;

	flow.clocks = clocks;
	scene_start(&flow);
	for (uint16_t seq = 0; seq < 2; seq++) {
		poll(NULL, 0, 300);
		before_us = now_ns() / 1000;
		scene_rtp(phone, 97, seq, (uint32_t)before_us);
		CU_ASSERT(world_receive(dst, &packet, SOON));
		unknown_us += now_ns() / 1000 - before_us;
	}
	scene_end();
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_CLOCK], 1000000);
	CU_ASSERT(state.rtp[RTPRELAY_RTP_JITTER] <= unknown_us / 16 + 1);
}

static void test_no_clock_no_jitter(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	scene_start(&flow);
	scene_rtp(phone, 100, 1, 0);
	CU_ASSERT(world_receive(dst, &packet, SOON));
	scene_end();
	CU_ASSERT(state.has_rtp);
	CU_ASSERT_FALSE(state.has_clock);
}

static void test_keeps_the_last_rtcp(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_MUX);
	uint8_t big[400] = { 0x81, 200, 0, 99 };
	int64_t before_ms;

	scene_start(&flow);
	for (size_t i = 4; i < sizeof(big); i++)
		big[i] = (uint8_t)i;
	CU_ASSERT(world_send(phone, LOCAL, big, sizeof(big)));
	CU_ASSERT(world_receive(dst, &packet, SOON));
	CU_ASSERT_EQUAL(packet.len, 400);
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT_EQUAL(state.rtcp_len, 256);
	CU_ASSERT_EQUAL(memcmp(state.rtcp, big, 256), 0);
	before_ms = now_ms();
	CU_ASSERT(world_send(phone, LOCAL, RTCP_BYTES, sizeof(RTCP_BYTES) - 1));
	CU_ASSERT(world_receive(dst, &packet, SOON));
	poll(NULL, 0, 100);
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT(state.rtcp_age_us >= 100000);
	CU_ASSERT(state.rtcp_age_us <= (uint64_t)(now_ms() - before_ms + 1) * 1000);
	scene_end();
	CU_ASSERT_EQUAL(state.rtcp_len, 28);
	CU_ASSERT_EQUAL(memcmp(state.rtcp, RTCP_BYTES, 28), 0);
	CU_ASSERT_FALSE(state.has_rtp);
}

static void test_reports_idle_once_and_resumed(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	flow.idle = 1;
	scene_start(&flow);
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.event, RTPRELAY_EVENT_IDLE);
	CU_ASSERT_STRING_EQUAL(state.local, LOCAL);
	CU_ASSERT_STRING_EQUAL(state.cookie, "the cookie");
	CU_ASSERT_FALSE(state.heard);
	CU_ASSERT_FALSE(nl_event(&events, &state, 1500));
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT(state.silent);
	scene_rtp(phone, 0, 1, 0);
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.event, RTPRELAY_EVENT_RESUMED);
	CU_ASSERT(state.heard);
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT_FALSE(state.silent);
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.event, RTPRELAY_EVENT_IDLE);
	CU_ASSERT(state.heard);
	CU_ASSERT(state.last_seen_ms >= 1000);
	scene_end();
}

/* Not before a second has passed, even if the host pauses the emulated machine. */
static void test_media_that_flows_is_never_idle(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	flow.idle = 1;
	scene_start(&flow);
	for (uint16_t i = 0; i < 30; i++) {
		int64_t sent = now_ms();

		scene_rtp(phone, 0, i, 0);
		if (nl_event(&events, &state, 100) && state.event == RTPRELAY_EVENT_IDLE)
			CU_ASSERT(now_ms() - sent >= 990);
	}
	scene_end();
}

TEST_SUITE(admit, { "any source where none is named", test_any_source_where_none_is_named },
	   { "kinds go where they belong", test_kinds_go_where_they_belong },
	   { "STUN of an unknown source goes up", test_stun_of_an_unknown_source_goes_up },
	   { "payload types outside the set go up", test_payload_types_outside_the_set_go_up },
	   { "blocked media is dropped and counted", test_blocked_media_is_dropped_and_counted },
	   { "blocked media needs no route", test_blocked_media_needs_no_route },
	   { "statistics of a bad line", test_statistics_of_a_bad_line },
	   { "jitter uses the payload type's clock",
	     test_jitter_uses_the_clock_of_the_payload_type },
	   { "jitter uses the second clock too", test_jitter_uses_the_second_clock_too },
	   { "no clock, no jitter", test_no_clock_no_jitter },
	   { "keeps the last RTCP", test_keeps_the_last_rtcp },
	   { "reports idle once, and resumed", test_reports_idle_once_and_resumed },
	   { "media that flows is never idle", test_media_that_flows_is_never_idle });
