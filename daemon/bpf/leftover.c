/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <unistd.h>

#include "base/siphash.h"
#include "base/str.h"
#include "bpf/attach.h"
#include "bpf/filters.h"
#include "bpf/leftover.h"
#include "bpf/pins.h"

uint32_t flow_map_handle(const char *pin)
{
	static const struct siphash_key any = { { 0 } };

	return pin && *pin ? (uint32_t)siphash(&any, str_of(pin)) | 1 : 0;
}

/* @devices: the name is added */
static int clear_device(const struct if_nameindex *device, uint32_t handle, char *devices,
			size_t *len)
{
	int index = (int)device->if_index, error;

	if (filter_owner_at(index, handle, FLOW_MAP_PRIORITY, FLOW_MAP_FILTER) != FILTER_OURS)
		return 0;
	error = filter_remove(index, handle, FLOW_MAP_PRIORITY);
	if (!error && *len < FLOW_MAP_LEFT)
		*len += (size_t)snprintf(devices + *len, FLOW_MAP_LEFT - *len, "%s%s",
					 *len ? ", " : "", device->if_name);
	return error;
}

static int clear_devices(uint32_t handle, char *devices)
{
	struct if_nameindex *all = if_nameindex();
	int error = all ? 0 : -errno;
	size_t len = 0;

	for (const struct if_nameindex *at = all; at && at->if_index; at++) {
		int failed = clear_device(at, handle, devices, &len);

		error = error ? error : failed;
	}
	if_freenameindex(all);
	return error;
}

int flow_map_clear(const char *pin, char *devices)
{
	uint32_t handle = flow_map_handle(pin);
	int lock = pin && *pin ? bpf_pins_lock(pin) : -ENOENT, error;

	*devices = '\0';
	if (lock == -EWOULDBLOCK)
		return -EBUSY;
	error = clear_devices(handle ? handle : FLOW_MAP_HANDLE, devices);
	if (lock < 0)
		return error;
	bpf_unpin(pin);
	close(lock);
	return error;
}
