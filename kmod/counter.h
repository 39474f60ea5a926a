/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_COUNTER_H
#define RTPR_COUNTER_H

#include <linux/u64_stats_sync.h>

#include "rtprelay_nl.h"

struct rtpr_flow;
struct rtpr_net;

/**
 * struct rtpr_totals - one CPU's share of the counters of a namespace
 */
struct rtpr_totals {
	u64_stats_t c[RTPRELAY_C_MAX + 1];
	struct u64_stats_sync sync;
};

struct rtpr_totals __percpu *rtpr_totals_new(void);

/* A packet was admitted and is to be forwarded. Softirq. */
static inline void rtpr_totals_forwarded(struct rtpr_totals __percpu *totals, u32 bytes)
{
	struct rtpr_totals *t = this_cpu_ptr(totals);

	u64_stats_update_begin(&t->sync);
	u64_stats_inc(&t->c[RTPRELAY_C_PACKETS]);
	u64_stats_add(&t->c[RTPRELAY_C_BYTES], bytes);
	u64_stats_update_end(&t->sync);
}

/* Sum over all CPUs. */
void rtpr_totals_sum(struct rtpr_totals __percpu *totals, u64 sum[RTPRELAY_C_MAX + 1]);

/* One more of the counter of the namespace. Softirq. */
void rtpr_totals_count(struct rtpr_totals __percpu *totals, enum rtprelay_counter which);

/*
 * The same with the flow too, for a packet that the flow has accounted. If its final state was
 * reported meanwhile, only the namespace counts it. Softirq.
 */
void rtpr_count(struct rtpr_net *rn, struct rtpr_flow *flow, enum rtprelay_counter which);

/**
 * rtpr_leave() - count why a packet is not forwarded, before the flow has accounted it
 * @segment: part of a GSO packet: if it is passed up, it enters the stack again and is counted then
 * Return: the hook's verdict, NF_ACCEPT (to the daemon) or NF_DROP, as the counter says; -EAGAIN,
 * the flow was replaced or removed meanwhile, and nothing was counted: look for its successor
 */
int rtpr_leave(struct rtpr_net *rn, struct rtpr_flow *flow, bool segment,
	       enum rtprelay_counter why);

#endif
