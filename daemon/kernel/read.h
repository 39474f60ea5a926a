/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read.h - what the kernel holds: asked of single flows, and of all, to compare with what is wanted
 */
#ifndef RTPRELAY_KMOD_READ_H
#define RTPRELAY_KMOD_READ_H

#include "kernel/msg.h"

struct kmod_flow;
struct flow_table;

/**
 * kmod_flows_read() - asks the kernel now, of up to 64 flows in one exchange
 * @states: get what each has counted; sums are those of all flows since the handle was made
 */
void kmod_flows_read(struct kmod_flow *const flows[], size_t n, struct flow_state states[]);
/* Asks what the kernel holds, and queues what differs. 0; -errno. For kernel/kmod.c. */
int flow_table_compare(struct flow_table *table);

#endif
