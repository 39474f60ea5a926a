/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device.h - which cached routes leave by a device, so that it can go away
 */
#ifndef RTPR_DEVICE_H
#define RTPR_DEVICE_H

#include <linux/types.h>

struct list_head;
struct net_device;
struct rtpr_net;

/* Of one namespace. The routes of all its flows are gone. */
void rtpr_devices_free(struct rtpr_net *rn);

/**
 * rtpr_device_add() - the route leaves by the device
 * rtpr_device_del() - forget about it, if it is known
 * @route: its link, struct rtpr_route.by_device
 * Any context but a hard interrupt. rtpr_device_add() returns false if there is no memory.
 */
bool rtpr_device_add(struct rtpr_net *rn, const struct net_device *dev, struct list_head *route);
void rtpr_device_del(struct rtpr_net *rn, struct list_head *route);

/**
 * rtpr_device_forget_some() - takes routes by a device that goes away from its list
 * @forget: called for each, under the lock of rtpr_net.devices
 * Return: are there more?
 */
bool rtpr_device_forget_some(struct rtpr_net *rn, int ifindex,
			     void (*forget)(struct list_head *route));

#endif
