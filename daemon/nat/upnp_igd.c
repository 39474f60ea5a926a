/* SPDX-License-Identifier: GPL-2.0-or-later */
/* upnp_igd.c - finds the router that speaks UPnP IGD, by libminiupnpc */
#include <errno.h>
#include "nat/external_router.h"
#include "nat/gateway.h"
#include "nat/upnp_igd.h"
#include "nat/upnp_url.h"

#ifdef RTPRELAY_HAS_UPNP

#define DISCOVER_MS 2000
#define TTL	    2

bool external_has_upnp(void)
{
	return true;
}

/* Of one search: @router: devices at its address; @others; @left_out: not usable */
struct devices {
	struct UPNPDev *router, *others, *left_out;
};

/* The order within each list is turned round, which means nothing. */
static void sort(struct UPNPDev *all, const struct endpoint *bind, struct devices *devices)
{
	struct endpoint router, host;
	bool known = !gateway_find(bind, &router);

	for (struct UPNPDev *at = all, *next; at; at = next) {
		struct UPNPDev **list = &devices->others;

		next = at->pNext;
		if (!upnp_url_is_usable(at->descURL, bind))
			list = &devices->left_out;
		else if (known && upnp_url_host(at->descURL, &host) &&
			 endpoint_addr_eq(&host, &router))
			list = &devices->router;
		at->pNext = *list;
		*list = at;
	}
}

/*
 * From version 18 on the library looks at the address outside too; its results are others. The last
 * one is a device that is no router.
 */
static int valid_igd(struct UPNPDev *list, struct UPNPUrls *urls, struct IGDdatas *data)
{
	char lan[64] = "";
#if MINIUPNPC_API_VERSION >= 18
	enum { NO_ROUTER = 4 };
	char wan[64] = "";
	int found = UPNP_GetValidIGD(list, urls, data, lan, sizeof(lan), wan, sizeof(wan));
#else
	enum { NO_ROUTER = 3 };
	int found = UPNP_GetValidIGD(list, urls, data, lan, sizeof(lan));
#endif

	if (found > 0 && found < NO_ROUTER &&
	    upnp_url_is_same_host(urls->controlURL, urls->rootdescURL))
		return 0;
	FreeUPNPUrls(urls);
	*urls = (struct UPNPUrls){ 0 };
	return -ENOENT;
}

int upnp_igd_find(const struct endpoint *bind, struct UPNPUrls *urls, struct IGDdatas *data)
{
	struct devices devices = { 0 };
	char text[ENDPOINT_TEXT];
	int error = 0, result = -ENOENT;
	struct UPNPDev *all;

	endpoint_print_addr(bind, text);
	all = upnpDiscover(DISCOVER_MS, text, NULL, UPNP_LOCAL_PORT_ANY, 0, TTL, &error);
	if (!all)
		return -ETIMEDOUT;
	sort(all, bind, &devices);
	if (devices.router)
		result = valid_igd(devices.router, urls, data);
	if (result && devices.others)
		result = valid_igd(devices.others, urls, data);
	freeUPNPDevlist(devices.router);
	freeUPNPDevlist(devices.others);
	freeUPNPDevlist(devices.left_out);
	return result;
}

#else

bool external_has_upnp(void)
{
	return false;
}

#endif
