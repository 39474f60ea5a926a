/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_allow_subnet.c - the subnets of the addresses where the daemon listens may send commands */
#include "daemon/base/count.h"
#include "daemon/gate/allow.h"
#include "tests/unit/fake_ifaddrs.h"
#include "tests/unit/test.h"

static struct endpoint at(const char *text)
{
	struct endpoint ep;

	CU_ASSERT_FATAL(endpoint_parse_addr(str_of(text), AF_UNSPEC, &ep));
	return ep;
}

static void test_subnet_ends_where_the_netmask_says(void)
{
	static const struct {
		const char *addr, *mask, *inside, *outside;
	} rows[] = {
		{ "192.0.2.1", "255.255.255.0", "192.0.2.255", "192.0.3.0" },
		{ "192.0.2.1", "255.255.255.128", "192.0.2.127", "192.0.2.128" },
		{ "192.0.2.1", "255.255.255.255", "192.0.2.1", "192.0.2.0" },
		{ "198.51.100.1", "255.255.240.0", "198.51.111.255", "198.51.112.0" },
		{ "198.51.100.1", "255.255.0.0", "198.51.0.1", "198.50.255.255" },
		{ "203.0.113.1", "254.0.0.0", "202.0.0.1", "204.0.0.1" },
		{ "2001:db8::1", "ffff:ffff:ffff:ffff::", "2001:db8::ffff:0:0:1",
		  "2001:db8:0:1::" },
		{ "2001:db8::1", "ffff:ffff:ffff:fff0::", "2001:db8:0:f::", "2001:db8:0:10::" },
		{ "2001:db8::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::1",
		  "2001:db8::" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint addr = at(rows[i].addr), mask = at(rows[i].mask);
		struct endpoint inside = at(rows[i].inside), outside = at(rows[i].outside);
		struct ifaddrs iface = { .ifa_addr = &addr.sa, .ifa_netmask = &mask.sa };
		struct allow allow = { 0 };

		fake_ifaddrs = &iface;
		CU_ASSERT_EQUAL(allow_add_subnets(&allow, &addr), 0);
		fake_ifaddrs = NULL;
		CU_ASSERT_EQUAL(allow.count, 1);
		CU_ASSERT(allow_has(&allow, &addr));
		CU_ASSERT(allow_has(&allow, &inside));
		CU_ASSERT_FALSE(allow_has(&allow, &outside));
		allow_fini(&allow);
	}
}

/* Listening at one address concerns only its interface; at any, all of that family. */
static void test_only_the_interface_that_listens(void)
{
	struct endpoint mask = at("255.255.255.0"), mask6 = at("ffff:ffff:ffff:ffff::");
	struct endpoint addr[] = { at("192.0.2.1"), at("198.51.100.1"), at("2001:db8::1") };
	struct ifaddrs iface[] = { { .ifa_addr = &addr[0].sa, .ifa_netmask = &mask.sa },
				   { .ifa_addr = &addr[1].sa, .ifa_netmask = &mask.sa },
				   { .ifa_addr = &addr[2].sa, .ifa_netmask = &mask6.sa },
				   { .ifa_addr = &addr[0].sa }, /* without a netmask */
				   { .ifa_addr = NULL } };
	const struct {
		const char *listen;
		bool allowed[COUNT(addr)];
	} rows[] = {
		{ "192.0.2.1", { true, false, false } },
		{ "198.51.100.1", { false, true, false } },
		{ "198.51.100.2", { false, false, false } },
		{ "2001:db8::1", { false, false, true } },
		{ "0.0.0.0", { true, true, false } },
		{ "::", { false, false, true } },
	};

	for (size_t i = 0; i + 1 < COUNT(iface); i++)
		iface[i].ifa_next = &iface[i + 1];
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint listen = at(rows[i].listen);
		struct allow allow = { 0 };

		fake_ifaddrs = iface;
		CU_ASSERT_EQUAL(allow_add_subnets(&allow, &listen), 0);
		fake_ifaddrs = NULL;
		for (size_t j = 0; j < COUNT(addr); j++)
			CU_ASSERT_EQUAL(allow_has(&allow, &addr[j]), rows[i].allowed[j]);
		allow_fini(&allow);
	}
}

TEST_SUITE(allow_subnet,
	   { "subnet ends where the netmask says", test_subnet_ends_where_the_netmask_says },
	   { "only the interface that listens", test_only_the_interface_that_listens });
