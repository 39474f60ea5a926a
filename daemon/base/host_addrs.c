/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_addrs.c - the addresses of this host, and news of their changes
 */
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/host_addrs.h"
#include "base/netlink.h"

#define NEWS_BYTES 8192

static int make_room(struct host_addrs *addrs, const struct ifaddrs *all)
{
	size_t n = 1;

	for (const struct ifaddrs *at = all; at; at = at->ifa_next)
		n++;
	addrs->local = calloc(2 * n, sizeof(*addrs->local));
	addrs->broadcast = calloc(3 * n, sizeof(*addrs->broadcast));
	return addrs->local && addrs->broadcast ? 0 : -ENOMEM;
}

/*
 * The one that is set, if any, and those that the kernel takes for broadcast in any case: all bits
 * of the host one, or zero. A /32 may have its own address as that of broadcast.
 */
static void add_broadcast(struct host_addrs *addrs, const struct ifaddrs *at)
{
	struct endpoint addr = endpoint_from(at->ifa_addr), set = { 0 };
	struct endpoint mask = endpoint_from(at->ifa_netmask), ones = addr, zero = addr;
	in_addr_t host = ~mask.in4.sin_addr.s_addr;

	if (addr.sa.sa_family != AF_INET)
		return;
	if (at->ifa_flags & IFF_BROADCAST)
		set = endpoint_from(at->ifa_broadaddr);
	if (set.sa.sa_family == AF_INET && !endpoint_addr_eq(&set, &addr))
		addrs->broadcast[addrs->n_broadcast++] = set;
	if (mask.sa.sa_family != AF_INET || ntohl(host) < 3)
		return; /* a /31 or /32 has none */
	ones.in4.sin_addr.s_addr |= host;
	zero.in4.sin_addr.s_addr &= ~host;
	addrs->broadcast[addrs->n_broadcast++] = ones;
	addrs->broadcast[addrs->n_broadcast++] = zero;
}

/*
 * The anycast address of a network's routers (RFC 4291, 2.6.1): all bits of the host zero. If this
 * host forwards IPv6, the kernel delivers to it what is sent there. A /127 or /128 has none.
 */
static void add_anycast(struct host_addrs *addrs, const struct ifaddrs *at)
{
	struct endpoint addr = endpoint_from(at->ifa_addr), zero = addr;
	struct endpoint mask = endpoint_from(at->ifa_netmask);

	if (addr.sa.sa_family != AF_INET6 || mask.sa.sa_family != AF_INET6 ||
	    mask.in6.sin6_addr.s6_addr[15] >= 0xfe)
		return;
	for (size_t i = 0; i < sizeof(zero.in6.sin6_addr); i++)
		zero.in6.sin6_addr.s6_addr[i] &= mask.in6.sin6_addr.s6_addr[i];
	if (!endpoint_addr_eq(&zero, &addr))
		addrs->local[addrs->n_local++] = zero;
}

int host_addrs_read(struct host_addrs *addrs)
{
	struct ifaddrs *all;
	int error;

	*addrs = (struct host_addrs){ 0 };
	if (getifaddrs(&all))
		return -errno;
	error = make_room(addrs, all);
	for (const struct ifaddrs *at = all; at && !error; at = at->ifa_next) {
		struct endpoint addr = endpoint_from(at->ifa_addr);

		if (!endpoint_is_set(&addr))
			continue;
		addrs->local[addrs->n_local++] = addr;
		add_broadcast(addrs, at);
		add_anycast(addrs, at);
	}
	freeifaddrs(all);
	if (error)
		host_addrs_free(addrs);
	return error;
}

void host_addrs_free(struct host_addrs *addrs)
{
	free(addrs->local);
	free(addrs->broadcast);
	*addrs = (struct host_addrs){ 0 };
}

int host_addrs_watch(void)
{
	const struct sockaddr_nl groups = { .nl_family = AF_NETLINK,
					    .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	int error;

	if (fd < 0)
		return -errno;
	if (!bind(fd, (const struct sockaddr *)(const void *)&groups, sizeof(groups)))
		return fd;
	error = -errno;
	close(fd);
	return error;
}

bool host_addrs_changed(int fd)
{
	_Alignas(struct nlmsghdr) char news[NEWS_BYTES];
	bool changed = false;
	ssize_t len;

	/* What it says does not matter, nor whether some was lost: all are read again. */
	while ((len = netlink_receive(fd, news, sizeof(news))) >= 0 || len == -ENOBUFS)
		changed = true;
	return changed;
}
