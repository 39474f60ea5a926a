/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_one_way.c - calls of which one side is not heard, while they last (row 12 of issue H) */
#include "daemon/admin/quality.h"
#include "daemon/base/count.h"
#include "daemon/call/one_way.h"
#include "tests/unit/packet/talk_scene.h"
#include "tests/unit/test_clock.h"

#define NOW 100000

static void test_side_that_is_not_heard(void)
{
	static const struct {
		int64_t heard_ms[2];
		bool quiet[2];
		int64_t since_ms;
		int side;
	} rows[] = {
		{ { NOW, NOW - 4000 }, { false }, 1000, -1 },
		{ { NOW, NOW - 5000 }, { false }, 1000, SIDE_B },
		{ { NOW - 5000, NOW }, { false }, 1000, SIDE_A },
		{ { NOW, 0 }, { false }, 1000, SIDE_B },
		{ { NOW, 0 }, { false }, NOW - 4999, -1 }, /* answered just now */
		{ { NOW, 0 }, { false, true }, 1000, -1 }, /* on hold */
		{ { NOW, 0 }, { true, false }, 1000, SIDE_B },
		{ { 0, 0 }, { false }, 1000, -1 },
		/* as the kernel was read some seconds ago */
		{ { NOW - 7000, NOW - 7000 }, { false }, 1000, -1 },
		{ { NOW - 7000, NOW - 12000 }, { false }, 1000, SIDE_B },
		/* both are silent by now */
		{ { NOW - 30000, NOW - 60000 }, { false }, 1000, -1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(
			one_way_side(rows[i].heard_ms, rows[i].quiet, rows[i].since_ms, NOW),
			rows[i].side);
}

static void let_time_pass(int64_t ms)
{
	test_clock_stop();
	test_clock_pass(ms);
	test_clock_go();
}

static const struct call *call_of(struct talk *t)
{
	return media_of(t)->dialog->call;
}

/* Sweeps until a round is over. */
static size_t swept(struct talk *t)
{
	struct sweep sweep = { .began_ms = 0 };

	do
		sweep_tick(&sweep, t->scene.calls, clock_ms());
	while (sweep.cursor.table);
	return t->scene.calls->one_way;
}

static void test_callee_falls_silent_in_user_space(void)
{
	uint64_t before;
	struct talk t;

	talk_open(&t, false);
	all_send(&t);
	UNTIL(&t,
	      report(&t, SIDE_A, COMP_RTP).packets_in && report(&t, SIDE_B, COMP_RTP).packets_in);
	CU_ASSERT_EQUAL(call_one_way(call_of(&t), clock_ms()), -1);
	CU_ASSERT_EQUAL(swept(&t), 0);
	let_time_pass(ONE_WAY_MS + 1000);
	CU_ASSERT_EQUAL(call_one_way(call_of(&t), clock_ms()), -1); /* both are silent */
	before = report(&t, SIDE_A, COMP_RTP).packets_in;
	phone_sends(&t, SIDE_A, COMP_RTP);
	phone_sends(&t, SIDE_B, COMP_RTCP); /* a phone that lives, but without a sound */
	UNTIL(&t, report(&t, SIDE_A, COMP_RTP).packets_in > before);
	CU_ASSERT_EQUAL(call_one_way(call_of(&t), clock_ms()), SIDE_B);
	CU_ASSERT_EQUAL(admin_media_mos(media_of(&t)), 100);
	CU_ASSERT_EQUAL(swept(&t), 1);
	phone_sends(&t, SIDE_B, COMP_RTP);
	UNTIL(&t, call_one_way(call_of(&t), clock_ms()) < 0);
	CU_ASSERT_NOT_EQUAL(admin_media_mos(media_of(&t)), 100);
	CU_ASSERT_EQUAL(swept(&t), 0);
	talk_close(&t);
}

/* The daemon sees no packets; what the kernel says counts. */
static void test_callee_falls_silent_in_the_kernel(void)
{
	struct media *media;
	struct talk t;

	talk_in_kernel(&t);
	media = media_of(&t);
	let_time_pass(ONE_WAY_MS + 1000);
	flow_of(&t, SIDE_A, COMP_RTP)->packets = 300;
	flow_of(&t, SIDE_B, COMP_RTP)->packets = 300;
	flow_of(&t, SIDE_A, COMP_RTP)->seen_ago_ms = 20;
	flow_of(&t, SIDE_B, COMP_RTP)->seen_ago_ms = 20;
	media_path_refresh(&media, 1);
	CU_ASSERT_EQUAL(call_one_way(call_of(&t), clock_ms()), -1);
	let_time_pass(ONE_WAY_MS + 1000);
	flow_of(&t, SIDE_B, COMP_RTP)->seen_ago_ms = ONE_WAY_MS + 1020;
	media_path_refresh(&media, 1);
	CU_ASSERT_EQUAL(call_one_way(call_of(&t), clock_ms()), SIDE_B);
	CU_ASSERT_EQUAL(swept(&t), 1);
	media->dialog->answered = false; /* early media comes from one side */
	CU_ASSERT_EQUAL(call_one_way(call_of(&t), clock_ms()), -1);
	talk_close(&t);
}

TEST_SUITE(one_way, { "a side that is not heard", test_side_that_is_not_heard },
	   { "a callee that falls silent in user space", test_callee_falls_silent_in_user_space },
	   { "a callee that falls silent in the kernel", test_callee_falls_silent_in_the_kernel });
