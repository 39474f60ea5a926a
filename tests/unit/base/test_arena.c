/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_arena.c - memory of one command: alignment, growth, reset, out of memory */
#include <stdlib.h>
#include "daemon/base/arena.h"
#include "daemon/base/count.h"
#include "tests/unit/test.h"

static void test_gives_aligned_separate_pieces(void)
{
	static const size_t sizes[] = { 1, 15, 16, 17, 100, 0, 3000 };
	struct arena *arena = arena_new(256);
	char *pieces[COUNT(sizes)];

	CU_ASSERT_PTR_NOT_NULL_FATAL(arena);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		pieces[i] = arena_alloc(arena, sizes[i]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(pieces[i]);
		CU_ASSERT_EQUAL((uintptr_t)pieces[i] % 16, 0);
		memset(pieces[i], 'a' + (int)i, sizes[i]);
	}
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (size_t at = 0; at < sizes[i]; at++)
			CU_ASSERT_EQUAL(pieces[i][at], 'a' + (int)i);
	arena_free(arena);
}

static void test_reset_gives_the_first_chunk_again(void)
{
	struct arena *arena = arena_new(128);
	void *first = arena_alloc(arena, 64);

	CU_ASSERT_PTR_NOT_NULL(arena_alloc(arena, 1000));
	CU_ASSERT_PTR_NOT_NULL(arena_alloc(arena, 1000));
	arena_reset(arena);
	CU_ASSERT_PTR_EQUAL(arena_alloc(arena, 64), first);
	arena_free(arena);
}

static void test_zalloc_clears_memory_used_before(void)
{
	struct arena *arena = arena_new(128);
	char *memory = arena_alloc(arena, 64);

	memset(memory, 0xff, 64);
	arena_reset(arena);
	memory = arena_zalloc(arena, 64);
	for (int i = 0; i < 64; i++)
		CU_ASSERT_EQUAL(memory[i], 0);
	arena_free(arena);
}

static void test_copies_and_prints_texts(void)
{
	struct arena *arena = arena_new(32);
	struct str copy = arena_str(arena, (struct str){ "abcdef", 3 });
	struct str empty = arena_str(arena, STR_NONE);
	struct str printed =
		arena_printf(arena, "%d calls, %s", 42, "none of them longer than a chunk");

	CU_ASSERT_EQUAL(copy.len, 3);
	CU_ASSERT_STRING_EQUAL(copy.s, "abc");
	CU_ASSERT_EQUAL(empty.len, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(empty.s);
	CU_ASSERT_STRING_EQUAL(empty.s, "");
	CU_ASSERT_EQUAL(printed.len, 42);
	CU_ASSERT_STRING_EQUAL(printed.s, "42 calls, none of them longer than a chunk");
	arena_free(arena);
}

static void test_refuses_a_size_that_overflows(void)
{
	struct arena *arena = arena_new(64);

	CU_ASSERT_FALSE(arena_failed(arena));
	CU_ASSERT_PTR_NULL(arena_alloc(arena, SIZE_MAX));
	CU_ASSERT_PTR_NULL(arena_alloc(arena, SIZE_MAX - 16));
	CU_ASSERT_TRUE(arena_failed(arena));
	arena_reset(arena);
	CU_ASSERT_FALSE(arena_failed(arena));
	CU_ASSERT_PTR_NOT_NULL(arena_alloc(arena, 64));
	arena_free(arena);
}

static void test_out_of_memory_is_reported_and_leaks_nothing(void)
{
	ALLOC_FAILS_AT_EACH
	{
		struct arena *arena = arena_new(64);
		struct str copy;

		if (!arena) {
			CU_ASSERT_TRUE(alloc_failed());
			continue;
		}
		copy = arena_str(
			arena,
			STR("a text that does not fit into the first chunk of 64 bytes any more"));
		CU_ASSERT_EQUAL(copy.s == NULL, alloc_failed());
		CU_ASSERT_EQUAL(arena_failed(arena), alloc_failed());
		/* the rest can still be used */
		CU_ASSERT_TRUE(!alloc_failed() || arena_alloc(arena, 16));
		arena_free(arena);
	}
	arena_free(NULL);
}

TEST_SUITE(arena, { "gives aligned, separate pieces", test_gives_aligned_separate_pieces },
	   { "reset gives the first chunk again", test_reset_gives_the_first_chunk_again },
	   { "zalloc clears memory used before", test_zalloc_clears_memory_used_before },
	   { "copies and prints texts", test_copies_and_prints_texts },
	   { "refuses a size that overflows", test_refuses_a_size_that_overflows },
	   { "out of memory is reported and leaks nothing",
	     test_out_of_memory_is_reported_and_leaks_nothing });
