/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device.h - devices that carry addresses of the relay, each with the BPF program at its ingress
 *
 * Follows devices and addresses that come and go.
 */
#ifndef RTPRELAY_KERNEL_DEVICE_H
#define RTPRELAY_KERNEL_DEVICE_H

#include "base/endpoint.h"

struct flow_map;
struct devices;

/* The stack's check of sources of IPv4, where it is strictest: net.ipv4.conf.*.rp_filter */
enum rp_filter { RP_FILTER_OFF, RP_FILTER_STRICT, RP_FILTER_LOOSE };

/* @is_own: is this an address of the relay? The port is 0. NULL: out of memory */
struct devices *devices_new(struct flow_map *map,
			    bool (*is_own)(void *arg, const struct endpoint *addr), void *arg);
/* Looks at all devices again, and attaches and detaches the program. Logs changes. */
void devices_refresh(struct devices *devices);
/* NULL: the program is attached to the device that carries this address; else why not, in words */
const char *devices_why_not(const struct devices *devices, const struct endpoint *addr);
/* Names of those with the program, for a log line. Return: @text */
const char *devices_list(const struct devices *devices, char *text, size_t size);
/* @detach: takes the program away from all. NULL is allowed. */
void devices_free(struct devices *devices, bool detach);

/*
 * Can packets leave by this device? NULL: yes; else why not, in words. @mtu: its; 0: not known. The
 * answer is kept until the next refresh.
 */
const char *devices_out_why_not(struct devices *devices, uint32_t index, uint32_t *mtu);
/* Of the devices with the program */
enum rp_filter devices_rp_filter(const struct devices *devices);

#endif
