/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external_upnp.c - asks the nearest router for the address outside: UPnP IGD, by libminiupnpc
 *
 * The library waits by itself, 2 s for routers and then some for each reply. Only IPv4: a router
 * tells no other address so.
 */
#include <errno.h>
#include "nat/external_router.h"
#include "nat/external_talk.h"

#ifdef RTPRELAY_HAS_UPNP
#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>

#define DISCOVER_MS 2000
#define TTL	    2

bool external_has_upnp(void)
{
	return true;
}

/* From version 18 on the library looks at the address outside too; its results are others. */
static int valid_igd(struct UPNPDev *devices, struct UPNPUrls *urls, struct IGDdatas *data)
{
	char lan[64] = "";
#if MINIUPNPC_API_VERSION >= 18
	char wan[64] = "";

	return UPNP_GetValidIGD(devices, urls, data, lan, sizeof(lan), wan, sizeof(wan));
#else
	return UPNP_GetValidIGD(devices, urls, data, lan, sizeof(lan));
#endif
}

static int ask_igd(const struct UPNPUrls *urls, const struct IGDdatas *data,
		   struct endpoint *address, char why[EXTERNAL_WHY])
{
	char text[64] = "";
	int result = UPNP_GetExternalIPAddress(urls->controlURL, data->first.servicetype, text);

	if (result)
		return external_no(why, -EREMOTEIO,
				   "upnp: the router at %s does not tell its address: %s",
				   urls->controlURL, strupnperror(result) ?: "error");
	if (!endpoint_parse_addr(str_of(text), AF_INET, address))
		return external_no(
			why, -EPROTO,
			"upnp: the router at %s has no address outside, or a private one",
			urls->controlURL);
	return 0;
}

int external_ask_upnp(const struct external_question *question, struct endpoint *address,
		      char why[EXTERNAL_WHY])
{
	char bind[ENDPOINT_TEXT];
	struct UPNPDev *devices;
	struct UPNPUrls urls = { 0 };
	struct IGDdatas data = { 0 };
	int error = 0, result;

	if (question->bind.sa.sa_family != AF_INET)
		return external_no(why, -EAFNOSUPPORT, "upnp: only for IPv4");
	endpoint_print_addr(&question->bind, bind);
	devices = upnpDiscover(DISCOVER_MS, bind, NULL, UPNP_LOCAL_PORT_ANY, 0, TTL, &error);
	if (!devices)
		return external_no(why, -ETIMEDOUT, "upnp: no router answers");
	result = valid_igd(devices, &urls, &data);
	freeUPNPDevlist(devices);
	if (result <= 0)
		return external_no(why, -ENOENT, "upnp: no router that forwards ports answers");
	error = ask_igd(&urls, &data, address, why);
	FreeUPNPUrls(&urls);
	return error;
}

#else

bool external_has_upnp(void)
{
	return false;
}

int external_ask_upnp(const struct external_question *question, struct endpoint *address,
		      char why[EXTERNAL_WHY])
{
	(void)question;
	(void)address;
	return external_no(why, -EOPNOTSUPP, "upnp: this daemon is built without libminiupnpc");
}

#endif
