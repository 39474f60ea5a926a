/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPR_PACKET_H
#define RTPR_PACKET_H

#include <linux/skbuff.h>

#include "endpoint.h"
#include "rtp_wire.h"

/**
 * struct rtpr_packet - what the other parts need to know of a packet
 * @udp_off:	 of the UDP header, from skb->data
 * @payload_off: of the UDP payload, from skb->data
 * @payload_len: of the UDP payload
 * @ttl:	 or hop limit, as it came
 * @tos:	 or traffic class, as it came
 * @segment:	 was taken out of a larger packet (GRO)
 * Offsets, never pointers: the headers move when a packet is made writable.
 */
struct rtpr_packet {
	struct rtpr_endpoint src, dst;
	struct rtp_wire rtp;
	u16 udp_off, payload_off, payload_len;
	u8 ttl, tos;
	bool segment;
};

/**
 * rtpr_packet_parse() - take an IPv4 or IPv6 packet apart, up to the UDP header
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6; @skb->data is at its header, which the stack has checked
 * Return: false, it is not ours: not UDP, a fragment, has options or extension headers, ...
 */
bool rtpr_packet_parse(struct rtpr_packet *pkt, struct sk_buff *skb, u8 pf);

/**
 * rtpr_packet_kind() - look into the UDP payload
 * Return: false, its head cannot be read
 */
bool rtpr_packet_kind(struct rtpr_packet *pkt, struct sk_buff *skb);

#endif
