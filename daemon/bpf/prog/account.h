/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * account.h - counts: an admitted packet with its statistics, one that is not forwarded
 */
#ifndef RTPRELAY_BPF_ACCOUNT_H
#define RTPRELAY_BPF_ACCOUNT_H

#include "bpf/prog/event.h"
#include "rtp_stats.h"

/*
 * The number as the verifier does not know it. Without CAP_PERFMON it refuses an index that is a
 * constant here and another one, or none, on another way to the same instruction.
 */
static inline __u32 unknown(struct __sk_buff *skb, __u32 number)
{
	WRITE_ONCE(skb->cb[0], number);
	number = READ_ONCE(skb->cb[0]);
	WRITE_ONCE(skb->cb[0], 0);
	return number;
}

/* As rtpr_ticks() of kmod/account.h: wraps as RTP timestamps do. */
static inline __u32 ticks(__u64 ns, __u32 mult)
{
	return (__u32)(((__u64)(__u32)ns * mult) >> 32) + (__u32)(ns >> 32) * mult;
}

static inline struct bpf_totals *totals_here(void)
{
	return bpf_map_lookup_elem(&totals, FIRST);
}

/* An admitted packet that is forwarded. */
static inline void totals_forwarded(__u32 bytes)
{
	struct bpf_totals *here = totals_here();

	if (!here)
		return;
	here->c[RTPRELAY_C_PACKETS]++;
	here->c[RTPRELAY_C_BYTES] += bytes;
}

/*
 * Why a packet is not forwarded. Without the flow's lock: anybody may send what is refused, and
 * must not hold up the sender. Return: the program's verdict
 */
static inline int account_left(struct __sk_buff *skb, struct bpf_state *state,
			       enum rtprelay_counter why)
{
	struct bpf_totals *here = totals_here();
	__u32 which = unknown(skb, why);
	__u64 *left = state->left;

	if (which > RTPRELAY_C_MAX)
		return TC_ACT_UNSPEC;
	barrier_var(left); /* else the index is added to the address of the lock */
	__sync_fetch_and_add(&left[which], 1);
	if (here)
		here->c[which]++;
	return admit_drops(why) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

/* Stores the packet beside the flow. */
static inline void account_rtcp(struct __sk_buff *skb, struct bpf_scratch *copy, __u64 now, bool v6)
{
	const struct packet *pkt = &copy->pkt;
	struct bpf_rtcp *rtcp = bpf_map_lookup_elem(&rtcps, &pkt->state);
	__u32 len = pkt->payload_len;

	if (!rtcp)
		return;
	if (len > RTPRELAY_RTCP_MAX)
		len = RTPRELAY_RTCP_MAX;
	barrier_var(len);
	len = ((len - 1) & (RTPRELAY_RTCP_MAX - 1)) + 1; /* as the verifier understands it */
	if (bpf_skb_load_bytes(skb, payload_off(v6), copy->bytes, len))
		return;
	bpf_spin_lock(&rtcp->lock);
	rtcp->len = len;
	rtcp->at_ns = now;
	__builtin_memcpy(rtcp->bytes, copy->bytes, RTPRELAY_RTCP_MAX);
	bpf_spin_unlock(&rtcp->lock);
}

/* What the lock protects; no helper may be called. */
static inline void account_locked(const struct bpf_conf *conf, struct bpf_state *state,
				  const struct packet *pkt, __u32 clock, __u32 arrival)
{
	if (unlikely(state->generation != conf->generation)) {
		state->generation = conf->generation;
		/* The sender or the path may have changed. */
		state->rtp.transit_known = false;
	}
	if (likely(pkt->rtp.kind == RTP_KIND_RTP))
		rtp_stats_update(&state->rtp, &pkt->rtp, clock, arrival);
	if (likely(!(conf->flags & RTPRELAY_FLOW_DROP))) {
		state->packets++;
		state->bytes += pkt->payload_len;
	}
}

static inline void account_with_statistics(struct __sk_buff *skb, const struct bpf_conf *conf,
					   struct bpf_state *state, const struct packet *pkt,
					   __u64 now)
{
	__u32 index = conf->pt[unknown(skb, pkt->rtp.pt) & 127] & BPF_FLOW_CLOCKS;
	__u32 clock = conf->clock[index], arrival = ticks(now, conf->clock_mult[index]);

	bpf_spin_lock(&state->lock);
	account_locked(conf, state, pkt, clock, arrival);
	bpf_spin_unlock(&state->lock);
}

/* Two additions cost less than the lock. */
static inline void account_simply(const struct bpf_conf *conf, struct bpf_state *state,
				  const struct packet *pkt)
{
	if (unlikely(conf->flags & RTPRELAY_FLOW_DROP))
		return;
	__sync_fetch_and_add(&state->packets, 1);
	__sync_fetch_and_add(&state->bytes, pkt->payload_len);
}

/* A packet of another payload type goes up: it is not lost. */
static inline void account_passed(struct bpf_state *state, const struct packet *pkt)
{
	if (!constants.statistics)
		return;
	bpf_spin_lock(&state->lock);
	rtp_stats_passed(&state->rtp, &pkt->rtp);
	bpf_spin_unlock(&state->lock);
}

/* An admitted packet. */
static inline void account(struct __sk_buff *skb, const struct bpf_conf *conf,
			   struct bpf_state *state, struct bpf_scratch *here, bool v6)
{
	const struct packet *pkt = &here->pkt;
	__u64 now = constants.statistics ? bpf_ktime_get_ns() : now_about();
	__u64 before = READ_ONCE(state->seen_ns);

	if (constants.statistics)
		account_with_statistics(skb, conf, state, pkt, now);
	else
		account_simply(conf, state, pkt);
	WRITE_ONCE(state->seen_ns, now);
	if (unlikely(is_numbered(conf, pkt))) {
		WRITE_ONCE(state->number, pkt->rtp.seq);
		WRITE_ONCE(state->numbered, true);
	}
	if (unlikely(!READ_ONCE(state->heard))) {
		WRITE_ONCE(state->heard, true);
		event_flow(BPF_EVENT_FIRST, pkt->state);
	} else if (unlikely((__s64)(now - before) >= (__s64)conf->idle_ns)) {
		event_flow(BPF_EVENT_RESUMED, pkt->state);
	}
	if (unlikely(pkt->rtp.kind == RTP_KIND_RTCP))
		account_rtcp(skb, here, now, v6);
}

#endif
