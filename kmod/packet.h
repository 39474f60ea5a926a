/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * packet.h - skb to struct rtpr_packet: endpoints, offsets, kind; changes nothing
 *
 * Only plain UDP over plain IP is handled here. The stack reassembles fragments and processes
 * options, and the daemon's socket receives such packets from it.
 *
 * Inline, as all code that each packet passes: so the results stay in registers of the hook.
 */
#ifndef RTPR_PACKET_H
#define RTPR_PACKET_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>

#include "endpoint.h"
#include "rtp_wire.h"
#include "udptl_wire.h"

/**
 * struct rtpr_packet - what the rest of the packet path needs
 * @udp_off:	 of the UDP header, from skb->data
 * @payload_off: of the UDP payload, from skb->data
 * @payload_len: of the UDP payload
 * @ttl:	 or hop limit, as received
 * @tos:	 or traffic class, as received
 * Offsets, never pointers: the headers move when a packet is made writable. The local endpoint is
 * not in here: the lookup of a flow takes its address, and a struct whose address is taken cannot
 * stay in registers.
 */
struct rtpr_packet {
	struct rtpr_endpoint src;
	struct rtp_wire rtp;
	u32 udp_off, payload_off, payload_len;
	u8 ttl, tos;
};

/*
 * Is the checksum that is left to the device that of UDP? A virtual machine may request any other.
 */
static inline bool rtpr_packet_sum_is_udp(const struct rtpr_packet *pkt, const struct sk_buff *skb)
{
	return skb_checksum_start_offset(skb) == pkt->udp_off &&
	       skb->csum_offset == offsetof(struct udphdr, check);
}

static __always_inline bool rtpr_packet_parse_udp(struct rtpr_packet *pkt,
						  struct rtpr_endpoint *local,
						  const struct sk_buff *skb)
{
	const struct udphdr *uh = (const struct udphdr *)(skb->data + pkt->udp_off);

	/* With a shorter length, no checksum would cover the rest of the packet. */
	if (ntohs(uh->len) != skb->len - pkt->udp_off)
		return false;
	if (!uh->check && local->family == AF_INET6)
		return false; /* RFC 8200, section 8.1: for the stack to refuse */
	if (unlikely(skb->ip_summed == CHECKSUM_PARTIAL) && !rtpr_packet_sum_is_udp(pkt, skb))
		return false;
	pkt->src.port = uh->source;
	local->port = uh->dest;
	pkt->payload_off = pkt->udp_off + sizeof(*uh);
	pkt->payload_len = skb->len - pkt->payload_off;
	return true;
}

static __always_inline bool rtpr_packet_parse_ipv4(struct rtpr_packet *pkt,
						   struct rtpr_endpoint *local, struct sk_buff *skb)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;

	if (iph->protocol != IPPROTO_UDP || iph->ihl != 5 || ip_is_fragment(iph))
		return false;
	if (!pskb_may_pull(skb, sizeof(*iph) + sizeof(struct udphdr)))
		return false;
	iph = (const struct iphdr *)skb->data;
	rtpr_endpoint_set_ipv4(&pkt->src, iph->saddr, 0);
	rtpr_endpoint_set_ipv4(local, iph->daddr, 0);
	pkt->ttl = iph->ttl;
	pkt->tos = iph->tos;
	pkt->udp_off = sizeof(*iph);
	return rtpr_packet_parse_udp(pkt, local, skb);
}

static __always_inline bool rtpr_packet_parse_ipv6(struct rtpr_packet *pkt,
						   struct rtpr_endpoint *local, struct sk_buff *skb)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)skb->data;

	if (ip6h->nexthdr != IPPROTO_UDP)
		return false;
	if (!pskb_may_pull(skb, sizeof(*ip6h) + sizeof(struct udphdr)))
		return false;
	ip6h = (const struct ipv6hdr *)skb->data;
	rtpr_endpoint_set_ipv6(&pkt->src, &ip6h->saddr, 0);
	rtpr_endpoint_set_ipv6(local, &ip6h->daddr, 0);
	pkt->ttl = ip6h->hop_limit;
	pkt->tos = ipv6_get_dsfield(ip6h);
	pkt->udp_off = sizeof(*ip6h);
	return rtpr_packet_parse_udp(pkt, local, skb);
}

/**
 * rtpr_packet_parse() - parse an IPv4 or IPv6 packet, up to the UDP header
 * @local: gets the endpoint that it was sent to
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6; @skb->data is at its header, which the stack has checked
 * Return: false, leave it to the stack: not UDP, a fragment, has options or extension headers, ...
 */
static __always_inline bool rtpr_packet_parse(struct rtpr_packet *pkt, struct rtpr_endpoint *local,
					      struct sk_buff *skb, u8 pf)
{
	/* Sent to another host's link-layer address, or to all hosts: must not be forwarded. */
	if (skb->pkt_type != PACKET_HOST)
		return false;
	if (pf == NFPROTO_IPV4)
		return rtpr_packet_parse_ipv4(pkt, local, skb);
	return rtpr_packet_parse_ipv6(pkt, local, skb);
}

/* Makes what tells the kind readable, in a packet of several pieces. Return: false, it cannot be */
static inline bool rtpr_packet_pull(const struct rtpr_packet *pkt, struct sk_buff *skb,
				    const struct rtp_port *port)
{
	if (!pskb_may_pull(skb, pkt->payload_off + min_t(u32, pkt->payload_len, RTP_WIRE_HEAD)))
		return false;
	return !rtp_wire_in_doubt(skb->data + pkt->payload_off, pkt->payload_len, port) ||
	       pskb_may_pull(skb, pkt->payload_off + pkt->payload_len);
}

/**
 * rtpr_packet_kind() - classify the UDP payload
 * @port: the flow's
 * Return: false, it cannot be read
 */
static __always_inline bool rtpr_packet_kind(struct rtpr_packet *pkt, struct sk_buff *skb,
					     const struct rtp_port *port)
{
	if (unlikely(skb_is_nonlinear(skb)) && !rtpr_packet_pull(pkt, skb, port))
		return false;
	rtp_wire_parse(skb->data + pkt->payload_off, pkt->payload_len, port, &pkt->rtp);
	return true;
}

/**
 * rtpr_packet_opaque() - reads the first 16 bits, which are the number of UDPTL, of a packet of
 * UDPTL_MIN bytes or more: into @pkt->rtp.seq
 * Return: false, it cannot be read
 */
static __always_inline bool rtpr_packet_opaque(struct rtpr_packet *pkt, struct sk_buff *skb)
{
	pkt->rtp = (struct rtp_wire){ .kind = RTP_KIND_OTHER };
	if (pkt->payload_len < UDPTL_MIN)
		return true;
	if (!pskb_may_pull(skb, pkt->payload_off + UDPTL_MIN))
		return false;
	pkt->rtp.seq = udptl_wire_seq(skb->data + pkt->payload_off);
	return true;
}

#endif
