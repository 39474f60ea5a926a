// SPDX-License-Identifier: GPL-2.0-only
/*
 * hook.c - the path of a packet on one page: parse, find, admit, count, rewrite, send
 *
 * A packet that cannot be handled here is passed up: NF_ACCEPT leaves it unchanged, and the
 * daemon's socket receives it. Runs in softirq under rcu_read_lock(), which keeps flow, route and
 * neighbour alive; takes no reference, and no lock but the flow's.
 */
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/xfrm.h>

#include "account.h"
#include "admit.h"
#include "compat.h"
#include "counter.h"
#include "flow.h"
#include "hook.h"
#include "input.h"
#include "nl_event.h"
#include "packet.h"
#include "port.h"
#include "rewrite.h"
#include "state.h"
#include "tap.h"
#include "xmit.h"

/* From here on the packet belongs to the relay. NF_STOLEN: it was sent. */
static __always_inline unsigned int rtpr_forward(struct rtpr_net *rn, struct rtpr_flow *flow,
						 const struct rtpr_packet *pkt, struct sk_buff *skb,
						 const struct rtpr_route *route, u8 pf)
{
	struct net_device *dev = READ_ONCE(route->dst->dev);

	rtpr_totals_forwarded(rn->totals, pkt->payload_len);
	if (unlikely(flow->conf.flags & RTPRELAY_FLOW_TAP) && rtpr_tap(rn, skb))
		rtpr_count(rn, flow, RTPRELAY_C_TAPPED);
	/* Unshares the packet from packet sockets and the tap, and makes room for the headers. */
	if (unlikely(skb_cow(skb, rtpr_headroom(flow, dev)))) {
		rtpr_count(rn, flow, RTPRELAY_C_DROP_NOMEM);
		return NF_DROP;
	}
	rtpr_rewrite(skb, pkt, flow, pf);
	if (unlikely(!rtpr_xmit(skb, flow, route, dev)))
		rtpr_count(rn, flow, RTPRELAY_C_DROP_XMIT);
	return NF_STOLEN;
}

static __always_inline bool rtpr_too_long(const struct sk_buff *skb, const struct rtpr_flow *flow,
					  const struct rtpr_route *route)
{
	return skb->len + flow->grows > rtpr_route_mtu(route);
}

/*
 * May a socket have this packet, by the IPsec policies for what comes in? Else it goes up, and the
 * stack refuses it. Without policies this only reads their number.
 */
static __always_inline bool rtpr_policy_allows(struct sk_buff *skb, u8 pf)
{
	return xfrm_policy_check(NULL, XFRM_POLICY_IN, skb,
				 pf == NFPROTO_IPV4 ? AF_INET : AF_INET6);
}

/*
 * Return: RTPRELAY_C_UNSPEC, *route set: forward the packet; *route NULL: blocked media, drop it.
 * Else the counter that names the reason not to forward.
 */
static __always_inline enum rtprelay_counter
rtpr_check(const struct net *net, struct rtpr_flow *flow, const struct rtpr_packet *pkt,
	   struct sk_buff *skb, const struct rtpr_route **route, u8 pf)
{
	enum rtprelay_counter why = rtpr_flow_admits(flow, pkt, pf);

	if (unlikely(why))
		return why;
	if (unlikely(pkt->ttl <= 1))
		return RTPRELAY_C_DROP_TTL;
	if (unlikely(!rtpr_input_allows(net, flow, skb, pf)))
		return RTPRELAY_C_PASS_DEVICE;
	if (unlikely(!rtpr_policy_allows(skb, pf)))
		return RTPRELAY_C_PASS_POLICY;
	*route = NULL;
	if (unlikely(flow->conf.flags & RTPRELAY_FLOW_DROP))
		return RTPRELAY_C_UNSPEC;
	*route = rtpr_route(net, flow);
	if (unlikely(!*route))
		return RTPRELAY_C_PASS_ROUTE;
	if (unlikely(rtpr_too_long(skb, flow, *route)))
		return RTPRELAY_C_PASS_SIZE;
	return RTPRELAY_C_UNSPEC;
}

/* What the flow needs of the payload. Return: false, it cannot be read */
static __always_inline bool rtpr_packet_payload(struct rtpr_packet *pkt, struct sk_buff *skb,
						const struct rtpr_flow *flow)
{
	if (unlikely(flow->conf.kind == RTPRELAY_KIND_OPAQUE))
		return rtpr_packet_opaque(pkt, skb);
	return rtpr_packet_kind(pkt, skb, &flow->conf.port);
}

/* Parses the packet again, so that the packet path can keep its results in registers. */
static noinline int rtpr_refuse(struct rtpr_net *rn, struct rtpr_flow *flow, struct sk_buff *skb,
				u8 pf, bool segment)
{
	int verdict = rtpr_leave(rn, flow, segment, RTPRELAY_C_DROP_SOURCE);
	struct rtpr_endpoint local;
	struct rtpr_packet pkt;

	if (verdict == NF_DROP && rtpr_packet_parse(&pkt, &local, skb, pf) &&
	    rtpr_packet_payload(&pkt, skb, flow))
		rtpr_event_refused(flow, &pkt);
	return verdict;
}

/* As rtpr_refuse(): parses again. A segment enters the stack again, and is counted then. */
static noinline int rtpr_pass_type(struct rtpr_net *rn, struct rtpr_flow *flow, struct sk_buff *skb,
				   u8 pf, bool segment)
{
	int verdict = rtpr_leave(rn, flow, segment, RTPRELAY_C_PASS_PT);
	struct rtpr_endpoint local;
	struct rtpr_packet pkt;

	if (verdict == NF_ACCEPT && !segment && rtpr_packet_parse(&pkt, &local, skb, pf) &&
	    rtpr_packet_payload(&pkt, skb, flow))
		rtpr_account_passed(flow, &pkt.rtp);
	return verdict;
}

/* @flow was found for @pkt. Return: the verdict; -EAGAIN, the flow was replaced meanwhile */
static __always_inline int rtpr_use_flow(struct rtpr_net *rn, struct rtpr_flow *flow,
					 struct rtpr_packet *pkt, struct sk_buff *skb, u8 pf,
					 bool segment)
{
	const struct rtpr_route *route;
	enum rtprelay_counter why;

	if (!rtpr_packet_payload(pkt, skb, flow))
		return NF_ACCEPT;
	why = rtpr_check(rn->net, flow, pkt, skb, &route, pf);
	if (unlikely(why == RTPRELAY_C_DROP_SOURCE))
		return rtpr_refuse(rn, flow, skb, pf, segment);
	if (unlikely(why == RTPRELAY_C_PASS_PT))
		return rtpr_pass_type(rn, flow, skb, pf, segment);
	if (unlikely(why))
		return rtpr_leave(rn, flow, segment, why);
	if (unlikely(!rtpr_account(flow, pkt, skb)))
		return -EAGAIN;
	if (unlikely(!route)) {
		rtpr_totals_count(rn->totals, RTPRELAY_C_DROP_BLOCKED);
		return NF_DROP;
	}
	return rtpr_forward(rn, flow, pkt, skb, route, pf);
}

static __always_inline unsigned int rtpr_hook_one(struct rtpr_net *rn, struct sk_buff *skb, u8 pf,
						  bool segment)
{
	struct rtpr_endpoint local RTPR_UNINITIALIZED;
	struct rtpr_packet pkt RTPR_UNINITIALIZED;
	struct rtpr_flow *flow;
	int verdict;

	if (!rtpr_packet_parse(&pkt, &local, skb, pf))
		return NF_ACCEPT;
	do {
		flow = rtpr_flow_find(rn, &local, pf);
		if (!flow)
			return NF_ACCEPT; /* not the relay's, or not latched yet */
		verdict = rtpr_use_flow(rn, flow, &pkt, skb, pf, segment);
	} while (unlikely(verdict == -EAGAIN));
	return verdict;
}

/*
 * The whole path, once for each family, inlined into one function: so values stay in registers from
 * one part to the next.
 */
static noinline __attribute__((flatten)) unsigned int
rtpr_hook_one_ipv4(struct rtpr_net *rn, struct sk_buff *skb, bool segment)
{
	return rtpr_hook_one(rn, skb, NFPROTO_IPV4, segment);
}

static noinline __attribute__((flatten)) unsigned int
rtpr_hook_one_ipv6(struct rtpr_net *rn, struct sk_buff *skb, bool segment)
{
	return rtpr_hook_one(rn, skb, NFPROTO_IPV6, segment);
}

/*
 * Segments @skb; each segment keeps the link-layer header, since packet sockets and rules on MAC
 * addresses see the segments that are passed up. Return: the first segment; NULL: @skb cannot be
 * segmented, and is unchanged; -errno: it must be dropped, since a list of packets
 * (SKB_GSO_FRAGLIST) is taken apart in place, and its lengths are wrong
 */
static struct sk_buff *rtpr_segment(struct sk_buff *skb)
{
	bool list = skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST;
	unsigned int mac_len = skb->data - skb_mac_header(skb);
	struct sk_buff *segments, *segment;

	skb_push(skb, mac_len);
	segments = skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM);
	if (IS_ERR_OR_NULL(segments)) {
		skb_pull(skb, mac_len);
		return IS_ERR(segments) && list ? segments : NULL;
	}
	for (segment = segments; segment; segment = segment->next)
		skb_pull(segment, mac_len);
	consume_skb(skb);
	return segments;
}

/* @count: of its datagrams. Return: NF_DROP */
static unsigned int rtpr_drop_gso(struct rtpr_net *rn, struct rtpr_flow *flow, unsigned int count)
{
	while (count--)
		rtpr_count(rn, flow, RTPRELAY_C_DROP_NOMEM);
	return NF_DROP;
}

/*
 * Datagrams that GRO or the sender merged into one packet. Each is admitted and counted separately,
 * since a STUN check may be among the media. Their payload is not copied. Those that are not
 * forwarded enter the stack again, one at a time.
 */
static noinline unsigned int rtpr_hook_gso(struct rtpr_net *rn, struct sk_buff *skb, u8 pf)
{
	unsigned int count = skb_shinfo(skb)->gso_segs, verdict;
	struct sk_buff *segment, *next;
	struct rtpr_endpoint local;
	struct rtpr_packet pkt;
	struct rtpr_flow *flow;

	if (!(skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4) ||
	    !rtpr_packet_parse(&pkt, &local, skb, pf))
		return NF_ACCEPT;
	flow = rtpr_flow_find(rn, &local, pf);
	if (!flow)
		return NF_ACCEPT;
	segment = rtpr_segment(skb);
	if (!segment)
		return NF_ACCEPT;
	if (IS_ERR(segment))
		return rtpr_drop_gso(rn, flow, count);
	skb_list_walk_safe(segment, segment, next)
	{
		skb_mark_not_on_list(segment);
		verdict = pf == NFPROTO_IPV4 ? rtpr_hook_one_ipv4(rn, segment, true)
					     : rtpr_hook_one_ipv6(rn, segment, true);
		if (verdict == NF_ACCEPT)
			netif_rx(segment);
		else if (verdict != NF_STOLEN)
			kfree_skb(segment);
	}
	return NF_STOLEN;
}

/* Other UDP must be passed on before anything is set up for the path. */
unsigned int rtpr_hook_ipv4(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (rtpr_port_is_other(priv, skb, sizeof(struct iphdr)))
		return NF_ACCEPT;
	if (unlikely(skb_is_gso(skb)))
		return rtpr_hook_gso(priv, skb, NFPROTO_IPV4);
	return rtpr_hook_one_ipv4(priv, skb, false);
}

unsigned int rtpr_hook_ipv6(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (rtpr_port_is_other(priv, skb, sizeof(struct ipv6hdr)))
		return NF_ACCEPT;
	if (unlikely(skb_is_gso(skb)))
		return rtpr_hook_gso(priv, skb, NFPROTO_IPV6);
	return rtpr_hook_one_ipv6(priv, skb, false);
}
