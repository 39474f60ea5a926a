/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf.h - the language of the program: types, helpers of the kernel, byte order
 *
 * Kernels from 5.10: no call of a function under a lock, no atomic operation that returns a value,
 * no loop without a bound. So all code is inline, also that of include/.
 */
#ifndef RTPRELAY_BPF_BPF_H
#define RTPRELAY_BPF_BPF_H

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define inline __inline__ __attribute__((__always_inline__))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define READ_ONCE(x)	 (*(volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#define NSEC_PER_SEC 1000000000ull

#endif
