/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_latch_stranger.c - sources that nobody told of: refused, or on trial */
#include "latch_scene.h"

static void test_stranger_is_refused_where_sip_is_known(void)
{
	struct box box;

	open_nat(&box);
	for (int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(hear_after(&box, 1000, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_WAIT);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_TAKEN);
}

static void test_stranger_is_refused_where_sdp_is_public(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "");
	CU_ASSERT_EQUAL(hear_after(&box, 0, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "192.0.2.66:6666"), LATCH_REFUSE);
}

static void test_stranger_is_refused_however_long_the_silence(void)
{
	struct box box;

	open_nat(&box);
	hear(&box, "203.0.113.9:50000");
	hear_for(&box, 3000, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 3600000, "192.0.2.66:6666"), LATCH_REFUSE);
	box.ssrc = 99;
	CU_ASSERT_EQUAL(hear_after(&box, 3600000, "203.0.113.9:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_ADMIT);
}

static void test_unknown_source_is_accepted_after_patience(void)
{
	struct box box;

	open_box(&box, "192.168.1.5:4000", "");
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_PATIENCE);
	wait_for(&box, 380, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 19, "203.0.113.9:50000"), LATCH_PATIENCE);
	CU_ASSERT_EQUAL(hear_after(&box, 1, "203.0.113.9:50000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_source_rank(&box.latch), RANK_UNKNOWN);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 600, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_TRUE(uses(&box, "203.0.113.9:50000"));
}

static void test_better_source_ends_patience(void)
{
	struct box box;

	open_box(&box, "192.168.1.5:4000", "");
	CU_ASSERT_EQUAL(hear(&box, "192.0.2.66:6666"), LATCH_PATIENCE);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.168.1.5:4000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_EQUAL(hear_after(&box, 400, "192.0.2.66:6666"), LATCH_REFUSE);
}

static void test_patience_begins_anew_when_the_first_fell_silent(void)
{
	struct box box;

	open_box(&box, "0.0.0.0:4000", "");
	CU_ASSERT_EQUAL(hear(&box, "192.0.2.66:6666"), LATCH_PATIENCE);
	CU_ASSERT_EQUAL(hear_after(&box, 390, "203.0.113.9:50000"), LATCH_PATIENCE);
	wait_for(&box, 380, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
}

/*
 * 10,000 ports sprayed in turn: each hears of it now and then, or sees the same numbers again, or
 * jumps.
 */
static void test_a_spray_is_not_a_phone(void)
{
	struct box box;

	open_box(&box, "192.168.1.5:4000", "");
	for (int i = 0; i < 50; i++)
		CU_ASSERT_EQUAL(hear_after(&box, 151, "192.0.2.66:6666"), LATCH_PATIENCE);
	for (int i = 0; i < 50; i++, box.seq--)
		CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_PATIENCE);
	for (int i = 0; i < 50; i++, box.seq += 9999)
		CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_PATIENCE);
	for (int i = 0; i < 50; i++, box.ssrc++)
		CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_PATIENCE);
	wait_for(&box, 380, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 200, "192.0.2.66:6666"), LATCH_PATIENCE);
}

/* A stranger may rent the address next door: the network alone is little to go by. */
static void test_pool_source_is_waited_for_and_never_locks(void)
{
	struct box box;

	open_nat(&box);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.66:6666"), LATCH_PATIENCE);
	CU_ASSERT_EQUAL(hear_after(&box, 1250, "203.0.113.66:6666"), LATCH_PATIENCE);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_WAIT);
	wait_for(&box, 380, "203.0.113.66:6666");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.66:6666"), LATCH_TAKEN);
	hear_for(&box, 60000, "203.0.113.66:6666");
	CU_ASSERT_FALSE(latch_tick(&box.latch, box.now));
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.66:6666"), LATCH_REFUSE);
	hear_for(&box, 3000, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
}

static void test_rtcp_of_the_pool_follows_its_rtp(void)
{
	struct box box;

	open_nat(&box);
	box.rtcp = true;
	for (int i = 0; i < 50; i++)
		CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.66:6667"), LATCH_PATIENCE);
	box.near[0] = ep("203.0.113.66:6666");
	box.ref.near[0] = &box.near[0];
	box.ref.n_near = 1;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.66:6667"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_source_rank(&box.latch), RANK_NEAR);
}

/* What follows a source on trial is on trial, and does not speak for it in turn. */
static void test_two_on_trial_do_not_vouch_for_each_other(void)
{
	struct box box;

	open_nat(&box);
	box.near[0] = ep("203.0.113.66:6666");
	box.ref.near[0] = &box.near[0];
	box.ref.n_near = box.ref.on_trial = 1;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.66:6667"), LATCH_TAKEN);
	update(&box, LATCH_KEEP, "192.168.1.5:4000", "203.0.113.9");
	hear_for(&box, 10000, "203.0.113.66:6667");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50001"), LATCH_TAKEN);

	/* Another sibling was heard where it had to come from. */
	open_nat(&box);
	box.near[0] = ep("203.0.113.66:6666");
	box.near[1] = ep("203.0.113.66:7000");
	box.ref.near[0] = &box.near[0];
	box.ref.near[1] = &box.near[1];
	box.ref.n_near = 2;
	box.ref.on_trial = 1;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.66:6667"), LATCH_TAKEN);
	hear_for(&box, 3000, "203.0.113.66:6667");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
}

/* What was locked because a sibling vouched for it is not, once that sibling has moved away. */
static void test_locked_source_is_on_trial_once_its_sibling_moved(void)
{
	struct box box;

	open_nat(&box);
	box.near[0] = ep("203.0.113.66:7000");
	box.ref.near[0] = &box.near[0];
	box.ref.n_near = 1;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.66:6666"), LATCH_TAKEN);
	hear_for(&box, 3000, "203.0.113.66:6666");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	box.ref.n_near = 0;
	update(&box, LATCH_KEEP, "192.168.1.5:4000", "203.0.113.9");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	hear_for(&box, 5000, "203.0.113.66:6666");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
}

static void test_handover_to_a_source_on_trial_does_not_lock(void)
{
	struct box box;

	open_nat(&box);
	hear(&box, "203.0.113.9:50000");
	hear_for(&box, 3000, "203.0.113.9:50000");
	box.ref.handover = true;
	wait_for(&box, 400, "203.0.113.66:6666");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.66:6666"), LATCH_TAKEN);
	box.ref.handover = false;
	hear_for(&box, 5000, "203.0.113.66:6666");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
}

/*
 * A phone that is rung for need not talk: the patience with it begins when the other side is there.
 */
static void test_pool_source_waits_while_the_other_side_rings(void)
{
	struct box box;

	open_nat(&box);
	box.ref.alone = true;
	wait_for(&box, 10000, "203.0.113.66:6666");
	box.ref.alone = false;
	wait_for(&box, 400, "203.0.113.66:6666");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.66:6666"), LATCH_TAKEN);
	box.ref.alone = true;
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
}

static void test_side_without_answer_latches_nobody_unknown(void)
{
	struct box box;

	open_box(&box, "", "");
	CU_ASSERT_EQUAL(hear(&box, "192.0.2.66:6666"), LATCH_PATIENCE);
	CU_ASSERT_EQUAL(hear_after(&box, 10000, "192.0.2.66:6666"), LATCH_PATIENCE);
	update(&box, LATCH_KEEP, "198.51.100.7:4000", "");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4000"), LATCH_TAKEN);
}

TEST_SUITE(latch_stranger,
	   { "stranger is refused where SIP is known",
	     test_stranger_is_refused_where_sip_is_known },
	   { "stranger is refused where SDP is public",
	     test_stranger_is_refused_where_sdp_is_public },
	   { "stranger is refused however long the silence",
	     test_stranger_is_refused_however_long_the_silence },
	   { "unknown source is accepted after patience",
	     test_unknown_source_is_accepted_after_patience },
	   { "better source ends patience", test_better_source_ends_patience },
	   { "patience starts again when the first fell silent",
	     test_patience_begins_anew_when_the_first_fell_silent },
	   { "a spray is not a phone", test_a_spray_is_not_a_phone },
	   { "pool source is waited for and never locks",
	     test_pool_source_is_waited_for_and_never_locks },
	   { "RTCP of the pool follows its RTP", test_rtcp_of_the_pool_follows_its_rtp },
	   { "two on trial do not vouch for each other",
	     test_two_on_trial_do_not_vouch_for_each_other },
	   { "locked source is on trial once its sibling moved",
	     test_locked_source_is_on_trial_once_its_sibling_moved },
	   { "handover to a source on trial does not lock",
	     test_handover_to_a_source_on_trial_does_not_lock },
	   { "pool source waits while the other side rings",
	     test_pool_source_waits_while_the_other_side_rings },
	   { "side without answer latches nobody unknown",
	     test_side_without_answer_latches_nobody_unknown });
