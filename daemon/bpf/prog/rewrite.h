/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rewrite.h - addresses, ports, TOS, TTL, checksums
 *
 * Checksums are only changed by the difference, so that the receiver still detects damage that
 * happened before. Writing them costs less than the kernel's helpers, so these are only called for
 * packets whose checksum a device may still have to fill in.
 */
#ifndef RTPRELAY_BPF_REWRITE_H
#define RTPRELAY_BPF_REWRITE_H

#include "bpf/prog/packet.h"
#include "csum_wire.h"

static inline __u8 new_tos(const struct packet *pkt, const struct bpf_conf *conf)
{
	return (pkt->tos & conf->tos_keep) | conf->tos_set;
}

/* What the new addresses add to the checksum. conf->gain_addr includes a fixed source. */
static inline __u32 gain_addr(const struct packet *pkt, const struct bpf_conf *conf, bool v6)
{
	if (conf->src.family)
		return conf->gain_addr;
	if (!v6)
		return conf->gain_addr + (__u16)~csum_wire_sum_ipv4(pkt->src.addr[3]);
	return conf->gain_addr + (__u16)~csum_wire_sum(pkt->src.addr, sizeof(pkt->src.addr));
}

static inline __u32 gain_port(const struct packet *pkt, const struct bpf_conf *conf)
{
	return conf->gain_port + (conf->src.family ? 0 : (__u16)~pkt->src.port);
}

/* @gain: of the addresses */
static inline void write_ipv4(struct iphdr *iph, const struct packet *pkt,
			      const struct bpf_conf *conf, __u32 gain)
{
	__u8 tos = new_tos(pkt, conf);

	if (unlikely(tos != pkt->tos)) {
		gain += (__u16)~bpf_htons(pkt->tos) + (__u32)bpf_htons(tos);
		iph->tos = tos;
	}
	gain += (__u16)~bpf_htons(0x0100); /* TTL is the upper half of its word */
	iph->ttl = pkt->ttl - 1;
	iph->check = csum_wire_change(iph->check, gain);
	iph->saddr = conf->out.addr[3];
	iph->daddr = conf->dst.addr[3];
}

static inline void write_ipv6(struct ipv6hdr *ip6h, const struct packet *pkt,
			      const struct bpf_conf *conf)
{
	__u8 *bytes = (__u8 *)ip6h, tos = new_tos(pkt, conf);

	if (unlikely(tos != pkt->tos)) {
		bytes[0] = 0x60 | tos >> 4;
		bytes[1] = tos << 4 | (bytes[1] & 0x0f);
	}
	ip6h->hop_limit = pkt->ttl - 1;
	copy_ipv6((__u32 *)&ip6h->saddr, conf->out.addr);
	copy_ipv6((__u32 *)&ip6h->daddr, conf->dst.addr);
}

/*
 * Keeps the sum over the whole packet that a device has computed (CHECKSUM_COMPLETE) right; without
 * one this does nothing. The sum over an IPv4 header is always the same, and what the checksum of
 * UDP loses by the addresses is not made up for; an IPv6 header counts with its addresses.
 */
static inline void change_device_sum(struct __sk_buff *skb, const struct packet *pkt,
				     const struct bpf_conf *conf, __u32 addr, bool v6)
{
	__u8 tos = new_tos(pkt, conf);
	__u32 gain = 0;

	if (!v6) {
		gain = 0xffff ^ csum_wire_fold(addr);
	} else {
		gain = (__u16)~bpf_htons(1);
		if (unlikely(tos != pkt->tos))
			gain += (__u16)~bpf_htons(pkt->tos << 4) + (__u32)bpf_htons(tos << 4);
	}
	bpf_csum_update(skb, gain);
}

/*
 * May a device still have to fill in the checksum (CHECKSUM_PARTIAL)? The program does not see it;
 * but then the field has the sum of the pseudo-header, as one packet in 65535 has by chance.
 */
static inline bool sum_may_be_partial(const struct packet *pkt, __u16 check, bool v6)
{
	__u32 sum =
		(__u32)bpf_htons(IPPROTO_UDP) + bpf_htons(pkt->payload_len + sizeof(struct udphdr));

	if (v6)
		sum += (__u32)csum_wire_sum(pkt->src.addr, sizeof(pkt->src.addr)) +
		       csum_wire_sum(pkt->local.addr, sizeof(pkt->local.addr));
	else
		sum += (__u32)csum_wire_sum_ipv4(pkt->src.addr[3]) +
		       csum_wire_sum_ipv4(pkt->local.addr[3]);
	/* Zero has two forms, and in none of them the sum is zero. */
	return csum_wire_fold(sum) == check || !check;
}

/* By the kernel's helper, which sees it. It may move the packet's bytes. */
static inline void change_odd_checksum(struct __sk_buff *skb, const struct packet *pkt,
				       const struct bpf_conf *conf, __u32 addr, __u32 port, bool v6)
{
	__u32 at = udp_off(v6) + offsetof(struct udphdr, check);

	bpf_l4_csum_replace(skb, at, 0, addr, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0);
	bpf_l4_csum_replace(skb, at, 0, port, BPF_F_MARK_MANGLED_0);
	if (!v6)
		return;
	/* The helper takes the addresses for no part of what a device has summed up. */
	bpf_csum_update(skb, addr);
	change_device_sum(skb, pkt, conf, addr, v6);
}

/* Return: false, it could not be made writable */
static inline bool rewrite(struct __sk_buff *skb, const struct packet *pkt,
			   const struct bpf_conf *conf, bool v6)
{
	__u32 addr = gain_addr(pkt, conf, v6), port = gain_port(pkt, conf);
	bool odd = sum_may_be_partial(pkt, pkt->check, v6);
	struct udphdr *uh;
	void *data;

	if (unlikely(odd))
		change_odd_checksum(skb, pkt, conf, addr, port, v6);
	else
		change_device_sum(skb, pkt, conf, addr, v6);
	if (unlikely(!packet_headers(skb, v6, &data)))
		return false;
	uh = data + udp_off(v6);
	if (likely(!odd))
		uh->check = csum_wire_change_udp(pkt->check, addr + port);
	uh->source = conf->out.port;
	uh->dest = conf->dst.port;
	if (v6)
		write_ipv6(data + ETH_HLEN, pkt, conf);
	else
		write_ipv4(data + ETH_HLEN, pkt, conf, addr);
	return true;
}

#endif
