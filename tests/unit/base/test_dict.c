/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_dict.c - the value tree: order, look-up, NG's spelling of keys, numbers in texts */
#include "daemon/base/count.h"
#include "daemon/base/dict.h"
#include "tests/unit/test.h"

static void test_keeps_order_and_finds_first_of_two(void)
{
	struct arena *arena = arena_new(1024);
	struct dict *map = dict_new(arena, DICT_MAP);

	dict_add_str(arena, map, STR("b"), STR("one"));
	dict_add_str(arena, map, STR("a"), STR("two"));
	dict_add_str(arena, map, STR("b"), STR("three"));
	CU_ASSERT_EQUAL(map->count, 3);
	CU_ASSERT_TRUE(str_eq(map->first->key, STR("b")));
	CU_ASSERT_TRUE(str_eq(map->first->next->key, STR("a")));
	CU_ASSERT_TRUE(str_eq(map->last->string, STR("three")));
	CU_ASSERT_TRUE(str_eq(dict_get_str(map, STR("b")), STR("one")));
	arena_free(arena);
}

static void test_builds_nested_values(void)
{
	struct arena *arena = arena_new(1024);
	struct dict *map = dict_new(arena, DICT_MAP);
	struct dict *list = dict_add_list(arena, map, STR("medias"));
	struct dict *media = dict_add_map(arena, list, STR_NONE);

	dict_add_int(arena, media, STR("index"), 1);
	CU_ASSERT_EQUAL(list->type, DICT_LIST);
	CU_ASSERT_EQUAL(list->count, 1);
	CU_ASSERT_PTR_EQUAL(dict_get(map, STR("medias")), list);
	CU_ASSERT_EQUAL(list->first->first->integer, 1);
	arena_free(arena);
}

static void test_blank_and_dash_are_equal_in_keys(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "received-from", "received from", true },
		{ "received from", "received-from", true },
		{ "call-id", "call-id", true },
		{ "call-id", "call_id", false },
		{ "call-id", "Call-ID", false },
		{ "call-id", "call-i", false },
		{ "", "", true },
		{ "", "-", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(dict_key_eq(str_of(rows[i].a), str_of(rows[i].b)), rows[i].same);
}

static void test_get_of_another_type_finds_nothing(void)
{
	struct arena *arena = arena_new(1024);
	struct dict *map = dict_new(arena, DICT_MAP);
	struct dict *list = dict_add_list(arena, map, STR("flags"));
	struct dict *text = dict_add_str(arena, list, STR_NONE, STR("symmetric"));
	int64_t value = 7;

	CU_ASSERT_PTR_NULL(dict_get_str(map, STR("flags")).s);
	CU_ASSERT_FALSE(dict_get_int(map, STR("flags"), &value));
	CU_ASSERT_FALSE(dict_get_int(map, STR("absent"), &value));
	CU_ASSERT_EQUAL(value, 7);
	CU_ASSERT_PTR_NULL(dict_get(list, STR_NONE));
	CU_ASSERT_PTR_NULL(dict_get(text, STR("flags")));
	CU_ASSERT_PTR_NULL(dict_get(NULL, STR("flags")));
	arena_free(arena);
}

static void test_reads_integers_also_from_texts(void)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t value;
	} rows[] = {
		{ "0", true, 0 },
		{ "30", true, 30 },
		{ "-1", true, -1 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "18446744073709551616", false, 0 },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "1x", false, 0 },
		{ " 1", false, 0 },
		{ "--1", false, 0 },
	};
	struct arena *arena = arena_new(4096);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dict *map = dict_new(arena, DICT_MAP);
		int64_t value = 0;

		dict_add_str(arena, map, STR("TOS"), str_of(rows[i].text));
		CU_ASSERT_EQUAL(dict_get_int(map, STR("TOS"), &value), rows[i].ok);
		CU_ASSERT_EQUAL(value, rows[i].value);
	}
	arena_free(arena);
}

static void test_out_of_memory_needs_one_check_at_the_end(void)
{
	ALLOC_FAILS_AT_EACH
	{
		struct arena *arena = arena_new(sizeof(struct dict));
		struct dict *map, *list;

		if (!arena)
			continue;
		map = dict_new(arena, DICT_MAP);
		list = dict_add_list(arena, map, STR("calls"));
		dict_add_str(arena, list, STR_NONE, STR("7f248a79a0d0ed8d"));
		dict_add_map(arena, map, STR("totals"));
		dict_add_int(arena, map, STR("created"), 1);
		CU_ASSERT_EQUAL(arena_failed(arena), alloc_failed());
		if (!alloc_failed())
			CU_ASSERT_EQUAL(map->count, 3);
		arena_free(arena);
	}
}

TEST_SUITE(dict,
	   { "keeps order and finds the first of two", test_keeps_order_and_finds_first_of_two },
	   { "builds nested values", test_builds_nested_values },
	   { "blank and dash are equal in keys", test_blank_and_dash_are_equal_in_keys },
	   { "get of another type finds nothing", test_get_of_another_type_finds_nothing },
	   { "reads integers also from texts", test_reads_integers_also_from_texts },
	   { "out of memory needs one check at the end",
	     test_out_of_memory_needs_one_check_at_the_end });
