/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * upnp_address.c - asks the nearest router for the address outside: UPnP IGD, by libminiupnpc
 *
 * Only IPv4: a router tells no other address so.
 */
#include <errno.h>
#include "nat/external_talk.h"
#include "nat/upnp_igd.h"
#include "nat/upnp_serve.h"

#ifdef RTPRELAY_HAS_UPNP

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

int upnp_ask_address(const struct endpoint *bind, struct endpoint *address, char why[EXTERNAL_WHY])
{
	struct UPNPUrls urls = { 0 };
	struct IGDdatas data = { 0 };
	int error = upnp_igd_find(bind, &urls, &data);

	if (error)
		return upnp_igd_tell(error, why);
	error = ask_igd(&urls, &data, address, why);
	FreeUPNPUrls(&urls);
	return error;
}

#else

int upnp_ask_address(const struct endpoint *bind, struct endpoint *address, char why[EXTERNAL_WHY])
{
	(void)bind;
	(void)address;
	return external_no(why, -EOPNOTSUPP, "upnp: this daemon is built without libminiupnpc");
}

#endif
