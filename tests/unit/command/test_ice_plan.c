/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ice_plan.c - the ICE lines of an SDP go, unless the relay's own address is a candidate (rule
 * R16); then both sides' username fragments are known
 */
#include "command_scene.h"
#include "daemon/stun/stun.h"

/* The addresses of the relay in scene.h are 127.80.0.1, 127.80.0.2 and ::1. */
#define CANDIDATE(addr) "a=candidate:1 1 UDP 2130706431 " addr " 30000 typ host\r\n"
#define FOREIGN		CANDIDATE("192.0.2.1") CANDIDATE("127.80.0.3")
#define OWN		FOREIGN CANDIDATE("127.80.0.2")
#define UFRAG(text)	"a=ice-ufrag:" text "\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
#define OTHERS                                                                                     \
	"a=ice-options:trickle\r\na=end-of-candidates\r\na=remote-candidates:1 127.80.0.1 9\r\n"

static bool has(struct reply reply, const char *part)
{
	return reply.sdp.len && memmem(reply.sdp.s, reply.sdp.len, part, strlen(part));
}

/*
 * Any of them, at both levels. But whose candidates do not have the address of c= is told so
 * (command/agent_plan.c).
 */
static bool has_ice(struct reply reply)
{
	return (has(reply, "a=ice") && !has(reply, "a=ice-mismatch\r\n")) ||
	       has(reply, "candidate");
}

static bool knows(struct scene *scene, enum side side, const char *now, const char *before)
{
	const uint64_t *ice = conf_of(scene, 0)->side[side].ice;

	return ice[0] == stun_ufrag_id(str_of(now)) && ice[1] == stun_ufrag_id(str_of(before));
}

static void test_ice_goes(void)
{
	struct scene scene;

	scene_open(&scene);
	CU_ASSERT_FALSE(
		has_ice(offer(&scene, A_HEAD "a=ice-lite\r\n" AUDIO UFRAG("aaaa") FOREIGN OTHERS)));
	CU_ASSERT_TRUE(knows(&scene, SIDE_A, NULL, NULL));
	/* Not offered: no answer to it, even if it names the relay. */
	CU_ASSERT_FALSE(has_ice(answer(&scene, B_HEAD AUDIO UFRAG("bbbb") FOREIGN)));
	CU_ASSERT_TRUE(knows(&scene, SIDE_B, NULL, NULL));
	CU_ASSERT(scene_close(&scene));
}

static void test_ice_stays_where_our_address_is_a_candidate(void)
{
	static const char *const own[] = { "127.80.0.1", "127.80.0.2", "::1" };

	for (size_t i = 0; i < COUNT(own); i++) {
		struct scene scene;
		struct reply reply;
		char sdp[1024];

		scene_open(&scene);
		snprintf(sdp, sizeof(sdp),
			 A_HEAD "a=ice-lite\r\n" AUDIO UFRAG("aaaa") FOREIGN CANDIDATE("%s") OTHERS,
			 own[i]);
		reply = offer(&scene, sdp);
		CU_ASSERT_TRUE(has(reply, "a=ice-lite\r\n"));
		CU_ASSERT_TRUE(has(reply, "a=ice-ufrag:aaaa\r\na=ice-pwd:"));
		CU_ASSERT_TRUE(has(reply, " 192.0.2.1 30000 typ host\r\n"));
		CU_ASSERT_TRUE(has(reply, "a=end-of-candidates\r\n"));
		CU_ASSERT_TRUE(knows(&scene, SIDE_A, "aaaa", NULL));
		CU_ASSERT_TRUE(knows(&scene, SIDE_B, NULL, NULL));
		/* The answer has candidates of the phone alone, and stays too. */
		reply = answer(&scene, B_HEAD "a=ice-ufrag:bbbb\r\n" AUDIO FOREIGN);
		CU_ASSERT_TRUE(has(reply, "a=ice-ufrag:bbbb\r\n"));
		CU_ASSERT_TRUE(has(reply, " 192.0.2.1 30000 typ host\r\n"));
		CU_ASSERT_TRUE(knows(&scene, SIDE_A, "aaaa", NULL));
		CU_ASSERT_TRUE(knows(&scene, SIDE_B, "bbbb", NULL));
		CU_ASSERT(scene_close(&scene));
	}
}

/* The relay is behind a one-to-one NAT: phones know its other address. */
static void test_advertised_address_is_our_own(void)
{
	static const char *const interfaces[] = { "pub/127.80.0.1!203.0.113.20" };
	struct scene scene;

	scene_open_at(&scene, interfaces, COUNT(interfaces), 21000, 21199);
	CU_ASSERT_TRUE(has_ice(
		offer(&scene, A_HEAD AUDIO UFRAG("aaaa") FOREIGN CANDIDATE("203.0.113.20"))));
	CU_ASSERT(scene_close(&scene));
}

/* The fragment before counts until the next change. */
static void test_ice_restart(void)
{
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO UFRAG("aaaa") OWN);
	answer(&scene, B_HEAD AUDIO UFRAG("bbbb") FOREIGN);
	/* From here on, no candidate has to be ours. */
	CU_ASSERT_TRUE(has_ice(offer(&scene, A_HEAD AUDIO UFRAG("aaaa") FOREIGN)));
	CU_ASSERT_TRUE(knows(&scene, SIDE_A, "aaaa", NULL));
	CU_ASSERT_TRUE(knows(&scene, SIDE_B, "bbbb", NULL));
	CU_ASSERT_TRUE(has_ice(offer(&scene, A_HEAD AUDIO UFRAG("cccc") FOREIGN)));
	CU_ASSERT_TRUE(knows(&scene, SIDE_A, "cccc", "aaaa"));
	CU_ASSERT_TRUE(has_ice(answer(&scene, B_HEAD AUDIO UFRAG("dddd") FOREIGN)));
	CU_ASSERT_TRUE(knows(&scene, SIDE_B, "dddd", "bbbb"));
	/* Without ICE it ends for both. */
	offer(&scene, A_HEAD AUDIO);
	CU_ASSERT_TRUE(knows(&scene, SIDE_A, NULL, NULL));
	CU_ASSERT_TRUE(knows(&scene, SIDE_B, NULL, NULL));
	CU_ASSERT_FALSE(has_ice(answer(&scene, B_HEAD AUDIO UFRAG("bbbb") FOREIGN)));
	CU_ASSERT(scene_close(&scene));
}

static void test_flag_removes_ice_in_any_case(void)
{
	struct request request = base_request(A_HEAD AUDIO UFRAG("aaaa") OWN OTHERS);
	struct scene scene;

	scene_open(&scene);
	request.ice = REQUEST_ICE_REMOVE;
	CU_ASSERT_FALSE(has_ice(scene_run(&scene, command_offer, request)));
	CU_ASSERT_TRUE(knows(&scene, SIDE_A, NULL, NULL));
	CU_ASSERT_FALSE(has_ice(answer(&scene, B_HEAD AUDIO UFRAG("bbbb") FOREIGN)));
	/* ... also in the middle of a call that had it */
	request.ice = REQUEST_ICE_DEFAULT;
	CU_ASSERT_TRUE(has_ice(scene_run(&scene, command_offer, request)));
	answer(&scene, B_HEAD AUDIO UFRAG("bbbb") FOREIGN);
	request.ice = REQUEST_ICE_REMOVE;
	CU_ASSERT_FALSE(has_ice(scene_run(&scene, command_offer, request)));
	CU_ASSERT_TRUE(knows(&scene, SIDE_A, NULL, NULL));
	CU_ASSERT_TRUE(knows(&scene, SIDE_B, NULL, NULL));
	CU_ASSERT(scene_close(&scene));
}

/* A phone that answers without ICE: nothing passes. */
static void test_answer_without_ice(void)
{
	struct scene scene;

	scene_open(&scene);
	offer(&scene, A_HEAD AUDIO UFRAG("aaaa") OWN);
	CU_ASSERT_FALSE(has_ice(answer(&scene, B_HEAD AUDIO)));
	CU_ASSERT_TRUE(knows(&scene, SIDE_B, NULL, NULL));
	/* 183, then a 200 of the same phone. */
	CU_ASSERT_TRUE(has_ice(final_answer(&scene, B_HEAD AUDIO UFRAG("bbbb") FOREIGN)));
	CU_ASSERT_TRUE(knows(&scene, SIDE_B, "bbbb", NULL));
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(ice_plan, { "row 16: ICE goes", test_ice_goes },
	   { "row 16: ICE stays where our address is a candidate",
	     test_ice_stays_where_our_address_is_a_candidate },
	   { "row 16: the advertised address is our own", test_advertised_address_is_our_own },
	   { "row 16: ICE restart", test_ice_restart },
	   { "row 16: the flag removes ICE in any case", test_flag_removes_ice_in_any_case },
	   { "row 16: an answer without ICE", test_answer_without_ice });
