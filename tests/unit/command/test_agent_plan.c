/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_agent_plan.c - which side of a call has ICE that ends in the relay, and what its SDP says
 */
#include <stdlib.h>
#include "command_scene.h"
#include "daemon/call/media_ice.h"
#include "daemon/ice/agent.h"

#define CREDENTIALS(ufrag) "a=ice-ufrag:" ufrag "\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
#define AT(addr, port)	   "a=candidate:1 1 UDP 2130706431 " addr " " port " typ host\r\n"
#define A_ICE		   CREDENTIALS("aaaa") AT("192.0.2.1", "4000")
#define B_ICE		   CREDENTIALS("bbbb") AT("192.0.2.2", "4000")
#define A_PLAIN		   A_HEAD AUDIO
#define B_PLAIN		   B_HEAD AUDIO
#define A_OFFER		   A_HEAD AUDIO A_ICE
#define B_ANSWER	   B_HEAD AUDIO B_ICE

static bool has(struct reply reply, const char *part)
{
	return reply.sdp.len && memmem(reply.sdp.s, reply.sdp.len, part, strlen(part));
}

/* Lines of ours, and none of the other phone's. */
static bool has_ours(struct reply reply)
{
	return has(reply, "a=ice-ufrag:") && has(reply, "a=ice-pwd:") &&
	       has(reply, " 1 UDP 2130706431 127.80.0.") && !has(reply, "asd88fg") &&
	       !has(reply, "192.0.2.1 4000") && !has(reply, "192.0.2.2 4000");
}

static bool has_none(struct reply reply)
{
	return reply.sdp.len && !has(reply, "a=ice") && !has(reply, "candidate");
}

static bool has_ice(struct scene *scene, enum side side)
{
	return conf_of(scene, 0)->side[side].flags & SIDE_ICE;
}

static struct reply ask(struct scene *scene, bool is_offer, const char *sdp, struct request flags)
{
	struct request request = base_request(sdp);

	request.ice = flags.ice;
	request.ice_lite = flags.ice_lite;
	request.trickle_ice = flags.trickle_ice;
	request.reject_ice = flags.reject_ice;
	request.ice_reset = flags.ice_reset;
	request.flags = flags.flags;
	if (!is_offer)
		request.to_tag = STR("b");
	return scene_run(scene, is_offer ? command_offer : command_answer, request);
}

/* Whom the keys and the SDP of both give ICE. */
static void test_who_has_ice(void)
{
	static const struct {
		const char *name;
		enum request_ice in_offer;
		bool reject;
		const char *offer;
		bool b_is_offered;
		enum request_ice in_answer;
		const char *answer;
		bool a_is_answered, b_has;
	} rows[] = {
		{ "default", 0, 0, A_OFFER, true, 0, B_ANSWER, true, true },
		{ "refused by B", 0, 0, A_OFFER, true, 0, B_PLAIN, true, false },
		{ "browser to phone", REQUEST_ICE_REMOVE, 0, A_OFFER, false, REQUEST_ICE_FORCE,
		  B_PLAIN, true, false },
		{ "phone to browser", REQUEST_ICE_FORCE, 0, A_PLAIN, true, REQUEST_ICE_REMOVE,
		  B_ANSWER, false, true },
		{ "nobody", 0, 0, A_PLAIN, false, 0, B_PLAIN, false, false },
		{ "not offered", 0, 0, A_PLAIN, false, REQUEST_ICE_FORCE, B_ANSWER, false, false },
		{ "refused for A", 0, 0, A_OFFER, true, REQUEST_ICE_REMOVE, B_ANSWER, false, true },
		{ "reject-ICE", REQUEST_ICE_FORCE, true, A_OFFER, true, 0, B_ANSWER, false, true },
		{ "only a ufrag", 0, 0, A_HEAD AUDIO "a=ice-ufrag:aaaa\r\n", false, 0, B_PLAIN,
		  false, false },
		{ "session level", 0, 0, A_HEAD CREDENTIALS("aaaa") AUDIO AT("192.0.2.1", "4000"),
		  true, 0, B_ANSWER, true, true },
		{ "B sees a mismatch", 0, 0, A_OFFER, true, 0,
		  B_HEAD AUDIO B_ICE "a=ice-mismatch\r\n", true, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request first = { .ice = rows[i].in_offer, .reject_ice = rows[i].reject };
		struct scene scene;
		struct reply reply;
		bool ok;

		scene_open(&scene);
		reply = ask(&scene, true, rows[i].offer, first);
		ok = rows[i].b_is_offered ? has_ours(reply) : has_none(reply);
		reply = ask(&scene, false, rows[i].answer,
			    (struct request){ .ice = rows[i].in_answer });
		ok = ok && (rows[i].a_is_answered ? has_ours(reply) : has_none(reply)) &&
		     has_ice(&scene, SIDE_A) == rows[i].a_is_answered &&
		     has_ice(&scene, SIDE_B) == rows[i].b_has;
		if (!ok)
			printf("    %s: %.*s\n", rows[i].name, (int)reply.sdp.len, reply.sdp.s);
		CU_ASSERT_TRUE(ok);
		CU_ASSERT(scene_close(&scene));
	}
}

/* Browsers ask for the a=mid of their offer, which plain phones do not answer with. */
static void test_mid_is_answered_for_a_plain_phone(void)
{
	static const struct {
		const char *offer, *answer;
		bool has_mid;
	} rows[] = {
		{ A_OFFER "a=mid:x1\r\n", B_PLAIN, true },
		{ A_OFFER, B_PLAIN, false },
		{ A_PLAIN "a=mid:x1\r\n", B_PLAIN, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request first = { .ice = REQUEST_ICE_REMOVE };
		struct scene scene;

		scene_open(&scene);
		ask(&scene, true, rows[i].offer, first);
		CU_ASSERT_EQUAL(has(answer(&scene, rows[i].answer), "a=mid:x1\r\n"),
				rows[i].has_mid);
		CU_ASSERT(scene_close(&scene));
	}
}

/* A box between has changed c= or m=: the answer says so, and media is latched to. */
static void test_mismatch_is_answered(void)
{
	struct scene scene;
	struct reply reply;

	scene_open(&scene);
	CU_ASSERT_TRUE(
		has_none(offer(&scene, A_HEAD AUDIO CREDENTIALS("aaaa") AT("192.0.2.1", "4002"))));
	reply = answer(&scene, B_PLAIN);
	CU_ASSERT_TRUE(has(reply, "a=ice-mismatch\r\n"));
	CU_ASSERT_FALSE(has(reply, "a=ice-ufrag"));
	CU_ASSERT_FALSE(has_ice(&scene, SIDE_A));
	CU_ASSERT(scene_close(&scene));
}

static void test_lite_is_said_to_whom_it_is_meant(void)
{
	static const struct {
		enum request_ice_lite lite;
		bool configured, to_b, to_a;
	} rows[] = {
		{ REQUEST_LITE_UNSET, false, false, false },
		{ REQUEST_LITE_UNSET, true, true, true },
		{ REQUEST_LITE_OFF, true, false, false },
		{ REQUEST_LITE_FORWARD, false, true, false },
		{ REQUEST_LITE_BACKWARD, false, false, true },
		{ REQUEST_LITE_BOTH, false, true, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;
		struct reply reply;

		scene_open(&scene);
		scene.calls->conf.ice_lite = rows[i].configured;
		reply = ask(&scene, true, A_OFFER, (struct request){ .ice_lite = rows[i].lite });
		CU_ASSERT_EQUAL(has(reply, "t=0 0\r\na=ice-lite\r\nm="), rows[i].to_b);
		CU_ASSERT_EQUAL(has(answer(&scene, B_ANSWER), "\r\na=ice-lite\r\n"), rows[i].to_a);
		CU_ASSERT(scene_close(&scene));
	}
}

static void test_trickle_is_mirrored_or_asked_for(void)
{
	struct scene scene;
	struct reply reply;

	scene_open(&scene);
	reply = ask(&scene, true, A_OFFER "a=ice-options:trickle\r\n", (struct request){ 0 });
	CU_ASSERT_FALSE(has(reply, "trickle"));
	reply = ask(&scene, true, A_OFFER "a=ice-options:trickle\r\n",
		    (struct request){ .trickle_ice = true });
	CU_ASSERT_TRUE(has(reply, "a=ice-options:trickle\r\n"));
	CU_ASSERT_TRUE(has(reply, "a=end-of-candidates\r\n"));
	CU_ASSERT_TRUE(has(answer(&scene, B_ANSWER), "a=ice-options:trickle\r\n"));
	CU_ASSERT(scene_close(&scene));
}

/* With rtcp-mux there is one component: from the answer on, or with "require" from the offer on. */
static void test_components_follow_rtcp_mux(void)
{
	struct request require = { .ice = REQUEST_ICE_FORCE, .flags = REQ_MUX_REQUIRE };
	struct scene scene;
	struct reply reply;

	scene_open(&scene);
	reply = offer(&scene, A_HEAD AUDIO "a=rtcp-mux\r\n" A_ICE);
	CU_ASSERT_TRUE(has(reply, " 2 UDP 2130706430 127.80.0."));
	reply = answer(&scene, B_HEAD AUDIO "a=rtcp-mux\r\n" B_ICE);
	CU_ASSERT_TRUE(has_ours(reply));
	CU_ASSERT_FALSE(has(reply, " 2 UDP "));
	CU_ASSERT(scene_close(&scene));
	scene_open(&scene);
	CU_ASSERT_FALSE(has(ask(&scene, true, A_PLAIN, require), " 2 UDP "));
	CU_ASSERT(scene_close(&scene));
}

static struct str line_of(struct reply reply, const char *name)
{
	const char *at = memmem(reply.sdp.s, reply.sdp.len, name, strlen(name));
	struct str rest =
		at ? (struct str){ at, (size_t)(reply.sdp.s + reply.sdp.len - at) } : STR_NONE;

	return str_split(&rest, '\n');
}

/* The phone's new credentials are a restart: it gets new ones; the same ones are none. */
static void test_restart_is_answered_with_new_credentials(void)
{
	struct scene scene;
	char first[64] = "", text[64];

	for (int i = 0; i < 3; i++) {
		const char *sdp =
			i < 2 ? A_OFFER : A_HEAD AUDIO CREDENTIALS("cccc") AT("192.0.2.1", "4000");
		struct str ufrag;

		if (!i)
			scene_open(&scene);
		offer(&scene, sdp);
		ufrag = line_of(answer(&scene, B_PLAIN), "a=ice-ufrag:");
		snprintf(text, sizeof(text), "%.*s", (int)ufrag.len, ufrag.s);
		if (!i)
			memcpy(first, text, sizeof(first));
		CU_ASSERT_EQUAL(!strcmp(text, first), i < 2);
	}
	CU_ASSERT(scene_close(&scene));
}

/* Does DTLS of side B need a check of ICE, before its answer? */
static bool is_awaited(struct scene *scene)
{
	const struct media_ice *ice = the_dialog(scene)->media[0]->ice;
	struct stream_ice *told = media_ice_stream(&ice->side[SIDE_B], COMP_RTP);
	bool awaited = told && told->awaited;

	free(told);
	return awaited;
}

/* Two medias with one phone: their checks begin Ta apart, also those that an offer begins. */
static void test_medias_of_a_phone_share_the_pace(void)
{
	const struct ice_agent *first, *second;
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_OFFER AUDIO A_ICE);
	first = the_dialog(&scene)->media[0]->ice->side[SIDE_A].agent;
	second = the_dialog(&scene)->media[1]->ice->side[SIDE_A].agent;
	CU_ASSERT_TRUE(first->checked_ms > 0);
	CU_ASSERT_EQUAL(first->turns, 1);
	CU_ASSERT_TRUE(second->checked_ms < 0 ||
		       second->checked_ms >= first->checked_ms + ICE_PACING_MS);
	CU_ASSERT_TRUE(second->next_ms >= first->checked_ms + ICE_PACING_MS);
	CU_ASSERT(scene_close(&scene));
}

/* A phone that has answered without ICE is not offered it again, before flag "reset". */
static void test_refusal_is_remembered(void)
{
	struct request force = { .ice = REQUEST_ICE_FORCE };
	struct scene scene;

	scene_open(&scene);
	CU_ASSERT_TRUE(has_ours(ask(&scene, true, A_PLAIN, force)));
	CU_ASSERT_TRUE(is_awaited(&scene));
	answer(&scene, B_PLAIN);
	CU_ASSERT_FALSE(is_awaited(&scene));
	CU_ASSERT_TRUE(has_none(ask(&scene, true, A_PLAIN, force)));
	answer(&scene, B_PLAIN);
	force.ice_reset = true;
	CU_ASSERT_TRUE(has_ours(ask(&scene, true, A_PLAIN, force)));
	CU_ASSERT_TRUE(is_awaited(&scene));
	CU_ASSERT(scene_close(&scene));
}

/* 0.0.0.0 with ICE lines is no hold. */
static void test_unknown_place_is_no_hold(void)
{
	struct scene scene;
	struct reply reply;

	scene_open(&scene);
	reply = offer(&scene, HEAD("0.0.0.0") "m=audio 9 RTP/AVP 0\r\n" CREDENTIALS("aaaa"));
	CU_ASSERT_FALSE(has(reply, "0.0.0.0\r\nt="));
	CU_ASSERT_TRUE(has(reply, "a=sendrecv\r\n"));
	CU_ASSERT_FALSE(conf_of(&scene, 0)->side[SIDE_A].flags & SIDE_HOLD);
	CU_ASSERT(scene_close(&scene));
}

/* A later offer has an address of the relay among its candidates: then both phones do ICE. */
static void test_ice_that_passes_takes_the_place(void)
{
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_OFFER);
	answer(&scene, B_ANSWER);
	CU_ASSERT_TRUE(has_ice(&scene, SIDE_A) && has_ice(&scene, SIDE_B));
	CU_ASSERT_TRUE(has(offer(&scene, A_OFFER AT("127.80.0.1", "30000")), "a=ice-ufrag:aaaa"));
	CU_ASSERT_FALSE(has_ice(&scene, SIDE_A) || has_ice(&scene, SIDE_B));
	CU_ASSERT(scene_close(&scene));
}

static void test_offer_without_memory_changes_nothing(void)
{
	struct scene scene;
	size_t calls;

	scene_open(&scene);
	ALLOC_FAILS_AT_EACH
	{
		struct reply reply = offer(&scene, A_OFFER);

		calls = call_table_count(scene.calls);
		CU_ASSERT_EQUAL(calls, reply.code == REPLY_OK);
		if (calls)
			call_end(call_find(scene.calls, STR("call")), CALL_DELETED);
	}
	CU_ASSERT(scene_close(&scene));
}

/* A restart that is refused leaves the credentials that the phone knows. */
static void test_restart_without_memory_changes_nothing(void)
{
	char first[64], text[64];
	struct scene scene;
	unsigned int refused = 0;
	struct str ufrag;

	scene_open(&scene);
	offer(&scene, A_OFFER);
	ufrag = line_of(answer(&scene, B_PLAIN), "a=ice-ufrag:");
	snprintf(first, sizeof(first), "%.*s", (int)ufrag.len, ufrag.s);
	for (unsigned int n = 1; n < 100; n++) {
		struct reply reply;

		alloc_fail_at(n);
		reply = offer(&scene, A_HEAD AUDIO CREDENTIALS("cccc") AT("192.0.2.1", "4000"));
		alloc_fail_at(0);
		if (reply.code == REPLY_OK)
			break;
		refused++;
		offer(&scene, A_OFFER);
		ufrag = line_of(answer(&scene, B_PLAIN), "a=ice-ufrag:");
		snprintf(text, sizeof(text), "%.*s", (int)ufrag.len, ufrag.s);
		CU_ASSERT_STRING_EQUAL(text, first);
	}
	CU_ASSERT(refused >= 2);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(agent_plan, { "who_has_ice", test_who_has_ice },
	   { "mid_is_answered_for_a_plain_phone", test_mid_is_answered_for_a_plain_phone },
	   { "mismatch_is_answered", test_mismatch_is_answered },
	   { "lite_is_said_to_whom_it_is_meant", test_lite_is_said_to_whom_it_is_meant },
	   { "trickle_is_mirrored_or_asked_for", test_trickle_is_mirrored_or_asked_for },
	   { "components_follow_rtcp_mux", test_components_follow_rtcp_mux },
	   { "restart_is_answered_with_new_credentials",
	     test_restart_is_answered_with_new_credentials },
	   { "refusal_is_remembered", test_refusal_is_remembered },
	   { "unknown_place_is_no_hold", test_unknown_place_is_no_hold },
	   { "ice_that_passes_takes_the_place", test_ice_that_passes_takes_the_place },
	   { "offer_without_memory_changes_nothing", test_offer_without_memory_changes_nothing },
	   { "restart_without_memory_changes_nothing",
	     test_restart_without_memory_changes_nothing },
	   { "medias of a phone share the pace", test_medias_of_a_phone_share_the_pace });
