/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_bencode.c - bencode: what is accepted, what is refused, and the same bytes back */
#include <errno.h>
#include <stdlib.h>
#include "daemon/base/bencode.h"
#include "daemon/base/count.h"
#include "tests/unit/test.h"

static struct arena *arena;
static struct dict *root;

/* In memory of exactly its size, so that AddressSanitizer detects a read past the end. */
static int decode_bytes(const char *bytes, size_t len)
{
	char *copy = malloc(len);
	int err;

	memcpy(copy, bytes, len);
	arena_free(arena);
	arena = arena_new(4096);
	root = NULL;
	err = bencode_decode(arena, (struct str){ copy, len }, &root);
	free(copy);
	return err;
}

static int decode(const char *text)
{
	arena_free(arena);
	arena = arena_new(4096);
	root = NULL;
	return bencode_decode(arena, str_of(text), &root);
}

static void end_decode(void)
{
	arena_free(arena);
	arena = NULL;
}

static void test_decodes_what_kamailio_sends(void)
{
	int64_t delay;

	CU_ASSERT_EQUAL_FATAL(decode("d8:supportsl10:load limite3:sdp5:v=0\r\n3:ICE6:remove"
				     "13:received-froml3:IP414:198.51.100.101e12:delete delayi30e"
				     "7:command5:offere"),
			      0);
	CU_ASSERT_EQUAL(root->type, DICT_MAP);
	CU_ASSERT_EQUAL(root->count, 6);
	CU_ASSERT_TRUE(str_eq(dict_get_str(root, STR("command")), STR("offer")));
	CU_ASSERT_TRUE(str_eq(dict_get_str(root, STR("sdp")), STR("v=0\r\n")));
	CU_ASSERT_EQUAL_FATAL(dict_get(root, STR("received from"))->count, 2);
	CU_ASSERT_TRUE(
		str_eq(dict_get(root, STR("received from"))->last->string, STR("198.51.100.101")));
	CU_ASSERT_TRUE(dict_get_int(root, STR("delete-delay"), &delay));
	CU_ASSERT_EQUAL(delay, 30);
	end_decode();
}

static void test_decodes_integers_strictly(void)
{
	static const struct {
		const char *text;
		int err;
		int64_t value;
	} rows[] = {
		{ "i0e", 0, 0 },
		{ "i-1e", 0, -1 },
		{ "i9223372036854775807e", 0, INT64_MAX },
		{ "i-9223372036854775808e", 0, INT64_MIN },
		{ "i9223372036854775808e", -EINVAL, 0 },
		{ "i-9223372036854775809e", -EINVAL, 0 },
		{ "i18446744073709551617e", -EINVAL, 0 },
		{ "i00e", -EINVAL, 0 },
		{ "i01e", -EINVAL, 0 },
		{ "i-0e", -EINVAL, 0 },
		{ "i-01e", -EINVAL, 0 },
		{ "ie", -EINVAL, 0 },
		{ "i-e", -EINVAL, 0 },
		{ "i+1e", -EINVAL, 0 },
		{ "i1", -EINVAL, 0 },
		{ "i", -EINVAL, 0 },
		{ "i1.5e", -EINVAL, 0 },
		{ "i 1e", -EINVAL, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_EQUAL(decode(rows[i].text), rows[i].err);
		if (!rows[i].err) {
			CU_ASSERT_EQUAL(root->type, DICT_INT);
			CU_ASSERT_EQUAL(root->integer, rows[i].value);
		}
	}
	end_decode();
}

static void test_bounds_strings_by_the_text(void)
{
	static const struct {
		const char *text;
		int err;
	} rows[] = {
		{ "0:", 0 },
		{ "3:abc", 0 },
		{ "3:ab", -EINVAL },
		{ "3:abcd", -EINVAL },
		{ "03:abc", -EINVAL },
		{ "3", -EINVAL },
		{ ":abc", -EINVAL },
		{ "-1:a", -EINVAL },
		{ "18446744073709551615:a", -EINVAL },
		{ "18446744073709551617:a", -EINVAL },
		{ "9223372036854775807:a", -EINVAL },
		{ "99999999999999999999999999:a", -EINVAL },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(decode_bytes(rows[i].text, strlen(rows[i].text)), rows[i].err);
	end_decode();
}

static void test_refuses_what_is_not_a_value(void)
{
	static const char *const rows[] = {
		"",	  "e",		 "x",	       "d",	    "l",
		"d3:abc", "d3:abce",	 "di1ei2ee",   "dle3:abce", "d3:abci1e",
		"li1e",	  "le0:",	 "ded",	       "d1:a0:e ",  "i1ei2e",
		"lee",	  "d1:ai1e1:be", "d1:a1:b1:c", "{\"a\":1}", "dd1:a0:e0:e",
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_EQUAL(decode(rows[i]), -EINVAL);
		CU_ASSERT_PTR_NULL(root);
	}
	end_decode();
}

static void test_every_cut_of_a_message_is_refused(void)
{
	static const char text[] = "d7:call-id4:id-15:flagsl9:symmetrice3:TOSi184e3:mapd1:ai-5eee";

	for (size_t len = 0; len < sizeof(text) - 1; len++)
		CU_ASSERT_EQUAL(decode_bytes(text, len), -EINVAL);
	CU_ASSERT_EQUAL(decode_bytes(text, sizeof(text) - 1), 0);
	end_decode();
}

static void test_nests_16_deep_and_no_deeper(void)
{
	CU_ASSERT_EQUAL(decode("lllllllllllllllleeeeeeeeeeeeeeee"), 0);
	CU_ASSERT_EQUAL(decode("llllllllllllllllleeeeeeeeeeeeeeeee"), -EINVAL);
	/* a value in the deepest list is not deeper, neither is a list beside it */
	CU_ASSERT_EQUAL(decode("lllllllllllllll0:lelei1eeeeeeeeeeeeeeee"), 0);
	end_decode();
}

static void test_encodes_the_bytes_it_decoded(void)
{
	static const char *const rows[] = {
		"i0e",
		"i-9223372036854775808e",
		"i9223372036854775807e",
		"0:",
		"le",
		"de",
		"d1:b1:21:a1:1e",
		"d1:a1:11:a1:2e",
		"d4:listli1e0:d1:kleee3:sdp5:v=0\r\ne",
	};
	char text[128];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf out = BUF_INIT(text, sizeof(text) - 1);

		CU_ASSERT_EQUAL_FATAL(decode(rows[i]), 0);
		bencode_encode(root, &out);
		CU_ASSERT_FALSE(out.overflow);
		text[out.len] = '\0';
		CU_ASSERT_STRING_EQUAL(text, rows[i]);
	}
	end_decode();
}

static void test_encoding_past_the_buffer_is_reported(void)
{
	char text[16];

	CU_ASSERT_EQUAL_FATAL(decode("d6:result2:oke"), 0);
	for (size_t size = 0; size < 14; size++) {
		struct buf out = BUF_INIT(text, size);

		bencode_encode(root, &out);
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
		err = bencode_decode(small, STR("d5:flagsl1:a1:be7:command4:pinge"), &value);
		CU_ASSERT_EQUAL(err, alloc_failed() ? -ENOMEM : 0);
		arena_free(small);
	}
}

TEST_SUITE(bencode, { "decodes what Kamailio sends", test_decodes_what_kamailio_sends },
	   { "decodes integers strictly", test_decodes_integers_strictly },
	   { "bounds strings by the text", test_bounds_strings_by_the_text },
	   { "refuses what is not a value", test_refuses_what_is_not_a_value },
	   { "every cut of a message is refused", test_every_cut_of_a_message_is_refused },
	   { "nests 16 deep and no deeper", test_nests_16_deep_and_no_deeper },
	   { "encodes the bytes it decoded", test_encodes_the_bytes_it_decoded },
	   { "encoding past the buffer is reported", test_encoding_past_the_buffer_is_reported },
	   { "out of memory is reported", test_out_of_memory_is_reported });
