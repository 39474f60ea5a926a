/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_forks.c - a phone of a fork that has lost neither takes nor ends the call of another one
 */
#include "daemon/base/count.h"
#include "daemon/call/ended_branch.h"
#include "tests/unit/call/call_scene.h"

#define TWO_MEDIAS(addr, video)                                                                    \
	SDP_AT(addr, "4000") "m=video " video " RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"

static const char unique[] = "z9hG4bK-1", other_unique[] = "z9hG4bK-2";

/* One offer for all forks, as many proxies send it; or one branch, forked behind the proxy. */
static void test_answer_after_a_2xx_of_another_phone_changes_nothing(void)
{
	static const struct {
		const char *branch;
		int early, late;
		bool rings_first; /* the phone that will answer */
	} rows[] = {
		{ NULL, 0, 200, false },  { NULL, 183, 200, false },   { NULL, 183, 183, false },
		{ NULL, 0, 0, false },	  { unique, 183, 200, false }, { unique, 0, 200, false },
		{ NULL, 183, 200, true }, { unique, 183, 200, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *branch = rows[i].branch;
		struct scene scene;
		int to_a;

		scene_open(&scene);
		OFFER("a", NULL, branch);
		if (rows[i].rings_first)
			ANSWER("a", "b", branch, NULL, .sip_code = 183);
		if (rows[i].early)
			ANSWER("a", "c", branch, other_sdp, .sip_code = rows[i].early);
		to_a = ANSWER("a", "b", branch, .sip_code = 200);
		CU_ASSERT_NOT_EQUAL(to_a, 0);
		CU_ASSERT_EQUAL(ANSWER("a", "c", branch, other_sdp, .sip_code = rows[i].late),
				to_a);
		CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.2"));
		/* The phone may end what it has, and the caller too. */
		CU_ASSERT_STRING_EQUAL(DELETE("a", "c"), not_found);
		CU_ASSERT_STRING_EQUAL(DELETE("c", "a"), not_found);
		CU_ASSERT_STRING_EQUAL(DELETE("c"), not_found);
		CU_ASSERT_EQUAL_FATAL(dialogs(&scene), 1);
		CU_ASSERT_FALSE(the_call(&scene)->dialogs->delete_at_ms);
		/* Those who talk go on: a repeated 2xx, a re-INVITE of either side, BYE. */
		CU_ASSERT_EQUAL(ANSWER("a", "b", branch, .sip_code = 200), to_a);
		CU_ASSERT_EQUAL(OFFER("b", "a", NULL, callee_sdp), to_a);
		ANSWER("b", "a", NULL, caller_sdp, .sip_code = 200);
		CU_ASSERT_EQUAL(ANSWER("a", "c", branch, other_sdp, .sip_code = 200), to_a);
		CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.2"));
		CU_ASSERT_STRING_EQUAL(i % 2 ? DELETE("a", "b") : DELETE("b"), "");
		CU_ASSERT_EQUAL(dialogs(&scene), 0);
		CU_ASSERT(scene_close(&scene));
	}
}

/* Without a code, or before the 2xx, each phone is heard while it is the last that answered. */
static void test_answer_before_a_2xx_is_the_call_s(void)
{
	static const int codes[] = { 0, 180, 183, 300, 487 };

	for (size_t i = 0; i < COUNT(codes); i++) {
		struct scene scene;
		int to_a;

		scene_open(&scene);
		OFFER("a");
		to_a = ANSWER("a", "b", NULL, NULL, .sip_code = codes[i]);
		CU_ASSERT_EQUAL(ANSWER("a", "c", NULL, other_sdp, .sip_code = 200), to_a);
		CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.3"));
		CU_ASSERT(scene_close(&scene));
	}
}

/* The next phone gets a new INVITE: the 2xx of before is not of this offer. */
static void test_new_offer_may_be_answered_by_another_phone(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a");
	ANSWER("a", "b", NULL, NULL, .sip_code = 200);
	OFFER("a");
	ANSWER("a", "c", NULL, other_sdp, .sip_code = 200);
	CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.3"));
	CU_ASSERT(scene_close(&scene));
}

/* UPDATE and PRACK, in the dialog of a phone that rings, get a 2xx too. */
static void test_2xx_within_an_early_dialog_decides_nothing(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	OFFER("a", NULL, "z2");
	ANSWER("a", "b", "z1", NULL, .sip_code = 183);
	OFFER("a", "b");
	ANSWER("a", "b", NULL, NULL, .sip_code = 200);
	CU_ASSERT_EQUAL(dialogs(&scene), 2);
	CU_ASSERT_NOT_EQUAL(ANSWER("a", "b2", "z2", other_sdp, .sip_code = 200), 0);
	CU_ASSERT_STRING_EQUAL(DELETE("a", "b"), "");
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.3"));
	CU_ASSERT(scene_close(&scene));
	/* One offer for both phones. */
	scene_open(&scene);
	OFFER("a");
	ANSWER("a", "b", NULL, NULL, .sip_code = 183);
	OFFER("a", "b");
	ANSWER("a", "b", NULL, NULL, .sip_code = 200);
	ANSWER("a", "c", NULL, other_sdp, .sip_code = 200);
	CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.3"));
	CU_ASSERT(scene_close(&scene));
}

/* The caller gets an SDP that it can end the dialog with; nothing is opened for it. */
static void test_late_answer_takes_no_ports(void)
{
	static const char offered[] = TWO_MEDIAS("192.0.2.1", "4002");
	static const char refused[] = TWO_MEDIAS("192.0.2.2", "0");
	static const char accepted[] = TWO_MEDIAS("192.0.2.3", "6002");
	struct ask ask = { "a", "c", NULL, accepted, .sip_code = 200 };
	struct scene scene;
	struct reply reply;
	size_t used;

	scene_open(&scene);
	OFFER("a", NULL, NULL, offered);
	ANSWER("a", "b", NULL, refused, .sip_code = 200);
	CU_ASSERT(scene_settle(&scene));
	used = scene_used(&scene, "pub");
	the_call(&scene)->tos = 184;
	the_call(&scene)->latching = LATCH_STRICT;
	reply = scene_run(&scene, command_answer, request_of(&ask));
	CU_ASSERT_EQUAL(reply.code, REPLY_OK);
	CU_ASSERT_PTR_NOT_NULL(memmem(reply.sdp.s, reply.sdp.len, "m=video 0 ", 10));
	CU_ASSERT_PTR_NULL(memmem(reply.sdp.s, reply.sdp.len, "c=IN IP4 192.0.2.3", 18));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), used);
	CU_ASSERT_EQUAL(the_call(&scene)->tos, 184);
	CU_ASSERT_EQUAL(the_call(&scene)->latching, LATCH_STRICT);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.2"));
	CU_ASSERT(scene_close(&scene));
}

/* The branches that the 2xx of another phone, or a delete, has ended: their 487 comes after it. */
static void test_delete_of_a_fork_that_is_over_ends_nothing_else(void)
{
	static const struct {
		const char *to;
		int code;
	} rows[] = { { NULL, 0 }, { NULL, 487 }, { "c", 0 }, { "c", 486 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;

		scene_open(&scene);
		OFFER("a", NULL, unique);
		OFFER("a", NULL, other_unique);
		ANSWER("a", "b", unique, .sip_code = i % 2 ? 200 : 0);
		if (dialogs(&scene) == 2)
			CU_ASSERT_STRING_EQUAL(DELETE("a", NULL, other_unique), "");
		CU_ASSERT_EQUAL_FATAL(dialogs(&scene), 1);
		CU_ASSERT_STRING_EQUAL(
			DELETE("a", rows[i].to, other_unique, .sip_code = rows[i].code), not_found);
		CU_ASSERT_EQUAL_FATAL(dialogs(&scene), 1);
		/* BYE has a branch of its own, and CANCEL that of the caller. */
		CU_ASSERT_STRING_EQUAL(DELETE("a", NULL, "z9hG4bK-bye"), "");
		CU_ASSERT_EQUAL(dialogs(&scene), 0);
		CU_ASSERT(scene_close(&scene));
	}
}

/* Numbers are not unique: BYE has the number of a fork that is over. */
static void test_bye_with_the_number_of_an_ended_fork_ends_the_call(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, "0");
	OFFER("a", NULL, "1");
	ANSWER("a", "b", "1", NULL, .sip_code = 200);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT_STRING_EQUAL(DELETE("a", NULL, "0"), "");
	CU_ASSERT_EQUAL(dialogs(&scene), 0);
	CU_ASSERT(scene_close(&scene));
}

/* Both tags name the dialog, whatever the branch is. */
static void test_both_tags_end_the_call_with_any_branch(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, unique);
	OFFER("a", NULL, other_unique);
	ANSWER("a", "b", unique, NULL, .sip_code = 200);
	CU_ASSERT_STRING_EQUAL(DELETE("b", "a", other_unique), "");
	CU_ASSERT_EQUAL(dialogs(&scene), 0);
	CU_ASSERT(scene_close(&scene));
}

/* More forks end than are remembered: the last ones are. */
static void test_ended_forks_are_bounded(void)
{
	struct dialog over = { 0 };
	char branch[32];
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, unique);
	ANSWER("a", "b", unique);
	over.call = the_call(&scene);
	for (int i = 0; i < CALL_DIALOGS + 2; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bK-n%d", i);
		over.via_branch = str_of(branch);
		ended_branch_note(over.call, &over);
	}
	CU_ASSERT_STRING_EQUAL(DELETE("a", NULL, branch), not_found);
	CU_ASSERT_STRING_EQUAL(DELETE("a", NULL, "z9hG4bK-n2"), not_found);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT_STRING_EQUAL(DELETE("a", NULL, "z9hG4bK-n1"), "");
	CU_ASSERT_EQUAL(dialogs(&scene), 0);
	CU_ASSERT(scene_close(&scene));
}

/*
 * A script that deletes for each reply of 300 and above: that of a fork that has lost, or 488 to a
 * re-INVITE. Without a 2xx it ends the call, as it did.
 */
static void test_delete_in_a_failure_reply_spares_the_answered_call(void)
{
	static const struct {
		const char *from;
		int answer, code;
		bool ends;
	} rows[] = {
		{ "a", 200, 300, false }, { "a", 200, 487, false },  { "a", 200, 603, false },
		{ "b", 200, 488, false }, { NULL, 200, 487, false }, { "a", 200, 299, true },
		{ "a", 200, 200, true },  { "a", 200, 0, true },     { NULL, 200, 0, true },
		{ "a", 183, 487, true },  { "a", 0, 487, true },     { NULL, 183, 487, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;

		scene_open(&scene);
		OFFER("a");
		ANSWER("a", "b", NULL, NULL, .sip_code = rows[i].answer);
		CU_ASSERT_STRING_EQUAL(DELETE(rows[i].from, .sip_code = rows[i].code),
				       rows[i].ends ? "" : not_found);
		CU_ASSERT_EQUAL(dialogs(&scene), !rows[i].ends);
		CU_ASSERT(scene_close(&scene));
	}
}

/* The same while another phone still rings: only this fork ends. */
static void test_delete_in_a_failure_reply_ends_what_rings(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, "0");
	ANSWER("a", "b", "0", NULL, .sip_code = 200);
	OFFER("a", NULL, "1");
	CU_ASSERT_STRING_EQUAL(DELETE("a", .sip_code = 486), "");
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.2"));
	CU_ASSERT(scene_close(&scene));
}

/*
 * c rings and sends UPDATE (RFC 3311) in its early dialog, which is no answer to the INVITE: what b
 * answers is, and c is late. An UPDATE of the caller changes nothing in that, either.
 */
static void test_update_of_a_phone_that_rings_does_not_win(void)
{
	static const struct {
		const char *branch, *from, *to;
	} rows[] = {
		{ NULL, "c", "a" },
		{ "z9hG4bK-1", "c", "a" },
		{ NULL, "a", "b" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *branch = rows[i].branch;
		struct scene scene;

		scene_open(&scene);
		OFFER("a", NULL, branch);
		ANSWER("a", "c", branch, other_sdp, .sip_code = 183);
		ANSWER("a", "b", branch, NULL, .sip_code = 183);
		OFFER(rows[i].from, rows[i].to);
		ANSWER(rows[i].from, rows[i].to, NULL, NULL, .sip_code = 200);
		ANSWER("a", "b", branch, NULL, .sip_code = 200);
		ANSWER("a", "c", branch, other_sdp, .sip_code = 200);
		CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.2"));
		DELETE("c", "a");
		CU_ASSERT_EQUAL(dialogs(&scene), 1);
		CU_ASSERT(scene_close(&scene));
	}
}

/* With From-tag and To-tag exchanged, and no offer before it. No proxy sends that. */
static void test_answer_in_the_name_of_the_caller_does_not_win(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a");
	ANSWER("a", "c", NULL, other_sdp, .sip_code = 183);
	ANSWER("c", "a", NULL, NULL, .sip_code = 200);
	CU_ASSERT_FALSE(the_call(&scene)->dialogs->final);
	ANSWER("a", "b", NULL, NULL, .sip_code = 200);
	CU_ASSERT_TRUE(the_call(&scene)->dialogs->final);
	CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.2"));
	CU_ASSERT(scene_close(&scene));
}

/* A reply of 300 and above that names the answered fork, or refuses a re-INVITE. */
static void test_failure_reply_with_the_name_of_the_answered_fork_ends_nothing(void)
{
	static const struct {
		const char *to, *branch;
		uint32_t flags;
		int code;
		size_t left;
	} rows[] = {
		{ NULL, "z9hG4bK-1", 0, 486, 2 }, { "c", "z9hG4bK-1", 0, 486, 2 },
		{ "b", NULL, 0, 488, 2 },	  { "b", "z9hG4bK-re", REQ_DELETE_TO_TAG, 488, 2 },
		{ NULL, "z9hG4bK-2", 0, 486, 1 }, { "b", NULL, 0, 0, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;

		scene_open(&scene);
		OFFER("a", NULL, "z9hG4bK-1");
		ANSWER("a", "b", "z9hG4bK-1", NULL, .sip_code = 200);
		OFFER("a", NULL, "z9hG4bK-2");
		DELETE("a", rows[i].to, rows[i].branch, .flags = rows[i].flags,
		       .sip_code = rows[i].code);
		CU_ASSERT_EQUAL(dialogs(&scene), rows[i].left);
		CU_ASSERT(scene_close(&scene));
	}
}

/* The re-INVITE of a caller to a phone that the call does not have: a dialog of its own. */
static void test_offer_to_a_phone_that_lost_does_not_move_the_call(void)
{
	static const char *const to[] = { "c", "x" };

	for (size_t i = 0; i < COUNT(to); i++) {
		struct scene scene;

		scene_open(&scene);
		OFFER("a");
		ANSWER("a", "c", NULL, other_sdp, .sip_code = 183);
		ANSWER("a", "b", NULL, NULL, .sip_code = 200);
		OFFER("a", to[i], NULL, other_sdp);
		ANSWER("a", to[i], NULL, other_sdp, .sip_code = 200);
		CU_ASSERT_TRUE(the_call(&scene)->dialogs->final);
		CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.2"));
		DELETE("a", to[i]);
		CU_ASSERT_TRUE(dialogs(&scene) >= 1);
		CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.2"));
		CU_ASSERT(scene_close(&scene));
	}
}

TEST_SUITE(forks,
	   { "an answer after a 2xx of another phone changes nothing",
	     test_answer_after_a_2xx_of_another_phone_changes_nothing },
	   { "an answer before a 2xx is the call's", test_answer_before_a_2xx_is_the_call_s },
	   { "a new offer may be answered by another phone",
	     test_new_offer_may_be_answered_by_another_phone },
	   { "a 2xx within an early dialog decides nothing",
	     test_2xx_within_an_early_dialog_decides_nothing },
	   { "a late answer takes no ports", test_late_answer_takes_no_ports },
	   { "delete of a fork that is over ends nothing else",
	     test_delete_of_a_fork_that_is_over_ends_nothing_else },
	   { "BYE with the number of an ended fork ends the call",
	     test_bye_with_the_number_of_an_ended_fork_ends_the_call },
	   { "both tags end the call with any branch",
	     test_both_tags_end_the_call_with_any_branch },
	   { "ended forks are bounded", test_ended_forks_are_bounded },
	   { "delete in a failure reply spares the answered call",
	     test_delete_in_a_failure_reply_spares_the_answered_call },
	   { "delete in a failure reply ends what rings",
	     test_delete_in_a_failure_reply_ends_what_rings },
	   { "UPDATE of a phone that rings does not win",
	     test_update_of_a_phone_that_rings_does_not_win },
	   { "an answer in the name of the caller does not win",
	     test_answer_in_the_name_of_the_caller_does_not_win },
	   { "a failure reply with the name of the answered fork ends nothing",
	     test_failure_reply_with_the_name_of_the_answered_fork_ends_nothing },
	   { "an offer to a phone that lost does not move the call",
	     test_offer_to_a_phone_that_lost_does_not_move_the_call });
