/* SPDX-License-Identifier: GPL-2.0-or-later */
/* upnp_url.c - may this URL of a UPnP device be asked for? */
#include "nat/upnp_url.h"

bool upnp_url_host(const char *url, struct endpoint *host)
{
	const struct str scheme = STR("http://");
	struct str rest = str_of(url ?: "");
	struct str authority;
	uint64_t port;

	if (!str_starts(rest, scheme))
		return false;
	rest = (struct str){ rest.s + scheme.len, rest.len - scheme.len };
	rest = str_split(&rest, '/');
	authority = str_split(&rest, ':');
	if (rest.len && (!str_to_u64(rest, UINT16_MAX, &port) || !port))
		return false;
	return endpoint_parse_addr(authority, AF_INET, host);
}

bool upnp_url_is_usable(const char *url, const struct endpoint *bind)
{
	struct endpoint host;

	if (!upnp_url_host(url, &host) || !endpoint_is_unicast(&host) ||
	    endpoint_addr_eq(&host, bind))
		return false;
	return ntohl(host.in4.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET;
}

bool upnp_url_is_same_host(const char *url, const char *other)
{
	struct endpoint a, b;

	return upnp_url_host(url, &a) && upnp_url_host(other, &b) && endpoint_addr_eq(&a, &b);
}
