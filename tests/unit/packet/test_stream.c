/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_stream.c - what a stream decides of packets and of the kernel's reports, and which events it
 * sends
 */
#include "daemon/base/count.h"
#include "stream_scene.h"

#define BIT(event) (1u << (event))
#define NAT	   "203.0.113.9"
#define NAT_SOURCE "203.0.113.9:50000"
#define EXACT_RTCP "198.51.100.7:4001"
#define NAT_RTCP   "203.0.113.9:50001"

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

/*
 * While the window is open, a stranger that floods would hide the phone from the kernel's reports.
 */
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

/*
 * RTCP pauses for seconds, and never locks: it stays in the kernel unless somebody who is reported,
 * or may be hidden among those that are not, could take its place.
 */
static void test_spray_does_not_move_rtcp_out_of_the_kernel(void)
{
	static const struct {
		const char *source, *stranger;
		int64_t window_over_ms, silent_ms;
		uint32_t count;
		bool foreign, contested;
	} rows[] = {
		{ EXACT_RTCP, "192.0.2.66:6666", 0, 100, 1, false, false },
		{ EXACT_RTCP, "192.0.2.66:6666", 0, 100, 50, false, false },
		{ EXACT_RTCP, "192.0.2.66:6666", 0, 100, 50, true, true },
		{ EXACT_RTCP, "192.0.2.66:6666", 0, LATCH_GONE_MS - 1, 50, false, false },
		{ EXACT_RTCP, "192.0.2.66:6666", 0, LATCH_GONE_MS, 50, false, true },
		{ EXACT_RTCP, "192.0.2.66:6666", 0, LATCH_GONE_MS, 0, false, true },
		{ EXACT_RTCP, "192.0.2.66:6666", 0, LATCH_GONE_MS, 1, false, false },
		{ EXACT_RTCP, "198.51.100.7:6666", 3000, 100, 1, false, false },
		{ EXACT_RTCP, "198.51.100.7:6666", 3000, LATCH_SILENCE_MS, 1, false, true },
		/* The source is near: a better one may come while its window is open. */
		{ NAT_RTCP, "192.0.2.66:6666", 0, 100, 1, false, false },
		{ NAT_RTCP, "192.0.2.66:6666", 0, 100, 50, false, false },
		{ NAT_RTCP, "203.0.113.9:6666", 0, 100, 1, false, true },
		{ NAT_RTCP, EXACT_RTCP, 0, 100, 1, false, true },
		{ NAT_RTCP, "192.0.2.66:6666", 3000, 5000, 50, false, false },
		{ NAT_RTCP, "203.0.113.9:6666", 3000, 100, 1, false, false },
		{ NAT_RTCP, "203.0.113.9:6666", 3000, 5000, 1, false, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bridge_kernel report = { .in_kernel = true };
		struct stage stage;

		open_stage(&stage);
		stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] = place("198.51.100.7:4000");
		stage.scene.conf.side[SIDE_A].sdp[COMP_RTCP] = place(EXACT_RTCP);
		stage.scene.conf.side[SIDE_A].sip = place(NAT_SOURCE);
		signal_stage(&stage);
		arrive(&stage, A_RTCP, place(rows[i].source));
		CU_ASSERT_TRUE(uses(&stage, A_RTCP, rows[i].source));
		stage.now_ms += rows[i].window_over_ms;
		arrive(&stage, A_RTCP, place(rows[i].source));
		report.heard_ms = stage.now_ms;
		stage.ssrc += rows[i].foreign;
		arrive(&stage, A_RTP, place("198.51.100.7:4000"));
		report.stranger = place(rows[i].stranger);
		report.stranger_count = rows[i].count;
		stage.now_ms += rows[i].silent_ms;
		stream_kernel(stream_at(&stage, A_RTCP), &report, stage.now_ms);
		CU_ASSERT_EQUAL(stream_at(&stage, A_RTCP)->contested, rows[i].contested);
		if (stream_at(&stage, A_RTCP)->contested != rows[i].contested)
			printf("\n    row %zu\n", i);
		arrive(&stage, A_RTCP, place(rows[i].source));
		stage.now_ms += 3000;
		arrive(&stage, A_RTCP, place(rows[i].source));
		CU_ASSERT_FALSE(stream_at(&stage, A_RTCP)->contested);
		close_stage(&stage);
	}
}

/* The phone goes on at another port: when it was taken there, the kernel may forward again. */
static void test_rebound_rtcp_ends_the_contest(void)
{
	struct bridge_kernel report = { .in_kernel = true, .stranger_count = 1 };
	struct stage stage;

	open_stage(&stage);
	lock_nat(&stage, NAT, NAT_SOURCE);
	arrive(&stage, A_RTCP, place(NAT_RTCP));
	report.heard_ms = stage.now_ms;
	stage.now_ms += LATCH_SILENCE_MS;
	report.stranger = place("203.0.113.9:50009");
	stream_kernel(stream_at(&stage, A_RTCP), &report, stage.now_ms);
	CU_ASSERT_TRUE(stream_at(&stage, A_RTCP)->contested);
	stream_kernel(stream_at(&stage, A_RTCP), &(struct bridge_kernel){ 0 }, stage.now_ms);
	take_news(&stage, A_RTCP);
	CU_ASSERT_PTR_NOT_NULL(arrive(&stage, A_RTCP, place("203.0.113.9:50009")));
	CU_ASSERT_TRUE(uses(&stage, A_RTCP, "203.0.113.9:50009"));
	CU_ASSERT_FALSE(stream_at(&stage, A_RTCP)->contested);
	CU_ASSERT_EQUAL(take_news(&stage, A_RTCP), BIT(BRIDGE_LATCHED) | BIT(BRIDGE_CHANGED));
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
		{ "RTCP with mux", A_RTP, BRIDGE_RTP, SIDE_MUX, false, 0, LATCH_WAIT },
		{ "RTCP", A_RTCP, BRIDGE_RTP, 0, false, 0, LATCH_WAIT },
		{ "T.38", A_RTP, BRIDGE_UDPTL, 0, false, 0, LATCH_LEARN },
		{ "opaque", A_RTP, BRIDGE_OPAQUE, 0, false, 0, LATCH_LEARN },
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

/* It passes once media has told where the phone is: its first packet is easily made up. */
static void test_zrtp_passes_and_latches_nobody(void)
{
	uint8_t hello[28] = { 0x10, 0, 0, 1, 'Z', 'R', 'T', 'P' };
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, NAT);
	CU_ASSERT_PTR_NULL(arrive_bytes(&stage, A_RTP, place(NAT_SOURCE), hello, sizeof(hello)));
	CU_ASSERT_EQUAL(state_of(&stage, A_RTP), LATCH_WAIT);
	arrive(&stage, A_RTP, place(NAT_SOURCE));
	CU_ASSERT_PTR_NOT_NULL(
		arrive_bytes(&stage, A_RTP, place(NAT_SOURCE), hello, sizeof(hello)));
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

/* --- Memory ----------------------------------------------------------------------------------- */

/* Bytes that a call of one audio line takes for its packets, before anything unusual happens. */
#define BRIDGE_BYTES 4200

/* A phone that is heard at once needs no room for others; the first that has to wait makes it. */
static void test_memory_for_what_is_rare_is_taken_when_it_happens(void)
{
	struct stage stage;
	const struct bridge *b;

	open_stage(&stage);
	b = stage.scene.bridge;
	CU_ASSERT_TRUE(sizeof(struct bridge) + 4 * sizeof(struct stream) <= BRIDGE_BYTES);
	arrive_for(&stage, 1000, A_RTP, stage.scene.phone_at[A_RTP]);
	arrive_for(&stage, 1000, B_RTP, stage.scene.phone_at[B_RTP]);
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_PTR_NULL(stream_at(&stage, i)->refused);
		CU_ASSERT_PTR_NULL(stream_at(&stage, i)->asked);
	}
	CU_ASSERT_PTR_NULL(b->candidates[SIDE_A]);
	CU_ASSERT_PTR_NULL(b->candidates[SIDE_B]);
	close_stage(&stage);
	open_stage(&stage);
	b = stage.scene.bridge;
	signal_nat(&stage, "203.0.113.9");
	arrive(&stage, A_RTP, place("203.0.113.200:6000"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->candidates[SIDE_A]);
	CU_ASSERT_NOT_EQUAL(b->candidates[SIDE_A]->random, 0);
	CU_ASSERT_TRUE(endpoint_is_set(&b->candidates[SIDE_A]->slot[0].source));
	CU_ASSERT_PTR_NULL(b->candidates[SIDE_B]);
	close_stage(&stage);
}

TEST_SUITE(stream,
	   { "memory for what is rare is taken when it happens",
	     test_memory_for_what_is_rare_is_taken_when_it_happens },
	   { "media comes back to a phone that did not move",
	     test_media_comes_back_to_a_phone_that_did_not_move },
	   { "flood of strangers is told once a second",
	     test_flood_of_strangers_is_told_once_a_second },
	   { "contested stream stays here until it is locked",
	     test_contested_stream_stays_here_until_it_is_locked },
	   { "rebound source ends the contest", test_rebound_source_ends_the_contest },
	   { "spray does not move RTCP out of the kernel",
	     test_spray_does_not_move_rtcp_out_of_the_kernel },
	   { "rebound RTCP ends the contest", test_rebound_rtcp_ends_the_contest },
	   { "strangers do not keep a source heard", test_strangers_do_not_keep_a_source_heard },
	   { "reported source latches by what it sent",
	     test_reported_source_latches_by_what_it_sent },
	   { "reported source that is known says nothing",
	     test_reported_source_that_is_known_says_nothing },
	   { "moved sibling vouches for nobody", test_moved_sibling_vouches_for_nobody },
	   { "only RTCP of a known type latches", test_only_rtcp_of_a_known_type_latches },
	   { "ZRTP passes and latches nobody", test_zrtp_passes_and_latches_nobody },
	   { "silence and blocks concern what they should",
	     test_silence_and_blocks_concern_what_they_should });
