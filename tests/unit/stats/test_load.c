/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_load.c - how busy the host is, from the texts of /proc */
#include "daemon/base/count.h"
#include "daemon/stats/load.h"
#include "tests/unit/test.h"

static void test_busy_part_is_between_two_samples(void)
{
	struct load load = { 0 };

	CU_ASSERT(load_take(&load, "0.50 0.4 0.3 1/2 3\n", "cpu  100 0 100 800 0 0 0 0 0 0\n"));
	CU_ASSERT_EQUAL(load.average, 0.5);
	CU_ASSERT_EQUAL(load.busy, 0); /* no sample before */
	/* user, nice, system, irq, softirq and steal are work; idle and iowait are not. */
	CU_ASSERT(load_take(&load, "12.25 1 1 1/2 3\n", "cpu  110 10 110 820 20 10 10 10 7 7\n"));
	CU_ASSERT_EQUAL(load.average, 12.25);
	CU_ASSERT_DOUBLE_EQUAL(load.busy, 60, 0.001);
	/* The kernel may count iowait down: less work than before is no work. */
	CU_ASSERT(load_take(&load, "1 1 1 1/2 3\n", "cpu  110 10 110 1000 0 10 10 0 0 0\n"));
	CU_ASSERT_EQUAL(load.busy, 0);
	CU_ASSERT(load_take(&load, "1 1 1 1/2 3\n", "cpu  210 10 110 1000 0 10 10 0 0 0\n"));
	CU_ASSERT_DOUBLE_EQUAL(load.busy, 100, 0.001);
}

static void test_other_texts_are_refused(void)
{
	static const struct {
		const char *loadavg, *stat;
	} rows[] = {
		{ "", "cpu  1 2 3 4\n" },    { "x 1", "cpu  1 2 3 4\n" }, { "1 1", "" },
		{ "1 1", "cpu0 1 2 3 4\n" }, { "1 1", "cpu  1 2 3\n" },
	};
	struct load load = { .average = 3, .busy = 4 };

	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_FALSE(load_take(&load, rows[i].loadavg, rows[i].stat));
	CU_ASSERT_EQUAL(load.average, 3);
	CU_ASSERT_EQUAL(load.busy, 4);
	/* Old kernels have fewer columns. */
	CU_ASSERT(load_take(&load, "1 1", "cpu  1 2 3 4\n"));
}

static void test_this_host_is_read(void)
{
	struct load load = { 0 };

	load_sample(&load);
	CU_ASSERT_FALSE(load.failed);
	CU_ASSERT(load.ticks[1] > 0);
}

TEST_SUITE(load, { "the busy part is between two samples", test_busy_part_is_between_two_samples },
	   { "other texts are refused", test_other_texts_are_refused },
	   { "this host is read", test_this_host_is_read });
