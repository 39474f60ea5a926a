/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device.c - devices that carry addresses of the relay, each with the BPF program at its ingress */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/log.h"
#include "bpf/attach.h"
#include "kernel/device.h"

struct address {
	struct endpoint addr;
	uint32_t index;
};

/* @carries: an address of the relay, as seen in this round; @why: if it is not attached */
struct device {
	uint32_t index;
	char name[IF_NAMESIZE];
	bool attached, carries;
	char why[FLOW_MAP_WHY + 64];
};

struct devices {
	struct flow_map *map;
	bool (*is_own)(void *arg, const struct endpoint *addr);
	void *arg;
	struct address *addrs;
	struct device *all;
	size_t n_addrs, n;
};

struct devices *devices_new(struct flow_map *map,
			    bool (*is_own)(void *arg, const struct endpoint *addr), void *arg)
{
	struct devices *devices = calloc(1, sizeof(*devices));

	if (!devices)
		return NULL;
	devices->map = map;
	devices->is_own = is_own;
	devices->arg = arg;
	return devices;
}

static struct device *find_device(const struct devices *devices, uint32_t index)
{
	for (size_t i = 0; i < devices->n; i++)
		if (devices->all[i].index == index)
			return &devices->all[i];
	return NULL;
}

/* NULL: out of memory */
static struct device *add_device(struct devices *devices, uint32_t index, const char *name)
{
	struct device *more = realloc(devices->all, (devices->n + 1) * sizeof(*more));

	if (!more)
		return NULL;
	devices->all = more;
	more = &devices->all[devices->n++];
	*more = (struct device){ .index = index };
	snprintf(more->name, sizeof(more->name), "%s", name);
	return more;
}

static void add_address(struct devices *devices, const struct endpoint *addr, uint32_t index)
{
	struct address *more =
		realloc(devices->addrs, (devices->n_addrs + 1) * sizeof(*devices->addrs));

	if (!more)
		return;
	devices->addrs = more;
	more[devices->n_addrs++] = (struct address){ *addr, index };
}

static void attach(struct devices *devices, struct device *device)
{
	char why[FLOW_MAP_WHY], text[sizeof(device->why)];
	bool was = device->attached;

	device->attached = !flow_map_attach(devices->map, (int)device->index, why);
	if (device->attached) {
		if (!was)
			log_info("BPF: attached to %s", device->name);
		device->why[0] = '\0';
		return;
	}
	snprintf(text, sizeof(text), "%s, which carries the address: %s", device->name, why);
	if (strcmp(text, device->why) != 0)
		log_notice("BPF: not attached to %s: %s: its media is relayed in user space",
			   device->name, why);
	memcpy(device->why, text, sizeof(text));
}

static void take_address(struct devices *devices, const struct ifaddrs *at)
{
	struct endpoint addr = endpoint_from(at->ifa_addr);
	uint32_t index = if_nametoindex(at->ifa_name);
	struct device *device;

	if (!endpoint_is_set(&addr) || !index)
		return;
	endpoint_set_port(&addr, 0);
	if (!devices->is_own(devices->arg, &addr))
		return;
	add_address(devices, &addr, index);
	device = find_device(devices, index);
	if (!device)
		device = add_device(devices, index, at->ifa_name);
	if (device)
		device->carries = true;
}

static void leave(struct devices *devices, size_t i)
{
	struct device *device = &devices->all[i];

	if (device->attached && !flow_map_detach(devices->map, (int)device->index))
		log_info("BPF: detached from %s", device->name);
	*device = devices->all[--devices->n];
}

void devices_refresh(struct devices *devices)
{
	struct ifaddrs *all;

	if (getifaddrs(&all)) {
		log_warn("BPF: cannot read the addresses of devices: %s", strerror(errno));
		return;
	}
	devices->n_addrs = 0;
	for (size_t i = 0; i < devices->n; i++)
		devices->all[i].carries = false;
	for (const struct ifaddrs *at = all; at; at = at->ifa_next)
		take_address(devices, at);
	freeifaddrs(all);
	for (size_t i = devices->n; i-- > 0;) {
		struct device *device = &devices->all[i];

		if (!device->carries)
			leave(devices, i);
		else if (!device->attached ||
			 flow_map_attached(devices->map, (int)device->index) != 1)
			attach(devices, device);
	}
}

const char *devices_why_not(const struct devices *devices, const struct endpoint *addr)
{
	for (size_t i = 0; i < devices->n_addrs; i++) {
		const struct device *device;

		if (!endpoint_addr_eq(&devices->addrs[i].addr, addr))
			continue;
		device = find_device(devices, devices->addrs[i].index);
		if (!device)
			return "out of memory";
		return device->attached ? NULL : device->why;
	}
	return "no device carries the address";
}

const char *devices_list(const struct devices *devices, char *text, size_t size)
{
	size_t at = 0;

	snprintf(text, size, "none");
	for (size_t i = 0; i < devices->n; i++)
		if (devices->all[i].attached && at < size)
			at += (size_t)snprintf(text + at, size - at, "%s%s", at ? ", " : "",
					       devices->all[i].name);
	return text;
}

void devices_free(struct devices *devices, bool detach)
{
	if (!devices)
		return;
	while (detach && devices->n)
		leave(devices, devices->n - 1);
	free(devices->addrs);
	free(devices->all);
	free(devices);
}

const char *device_why_not(uint32_t index, uint32_t *mtu, char *why, size_t size)
{
	struct ifreq request = { 0 };
	int fd;

	*mtu = 0;
	if (!if_indextoname(index, request.ifr_name)) {
		snprintf(why, size, "the device of the route has gone");
		return why;
	}
	if (!flow_map_is_ethernet(request.ifr_name)) {
		snprintf(why, size, "the route is by %s, not an Ethernet device", request.ifr_name);
		return why;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return NULL; /* without it all lengths are forwarded */
	if (!ioctl(fd, SIOCGIFMTU, &request) && request.ifr_mtu > 0)
		*mtu = (uint32_t)request.ifr_mtu;
	close(fd);
	return NULL;
}
