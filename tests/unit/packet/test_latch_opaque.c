/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_latch_opaque.c - rule R8: a NAT that changes its port under T.38 and other media that is not
 * RTP
 */
#include "daemon/base/count.h"
#include "stream_scene.h"

#define NAT	"203.0.113.9"
#define OLD	NAT ":50000"
#define NEW	NAT ":50001"
#define ANOTHER NAT ":50002"

/* How signalling described the media. */
enum told { T38, UNKNOWN, BFCP };

static void open_fax_at(struct stage *stage, enum told told, const char *addr)
{
	open_stage_at(stage, addr);
	stage->scene.conf.kind = told == T38	   ? BRIDGE_UDPTL
				 : told == UNKNOWN ? BRIDGE_RTP
						   : BRIDGE_OPAQUE;
	stage->scene.conf.any = told == UNKNOWN;
	memset(stage->scene.conf.pts, 0, sizeof(stage->scene.conf.pts));
	signal_stage(stage);
}

static void open_fax(struct stage *stage, enum told told)
{
	open_fax_at(stage, told, "127.0.0.1");
}

static bool passes(struct stage *stage, const char *from, const uint8_t *bytes, size_t len)
{
	uint8_t copy[60];

	memcpy(copy, bytes, len);
	return arrive_bytes(stage, A_RTP, place(from), copy, len);
}

/* A packet of UDPTL. */
static bool sends(struct stage *stage, const char *from, int number)
{
	const uint8_t bytes[] = { (uint8_t)(number >> 8), (uint8_t)number, 1, 6, 0, 0, 0, 0 };

	return passes(stage, from, bytes, sizeof(bytes));
}

static bool sends_bfcp(struct stage *stage, const char *from)
{
	static const uint8_t bytes[] = { 0x20, 11, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2 };

	return passes(stage, from, bytes, sizeof(bytes));
}

static bool sends_after(struct stage *stage, int64_t ms, const char *from, int number)
{
	stage->now_ms += ms;
	return sends(stage, from, number);
}

/* The fax sends numbers 1 to 200, one every 20 ms: it is locked where the call says T.38. */
#define LAST 200
static void fax_talks(struct stage *stage, enum told told)
{
	open_fax(stage, told);
	signal_nat(stage, NAT);
	for (int i = 1; i <= LAST; i++)
		CU_ASSERT_TRUE(sends_after(stage, 20, OLD, i));
	CU_ASSERT_EQUAL(latch_state(&stream_at(stage, A_RTP)->latch),
			told == T38 ? LATCH_LOCKED : LATCH_LEARN);
}

static bool is_source(struct stage *stage, const char *source)
{
	struct endpoint at = place(source);

	return latch_is_source(&stream_at(stage, A_RTP)->latch, &at) && goes_to(stage, A_RTP, at);
}

/* "0 of 60": the NAT changes its port while the fax goes on, 60 packets of 20 ms. */
static void test_row_8_nat_rebinds_while_the_fax_talks(void)
{
	for (enum told told = T38; told <= UNKNOWN; told++) {
		struct stage stage;
		int heard = 0;

		fax_talks(&stage, told);
		for (int i = 1; i <= 60; i++)
			heard += sends_after(&stage, 20, NEW, LAST + i);
		CU_ASSERT_EQUAL(heard, 11);
		CU_ASSERT_TRUE(is_source(&stage, NEW));
		/* And again. */
		for (int i = 61; i <= 120; i++)
			heard += sends_after(&stage, 20, OLD, LAST + i);
		CU_ASSERT_EQUAL(heard, 22);
		close_stage(&stage);
	}
}

/* The first of ahead 1 to 8, and three more; and only after a second of silence. */
static void test_row_8_nat_rebinds_in_a_pause(void)
{
	static const struct {
		int64_t silence_ms;
		int ahead;
		bool followed;
	} rows[] = {
		{ 1000, 1, true },  { 1000, 8, true },	 { 1000, 9, false },
		{ 1000, 0, false }, { 1000, -1, false }, { 936, 1, false },
		{ 937, 1, true },   { 60000, 1, true },	 { 60000, 50, false },
	};

	for (enum told told = T38; told <= UNKNOWN; told++) {
		for (size_t i = 0; i < COUNT(rows); i++) {
			int first = LAST + rows[i].ahead;
			struct stage stage;

			fax_talks(&stage, told);
			CU_ASSERT_FALSE(sends_after(&stage, rows[i].silence_ms, NEW, first));
			CU_ASSERT_FALSE(sends_after(&stage, 21, NEW, first + 1));
			CU_ASSERT_FALSE(sends_after(&stage, 21, NEW, first + 2));
			CU_ASSERT_EQUAL(sends_after(&stage, 21, NEW, first + 3), rows[i].followed);
			CU_ASSERT_EQUAL(is_source(&stage, NEW), rows[i].followed);
			close_stage(&stage);
		}
	}
}

static void test_row_8_nat_rebinds_with_ipv6(void)
{
	struct stage stage;

	open_fax_at(&stage, T38, "::1");
	signal_nat(&stage, "2001:db8::9");
	for (int i = 65500; i <= 65536; i++)
		CU_ASSERT_TRUE(sends_after(&stage, 100, "[2001:db8::9]:50000", i));
	for (int i = 1; i <= 3; i++)
		CU_ASSERT_FALSE(sends_after(&stage, 1000, "[2001:db8::9]:50001", i));
	CU_ASSERT_FALSE(sends(&stage, "[2001:db8::a]:50001", 4));
	CU_ASSERT_TRUE(sends(&stage, "[2001:db8::9]:50001", 4));
	close_stage(&stage);
}

/* A guesser at the phone's address, who comes before it: all 65,536 numbers in each pause. */
static void test_row_8_four_wrong_numbers_end_following_for_10_s(void)
{
	for (enum told told = T38; told <= UNKNOWN; told++) {
		struct stage stage;

		fax_talks(&stage, told);
		stage.now_ms += 1000;
		for (int i = 0; i < UDPTL_GUESSES; i++)
			CU_ASSERT_FALSE(sends(&stage, ANOTHER, 1000 * (i + 1)));
		for (int i = 0; i < 65536; i++)
			CU_ASSERT_FALSE(sends(&stage, ANOTHER, i));
		stage.now_ms += UDPTL_PAUSE_MS - 1;
		for (int i = 1; i <= 5; i++)
			CU_ASSERT_FALSE(sends(&stage, NEW, LAST + i));
		stage.now_ms += 1;
		for (int i = 6; i <= 8; i++)
			CU_ASSERT_FALSE(sends(&stage, NEW, LAST + i));
		CU_ASSERT_TRUE(sends(&stage, NEW, LAST + 9));
		close_stage(&stage);
	}
}

/* Three guesses, and the phone comes: its numbers are right. Then nobody is behind by them. */
static void test_row_8_some_wrong_numbers_do_not_keep_the_phone_out(void)
{
	struct stage stage;

	fax_talks(&stage, T38);
	stage.now_ms += 1000;
	for (int i = 0; i < UDPTL_GUESSES - 1; i++)
		CU_ASSERT_FALSE(sends(&stage, ANOTHER, 1000 * (i + 1)));
	for (int i = 1; i <= 3; i++)
		CU_ASSERT_FALSE(sends(&stage, NEW, LAST + i));
	CU_ASSERT_TRUE(sends(&stage, NEW, LAST + 4));
	close_stage(&stage);
}

/*
 * The phone has proved itself in the second before the old port counts as silent: guesses of others
 * in that time, and a gap in its own numbers, do not matter.
 */
static void test_row_8_who_has_proved_itself_waits_only_for_the_silence(void)
{
	struct stage stage;

	fax_talks(&stage, T38);
	for (int i = 1; i <= 49; i++) {
		CU_ASSERT_FALSE(sends_after(&stage, 20, NEW, LAST + i + (i > 20 ? 100 : 0)));
		if (i >= 4)
			CU_ASSERT_FALSE(sends(&stage, ANOTHER, 7777 * i));
	}
	stage.now_ms += 20;
	CU_ASSERT_FALSE(sends(&stage, ANOTHER, LAST + 1));
	CU_ASSERT_TRUE(sends(&stage, NEW, LAST + 150));
	close_stage(&stage);
}

/* It has not: gaps count, packets that were overtaken or repeated do not. */
static void test_row_8_numbers_in_order(void)
{
	static const struct {
		int numbers[8];
		bool followed;
	} rows[] = {
		{ { 1, 2, 3, 4 }, true },	    { { 3, 10, 18, 26 }, true },
		{ { 1, 1, 2, 2, 3, 3, 4 }, true },  { { 1, 3, 2, 4, 5 }, true },
		{ { 1, 2, 3, 12 }, false },	    { { 1, 2, 3, 12, 13, 14, 15 }, false },
		{ { 1, 2, 3, 3, 3, 3, 3 }, false }, { { 1, 9, 17, 9, 10, 16, 25 }, true },
		{ { 1, 9, 17, 8, 25, 33 }, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stage stage;
		bool followed = false;

		fax_talks(&stage, T38);
		stage.now_ms += 1000;
		for (int n = 0; n < 8 && rows[i].numbers[n]; n++)
			followed = sends(&stage, NEW, LAST + rows[i].numbers[n]);
		CU_ASSERT_EQUAL(followed, rows[i].followed);
		close_stage(&stage);
	}
}

/* The old port is heard again: it was not the phone that went on elsewhere. */
static void test_row_8_who_began_before_the_phone_was_heard_is_another(void)
{
	struct stage stage;

	fax_talks(&stage, T38);
	for (int i = 1; i <= 6; i++)
		CU_ASSERT_FALSE(sends_after(&stage, 20, NEW, LAST + i));
	CU_ASSERT_TRUE(sends_after(&stage, 20, OLD, LAST + 1));
	stage.now_ms += 1000;
	for (int i = 20; i <= 30; i++)
		CU_ASSERT_FALSE(sends(&stage, NEW, LAST + i));
	close_stage(&stage);
}

/* In the place of a newcomer whose first number was right comes the next one of that kind. */
static void test_row_8_two_continue_the_numbers(void)
{
	struct stage stage;

	fax_talks(&stage, T38);
	stage.now_ms += 1000;
	CU_ASSERT_FALSE(sends(&stage, ANOTHER, LAST + 5));
	for (int i = 1; i <= 3; i++)
		CU_ASSERT_FALSE(sends(&stage, NEW, LAST + i));
	CU_ASSERT_TRUE(sends(&stage, NEW, LAST + 4));
	close_stage(&stage);
}

static void test_row_8_not_with_strict_source_or_from_another_address(void)
{
	struct stage stage;

	fax_talks(&stage, T38);
	stage.scene.conf.side[SIDE_A].flags |= SIDE_STRICT_SOURCE;
	signal_stage(&stage);
	stage.now_ms += 1000;
	for (int i = 1; i <= 10; i++) {
		CU_ASSERT_FALSE(sends(&stage, NEW, LAST + i));
		CU_ASSERT_FALSE(sends(&stage, "203.0.113.10:50000", LAST + i));
	}
	/* These were no guesses. */
	stage.scene.conf.side[SIDE_A].flags = 0;
	signal_stage(&stage);
	for (int i = 1; i <= 10; i++)
		CU_ASSERT_FALSE(sends(&stage, "203.0.113.10:50000", LAST + i));
	for (int i = 1; i <= 3; i++)
		CU_ASSERT_FALSE(sends(&stage, NEW, LAST + i));
	CU_ASSERT_TRUE(sends(&stage, NEW, LAST + 4));
	close_stage(&stage);
}

/* Audio that becomes a fax: the numbers of RTP say nothing. */
static void test_row_8_audio_becomes_a_fax(void)
{
	struct stage stage;

	open_fax(&stage, UNKNOWN);
	lock_nat(&stage, NAT, OLD);
	CU_ASSERT_TRUE(sends_after(&stage, 20, OLD, 0));
	stage.now_ms += 1000;
	for (int i = 1; i <= 10; i++)
		CU_ASSERT_FALSE(sends(&stage, NEW, i));
	for (int i = 1; i <= 5; i++)
		CU_ASSERT_TRUE(sends_after(&stage, 20, OLD, i));
	stage.now_ms += 1000;
	for (int i = 6; i <= 8; i++)
		CU_ASSERT_FALSE(sends(&stage, NEW, i));
	CU_ASSERT_TRUE(sends(&stage, NEW, 9));
	close_stage(&stage);

	open_stage(&stage);
	lock_nat(&stage, NAT, OLD);
	stage.scene.conf.kind = BRIDGE_UDPTL;
	signal_stage(&stage);
	stage.now_ms += 1000;
	for (int i = 1; i <= 10; i++)
		CU_ASSERT_FALSE(sends(&stage, NEW, stage.seq + i));
	CU_ASSERT_TRUE(sends(&stage, OLD, 0));
	stage.now_ms += 1000;
	for (int i = 1; i <= 3; i++)
		CU_ASSERT_FALSE(sends(&stage, NEW, i));
	CU_ASSERT_TRUE(sends(&stage, NEW, 4));
	close_stage(&stage);
}

/* The numbers have gone on meanwhile. */
static void test_row_8_not_after_a_restart_until_it_was_heard(void)
{
	struct latch_record record;
	struct stage stage;
	struct latch *latch;

	fax_talks(&stage, T38);
	latch = &stream_at(&stage, A_RTP)->latch;
	latch_export(latch, &record);
	CU_ASSERT_TRUE(latch_record_valid(&record));
	latch_import(latch, &record);
	stage.now_ms += 1000;
	for (int i = 1; i <= 10; i++)
		CU_ASSERT_FALSE(sends(&stage, NEW, LAST + i));
	CU_ASSERT_TRUE(sends(&stage, OLD, LAST + 1));
	stage.now_ms += 1000;
	for (int i = 2; i <= 4; i++)
		CU_ASSERT_FALSE(sends(&stage, NEW, LAST + i));
	CU_ASSERT_TRUE(sends(&stage, NEW, LAST + 5));
	close_stage(&stage);
}

/* Without numbers: only a phone that no NAT hides, or with a flag. */
static void test_row_8_media_without_numbers(void)
{
	static const struct {
		const char *sdp, *sip, *old, *other;
		uint32_t flags;
		uint8_t mode;
		bool followed;
	} rows[] = {
		{ OLD, NAT, OLD, NEW, 0, LATCH_SMART, true },
		{ OLD, NAT, OLD, NEW, 0, LATCH_STRICT, false },
		{ OLD, NAT, OLD, NEW, SIDE_STRICT_SOURCE, LATCH_SMART, true }, /* not locked */
		{ OLD, NAT, OLD, "203.0.113.10:50000", 0, LATCH_SMART, false },
		{ OLD, "203.0.113.10", OLD, NEW, 0, LATCH_SMART, false },
		{ OLD, "203.0.113.10", OLD, NEW, SIDE_HANDOVER, LATCH_SMART, true },
		{ "192.168.1.5:4000", NAT, OLD, NEW, 0, LATCH_SMART, false },
		{ "192.168.1.5:4000", NAT, OLD, NEW, SIDE_HANDOVER, LATCH_SMART, true },
		{ ANOTHER, NAT, OLD, NEW, 0, LATCH_SMART, false },
		{ "[2001:db8::9]:4000", "2001:db8::9", "[2001:db8::9]:4000", "[2001:db8::9]:4002",
		  0, LATCH_SMART, true },
	};

	for (enum told told = UNKNOWN; told <= BFCP; told++) {
		for (size_t i = 0; i < COUNT(rows); i++) {
			struct stage stage;
			struct side_conf *side;

			open_fax_at(&stage, told, *rows[i].sdp == '[' ? "::1" : "127.0.0.1");
			side = &stage.scene.conf.side[SIDE_A];
			side->flags = rows[i].flags;
			side->latching = rows[i].mode;
			side->sdp[COMP_RTP] = place(rows[i].sdp);
			CU_ASSERT_TRUE(endpoint_parse_addr(str_of(rows[i].sip), 0, &side->sip));
			signal_stage(&stage);
			CU_ASSERT_TRUE(sends_bfcp(&stage, rows[i].old));
			stage.now_ms += 20;
			CU_ASSERT_TRUE(sends_bfcp(&stage, rows[i].old));
			if (!(rows[i].flags & SIDE_HANDOVER)) {
				stage.now_ms += 999;
				CU_ASSERT_FALSE(sends_bfcp(&stage, rows[i].other));
				stage.now_ms += 1;
			}
			CU_ASSERT_EQUAL(sends_bfcp(&stage, rows[i].other), rows[i].followed);
			CU_ASSERT_EQUAL(is_source(&stage, rows[i].other), rows[i].followed);
			close_stage(&stage);
		}
	}
}

/* Once it has moved, the first place it was heard at says no more that no NAT hides it. */
static void test_row_8_media_without_numbers_is_followed_once(void)
{
	struct stage stage;

	open_fax(&stage, BFCP);
	stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] = place(OLD);
	CU_ASSERT_TRUE(endpoint_parse_addr(str_of(NAT), 0, &stage.scene.conf.side[SIDE_A].sip));
	signal_stage(&stage);
	CU_ASSERT_TRUE(sends_bfcp(&stage, OLD));
	stage.now_ms += 1000;
	CU_ASSERT_TRUE(sends_bfcp(&stage, NEW));
	stage.now_ms += 1000;
	CU_ASSERT_FALSE(sends_bfcp(&stage, ANOTHER));
	/* The endpoint of the SDP has the higher rank at any time. */
	CU_ASSERT_TRUE(sends_bfcp(&stage, OLD));
	stage.now_ms += 1000;
	CU_ASSERT_FALSE(sends_bfcp(&stage, ANOTHER));
	close_stage(&stage);
}

/* A number in RTP's place, or a report's: neither is UDPTL. */
static void test_row_8_rtp_is_not_followed_by_the_rule_of_faxes(void)
{
	struct stage stage;
	uint8_t bytes[8];

	open_stage(&stage);
	stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] = place(OLD);
	CU_ASSERT_TRUE(endpoint_parse_addr(str_of(NAT), 0, &stage.scene.conf.side[SIDE_A].sip));
	stage.scene.conf.side[SIDE_A].sdp[COMP_RTCP] = place(ANOTHER);
	signal_stage(&stage);
	CU_ASSERT_PTR_NOT_NULL(arrive(&stage, A_RTP, place(OLD)));
	CU_ASSERT_PTR_NOT_NULL(arrive(&stage, A_RTCP, place(ANOTHER)));
	stage.now_ms += 5000;
	stage.ssrc = 8;
	CU_ASSERT_PTR_NULL(arrive(&stage, A_RTP, place(NEW)));
	CU_ASSERT_PTR_NULL(
		arrive_bytes(&stage, A_RTCP, place(NEW), bytes, receiver_report(bytes, 8)));
	close_stage(&stage);
}

/* The kernel has heard the fax @ago ms before, last by @number; -1: it tells none. */
static void kernel_reports(struct stage *stage, int64_t ago, int number, const char *stranger,
			   int stranger_number)
{
	struct bridge_kernel report = { .in_kernel = true,
					.numbered = number >= 0,
					.seq = (uint16_t)number,
					.heard_ms = stage->now_ms - ago };

	if (stranger) {
		report.stranger = place(stranger);
		report.stranger_numbered = stranger_number >= 0;
		report.stranger_seq = (uint16_t)stranger_number;
	}
	stream_kernel(stream_at(stage, A_RTP), &report, stage->now_ms);
}

/* 2 s in the kernel, last with this number, 20 ms ago. */
static void fax_talks_in_kernel(struct stage *stage, int number)
{
	fax_talks(stage, T38);
	kernel_reports(stage, 0, -1, NULL, 0);
	stage->now_ms += 2000;
	kernel_reports(stage, 0, number, NULL, 0);
	take_news(stage, A_RTP);
	stage->now_ms += 20;
}

static bool is_contested(struct stage *stage)
{
	bool contested = take_news(stage, A_RTP) & 1 << BRIDGE_CHANGED;

	CU_ASSERT_EQUAL(contested, stream_at(stage, A_RTP)->contested);
	return contested;
}

/*
 * The kernel reports the first packet of the new port: from then on the daemon has to see all, or
 * the numbers would have gone on too far. What came meanwhile is lost.
 */
static void test_row_8_nat_rebinds_in_the_kernel(void)
{
	struct stage stage;
	int heard = 0;

	fax_talks_in_kernel(&stage, 1000);
	kernel_reports(&stage, 20, 1000, NEW, 1001);
	CU_ASSERT_TRUE(is_contested(&stage));
	stream_at(&stage, A_RTP)->in_kernel = false;
	stage.now_ms += 60;
	for (int i = 5; i <= 60; i++)
		heard += sends_after(&stage, 20, NEW, 1000 + i);
	CU_ASSERT_EQUAL(heard, 11);
	CU_ASSERT_TRUE(is_source(&stage, NEW));
	/* And the kernel may forward again. */
	CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->contested);
	close_stage(&stage);
}

/* Nobody takes a talking fax out of the kernel, but by a right number; and then for one packet. */
static void test_row_8_guesses_while_the_kernel_forwards(void)
{
	static const struct {
		const char *from;
		int number;
		bool contested;
	} rows[] = { { NEW, 1000, false },
		     { NEW, 1009, false },
		     { NEW, -1, false },
		     { "203.0.113.10:50000", 1001, false },
		     { "192.0.2.66:50000", 1001, false },
		     { NEW, 1001, true },
		     { NEW, 1008, true } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stage stage;

		fax_talks_in_kernel(&stage, 1000);
		kernel_reports(&stage, 20, 1000, rows[i].from, rows[i].number);
		CU_ASSERT_EQUAL(is_contested(&stage), rows[i].contested);
		if (rows[i].contested) {
			CU_ASSERT_TRUE(sends_after(&stage, 20, OLD, 1001));
			CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->contested);
		}
		close_stage(&stage);
	}
}

/* A module that is older than the daemon. */
static void test_row_8_kernel_reports_no_numbers(void)
{
	struct stage stage;

	fax_talks_in_kernel(&stage, -1);
	kernel_reports(&stage, 20, -1, NEW, -1);
	CU_ASSERT_FALSE(is_contested(&stage));
	stage.now_ms += 1000;
	kernel_reports(&stage, 1020, -1, NEW, -1);
	CU_ASSERT_TRUE(is_contested(&stage));
	stream_at(&stage, A_RTP)->in_kernel = false;
	for (int i = 1; i <= 10; i++)
		CU_ASSERT_FALSE(sends_after(&stage, 20, NEW, LAST + i));
	CU_ASSERT_TRUE(sends(&stage, OLD, LAST + 1));
	close_stage(&stage);
}

/* A flow of the rtpproxy protocol is one of RTP: the kernel passes all of a fax to the daemon. */
static void test_row_8_nat_rebinds_beside_a_flow_for_rtp(void)
{
	struct stage stage;

	fax_talks(&stage, UNKNOWN);
	kernel_reports(&stage, 0, -1, NULL, 0);
	CU_ASSERT_TRUE(sends_after(&stage, 20, OLD, LAST + 1));
	take_news(&stage, A_RTP);
	CU_ASSERT_FALSE(sends_after(&stage, 1000, NEW, LAST + 2));
	CU_ASSERT_TRUE(take_news(&stage, A_RTP) & 1 << BRIDGE_CHANGED);
	CU_ASSERT_TRUE(stream_at(&stage, A_RTP)->contested);
	stream_at(&stage, A_RTP)->in_kernel = false;
	for (int i = 3; i <= 4; i++)
		CU_ASSERT_FALSE(sends(&stage, NEW, LAST + i));
	CU_ASSERT_TRUE(sends(&stage, NEW, LAST + 5));
	close_stage(&stage);
}

TEST_SUITE(latch_opaque,
	   { "row 8: a NAT rebinds while the fax talks",
	     test_row_8_nat_rebinds_while_the_fax_talks },
	   { "row 8: a NAT rebinds in a pause", test_row_8_nat_rebinds_in_a_pause },
	   { "row 8: a NAT rebinds, IPv6", test_row_8_nat_rebinds_with_ipv6 },
	   { "row 8: four wrong numbers end following for 10 s",
	     test_row_8_four_wrong_numbers_end_following_for_10_s },
	   { "row 8: some wrong numbers do not keep the phone out",
	     test_row_8_some_wrong_numbers_do_not_keep_the_phone_out },
	   { "row 8: who has proved itself waits only for the silence",
	     test_row_8_who_has_proved_itself_waits_only_for_the_silence },
	   { "row 8: numbers in order", test_row_8_numbers_in_order },
	   { "row 8: who began before the phone was heard is another",
	     test_row_8_who_began_before_the_phone_was_heard_is_another },
	   { "row 8: two continue the numbers", test_row_8_two_continue_the_numbers },
	   { "row 8: not with strict-source, or from another address",
	     test_row_8_not_with_strict_source_or_from_another_address },
	   { "row 8: audio becomes a fax", test_row_8_audio_becomes_a_fax },
	   { "row 8: not after a restart until it was heard",
	     test_row_8_not_after_a_restart_until_it_was_heard },
	   { "row 8: media without numbers", test_row_8_media_without_numbers },
	   { "row 8: media without numbers is followed once",
	     test_row_8_media_without_numbers_is_followed_once },
	   { "row 8: RTP is not followed by the rule of faxes",
	     test_row_8_rtp_is_not_followed_by_the_rule_of_faxes },
	   { "row 8: a NAT rebinds in the kernel", test_row_8_nat_rebinds_in_the_kernel },
	   { "row 8: guesses while the kernel forwards",
	     test_row_8_guesses_while_the_kernel_forwards },
	   { "row 8: kernel reports no numbers", test_row_8_kernel_reports_no_numbers },
	   { "row 8: a NAT rebinds beside a flow for RTP",
	     test_row_8_nat_rebinds_beside_a_flow_for_rtp });
