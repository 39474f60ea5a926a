/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.h - skb to struct packet: endpoints, offsets, kind; changes nothing
 *
 * As kmod/packet.h: only plain UDP over plain IP is handled here. But the stack has not checked the
 * packet yet: lengths, and the checksum of the IPv4 header, are checked here.
 */
#ifndef RTPRELAY_BPF_PACKET_H
#define RTPRELAY_BPF_PACKET_H

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include "bpf/prog/bpf.h"
#include "bpf/layout.h"
#include "csum_wire.h"
#include "rtp_wire.h"
#include "udptl_wire.h"

#define HEAD_BYTES 12 /* of the payload, that tell its kind */
#define HEAD_ROOM  16 /* a power of two */
#define RTCP_PARTS 32 /* of a compound packet that is looked at */

/* The sockets' names, which have no header for this target. */
#define AF_INET	 2
#define AF_INET6 10

/**
 * struct packet - what the rest of the path needs
 * @key: of the local endpoint, @conf, @state: the numbers that it leads to
 * @head: the first bytes of the payload
 * @len: of the IP packet; a frame may be longer, for Ethernet has a least length
 * @payload_len: of the UDP payload
 * @check: of UDP, @tos: or traffic class, @ttl: or hop limit, as received
 */
struct packet {
	struct bpf_key_ipv6 key;
	__u32 head[HEAD_ROOM / 4];
	union {
		__u64 slot_both;
		struct {
			__u32 conf, state;
		};
	};
	struct bpf_endpoint src, local;
	struct rtp_wire rtp;
	__u32 len, payload_len;
	__u16 check;
	__u8 ttl, tos;
};

#define IPV4_UDP (ETH_HLEN + sizeof(struct iphdr))
#define IPV6_UDP (ETH_HLEN + sizeof(struct ipv6hdr))

static inline __u32 udp_off(bool v6)
{
	return v6 ? IPV6_UDP : IPV4_UDP;
}

static inline __u32 payload_off(bool v6)
{
	return udp_off(v6) + sizeof(struct udphdr);
}

/*
 * The headers up to UDP's in one piece. False: it has not so many bytes. A pointer is not compared
 * with NULL, since without CAP_PERFMON the verifier refuses that.
 */
static inline bool packet_headers(struct __sk_buff *skb, bool v6, void **headers)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (unlikely(data + payload_off(v6) > end)) {
		if (skb->len < payload_off(v6) || bpf_skb_pull_data(skb, payload_off(v6)))
			return false;
		data = (void *)(long)skb->data;
		end = (void *)(long)skb->data_end;
		if (data + payload_off(v6) > end)
			return false;
	}
	*headers = data;
	return true;
}

static inline bool ipv4_sum_is_right(const struct iphdr *iph)
{
	const __u32 *word = (const __u32 *)iph;
	__u64 sum = (__u64)word[0] + word[1] + word[2] + word[3] + word[4];

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	return csum_wire_fold((__u32)sum) == 0xffff;
}

static inline bool packet_parse_udp(struct packet *pkt, const struct udphdr *uh, bool v6)
{
	__u32 header = udp_off(v6) - ETH_HLEN;

	/* With a shorter length, no checksum would cover the rest of the packet. */
	if (pkt->len < header + sizeof(*uh) || bpf_ntohs(uh->len) != pkt->len - header)
		return false;
	if (v6 && !uh->check)
		return false; /* RFC 8200, section 8.1: for the stack to refuse */
	pkt->src.port = uh->source;
	pkt->local.port = uh->dest;
	pkt->check = uh->check;
	pkt->payload_len = pkt->len - header - sizeof(*uh);
	return true;
}

static inline bool packet_parse_ipv4(struct packet *pkt, struct __sk_buff *skb)
{
	const struct iphdr *iph;
	void *data;

	if (!packet_headers(skb, false, &data) ||
	    ((const struct ethhdr *)data)->h_proto != bpf_htons(ETH_P_IP))
		return false;
	iph = data + ETH_HLEN;
	if (iph->protocol != IPPROTO_UDP || *(const __u8 *)iph != 0x45 ||
	    iph->frag_off & bpf_htons(0x3fff))
		return false;
	pkt->len = bpf_ntohs(iph->tot_len);
	if (pkt->len > skb->len - ETH_HLEN || !ipv4_sum_is_right(iph))
		return false;
	pkt->src.addr[3] = iph->saddr;
	pkt->local.addr[3] = iph->daddr;
	pkt->ttl = iph->ttl;
	pkt->tos = iph->tos;
	return packet_parse_udp(pkt, data + IPV4_UDP, false);
}

static inline void copy_ipv6(__u32 *to, const __u32 *from)
{
	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
	to[3] = from[3];
}

static inline bool packet_parse_ipv6(struct packet *pkt, struct __sk_buff *skb)
{
	const struct ipv6hdr *ip6h;
	void *data;
	__u32 first;

	if (!packet_headers(skb, true, &data) ||
	    ((const struct ethhdr *)data)->h_proto != bpf_htons(ETH_P_IPV6))
		return false;
	ip6h = data + ETH_HLEN;
	first = bpf_ntohl(*(const __u32 *)ip6h);
	if (ip6h->nexthdr != IPPROTO_UDP || first >> 28 != 6)
		return false;
	pkt->len = sizeof(*ip6h) + bpf_ntohs(ip6h->payload_len);
	if (pkt->len > skb->len - ETH_HLEN)
		return false;
	copy_ipv6(pkt->src.addr, (const __u32 *)&ip6h->saddr);
	copy_ipv6(pkt->local.addr, (const __u32 *)&ip6h->daddr);
	pkt->ttl = ip6h->hop_limit;
	pkt->tos = first >> 20 & 0xff;
	return packet_parse_udp(pkt, data + IPV6_UDP, true);
}

/*
 * The first bytes of the payload, and zeros where it is shorter. @offset is added to the payload's.
 * False: it cannot be read
 */
static inline bool packet_head(struct __sk_buff *skb, bool v6, __u32 payload_len, __u32 *to)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	const __u32 *from = data + payload_off(v6);

	to[0] = to[1] = to[2] = 0;
	if (likely(payload_len >= HEAD_BYTES)) {
		if (unlikely((void *)(from + 3) > end))
			return !bpf_skb_load_bytes(skb, payload_off(v6), to, HEAD_BYTES);
		to[0] = from[0];
		to[1] = from[1];
		to[2] = from[2];
		return true;
	}
	if (!payload_len)
		return true;
	barrier_var(payload_len);
	payload_len =
		((payload_len - 1) & (HEAD_ROOM - 1)) + 1; /* as the verifier understands it */
	return !bpf_skb_load_bytes(skb, payload_off(v6), to, payload_len);
}

/*
 * rtcp_is_whole() of rtp_wire.h, with a bound. Return: 1, 0; -1: cannot be told here
 */
static inline int packet_rtcp_is_whole(struct __sk_buff *skb, bool v6, __u32 len)
{
	__u32 at = 0;
	__u8 head[4];

	for (int i = 0; i < RTCP_PARTS; i++) {
		if (at == len)
			return 1;
		if (at > len || len - at < 4 ||
		    bpf_skb_load_bytes(skb, payload_off(v6) + at, head, sizeof(head)) ||
		    head[0] >> 6 != 2 || !rtp_wire_is_rtcp_type(head[1]))
			return 0;
		at += 4 * ((__u32)rtp_wire_u16(head + 2) + 1);
	}
	return at == len ? 1 : -1;
}

/* @head: second byte of RTCP. Return: 1, it is RTCP; 0, RTP; -1: cannot be told here */
static inline int packet_is_rtcp(struct __sk_buff *skb, bool v6, const __u8 *head, __u32 len,
				 const struct rtp_port *port)
{
	if (port->mux)
		return 1;
	if (!rtp_wire_in_doubt(head, len, port))
		return 0;
	if (rtcp_is_report(head[1]))
		return rtcp_report_fits(head, len);
	return rtcp_type_known(head[1]) ? packet_rtcp_is_whole(skb, v6, len) : 0;
}

/* @len: HEAD_BYTES or more */
static inline enum rtp_kind packet_parse_rtp(struct __sk_buff *skb, bool v6, const __u8 *head,
					     __u32 len, struct rtp_wire *w)
{
	__u32 header = 12 + 4 * (head[0] & 0x0f);
	__u8 extension[4];

	if (header > len)
		return RTP_KIND_MALFORMED;
	if (head[0] & 0x10) {
		if (header + 4 > len ||
		    bpf_skb_load_bytes(skb, payload_off(v6) + header, extension, sizeof(extension)))
			return RTP_KIND_MALFORMED;
		header += 4 + 4 * (__u32)rtp_wire_u16(extension + 2);
		if (header > len)
			return RTP_KIND_MALFORMED;
	}
	rtp_wire_read_rtp(head, header, w);
	return RTP_KIND_RTP;
}

/* rtp_wire_kind() */
static inline enum rtp_kind packet_kind(struct __sk_buff *skb, bool v6, const __u8 *head, __u32 len,
					const struct rtp_port *port, struct rtp_wire *w)
{
	int rtcp = 0;

	if (!len)
		return RTP_KIND_MALFORMED;
	if (unlikely(head[0] >> 6 != 2))
		return rtp_wire_kind_other(head, len);
	if (len < 8)
		return RTP_KIND_MALFORMED;
	if (unlikely(rtp_wire_is_rtcp_type(head[1])))
		rtcp = packet_is_rtcp(skb, v6, head, len, port);
	if (rtcp < 0)
		return RTP_KIND_OTHER; /* to the daemon, which can tell */
	if (rtcp)
		return rtp_wire_parse_rtcp(head, len, w);
	return len < HEAD_BYTES ? RTP_KIND_MALFORMED : packet_parse_rtp(skb, v6, head, len, w);
}

/* Reads kind and fields; of kind OPAQUE the number of UDPTL. False: it cannot be read */
static inline bool packet_classify(struct packet *pkt, struct __sk_buff *skb, bool v6,
				   const struct bpf_conf *conf)
{
	struct rtp_port port = { .negotiated = conf->negotiated, .mux = conf->mux };
	const __u8 *head = (const __u8 *)pkt->head;

	memset(&pkt->rtp, 0, sizeof(pkt->rtp));
	if (!packet_head(skb, v6, pkt->payload_len, pkt->head))
		return false;
	if (unlikely(conf->kind == RTPRELAY_KIND_OPAQUE)) {
		pkt->rtp.kind = RTP_KIND_OTHER;
		if (pkt->payload_len >= UDPTL_MIN)
			pkt->rtp.seq = udptl_wire_seq(head);
		return true;
	}
	pkt->rtp.kind = packet_kind(skb, v6, head, pkt->payload_len, &port, &pkt->rtp);
	return true;
}

#endif
