/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * endpoint.h - address and port of either family, in one form that is compared and hashed
 */
#ifndef RTPR_ENDPOINT_H
#define RTPR_ENDPOINT_H

#include <linux/jhash.h>
#include <net/ipv6.h>

#include "csum_wire.h"

/**
 * struct rtpr_endpoint - all in network byte order
 * @addr:   IPv4: the last word, the others are zero
 * @family: AF_INET, AF_INET6, or AF_UNSPEC: none (any sender)
 */
struct rtpr_endpoint {
	struct in6_addr addr;
	__be16 port;
	u16 family;
};

static inline __be32 rtpr_endpoint_ipv4(const struct rtpr_endpoint *ep)
{
	return ep->addr.s6_addr32[3];
}

static inline void rtpr_endpoint_set_ipv4(struct rtpr_endpoint *ep, __be32 addr, __be16 port)
{
	ipv6_addr_set(&ep->addr, 0, 0, 0, addr);
	ep->port = port;
	ep->family = AF_INET;
}

static inline void rtpr_endpoint_set_ipv6(struct rtpr_endpoint *ep, const struct in6_addr *addr,
					  __be16 port)
{
	ep->addr = *addr;
	ep->port = port;
	ep->family = AF_INET6;
}

static __always_inline bool rtpr_endpoint_equal(const struct rtpr_endpoint *a,
						const struct rtpr_endpoint *b)
{
	if (a->port != b->port || a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return rtpr_endpoint_ipv4(a) == rtpr_endpoint_ipv4(b);
	return ipv6_addr_equal(&a->addr, &b->addr);
}

/* The address as a partial checksum. */
static inline u16 rtpr_endpoint_sum(const struct rtpr_endpoint *ep)
{
	if (ep->family == AF_INET)
		return csum_wire_sum_ipv4((__force u32)rtpr_endpoint_ipv4(ep));
	return csum_wire_sum(&ep->addr, sizeof(ep->addr));
}

/*
 * Mixes all bits with the table's seed, which nobody knows: an operator's addresses may differ in a
 * few bits only or repeat them, and the owner of another namespace may choose addresses of one
 * hash.
 */
static __always_inline u32 rtpr_endpoint_hash(const struct rtpr_endpoint *ep, u32 seed)
{
	const u32 *a = (__force const u32 *)ep->addr.s6_addr32;
	u32 port = (__force u16)ep->port;

	if (ep->family == AF_INET)
		return jhash_2words(a[3], port, seed);
	return jhash_2words(a[3], port, jhash_3words(a[0], a[1], a[2], seed));
}

#endif
