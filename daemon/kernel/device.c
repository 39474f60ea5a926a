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
#include "kernel/link_vrf.h"

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

/* A device that packets leave by; @why: empty if they can */
struct out {
	uint32_t index, mtu;
	char why[64 + 2 * IF_NAMESIZE];
};

#define OUTS 16

struct devices {
	struct flow_map *map;
	bool (*is_own)(void *arg, const struct endpoint *addr);
	void *arg;
	struct address *addrs;
	struct device *all;
	size_t n_addrs, n, n_outs;
	struct out outs[OUTS];
	enum rp_filter rp_filter;
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

/* Return: false, and @why: packets of a VRF are for sockets of that VRF only */
static bool is_outside_vrf(const struct device *device, char *why)
{
	char master[IF_NAMESIZE];

	if (!link_vrf(device->index, master))
		return true;
	snprintf(why, FLOW_MAP_WHY, "the device is in the VRF %s", master);
	return false;
}

static void attach(struct devices *devices, struct device *device)
{
	char why[FLOW_MAP_WHY], text[sizeof(device->why)];
	bool was = device->attached;

	device->attached = is_outside_vrf(device, why) &&
			   !flow_map_attach(devices->map, (int)device->index, why);
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

/* It has come into a VRF since. */
static void leave_vrf(struct devices *devices, struct device *device)
{
	char why[FLOW_MAP_WHY];

	if (is_outside_vrf(device, why))
		return;
	flow_map_detach(devices->map, (int)device->index);
	attach(devices, device);
}

/* @name: of a device, or "all" */
static int read_rp_filter(const char *name)
{
	char path[80], text[8] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	return (int)strtol(text, NULL, 10);
}

/* The strictest: each device has the larger of its value and that of all; 2 is loose. */
static void find_rp_filter(struct devices *devices)
{
	int all = read_rp_filter("all");

	devices->rp_filter = RP_FILTER_OFF;
	for (size_t i = 0; i < devices->n; i++) {
		int own = read_rp_filter(devices->all[i].name), is = own > all ? own : all;

		if (is == 1)
			devices->rp_filter = RP_FILTER_STRICT;
		else if (is == 2 && devices->rp_filter == RP_FILTER_OFF)
			devices->rp_filter = RP_FILTER_LOOSE;
	}
}

void devices_refresh(struct devices *devices)
{
	struct ifaddrs *all;

	if (getifaddrs(&all)) {
		log_warn("BPF: cannot read the addresses of devices: %s", strerror(errno));
		return;
	}
	devices->n_addrs = devices->n_outs = 0;
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
		else
			leave_vrf(devices, device);
	}
	find_rp_filter(devices);
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

/* --- Where packets leave ---------------------------------------------------------------------- */

static uint32_t mtu_of(const char *name)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t mtu = 0;

	if (fd < 0)
		return 0; /* without it all lengths are forwarded */
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (!ioctl(fd, SIOCGIFMTU, &request) && request.ifr_mtu > 0)
		mtu = (uint32_t)request.ifr_mtu;
	close(fd);
	return mtu;
}

static void look_at_out(struct out *out)
{
	char name[IF_NAMESIZE], master[IF_NAMESIZE];

	if (!if_indextoname(out->index, name)) {
		snprintf(out->why, sizeof(out->why), "the device of the route has gone");
		return;
	}
	out->mtu = mtu_of(name);
	if (!flow_map_is_ethernet(name))
		snprintf(out->why, sizeof(out->why), "the route is by %s, not an Ethernet device",
			 name);
	else if (link_vrf(out->index, master))
		snprintf(out->why, sizeof(out->why), "the route is by %s, which is in the VRF %s",
			 name, master);
}

const char *devices_out_why_not(struct devices *devices, uint32_t index, uint32_t *mtu)
{
	struct out *out = NULL;

	for (size_t i = 0; i < devices->n_outs && !out; i++)
		if (devices->outs[i].index == index)
			out = &devices->outs[i];
	if (!out) {
		/* Few devices have routes of media; if there are more, they are looked at again. */
		if (devices->n_outs == OUTS)
			devices->n_outs = 0;
		out = &devices->outs[devices->n_outs++];
		*out = (struct out){ .index = index };
		look_at_out(out);
	}
	*mtu = out->mtu;
	return *out->why ? out->why : NULL;
}

enum rp_filter devices_rp_filter(const struct devices *devices)
{
	return devices->rp_filter;
}
