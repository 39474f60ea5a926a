/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_record_orders.c - pauses that wait are merged so that nothing of a pause is written */
#include "daemon/record/orders.h"
#include "tests/unit/test.h"

/* The turns from @first to @n, at 1, 2, ... microseconds: pause, go on, pause, ... */
static void order(struct record_orders *orders, int first, int n)
{
	for (int i = first; i <= n; i++) {
		const struct record_turn turn = { i % 2, i, i * 1000 };

		CU_ASSERT_TRUE(record_orders_pause(orders, &turn));
		CU_ASSERT_FALSE(record_orders_pause(orders, &turn)); /* the same again */
	}
}

/* @paused: before the first turn */
static bool is_paused(const struct record_orders *orders, int64_t at_us, bool paused)
{

	for (size_t i = 0; i < orders->n_turns && orders->turn[i].at_us <= at_us; i++)
		paused = orders->turn[i].paused;
	return paused;
}

static void test_each_pause_is_one(void)
{
	struct record_orders orders = { 0 };

	order(&orders, 1, RECORD_TURNS);
	CU_ASSERT_EQUAL(orders.n_turns, RECORD_TURNS);
	for (int i = 1; i <= RECORD_TURNS; i++)
		CU_ASSERT_EQUAL(is_paused(&orders, i, false), i % 2);
	CU_ASSERT_EQUAL(orders.turn[2].at_ns, 3000);
}

/* Of the turns from @first to @n; the thread has taken those before. */
static void check_merged(const struct record_orders *orders, int first, int n)
{
	bool paused = first % 2 == 0;

	CU_ASSERT(orders->n_turns <= RECORD_TURNS);
	for (size_t i = 0; i < orders->n_turns; i++)
		CU_ASSERT_EQUAL(orders->turn[i].paused, (i % 2 == 0) != paused);
	for (int i = first; i <= n; i++)
		if (i % 2)
			CU_ASSERT_TRUE(is_paused(orders, i, paused));
	CU_ASSERT_EQUAL(is_paused(orders, n, paused), n % 2);
	CU_ASSERT_EQUAL(orders->paused, n % 2);
	CU_ASSERT_FALSE(is_paused(orders, 2, paused)); /* the first ones are as they were ordered */
}

static void test_of_too_many_some_become_one(void)
{
	for (int n = RECORD_TURNS + 1; n < 5 * RECORD_TURNS; n++) {
		struct record_orders orders = { 0 };

		order(&orders, 1, n);
		check_merged(&orders, 1, n);
		orders = (struct record_orders){ 0 };
		order(&orders, 1, 1);
		orders.n_turns = 0; /* in a pause */
		order(&orders, 2, n);
		check_merged(&orders, 2, n);
	}
}

static void test_what_is_left_out_stays_out(void)
{
	struct record_orders orders = { 0 };

	CU_ASSERT_FALSE(record_orders_has_left(&orders, 7));
	CU_ASSERT_TRUE(record_orders_leave(&orders, 7));
	CU_ASSERT_FALSE(record_orders_leave(&orders, 7));
	CU_ASSERT_TRUE(record_orders_leave(&orders, 9));
	CU_ASSERT_TRUE(record_orders_has_left(&orders, 7));
	CU_ASSERT_TRUE(record_orders_has_left(&orders, 9));
	CU_ASSERT_FALSE(record_orders_has_left(&orders, 8));
	for (uint32_t tap = 10; tap < 100; tap++)
		record_orders_leave(&orders, tap);
	CU_ASSERT_EQUAL(orders.n_left, RECORD_MEDIAS);
}

TEST_SUITE(record_orders, { "each pause is one", test_each_pause_is_one },
	   { "of too many some become one", test_of_too_many_some_become_one },
	   { "what is left out stays out", test_what_is_left_out_stays_out });
