// SPDX-License-Identifier: GPL-2.0-only
/*
 * xmit.c - the route of a flow, IPv4 and IPv6
 */
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "compat.h"
#include "device.h"
#include "state.h"
#include "xmit.h"

/* Of the DSCP that is set. If packets keep their own, they may differ: all go the way of 0. */
static u8 rtpr_route_tos(const struct rtpr_flow_conf *conf)
{
	return conf->dscp == RTPR_DSCP_KEEP ? 0 : conf->dscp << 2;
}

static struct dst_entry *rtpr_lookup_ipv4(struct net *net, const struct rtpr_flow_conf *conf)
{
	struct flowi4 fl4 = {};
	struct rtable *rt;

	/* ANYSRC: the address may be absent for a moment. */
	flowi4_init_output(&fl4, conf->oif, conf->mark, rtpr_route_tos(conf), RT_SCOPE_UNIVERSE,
			   IPPROTO_UDP, FLOWI_FLAG_ANYSRC, rtpr_endpoint_ipv4(&conf->dst),
			   rtpr_endpoint_ipv4(&conf->out), conf->dst.port, conf->out.port,
			   conf->uid);
	rt = ip_route_output_key(net, &fl4);
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
		.flowi6_oif = conf->oif,
		.flowi6_mark = conf->mark,
		.flowi6_uid = conf->uid,
		.flowlabel = ip6_make_flowinfo(rtpr_route_tos(conf), 0),
		.flowi6_proto = IPPROTO_UDP,
		.fl6_sport = conf->out.port,
		.fl6_dport = conf->dst.port,
	};
	struct dst_entry *dst = ip6_dst_lookup_flow(net, NULL, &fl6, NULL);

	return IS_ERR(dst) ? NULL : dst;
}

static void rtpr_route_free(struct rtpr_route *route)
{
	if (route->neigh)
		neigh_release(route->neigh);
	dst_release(route->dst);
	kfree(route);
}

static void rtpr_route_free_rcu(struct rcu_head *rcu)
{
	rtpr_route_free(container_of(rcu, struct rtpr_route, rcu));
}

void rtpr_route_forget(struct rtpr_route *route)
{
	/* Else it was replaced a moment ago, and is about to be freed for that reason. */
	if (cmpxchg(&route->flow->route, RCU_INITIALIZER(route), NULL) == RCU_INITIALIZER(route))
		call_rcu(&route->rcu, rtpr_route_free_rcu);
}

void rtpr_route_end(struct rtpr_flow *flow)
{
	/* Its device may be going away. */
	struct rtpr_route *route = unrcu_pointer(xchg(&flow->route, NULL));

	if (!route)
		return;
	rtpr_device_del(flow->rn, &route->by_device);
	rtpr_route_free(route);
}

/* Two CPUs may do this at the same time; each frees the route that it replaced. */
static void rtpr_route_replace(struct rtpr_flow *flow, struct rtpr_route *route)
{
	struct rtpr_route *old = unrcu_pointer(xchg(&flow->route, RCU_INITIALIZER(route)));

	if (!old)
		return;
	rtpr_device_del(flow->rn, &old->by_device);
	call_rcu(&old->rcu, rtpr_route_free_rcu);
}

/* No IPsec, and no lightweight tunnel state, which adds labels or headers or runs a program. */
static bool rtpr_is_direct(const struct dst_entry *dst, bool ipv4)
{
	return dst->output == (ipv4 ? ip_output : ip6_output) && !dst->lwtstate;
}

/*
 * Stores the neighbour that the route names, and a reference: then the table does not give it up.
 * Softirq, under rcu_read_lock(). Return: false: no memory, or the table is full
 */
static bool rtpr_route_resolve(struct rtpr_route *route, const struct rtpr_flow_conf *conf,
			       struct net_device *dev)
{
	const struct rtable *rt = (const struct rtable *)route->dst;
	const struct rt6_info *rt6 = (const struct rt6_info *)route->dst;
	bool ipv4 = conf->out.family == AF_INET;
	struct neighbour *neigh;

	route->by_ipv6 = ipv4 && rt->rt_gw_family == AF_INET6;
	if (route->by_ipv6)
		neigh = ip_neigh_gw6(dev, &rt->rt_gw6);
	else if (ipv4)
		neigh = ip_neigh_gw4(dev, rt_nexthop(rt, rtpr_endpoint_ipv4(&conf->dst)));
	else
		neigh = ip_neigh_gw6(dev, rt6_nexthop(rt6, &conf->dst.addr));
	if (IS_ERR(neigh) || !refcount_inc_not_zero(&neigh->refcnt))
		return false;
	route->neigh = neigh;
	return true;
}

const struct rtpr_route *rtpr_route_renew(struct rtpr_flow *flow)
{
	struct net *net = flow->rn->net;
	struct rtpr_route *route = kzalloc(sizeof(*route), GFP_ATOMIC);
	bool ipv4 = flow->conf.out.family == AF_INET;
	struct net_device *dev;

	if (!route)
		return NULL;
	route->dst = ipv4 ? rtpr_lookup_ipv4(net, &flow->conf) : rtpr_lookup_ipv6(net, &flow->conf);
	if (!route->dst) {
		kfree(route);
		return NULL;
	}
	route->direct = rtpr_is_direct(route->dst, ipv4);
	route->mtu = ipv4 && route->direct ? dst_mtu(route->dst) : 0;
	route->cookie = ipv4 ? 0 : rt6_get_cookie((struct rt6_info *)route->dst);
	route->flow = flow;
	dev = READ_ONCE(route->dst->dev);
	if ((route->direct && !rtpr_route_resolve(route, &flow->conf, dev)) ||
	    !rtpr_device_add(flow->rn, dev, &route->by_device)) {
		rtpr_route_free(route);
		return NULL;
	}
	rtpr_route_replace(flow, route);
	return route;
}
