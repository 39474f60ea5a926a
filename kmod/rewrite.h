/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_REWRITE_H
#define RTPR_REWRITE_H

#include <linux/ip.h>
#include <linux/ipv6.h>

#include "flow.h"
#include "packet.h"

/* What the IP header of a packet of this flow grows by; negative: shrinks. */
static inline int rtpr_flow_grows(const struct rtpr_flow *flow)
{
	const int header = sizeof(struct ipv6hdr) - sizeof(struct iphdr);

	return ((flow->conf.out.family == AF_INET6) - (flow->conf.local.family == AF_INET6)) *
	       header;
}

/**
 * rtpr_rewrite() - make it the packet that the relay sends: addresses, ports, TTL, DSCP, checksums
 * @skb: its headers are writable, with headroom for rtpr_flow_grows()
 */
void rtpr_rewrite(struct sk_buff *skb, const struct rtpr_packet *pkt, const struct rtpr_flow *flow);

#endif
