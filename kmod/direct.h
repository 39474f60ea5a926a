/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * direct.h - hand a packet to the driver's queue, without the layer between
 *
 * dev_queue_xmit() costs more than all that is done here before it, and for most packets it does
 * nothing. Where this layer would do something, rtpr_direct() says no, and the packet takes it.
 */
#ifndef RTPR_DIRECT_H
#define RTPR_DIRECT_H

#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <net/neighbour.h>

#include "compat.h"

/* Traffic control and rules of nftables at the egress of the device see each packet. */
static __always_inline bool rtpr_has_egress(const struct net_device *dev)
{
#ifdef CONFIG_NETFILTER_EGRESS
	if (rcu_access_pointer(dev->nf_hooks_egress))
		return true;
#endif
#ifdef RTPR_HAS_TCX
#ifdef CONFIG_NET_XGRESS
	if (rcu_access_pointer(dev->tcx_egress))
		return true;
#endif
#elif defined(CONFIG_NET_CLS_ACT)
	if (rcu_access_pointer(dev->miniq_egress))
		return true;
#endif
	return false;
}

/*
 * Can the driver send it as it is? Else it is copied, summed or tagged before. It is not GSO: the
 * hook takes such packets apart.
 */
static __always_inline bool rtpr_is_ready(const struct sk_buff *skb)
{
	return !skb_is_nonlinear(skb) && skb->ip_summed != CHECKSUM_PARTIAL &&
	       !skb_vlan_tag_present(skb);
}

/**
 * rtpr_direct() - would dev_queue_xmit() only hand this packet to the driver's queue?
 * Not if packet sockets (tcpdump) want a copy, a rule may see it, the driver needs it in another
 * form, or the device wants its route.
 */
static __always_inline bool rtpr_direct(const struct sk_buff *skb, struct net_device *dev)
{
	return likely(rtpr_is_ready(skb)) && likely(dev->priv_flags & IFF_XMIT_DST_RELEASE) &&
	       likely(!rtpr_has_egress(dev)) && likely(!rtpr_nit_active(dev));
}

/**
 * rtpr_direct_header() - puts the neighbour's cached link-layer header before the packet
 * Return: false: there is none, or it is long; the packet is unchanged
 * The headroom is that of rtpr_headroom().
 */
static __always_inline bool rtpr_direct_header(struct sk_buff *skb, const struct neighbour *neigh)
{
	const struct hh_cache *hh = &neigh->hh;
	unsigned int seq, len;

	if (unlikely(!(READ_ONCE(neigh->nud_state) & NUD_CONNECTED)) ||
	    unlikely(skb_headroom(skb) < HH_DATA_MOD))
		return false;
	do {
		seq = read_seqbegin(&hh->hh_lock);
		len = READ_ONCE(hh->hh_len);
		if (unlikely(!len || len > HH_DATA_MOD))
			return false;
		/* The header ends where the packet begins; what is before it does not matter. */
		memcpy(skb->data - HH_DATA_MOD, hh->hh_data, HH_DATA_MOD);
	} while (read_seqretry(&hh->hh_lock, seq));
	__skb_push(skb, len);
	skb_reset_mac_header(skb);
	return true;
}

/**
 * rtpr_direct_xmit() - sends a packet for which rtpr_direct() and rtpr_direct_header() are true
 * With a queueing discipline only if it may be bypassed and is empty, as dev_queue_xmit() does;
 * where a queue is stopped or held by this CPU, by dev_queue_xmit(). Softirq. Consumes @skb.
 * Return: as dev_queue_xmit()
 */
int rtpr_direct_xmit(struct sk_buff *skb, struct net_device *dev);

#endif
