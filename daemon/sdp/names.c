/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names.c - the names that the SDP parser and writer know
 *
 * Tables. Attributes are indexed by the length of their name, so that a lookup is fast.
 */
#include "base/count.h"
#include "sdp/names.h"

#define NAME_MAX_LEN 17
#define ROW(text, id)                                                                              \
	{                                                                                          \
		{ (text), sizeof(text) - 1 }, (id)                                                 \
	}

struct attr_name {
	struct str name;
	enum sdp_attr attr;
};

/* Each row ends with an empty name. ICE: RFC 8839, section 5. */
static const struct attr_name attr_names[NAME_MAX_LEN + 1][8] = {
	[3] = { ROW("mid", SDP_ATTR_MID) },
	[4] = { ROW("rtcp", SDP_ATTR_RTCP), ROW("fmtp", SDP_ATTR_FMTP),
		ROW("ssrc", SDP_ATTR_SSRC) },
	[5] = { ROW("setup", SDP_ATTR_DTLS), ROW("group", SDP_ATTR_GROUP) },
	[6] = { ROW("rtpmap", SDP_ATTR_RTPMAP), ROW("crypto", SDP_ATTR_CRYPTO),
		ROW("tls-id", SDP_ATTR_DTLS), ROW("extmap", SDP_ATTR_EXTMAP) },
	[7] = { ROW("rtcp-fb", SDP_ATTR_RTCP_FB), ROW("ice-pwd", SDP_ATTR_ICE) },
	[8] = { ROW("sendrecv", SDP_ATTR_SENDRECV), ROW("sendonly", SDP_ATTR_SENDONLY),
		ROW("recvonly", SDP_ATTR_RECVONLY), ROW("inactive", SDP_ATTR_INACTIVE),
		ROW("rtcp-mux", SDP_ATTR_RTCP_MUX), ROW("rtprelay", SDP_ATTR_LOOP_MARK),
		ROW("ice-lite", SDP_ATTR_ICE) },
	[9] = { ROW("candidate", SDP_ATTR_ICE), ROW("ice-ufrag", SDP_ATTR_ICE) },
	[10] = { ROW("ice-pacing", SDP_ATTR_ICE) },
	[11] = { ROW("ice-options", SDP_ATTR_ICE), ROW("fingerprint", SDP_ATTR_FINGERPRINT),
		 ROW("bundle-only", SDP_ATTR_BUNDLE_ONLY) },
	[12] = { ROW("ice-mismatch", SDP_ATTR_ICE) },
	[13] = { ROW("rtcp-mux-only", SDP_ATTR_RTCP_MUX_ONLY) },
	[17] = { ROW("remote-candidates", SDP_ATTR_ICE), ROW("end-of-candidates", SDP_ATTR_ICE) },
};

static const struct str static_rtpmaps[] = {
	[0] = { "PCMU/8000", 9 },    [3] = { "GSM/8000", 8 },	  [4] = { "G723/8000", 9 },
	[5] = { "DVI4/8000", 9 },    [6] = { "DVI4/16000", 10 },  [7] = { "LPC/8000", 8 },
	[8] = { "PCMA/8000", 9 },    [9] = { "G722/8000", 9 },	  [10] = { "L16/44100/2", 11 },
	[11] = { "L16/44100", 9 },   [12] = { "QCELP/8000", 10 }, [13] = { "CN/8000", 7 },
	[14] = { "MPA/90000", 9 },   [15] = { "G728/8000", 9 },	  [16] = { "DVI4/11025", 10 },
	[17] = { "DVI4/22050", 10 }, [18] = { "G729/8000", 9 },	  [25] = { "CelB/90000", 10 },
	[26] = { "JPEG/90000", 10 }, [28] = { "nv/90000", 8 },	  [31] = { "H261/90000", 10 },
	[32] = { "MPV/90000", 9 },   [33] = { "MP2T/90000", 10 }, [34] = { "H263/90000", 10 },
};

enum sdp_attr sdp_attr_of(struct str value, struct str *rest)
{
	struct str name = str_split(&value, ':');

	*rest = value;
	if (name.len > NAME_MAX_LEN)
		return SDP_ATTR_OTHER;
	for (const struct attr_name *row = attr_names[name.len]; row->name.len; row++)
		if (!memcmp(row->name.s, name.s, name.len))
			return row->attr;
	return SDP_ATTR_OTHER;
}

enum sdp_transport sdp_transport_of(struct str proto)
{
	static const struct {
		struct str proto;
		enum sdp_transport transport;
	} rows[] = {
		{ { "RTP/AVP", 7 }, SDP_RTP },
		{ { "RTP/AVPF", 8 }, SDP_RTP },
		{ { "RTP/SAVP", 8 }, SDP_SRTP },
		{ { "RTP/SAVPF", 9 }, SDP_SRTP },
		{ { "UDP/TLS/RTP/SAVP", 16 }, SDP_DTLS },
		{ { "UDP/TLS/RTP/SAVPF", 17 }, SDP_DTLS },
		{ { "udptl", 5 }, SDP_UDPTL },
		{ { "udp", 3 }, SDP_OPAQUE },
		/* data channels before RFC 8841 gave them UDP/DTLS/SCTP */
		{ { "DTLS/SCTP", 9 }, SDP_OPAQUE },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_eq_nocase(proto, rows[i].proto))
			return rows[i].transport;
	if (proto.len > 4 && !strncasecmp(proto.s, "UDP/", 4))
		return SDP_OPAQUE;
	return SDP_OTHER;
}

struct str sdp_static_rtpmap(uint8_t pt)
{
	return pt < COUNT(static_rtpmaps) ? static_rtpmaps[pt] : STR_NONE;
}

struct str sdp_direction_name(enum sdp_direction direction)
{
	static const struct str names[] = {
		[SDP_SENDRECV] = { "sendrecv", 8 },
		[SDP_SENDONLY] = { "sendonly", 8 },
		[SDP_RECVONLY] = { "recvonly", 8 },
		[SDP_INACTIVE] = { "inactive", 8 },
	};

	return names[direction];
}
