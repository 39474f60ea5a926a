/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.h - one flow, for its owner: drop, forget, state and counters
 *
 * kmod_set() makes one. Control thread only.
 */
#ifndef RTPRELAY_KMOD_FLOW_H
#define RTPRELAY_KMOD_FLOW_H

#include "kernel/msg.h"

struct kmod_flow;

/* Removes the flow from the kernel, at the next kmod_flush(); its sums are kept. */
void kmod_drop(struct kmod_flow *flow);
/* The same, and the handle ends: its sums cannot be read again. NULL is allowed. */
void kmod_forget(struct kmod_flow *flow);

void *kmod_flow_owner(const struct kmod_flow *flow);
/* As last set. */
const struct flow_spec *kmod_flow_spec(const struct kmod_flow *flow);
bool kmod_flow_installed(const struct kmod_flow *flow);
/* The path of its packets: "module", "bpf"; "user" unless it is installed */
const char *kmod_flow_path(const struct kmod_flow *flow);
/* The kernel's reason for refusing the flow; NULL: not refused. */
const char *kmod_flow_refusal(const struct kmod_flow *flow);
/* It is refused, because this way into the kernel cannot forward it: nothing is wrong. */
bool kmod_flow_impossible(const struct kmod_flow *flow);
/* clock_ms() of its last packet, as far as the kernel has reported; 0: none */
int64_t kmod_flow_seen_ms(const struct kmod_flow *flow);
/* It is installed, and the kernel has reported that it is silent. */
bool kmod_flow_idle(const struct kmod_flow *flow);
/* Packets a second since it is in the kernel, as far as reported; 0: not known */
uint32_t kmod_flow_rate(const struct kmod_flow *flow);
/*
 * The same for time-outs, without asking the kernel: @now_ms for a flow in the kernel that was not
 * reported silent.
 */
int64_t kmod_flow_last_in_ms(const struct kmod_flow *flow, int64_t now_ms);
/*
 * The last state of a dropped flow, without sums; NULL: the kernel did not report it, or the flow
 * was set again.
 */
const struct flow_state *kmod_flow_final(const struct kmod_flow *flow);
/*
 * The counters since the handle was made, as last read from the kernel (kernel/read.h); exact for a
 * dropped flow.
 */
void kmod_flow_sums(const struct kmod_flow *flow, struct flow_sums *sums);

#endif
