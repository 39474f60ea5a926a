/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_srtp_state.c - a context as bytes: there and back, after a restart, and refused
 */
#include <errno.h>
#include <stdlib.h>
#include "daemon/srtp/state.h"
#include "tests/unit/srtp/srtp_scene.h"

/* Packets of three SSRCs, some lost, some late, and SRTCP. */
static void talk(struct scene *scene)
{
	struct scene_packet packet;

	for (uint16_t i = 0; i < 200; i++) {
		CU_ASSERT_EQUAL(scene_seal(scene, &packet, (uint16_t)(65400 + i), i % 3), SRTP_OK);
		if (i % 5)
			CU_ASSERT_EQUAL(scene_hear(scene, &packet), SRTP_OK);
		scene->now += 20;
	}
	scene_rtcp(&packet, 4, 1);
	CU_ASSERT_EQUAL(rtcp_protect(scene->sender, &packet.at, scene->now), SRTP_OK);
	CU_ASSERT_EQUAL(rtcp_unprotect(scene->receiver, &packet.at, scene->now), SRTP_OK);
}

/* By way of its bytes. */
static void move(struct srtp **srtp, enum srtp_state_age age, int64_t now)
{
	struct srtp_state state;

	srtp_export(*srtp, now, &state);
	srtp_free(*srtp);
	CU_ASSERT_EQUAL_FATAL(srtp_import(&state, age, now, srtp), 0);
}

static void test_exports_what_it_imports(void)
{
	for (unsigned int suite = 1; suite <= SRTP_SUITES; suite++) {
		struct scene scene = scene_open(suite);
		struct srtp_state before, after;
		struct srtp *copy = NULL;

		talk(&scene);
		for (unsigned int receives = 0; receives < 2; receives++) {
			srtp_export(receives ? scene.receiver : scene.sender, scene.now, &before);
			CU_ASSERT_EQUAL(before.sources, 3);
			CU_ASSERT_EQUAL_FATAL(
				srtp_import(&before, SRTP_STATE_EXACT, scene.now + 5000, &copy), 0);
			srtp_export(copy, scene.now + 5000, &after);
			CU_ASSERT_TRUE(!memcmp(&before, &after, sizeof(before)));
			srtp_free(copy);
		}
		scene_close(&scene);
	}
}

/* As a restart does: from the indexes, and the key that is kept elsewhere. */
static void resume(struct srtp **srtp, const struct srtp_indexes *indexes, int64_t now)
{
	struct srtp_master master = (*srtp)->master;
	enum srtp_direction direction = (*srtp)->direction;

	srtp_free(*srtp);
	CU_ASSERT_EQUAL_FATAL(srtp_resume(&master, direction, indexes, now, srtp), 0);
}

/* Indexes are due with each SSRC and after 2^14 packets; from them ROC goes on, and no index is
 * used again.
 */
static void test_resumes_from_indexes(void)
{
	for (unsigned int suite = 1; suite <= SRTP_SUITES; suite++) {
		struct scene scene = scene_open(suite);
		struct srtp_indexes sent, heard;
		struct scene_packet rtcp;

		CU_ASSERT_FALSE(srtp_due(scene.sender) || srtp_due(scene.receiver));
		CU_ASSERT_EQUAL(scene_pass(&scene, 65530, 1), SRTP_OK);
		CU_ASSERT_TRUE(srtp_due(scene.sender) && srtp_due(scene.receiver));
		srtp_indexes(scene.sender, &sent);
		CU_ASSERT_FALSE(srtp_due(scene.sender));
		CU_ASSERT_EQUAL(scene_pass(&scene, 6, 1), SRTP_OK);
		CU_ASSERT_EQUAL(scene_pass(&scene, 30000, 1), SRTP_OK);
		CU_ASSERT_TRUE(srtp_due(scene.sender));
		scene_rtcp(&rtcp, 4, 1);
		CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &rtcp.at, scene.now), SRTP_OK);
		CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &rtcp.at, scene.now), SRTP_OK);
		srtp_indexes(scene.sender, &sent);
		srtp_indexes(scene.receiver, &heard);
		CU_ASSERT_EQUAL(heard.source[0].rtp_top, 65536 + 30000);
		CU_ASSERT_TRUE(srtp_indexes_valid(&sent) && srtp_indexes_valid(&heard));

		CU_ASSERT_EQUAL(scene_pass(&scene, 30001, 1), SRTP_OK);
		resume(&scene.sender, &sent, scene.now);
		resume(&scene.receiver, &heard, scene.now);
		CU_ASSERT_EQUAL(scene_seal(&scene, &rtcp, 29999, 1), SRTP_REPLAYED);
		CU_ASSERT_EQUAL(scene_pass(&scene, 46383, 1), SRTP_OK);
		CU_ASSERT_EQUAL(scene.receiver->sources[0].rtp.top, 65536 + 46383);
		scene_rtcp(&rtcp, 4, 1);
		CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &rtcp.at, scene.now), SRTP_OK);
		CU_ASSERT_EQUAL(scene.sender->rtcp_sent, 1 + SRTP_STATE_SKIP + 1);
		CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &rtcp.at, scene.now), SRTP_OK);
		scene_close(&scene);
	}
}

static void test_indexes_of_rtcp_become_due(void)
{
	struct scene scene = scene_open(SRTP_AEAD_AES_128_GCM);
	struct srtp_indexes sent;
	unsigned int n = 0;

	srtp_indexes(scene.sender, &sent);
	while (!srtp_due(scene.sender) && n < SRTP_STATE_SKIP) {
		struct scene_packet rtcp;

		scene_rtcp(&rtcp, 4, 1);
		CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &rtcp.at, scene.now), SRTP_OK);
		n++;
	}
	CU_ASSERT_EQUAL(n, SRTP_STATE_SKIP / 2);
	scene_close(&scene);
}

static void test_refuses_indexes_that_cannot_be(void)
{
	const struct srtp_indexes good = { .rtp_used = 1,
					   .sources = 2,
					   .source = { { .ssrc = 1, .rtp_top = 5 },
						       { .ssrc = 2 } } };
	struct srtp_indexes bad;

	CU_ASSERT_TRUE(srtp_indexes_valid(&good));
	for (unsigned int i = 0; i < 6; i++) {
		bad = good;
		if (i == 0)
			bad.sources = SRTP_SSRCS + 1;
		else if (i == 1)
			bad.rtp_used = 4;
		else if (i == 2)
			bad.rtcp_used = 4;
		else if (i == 3)
			bad.source[1].ssrc = 1;
		else if (i == 4)
			bad.source[0].rtp_top = SRTP_INDEX_MAX + 1;
		else
			bad.rtcp_sent = SRTCP_INDEX_MAX + 1U;
		CU_ASSERT_FALSE(srtp_indexes_valid(&bad));
	}
}

/* Nothing is lost, no index is used twice, replays stay replays. */
static void test_goes_on_exactly(void)
{
	struct scene scene = scene_open(SRTP_AEAD_AES_128_GCM);
	struct scene_packet early, late, rtcp;

	talk(&scene);
	CU_ASSERT_EQUAL(scene_seal(&scene, &early, 64, 1), SRTP_OK);
	CU_ASSERT_EQUAL(scene_seal(&scene, &late, 65, 1), SRTP_OK);
	CU_ASSERT_EQUAL(scene_pass(&scene, 66, 1), SRTP_OK);
	CU_ASSERT_EQUAL(scene_hear(&scene, &early), SRTP_OK);
	move(&scene.sender, SRTP_STATE_EXACT, scene.now);
	move(&scene.receiver, SRTP_STATE_EXACT, scene.now);
	CU_ASSERT_EQUAL(scene_hear(&scene, &early), SRTP_REPLAYED);
	CU_ASSERT_EQUAL(scene_hear(&scene, &late), SRTP_OK);
	CU_ASSERT_EQUAL(scene_seal(&scene, &late, 65, 1), SRTP_REPLAYED);
	CU_ASSERT_EQUAL(scene_pass(&scene, 67, 1), SRTP_OK);
	scene_rtcp(&rtcp, 4, 1);
	CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &rtcp.at, scene.now), SRTP_OK);
	CU_ASSERT_EQUAL(scene.sender->rtcp_sent, 2);
	CU_ASSERT_EQUAL(rtcp_unprotect(scene.receiver, &rtcp.at, scene.now), SRTP_OK);
	scene_close(&scene);
}

/* A journal's state, with packets since: they go on after a wrap, and SRTCP's index leaps. */
static void test_goes_on_after_a_restart(void)
{
	struct scene scene = scene_open(SRTP_AES_CM_128_SHA1_80);
	struct srtp_state sender, receiver;
	struct scene_packet packet;

	CU_ASSERT_EQUAL(scene_pass(&scene, 60000, 1), SRTP_OK);
	srtp_export(scene.sender, scene.now, &sender);
	srtp_export(scene.receiver, scene.now, &receiver);
	CU_ASSERT_EQUAL(scene_pass(&scene, 10000, 1), SRTP_OK);
	srtp_free(scene.sender);
	srtp_free(scene.receiver);
	CU_ASSERT_EQUAL_FATAL(srtp_import(&sender, SRTP_STATE_STALE, scene.now, &scene.sender), 0);
	CU_ASSERT_EQUAL_FATAL(srtp_import(&receiver, SRTP_STATE_STALE, scene.now, &scene.receiver),
			      0);
	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 59999, 1), SRTP_REPLAYED);
	CU_ASSERT_EQUAL(scene_pass(&scene, 10001, 1), SRTP_OK);
	CU_ASSERT_EQUAL(srtp_source_find(scene.receiver, 1)->rtp.top, 65536 + 10001);
	scene_rtcp(&packet, 4, 1);
	CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &packet.at, scene.now), SRTP_OK);
	CU_ASSERT_EQUAL(scene.sender->rtcp_sent, SRTP_STATE_SKIP + 1);
	move(&scene.sender, SRTP_STATE_EXACT, scene.now);
	scene.sender->rtcp_sent = SRTCP_INDEX_MAX - SRTP_STATE_SKIP;
	move(&scene.sender, SRTP_STATE_STALE, scene.now);
	CU_ASSERT_EQUAL(rtcp_protect(scene.sender, &packet.at, scene.now), SRTP_ENDED);
	scene_close(&scene);
}

/* SSRCs that were replaced stay so. */
static void test_keeps_what_was_replaced(void)
{
	struct scene scene = scene_open(SRTP_AES_CM_128_SHA1_80);
	struct scene_packet packet;

	for (uint32_t i = 0; i <= SRTP_SSRCS; i++) {
		CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 1, i), SRTP_OK);
		scene.now += SRTP_IDLE_MS;
	}
	move(&scene.sender, SRTP_STATE_EXACT, scene.now);
	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 1, 0), SRTP_CROWDED);
	CU_ASSERT_EQUAL(scene_seal(&scene, &packet, 2, 1), SRTP_OK);
	scene_close(&scene);
}

static int import_error(const struct srtp_state *state)
{
	struct srtp *srtp = NULL;
	int error = srtp_import(state, SRTP_STATE_EXACT, 1000, &srtp);

	srtp_free(srtp);
	return error;
}

#define REFUSES(state, change)                                                                     \
	do {                                                                                       \
		struct srtp_state changed = (state);                                               \
		changed.change;                                                                    \
		CU_ASSERT_EQUAL(import_error(&changed), -EINVAL);                                  \
	} while (0)

static void test_refuses_other_bytes(void)
{
	struct scene scene = scene_open(SRTP_AES_CM_128_SHA1_80);
	struct srtp_state state;

	talk(&scene);
	srtp_export(scene.receiver, scene.now, &state);
	REFUSES(state, version = 2);
	REFUSES(state, suite = 0);
	REFUSES(state, suite = SRTP_SUITES + 1);
	REFUSES(state, direction = 2);
	REFUSES(state, mki_len = SRTP_MKI_MAX + 1);
	REFUSES(state, sources = SRTP_SSRCS + 1);
	REFUSES(state, rtcp_sent = SRTCP_INDEX_MAX + 1);
	REFUSES(state, source[2].rtp_top = SRTP_INDEX_MAX + 1);
	REFUSES(state, source[2].rtcp_top = SRTCP_INDEX_MAX + 1);
	REFUSES(state, source[1].rtp_used[0] = 2);
	REFUSES(state, source[1].rtcp_used[1] = 1);
	REFUSES(state, source[0].silent_ms = UINT64_MAX);
	REFUSES(state, source[2].ssrc = state.source[0].ssrc);
	scene_close(&scene);
}

static void test_fails_without_memory(void)
{
	struct scene scene = scene_open(SRTP_AEAD_AES_128_GCM);
	struct srtp_state state;
	struct srtp *srtp;
	int error;

	srtp_export(scene.receiver, scene.now, &state);
	ALLOC_FAILS_AT_EACH
	{
		error = srtp_import(&state, SRTP_STATE_EXACT, scene.now, &srtp);
		CU_ASSERT_EQUAL(error, alloc_failed() ? -ENOMEM : 0);
		if (!error)
			srtp_free(srtp);
	}
	scene_close(&scene);
}

TEST_SUITE(srtp_state, { "exports what it imports", test_exports_what_it_imports },
	   { "goes on exactly", test_goes_on_exactly },
	   { "goes on after a restart", test_goes_on_after_a_restart },
	   { "keeps what was replaced", test_keeps_what_was_replaced },
	   { "refuses other bytes", test_refuses_other_bytes },
	   { "fails without memory", test_fails_without_memory },
	   { "resumes from indexes", test_resumes_from_indexes },
	   { "indexes of RTCP become due", test_indexes_of_rtcp_become_due },
	   { "refuses indexes that cannot be", test_refuses_indexes_that_cannot_be });
