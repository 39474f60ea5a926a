/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_wire.h - RTP, RTCP, STUN, DTLS on the wire: inline functions for the daemon and the module
 *
 * Distinguishes the kinds of packets that share a port (RFC 7983 by the first byte, RFC 5761 by the
 * second) and reads the fields that a relay needs. Never reads beyond the given length. No floating
 * point and no 64-bit division, because the module uses this code.
 */
#ifndef RTP_WIRE_H
#define RTP_WIRE_H

#ifdef __KERNEL__
#include <linux/string.h>
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#endif

enum rtp_kind {
	RTP_KIND_MALFORMED, /* empty, or shorter than its own header says */
	RTP_KIND_RTP,
	RTP_KIND_RTCP,
	RTP_KIND_STUN,
	RTP_KIND_DTLS,
	RTP_KIND_ZRTP,
	RTP_KIND_OTHER, /* keepalives (CR LF, a zero), TURN channels, version 0 or 1 */
};

/*
 * Bytes that are read at most: these must be readable, or the whole packet if it is shorter, or if
 * rtp_wire_in_doubt() holds.
 */
#define RTP_WIRE_HEAD 76

#define RTCP_SR		200
#define RTCP_RR		201
#define RTCP_REPORT_LEN 24

#define RTP_PT_PCMU 0
#define RTP_PT_PCMA 8

/* RFC 3550, appendix A.1: a number within this distance of the last one continues its sequence. */
#define RTP_MAX_DROPOUT	 3000
#define RTP_MAX_MISORDER 100

/**
 * struct rtp_wire - fields of one packet
 * @pt: RTP: payload type, 0..127; RTCP: type of the first packet, 192..223
 * @header_len: RTP: fixed header, CSRCs and extension, in bytes
 * For RTP all fields are set; for RTCP @kind, @pt and @ssrc (the sender's); for others only @kind.
 */
struct rtp_wire {
	enum rtp_kind kind;
	uint8_t pt;
	uint16_t seq;
	uint32_t header_len;
	uint32_t timestamp;
	uint32_t ssrc;
};

/**
 * struct rtp_port - how RTP and RTCP are told apart at a local port
 * @mux: both were negotiated for the port, or it is one for RTCP: by the ranges of RFC 5761
 * @negotiated: without @mux: bit n: payload type 64 + n was negotiated. With the marker bit, the
 *	second byte of such an RTP packet is the type of an RTCP packet.
 */
struct rtp_port {
	uint32_t negotiated;
	bool mux;
};

static inline uint16_t rtp_wire_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t rtp_wire_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* RFC 5761, section 4: these values of the second byte are RTCP, with or without marker bit. */
static inline bool rtp_wire_is_rtcp_type(uint8_t second)
{
	return second >= 192 && second <= 223;
}

/* Types registered with IANA. A stream latches to the source of an RTCP packet only for these. */
static inline bool rtcp_type_known(uint8_t type)
{
	return (type >= 192 && type <= 195) || (type >= 200 && type <= 213);
}

static inline enum rtp_kind rtp_wire_parse_rtcp(const uint8_t *p, size_t len, struct rtp_wire *w)
{
	if (len < 8 || 4 * ((size_t)rtp_wire_u16(p + 2) + 1) > len)
		return RTP_KIND_MALFORMED;
	w->pt = p[1];
	w->ssrc = rtp_wire_u32(p + 4);
	return RTP_KIND_RTCP;
}

/* @header_len: of the whole header, within the packet */
static inline void rtp_wire_read_rtp(const uint8_t *p, uint32_t header_len, struct rtp_wire *w)
{
	w->pt = p[1] & 0x7f;
	w->seq = rtp_wire_u16(p + 2);
	w->timestamp = rtp_wire_u32(p + 4);
	w->ssrc = rtp_wire_u32(p + 8);
	w->header_len = header_len;
}

static inline enum rtp_kind rtp_wire_parse_rtp(const uint8_t *p, size_t len, struct rtp_wire *w)
{
	size_t header = 12 + 4 * (size_t)(p[0] & 0x0f);

	if (header > len)
		return RTP_KIND_MALFORMED;
	if (p[0] & 0x10) { /* extension: four bytes of head, the last two its length in words */
		if (header + 4 > len)
			return RTP_KIND_MALFORMED;
		header += 4 + 4 * (size_t)rtp_wire_u16(p + header + 2);
		if (header > len)
			return RTP_KIND_MALFORMED;
	}
	rtp_wire_read_rtp(p, (uint32_t)header, w);
	return RTP_KIND_RTP;
}

/* The checks of RFC 3550, A.2, without those of the order of the parts (RFC 5506). */
static inline bool rtcp_is_whole(const uint8_t *p, size_t len)
{
	size_t at = 0;

	while (at <= len && len - at >= 4 && p[at] >> 6 == 2 && rtp_wire_is_rtcp_type(p[at + 1]))
		at += 4 * ((size_t)rtp_wire_u16(p + at + 2) + 1);
	return len && at == len;
}

static inline bool rtcp_is_report(uint8_t type)
{
	return type == RTCP_SR || type == RTCP_RR;
}

/* Has the report room for what it announces? @p: its first 4 bytes */
static inline bool rtcp_report_fits(const uint8_t *p, size_t len)
{
	size_t first = 4 * ((size_t)rtp_wire_u16(p + 2) + 1);
	size_t reports = RTCP_REPORT_LEN * (size_t)(p[0] & 0x1f);

	return first <= len && first >= (p[1] == RTCP_SR ? 28 : 8) + reports;
}

/*
 * Is it RTCP rather than RTP whose marker bit and payload type look like an RTCP type? In RTCP, the
 * sequence number is a length. What follows the head of a report may be encrypted (RFC 3711).
 */
static inline bool rtcp_is_likely(const uint8_t *p, size_t len)
{
	if (rtcp_is_report(p[1]))
		return rtcp_report_fits(p, len);
	return rtcp_type_known(p[1]) && rtcp_is_whole(p, len);
}

/* Can only the whole packet tell whether it is RTP or RTCP? @p, @len: as for rtp_wire_kind() */
static inline bool rtp_wire_in_doubt(const uint8_t *p, size_t len, const struct rtp_port *port)
{
	return len >= 8 && p[0] >> 6 == 2 && rtp_wire_is_rtcp_type(p[1]) && !port->mux &&
	       !(port->negotiated >> (p[1] & 31) & 1);
}

/*
 * RFC 5761 keeps payload types 64..95 off a port with rtcp-mux. On other RTP ports they are RTP as
 * any other; but some phones send RTCP there, without rtcp-mux. @p: its second byte is of RTCP. Not
 * inlined, for nearly no packet is asked about.
 */
static __attribute__((__noinline__, __cold__, __unused__)) bool
rtp_wire_is_rtcp(const uint8_t *p, size_t len, const struct rtp_port *port)
{
	return port->mux || (rtp_wire_in_doubt(p, len, port) && rtcp_is_likely(p, len));
}

/* What has not the version of RTP. @p: its first 8 bytes, or all of it; @len: 1 or more */
static inline enum rtp_kind rtp_wire_kind_other(const uint8_t *p, size_t len)
{
	if (p[0] <= 3)
		return len >= 20 && rtp_wire_u32(p + 4) == 0x2112a442 ? RTP_KIND_STUN
								      : RTP_KIND_OTHER;
	if (p[0] >= 16 && p[0] <= 19)
		return len >= 12 && rtp_wire_u32(p + 4) == 0x5a525450 ? RTP_KIND_ZRTP
								      : RTP_KIND_OTHER;
	if (p[0] >= 20 && p[0] <= 63) /* a record header is 13 bytes (RFC 6347, section 4.1) */
		return len >= 13 ? RTP_KIND_DTLS : RTP_KIND_MALFORMED;
	return RTP_KIND_OTHER;
}

/**
 * rtp_wire_kind() - which protocol the bytes belong to
 * @p: at least the first RTP_WIRE_HEAD bytes of the packet, or all of it
 * @len: of the whole UDP payload
 * @port: where it arrived
 *
 * The padding count is not checked: in SRTP that byte is encrypted. STUN must carry the magic
 * cookie of RFC 8489, ZRTP that of RFC 6189; otherwise the kind is OTHER.
 */
static inline enum rtp_kind rtp_wire_kind(const uint8_t *p, size_t len, const struct rtp_port *port,
					  struct rtp_wire *w)
{
	if (!len)
		return RTP_KIND_MALFORMED;
	if (p[0] >= 128 && p[0] <= 191) {
		if (len < 8)
			return RTP_KIND_MALFORMED;
		if (__builtin_expect(rtp_wire_is_rtcp_type(p[1]), false) &&
		    rtp_wire_is_rtcp(p, len, port))
			return rtp_wire_parse_rtcp(p, len, w);
		return len < 12 ? RTP_KIND_MALFORMED : rtp_wire_parse_rtp(p, len, w);
	}
	return rtp_wire_kind_other(p, len);
}

static inline void rtp_wire_parse(const uint8_t *p, size_t len, const struct rtp_port *port,
				  struct rtp_wire *w)
{
	*w = (struct rtp_wire){ .kind = RTP_KIND_MALFORMED };
	w->kind = rtp_wire_kind(p, len, port, w);
}

/* Offset of the payload's end: before the padding, if its count is valid. @p: the whole packet */
static inline size_t rtp_wire_payload_end(const uint8_t *p, size_t len, const struct rtp_wire *w)
{
	size_t padding = p[0] & 0x20 ? p[len - 1] : 0;

	return padding <= len - w->header_len ? len - padding : len;
}

/**
 * rtp_wire_silence() - replaces the payload of a PCMU or PCMA packet (G.711) with silence
 * @p: the whole packet
 * Return: false: another payload type, the packet is unchanged
 */
static inline bool rtp_wire_silence(uint8_t *p, size_t len, const struct rtp_wire *w)
{
	if (w->pt != RTP_PT_PCMU && w->pt != RTP_PT_PCMA)
		return false;
	memset(p + w->header_len, w->pt == RTP_PT_PCMU ? 0xff : 0xd5,
	       rtp_wire_payload_end(p, len, w) - w->header_len);
	return true;
}

/* Clock rate in Hz of a static payload type (RFC 3551, tables 4 and 5); 0: not static. */
static inline uint32_t rtp_static_clock(uint8_t pt)
{
	static const uint32_t clocks[] = {
		[0] = 8000,   [3] = 8000,   [4] = 8000,	  [5] = 8000,	[6] = 16000,  [7] = 8000,
		[8] = 8000,   [9] = 8000,   [10] = 44100, [11] = 44100, [12] = 8000,  [13] = 8000,
		[14] = 90000, [15] = 8000,  [16] = 11025, [17] = 22050, [18] = 8000,  [25] = 90000,
		[26] = 90000, [28] = 90000, [31] = 90000, [32] = 90000, [33] = 90000, [34] = 90000,
	};

	return pt < sizeof(clocks) / sizeof(clocks[0]) ? clocks[pt] : 0;
}

#endif
