/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rtpp_parse.c - the rtpproxy protocol: words, tags, modifiers and addresses, each as rows of
 * a table
 */
#include <stdio.h>
#include <stdlib.h>
#include "daemon/base/count.h"
#include "daemon/rtpproxy/parse.h"
#include "tests/unit/test.h"

static bool right(bool holds, struct str text)
{
	if (!holds)
		printf("\n\"%.*s\" was read otherwise\n", (int)text.len, text.s);
	return holds;
}

static void test_words_and_parts(void)
{
	static const struct {
		struct str text;
		enum rtpp_error error;
		size_t parts, words[3];
	} rows[] = {
		{ STR("V"), RTPP_OK, 1, { 1 } },
		{ STR("  V \t\r\n"), RTPP_OK, 1, { 1 } },
		{ STR("U\tc  1.2.3.4\r4 a\n"), RTPP_OK, 1, { 5 } },
		{ STR("Q c a && D"), RTPP_OK, 2, { 3, 1 } },
		{ STR("U c && && D"), RTPP_E_SYNTAX, 0, { 0 } },
		{ STR("U c &&"), RTPP_E_SYNTAX, 0, { 0 } },
		{ STR("U c&&D x&& &&&"), RTPP_OK, 1, { 4 } },
		{ STR("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23"),
		  RTPP_OK,
		  1,
		  { 23 } },
		{ STR("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24"),
		  RTPP_E_SYNTAX,
		  0,
		  { 0 } },
		{ STR("U && 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25"),
		  RTPP_E_SYNTAX,
		  0,
		  { 0 } },
		{ STR("U && 1 && 2 && 3 && 4 && 5 && 6 && 7 && 8 && 9 && 10 && 11 && 12 && 13 && "
		      "14 && 15"),
		  RTPP_OK,
		  16,
		  { 1, 1, 1 } },
		{ STR("U && 1 && 2 && 3 && 4 && 5 && 6 && 7 && 8 && 9 && 10 && 11 && 12 && 13 && "
		      "14 && 15 && 16"),
		  RTPP_E_SYNTAX,
		  0,
		  { 0 } },
		{ STR("&& V"), RTPP_E_SYNTAX, 0, { 0 } },
		{ STR(""), RTPP_E_SYNTAX, 0, { 0 } },
		{ STR(" \t\r\n"), RTPP_E_SYNTAX, 0, { 0 } },
		{ STR("V\0"), RTPP_E_SYNTAX, 0, { 0 } },
		{ STR("\0V"), RTPP_E_SYNTAX, 0, { 0 } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rtpp_text text;
		enum rtpp_error error = rtpp_split(rows[i].text, &text);

		CU_ASSERT(right(error == rows[i].error, rows[i].text));
		if (error != RTPP_OK)
			continue;
		CU_ASSERT(right(text.n == rows[i].parts, rows[i].text));
		for (size_t part = 0; part < text.n && part < 3; part++)
			CU_ASSERT(right(text.part[part].n == rows[i].words[part], rows[i].text));
	}
}

static void test_tags_and_numbers(void)
{
	static const struct {
		struct str word, tag;
		unsigned int number;
	} rows[] = {
		{ STR("a"), STR("a"), 0 },
		{ STR("a;1"), STR("a"), 1 },
		{ STR("a;128"), STR("a"), 128 },
		{ STR("a;007"), STR("a"), 7 },
		{ STR("a;b;2"), STR("a;b"), 2 },
		{ STR(";3"), STR(""), 3 },
		/* These are unchanged tags. */
		{ STR("a;0"), STR("a;0"), 0 },
		{ STR("a;129"), STR("a;129"), 0 },
		{ STR("a;"), STR("a;"), 0 },
		{ STR("a;x"), STR("a;x"), 0 },
		{ STR("a;-1"), STR("a;-1"), 0 },
		{ STR("a;99999999999999999999999"), STR("a;99999999999999999999999"), 0 },
		{ STR_NONE, STR_NONE, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rtpp_tag tag = rtpp_tag_of(rows[i].word);

		CU_ASSERT(right(str_eq(tag.tag, rows[i].tag), rows[i].word));
		CU_ASSERT(right(tag.number == rows[i].number, rows[i].word));
	}
}

static bool is_addr(const struct endpoint *addr, const char *text)
{
	struct endpoint expected = { 0 };

	if (!text)
		return !endpoint_is_set(addr);
	return endpoint_parse_addr(str_of(text), strchr(text, ':') ? AF_INET6 : AF_INET,
				   &expected) &&
	       endpoint_addr_eq(addr, &expected);
}

static void test_modifiers_of_u_and_l(void)
{
	static const struct {
		struct str text;
		unsigned int flags;
		char bridge[3];
		unsigned int z;
		uint64_t pts[2];
		const char *local, *label, *toward;
	} rows[] = {
		{ .text = STR("") },
		{ STR("A"), .flags = RTPP_ASYMMETRIC },
		{ STR("a"), .flags = RTPP_ASYMMETRIC },
		{ STR("S"), .flags = 0 },
		{ STR("AS"), .flags = 0 },
		{ STR("SA"), .flags = RTPP_ASYMMETRIC },
		{ STR("w6N"), .flags = RTPP_WEAK | RTPP_IPV6 | RTPP_NEW_PORT },
		{ STR("I"), .bridge = "I" },
		{ STR("iE"), .bridge = "IE" },
		{ STR("EI6"), .bridge = "EI", .flags = RTPP_IPV6 },
		{ STR("E6I"), .bridge = "EI", .flags = RTPP_IPV6 },
		{ STR("z20"), .z = 20 },
		{ STR("Z999"), .z = 999 },
		{ STR("Z1A"), .z = 1, .flags = RTPP_ASYMMETRIC },
		{ STR("c0"), .flags = RTPP_CODECS, .pts = { 1 } },
		{ STR("C8,101"), .flags = RTPP_CODECS, .pts = { 1 << 8, UINT64_C(1) << 37 } },
		{ STR("c127"), .flags = RTPP_CODECS, .pts = { 0, UINT64_C(1) << 63 } },
		/* Numbers that are not payload types are ignored. */
		{ STR("c128,,999999999999999999999,0"), .flags = RTPP_CODECS, .pts = { 1 } },
		{ STR("AIE6Z20c0,8S"), .flags = RTPP_IPV6 | RTPP_CODECS, .bridge = "IE", .z = 20,
		  .pts = { 1 | 1 << 8 } },
		{ STR("L192.0.2.1"), .local = "192.0.2.1" },
		{ STR("l[2001:db8::1]W"), .local = "2001:db8::1", .flags = RTPP_WEAK },
		{ STR("L192.0.2.1L192.0.2.2"), .local = "192.0.2.2" },
		{ STR("L{pub lic}"), .label = "pub lic" },
		{ STR("L{A}A"), .label = "A", .flags = RTPP_ASYMMETRIC },
		{ STR("R192.0.2.1S"), .toward = "192.0.2.1" },
		{ STR("r[::1]6"), .toward = "::1", .flags = RTPP_IPV6 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rtpp_modifiers m;

		CU_ASSERT(right(rtpp_read_modifiers(rows[i].text, &m) == RTPP_OK, rows[i].text));
		CU_ASSERT(right(m.flags == rows[i].flags, rows[i].text));
		CU_ASSERT(right(!memcmp(m.bridge, rows[i].bridge, 2), rows[i].text));
		CU_ASSERT(right(m.repacketize_ms == rows[i].z, rows[i].text));
		CU_ASSERT(right(!memcmp(m.pts, rows[i].pts, sizeof(m.pts)), rows[i].text));
		CU_ASSERT(right(is_addr(&m.local, rows[i].local), rows[i].text));
		CU_ASSERT(right(is_addr(&m.toward, rows[i].toward), rows[i].text));
		CU_ASSERT(right(str_eq(m.label, str_of(rows[i].label)), rows[i].text));
	}
}

static void test_mistakes_in_modifiers(void)
{
	static const struct {
		struct str text;
		enum rtpp_error error;
	} rows[] = {
		{ STR("IEE"), RTPP_E_EXTERNAL },
		{ STR("EEI"), RTPP_E_INTERNAL },
		{ STR("Z"), RTPP_E_REPACKETIZE },
		{ STR("Z0"), RTPP_E_REPACKETIZE },
		{ STR("Z1000"), RTPP_E_REPACKETIZE },
		{ STR("Z99999999999999999999999"), RTPP_E_REPACKETIZE },
		{ STR("C"), RTPP_E_CODECS },
		{ STR("CA"), RTPP_E_CODECS },
		{ STR("c0c8"), RTPP_E_CODECS },
		{ STR("L"), RTPP_E_LOCAL },
		{ STR("L192.0.2"), RTPP_E_LOCAL },
		{ STR("L192.0.2.1.1"), RTPP_E_LOCAL },
		{ STR("L2001:db8::1"), RTPP_E_LOCAL },
		{ STR("L[192.0.2.1]"), RTPP_E_LOCAL },
		{ STR("L[::1"), RTPP_E_LOCAL },
		{ STR("L{}"), RTPP_E_LOCAL },
		{ STR("L{a"), RTPP_E_LOCAL },
		{ STR("R"), RTPP_E_REMOTE },
		{ STR("R{a}"), RTPP_E_REMOTE },
		{ STR("R[::x]"), RTPP_E_REMOTE },
		{ STR("A?"), RTPP_E_UPDATE },
		{ STR("T60"), RTPP_E_UPDATE },
		{ STR("M"), RTPP_E_UPDATE },
		{ STR("7"), RTPP_E_UPDATE },
		{ STR("\xff"), RTPP_E_UPDATE },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rtpp_modifiers m;

		CU_ASSERT(right(rtpp_read_modifiers(rows[i].text, &m) == rows[i].error,
				rows[i].text));
	}
}

static void test_addresses_and_ports(void)
{
	static const struct {
		const char *addr, *port;
		bool v6;
		enum rtpp_error error;
	} rows[] = {
		{ "192.0.2.1", "4000", false, RTPP_OK },
		{ "192.0.2.1", "0", false, RTPP_OK },
		{ "192.0.2.1", "65535", false, RTPP_OK },
		{ "0.0.0.0", "4000", false, RTPP_OK },
		{ "2001:db8::1", "4000", true, RTPP_OK },
		{ "::", "4000", true, RTPP_OK },
		{ "192.0.2.1", "65536", false, RTPP_E_ADDRESS },
		{ "192.0.2.1", "", false, RTPP_E_ADDRESS },
		{ "192.0.2.1", "-1", false, RTPP_E_ADDRESS },
		{ "192.0.2.1", "4000x", false, RTPP_E_ADDRESS },
		{ "192.0.2.1", "99999999999999999999999", false, RTPP_E_ADDRESS },
		{ "192.0.2.1", "4000", true, RTPP_E_ADDRESS },
		{ "2001:db8::1", "4000", false, RTPP_E_ADDRESS },
		{ "192.0.2", "4000", false, RTPP_E_ADDRESS },
		{ "phone.example", "4000", false, RTPP_E_ADDRESS },
		{ "1111111111111111111111111111111111111111111111", "4000", false, RTPP_E_ADDRESS },
		{ "2001:0db8:0000:0000:0000:0000:0000:00000000001", "4000", true, RTPP_E_ADDRESS },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str addr = str_of(rows[i].addr), port = str_of(rows[i].port);
		struct endpoint remote = { 0 };
		enum rtpp_error error = rtpp_read_remote(addr, port, rows[i].v6, &remote);

		CU_ASSERT(right(error == rows[i].error, addr));
		if (error != RTPP_OK)
			continue;
		CU_ASSERT(right(is_addr(&remote, rows[i].addr), addr));
		CU_ASSERT(right(endpoint_port(&remote) == strtoul(rows[i].port, NULL, 10), addr));
	}
}

TEST_SUITE(rtpp_parse, { "words and parts", test_words_and_parts },
	   { "tags and numbers", test_tags_and_numbers },
	   { "modifiers of U and L", test_modifiers_of_u_and_l },
	   { "mistakes in modifiers", test_mistakes_in_modifiers },
	   { "addresses and ports", test_addresses_and_ports });
