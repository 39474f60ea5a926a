/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load.h - how busy this host is, for the limits max-load and max-cpu */
#ifndef RTPRELAY_STATS_LOAD_H
#define RTPRELAY_STATS_LOAD_H

#include <stdbool.h>
#include <stdint.h>

/* All zero before the first sample. */
struct load {
	double average;	   /* of the last minute: tasks that run or wait for a disk */
	double busy;	   /* percent of all processors, between the last two samples */
	uint64_t ticks[2]; /* at the last sample: busy, all */
	bool failed;	   /* /proc cannot be read: logged once, the values stay 0 */
};

/* Once a second. */
void load_sample(struct load *load);

/* The same with the texts of /proc/loadavg and /proc/stat. False: one of them has another form */
bool load_take(struct load *load, const char *loadavg, const char *stat);

#endif
