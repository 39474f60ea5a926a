/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_dtmf.c - telephone-events of a stream: reported, dropped, counted */
#include "daemon/packet/dtmf.h"
#include "stream_scene.h"

#define EVENT 101

/* An update of the key; @duration 0xffff.. ends nothing. */
static size_t event(struct stage *stage, uint8_t *p, uint8_t key, bool end, uint32_t timestamp)
{
	size_t len = rtp(p, EVENT, ++stage->seq, stage->ssrc);

	len = 16;
	memcpy(p + 4, (uint8_t[]){ 0, 0, (uint8_t)(timestamp >> 8), (uint8_t)timestamp }, 4);
	memcpy(p + 12, (uint8_t[]){ key, end ? 0x8a : 0x0a, 0x02, 0x80 }, 4);
	return len;
}

static struct stream *press(struct stage *stage, int index, uint8_t key, bool end,
			    uint32_t timestamp)
{
	uint8_t p[172];
	size_t len = event(stage, p, key, end, timestamp);

	return arrive_bytes(stage, index, stage->scene.phone_at[index], p, len);
}

static void open_with(struct stage *stage, uint32_t flags)
{
	open_stage(stage);
	stage->scene.conf.events[SIDE_A][1] = EVENT;
	stage->scene.conf.clocks[0].pt = EVENT;
	stage->scene.conf.clocks[0].clock = 8000;
	stage->scene.conf.side[SIDE_A].flags = flags;
	signal_stage(stage);
	arrive(stage, A_RTP, stage->scene.phone_at[A_RTP]);
	arrive(stage, B_RTP, stage->scene.phone_at[B_RTP]);
}

static uint64_t lost(const struct stage *stage)
{
	struct worker_totals totals;

	worker_pool_totals(stage->scene.pool, &totals);
	return totals.dtmf_lost;
}

static void test_flags_decide(void)
{
	static const struct {
		uint32_t flags;
		bool passes, told, blocked;
		enum stream_drop why;
	} rows[] = {
		{ 0, true, false, false, DROP_COUNT },
		{ SIDE_DTMF, true, true, false, DROP_COUNT },
		{ SIDE_DTMF_BLOCK, false, false, false, DROP_DTMF },
		{ SIDE_DTMF | SIDE_DTMF_BLOCK, false, true, true, DROP_DTMF },
		{ SIDE_DTMF | SIDE_BLOCK, false, true, true, DROP_BLOCKED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stream before;
		struct stage stage;

		open_with(&stage, rows[i].flags);
		before = *stream_at(&stage, A_RTP);
		CU_ASSERT_EQUAL(!!press(&stage, A_RTP, 5, true, 800), rows[i].passes);
		worker_pool_dispatch(stage.scene.pool);
		CU_ASSERT_EQUAL(stage.scene.pressed, rows[i].told);
		CU_ASSERT_EQUAL(stage.scene.key.blocked, rows[i].blocked);
		if (rows[i].why != DROP_COUNT)
			CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->drops[rows[i].why],
					before.drops[rows[i].why] + 1);
		/* It is no loss, and audio is not concerned. */
		CU_ASSERT_EQUAL(!!arrive(&stage, A_RTP, stage.scene.phone_at[A_RTP]),
				!(rows[i].flags & SIDE_BLOCK));
		CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->rtp.received, before.rtp.received + 2);
		close_stage(&stage);
	}
}

static void test_key_is_told_with_its_source(void)
{
	struct stage stage;

	open_with(&stage, SIDE_DTMF);
	stage.now_ms += 5;
	CU_ASSERT_PTR_NOT_NULL(press(&stage, A_RTP, 11, false, 800));
	CU_ASSERT_PTR_NOT_NULL(press(&stage, A_RTP, 11, true, 800));
	CU_ASSERT_PTR_NOT_NULL(press(&stage, A_RTP, 11, true, 800));
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.pressed, 1);
	CU_ASSERT_EQUAL(stage.scene.key.event.event, 11);
	CU_ASSERT_EQUAL(stage.scene.key.event.duration, 640);
	CU_ASSERT_EQUAL(stage.scene.key.event.volume, 10);
	CU_ASSERT_EQUAL(stage.scene.key.clock, 8000);
	CU_ASSERT_EQUAL(stage.scene.key.side, SIDE_A);
	CU_ASSERT_EQUAL(stage.scene.key.at_us, stage.now_ms * 1000);
	CU_ASSERT_TRUE(endpoint_eq(&stage.scene.key.source, &stage.scene.phone_at[A_RTP]));
	close_stage(&stage);
}

/* The types of a side are those that it sends; short packets are forwarded, and tell nothing. */
static void test_other_packets_are_no_keys(void)
{
	struct stage stage;
	uint8_t p[172];

	open_with(&stage, SIDE_DTMF);
	stage.scene.conf.side[SIDE_B].flags = SIDE_DTMF;
	signal_stage(&stage);
	CU_ASSERT_PTR_NOT_NULL(press(&stage, B_RTP, 5, true, 800));
	event(&stage, p, 5, true, 1600);
	CU_ASSERT_PTR_NOT_NULL(arrive_bytes(&stage, A_RTP, stage.scene.phone_at[A_RTP], p, 15));
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.pressed, 0);
	close_stage(&stage);
}

static void test_stranger_presses_nothing(void)
{
	struct stage stage;
	uint8_t p[172];
	size_t len;

	open_with(&stage, SIDE_DTMF);
	arrive_for(&stage, 4000, A_RTP, stage.scene.phone_at[A_RTP]);
	len = event(&stage, p, 5, true, 800);
	CU_ASSERT_PTR_NULL(arrive_bytes(&stage, A_RTP, place("127.9.9.9:4444"), p, len));
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.pressed, 0);
	close_stage(&stage);
}

/* A flood of keys costs the control thread little, and is counted. */
static void test_too_many_keys_are_counted(void)
{
	struct stage stage;

	open_with(&stage, SIDE_DTMF);
	for (uint32_t i = 0; i < DTMF_BURST + 5; i++)
		press(&stage, A_RTP, 1, true, 800 * i);
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.pressed, DTMF_BURST);
	CU_ASSERT_EQUAL(lost(&stage), 5);
	stage.now_ms += DTMF_BURST_MS;
	press(&stage, A_RTP, 1, true, 60000);
	worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.pressed, DTMF_BURST + 1);
	close_stage(&stage);
}

/* By the thread: nothing comes after the key, and it is told nevertheless. */
static void test_lost_end_is_told_after_a_gap(void)
{
	int64_t until_ms = test_real_ms() + DEADLINE_MS;
	struct stage stage;
	uint8_t p[172];
	size_t len;

	open_with(&stage, SIDE_DTMF);
	stage.now_ms = clock_ms();
	len = event(&stage, p, 7, false, 800);
	arrive_bytes(&stage, A_RTP, stage.scene.phone_at[A_RTP], p, len);
	CU_ASSERT_NOT_EQUAL(stage.scene.bridge->dtmf->due_ms, 0);
	dtmf_visit(stage.scene.bridge->dtmf, (stage.now_ms + DTMF_GAP_MS - 1) * 1000);
	CU_ASSERT_NOT_EQUAL(stage.scene.bridge->dtmf->due_ms, 0);
	dtmf_visit(stage.scene.bridge->dtmf, (stage.now_ms + DTMF_GAP_MS) * 1000);
	CU_ASSERT_EQUAL(stage.scene.bridge->dtmf->due_ms, 0);
	while (!stage.scene.pressed && test_real_ms() < until_ms)
		worker_pool_dispatch(stage.scene.pool);
	CU_ASSERT_EQUAL(stage.scene.pressed, 1);
	CU_ASSERT_TRUE(stage.scene.key.event.end_lost);
	CU_ASSERT_EQUAL(stage.scene.key.event.event, 7);
	close_stage(&stage);
}

TEST_SUITE(dtmf, { "flags decide", test_flags_decide },
	   { "key is told with its source", test_key_is_told_with_its_source },
	   { "other packets are no keys", test_other_packets_are_no_keys },
	   { "stranger presses nothing", test_stranger_presses_nothing },
	   { "too many keys are counted", test_too_many_keys_are_counted },
	   { "lost end is told after a gap", test_lost_end_is_told_after_a_gap });
