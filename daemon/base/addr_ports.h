/* SPDX-License-Identifier: GPL-2.0-or-later */
/* addr_ports.h - an address and a range of its ports: where the relay's media arrives */
#ifndef RTPRELAY_ADDR_PORTS_H
#define RTPRELAY_ADDR_PORTS_H

#include "base/endpoint.h"

/* @addr: its port is ignored; @port_min, @port_max: both belong to the range */
struct addr_ports {
	struct endpoint addr;
	uint16_t port_min, port_max;
};

static inline bool addr_ports_has(const struct addr_ports *range, const struct endpoint *ep)
{
	uint16_t port = endpoint_port(ep);

	return port >= range->port_min && port <= range->port_max &&
	       endpoint_addr_eq(&range->addr, ep);
}

static inline bool addr_ports_same_range(const struct addr_ports *a, const struct addr_ports *b)
{
	return a->port_min == b->port_min && a->port_max == b->port_max;
}

static inline bool addr_ports_eq(const struct addr_ports *a, const struct addr_ports *b)
{
	return addr_ports_same_range(a, b) && endpoint_addr_eq(&a->addr, &b->addr);
}

/* Does any port of the one range belong to the other one? Addresses are not looked at. */
static inline bool addr_ports_overlap(const struct addr_ports *a, const struct addr_ports *b)
{
	return a->port_min <= b->port_max && b->port_min <= a->port_max;
}

#endif
