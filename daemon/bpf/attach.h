/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attach.h - the program at the tc ingress of devices, beside those of others
 *
 * A filter of a low priority in clsact: what others have attached runs first, and goes on; a packet
 * of no flow goes on to filters after this one. The qdisc stays when the filter goes: bpf/clsact.h.
 */
#ifndef RTPRELAY_BPF_ATTACH_H
#define RTPRELAY_BPF_ATTACH_H

#include "bpf/flow.h"

/*
 * Of the filter; with the handle, the next daemon finds it again. Others take the first priorities,
 * and the kernel gives 49152 and lower ones by itself.
 */
#define FLOW_MAP_PRIORITY 50000
/* What the kernel's name of our program begins with. */
#define FLOW_MAP_FILTER "rtprelay:"

/* "Are packets there Ethernet?" Needed by bpf_redirect_neigh(). */
bool flow_map_is_ethernet(const char *device);

/**
 * flow_map_attach() - attaches the program to a device, once
 * @ifindex: a program of an earlier daemon at the same place is replaced, atomically
 * @why: gets the reason of a failure in words, FLOW_MAP_WHY bytes
 * Return: 0; -EOPNOTSUPP: not an Ethernet device; -EEXIST: the place is taken by a program that is
 * not rtprelay's; -ENODEV; other -errno
 */
int flow_map_attach(struct flow_map *map, int ifindex, char *why);
/* 1: it is attached there; 0: it is not, and another program or none has its place; -errno */
int flow_map_attached(const struct flow_map *map, int ifindex);
/* 0, also if it was not attached, or the device has gone; other -errno */
int flow_map_detach(struct flow_map *map, int ifindex);

#endif
