/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_rtp_stats.c - loss, order and jitter of RFC 3550, appendices A.1, A.3 and A.8 */
#include "rtp_stats.h"
#include "tests/unit/test.h"

/* One packet of 160 units every 160 units, unless set otherwise. */
static void feed(struct rtp_stats *s, uint16_t seq, uint32_t timestamp, uint32_t arrival)
{
	struct rtp_wire w = { .kind = RTP_KIND_RTP, .seq = seq, .timestamp = timestamp, .ssrc = 7 };

	rtp_stats_update(s, &w, 8000, arrival);
}

static void feed_seq(struct rtp_stats *s, uint16_t seq)
{
	feed(s, seq, 160u * seq, 160u * seq);
}

static void test_counts_nothing_before_the_first(void)
{
	struct rtp_stats s = { 0 };

	CU_ASSERT_EQUAL(rtp_stats_expected(&s), 0);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 0);
}

static void test_counts_lost_packets(void)
{
	struct rtp_stats s = { 0 };

	feed_seq(&s, 100);
	feed_seq(&s, 101);
	feed_seq(&s, 105);
	CU_ASSERT_EQUAL(rtp_stats_expected(&s), 6);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 3);
	CU_ASSERT_EQUAL(s.received, 3);
}

static void test_counts_across_the_wrap(void)
{
	struct rtp_stats s = { 0 };

	feed_seq(&s, 65534);
	feed_seq(&s, 65535);
	feed_seq(&s, 1);
	feed_seq(&s, 0);
	CU_ASSERT_EQUAL(rtp_stats_expected(&s), 4);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 0);
	CU_ASSERT_EQUAL(s.reordered, 1);
	for (uint32_t i = 2; i < 3 * 65536u; i++)
		feed_seq(&s, (uint16_t)i);
	CU_ASSERT_EQUAL(rtp_stats_expected(&s), 3 * 65536u + 2);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 0);
}

/* A late packet fills a gap, splits one, or precedes all others. */
static void test_counts_gaps(void)
{
	struct rtp_stats s = { 0 };

	feed_seq(&s, 10);
	feed_seq(&s, 12);
	CU_ASSERT_EQUAL(s.gaps, 1);
	feed_seq(&s, 11);
	CU_ASSERT_EQUAL(s.gaps, 0);
	feed_seq(&s, 18);
	CU_ASSERT_EQUAL(s.gaps, 1);
	feed_seq(&s, 15);
	CU_ASSERT_EQUAL(s.gaps, 2);
	feed_seq(&s, 17);
	CU_ASSERT_EQUAL(s.gaps, 2);
	feed_seq(&s, 16);
	CU_ASSERT_EQUAL(s.gaps, 1);
	feed_seq(&s, 16);
	CU_ASSERT_EQUAL(s.gaps, 1);
	feed_seq(&s, 9);
	CU_ASSERT_EQUAL(s.gaps, 1);
	feed_seq(&s, 7);
	CU_ASSERT_EQUAL(s.gaps, 2);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 3); /* 8, 13, 14 */
}

static void test_distinguishes_late_and_duplicate(void)
{
	struct rtp_stats s = { 0 };

	feed_seq(&s, 10);
	feed_seq(&s, 12);
	feed_seq(&s, 11);
	feed_seq(&s, 11);
	feed_seq(&s, 12);
	CU_ASSERT_EQUAL(s.reordered, 1);
	CU_ASSERT_EQUAL(s.duplicate, 2);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 0);
	CU_ASSERT_EQUAL(rtp_stats_expected(&s), 3);
}

static void test_window_of_duplicates_is_64(void)
{
	struct rtp_stats s = { 0 };

	for (uint16_t seq = 0; seq <= 100; seq++)
		feed_seq(&s, seq);
	feed_seq(&s, 37); /* 63 behind */
	CU_ASSERT_EQUAL(s.duplicate, 1);
	feed_seq(&s, 36);
	CU_ASSERT_EQUAL(s.duplicate, 1);
	CU_ASSERT_EQUAL(s.reordered, 1);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 0); /* clamped: 102 received of 101 */
	feed_seq(&s, 1000);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 898);
}

static void test_packet_before_the_first_is_late(void)
{
	struct rtp_stats s = { 0 };

	feed_seq(&s, 0);
	feed_seq(&s, 65535);
	CU_ASSERT_EQUAL(rtp_stats_expected(&s), 2);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 0);
	CU_ASSERT_EQUAL(s.reordered, 1);
}

static void test_restart_needs_two_in_sequence(void)
{
	struct rtp_stats s = { 0 };

	feed_seq(&s, 1000);
	feed_seq(&s, 1002);
	feed_seq(&s, 30000);
	CU_ASSERT_EQUAL(s.highest & 0xffff, 1002);
	feed_seq(&s, 1003);
	feed_seq(&s, 30001); /* not the successor of the last stray packet: a stray packet itself */
	CU_ASSERT_EQUAL(s.highest & 0xffff, 1003);
	feed_seq(&s, 30002);
	CU_ASSERT_EQUAL(s.highest & 0xffff, 30002);
	CU_ASSERT_EQUAL(rtp_stats_expected(&s), 5);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 1);
}

static void test_another_ssrc_starts_again(void)
{
	struct rtp_stats s = { 0 };
	struct rtp_wire w = { .kind = RTP_KIND_RTP, .seq = 9, .ssrc = 8 };

	feed_seq(&s, 1);
	feed_seq(&s, 3);
	rtp_stats_update(&s, &w, 8000, 0);
	CU_ASSERT_EQUAL(s.ssrc, 8);
	CU_ASSERT_EQUAL(rtp_stats_expected(&s), 1);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 0);
}

static void test_equal_intervals_have_no_jitter(void)
{
	struct rtp_stats s = { 0 };

	for (uint16_t i = 0; i < 100; i++)
		feed(&s, i, 160u * i, 5000u + 160u * i);
	CU_ASSERT_EQUAL(s.jitter, 0);
}

static void test_jitter_grows_by_a_sixteenth(void)
{
	struct rtp_stats s = { 0 };

	feed(&s, 0, 0, 0);
	feed(&s, 1, 160, 176);
	CU_ASSERT_EQUAL(s.jitter, 16); /* 1 unit times 16 */
	feed(&s, 2, 320, 320);
	CU_ASSERT_EQUAL(s.jitter, 16 + 16 - 1); /* 31 */
	feed(&s, 3, 480, 480);
	CU_ASSERT_EQUAL(s.jitter, 31 - 2); /* (31 + 8) / 16 */
}

static void test_jitter_settles_at_the_mean_deviation(void)
{
	struct rtp_stats s = { 0 };

	for (uint32_t i = 0; i < 2000; i++)
		feed(&s, (uint16_t)i, 160 * i, 160 * i + (i & 1 ? 40 : 0));
	CU_ASSERT_TRUE(s.jitter / 16 >= 39 && s.jitter / 16 <= 40);
}

static void test_jitter_survives_wrapping_clocks(void)
{
	struct rtp_stats s = { 0 };

	for (uint16_t i = 0; i < 10; i++)
		feed(&s, i, 0xfffffe00u + 160u * i, 0x80u + 160u * i);
	CU_ASSERT_EQUAL(s.jitter, 0);
}

static void test_parts_of_a_frame_are_one(void)
{
	struct rtp_stats s = { 0 };

	for (uint16_t i = 0; i < 100; i++)
		feed(&s, i, 3000u * (i / 10), 3000u * (i / 10) + i % 10);
	CU_ASSERT_EQUAL(s.jitter, 0);
}

static void test_new_time_line_is_not_jitter(void)
{
	struct rtp_stats s = { 0 };
	struct rtp_wire event = { .seq = 2, .pt = 101, .timestamp = 7, .ssrc = 7 };

	feed(&s, 0, 0, 0);
	feed(&s, 1, 1000000, 160);
	CU_ASSERT_EQUAL(s.jitter, 0);
	rtp_stats_update(&s, &event, 48000, 99999);
	CU_ASSERT_EQUAL(s.jitter, 0);
	feed(&s, 3, 1000320, 480);
	CU_ASSERT_EQUAL(s.jitter, 0);
}

/* A jump of less than four seconds: only the payload type or the clock rate tells of the change. */
static void test_another_codec_is_another_time_line(void)
{
	static const struct {
		uint8_t pt;
		uint32_t clock;
	} rows[] = { { 0, 8000 }, { 8, 8000 }, { 8, 16000 }, { 8, 8000 }, { 0, 8000 } };
	struct rtp_stats s = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint32_t n = 0; n < 3; n++) {
			struct rtp_wire w = { .kind = RTP_KIND_RTP,
					      .pt = rows[i].pt,
					      .seq = (uint16_t)(3 * i + n),
					      .timestamp = 160 * n,
					      .ssrc = 7 };

			rtp_stats_update(&s, &w, rows[i].clock,
					 (uint32_t)(3000 + 1000 * i) + 160 * n);
			CU_ASSERT_EQUAL(s.jitter, 0);
		}
	}
}

static void pass(struct rtp_stats *s, uint32_t ssrc, uint16_t seq)
{
	struct rtp_wire w = { .kind = RTP_KIND_RTP, .seq = seq, .timestamp = 1, .ssrc = ssrc };

	rtp_stats_passed(s, &w);
}

/* Packets that go up to the daemon: no gap in what the kernel has seen, and no measure of delay. */
static void test_a_packet_that_passes_is_not_lost(void)
{
	struct rtp_stats s = { 0 };

	pass(&s, 7, 99); /* nothing is known yet */
	CU_ASSERT_FALSE(s.known);
	feed_seq(&s, 100);
	pass(&s, 7, 101);
	pass(&s, 7, 102);
	feed_seq(&s, 103);
	CU_ASSERT_EQUAL(rtp_stats_expected(&s), 4);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 0);
	CU_ASSERT_EQUAL(s.gaps, 0);
	CU_ASSERT_EQUAL(s.jitter, 0);
	CU_ASSERT_EQUAL(s.timestamp, 160 * 103);
}

static void test_a_packet_that_passes_may_be_late_or_missing(void)
{
	struct rtp_stats s = { 0 };

	feed_seq(&s, 65534);
	feed_seq(&s, 1);
	pass(&s, 7, 65535);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 1);
	CU_ASSERT_EQUAL(s.reordered, 1);
	pass(&s, 7, 65535);
	CU_ASSERT_EQUAL(s.duplicate, 1);
	pass(&s, 8, 0); /* of somebody else */
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 1);
	CU_ASSERT_EQUAL(s.ssrc, 7);
	pass(&s, 7, 3);
	CU_ASSERT_EQUAL(rtp_stats_lost(&s), 2);
}

TEST_SUITE(rtp_stats, { "counts nothing before the first", test_counts_nothing_before_the_first },
	   { "counts lost packets", test_counts_lost_packets }, { "counts gaps", test_counts_gaps },
	   { "counts across the wrap", test_counts_across_the_wrap },
	   { "distinguishes late and duplicate", test_distinguishes_late_and_duplicate },
	   { "window of duplicates is 64", test_window_of_duplicates_is_64 },
	   { "packet before the first is late", test_packet_before_the_first_is_late },
	   { "restart needs two in sequence", test_restart_needs_two_in_sequence },
	   { "another SSRC starts again", test_another_ssrc_starts_again },
	   { "equal intervals have no jitter", test_equal_intervals_have_no_jitter },
	   { "jitter grows by a sixteenth", test_jitter_grows_by_a_sixteenth },
	   { "jitter settles at the mean deviation", test_jitter_settles_at_the_mean_deviation },
	   { "jitter survives wrapping clocks", test_jitter_survives_wrapping_clocks },
	   { "parts of a frame are one", test_parts_of_a_frame_are_one },
	   { "new time line is not jitter", test_new_time_line_is_not_jitter },
	   { "a packet that passes is not lost", test_a_packet_that_passes_is_not_lost },
	   { "a packet that passes may be late or missing",
	     test_a_packet_that_passes_may_be_late_or_missing },
	   { "another codec is another time line", test_another_codec_is_another_time_line });
