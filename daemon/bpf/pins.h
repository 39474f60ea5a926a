/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pins.h - the files of a bpffs under which the maps are found again
 *
 * Needs no libbpf: a daemon without it removes what one with it has left.
 */
#ifndef RTPRELAY_BPF_PINS_H
#define RTPRELAY_BPF_PINS_H

#include <stddef.h>

#define BPF_PINS 6
#define BPF_PATH 512 /* bytes of a path */

/* The maps that flows are in; the first two have the slots of flows. */
extern const char *const bpf_pin_names[BPF_PINS];

/* @path: gets that of a map, BPF_PATH bytes */
void bpf_pin_path(char *path, const char *folder, const char *name);
void bpf_unpin_maps(const char *folder);
/* Removes the pins and their folder. */
void bpf_unpin(const char *folder);

/*
 * Held by the one daemon that uses the pins, and by one that removes what nobody uses. It ends with
 * the descriptor, and with the process. Return: a descriptor; -EWOULDBLOCK: they are in use; other
 * -errno, as -ENOENT
 */
int bpf_pins_lock(const char *folder);

#endif
