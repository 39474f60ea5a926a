// SPDX-License-Identifier: GPL-2.0-only
/*
 * input.c - would a socket hear what comes by this device? Asks the stack
 */
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/xfrm.h>

#include "compat.h"
#include "input.h"

/*
 * The rule for sockets that are bound to a device, or are not. @master: the VRF that the packet's
 * device belongs to, if any; the stack will change to it.
 */
static bool rtpr_input_is_bound(const struct rtpr_flow *flow, struct sk_buff *skb,
				const struct net_device *master, u8 pf)
{
	int dif = skb->dev->ifindex;
	int sdif = pf == NFPROTO_IPV4 ? inet_sdif(skb) : inet6_sdif(skb);

	if (master) {
		sdif = dif;
		dif = master->ifindex;
	}
	return udp_sk_bound_dev_eq(flow->rn->net, flow->conf.iif, dif, sdif);
}

/* Is the destination this host's, and does the source pass rp_filter? As the stack decides. */
static bool rtpr_input_ipv4(struct sk_buff *skb, struct net_device *dev)
{
	const struct iphdr *iph = ip_hdr(skb);
	unsigned long refdst = skb->_skb_refdst; /* metadata of a tunnel */
	u16 flags = IPCB(skb)->flags;
	bool ok;

	skb->_skb_refdst = 0;
	ok = rtpr_route_input(skb, iph->daddr, iph->saddr, iph->tos, dev) &&
	     skb_rtable(skb)->rt_type == RTN_LOCAL;
	skb_dst_drop(skb);
	skb->_skb_refdst = refdst;
	IPCB(skb)->flags = flags;
	return ok;
}

static bool rtpr_input_ipv6(struct net *net, struct sk_buff *skb, struct net_device *dev)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	struct flowi6 fl6 = {
		.flowi6_iif = dev->ifindex,
		.daddr = ip6h->daddr,
		.saddr = ip6h->saddr,
		.flowlabel = ip6_flowinfo(ip6h),
		.flowi6_mark = skb->mark,
		.flowi6_proto = ip6h->nexthdr,
	};
	struct dst_entry *dst = ip6_route_input_lookup(net, dev, &fl6, skb, 0);
	bool ok = !dst->error && (((struct rt6_info *)dst)->rt6i_flags & RTF_LOCAL);

	dst_release(dst);
	return ok;
}

bool rtpr_input_ask(struct rtpr_flow *flow, struct sk_buff *skb, s64 state, u8 pf)
{
	struct net_device *master = l3mdev_master_dev_rcu(skb->dev);
	struct net_device *dev = master ?: skb->dev;
	bool ok;

	if (!rtpr_input_is_bound(flow, skb, master, pf))
		return false;
	if (skb_valid_dst(skb))
		return true; /* of this host: the stack does not look it up again either */
	ok = pf == NFPROTO_IPV4 ? rtpr_input_ipv4(skb, dev)
				: rtpr_input_ipv6(flow->rn->net, skb, dev);
	/* The answer is for this source; and rp_filter does not look at what came by IPsec. */
	if (ok && flow->conf.src.family != AF_UNSPEC && !secpath_exists(skb))
		atomic64_set(&flow->input, state);
	return ok;
}
