/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iface.c - interfaces: named local addresses for media, and the addresses written to SDP for them
 *
 * A list of addresses in the order of configuration, each with the name of its interface, and a
 * list of aliases. Both are short, so they are searched linearly.
 */
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>
#include "base/clock.h"
#include "port/iface.h"
#include "port/iface_value.h"

#define NAME_MAX_LEN 63

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
	bool owns_pool; /* false: the pool belongs to an earlier entry with the same address */
	char text[];
};

struct iface_table {
	uint16_t port_min, port_max;
	int64_t quarantine_ms;
	struct iface_entry *entries;
	struct iface_alias *aliases;
	char error[256];
};

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
	free(table);
}

__attribute__((format(printf, 3, 4))) static int refuse(struct iface_table *table,
							const char **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(table->error, sizeof(table->error), format, args);
	va_end(args);
	*error = table->error;
	return -EINVAL;
}

static bool name_is_valid(struct str name)
{
	if (!name.len || name.len > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.s[i];

		if (c <= ' ' || c >= 0x7f || strchr("/!=,;\"", c))
			return false;
	}
	return true;
}

/* The first address of interface @name. */
static const struct iface_entry *entry_find(const struct iface_table *table, struct str name)
{
	const struct iface_entry *entry;

	LL_FOREACH(table->entries, entry)
		if (str_eq(entry->addr.name, name))
			return entry;
	return NULL;
}

static const struct iface_alias *alias_find(const struct iface_table *table, struct str name)
{
	const struct iface_alias *alias;

	LL_FOREACH(table->aliases, alias)
		if (str_eq(alias->name, name))
			return alias;
	return NULL;
}

static int alias_add(struct iface_table *table, struct str value, const char **error)
{
	struct str target = value, name = str_split(&target, '=');
	const struct iface_alias *other = alias_find(table, target);
	struct iface_alias *alias;

	if (!name_is_valid(name))
		return refuse(table, error, "\"" STR_FMT "\" is not a valid interface name",
			      STR_ARG(name));
	if (entry_find(table, name) || alias_find(table, name))
		return refuse(table, error, "the name \"" STR_FMT "\" is already in use",
			      STR_ARG(name));
	if (other)
		target = other->target;
	if (!entry_find(table, target))
		return refuse(table, error,
			      "alias \"" STR_FMT "\": interface \"" STR_FMT
			      "\" is not defined before it",
			      STR_ARG(name), STR_ARG(target));
	alias = calloc(1, sizeof(*alias) + name.len + target.len);
	if (!alias)
		return -ENOMEM;
	memcpy(alias->text, name.s, name.len);
	memcpy(alias->text + name.len, target.s, target.len);
	alias->name = (struct str){ alias->text, name.len };
	alias->target = (struct str){ alias->text + name.len, target.len };
	LL_APPEND(table->aliases, alias);
	return 0;
}

/* Can a socket be bound to @addr? Port 0 binds any free port, which is released at once. */
static int addr_try_bind(const struct endpoint *addr)
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

static bool is_device(struct str text)
{
	char name[IF_NAMESIZE];

	if (!text.len || text.len >= sizeof(name))
		return false;
	memcpy(name, text.s, text.len);
	name[text.len] = '\0';
	return if_nametoindex(name);
}

static int bind_parse(struct iface_table *table, struct str text, struct endpoint *addr,
		      const char **error)
{
	char name[ENDPOINT_TEXT];
	int err;

	if (!endpoint_parse_addr(text, AF_UNSPEC, addr)) {
		if (is_device(text))
			return refuse(table, error,
				      "give an address, not a device: interface = pub/192.0.2.1");
		return refuse(table, error, "\"" STR_FMT "\" is not an IPv4 or IPv6 address",
			      STR_ARG(text));
	}
	endpoint_print_addr(addr, name);
	if (!endpoint_is_unicast(addr))
		return refuse(table, error, "%s is not the address of one host; list each address",
			      name);
	err = addr_try_bind(addr);
	if (err == -EADDRNOTAVAIL)
		return refuse(table, error,
			      "%s is not an address of this host; for a floating address set "
			      "net.ipv%c.ip_nonlocal_bind=1",
			      name, addr->sa.sa_family == AF_INET ? '4' : '6');
	if (err)
		return refuse(table, error, "%s cannot be used: %s", name, strerror(-err));
	return 0;
}

static int advertised_parse(struct iface_table *table, struct str text, const struct endpoint *bind,
			    struct endpoint *addr, const char **error)
{
	if (!endpoint_parse_addr(text, bind->sa.sa_family, addr))
		return refuse(table, error,
			      "advertised address \"" STR_FMT
			      "\" is not an %s address like the one "
			      "before \"!\"",
			      STR_ARG(text), bind->sa.sa_family == AF_INET ? "IPv4" : "IPv6");
	if (!endpoint_is_unicast(addr))
		return refuse(table, error,
			      "advertised address \"" STR_FMT "\" is not a unicast address",
			      STR_ARG(text));
	return 0;
}

struct addr_ports iface_bound(const struct iface_addr *addr)
{
	return (struct addr_ports){ addr->bind, addr->port_min, addr->port_max };
}

struct addr_ports iface_advertised(const struct iface_addr *addr)
{
	return (struct addr_ports){ addr->advertised, addr->port_min, addr->port_max };
}

static bool same_ports(const struct iface_addr *a, const struct iface_addr *b)
{
	const struct addr_ports one = iface_bound(a), other = iface_bound(b);

	return addr_ports_eq(&one, &other);
}

/* Two names may share all ports of an address, but not some. */
static int check_overlap(struct iface_table *table, const struct iface_addr *addr,
			 const char **error)
{
	const struct addr_ports range = iface_bound(addr);
	const struct iface_entry *entry;
	char text[ENDPOINT_TEXT];

	LL_FOREACH(table->entries, entry) {
		const struct addr_ports other = iface_bound(&entry->addr);

		if (endpoint_addr_eq(&other.addr, &range.addr) &&
		    addr_ports_overlap(&other, &range) && !addr_ports_same_range(&other, &range))
			return refuse(table, error,
				      "ports %u-%u overlap with %u-%u, which interface " STR_FMT
				      " has at the same address %s",
				      range.port_min, range.port_max, other.port_min,
				      other.port_max, STR_ARG(entry->addr.name),
				      endpoint_print_addr(&range.addr, text));
	}
	return 0;
}

static int entry_add(struct iface_table *table, const struct iface_addr *addr)
{
	struct iface_entry *entry = calloc(1, sizeof(*entry) + addr->name.len), *other;

	if (!entry)
		return -ENOMEM;
	memcpy(entry->text, addr->name.s, addr->name.len);
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
		return -ENOMEM;
	}
	LL_APPEND(table->entries, entry);
	return 0;
}

static int check_twice(struct iface_table *table, const struct iface_addr *addr, struct str value,
		       const char **error)
{
	const struct iface_entry *entry;

	LL_FOREACH(table->entries, entry)
		if (str_eq(entry->addr.name, addr->name) &&
		    endpoint_addr_eq(&entry->addr.bind, &addr->bind))
			return refuse(table, error, "\"" STR_FMT "\" is given twice",
				      STR_ARG(value));
	return 0;
}

static int addr_add(struct iface_table *table, struct str text, const char **error)
{
	struct iface_value value;
	struct iface_addr addr;
	int err;

	*error = table->error;
	err = iface_value_parse(text, &value, table->error, sizeof(table->error));
	if (err)
		return err;
	addr = (struct iface_addr){ .name = value.name,
				    .port_min = value.ranged ? value.port_min : table->port_min,
				    .port_max = value.ranged ? value.port_max : table->port_max };
	if (!name_is_valid(addr.name))
		return refuse(table, error, "\"" STR_FMT "\" is not a valid interface name",
			      STR_ARG(addr.name));
	if (alias_find(table, addr.name))
		return refuse(table, error, "the name \"" STR_FMT "\" is already in use",
			      STR_ARG(addr.name));
	err = bind_parse(table, value.bind, &addr.bind, error);
	addr.advertised = addr.bind;
	if (!err && value.nat)
		err = advertised_parse(table, value.advertised, &addr.bind, &addr.advertised,
				       error);
	if (!err)
		err = check_twice(table, &addr, text, error);
	if (!err)
		err = check_overlap(table, &addr, error);
	if (err)
		return err;
	*error = "out of memory";
	return entry_add(table, &addr);
}

int iface_table_add(struct iface_table *table, struct str value, const char **error)
{
	*error = "out of memory";
	if (!value.len)
		return refuse(table, error, "the value is empty");
	if (memchr(value.s, '=', value.len))
		return alias_add(table, value, error);
	return addr_add(table, value, error);
}

/* The address with this name (STR_NONE: any) and family that has the most free pairs. */
static struct iface_addr *pick(struct iface_table *table, struct str name, int family)
{
	struct iface_addr *best = NULL;
	unsigned int best_free = 0;
	struct iface_entry *entry;

	LL_FOREACH(table->entries, entry) {
		struct iface_addr *addr = &entry->addr;
		unsigned int pairs;

		if (addr->bind.sa.sa_family != family || (name.s && !str_eq(addr->name, name)))
			continue;
		pairs = port_pool_usage(addr->pool, clock_ms()).free;
		if (!best || pairs > best_free) {
			best = addr;
			best_free = pairs;
		}
	}
	return best;
}

struct iface_addr *iface_pick(struct iface_table *table, struct str name, int family, bool *known)
{
	const struct iface_alias *alias = alias_find(table, name);
	const struct iface_entry *entry = entry_find(table, alias ? alias->target : name);
	struct iface_addr *addr;

	if (known)
		*known = entry || !name.len;
	if (!entry)
		entry = table->entries;
	if (!entry)
		return NULL;
	if (family == AF_UNSPEC)
		family = entry->addr.bind.sa.sa_family;
	addr = pick(table, entry->addr.name, family);
	return addr ? addr : pick(table, STR_NONE, family);
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
	}
	return false;
}

struct iface_addr *iface_first(const struct iface_table *table, int family)
{
	struct iface_entry *entry;

	LL_FOREACH(table->entries, entry)
		if (entry->addr.bind.sa.sa_family == family)
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
