/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iface.h - interfaces: named local addresses to take ports on, and what to put in SDP for them
 *
 * Several addresses (IPv4, IPv6, several of one family) may share a name; an alias is a second name.
 * Made from the configuration at start, fixed afterwards. Control thread only.
 */
#ifndef RTPRELAY_IFACE_H
#define RTPRELAY_IFACE_H

#include "port/pool.h"

struct iface_addr {
	struct str name;      /* of the interface */
	struct endpoint bind; /* port 0 */
	struct endpoint
		advertised; /* what SDP says; equal to bind unless "!ADVERTISED" was given */
	struct port_pool *pool;
};

struct iface_table;

struct iface_table *iface_table_new(uint16_t port_min, uint16_t port_max, int64_t quarantine_ms);
void iface_table_free(struct iface_table *table);
/**
 * iface_table_add() - one "interface" value: NAME/BIND[!ADVERTISED], BIND[!ADVERTISED] (named by itself), ALIAS=NAME
 * Return: 0; -EINVAL, *error is a sentence for the operator (static or kept by the table); -ENOMEM
 */
int iface_table_add(struct iface_table *table, struct str value, const char **error);
/**
 * iface_pick() - an address of @name for a media side
 * @name: STR_NONE: the first interface. Unknown name: the first interface too (as proxies' configurations expect), *known = false.
 * @family: AF_INET or AF_INET6: one of that family, in that interface, else in any interface; AF_UNSPEC: the first
 * Return: of several the one with most free pairs; NULL: no address of that family anywhere.
 */
struct iface_addr *iface_pick(struct iface_table *table, struct str name, int family, bool *known);
/* All addresses in order of configuration. */
size_t iface_count(const struct iface_table *table);
struct iface_addr *iface_at(const struct iface_table *table, size_t index);

#endif
