/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_latch.c - who may be heard, rule by rule: ranks, the window, modes */
#include "daemon/base/count.h"
#include "latch_scene.h"

static void test_ranks_sources(void)
{
	static const struct {
		const char *sdp, *sip, *near, *source;
		enum latch_rank rank;
	} rows[] = {
		{ "198.51.100.7:4000", "203.0.113.9", "", "198.51.100.7:4000", RANK_EXACT },
		{ "198.51.100.7:4000", "203.0.113.9", "", "198.51.100.7:4002", RANK_ADDR },
		{ "198.51.100.7:4000", "203.0.113.9", "", "203.0.113.9:999", RANK_ADDR },
		{ "198.51.100.7:4000", "", "", "198.51.100.250:4000", RANK_UNKNOWN },
		{ "203.0.113.9:4000", "203.0.113.9", "", "203.0.113.77:4000", RANK_UNKNOWN },
		{ "192.168.1.5:4000", "192.168.1.5", "", "192.168.1.77:4000", RANK_NEAR },
		{ "198.51.100.7:4000", "203.0.113.9", "", "203.0.113.77:4000", RANK_NEAR },
		{ "198.51.100.7:4000", "203.0.113.9", "192.0.2.1:5000", "192.0.2.1:6000",
		  RANK_NEAR },
		{ "198.51.100.7:4000", "203.0.113.9", "192.0.2.1:5000", "192.0.2.2:5000",
		  RANK_UNKNOWN },
		{ "198.51.100.7:4000", "203.0.113.9", "", "192.0.2.1:4000", RANK_UNKNOWN },
		{ "0.0.0.0:4000", "", "", "192.0.2.1:4000", RANK_UNKNOWN },
		{ "", "", "", "192.0.2.1:4000", RANK_UNKNOWN },
		{ "[2001:db8::1]:4000", "", "", "[2001:db8::1]:4000", RANK_EXACT },
		{ "[2001:db8::1]:4000", "[2001:db8::9]", "", "[2001:db8:0:ff::2]:4000", RANK_NEAR },
		{ "[2001:db8::1]:4000", "[2001:db8::1]", "", "[2001:db8:0:ff::2]:4000",
		  RANK_UNKNOWN },
		{ "[2001:db8::1]:4000", "", "", "[2001:db8:0:100::2]:4000", RANK_UNKNOWN },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct box box;
		struct endpoint source = ep(rows[i].source);

		open_box(&box, rows[i].sdp, rows[i].sip);
		box.near[0] = ep(rows[i].near);
		box.ref.near[0] = &box.near[0];
		box.ref.n_near = *rows[i].near ? 1 : 0;
		CU_ASSERT_EQUAL(latch_rank(&box.ref, &source), rows[i].rank);
	}
}

static void test_exact_source_locks_at_once(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "");
	CU_ASSERT_EQUAL(hear(&box, "198.51.100.7:4000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_EQUAL(hear(&box, "198.51.100.7:4002"), LATCH_SOON);
	CU_ASSERT_EQUAL(hear(&box, "198.51.100.7:4000"), LATCH_ADMIT);
}

static void test_sip_address_latches_at_once_and_locks_after_window(void)
{
	struct box box;

	open_nat(&box);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	hear_for(&box, 2980, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	CU_ASSERT_FALSE(latch_tick(&box.latch, box.now));
	box.now += 20;
	CU_ASSERT_TRUE(latch_tick(&box.latch, box.now));
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_FALSE(latch_tick(&box.latch, box.now));
}

static void test_window_closes_by_packet_too(void)
{
	struct box box;

	open_nat(&box);
	hear(&box, "203.0.113.9:50000");
	hear_for(&box, 400, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 2580, "203.0.113.9:50000"), LATCH_ADMIT);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_ADMIT);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
}

static void test_refuses_second_source_of_same_rank(void)
{
	struct box box;

	open_nat(&box);
	hear(&box, "203.0.113.9:50000");
	hear_for(&box, 400, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50002"), LATCH_SOON);
	box.ssrc = 8; /* another phone behind the same NAT, not the same one through a new port */
	CU_ASSERT_EQUAL(hear_after(&box, 900, "203.0.113.9:50002"), LATCH_REFUSE);
	CU_ASSERT_TRUE(uses(&box, "203.0.113.9:50000"));
	CU_ASSERT_EQUAL(hear_after(&box, 1500, "203.0.113.9:50002"), LATCH_REFUSE);
}

static void test_higher_rank_replaces_in_window(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "203.0.113.9");
	wait_for(&box, 400, "203.0.113.200:700");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.200:700"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_source_rank(&box.latch), RANK_NEAR);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:700"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_source_rank(&box.latch), RANK_ADDR);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.200:700"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_source_rank(&box.latch), RANK_EXACT);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_EQUAL(latch_relatched(&box.latch), 2);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:700"), LATCH_REFUSE);
}

static void test_higher_rank_is_refused_after_window_while_source_sends(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "203.0.113.9");
	hear(&box, "203.0.113.9:700");
	hear_for(&box, 3000, "203.0.113.9:700");
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4000"), LATCH_REFUSE);
	CU_ASSERT_TRUE(uses(&box, "203.0.113.9:700"));
}

static void test_exact_source_takes_over_when_locked_one_is_silent(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "203.0.113.9");
	hear(&box, "203.0.113.9:700");
	hear_for(&box, 3000, "203.0.113.9:700");
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear_after(&box, 999, "198.51.100.7:4000"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 1, "198.51.100.7:4000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_source_rank(&box.latch), RANK_EXACT);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_EQUAL(latch_relatched(&box.latch), 1);
}

static void test_strict_wants_the_address(void)
{
	struct box box;

	open_nat(&box);
	box.ref.mode = LATCH_STRICT;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.77:50000"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_TAKEN);
	open_box(&box, "192.168.1.5:4000", "");
	box.ref.mode = LATCH_STRICT;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "203.0.113.9:50000"), LATCH_REFUSE);
}

static void test_first_takes_whoever_comes_first(void)
{
	struct box box;

	open_nat(&box);
	box.ref.mode = LATCH_FIRST;
	CU_ASSERT_EQUAL(hear(&box, "192.0.2.66:6666"), LATCH_TAKEN);
	hear_for(&box, 400, "192.0.2.66:6666");
	CU_ASSERT_EQUAL(hear(&box, "192.0.2.67:6666"), LATCH_REFUSE);
	hear_for(&box, 3000, "192.0.2.66:6666");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
}

static void test_packets_that_are_no_candidates_never_latch(void)
{
	struct box box;

	open_nat(&box);
	box.no_candidate = true;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_NO_CANDIDATE);
	box.no_candidate = false;
	hear(&box, "203.0.113.9:50000");
	box.no_candidate = true;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_ADMIT);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50001"), LATCH_REFUSE);
}

static void test_destination_before_anything_is_heard(void)
{
	static const struct {
		const char *sdp, *sip, *to;
	} rows[] = {
		{ "198.51.100.7:4000", "", "198.51.100.7:4000" },
		{ "198.51.100.7:4000", "203.0.113.9", "198.51.100.7:4000" },
		{ "192.168.1.5:4000", "", "192.168.1.5:4000" },
		{ "192.168.1.5:4000", "192.168.1.9", "192.168.1.5:4000" },
		{ "192.168.1.5:4000", "203.0.113.9", "" },
		{ "0.0.0.0:4000", "", "" },
		{ "224.0.0.1:4000", "", "" },
		{ "[::]:4000", "", "" },
		{ "198.51.100.7:0", "", "" },
		{ "", "203.0.113.9", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct box box;

		open_box(&box, rows[i].sdp, rows[i].sip);
		CU_ASSERT_TRUE(goes_to(&box, rows[i].to));
	}
}

static void test_asymmetric_phone_is_sent_to_where_sdp_says(void)
{
	struct box box;
	const struct endpoint *to;

	open_box(&box, "198.51.100.7:4000", "198.51.100.7");
	hear(&box, "198.51.100.7:9999");
	to = latch_destination(&box.latch, &box.ref, true);
	CU_ASSERT_TRUE(to && endpoint_eq(to, &box.sdp));
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:9999"));
}

/* What latch_export() never makes is no record: a forged or broken journal cannot bring it in. */
static void test_impossible_records_are_invalid(void)
{
	static const struct {
		const char *source;
		enum latch_phase phase;
		enum latch_class class;
		bool was_exact, sequenced, talked, valid;
	} rows[] = {
		{ "", PHASE_WAIT, CLASS_STRANGER, false, false, false, true },
		{ "203.0.113.9:4000", PHASE_OPEN, CLASS_NEIGHBOUR, false, true, true, true },
		{ "203.0.113.9:4000", PHASE_MOVED, CLASS_ADDR, true, true, true, true },
		{ "203.0.113.9:4000", PHASE_LOCKED, CLASS_EXACT, false, true, true, true },
		{ "203.0.113.9:4000", PHASE_WAIT, CLASS_STRANGER, false, false, false, false },
		{ "", PHASE_OPEN, CLASS_ADDR, false, true, true, false },
		{ "", PHASE_WAIT, CLASS_EXACT, false, false, false, false },
		{ "", PHASE_WAIT, CLASS_NEIGHBOUR, false, false, false, false },
		{ "203.0.113.9:4000", PHASE_OPEN, CLASS_EXACT, false, true, true, false },
		{ "203.0.113.9:4000", PHASE_OPEN, CLASS_EXACT, false, false, false, true },
		{ "203.0.113.9:4000", PHASE_REOPENED, CLASS_EXACT, false, false, false, false },
		{ "203.0.113.9:4000", PHASE_LOCKED, CLASS_ADDR, false, false, false, false },
		{ "203.0.113.9:4000", PHASE_LOCKED, CLASS_EXACT, false, false, false, false },
		{ "203.0.113.9:4000", PHASE_MOVED, CLASS_EXACT, false, true, true, false },
		{ "203.0.113.9:4000", PHASE_OPEN, CLASS_ADDR, true, true, true, false },
		{ "203.0.113.9:4000", PHASE_LOCKED, CLASS_FOLLOWER, false, true, true, false },
		{ "203.0.113.9:4000", PHASE_LOCKED + 1, CLASS_ADDR, false, true, true, false },
		{ "203.0.113.9:4000", PHASE_OPEN, CLASS_EXACT + 1, false, true, true, false },
		{ "203.0.113.9:4000", PHASE_LOCKED, CLASS_ADDR, false, true, true, true },
		{ "203.0.113.9:4000", PHASE_OPEN, CLASS_ADDR, false, true, false, true },
		{ "203.0.113.9:4000", PHASE_LOCKED, CLASS_ADDR, false, true, false, false },
		{ "203.0.113.9:4000", PHASE_OPEN, CLASS_ADDR, false, false, true, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct latch_record record = { .source = ep(rows[i].source),
						     .phase = (uint8_t)rows[i].phase,
						     .class = (uint8_t)rows[i].class,
						     .was_exact = rows[i].was_exact,
						     .sequenced = rows[i].sequenced,
						     .talked = rows[i].talked };

		CU_ASSERT_EQUAL(latch_record_valid(&record), rows[i].valid);
	}
}

TEST_SUITE(latch, { "ranks sources", test_ranks_sources },
	   { "exact source locks at once", test_exact_source_locks_at_once },
	   { "SIP address latches at once, locks after window",
	     test_sip_address_latches_at_once_and_locks_after_window },
	   { "impossible records are invalid", test_impossible_records_are_invalid },
	   { "window closes by packet too", test_window_closes_by_packet_too },
	   { "refuses second source of same rank", test_refuses_second_source_of_same_rank },
	   { "higher rank replaces in window", test_higher_rank_replaces_in_window },
	   { "higher rank is refused after window while source sends",
	     test_higher_rank_is_refused_after_window_while_source_sends },
	   { "exact source takes over when locked one is silent",
	     test_exact_source_takes_over_when_locked_one_is_silent },
	   { "strict wants the address", test_strict_wants_the_address },
	   { "first takes whoever comes first", test_first_takes_whoever_comes_first },
	   { "packets that are no candidates never latch",
	     test_packets_that_are_no_candidates_never_latch },
	   { "destination before anything is heard", test_destination_before_anything_is_heard },
	   { "asymmetric phone is sent to where SDP says",
	     test_asymmetric_phone_is_sent_to_where_sdp_says });
