/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpus.h - the CPUs that this process may use: its affinity and the quota of its control groups */
#ifndef RTPRELAY_CPUS_H
#define RTPRELAY_CPUS_H

/*
 * How many it may use at the same time, at least 1. A part of a CPU does not count: a thread that
 * has used up the quota stands still until the period ends, and media with it.
 */
unsigned int cpus_usable(void);
/*
 * Whole CPUs of the smallest quota of the process' control group and those above it (cgroup v2:
 * cpu.max; v1: cpu.cfs_quota_us), rounded down, at least 1; UINT_MAX: no quota, or it cannot be
 * read. @self: "/proc/self"
 */
unsigned int cpus_quota(const char *self);

#endif
