/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filters.h - which filters a device's clsact has, and whose they are; without libbpf
 */
#ifndef RTPRELAY_BPF_FILTERS_H
#define RTPRELAY_BPF_FILTERS_H

#include <stdbool.h>
#include <stdint.h>

enum filter_owner { FILTER_NONE, FILTER_OURS, FILTER_FOREIGN };

/* At ingress. @name: what the name of a BPF program of ours begins with */
enum filter_owner filter_owner_at(int ifindex, uint32_t handle, uint32_t priority,
				  const char *name);
/* Takes a BPF filter away from ingress, whosever it is. 0, also if it has gone; -errno */
int filter_remove(int ifindex, uint32_t handle, uint32_t priority);
/* Is there no filter at ingress and egress? False also if it is not known. */
bool filters_none(int ifindex);

#endif
