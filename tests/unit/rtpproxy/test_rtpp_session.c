/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rtpp_session.c - how sessions of the rtpproxy protocol map to calls
 */
#include "daemon/call/dialog.h"
#include "daemon/packet/bridge.h"
#include "rtpp_ask.h"
#include "tests/unit/journal_spy.h"
#include "tests/unit/update_spy.h"

static bool sdp_is(const struct scene *scene, size_t index, enum side side, const char *expected)
{
	const struct media *media = dialog_media(ask_dialog(scene), index);
	char text[ENDPOINT_TEXT];

	return media &&
	       !strcmp(endpoint_print(&bridge_conf(media->bridge)->side[side].sdp[COMP_RTP], text),
		       expected);
}

static void test_either_side_may_offer_again(void)
{
	unsigned int to_callee, to_caller;
	struct scene scene;

	scene_open(&scene);
	to_callee = ask_port(&scene, "U c 192.0.2.1 4000 a;1");
	to_caller = ask_port(&scene, "L c 192.0.2.2 5000 a;1 b;1");
	CU_ASSERT(to_callee && to_caller && to_callee != to_caller);
	CU_ASSERT(!(to_callee % 2) && !(to_caller % 2));
	/* The same command again, and one with another address, keep the port. */
	CU_ASSERT_EQUAL(ask_port(&scene, "U c 192.0.2.1 4000 a;1 b;1"), to_callee);
	CU_ASSERT_EQUAL(ask_port(&scene, "U c 192.0.2.1 4002 a;1 b;1"), to_callee);
	CU_ASSERT(sdp_is(&scene, 0, SIDE_A, "192.0.2.1:4002"));
	/* The callee offers, the caller answers. */
	CU_ASSERT_EQUAL(ask_port(&scene, "U c 192.0.2.2 5002 b;1 a;1"), to_caller);
	CU_ASSERT(sdp_is(&scene, 0, SIDE_B, "192.0.2.2:5002"));
	CU_ASSERT_EQUAL(ask_port(&scene, "L c 192.0.2.1 4004 b;1 a;1"), to_callee);
	CU_ASSERT(sdp_is(&scene, 0, SIDE_A, "192.0.2.1:4004"));
	/* A number on only one tag; an unknown To-tag. */
	CU_ASSERT_EQUAL(ask_port(&scene, "U c 192.0.2.2 5004 b;1 a"), to_caller);
	CU_ASSERT_EQUAL(ask_port(&scene, "L c 192.0.2.1 4006 dummy;1 a;1"), to_callee);
	CU_ASSERT(sdp_is(&scene, 0, SIDE_A, "192.0.2.1:4006"));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2);
	CU_ASSERT(scene_close(&scene));
}

static void test_medias_of_a_party_are_of_one_dialog(void)
{
	unsigned int first, second;
	struct scene scene;

	scene_open(&scene);
	first = ask_port(&scene, "U c 192.0.2.1 4000 a;1");
	second = ask_port(&scene, "U c 192.0.2.1 4002 a;2");
	CU_ASSERT(first != second);
	CU_ASSERT_PTR_NULL(ask_dialog(&scene)->next);
	CU_ASSERT_EQUAL(ask_dialog(&scene)->n_media, 2);
	CU_ASSERT(sdp_is(&scene, 1, SIDE_A, "192.0.2.1:4002"));
	/* A media that was not offered cannot be answered. */
	CU_ASSERT_STRING_EQUAL(ask(&scene, "L c 192.0.2.2 5000 a;3 b;3"), "0\n");
	/* One of them ends, then the other. */
	CU_ASSERT_STRING_EQUAL(ask(&scene, "D c a;2"), "0\n");
	CU_ASSERT_STRING_EQUAL(ask(&scene, "Q c a;2"), "E50\n");
	CU_ASSERT(ask_matches(ask(&scene, "Q c a;1"), "# 0 0 0 0\n"));
	CU_ASSERT_STRING_EQUAL(ask(&scene, "D c a;2"), "E50\n");
	CU_ASSERT_STRING_EQUAL(ask(&scene, "D c a;1"), "0\n");
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT(scene_close(&scene));
}

static void test_delete_takes_tags_either_way_round(void)
{
	static const struct ask_row rows[] = {
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "D c x", "E50\n" },
		{ "D c x a", "0\n" },
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "D c a x", "0\n" },
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "U c 192.0.2.1 4000 a;2", "# 127.80.0.1\n" },
		{ "D c a", "0\n" },
		{ "D c a", "E50\n" },
	};
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

static void test_weak_users_come_and_go(void)
{
	static const struct ask_row rows[] = {
		{ "U c 192.0.2.1 4000 a", "# 127.80.0.1\n" },
		{ "UW c 192.0.2.1 4000 a", "# 127.80.0.1\n" },
		{ "UW c 192.0.2.2 4000 b a", "# 127.80.0.1\n" },
		{ "D c a", "0\n" },
		{ "Q c a", "# 0 0 0 0\n" },
		{ "Dw c b a", "0\n" },
		{ "Q c a", "# 0 0 0 0\n" },
		{ "DW c a", "0\n" },
		{ "Q c a", "E50\n" },
	};
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT(scene_close(&scene));
}

/* A media that gets other ports is still held by whoever held it. */
static void test_new_ports_keep_weak_users(void)
{
	static const struct ask_row rows[] = {
		{ "UW c 192.0.2.1 4000 a", "# 127.80.0.1\n" },
		{ "UW c 192.0.2.2 4000 b a", "# 127.80.0.1\n" },
		{ "UNW c 192.0.2.1 4000 a", "# 127.80.0.1\n" },
		{ "DW c a", "0\n" },
		{ "Q c a", "# 0 0 0 0\n" },
		{ "DW c b a", "0\n" },
		{ "Q c a", "E50\n" },
	};
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT(scene_close(&scene));
}

/* What a command changes is in the record of the call, for a restart. */
static void test_changes_reach_the_journal(void)
{
	static const struct {
		const char *command;
		bool changes;
	} rows[] = {
		{ "U c 192.0.2.1 4002 a;2", true },
		{ "L c 192.0.2.2 5002 a;2 b;2", true },
		{ "Q c a;1", false },
		{ "D c x", false },
		{ "UW c 192.0.2.1 4000 a;1", true },
		{ "DW c a;1", true }, /* the media is held by a strong U, too */
		{ "D c a;2", true },
		{ "Q c a;1 && S ttl=30", true },
		{ "Q c a;1 && S tos=16", true },
		{ "Q c a;1 && SR tos=16", true },
		{ "Q c a;1 && S tos=256", false },
		{ "Q c a;1 && S ttl=0", false },
	};
	struct journal_spy spy;
	struct scene scene;

	scene_open(&scene);
	journal_spy_open(&spy, &scene);
	ask(&scene, "U c 192.0.2.1 4000 a;1");
	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT(journal_spy_settle(&spy, &scene));
		ask(&scene, rows[i].command);
		if (journal_spy_touched(&spy) != rows[i].changes) {
			printf("%s: answered %s", rows[i].command, ask_answer);
			CU_FAIL("the record of the call");
		}
	}
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 1);
	journal_spy_close(&spy, &scene);
	CU_ASSERT(scene_close(&scene));
}

/* S sets the side of the From-tag, SR the other one; what was learned stays. */
static void test_tos_of_one_side(void)
{
	static const struct {
		const char *command, *expected;
		int tos[2];
	} rows[] = {
		{ "Q c a;1 b;1 && S tos=16", "# 0 0 0 0\n", { 16, 8 } },
		{ "Q c a;1 b;1 && sr TOS=32", "# 0 0 0 0\n", { 16, 32 } },
		{ "Q c b;1 a;1 && S tos=64", "# 0 0 0 0\n", { 16, 64 } },
		{ "Q c b;1 a;1 && SR tos=0", "# 0 0 0 0\n", { 0, 64 } },
		{ "Q c a;1 && S tos=255", "# 0 0 0 0\n", { 255, 64 } },
		{ "Q c a;1 && S tos=256", "# 0 0 0 0 && -1\n", { 255, 64 } },
		{ "Q c a;1 && S tos=", "# 0 0 0 0 && -1\n", { 255, 64 } },
		{ "Q c a;1 && S tos=1 tos=2", "# 0 0 0 0 && -1\n", { 255, 64 } },
		{ "Q c a;1 && SX tos=1", "# 0 0 0 0 && -1\n", { 255, 64 } },
	};
	const struct bridge *bridge;
	struct scene scene;

	scene_open(&scene);
	scene.calls->conf.tos = 8;
	ask(&scene, "U c 192.0.2.1 4000 a;1");
	ask(&scene, "L c 192.0.2.2 5000 a;1 b;1");
	ask(&scene, "U c 192.0.2.9 4000 a;1 b;1"); /* moved: the window is open */
	bridge = ask_dialog(&scene)->media[0]->bridge;
	CU_ASSERT_EQUAL(update_spy_change(bridge, SIDE_A), LATCH_REOPEN);
	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT(ask_matches(ask(&scene, rows[i].command), rows[i].expected));
		for (int side = 0; side < 2; side++)
			CU_ASSERT_EQUAL(bridge_conf(bridge)->side[side].tos, rows[i].tos[side]);
		CU_ASSERT_EQUAL(update_spy_change(bridge, SIDE_A), LATCH_KEEP);
	}
	CU_ASSERT(scene_close(&scene));
}

/* Each media has its own commands, and answers have no code. */
static void test_r9_r14_offers_and_answers_of_each_media(void)
{
	const struct bridge *audio, *video;
	struct scene scene;

	scene_open(&scene);
	ask(&scene, "U c 192.0.2.1 4000 a;1");
	ask(&scene, "U c 192.0.2.1 4010 a;2");
	ask(&scene, "L c 192.0.2.2 5000 a;1 b;1");
	ask(&scene, "L c 192.0.2.2 5010 a;2 b;2");
	audio = ask_dialog(&scene)->media[0]->bridge;
	video = ask_dialog(&scene)->media[1]->bridge;
	ask(&scene, "U c 192.0.2.1 4002 a;1 b;1");
	ask(&scene, "U c 192.0.2.1 4012 a;2 b;2");
	CU_ASSERT_EQUAL(update_spy_step(audio, SIDE_A), LATCH_OFFER);
	CU_ASSERT_EQUAL(update_spy_step(video, SIDE_A), LATCH_OFFER);
	ask(&scene, "L c 192.0.2.2 5000 a;1 b;1");
	CU_ASSERT_EQUAL(update_spy_step(audio, SIDE_A), LATCH_ANSWER);
	CU_ASSERT_EQUAL(update_spy_step(video, SIDE_A), LATCH_OFFER);
	ask(&scene, "L c 192.0.2.2 5010 a;2 b;2");
	CU_ASSERT_EQUAL(update_spy_step(video, SIDE_A), LATCH_ANSWER);
	/* The first may have been in a 183. */
	ask(&scene, "L c 192.0.2.2 5000 a;1 b;1");
	CU_ASSERT_EQUAL(update_spy_step(audio, SIDE_A), LATCH_ANSWER);
	CU_ASSERT_EQUAL(update_spy_step(audio, SIDE_B), LATCH_FINAL);
	CU_ASSERT_EQUAL(update_spy_step(video, SIDE_B), LATCH_NO_STEP);
	ask(&scene, "L c 192.0.2.2 5000 a;1 b;1");
	CU_ASSERT_EQUAL(update_spy_step(audio, SIDE_A), LATCH_NO_STEP);
	CU_ASSERT_EQUAL(update_spy_step(audio, SIDE_B), LATCH_NO_STEP);
	CU_ASSERT(scene_close(&scene));
}

/* The time-out of S replaces the configured one at once, not with the next offer. */
static void test_ttl_sets_the_timer(void)
{
	struct scene scene;

	scene_open(&scene);
	ask(&scene, "U c 192.0.2.1 4000 a;1");
	ask(&scene, "L c 192.0.2.2 5000 a;1 b;1");
	CU_ASSERT_EQUAL(ask_dialog(&scene)->call->timer_at_ms - ask_dialog(&scene)->last_signal_ms,
			60 * 1000);
	CU_ASSERT(ask_matches(ask(&scene, "Q c a;1 && S ttl=30"), "60 0 0 0 0\n"));
	CU_ASSERT_EQUAL(ask_dialog(&scene)->call->timer_at_ms - ask_dialog(&scene)->last_signal_ms,
			30 * 1000);
	CU_ASSERT_EQUAL(ask_dialog(&scene)->timeout_s, 30);
	ask(&scene, "Q c a;1 && S ttl=86401");
	ask(&scene, "Q c a;1 && S ttl=0");
	CU_ASSERT_EQUAL(ask_dialog(&scene)->timeout_s, 30);
	CU_ASSERT(ask_matches(ask(&scene, "Q c a;1"), "30 0 0 0 0\n"));
	CU_ASSERT(scene_close(&scene));
}

static void test_modifiers_reach_the_bridge(void)
{
	const struct bridge_conf *conf;
	struct scene scene;

	scene_open(&scene);
	ask(&scene, "UaZ20c0,8,101 c 192.0.2.1 4000 a;1");
	conf = bridge_conf(ask_dialog(&scene)->media[0]->bridge);
	CU_ASSERT(conf->side[SIDE_A].flags & SIDE_ASYMMETRIC);
	CU_ASSERT_FALSE(conf->side[SIDE_B].flags & SIDE_ASYMMETRIC);
	CU_ASSERT_EQUAL(conf->pts[0], 1 | 1 << 8);
	CU_ASSERT_EQUAL(conf->pts[1], UINT64_C(1) << (101 - 64));
	ask(&scene, "LASc9 c 192.0.2.2 5000 a;1 b;1");
	CU_ASSERT_FALSE(conf->side[SIDE_B].flags & SIDE_ASYMMETRIC);
	CU_ASSERT_EQUAL(conf->pts[0], 1 | 1 << 8 | 1 << 9);
	/* Without payload types it may be a fax. */
	ask(&scene, "U c 192.0.2.1 4000 a;1 b;1");
	CU_ASSERT_EQUAL(conf->pts[0] | conf->pts[1], 0);
	/* A public address is also where SIP came from; a private one need not be. */
	CU_ASSERT(endpoint_is_set(&conf->side[SIDE_A].sip));
	ask(&scene, "U d 10.0.0.1 4000 a;1");
	conf = bridge_conf(call_find(scene.calls, STR("d"))->dialogs->media[0]->bridge);
	CU_ASSERT_FALSE(endpoint_is_set(&conf->side[SIDE_A].sip));
	CU_ASSERT(scene_close(&scene));
}

static void test_new_ports_on_demand(void)
{
	unsigned int before, after;
	struct scene scene;

	scene_open(&scene);
	before = ask_port(&scene, "U c 192.0.2.1 4000 a;1");
	ask(&scene, "L c 192.0.2.2 5000 a;1 b;1");
	after = ask_port(&scene, "UN c 192.0.2.1 4000 a;1 b;1");
	CU_ASSERT(after && after != before);
	CU_ASSERT_EQUAL(ask_port(&scene, "U c 192.0.2.1 4000 a;1 b;1"), after);
	CU_ASSERT_STRING_EQUAL(ask(&scene, "D c a"), "0\n");
	CU_ASSERT(scene_close(&scene));
}

static void test_hold_keeps_the_address(void)
{
	struct scene scene;

	scene_open(&scene);
	ask(&scene, "U c 192.0.2.1 4000 a;1");
	ask(&scene, "L c 192.0.2.2 5000 a;1 b;1");
	CU_ASSERT_STRING_EQUAL(ask(&scene, "Q c a;1"), "60 0 0 0 0\n");
	CU_ASSERT(ask_matches(ask(&scene, "U c 0.0.0.0 4000 a;1 b;1"), "# 127.80.0.1\n"));
	CU_ASSERT(sdp_is(&scene, 0, SIDE_A, "192.0.2.1:4000"));
	CU_ASSERT_STRING_EQUAL(ask(&scene, "Q c a;1"), "3600 0 0 0 0\n");
	CU_ASSERT(scene_close(&scene));
}

/* A disabled m= line has port 0, and gets ports nevertheless. */
static void test_port_zero_gets_ports(void)
{
	struct scene scene;

	scene_open(&scene);
	CU_ASSERT(ask_matches(ask(&scene, "U c 192.0.2.1 0 a;2"), "# 127.80.0.1\n"));
	CU_ASSERT(sdp_is(&scene, 1, SIDE_A, "none"));
	CU_ASSERT(ask_matches(ask(&scene, "L c 192.0.2.2 0 a;2 b;2"), "# 127.80.0.1\n"));
	CU_ASSERT(ask_matches(ask(&scene, "U c 192.0.2.1 65535 a;3"), "# 127.80.0.1\n"));
	CU_ASSERT(scene_close(&scene));
}

/* Without SDP, RTCP is at the port after that of RTP. */
static void test_rtcp_is_at_the_next_port(void)
{
	static const struct {
		const char *command, *rtcp;
	} rows[] = {
		{ "U c 192.0.2.1 4000 a;1", "192.0.2.1:4001" },
		{ "U c 192.0.2.1 65534 a;1", "192.0.2.1:65535" },
		{ "U c 192.0.2.1 65535 a;1", "none" },
		{ "U c 192.0.2.1 0 a;1", "none" },
	};
	struct scene scene;

	scene_open(&scene);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct bridge_conf *conf;
		char text[ENDPOINT_TEXT];

		ask(&scene, rows[i].command);
		conf = bridge_conf(ask_dialog(&scene)->media[0]->bridge);
		CU_ASSERT_STRING_EQUAL(endpoint_print(&conf->side[SIDE_A].sdp[COMP_RTCP], text),
				       rows[i].rtcp);
	}
	CU_ASSERT(scene_close(&scene));
}

/* Another party answers after a second offer: the answer of the first media shows it for all. */
static void test_another_answerer(void)
{
	struct scene scene;

	scene_open(&scene);
	for (int i = 1; i <= 2; i++)
		ask(&scene, i == 1 ? "U c 192.0.2.1 4000 a;1" : "U c 192.0.2.1 4002 a;2");
	ask(&scene, "L c 192.0.2.2 5000 a;1 b;1");
	ask(&scene, "L c 192.0.2.2 5002 a;2 b;2");
	ask(&scene, "U c 192.0.2.1 4000 a;1");
	ask(&scene, "U c 192.0.2.1 4002 a;2");
	ask(&scene, "L c 192.0.2.3 5000 a;1 c;1");
	CU_ASSERT(ask_dialog(&scene)->media[1]->flags & MEDIA_NEW_ANSWERER);
	CU_ASSERT_FALSE(ask_dialog(&scene)->media[0]->flags & MEDIA_NEW_ANSWERER);
	ask(&scene, "L c 192.0.2.3 5002 a;2 c;2");
	CU_ASSERT_FALSE(ask_dialog(&scene)->media[1]->flags & MEDIA_NEW_ANSWERER);
	CU_ASSERT_EQUAL(update_spy_change(ask_dialog(&scene)->media[1]->bridge, SIDE_B),
			LATCH_FRESH);
	CU_ASSERT(party_has_tag(&ask_dialog(&scene)->party[SIDE_B], STR("c")));
	CU_ASSERT(scene_close(&scene));
}

static void test_all_ports_are_used_and_free_again(void)
{
	struct scene scene;
	char text[64];

	scene_open_ports(&scene, 21000, 21007); /* four pairs: two sessions */
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 2; i++) {
			snprintf(text, sizeof(text), "U %d.%d 192.0.2.1 4000 a", round, i);
			CU_ASSERT(ask_matches(ask(&scene, text), "# 127.80.0.1\n"));
		}
		CU_ASSERT_STRING_EQUAL(ask(&scene, "U more 192.0.2.1 4000 a"), "E7\n");
		for (int i = 0; i < 2; i++) {
			snprintf(text, sizeof(text), "D %d.%d a", round, i);
			CU_ASSERT_STRING_EQUAL(ask(&scene, text), "0\n");
		}
		CU_ASSERT(scene_settle(&scene));
	}
	CU_ASSERT(ask_matches(ask(&scene, "U c 192.0.2.1 4000 a"), "# 127.80.0.1\n"));
	CU_ASSERT(ask_matches(ask(&scene, "U d 192.0.2.1 4000 a"), "# 127.80.0.1\n"));
	CU_ASSERT_STRING_EQUAL(ask(&scene, "UN c 192.0.2.1 4000 a"), "E71\n");
	/* Full or draining: new calls are refused, and the others continue. */
	scene.calls->conf.max_sessions = 2;
	CU_ASSERT_STRING_EQUAL(ask(&scene, "U e 192.0.2.1 4000 a"), "E7\n");
	scene.calls->draining = true;
	CU_ASSERT_STRING_EQUAL(ask(&scene, "U e 192.0.2.1 4000 a"), "E7\n");
	CU_ASSERT(ask_matches(ask(&scene, "U c 192.0.2.1 4000 a"), "# 127.80.0.1\n"));
	CU_ASSERT(ask_matches(ask(&scene, "L c 192.0.2.2 4000 a b"), "# 127.80.0.1\n"));
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(rtpp_session, { "either side may offer again", test_either_side_may_offer_again },
	   { "medias of a party are of one dialog", test_medias_of_a_party_are_of_one_dialog },
	   { "delete takes tags either way round", test_delete_takes_tags_either_way_round },
	   { "weak users come and go", test_weak_users_come_and_go },
	   { "new ports keep weak users", test_new_ports_keep_weak_users },
	   { "changes reach the journal", test_changes_reach_the_journal },
	   { "R9, R14: offers and answers of each media",
	     test_r9_r14_offers_and_answers_of_each_media },
	   { "tos of one side", test_tos_of_one_side },
	   { "ttl sets the timer", test_ttl_sets_the_timer },
	   { "modifiers reach the bridge", test_modifiers_reach_the_bridge },
	   { "new ports on demand", test_new_ports_on_demand },
	   { "hold keeps the address", test_hold_keeps_the_address },
	   { "port zero gets ports", test_port_zero_gets_ports },
	   { "RTCP is at the next port", test_rtcp_is_at_the_next_port },
	   { "another answerer", test_another_answerer },
	   { "all ports are used and free again", test_all_ports_are_used_and_free_again });
