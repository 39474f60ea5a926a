/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_json.c - JSON: what is accepted, types that NG does not have, output that is always valid
 */
#include <errno.h>
#include "daemon/base/count.h"
#include "daemon/base/json.h"
#include "tests/unit/test.h"

static struct arena *arena;
static struct dict *root;
static char output[512];

static int decode(struct str text)
{
	arena_free(arena);
	arena = arena_new(4096);
	root = NULL;
	return json_decode(arena, text, &root);
}

static void end_decode(void)
{
	arena_free(arena);
	arena = NULL;
}

static const char *encode(const struct dict *value)
{
	struct buf out = BUF_INIT(output, sizeof(output) - 1);

	json_encode(value, &out);
	CU_ASSERT_FALSE(out.overflow);
	output[out.len] = '\0';
	return output;
}

static void test_decodes_a_request(void)
{
	int64_t tos;

	CU_ASSERT_EQUAL_FATAL(
		decode(STR("{\"command\": \"offer\", \"received-from\": [\"IP4\", \"192.0.2.1\"], "
			   "\"TOS\": 184, \"sdp\": \"v=0\\r\\ns=\\u00e9\\r\\n\"}")),
		0);
	CU_ASSERT_EQUAL(root->type, DICT_MAP);
	CU_ASSERT_TRUE(str_eq(root->first->key, STR("command")));
	CU_ASSERT_TRUE(str_eq(dict_get_str(root, STR("command")), STR("offer")));
	CU_ASSERT_TRUE(str_eq(dict_get_str(root, STR("sdp")), STR("v=0\r\ns=\xc3\xa9\r\n")));
	CU_ASSERT_TRUE(
		str_eq(dict_get(root, STR("received from"))->last->string, STR("192.0.2.1")));
	CU_ASSERT_TRUE(dict_get_int(root, STR("TOS"), &tos));
	CU_ASSERT_EQUAL(tos, 184);
	end_decode();
}

static void test_types_that_ng_does_not_have(void)
{
	static const struct {
		const char *json, *becomes;
	} rows[] = {
		{ "[true,false]", "[\"yes\",\"no\"]" },
		{ "[null,1,null]", "[1]" },
		{ "{\"a\":null,\"b\":2}", "{\"b\":2}" },
		{ "[0.5,0.1,1e3,-2.25,1e300]", "[\"0.5\",\"0.1\",\"1000\",\"-2.25\",\"1e+300\"]" },
		{ "[3.141592653589793]", "[\"3.141592653589793\"]" },
		{ "[]", "[]" },
		{ "{}", "{}" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_EQUAL_FATAL(decode(str_of(rows[i].json)), 0);
		CU_ASSERT_STRING_EQUAL(encode(root), rows[i].becomes);
	}
	end_decode();
}

static void test_refuses_what_is_not_a_message(void)
{
	static const struct str rows[] = {
		{ NULL, 0 },
		{ "", 0 },
		{ "{", 1 },
		{ "1", 1 },
		{ "\"text\"", 6 },
		{ "{\"a\":1}x", 8 },
		{ "{\"a\":1,\"a\":2}", 13 },
		{ "{\"a\":9223372036854775808}", 25 },
		{ "{\"a\":\"\xff\"}", 9 },
		{ "{\"a\":\"\\u0000\"}", 14 },
		{ "{a:1}", 5 },
		{ "d1:a1:be", 8 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_EQUAL(decode(rows[i]), -EINVAL);
		CU_ASSERT_PTR_NULL(root);
	}
	end_decode();
}

static void test_nests_16_deep_and_no_deeper(void)
{
	char deep[5000];

	CU_ASSERT_EQUAL(decode(STR("[[[[[[[[[[[[[[[[1],2]]]]]]]]]]]]]]]")), 0);
	CU_ASSERT_EQUAL(decode(STR("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]")), -EINVAL);
	memset(deep, '[', sizeof(deep));
	CU_ASSERT_EQUAL(decode((struct str){ deep, sizeof(deep) }), -EINVAL);
	end_decode();
}

static void test_escapes_what_json_forbids(void)
{
	static const struct {
		struct str text;
		const char *json;
	} rows[] = {
		{ { "", 0 }, "\"\"" },
		{ { "v=0\r\n\t", 6 }, "\"v=0\\r\\n\\t\"" },
		{ { "\"\\/", 3 }, "\"\\\"\\\\/\"" },
		{ { "a\0b\x1f\x7f", 5 }, "\"a\\u0000b\\u001f\x7f\"" },
		{ { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x9e", 9 },
		  "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x9e\"" },
	};

	arena = arena_new(4096);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dict *value = dict_new(arena, DICT_STRING);

		value->string = rows[i].text;
		CU_ASSERT_STRING_EQUAL(encode(value), rows[i].json);
	}
	end_decode();
}

#define BAD "\xef\xbf\xbd"

static void test_invalid_utf8_is_replaced(void)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "\xe9t\xe9", "\"" BAD "t" BAD "\"" },		   /* Latin-1 */
		{ "\x80", "\"" BAD "\"" },			   /* continuation alone */
		{ "\xc0\xaf", "\"" BAD BAD "\"" },		   /* overlong '/' */
		{ "\xe0\x9f\xbf", "\"" BAD BAD BAD "\"" },	   /* overlong */
		{ "\xf0\x8f\xbf\xbf", "\"" BAD BAD BAD BAD "\"" }, /* overlong */
		{ "\xed\xa0\x80", "\"" BAD BAD BAD "\"" },	   /* surrogate */
		{ "\xf4\x90\x80\x80", "\"" BAD BAD BAD BAD "\"" }, /* above U+10FFFF */
		{ "\xf5\x80\x80\x80", "\"" BAD BAD BAD BAD "\"" },
		{ "\xc3", "\"" BAD "\"" }, /* cut short */
		{ "\xe2\x82", "\"" BAD BAD "\"" },
		{ "\xe2\x28\xa1", "\"" BAD "(" BAD "\"" },
		{ "\xf4\x8f\xbf\xbf\xed\x9f\xbf",
		  "\"\xf4\x8f\xbf\xbf\xed\x9f\xbf\"" }, /* the last ones allowed */
	};

	arena = arena_new(4096);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct dict *map = dict_new(arena, DICT_STRING);

		map->string = str_of(rows[i].text);
		CU_ASSERT_STRING_EQUAL(encode(map), rows[i].json);
	}
	end_decode();
}

static void test_encodes_every_type_in_order(void)
{
	struct dict *map, *list;

	arena = arena_new(4096);
	map = dict_new(arena, DICT_MAP);
	dict_add_str(arena, map, STR("result"), STR("ok"));
	dict_add_int(arena, map, STR("low"), INT64_MIN);
	dict_add_int(arena, map, STR("high"), INT64_MAX);
	list = dict_add_list(arena, map, STR("a \"list\""));
	dict_add_int(arena, list, STR_NONE, 0);
	dict_add_map(arena, list, STR_NONE);
	CU_ASSERT_STRING_EQUAL(encode(map),
			       "{\"result\":\"ok\",\"low\":-9223372036854775808,"
			       "\"high\":9223372036854775807,\"a \\\"list\\\"\":[0,{}]}");
	end_decode();
}

static void test_encoding_past_the_buffer_is_reported(void)
{
	CU_ASSERT_EQUAL_FATAL(decode(STR("{\"result\":\"ok\"}")), 0);
	for (size_t size = 0; size < 15; size++) {
		struct buf out = BUF_INIT(output, size);

		json_encode(root, &out);
		CU_ASSERT_TRUE(out.overflow);
		CU_ASSERT_TRUE(out.len <= size);
	}
	end_decode();
}

static void test_out_of_memory_is_reported(void)
{
	ALLOC_FAILS_AT_EACH
	{
		struct arena *small = arena_new(16);
		struct dict *value = NULL;
		int err;

		if (!small)
			continue;
		err = json_decode(
			small, STR("{\"flags\":[\"a\",1,0.5,true],\"command\":{\"b\":\"ping\"}}"),
			&value);
		CU_ASSERT_EQUAL(err, alloc_failed() ? -ENOMEM : 0);
		arena_free(small);
	}
}

TEST_SUITE(json, { "decodes a request", test_decodes_a_request },
	   { "types that NG does not have", test_types_that_ng_does_not_have },
	   { "refuses what is not a message", test_refuses_what_is_not_a_message },
	   { "nests 16 deep and no deeper", test_nests_16_deep_and_no_deeper },
	   { "escapes what JSON forbids", test_escapes_what_json_forbids },
	   { "invalid UTF-8 is replaced", test_invalid_utf8_is_replaced },
	   { "encodes every type in order", test_encodes_every_type_in_order },
	   { "encoding past the buffer is reported", test_encoding_past_the_buffer_is_reported },
	   { "out of memory is reported", test_out_of_memory_is_reported });
