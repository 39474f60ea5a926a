/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_dialog_find.c - several dialogs with one Call-ID: which of them a request means
 *
 * Back-to-back user agents with one Call-ID on both legs, parallel calls, transfers, spirals,
 * branches that a proxy numbers again in each request, and offers in replies.
 */
#include "daemon/base/count.h"
#include "tests/unit/call/call_scene.h"

/* Does a dialog remain in which the party on side A has this tag? */
static bool remains(struct scene *scene, const char *tag)
{
	struct call *call = the_call(scene);
	struct dialog *dialog;

	if (!call)
		return false;
	DL_FOREACH(call->dialogs, dialog)
		if (str_eq(dialog->party[SIDE_A].tag, str_of(tag)) && !dialog->delete_at_ms)
			return true;
	return false;
}

/* Two legs of a back-to-back user agent: a calls b, then c calls d. */
static void test_delete_ends_only_the_dialogs_of_its_tag(void)
{
	static const struct {
		struct ask ask;
		bool a, c;
		const char *warning;
	} rows[] = {
#define NAMES(from, to, flag) { .from_tag = (from), .to_tag = (to), .flags = (flag) }
		{ NAMES("a", NULL, 0), false, true, "" },
		{ NAMES("b", NULL, 0), false, true, "" },
		{ NAMES("c", NULL, 0), true, false, "" },
		{ NAMES("d", "c", 0), true, false, "" },
		{ NAMES("x", "d", REQ_DELETE_TO_TAG), true, false, "" },
		{ NAMES("a", "x", 0), true, true, not_found },
		{ NAMES("a", "d", 0), true, true, not_found },
		{ NAMES("x", "b", 0), true, true, not_found },
		{ NAMES(NULL, NULL, 0), false, false, "" },
#undef NAMES
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;
		const char *warning;

		scene_open(&scene);
		OFFER("a");
		ANSWER("a", "b");
		OFFER("c");
		ANSWER("c", "d");
		warning = delete (&scene, &rows[i].ask);
		if (remains(&scene, "a") != rows[i].a || remains(&scene, "c") != rows[i].c ||
		    strcmp(warning, rows[i].warning)) {
			printf("delete from %s to %s: \"%s\"\n", rows[i].ask.from_tag,
			       rows[i].ask.to_tag, warning);
			CU_FAIL("the dialogs that a delete ends");
		}
		CU_ASSERT(scene_close(&scene));
	}
}

static void test_delete_with_unknown_to_tag_ends_what_is_unanswered(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	OFFER("a", NULL, "z2");
	OFFER("c");
	ANSWER("a", "b", "z1");
	CU_ASSERT_STRING_EQUAL(DELETE("a", "busy"), "");
	CU_ASSERT_EQUAL(dialogs(&scene), 2);
	CU_ASSERT_TRUE(remains(&scene, "a"));
	CU_ASSERT_TRUE(remains(&scene, "c"));
	CU_ASSERT_STRING_EQUAL(DELETE("a", "busy"), not_found);
	CU_ASSERT_EQUAL(dialogs(&scene), 2);
	CU_ASSERT(scene_close(&scene));
}

/* CANCEL of the first leg while the second rings. */
static void test_delete_of_one_offer_keeps_the_other(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a");
	OFFER("c");
	CU_ASSERT_STRING_EQUAL(DELETE("a"), "");
	CU_ASSERT_FALSE(remains(&scene, "a"));
	CU_ASSERT_TRUE(remains(&scene, "c"));
	CU_ASSERT(scene_close(&scene));
}

static void test_delete_by_a_branch_name_of_both_legs(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, "0");
	OFFER("c", NULL, "0");
	CU_ASSERT_STRING_EQUAL(DELETE("c", NULL, "0"), "");
	CU_ASSERT_TRUE(remains(&scene, "a"));
	CU_ASSERT_FALSE(remains(&scene, "c"));
	CU_ASSERT(scene_close(&scene));
}

static void test_delete_with_delay_marks_only_its_dialogs(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a");
	ANSWER("a", "b");
	OFFER("c");
	ANSWER("c", "d");
	CU_ASSERT_STRING_EQUAL(DELETE("a", "b", .delete_delay = 30), "");
	CU_ASSERT_EQUAL(dialogs(&scene), 2);
	CU_ASSERT_FALSE(remains(&scene, "a"));
	CU_ASSERT_TRUE(remains(&scene, "c"));
	CU_ASSERT(scene_close(&scene));
}

/* The same phones talk again while the ports of their last talk are still open. */
static void test_tags_mean_the_dialog_that_is_not_being_deleted(void)
{
	struct dialog *first;
	struct scene scene;
	int to_b;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	ANSWER("a", "b", "z1");
	CU_ASSERT_STRING_EQUAL(DELETE("a", "b", .delete_delay = 30), "");
	first = the_call(&scene)->dialogs;
	to_b = OFFER("a", NULL, "z2");
	ANSWER("a", "b", "z2");
	CU_ASSERT_EQUAL(dialogs(&scene), 2);
	CU_ASSERT_EQUAL(OFFER("a", "b"), to_b);
	CU_ASSERT_NOT_EQUAL(first->delete_at_ms, 0);
	CU_ASSERT_EQUAL(first->next->delete_at_ms, 0);
	CU_ASSERT(scene_close(&scene));
}

/* The end of the caller's last answered dialog ends the caller's forks, not those of another. */
static void test_forks_of_another_caller_stay(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	OFFER("a", NULL, "z2");
	ANSWER("a", "b", "z1");
	OFFER("c", NULL, "z3");
	CU_ASSERT_STRING_EQUAL(DELETE("a", "b"), "");
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT_TRUE(remains(&scene, "c"));
	CU_ASSERT(scene_close(&scene));
}

/* b was called by a, and calls c with the same Call-ID. */
static void test_transfer_has_ports_of_its_own(void)
{
	struct scene scene;
	int a_to_b, b_to_a, b_to_c, c_to_b;

	scene_open(&scene);
	a_to_b = OFFER("a");
	b_to_a = ANSWER("a", "b");
	b_to_c = OFFER("b", "c", NULL, other_sdp);
	CU_ASSERT_EQUAL(dialogs(&scene), 2);
	CU_ASSERT(b_to_c && b_to_c != a_to_b && b_to_c != b_to_a);
	c_to_b = ANSWER("b", "c");
	CU_ASSERT(c_to_b && c_to_b != a_to_b && c_to_b != b_to_a && c_to_b != b_to_c);
	/* The old dialog has its ports still. */
	CU_ASSERT_EQUAL(OFFER("a", "b"), a_to_b);
	CU_ASSERT_EQUAL(OFFER("b", "a", NULL, callee_sdp), b_to_a);
	CU_ASSERT_EQUAL(dialogs(&scene), 2);
	CU_ASSERT(scene_close(&scene));
}

/* One call passes the proxy twice: both passes have the same tags. */
static void test_spiral_with_answers_in_reverse_order(void)
{
	struct scene scene;
	int outer, inner;

	scene_open(&scene);
	outer = OFFER("a", NULL, "z1");
	inner = OFFER("a", NULL, "z2", other_sdp);
	CU_ASSERT_NOT_EQUAL(outer, inner);
	inner = ANSWER("a", "b", "z2");
	outer = ANSWER("a", "b", "z1", other_sdp);
	CU_ASSERT(inner && outer && inner != outer);
	CU_ASSERT_TRUE(the_call(&scene)->dialogs->answered);
	CU_ASSERT_TRUE(the_call(&scene)->dialogs->next->answered);
	/* A repeated answer gets the same port again. */
	CU_ASSERT_EQUAL(ANSWER("a", "b", "z2"), inner);
	/* The BYE ends both passes. */
	CU_ASSERT_STRING_EQUAL(DELETE("b", "a", "zBYE"), "");
	CU_ASSERT_EQUAL(dialogs(&scene), 0);
	CU_ASSERT(scene_close(&scene));
}

/* The offer of each further pass has the port of the one before; a fork beside them ends. */
static void test_2xx_of_a_spiral_keeps_the_passes_before_it(void)
{
	static const char *const vias[] = { "z1", "z2", "z3" };
	char sdp[256];
	struct scene scene;
	int port = 0, innermost;

	scene_open(&scene);
	for (size_t i = 0; i < COUNT(vias); i++) {
		snprintf(sdp, sizeof(sdp),
			 "v=0\r\no=- 1 1 IN IP4 127.80.0.1\r\ns=-\r\nc=IN IP4 127.80.0.1\r\n"
			 "t=0 0\r\nm=audio %d RTP/AVP 0\r\n",
			 port);
		port = OFFER("a", NULL, vias[i], i ? sdp : NULL);
	}
	OFFER("a", NULL, "fork", other_sdp);
	CU_ASSERT_EQUAL(dialogs(&scene), 4);
	innermost = ANSWER("a", "b", "z3", .sip_code = 200);
	CU_ASSERT_EQUAL(dialogs(&scene), 3);
	CU_ASSERT_NOT_EQUAL(ANSWER("a", "b", "z2", .sip_code = 200), innermost);
	CU_ASSERT_NOT_EQUAL(ANSWER("a", "b", "z1", .sip_code = 200), innermost);
	CU_ASSERT_EQUAL(dialogs(&scene), 3);
	CU_ASSERT(scene_close(&scene));
}

static void test_via_branch_of_an_answer_wins_over_its_to_tag(void)
{
	struct scene scene;
	struct dialog *first;
	int to_a;

	scene_open(&scene);
	OFFER("a", NULL, "br0");
	OFFER("a", NULL, "br1");
	to_a = ANSWER("a", "b", "br0");
	CU_ASSERT_NOT_EQUAL(ANSWER("a", "b", "br1", other_sdp), to_a);
	first = the_call(&scene)->dialogs;
	CU_ASSERT_TRUE(first->next->answered);
	CU_ASSERT(str_eq(first->next->party[SIDE_B].tag, STR("b")));
	CU_ASSERT(scene_close(&scene));
}

/* The proxy numbers the branches of each request: br0 of a re-INVITE is not br0 of the INVITE. */
static void test_reused_branch_name_does_not_lead_to_another_fork(void)
{
	struct scene scene;
	int to_a, to_b;

	scene_open(&scene);
	OFFER("a", NULL, "br0");
	to_b = OFFER("a", NULL, "br1");
	ANSWER("a", "b", "br0");
	to_a = ANSWER("a", "c", "br1");
	CU_ASSERT_EQUAL(OFFER("a", "c", "br0"), to_b);
	CU_ASSERT_EQUAL(ANSWER("a", "c", "br0"), to_a);
	CU_ASSERT_EQUAL(OFFER("c", "a", "br0", callee_sdp), to_a);
	CU_ASSERT_EQUAL(ANSWER("c", "a", "br0", caller_sdp), to_b);
	CU_ASSERT(scene_close(&scene));
}

/* An INVITE without SDP: the offer is in the reply, so its From-tag is the callee's. */
static void test_offer_in_a_reply_is_found_by_either_tag(void)
{
	static const struct {
		const char *from, *to;
	} deletes[] = { { "a", NULL }, { "b", NULL }, { "a", "b" }, { "b", "a" } };
	struct scene scene;

	for (size_t i = 0; i < COUNT(deletes); i++) {
		scene_open(&scene);
		OFFER("b", "a", NULL, callee_sdp);
		CU_ASSERT_STRING_EQUAL(DELETE(deletes[i].from, deletes[i].to), "");
		CU_ASSERT_EQUAL(dialogs(&scene), 0);
		CU_ASSERT(scene_settle(&scene));
		CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 0);
		CU_ASSERT(scene_close(&scene));
	}
	scene_open(&scene);
	OFFER("b", "a", NULL, callee_sdp);
	CU_ASSERT_NOT_EQUAL(ANSWER("b", "a", NULL, caller_sdp), 0);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT_TRUE(the_call(&scene)->dialogs->answered);
	CU_ASSERT(scene_close(&scene));
}

/*
 * A phone of a fork that has lost may send its 200 all the same, and proxies pass every 2xx on: the
 * media of those who talk does not go to it. Its own branch is over.
 */
static void test_late_answer_of_a_lost_fork_changes_nothing(void)
{
	static const char *const late[] = { "z2", "z3" };

	for (size_t i = 0; i < COUNT(late); i++) {
		struct scene scene;
		int to_a;

		scene_open(&scene);
		OFFER("a", NULL, "z1");
		OFFER("a", NULL, "z2");
		to_a = ANSWER("a", "b", "z1", .sip_code = 200);
		CU_ASSERT_EQUAL_FATAL(dialogs(&scene), 1);
		CU_ASSERT_EQUAL(ANSWER("a", "c", late[i], other_sdp, .sip_code = 200), 0);
		CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.2"));
		/* The caller ends what it does not want: that call, and no other. */
		CU_ASSERT_STRING_EQUAL(DELETE("a", "c"), not_found);
		CU_ASSERT_EQUAL_FATAL(dialogs(&scene), 1);
		/* The phone that talks; and another one behind its branch, see test_forks.c. */
		CU_ASSERT_EQUAL(ANSWER("a", "b", "z9", .sip_code = 200), to_a);
		CU_ASSERT_EQUAL(ANSWER("a", "b2", "z1", other_sdp), to_a);
		CU_ASSERT_TRUE(callee_is_at(&scene, "192.0.2.2"));
		CU_ASSERT(scene_close(&scene));
	}
}

/* The proxy names branches in answers only: nothing tells forks apart. */
static void test_via_branch_of_answers_only_is_no_obstacle(void)
{
	struct scene scene;
	int to_a;

	scene_open(&scene);
	OFFER("a");
	to_a = ANSWER("a", "b", "z1", .sip_code = 183);
	CU_ASSERT_NOT_EQUAL(to_a, 0);
	CU_ASSERT_EQUAL(ANSWER("a", "c", "z2", other_sdp, .sip_code = 200), to_a);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(dialog_find,
	   { "delete ends only the dialogs of its tag",
	     test_delete_ends_only_the_dialogs_of_its_tag },
	   { "delete with an unknown to-tag ends what is unanswered",
	     test_delete_with_unknown_to_tag_ends_what_is_unanswered },
	   { "delete of one offer keeps the other", test_delete_of_one_offer_keeps_the_other },
	   { "delete by a branch name of both legs", test_delete_by_a_branch_name_of_both_legs },
	   { "delete with delay marks only its dialogs",
	     test_delete_with_delay_marks_only_its_dialogs },
	   { "tags mean the dialog that is not being deleted",
	     test_tags_mean_the_dialog_that_is_not_being_deleted },
	   { "forks of another caller stay", test_forks_of_another_caller_stay },
	   { "transfer has ports of its own", test_transfer_has_ports_of_its_own },
	   { "spiral with answers in reverse order", test_spiral_with_answers_in_reverse_order },
	   { "2xx of a spiral keeps the passes before it",
	     test_2xx_of_a_spiral_keeps_the_passes_before_it },
	   { "via-branch of an answer wins over its to-tag",
	     test_via_branch_of_an_answer_wins_over_its_to_tag },
	   { "reused branch name does not lead to another fork",
	     test_reused_branch_name_does_not_lead_to_another_fork },
	   { "offer in a reply is found by either tag",
	     test_offer_in_a_reply_is_found_by_either_tag },
	   { "late answer of a lost fork changes nothing",
	     test_late_answer_of_a_lost_fork_changes_nothing },
	   { "via-branch of answers only is no obstacle",
	     test_via_branch_of_answers_only_is_no_obstacle });
