/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_carry.c - what a flow keeps when it is replaced with RTPRELAY_FLOW_CARRY, and loses without
 */
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "scene.h"
#include "tests/unit/test.h"

#define RTCP_BYTES "\x81\xc8\x00\x06SSRCNNNNNNNNTTTTPPPPOOOO"

static void send_rtcp(void)
{
	CU_ASSERT(world_send(phone, LOCAL, RTCP_BYTES, sizeof(RTCP_BYTES) - 1));
	CU_ASSERT(world_receive(dst, &packet, SOON));
}

static void send_heard(uint16_t seq, uint32_t timestamp)
{
	scene_rtp(phone, 0, seq, timestamp);
	CU_ASSERT(world_receive(dst, &packet, SOON));
}

/* @flags: RTPRELAY_FLOW_CARRY or none */
static void replace(struct nl_flow *flow, uint32_t flags)
{
	flow->flags = flags;
	CU_ASSERT_EQUAL(nl_add(&nl, flow, NLM_F_REPLACE, NULL), 0);
}

static void read_flow(void)
{
	CU_ASSERT_EQUAL_FATAL(nl_get(&nl, LOCAL, &state), 0);
}

static void test_carries_counters_when_asked(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	struct nl_state old;

	scene_start(&flow);
	send_heard(1, 0);
	flow.flags = RTPRELAY_FLOW_CARRY;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_REPLACE, &old), 0);
	CU_ASSERT_EQUAL(old.event, 0);
	send_heard(3, 0);
	flow.flags = 0;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_REPLACE, &old), 0);
	CU_ASSERT_EQUAL(old.event, RTPRELAY_CMD_FLOW_ADD);
	CU_ASSERT_EQUAL(old.counters[RTPRELAY_C_PACKETS], 2);
	CU_ASSERT_EQUAL(old.rtp[RTPRELAY_RTP_LOST], 1);
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
	CU_ASSERT_FALSE(state.has_rtp);
}

/* Silence that lasted for a while is not forgotten when the destination changes. */
static void test_carries_the_time_of_the_last_packet(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	int64_t heard_ms;

	scene_start(&flow);
	send_heard(1, 0);
	heard_ms = now_ms();
	poll(NULL, 0, 300);
	replace(&flow, RTPRELAY_FLOW_CARRY);
	read_flow();
	CU_ASSERT(state.heard);
	CU_ASSERT(state.last_seen_ms >= 290);
	replace(&flow, 0);
	read_flow();
	CU_ASSERT_FALSE(state.heard);
	CU_ASSERT(now_ms() - heard_ms >= 300);
	scene_end();
}

/* The daemon was told of the silence already: not again, and of its end. */
static void test_carries_silence(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	flow.idle = 1;
	scene_start(&flow);
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.event, RTPRELAY_EVENT_IDLE);
	replace(&flow, RTPRELAY_FLOW_CARRY);
	read_flow();
	CU_ASSERT(state.silent);
	CU_ASSERT_FALSE(state.heard);
	CU_ASSERT_FALSE(nl_event(&events, &state, 1500));
	send_heard(1, 0);
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.event, RTPRELAY_EVENT_RESUMED);
	/* A flow that replaces it without the flag begins again, and becomes idle again. */
	replace(&flow, 0);
	read_flow();
	CU_ASSERT_FALSE(state.silent);
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.event, RTPRELAY_EVENT_IDLE);
	scene_end();
}

/*
 * The path may have become longer: the first packet of the new flow is not compared with the last
 * one of the old flow. Here it is 2 s ahead of it, and would be a jitter of 125 ms.
 */
static void test_a_replacement_is_not_jitter(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	scene_start(&flow);
	send_heard(1, 0);
	replace(&flow, RTPRELAY_FLOW_CARRY);
	send_heard(2, 16000);
	scene_end();
	CU_ASSERT(state.has_clock);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_RECEIVED], 2);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_JITTER], 0);
}

/* At most one event a second for a port, whatever the daemon sets meanwhile. */
static void test_carries_the_limit_of_refused_events(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	uint32_t told = 0;
	int64_t sent_ms;

	scene_start(&flow);
	sent_ms = now_ms();
	scene_rtp(unknown, 0, 1, 0);
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.refused, 1);
	scene_rtp(unknown, 0, 2, 0);
	replace(&flow, RTPRELAY_FLOW_CARRY);
	scene_rtp(unknown, 0, 3, 0);
	replace(&flow, RTPRELAY_FLOW_CARRY);
	/* An event before the second is over is one too many; a slow machine may be later. */
	if (nl_event(&events, &state, NEVER)) {
		CU_ASSERT(now_ms() - sent_ms >= 990);
		told += state.refused;
	}
	usleep(1100000);
	scene_rtp(unknown, 0, 4, 0);
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(told + state.refused, 3);
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_SOURCE], 4);
}

static void test_carries_the_last_rtcp(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_MUX);

	scene_start(&flow);
	send_rtcp();
	poll(NULL, 0, 100);
	replace(&flow, RTPRELAY_FLOW_CARRY);
	read_flow();
	CU_ASSERT_EQUAL(state.rtcp_len, sizeof(RTCP_BYTES) - 1);
	CU_ASSERT_EQUAL(memcmp(state.rtcp, RTCP_BYTES, sizeof(RTCP_BYTES) - 1), 0);
	CU_ASSERT(state.rtcp_age_us >= 100000);
	/* A flow without RTCP has no place for it. */
	flow.kind = RTPRELAY_KIND_RTP;
	replace(&flow, RTPRELAY_FLOW_CARRY);
	read_flow();
	CU_ASSERT_EQUAL(state.rtcp_len, 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 1);
	flow.kind = RTPRELAY_KIND_MUX;
	replace(&flow, 0);
	read_flow();
	CU_ASSERT_EQUAL(state.rtcp_len, 0);
	scene_end();
}

TEST_SUITE(carry, { "carries counters when asked", test_carries_counters_when_asked },
	   { "carries the time of the last packet", test_carries_the_time_of_the_last_packet },
	   { "carries silence", test_carries_silence },
	   { "a replacement is not jitter", test_a_replacement_is_not_jitter },
	   { "carries the limit of refused events", test_carries_the_limit_of_refused_events },
	   { "carries the last RTCP", test_carries_the_last_rtcp });
