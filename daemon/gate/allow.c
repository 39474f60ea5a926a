/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * allow.c - which sources may send commands: listed addresses, or the subnets of the listening ones
 *
 * A source that is not allowed gets no answer: the source address of a datagram is easily forged,
 * and answers are larger than requests.
 */
#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include "gate/allow.h"

/* Several sockets listen in one subnet. */
static bool is_listed(const struct allow *allow, const struct cidr *net)
{
	for (size_t i = 0; i < allow->count; i++)
		if (allow->nets[i].bits == net->bits && cidr_has(&allow->nets[i], &net->net))
			return true;
	return false;
}

static int add(struct allow *allow, const struct cidr *net)
{
	struct cidr *more;

	if (is_listed(allow, net))
		return 0;
	if (allow->count == allow->room) {
		more = realloc(allow->nets, (allow->room + 8) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		allow->nets = more;
		allow->room += 8;
	}
	allow->nets[allow->count++] = *net;
	return 0;
}

int allow_add(struct allow *allow, struct str text)
{
	struct cidr net;

	return cidr_parse(text, &net) ? add(allow, &net) : -EINVAL;
}

int allow_add_loopback(struct allow *allow)
{
	int error = allow_add(allow, STR("127.0.0.0/8"));

	return error ? error : allow_add(allow, STR("::1/128"));
}

static uint8_t mask_bits(const struct endpoint *mask)
{
	const uint8_t *byte = (const uint8_t *)&mask->in4.sin_addr;
	size_t len = sizeof(mask->in4.sin_addr);
	uint8_t bits = 0;

	if (mask->sa.sa_family == AF_INET6) {
		byte = (const uint8_t *)&mask->in6.sin6_addr;
		len = sizeof(mask->in6.sin6_addr);
	}
	for (size_t i = 0; i < len; i++) {
		bits += (uint8_t)__builtin_popcount(byte[i]);
		if (byte[i] != 0xff)
			break;
	}
	return bits;
}

int allow_add_subnets(struct allow *allow, const struct endpoint *listen)
{
	struct ifaddrs *all;
	int error = 0;

	if (getifaddrs(&all))
		return -errno;
	for (const struct ifaddrs *at = all; at && !error; at = at->ifa_next) {
		struct endpoint addr = endpoint_from(at->ifa_addr);
		struct endpoint mask = endpoint_from(at->ifa_netmask);
		struct cidr net = { addr, mask_bits(&mask) };

		if (addr.sa.sa_family != listen->sa.sa_family || !endpoint_is_set(&mask))
			continue;
		if (endpoint_is_any(listen) || endpoint_addr_eq(&addr, listen))
			error = add(allow, &net);
	}
	freeifaddrs(all);
	return error;
}

bool allow_has(const struct allow *allow, const struct endpoint *source)
{
	for (size_t i = 0; i < allow->count; i++)
		if (cidr_has(&allow->nets[i], source))
			return true;
	return false;
}

void allow_print(const struct allow *allow, char *out, size_t size)
{
	char text[CIDR_TEXT];
	size_t len = 0;

	if (size)
		out[0] = '\0';
	for (size_t i = 0; i < allow->count && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i ? ", " : "",
					cidr_print(&allow->nets[i], text));
}

void allow_fini(struct allow *allow)
{
	free(allow->nets);
	*allow = (struct allow){ 0 };
}
