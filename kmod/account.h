/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * account.h - counts an admitted packet: counters, RTP statistics, last RTCP packet, arrival time
 */
#ifndef RTPR_ACCOUNT_H
#define RTPR_ACCOUNT_H

#include <linux/jiffies.h>
#include <linux/ktime.h>

#include "counter.h"
#include "nl_event.h"
#include "packet.h"
#include "state.h"

/*
 * Nanoseconds to ticks of the clock, wrapping as RTP timestamps do; exact enough for differences.
 */
static inline u32 rtpr_ticks(u64 ns, u32 mult)
{
	return (u32)(((u64)(u32)ns * mult) >> 32) + (u32)(ns >> 32) * mult;
}

/* Now, in ticks of the payload type's clock. */
static __always_inline u32 rtpr_arrival(const struct rtpr_flow *flow, const struct rtp_wire *rtp)
{
	u8 clock;

	if (unlikely(rtp->kind != RTP_KIND_RTP))
		return 0;
	clock = flow->conf.pt[rtp->pt];
	return clock ? rtpr_ticks(ktime_get_ns(), flow->clock_mult[clock]) : 0;
}

static __always_inline void rtpr_account_rtp(struct rtpr_flow *flow, const struct rtp_wire *rtp,
					     u32 arrival)
{
	rtp_stats_update(&flow->rtp, rtp, flow->conf.clock[flow->conf.pt[rtp->pt]], arrival);
}

static inline void rtpr_account_rtcp(struct rtpr_flow *flow, const struct rtpr_packet *pkt,
				     const struct sk_buff *skb)
{
	u32 len = min_t(u32, pkt->payload_len, RTPRELAY_RTCP_MAX);

	if (!flow->rtcp || skb_copy_bits(skb, pkt->payload_off, flow->rtcp->bytes, len))
		return;
	flow->rtcp->len = len;
	flow->rtcp->at_ns = ktime_get_ns();
}

static inline void rtpr_account_opaque(struct rtpr_flow *flow, const struct rtpr_packet *pkt)
{
	if (pkt->payload_len < UDPTL_MIN)
		return;
	WRITE_ONCE(flow->number, pkt->rtp.seq);
	WRITE_ONCE(flow->numbered, true);
}

/* Under the flow's lock. Return: had the flow been reported idle? */
static __always_inline bool rtpr_account_heard(struct rtpr_flow *flow)
{
	flow->heard = true;
	flow->last_seen = jiffies;
	if (likely(!flow->silent))
		return false;
	flow->silent = false;
	mod_timer(&flow->timer, flow->last_seen + flow->conf.idle_s * HZ);
	return true;
}

/**
 * rtpr_account_passed() - a packet of another payload type went up: it is not lost
 * Softirq, under rcu_read_lock().
 */
static noinline void rtpr_account_passed(struct rtpr_flow *flow, const struct rtp_wire *rtp)
{
	spin_lock(&flow->lock);
	if (!flow->dead)
		rtp_stats_passed(&flow->rtp, rtp);
	spin_unlock(&flow->lock);
}

/**
 * rtpr_account() - count an admitted packet
 * Softirq, under rcu_read_lock().
 * Return: false, the flow was replaced or removed meanwhile: look for its successor
 */
static __always_inline bool rtpr_account(struct rtpr_flow *flow, const struct rtpr_packet *pkt,
					 const struct sk_buff *skb)
{
	u32 arrival = rtpr_arrival(flow, &pkt->rtp); /* read before others wait for the lock */
	bool resumed;

	spin_lock(&flow->lock);
	if (unlikely(flow->dead)) {
		spin_unlock(&flow->lock);
		return false;
	}
	if (likely(pkt->rtp.kind == RTP_KIND_RTP))
		rtpr_account_rtp(flow, &pkt->rtp, arrival);
	else if (pkt->rtp.kind == RTP_KIND_RTCP)
		rtpr_account_rtcp(flow, pkt, skb);
	else if (flow->conf.kind == RTPRELAY_KIND_OPAQUE)
		rtpr_account_opaque(flow, pkt);
	if (likely(!(flow->conf.flags & RTPRELAY_FLOW_DROP))) {
		flow->packets++;
		flow->bytes += pkt->payload_len;
	} else {
		atomic64_inc(&flow->left[RTPRELAY_C_DROP_BLOCKED]);
	}
	resumed = rtpr_account_heard(flow);
	spin_unlock(&flow->lock);
	if (unlikely(resumed))
		rtpr_event_flow(flow, RTPRELAY_EVENT_RESUMED);
	return true;
}

#endif
