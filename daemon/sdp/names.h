/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names.h - the names that the SDP parser and writer know
 *
 * Attributes, transports, static payload types.
 */
#ifndef RTPRELAY_SDP_NAMES_H
#define RTPRELAY_SDP_NAMES_H

#include "sdp/sdp.h"

/* Kind of an a= line. Stored in sdp_line.attr. */
enum sdp_attr {
	SDP_ATTR_OTHER,
	SDP_ATTR_RTPMAP,
	SDP_ATTR_FMTP,
	SDP_ATTR_RTCP_FB,
	SDP_ATTR_CODEC, /* one of the three above, and its payload type is in the m= line */
	SDP_ATTR_RTCP,
	SDP_ATTR_RTCP_MUX,
	SDP_ATTR_RTCP_MUX_ONLY,
	SDP_ATTR_SENDRECV, /* these four in the order of enum sdp_direction */
	SDP_ATTR_SENDONLY,
	SDP_ATTR_RECVONLY,
	SDP_ATTR_INACTIVE,
	SDP_ATTR_ICE,
	SDP_ATTR_FINGERPRINT,
	SDP_ATTR_DTLS, /* a=setup, a=tls-id */
	SDP_ATTR_CRYPTO,
	SDP_ATTR_LOOP_MARK,
	SDP_ATTR_MID,
	SDP_ATTR_BUNDLE_ONLY,
	SDP_ATTR_GROUP,
	SDP_ATTR_EXTMAP,
	SDP_ATTR_SSRC,
};

/* @value: of an a= line. *rest: the part after the name and ':'. */
enum sdp_attr sdp_attr_of(struct str value, struct str *rest);

/* @proto: "RTP/AVP" and so on, in any case. */
enum sdp_transport sdp_transport_of(struct str proto);

/* "PCMU/8000" of payload type 0 (RFC 3551, tables 4 and 5); empty when @pt is not static. */
struct str sdp_static_rtpmap(uint8_t pt);

#endif
