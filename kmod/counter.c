// SPDX-License-Identifier: GPL-2.0-only
/*
 * counter.c - the counters of a namespace: added per CPU on the path, summed on request
 *
 * A flow counts what it forwards in plain numbers under its lock, which its RTP statistics need
 * anyway: packets of one sender arrive on one CPU, and per-CPU counters of 100,000 flows on a large
 * machine would need more memory than all other data. It counts all else in atomic numbers: anybody
 * may send what is refused, from many CPUs, and must not hold up the sender by the lock.
 * The namespace's counters are per CPU, since the packets of all flows change them.
 */
#include <linux/netfilter.h>
#include <linux/percpu.h>

#include "admit_rules.h"
#include "counter.h"
#include "state.h"

struct rtpr_totals __percpu *rtpr_totals_new(void)
{
	struct rtpr_totals __percpu *totals =
		alloc_percpu_gfp(struct rtpr_totals, GFP_KERNEL_ACCOUNT);
	int cpu;

	if (!totals)
		return NULL;
	for_each_possible_cpu(cpu) u64_stats_init(&per_cpu_ptr(totals, cpu)->sync);
	return totals;
}

void rtpr_totals_sum(struct rtpr_totals __percpu *totals, u64 sum[RTPRELAY_C_MAX + 1])
{
	u64 one[RTPRELAY_C_MAX + 1];
	unsigned int start;
	int cpu, i;

	memset(sum, 0, sizeof(one));
	local_bh_disable(); /* 32-bit, one CPU: the packet path could write during the read */
	for_each_possible_cpu(cpu)
	{
		const struct rtpr_totals *t = per_cpu_ptr(totals, cpu);

		do {
			start = u64_stats_fetch_begin(&t->sync);
			for (i = 0; i <= RTPRELAY_C_MAX; i++)
				one[i] = u64_stats_read(&t->c[i]);
		} while (u64_stats_fetch_retry(&t->sync, start));
		for (i = 0; i <= RTPRELAY_C_MAX; i++)
			sum[i] += one[i];
	}
	local_bh_enable();
}

void rtpr_totals_count(struct rtpr_totals __percpu *totals, enum rtprelay_counter which)
{
	struct rtpr_totals *t = this_cpu_ptr(totals);

	u64_stats_update_begin(&t->sync);
	u64_stats_inc(&t->c[which]);
	u64_stats_update_end(&t->sync);
}

/* Return: false: the counters are final, and the increment has no effect */
static bool rtpr_flow_count(struct rtpr_flow *flow, enum rtprelay_counter which)
{
	return atomic64_inc_return(&flow->left[which]) >= 0;
}

void rtpr_count(struct rtpr_net *rn, struct rtpr_flow *flow, enum rtprelay_counter which)
{
	rtpr_flow_count(flow, which);
	rtpr_totals_count(rn->totals, which);
}

int rtpr_leave(struct rtpr_net *rn, struct rtpr_flow *flow, bool segment, enum rtprelay_counter why)
{
	int verdict = admit_drops(why) ? NF_DROP : NF_ACCEPT;

	if (segment && verdict == NF_ACCEPT)
		return verdict;
	if (!rtpr_flow_count(flow, why))
		return -EAGAIN;
	rtpr_totals_count(rn->totals, why);
	return verdict;
}
