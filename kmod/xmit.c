// SPDX-License-Identifier: GPL-2.0-only
/*
 * xmit.c - route and hand to the stack, IPv4 and IPv6
 *
 * A packet goes from the neighbour entry straight to its device, past the OUTPUT, FORWARD and POSTROUTING
 * hooks, as a packet of a flowtable does: what may be relayed was decided when the flow was set, and no
 * connection tracking or source NAT may get at it. Traffic control, queueing and the devices' egress
 * hooks see it. A route that does more than name a neighbour (IPsec, tunnels made by routes, VRF) is
 * used by its own output function.
 */
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "compat.h"
#include "flow.h"
#include "net.h"
#include "rewrite.h"
#include "xmit.h"

static struct dst_entry *rtpr_lookup_ipv4(struct net *net, const struct rtpr_flow_conf *conf)
{
	struct flowi4 fl4 = {
		.daddr = rtpr_endpoint_ipv4(&conf->dst),
		.saddr = rtpr_endpoint_ipv4(&conf->out),
		.flowi4_proto = IPPROTO_UDP,
		.flowi4_flags = FLOWI_FLAG_ANYSRC, /* an address that is about to come back */
		.fl4_sport = conf->out.port,
		.fl4_dport = conf->dst.port,
	};
	struct rtable *rt = ip_route_output_key(net, &fl4);

	if (IS_ERR(rt))
		return NULL;
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);
		return NULL;
	}
	return &rt->dst;
}

static struct dst_entry *rtpr_lookup_ipv6(struct net *net, const struct rtpr_flow_conf *conf)
{
	struct flowi6 fl6 = {
		.daddr = conf->dst.addr,
		.saddr = conf->out.addr,
		.flowi6_proto = IPPROTO_UDP,
		.fl6_sport = conf->out.port,
		.fl6_dport = conf->dst.port,
	};
	struct dst_entry *dst = ip6_dst_lookup_flow(net, NULL, &fl6, NULL);

	return IS_ERR(dst) ? NULL : dst;
}

void rtpr_route_free(struct rtpr_route *route)
{
	if (!route)
		return;
	dst_release(route->dst);
	kfree(route);
}

static void rtpr_route_free_rcu(struct rcu_head *rcu)
{
	rtpr_route_free(container_of(rcu, struct rtpr_route, rcu));
}

struct dst_entry *rtpr_route_renew(struct rtpr_flow *flow)
{
	struct net *net = flow->rn->net;
	struct rtpr_route *route = kmalloc(sizeof(*route), GFP_ATOMIC);
	bool ipv4 = flow->conf.out.family == AF_INET;
	struct rtpr_route *old;

	if (!route)
		return NULL;
	route->dst = ipv4 ? rtpr_lookup_ipv4(net, &flow->conf) : rtpr_lookup_ipv6(net, &flow->conf);
	if (!route->dst) {
		kfree(route);
		return NULL;
	}
	route->cookie = ipv4 ? 0 : rt6_get_cookie((struct rt6_info *)route->dst);
	/* Two CPUs may be here at once; each frees what it took out. */
	old = unrcu_pointer(xchg(&flow->route, RCU_INITIALIZER(route)));
	if (old)
		call_rcu(&old->rcu, rtpr_route_free_rcu);
	return route->dst;
}

/* What the receiving side left on the packet must not be taken for the sending side's. */
static void rtpr_scrub(struct sk_buff *skb, struct dst_entry *dst)
{
	skb_orphan(skb);
	nf_reset_ct(skb);
	skb_ext_reset(skb);
	skb_clear_tstamp(skb);
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, dst);
	skb->dev = dst->dev;
}

static int rtpr_xmit_ipv4(struct sk_buff *skb, struct dst_entry *dst)
{
	struct rtable *rt = (struct rtable *)dst;
	struct neighbour *neigh;
	bool other_family = false;

	skb->priority = rt_tos2priority(ip_hdr(skb)->tos);
	neigh = ip_neigh_for_gw(rt, skb, &other_family);
	if (IS_ERR(neigh)) {
		kfree_skb(skb);
		return PTR_ERR(neigh);
	}
	return neigh_output(neigh, skb, other_family);
}

static int rtpr_xmit_ipv6(struct sk_buff *skb, struct dst_entry *dst)
{
	const struct in6_addr *nexthop = rt6_nexthop((struct rt6_info *)dst, &ipv6_hdr(skb)->daddr);
	struct neighbour *neigh = ip_neigh_gw6(dst->dev, nexthop);

	if (IS_ERR(neigh)) {
		kfree_skb(skb);
		return PTR_ERR(neigh);
	}
	return neigh_output(neigh, skb, false);
}

bool rtpr_xmit(struct sk_buff *skb, const struct rtpr_flow *flow, struct dst_entry *dst)
{
	int err;

	rtpr_scrub(skb, dst);
	if (dst->output == ip_output)
		err = rtpr_xmit_ipv4(skb, dst);
	else if (dst->output == ip6_output)
		err = rtpr_xmit_ipv6(skb, dst);
	else
		err = dst_output(flow->rn->net, NULL, skb);
	return err >= 0 && net_xmit_eval(err) == 0;
}
