/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gateway.h - the router that an address of this host sends to the Internet by */
#ifndef RTPRELAY_NAT_GATEWAY_H
#define RTPRELAY_NAT_GATEWAY_H

#include "base/endpoint.h"

/**
 * gateway_find() - asks the kernel's routing table, with its rules for the source address
 * @bind: of this host
 * Return: 0, and *gateway, port 0; -ENETUNREACH: no route, or none that has a gateway; other -errno
 */
int gateway_find(const struct endpoint *bind, struct endpoint *gateway);

#endif
