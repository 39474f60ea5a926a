/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test.h - one suite per file: a table of named tests, collected by the linker
 *
 * A name states what is tested: { "latch refuses second source", test_latch_refuses_second_source
 * }.
 */
#ifndef RTPRELAY_TEST_H
#define RTPRELAY_TEST_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stddef.h>
#include "tests/unit/values.h"

/* Patience of recorder_close() that no test exceeds, also on a busy machine. */
#define RECORDER_TEST_MS 60000

struct test_suite {
	const char *name;
	CU_TestInfo *tests; /* ends with CU_TEST_INFO_NULL */
};

/* TEST_SUITE(bencode, { "decodes integers", test_decodes_integers }, ...); */
#define TEST_SUITE(suite, ...)                                                                     \
	static CU_TestInfo suite##_tests[] = { __VA_ARGS__, CU_TEST_INFO_NULL };                   \
	static const struct test_suite suite##_suite = { #suite, suite##_tests };                  \
	static const struct test_suite *const suite##_entry                                        \
		__attribute__((used, section("test_suites"))) = &suite##_suite

/*
 * Runs the following statement with the 1st, 2nd, ... allocation of this thread failing, until it
 * runs through without one failing: ALLOC_FAILS_AT_EACH { do the thing; check it failed cleanly or
 * worked }
 */
#define ALLOC_FAILS_AT_EACH for (alloc_fail_start(); alloc_fail_next();)
void alloc_fail_start(void);
bool alloc_fail_next(void);
/* The n-th allocation from here fails; 0: none. For rounds that need a state to begin with. */
void alloc_fail_at(unsigned int n);
/* Did an allocation fail in this round? */
bool alloc_failed(void);
/*
 * Blocks that our own objects have allocated and not freed, on all threads: only the difference of
 * two results says something, since they also free what the C library allocated.
 */
long alloc_live(void);

#endif
