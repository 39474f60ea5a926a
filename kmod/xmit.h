/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_XMIT_H
#define RTPR_XMIT_H

#include <linux/rcupdate.h>
#include <net/dst.h>

struct net;
struct rtpr_flow;

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

/**
 * rtpr_route() - the flow's cached route, renewed if anything changed
 * Softirq, under rcu_read_lock(), which keeps it alive. Return: NULL, there is none (or no memory).
 */
struct dst_entry *rtpr_route(struct rtpr_flow *flow);

/* Nobody reads it any more. May be NULL. */
void rtpr_route_free(struct rtpr_route *route);

/* Headroom that sending by @dst takes, the link-layer header included. */
unsigned int rtpr_headroom(const struct rtpr_flow *flow, const struct dst_entry *dst);

/**
 * rtpr_xmit() - hand a rewritten packet to the output device
 * Softirq, under rcu_read_lock(). Takes @skb in any case.
 * Return: false, it was refused
 */
bool rtpr_xmit(struct sk_buff *skb, const struct rtpr_flow *flow, struct dst_entry *dst);

#endif
