// SPDX-License-Identifier: GPL-2.0-only
/*
 * hook.c - the path of a packet on one page: parse, find, admit, count, rewrite, send
 *
 * Every doubt goes up: NF_ACCEPT leaves the packet as it came, and the daemon's socket receives it.
 * Softirq, under rcu_read_lock() all the way, which keeps flow, route and neighbour alive; no reference
 * is taken, and no lock but the flow's own.
 */
#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include "admit.h"
#include "compat.h"
#include "counter.h"
#include "flow.h"
#include "hook.h"
#include "net.h"
#include "nl_event.h"
#include "packet.h"
#include "rewrite.h"
#include "tap.h"
#include "xmit.h"

/* From here on the packet is the relay's. NF_STOLEN: it is on its way. */
static unsigned int rtpr_forward(struct rtpr_net *rn, struct rtpr_flow *flow,
				 const struct rtpr_packet *pkt, struct sk_buff *skb,
				 struct dst_entry *dst)
{
	rtpr_totals_forwarded(rn->totals, pkt->payload_len);
	if (unlikely(flow->conf.flags & RTPRELAY_FLOW_TAP) && rtpr_tap(rn, skb))
		rtpr_count(rn, flow, RTPRELAY_C_TAPPED);
	/* Not shared with a packet socket or a tap from here on, and with room for the headers. */
	if (unlikely(skb_cow(skb, rtpr_headroom(flow, dst))))
		return rtpr_leave(rn, flow, pkt, RTPRELAY_C_DROP_NOMEM);
	rtpr_rewrite(skb, pkt, flow);
	if (unlikely(!rtpr_xmit(skb, flow, dst)))
		rtpr_count(rn, flow, RTPRELAY_C_DROP_XMIT);
	return NF_STOLEN;
}

static bool rtpr_too_long(const struct sk_buff *skb, const struct rtpr_flow *flow,
			  const struct dst_entry *dst)
{
	return skb->len + flow->grows > dst_mtu(dst);
}

/* Return: RTPRELAY_C_UNSPEC, and the route: it can be forwarded; else the counter that says why not. */
static enum rtprelay_counter rtpr_check(struct rtpr_flow *flow, const struct rtpr_packet *pkt,
					const struct sk_buff *skb, struct dst_entry **dst)
{
	enum rtprelay_counter why = rtpr_flow_admits(flow, pkt);

	if (unlikely(why))
		return why;
	if (unlikely(pkt->ttl <= 1))
		return RTPRELAY_C_DROP_TTL;
	*dst = rtpr_route(flow);
	if (unlikely(!*dst))
		return RTPRELAY_C_PASS_ROUTE;
	if (unlikely(rtpr_too_long(skb, flow, *dst)))
		return RTPRELAY_C_PASS_SIZE;
	return RTPRELAY_C_UNSPEC;
}

/* @flow was found for @pkt. The verdict, or -EAGAIN: the flow was replaced meanwhile. */
static int rtpr_use_flow(struct rtpr_net *rn, struct rtpr_flow *flow, struct rtpr_packet *pkt,
			 struct sk_buff *skb)
{
	enum rtprelay_counter why;
	struct dst_entry *dst;

	if (flow->conf.kind == RTPRELAY_KIND_OPAQUE)
		pkt->rtp.kind = RTP_KIND_OTHER;
	else if (!rtpr_packet_kind(pkt, skb))
		return NF_ACCEPT;
	why = rtpr_check(flow, pkt, skb, &dst);
	if (unlikely(why)) {
		if (why == RTPRELAY_C_DROP_SOURCE)
			rtpr_event_refused(flow, pkt);
		return rtpr_leave(rn, flow, pkt, why);
	}
	if (unlikely(!rtpr_flow_count(flow, pkt, skb)))
		return -EAGAIN;
	if (unlikely(flow->conf.flags & RTPRELAY_FLOW_DROP))
		return rtpr_leave(rn, flow, pkt, RTPRELAY_C_DROP_BLOCKED);
	return rtpr_forward(rn, flow, pkt, skb, dst);
}

static __always_inline unsigned int rtpr_hook_one(struct rtpr_net *rn, struct sk_buff *skb, u8 pf,
						  bool segment)
{
	struct rtpr_packet pkt;
	struct rtpr_flow *flow;
	int verdict;

	if (!rtpr_packet_parse(&pkt, skb, pf))
		return NF_ACCEPT;
	pkt.segment = segment;
	do {
		flow = rtpr_flow_find(rn, &pkt.dst);
		if (!flow)
			return NF_ACCEPT; /* not the relay's, or not latched yet */
		verdict = rtpr_use_flow(rn, flow, &pkt, skb);
	} while (unlikely(verdict == -EAGAIN));
	return verdict;
}

/*
 * Datagrams that GRO or the sender put together into one: each is admitted and counted by itself, for a
 * STUN check may be among the media. Their payload stays where it is. Those that are not forwarded
 * enter the stack again, one by one.
 */
static noinline unsigned int rtpr_hook_gso(struct rtpr_net *rn, struct sk_buff *skb, u8 pf)
{
	struct sk_buff *segment, *next;
	struct rtpr_packet pkt;

	if (!(skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4) || !rtpr_packet_parse(&pkt, skb, pf) ||
	    !rtpr_flow_find(rn, &pkt.dst))
		return NF_ACCEPT;
	segment = skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM);
	if (IS_ERR_OR_NULL(segment))
		return NF_ACCEPT;
	consume_skb(skb);
	skb_list_walk_safe(segment, segment, next)
	{
		skb_mark_not_on_list(segment);
		switch (rtpr_hook_one(rn, segment, pf, true)) {
		case NF_STOLEN:
			break;
		case NF_ACCEPT:
			netif_rx(segment);
			break;
		default:
			kfree_skb(segment);
		}
	}
	return NF_STOLEN;
}

unsigned int rtpr_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (unlikely(skb_is_gso(skb)))
		return rtpr_hook_gso(priv, skb, state->pf);
	return rtpr_hook_one(priv, skb, state->pf, false);
}
