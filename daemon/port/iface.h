/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iface.h - interfaces: named local addresses for media, and the addresses written to SDP for them
 *
 * Several addresses (IPv4, IPv6, several of one family) may share a name; an alias is a second
 * name. Created from the configuration at start. The addresses of a device are those that it has at
 * present: iface_follow() adds those that came. An address is never removed, since calls refer to
 * it; it may be marked as gone. Of IFACE_MAX addresses one that is gone and has no media becomes
 * another of its device. Control thread only.
 */
#ifndef RTPRELAY_IFACE_H
#define RTPRELAY_IFACE_H

#include "port/addr.h"

/* With so many addresses a further one of a device only takes the place of one that is gone. */
#define IFACE_MAX 256

struct iface_table;
/* May media be received at these ports? */
typedef bool iface_accept_fn(void *arg, const struct addr_ports *range);

/* @port_min, @port_max: of the interfaces that have no ports of their own */
struct iface_table *iface_table_new(uint16_t port_min, uint16_t port_max, int64_t quarantine_ms);
void iface_table_free(struct iface_table *table);
/**
 * iface_table_add() - adds one value of the key "interface"
 * @value: [NAME/]BIND[!ADVERTISED][:MIN-MAX] (port/iface_value.h; the name may be BIND), or
 *	ALIAS=NAME. BIND is an address, a device of this host, or any: all of them. ADVERTISED may
 *	be auto: iface_set_advertised()
 * Return: 0; -ENOMEM; -EINVAL, *error is a sentence for the operator (static or owned by @table)
 */
int iface_table_add(struct iface_table *table, struct str value, const char **error);
/**
 * iface_follow() - makes the addresses of devices those that they have at present
 *
 * These are the global ones that a socket can be bound to: neither loopback nor link-local. Nothing
 * is logged while @accept is NULL.
 * @accept: is asked about each new address with its ports; NULL: all are accepted
 * Return: 1: something has changed; 0; -errno: the addresses of this host cannot be read
 */
int iface_follow(struct iface_table *table, iface_accept_fn *accept, void *arg);
/* Is there a device, or "any"? */
bool iface_follows(const struct iface_table *table);
/*
 * The device (or "any") number @index, if no usable address of it was found so far; STR_NONE: one
 * was. *more: there is a device of this number.
 */
struct str iface_lacking(const struct iface_table *table, size_t index, bool *more);
/**
 * iface_pick() - selects an address of interface @name for a side of a media
 * @name: STR_NONE: the first interface. Unknown name: also the first interface, and *known = false
 *	(proxies' configurations expect this).
 * @family: AF_INET or AF_INET6: an address of that family, of this interface or else of any other;
 *	AF_UNSPEC: the family of the interface's first address
 * Return: of several the one with the most free pairs, one whose advertised address is known if
 *	possible; NULL: no address of that family exists.
 */
struct iface_addr *iface_pick(struct iface_table *table, struct str name, int family, bool *known);
/**
 * iface_set_advertised() - what "!auto" has become for the address @bind, of each interface
 * @advertised: of the same family
 * @unknown: no call may begin with it
 * Return: number of interfaces
 */
size_t iface_set_advertised(struct iface_table *table, const struct endpoint *bind,
			    const struct endpoint *advertised, bool unknown);
/* Is it the address, bound or advertised, and the port of media that is open, or was just now? */
bool iface_holds(const struct iface_table *table, const struct endpoint *ep, int64_t now_ms);
/* The first address of @family that is not gone; NULL: there is none. */
struct iface_addr *iface_first(const struct iface_table *table, int family);
/* All addresses in order of configuration, also those that are gone. */
size_t iface_count(const struct iface_table *table);
struct iface_addr *iface_at(const struct iface_table *table, size_t index);
/* The address @bind of the interface @name; NULL: there is none. */
struct iface_addr *iface_find(const struct iface_table *table, struct str name,
			      const struct endpoint *bind);
/* Is @ep bound by this relay, or may it be? */
bool iface_owns(const struct iface_table *table, const struct endpoint *ep);
/* The number of pairs of ports of all addresses; a shared pool counts once. */
size_t iface_pairs(const struct iface_table *table);

#endif
