/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_iface_follow.c - interfaces that are devices, and "any", while their addresses come and go
 *
 * The list of addresses is the test's; in the network namespace of the unit tests a socket can be
 * bound to each of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/port/iface.h"
#include "tests/unit/fake_ifaddrs.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/own_network.h"
#include "tests/unit/test.h"

#define ADDRS_MAX (IFACE_MAX + 8)

static struct ifaddrs list[ADDRS_MAX];
static struct endpoint addrs[ADDRS_MAX];

/* The devices are "lo", which is there, and others that need not be. */
struct on {
	const char *device, *addr;
};

static void host_has_n(const struct on *on, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		addrs[i] = (struct endpoint){ { { 0 } } };
		CU_ASSERT_FATAL(endpoint_parse_addr(str_of(on[i].addr), 0, &addrs[i]));
		list[i] = (struct ifaddrs){ .ifa_next = i + 1 < n ? &list[i + 1] : NULL,
					    .ifa_name = (char *)(uintptr_t)on[i].device,
					    .ifa_addr = &addrs[i].sa };
	}
	fake_ifaddrs = list;
}

#define HOST_HAS(...)                                                                              \
	host_has_n((const struct on[]){ __VA_ARGS__ },                                             \
		   sizeof((const struct on[]){ __VA_ARGS__ }) / sizeof(struct on))

static void write_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, value, 1), 1);
	close(fd);
}

static void may_bind(bool all)
{
	write_sysctl("/proc/sys/net/ipv4/ip_nonlocal_bind", all ? "1" : "0");
	write_sysctl("/proc/sys/net/ipv6/ip_nonlocal_bind", all ? "1" : "0");
}

static bool begin(void)
{
	if (!in_own_network()) {
		CU_FAIL("a network namespace of our own: root is needed");
		return false;
	}
	may_bind(true);
	return true;
}

static void end(struct iface_table *table)
{
	iface_table_free(table);
	fake_ifaddrs = NULL;
	may_bind(false);
}

static struct iface_table *table_of(const char *const *values)
{
	struct iface_table *table = iface_table_new(23000, 23007, 0);
	const char *error = "";

	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	for (; *values; values++)
		CU_ASSERT_EQUAL_FATAL(iface_table_add(table, str_of(*values), &error), 0);
	return table;
}

#define TABLE(...) table_of((const char *const[]){ __VA_ARGS__, NULL })

/* "pub 192.0.2.1, pub 2001:db8::1 (gone)" */
static const char *all_of(const struct iface_table *table)
{
	static char text[1024];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < iface_count(table) && len < sizeof(text); i++) {
		const struct iface_addr *addr = iface_at(table, i);
		char bind[ENDPOINT_TEXT];

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s" STR_FMT " %s%s",
					i ? ", " : "", STR_ARG(addr->name),
					endpoint_print_addr(&addr->bind, bind),
					addr->gone ? " (gone)" : "");
	}
	return text;
}

static const char *picked(struct iface_table *table, const char *name, int family, bool *known)
{
	static char text[ENDPOINT_TEXT];
	const struct iface_addr *addr = iface_pick(table, str_of(name), family, known);

	return addr ? endpoint_print_addr(&addr->bind, text) : "none";
}

static bool accept_all(void *arg, const struct addr_ports *range)
{
	unsigned int *asked = arg;

	++*asked;
	return range->port_min == 23000;
}

static bool accept_none(void *arg, const struct addr_ports *range)
{
	return !accept_all(arg, range);
}

static void test_a_device_is_its_global_addresses(void)
{
	struct iface_table *table;

	if (!begin())
		return;
	HOST_HAS({ "lo", "127.0.0.1" }, { "lo", "::1" }, { "lo", "192.0.2.1" },
		 { "lo:1", "192.0.2.2" }, { "lo", "2001:db8::1" }, { "lo", "fe80::1" },
		 { "lo", "169.254.1.1" }, { "eth7", "198.51.100.1" });
	table = TABLE("pub/lo");
	CU_ASSERT_STRING_EQUAL(all_of(table), "pub 192.0.2.1, pub 192.0.2.2, pub 2001:db8::1");
	CU_ASSERT_TRUE(iface_follows(table));
	iface_table_free(table);
	table = TABLE("lo:23100-23199");
	CU_ASSERT_STRING_EQUAL(all_of(table), "lo 192.0.2.1, lo 192.0.2.2, lo 2001:db8::1");
	CU_ASSERT_EQUAL(iface_at(table, 2)->port_min, 23100);
	CU_ASSERT_EQUAL(iface_at(table, 2)->port_max, 23199);
	iface_table_free(table);
	table = TABLE("any", "alias=any");
	CU_ASSERT_STRING_EQUAL(all_of(table),
			       "any 192.0.2.1, any 192.0.2.2, any 2001:db8::1, any 198.51.100.1");
	iface_table_free(table);
	table = TABLE("127.0.0.1");
	CU_ASSERT_FALSE(iface_follows(table));
	end(table);
}

static void test_addresses_come_and_go(void)
{
	unsigned int asked = 0;
	struct iface_table *table;
	const struct iface_addr *first;

	if (!begin())
		return;
	HOST_HAS({ "lo", "192.0.2.1" });
	table = TABLE("pub/lo", "priv/127.0.0.12");
	first = iface_at(table, 0);
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 0);
	HOST_HAS({ "lo", "2001:db8::1" }, { "lo", "192.0.2.1" });
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 1);
	CU_ASSERT_EQUAL(asked, 1);
	CU_ASSERT_STRING_EQUAL(all_of(table), "pub 192.0.2.1, pub 2001:db8::1, priv 127.0.0.12");
	CU_ASSERT_STRING_EQUAL(picked(table, "pub", AF_INET6, NULL), "2001:db8::1");
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 0);
	/* The address changes: new calls use the other one. */
	HOST_HAS({ "lo", "192.0.2.9" });
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 1);
	CU_ASSERT_STRING_EQUAL(all_of(table), "pub 192.0.2.1 (gone), pub 2001:db8::1 (gone), "
					      "pub 192.0.2.9, priv 127.0.0.12");
	CU_ASSERT_PTR_EQUAL(iface_at(table, 0), first);
	CU_ASSERT_STRING_EQUAL(picked(table, "pub", AF_INET, NULL), "192.0.2.9");
	CU_ASSERT_STRING_EQUAL(picked(table, NULL, AF_UNSPEC, NULL), "192.0.2.9");
	CU_ASSERT_PTR_NULL(iface_first(table, AF_INET6));
	CU_ASSERT_PTR_EQUAL(iface_first(table, AF_INET), iface_at(table, 2));
	/* It is back: the same entry, and nobody is asked again. */
	HOST_HAS({ "lo", "192.0.2.1" });
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 1);
	CU_ASSERT_EQUAL(asked, 2);
	CU_ASSERT_STRING_EQUAL(picked(table, "pub", AF_UNSPEC, NULL), "192.0.2.1");
	CU_ASSERT_PTR_EQUAL(iface_pick(table, STR("pub"), AF_INET, NULL), first);
	end(table);
}

static void test_a_device_without_address_waits_for_one(void)
{
	unsigned int asked = 0;
	struct iface_table *table;
	bool known = false;

	if (!begin())
		return;
	HOST_HAS({ "lo", "127.0.0.1" });
	table = TABLE("pub/lo", "ext=pub");
	CU_ASSERT_EQUAL(iface_count(table), 0);
	CU_ASSERT_STRING_EQUAL(picked(table, "ext", AF_UNSPEC, &known), "none");
	CU_ASSERT_TRUE(known);
	CU_ASSERT_STRING_EQUAL(picked(table, "other", AF_UNSPEC, &known), "none");
	CU_ASSERT_FALSE(known);
	/* Not verified yet: no socket can be bound to it. */
	may_bind(false);
	HOST_HAS({ "lo", "2001:db8::1" });
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 0);
	may_bind(true);
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 1);
	CU_ASSERT_STRING_EQUAL(picked(table, "ext", AF_UNSPEC, &known), "2001:db8::1");
	CU_ASSERT_TRUE(known);
	end(table);
}

static void test_an_address_that_cannot_be_used_is_left_out(void)
{
	static struct on many[ADDRS_MAX];
	static char text[ADDRS_MAX][32];
	unsigned int asked = 0;
	struct iface_table *table;

	if (!begin())
		return;
	HOST_HAS({ "lo", "127.0.0.1" });
	table = TABLE("own/127.0.0.13", "pub/lo", "any");
	HOST_HAS({ "lo", "192.0.2.1" });
	CU_ASSERT_EQUAL(iface_follow(table, accept_none, &asked), 0);
	CU_ASSERT_EQUAL(iface_count(table), 1);
	asked = 0;
	/* One question for each address, not for each name. */
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 1);
	CU_ASSERT_EQUAL(asked, 1);
	CU_ASSERT_STRING_EQUAL(all_of(table), "own 127.0.0.13, pub 192.0.2.1, any 192.0.2.1");
	CU_ASSERT_PTR_EQUAL(iface_at(table, 1)->pool, iface_at(table, 2)->pool);
	for (unsigned int i = 0; i < ADDRS_MAX; i++) {
		snprintf(text[i], sizeof(text[i]), "198.51.%u.%u", 100 + i / 200, i % 200 + 1);
		many[i] = (struct on){ "eth7", text[i] };
	}
	host_has_n(many, ADDRS_MAX);
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 1);
	CU_ASSERT_EQUAL(iface_count(table), IFACE_MAX);
	end(table);
}

static void take_port(struct iface_table *table, const char *bind, struct port_pair *pair)
{
	for (size_t i = 0; i < iface_count(table); i++) {
		char text[ENDPOINT_TEXT];

		endpoint_print_addr(&iface_at(table, i)->bind, text);
		if (!strcmp(text, bind))
			CU_ASSERT_EQUAL_FATAL(port_pool_take(iface_at(table, i)->pool, 1, 1, pair),
					      0);
	}
}

/* A neighbour announces one network after the other. */
static void test_an_address_that_is_gone_makes_room(void)
{
	static char text[IFACE_MAX][ENDPOINT_TEXT];
	static struct on many[IFACE_MAX];
	struct iface_table *table;
	struct iface_addr *used;
	struct port_pair pair;
	unsigned int asked = 0;

	if (!begin())
		return;
	for (unsigned int i = 0; i < IFACE_MAX; i++) {
		snprintf(text[i], sizeof(text[i]), "198.51.%u.%u", 100 + i / 200, i % 200 + 1);
		many[i] = (struct on){ "lo", text[i] };
	}
	host_has_n(many, IFACE_MAX);
	table = TABLE("pub/lo");
	CU_ASSERT_EQUAL(iface_count(table), IFACE_MAX);
	/* Nothing is gone. */
	many[0].addr = "192.0.2.1";
	fake_ifaddrs = NULL;
	take_port(table, "198.51.100.1", &pair);
	used = iface_at(table, 0);
	host_has_n(many, IFACE_MAX);
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 1); /* it is gone now */
	CU_ASSERT_TRUE(used->gone);
	/* A call has a port of it, then its port rests. */
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 0);
	CU_ASSERT_EQUAL(asked, 0);
	close(pair.fd[0]);
	port_pool_give(used->pool, pair.port, false, 1);
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 1);
	CU_ASSERT_EQUAL(asked, 1);
	CU_ASSERT_EQUAL(iface_count(table), IFACE_MAX);
	CU_ASSERT_FALSE(used->gone);
	CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&used->bind, text[0]), "192.0.2.1");
	CU_ASSERT_EQUAL(endpoint_addr_cmp(&used->bind, &used->advertised), 0);
	CU_ASSERT_TRUE(str_eq(used->name, STR("pub")));
	take_port(table, "192.0.2.1", &pair);
	close(pair.fd[0]);
	/* One goes and another one comes at the same time. */
	many[2].addr = "192.0.2.2";
	host_has_n(many, IFACE_MAX);
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 1);
	CU_ASSERT_EQUAL(asked, 2);
	CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&iface_at(table, 2)->bind, text[0]),
			       "192.0.2.2");
	/* The other family keeps its addresses. */
	many[1].addr = "2001:db8::1";
	host_has_n(many, IFACE_MAX);
	iface_follow(table, accept_all, &asked);
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 0);
	CU_ASSERT_PTR_NULL(iface_first(table, AF_INET6));
	end(table);
}

static void test_ports_that_another_name_has_are_refused(void)
{
	const char *error = "";
	unsigned int asked = 0;
	struct iface_table *table;

	if (!begin())
		return;
	HOST_HAS({ "lo", "127.0.0.1" });
	table = TABLE("pub/lo");
	HOST_HAS({ "lo", "192.0.2.1" });
	CU_ASSERT_EQUAL(iface_follow(table, accept_all, &asked), 1);
	CU_ASSERT_EQUAL(iface_table_add(table, STR("x/192.0.2.1:23006-23009"), &error), -EINVAL);
	CU_ASSERT_STRING_EQUAL(error, "ports 23006-23009 overlap with 23000-23007, which interface "
				      "pub has at the same address 192.0.2.1");
	CU_ASSERT_EQUAL(iface_table_add(table, STR("x/lo:23006-23009"), &error), 0);
	CU_ASSERT_EQUAL(iface_count(table), 1);
	CU_ASSERT_EQUAL(iface_table_add(table, STR("pub/lo"), &error), -EINVAL);
	CU_ASSERT_STRING_EQUAL(error, "\"lo\" is given twice");
	end(table);
}

static void test_out_of_memory_keeps_the_addresses(void)
{
	if (!begin())
		return;
	HOST_HAS({ "lo", "192.0.2.1" });
	ALLOC_FAILS_AT_EACH
	{
		struct iface_table *table = iface_table_new(23000, 23007, 0);
		const char *error;
		int err = table ? iface_table_add(table, STR("pub/lo"), &error) : -ENOMEM;

		CU_ASSERT_EQUAL(err, alloc_failed() ? -ENOMEM : 0);
		if (!err)
			CU_ASSERT_EQUAL(iface_count(table), 1);
		iface_table_free(table);
	}
	end(NULL);
}

/* An operator is told of a device that will relay nothing. */
static void test_devices_that_lack_an_address_are_known(void)
{
	struct iface_table *table;
	const char *error;
	bool more;

	if (!begin())
		return;
	HOST_HAS({ "eth7", "192.0.2.1" }, { "lo", "127.0.0.1" });
	table = iface_table_new(20000, 20009, 0);
	CU_ASSERT_EQUAL(iface_table_add(table, STR("a/any"), &error), 0);
	CU_ASSERT_EQUAL(iface_table_add(table, STR("b/lo"), &error), 0);
	CU_ASSERT_EQUAL(iface_lacking(table, 0, &more).len, 0);
	CU_ASSERT_TRUE(more);
	CU_ASSERT(str_eq(iface_lacking(table, 1, &more), STR("lo")));
	CU_ASSERT_TRUE(more);
	CU_ASSERT_EQUAL(iface_lacking(table, 2, &more).len, 0);
	CU_ASSERT_FALSE(more);
	end(table);
}

TEST_SUITE(
	iface_follow,
	{ "devices that lack an address are known", test_devices_that_lack_an_address_are_known },
	{ "a device is its global addresses", test_a_device_is_its_global_addresses },
	{ "addresses come and go", test_addresses_come_and_go },
	{ "a device without address waits for one", test_a_device_without_address_waits_for_one },
	{ "an address that cannot be used is left out",
	  test_an_address_that_cannot_be_used_is_left_out },
	{ "an address that is gone makes room", test_an_address_that_is_gone_makes_room },
	{ "ports that another name has are refused", test_ports_that_another_name_has_are_refused },
	{ "out of memory keeps the addresses", test_out_of_memory_keeps_the_addresses });
