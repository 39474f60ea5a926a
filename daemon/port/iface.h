/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iface.h - interfaces: named local addresses for media, and the addresses written to SDP for them
 *
 * Several addresses (IPv4, IPv6, several of one family) may share a name; an alias is a second
 * name. Created from the configuration at start, constant afterwards. Control thread only.
 */
#ifndef RTPRELAY_IFACE_H
#define RTPRELAY_IFACE_H

#include "base/addr_ports.h"
#include "port/pool.h"

struct iface_addr {
	struct str name;      /* of the interface */
	struct endpoint bind; /* port 0 */
	struct endpoint
		advertised; /* written to SDP; equal to bind unless "!ADVERTISED" was given */
	uint16_t port_min, port_max;
	struct port_pool *pool; /* shared by all with the same address and ports */
};

struct iface_table;

/* @port_min, @port_max: of the interfaces that have no ports of their own */
struct iface_table *iface_table_new(uint16_t port_min, uint16_t port_max, int64_t quarantine_ms);
void iface_table_free(struct iface_table *table);
/**
 * iface_table_add() - adds one value of the key "interface"
 * @value: [NAME/]BIND[!ADVERTISED][:MIN-MAX] (port/iface_value.h; the name may be BIND), or
 *	ALIAS=NAME
 * Return: 0; -ENOMEM; -EINVAL, *error is a sentence for the operator (static or owned by @table)
 */
int iface_table_add(struct iface_table *table, struct str value, const char **error);
/**
 * iface_pick() - selects an address of interface @name for a side of a media
 * @name: STR_NONE: the first interface. Unknown name: also the first interface, and *known = false
 *	(proxies' configurations expect this).
 * @family: AF_INET or AF_INET6: an address of that family, of this interface or else of any other;
 *	AF_UNSPEC: the family of the interface's first address
 * Return: of several the one with the most free pairs; NULL: no address of that family exists.
 */
struct iface_addr *iface_pick(struct iface_table *table, struct str name, int family, bool *known);
/* Is it the address, bound or advertised, and the port of media that is open, or was just now? */
bool iface_holds(const struct iface_table *table, const struct endpoint *ep, int64_t now_ms);
/* The first configured address of @family; NULL: there is none. */
struct iface_addr *iface_first(const struct iface_table *table, int family);
/* All addresses in order of configuration. */
size_t iface_count(const struct iface_table *table);
struct iface_addr *iface_at(const struct iface_table *table, size_t index);
/* The address with its ports, as bound and as advertised. */
struct addr_ports iface_bound(const struct iface_addr *addr);
struct addr_ports iface_advertised(const struct iface_addr *addr);
/* Is @ep bound by this relay, or may it be? */
bool iface_owns(const struct iface_table *table, const struct endpoint *ep);
/* The number of pairs of ports of all addresses; a shared pool counts once. */
size_t iface_pairs(const struct iface_table *table);

#endif
