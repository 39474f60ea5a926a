/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_hour.c - calls of the last 60 minutes */
#include "daemon/stats/stats.h"
#include "tests/unit/test.h"

#define MINUTE INT64_C(60000)

static void test_calls_are_counted_for_an_hour(void)
{
	struct stats stats = { 0 };
	int64_t at = 1234567890;

	CU_ASSERT_EQUAL(stats_last_hour(&stats.unheard, at), 0);
	stats_unheard(&stats, at);
	stats_unheard(&stats, at + MINUTE / 2);
	stats_unheard(&stats, at + 30 * MINUTE);
	CU_ASSERT_EQUAL(stats_last_hour(&stats.unheard, at + 31 * MINUTE), 3);
	CU_ASSERT_EQUAL(stats_last_hour(&stats.unheard, at + 58 * MINUTE), 3);
	CU_ASSERT_EQUAL(stats_last_hour(&stats.unheard, at + 61 * MINUTE), 1);
	CU_ASSERT_EQUAL(stats_last_hour(&stats.unheard, at + 91 * MINUTE), 0);
	CU_ASSERT_EQUAL(stats_last_hour(&stats.unheard, at + 100000 * MINUTE), 0);
	CU_ASSERT_EQUAL(stats.calls_unheard, 3);
}

/* Whatever the pause before. */
static void test_old_minutes_do_not_come_back(void)
{
	for (int64_t pause = 1; pause < 200; pause++) {
		struct stats stats = { 0 };

		for (int64_t i = 0; i < 60; i++)
			stats_unheard(&stats, i * MINUTE);
		CU_ASSERT_EQUAL(stats_last_hour(&stats.unheard, 59 * MINUTE), 60);
		stats_unheard(&stats, (59 + pause) * MINUTE);
		CU_ASSERT_EQUAL(stats_last_hour(&stats.unheard, (59 + pause) * MINUTE),
				(uint64_t)(pause < 60 ? 61 - pause : 1));
	}
}

static void test_rebinds_are_counted_for_an_hour(void)
{
	struct stats stats = { 0 };

	stats_rebinds(&stats, 3, MINUTE);
	stats_rebinds(&stats, 0, 2 * MINUTE);
	stats_rebinds(&stats, 4, 30 * MINUTE);
	CU_ASSERT_EQUAL(stats_last_hour(&stats.rebinds, 59 * MINUTE), 7);
	CU_ASSERT_EQUAL(stats_last_hour(&stats.rebinds, 61 * MINUTE), 4);
	CU_ASSERT_EQUAL(stats_last_hour(&stats.unheard, 59 * MINUTE), 0);
}

TEST_SUITE(hour, { "rebinds are counted for an hour", test_rebinds_are_counted_for_an_hour },
	   { "calls are counted for an hour", test_calls_are_counted_for_an_hour },
	   { "old minutes do not come back", test_old_minutes_do_not_come_back });
