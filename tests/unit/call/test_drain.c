/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_drain.c - drain lasts over restarts, unless it is told not to (row 8 of issue H) */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "daemon/call/drain.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

/* Does the next daemon with this directory refuse new calls? */
static bool drains_after_restart(const char *dir)
{
	struct call_table next = { .draining = false };
	bool draining;

	CU_ASSERT_EQUAL(drain_open(&next, dir), 0);
	draining = next.draining;
	CU_ASSERT_EQUAL(drain_is_kept(&next), draining);
	drain_close(&next);
	return draining;
}

static void test_drain_lasts_until_it_is_switched_off(void)
{
	char dir[] = "/tmp/rtprelay-drain-XXXXXX";
	struct call_table table = { .draining = false };

	scene_must(mkdtemp(dir), dir);
	CU_ASSERT_EQUAL(drain_open(&table, dir), 0);
	CU_ASSERT_FALSE(table.draining);
	CU_ASSERT_EQUAL(drain_set(&table, true, true), 0);
	CU_ASSERT_TRUE(table.draining && drain_is_kept(&table));
	CU_ASSERT_TRUE(drains_after_restart(dir));
	CU_ASSERT_EQUAL(drain_set(&table, true, true), 0); /* again is no error */
	CU_ASSERT_EQUAL(drain_set(&table, false, true), 0);
	CU_ASSERT_FALSE(table.draining || drain_is_kept(&table));
	CU_ASSERT_FALSE(drains_after_restart(dir));
	CU_ASSERT_EQUAL(drain_set(&table, false, true), 0);
	drain_close(&table);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void test_drain_until_restart_is_not_kept(void)
{
	char dir[] = "/tmp/rtprelay-drain-XXXXXX";
	struct call_table table = { .draining = false };

	scene_must(mkdtemp(dir), dir);
	CU_ASSERT_EQUAL(drain_open(&table, dir), 0);
	CU_ASSERT_EQUAL(drain_set(&table, true, true), 0);
	CU_ASSERT_EQUAL(drain_set(&table, true, false), 0); /* the last one counts */
	CU_ASSERT_TRUE(table.draining);
	CU_ASSERT_FALSE(drain_is_kept(&table) || drains_after_restart(dir));
	drain_close(&table);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void test_without_directory_nothing_is_kept(void)
{
	struct call_table table = { .draining = false };

	CU_ASSERT_EQUAL(drain_open(&table, NULL), 0);
	CU_ASSERT_EQUAL(drain_set(&table, true, true), 0);
	CU_ASSERT_TRUE(table.draining);
	CU_ASSERT_FALSE(drain_is_kept(&table));
	CU_ASSERT_EQUAL(drain_set(&table, false, true), 0);
	CU_ASSERT_FALSE(table.draining);
	drain_close(&table);
}

static void test_failed_file_changes_nothing(void)
{
	struct call_table table = { .draining = false };

	CU_ASSERT_EQUAL(drain_open(&table, "/proc/nowhere"), 0);
	CU_ASSERT_EQUAL(drain_set(&table, true, true), -ENOENT);
	CU_ASSERT_FALSE(table.draining || drain_is_kept(&table));
	CU_ASSERT_EQUAL(drain_set(&table, true, false), 0);
	CU_ASSERT_TRUE(table.draining);
	drain_close(&table);
}

TEST_SUITE(drain,
	   { "drain lasts until it is switched off", test_drain_lasts_until_it_is_switched_off },
	   { "drain until restart is not kept", test_drain_until_restart_is_not_kept },
	   { "without directory nothing is kept", test_without_directory_nothing_is_kept },
	   { "a file that fails changes nothing", test_failed_file_changes_nothing });
