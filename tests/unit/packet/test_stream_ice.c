/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_stream_ice.c - STUN where the ICE lines were left in the SDP (rule R16, row 16 of issue F)
 */
#include "daemon/base/count.h"
#include "daemon/stun/stun.h"
#include "stream_scene.h"

static const char *const addrs[] = { "127.0.0.1", "::1" };

/* A message of 20 bytes and, with @username, that attribute. */
static struct stream *arrive_stun(struct stage *stage, int index, struct endpoint from,
				  unsigned int type, uint8_t transaction, const char *username)
{
	size_t len = username ? strlen(username) : 0, padded = (len + 3) & ~(size_t)3;
	uint8_t bytes[128] = { (uint8_t)(type >> 8), (uint8_t)type, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
	size_t size = username ? 4 + padded : 0;

	bytes[3] = (uint8_t)size;
	memset(bytes + 8, transaction, STUN_TRANSACTION);
	if (username) {
		bytes[21] = 6;
		bytes[23] = (uint8_t)len;
		memcpy(bytes + 24, username, len);
	}
	return arrive_bytes(stage, index, from, bytes, 20 + size);
}

#define REQUEST	   0x0001
#define INDICATION 0x0011
#define SUCCESS	   0x0101
#define FAILURE	   0x0111

/* Phones A and B have the ufrags "aaaa" and "bbbb"; by NG. */
static void open_ice(struct stage *stage, const char *addr)
{
	open_stage_at(stage, addr);
	stage->scene.conf.side[SIDE_A].ice[0] = stun_ufrag_id(STR("aaaa"));
	stage->scene.conf.side[SIDE_B].ice[0] = stun_ufrag_id(STR("bbbb"));
	signal_stage(stage);
}

/* "30 of 30", and their responses. */
static void test_row_16_checks_pass_from_the_exact_endpoint(void)
{
	for (size_t i = 0; i < COUNT(addrs); i++) {
		struct stage stage;

		open_ice(&stage, addrs[i]);
		for (uint8_t n = 0; n < 30; n++) {
			CU_ASSERT_PTR_EQUAL(arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP],
							REQUEST, n, "bbbb:aaaa"),
					    stream_at(&stage, B_RTP));
			CU_ASSERT_PTR_EQUAL(arrive_stun(&stage, B_RTP, stage.scene.phone_at[B_RTP],
							SUCCESS, n, NULL),
					    stream_at(&stage, A_RTP));
			CU_ASSERT_PTR_EQUAL(arrive_stun(&stage, B_RTP, stage.scene.phone_at[B_RTP],
							REQUEST, n, "aaaa:bbbb"),
					    stream_at(&stage, A_RTP));
			CU_ASSERT_PTR_EQUAL(arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP],
							FAILURE, n, NULL),
					    stream_at(&stage, B_RTP));
			CU_ASSERT_PTR_EQUAL(arrive_stun(&stage, A_RTCP,
							stage.scene.phone_at[A_RTCP], REQUEST, n,
							"bbbb:aaaa"),
					    stream_at(&stage, B_RTCP));
			stage.now_ms += 20;
		}
		close_stage(&stage);
	}
}

static void test_row_16_other_stun_is_dropped(void)
{
	static const struct {
		unsigned int type;
		const char *username;
	} rows[] = {
		{ REQUEST, NULL },	  { REQUEST, "" },	    { REQUEST, "bbbb" },
		{ REQUEST, "aaaa:bbbb" }, { REQUEST, "bbbb:cccc" }, { REQUEST, "cccc:aaaa" },
		{ REQUEST, "bbbb:" },	  { REQUEST, ":aaaa" },	    { REQUEST, "bbbb:aaaab" },
		{ REQUEST, ":" },	  { INDICATION, NULL },	    { INDICATION, "bbbb:aaaa" },
		{ SUCCESS, NULL },	  { SUCCESS, "bbbb:aaaa" }, { FAILURE, NULL },
		{ 0x0003, "bbbb:aaaa" },
	};
	struct stage stage;

	open_ice(&stage, "127.0.0.1");
	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_PTR_NULL(arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP],
					       rows[i].type, 1, rows[i].username));
	/* Three have no USERNAME: those are keep-alives. */
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->keepalives->received, 3);
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->drops[DROP_KIND], COUNT(rows) - 3);
	close_stage(&stage);
}

/* One of them is known, the other one not yet; or the ICE lines went. */
static void test_row_16_both_ufrags_have_to_be_known(void)
{
	struct stage stage;

	open_ice(&stage, "127.0.0.1");
	stage.scene.conf.side[SIDE_B].ice[0] = 0;
	signal_stage(&stage);
	CU_ASSERT_PTR_NULL(
		arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP], REQUEST, 1, "bbbb:aaaa"));
	CU_ASSERT_PTR_NULL(
		arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP], REQUEST, 1, ":aaaa"));
	close_stage(&stage);
}

/* Until an ICE restart is done, checks have the old fragments. */
static void test_row_16_the_ufrag_before_counts(void)
{
	struct stage stage;

	open_ice(&stage, "127.0.0.1");
	stage.scene.conf.side[SIDE_A].ice[1] = stage.scene.conf.side[SIDE_A].ice[0];
	stage.scene.conf.side[SIDE_A].ice[0] = stun_ufrag_id(STR("new"));
	signal_stage(&stage);
	CU_ASSERT_PTR_NOT_NULL(
		arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP], REQUEST, 1, "bbbb:aaaa"));
	CU_ASSERT_PTR_NOT_NULL(
		arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP], REQUEST, 2, "bbbb:new"));
	close_stage(&stage);
}

/* The last eight requests; a response to one that came from the same side is none. */
static void test_row_16_responses_are_to_requests_seen(void)
{
	struct stage stage;

	open_ice(&stage, "127.0.0.1");
	for (uint8_t n = 1; n <= STREAM_ASKED + 1; n++) {
		arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP], REQUEST, n, "bbbb:aaaa");
		/* sent again: the same transaction */
		arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP], REQUEST, n, "bbbb:aaaa");
	}
	CU_ASSERT_PTR_NULL(
		arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP], SUCCESS, 9, NULL));
	CU_ASSERT_PTR_NULL(arrive_stun(&stage, B_RTP, stage.scene.phone_at[B_RTP], SUCCESS,
				       STREAM_ASKED + 2, NULL));
	CU_ASSERT_PTR_NULL(
		arrive_stun(&stage, B_RTP, stage.scene.phone_at[B_RTP], SUCCESS, 1, NULL));
	for (uint8_t n = 2; n <= STREAM_ASKED + 1; n++)
		CU_ASSERT_PTR_NOT_NULL(
			arrive_stun(&stage, B_RTP, stage.scene.phone_at[B_RTP], SUCCESS, n, NULL));
	close_stage(&stage);
}

/* A stranger next door, even one who knows both fragments, and the transaction. */
static void test_row_16_stun_of_a_stranger_does_not_pass(void)
{
	static const char *const strangers[] = { "203.0.113.66:4000", "192.0.2.66:6666" };
	struct stage stage;

	for (size_t i = 0; i < COUNT(strangers); i++) {
		open_ice(&stage, "127.0.0.1");
		signal_nat(&stage, "203.0.113.9");
		for (int n = 0; n < 100; n++) {
			stage.now_ms += 20;
			CU_ASSERT_PTR_NULL(
				arrive_stun(&stage, A_RTP, place(strangers[i]), REQUEST, 1, NULL));
			CU_ASSERT_PTR_NULL(arrive_stun(&stage, A_RTP, place(strangers[i]), REQUEST,
						       2, "bbbb:aaaa"));
		}
		CU_ASSERT_EQUAL(latch_state(&stream_at(&stage, A_RTP)->latch), LATCH_WAIT);
		arrive_stun(&stage, A_RTP, place("203.0.113.9:5000"), REQUEST, 3, "bbbb:aaaa");
		CU_ASSERT_PTR_NOT_NULL(arrive_stun(&stage, B_RTP, stage.scene.phone_at[B_RTP],
						   REQUEST, 4, "aaaa:bbbb"));
		CU_ASSERT_PTR_NULL(
			arrive_stun(&stage, A_RTP, place(strangers[i]), SUCCESS, 4, NULL));
		CU_ASSERT_PTR_NOT_NULL(
			arrive_stun(&stage, A_RTP, place("203.0.113.9:5000"), SUCCESS, 4, NULL));
		close_stage(&stage);
	}
}

/* Behind a NAT: the checks tell where the phone is, and RTP of it takes the place. */
static void test_row_16_checks_teach_as_rule_r2_has_it(void)
{
	struct stage stage;

	open_ice(&stage, "127.0.0.1");
	signal_nat(&stage, "203.0.113.9");
	CU_ASSERT_PTR_EQUAL(
		arrive_stun(&stage, A_RTP, place("203.0.113.9:5000"), REQUEST, 1, "bbbb:aaaa"),
		stream_at(&stage, B_RTP));
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place("203.0.113.9:5000")));
	CU_ASSERT_EQUAL(latch_state(&stream_at(&stage, A_RTP)->latch), LATCH_LEARN);
	CU_ASSERT_PTR_NOT_NULL(arrive(&stage, A_RTP, place("203.0.113.9:5002")));
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place("203.0.113.9:5002")));
	close_stage(&stage);
}

/* Without it the phone would end the media. */
static void test_row_16_silenced_media_keeps_its_checks(void)
{
	struct stage stage;

	open_ice(&stage, "127.0.0.1");
	stage.scene.conf.side[SIDE_A].flags |= SIDE_SILENCE;
	signal_stage(&stage);
	CU_ASSERT_PTR_NOT_NULL(
		arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP], REQUEST, 1, "bbbb:aaaa"));
	close_stage(&stage);
}

TEST_SUITE(stream_ice,
	   { "row 16: checks pass from the exact endpoint",
	     test_row_16_checks_pass_from_the_exact_endpoint },
	   { "row 16: other STUN is dropped", test_row_16_other_stun_is_dropped },
	   { "row 16: both ufrags have to be known", test_row_16_both_ufrags_have_to_be_known },
	   { "row 16: the ufrag before counts", test_row_16_the_ufrag_before_counts },
	   { "row 16: responses are to requests seen", test_row_16_responses_are_to_requests_seen },
	   { "row 16: STUN of a stranger does not pass",
	     test_row_16_stun_of_a_stranger_does_not_pass },
	   { "row 16: checks teach as rule R2 has it", test_row_16_checks_teach_as_rule_r2_has_it },
	   { "row 16: silenced media keeps its checks",
	     test_row_16_silenced_media_keeps_its_checks });
