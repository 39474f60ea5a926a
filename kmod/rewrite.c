// SPDX-License-Identifier: GPL-2.0-only
/*
 * rewrite.c - the rare cases: IPv4 to IPv6 and back, special checksums
 */
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "rewrite.h"

/* Replaces the IPv4 header by an IPv6 one (RFC 7915, section 4.1; fragments do not get here). */
static void rtpr_exchange_ipv4(struct sk_buff *skb, const struct rtpr_flow *flow, u8 tos, u8 ttl)
{
	struct ipv6hdr *ip6h;

	skb_push(skb, sizeof(*ip6h) - sizeof(struct iphdr));
	skb_reset_network_header(skb);
	ip6h = ipv6_hdr(skb);
	ip6_flow_hdr(ip6h, tos, 0);
	ip6h->payload_len = htons(skb->len - sizeof(*ip6h));
	ip6h->nexthdr = IPPROTO_UDP;
	ip6h->hop_limit = ttl;
	ip6h->saddr = flow->conf.out.addr;
	ip6h->daddr = flow->conf.dst.addr;
	skb->protocol = htons(ETH_P_IPV6);
	memset(skb->cb, 0, sizeof(struct inet6_skb_parm));
}

/*
 * The reverse (section 5.1). Sets DF: IPv6 senders do not expect fragmentation; so no ID is needed.
 */
static void rtpr_exchange_ipv6(struct sk_buff *skb, const struct rtpr_flow *flow, u8 tos, u8 ttl)
{
	struct iphdr *iph;

	skb_pull(skb, sizeof(struct ipv6hdr) - sizeof(*iph));
	skb_reset_network_header(skb);
	iph = ip_hdr(skb);
	iph->version = 4;
	iph->ihl = 5;
	iph->tos = tos;
	iph->tot_len = htons(skb->len);
	iph->id = 0;
	iph->frag_off = htons(IP_DF);
	iph->ttl = ttl;
	iph->protocol = IPPROTO_UDP;
	iph->saddr = rtpr_endpoint_ipv4(&flow->conf.out);
	iph->daddr = rtpr_endpoint_ipv4(&flow->conf.dst);
	ip_send_check(iph);
	skb->protocol = htons(ETH_P_IP);
	memset(skb->cb, 0, sizeof(struct inet_skb_parm));
}

void rtpr_exchange_header(struct sk_buff *skb, const struct rtpr_flow *flow, u8 tos, u8 ttl)
{
	if (flow->conf.out.family == AF_INET6)
		rtpr_exchange_ipv4(skb, flow, tos, ttl);
	else
		rtpr_exchange_ipv6(skb, flow, tos, ttl);
}

/* The IPv4 sender made no checksum; IPv6 requires one (RFC 8200, section 8.1). */
static void rtpr_make_checksum(struct sk_buff *skb, struct udphdr *uh)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	int len = ntohs(uh->len);
	__wsum sum = skb_checksum(skb, sizeof(*ip6h), len, 0);

	uh->check = csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len, IPPROTO_UDP, sum);
	if (!uh->check)
		uh->check = CSUM_MANGLED_0;
}

void rtpr_write_odd_checksum(struct sk_buff *skb, const struct rtpr_flow *flow, u32 gain_addr,
			     u32 gain)
{
	struct udphdr *uh = udp_hdr(skb);
	u16 check = (__force u16)uh->check;

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		uh->check = (__force __sum16)csum_wire_change_partial(check, gain_addr);
	else if (check)
		uh->check = (__force __sum16)csum_wire_change_udp(check, gain);
	else if (flow->conf.out.family == AF_INET6)
		rtpr_make_checksum(skb, uh);
	/* Drops CHECKSUM_COMPLETE instead of updating it: it is only used on reception. */
	skb_forward_csum(skb);
}
