/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_latch_switch.c - rule R14: another SSRC from another port of the same host, after a final
 * answer and in mid-call
 */
#include "daemon/base/count.h"
#include "latch_scene.h"

#define HOST	 "198.51.100.7"
#define EXACT	 HOST ":4000"
#define OTHER	 HOST ":4100"
#define STRANGER "198.51.100.8:4000"

/* A gateway: SIP, SDP and media have one public address. */
static void lock_gateway(struct box *box)
{
	open_box(box, EXACT, HOST);
	box->ref.spoke = true;
	CU_ASSERT_EQUAL(hear(box, EXACT), LATCH_TAKEN);
	hear_for(box, 4000, EXACT);
	CU_ASSERT_EQUAL(latch_state(&box->latch), LATCH_LOCKED);
}

/* Another stream begins there; it is heard after the patience. */
static void takes_over(struct box *box, const char *from)
{
	wait_for(box, 400, from);
	CU_ASSERT_EQUAL(hear_after(box, 20, from), LATCH_TAKEN);
}

/* Talks for so long and is always refused, maybe not for good. */
static void is_refused_for(struct box *box, int64_t ms, const char *from)
{
	for (int64_t end = box->now + ms; box->now < end;) {
		enum latch_verdict verdict = hear_after(box, 20, from);

		CU_ASSERT(verdict == LATCH_REFUSE || verdict == LATCH_SOON);
	}
}

static void test_row_14_media_after_the_final_answer_comes_from_another_port(void)
{
	struct box box;

	lock_gateway(&box);
	answer(&box, LATCH_FINAL);
	box.ssrc = 8;
	box.seq = 40000;
	is_refused_for(&box, 180, OTHER);
	takes_over(&box, OTHER);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	/* Once: the next one needs another answer. */
	box.ssrc = 9;
	is_refused_for(&box, 900, HOST ":4200");
}

static void test_row_14_of_a_phone_behind_a_nat(void)
{
	struct box box;

	open_nat(&box);
	hear(&box, "203.0.113.9:50000");
	hear_for(&box, 4000, "203.0.113.9:50000");
	answer(&box, LATCH_FINAL);
	box.ssrc = 8;
	is_refused_for(&box, 180, "203.0.113.9:50002");
	takes_over(&box, "203.0.113.9:50002");
}

/* Only for as long as a window, and only from there. */
static void test_final_answer_opens_for_three_seconds_and_the_same_host(void)
{
	struct box box;

	lock_gateway(&box);
	answer(&box, LATCH_FINAL);
	box.ssrc = 8;
	box.now += 500;
	is_refused_for(&box, 600, STRANGER);
	open_nat(&box);
	hear(&box, "203.0.113.9:50000");
	hear_for(&box, 4000, "203.0.113.9:50000");
	answer(&box, LATCH_FINAL);
	box.now += 3000;
	box.ssrc = 8;
	is_refused_for(&box, 1000, "203.0.113.9:50002");
}

/* A phone with DTX pauses, and somebody behind the same NAT. */
static void test_final_answer_of_a_phone_with_pauses(void)
{
	struct box box;
	uint16_t other = 40000;

	lock_gateway(&box);
	answer(&box, LATCH_FINAL);
	for (int i = 0; i < 9; i++) {
		uint16_t seq = box.seq;

		box.ssrc = 8;
		box.seq = other;
		for (int64_t ms = 20; ms < 300; ms += 20)
			CU_ASSERT_NOT_EQUAL(hear_after(&box, 20, OTHER), LATCH_TAKEN);
		other = box.seq;
		box.ssrc = 7;
		box.seq = seq;
		CU_ASSERT_EQUAL(hear_after(&box, 20, EXACT), LATCH_ADMIT);
	}
}

static void test_row_14_gateway_changes_port_and_ssrc_in_mid_call(void)
{
	struct box box;

	lock_gateway(&box);
	box.ssrc = 8;
	box.seq = 40000;
	is_refused_for(&box, 980, OTHER);
	takes_over(&box, OTHER);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	hear_for(&box, 4000, OTHER);
	/* And again. */
	box.ssrc = 9;
	is_refused_for(&box, 980, HOST ":4200");
	takes_over(&box, HOST ":4200");
}

static void test_row_14_gateway_changes_port_and_ssrc_in_mid_call_ipv6(void)
{
	struct box box;

	open_box(&box, "[2001:db8::7]:4000", "2001:db8::7");
	hear(&box, "[2001:db8::7]:4000");
	hear_for(&box, 4000, "[2001:db8::7]:4000");
	box.ssrc = 8;
	is_refused_for(&box, 980, "[2001:db8::7]:4100");
	takes_over(&box, "[2001:db8::7]:4100");
}

/* What has to be so: one condition is missing in each row. */
static void test_conditions_of_mid_call(void)
{
	static const struct {
		const char *sdp, *sip, *first;
		enum latch_mode mode;
		bool strict_source, taken;
	} rows[] = {
		{ EXACT, HOST, EXACT, LATCH_SMART, false, true },
		{ EXACT, HOST, EXACT, LATCH_STRICT, false, false },
		{ EXACT, HOST, EXACT, LATCH_SMART, true, false },
		{ EXACT, HOST, OTHER, LATCH_SMART, false, false },
		{ EXACT, "198.51.100.8", EXACT, LATCH_SMART, false, false },
		{ EXACT, "", EXACT, LATCH_SMART, false, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct box box;

		open_box(&box, rows[i].sdp, rows[i].sip);
		box.ref.mode = rows[i].mode;
		box.ref.strict_source = rows[i].strict_source;
		hear(&box, rows[i].first);
		hear_for(&box, 4000, rows[i].first);
		box.ssrc = 8;
		for (int ms = 0; ms < 1420; ms += 20)
			hear_after(&box, 20, HOST ":4200");
		CU_ASSERT_EQUAL(uses(&box, HOST ":4200"), rows[i].taken);
	}
}

/* The first source had another port, though the SDP's took over within the window. */
static void test_first_source_counts_not_the_best(void)
{
	struct box box;

	open_box(&box, EXACT, HOST);
	hear(&box, OTHER);
	CU_ASSERT_EQUAL(hear_after(&box, 20, EXACT), LATCH_TAKEN);
	hear_for(&box, 4000, EXACT);
	box.ssrc = 8;
	is_refused_for(&box, 3000, OTHER);
}

/* A muted phone that sends RTCP is still there. */
static void test_party_that_sends_rtcp_is_silent_for_longer(void)
{
	struct box box;

	lock_gateway(&box);
	box.ref.rtcp_ms = box.now;
	box.ssrc = 8;
	is_refused_for(&box, 5980, OTHER);
	takes_over(&box, OTHER);

	lock_gateway(&box);
	box.ssrc = 8;
	for (int i = 0; i < 12; i++) {
		box.ref.rtcp_ms = box.now;
		is_refused_for(&box, 5000, OTHER);
	}
}

/* The kernel forwards its RTCP: what it reported last counts for a short time. */
static void test_rtcp_in_the_kernel_has_to_be_known(void)
{
	struct box box;

	lock_gateway(&box);
	box.ref.rtcp_ms = box.now;
	box.ssrc = 8;
	box.now += 6000;
	box.ref.rtcp_as_of_ms = box.now - 1;
	is_refused_for(&box, 1000, OTHER);
	box.ref.rtcp_as_of_ms = box.now - 1520;
	is_refused_for(&box, 20, OTHER);
	box.ref.rtcp_as_of_ms = box.now;
	takes_over(&box, OTHER);
}

/* Its RTCP goes to another port with it, and has the new SSRC. */
static void test_rtcp_follows_the_rtp(void)
{
	struct box rtp, rtcp;

	lock_gateway(&rtp);
	open_box(&rtcp, HOST ":4001", HOST);
	rtcp.rtcp = true;
	rtcp.ref.rtp = &rtp.latch;
	CU_ASSERT_EQUAL(hear(&rtcp, HOST ":4001"), LATCH_TAKEN);
	rtp.ssrc = rtcp.ssrc = 8;
	CU_ASSERT_EQUAL(hear_after(&rtcp, 2000, HOST ":4101"), LATCH_REFUSE);
	is_refused_for(&rtp, 980, OTHER);
	takes_over(&rtp, OTHER);
	CU_ASSERT_EQUAL(hear_after(&rtcp, 2000, "198.51.100.8:4101"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&rtcp, 2000, HOST ":4101"), LATCH_TAKEN);
}

static void test_switch_after_a_restart(void)
{
	struct latch_record record;
	struct box box;

	lock_gateway(&box);
	answer(&box, LATCH_FINAL);
	latch_export(&box.latch, &record);
	CU_ASSERT_TRUE(latch_record_valid(&record));
	memset(&box.latch, 0xa5, sizeof(box.latch));
	latch_import(&box.latch, &record);
	box.ssrc = 8;
	box.now += 200;
	takes_over(&box, OTHER);
	box.ssrc = 9;
	is_refused_for(&box, 980, HOST ":4200");
	takes_over(&box, HOST ":4200");
}

TEST_SUITE(latch_switch,
	   { "row 14: media after the final answer comes from another port",
	     test_row_14_media_after_the_final_answer_comes_from_another_port },
	   { "row 14: of a phone behind a NAT", test_row_14_of_a_phone_behind_a_nat },
	   { "final answer opens for three seconds and the same host",
	     test_final_answer_opens_for_three_seconds_and_the_same_host },
	   { "final answer of a phone with pauses", test_final_answer_of_a_phone_with_pauses },
	   { "row 14: gateway changes port and SSRC in mid-call",
	     test_row_14_gateway_changes_port_and_ssrc_in_mid_call },
	   { "row 14: gateway changes port and SSRC in mid-call, IPv6",
	     test_row_14_gateway_changes_port_and_ssrc_in_mid_call_ipv6 },
	   { "conditions of mid-call", test_conditions_of_mid_call },
	   { "the first source counts, not the best", test_first_source_counts_not_the_best },
	   { "a party that sends RTCP is silent for longer",
	     test_party_that_sends_rtcp_is_silent_for_longer },
	   { "RTCP in the kernel has to be known", test_rtcp_in_the_kernel_has_to_be_known },
	   { "RTCP follows the RTP", test_rtcp_follows_the_rtp },
	   { "switch after a restart", test_switch_after_a_restart });
