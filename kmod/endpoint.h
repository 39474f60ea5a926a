/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * endpoint.h - address and port of either family, in one form that is compared and hashed
 */
#ifndef RTPR_ENDPOINT_H
#define RTPR_ENDPOINT_H

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
	/* One word at a time: so the compiler can keep them in registers, or leave them out. */
	ep->addr.s6_addr32[0] = 0;
	ep->addr.s6_addr32[1] = 0;
	ep->addr.s6_addr32[2] = 0;
	ep->addr.s6_addr32[3] = addr;
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

/* Address and port of an IPv4 endpoint as one number, which stays in a register. */
static __always_inline u64 rtpr_endpoint_key_ipv4(const struct rtpr_endpoint *ep)
{
	return (u64)(__force u16)ep->port << 32 | (__force u32)rtpr_endpoint_ipv4(ep);
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
 * few bits only, or repeat them. Who sends packets only chooses which key is looked up: the keys in
 * the table are endpoints that the daemon took, so a phone cannot make chains long. Who owns
 * another namespace can choose the keys of its own table. They are multiplied by a secret odd
 * number; rhashtable takes a new seed where a chain is too long all the same. The multiplication
 * in rtpr_hash_end() spreads keys that differ regularly. jhash() takes four times as many
 * instructions.
 */
static __always_inline u64 rtpr_hash_mix(u64 hash, u64 word, u32 seed)
{
	u64 secret = ((u64)seed + 0x632be59bd9b4e019) * 0x9e3779b97f4a7c15;

	hash = (hash + word) * (secret | 1);
	return hash ^ hash >> 29;
}

static __always_inline u32 rtpr_hash_end(u64 hash)
{
	return hash * 0xd6e8feb86659fd93 >> 32;
}

static __always_inline u32 rtpr_endpoint_hash_ipv4(u64 key, u32 seed)
{
	return rtpr_hash_end(rtpr_hash_mix(0, key, seed));
}

static __always_inline u32 rtpr_endpoint_hash_ipv6(const struct rtpr_endpoint *ep, u32 seed)
{
	const u32 *a = (__force const u32 *)ep->addr.s6_addr32;
	u64 hash = rtpr_hash_mix(0, (u64)a[1] << 32 | a[0], seed);

	/*
	 * Mixed once more: the highest bit is only moved by a multiplication, whatever the seed is,
	 * and a chosen second word would take it back.
	 */
	hash = rtpr_hash_mix(hash, 0, seed);
	hash = rtpr_hash_mix(hash, (u64)a[3] << 32 | a[2], seed);
	return rtpr_hash_end(rtpr_hash_mix(hash, (__force u16)ep->port, seed));
}

static __always_inline u32 rtpr_endpoint_hash(const struct rtpr_endpoint *ep, u32 seed)
{
	if (ep->family == AF_INET)
		return rtpr_endpoint_hash_ipv4(rtpr_endpoint_key_ipv4(ep), seed);
	return rtpr_endpoint_hash_ipv6(ep, seed);
}

#endif
