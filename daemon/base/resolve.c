/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resolve.c - converts text of the configuration to addresses to listen on or connect to
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include "base/count.h"
#include "base/resolve.h"

static int resolve_name(const char *text, struct endpoint *addrs, size_t room)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
	const char *colon = strrchr(text, ':');
	struct addrinfo *all;
	char host[256];
	size_t n = 0;

	if (!colon || colon == text || (size_t)(colon - text) >= sizeof(host))
		return -EINVAL;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (getaddrinfo(host, colon + 1, &hints, &all))
		return -EINVAL;
	for (const struct addrinfo *at = all; at && n < room; at = at->ai_next) {
		if (at->ai_addrlen > sizeof(addrs[n]))
			continue;
		addrs[n] = (struct endpoint){ 0 };
		memcpy(&addrs[n].sa, at->ai_addr, at->ai_addrlen);
		n++;
	}
	freeaddrinfo(all);
	return n ? (int)n : -EINVAL;
}

int endpoint_resolve(const char *text, struct endpoint *addrs, size_t room)
{
	uint64_t port;

	if (room >= 1 && endpoint_parse(str_of(text), -1, &addrs[0]))
		return 1;
	if (room >= 2 && str_to_u64(str_of(text), UINT16_MAX, &port)) {
		addrs[0] = (struct endpoint){ .in4 = { .sin_family = AF_INET } };
		addrs[1] = (struct endpoint){ .in6 = { .sin6_family = AF_INET6 } };
		endpoint_set_port(&addrs[0], (uint16_t)port);
		endpoint_set_port(&addrs[1], (uint16_t)port);
		return 2;
	}
	return resolve_name(text, addrs, room);
}

const char *endpoint_unprefixed(const char *text)
{
	static const char *const prefixes[] = { "udp:", "udp6:", "tcp:", "tcp6:" };

	if (text[0] == '/' || str_starts(str_of(text), STR("unix:")) ||
	    str_starts(str_of(text), STR("cunix:")))
		return NULL;
	for (size_t i = 0; i < COUNT(prefixes); i++)
		if (str_starts(str_of(text), str_of(prefixes[i])))
			return text + strlen(prefixes[i]);
	return text;
}
