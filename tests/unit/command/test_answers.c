/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_answers.c - which offer opens its side of a media, and which of its answers does so again
 */
#include "daemon/base/count.h"
#include "command_scene.h"

static struct reply answer_with(struct scene *scene, const char *sdp, unsigned int code)
{
	struct request request = base_request(sdp);

	request.to_tag = STR("b");
	request.sip_code = (uint16_t)code;
	return scene_run(scene, command_answer, request);
}

/* What the last command was for a side. */
static enum latch_step step_of(struct scene *scene, enum side side)
{
	return update_spy_step(the_dialog(scene)->media[0]->bridge, side);
}

static void open_call(struct scene *scene)
{
	scene_open(scene);
	offer(scene, A_HEAD AUDIO);
	answer_with(scene, B_HEAD AUDIO, 200);
}

static void test_r9_r14_offer_and_its_answers(void)
{
	/* Up to three answers to a second offer of A, by their codes; 0: none is told. */
	static const struct {
		unsigned int code[3];
		enum latch_step step[3]; /* of the offering side */
		bool final[3];		 /* R14: the answering side's media may change now */
	} rows[] = {
		{ { 200, 200, 200 }, { LATCH_ANSWER, LATCH_NO_STEP, LATCH_NO_STEP }, { 0 } },
		{ { 183, 183, 200 }, { LATCH_EARLY, LATCH_NO_STEP, LATCH_ANSWER }, { 0, 0, 1 } },
		{ { 183, 200, 200 }, { LATCH_EARLY, LATCH_ANSWER, LATCH_NO_STEP }, { 0, 1, 0 } },
		{ { 0, 0, 0 }, { LATCH_ANSWER, LATCH_ANSWER, LATCH_NO_STEP }, { 0, 1, 0 } },
		{ { 0, 200, 0 }, { LATCH_ANSWER, LATCH_ANSWER, LATCH_NO_STEP }, { 0, 1, 0 } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;

		open_call(&scene);
		offer(&scene, A_HEAD "m=audio 4002 RTP/AVP 0\r\n");
		CU_ASSERT_EQUAL(step_of(&scene, SIDE_A), LATCH_OFFER);
		CU_ASSERT_EQUAL(step_of(&scene, SIDE_B), LATCH_NO_STEP);
		for (int n = 0; n < 3; n++) {
			answer_with(&scene, B_HEAD AUDIO, rows[i].code[n]);
			CU_ASSERT_EQUAL(step_of(&scene, SIDE_A), rows[i].step[n]);
			CU_ASSERT_EQUAL(change_of(&scene, SIDE_A), LATCH_KEEP);
			CU_ASSERT_EQUAL(step_of(&scene, SIDE_B) == LATCH_FINAL, rows[i].final[n]);
		}
		CU_ASSERT(scene_close(&scene));
	}
}

/* The offer is in the 200 to an INVITE without SDP, the answer in the ACK. */
static void test_r9_offer_of_the_answered_party(void)
{
	struct request request = base_request(B_HEAD "m=audio 4002 RTP/AVP 0\r\n");
	struct scene scene;

	open_call(&scene);
	request.from_tag = STR("b");
	request.to_tag = STR("a");
	CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	CU_ASSERT_EQUAL(step_of(&scene, SIDE_B), LATCH_OFFER);
	CU_ASSERT_EQUAL(change_of(&scene, SIDE_B), LATCH_REOPEN);
	request.sdp = STR(A_HEAD AUDIO);
	CU_ASSERT_EQUAL(scene_run(&scene, command_answer, request).code, REPLY_OK);
	CU_ASSERT_EQUAL(step_of(&scene, SIDE_B), LATCH_ANSWER);
	CU_ASSERT(scene_close(&scene));
}

/* Row 14: the call begins with a 183. */
static void test_r14_first_answer_is_provisional(void)
{
	static const unsigned int codes[] = { 183, 0 };

	for (size_t i = 0; i < COUNT(codes); i++) {
		struct scene scene;

		scene_open(&scene);
		offer(&scene, A_HEAD AUDIO);
		answer_with(&scene, B_HEAD AUDIO, codes[i]);
		CU_ASSERT_EQUAL(step_of(&scene, SIDE_B), LATCH_NO_STEP);
		answer_with(&scene, B_HEAD AUDIO, codes[i] ? 200 : 0);
		CU_ASSERT_EQUAL(step_of(&scene, SIDE_B), LATCH_FINAL);
		CU_ASSERT_EQUAL(change_of(&scene, SIDE_B), LATCH_KEEP);
		answer_with(&scene, B_HEAD AUDIO, codes[i] ? 200 : 0);
		CU_ASSERT_EQUAL(step_of(&scene, SIDE_B), LATCH_NO_STEP);
		CU_ASSERT(scene_close(&scene));
	}
}

TEST_SUITE(answers, { "R9, R14: an offer and its answers", test_r9_r14_offer_and_its_answers },
	   { "R14: the first answer is provisional", test_r14_first_answer_is_provisional },
	   { "R9: offer of the answered party", test_r9_offer_of_the_answered_party });
