// SPDX-License-Identifier: GPL-2.0-only
/*
 * packet.c - skb to struct rtpr_packet: endpoints, offsets, kind; changes nothing
 *
 * Whatever is not plain UDP over plain IP is not ours: the stack knows how to put fragments together and
 * what options mean, and the daemon's socket gets the packet from there.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>

#include "packet.h"

static bool rtpr_packet_parse_udp(struct rtpr_packet *pkt, struct sk_buff *skb)
{
	const struct udphdr *uh = (const struct udphdr *)(skb->data + pkt->udp_off);

	/* A shorter one would leave a tail that no checksum covers. */
	if (ntohs(uh->len) != skb->len - pkt->udp_off)
		return false;
	if (!uh->check && pkt->dst.family == AF_INET6)
		return false; /* RFC 8200, section 8.1: for the stack to refuse */
	pkt->src.port = uh->source;
	pkt->dst.port = uh->dest;
	pkt->payload_off = pkt->udp_off + sizeof(*uh);
	pkt->payload_len = skb->len - pkt->payload_off;
	return true;
}

static bool rtpr_packet_parse_ipv4(struct rtpr_packet *pkt, struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (iph->protocol != IPPROTO_UDP || iph->ihl != 5 || ip_is_fragment(iph))
		return false;
	if (!pskb_may_pull(skb, sizeof(*iph) + sizeof(struct udphdr)))
		return false;
	iph = ip_hdr(skb);
	rtpr_endpoint_set_ipv4(&pkt->src, iph->saddr, 0);
	rtpr_endpoint_set_ipv4(&pkt->dst, iph->daddr, 0);
	pkt->ttl = iph->ttl;
	pkt->tos = iph->tos;
	pkt->udp_off = sizeof(*iph);
	return rtpr_packet_parse_udp(pkt, skb);
}

static bool rtpr_packet_parse_ipv6(struct rtpr_packet *pkt, struct sk_buff *skb)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);

	if (ip6h->nexthdr != IPPROTO_UDP)
		return false;
	if (!pskb_may_pull(skb, sizeof(*ip6h) + sizeof(struct udphdr)))
		return false;
	ip6h = ipv6_hdr(skb);
	rtpr_endpoint_set_ipv6(&pkt->src, &ip6h->saddr, 0);
	rtpr_endpoint_set_ipv6(&pkt->dst, &ip6h->daddr, 0);
	pkt->ttl = ip6h->hop_limit;
	pkt->tos = ipv6_get_dsfield(ip6h);
	pkt->udp_off = sizeof(*ip6h);
	return rtpr_packet_parse_udp(pkt, skb);
}

bool rtpr_packet_parse(struct rtpr_packet *pkt, struct sk_buff *skb, u8 pf)
{
	/* Sent to another host's link-layer address, or to all: not to be passed on. */
	if (skb->pkt_type != PACKET_HOST)
		return false;
	if (pf == NFPROTO_IPV4)
		return rtpr_packet_parse_ipv4(pkt, skb);
	return rtpr_packet_parse_ipv6(pkt, skb);
}

bool rtpr_packet_kind(struct rtpr_packet *pkt, struct sk_buff *skb)
{
	if (!pskb_may_pull(skb, pkt->payload_off + min_t(u32, pkt->payload_len, RTP_WIRE_HEAD)))
		return false;
	rtp_wire_parse(skb->data + pkt->payload_off, pkt->payload_len, &pkt->rtp);
	return true;
}
