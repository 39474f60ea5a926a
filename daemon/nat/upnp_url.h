/* SPDX-License-Identifier: GPL-2.0-or-later */
/* upnp_url.h - may this URL of a UPnP device be asked for? Pure */
#ifndef RTPRELAY_NAT_UPNP_URL_H
#define RTPRELAY_NAT_UPNP_URL_H

#include "base/endpoint.h"

/**
 * upnp_url_host() - the host of http://A.B.C.D, http://A.B.C.D:PORT, with or without a path
 * Return: false, it is another one: a name could mean another host each time
 */
bool upnp_url_host(const char *url, struct endpoint *host);
/*
 * Any host of the LAN can send URLs. One of this host itself would make it talk to services that
 * listen for local programs only. @bind: the address here
 */
bool upnp_url_is_usable(const char *url, const struct endpoint *bind);
/* Both are usable, of one host: a device says where to send requests to, but to no other host. */
bool upnp_url_is_same_host(const char *url, const char *other);

#endif
