/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * endpoint.h - an IPv4 or IPv6 transport address: parse, print, compare
 *
 * Has the layout of a sockaddr, so that bind, connect and sendmsg use it directly. Never
 * IPv4-mapped: each socket is of one family (IPV6_V6ONLY).
 */
#ifndef RTPRELAY_ENDPOINT_H
#define RTPRELAY_ENDPOINT_H

#include <netinet/in.h>
#include <sys/socket.h>
#include "base/str.h"

struct endpoint {
	union {
		struct sockaddr sa;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	};
};

/* Longest text: [v6%scope]:65535 and NUL. */
#define ENDPOINT_TEXT 80

static inline bool endpoint_is_set(const struct endpoint *ep)
{
	return ep->sa.sa_family != AF_UNSPEC;
}

static inline socklen_t endpoint_len(const struct endpoint *ep)
{
	return ep->sa.sa_family == AF_INET ? sizeof(ep->in4) : sizeof(ep->in6);
}

/* Host order; 0 when unset. */
static inline uint16_t endpoint_port(const struct endpoint *ep)
{
	if (ep->sa.sa_family == AF_INET)
		return ntohs(ep->in4.sin_port);
	return ep->sa.sa_family == AF_INET6 ? ntohs(ep->in6.sin6_port) : 0;
}

static inline void endpoint_set_port(struct endpoint *ep, uint16_t port)
{
	if (ep->sa.sa_family == AF_INET)
		ep->in4.sin_port = htons(port);
	else
		ep->in6.sin6_port = htons(port);
}

static inline bool endpoint_addr_eq(const struct endpoint *a, const struct endpoint *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
	return a->sa.sa_family == AF_INET6 &&
	       !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr));
}

/* Same address and port; two unset endpoints are not equal. */
static inline bool endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	return endpoint_addr_eq(a, b) && a->in4.sin_port == b->in4.sin_port;
}

/*
 * "192.0.2.1", "2001:db8::1", "[2001:db8::1]"; port 0. @family 0: either. False: not an address of
 * that family; an IPv4-mapped address (::ffff:192.0.2.1) is of neither.
 */
bool endpoint_parse_addr(struct str text, int family, struct endpoint *ep);
/*
 * "192.0.2.1:2223", "[2001:db8::1]:2223", "[fe80::1%eth0]:2223"; @default_port >= 0 makes ":port"
 * optional. Reads the scope's number from the system: use it for configuration, not for text from
 * the network.
 */
bool endpoint_parse(struct str text, int default_port, struct endpoint *ep);
/* Both return @text, which has ENDPOINT_TEXT bytes. "none" when unset. */
const char *endpoint_print(const struct endpoint *ep, char *text);
const char *endpoint_print_addr(const struct endpoint *ep, char *text);

/* Addresses that no single host of the network has. */
enum endpoint_kind {
	ENDPOINT_HOST,	      /* none of the others */
	ENDPOINT_UNSPECIFIED, /* 0.0.0.0/8, :: */
	ENDPOINT_LOOPBACK,
	ENDPOINT_LINK_LOCAL,
	ENDPOINT_MULTICAST,
	ENDPOINT_BROADCAST, /* 255.255.255.255 */
	ENDPOINT_MAPPED,    /* an IPv4 address written as IPv6: ::ffff:0:0/96, ::/96 */
};

enum endpoint_kind endpoint_kind(const struct endpoint *ep);

/* 0.0.0.0 or :: */
bool endpoint_is_any(const struct endpoint *ep);
/*
 * Not reachable over the Internet: RFC 1918, 6598 (100.64/10), loopback, link-local, ULA,
 * multicast, unspecified.
 */
bool endpoint_is_private(const struct endpoint *ep);
/* An address that media may be sent to: not unspecified, multicast or broadcast. */
bool endpoint_is_unicast(const struct endpoint *ep);
/* For qsort() and bsearch() of addresses: by family and address; ports are ignored. */
int endpoint_addr_cmp(const void *a, const void *b);
/* A copy, port 0. Unset: NULL, or of another family. */
struct endpoint endpoint_from(const struct sockaddr *sa);
/* Same /24 (IPv4) or /56 (IPv6): the pool of one carrier-grade NAT. */
bool endpoint_same_pool(const struct endpoint *a, const struct endpoint *b);

struct cidr {
	struct endpoint net;
	uint8_t bits;
};

/* "192.0.2.0/24", "2001:db8::/32", or a single address. */
bool cidr_parse(struct str text, struct cidr *cidr);
#define CIDR_TEXT (ENDPOINT_TEXT + 4)
/* "192.0.2.0/24", with the bits of hosts cleared; a single address without "/32". Returns @text. */
const char *cidr_print(const struct cidr *cidr, char *text);
bool cidr_has(const struct cidr *cidr, const struct endpoint *ep);

#endif
