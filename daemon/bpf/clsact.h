/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clsact.h - the qdisc that holds the filters of a device, where the daemon has added it
 *
 * When it comes or goes, the kernel stops the device's queues for about a millisecond, and drops
 * what the device should send meanwhile, of whatever program. So it stays while there are calls,
 * also those that another path forwards by now: without a filter it costs hardly anything.
 */
#ifndef RTPRELAY_BPF_CLSACT_H
#define RTPRELAY_BPF_CLSACT_H

#include <stdbool.h>
#include <stddef.h>

/* struct clsacts - devices that got the qdisc from here; zeros: none */
struct clsacts {
	int *ifindex;
	size_t n;
};

/* 0, also if the device has one; -ENODEV; other -errno */
int clsacts_add(struct clsacts *clsacts, int ifindex);
/* Forgets them. @remove: and removes those that hold no filter by now */
void clsacts_end(struct clsacts *clsacts, bool remove);

#endif
