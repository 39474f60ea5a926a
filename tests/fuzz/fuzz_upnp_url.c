/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_upnp_url.c - any text as a URL of a UPnP device
 *
 * What is usable is never an address of this host, and of one host with itself.
 */
#include <stdlib.h>
#include "daemon/nat/upnp_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct endpoint bind = { .in4 = { .sin_family = AF_INET } }, host;
	char *url = calloc(1, size + 1);

	require(url);
	bind.in4.sin_addr.s_addr = htonl(0xc0a80702);
	if (size)
		memcpy(url, data, size);
	if (upnp_url_is_usable(url, &bind)) {
		require(upnp_url_host(url, &host) && endpoint_is_unicast(&host));
		require(!endpoint_addr_eq(&host, &bind));
		require(ntohl(host.in4.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET);
		require(upnp_url_is_same_host(url, url));
	}
	free(url);
	return 0;
}
