/* SPDX-License-Identifier: GPL-2.0-or-later */
/* follow.c - the addresses of devices at present, as entries of the table of interfaces */
#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <utlist.h>
#include "base/log.h"
#include "port/iface.h"
#include "port/table.h"

struct following {
	struct iface_table *table;
	iface_accept_fn *accept; /* NULL: the table is only being read */
	void *arg;
	bool entering; /* those that were there before have been looked at */
	bool changed, full;
};

/* "eth0", and "eth0:1" as an old label of one of its addresses */
static bool is_of(const struct iface_device *device, const char *name)
{
	struct str label = str_of(name), base = str_split(&label, ':');

	return device->any || str_eq(base, device->device);
}

static void tell(const struct following *f, const struct iface_addr *addr, const char *what)
{
	char text[ENDPOINT_TEXT];

	if (f->accept)
		log_notice("interface " STR_FMT ": %s %s", STR_ARG(addr->name),
			   endpoint_print_addr(&addr->bind, text), what);
}

static void come_back(struct following *f, struct iface_entry *entry)
{
	entry->seen = true;
	if (!entry->addr.gone || table_try_bind(&entry->addr.bind))
		return;
	entry->addr.gone = false;
	f->changed = true;
	tell(f, &entry->addr, "is back: new calls use it");
}

/* @spare: an entry to use again; NULL: none */
static int take(struct following *f, const struct iface_device *device,
		const struct iface_addr *addr, struct iface_entry *spare)
{
	const struct addr_ports range = iface_bound(addr);

	if (f->accept && !table_has_ports(f->table, &range) && !f->accept(f->arg, &range))
		return 0;
	if (!spare)
		spare = table_insert(f->table, addr, device->order, device);
	else if (!table_set(f->table, spare, addr))
		spare = NULL;
	if (!spare)
		return -ENOMEM;
	spare->seen = true;
	f->changed = true;
	tell(f, addr, "is new: calls use it");
	return 0;
}

/*
 * An address that cannot be used now, such as one of IPv6 that is not verified yet, comes again. In
 * a full table one that is gone makes room: otherwise a neighbour who announces one network after
 * the other could keep the device from all later addresses.
 */
static int come(struct following *f, const struct iface_device *device, const struct endpoint *bind)
{
	const struct iface_addr addr = { .name = device->name,
					 .bind = *bind,
					 .advertised = *bind,
					 .port_min = device->port_min,
					 .port_max = device->port_max };
	const struct addr_ports range = iface_bound(&addr);
	bool full = iface_count(f->table) >= IFACE_MAX;
	struct iface_entry *spare = NULL;

	if (table_try_bind(bind))
		return 0;
	if (table_overlap(f->table, &range)) {
		tell(f, &addr, "is not used: another interface has some of its ports");
		return 0;
	}
	if (full)
		spare = table_spare(f->table, device, bind->sa.sa_family);
	if (!full || spare)
		return take(f, device, &addr, spare);
	if (!f->full)
		tell(f, &addr, "is not used: there are too many addresses");
	f->full = true;
	return 0;
}

static int look(struct following *f, const struct iface_device *device, const struct ifaddrs *at)
{
	struct endpoint addr = endpoint_from(at->ifa_addr);
	struct iface_entry *entry;

	if (!endpoint_is_set(&addr) || endpoint_kind(&addr) != ENDPOINT_HOST ||
	    !is_of(device, at->ifa_name))
		return 0;
	entry = table_at(f->table, device->name, &addr);
	if (!entry)
		return f->entering ? come(f, device, &addr) : 0;
	if (!f->entering && entry->device == device)
		come_back(f, entry);
	return 0;
}

static int look_at_all(struct following *f, const struct ifaddrs *all)
{
	const struct iface_device *device;
	int err = 0;

	LL_FOREACH(f->table->devices, device)
		for (const struct ifaddrs *at = all; at && !err; at = at->ifa_next)
			err = look(f, device, at);
	return err;
}

static void mark_gone(struct following *f)
{
	struct iface_entry *entry;

	LL_FOREACH(f->table->entries, entry) {
		if (!entry->device || entry->seen || entry->addr.gone)
			continue;
		entry->addr.gone = true;
		f->changed = true;
		tell(f, &entry->addr, "is gone: new calls do not use it");
	}
}

int iface_follow(struct iface_table *table, iface_accept_fn *accept, void *arg)
{
	struct following f = { .table = table, .accept = accept, .arg = arg };
	struct iface_entry *entry;
	struct ifaddrs *all;
	int err;

	if (!table->devices)
		return 0;
	if (getifaddrs(&all))
		return -errno;
	LL_FOREACH(table->entries, entry)
		entry->seen = false;
	look_at_all(&f, all);
	mark_gone(&f);
	f.entering = true;
	err = look_at_all(&f, all);
	freeifaddrs(all);
	return err ? err : f.changed;
}
