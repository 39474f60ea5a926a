/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.c - the table of interfaces from inside: finding and adding entries
 *
 * A list of addresses in the order of configuration, each with the name of its interface, a list of
 * aliases and one of devices. All are short, so they are searched linearly.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>
#include "port/table.h"

struct iface_entry *table_find(const struct iface_table *table, struct str name)
{
	struct iface_entry *entry, *gone = NULL;

	LL_FOREACH(table->entries, entry) {
		if (!str_eq(entry->addr.name, name))
			continue;
		if (!entry->addr.gone)
			return entry;
		gone = gone ? gone : entry;
	}
	return gone;
}

const struct iface_alias *table_alias(const struct iface_table *table, struct str name)
{
	const struct iface_alias *alias;

	LL_FOREACH(table->aliases, alias)
		if (str_eq(alias->name, name))
			return alias;
	return NULL;
}

bool table_has_name(const struct iface_table *table, struct str name)
{
	const struct iface_device *device;

	LL_FOREACH(table->devices, device)
		if (str_eq(device->name, name))
			return true;
	return table_find(table, name);
}

struct iface_entry *table_at(const struct iface_table *table, struct str name,
			     const struct endpoint *bind)
{
	struct iface_entry *entry;

	LL_FOREACH(table->entries, entry)
		if (str_eq(entry->addr.name, name) && endpoint_addr_eq(&entry->addr.bind, bind))
			return entry;
	return NULL;
}

const struct iface_entry *table_overlap(const struct iface_table *table,
					const struct addr_ports *range)
{
	const struct iface_entry *entry;

	LL_FOREACH(table->entries, entry) {
		const struct addr_ports other = iface_bound(&entry->addr);

		if (endpoint_addr_eq(&other.addr, &range->addr) &&
		    addr_ports_overlap(&other, range) && !addr_ports_same_range(&other, range))
			return entry;
	}
	return NULL;
}

bool table_has_ports(const struct iface_table *table, const struct addr_ports *range)
{
	const struct iface_entry *entry;

	LL_FOREACH(table->entries, entry) {
		const struct addr_ports other = iface_bound(&entry->addr);

		if (addr_ports_eq(&other, range))
			return true;
	}
	return false;
}

static bool same_ports(const struct iface_addr *a, const struct iface_addr *b)
{
	const struct addr_ports one = iface_bound(a), other = iface_bound(b);

	return addr_ports_eq(&one, &other);
}

/* Behind those of the same value and of earlier ones. */
static void put_in_order(struct iface_table *table, struct iface_entry *entry)
{
	struct iface_entry **at = &table->entries;

	while (*at && (*at)->order <= entry->order)
		at = &(*at)->next;
	entry->next = *at;
	*at = entry;
}

struct iface_entry *table_insert(struct iface_table *table, const struct iface_addr *addr,
				 unsigned int order, const struct iface_device *device)
{
	struct iface_entry *entry = calloc(1, sizeof(*entry) + addr->name.len), *other;

	if (!entry)
		return NULL;
	memcpy(entry->text, addr->name.s, addr->name.len);
	entry->order = order;
	entry->device = device;
	entry->addr = *addr;
	entry->addr.name.s = entry->text;
	LL_FOREACH(table->entries, other)
		if (same_ports(&other->addr, addr))
			entry->addr.pool = other->addr.pool;
	if (!entry->addr.pool) {
		entry->owns_pool = true;
		entry->addr.pool = port_pool_new(&addr->bind, addr->port_min, addr->port_max,
						 table->quarantine_ms);
	}
	if (!entry->addr.pool) {
		free(entry);
		return NULL;
	}
	put_in_order(table, entry);
	return entry;
}

/* Port 0 binds any free port, which is released at once. */
int table_try_bind(const struct endpoint *addr)
{
	int fd = socket(addr->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (bind(fd, &addr->sa, endpoint_len(addr)))
		err = -errno;
	close(fd);
	return err;
}
