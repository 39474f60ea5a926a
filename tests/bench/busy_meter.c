/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * busy_meter.c - for how long other work has kept it from running, in order to tell what the kernel
 * does outside of any process, such as with packets that arrive
 *
 *   busy_meter FILE
 *
 * To be run on one processor. Looks at the clock all the time and adds up the gaps; the sum is in
 * FILE, see busy_meter.h. The kernel takes what interrupts a process for the process's own time: so
 * the CPU time of this program, less the time that it has really had, is that of interrupts.
 */
#include <err.h>
#include <stdio.h>
#include "busy_meter.h"
#include "proc.h"

#define GAP_NS 400 /* a shorter one is its own */

int main(int argc, char **argv)
{
	struct busy_meter *meter = argc == 2 ? busy_meter_map(argv[1], true) : NULL;
	int64_t last = now_ns();

	if (!meter)
		err(2, "busy_meter FILE");
	meter->pid = getpid();
	puts("ready");
	fflush(stdout);
	for (;;) {
		int64_t now = now_ns(), gap = now - last;

		if (gap > GAP_NS)
			__atomic_store_n(&meter->gaps_ns, meter->gaps_ns + gap, __ATOMIC_RELAXED);
		last = now;
	}
}
