// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - which cached routes leave by a device, so that it can go away
 *
 * In kernels before 6.13 (without backports of its fix), an IPv6 route holds its device until the
 * route is released: a flow without packets would block the removal of the device. All other routes
 * become invalid anyway. Flows that are routed by other devices are not touched: on a machine whose
 * containers come and go, a walk over all flows would stall all who wait for the RTNL.
 */
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

#include "device.h"
#include "state.h"

/* Routes that are forgotten before other work may run. */
#define RTPR_DEVICE_CHUNK 64

/**
 * struct rtpr_device - the routes by one device
 * @routes: links of the routes; under the lock of rtpr_net.devices
 */
struct rtpr_device {
	struct list_head routes;
};

/* Under the lock of rtpr_net.devices. Return: NULL: no memory */
static struct rtpr_device *rtpr_device_get(struct rtpr_net *rn, int ifindex)
{
	struct rtpr_device *device = xa_load(&rn->devices, ifindex);

	if (device)
		return device;
	device = kmalloc(sizeof(*device), GFP_ATOMIC);
	if (!device)
		return NULL;
	INIT_LIST_HEAD(&device->routes);
	if (!xa_err(__xa_store(&rn->devices, ifindex, device, GFP_ATOMIC)))
		return device;
	kfree(device);
	return NULL;
}

bool rtpr_device_add(struct rtpr_net *rn, const struct net_device *dev, struct list_head *route)
{
	struct rtpr_device *device;

	xa_lock_bh(&rn->devices);
	device = rtpr_device_get(rn, dev->ifindex);
	if (device)
		list_add(route, &device->routes);
	xa_unlock_bh(&rn->devices);
	return device;
}

void rtpr_device_del(struct rtpr_net *rn, struct list_head *route)
{
	xa_lock_bh(&rn->devices);
	list_del_init(route);
	xa_unlock_bh(&rn->devices);
}

bool rtpr_device_forget_some(struct rtpr_net *rn, int ifindex,
			     void (*forget)(struct list_head *route))
{
	struct rtpr_device *device;
	struct list_head *route;
	bool more = false;
	int n;

	xa_lock_bh(&rn->devices);
	device = xa_load(&rn->devices, ifindex);
	for (n = 0; device && n < RTPR_DEVICE_CHUNK && !list_empty(&device->routes); n++) {
		route = device->routes.next;
		list_del_init(route);
		forget(route);
	}
	if (device) {
		more = !list_empty(&device->routes);
		if (!more)
			__xa_erase(&rn->devices, ifindex);
	}
	xa_unlock_bh(&rn->devices);
	if (!more)
		kfree(device);
	return more;
}

void rtpr_devices_free(struct rtpr_net *rn)
{
	struct rtpr_device *device;
	unsigned long ifindex;

	xa_for_each(&rn->devices, ifindex, device) kfree(device);
	xa_destroy(&rn->devices);
}
