/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * leftover.h - what a daemon that used BPF has left when it was killed, for one that does not
 *
 * Its program goes on with its flows, which nobody changes or ends any more. Needs no libbpf and,
 * of rights, only CAP_NET_ADMIN.
 */
#ifndef RTPRELAY_BPF_LEFTOVER_H
#define RTPRELAY_BPF_LEFTOVER_H

#include <stddef.h>
#include <stdint.h>

#define FLOW_MAP_LEFT 200 /* bytes of a list of devices */

/* The handle of filters of a daemon with these pins; 0: the usual one. @pin: NULL: it has none */
uint32_t flow_map_handle(const char *pin);

/**
 * flow_map_clear() - takes the program from all devices of this network namespace, removes the pins
 * @pin: as in struct map_conf
 * @devices: gets the names of the devices, FLOW_MAP_LEFT bytes; empty: there were none
 * Return: 0; -EBUSY: another daemon uses them; other -errno: not all could be removed
 */
int flow_map_clear(const char *pin, char *devices);

#endif
