// SPDX-License-Identifier: GPL-2.0-only
/*
 * flow.c - one flow and the table of them: make, insert, find under RCU, replace, remove; when it falls silent
 *
 * Each flow has a timer that is armed for the moment the flow would be idle if no packet came; when it
 * fires and packets did come, it is armed for the new moment. So packets do not touch timers, and nobody
 * goes round all flows.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/ktime.h>
#include <net/inet_ecn.h>

#include "compat.h"
#include "flow.h"
#include "net.h"
#include "nl_event.h"
#include "packet.h"
#include "xmit.h"

int rtpr_flows_init(struct rtpr_net *rn)
{
	xa_init_flags(&rn->ids, XA_FLAGS_ALLOC1);
	return rhashtable_init(&rn->flows, &rtpr_flow_params);
}

struct rtpr_flow *rtpr_flow_find_locked(struct rtpr_net *rn, const struct rtpr_endpoint *local)
{
	lockdep_assert_held(&rn->lock);
	return rhashtable_lookup_fast(&rn->flows, local, rtpr_flow_params);
}

/* Softirq. Says that the flow fell silent, once; or when to look again. */
static void rtpr_flow_expire(struct timer_list *timer)
{
	struct rtpr_flow *flow = timer_container_of(flow, timer, timer);
	unsigned long due = flow->conf.idle_s * HZ;
	bool idle = false;

	spin_lock(&flow->lock);
	if (!flow->dead) {
		idle = time_after_eq(jiffies, flow->last_seen + due);
		if (idle)
			flow->silent = true;
		else
			mod_timer(&flow->timer, flow->last_seen + due);
	}
	spin_unlock(&flow->lock);
	if (idle)
		rtpr_event_flow(flow, RTPRELAY_EVENT_IDLE);
}

static __wsum rtpr_csum_addr(__wsum sum, const struct rtpr_endpoint *ep)
{
	return csum_partial(&ep->addr, sizeof(ep->addr), sum);
}

static __wsum rtpr_csum_port(__wsum sum, __be16 port)
{
	return csum_add(sum, (__force __wsum)port);
}

/* All but the source, which may be any: what new addresses and ports add to a checksum, less the old ones. */
static void rtpr_flow_csums(struct rtpr_flow *flow)
{
	const struct rtpr_flow_conf *conf = &flow->conf;
	__wsum sum = rtpr_csum_addr(rtpr_csum_addr(0, &conf->out), &conf->dst);

	flow->csum_addr = csum_sub(sum, rtpr_csum_addr(0, &conf->local));
	sum = rtpr_csum_port(rtpr_csum_port(flow->csum_addr, conf->out.port), conf->dst.port);
	flow->csum_all = csum_sub(sum, (__force __wsum)conf->local.port);
}

/* What the path would work out for every packet anew. */
static void rtpr_flow_prepare(struct rtpr_flow *flow)
{
	const struct rtpr_flow_conf *conf = &flow->conf;
	const int header = sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	bool set_dscp = conf->dscp != RTPR_DSCP_KEEP;
	int i;

	flow->grows = header * ((conf->out.family == AF_INET6) - (conf->local.family == AF_INET6));
	flow->tos_keep = set_dscp ? INET_ECN_MASK : 0xff;
	flow->tos_set = set_dscp ? conf->dscp << 2 : 0;
	for (i = 0; i <= RTPR_CLOCKS; i++)
		flow->clock_mult[i] = div_u64((u64)conf->clock[i] << 32, NSEC_PER_SEC);
	rtpr_flow_csums(flow);
}

struct rtpr_flow *rtpr_flow_new(struct rtpr_net *rn, const struct rtpr_flow_conf *conf)
{
	struct rtpr_flow *flow = kzalloc(sizeof(*flow), GFP_KERNEL_ACCOUNT);

	if (!flow)
		return NULL;
	if (conf->kind == RTPRELAY_KIND_RTCP || conf->kind == RTPRELAY_KIND_MUX) {
		flow->rtcp = kzalloc(sizeof(*flow->rtcp), GFP_KERNEL_ACCOUNT);
		if (!flow->rtcp) {
			kfree(flow);
			return NULL;
		}
	}
	flow->conf = *conf;
	flow->rn = rn;
	rtpr_flow_prepare(flow);
	spin_lock_init(&flow->lock);
	flow->last_seen = jiffies;
	timer_setup(&flow->timer, rtpr_flow_expire, 0);
	return flow;
}

void rtpr_flow_free(struct rtpr_flow *flow)
{
	if (!flow)
		return;
	rtpr_route_free(rcu_dereference_protected(flow->route, true));
	kfree(flow->rtcp);
	kfree(flow);
}

static void rtpr_flow_free_rcu(struct rcu_head *rcu)
{
	rtpr_flow_free(container_of(rcu, struct rtpr_flow, rcu));
}

static void rtpr_flow_copy_state(const struct rtpr_flow *flow, struct rtpr_flow_state *state)
{
	lockdep_assert_held(&flow->lock);
	state->silent = flow->silent;
	state->heard = flow->heard;
	state->last_seen_ms = jiffies_to_msecs(jiffies - flow->last_seen);
	memcpy(state->counters, flow->counters, sizeof(state->counters));
	state->rtp = flow->rtp;
	state->rtcp.len = 0;
	if (flow->rtcp)
		state->rtcp = *flow->rtcp;
}

void rtpr_flow_read(struct rtpr_flow *flow, struct rtpr_flow_state *state)
{
	spin_lock_bh(&flow->lock);
	rtpr_flow_copy_state(flow, state);
	spin_unlock_bh(&flow->lock);
}

/* Takes over what RTPRELAY_FLOW_CARRY promises. @new is not seen by anybody yet. */
static void rtpr_flow_carry(struct rtpr_flow *new, const struct rtpr_flow *old)
{
	lockdep_assert_held(&old->lock);
	new->silent = old->silent;
	new->heard = old->heard;
	new->last_seen = old->last_seen;
	memcpy(new->counters, old->counters, sizeof(new->counters));
	new->rtp = old->rtp;
	new->rtp.transit_known = false; /* another sender perhaps, another path */
	new->refused = old->refused;
	new->refused_next = old->refused_next;
	if (new->rtcp && old->rtcp)
		*new->rtcp = *old->rtcp;
}

static void rtpr_flow_arm(struct rtpr_flow *flow)
{
	spin_lock_bh(&flow->lock);
	if (!flow->silent)
		mod_timer(&flow->timer, flow->last_seen + flow->conf.idle_s * HZ);
	spin_unlock_bh(&flow->lock);
}

/* Unlinked and dead, so that neither a packet nor the timer itself can arm the timer again. */
static void rtpr_flow_bury(struct rtpr_flow *flow)
{
	rtpr_timer_end(&flow->timer);
	call_rcu(&flow->rcu, rtpr_flow_free_rcu);
}

int rtpr_flow_insert(struct rtpr_flow *flow)
{
	struct rtpr_net *rn = flow->rn;
	int err;

	lockdep_assert_held(&rn->lock);
	err = xa_alloc_cyclic(&rn->ids, &flow->id, flow, xa_limit_32b, &rn->last_id, GFP_KERNEL);
	if (err < 0)
		return err;
	err = rhashtable_insert_fast(&rn->flows, &flow->node, rtpr_flow_params);
	if (err) {
		xa_erase(&rn->ids, flow->id);
		return err;
	}
	rn->count++;
	rn->generation++;
	rtpr_flow_arm(flow);
	return 0;
}

int rtpr_flow_replace(struct rtpr_flow *old, struct rtpr_flow *new, struct rtpr_flow_state *last)
{
	struct rtpr_net *rn = old->rn;
	int err;

	lockdep_assert_held(&rn->lock);
	new->id = old->id;
	spin_lock_bh(&old->lock);
	if (new->conf.flags & RTPRELAY_FLOW_CARRY)
		rtpr_flow_carry(new, old);
	err = rhashtable_replace_fast(&rn->flows, &old->node, &new->node, rtpr_flow_params);
	if (!err)
		old->dead = true;
	if (last)
		rtpr_flow_copy_state(old, last);
	spin_unlock_bh(&old->lock);
	if (err)
		return err;
	xa_store(&rn->ids, new->id, new, GFP_KERNEL); /* in place: needs no memory */
	rn->generation++;
	rtpr_flow_arm(new);
	rtpr_flow_bury(old);
	return 0;
}

void rtpr_flow_remove(struct rtpr_flow *flow, struct rtpr_flow_state *last)
{
	struct rtpr_net *rn = flow->rn;

	lockdep_assert_held(&rn->lock);
	rhashtable_remove_fast(&rn->flows, &flow->node, rtpr_flow_params);
	xa_erase(&rn->ids, flow->id);
	rn->count--;
	rn->generation++;
	spin_lock_bh(&flow->lock);
	flow->dead = true;
	if (last)
		rtpr_flow_copy_state(flow, last);
	spin_unlock_bh(&flow->lock);
	rtpr_flow_bury(flow);
}

void rtpr_flows_fini(struct rtpr_net *rn)
{
	struct rtpr_flow *flow;
	unsigned long id;

	mutex_lock(&rn->lock);
	xa_for_each(&rn->ids, id, flow) rtpr_flow_remove(flow, NULL);
	mutex_unlock(&rn->lock);
	xa_destroy(&rn->ids);
	rhashtable_destroy(&rn->flows);
}

/* Nanoseconds to ticks of the clock, wrapping as RTP timestamps do; exact enough for differences. */
static u32 rtpr_ticks(u64 ns, u32 mult)
{
	return (u32)(((u64)(u32)ns * mult) >> 32) + (u32)(ns >> 32) * mult;
}

static void rtpr_flow_count_rtp(struct rtpr_flow *flow, const struct rtpr_packet *pkt)
{
	u8 clock = flow->conf.pt[pkt->rtp.pt];
	u32 arrival = 0;

	if (clock)
		arrival = rtpr_ticks(ktime_get_ns(), flow->clock_mult[clock]);
	rtp_stats_update(&flow->rtp, &pkt->rtp, flow->conf.clock[clock], arrival);
}

static void rtpr_flow_keep_rtcp(struct rtpr_flow *flow, const struct rtpr_packet *pkt,
				const struct sk_buff *skb)
{
	u16 len = min_t(u16, pkt->payload_len, RTPRELAY_RTCP_MAX);

	if (skb_copy_bits(skb, pkt->payload_off, flow->rtcp->bytes, len))
		return;
	flow->rtcp->len = len;
	flow->rtcp->at_ns = ktime_get_ns();
}

bool rtpr_flow_count(struct rtpr_flow *flow, const struct rtpr_packet *pkt,
		     const struct sk_buff *skb)
{
	bool resumed;

	spin_lock(&flow->lock);
	if (unlikely(flow->dead)) {
		spin_unlock(&flow->lock);
		return false;
	}
	if (pkt->rtp.kind == RTP_KIND_RTP)
		rtpr_flow_count_rtp(flow, pkt);
	else if (flow->rtcp && pkt->rtp.kind == RTP_KIND_RTCP)
		rtpr_flow_keep_rtcp(flow, pkt, skb);
	if (likely(!(flow->conf.flags & RTPRELAY_FLOW_DROP))) {
		flow->counters[RTPRELAY_C_PACKETS]++;
		flow->counters[RTPRELAY_C_BYTES] += pkt->payload_len;
	}
	resumed = flow->silent;
	flow->silent = false;
	flow->heard = true;
	flow->last_seen = jiffies;
	if (unlikely(resumed))
		mod_timer(&flow->timer, flow->last_seen + flow->conf.idle_s * HZ);
	spin_unlock(&flow->lock);
	if (unlikely(resumed))
		rtpr_event_flow(flow, RTPRELAY_EVENT_RESUMED);
	return true;
}
