/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device.h - which cached routes leave by a device, so that it can go away
 */
#ifndef RTPR_DEVICE_H
#define RTPR_DEVICE_H

#include <linux/types.h>

struct net_device;
struct rtpr_net;
struct rtpr_route;

/* From here on flows forget the routes by a device that goes away. Return: 0 or -errno */
int rtpr_devices_init(void);
void rtpr_devices_fini(void);

/* Of one namespace. The routes of all its flows are gone. */
void rtpr_devices_free(struct rtpr_net *rn);

/**
 * rtpr_device_add() - the route leaves by the device
 * rtpr_device_del() - forget about it, if it is known
 * Any context but a hard interrupt. rtpr_device_add() returns false if there is no memory.
 */
bool rtpr_device_add(struct rtpr_net *rn, const struct net_device *dev, struct rtpr_route *route);
void rtpr_device_del(struct rtpr_net *rn, struct rtpr_route *route);

#endif
