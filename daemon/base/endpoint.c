/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * endpoint.c - an IPv4 or IPv6 transport address: parse, print, compare
 *
 * Tables of networks define the kinds of addresses (private, multicast, loopback).
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include "base/count.h"
#include "base/endpoint.h"

/* inet_pton() requires a terminating NUL; the longest valid address fits in the copy. */
static bool parse_literal(struct str text, int family, struct endpoint *ep)
{
	char copy[INET6_ADDRSTRLEN];
	void *addr = family == AF_INET ? (void *)&ep->in4.sin_addr : (void *)&ep->in6.sin6_addr;

	if (!text.len || text.len >= sizeof(copy) || memchr(text.s, '\0', text.len))
		return false;
	memcpy(copy, text.s, text.len);
	copy[text.len] = '\0';
	memset(ep, 0, sizeof(*ep));
	if (inet_pton(family, copy, addr) != 1)
		return false;
	if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&ep->in6.sin6_addr))
		return false;
	ep->sa.sa_family = (sa_family_t)family;
	return true;
}

bool endpoint_parse_addr(struct str text, int family, struct endpoint *ep)
{
	bool bracketed = text.len >= 2 && text.s[0] == '[' && text.s[text.len - 1] == ']';
	struct endpoint parsed;

	if (bracketed) {
		text.s++;
		text.len -= 2;
	}
	if (!(family != AF_INET6 && !bracketed && parse_literal(text, AF_INET, &parsed)) &&
	    !(family != AF_INET && parse_literal(text, AF_INET6, &parsed)))
		return false;
	*ep = parsed;
	return true;
}

/* "fe80::1%eth0" or "fe80::1%2", without brackets. */
static bool parse_scoped(struct str text, struct endpoint *ep)
{
	struct str addr = str_split(&text, '%');
	char name[IF_NAMESIZE];
	uint64_t scope;

	if (!text.len || text.len >= sizeof(name) || !endpoint_parse_addr(addr, AF_INET6, ep))
		return false;
	memcpy(name, text.s, text.len);
	name[text.len] = '\0';
	if (!str_to_u64(text, UINT32_MAX, &scope))
		scope = if_nametoindex(name);
	ep->in6.sin6_scope_id = (uint32_t)scope;
	return scope != 0;
}

/* "192.0.2.1", "[v6]", "[v6%scope]"; IPv6 without brackets only if no port may follow (@bare6). */
static bool parse_host(struct str host, bool bare6, struct endpoint *ep)
{
	bool bracketed = host.len >= 2 && host.s[0] == '[' && host.s[host.len - 1] == ']';
	struct str inner = bracketed ? (struct str){ host.s + 1, host.len - 2 } : host;

	if ((bracketed || bare6) && memchr(inner.s, '%', inner.len))
		return parse_scoped(inner, ep);
	return endpoint_parse_addr(host, bracketed || bare6 ? 0 : AF_INET, ep);
}

bool endpoint_parse(struct str text, int default_port, struct endpoint *ep)
{
	const char *colon = text.len ? memrchr(text.s, ':', text.len) : NULL;
	struct endpoint parsed;
	struct str host = text;
	struct str port;
	uint64_t value;

	if (!text.len)
		return false;
	if (default_port >= 0 && parse_host(text, true, &parsed)) {
		endpoint_set_port(&parsed, (uint16_t)default_port);
		*ep = parsed;
		return true;
	}
	if (!colon)
		return false;
	host.len = (size_t)(colon - text.s);
	port = (struct str){ colon + 1, text.len - host.len - 1 };
	if (!host.len || !parse_host(host, false, &parsed) || !str_to_u64(port, UINT16_MAX, &value))
		return false;
	endpoint_set_port(&parsed, (uint16_t)value);
	*ep = parsed;
	return true;
}

const char *endpoint_print_addr(const struct endpoint *ep, char *text)
{
	size_t len;

	if (!endpoint_is_set(ep))
		return strcpy(text, "none");
	if (ep->sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &ep->in4.sin_addr, text, ENDPOINT_TEXT);
		return text;
	}
	inet_ntop(AF_INET6, &ep->in6.sin6_addr, text, ENDPOINT_TEXT);
	len = strlen(text);
	if (ep->in6.sin6_scope_id) {
		text[len++] = '%';
		if (!if_indextoname(ep->in6.sin6_scope_id, text + len))
			snprintf(text + len, ENDPOINT_TEXT - len, "%u", ep->in6.sin6_scope_id);
	}
	return text;
}

const char *endpoint_print(const struct endpoint *ep, char *text)
{
	char addr[ENDPOINT_TEXT];

	endpoint_print_addr(ep, addr);
	if (!endpoint_is_set(ep))
		return strcpy(text, addr);
	snprintf(text, ENDPOINT_TEXT, ep->sa.sa_family == AF_INET ? "%.70s:%u" : "[%.70s]:%u", addr,
		 endpoint_port(ep));
	return text;
}

static const uint8_t *addr_bytes(const struct endpoint *ep)
{
	return ep->sa.sa_family == AF_INET ? (const uint8_t *)&ep->in4.sin_addr
					   : ep->in6.sin6_addr.s6_addr;
}

static bool bits_eq(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int bytes = bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	return !memcmp(a, b, bytes) && (!(bits % 8) || !((a[bytes] ^ b[bytes]) & mask));
}

enum addr_kind {
	ADDR_ANY = 1,	    /* no address */
	ADDR_PRIVATE = 2,   /* not reachable over the Internet */
	ADDR_MULTICAST = 4, /* or broadcast: several receivers */
};

static const struct {
	sa_family_t family;
	uint8_t bits;
	uint8_t net[16];
	unsigned int kind;
} networks[] = {
	{ AF_INET, 32, { 0 }, ADDR_ANY | ADDR_PRIVATE },
	{ AF_INET, 8, { 0 }, ADDR_PRIVATE },
	{ AF_INET, 8, { 10 }, ADDR_PRIVATE },
	{ AF_INET, 10, { 100, 64 }, ADDR_PRIVATE }, /* RFC 6598, carrier-grade NAT */
	{ AF_INET, 8, { 127 }, ADDR_PRIVATE },
	{ AF_INET, 16, { 169, 254 }, ADDR_PRIVATE },
	{ AF_INET, 12, { 172, 16 }, ADDR_PRIVATE },
	{ AF_INET, 16, { 192, 168 }, ADDR_PRIVATE },
	{ AF_INET, 4, { 224 }, ADDR_PRIVATE | ADDR_MULTICAST },
	{ AF_INET, 4, { 240 }, ADDR_PRIVATE }, /* reserved */
	{ AF_INET, 32, { 255, 255, 255, 255 }, ADDR_PRIVATE | ADDR_MULTICAST },
	{ AF_INET6, 128, { 0 }, ADDR_ANY | ADDR_PRIVATE },
	{ AF_INET6, 128, { [15] = 1 }, ADDR_PRIVATE },
	{ AF_INET6, 7, { 0xfc }, ADDR_PRIVATE },
	{ AF_INET6, 10, { 0xfe, 0x80 }, ADDR_PRIVATE },
	{ AF_INET6, 8, { 0xff }, ADDR_PRIVATE | ADDR_MULTICAST },
};

static bool is_kind(const struct endpoint *ep, unsigned int kind)
{
	for (size_t i = 0; i < COUNT(networks); i++)
		if ((networks[i].kind & kind) && networks[i].family == ep->sa.sa_family &&
		    bits_eq(addr_bytes(ep), networks[i].net, networks[i].bits))
			return true;
	return false;
}

bool endpoint_is_any(const struct endpoint *ep)
{
	return is_kind(ep, ADDR_ANY);
}

bool endpoint_is_private(const struct endpoint *ep)
{
	return is_kind(ep, ADDR_PRIVATE);
}

bool endpoint_is_unicast(const struct endpoint *ep)
{
	return endpoint_is_set(ep) && !is_kind(ep, ADDR_ANY | ADDR_MULTICAST);
}

/* The first row that fits decides. */
static const struct {
	sa_family_t family;
	uint8_t bits;
	uint8_t net[16];
	enum endpoint_kind kind;
} special[] = {
	{ AF_INET, 8, { 0 }, ENDPOINT_UNSPECIFIED },
	{ AF_INET, 8, { 127 }, ENDPOINT_LOOPBACK },
	{ AF_INET, 16, { 169, 254 }, ENDPOINT_LINK_LOCAL },
	{ AF_INET, 4, { 224 }, ENDPOINT_MULTICAST },
	{ AF_INET, 32, { 255, 255, 255, 255 }, ENDPOINT_BROADCAST },
	{ AF_INET6, 128, { 0 }, ENDPOINT_UNSPECIFIED },
	{ AF_INET6, 128, { [15] = 1 }, ENDPOINT_LOOPBACK },
	{ AF_INET6, 96, { 0 }, ENDPOINT_MAPPED },
	{ AF_INET6, 96, { [10] = 0xff, [11] = 0xff }, ENDPOINT_MAPPED },
	{ AF_INET6, 10, { 0xfe, 0x80 }, ENDPOINT_LINK_LOCAL },
	{ AF_INET6, 8, { 0xff }, ENDPOINT_MULTICAST },
};

enum endpoint_kind endpoint_kind(const struct endpoint *ep)
{
	for (size_t i = 0; i < COUNT(special); i++)
		if (special[i].family == ep->sa.sa_family &&
		    bits_eq(addr_bytes(ep), special[i].net, special[i].bits))
			return special[i].kind;
	return ENDPOINT_HOST;
}

int endpoint_addr_cmp(const void *a, const void *b)
{
	const struct endpoint *x = a, *y = b;

	if (x->sa.sa_family != y->sa.sa_family)
		return x->sa.sa_family < y->sa.sa_family ? -1 : 1;
	return memcmp(addr_bytes(x), addr_bytes(y), x->sa.sa_family == AF_INET ? 4 : 16);
}

struct endpoint endpoint_from(const struct sockaddr *sa)
{
	struct endpoint ep = { 0 };

	if (sa && sa->sa_family == AF_INET)
		memcpy(&ep.in4, sa, sizeof(ep.in4));
	else if (sa && sa->sa_family == AF_INET6)
		memcpy(&ep.in6, sa, sizeof(ep.in6));
	if (endpoint_is_set(&ep))
		endpoint_set_port(&ep, 0);
	return ep;
}

bool endpoint_same_pool(const struct endpoint *a, const struct endpoint *b)
{
	if (!endpoint_is_set(a) || a->sa.sa_family != b->sa.sa_family)
		return false;
	return bits_eq(addr_bytes(a), addr_bytes(b), a->sa.sa_family == AF_INET ? 24 : 56);
}

bool cidr_parse(struct str text, struct cidr *cidr)
{
	bool has_bits = text.len && memchr(text.s, '/', text.len);
	struct str addr = str_split(&text, '/');
	struct endpoint net;
	uint64_t bits;

	if (!endpoint_parse_addr(addr, 0, &net))
		return false;
	bits = net.sa.sa_family == AF_INET ? 32 : 128;
	if (has_bits && !str_to_u64(text, bits, &bits))
		return false;
	cidr->net = net;
	cidr->bits = (uint8_t)bits;
	return true;
}

const char *cidr_print(const struct cidr *cidr, char *text)
{
	struct endpoint net = cidr->net;
	bool v4 = net.sa.sa_family == AF_INET;
	uint8_t *bytes = v4 ? (uint8_t *)&net.in4.sin_addr : (uint8_t *)&net.in6.sin6_addr;
	unsigned int all = v4 ? 32 : 128;

	for (unsigned int i = 0; i < all / 8; i++) {
		unsigned int bits = cidr->bits > 8 * i ? cidr->bits - 8 * i : 0;

		if (bits < 8)
			bytes[i] &= (uint8_t)(0xff00 >> bits);
	}
	endpoint_print_addr(&net, text);
	if (cidr->bits < all)
		snprintf(text + strlen(text), CIDR_TEXT - strlen(text), "/%u", cidr->bits);
	return text;
}

bool cidr_has(const struct cidr *cidr, const struct endpoint *ep)
{
	return cidr->net.sa.sa_family == ep->sa.sa_family && endpoint_is_set(ep) &&
	       bits_eq(addr_bytes(&cidr->net), addr_bytes(ep), cidr->bits);
}
