/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_call.c - which dialog a request belongs to, and which dialogs a delete ends
 *
 * Requests as a proxy sends them; checks the ports in the SDP of the reply, and the resulting tree.
 */
#include <malloc.h>
#include "call_scene.h"
#include "daemon/base/count.h"
#include "tests/unit/update_spy.h"

static const struct side_conf *side_conf(struct scene *scene, enum side side)
{
	return &bridge_conf(the_call(scene)->dialogs->media[0]->bridge)->side[side];
}

static enum latch_change change_of(struct scene *scene, enum side side)
{
	return update_spy_change(the_call(scene)->dialogs->media[0]->bridge, side);
}

static void test_offer_makes_call(void)
{
	struct scene scene;

	scene_open(&scene);
	CU_ASSERT(OFFER("a") >= 21000);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2);
	CU_ASSERT_EQUAL(scene.stats.calls_made, 1);
	CU_ASSERT(scene_close(&scene));
}

static void test_reinvite_of_caller_keeps_ports(void)
{
	struct scene scene;
	int to_b, to_a;

	scene_open(&scene);
	to_b = OFFER("a", NULL, "z1");
	to_a = ANSWER("a", "b", "z1");
	CU_ASSERT_NOT_EQUAL(to_a, to_b);
	CU_ASSERT_EQUAL(OFFER("a", "b", "z9", other_sdp), to_b);
	CU_ASSERT_EQUAL(ANSWER("a", "b", "z9"), to_a);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT_EQUAL(endpoint_port(&side_conf(&scene, SIDE_A)->sdp[COMP_RTP]), 6000);
	CU_ASSERT(scene_close(&scene));
}

static void test_reinvite_of_callee_keeps_ports(void)
{
	struct scene scene;
	int to_b, to_a;

	scene_open(&scene);
	to_b = OFFER("a", NULL, "z1");
	to_a = ANSWER("a", "b", "z1");
	CU_ASSERT_EQUAL(OFFER("b", "a", "z7", other_sdp), to_a);
	CU_ASSERT_EQUAL(endpoint_port(&side_conf(&scene, SIDE_B)->sdp[COMP_RTP]), 6000);
	/* Its answer comes from side A: the From-tag belongs to the callee. */
	CU_ASSERT_EQUAL(ANSWER("b", "a", "z7", caller_sdp), to_b);
	CU_ASSERT_EQUAL(endpoint_port(&side_conf(&scene, SIDE_A)->sdp[COMP_RTP]), 4000);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT_TRUE(the_call(&scene)->dialogs->answered);
	CU_ASSERT(scene_close(&scene));
}

static void test_reoffer_on_same_branch_is_same_dialog(void)
{
	struct scene scene;
	int to_b;

	scene_open(&scene);
	to_b = OFFER("a", NULL, "z1");
	CU_ASSERT_EQUAL(OFFER("a", NULL, "z1"), to_b);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT(scene_close(&scene));
}

static void test_reoffer_without_branch_is_same_dialog(void)
{
	struct scene scene;
	int to_b;

	scene_open(&scene);
	to_b = OFFER("a");
	CU_ASSERT_EQUAL(OFFER("a"), to_b);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT(scene_close(&scene));
}

static void test_other_branch_is_new_dialog(void)
{
	struct scene scene;
	int first;

	scene_open(&scene);
	first = OFFER("a", NULL, "z1");
	CU_ASSERT_NOT_EQUAL(OFFER("a", NULL, "z2"), first);
	CU_ASSERT_EQUAL(dialogs(&scene), 2);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 4);
	CU_ASSERT(scene_close(&scene));
}

static void test_new_branch_flag_is_new_dialog(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	OFFER("a", NULL, "z1", NULL, REQ_NEW_BRANCH);
	CU_ASSERT_EQUAL(dialogs(&scene), 2);
	CU_ASSERT(scene_close(&scene));
}

static void test_serial_fork_forgets_who_answered_first(void)
{
	struct scene scene;
	int to_b, to_a;

	scene_open(&scene);
	to_b = OFFER("a");
	to_a = ANSWER("a", "b");
	CU_ASSERT_EQUAL(OFFER("a"), to_b);
	CU_ASSERT_FALSE(the_call(&scene)->dialogs->answered);
	/* The early media of the first may continue until another answers. */
	CU_ASSERT_EQUAL(endpoint_port(&side_conf(&scene, SIDE_B)->sdp[COMP_RTP]), 5000);
	CU_ASSERT_EQUAL(ANSWER("a", "c", NULL, other_sdp), to_a);
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_B), LATCH_FRESH);
	CU_ASSERT_EQUAL(endpoint_port(&side_conf(&scene, SIDE_B)->sdp[COMP_RTP]), 6000);
	CU_ASSERT(str_eq(the_call(&scene)->dialogs->party[SIDE_B].tag, STR("c")));
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	/* Only that answer is of another party: what was learned since then stays. */
	OFFER("a", "c");
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_A), LATCH_KEEP);
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_B), LATCH_KEEP);
	ANSWER("a", "c", NULL, other_sdp);
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_B), LATCH_KEEP);
	CU_ASSERT(scene_close(&scene));
}

static void test_same_answerer_after_reoffer_is_not_fresh(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a");
	ANSWER("a", "b");
	OFFER("a");
	ANSWER("a", "b");
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_B), LATCH_KEEP);
	CU_ASSERT(scene_close(&scene));
}

static void test_offer_of_answerer_without_to_tag(void)
{
	struct scene scene;
	int to_a;

	scene_open(&scene);
	OFFER("a");
	to_a = ANSWER("a", "b");
	CU_ASSERT_EQUAL(OFFER("b"), to_a);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT(scene_close(&scene));
}

static void test_offer_with_unknown_to_tag_goes_by_from_tag(void)
{
	struct scene scene;
	int to_b;

	scene_open(&scene);
	to_b = OFFER("a", NULL, "z1");
	CU_ASSERT_EQUAL(OFFER("a", "x", "z1"), to_b);
	CU_ASSERT_NOT_EQUAL(OFFER("a", "x", "z2"), to_b);
	CU_ASSERT_EQUAL(dialogs(&scene), 2);
	CU_ASSERT(scene_close(&scene));
}

static void test_answer_goes_by_branch(void)
{
	struct scene scene;
	struct dialog *first;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	OFFER("a", NULL, "z2");
	ANSWER("a", "b", "z1");
	first = the_call(&scene)->dialogs;
	CU_ASSERT(str_eq(first->party[SIDE_B].tag, STR("b")));
	CU_ASSERT_FALSE(first->next->answered);
	CU_ASSERT(scene_close(&scene));
}

static void test_answer_with_proxys_own_branch_finds_the_one(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	CU_ASSERT_NOT_EQUAL(ANSWER("a", "b", "kamailio's"), 0);
	CU_ASSERT_TRUE(the_call(&scene)->dialogs->answered);
	CU_ASSERT(scene_close(&scene));
}

static void test_answer_takes_only_unanswered(void)
{
	struct scene scene;
	struct dialog *first;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	OFFER("a", NULL, "z2");
	ANSWER("a", "b", "z2");
	ANSWER("a", "c", "other");
	first = the_call(&scene)->dialogs;
	CU_ASSERT(str_eq(first->party[SIDE_B].tag, STR("c")));
	CU_ASSERT(str_eq(first->next->party[SIDE_B].tag, STR("b")));
	CU_ASSERT(scene_close(&scene));
}

static void test_answer_takes_latest_unanswered(void)
{
	struct scene scene;
	struct dialog *first;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	OFFER("a", NULL, "z2");
	ANSWER("a", "b", "other");
	first = the_call(&scene)->dialogs;
	CU_ASSERT_FALSE(first->answered);
	CU_ASSERT(str_eq(first->next->party[SIDE_B].tag, STR("b")));
	CU_ASSERT(scene_close(&scene));
}

static void test_second_to_tag_is_alias_and_its_sdp_counts(void)
{
	struct scene scene;
	const struct party *party;
	int to_a;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	to_a = ANSWER("a", "b", "z1", callee_sdp, 0, 183);
	CU_ASSERT_EQUAL(ANSWER("a", "c", "z1", other_sdp, 0, 183), to_a);
	party = &the_call(&scene)->dialogs->party[SIDE_B];
	CU_ASSERT(str_eq(party->tag, STR("b")));
	CU_ASSERT_EQUAL_FATAL(party->n_aliases, 1);
	CU_ASSERT(str_eq(party->aliases[0], STR("c")));
	CU_ASSERT_EQUAL(endpoint_port(&side_conf(&scene, SIDE_B)->sdp[COMP_RTP]), 6000);
	CU_ASSERT_EQUAL(OFFER("c", "a"), to_a); /* a re-INVITE under the second tag */
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT(scene_close(&scene));
}

static void test_aliases_are_bounded(void)
{
	struct scene scene;
	const struct party *party;
	char tag[16];

	scene_open(&scene);
	OFFER("a");
	for (int i = 0; i < 20; i++) {
		snprintf(tag, sizeof(tag), "b%d", i);
		ANSWER("a", tag);
	}
	party = &the_call(&scene)->dialogs->party[SIDE_B];
	CU_ASSERT_EQUAL(party->n_aliases, PARTY_ALIASES);
	CU_ASSERT(str_eq(party->aliases[PARTY_ALIASES - 1], STR("b19")));
	CU_ASSERT(str_eq(party->aliases[0], STR("b12")));
	CU_ASSERT(scene_close(&scene));
}

static void test_answer_to_unknown_is_refused(void)
{
	struct ask nobody = { .from_tag = "x", .to_tag = "b" };
	struct scene scene;
	struct reply reply;

	scene_open(&scene);
	reply = scene_run(&scene, command_answer, request_of(&nobody));
	CU_ASSERT_STRING_EQUAL(reply.error, "Unknown call-id");
	OFFER("a");
	reply = scene_run(&scene, command_answer, request_of(&nobody));
	CU_ASSERT_EQUAL(reply.code, REPLY_ERROR);
	CU_ASSERT_STRING_EQUAL(reply.error, "Unknown call-id");
	CU_ASSERT_FALSE(the_call(&scene)->dialogs->answered);
	CU_ASSERT(scene_close(&scene));
}

static void test_final_answer_ends_other_forks(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	OFFER("a", NULL, "z2");
	OFFER("a", NULL, "z3");
	ANSWER("a", "b", "z2", callee_sdp, 0, 183);
	CU_ASSERT_EQUAL(dialogs(&scene), 3);
	ANSWER("a", "b", "z2", callee_sdp, 0, 200);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT(scene_settle(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2);
	CU_ASSERT(scene_close(&scene));
}

/* The early media of a fork that sent a 183 goes on; its own answer, or a delete, decides. */
static void test_final_answer_spares_forks_with_an_answer(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	OFFER("a", NULL, "z2");
	OFFER("a", NULL, "z3");
	ANSWER("a", "b", "z1", callee_sdp, 0, 183);
	ANSWER("a", "c", "z2", callee_sdp, 0, 200);
	CU_ASSERT_EQUAL(dialogs(&scene), 2);
	CU_ASSERT(str_eq(the_call(&scene)->dialogs->party[SIDE_B].tag, STR("b")));
	CU_ASSERT(scene_close(&scene));
}

static void test_answer_that_is_no_2xx_ends_no_fork(void)
{
	static const int codes[] = { 0, 180, 199, 300, 486 };
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	OFFER("a", NULL, "z2");
	for (size_t i = 0; i < COUNT(codes); i++) {
		ANSWER("a", "b", "z1", callee_sdp, 0, codes[i]);
		CU_ASSERT_EQUAL(dialogs(&scene), 2);
	}
	CU_ASSERT(scene_close(&scene));
}

/*
 * What remains after a delete of a call with forks b (z1, answered), c (z2, answered if the row
 * says so) and a third (z3).
 */
static void test_delete_scopes(void)
{
	static const struct {
		const char *name;
		struct ask ask;
		bool c_answers;
		unsigned int left;
		const char *warning;
	} rows[] = {
#define WHO(from, to, via, flag)                                                                   \
	{ .from_tag = (from), .to_tag = (to), .via_branch = (via), .flags = (flag) }
		{ "no tag: whole call", WHO(NULL, NULL, NULL, 0), true, 0, "" },
		{ "caller's tag: whole call", WHO("a", NULL, NULL, 0), true, 0, "" },
		{ "caller's tag, BYE's own branch", WHO("a", NULL, "zBYE", 0), true, 0, "" },
		{ "branch: its dialog", WHO("a", NULL, "z3", 0), true, 2, "" },
		{ "branch of an answered one", WHO("a", NULL, "z1", 0), false, 2, "" },
		{ "callee's tag, no other answered", WHO("b", NULL, NULL, 0), false, 0, "" },
		{ "callee's tag, another answered", WHO("b", NULL, NULL, 0), true, 2, "" },
		{ "both tags, no other answered", WHO("a", "b", NULL, 0), false, 0, "" },
		{ "both tags, another answered", WHO("a", "b", NULL, 0), true, 2, "" },
		{ "both tags, the other way round", WHO("b", "a", "zBYE", 0), false, 0, "" },
		{ "flag to-tag", WHO("x", "b", NULL, REQ_DELETE_TO_TAG), true, 2, "" },
		{ "unknown to-tag: what is unanswered", WHO("a", "x", NULL, 0), true, 2, "" },
		{ "unknown tag", WHO("x", NULL, NULL, 0), true, 3, not_found },
		{ "unknown tag, fatal", WHO("x", NULL, NULL, REQ_FATAL), true, 3, not_found },
#undef WHO
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;
		const char *warning;

		scene_open(&scene);
		OFFER("a", NULL, "z1");
		OFFER("a", NULL, "z2");
		OFFER("a", NULL, "z3");
		ANSWER("a", "b", "z1");
		if (rows[i].c_answers)
			ANSWER("a", "c", "z2");
		warning = delete (&scene, &rows[i].ask);
		if (dialogs(&scene) != rows[i].left || strcmp(warning, rows[i].warning)) {
			printf("delete, %s: left %u, \"%s\"\n", rows[i].name, dialogs(&scene),
			       warning);
			CU_FAIL("scope of a delete");
		}
		CU_ASSERT_EQUAL(call_table_count(scene.calls), !!rows[i].left);
		CU_ASSERT(scene_close(&scene));
	}
}

static void test_delete_of_unknown_call_warns(void)
{
	struct scene scene;

	scene_open(&scene);
	CU_ASSERT_STRING_EQUAL(DELETE("a"), "Call-ID not found or tags didn't match");
	CU_ASSERT(scene_close(&scene));
}

static void test_delete_delay_keeps_the_call_for_a_while(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a");
	ANSWER("a", "b");
	CU_ASSERT_STRING_EQUAL(DELETE("a", .delete_delay = 30), "");
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT(event_pending(&the_call(&scene)->timer, EV_TIMEOUT, NULL));
	/* The second delete of a CANCEL */
	CU_ASSERT_STRING_EQUAL(DELETE("a", .delete_delay = 30),
			       "Call-ID not found or tags didn't match");
	let_pass(&scene, 29000);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	let_pass(&scene, 1001);
	CU_ASSERT_EQUAL(dialogs(&scene), 0);
	CU_ASSERT_EQUAL(scene.stats.calls_deleted, 1);
	CU_ASSERT(scene_close(&scene));
}

static void test_delete_delay_zero_ends_what_was_delayed(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a");
	DELETE("a", .delete_delay = 30);
	CU_ASSERT_STRING_EQUAL(DELETE("a"), "");
	CU_ASSERT_EQUAL(dialogs(&scene), 0);
	CU_ASSERT(scene_close(&scene));
}

static void test_offer_during_delete_delay_revives(void)
{
	struct scene scene;
	int to_b;

	scene_open(&scene);
	to_b = OFFER("a", NULL, "z1");
	DELETE("a", .delete_delay = 30);
	CU_ASSERT_EQUAL(OFFER("a", NULL, "z1"), to_b);
	let_pass(&scene, 31000);
	CU_ASSERT_EQUAL(dialogs(&scene), 1);
	CU_ASSERT(scene_close(&scene));
}

static void test_answer_prefers_dialog_that_is_not_being_deleted(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, "z1");
	OFFER("a", NULL, "z2");
	DELETE("a", NULL, "z2", .delete_delay = 30);
	ANSWER("a", "b", "other");
	CU_ASSERT(str_eq(the_call(&scene)->dialogs->party[SIDE_B].tag, STR("b")));
	CU_ASSERT(scene_close(&scene));
}

/* Late packets must not reach the next call, and only where packets came there may be such. */
static void test_ports_that_heard_packets_rest(void)
{
	struct port_pool_usage usage;
	struct scene scene;
	const char *why;

	scene_open(&scene);
	iface_table_free(scene.ifaces);
	scene.ifaces = scene.calls->conf.ifaces = iface_table_new(21000, 21199, 60000);
	CU_ASSERT_EQUAL(iface_table_add(scene.ifaces, STR("pub/127.80.0.1"), &why), 0);
	OFFER("a", NULL, NULL, SDP_AT("127.0.0.1", "4000"));
	ANSWER("a", "b");
	hear_caller(&scene, 0);
	DELETE("a");
	CU_ASSERT(scene_settle(&scene));
	usage = port_pool_usage(iface_at(scene.ifaces, 0)->pool, clock_ms());
	CU_ASSERT_EQUAL(usage.used, 0);
	CU_ASSERT_EQUAL(usage.quarantined, 1); /* of the two pairs */
	CU_ASSERT(scene_close(&scene));
}

/* As when the configuration is read again: all that may be changed, and nothing else. */
static void test_limits_can_be_changed(void)
{
	const struct call_table_conf conf = { .timeout_s = 1,
					      .silent_timeout_s = 2,
					      .offer_timeout_s = 3,
					      .final_timeout_s = 9,
					      .delete_delay_s = 4,
					      .max_load = 1.5,
					      .max_cpu = 99.5,
					      .max_bandwidth = 5e10,
					      .max_medias = 7,
					      .max_branches = 8,
					      .max_sessions = 5,
					      .tos = 6,
					      .latching = LATCH_STRICT };
	const struct call_table_conf *own;
	struct scene scene;

	scene_open(&scene);
	own = &scene.calls->conf;
	call_table_set_limits(scene.calls, &conf);
	CU_ASSERT_EQUAL(own->timeout_s, 1);
	CU_ASSERT_EQUAL(own->silent_timeout_s, 2);
	CU_ASSERT_EQUAL(own->offer_timeout_s, 3);
	CU_ASSERT_EQUAL(own->final_timeout_s, 9);
	CU_ASSERT_EQUAL(own->delete_delay_s, 4);
	CU_ASSERT_EQUAL(own->max_sessions, 5);
	CU_ASSERT_EQUAL(own->max_load, 1.5);
	CU_ASSERT_EQUAL(own->max_cpu, 99.5);
	CU_ASSERT_EQUAL(own->max_bandwidth, 5e10);
	CU_ASSERT_EQUAL(own->max_medias, 7);
	CU_ASSERT_EQUAL(own->max_branches, 8);
	CU_ASSERT_EQUAL(own->tos, 6);
	CU_ASSERT_EQUAL(own->latching, LATCH_STRICT);
	CU_ASSERT_PTR_EQUAL(own->stats, &scene.stats);
	CU_ASSERT(scene_close(&scene));
}

/* What an alert compares the number of calls with: it has to be reached before ports run out. */
static void test_room_is_what_ports_allow(void)
{
	struct call_table_conf conf;
	struct scene scene;
	size_t pairs;

	scene_open(&scene);
	conf = scene.calls->conf;
	pairs = iface_pairs(scene.ifaces);
	conf.max_sessions = 0;
	call_table_set_limits(scene.calls, &conf);
	CU_ASSERT_EQUAL(call_table_room(scene.calls), pairs / 2);
	conf.max_sessions = (unsigned int)pairs;
	call_table_set_limits(scene.calls, &conf);
	CU_ASSERT_EQUAL(call_table_room(scene.calls), pairs / 2);
	conf.max_sessions = 3;
	call_table_set_limits(scene.calls, &conf);
	CU_ASSERT_EQUAL(call_table_room(scene.calls), 3);
	CU_ASSERT(scene_close(&scene));
}

static void test_memory_of_a_call_is_small(void)
{
	/* Without the bridge, the state of sockets and the replay cache: the bench measures all. */
	CU_ASSERT(sizeof(struct call) + sizeof(struct dialog) + sizeof(struct media) < 1500);
}

/* Texts of all kinds: two tags of the callee, label and metadata. */
static void make_call_of_texts(struct scene *scene)
{
	struct ask ask = { .from_tag = "a", .to_tag = "b" };
	struct request request = request_of(&ask);

	request.metadata = STR("metadata, as long as an operator likes to have it in records");
	request.label = STR("a label, which is long as well, so that a leak of it is seen");
	request.flags = REQ_REPLACE_VERSION;
	request.to_tag = STR_NONE;
	scene_run(scene, command_offer, request);
	request.to_tag = STR("b");
	CU_ASSERT_EQUAL(scene_run(scene, command_answer, request).code, REPLY_OK);
	answer(scene, &(struct ask){ .from_tag = "a", .to_tag = "second tag" });
}

/* With sanitizers, the report at the end of all tests says the same. */
static void test_ended_calls_leave_no_memory(void)
{
	size_t before = 0, after;
	struct scene scene;

	scene_open(&scene);
	for (int i = 0; i < 300; i++) {
		if (i == 100) /* the tables have grown */
			before = mallinfo2().uordblks;
		make_call_of_texts(&scene);
		DELETE("a");
		CU_ASSERT(scene_settle(&scene));
	}
	after = mallinfo2().uordblks;
	CU_ASSERT_EQUAL(dialogs(&scene), 0);
	CU_ASSERT(after < before + 200 * 16); /* the smallest piece of memory, for each call */
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(call, { "offer makes call", test_offer_makes_call },
	   { "re-INVITE of caller keeps ports", test_reinvite_of_caller_keeps_ports },
	   { "re-INVITE of callee keeps ports", test_reinvite_of_callee_keeps_ports },
	   { "re-offer on same branch is same dialog", test_reoffer_on_same_branch_is_same_dialog },
	   { "re-offer without branch is same dialog", test_reoffer_without_branch_is_same_dialog },
	   { "other branch is new dialog", test_other_branch_is_new_dialog },
	   { "flag new-branch is new dialog", test_new_branch_flag_is_new_dialog },
	   { "serial fork forgets who answered first",
	     test_serial_fork_forgets_who_answered_first },
	   { "same answerer after re-offer is not fresh",
	     test_same_answerer_after_reoffer_is_not_fresh },
	   { "offer of answerer without to-tag", test_offer_of_answerer_without_to_tag },
	   { "offer with unknown to-tag goes by from-tag",
	     test_offer_with_unknown_to_tag_goes_by_from_tag },
	   { "answer goes by branch", test_answer_goes_by_branch },
	   { "answer with proxy's own branch finds the one",
	     test_answer_with_proxys_own_branch_finds_the_one },
	   { "answer takes only unanswered", test_answer_takes_only_unanswered },
	   { "answer takes latest unanswered", test_answer_takes_latest_unanswered },
	   { "second to-tag is alias and its SDP counts",
	     test_second_to_tag_is_alias_and_its_sdp_counts },
	   { "aliases are bounded", test_aliases_are_bounded },
	   { "answer to unknown is refused", test_answer_to_unknown_is_refused },
	   { "final answer ends other forks", test_final_answer_ends_other_forks },
	   { "final answer spares forks with an answer",
	     test_final_answer_spares_forks_with_an_answer },
	   { "answer that is no 2xx ends no fork", test_answer_that_is_no_2xx_ends_no_fork },
	   { "delete: scopes", test_delete_scopes },
	   { "delete of unknown call warns", test_delete_of_unknown_call_warns },
	   { "delete-delay keeps the call for a while",
	     test_delete_delay_keeps_the_call_for_a_while },
	   { "delete-delay 0 ends what was delayed", test_delete_delay_zero_ends_what_was_delayed },
	   { "offer during delete-delay revives", test_offer_during_delete_delay_revives },
	   { "answer prefers dialog that is not being deleted",
	     test_answer_prefers_dialog_that_is_not_being_deleted },
	   { "ports that heard packets rest", test_ports_that_heard_packets_rest },
	   { "limits can be changed", test_limits_can_be_changed },
	   { "memory of a call is small", test_memory_of_a_call_is_small },
	   { "room is what ports allow", test_room_is_what_ports_allow },
	   { "ended calls leave no memory", test_ended_calls_leave_no_memory });
