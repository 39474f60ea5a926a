/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_latch_move.c - a source that changes: NATs that rebind, phones that move, what signalling
 * says later
 */
#include "latch_scene.h"

static void lock_nat(struct box *box)
{
	open_nat(box);
	hear(box, "203.0.113.9:50000");
	hear_for(box, 3000, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(latch_state(&box->latch), LATCH_LOCKED);
}

static void test_nat_rebinding_is_followed_after_silence(void)
{
	struct box box;

	lock_nat(&box);
	CU_ASSERT_EQUAL(hear_after(&box, 199, "203.0.113.9:50001"), LATCH_SOON);
	CU_ASSERT_EQUAL(hear_after(&box, 1, "203.0.113.9:50001"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_EQUAL(latch_relatched(&box.latch), 1);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_SOON);
}

/* As from a class that could not be accepted: what it sends shows that it is the phone. */
static void test_r17_source_that_is_not_usable_rebinds(void)
{
	struct box box;

	lock_nat(&box);
	box.ref.mode = LATCH_STRICT;
	box.near[0] = ep("203.0.113.9:7000");
	box.ref.near[0] = &box.near[0];
	box.ref.n_near = 1;
	told(&box, "192.168.1.5:4000", "198.51.100.3");
	CU_ASSERT_EQUAL(hear_after(&box, 199, "203.0.113.9:50001"), LATCH_SOON);
	CU_ASSERT_EQUAL(hear_after(&box, 1, "203.0.113.9:50001"), LATCH_TAKEN);
}

/* A talking phone: what it sends at its new port is heard from 200 ms after its last packet on. */
static void test_r17_talking_phone_that_rebinds_is_heard_within_300_ms(void)
{
	struct box box;
	int64_t first_ms;

	lock_nat(&box);
	first_ms = box.now + 20;
	while (hear_after(&box, 20, "203.0.113.9:50001") != LATCH_TAKEN)
		CU_ASSERT_TRUE_FATAL(box.now < first_ms + 300);
	CU_ASSERT_EQUAL(box.now, first_ms + 180);
}

/* In DTX it pauses for longer than that. Somebody next door does not know its numbers. */
static void test_r17_phone_with_pauses_and_a_neighbour(void)
{
	struct box box;

	lock_nat(&box);
	for (int i = 0; i < 50; i++) {
		box.ssrc = 8;
		for (int ms = 20; ms < 300; ms += 20)
			CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:6666"), LATCH_REFUSE);
		box.ssrc = 7;
		CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_ADMIT);
	}
}

/* After a restart the numbers are not known: the SSRC alone needs a longer silence. */
static void test_r17_wants_numbers(void)
{
	struct latch_record record;
	struct box box;

	lock_nat(&box);
	latch_export(&box.latch, &record);
	latch_import(&box.latch, &record);
	CU_ASSERT_EQUAL(hear_after(&box, 999, "203.0.113.9:50001"), LATCH_SOON);
	CU_ASSERT_EQUAL(hear_after(&box, 1, "203.0.113.9:50001"), LATCH_TAKEN);
}

static void test_nat_rebinding_wants_the_ssrc_going_on(void)
{
	struct box box;

	lock_nat(&box);
	box.now += 1000;
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50001"), LATCH_REFUSE);
	box.ssrc = 7;
	box.seq += 3100;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50001"), LATCH_REFUSE);
	box.seq -= 3100;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.77:50001"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50001"), LATCH_TAKEN);
}

static void test_nat_rebinding_of_rtcp_goes_by_its_ssrc(void)
{
	struct box box;

	open_nat(&box);
	box.rtcp = true;
	hear(&box, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "203.0.113.9:50000"), LATCH_ADMIT);
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "203.0.113.9:50001"), LATCH_REFUSE);
	box.ssrc = 7;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50001"), LATCH_TAKEN);
}

static void test_strict_source_refuses_a_nat_that_rebound(void)
{
	struct box box;

	lock_nat(&box);
	box.ref.strict_source = true;
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "203.0.113.9:50001"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "192.168.1.5:4000"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50000"), LATCH_ADMIT);
}

static void test_handover_lets_acceptable_sources_take_over(void)
{
	struct box box;

	lock_nat(&box);
	box.ref.handover = true;
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:800"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_REFUSE);
	wait_for(&box, 400, "203.0.113.77:800");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.77:800"), LATCH_TAKEN);
	open_box(&box, "192.168.1.5:4000", "");
	box.ref.handover = true;
	wait_for(&box, 400, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_TAKEN);
}

static void test_moved_phone_takes_over_at_once_and_late_packets_do_not(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_MOVE, "192.168.1.5:4002", "203.0.113.9");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_ADMIT);
	CU_ASSERT_TRUE(goes_to(&box, "203.0.113.9:50000"));
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50009"), LATCH_TAKEN);
	CU_ASSERT_TRUE(goes_to(&box, "203.0.113.9:50009"));
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 1500, "203.0.113.9:50000"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50009"), LATCH_ADMIT);
}

static void test_phone_may_move_back(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_MOVE, "192.168.1.5:4002", "203.0.113.9");
	hear_after(&box, 20, "203.0.113.9:50009");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
	update(&box, LATCH_MOVE, "192.168.1.5:4000", "203.0.113.9");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50009"), LATCH_REFUSE);
}

static void test_moved_phone_is_not_replaced_by_a_stranger(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_MOVE, "192.168.7.5:4002", "198.51.100.3");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.3:700"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
}

static void test_old_source_is_locked_again_when_nothing_new_appears(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_MOVE, "192.168.1.5:4002", "203.0.113.9");
	hear_for(&box, 3000, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50009"), LATCH_REFUSE);
}

static void test_moved_phone_may_come_after_the_window(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_MOVE, "192.168.1.5:4002", "203.0.113.9");
	box.now += 10000;
	CU_ASSERT_FALSE(latch_tick(&box.latch, box.now));
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50009"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
}

static void test_moved_public_phone_gets_media_at_its_new_place_at_once(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "198.51.100.7");
	hear(&box, "198.51.100.7:4000");
	update(&box, LATCH_MOVE, "198.51.100.7:4010", "198.51.100.7");
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:4010"));
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4000"), LATCH_ADMIT);
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:4010"));
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4010"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4000"), LATCH_REFUSE);
}

/* It is still heard from its first place when the second offer comes. */
static void test_phone_that_moves_twice_gets_media_at_its_last_place(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "198.51.100.7");
	hear(&box, "198.51.100.7:4000");
	update(&box, LATCH_MOVE, "198.51.100.7:4010", "198.51.100.7");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4000"), LATCH_ADMIT);
	update(&box, LATCH_MOVE, "198.51.100.7:4020", "198.51.100.7");
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:4020"));
	CU_ASSERT_EQUAL(hear_after(&box, 20, "198.51.100.7:4000"), LATCH_ADMIT);
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:4020"));
	/* Behind a NAT the SDP's address was never where media came from. */
	lock_nat(&box);
	update(&box, LATCH_MOVE, "192.168.1.5:4010", "203.0.113.9");
	update(&box, LATCH_MOVE, "198.51.100.7:4020", "203.0.113.9");
	CU_ASSERT_TRUE(goes_to(&box, "203.0.113.9:50000"));
}

/* Each takeover by a better source leaves the window's end where it was. */
static void test_takeovers_do_not_lengthen_the_window(void)
{
	struct box box;

	open_nat(&box);
	box.near[0] = ep("203.0.113.66:7000");
	box.ref.near[0] = &box.near[0];
	box.ref.n_near = 1;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.66:6666"), LATCH_TAKEN);
	hear_for(&box, 2500, "203.0.113.66:6666");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	hear_for(&box, 460, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	hear_for(&box, 20, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
}

static void test_phone_that_did_not_move_after_all_gets_media_back(void)
{
	struct box box;

	open_box(&box, "198.51.100.7:4000", "198.51.100.7");
	hear(&box, "198.51.100.7:4000");
	update(&box, LATCH_MOVE, "198.51.100.7:4010", "198.51.100.7");
	hear_for(&box, 3000, "198.51.100.7:4000");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_TRUE(goes_to(&box, "198.51.100.7:4000"));
}

static void test_signalling_that_names_the_source_locks_it(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_MOVE, "203.0.113.9:50000", "203.0.113.9");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
	CU_ASSERT_EQUAL(latch_source_rank(&box.latch), RANK_EXACT);
}

static void test_resumed_phone_keeps_its_source(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_REOPEN, "192.168.1.5:4000", "203.0.113.9");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50001"), LATCH_SOON);
	hear_for(&box, 3000, "203.0.113.9:50000");
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
}

static void test_resumed_phone_may_have_a_new_nat_binding(void)
{
	struct box box;

	lock_nat(&box);
	box.now += 300000; /* on hold */
	update(&box, LATCH_REOPEN, "192.168.1.5:4000", "203.0.113.9");
	box.ssrc = 1234;
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 4000, "203.0.113.77:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:61000"), LATCH_TAKEN);
	hear_for(&box, 400, "203.0.113.9:61000");
	box.ssrc = 7;
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
}

/* Resumed, and not heard since: what comes from elsewhere beside the kernel says nothing of it. */
static void test_packet_beside_the_kernel_closes_no_window(void)
{
	struct box box;

	lock_nat(&box);
	box.now += 300000;
	update(&box, LATCH_REOPEN, "192.168.1.5:4000", "203.0.113.9");
	box.in_kernel = true;
	box.ssrc = 1234;
	CU_ASSERT_EQUAL(hear_after(&box, 4000, "203.0.113.9:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LEARN);
	box.in_kernel = false;
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:61000"), LATCH_TAKEN);
}

static void test_source_in_the_kernel_is_never_silent(void)
{
	struct box box;

	lock_nat(&box);
	box.in_kernel = true;
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "203.0.113.9:50001"), LATCH_SOON);
	CU_ASSERT_EQUAL(hear_after(&box, 5000, "192.168.1.5:4000"), LATCH_REFUSE);
	box.in_kernel = false;
	CU_ASSERT_EQUAL(hear(&box, "203.0.113.9:50001"), LATCH_TAKEN);
}

static void test_report_of_the_kernel_closes_the_window(void)
{
	const struct latch_packet early = { .now_ms = 399000 }, late = { .now_ms = 401000 };
	struct box box;

	lock_nat(&box);
	box.now = 400000;
	update(&box, LATCH_REOPEN, "192.168.1.5:4000", "203.0.113.9");
	CU_ASSERT_FALSE(latch_heard_in_kernel(&box.latch, &early, 0, 404000));
	CU_ASSERT_FALSE(latch_heard_in_kernel(&box.latch, &late, 0, 402000));
	CU_ASSERT_TRUE(latch_heard_in_kernel(&box.latch, &early, 0, 404000));
	CU_ASSERT_EQUAL(latch_state(&box.latch), LATCH_LOCKED);
}

/* In another WLAN: the same private address, but SIP comes from elsewhere. */
static void test_phone_in_another_network_may_come_late(void)
{
	struct box box;

	lock_nat(&box);
	update(&box, LATCH_REOPEN, "192.168.1.5:4000", "198.51.100.3");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_ADMIT);
	box.now += 4000;
	CU_ASSERT_FALSE(latch_tick(&box.latch, box.now));
	box.ssrc = 8;
	CU_ASSERT_EQUAL(hear(&box, "192.0.2.66:6666"), LATCH_REFUSE);
	CU_ASSERT_EQUAL(hear(&box, "198.51.100.3:700"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_REFUSE);
}

static void test_unchanged_update_changes_nothing(void)
{
	struct box box;
	struct latch before;

	lock_nat(&box);
	before = box.latch;
	update(&box, LATCH_KEEP, "192.168.1.5:4000", "203.0.113.9");
	CU_ASSERT_EQUAL(memcmp(&before, &box.latch, sizeof(before)), 0);
}

static void test_unknown_source_yields_once_an_address_is_told(void)
{
	struct box box;

	open_box(&box, "192.168.1.5:4000", "");
	wait_for(&box, 400, "192.0.2.66:6666");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_TAKEN);
	hear_for(&box, 3000, "192.0.2.66:6666");
	update(&box, LATCH_KEEP, "192.168.1.5:4000", "203.0.113.9");
	CU_ASSERT_EQUAL(hear_after(&box, 20, "203.0.113.9:50000"), LATCH_TAKEN);
	CU_ASSERT_EQUAL(hear_after(&box, 20, "192.0.2.66:6666"), LATCH_REFUSE);
}

TEST_SUITE(
	latch_move,
	{ "NAT rebinding is followed after silence", test_nat_rebinding_is_followed_after_silence },
	{ "R17: a source that is not usable rebinds", test_r17_source_that_is_not_usable_rebinds },
	{ "R17: a talking phone that rebinds is heard within 300 ms",
	  test_r17_talking_phone_that_rebinds_is_heard_within_300_ms },
	{ "R17: a phone with pauses and a neighbour", test_r17_phone_with_pauses_and_a_neighbour },
	{ "R17: wants numbers", test_r17_wants_numbers },
	{ "NAT rebinding wants the SSRC going on", test_nat_rebinding_wants_the_ssrc_going_on },
	{ "NAT rebinding of RTCP goes by its SSRC", test_nat_rebinding_of_rtcp_goes_by_its_ssrc },
	{ "strict source refuses a NAT that rebound",
	  test_strict_source_refuses_a_nat_that_rebound },
	{ "handover lets acceptable sources take over",
	  test_handover_lets_acceptable_sources_take_over },
	{ "moved phone takes over at once, late packets do not",
	  test_moved_phone_takes_over_at_once_and_late_packets_do_not },
	{ "phone may move back", test_phone_may_move_back },
	{ "moved phone is not replaced by a stranger",
	  test_moved_phone_is_not_replaced_by_a_stranger },
	{ "old source is locked again when nothing new appears",
	  test_old_source_is_locked_again_when_nothing_new_appears },
	{ "moved phone may come after the window", test_moved_phone_may_come_after_the_window },
	{ "moved public phone gets media at its new place at once",
	  test_moved_public_phone_gets_media_at_its_new_place_at_once },
	{ "phone that moves twice gets media at its last place",
	  test_phone_that_moves_twice_gets_media_at_its_last_place },
	{ "takeovers do not lengthen the window", test_takeovers_do_not_lengthen_the_window },
	{ "phone that did not move after all gets media back",
	  test_phone_that_did_not_move_after_all_gets_media_back },
	{ "signalling that names the source locks it",
	  test_signalling_that_names_the_source_locks_it },
	{ "resumed phone keeps its source", test_resumed_phone_keeps_its_source },
	{ "resumed phone may have a new NAT binding",
	  test_resumed_phone_may_have_a_new_nat_binding },
	{ "packet beside the kernel closes no window",
	  test_packet_beside_the_kernel_closes_no_window },
	{ "source in the kernel is never silent", test_source_in_the_kernel_is_never_silent },
	{ "report of the kernel closes the window", test_report_of_the_kernel_closes_the_window },
	{ "phone in another network may come late", test_phone_in_another_network_may_come_late },
	{ "unchanged update changes nothing", test_unchanged_update_changes_nothing },
	{ "unknown source yields once an address is told",
	  test_unknown_source_yields_once_an_address_is_told });
