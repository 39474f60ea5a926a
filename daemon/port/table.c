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
#include "base/clock.h"
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

bool table_set(const struct iface_table *table, struct iface_entry *entry,
	       const struct iface_addr *addr)
{
	struct port_pool *pool = NULL, *old = entry->owns_pool ? entry->addr.pool : NULL;
	const struct iface_entry *other;
	bool shared;

	LL_FOREACH(table->entries, other)
		if (same_ports(&other->addr, addr))
			pool = other->addr.pool;
	shared = pool;
	if (!pool)
		pool = port_pool_new(&addr->bind, addr->port_min, addr->port_max,
				     table->quarantine_ms);
	if (!pool)
		return false;
	port_pool_free(old);
	entry->addr = *addr;
	entry->addr.name.s = entry->text;
	entry->addr.pool = pool;
	entry->owns_pool = !shared;
	return true;
}

struct iface_entry *table_insert(struct iface_table *table, const struct iface_addr *addr,
				 unsigned int order, const struct iface_device *device)
{
	struct iface_entry *entry = calloc(1, sizeof(*entry) + addr->name.len);

	if (!entry)
		return NULL;
	memcpy(entry->text, addr->name.s, addr->name.len);
	entry->order = order;
	entry->device = device;
	if (!table_set(table, entry, addr)) {
		free(entry);
		return NULL;
	}
	put_in_order(table, entry);
	return entry;
}

static bool is_unused(const struct iface_table *table, const struct iface_entry *entry)
{
	struct port_pool_usage usage = port_pool_usage(entry->addr.pool, clock_ms());
	const struct iface_entry *other;

	if (usage.used || usage.quarantined)
		return false;
	LL_FOREACH(table->entries, other)
		if (entry->owns_pool && other != entry && other->addr.pool == entry->addr.pool)
			return false;
	return true;
}

struct iface_entry *table_spare(const struct iface_table *table, const struct iface_device *device,
				int family)
{
	struct iface_entry *entry;

	LL_FOREACH(table->entries, entry)
		if (entry->device == device && entry->addr.gone &&
		    entry->addr.bind.sa.sa_family == family && is_unused(table, entry))
			return entry;
	return NULL;
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
