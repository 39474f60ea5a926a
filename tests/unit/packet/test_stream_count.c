/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_stream_count.c - what a stream counts of packets, and what its report says */
#include "daemon/base/count.h"
#include "stream_scene.h"

static void test_refusals_are_counted_by_rank(void)
{
	static const struct {
		const char *source;
		enum latch_rank rank;
	} rows[] = {
		{ "192.0.2.66:6666", RANK_UNKNOWN },
		{ "203.0.113.66:6666", RANK_NEAR },
		{ "203.0.113.9:6666", RANK_ADDR },
		{ "192.168.1.5:4000", RANK_EXACT },
	};
	const struct latch_record sibling = { .source = place("203.0.113.66:7777"),
					      .phase = PHASE_OPEN,
					      .class = CLASS_SIBLING };
	struct worker_totals totals;
	struct stage stage;

	open_stage(&stage);
	lock_nat(&stage, "203.0.113.9", "203.0.113.9:50000");
	latch_import(&stream_at(&stage, A_RTCP)->latch, &sibling);
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t n = 0; n <= i; n++)
			arrive(&stage, A_RTP, place(rows[i].source));
	worker_pool_totals(stage.scene.pool, &totals);
	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(totals.refused[rows[i].rank], i + 1);
	CU_ASSERT_EQUAL(totals.drops[DROP_SOURCE], 1 + 2 + 3 + 4);
	CU_ASSERT_EQUAL(totals.latched, 1);
	close_stage(&stage);
}

/* Of dynamic types the SDP says it, and may say another one than RFC 3551 of static types. */
static void test_clock_is_that_of_the_payload_type(void)
{
	static const struct {
		uint8_t pt;
		uint32_t clock;
	} rows[] = { { 0, 8000 }, { 8, 16000 }, { 96, 48000 }, { 97, 0 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stream_report r;
		struct stage stage;

		open_stage(&stage);
		stage.scene.conf.pts[1] = 3ull << (96 - 64);
		stage.scene.conf.clocks[0].pt = 8;
		stage.scene.conf.clocks[0].clock = 16000;
		stage.scene.conf.clocks[1].pt = 96;
		stage.scene.conf.clocks[1].clock = 48000;
		signal_stage(&stage);
		stage.pt = rows[i].pt;
		arrive(&stage, A_RTP, stage.scene.phone_at[A_RTP]);
		stream_report(stream_at(&stage, A_RTP), &r);
		CU_ASSERT_EQUAL(r.last_pt, rows[i].pt);
		CU_ASSERT_EQUAL(r.clock, rows[i].clock);
		close_stage(&stage);
	}
}

static uint32_t clock_after(struct stage *stage, uint8_t pt)
{
	struct stream_report r;

	stage->pt = pt;
	arrive(stage, A_RTP, stage->scene.phone_at[A_RTP]);
	stream_report(stream_at(stage, A_RTP), &r);
	CU_ASSERT_EQUAL(r.last_pt, pt);
	return r.clock;
}

/* The stream remembers that of the packet before. */
static void test_clock_follows_payload_type_and_reinvite(void)
{
	struct stage stage;

	open_stage(&stage);
	stage.scene.conf.pts[1] = 1ull << (96 - 64);
	stage.scene.conf.clocks[0].pt = 96;
	stage.scene.conf.clocks[0].clock = 48000;
	signal_stage(&stage);
	CU_ASSERT_EQUAL(clock_after(&stage, 0), 8000);
	CU_ASSERT_EQUAL(clock_after(&stage, 96), 48000);
	CU_ASSERT_EQUAL(clock_after(&stage, 96), 48000);
	CU_ASSERT_EQUAL(clock_after(&stage, 0), 8000);
	CU_ASSERT_EQUAL(clock_after(&stage, 96), 48000);
	stage.scene.conf.clocks[0].clock = 16000;
	signal_stage(&stage);
	CU_ASSERT_EQUAL(clock_after(&stage, 96), 16000);
	close_stage(&stage);
}

/* The timestamps of packets every 20 ms go on by one: 159 units at 8000 Hz too few, each time. */
static void test_jitter_is_reported_in_milliseconds(void)
{
	struct stream_report r;
	struct stage stage;

	open_stage(&stage);
	arrive(&stage, A_RTP, stage.scene.phone_at[A_RTP]);
	arrive_for(&stage, 20, A_RTP, stage.scene.phone_at[A_RTP]);
	stream_report(stream_at(&stage, A_RTP), &r);
	CU_ASSERT_DOUBLE_EQUAL(r.jitter_ms, 159 / 8.0 / 16, 0.01); /* RFC 3550, 6.4.1 */
	close_stage(&stage);
}

/*
 * 500 packets in the kernel are no loss here; a packet that the kernel passes up in between counts
 * as received, and says nothing of the numbers.
 */
static void test_numbers_go_on_after_the_kernel(void)
{
	struct stream_report r;
	struct stage stage;

	open_stage(&stage);
	arrive_for(&stage, 200, A_RTP, stage.scene.phone_at[A_RTP]);
	stream_kernel(stream_at(&stage, A_RTP), &(struct bridge_kernel){ .in_kernel = true },
		      stage.now_ms);
	stage.seq = (uint16_t)(stage.seq + 250);
	arrive(&stage, A_RTP, stage.scene.phone_at[A_RTP]);
	stage.seq = (uint16_t)(stage.seq + 249);
	for (int i = 0; i < 2; i++) /* the second tells nothing new */
		stream_kernel(stream_at(&stage, A_RTP), &(struct bridge_kernel){ 0 }, stage.now_ms);
	arrive_for(&stage, 200, A_RTP, stage.scene.phone_at[A_RTP]);
	stream_report(stream_at(&stage, A_RTP), &r);
	CU_ASSERT_EQUAL(r.packets_in, 21);
	CU_ASSERT_EQUAL(r.expected, 20);
	CU_ASSERT_EQUAL(r.lost, 0);
	CU_ASSERT_EQUAL(r.gaps, 0);
	CU_ASSERT_EQUAL(r.reordered, 0);
	CU_ASSERT_EQUAL(r.duplicate, 0);
	/* Two that are missing here are lost. */
	stage.seq = (uint16_t)(stage.seq + 2);
	arrive_for(&stage, 200, A_RTP, stage.scene.phone_at[A_RTP]);
	stream_report(stream_at(&stage, A_RTP), &r);
	CU_ASSERT_EQUAL(r.expected, 32);
	CU_ASSERT_EQUAL(r.lost, 2);
	CU_ASSERT_EQUAL(r.gaps, 1);
	close_stage(&stage);
}

static void test_sent_and_lost_packets_are_counted_where_they_belong(void)
{
	struct worker_totals totals;
	struct stream_report a, b;
	struct stage stage;

	open_stage(&stage);
	for (int i = 0; i < 3; i++)
		stream_sent(stream_at(&stage, B_RTP), 172);
	for (int i = 0; i < 2; i++)
		stream_lost(stream_at(&stage, A_RTP), stream_at(&stage, B_RTP), DROP_SEND_QUEUE);
	stream_missed(stream_at(&stage, A_RTP), 5);
	stream_missed(stream_at(&stage, A_RTP), 5);
	stream_missed(stream_at(&stage, A_RTP), 7);
	stream_report(stream_at(&stage, A_RTP), &a);
	stream_report(stream_at(&stage, B_RTP), &b);
	worker_pool_totals(stage.scene.pool, &totals);
	CU_ASSERT_EQUAL(a.packets_out + a.bytes_out + a.errors_out + a.packets_in, 0);
	CU_ASSERT_EQUAL(a.drops[DROP_SEND_QUEUE], 2);
	CU_ASSERT_EQUAL(a.drops[DROP_RECEIVE_QUEUE], 7);
	CU_ASSERT_EQUAL(b.packets_out, 3);
	CU_ASSERT_EQUAL(b.bytes_out, 3 * 172);
	CU_ASSERT_EQUAL(b.errors_out, 2);
	CU_ASSERT_EQUAL(b.drops[DROP_SEND_QUEUE], 0);
	CU_ASSERT_EQUAL(totals.packets, 3);
	CU_ASSERT_EQUAL(totals.bytes, 3 * 172);
	CU_ASSERT_EQUAL(totals.errors, 2);
	CU_ASSERT_EQUAL(totals.drops[DROP_SEND_QUEUE], 2);
	CU_ASSERT_EQUAL(totals.drops[DROP_RECEIVE_QUEUE], 7);
	close_stage(&stage);
}

/* The system's counter is of 32 bits, and wraps. */
static void test_missed_packets_are_counted_across_the_wrap(void)
{
	struct stage stage;

	open_stage(&stage);
	stream_at(&stage, A_RTP)->missed = UINT32_MAX - 1;
	stream_missed(stream_at(&stage, A_RTP), 3);
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->drops[DROP_RECEIVE_QUEUE], 5);
	close_stage(&stage);
}

static void test_report_has_each_counter(void)
{
	struct stream_report r;
	struct stage stage;
	struct stream *s;

	open_stage(&stage);
	arrive(&stage, A_RTP, stage.scene.phone_at[A_RTP]);
	s = stream_at(&stage, A_RTP);
	CU_ASSERT_EQUAL(s->packets_in, 1);
	CU_ASSERT_EQUAL(s->bytes_in, 172);
	CU_ASSERT_EQUAL(s->last_in_ms, stage.now_ms);
	s->packets_in = 11;
	s->bytes_in = 12;
	s->packets_out = 13;
	s->bytes_out = 14;
	s->errors_out = 15;
	for (int i = 0; i < DROP_COUNT; i++)
		s->drops[i] = 20 + (uint64_t)i;
	s->contested = true;
	stream_report(s, &r);
	CU_ASSERT_EQUAL(r.packets_in, 11);
	CU_ASSERT_EQUAL(r.bytes_in, 12);
	CU_ASSERT_EQUAL(r.packets_out, 13);
	CU_ASSERT_EQUAL(r.bytes_out, 14);
	CU_ASSERT_EQUAL(r.errors_out, 15);
	for (int i = 0; i < DROP_COUNT; i++)
		CU_ASSERT_EQUAL(r.drops[i], 20 + (uint64_t)i);
	CU_ASSERT_TRUE(r.contested);
	CU_ASSERT_FALSE(r.learning);
	CU_ASSERT_EQUAL(r.last_in_ms, stage.now_ms);
	CU_ASSERT_EQUAL(r.last_seq, stage.seq);
	CU_ASSERT_EQUAL(r.ssrc, stage.ssrc);
	CU_ASSERT_EQUAL(r.clock, 8000);
	CU_ASSERT_TRUE(endpoint_eq(&r.to, &stage.scene.phone_at[A_RTP]));
	CU_ASSERT_TRUE(endpoint_eq(&r.signalled, &stage.scene.phone_at[A_RTP]));
	close_stage(&stage);
}

TEST_SUITE(stream_count, { "refusals are counted by rank", test_refusals_are_counted_by_rank },
	   { "clock is that of the payload type", test_clock_is_that_of_the_payload_type },
	   { "clock follows payload type and re-INVITE",
	     test_clock_follows_payload_type_and_reinvite },
	   { "jitter is reported in milliseconds", test_jitter_is_reported_in_milliseconds },
	   { "numbers go on after the kernel", test_numbers_go_on_after_the_kernel },
	   { "sent and lost packets are counted where they belong",
	     test_sent_and_lost_packets_are_counted_where_they_belong },
	   { "missed packets are counted across the wrap",
	     test_missed_packets_are_counted_across_the_wrap },
	   { "report has each counter", test_report_has_each_counter });
