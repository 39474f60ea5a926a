/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_XMIT_H
#define RTPR_XMIT_H

#include <linux/rcupdate.h>
#include <net/dst.h>

#include "flow.h"
#include "rewrite.h"

/**
 * struct rtpr_route - a route as it was looked up
 * @dst:    one reference is held
 * @cookie: IPv6: tells dst_check() whether it is still true
 * Replaced as a whole and freed after a grace period, so that the path takes no reference per packet.
 */
struct rtpr_route {
	struct dst_entry *dst;
	u32 cookie;
	struct rcu_head rcu;
};

/* Looks the route up and keeps it. Return: NULL, there is none, or no memory */
struct dst_entry *rtpr_route_renew(struct rtpr_flow *flow);

/**
 * rtpr_route() - the flow's cached route, renewed if anything changed
 * Softirq, under rcu_read_lock(), which keeps it alive. Return: NULL, there is none (or no memory).
 */
static inline struct dst_entry *rtpr_route(struct rtpr_flow *flow)
{
	const struct rtpr_route *route = rcu_dereference(flow->route);

	if (likely(route && dst_check(route->dst, route->cookie)))
		return route->dst;
	return rtpr_route_renew(flow);
}

/* Nobody reads it any more. May be NULL. */
void rtpr_route_free(struct rtpr_route *route);

/* Headroom that sending by @dst takes, the link-layer header included. */
static inline unsigned int rtpr_headroom(const struct rtpr_flow *flow, const struct dst_entry *dst)
{
	return LL_RESERVED_SPACE(dst->dev) + max_t(int, flow->grows, 0);
}

/**
 * rtpr_xmit() - hand a rewritten packet to the output device
 * Softirq, under rcu_read_lock(). Takes @skb in any case.
 * Return: false, it was refused
 */
bool rtpr_xmit(struct sk_buff *skb, const struct rtpr_flow *flow, struct dst_entry *dst);

#endif
