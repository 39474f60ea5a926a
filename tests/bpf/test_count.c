/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_count.c - counters and RTP statistics
 */
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "scene.h"
#include "tests/kmod/kinds.h"
#include "tests/unit/test.h"

static void test_statistics_of_a_bad_line(void)
{
	static const uint16_t seqs[] = { 65533, 65534, 0, 65535, 1, 1, 5, 6 };
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	scene_set(&flow);
	for (size_t i = 0; i < COUNT(seqs); i++)
		CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, 0, seqs[i], 160u * (uint32_t)i), FORWARDED);
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 8);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_BYTES], 8 * 172);
	CU_ASSERT_EQUAL(state.rtp.ssrc, 0xabcd);
	CU_ASSERT_EQUAL(state.rtp.highest, 0x20006);
	CU_ASSERT_EQUAL(rtp_stats_expected(&state.rtp), 10);
	CU_ASSERT_EQUAL(state.rtp.received, 7);
	CU_ASSERT_EQUAL(rtp_stats_lost(&state.rtp), 3);
	CU_ASSERT_EQUAL(state.rtp.reordered, 1);
	CU_ASSERT_EQUAL(state.rtp.duplicate, 1);
	scene_close();
}

/* The same packets through the code of include/, as the daemon uses it. */
static void test_statistics_are_those_of_the_daemon(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	struct rtp_stats expect = { 0 };
	uint32_t random = 4711, seq = 65000;

	flow.clocks[0].pt = 96;
	flow.clocks[0].clock = 48000;
	scene_open(true);
	scene_set(&flow);
	for (int i = 0; i < 2000; i++) {
		struct rtp_wire wire = { .kind = RTP_KIND_RTP, .pt = 96, .ssrc = 0xabcd };

		random = random * 1103515245 + 12345;
		/* Mostly in order; late, lost, repeated ones; jumps. */
		seq += random >> 28 ? 1 : (random >> 16) % 200 - 100;
		if (!(random >> 16 & 0x1ff))
			seq += 20000;
		wire.seq = (uint16_t)seq;
		rtp_stats_update(&expect, &wire, 48000, 0);
		CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, 96, wire.seq, 0), FORWARDED);
	}
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.rtp.seen, expect.seen);
	CU_ASSERT_EQUAL(state.rtp.base, expect.base);
	CU_ASSERT_EQUAL(state.rtp.highest, expect.highest);
	CU_ASSERT_EQUAL(state.rtp.received, expect.received);
	CU_ASSERT_EQUAL(state.rtp.prior_expected, expect.prior_expected);
	CU_ASSERT_EQUAL(state.rtp.prior_lost, expect.prior_lost);
	CU_ASSERT_EQUAL(state.rtp.reordered, expect.reordered);
	CU_ASSERT_EQUAL(state.rtp.duplicate, expect.duplicate);
	CU_ASSERT_EQUAL(state.rtp.gaps, expect.gaps);
	CU_ASSERT_EQUAL(state.rtp.clock, 48000);
	CU_ASSERT_EQUAL(state.rtp.pt, 96);
	CU_ASSERT(expect.prior_expected > 0 && expect.duplicate > 0 && expect.reordered > 0);
	scene_close();
}

/* Timestamps that run ahead of the clock by a known amount: jitter has that size. */
static void test_jitter_uses_the_clock_of_the_payload_type(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	uint32_t timestamp = 0;

	flow.clocks[0].pt = 96;
	flow.clocks[0].clock = 8000;
	flow.clocks[1].pt = 97;
	flow.clocks[1].clock = 48000;
	scene_open(true);
	scene_set(&flow);
	for (uint16_t seq = 0; seq < 50; seq++) {
		scene_rtp(PHONE, LOCAL, 97, seq, timestamp);
		timestamp += 48000; /* one second ahead each time, while almost no time passes */
	}
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.rtp.clock, 48000);
	/* After 49 steps 1 - (15/16)^49 of a second: 0.958. */
	CU_ASSERT(state.rtp.jitter >> 4 > 40000);
	CU_ASSERT(state.rtp.jitter >> 4 < 47000);
	scene_close();
}

static void test_without_statistics_only_counters(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	uint64_t before_ns = (uint64_t)clock_us() * 1000;

	scene_open(false);
	scene_set(&flow);
	for (uint16_t seq = 0; seq < 5; seq++)
		CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, 0, seq, 0), FORWARDED);
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 5);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_BYTES], 5 * 172);
	CU_ASSERT_FALSE(state.rtp.known);
	/* The clock of the last tick may be a tick behind: 10 ms at most. */
	CU_ASSERT(state.seen_ns + 10000000 >= before_ns);
	CU_ASSERT(state.seen_ns <= (uint64_t)clock_us() * 1000 + 1000);
	scene_close();
}

static void test_keeps_the_last_rtcp(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_MUX, false);
	struct endpoint local = frame_endpoint(LOCAL);
	uint8_t big[400] = { 0x81, 200, 0, 99 };

	for (size_t i = 4; i < sizeof(big); i++)
		big[i] = (uint8_t)i;
	scene_open(true);
	scene_set(&flow);
	CU_ASSERT_EQUAL(scene_send(PHONE, LOCAL, big, sizeof(big)), FORWARDED);
	CU_ASSERT_EQUAL(flow_map_read(map, &local, &state), 0);
	CU_ASSERT_EQUAL(state.rtcp_len, 256);
	CU_ASSERT_EQUAL(memcmp(state.rtcp, big, 256), 0);
	CU_ASSERT_EQUAL(scene_send(PHONE, LOCAL, BYTES(RTCP_BYTES)), FORWARDED);
	CU_ASSERT_EQUAL(flow_map_read(map, &local, &state), 0);
	CU_ASSERT_EQUAL(state.rtcp_len, 28);
	CU_ASSERT_EQUAL(memcmp(state.rtcp, RTCP_BYTES, 28), 0);
	CU_ASSERT(state.rtcp_ns && state.rtcp_ns <= (uint64_t)clock_us() * 1000 + 1000);
	CU_ASSERT_FALSE(state.rtp.known);
	/* Another flow there, perhaps with the same number, has none. */
	scene_delete(LOCAL);
	scene_set(&flow);
	CU_ASSERT_EQUAL(flow_map_read(map, &local, &state), 0);
	CU_ASSERT_EQUAL(state.rtcp_len, 0);
	scene_close();
}

static void test_the_number_of_udptl(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_OPAQUE, false);
	struct endpoint local = frame_endpoint(LOCAL);

	scene_open(true);
	scene_set(&flow);
	scene_send(PHONE, LOCAL, BYTES("\1\2\3"));
	CU_ASSERT_EQUAL(flow_map_read(map, &local, &state), 0);
	CU_ASSERT_FALSE(state.numbered);
	scene_send(PHONE, LOCAL, BYTES("\1\2\3\4"));
	CU_ASSERT_EQUAL(flow_map_read(map, &local, &state), 0);
	CU_ASSERT(state.numbered);
	CU_ASSERT_EQUAL(state.number, 0x102);
	scene_close();
}

static bool count_one(void *arg, const struct map_found *found)
{
	uint64_t *sum = arg;

	CU_ASSERT_EQUAL(found->state->counters[RTPRELAY_C_PACKETS],
			endpoint_port(&found->flow.local) % 2 == 0);
	*sum += endpoint_port(&found->flow.local);
	return true;
}

/* More than one batch, with flows that have ended between them. */
static void test_reads_all_flows(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	uint64_t sum = 0, expect = 0;
	unsigned int parts = 0;
	uint32_t at = 0;
	char text[32];
	int more;

	scene_open_pinned(NULL, 1000);
	for (uint16_t i = 0; i < 900; i++) {
		endpoint_set_port(&flow.local, (uint16_t)(30000 + i));
		scene_set(&flow);
	}
	for (uint16_t i = 0; i < 900; i += 2) {
		snprintf(text, sizeof(text), "192.0.2.1:%d", 30000 + i);
		CU_ASSERT_EQUAL(scene_rtp(PHONE, text, 0, 1, 0), FORWARDED);
	}
	for (uint16_t i = 0; i < 900; i++) {
		snprintf(text, sizeof(text), "192.0.2.1:%d", 30000 + i);
		if (i % 3)
			expect += 30000 + i;
		else
			scene_delete(text);
	}
	CU_ASSERT_EQUAL(flow_map_count(map), 600);
	CU_ASSERT_EQUAL(flow_map_read_all(map, count_one, &sum), 0);
	CU_ASSERT_EQUAL(sum, expect);
	sum = 0;
	while ((more = flow_map_read_some(map, &at, count_one, &sum)) > 0)
		parts++;
	CU_ASSERT_EQUAL(more, 0);
	CU_ASSERT_EQUAL(sum, expect);
	CU_ASSERT(parts > 1);
	scene_close();
}

static void test_totals_include_ended_flows(void)
{
	uint64_t totals[RTPRELAY_C_MAX + 1];
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	scene_set(&flow);
	scene_rtp(PHONE, LOCAL, 0, 1, 0);
	scene_rtp(UNKNOWN, LOCAL, 0, 1, 0);
	scene_delete(LOCAL);
	scene_set(&flow);
	scene_rtp(PHONE, LOCAL, 0, 1, 0);
	CU_ASSERT_EQUAL(flow_map_totals(map, totals), 0);
	CU_ASSERT_EQUAL(totals[RTPRELAY_C_PACKETS], 2);
	CU_ASSERT_EQUAL(totals[RTPRELAY_C_BYTES], 2 * 172);
	CU_ASSERT_EQUAL(totals[RTPRELAY_C_DROP_SOURCE], 1);
	scene_close();
}

TEST_SUITE(bpf_count, { "statistics of a bad line", test_statistics_of_a_bad_line },
	   { "statistics are those of the daemon", test_statistics_are_those_of_the_daemon },
	   { "jitter uses the payload type's clock",
	     test_jitter_uses_the_clock_of_the_payload_type },
	   { "without statistics only counters", test_without_statistics_only_counters },
	   { "keeps the last RTCP", test_keeps_the_last_rtcp },
	   { "the number of UDPTL", test_the_number_of_udptl },
	   { "reads all flows", test_reads_all_flows },
	   { "totals include ended flows", test_totals_include_ended_flows });
