/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_iface_ports.c - ranges of ports of single interfaces */
#include <errno.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/port/iface.h"
#include "daemon/port/iface_value.h"
#include "daemon/port/ranges.h"
#include "tests/unit/test.h"

static void test_parts_of_a_value(void)
{
	static const struct {
		const char *text, *name, *bind, *advertised; /* @advertised NULL: no "!" */
		unsigned int port_min, port_max;
	} rows[] = {
		{ "pub/192.0.2.1", "pub", "192.0.2.1", NULL, 0, 0 },
		{ "pub/192.0.2.1:30000-34999", "pub", "192.0.2.1", NULL, 30000, 34999 },
		{ "192.0.2.1:30000-30001", "192.0.2.1", "192.0.2.1", NULL, 30000, 30001 },
		{ "p/192.0.2.1!203.0.113.5:2-65535", "p", "192.0.2.1", "203.0.113.5", 2, 65535 },
		{ "pub/[2001:db8::1]:30000-34999", "pub", "[2001:db8::1]", NULL, 30000, 34999 },
		{ "[2001:db8::1]:30000-34999", "[2001:db8::1]", "[2001:db8::1]", NULL, 30000,
		  34999 },
		{ "p/2001:db8::1![2001:db8::5]:30000-34999", "p", "2001:db8::1", "[2001:db8::5]",
		  30000, 34999 },
		{ "2001:db8::1", "2001:db8::1", "2001:db8::1", NULL, 0, 0 },
		{ "p/2001:db8::1!2001:db8::5", "p", "2001:db8::1", "2001:db8::5", 0, 0 },
		{ "a-b/br-lan", "a-b", "br-lan", NULL, 0, 0 },
		{ "a-b/br-lan:30000-34999", "a-b", "br-lan", NULL, 30000, 34999 },
		{ "2001:db8::30000", "2001:db8::30000", "2001:db8::30000", NULL, 0, 0 },
		{ "", "", "", NULL, 0, 0 },
		{ ":", ":", ":", NULL, 0, 0 },
		{ "pub/", "pub", "", NULL, 0, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct iface_value value;
		char error[256] = "";
		struct str advertised = str_of(rows[i].advertised ? rows[i].advertised : "");

		CU_ASSERT_EQUAL(
			iface_value_parse(str_of(rows[i].text), &value, error, sizeof(error)), 0);
		CU_ASSERT_STRING_EQUAL(error, "");
		CU_ASSERT_TRUE(str_eq(value.name, str_of(rows[i].name)));
		CU_ASSERT_TRUE(str_eq(value.bind, str_of(rows[i].bind)));
		CU_ASSERT_TRUE(str_eq(value.advertised, advertised));
		CU_ASSERT_EQUAL(value.nat, rows[i].advertised != NULL);
		CU_ASSERT_EQUAL(value.ranged, rows[i].port_max != 0);
		CU_ASSERT_EQUAL(value.port_min, rows[i].port_min);
		CU_ASSERT_EQUAL(value.port_max, rows[i].port_max);
	}
}

static void test_wrong_ranges_say_why(void)
{
	static const struct {
		const char *value, *error;
	} rows[] = {
		{ "pub/127.0.0.1:30001-34999", "ports 30001-34999: the first port must be even "
					       "(RTP) and the last one odd (RTCP)" },
		{ "pub/127.0.0.1:30000-35000", "ports 30000-35000: the first port must be even "
					       "(RTP) and the last one odd (RTCP)" },
		{ "pub/127.0.0.1:30000-30000", "ports 30000-30000: the first port must be even "
					       "(RTP) and the last one odd (RTCP)" },
		{ "pub/127.0.0.1:34999-30000", "ports 34999-30000: the range is empty: the first "
					       "port is above the last one" },
		{ "pub/127.0.0.1:0-65535", "\"0-65535\": a range of ports is written like "
					   "30000-34999" },
		{ "pub/127.0.0.1:30000-65537", "\"30000-65537\": a range of ports is written like "
					       "30000-34999" },
		{ "pub/127.0.0.1:30000-", "\"30000-\": a range of ports is written like "
					  "30000-34999" },
		{ "pub/127.0.0.1:-", "\"-\": a range of ports is written like 30000-34999" },
		{ "pub/127.0.0.1:30000", "\"30000\": a range of ports is written like "
					 "30000-34999" },
		{ "pub/[::1]:30000", "\"30000\": a range of ports is written like 30000-34999" },
		{ "pub/::1:30000-34999", "an IPv6 address before ports must be in brackets: "
					 "[2001:db8::1]:30000-34999" },
		{ "pub/[::1]!2001:db8::5:30000-34999",
		  "an IPv6 address before ports must be in brackets: "
		  "[2001:db8::1]:30000-34999" },
		{ "pub/127.0.0.20:23100-23299",
		  "ports 23100-23299 overlap with 23200-23299, which interface in has at the same "
		  "address 127.0.0.20" },
		{ "pub/127.0.0.20:23298-23399",
		  "ports 23298-23399 overlap with 23200-23299, which interface in has at the same "
		  "address 127.0.0.20" },
		{ "pub/127.0.0.21:23006-23099",
		  "ports 23006-23099 overlap with 23000-23007, which interface all has at the same "
		  "address 127.0.0.21" },
		{ "in/127.0.0.20:23300-23399", "\"in/127.0.0.20:23300-23399\" is given twice" },
	};
	struct iface_table *table = iface_table_new(23000, 23007, 0);
	const char *error = "";

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	CU_ASSERT_EQUAL(iface_table_add(table, STR("in/127.0.0.20:23200-23299"), &error), 0);
	CU_ASSERT_EQUAL(iface_table_add(table, STR("all/127.0.0.21"), &error), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_EQUAL(iface_table_add(table, str_of(rows[i].value), &error), -EINVAL);
		CU_ASSERT_STRING_EQUAL(error, rows[i].error);
		CU_ASSERT_EQUAL(iface_count(table), 2);
	}
	iface_table_free(table);
}

/* Other ports of an address are another pool; the same ones are the same pool. */
static void test_ports_are_those_of_the_interface(void)
{
	static const char *const values[] = { "a/127.0.0.20:23200-23203",
					      "b/127.0.0.20:23204-23205",
					      "c/127.0.0.20!203.0.113.5:23200-23203",
					      "d/127.0.0.20",
					      "e/127.0.0.21",
					      "f/[::1]:23200-23203" };
	static const struct {
		const char *ep;
		bool owned;
	} rows[] = {
		{ "127.0.0.20:23199", false },	{ "127.0.0.20:23200", true },
		{ "127.0.0.20:23205", true },	{ "127.0.0.20:23206", false },
		{ "127.0.0.20:23007", true },	{ "127.0.0.20:23008", false },
		{ "127.0.0.21:23200", false },	{ "127.0.0.21:23000", true },
		{ "[::1]:23203", true },	{ "[::1]:23000", false },
		{ "203.0.113.5:23200", false },
	};
	struct iface_table *table = iface_table_new(23000, 23007, 0);
	const char *error = "";
	struct port_pair pair;
	struct endpoint ep;

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	for (size_t i = 0; i < COUNT(values); i++)
		CU_ASSERT_EQUAL_FATAL(iface_table_add(table, str_of(values[i]), &error), 0);
	CU_ASSERT_PTR_EQUAL(iface_at(table, 0)->pool, iface_at(table, 2)->pool);
	CU_ASSERT_PTR_NOT_EQUAL(iface_at(table, 0)->pool, iface_at(table, 1)->pool);
	CU_ASSERT_PTR_NOT_EQUAL(iface_at(table, 0)->pool, iface_at(table, 3)->pool);
	CU_ASSERT_EQUAL(iface_pairs(table), 2 + 1 + 4 + 4 + 2);
	CU_ASSERT_EQUAL(port_pool_take(iface_at(table, 1)->pool, 2, 0, &pair), 0);
	CU_ASSERT_EQUAL(pair.port, 23204);
	CU_ASSERT_TRUE(endpoint_parse(STR("127.0.0.20:23204"), -1, &ep));
	CU_ASSERT_TRUE(iface_holds(table, &ep, 0));
	CU_ASSERT_EQUAL(port_pool_usage(iface_at(table, 0)->pool, 0).used, 0);
	close(pair.fd[0]);
	close(pair.fd[1]);
	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_TRUE(endpoint_parse(str_of(rows[i].ep), -1, &ep));
		CU_ASSERT_EQUAL(iface_owns(table, &ep), rows[i].owned);
	}
	iface_table_free(table);
}

/* The log line at the start: with one range for all, names would say nothing. */
static void test_ranges_name_their_interfaces(void)
{
	static const struct {
		const char *values[6], *text;
	} rows[] = {
		{ { NULL }, "none" },
		{ { "127.0.0.20" }, "23000-23007" },
		{ { "a/127.0.0.20", "b/127.0.0.21", "a/[::1]:23000-23007" }, "23000-23007" },
		{ { "a/127.0.0.20:23200-23203" }, "23200-23203" },
		{ { "a/127.0.0.20", "b/127.0.0.21:23200-23203", "a/[::1]:23200-23203",
		    "b/127.0.0.22:23200-23203", "127.0.0.23", "c=a" },
		  "23000-23007 (a, 127.0.0.23), 23200-23203 (b, a)" },
	};
	char text[100];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct iface_table *table = iface_table_new(23000, 23007, 0);
		const char *error = "";

		for (size_t j = 0; j < COUNT(rows[i].values) && rows[i].values[j]; j++)
			CU_ASSERT_EQUAL(iface_table_add(table, str_of(rows[i].values[j]), &error),
					0);
		CU_ASSERT_STRING_EQUAL(iface_ranges_print(table, text, sizeof(text)), rows[i].text);
		iface_table_free(table);
	}
}

static void test_ranges_are_cut(void)
{
	static const char whole[] = "23200-23201 (a), 23202-23203 (interface-with-a-long-name), "
				    "23204-23205 (c)";
	static const struct {
		size_t size;
		const char *text;
	} rows[] = {
		{ sizeof(whole) + 5, whole },
		{ sizeof(whole) + 4, "23200-23201 (a), 23202-23203 (interface-with-a-long-name), "
				     "23204-23205" },
		{ 64, "23200-23201 (a), 23202-23203 (interface-with-a-long-name), ..." },
		{ 48, "23200-23201 (a), 23202-23203, 23204-23205" },
		{ 32, "23200-23201 (a), ..." },
	};
	struct iface_table *table = iface_table_new(23000, 23007, 0);
	char memory[sizeof(whole) + 6];
	const char *error = "";

	CU_ASSERT_EQUAL(iface_table_add(table, STR("a/127.0.0.20:23200-23201"), &error), 0);
	CU_ASSERT_EQUAL(iface_table_add(table,
					STR("interface-with-a-long-name/127.0.0.20:23202-23203"),
					&error),
			0);
	CU_ASSERT_EQUAL(iface_table_add(table, STR("c/127.0.0.20:23204-23205"), &error), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		memory[rows[i].size] = '#';
		CU_ASSERT_STRING_EQUAL(iface_ranges_print(table, memory, rows[i].size),
				       rows[i].text);
		CU_ASSERT_TRUE(memory[rows[i].size] == '#');
	}
	iface_table_free(table);
}

TEST_SUITE(iface_ports, { "parts of a value", test_parts_of_a_value },
	   { "wrong ranges say why", test_wrong_ranges_say_why },
	   { "ports are those of the interface", test_ports_are_those_of_the_interface },
	   { "ranges name their interfaces", test_ranges_name_their_interfaces },
	   { "ranges are cut", test_ranges_are_cut });
