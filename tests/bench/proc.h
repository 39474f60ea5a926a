/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proc.h - counters of the kernel, read from /proc; and the clock */
#ifndef RTPRELAY_BENCH_PROC_H
#define RTPRELAY_BENCH_PROC_H

#include <stdint.h>
#include <sys/types.h>

/* CLOCK_MONOTONIC, nanoseconds */
int64_t now_ns(void);
/* CPU time of all threads of @pid so far, ns (/proc/PID/stat is too coarse); 0 if @pid is 0 */
int64_t proc_cpu_ns(pid_t pid);
/* The same, exact also while it runs */
int64_t proc_cpu_now_ns(pid_t pid);
/* Packets that this device has received so far. Cheaper to read than /proc/net/snmp. */
uint64_t proc_packets(const char *device);

#endif
