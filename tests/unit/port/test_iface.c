/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_iface.c - addresses of this host are those of loopback: 127.0.0.0/8 and ::1 */
#include <errno.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/port/iface.h"
#include "tests/unit/test.h"

static struct iface_table *table_of(const char *const *values)
{
	struct iface_table *table = iface_table_new(23000, 23007, 5000);
	const char *error = "";

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	for (; *values; values++) {
		int err = iface_table_add(table, str_of(*values), &error);

		if (err)
			printf("%s: %s\n", *values, error);
		CU_ASSERT_EQUAL_FATAL(err, 0);
	}
	return table;
}

#define TABLE(...) table_of((const char *const[]){ __VA_ARGS__, NULL })

static void assert_addr(const struct iface_addr *addr, const char *name, const char *bind,
			const char *advertised)
{
	char text[ENDPOINT_TEXT];

	CU_ASSERT_PTR_NOT_NULL_FATAL(addr);
	CU_ASSERT_TRUE(str_eq(addr->name, str_of(name)));
	CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&addr->bind, text), bind);
	CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&addr->advertised, text), advertised);
	CU_ASSERT_EQUAL(endpoint_port(&addr->bind), 0);
}

static void test_reads_every_form(void)
{
	struct iface_table *table =
		TABLE("pub/127.0.0.11!203.0.113.5", "127.0.0.12", "pub/::1",
		      "127.0.0.13!198.51.100.7", "v6/[::1]!2001:db8::5", "ext=pub", "outside=ext");

	CU_ASSERT_EQUAL(iface_count(table), 5);
	assert_addr(iface_at(table, 0), "pub", "127.0.0.11", "203.0.113.5");
	assert_addr(iface_at(table, 1), "127.0.0.12", "127.0.0.12", "127.0.0.12");
	assert_addr(iface_at(table, 2), "pub", "::1", "::1");
	assert_addr(iface_at(table, 3), "127.0.0.13", "127.0.0.13", "198.51.100.7");
	assert_addr(iface_at(table, 4), "v6", "::1", "2001:db8::5");
	CU_ASSERT_PTR_NULL(iface_at(table, 5));
	iface_table_free(table);
}

static void test_address_is_found_out_later(void)
{
	struct iface_table *table = TABLE("pub/127.0.0.11!auto:24000-24007", "pub/127.0.0.12",
					  "other/127.0.0.11!auto", "plain/127.0.0.11");
	struct endpoint bind, outside;
	bool known;

	assert_addr(iface_at(table, 0), "pub", "127.0.0.11", "127.0.0.11");
	CU_ASSERT_TRUE(iface_at(table, 0)->found && iface_at(table, 0)->unknown);
	CU_ASSERT_FALSE(iface_at(table, 1)->found || iface_at(table, 1)->unknown);
	/* One that is known is chosen, if the interface has one. */
	for (int i = 0; i < 20; i++)
		assert_addr(iface_pick(table, STR("pub"), AF_INET, &known), "pub", "127.0.0.12",
			    "127.0.0.12");
	CU_ASSERT_TRUE(iface_pick(table, STR("other"), AF_INET, &known)->unknown);

	CU_ASSERT_TRUE(endpoint_parse(STR("127.0.0.11:5"), -1, &bind));
	CU_ASSERT_TRUE(endpoint_parse(STR("198.51.100.7:9"), -1, &outside));
	CU_ASSERT_EQUAL(iface_set_advertised(table, &bind, &outside, false), 2);
	assert_addr(iface_at(table, 0), "pub", "127.0.0.11", "198.51.100.7");
	CU_ASSERT_EQUAL(endpoint_port(&iface_at(table, 0)->advertised), 0);
	assert_addr(iface_at(table, 2), "other", "127.0.0.11", "198.51.100.7");
	assert_addr(iface_at(table, 3), "plain", "127.0.0.11", "127.0.0.11");
	CU_ASSERT_FALSE(iface_at(table, 0)->unknown || iface_at(table, 2)->unknown);
	CU_ASSERT_EQUAL(iface_set_advertised(table, &bind, &outside, true), 2);
	CU_ASSERT_TRUE(iface_at(table, 0)->unknown);
	iface_table_free(table);
}

static void test_refusals_say_why(void)
{
	static const struct {
		const char *value, *error;
	} rows[] = {
		{ "", "the value is empty" },
		{ "pub/",
		  "\"\" is neither an IPv4 or IPv6 address nor a network device of this host" },
		{ "/127.0.0.1", "\"\" is not a valid interface name" },
		{ "a b/127.0.0.1", "\"a b\" is not a valid interface name" },
		{ "127.0.0.1/8",
		  "\"8\" is neither an IPv4 or IPv6 address nor a network device of this host" },
		{ "pub/192.0.2.1;priv/10.0.0.1",
		  "\"192.0.2.1;priv/10.0.0.1\" is neither an IPv4 or IPv6 address nor a network "
		  "device of this host; commas separate interfaces" },
		{ "pub/192.0.2.77", "192.0.2.77 is not an address of this host; for a floating "
				    "address set net.ipv4.ip_nonlocal_bind=1" },
		{ "2001:db8::77", "2001:db8::77 is not an address of this host; for a floating "
				  "address set net.ipv6.ip_nonlocal_bind=1" },
		{ "pub/no-such-dev", "\"no-such-dev\" is neither an IPv4 or IPv6 address nor a "
				     "network device of this host" },
		{ "pub/lo!203.0.113.5",
		  "a device has no advertised address: give the address before \"!\"" },
		{ "pub/any!203.0.113.5",
		  "a device has no advertised address: give the address before \"!\"" },
		{ "a b/lo", "\"a b\" is not a valid interface name" },
		{ "inside/lo", "the name \"inside\" is already in use" },
		{ "pub/0.0.0.0", "0.0.0.0 is not the address of one host; list each address" },
		{ "pub/::", ":: is not the address of one host; list each address" },
		{ "pub/224.0.0.5", "224.0.0.5 is not the address of one host; list each address" },
		{ "pub/ff02::1", "ff02::1 is not the address of one host; list each address" },
		{ "pub/127.0.0.1!",
		  "advertised address \"\" is not an IPv4 address like the one before \"!\", nor "
		  "auto" },
		{ "pub/127.0.0.1!::1",
		  "advertised address \"::1\" is not an IPv4 address like the one before \"!\", "
		  "nor auto" },
		{ "pub/::1!192.0.2.1", "advertised address \"192.0.2.1\" is not an IPv6 address "
				       "like the one before \"!\", nor auto" },
		{ "pub/lo!auto",
		  "a device has no advertised address: give the address before \"!\"" },
		{ "pub/127.0.0.1!239.0.0.1",
		  "advertised address \"239.0.0.1\" is not a unicast address" },
		{ "in/127.0.0.20", "\"in/127.0.0.20\" is given twice" },
		{ "in/127.0.0.20!192.0.2.1", "\"in/127.0.0.20!192.0.2.1\" is given twice" },
		{ "in=in", "the name \"in\" is already in use" },
		{ "inside=in", "the name \"inside\" is already in use" },
		{ "inside/127.0.0.1", "the name \"inside\" is already in use" },
		{ "x=nobody", "alias \"x\": interface \"nobody\" is not defined before it" },
		{ "=in", "\"\" is not a valid interface name" },
		{ "x=", "alias \"x\": interface \"\" is not defined before it" },
	};
	struct iface_table *table = TABLE("in/127.0.0.20", "inside=in");

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *error = "";

		CU_ASSERT_EQUAL(iface_table_add(table, str_of(rows[i].value), &error), -EINVAL);
		CU_ASSERT_STRING_EQUAL(error, rows[i].error);
		CU_ASSERT_EQUAL(iface_count(table), 1);
	}
	iface_table_free(table);
}

static void test_error_of_a_long_value_is_cut(void)
{
	struct iface_table *table = TABLE("127.0.0.1");
	const char *error = "";
	char value[2000];

	memset(value, 'x', sizeof(value));
	CU_ASSERT_EQUAL(iface_table_add(table, (struct str){ value, sizeof(value) }, &error),
			-EINVAL);
	CU_ASSERT_EQUAL(strlen(error), 255);
	iface_table_free(table);
}

static void test_picks_by_name_alias_and_family(void)
{
	struct iface_table *table =
		TABLE("pub/127.0.0.11", "priv/127.0.0.12", "priv/::1", "int=priv");
	static const struct {
		const char *name;
		int family;
		const char *bind;
		bool known;
	} rows[] = {
		{ "pub", AF_INET, "127.0.0.11", true },
		{ "priv", AF_INET, "127.0.0.12", true },
		{ "priv", AF_INET6, "::1", true },
		{ "priv", AF_UNSPEC, "127.0.0.12", true },
		{ "int", AF_INET6, "::1", true },
		{ "int", AF_UNSPEC, "127.0.0.12", true },
		{ "pub", AF_INET6, "::1", true },
		{ NULL, AF_INET, "127.0.0.11", true },
		{ NULL, AF_UNSPEC, "127.0.0.11", true },
		{ NULL, AF_INET6, "::1", true },
		{ "nobody", AF_INET, "127.0.0.11", false },
		{ "nobody", AF_INET6, "::1", false },
		{ "PUB", AF_UNSPEC, "127.0.0.11", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[ENDPOINT_TEXT];
		bool known = !rows[i].known;
		struct iface_addr *addr =
			iface_pick(table, str_of(rows[i].name), rows[i].family, &known);

		CU_ASSERT_PTR_NOT_NULL_FATAL(addr);
		CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&addr->bind, text), rows[i].bind);
		CU_ASSERT_EQUAL(known, rows[i].known);
	}
	iface_table_free(table);
}

static void test_no_address_of_family_is_null(void)
{
	struct iface_table *table = TABLE("127.0.0.11");
	struct iface_table *empty = iface_table_new(23000, 23007, 0);
	bool known;

	CU_ASSERT_PTR_NULL(iface_pick(table, STR_NONE, AF_INET6, &known));
	CU_ASSERT_PTR_NULL(iface_pick(empty, STR_NONE, AF_UNSPEC, &known));
	iface_table_free(empty);
	iface_table_free(table);
}

static void test_picks_address_with_most_free_pairs(void)
{
	struct iface_table *table = TABLE("pub/127.0.0.11", "pub/127.0.0.12", "pub/127.0.0.13");
	struct port_pair pair[6];
	struct iface_addr *from[6];
	bool known;

	for (int i = 0; i < 6; i++) {
		from[i] = iface_pick(table, STR_NONE, AF_INET, &known);
		CU_ASSERT_PTR_EQUAL(from[i], iface_at(table, (size_t)i % 3));
		CU_ASSERT_EQUAL_FATAL(port_pool_take(from[i]->pool, 2, clock_ms(), &pair[i]), 0);
	}
	for (int i = 0; i < 6; i++) {
		close(pair[i].fd[0]);
		close(pair[i].fd[1]);
		port_pool_give(from[i]->pool, pair[i].port, i != 1, clock_ms());
	}
	/* One pair of .12 received no packet; all others are in quarantine. */
	CU_ASSERT_PTR_EQUAL(iface_pick(table, STR_NONE, AF_INET, &known), iface_at(table, 1));
	iface_table_free(table);
}

static void test_same_address_under_two_names_shares_ports(void)
{
	struct iface_table *table =
		TABLE("lan/127.0.0.11", "nat/127.0.0.11!203.0.113.5", "127.0.0.12");

	CU_ASSERT_PTR_EQUAL(iface_at(table, 0)->pool, iface_at(table, 1)->pool);
	CU_ASSERT_PTR_NOT_EQUAL(iface_at(table, 0)->pool, iface_at(table, 2)->pool);
	assert_addr(iface_pick(table, STR("nat"), AF_INET, NULL), "nat", "127.0.0.11",
		    "203.0.113.5");
	iface_table_free(table);
}

static void test_holds_ports_at_bound_and_advertised_address(void)
{
	struct iface_table *table = TABLE("nat/127.0.0.11!203.0.113.5", "127.0.0.12", "six/::1");
	static const char *const held[] = { "127.0.0.11:23002", "203.0.113.5:23003" };
	static const char *const free[] = { "127.0.0.12:23002", "127.0.0.11:23004", "[::1]:23002",
					    "127.0.0.99:23002", "127.0.0.11:0" };
	struct port_pair pair;
	struct endpoint ep;

	CU_ASSERT_EQUAL_FATAL(port_pool_take_exact(iface_at(table, 0)->pool, 23002, 2, 0, &pair),
			      0);
	for (size_t i = 0; i < COUNT(held); i++) {
		CU_ASSERT_TRUE(endpoint_parse(str_of(held[i]), -1, &ep));
		CU_ASSERT_TRUE(iface_holds(table, &ep, 0));
	}
	for (size_t i = 0; i < COUNT(free); i++) {
		CU_ASSERT_TRUE(endpoint_parse(str_of(free[i]), -1, &ep));
		CU_ASSERT_FALSE(iface_holds(table, &ep, 0));
	}
	for (int i = 0; i < 2; i++)
		close(pair.fd[i]);
	iface_table_free(table);
}

static void test_out_of_memory_adds_nothing(void)
{
	ALLOC_FAILS_AT_EACH
	{
		struct iface_table *table = iface_table_new(23000, 23007, 0);
		const char *error;
		int err;

		CU_ASSERT_EQUAL(!table, alloc_failed());
		if (!table)
			continue;
		err = iface_table_add(table, STR("pub/127.0.0.11"), &error);
		CU_ASSERT_EQUAL(err, alloc_failed() ? -ENOMEM : 0);
		CU_ASSERT_EQUAL(iface_count(table), !err);
		if (!err)
			CU_ASSERT_EQUAL(iface_table_add(table, STR("x=pub"), &error),
					alloc_failed() ? -ENOMEM : 0);
		iface_table_free(table);
	}
}

TEST_SUITE(iface, { "reads every form", test_reads_every_form },
	   { "an address is found out later", test_address_is_found_out_later },
	   { "refusals say why", test_refusals_say_why },
	   { "error of a long value is cut", test_error_of_a_long_value_is_cut },
	   { "picks by name, alias and family", test_picks_by_name_alias_and_family },
	   { "no address of family is null", test_no_address_of_family_is_null },
	   { "picks address with most free pairs", test_picks_address_with_most_free_pairs },
	   { "same address under two names shares ports",
	     test_same_address_under_two_names_shares_ports },
	   { "holds ports at bound and advertised address",
	     test_holds_ports_at_bound_and_advertised_address },
	   { "out of memory adds nothing", test_out_of_memory_adds_nothing });
