/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xmit.h - send a packet by the flow's route
 *
 * A packet goes from the neighbour entry directly to its device and bypasses the OUTPUT, FORWARD
 * and POSTROUTING hooks, as with a flowtable: permission was decided when the flow was set, and
 * connection tracking or source NAT must not change the packet. Traffic control, queueing and the
 * devices' egress hooks see it; where there are none, direct.h leaves that layer out, too. For a
 * route that does more than name a neighbour (IPsec, labels and tunnels of routes, VRF) its own
 * output function is called.
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
#include "direct.h"
#include "state.h"

/**
 * struct rtpr_route - the result of a route lookup
 * @dst:    one reference is held
 * @cookie: IPv6: for dst_check(), whether the route is still valid
 * @direct: the route only names a neighbour
 * @mtu:    its MTU, if @direct and IPv4: valid as long as the route, until an ICMP error reports a
 *          smaller one on the path
 * @neigh:  if @direct: one reference is held
 * @by_ipv6: if @direct: IPv4 by a neighbour with an IPv6 address
 * @flow:   whose route it is
 * @by_device: in the list of its device, see device.c
 * Replaced as a whole and freed after a grace period, so that the path takes no reference per
 * packet.
 */
struct rtpr_route {
	struct dst_entry *dst;
	u32 cookie;
	u32 mtu;
	bool direct, by_ipv6;
	struct neighbour *neigh;
	struct rtpr_flow *flow;
	struct list_head by_device;
	struct rcu_head rcu;
};

/* Looks the route up and stores it. Return: NULL, no route or no memory */
const struct rtpr_route *rtpr_route_renew(struct rtpr_flow *flow);

/* As dst_check(), which calls a function: for IPv4 its conditions are here. */
static __always_inline bool rtpr_route_holds(const struct rtpr_route *route, const struct net *net)
{
	const struct rtable *rt = (const struct rtable *)route->dst;

	if (likely(route->direct) && unlikely(READ_ONCE(route->neigh->dead)))
		return false;
	if (likely(route->mtu))
		return READ_ONCE(rt->dst.obsolete) == DST_OBSOLETE_FORCE_CHK &&
		       rt->rt_genid == rt_genid_ipv4(net);
	return dst_check(route->dst, route->cookie);
}

/**
 * rtpr_route() - the flow's cached route, looked up again if it is outdated
 * @net: of the flow
 * Softirq, under rcu_read_lock(), which keeps it alive. Return: NULL, no route or no memory.
 */
static inline const struct rtpr_route *rtpr_route(const struct net *net, struct rtpr_flow *flow)
{
	const struct rtpr_route *route = rcu_dereference(flow->route);

	if (likely(route) && likely(rtpr_route_holds(route, net)))
		return route;
	return rtpr_route_renew(flow);
}

static inline u32 rtpr_route_mtu(const struct rtpr_route *route)
{
	if (likely(route->mtu) && likely(!((const struct rtable *)route->dst)->rt_pmtu))
		return route->mtu;
	return dst_mtu(route->dst);
}

/*
 * Releases a route that its device has forgotten, if it is still the flow's; the next packet looks
 * one up again. Under the lock of rtpr_net.devices, which keeps the flow alive: a flow's route is
 * forgotten by the device before the flow is freed.
 */
void rtpr_route_forget(struct rtpr_route *route);

/* Releases the flow's cached route. The flow has no users any more. */
void rtpr_route_end(struct rtpr_flow *flow);

/* Headroom for sending by @dev, the link-layer header included. */
static inline unsigned int rtpr_headroom(const struct rtpr_flow *flow, const struct net_device *dev)
{
	return LL_RESERVED_SPACE(dev) + flow->headroom;
}

/* A socket, a connection, a route or a time stamp: few packets have one of them. */
static __always_inline bool rtpr_is_marked(const struct sk_buff *skb)
{
	return (unsigned long)skb->destructor | (unsigned long)skb->sk | skb_get_nfct(skb) |
	       skb->_skb_refdst | (u64)skb->tstamp;
}

/* Clears metadata of reception that would be misread on transmission. */
static __always_inline void rtpr_scrub(struct sk_buff *skb, struct net_device *dev)
{
	if (unlikely(rtpr_is_marked(skb))) {
		skb_orphan(skb);
		nf_reset_ct(skb);
		skb_clear_tstamp(skb);
		skb_dst_drop(skb);
	}
	skb_ext_reset(skb);
	skb->dev = dev;
}

/* Directly to the neighbour. */
static __always_inline int rtpr_xmit_direct(struct sk_buff *skb, const struct rtpr_route *route,
					    struct net_device *dev, bool ipv4)
{
	if (ipv4)
		skb->priority = rt_tos2priority(((const struct iphdr *)skb->data)->tos);
	/* A neighbour's cached link-layer header is only valid for its own address family. */
	if (likely(!route->by_ipv6) && rtpr_direct(skb, dev) &&
	    likely(rtpr_direct_header(skb, route->neigh)))
		return rtpr_direct_xmit(skb, dev);
	skb_dst_set_noref(skb, route->dst);
	return neigh_output(route->neigh, skb, route->by_ipv6);
}

/**
 * rtpr_xmit() - send a rewritten packet
 * @dev: of the route, read once for each packet: when the device goes away, another one replaces it
 * Softirq, under rcu_read_lock(). Consumes @skb in any case.
 * Return: false, it was refused
 */
static __always_inline bool rtpr_xmit(struct sk_buff *skb, const struct rtpr_flow *flow,
				      const struct rtpr_route *route, struct net_device *dev)
{
	int err;

	rtpr_scrub(skb, dev);
	if (unlikely(!route->direct)) {
		skb_dst_set_noref(skb, route->dst);
		err = dst_output(flow->rn->net, NULL, skb);
	} else {
		err = rtpr_xmit_direct(skb, route, dev, flow->conf.out.family == AF_INET);
	}
	return err >= 0 && net_xmit_eval(err) == 0;
}

#endif
