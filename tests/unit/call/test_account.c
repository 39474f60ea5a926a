/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_account.c - what is counted when medias and calls end, each with a value of its own */
#include "daemon/base/count.h"
#include "tests/unit/packet/talk_scene.h"
#include "tests/unit/test_clock.h"

static struct call *the_call(struct talk *t)
{
	return call_find(t->scene.calls, STR("call"));
}

/* A bit for each stream: which of them had packets decides how the media, and the call, counts. */
static void test_directions_without_packets_are_counted(void)
{
	enum { A_RTP = 1 << 0, A_RTCP = 1 << 1, B_RTP = 1 << 2, B_RTCP = 1 << 3 };
	static const struct {
		unsigned int heard;
		uint64_t no_rtp, one_way_rtp, no_rtcp, one_way_rtcp, zero_way, one_way;
	} rows[] = {
		{ 0, 1, 0, 1, 0, 1, 0 },
		{ A_RTP, 0, 1, 1, 0, 0, 1 },
		{ B_RTP, 0, 1, 1, 0, 0, 1 },
		{ A_RTP | B_RTP, 0, 0, 1, 0, 0, 0 },
		{ A_RTCP, 1, 0, 0, 1, 0, 1 },
		{ B_RTCP | A_RTP, 0, 1, 0, 1, 0, 0 },
		{ A_RTCP | B_RTCP, 1, 0, 0, 0, 0, 0 },
		{ A_RTP | A_RTCP | B_RTP | B_RTCP, 0, 0, 0, 0, 0, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct stats *stats;
		struct talk t;

		talk_open(&t, false);
		stats = &t.scene.stats;
		each_component(side, comp) {
			if (!(rows[i].heard >> (2 * side + comp) & 1))
				continue;
			phone_sends(&t, (enum side)side, (enum component)comp);
			UNTIL(&t, report(&t, (enum side)side, (enum component)comp).packets_in);
		}
		call_end(the_call(&t), CALL_DELETED);
		CU_ASSERT_EQUAL(stats->medias.no_rtp, rows[i].no_rtp);
		CU_ASSERT_EQUAL(stats->medias.one_way_rtp, rows[i].one_way_rtp);
		CU_ASSERT_EQUAL(stats->medias.no_rtcp, rows[i].no_rtcp);
		CU_ASSERT_EQUAL(stats->medias.one_way_rtcp, rows[i].one_way_rtcp);
		CU_ASSERT_EQUAL(stats->zero_way, rows[i].zero_way);
		CU_ASSERT_EQUAL(stats->one_way, rows[i].one_way);
		talk_close(&t);
	}
}

/* Of the counters of calls by the reason of their end. */
static uint64_t sum_of_ends(const struct stats *stats)
{
	return stats->calls_deleted + stats->calls_timeout + stats->calls_silent_timeout +
	       stats->calls_offer_timeout + stats->calls_unanswered + stats->calls_final_timeout +
	       stats->calls_forced;
}

static void test_reason_of_the_end_is_counted(void)
{
	static const struct {
		enum call_end reason;
		size_t counter;
		bool timeout;
	} rows[] = {
		{ CALL_DELETED, offsetof(struct stats, calls_deleted), false },
		{ CALL_TIMEOUT, offsetof(struct stats, calls_timeout), true },
		{ CALL_SILENT_TIMEOUT, offsetof(struct stats, calls_silent_timeout), true },
		{ CALL_OFFER_TIMEOUT, offsetof(struct stats, calls_offer_timeout), true },
		{ CALL_UNANSWERED, offsetof(struct stats, calls_unanswered), true },
		{ CALL_FINAL_TIMEOUT, offsetof(struct stats, calls_final_timeout), true },
		{ CALL_FORCED, offsetof(struct stats, calls_forced), false },
		{ CALL_KEPT, offsetof(struct stats, calls_forced), false },
		{ CALL_TERMINATED, offsetof(struct stats, calls_forced), false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct stats *stats;
		struct talk t;

		test_clock_stop();
		talk_open(&t, false);
		stats = &t.scene.stats;
		test_clock_pass(5000);
		call_end(the_call(&t), rows[i].reason);
		CU_ASSERT_EQUAL(*(const uint64_t *)((const char *)stats + rows[i].counter), 1);
		CU_ASSERT_EQUAL(sum_of_ends(stats), 1);
		CU_ASSERT_EQUAL(stats->duration_ms, 5000);
		CU_ASSERT_EQUAL(stats->medias.made, 1);
		CU_ASSERT_EQUAL(stats->medias.ended, 1);
		CU_ASSERT_EQUAL(stats->medias.timed_out, rows[i].timeout);
		test_clock_go();
		talk_close(&t);
	}
}

static void test_medias_without_answer_are_not_complete(void)
{
	struct talk t;

	talk_open(&t, false);
	call_end(the_call(&t), CALL_DELETED);
	CU_ASSERT_EQUAL(t.scene.stats.medias.complete, 1);
	CU_ASSERT_EQUAL(signal_sdp(&t, SIDE_A).code, REPLY_OK);
	call_end(the_call(&t), CALL_DELETED);
	CU_ASSERT_EQUAL(t.scene.stats.medias.ended, 2);
	CU_ASSERT_EQUAL(t.scene.stats.medias.complete, 1);
	talk_close(&t);
}

static void fill_flow(struct fake_flow *flow, uint32_t ssrc, uint32_t expected, uint32_t lost,
		      uint32_t duplicate)
{
	flow->packets = expected - lost;
	flow->ssrc = ssrc;
	flow->expected = expected;
	flow->lost = lost;
	flow->duplicate = duplicate;
}

static void send_malformed(struct talk *t)
{
	const struct endpoint to = media_advertised(media_of(t), SIDE_A, COMP_RTP);

	sendto(t->phone[SIDE_A].fd[COMP_RTP], "\x8f\0\0\1\0\0\0\0\0\0\0\7x", 13, 0, &to.sa,
	       endpoint_len(&to));
	UNTIL(t, report(t, SIDE_A, COMP_RTP).drops[DROP_MALFORMED] == 1);
}

/* One packet of each side was received by the daemon, the others by the kernel. */
static void test_rtp_of_both_sides_and_paths_is_added(void)
{
	const struct stats *stats;
	struct talk t;

	talk_in_kernel(&t);
	stats = &t.scene.stats;
	send_malformed(&t);
	fill_flow(flow_of(&t, SIDE_A, COMP_RTP), 1, 1000, 30, 5);
	fill_flow(flow_of(&t, SIDE_B, COMP_RTP), 2, 600, 10, 2);
	fill_flow(flow_of(&t, SIDE_B, COMP_RTCP), 0, 50, 1, 1); /* is not RTP */
	call_end(the_call(&t), CALL_DELETED);
	CU_ASSERT_EQUAL(stats->medias.expected, 1001 + 601);
	CU_ASSERT_EQUAL(stats->medias.lost, 30 + 10);
	CU_ASSERT_EQUAL(stats->medias.received, 1001 + 601 - 30 - 10);
	CU_ASSERT_EQUAL(stats->medias.duplicate, 5 + 2);
	CU_ASSERT_EQUAL(stats->medias.malformed, 1);
	CU_ASSERT_EQUAL(stats->quality.count, 2);
	talk_close(&t);
}

/* The next daemon counts its quality, when it ends. */
static void test_quality_of_a_kept_call_is_not_counted(void)
{
	struct talk t;

	talk_in_kernel(&t);
	fill_flow(flow_of(&t, SIDE_A, COMP_RTP), 1, 1000, 30, 5);
	call_end(the_call(&t), CALL_KEPT);
	CU_ASSERT_EQUAL(t.scene.stats.quality.count, 0);
	talk_close(&t);
}

TEST_SUITE(account,
	   { "directions without packets are counted",
	     test_directions_without_packets_are_counted },
	   { "the reason of the end is counted", test_reason_of_the_end_is_counted },
	   { "medias without answer are not complete",
	     test_medias_without_answer_are_not_complete },
	   { "RTP of both sides and paths is added", test_rtp_of_both_sides_and_paths_is_added },
	   { "quality of a kept call is not counted", test_quality_of_a_kept_call_is_not_counted });
