/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - the table of interfaces from inside; for daemon/port/ only, others use port/iface.h */
#ifndef RTPRELAY_IFACE_TABLE_H
#define RTPRELAY_IFACE_TABLE_H

#include "port/addr.h"

/* @name and @target point into @text. */
struct iface_alias {
	struct iface_alias *next;
	struct str name;
	struct str target;
	char text[];
};

/* @addr.name points into @text. */
struct iface_entry {
	struct iface_entry *next;
	struct iface_addr addr;
	/* False: the pool belongs to another entry with the same address and ports. */
	bool owns_pool;
	unsigned int order;		   /* of the value that it comes from */
	const struct iface_device *device; /* NULL: the address itself is configured */
	bool seen;			   /* iface_follow() found it on the device just now */
	char text[];
};

/* Its addresses are entries of their own. @name and @device point into @text. */
struct iface_device {
	struct iface_device *next;
	struct str name, device;
	bool any; /* all devices */
	unsigned int order;
	uint16_t port_min, port_max;
	char text[];
};

/* @entries: by order; @n_values: the order of the next value */
struct iface_table {
	uint16_t port_min, port_max;
	int64_t quarantine_ms;
	unsigned int n_values;
	struct iface_device *devices;
	struct iface_entry *entries;
	struct iface_alias *aliases;
	char error[256];
};

/* The first address of interface @name, one that is there if possible; NULL: it has none. */
struct iface_entry *table_find(const struct iface_table *table, struct str name);
const struct iface_alias *table_alias(const struct iface_table *table, struct str name);
/* Is there an interface of this name, with or without an address? */
bool table_has_name(const struct iface_table *table, struct str name);
/* The entry with this very name and address; NULL: there is none. */
struct iface_entry *table_at(const struct iface_table *table, struct str name,
			     const struct endpoint *bind);
/* Does an entry have this very address and range? */
bool table_has_ports(const struct iface_table *table, const struct addr_ports *range);
/* An entry with the same address that has some of these ports, but not all the same; NULL: none. */
const struct iface_entry *table_overlap(const struct iface_table *table,
					const struct addr_ports *range);
/* Adds a copy of @addr, its pool aside. NULL: out of memory */
struct iface_entry *table_insert(struct iface_table *table, const struct iface_addr *addr,
				 unsigned int order, const struct iface_device *device);
/* An address of @device that is gone, and that no call uses or has just used; NULL: none */
struct iface_entry *table_spare(const struct iface_table *table, const struct iface_device *device,
				int family);
/* Makes a copy of @addr of it, its name and pool aside. False: out of memory, it is unchanged */
bool table_set(const struct iface_table *table, struct iface_entry *entry,
	       const struct iface_addr *addr);
/* Can a socket be bound to @addr? 0; -errno */
int table_try_bind(const struct endpoint *addr);

#endif
