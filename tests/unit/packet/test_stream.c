/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_stream.c - what a stream decides of packets and of the kernel's reports, and what it tells */
#include "daemon/base/count.h"
#include "stream_scene.h"

#define BIT(event) (1u << (event))
#define NAT	   "203.0.113.9"
#define NAT_SOURCE "203.0.113.9:50000"

static enum latch_state state_of(const struct stage *stage, int index)
{
	return latch_state(&stream_at(stage, index)->latch);
}

static bool uses(const struct stage *stage, int index, const char *source)
{
	struct endpoint at = place(source);

	return endpoint_eq(latch_source(&stream_at(stage, index)->latch), &at);
}

/* --- Windows ---------------------------------------------------------------------------------- */

static void close_by_packet(struct stage *stage, struct endpoint phone)
{
	arrive(stage, A_RTP, phone);
}

static void close_by_tick(struct stage *stage, struct endpoint phone)
{
	(void)phone;
	stream_tick(stream_at(stage, A_RTP), stage->now_ms);
}

static void close_by_report(struct stage *stage, struct endpoint phone)
{
	const struct bridge_kernel heard = { .in_kernel = true, .heard_ms = stage->now_ms - 10 };

	(void)phone;
	stream_kernel(stream_at(stage, A_RTP), &heard, stage->now_ms);
}

/* The new SDP has another address, but the phone goes on from where it was. */
static void test_media_comes_back_to_a_phone_that_did_not_move(void)
{
	void (*const ways[])(struct stage *, struct endpoint) = { close_by_packet, close_by_tick,
								  close_by_report };

	for (size_t i = 0; i < COUNT(ways); i++) {
		struct endpoint moved = place("198.51.100.7:4000"), phone;
		struct stage stage;

		open_stage(&stage);
		phone = stage.scene.phone_at[A_RTP];
		arrive(&stage, A_RTP, phone);
		stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] = moved;
		signal_stage(&stage);
		CU_ASSERT_TRUE(goes_to(&stage, A_RTP, moved));
		arrive_for(&stage, 2980, A_RTP, phone);
		CU_ASSERT_TRUE(goes_to(&stage, A_RTP, moved));
		take_news(&stage, A_RTP);
		stage.now_ms += 20;
		ways[i](&stage, phone);
		CU_ASSERT_EQUAL(state_of(&stage, A_RTP), LATCH_LOCKED);
		CU_ASSERT_TRUE(goes_to(&stage, A_RTP, phone));
		CU_ASSERT_EQUAL(take_news(&stage, A_RTP), BIT(BRIDGE_CHANGED));
		close_stage(&stage);
	}
}

/* --- Strangers -------------------------------------------------------------------------------- */

static void test_flood_of_strangers_is_told_once_a_second(void)
{
	const unsigned int flood = 1000;
	unsigned int told = 0;
	struct stage stage;

	open_stage(&stage);
	lock_nat(&stage, NAT, NAT_SOURCE);
	for (unsigned int i = 0; i <= flood; i++, stage.now_ms++) {
		CU_ASSERT_PTR_NULL(arrive(&stage, A_RTP, place("192.0.2.66:6666")));
		told += take_news(&stage, A_RTP) == BIT(BRIDGE_REFUSED);
		CU_ASSERT_EQUAL(told, i < 1000 ? 1 : 2);
	}
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->drops[DROP_SOURCE], flood + 1);
	close_stage(&stage);
}

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
	struct worker_totals totals;
	struct stage stage;

	open_stage(&stage);
	lock_nat(&stage, NAT, NAT_SOURCE);
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

/* While the window is open, a stranger that floods would hide the phone from the kernel's reports. */
static void test_contested_stream_stays_here_until_it_is_locked(void)
{
	struct bridge_kernel report = { .in_kernel = true };
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	arrive(&stage, A_RTP, place(NAT_SOURCE));
	report.heard_ms = stage.now_ms;
	report.stranger = place("192.0.2.66:6666");
	take_news(&stage, A_RTP);
	stage.now_ms += 100;
	stream_kernel(stream_at(&stage, A_RTP), &report, stage.now_ms);
	CU_ASSERT_TRUE(stream_at(&stage, A_RTP)->contested);
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), BIT(BRIDGE_REFUSED) | BIT(BRIDGE_CHANGED));
	stream_kernel(stream_at(&stage, A_RTP), &(struct bridge_kernel){ 0 }, stage.now_ms);
	arrive_for(&stage, 2880, A_RTP, place(NAT_SOURCE));
	CU_ASSERT_EQUAL(state_of(&stage, A_RTP), LATCH_LEARN);
	CU_ASSERT_TRUE(stream_at(&stage, A_RTP)->contested);
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), 0);
	arrive_for(&stage, 20, A_RTP, place(NAT_SOURCE));
	CU_ASSERT_EQUAL(state_of(&stage, A_RTP), LATCH_LOCKED);
	CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->contested);
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), BIT(BRIDGE_CHANGED));
	close_stage(&stage);
}

/* The stream is locked and its source silent: who takes over after that ends the contest. */
static void test_rebound_source_ends_the_contest(void)
{
	struct bridge_kernel report = { .in_kernel = true };
	struct stage stage;

	open_stage(&stage);
	lock_nat(&stage, NAT, NAT_SOURCE);
	report.heard_ms = stage.now_ms;
	report.stranger = place("192.0.2.66:6666");
	stage.now_ms += LATCH_SILENCE_MS - 1;
	stream_kernel(stream_at(&stage, A_RTP), &report, stage.now_ms);
	CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->contested);
	stage.now_ms++;
	stream_kernel(stream_at(&stage, A_RTP), &report, stage.now_ms);
	CU_ASSERT_TRUE(stream_at(&stage, A_RTP)->contested);
	stream_kernel(stream_at(&stage, A_RTP), &(struct bridge_kernel){ 0 }, stage.now_ms);
	take_news(&stage, A_RTP);
	CU_ASSERT_PTR_NOT_NULL(arrive(&stage, A_RTP, place("203.0.113.9:50001")));
	CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->contested);
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), BIT(BRIDGE_LATCHED) | BIT(BRIDGE_CHANGED));
	close_stage(&stage);
}

/* --- Reports of the kernel -------------------------------------------------------------------- */

/* What strangers send must not make the source look alive: a NAT that rebound would be refused. */
static void test_strangers_do_not_keep_a_source_heard(void)
{
	struct bridge_kernel report = { .in_kernel = true, .rtp = true, .ssrc = 7 };
	struct stage stage;

	open_stage(&stage);
	lock_nat(&stage, NAT, NAT_SOURCE);
	report.heard_ms = stage.now_ms;
	report.seq = stage.seq;
	report.stranger = place("192.0.2.66:6666");
	for (int i = 0; i < 10; i++) {
		stage.now_ms += 500;
		stream_kernel(stream_at(&stage, A_RTP), &report, stage.now_ms);
	}
	CU_ASSERT_TRUE(latch_silent(&stream_at(&stage, A_RTP)->latch, stage.now_ms));
	report.stranger = place("203.0.113.9:50001");
	report.stranger_rtp = true;
	report.stranger_ssrc = 7;
	report.stranger_seq = (uint16_t)(stage.seq + 1);
	take_news(&stage, A_RTP);
	stream_kernel(stream_at(&stage, A_RTP), &report, stage.now_ms);
	CU_ASSERT_TRUE(uses(&stage, A_RTP, "203.0.113.9:50001"));
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place("203.0.113.9:50001")));
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), BIT(BRIDGE_LATCHED) | BIT(BRIDGE_CHANGED));
	close_stage(&stage);
}

/* The kernel's report of a source that it dropped tells no more than what the packet was. */
static void test_reported_source_latches_by_what_it_sent(void)
{
	static const struct {
		const char *what;
		int stream;
		enum bridge_kind kind;
		uint32_t flags;
		bool rtp;
		uint8_t pt;
		enum latch_state state;
	} rows[] = {
		{ "RTP", A_RTP, BRIDGE_RTP, 0, true, 8, LATCH_LEARN },
		{ "RTP of a type not negotiated", A_RTP, BRIDGE_RTP, 0, true, 96, LATCH_WAIT },
		{ "RTP with the marker", A_RTP, BRIDGE_RTP, 0, true, 128 | 8, LATCH_LEARN },
		{ "not RTP", A_RTP, BRIDGE_RTP, 0, false, 0, LATCH_WAIT },
		{ "RTCP with mux", A_RTP, BRIDGE_RTP, SIDE_MUX, false, 0, LATCH_LEARN },
		{ "RTCP", A_RTCP, BRIDGE_RTP, 0, false, 0, LATCH_LEARN },
		{ "T.38", A_RTP, BRIDGE_OPAQUE, 0, false, 0, LATCH_LEARN },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bridge_kernel report = { .stranger = place("203.0.113.9:50000") };
		struct stage stage;

		open_stage(&stage);
		stage.scene.conf.kind = rows[i].kind;
		stage.scene.conf.side[SIDE_A].flags = rows[i].flags;
		signal_nat(&stage, NAT);
		report.stranger_rtp = rows[i].rtp;
		report.stranger_pt = rows[i].pt;
		stream_kernel(stream_at(&stage, rows[i].stream), &report, stage.now_ms);
		CU_ASSERT_EQUAL(state_of(&stage, rows[i].stream), rows[i].state);
		if (state_of(&stage, rows[i].stream) != rows[i].state)
			printf("\n    %s\n", rows[i].what);
		close_stage(&stage);
	}
}

/* The kernel's news is late: its source is in use already; or a port of the relay sent it. */
static void test_reported_source_that_is_known_says_nothing(void)
{
	struct bridge_kernel report = { .in_kernel = true };
	struct stage stage;

	open_stage(&stage);
	lock_nat(&stage, NAT, NAT_SOURCE);
	stage.now_ms += 5000;
	report.stranger = place(NAT_SOURCE);
	stream_kernel(stream_at(&stage, A_RTP), &report, stage.now_ms);
	report.stranger = stage.scene.relay_at[B_RTP];
	stream_kernel(stream_at(&stage, A_RTP), &report, stage.now_ms);
	CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->contested);
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), 0);
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

/* --- Siblings --------------------------------------------------------------------------------- */

/* Where a phone was before it moved says nothing of where its other streams come from. */
static void test_moved_sibling_vouches_for_nobody(void)
{
	struct stage stage;

	open_stage(&stage);
	lock_nat(&stage, "198.51.100.7", "198.51.100.7:50000");
	signal_nat(&stage, NAT);
	CU_ASSERT_TRUE(latch_is_moved(&stream_at(&stage, A_RTP)->latch));
	CU_ASSERT_PTR_NULL(arrive(&stage, A_RTCP, place("198.51.100.7:50001")));
	CU_ASSERT_EQUAL(state_of(&stage, A_RTCP), LATCH_WAIT);
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTCP)->drops[DROP_SOURCE], 1);
	/* At its new place it does. */
	arrive(&stage, A_RTP, place(NAT_SOURCE));
	CU_ASSERT_PTR_NOT_NULL(arrive(&stage, A_RTCP, place("203.0.113.9:50001")));
	close_stage(&stage);
}

/* --- What a packet is ------------------------------------------------------------------------- */

/* What resembles RTCP passes from a source that is known, and is no reason to know one. */
static void test_only_rtcp_of_a_known_type_latches(void)
{
	static const struct {
		uint8_t type;
		enum latch_state state;
	} rows[] = { { 192, LATCH_LEARN }, { 196, LATCH_WAIT },	 { 199, LATCH_WAIT },
		     { 200, LATCH_LEARN }, { 213, LATCH_LEARN }, { 214, LATCH_WAIT } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[8] = { 0x80, rows[i].type, 0, 1 };
		struct stage stage;

		open_stage(&stage);
		signal_nat(&stage, NAT);
		arrive_bytes(&stage, A_RTCP, place(NAT_SOURCE), bytes, sizeof(bytes));
		CU_ASSERT_EQUAL(state_of(&stage, A_RTCP), rows[i].state);
		arrive(&stage, A_RTCP, place(NAT_SOURCE));
		CU_ASSERT_PTR_NOT_NULL(
			arrive_bytes(&stage, A_RTCP, place(NAT_SOURCE), bytes, sizeof(bytes)));
		close_stage(&stage);
	}
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

/* --- Blocked and silenced media --------------------------------------------------------------- */

static void test_silence_and_blocks_concern_what_they_should(void)
{
	static const struct {
		uint32_t flags;
		int stream;
		uint8_t pt;
		bool passes;
	} rows[] = {
		{ SIDE_SILENCE, A_RTP, 0, true },   { SIDE_SILENCE, A_RTP, 8, true },
		{ SIDE_SILENCE, A_RTP, 96, false }, { SIDE_SILENCE, A_RTCP, 0, true },
		{ SIDE_BLOCK, A_RTP, 0, false },    { SIDE_BLOCK, A_RTCP, 0, false },
		{ SIDE_BLOCK, B_RTP, 0, true },	    { SIDE_SILENCE, B_RTP, 96, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stage stage;
		bool passed;

		open_stage(&stage);
		stage.scene.conf.side[SIDE_A].flags = rows[i].flags;
		stage.scene.conf.pts[1] = 1ull << (96 - 64);
		signal_stage(&stage);
		stage.pt = rows[i].pt;
		passed = arrive(&stage, rows[i].stream, stage.scene.phone_at[rows[i].stream]);
		CU_ASSERT_EQUAL(passed, rows[i].passes);
		CU_ASSERT_EQUAL(stream_at(&stage, rows[i].stream)->drops[DROP_BLOCKED],
				!rows[i].passes);
		/* It is heard, though. */
		CU_ASSERT_EQUAL(stream_at(&stage, rows[i].stream)->packets_in, 1);
		close_stage(&stage);
	}
}

/* --- Counters --------------------------------------------------------------------------------- */

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

TEST_SUITE(stream,
	   { "media comes back to a phone that did not move",
	     test_media_comes_back_to_a_phone_that_did_not_move },
	   { "flood of strangers is told once a second",
	     test_flood_of_strangers_is_told_once_a_second },
	   { "refusals are counted by rank", test_refusals_are_counted_by_rank },
	   { "contested stream stays here until it is locked",
	     test_contested_stream_stays_here_until_it_is_locked },
	   { "rebound source ends the contest", test_rebound_source_ends_the_contest },
	   { "strangers do not keep a source heard", test_strangers_do_not_keep_a_source_heard },
	   { "reported source latches by what it sent",
	     test_reported_source_latches_by_what_it_sent },
	   { "reported source that is known says nothing",
	     test_reported_source_that_is_known_says_nothing },
	   { "numbers go on after the kernel", test_numbers_go_on_after_the_kernel },
	   { "moved sibling vouches for nobody", test_moved_sibling_vouches_for_nobody },
	   { "only RTCP of a known type latches", test_only_rtcp_of_a_known_type_latches },
	   { "clock is that of the payload type", test_clock_is_that_of_the_payload_type },
	   { "jitter is reported in milliseconds", test_jitter_is_reported_in_milliseconds },
	   { "silence and blocks concern what they should",
	     test_silence_and_blocks_concern_what_they_should },
	   { "sent and lost packets are counted where they belong",
	     test_sent_and_lost_packets_are_counted_where_they_belong },
	   { "missed packets are counted across the wrap",
	     test_missed_packets_are_counted_across_the_wrap },
	   { "report has each counter", test_report_has_each_counter });
