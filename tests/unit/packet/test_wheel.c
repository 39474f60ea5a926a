/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_wheel.c - what waits comes in its second, neither lost nor twice */
#include "daemon/base/count.h"
#include "daemon/packet/wheel.h"
#include "tests/unit/test.h"

#define START_MS 1000500

static void test_items_come_in_their_second(void)
{
	static const int64_t after_ms[] = { 31000, 0, 1, 999, 1500, 31000, 20000 };
	struct wheel_item items[COUNT(after_ms)];
	struct wheel wheel;
	size_t taken = 0;

	wheel_init(&wheel, 1000, START_MS);
	CU_ASSERT_EQUAL(wheel_next_ms(&wheel, START_MS), -1);
	for (size_t i = 0; i < COUNT(items); i++) {
		wheel_item_init(&items[i]);
		wheel_add(&wheel, &items[i], START_MS + after_ms[i], START_MS);
	}
	for (int64_t now_ms = START_MS; now_ms < START_MS + 40000; now_ms += 500) {
		struct wheel_item *item;

		while ((item = wheel_take(&wheel, now_ms))) {
			int64_t late_ms = now_ms - START_MS - after_ms[item - items];

			CU_ASSERT(late_ms >= 0 && late_ms <= 1000);
			taken++;
		}
	}
	CU_ASSERT_EQUAL(taken, COUNT(items));
	CU_ASSERT_EQUAL(wheel_next_ms(&wheel, START_MS + 40000), -1);
}

/* The thread sleeps until then. */
static void test_next_time_is_that_of_the_first(void)
{
	struct wheel_item items[64];
	struct wheel wheel;

	wheel_init(&wheel, 1000, START_MS);
	for (int64_t turn = 0; turn < 200; turn++) {
		int64_t now_ms = START_MS + turn * 1000, next_ms;

		wheel_take(&wheel, now_ms);
		for (int i = 0; i < 3; i++) {
			wheel_item_init(&items[i]);
			wheel_add(&wheel, &items[i], now_ms + 20000 - i * 7000, now_ms);
		}
		next_ms = wheel_next_ms(&wheel, now_ms);
		CU_ASSERT(next_ms >= now_ms + 6000 && next_ms < now_ms + 7000);
		wheel_remove(&wheel, &items[2]);
		next_ms = wheel_next_ms(&wheel, now_ms);
		CU_ASSERT(next_ms >= now_ms + 13000 && next_ms < now_ms + 14000);
		for (int i = 0; i < 3; i++)
			wheel_remove(&wheel, &items[i]);
		CU_ASSERT_EQUAL(wheel_next_ms(&wheel, now_ms), -1);
		CU_ASSERT_PTR_NULL(wheel_take(&wheel, now_ms));
	}
}

static void test_far_time_comes_earlier(void)
{
	struct wheel_item item;
	struct wheel wheel;
	int64_t next_ms;

	wheel_init(&wheel, 1000, START_MS);
	wheel_item_init(&item);
	wheel_add(&wheel, &item, START_MS + 3600000, START_MS);
	next_ms = wheel_next_ms(&wheel, START_MS);
	CU_ASSERT(next_ms > START_MS + 1000 && next_ms < START_MS + WHEEL_SLOTS * 1000);
	CU_ASSERT_PTR_EQUAL(wheel_take(&wheel, next_ms), &item);
}

/* The machine was suspended: all that waits is due, however many turns of the wheel later. */
static void test_late_thread_takes_all(void)
{
	for (int64_t late_ms = 32000; late_ms < 200000; late_ms += 1000) {
		struct wheel_item items[33];
		struct wheel wheel;
		size_t taken = 0;

		wheel_init(&wheel, 1000, START_MS);
		for (size_t i = 0; i < COUNT(items); i++) {
			wheel_item_init(&items[i]);
			wheel_add(&wheel, &items[i], START_MS + (int64_t)i * 1000 - 500, START_MS);
		}
		while (wheel_take(&wheel, START_MS + late_ms))
			taken++;
		CU_ASSERT_EQUAL(taken, COUNT(items));
		CU_ASSERT_EQUAL(wheel_next_ms(&wheel, START_MS + late_ms), -1);
	}
}

TEST_SUITE(wheel, { "items come in their second", test_items_come_in_their_second },
	   { "next time is that of the first", test_next_time_is_that_of_the_first },
	   { "far time comes earlier", test_far_time_comes_earlier },
	   { "late thread takes all", test_late_thread_takes_all });
