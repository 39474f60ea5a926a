/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_rtcp_ring.c - RTCP that passes is copied for the control thread, so many times at most */
#include "stream_scene.h"

static const uint8_t report_block[24] = { 0, 0, 0, 8, 1, 0, 0, 2, 0, 0, 0, 3 };

/* A receiver report with a block. */
static size_t rr(uint8_t *p)
{
	memcpy(p, (uint8_t[]){ 0x81, 201, 0, 7, 0, 0, 0, 7 }, 8);
	memcpy(p + 8, report_block, sizeof(report_block));
	return 32;
}

static void send_rr(struct stage *stage, int index)
{
	uint8_t p[32];
	size_t len = rr(p);

	CU_ASSERT_PTR_NOT_NULL(arrive_bytes(stage, index, stage->scene.phone_at[index], p, len));
}

static uint64_t lost(const struct stage *stage)
{
	struct worker_totals totals;

	worker_pool_totals(stage->scene.pool, &totals);
	return totals.rtcp_lost;
}

static void test_report_is_copied_whole(void)
{
	uint8_t expected[32];
	size_t len = rr(expected);
	struct stage stage;

	open_stage(&stage);
	send_rr(&stage, B_RTCP);
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.copied, 1);
	CU_ASSERT_EQUAL(stage.scene.copy.at_us, stage.now_ms * 1000);
	CU_ASSERT_EQUAL(stage.scene.copy.len, len);
	CU_ASSERT_EQUAL(memcmp(stage.scene.copy.data, expected, len), 0);
	CU_ASSERT_TRUE(endpoint_eq(&stage.scene.copy.source, &stage.scene.phone_at[B_RTCP]));
	CU_ASSERT_TRUE(endpoint_eq(&stage.scene.copy.local, &stage.scene.relay_at[B_RTCP]));
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.copied, 1);
	CU_ASSERT_EQUAL(lost(&stage), 0);
	close_stage(&stage);
}

static void test_only_reports_are_copied(void)
{
	uint8_t bye[] = { 0x81, 203, 0, 1, 0, 0, 0, 7 }, locked[36];
	struct stage stage;

	rr(locked);
	memset(locked + 32, 0xee, 4); /* SRTCP: no whole compound */
	open_stage(&stage);
	arrive_bytes(&stage, A_RTCP, stage.scene.phone_at[A_RTCP], bye, sizeof(bye));
	arrive_bytes(&stage, A_RTCP, stage.scene.phone_at[A_RTCP], locked, sizeof(locked));
	arrive_bytes(&stage, A_RTP, place("203.0.113.9:4000"), bye, sizeof(bye));
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.copied, 0);
	CU_ASSERT_EQUAL(lost(&stage), 0);
	close_stage(&stage);
}

/* The parts that fit, and no part of a part. */
static void test_long_compound_is_cut_between_parts(void)
{
	uint8_t p[1280];
	struct stage stage;

	for (size_t at = 0; at < sizeof(p);)
		at += rr(p + at);
	memcpy(p + 992, (uint8_t[]){ 0x80, 204, 0, 9 }, 4); /* 40 bytes: ends behind the copy */
	memcpy(p + 1032, (uint8_t[]){ 0x80, 204, 0, 61 }, 4);
	open_stage(&stage);
	CU_ASSERT_PTR_NOT_NULL(
		arrive_bytes(&stage, A_RTCP, stage.scene.phone_at[A_RTCP], p, sizeof(p)));
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.copied, 1);
	CU_ASSERT_EQUAL(stage.scene.copy.len, 992);
	close_stage(&stage);
}

/* Ten a second; each stream by itself. */
static void test_many_reports_of_one_stream_are_lost_and_counted(void)
{
	struct stage stage;

	open_stage(&stage);
	for (int i = 0; i < 50; i++) {
		send_rr(&stage, A_RTCP);
		stage.now_ms++;
	}
	send_rr(&stage, B_RTCP);
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.copied, 2);
	CU_ASSERT_EQUAL(lost(&stage), 49);
	stage.now_ms += 50; /* 100 ms after the first */
	send_rr(&stage, A_RTCP);
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.copied, 3);
	CU_ASSERT_EQUAL(lost(&stage), 49);
	close_stage(&stage);
}

static void test_full_ring_does_not_stop_media(void)
{
	struct stage stage;

	open_stage(&stage);
	for (int i = 0; i < RTCP_RING + 3; i++) {
		send_rr(&stage, A_RTCP);
		stage.now_ms += 100;
	}
	CU_ASSERT_EQUAL(lost(&stage), 3);
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.copied, RTCP_RING);
	send_rr(&stage, A_RTCP); /* there is room again */
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.copied, RTCP_RING + 1);
	CU_ASSERT_EQUAL(lost(&stage), 3);
	close_stage(&stage);
}

/* Its owner may be freed: the call has ended. */
static void test_copies_of_a_closed_bridge_are_dropped(void)
{
	struct stage stage;

	open_stage(&stage);
	send_rr(&stage, A_RTCP);
	bridge_close(stage.scene.bridge);
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.copied, 0);
	worker_pool_flush(stage.scene.pool);
	CU_ASSERT_TRUE(wait_events(&stage.scene, &stage.scene.closed, 1));
	close_stage(&stage);
}

/* By the real media thread and sockets: the copy wakes the control thread. */
static void test_media_thread_wakes_the_control_thread(void)
{
	struct scene scene;
	uint8_t p[32];
	size_t len = rr(p);

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	CU_ASSERT_EQUAL(sendto(scene.phone[A_RTCP], p, len, 0, &scene.relay_at[A_RTCP].sa,
			       endpoint_len(&scene.relay_at[A_RTCP])),
			(ssize_t)len);
	CU_ASSERT_TRUE(wait_events(&scene, &scene.copied, 1));
	CU_ASSERT_TRUE(endpoint_eq(&scene.copy.source, &scene.phone_at[A_RTCP]));
	close_scene(&scene);
}

TEST_SUITE(rtcp_ring, { "report is copied whole", test_report_is_copied_whole },
	   { "only reports are copied", test_only_reports_are_copied },
	   { "long compound is cut between parts", test_long_compound_is_cut_between_parts },
	   { "many reports of one stream are lost and counted",
	     test_many_reports_of_one_stream_are_lost_and_counted },
	   { "full ring does not stop media", test_full_ring_does_not_stop_media },
	   { "copies of a closed bridge are dropped", test_copies_of_a_closed_bridge_are_dropped },
	   { "media thread wakes the control thread", test_media_thread_wakes_the_control_thread });
