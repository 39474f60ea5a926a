/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * input.h - would a socket hear what comes by this device?
 *
 * A socket does not hear a source that rp_filter refuses on the device, an address that is not this
 * host's there, or another VRF than its own. The stack is asked once for each device that a flow's
 * packets come by; the answer holds until a route, a rule or an address of the namespace changes.
 */
#ifndef RTPR_INPUT_H
#define RTPR_INPUT_H

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <net/net_namespace.h>

#include "state.h"

/* Asks the stack. @state: to be stored if it says yes. Softirq, under rcu_read_lock(). */
bool rtpr_input_ask(struct rtpr_flow *flow, struct sk_buff *skb, s64 state, u8 pf);

/* The packet has the source of the flow, which is of @net. Softirq, under rcu_read_lock(). */
static __always_inline bool rtpr_input_allows(const struct net *net, struct rtpr_flow *flow,
					      struct sk_buff *skb, u8 pf)
{
	u32 routes = pf == NFPROTO_IPV4 ? rt_genid_ipv4(net) : rt_genid_ipv6(net);
	s64 state = (s64)routes << 32 | (u32)skb->dev->ifindex;

	return likely(atomic64_read(&flow->input) == state) || rtpr_input_ask(flow, skb, state, pf);
}

#endif
