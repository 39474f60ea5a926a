/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_print.c - rtprelayctl's columns, trees and JSON, with literal expectations
 */
#include <stdlib.h>
#include "control/print.h"
#include "daemon/base/bencode.h"
#include "tests/unit/test.h"

/* The output of @print for the answer @bencode; the caller frees it. */
static char *printed(print_fn *print, const char *bencode)
{
	struct arena *arena = arena_new(4096);
	struct dict *reply = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_EQUAL_FATAL(bencode_decode(arena, str_of(bencode), &reply), 0);
	print(reply, out);
	fclose(out);
	arena_free(arena);
	return text;
}

static void print_as_json(const struct dict *reply, FILE *out)
{
	CU_ASSERT_EQUAL(print_json(reply, out), 0);
}

static void expect(print_fn *print, const char *bencode, const char *expected)
{
	char *text = printed(print, bencode);

	CU_ASSERT_STRING_EQUAL(text, expected);
	if (strcmp(text, expected))
		fprintf(stderr, "expected:\n%sprinted:\n%s", expected, text);
	free(text);
}

static void test_calls_are_one_a_line(void)
{
	expect(print_calls, "d5:callsl3:one3:twoe6:result2:oke", "one\ntwo\n");
	expect(print_calls, "d5:callsle6:result2:oke", "");
	expect(print_calls, "d5:calls3:onee", "");
}

static void test_control_characters_are_escaped(void)
{
	expect(print_calls,
	       "d5:callsl5:\x1b[31m4:a\nb\x7f"
	       "2:\xc2\x9b"
	       "ee",
	       "\\x1b[31m\na\\x0ab\\x7f\n\\xc2\\x9b\n");
	expect(print_statistics, "d10:statisticsd2:\x1b]1:\aee", "\\x1b]: \\x07\n");
}

static void test_json_has_no_control_characters(void)
{
	expect(print_as_json,
	       "d5:callsl5:\x1b[31m2:\xc2\x9b"
	       "2:\xc3\xa9"
	       "1:\x7f"
	       "ee",
	       "{\"calls\":[\"\\u001b[31m\",\"\\u009b\",\"\xc3\xa9\",\"\\u007f\"]}\n");
}

static void test_statistics_are_indented(void)
{
	expect(print_statistics, "d10:statisticsd1:ad1:xi-1ee1:bl1:q1:re1:c3:1.5e6:result2:oke",
	       "a:\n  x: -1\nb:\n  1: q\n  2: r\nc: 1.5\n");
}

static void test_call_shows_parties_and_streams(void)
{
	expect(print_call,
	       "d7:createdi1700000000e11:last "
	       "signali1700000060e4:tagsd3:abcd3:tag3:abc10:via-branch4:z9hG"
	       "6:mediasld5:indexi1e4:type5:audio8:protocol7:RTP/AVP5:codec4:PCMU7:streamsl"
	       "d10:local porti30000e13:local "
	       "address10:192.0.2.108:endpointd7:address11:2001:db8::24:porti4000ee"
	       "11:last "
	       "packeti1700000059e5:latch6:locked4:path4:user5:flagsl3:RTP6:fillede5:statsd7:"
	       "packetsi512e6:errorsi1ee"
	       "9:stats_outd7:packetsi511eeee5:flagsl4:send4:recveeeee"
	       "6:totalsd3:RTPd7:packetsi1023e5:bytesi175956e6:errorsi1eee6:result2:oke",
	       "created     2023-11-14 22:13:20 UTC\n"
	       "last signal 2023-11-14 22:14:20 UTC\n"
	       "party abc  via-branch z9hG\n"
	       "  media 1: audio RTP/AVP PCMU send recv\n"
	       "    LOCAL                      PEER                       PACKETS IN        OUT "
	       "ERRORS  "
	       "LAST PACKET             LATCH  PATH   FLAGS\n"
	       "    192.0.2.10:30000           [2001:db8::2]:4000                512        511    "
	       "  1  "
	       "2023-11-14 22:14:19 UTC locked user   RTP filled\n"
	       "total RTP   1023 packets, 175956 bytes, 1 error\n");
}

/* The answer of another version, or a forged one: every value has an unexpected type */
static void test_call_of_odd_shape_is_shown_as_far_as_it_goes(void)
{
	expect(print_call, "d4:tagsl1:ae6:totalsi3ee", "party -\n");
	expect(print_call, "d4:tagsd1:ad6:mediasd1:bi1eeee6:result2:oke",
	       "party -\n  media 0: - - -\n"
	       "    LOCAL                      PEER                       PACKETS IN        OUT "
	       "ERRORS  "
	       "LAST PACKET             LATCH  PATH   FLAGS\n");
	expect(print_call, "d7:createdi99999999999999999ee", "created     -\n");
	expect(print_call, "d7:warning3:oute", "");
}

static void test_json_out_of_memory(void)
{
	struct arena *arena = arena_new(4096);
	struct dict *reply = NULL;
	FILE *out = fopen("/dev/null", "w");

	CU_ASSERT_EQUAL_FATAL(bencode_decode(arena, STR("d1:ai1ee"), &reply), 0);
	ALLOC_FAILS_AT_EACH
	{
		int err = print_json(reply, out);

		CU_ASSERT_EQUAL(err != 0, alloc_failed());
	}
	fclose(out);
	arena_free(arena);
}

TEST_SUITE(print, { "calls are one a line", test_calls_are_one_a_line },
	   { "control characters are escaped", test_control_characters_are_escaped },
	   { "JSON has no control characters", test_json_has_no_control_characters },
	   { "statistics are indented", test_statistics_are_indented },
	   { "a call shows parties and streams", test_call_shows_parties_and_streams },
	   { "a call of odd shape is shown as far as it goes",
	     test_call_of_odd_shape_is_shown_as_far_as_it_goes },
	   { "JSON out of memory", test_json_out_of_memory });
