/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * admit.h - may this packet use this flow: as kmod/admit.h and rtpr_check() of kmod/hook.c
 *
 * What is not seen from here: rp_filter, VRFs, IPsec policies. The daemon attaches the program and
 * sets flows only where these do not matter, or names the device (conf->iif).
 */
#ifndef RTPRELAY_BPF_ADMIT_H
#define RTPRELAY_BPF_ADMIT_H

#include "admit_rules.h"
#include "bpf/prog/packet.h"

static inline bool addr_equal(const struct bpf_endpoint *a, const struct bpf_endpoint *b, bool v6)
{
	if (!v6)
		return a->addr[3] == b->addr[3];
	return !((a->addr[0] ^ b->addr[0]) | (a->addr[1] ^ b->addr[1]) | (a->addr[2] ^ b->addr[2]) |
		 (a->addr[3] ^ b->addr[3]));
}

static inline bool admit_source(const struct bpf_conf *conf, const struct packet *pkt, bool v6)
{
	if (!conf->src.family)
		return true;
	return pkt->src.port == conf->src.port && addr_equal(&pkt->src, &conf->src, v6);
}

static inline enum rtprelay_counter admit_media(const struct bpf_conf *conf,
						const struct packet *pkt, bool v6)
{
	enum rtprelay_counter why;

	if (likely(pkt->rtp.kind == RTP_KIND_RTP)) {
		if (conf->kind == RTPRELAY_KIND_RTCP)
			return RTPRELAY_C_PASS_KIND;
		if (!admit_source(conf, pkt, v6))
			return RTPRELAY_C_DROP_SOURCE;
		if (unlikely(pkt->rtp.header_len == pkt->payload_len))
			return RTPRELAY_C_PASS_KIND; /* a keep-alive */
		return conf->pt[pkt->rtp.pt & 127] == BPF_FLOW_PT_REFUSED ? RTPRELAY_C_PASS_PT
									  : RTPRELAY_C_UNSPEC;
	}
	why = conf->kind == RTPRELAY_KIND_OPAQUE ? RTPRELAY_C_UNSPEC
						 : admit_kind(conf->kind, pkt->rtp.kind);
	if (!why && !admit_source(conf, pkt, v6))
		why = RTPRELAY_C_DROP_SOURCE;
	return why;
}

/* Return: RTPRELAY_C_UNSPEC, forward it, or drop it if the flow is blocked; else the reason */
static inline enum rtprelay_counter admit(const struct bpf_conf *conf, const struct packet *pkt,
					  const struct __sk_buff *skb, bool v6)
{
	enum rtprelay_counter why = admit_media(conf, pkt, v6);

	if (unlikely(why))
		return why;
	if (unlikely(pkt->ttl <= 1))
		return RTPRELAY_C_DROP_TTL;
	if (unlikely(conf->iif && conf->iif != skb->ifindex))
		return RTPRELAY_C_PASS_DEVICE;
	if (unlikely(conf->flags & RTPRELAY_FLOW_DROP))
		return RTPRELAY_C_UNSPEC;
	if (unlikely(!conf->oif))
		return RTPRELAY_C_PASS_ROUTE;
	/* Merged datagrams are admitted one by one: the stack takes them apart for the socket. */
	if (unlikely(skb->gso_size || (conf->mtu && pkt->len > conf->mtu)))
		return RTPRELAY_C_PASS_SIZE;
	return RTPRELAY_C_UNSPEC;
}

#endif
