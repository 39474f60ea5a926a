/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_route.c - routes, as the kernel of this network namespace has them */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include "daemon/base/str.h"
#include "daemon/kernel/route.h"
#include "tests/unit/own_network.h"
#include "tests/unit/test.h"

static struct routes *routes;
static char why[256];

static bool ip(const char *command)
{
	char text[200];

	snprintf(text, sizeof(text), "ip %s 2>/dev/null", command);
	return !system(text);
}

static struct endpoint ep(const char *text)
{
	struct endpoint out;

	CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), -1, &out));
	return out;
}

static int ask(const char *from, const char *to, struct route *route)
{
	const struct flow_domain any = { 0 };
	struct endpoint a = ep(from), b = ep(to);

	why[0] = '\0';
	return routes_ask(routes, &a, &b, &any, route, why, sizeof(why));
}

/* False: this machine has no such devices, or the tests have no network of their own. */
static bool begin(void)
{
	int error;

	if (!in_own_network() || !ip("link add route0 up type veth peer name route1")) {
		CU_FAIL("a network namespace of our own is needed, and devices of the type veth");
		return false;
	}
	CU_ASSERT_TRUE(ip("link set route1 up"));
	CU_ASSERT_TRUE(ip("addr add 192.0.2.1/24 dev route0"));
	routes = routes_open(&error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(routes);
	return true;
}

static void end(void)
{
	routes_close(routes);
	CU_ASSERT_TRUE(ip("link del route0"));
}

static bool is_hop(const struct route *route, const char *addr)
{
	struct endpoint hop;

	return endpoint_parse_addr(str_of(addr), 0, &hop) && endpoint_addr_eq(&hop, &route->hop);
}

static void test_neighbours_and_routers(void)
{
	struct route route;

	if (!begin())
		return;
	CU_ASSERT_EQUAL(ask("192.0.2.1:30000", "192.0.2.9:4000", &route), 0);
	CU_ASSERT_EQUAL(route.device, if_nametoindex("route0"));
	CU_ASSERT_FALSE(endpoint_is_set(&route.hop));
	CU_ASSERT_TRUE(ip("route add 198.51.100.0/24 via 192.0.2.254 mtu 1400"));
	CU_ASSERT_EQUAL(ask("192.0.2.1:30000", "198.51.100.9:4000", &route), 0);
	CU_ASSERT_TRUE(is_hop(&route, "192.0.2.254"));
	CU_ASSERT_EQUAL(route.mtu, 1400);
	CU_ASSERT_TRUE(ip("route add 203.0.113.0/24 via inet6 2001:db8::fe dev route0 onlink"));
	CU_ASSERT_EQUAL(ask("192.0.2.1:30000", "203.0.113.9:4000", &route), 0);
	CU_ASSERT_TRUE(is_hop(&route, "2001:db8::fe"));
	end();
}

static void test_ipv6(void)
{
	struct route route;

	if (!begin())
		return;
	CU_ASSERT_TRUE(ip("addr add 2001:db8::1/64 dev route0 nodad"));
	CU_ASSERT_TRUE(ip("route add 2001:db8:9::/48 via 2001:db8::fe"));
	CU_ASSERT_EQUAL(ask("[2001:db8::1]:30000", "[2001:db8:9::9]:4000", &route), 0);
	CU_ASSERT_EQUAL(route.device, if_nametoindex("route0"));
	CU_ASSERT_TRUE(is_hop(&route, "2001:db8::fe"));
	end();
}

static void test_what_has_no_route(void)
{
	struct route route;

	if (!begin())
		return;
	CU_ASSERT_NOT_EQUAL(ask("192.0.2.1:30000", "198.51.100.9:4000", &route), 0);
	CU_ASSERT_STRING_EQUAL(why, "no route to 198.51.100.9");
	CU_ASSERT_EQUAL(ask("192.0.2.1:30000", "192.0.2.1:4000", &route), -EOPNOTSUPP);
	CU_ASSERT_STRING_EQUAL(why, "192.0.2.1 is an address of this host");
	CU_ASSERT_TRUE(ip("route add blackhole 203.0.113.0/24"));
	CU_ASSERT_NOT_EQUAL(ask("192.0.2.1:30000", "203.0.113.9:4000", &route), 0);
	CU_ASSERT_STRING_EQUAL(why, "no route to 203.0.113.9");
	CU_ASSERT_TRUE(ip("route del blackhole 203.0.113.0/24"));
	end();
}

static void test_changes_are_told(void)
{
	if (!begin())
		return;
	CU_ASSERT_FALSE(routes_changed(routes));
	CU_ASSERT_TRUE(ip("route add 198.51.100.0/24 via 192.0.2.254"));
	CU_ASSERT_TRUE(routes_changed(routes));
	CU_ASSERT_FALSE(routes_changed(routes));
	CU_ASSERT_TRUE(ip("addr add 192.0.2.2/24 dev route0"));
	CU_ASSERT_TRUE(routes_changed(routes));
	CU_ASSERT_TRUE(ip("rule add from 192.0.2.2 table 77"));
	CU_ASSERT_TRUE(routes_changed(routes));
	CU_ASSERT_TRUE(ip("rule del from 192.0.2.2 table 77"));
	end();
}

TEST_SUITE(route, { "neighbours and routers", test_neighbours_and_routers }, { "IPv6", test_ipv6 },
	   { "what has no route", test_what_has_no_route },
	   { "changes are told", test_changes_are_told });
