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
#include "nat/external_question.h"

/**
 * upnp_igd_find() - searches from @bind
 *
 * Only a device at the address of the router (nat/gateway.h): any host of the LAN may answer, and
 * would choose the address that phones are told. It has to be asked at that address too.
 * Return: 0: urls is the caller's, for FreeUPNPUrls(); -ETIMEDOUT: no answer; -EXDEV: only other
 * hosts have answered; -ENOENT: the router does not forward ports
 */
int upnp_igd_find(const struct endpoint *bind, struct UPNPUrls *urls, struct IGDdatas *data);
/* Says why not. Return: @error */
int upnp_igd_tell(int error, char why[EXTERNAL_WHY]);
#endif

#endif
