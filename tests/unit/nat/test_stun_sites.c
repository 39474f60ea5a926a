/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_stun_sites.c - values of listen-stun and the sockets they mean */
#include <errno.h>
#include <stdio.h>
#include "daemon/base/count.h"
#include "daemon/nat/stun_sites.h"
#include "tests/unit/test.h"

#define MAX_ITEMS 20

static struct stun_sites sites;
static size_t wrong;
static const char *error;

/* Own addresses: 10.0.0.1, advertised as 203.0.113.1, and 10.0.0.2 as itself */
static int read_items(const char *const *items, size_t n)
{
	struct addr_ports media[4] = { { .port_min = 0 } };
	char *item[MAX_ITEMS];
	struct conf_list list = { item, n };
	static const char *const addrs[] = { "10.0.0.1", "10.0.0.2", "203.0.113.1", "10.0.0.2" };

	for (size_t i = 0; i < COUNT(addrs); i++)
		CU_ASSERT_FATAL(endpoint_parse_addr(str_of(addrs[i]), 0, &media[i].addr));
	for (size_t i = 0; i < n; i++)
		item[i] = (char *)(uintptr_t)items[i];
	return stun_sites_read(&sites, &list, media, 2, &wrong, &error);
}

#define READ(...)                                                                                  \
	read_items((const char *const[]){ __VA_ARGS__ },                                           \
		   COUNT(((const char *const[]){ __VA_ARGS__ })))

static bool is(const struct endpoint *ep, const char *text)
{
	char printed[ENDPOINT_TEXT];

	return !strcmp(endpoint_print(ep, printed), text);
}

static void test_address_has_two_ports(void)
{
	CU_ASSERT_EQUAL_FATAL(READ("10.0.0.2"), 0);
	CU_ASSERT_EQUAL(sites.n, 1);
	CU_ASSERT_EQUAL(sites.site[0].n, 2);
	CU_ASSERT(is(&sites.site[0].bind[0], "10.0.0.2:3478"));
	CU_ASSERT(is(&sites.site[0].bind[1], "10.0.0.2:3479"));
	CU_ASSERT(is(&sites.site[0].named[1], "10.0.0.2:3479"));
	CU_ASSERT_FALSE(stun_sites_discover(&sites));
}

static void test_two_addresses_are_one_site(void)
{
	CU_ASSERT_EQUAL_FATAL(READ("10.0.0.2:5000", "2001:db8::1", "10.0.0.3:5000"), 0);
	CU_ASSERT_EQUAL_FATAL(sites.n, 2);
	CU_ASSERT_EQUAL_FATAL(sites.site[0].n, 4);
	CU_ASSERT(is(&sites.site[0].bind[1], "10.0.0.2:5001"));
	CU_ASSERT(is(&sites.site[0].bind[2], "10.0.0.3:5000"));
	CU_ASSERT(is(&sites.site[0].bind[3], "10.0.0.3:5001"));
	CU_ASSERT(is(&sites.site[1].bind[0], "[2001:db8::1]:3478"));
	CU_ASSERT(stun_sites_discover(&sites));
}

static void test_other_port_is_another_site(void)
{
	CU_ASSERT_EQUAL_FATAL(READ("10.0.0.2:5000", "10.0.0.3:5002"), 0);
	CU_ASSERT_EQUAL(sites.n, 2);
	CU_ASSERT_FALSE(stun_sites_discover(&sites));
}

static void test_third_address_begins_a_site(void)
{
	CU_ASSERT_EQUAL_FATAL(READ("10.0.0.2", "10.0.0.3", "10.0.0.4"), 0);
	CU_ASSERT_EQUAL(sites.n, 2);
	CU_ASSERT_EQUAL(sites.site[0].n, 4);
	CU_ASSERT_EQUAL(sites.site[1].n, 2);
}

static void test_advertised_address_is_given_or_that_of_the_interface(void)
{
	CU_ASSERT_EQUAL_FATAL(READ("10.0.0.1:5000", "10.0.0.9!198.51.100.9"), 0);
	CU_ASSERT(is(&sites.site[0].named[0], "203.0.113.1:5000"));
	CU_ASSERT(is(&sites.site[0].named[1], "203.0.113.1:5001"));
	CU_ASSERT(is(&sites.site[1].named[0], "198.51.100.9:3478"));
	CU_ASSERT_EQUAL_FATAL(READ("10.0.0.1!198.51.100.9"), 0);
	CU_ASSERT(is(&sites.site[0].named[0], "198.51.100.9:3478"));
}

static void test_connections_have_one_port(void)
{
	CU_ASSERT_EQUAL_FATAL(
		READ("10.0.0.1", "tcp:10.0.0.1", "tcp:[2001:db8::1]:65535", "tcp:10.0.0.1:3479"),
		0);
	CU_ASSERT_EQUAL(sites.n, 1);
	CU_ASSERT_EQUAL_FATAL(sites.n_tcp, 3);
	CU_ASSERT(is(&sites.tcp[0], "10.0.0.1:3478"));
	CU_ASSERT(is(&sites.tcp[1], "[2001:db8::1]:65535"));
	CU_ASSERT(is(&sites.tcp[2], "10.0.0.1:3479"));
	CU_ASSERT_EQUAL_FATAL(READ("tcp:10.0.0.1"), 0);
	CU_ASSERT_EQUAL(sites.n, 0);
	CU_ASSERT_EQUAL(READ("tcp:10.0.0.1", "tcp:10.0.0.1:3478"), -EINVAL);
}

static void test_wrong_values(void)
{
	static const char *const values[] = {
		"",
		"host",
		"10.0.0.1:",
		"10.0.0.1:0",
		"10.0.0.1:65535",
		"10.0.0.1:x",
		"0.0.0.0",
		"[::]:3478",
		"224.0.0.1",
		"3478",
		"10.0.0.1!x",
		"10.0.0.1!::1",
		"::1!10.0.0.1",
		"10.0.0.1!1.2.3.4:5",
		"tcp:",
		"tcp:host",
		"tcp:10.0.0.1:0",
		"tcp:0.0.0.0",
		"tcp:10.0.0.1!198.51.100.9",
		"udp:10.0.0.1",
	};

	for (size_t i = 0; i < COUNT(values); i++) {
		bool refused = READ("10.0.0.2", values[i]) == -EINVAL && wrong == 1 && error;

		CU_ASSERT(refused);
		if (!refused)
			printf("\naccepted: %s\n", values[i]);
	}
}

static void test_sockets_are_not_opened_twice(void)
{
	static const char *const second[] = { "10.0.0.2", "10.0.0.2:3479", "10.0.0.2:3477" };

	for (size_t i = 0; i < COUNT(second); i++)
		CU_ASSERT_EQUAL(READ("10.0.0.2", second[i]), -EINVAL);
	CU_ASSERT_EQUAL(READ("10.0.0.2", "10.0.0.3", "10.0.0.3:3479"), -EINVAL);
	CU_ASSERT_EQUAL(READ("10.0.0.2", "10.0.0.2:3480"), 0);
}

static void test_number_of_addresses_is_limited(void)
{
	char text[MAX_ITEMS][32];
	const char *items[MAX_ITEMS];

	for (unsigned int i = 0; i < MAX_ITEMS; i++) {
		snprintf(text[i], sizeof(text[i]), "10.0.0.1:%u", 5000 + 2 * i);
		items[i] = text[i];
	}
	CU_ASSERT_EQUAL(read_items(items, STUN_SITES_MAX), 0);
	CU_ASSERT_EQUAL(sites.n, STUN_SITES_MAX);
	CU_ASSERT_EQUAL(read_items(items, STUN_SITES_MAX + 1), -EINVAL);
}

TEST_SUITE(stun_sites, { "address has two ports", test_address_has_two_ports },
	   { "two addresses are one site", test_two_addresses_are_one_site },
	   { "other port is another site", test_other_port_is_another_site },
	   { "third address begins a site", test_third_address_begins_a_site },
	   { "advertised address is given or that of the interface",
	     test_advertised_address_is_given_or_that_of_the_interface },
	   { "connections have one port", test_connections_have_one_port },
	   { "wrong values", test_wrong_values },
	   { "sockets are not opened twice", test_sockets_are_not_opened_twice },
	   { "number of addresses is limited", test_number_of_addresses_is_limited });
