/* SPDX-License-Identifier: GPL-2.0-or-later */
/* upnp_igd.c - finds the router that speaks UPnP IGD, by libminiupnpc */
#include <errno.h>
#include "nat/external_router.h"
#include "nat/external_talk.h"
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

/* Takes those of the router out of @all. The order is turned round, which means nothing. */
static struct UPNPDev *take_router(struct UPNPDev **all, const struct endpoint *bind)
{
	struct UPNPDev *router = NULL, *others = NULL;
	struct endpoint gateway, host;
	bool known = !gateway_find(bind, &gateway);

	for (struct UPNPDev *at = *all, *next; at; at = next) {
		struct UPNPDev **list = &others;

		next = at->pNext;
		if (known && upnp_url_is_usable(at->descURL, bind) &&
		    upnp_url_host(at->descURL, &host) && endpoint_addr_eq(&host, &gateway))
			list = &router;
		at->pNext = *list;
		*list = at;
	}
	*all = others;
	return router;
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
	struct UPNPDev *others, *router;
	char text[ENDPOINT_TEXT];
	int error = 0, result = -EXDEV;

	endpoint_print_addr(bind, text);
	others = upnpDiscover(DISCOVER_MS, text, NULL, UPNP_LOCAL_PORT_ANY, 0, TTL, &error);
	if (!others)
		return -ETIMEDOUT;
	router = take_router(&others, bind);
	if (router)
		result = valid_igd(router, urls, data);
	freeUPNPDevlist(router);
	freeUPNPDevlist(others);
	return result;
}

int upnp_igd_tell(int error, char why[EXTERNAL_WHY])
{
	switch (error) {
	case -ETIMEDOUT:
		return external_no(why, error, "upnp: no router answers");
	case -EXDEV:
		return external_no(why, error,
				   "upnp: the router does not answer; other hosts do, which are "
				   "not asked");
	default:
		return external_no(why, error, "upnp: no router that forwards ports answers");
	}
}

#else

bool external_has_upnp(void)
{
	return false;
}

#endif
