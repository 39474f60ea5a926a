/* SPDX-License-Identifier: GPL-2.0-or-later */
/* addr.h - a local address for media with its ports, of an interface */
#ifndef RTPRELAY_IFACE_ADDR_H
#define RTPRELAY_IFACE_ADDR_H

#include "base/addr_ports.h"
#include "port/pool.h"

struct iface_addr {
	struct str name;      /* of the interface */
	struct endpoint bind; /* port 0 */
	struct endpoint
		advertised; /* written to SDP; equal to bind unless "!ADVERTISED" was given */
	uint16_t port_min, port_max;
	/*
	 * "!auto": @advertised is found out while the daemon runs (nat/external.h). While @unknown
	 * it is the last one, or @bind: no call may begin with it.
	 */
	bool found, unknown;
	/* Not on this host at present: a device had it, and calls may still be there. */
	bool gone;
	struct port_pool *pool; /* shared by all with the same address and ports */
};

/* Is there a NAT between this address and the one that phones are told? */
static inline bool iface_has_outside(const struct iface_addr *addr)
{
	return addr->found || !endpoint_addr_eq(&addr->bind, &addr->advertised);
}

/* The address with its ports, as bound and as advertised. */
static inline struct addr_ports iface_bound(const struct iface_addr *addr)
{
	return (struct addr_ports){ addr->bind, addr->port_min, addr->port_max };
}

static inline struct addr_ports iface_advertised(const struct iface_addr *addr)
{
	return (struct addr_ports){ addr->advertised, addr->port_min, addr->port_max };
}

#endif
