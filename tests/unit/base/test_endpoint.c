/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_endpoint.c - addresses: parsing, printing, kinds, networks */
#include <stdio.h>
#include "daemon/base/count.h"
#include "daemon/base/endpoint.h"
#include "tests/unit/test.h"

static struct endpoint addr(const char *text)
{
	struct endpoint ep = { 0 };

	CU_ASSERT_TRUE(endpoint_parse_addr(str_of(text), 0, &ep));
	return ep;
}

static void test_parses_addresses(void)
{
	static const struct {
		const char *text;
		int family;
		const char *print; /* NULL: refused */
	} rows[] = {
		{ "192.0.2.1", 0, "192.0.2.1" },
		{ "192.0.2.1", AF_INET, "192.0.2.1" },
		{ "192.0.2.1", AF_INET6, NULL },
		{ "2001:db8::1", 0, "2001:db8::1" },
		{ "[2001:db8::1]", 0, "2001:db8::1" },
		{ "2001:DB8:0:0:0:0:0:1", AF_INET6, "2001:db8::1" },
		{ "2001:db8::1", AF_INET, NULL },
		{ "[192.0.2.1]", 0, NULL },
		{ "::", 0, "::" },
		{ "0.0.0.0", 0, "0.0.0.0" },
		{ "::ffff:192.0.2.1", 0, NULL },
		{ "64:ff9b::192.0.2.1", 0, "64:ff9b::c000:201" },
		{ "", 0, NULL },
		{ "[]", 0, NULL },
		{ "[", 0, NULL },
		{ "192.0.2", 0, NULL },
		{ "192.0.2.256", 0, NULL },
		{ "192.0.2.01", 0, NULL },
		{ " 192.0.2.1", 0, NULL },
		{ "192.0.2.1 ", 0, NULL },
		{ "2001:db8:::1", 0, NULL },
		{ "fe80::1%lo", 0, NULL },
		{ "2001:0db8:0000:0000:0000:0000:0000:0001:0000:0000:0000", 0, NULL },
		{ "phone.example.com", 0, NULL },
	};
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint ep;
		bool ok = endpoint_parse_addr(str_of(rows[i].text), rows[i].family, &ep);

		CU_ASSERT_EQUAL(ok, rows[i].print != NULL);
		if (ok && rows[i].print) {
			CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&ep, text), rows[i].print);
			CU_ASSERT_EQUAL(endpoint_port(&ep), 0);
		}
	}
}

static void test_a_nul_ends_no_address(void)
{
	struct endpoint ep;

	CU_ASSERT_FALSE(endpoint_parse_addr((struct str){ "192.0.2.1\0x", 11 }, 0, &ep));
	CU_ASSERT_FALSE(endpoint_parse_addr(STR_NONE, 0, &ep));
	CU_ASSERT_FALSE(endpoint_parse(STR_NONE, 1, &ep));
	/* a slice ends where it ends */
	CU_ASSERT_TRUE(endpoint_parse_addr((struct str){ "192.0.2.123", 9 }, 0, &ep));
	CU_ASSERT_EQUAL(ep.in4.sin_addr.s_addr, htonl(0xc0000201));
}

static void test_parses_addresses_with_port(void)
{
	static const struct {
		const char *text;
		int default_port;
		const char *print; /* NULL: refused */
	} rows[] = {
		{ "192.0.2.1:2223", -1, "192.0.2.1:2223" },
		{ "192.0.2.1:0", -1, "192.0.2.1:0" },
		{ "192.0.2.1:65535", -1, "192.0.2.1:65535" },
		{ "192.0.2.1:65536", -1, NULL },
		{ "192.0.2.1:", -1, NULL },
		{ "192.0.2.1:-1", -1, NULL },
		{ "192.0.2.1:22 ", -1, NULL },
		{ "192.0.2.1", -1, NULL },
		{ "192.0.2.1", 2223, "192.0.2.1:2223" },
		{ "192.0.2.1:5060", 2223, "192.0.2.1:5060" },
		{ "[2001:db8::1]:2223", -1, "[2001:db8::1]:2223" },
		{ "[2001:db8::1]", 2223, "[2001:db8::1]:2223" },
		{ "[2001:db8::1]", -1, NULL },
		{ "2001:db8::1", 2223, "[2001:db8::1]:2223" },
		{ "2001:db8::1", -1, NULL },
		{ "2001:db8::1:2223", -1, NULL },
		{ "[2001:db8::1]2223", 1, NULL },
		{ "[fe80::1%lo]:2223", -1, "[fe80::1%lo]:2223" },
		{ "[fe80::1%1]:2223", -1, "[fe80::1%lo]:2223" },
		{ "fe80::1%lo", 2223, "[fe80::1%lo]:2223" },
		{ "[fe80::1%none-such]:2223", -1, NULL },
		{ "[fe80::1%]:2223", -1, NULL },
		{ "[192.0.2.1%lo]:2223", -1, NULL },
		{ "[fe80::1%an-interface-with-a-name]:2223", -1, NULL },
		{ ":2223", -1, NULL },
		{ "", 2223, NULL },
		{ "localhost:2223", -1, NULL },
	};
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint ep = { 0 };
		bool ok = endpoint_parse(str_of(rows[i].text), rows[i].default_port, &ep);

		CU_ASSERT_EQUAL(ok, rows[i].print != NULL);
		CU_ASSERT_STRING_EQUAL(endpoint_print(&ep, text),
				       rows[i].print ? rows[i].print : "none");
	}
}

static void test_prints_the_longest_and_the_unset(void)
{
	struct endpoint ep = { 0 };
	char text[ENDPOINT_TEXT];

	CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&ep, text), "none");
	memset(&ep.in6.sin6_addr, 0xff, sizeof(ep.in6.sin6_addr));
	ep.in6.sin6_family = AF_INET6;
	ep.in6.sin6_port = 0xffff;
	ep.in6.sin6_scope_id = UINT32_MAX;
	CU_ASSERT_STRING_EQUAL(endpoint_print(&ep, text),
			       "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
}

static void test_compares(void)
{
	struct endpoint a = addr("192.0.2.1"), b = addr("192.0.2.2");
	struct endpoint v6 = addr("2001:db8::1"), v6b = addr("2001:db8::2"), unset = { 0 };

	CU_ASSERT_TRUE(endpoint_eq(&a, &a));
	CU_ASSERT_FALSE(endpoint_eq(&a, &b));
	CU_ASSERT_TRUE(endpoint_eq(&v6, &v6));
	CU_ASSERT_FALSE(endpoint_eq(&v6, &v6b));
	CU_ASSERT_FALSE(endpoint_eq(&a, &v6));
	CU_ASSERT_FALSE(endpoint_eq(&unset, &unset));
	b = a;
	endpoint_set_port(&b, 2);
	CU_ASSERT_FALSE(endpoint_eq(&a, &b));
	CU_ASSERT_TRUE(endpoint_addr_eq(&a, &b));
}

enum { ANY = 1, PRIVATE = 2, UNICAST = 4 };

static void test_knows_kinds_of_addresses(void)
{
	static const struct {
		const char *text;
		int kind;
	} rows[] = {
		{ "192.0.2.1", UNICAST },
		{ "198.51.100.7", UNICAST },
		{ "0.0.0.0", ANY | PRIVATE },
		{ "0.0.0.1", PRIVATE | UNICAST },
		{ "10.0.0.1", PRIVATE | UNICAST },
		{ "11.0.0.1", UNICAST },
		{ "9.255.255.255", UNICAST },
		{ "100.63.255.255", UNICAST },
		{ "100.64.0.0", PRIVATE | UNICAST },
		{ "100.127.255.255", PRIVATE | UNICAST },
		{ "100.128.0.0", UNICAST },
		{ "127.0.0.1", PRIVATE | UNICAST },
		{ "169.254.1.1", PRIVATE | UNICAST },
		{ "172.15.255.255", UNICAST },
		{ "172.16.0.1", PRIVATE | UNICAST },
		{ "172.31.255.255", PRIVATE | UNICAST },
		{ "172.32.0.0", UNICAST },
		{ "192.168.1.1", PRIVATE | UNICAST },
		{ "192.169.0.0", UNICAST },
		{ "223.255.255.255", UNICAST },
		{ "224.0.0.1", PRIVATE },
		{ "239.255.255.255", PRIVATE },
		{ "240.0.0.1", PRIVATE | UNICAST },
		{ "255.255.255.255", PRIVATE },
		{ "::", ANY | PRIVATE },
		{ "::1", PRIVATE | UNICAST },
		{ "::2", UNICAST },
		{ "2001:db8::1", UNICAST },
		{ "fbff::1", UNICAST },
		{ "fc00::1", PRIVATE | UNICAST },
		{ "fdff::1", PRIVATE | UNICAST },
		{ "fe80::1", PRIVATE | UNICAST },
		{ "febf::1", PRIVATE | UNICAST },
		{ "fec0::1", UNICAST },
		{ "ff02::1", PRIVATE },
	};
	struct endpoint unset = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint ep = addr(rows[i].text);

		CU_ASSERT_EQUAL(endpoint_is_any(&ep), !!(rows[i].kind & ANY));
		CU_ASSERT_EQUAL(endpoint_is_private(&ep), !!(rows[i].kind & PRIVATE));
		CU_ASSERT_EQUAL(endpoint_is_unicast(&ep), !!(rows[i].kind & UNICAST));
	}
	CU_ASSERT_FALSE(endpoint_is_any(&unset));
	CU_ASSERT_FALSE(endpoint_is_private(&unset));
	CU_ASSERT_FALSE(endpoint_is_unicast(&unset));
}

static void test_same_pool_is_24_or_56_bits(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.255", true },
		{ "192.0.2.1", "192.0.3.1", false },
		{ "2001:db8:0:ff00::1", "2001:db8:0:ffff::2", true },
		{ "2001:db8:0:fe00::1", "2001:db8:0:ff00::1", false },
		{ "192.0.2.1", "2001:db8::1", false },
	};
	struct endpoint unset = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint a = addr(rows[i].a), b = addr(rows[i].b);

		CU_ASSERT_EQUAL(endpoint_same_pool(&a, &b), rows[i].same);
	}
	CU_ASSERT_FALSE(endpoint_same_pool(&unset, &unset));
}

static void test_networks_hold_their_addresses(void)
{
	static const struct {
		const char *net, *addr;
		int has; /* -1: not a network */
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.255", 1 },
		{ "192.0.2.0/24", "192.0.3.0", 0 },
		{ "192.0.2.77/24", "192.0.2.1", 1 },
		{ "192.0.2.128/25", "192.0.2.127", 0 },
		{ "192.0.2.128/25", "192.0.2.128", 1 },
		{ "192.0.2.1", "192.0.2.1", 1 },
		{ "192.0.2.1", "192.0.2.2", 0 },
		{ "192.0.2.1/32", "192.0.2.0", 0 },
		{ "0.0.0.0/0", "203.0.113.9", 1 },
		{ "0.0.0.0/0", "2001:db8::1", 0 },
		{ "2001:db8::/32", "2001:db8:ffff::1", 1 },
		{ "2001:db8::/33", "2001:db8:8000::1", 0 },
		{ "2001:db8::1", "2001:db8::1", 1 },
		{ "2001:db8::1/127", "2001:db8::", 1 },
		{ "192.0.2.0/33", NULL, -1 },
		{ "2001:db8::/129", NULL, -1 },
		{ "192.0.2.0/", NULL, -1 },
		{ "192.0.2.0/-1", NULL, -1 },
		{ "192.0.2.0/24/8", NULL, -1 },
		{ "/24", NULL, -1 },
		{ "", NULL, -1 },
	};
	struct endpoint unset = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cidr cidr;
		struct endpoint ep;

		CU_ASSERT_EQUAL(cidr_parse(str_of(rows[i].net), &cidr), rows[i].has >= 0);
		if (rows[i].has < 0)
			continue;
		ep = addr(rows[i].addr);
		CU_ASSERT_EQUAL(cidr_has(&cidr, &ep), rows[i].has == 1);
		CU_ASSERT_FALSE(cidr_has(&cidr, &unset));
	}
}

TEST_SUITE(endpoint, { "parses addresses", test_parses_addresses },
	   { "a NUL ends no address", test_a_nul_ends_no_address },
	   { "parses addresses with port", test_parses_addresses_with_port },
	   { "prints the longest and the unset", test_prints_the_longest_and_the_unset },
	   { "compares", test_compares },
	   { "knows kinds of addresses", test_knows_kinds_of_addresses },
	   { "same pool is 24 or 56 bits", test_same_pool_is_24_or_56_bits },
	   { "networks hold their addresses", test_networks_hold_their_addresses });
