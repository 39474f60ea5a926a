/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * admit_rules.h - which kinds of packets a flow carries, and what becomes of the others
 *
 * For the kernel module and the BPF program, which must decide alike.
 */
#ifndef ADMIT_RULES_H
#define ADMIT_RULES_H

#include "rtp_wire.h"
#include "rtprelay_nl.h"

/*
 * Why a packet that is not RTP is not media of a flow of this kind, which is not OPAQUE;
 * RTPRELAY_C_UNSPEC: it is.
 */
static inline enum rtprelay_counter admit_kind(uint8_t flow_kind, enum rtp_kind kind)
{
	switch (kind) {
	case RTP_KIND_RTCP:
		return flow_kind == RTPRELAY_KIND_RTP ? RTPRELAY_C_PASS_KIND : RTPRELAY_C_UNSPEC;
	case RTP_KIND_STUN:
		return RTPRELAY_C_PASS_STUN;
	case RTP_KIND_DTLS:
		return RTPRELAY_C_PASS_DTLS;
	default:
		return RTPRELAY_C_PASS_KIND;
	}
}

/* Is a packet with this reason not to be forwarded dropped? Else it is passed to the daemon. */
static inline bool admit_drops(enum rtprelay_counter why)
{
	switch (why) {
	case RTPRELAY_C_DROP_SOURCE:
	case RTPRELAY_C_DROP_BLOCKED:
	case RTPRELAY_C_DROP_TTL:
	case RTPRELAY_C_DROP_NOMEM:
	case RTPRELAY_C_DROP_XMIT:
		return true;
	default:
		return false;
	}
}

#endif
