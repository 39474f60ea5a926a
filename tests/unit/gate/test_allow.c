/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_allow.c - which sources may send commands: listed networks, subnets of local addresses */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/gate/allow.h"
#include "tests/unit/own_network.h"
#include "tests/unit/test.h"

static struct endpoint address(const char *text)
{
	struct endpoint ep = { 0 };

	CU_ASSERT_TRUE(endpoint_parse_addr(str_of(text), AF_UNSPEC, &ep));
	return ep;
}

static bool has(const struct allow *allow, const char *source)
{
	struct endpoint ep = address(source);

	return allow_has(allow, &ep);
}

static void test_hosts_of_listed_networks_are_allowed(void)
{
	static const struct {
		const char *source;
		bool allowed;
	} rows[] = {
		{ "192.0.2.15", false },    { "192.0.2.16", true },	{ "192.0.2.31", true },
		{ "192.0.2.32", false },    { "198.51.100.7", true },	{ "198.51.100.6", false },
		{ "2001:db8::1", true },    { "2001:db8::2:1", false }, { "203.0.113.1", false },
		{ "2001:db8:1::1", false },
	};
	struct allow allow = { 0 };

	CU_ASSERT_FALSE(has(&allow, "192.0.2.16"));
	CU_ASSERT_EQUAL(allow_add(&allow, STR("192.0.2.16/28")), 0);
	CU_ASSERT_EQUAL(allow_add(&allow, STR("198.51.100.7")), 0);
	CU_ASSERT_EQUAL(allow_add(&allow, STR("2001:db8::/112")), 0);
	CU_ASSERT_EQUAL(allow_add(&allow, STR("203.0.113.0/33")), -EINVAL);
	CU_ASSERT_EQUAL(allow_add(&allow, STR("proxy.example.com")), -EINVAL);
	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(has(&allow, rows[i].source), rows[i].allowed);
	allow_fini(&allow);
	CU_ASSERT_FALSE(has(&allow, "192.0.2.16"));
}

/* As the value of control-allow: without the bits of hosts, each network once. */
static void test_networks_are_printed(void)
{
	static const char *const nets[] = { "192.0.2.17/28", "192.0.2.20/28",	"198.51.100.7",
					    "::1/128",	     "2001:db8::77/60", "0.0.0.0/0" };
	struct allow allow = { 0 };
	char text[256];

	allow_print(&allow, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "");
	for (size_t i = 0; i < COUNT(nets); i++)
		CU_ASSERT_EQUAL(allow_add(&allow, str_of(nets[i])), 0);
	allow_print(&allow, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "192.0.2.16/28, 198.51.100.7, ::1, 2001:db8::/60, 0.0.0.0/0");
	allow_print(&allow, text, 20);
	CU_ASSERT_STRING_EQUAL(text, "192.0.2.16/28, 198.");
	allow_fini(&allow);
}

static void test_number_of_networks_is_not_limited(void)
{
	struct allow allow = { 0 };
	char text[32];

	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d", 2 * i);
		CU_ASSERT_EQUAL(allow_add(&allow, str_of(text)), 0);
	}
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d", i);
		CU_ASSERT_EQUAL(has(&allow, text), i % 2 == 0);
	}
	allow_fini(&allow);
}

static void test_loopback_is_of_both_families(void)
{
	struct allow allow = { 0 };

	CU_ASSERT_EQUAL(allow_add_loopback(&allow), 0);
	CU_ASSERT_TRUE(has(&allow, "127.0.0.1"));
	CU_ASSERT_TRUE(has(&allow, "127.255.255.254"));
	CU_ASSERT_FALSE(has(&allow, "128.0.0.1"));
	CU_ASSERT_TRUE(has(&allow, "::1"));
	CU_ASSERT_FALSE(has(&allow, "::2"));
	allow_fini(&allow);
}

static void ask_interface(unsigned long request, const struct ifreq *what)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_EQUAL(ioctl(fd, request, what), 0);
	close(fd);
}

/* A second address of the loopback interface: 192.0.2.17/28 */
static void add_address(void)
{
	struct ifreq request = { .ifr_name = "lo:1" };
	struct endpoint addr = address("192.0.2.17"), mask = address("255.255.255.240");

	request.ifr_addr = addr.sa;
	ask_interface(SIOCSIFADDR, &request);
	request.ifr_addr = mask.sa;
	ask_interface(SIOCSIFNETMASK, &request);
}

static void remove_address(void)
{
	struct ifreq request = { .ifr_name = "lo:1", .ifr_flags = 0 };

	ask_interface(SIOCSIFFLAGS, &request);
}

static void test_subnets_are_those_of_the_listening_address(void)
{
	static const struct {
		const char *listen, *source;
		bool allowed;
	} rows[] = {
		{ "192.0.2.17", "192.0.2.30", true },
		{ "192.0.2.17", "192.0.2.33", false },
		{ "192.0.2.17", "127.0.0.1", false },
		{ "127.0.0.1", "127.9.9.9", true },
		{ "127.0.0.1", "192.0.2.30", false },
		{ "0.0.0.0", "127.9.9.9", true },
		{ "0.0.0.0", "192.0.2.30", true },
		{ "0.0.0.0", "192.0.2.33", false },
		{ "0.0.0.0", "::1", false },
		{ "::", "::1", true },
		{ "::", "::2", false },
		{ "::", "127.0.0.1", false },
		{ "192.0.2.18", "192.0.2.30", false },
	};

	if (!in_own_network()) {
		CU_FAIL("a network namespace of our own is needed to add an address");
		return;
	}
	add_address();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint listen = address(rows[i].listen);
		struct allow allow = { 0 };

		CU_ASSERT_EQUAL(allow_add_subnets(&allow, &listen), 0);
		CU_ASSERT_EQUAL(has(&allow, rows[i].source), rows[i].allowed);
		allow_fini(&allow);
	}
	remove_address();
}

static void test_out_of_memory_is_an_error(void)
{
	ALLOC_FAILS_AT_EACH
	{
		struct allow allow = { 0 };
		int error = allow_add_loopback(&allow);

		CU_ASSERT_EQUAL(error, alloc_failed() ? -ENOMEM : 0);
		allow_fini(&allow);
	}
}

TEST_SUITE(allow, { "networks are printed (row 11)", test_networks_are_printed },
	   { "hosts of listed networks are allowed", test_hosts_of_listed_networks_are_allowed },
	   { "the number of networks is not limited", test_number_of_networks_is_not_limited },
	   { "loopback is of both families", test_loopback_is_of_both_families },
	   { "subnets are those of the listening address",
	     test_subnets_are_those_of_the_listening_address },
	   { "out of memory is an error", test_out_of_memory_is_an_error });
