// SPDX-License-Identifier: GPL-2.0-only
/*
 * rewrite.c - addresses, ports, TOS, TTL, checksums; from IPv4 to IPv6 and back
 *
 * The UDP checksum is only ever changed by the difference, so that damage done on the way here is still
 * found by the receiver. Of an IPv4 address in an IPv6 pseudo-header the words count that differ; length
 * and protocol add the same in both.
 */
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "rewrite.h"

static u8 rtpr_tos(const struct rtpr_packet *pkt, const struct rtpr_flow *flow)
{
	return (pkt->tos & flow->tos_keep) | flow->tos_set;
}

static void rtpr_write_ipv4(struct sk_buff *skb, const struct rtpr_packet *pkt,
			    const struct rtpr_flow *flow)
{
	struct iphdr *iph = ip_hdr(skb);

	iph->saddr = rtpr_endpoint_ipv4(&flow->conf.out);
	iph->daddr = rtpr_endpoint_ipv4(&flow->conf.dst);
	iph->ttl = pkt->ttl - 1;
	iph->tos = rtpr_tos(pkt, flow);
	/* The stack has verified the old one. */
	iph->check = 0;
	iph->check = ip_fast_csum(iph, 5);
}

static void rtpr_write_ipv6(struct sk_buff *skb, const struct rtpr_packet *pkt,
			    const struct rtpr_flow *flow)
{
	struct ipv6hdr *ip6h = ipv6_hdr(skb);

	ip6h->saddr = flow->conf.out.addr;
	ip6h->daddr = flow->conf.dst.addr;
	ip6h->hop_limit = pkt->ttl - 1;
	ipv6_change_dsfield(ip6h, INET_ECN_MASK, rtpr_tos(pkt, flow) & ~INET_ECN_MASK);
}

/* An IPv6 header in front, instead of the IPv4 one (RFC 7915, section 4.1; no fragments come here). */
static void rtpr_exchange_ipv4(struct sk_buff *skb, const struct rtpr_packet *pkt)
{
	struct ipv6hdr *ip6h;

	skb_push(skb, sizeof(*ip6h) - sizeof(struct iphdr));
	skb_reset_network_header(skb);
	ip6h = ipv6_hdr(skb);
	ip6_flow_hdr(ip6h, pkt->tos, 0);
	ip6h->payload_len = htons(skb->len - sizeof(*ip6h));
	ip6h->nexthdr = IPPROTO_UDP;
	skb->protocol = htons(ETH_P_IPV6);
	memset(skb->cb, 0, sizeof(struct inet6_skb_parm));
}

/* And back (section 5.1). Never to be fragmented: IPv6 senders do not expect it, nor need an ID. */
static void rtpr_exchange_ipv6(struct sk_buff *skb)
{
	struct iphdr *iph;

	skb_pull(skb, sizeof(struct ipv6hdr) - sizeof(*iph));
	skb_reset_network_header(skb);
	iph = ip_hdr(skb);
	*(__be16 *)iph = htons(0x4500);
	iph->tot_len = htons(skb->len);
	iph->id = 0;
	iph->frag_off = htons(IP_DF);
	iph->protocol = IPPROTO_UDP;
	skb->protocol = htons(ETH_P_IP);
	memset(skb->cb, 0, sizeof(struct inet_skb_parm));
}

/* No checksum was made by the IPv4 sender; IPv6 wants one (RFC 8200, section 8.1). */
static void rtpr_make_checksum(struct sk_buff *skb, struct udphdr *uh)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	int len = ntohs(uh->len);
	__wsum sum = skb_checksum(skb, sizeof(*ip6h), len, 0);

	uh->check = csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len, IPPROTO_UDP, sum);
	if (!uh->check)
		uh->check = CSUM_MANGLED_0;
}

static __wsum rtpr_csum_source(const struct rtpr_packet *pkt)
{
	if (pkt->src.family == AF_INET)
		return (__force __wsum)rtpr_endpoint_ipv4(&pkt->src);
	return csum_partial(&pkt->src.addr, sizeof(pkt->src.addr), 0);
}

static void rtpr_write_udp(struct sk_buff *skb, const struct rtpr_packet *pkt,
			   const struct rtpr_flow *flow)
{
	int ip_len = pkt->udp_off + flow->grows;
	struct udphdr *uh = (struct udphdr *)(skb->data + ip_len);
	__wsum source = rtpr_csum_source(pkt);
	__wsum sum;

	uh->source = flow->conf.out.port;
	uh->dest = flow->conf.dst.port;
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		/* The sum of the pseudo-header alone, not inverted; whoever sends it adds the rest. */
		sum = csum_add(csum_unfold(uh->check), csum_sub(flow->csum_addr, source));
		uh->check = ~csum_fold(sum);
	} else if (uh->check) {
		source = csum_add(source, (__force __wsum)pkt->src.port);
		sum = csum_add(~csum_unfold(uh->check), csum_sub(flow->csum_all, source));
		uh->check = csum_fold(sum);
		if (!uh->check)
			uh->check = CSUM_MANGLED_0;
	} else if (flow->conf.out.family == AF_INET6) {
		rtpr_make_checksum(skb, uh);
	}
	/* CHECKSUM_COMPLETE would have to be changed too, for nobody: it says how it was received. */
	skb_forward_csum(skb);
}

void rtpr_rewrite(struct sk_buff *skb, const struct rtpr_packet *pkt, const struct rtpr_flow *flow)
{
	bool to_ipv4 = flow->conf.out.family == AF_INET;

	if (unlikely(flow->conf.out.family != flow->conf.local.family)) {
		if (to_ipv4)
			rtpr_exchange_ipv6(skb);
		else
			rtpr_exchange_ipv4(skb, pkt);
	}
	if (to_ipv4)
		rtpr_write_ipv4(skb, pkt, flow);
	else
		rtpr_write_ipv6(skb, pkt, flow);
	skb_set_transport_header(skb, pkt->udp_off + flow->grows);
	rtpr_write_udp(skb, pkt, flow);
}
