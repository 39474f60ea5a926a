/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/bpf/numbers.h"
#include "tests/unit/test.h"

static uint32_t take(struct numbers *numbers, int64_t now_ms)
{
	uint32_t number = UINT32_MAX;

	CU_ASSERT(numbers_take(numbers, now_ms, &number));
	return number;
}

static void test_a_number_rests_before_it_is_given_again(void)
{
	struct numbers numbers;
	uint32_t number;

	CU_ASSERT_FATAL(numbers_init(&numbers, 3));
	CU_ASSERT_EQUAL(take(&numbers, 0), 0);
	CU_ASSERT_EQUAL(take(&numbers, 0), 1);
	numbers_give(&numbers, 10, 0);
	CU_ASSERT_EQUAL(take(&numbers, 10), 2);
	CU_ASSERT_FALSE(numbers_take(&numbers, 10 + NUMBERS_REST_MS - 1, &number));
	CU_ASSERT_EQUAL(take(&numbers, 10 + NUMBERS_REST_MS), 0);
	CU_ASSERT_FALSE(numbers_take(&numbers, 100000, &number));
	numbers_fini(&numbers);
}

/* Low numbers are used again first, so that a batch of the used ones stays short. */
static void test_rested_numbers_come_before_unused_ones(void)
{
	struct numbers numbers;

	CU_ASSERT_FATAL(numbers_init(&numbers, 10));
	for (uint32_t i = 0; i < 4; i++)
		take(&numbers, 0);
	numbers_give(&numbers, 0, 2);
	numbers_give(&numbers, 0, 1);
	CU_ASSERT_EQUAL(take(&numbers, 5000), 2);
	CU_ASSERT_EQUAL(take(&numbers, 5000), 1);
	CU_ASSERT_EQUAL(take(&numbers, 5000), 4);
	numbers_fini(&numbers);
}

static void test_the_ring_goes_round(void)
{
	struct numbers numbers;
	int64_t now_ms = 0;

	CU_ASSERT_FATAL(numbers_init(&numbers, 3));
	for (int i = 0; i < 3; i++)
		take(&numbers, now_ms);
	for (uint32_t i = 0; i < 20; i++) {
		numbers_give(&numbers, now_ms, i % 3);
		now_ms += NUMBERS_REST_MS;
		CU_ASSERT_EQUAL(take(&numbers, now_ms), i % 3);
	}
	numbers_fini(&numbers);
}

static void test_all_have_rested_after_a_grace_period(void)
{
	struct numbers numbers;
	uint32_t number;

	CU_ASSERT_FATAL(numbers_init(&numbers, 2));
	take(&numbers, 0);
	take(&numbers, 0);
	numbers_give(&numbers, 0, 1);
	numbers_give(&numbers, 0, 0);
	CU_ASSERT_FALSE(numbers_take(&numbers, 0, &number));
	numbers_rested(&numbers);
	CU_ASSERT_EQUAL(take(&numbers, 0), 1);
	CU_ASSERT_EQUAL(take(&numbers, 0), 0);
	numbers_fini(&numbers);
}

static void test_adopted_numbers_are_in_use(void)
{
	static const bool taken[6] = { false, true, false, true, false, false };
	struct numbers numbers;
	uint32_t number;

	CU_ASSERT_FATAL(numbers_init(&numbers, 6));
	numbers_adopt(&numbers, 1000, taken);
	/* 0 and 2 may still be used by packets, 4 and 5 were never taken. */
	CU_ASSERT_EQUAL(take(&numbers, 1000), 4);
	CU_ASSERT_EQUAL(take(&numbers, 1000), 5);
	CU_ASSERT_FALSE(numbers_take(&numbers, 1000, &number));
	CU_ASSERT_EQUAL(take(&numbers, 1000 + NUMBERS_REST_MS), 0);
	CU_ASSERT_EQUAL(take(&numbers, 1000 + NUMBERS_REST_MS), 2);
	CU_ASSERT_FALSE(numbers_take(&numbers, 100000, &number));
	numbers_fini(&numbers);
}

TEST_SUITE(bpf_numbers,
	   { "a number rests before it is given again",
	     test_a_number_rests_before_it_is_given_again },
	   { "rested numbers come before unused ones",
	     test_rested_numbers_come_before_unused_ones },
	   { "the ring goes round", test_the_ring_goes_round },
	   { "all have rested after a grace period", test_all_have_rested_after_a_grace_period },
	   { "adopted numbers are in use", test_adopted_numbers_are_in_use });
