// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packets.c - the packets that are given to the stack, and what they must be like when they leave
 *
 * They come from 192.0.2.1 or 2001:db8:a::1, port 4000. Flow n must arrive at 10.64.0.0 + n / 20000
 * or 2001:db8:64:: + n / 20000, port 10000 + 2 * (n % 20000), and leave from 198.51.100.254 or
 * 2001:db8:b::fe with the same port to 198.51.100.1 or 2001:db8:b::1, port 5000. Plain ones are for
 * these two addresses, or for 198.51.100.1 to .64 in turn.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>

#include "packets.h"

#define PAYLOAD	   172
#define UDP_LENGTH ((int)sizeof(struct udphdr) + PAYLOAD)
#define OTHER_PORT 9000	      /* no flow has it */
#define TO	   0xc6336401 /* and the next ones with @spread */

/* 2001:db8:GROUP::LAST */
static struct in6_addr addr6(u16 group, u32 last)
{
	return (struct in6_addr){ .s6_addr32 = { htonl(0x20010db8), htonl((u32)group << 16), 0,
						 htonl(last) } };
}

static int header_len(bool ipv6)
{
	return ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
}

static __be16 flow_port(const struct way *way, unsigned int flow)
{
	if (way->plain && !way->near)
		return htons(OTHER_PORT);
	return htons(10000 + 2 * (flow % 20000));
}

static void fill_payload(u8 *p, u16 seq)
{
	int i;

	memset(p, 0, 12);
	p[0] = 0x80;
	p[2] = seq >> 8;
	p[3] = seq;
	p[5] = seq * PAYLOAD >> 16;
	p[6] = seq * PAYLOAD >> 8;
	p[7] = (u8)(seq * PAYLOAD);
	p[11] = 1;
	for (i = 12; i < PAYLOAD; i++)
		p[i] = i * 7 + seq;
}

static void fill_ipv4(struct iphdr *iph, const struct way *way, unsigned int flow)
{
	memset(iph, 0, sizeof(*iph));
	iph->version = 4;
	iph->ihl = 5;
	iph->ttl = 64;
	iph->protocol = IPPROTO_UDP;
	iph->tot_len = htons(sizeof(*iph) + UDP_LENGTH);
	iph->saddr = htonl(0xc0000201);
	iph->daddr = htonl(way->plain ? TO + (way->spread ? flow % SPREAD : 0)
				      : 0x0a400000 + flow / 20000);
	ip_send_check(iph);
}

static void fill_ipv6(struct ipv6hdr *ip6h, const struct way *way, unsigned int flow)
{
	memset(ip6h, 0, sizeof(*ip6h));
	ip6h->version = 6;
	ip6h->payload_len = htons(UDP_LENGTH);
	ip6h->nexthdr = IPPROTO_UDP;
	ip6h->hop_limit = 64;
	ip6h->saddr = addr6(0xa, 1);
	ip6h->daddr = way->plain ? addr6(0xb, 1) : addr6(0x64, flow / 20000);
}

/* @ip: the header before UDP; @sum: of UDP. Return: the checksum */
static __sum16 udp_sum(const void *ip, bool ipv6, __wsum sum)
{
	const struct ipv6hdr *ip6h = ip;
	const struct iphdr *iph = ip;

	return ipv6 ? csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, UDP_LENGTH, IPPROTO_UDP, sum)
		    : csum_tcpudp_magic(iph->saddr, iph->daddr, UDP_LENGTH, IPPROTO_UDP, sum);
}

static void set_checksum(struct sk_buff *skb, bool ipv6, enum checksum checksum)
{
	struct udphdr *uh = (struct udphdr *)(skb->data + header_len(ipv6));
	__wsum sum = checksum == PARTIAL ? 0 : csum_partial(uh, UDP_LENGTH, 0);

	uh->check = udp_sum(skb->data, ipv6, sum) ?: CSUM_MANGLED_0;
	switch (checksum) {
	case PARTIAL:
		uh->check = ~uh->check;
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = (unsigned char *)uh - skb->head;
		skb->csum_offset = offsetof(struct udphdr, check);
		break;
	case COMPLETE:
		skb->ip_summed = CHECKSUM_COMPLETE;
		skb->csum = csum_partial(skb->data, skb->len, 0);
		break;
	case NONE:
		skb->ip_summed = CHECKSUM_NONE;
		break;
	default:
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	}
}

struct sk_buff *packet_make(struct net_device *dev, const struct way *way, unsigned int flow,
			    u16 seq, enum checksum checksum)
{
	int len = ETH_HLEN + header_len(way->in6) + UDP_LENGTH;
	struct sk_buff *skb = netdev_alloc_skb_ip_align(dev, len);
	struct ethhdr *eth;
	struct udphdr *uh;

	if (!skb)
		return NULL;
	eth = skb_put(skb, len);
	ether_addr_copy(eth->h_dest, dev->dev_addr);
	eth_random_addr(eth->h_source);
	eth->h_proto = htons(way->in6 ? ETH_P_IPV6 : ETH_P_IP);
	if (way->in6)
		fill_ipv6((struct ipv6hdr *)(eth + 1), way, flow);
	else
		fill_ipv4((struct iphdr *)(eth + 1), way, flow);
	uh = (struct udphdr *)((u8 *)(eth + 1) + header_len(way->in6));
	uh->source = htons(4000);
	uh->dest = flow_port(way, flow);
	uh->len = htons(UDP_LENGTH);
	uh->check = 0;
	fill_payload((u8 *)(uh + 1), seq);
	skb->protocol = eth_type_trans(skb, dev);
	set_checksum(skb, way->in6, checksum);
	return skb;
}

static bool is_right_ipv4(const struct iphdr *iph, const struct way *way)
{
	return iph->ttl == 63 && !ip_fast_csum(iph, 5) &&
	       ntohl(iph->daddr) - TO < (way->spread ? SPREAD : 1) &&
	       (way->plain || iph->saddr == htonl(0xc63364fe));
}

static bool is_right_ipv6(const struct ipv6hdr *ip6h, const struct way *way)
{
	struct in6_addr from = addr6(0xb, 0xfe), to = addr6(0xb, 1);

	return ip6h->hop_limit == 63 && ip6h->payload_len == htons(UDP_LENGTH) &&
	       ipv6_addr_equal(&ip6h->daddr, &to) &&
	       (way->plain || ipv6_addr_equal(&ip6h->saddr, &from));
}

static bool is_right_sum(const struct sk_buff *skb, const void *ip, const struct udphdr *uh,
			 bool ipv6)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL) /* as a device does */
		return udp_sum(ip, ipv6, 0) == (__force __sum16)~uh->check &&
		       skb_checksum_start_offset(skb) == ETH_HLEN + header_len(ipv6) &&
		       skb->csum_offset == offsetof(struct udphdr, check);
	return !udp_sum(ip, ipv6, csum_partial(uh, UDP_LENGTH, 0));
}

bool packet_is_right(const struct sk_buff *skb, const struct way *way)
{
	const void *ip = skb_network_header(skb);
	const struct udphdr *uh = ip + header_len(way->out6);
	const u8 *payload = (const u8 *)(uh + 1);
	u8 expect[PAYLOAD];

	if (skb->len != ETH_HLEN + header_len(way->out6) + UDP_LENGTH ||
	    skb->protocol != htons(way->out6 ? ETH_P_IPV6 : ETH_P_IP))
		return false;
	fill_payload(expect, payload[2] << 8 | payload[3]);
	return !memcmp(payload, expect, PAYLOAD) && (way->plain || uh->dest == htons(5000)) &&
	       (way->out6 ? is_right_ipv6(ip, way) : is_right_ipv4(ip, way)) &&
	       is_right_sum(skb, ip, uh, way->out6);
}
