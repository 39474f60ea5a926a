/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iface.c - interfaces: named local addresses for media, and the addresses written to SDP for them
 */
#include <stdlib.h>
#include <utlist.h>
#include "base/clock.h"
#include "port/iface.h"
#include "port/table.h"

struct iface_table *iface_table_new(uint16_t port_min, uint16_t port_max, int64_t quarantine_ms)
{
	struct iface_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->port_min = port_min;
	table->port_max = port_max;
	table->quarantine_ms = quarantine_ms;
	return table;
}

void iface_table_free(struct iface_table *table)
{
	struct iface_entry *entry, *next_entry;
	struct iface_alias *alias, *next_alias;
	struct iface_device *device, *next_device;

	if (!table)
		return;
	LL_FOREACH_SAFE(table->entries, entry, next_entry)
	{
		if (entry->owns_pool)
			port_pool_free(entry->addr.pool);
		free(entry);
	}
	LL_FOREACH_SAFE(table->aliases, alias, next_alias)
	free(alias);
	LL_FOREACH_SAFE(table->devices, device, next_device)
	free(device);
	free(table);
}

/* Can the SDP name it? Of two for which that is the same, the one with more free pairs. */
static bool is_better(const struct iface_addr *addr, unsigned int pairs,
		      const struct iface_addr *best, unsigned int best_pairs)
{
	if (addr->unknown != best->unknown)
		return best->unknown;
	return pairs > best_pairs;
}

/* The best address with this name (STR_NONE: any) and family. */
static struct iface_addr *pick(struct iface_table *table, struct str name, int family)
{
	struct iface_addr *best = NULL;
	unsigned int best_free = 0;
	struct iface_entry *entry;

	LL_FOREACH(table->entries, entry) {
		struct iface_addr *addr = &entry->addr;
		unsigned int pairs;

		if (addr->gone || addr->bind.sa.sa_family != family ||
		    (name.s && !str_eq(addr->name, name)))
			continue;
		pairs = port_pool_usage(addr->pool, clock_ms()).free;
		if (!best || is_better(addr, pairs, best, best_free)) {
			best = addr;
			best_free = pairs;
		}
	}
	return best;
}

static const struct iface_entry *first_there(const struct iface_table *table)
{
	const struct iface_entry *entry;

	LL_FOREACH(table->entries, entry)
		if (!entry->addr.gone)
			return entry;
	return NULL;
}

struct iface_addr *iface_pick(struct iface_table *table, struct str name, int family, bool *known)
{
	const struct iface_alias *alias = table_alias(table, name);
	struct str target = alias ? alias->target : name;
	const struct iface_entry *entry = table_find(table, target);
	struct iface_addr *addr;

	if (known)
		*known = !name.len || table_has_name(table, target);
	if (!entry || entry->addr.gone)
		entry = first_there(table);
	if (!entry)
		return NULL;
	if (family == AF_UNSPEC)
		family = entry->addr.bind.sa.sa_family;
	addr = pick(table, entry->addr.name, family);
	return addr ? addr : pick(table, STR_NONE, family);
}

size_t iface_set_advertised(struct iface_table *table, const struct endpoint *bind,
			    const struct endpoint *advertised, bool unknown)
{
	struct iface_entry *entry;
	size_t n = 0;

	LL_FOREACH(table->entries, entry) {
		struct iface_addr *addr = &entry->addr;

		if (!addr->found || !endpoint_addr_eq(&addr->bind, bind))
			continue;
		addr->advertised = *advertised;
		endpoint_set_port(&addr->advertised, 0);
		addr->unknown = unknown;
		n++;
	}
	return n;
}

bool iface_holds(const struct iface_table *table, const struct endpoint *ep, int64_t now_ms)
{
	const struct iface_entry *entry;

	LL_FOREACH(table->entries, entry) {
		const struct iface_addr *addr = &entry->addr;

		if ((endpoint_addr_eq(&addr->bind, ep) ||
		     endpoint_addr_eq(&addr->advertised, ep)) &&
		    port_pool_holds(addr->pool, endpoint_port(ep), now_ms))
			return true;
		if (endpoint_addr_eq(&addr->advertised, ep) &&
		    port_pool_holds(addr->pool, port_pool_inside(addr->pool, endpoint_port(ep)),
				    now_ms))
			return true;
	}
	return false;
}

struct iface_addr *iface_first(const struct iface_table *table, int family)
{
	struct iface_entry *entry;

	LL_FOREACH(table->entries, entry)
		if (entry->addr.bind.sa.sa_family == family && !entry->addr.gone)
			return &entry->addr;
	return NULL;
}

size_t iface_count(const struct iface_table *table)
{
	const struct iface_entry *entry;
	size_t count;

	LL_COUNT(table->entries, entry, count);
	return count;
}

struct iface_addr *iface_at(const struct iface_table *table, size_t index)
{
	struct iface_entry *entry;

	LL_FOREACH(table->entries, entry)
		if (!index--)
			return &entry->addr;
	return NULL;
}

struct iface_addr *iface_find(const struct iface_table *table, struct str name,
			      const struct endpoint *bind)
{
	for (size_t i = 0; i < iface_count(table); i++) {
		struct iface_addr *local = iface_at(table, i);

		if (str_eq(local->name, name) && endpoint_addr_eq(&local->bind, bind))
			return local;
	}
	return NULL;
}

bool iface_owns(const struct iface_table *table, const struct endpoint *ep)
{
	const struct iface_entry *entry;

	LL_FOREACH(table->entries, entry) {
		const struct addr_ports range = iface_bound(&entry->addr);

		if (addr_ports_has(&range, ep))
			return true;
	}
	return false;
}

size_t iface_pairs(const struct iface_table *table)
{
	const struct iface_entry *entry;
	size_t sum = 0;

	LL_FOREACH(table->entries, entry)
		if (entry->owns_pool)
			sum += port_pool_usage(entry->addr.pool, clock_ms()).pairs;
	return sum;
}

bool iface_follows(const struct iface_table *table)
{
	return table->devices;
}

static bool has_address(const struct iface_table *table, const struct iface_device *device)
{
	const struct iface_entry *entry;

	LL_FOREACH(table->entries, entry)
		if (entry->device == device && !entry->addr.gone)
			return true;
	return false;
}

struct str iface_lacking(const struct iface_table *table, size_t index, bool *more)
{
	const struct iface_device *device;

	*more = false;
	LL_FOREACH(table->devices, device) {
		if (index--)
			continue;
		*more = true;
		if (!has_address(table, device))
			return device->any ? STR("any") : device->device;
	}
	return STR_NONE;
}
