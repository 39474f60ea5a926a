/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * admit.h - may this packet use this flow: kind, source, payload type
 *
 * The kind is checked first: a STUN check of a new candidate comes from an address that is not
 * admitted yet, and the daemon must receive it. Media of another source is dropped here, so that a
 * flood does not load the daemon.
 */
#ifndef RTPR_ADMIT_H
#define RTPR_ADMIT_H

#include "admit_rules.h"
#include "packet.h"
#include "state.h"

/* A source has the address family of the flow's local endpoint, and so of the packet. */
static __always_inline bool rtpr_admit_source(const struct rtpr_flow_conf *conf,
					      const struct rtpr_packet *pkt, u8 pf)
{
	if (conf->src.family == AF_UNSPEC)
		return true;
	if (pkt->src.port != conf->src.port)
		return false;
	if (pf == NFPROTO_IPV4)
		return rtpr_endpoint_ipv4(&pkt->src) == rtpr_endpoint_ipv4(&conf->src);
	return ipv6_addr_equal(&pkt->src.addr, &conf->src.addr);
}

/**
 * rtpr_flow_admits() - may this packet use this flow
 * @pkt: rtpr_packet_kind() was called for it, unless the flow is opaque
 * @pf: of @pkt
 * Return: RTPRELAY_C_UNSPEC, it may; else the counter that names the reason
 */
static __always_inline enum rtprelay_counter rtpr_flow_admits(const struct rtpr_flow *flow,
							      const struct rtpr_packet *pkt, u8 pf)
{
	const struct rtpr_flow_conf *conf = &flow->conf;
	enum rtprelay_counter why;

	if (likely(pkt->rtp.kind == RTP_KIND_RTP)) {
		if (unlikely(conf->kind == RTPRELAY_KIND_RTCP))
			return RTPRELAY_C_PASS_KIND;
		if (unlikely(!rtpr_admit_source(conf, pkt, pf)))
			return RTPRELAY_C_DROP_SOURCE;
		if (unlikely(pkt->rtp.header_len == pkt->payload_len))
			return RTPRELAY_C_PASS_KIND; /* a keep-alive */
		return conf->pt[pkt->rtp.pt] == RTPR_PT_REFUSED ? RTPRELAY_C_PASS_PT
								: RTPRELAY_C_UNSPEC;
	}
	why = conf->kind == RTPRELAY_KIND_OPAQUE ? RTPRELAY_C_UNSPEC
						 : admit_kind(conf->kind, pkt->rtp.kind);
	if (!why && !rtpr_admit_source(conf, pkt, pf))
		why = RTPRELAY_C_DROP_SOURCE;
	return why;
}

#endif
