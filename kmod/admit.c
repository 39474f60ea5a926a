// SPDX-License-Identifier: GPL-2.0-only
/*
 * admit.c - may this packet use this flow: kind, source, payload type
 *
 * The kind comes first: a STUN check of a new candidate comes from an address that nobody admitted yet,
 * and the daemon must hear it. Media of a stranger is dropped here, for the daemon must not be the one
 * who pays for a flood.
 */
#include "admit.h"

/* Why this packet is not media of this flow; RTPRELAY_C_UNSPEC: it is. */
static enum rtprelay_counter rtpr_admit_kind(const struct rtpr_flow *flow,
					     const struct rtpr_packet *pkt)
{
	u8 kind = flow->conf.kind;

	switch (pkt->rtp.kind) {
	case RTP_KIND_RTP:
		return kind == RTPRELAY_KIND_RTCP ? RTPRELAY_C_PASS_KIND : RTPRELAY_C_UNSPEC;
	case RTP_KIND_RTCP:
		return kind == RTPRELAY_KIND_RTP ? RTPRELAY_C_PASS_KIND : RTPRELAY_C_UNSPEC;
	case RTP_KIND_STUN:
		return RTPRELAY_C_PASS_STUN;
	case RTP_KIND_DTLS:
		return RTPRELAY_C_PASS_DTLS;
	default:
		return RTPRELAY_C_PASS_KIND;
	}
}

enum rtprelay_counter rtpr_flow_admits(const struct rtpr_flow *flow, const struct rtpr_packet *pkt)
{
	const struct rtpr_flow_conf *conf = &flow->conf;
	enum rtprelay_counter why;

	if (conf->kind != RTPRELAY_KIND_OPAQUE) {
		why = rtpr_admit_kind(flow, pkt);
		if (why)
			return why;
	}
	if (conf->src.family != AF_UNSPEC && !rtpr_endpoint_equal(&conf->src, &pkt->src))
		return RTPRELAY_C_DROP_SOURCE;
	if (pkt->rtp.kind == RTP_KIND_RTP && conf->pt[pkt->rtp.pt] == RTPR_PT_REFUSED)
		return RTPRELAY_C_PASS_PT;
	return RTPRELAY_C_UNSPEC;
}
