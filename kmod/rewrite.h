/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rewrite.h - addresses, ports, TOS, TTL, checksums
 *
 * Checksums are only changed by the difference, so that the receiver still detects damage that
 * happened before. Between the IPv4 and IPv6 pseudo-headers only the addresses differ; length and
 * protocol add the same to both.
 */
#ifndef RTPR_REWRITE_H
#define RTPR_REWRITE_H

#include <net/inet_ecn.h>

#include "csum_wire.h"
#include "packet.h"
#include "state.h"

/* Replaces the IP header by one of the other family, with this TOS and TTL. */
void rtpr_exchange_header(struct sk_buff *skb, const struct rtpr_flow *flow, u8 tos, u8 ttl);

/*
 * The checksum of a packet that has none, whose checksum is left to a device, or with
 * CHECKSUM_COMPLETE.
 * @gain_addr: what the addresses add; @gain: what addresses and ports add
 */
void rtpr_write_odd_checksum(struct sk_buff *skb, const struct rtpr_flow *flow, u32 gain_addr,
			     u32 gain);

static inline u8 rtpr_tos(const struct rtpr_packet *pkt, const struct rtpr_flow *flow)
{
	return (pkt->tos & flow->tos_keep) | flow->tos_set;
}

/*
 * What the new addresses add to the checksum. flow->gain_addr includes the source if it is fixed.
 */
static __always_inline u32 rtpr_gain_addr(const struct rtpr_packet *pkt,
					  const struct rtpr_flow *flow, u8 pf)
{
	__be32 addr = rtpr_endpoint_ipv4(&pkt->src);

	if (flow->conf.src.family != AF_UNSPEC)
		return flow->gain_addr;
	if (pf == NFPROTO_IPV4)
		return flow->gain_addr + (u16)~csum_wire_sum_ipv4((__force u32)addr);
	return flow->gain_addr + (u16)~csum_wire_sum(&pkt->src.addr, sizeof(pkt->src.addr));
}

/* What the new ports add. */
static __always_inline u32 rtpr_gain_port(const struct rtpr_packet *pkt,
					  const struct rtpr_flow *flow)
{
	u32 gain = flow->gain_port;

	if (flow->conf.src.family == AF_UNSPEC)
		gain += (u16) ~(__force u16)pkt->src.port;
	return gain;
}

/* @gain: of the addresses */
static __always_inline void rtpr_write_ipv4(struct sk_buff *skb, const struct rtpr_packet *pkt,
					    const struct rtpr_flow *flow, u32 gain)
{
	const u16 one_hop = (__force u16)htons(0x0100); /* TTL is the upper half of its word */
	struct iphdr *iph = (struct iphdr *)skb->data;
	u8 tos = rtpr_tos(pkt, flow);

	if (unlikely(tos != pkt->tos)) {
		gain += (u16) ~(__force u16)htons(pkt->tos) + (__force u16)htons(tos);
		iph->tos = tos;
	}
	gain += (u16)~one_hop;
	iph->ttl = pkt->ttl - 1;
	iph->saddr = rtpr_endpoint_ipv4(&flow->conf.out);
	iph->daddr = rtpr_endpoint_ipv4(&flow->conf.dst);
	iph->check = (__force __sum16)csum_wire_change((__force u16)iph->check, gain);
}

static __always_inline void rtpr_write_ipv6(struct sk_buff *skb, const struct rtpr_packet *pkt,
					    const struct rtpr_flow *flow)
{
	struct ipv6hdr *ip6h = (struct ipv6hdr *)skb->data;

	ip6h->saddr = flow->conf.out.addr;
	ip6h->daddr = flow->conf.dst.addr;
	ip6h->hop_limit = pkt->ttl - 1;
	ipv6_change_dsfield(ip6h, INET_ECN_MASK, rtpr_tos(pkt, flow) & ~INET_ECN_MASK);
}

/* @off: of the UDP header, which may have moved with the IP header before it */
static __always_inline void rtpr_write_udp(struct sk_buff *skb, const struct rtpr_packet *pkt,
					   const struct rtpr_flow *flow, u32 gain_addr, u32 off)
{
	struct udphdr *uh = (struct udphdr *)(skb->data + off);
	u32 gain = gain_addr + rtpr_gain_port(pkt, flow);
	u16 check = (__force u16)uh->check;
	u8 summed = skb->ip_summed;

	uh->source = flow->conf.out.port;
	uh->dest = flow->conf.dst.port;
	if (likely(check && (summed == CHECKSUM_NONE || summed == CHECKSUM_UNNECESSARY)))
		uh->check = (__force __sum16)csum_wire_change_udp(check, gain);
	else
		rtpr_write_odd_checksum(skb, flow, gain_addr, gain);
}

/**
 * rtpr_rewrite() - rewrite the packet for sending: addresses, ports, TTL, DSCP, checksums
 * @skb: its headers are writable, with headroom for @flow->grows
 * @pf: of @pkt
 */
static __always_inline void rtpr_rewrite(struct sk_buff *skb, const struct rtpr_packet *pkt,
					 const struct rtpr_flow *flow, u8 pf)
{
	u32 gain = rtpr_gain_addr(pkt, flow, pf);

	if (unlikely(flow->grows))
		rtpr_exchange_header(skb, flow, rtpr_tos(pkt, flow), pkt->ttl - 1);
	else if (pf == NFPROTO_IPV4)
		rtpr_write_ipv4(skb, pkt, flow, gain);
	else
		rtpr_write_ipv6(skb, pkt, flow);
	/* The UDP header has not moved: skb->csum_start is still right. */
	rtpr_write_udp(skb, pkt, flow, gain, pkt->udp_off + flow->grows);
}

#endif
