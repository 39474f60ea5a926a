/* SPDX-License-Identifier: GPL-2.0-or-later */
/* add.c - adds a value of the key "interface" to the table, or says why not */
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>
#include "port/iface.h"
#include "port/iface_value.h"
#include "port/table.h"

#define NAME_MAX_LEN 63

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

static int alias_add(struct iface_table *table, struct str value, const char **error)
{
	struct str target = value, name = str_split(&target, '=');
	const struct iface_alias *other = table_alias(table, target);
	struct iface_alias *alias;

	if (!name_is_valid(name))
		return refuse(table, error, "\"" STR_FMT "\" is not a valid interface name",
			      STR_ARG(name));
	if (table_has_name(table, name) || table_alias(table, name))
		return refuse(table, error, "the name \"" STR_FMT "\" is already in use",
			      STR_ARG(name));
	if (other)
		target = other->target;
	if (!table_has_name(table, target))
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

/* A device of this host, or all of them. */
static bool is_device(struct str text)
{
	char name[IF_NAMESIZE];

	if (!text.len || text.len >= sizeof(name))
		return false;
	memcpy(name, text.s, text.len);
	name[text.len] = '\0';
	return str_eq(text, STR("any")) || if_nametoindex(name);
}

static int bind_parse(struct iface_table *table, struct str text, struct endpoint *addr,
		      const char **error)
{
	char name[ENDPOINT_TEXT];
	int err;

	if (!endpoint_parse_addr(text, AF_UNSPEC, addr))
		return refuse(table, error,
			      "\"" STR_FMT "\" is neither an IPv4 or IPv6 address nor a network "
			      "device of this host%s",
			      STR_ARG(text),
			      text.len && memchr(text.s, ';', text.len)
				      ? "; commas separate interfaces"
				      : "");
	endpoint_print_addr(addr, name);
	if (!endpoint_is_unicast(addr))
		return refuse(table, error, "%s is not the address of one host; list each address",
			      name);
	err = table_try_bind(addr);
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
			      "before \"!\", nor auto",
			      STR_ARG(text), bind->sa.sa_family == AF_INET ? "IPv4" : "IPv6");
	if (!endpoint_is_unicast(addr))
		return refuse(table, error,
			      "advertised address \"" STR_FMT "\" is not a unicast address",
			      STR_ARG(text));
	return 0;
}

/* Two names may share all ports of an address, but not some. */
static int check_overlap(struct iface_table *table, const struct iface_addr *addr,
			 const char **error)
{
	const struct addr_ports range = iface_bound(addr);
	const struct iface_entry *other = table_overlap(table, &range);
	char text[ENDPOINT_TEXT];

	if (!other)
		return 0;
	return refuse(table, error,
		      "ports %u-%u overlap with %u-%u, which interface " STR_FMT
		      " has at the same address %s",
		      range.port_min, range.port_max, other->addr.port_min, other->addr.port_max,
		      STR_ARG(other->addr.name), endpoint_print_addr(&range.addr, text));
}

static int device_add(struct iface_table *table, const struct iface_value *value,
		      const struct iface_addr *addr, const char **error)
{
	size_t name_len = value->name.len, device_len = value->bind.len;
	struct iface_device *device, *other;
	int err;

	if (value->nat)
		return refuse(table, error,
			      "a device has no advertised address: give the address before \"!\"");
	LL_FOREACH(table->devices, other)
		if (str_eq(other->name, value->name) && str_eq(other->device, value->bind))
			return refuse(table, error, "\"" STR_FMT "\" is given twice",
				      STR_ARG(value->bind));
	device = calloc(1, sizeof(*device) + name_len + device_len);
	if (!device)
		return -ENOMEM;
	memcpy(device->text, value->name.s, name_len);
	memcpy(device->text + name_len, value->bind.s, device_len);
	device->name = (struct str){ device->text, name_len };
	device->device = (struct str){ device->text + name_len, device_len };
	device->any = str_eq(value->bind, STR("any"));
	device->order = table->n_values++;
	device->port_min = addr->port_min;
	device->port_max = addr->port_max;
	LL_APPEND(table->devices, device);
	err = iface_follow(table, NULL, NULL);
	if (err >= 0 || err == -ENOMEM)
		return err < 0 ? err : 0;
	return refuse(table, error, "the addresses of this host cannot be read: %s",
		      strerror(-err));
}

static int addr_add(struct iface_table *table, const struct iface_value *value,
		    struct iface_addr *addr, struct str text, const char **error)
{
	int err = bind_parse(table, value->bind, &addr->bind, error);

	addr->advertised = addr->bind;
	addr->found = addr->unknown = value->found;
	if (!err && value->nat && !value->found)
		err = advertised_parse(table, value->advertised, &addr->bind, &addr->advertised,
				       error);
	if (err)
		return err;
	if (table_at(table, addr->name, &addr->bind))
		return refuse(table, error, "\"" STR_FMT "\" is given twice", STR_ARG(text));
	err = check_overlap(table, addr, error);
	if (err)
		return err;
	return table_insert(table, addr, table->n_values++, NULL) ? 0 : -ENOMEM;
}

static int value_add(struct iface_table *table, struct str text, const char **error)
{
	struct iface_value value;
	struct iface_addr addr;

	if (iface_value_parse(text, &value, table->error, sizeof(table->error))) {
		*error = table->error;
		return -EINVAL;
	}
	addr = (struct iface_addr){ .name = value.name,
				    .port_min = value.ranged ? value.port_min : table->port_min,
				    .port_max = value.ranged ? value.port_max : table->port_max };
	if (!name_is_valid(addr.name))
		return refuse(table, error, "\"" STR_FMT "\" is not a valid interface name",
			      STR_ARG(addr.name));
	if (table_alias(table, addr.name))
		return refuse(table, error, "the name \"" STR_FMT "\" is already in use",
			      STR_ARG(addr.name));
	if (is_device(value.bind))
		return device_add(table, &value, &addr, error);
	return addr_add(table, &value, &addr, text, error);
}

int iface_table_add(struct iface_table *table, struct str value, const char **error)
{
	*error = "out of memory";
	if (!value.len)
		return refuse(table, error, "the value is empty");
	if (memchr(value.s, '=', value.len))
		return alias_add(table, value, error);
	return value_add(table, value, error);
}
