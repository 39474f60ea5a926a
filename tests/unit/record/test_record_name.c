/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_record_name.c - names of recordings, and that none leads out of the directory */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include "base/count.h"
#include "record/name.h"
#include "tests/unit/test.h"

/* 2026-11-29 06:30:05 UTC */
#define AT     1795933805
#define RANDOM 0x0123456789abcdefULL

static void in_utc(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
}

static void test_patterns(void)
{
	static const struct {
		const char *pattern, *call_id, *name;
	} rows[] = {
		{ "", "abc@host", "2026-11-29/abc@host-0123456789abcdef" },
		{ "%Y/%m/%d/%H%M%S-%r", "x", "2026/11/29/063005-0123456789abcdef" },
		{ "all/%c", "x", "all/x" },
		{ "100%%-%c", "x", "100%-x" },
		{ "%c", "../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd" },
		{ "%c", ".hidden", "%2Ehidden" },
		{ "%c", "a%b\"c d", "a%25b%22c%20d" },
		{ "%c", "\xc3\xa4\x01", "%C3%A4%01" },
		{ "%c", "", "none" },
		/* Not accepted: the default takes its place. */
		{ "%x", "x", "2026-11-29/x-0123456789abcdef" },
		{ "a/../%c", "x", "2026-11-29/x-0123456789abcdef" },
		{ "/abs/%c", "x", "2026-11-29/x-0123456789abcdef" },
		{ "a//%c", "x", "2026-11-29/x-0123456789abcdef" },
		{ "a b/%c", "x", "2026-11-29/x-0123456789abcdef" },
		{ ".open/%c", "x", "2026-11-29/x-0123456789abcdef" },
		{ "%c/", "x", "2026-11-29/x-0123456789abcdef" },
		{ "%", "x", "2026-11-29/x-0123456789abcdef" },
	};
	char out[RECORD_NAME];

	in_utc();
	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_STRING_EQUAL(record_name_make(out, str_of(rows[i].pattern),
							str_of(rows[i].call_id), RANDOM, AT),
				       rows[i].name);
}

static void test_long_call_id_is_cut(void)
{
	char call_id[4000], out[RECORD_NAME];
	size_t len;

	in_utc();
	memset(call_id, '/', sizeof(call_id));
	record_name_make(out, STR("%c"), (struct str){ call_id, sizeof(call_id) }, RANDOM, AT);
	len = strlen(out);
	CU_ASSERT_EQUAL(len, RECORD_NAME_CALL_ID);
	/* No escape is cut in the middle. */
	CU_ASSERT_STRING_EQUAL(out + len - 3, "%2F");
	call_id[0] = 'a';
	record_name_make(out, STR("%c"), (struct str){ call_id, sizeof(call_id) }, RANDOM, AT);
	CU_ASSERT_EQUAL(strlen(out), RECORD_NAME_CALL_ID - 2);
	/* Three of them in one part are too long: the default has one. */
	memset(call_id, 'b', sizeof(call_id));
	record_name_make(out, STR("%c%c%c"), (struct str){ call_id, sizeof(call_id) }, RANDOM, AT);
	CU_ASSERT(!strncmp(out, "2026-11-29/bbb", 14));
	CU_ASSERT(record_name_is_below(str_of(out)));
}

static void test_patterns_are_checked(void)
{
	static const struct {
		const char *pattern;
		int result;
		const char *error;
	} rows[] = {
		{ RECORD_PATTERN_DEFAULT, 0, NULL },
		{ "%Y/%m/%d/%c-%H:%M", -EINVAL, "is no path below recording-dir" },
		{ "%Y/%m/%d/%c-%H%M", 0, NULL },
		{ "%q", -EINVAL, "has %q: known are" },
		{ "abc%", -EINVAL, "has %?: known are" },
		{ "../%c", -EINVAL, "is no path below recording-dir" },
		{ "/%c", -EINVAL, "is no path below recording-dir" },
		{ "", -EINVAL, "is no path below recording-dir" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char error[RECORD_NAME_ERROR] = "";

		CU_ASSERT_EQUAL(record_pattern_check(str_of(rows[i].pattern), error),
				rows[i].result);
		CU_ASSERT(!rows[i].error || !strncmp(error, rows[i].error, strlen(rows[i].error)));
	}
}

static void test_chosen_names_stay_below(void)
{
	static const struct {
		const char *dir, *chosen;
		int result;
		const char *name;
	} rows[] = {
		{ "/rec", "/rec/a/b.pcap", 0, "a/b" },
		{ "/rec/", "/rec/a.wav", 0, "a" },
		{ "/rec", "a", 0, "a" },
		{ "/rec", "a.b", 0, "a.b" },
		{ "/rec", "/rec", -EPERM, NULL },
		{ "/rec", "/rec/", -EPERM, NULL },
		{ "/rec", "/record/a", -EPERM, NULL },
		{ "/rec", "/etc/passwd", -EPERM, NULL },
		{ "/rec", "/rec/../etc/passwd", -EPERM, NULL },
		{ "/rec", "../a", -EPERM, NULL },
		{ "/rec", "a/..", -EPERM, NULL },
		{ "/rec", "a/./b", -EPERM, NULL },
		{ "/rec", "a//b", -EPERM, NULL },
		{ "/rec", "/rec//a", -EPERM, NULL },
		{ "/rec", ".open/lock", -EPERM, NULL },
		{ "/rec", "a b", -EPERM, NULL },
		{ "/rec", "a\nb", -EPERM, NULL },
		{ "/rec", "", -EPERM, NULL },
		{ "/rec", ".pcap", -EPERM, NULL },
	};
	char out[RECORD_NAME], many[RECORD_NAME + 10];

	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_EQUAL(record_name_chosen(out, rows[i].dir, str_of(rows[i].chosen)),
				rows[i].result);
		if (rows[i].name)
			CU_ASSERT_STRING_EQUAL(out, rows[i].name);
	}
	memset(many, 'a', sizeof(many));
	CU_ASSERT_EQUAL(record_name_chosen(out, "/rec", (struct str){ many, sizeof(many) }),
			-ENAMETOOLONG);
	CU_ASSERT_EQUAL(record_name_chosen(out, "/rec", (struct str){ many, RECORD_NAME_PART + 1 }),
			-EPERM);
	CU_ASSERT_EQUAL(record_name_chosen(out, "/rec", (struct str){ "a\0b", 3 }), -EPERM);
}

TEST_SUITE(record_name, { "patterns", test_patterns },
	   { "long call-id is cut", test_long_call_id_is_cut },
	   { "patterns are checked", test_patterns_are_checked },
	   { "chosen names stay below", test_chosen_names_stay_below });
