/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xmit.h - hand a packet to the stack, by the flow's route
 *
 * A packet goes from the neighbour entry straight to its device, past the OUTPUT, FORWARD and POSTROUTING
 * hooks, as a packet of a flowtable does: what may be relayed was decided when the flow was set, and no
 * connection tracking or source NAT may get at it. Traffic control, queueing and the devices' egress
 * hooks see it. A route that does more than name a neighbour (IPsec, labels and tunnels made by routes,
 * VRF) is used by its own output function.
 */
#ifndef RTPR_XMIT_H
#define RTPR_XMIT_H

#include <linux/rcupdate.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ndisc.h>
#include <net/neighbour.h>
#include <net/route.h>

#include "compat.h"
#include "state.h"

/**
 * struct rtpr_route - a route as it was looked up
 * @dst:    one reference is held
 * @cookie: IPv6: tells dst_check() whether it is still true
 * @direct: it does no more than name a neighbour
 * @mtu:    its MTU, if @direct, and IPv4: there it holds as long as the route does and nobody told of a smaller
 *	one on the path
 * Replaced as a whole and freed after a grace period, so that the path takes no reference per packet.
 */
struct rtpr_route {
	struct dst_entry *dst;
	u32 cookie;
	u32 mtu;
	bool direct;
	struct rcu_head rcu;
};

/* Looks the route up and keeps it. Return: NULL, there is none, or no memory */
const struct rtpr_route *rtpr_route_renew(struct rtpr_flow *flow);

/**
 * rtpr_route() - the flow's cached route, renewed if anything changed
 * Softirq, under rcu_read_lock(), which keeps it alive. Return: NULL, there is none (or no memory).
 */
static inline const struct rtpr_route *rtpr_route(struct rtpr_flow *flow)
{
	const struct rtpr_route *route = rcu_dereference(flow->route);

	if (likely(route && dst_check(route->dst, route->cookie)))
		return route;
	return rtpr_route_renew(flow);
}

static inline u32 rtpr_route_mtu(const struct rtpr_route *route)
{
	if (likely(route->mtu) && likely(!((const struct rtable *)route->dst)->rt_pmtu))
		return route->mtu;
	return dst_mtu(route->dst);
}

/* The flow's cached route ends; the next packet looks for another. */
void rtpr_route_forget(struct rtpr_flow *flow);

/* Nobody reads it any more. May be NULL. */
void rtpr_route_free(struct rtpr_route *route);

/* Headroom that sending by @dst takes, the link-layer header included. */
static inline unsigned int rtpr_headroom(const struct rtpr_flow *flow, const struct dst_entry *dst)
{
	return LL_RESERVED_SPACE(dst->dev) + flow->headroom;
}

/* What the receiving side left on the packet must not be taken for the sending side's. */
static __always_inline void rtpr_scrub(struct sk_buff *skb, struct dst_entry *dst)
{
	skb_orphan(skb);
	nf_reset_ct(skb);
	skb_ext_reset(skb);
	skb_clear_tstamp(skb);
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, dst);
	skb->dev = dst->dev;
}

/* Straight to the neighbour. */
static __always_inline int rtpr_xmit_direct(struct sk_buff *skb, struct dst_entry *dst, bool ipv4)
{
	const struct rtable *rt = (const struct rtable *)dst;
	bool by_ipv6 = ipv4 && rt->rt_gw_family == AF_INET6;
	struct neighbour *neigh;

	if (ipv4)
		skb->priority = rt_tos2priority(ip_hdr(skb)->tos);
	if (unlikely(by_ipv6))
		neigh = ip_neigh_gw6(dst->dev, &rt->rt_gw6);
	else if (ipv4)
		neigh = ip_neigh_gw4(dst->dev, rt_nexthop(rt, ip_hdr(skb)->daddr));
	else
		neigh = ip_neigh_gw6(
			dst->dev, rt6_nexthop((const struct rt6_info *)dst, &ipv6_hdr(skb)->daddr));
	if (IS_ERR(neigh)) {
		kfree_skb(skb);
		return PTR_ERR(neigh);
	}
	/* The link-layer header that a neighbour keeps ready is that of its own family. */
	return neigh_output(neigh, skb, by_ipv6);
}

/**
 * rtpr_xmit() - hand a rewritten packet to the output device
 * Softirq, under rcu_read_lock(). Takes @skb in any case.
 * Return: false, it was refused
 */
static __always_inline bool rtpr_xmit(struct sk_buff *skb, const struct rtpr_flow *flow,
				      const struct rtpr_route *route)
{
	struct dst_entry *dst = route->dst;
	int err;

	rtpr_scrub(skb, dst);
	if (unlikely(!route->direct))
		err = dst_output(flow->rn->net, NULL, skb);
	else
		err = rtpr_xmit_direct(skb, dst, flow->conf.out.family == AF_INET);
	return err >= 0 && net_xmit_eval(err) == 0;
}

#endif
