/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read.h - reads flows from the kernel: single ones, and all of them, to compare with the table
 */
#ifndef RTPRELAY_KMOD_READ_H
#define RTPRELAY_KMOD_READ_H

#include "kernel/backend.h"

struct kmod_flow;
struct flow_table;

/**
 * kmod_flows_read() - read flows from the kernel now, up to 64 in one exchange
 * @states: get the state of each; sums are those since the handle was made
 */
void kmod_flows_read(struct kmod_flow *const flows[], size_t n, struct flow_state states[]);
/*
 * Compares the table with the flows of a backend and queues differences. 0; -errno. For
 * kernel/kmod.c.
 */
int flow_table_compare(struct flow_table *table, struct kernel_backend *backend);

#endif
