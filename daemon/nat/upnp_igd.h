/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * upnp_igd.h - finds the router that speaks UPnP IGD, by libminiupnpc
 *
 * For files that use the library (UPNP_FILES of the Makefile). Waits by itself, 2 s for routers and
 * then for what each of them sends: only in the process of nat/upnp_serve.h.
 */
#ifndef RTPRELAY_NAT_UPNP_IGD_H
#define RTPRELAY_NAT_UPNP_IGD_H

#ifdef RTPRELAY_HAS_UPNP
#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>
#include "base/endpoint.h"

/**
 * upnp_igd_find() - searches from @bind
 *
 * Devices at the address of the router come first, and others only if none of them forwards ports:
 * any host of the LAN may answer, and what it says is read for as long as it sends. Those whose
 * URLs are of this host itself or have no address are left out.
 * Return: 0: urls is the caller's, for FreeUPNPUrls(); -ETIMEDOUT: no answer; -ENOENT: none that
 * forwards ports
 */
int upnp_igd_find(const struct endpoint *bind, struct UPNPUrls *urls, struct IGDdatas *data);
#endif

#endif
