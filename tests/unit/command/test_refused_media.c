/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_refused_media.c - port 0 in an answer: when the ports of that m= line are closed
 */
#include "daemon/base/count.h"
#include "daemon/call/dialog.h"
#include "daemon/call/media.h"
#include "tests/unit/call/call_scene.h"

static const char refusal[] = SDP_AT("192.0.2.2", "0");

static const struct media *audio(struct scene *scene)
{
	return the_call(scene)->dialogs->media[0];
}

/* A 183 with port 0, then a 200 with a port: the callee sends to the port in the offer. */
static void test_media_refused_at_first_keeps_its_ports(void)
{
	static const int codes[] = { 0, 183 };

	for (size_t i = 0; i < COUNT(codes); i++) {
		const struct media *media;
		struct endpoint to_a;
		struct scene scene;
		int to_b;

		scene_open(&scene);
		to_b = OFFER("a");
		media = audio(&scene);
		ANSWER("a", "b", NULL, refusal, 0, codes[i]);
		to_a = media_advertised(media, SIDE_A, COMP_RTP);
		CU_ASSERT_EQUAL(ANSWER("a", "b"), endpoint_port(&to_a));
		CU_ASSERT_PTR_EQUAL(audio(&scene), media);
		CU_ASSERT_EQUAL(OFFER("a", "b"), to_b);
		CU_ASSERT(scene_close(&scene));
	}
}

static void test_final_answer_closes_what_it_refuses(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a");
	ANSWER("a", "b", NULL, refusal);
	ANSWER("a", "b", NULL, refusal, 0, 200);
	CU_ASSERT_PTR_NULL(audio(&scene));
	CU_ASSERT(scene_settle(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 0);
	CU_ASSERT(scene_close(&scene));
}

/* Without sip-code, what the party has accepted before is over when it refuses it. */
static void test_refusal_of_an_accepted_media_closes_it(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a");
	ANSWER("a", "b");
	OFFER("a", "b", NULL, SDP_AT("192.0.2.1", "0"));
	CU_ASSERT_PTR_NOT_NULL(audio(&scene));
	ANSWER("a", "b", NULL, refusal);
	CU_ASSERT_PTR_NULL(audio(&scene));
	CU_ASSERT(scene_close(&scene));
}

static void test_next_offer_with_port_0_closes_what_was_refused(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a");
	ANSWER("a", "b", NULL, refusal);
	CU_ASSERT_PTR_NOT_NULL(audio(&scene));
	OFFER("a", "b", NULL, SDP_AT("192.0.2.1", "0"));
	CU_ASSERT_PTR_NULL(audio(&scene));
	CU_ASSERT(scene_close(&scene));
}

/* A refused video must not shorten the time-out of a call whose audio is on hold. */
static void test_refused_media_counts_as_held(void)
{
	struct scene scene;

	scene_open(&scene);
	OFFER("a", NULL, NULL,
	      SDP_AT("192.0.2.1", "4000") "a=sendonly\r\nm=video 4010 RTP/AVP 96\r\n");
	ANSWER("a", "b", NULL,
	       SDP_AT("192.0.2.2", "5000") "a=recvonly\r\nm=video 0 RTP/AVP 96\r\n");
	CU_ASSERT_TRUE(dialog_on_hold(the_call(&scene)->dialogs));
	ANSWER("a", "b", NULL,
	       SDP_AT("192.0.2.2", "5000") "a=recvonly\r\nm=video 5010 RTP/AVP 96\r\n");
	CU_ASSERT_FALSE(dialog_on_hold(the_call(&scene)->dialogs));
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(refused_media,
	   { "media refused at first keeps its ports",
	     test_media_refused_at_first_keeps_its_ports },
	   { "final answer closes what it refuses", test_final_answer_closes_what_it_refuses },
	   { "refusal of an accepted media closes it",
	     test_refusal_of_an_accepted_media_closes_it },
	   { "next offer with port 0 closes what was refused",
	     test_next_offer_with_port_0_closes_what_was_refused },
	   { "refused media counts as held", test_refused_media_counts_as_held });
