/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_host_addrs.c - the addresses of this host, those of broadcast, and news of changes */
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/base/host_addrs.h"
#include "daemon/base/netlink.h"
#include "tests/unit/fake_ifaddrs.h"
#include "tests/unit/test.h"

static struct endpoint at(const char *text)
{
	struct endpoint ep = { 0 };

	if (text)
		CU_ASSERT_FATAL(endpoint_parse_addr(str_of(text), AF_UNSPEC, &ep));
	return ep;
}

static bool has(const struct endpoint *list, size_t n, const char *text)
{
	struct endpoint ep = at(text);

	for (size_t i = 0; i < n; i++)
		if (endpoint_addr_eq(&list[i], &ep))
			return true;
	return false;
}

/* Media must not go to these: each phone of a network would get it. */
static void test_broadcast_is_what_the_kernel_takes_for_it(void)
{
	static const struct {
		const char *addr, *mask, *set, *broadcast[3];
	} rows[] = {
		{ "192.0.2.5", "255.255.255.0", NULL, { "192.0.2.255", "192.0.2.0" } },
		{ "192.0.2.5", "255.255.255.0", "192.0.2.255", { "192.0.2.255", "192.0.2.0" } },
		{ "192.0.2.5",
		  "255.255.255.0",
		  "198.51.100.9",
		  { "198.51.100.9", "192.0.2.255", "192.0.2.0" } },
		{ "192.0.2.5", "255.255.255.252", NULL, { "192.0.2.7", "192.0.2.4" } },
		{ "192.0.2.5", "255.255.255.254", NULL, { NULL } }, /* two hosts, no network */
		{ "192.0.2.5", "255.255.255.255", "192.0.2.5", { NULL } },
		{ "2001:db8::5", "ffff:ffff:ffff:ffff::", NULL, { NULL } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint addr = at(rows[i].addr), mask = at(rows[i].mask);
		struct endpoint set = at(rows[i].set);
		struct ifaddrs iface = { .ifa_addr = &addr.sa, .ifa_netmask = &mask.sa };
		struct host_addrs addrs;
		size_t wanted = 0;

		iface.ifa_broadaddr = &set.sa;
		iface.ifa_flags = rows[i].set ? IFF_BROADCAST : 0;
		fake_ifaddrs = &iface;
		CU_ASSERT_EQUAL_FATAL(host_addrs_read(&addrs), 0);
		fake_ifaddrs = NULL;
		CU_ASSERT(has(addrs.local, addrs.n_local, rows[i].addr));
		for (; wanted < 3 && rows[i].broadcast[wanted]; wanted++)
			CU_ASSERT(
				has(addrs.broadcast, addrs.n_broadcast, rows[i].broadcast[wanted]));
		CU_ASSERT_EQUAL(!addrs.n_broadcast, !wanted);
		for (size_t j = 0; j < addrs.n_broadcast; j++)
			CU_ASSERT_FALSE(endpoint_addr_eq(&addrs.broadcast[j], &addr));
		host_addrs_free(&addrs);
	}
}

/* A host that forwards IPv6 has the anycast address of routers in each of its networks. */
static void test_anycast_of_routers_is_local(void)
{
	static const struct {
		const char *addr, *mask, *anycast;
	} rows[] = {
		{ "2001:db8::1:5", "ffff:ffff:ffff:ffff::", "2001:db8::" },
		{ "2001:db8::5", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffc", "2001:db8::4" },
		{ "2001:db8::", "ffff:ffff:ffff:ffff::", NULL },
		{ "2001:db8::5", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", NULL },
		{ "2001:db8::5", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
		{ "2001:db8::5", NULL, NULL },
		{ "192.0.2.5", "255.255.255.0", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint addr = at(rows[i].addr), mask = at(rows[i].mask);
		struct ifaddrs iface = { .ifa_addr = &addr.sa, .ifa_netmask = &mask.sa };
		struct host_addrs addrs;

		fake_ifaddrs = &iface;
		CU_ASSERT_EQUAL_FATAL(host_addrs_read(&addrs), 0);
		fake_ifaddrs = NULL;
		CU_ASSERT_EQUAL(addrs.n_local, rows[i].anycast ? 2 : 1);
		CU_ASSERT(has(addrs.local, addrs.n_local, rows[i].addr));
		if (rows[i].anycast)
			CU_ASSERT(has(addrs.local, addrs.n_local, rows[i].anycast));
		host_addrs_free(&addrs);
	}
}

/* With a point-to-point interface, ifa_broadaddr is the address of the other end. */
static void test_interfaces_without_broadcast_or_address(void)
{
	struct endpoint addr = at("192.0.2.5"), mask = at("255.255.255.255");
	struct endpoint peer = at("192.0.2.9");
	struct ifaddrs iface[] = {
		{ .ifa_next = &iface[1] }, /* without an address */
		{ .ifa_addr = &addr.sa, .ifa_netmask = &mask.sa, .ifa_flags = IFF_POINTOPOINT },
	};
	struct host_addrs addrs;

	iface[1].ifa_broadaddr = &peer.sa;
	fake_ifaddrs = iface;
	CU_ASSERT_EQUAL_FATAL(host_addrs_read(&addrs), 0);
	fake_ifaddrs = NULL;
	CU_ASSERT_EQUAL(addrs.n_local, 1);
	CU_ASSERT_EQUAL(addrs.n_broadcast, 0);
	host_addrs_free(&addrs);
}

static void test_out_of_memory_is_an_error(void)
{
	ALLOC_FAILS_AT_EACH
	{
		struct host_addrs addrs;
		int error = host_addrs_read(&addrs);

		CU_ASSERT_EQUAL(error, alloc_failed() ? -ENOMEM : 0);
		CU_ASSERT_EQUAL(!addrs.local, alloc_failed());
		host_addrs_free(&addrs);
	}
}

static int open_netlink(struct sockaddr_nl *own)
{
	socklen_t len = sizeof(*own);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_USERSOCK);

	*own = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)own, sizeof(*own)), 0);
	CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)own, &len), 0);
	return fd;
}

/* Another process can send to the daemon's sockets: what it says is not of the kernel. */
static void test_only_the_kernel_is_believed(void)
{
	struct sockaddr_nl own, other;
	int fd = open_netlink(&own), stranger = open_netlink(&other);
	struct nlmsghdr said = { .nlmsg_len = sizeof(said), .nlmsg_type = NLMSG_MIN_TYPE };
	char heard[256];

	CU_ASSERT_EQUAL(
		sendto(stranger, &said, sizeof(said), 0, (struct sockaddr *)&own, sizeof(own)),
		sizeof(said));
	CU_ASSERT_EQUAL(netlink_receive(fd, heard, sizeof(heard)), -EAGAIN);
	CU_ASSERT_FALSE(host_addrs_changed(fd));
	close(stranger);
	close(fd);
}

static void ask_kernel(int fd)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct nlmsghdr request = { .nlmsg_len = sizeof(request),
					  .nlmsg_type = NLMSG_NOOP,
					  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK };

	CU_ASSERT_EQUAL(sendto(fd, &request, sizeof(request), 0, (const struct sockaddr *)&kernel,
			       sizeof(kernel)),
			sizeof(request));
}

/* Each request is acknowledged at once. */
static void test_news_that_are_cut_off_are_news(void)
{
	int fd = host_addrs_watch();
	char heard[256];

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_FALSE(host_addrs_changed(fd));
	ask_kernel(fd);
	CU_ASSERT(netlink_receive(fd, heard, sizeof(heard)) >= (ssize_t)sizeof(struct nlmsgerr));
	ask_kernel(fd);
	CU_ASSERT_EQUAL(netlink_receive(fd, heard, 8), -ENOBUFS);
	CU_ASSERT_EQUAL(netlink_receive(fd, heard, sizeof(heard)), -EAGAIN);
	ask_kernel(fd);
	CU_ASSERT_TRUE(host_addrs_changed(fd));
	CU_ASSERT_FALSE(host_addrs_changed(fd));
	close(fd);
}

/* More than the socket has room for; the loss is told before what did arrive. */
static int open_overrun(void)
{
	int fd = host_addrs_watch(), tiny = 1;

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny)), 0);
	for (int i = 0; i < 100; i++)
		ask_kernel(fd);
	return fd;
}

static void test_lost_news_are_news(void)
{
	int fd = open_overrun();
	char heard[256];

	CU_ASSERT_EQUAL(netlink_receive(fd, heard, sizeof(heard)), -ENOBUFS);
	close(fd);
	fd = open_overrun();
	CU_ASSERT_TRUE(host_addrs_changed(fd));
	CU_ASSERT_FALSE(host_addrs_changed(fd));
	close(fd);
}

TEST_SUITE(host_addrs,
	   { "broadcast is what the kernel takes for it",
	     test_broadcast_is_what_the_kernel_takes_for_it },
	   { "anycast of routers is local", test_anycast_of_routers_is_local },
	   { "interfaces without broadcast or address",
	     test_interfaces_without_broadcast_or_address },
	   { "out of memory is an error", test_out_of_memory_is_an_error },
	   { "only the kernel is believed", test_only_the_kernel_is_believed },
	   { "news that are cut off are news", test_news_that_are_cut_off_are_news },
	   { "lost news are news", test_lost_news_are_news });
