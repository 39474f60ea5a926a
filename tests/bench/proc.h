/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proc.h - what the kernel has counted, read from /proc; and the clock */
#ifndef RTPRELAY_BENCH_PROC_H
#define RTPRELAY_BENCH_PROC_H

#include <stdint.h>
#include <sys/types.h>

/* CLOCK_MONOTONIC, nanoseconds */
int64_t now_ns(void);
/* CPU time of all threads of @pid so far, to the nanosecond (the ticks of /proc/PID/stat are too coarse); 0 for pid 0. */
int64_t proc_cpu_ns(pid_t pid);
/* Packets that went over this network namespace's loopback so far. Cheaper to ask than /proc/net/snmp. */
uint64_t proc_lo_packets(void);

#endif
