/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.h - one flow, as its owner sees it: drop, forget, and what is known of it
 *
 * kmod_set() makes one. Control thread only.
 */
#ifndef RTPRELAY_KMOD_FLOW_H
#define RTPRELAY_KMOD_FLOW_H

#include "kernel/msg.h"

struct kmod_flow;

/* It is removed from the kernel, with kmod_flush(); its sums are kept. */
void kmod_drop(struct kmod_flow *flow);
/* The same, and nobody asks for its sums again: the handle ends here. Takes NULL. */
void kmod_forget(struct kmod_flow *flow);

void *kmod_flow_owner(const struct kmod_flow *flow);
/* As it was set last. */
const struct flow_spec *kmod_flow_spec(const struct kmod_flow *flow);
bool kmod_flow_installed(const struct kmod_flow *flow);
/* Why the kernel refused it: its sentence; NULL: it did not. */
const char *kmod_flow_refusal(const struct kmod_flow *flow);
/* clock_ms() when its source was heard last, as far as the kernel has told; 0: never */
int64_t kmod_flow_seen_ms(const struct kmod_flow *flow);
/*
 * The same for time-outs, without asking: a flow in the kernel that was not announced silent is
 * heard @now_ms.
 */
int64_t kmod_flow_last_in_ms(const struct kmod_flow *flow, int64_t now_ms);
/*
 * The last state of a flow that was dropped, without sums; NULL: it was not told, or the flow was
 * set again.
 */
const struct flow_state *kmod_flow_final(const struct kmod_flow *flow);
/*
 * What it has counted since the handle was made, as of the last time that the kernel was asked
 * (kernel/read.h); exact for a flow that was dropped.
 */
void kmod_flow_sums(const struct kmod_flow *flow, struct flow_sums *sums);

#endif
