/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdp.h - reads and rewrites the SDP lines that a relay must change; copies the others
 *
 * RFC 8866, 3264, 3605, 5761. Parsing (sdp/parse.c) slices the text and copies nothing; writing
 * (sdp/write.c) writes the parsed lines, with the edits, into a buf.
 */
#ifndef RTPRELAY_SDP_H
#define RTPRELAY_SDP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/endpoint.h"
#include "ice/lines.h"

/* More m= lines than this are refused (a browser's largest offers have some dozens). */
#define SDP_MAX_MEDIA 128

/* Bit 0: the sender of the SDP does not receive; bit 1: it does not send. */
enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

enum sdp_transport {
	SDP_RTP,    /* RTP/AVP, RTP/AVPF */
	SDP_SRTP,   /* RTP/SAVP, RTP/SAVPF: SDES lines pass through */
	SDP_DTLS,   /* UDP/TLS/RTP/SAVP(F) */
	SDP_UDPTL,  /* udptl: T.38; one port, packets untouched */
	SDP_OPAQUE, /* anything else over UDP: UDP/BFCP, ...: the same */
	SDP_OTHER,  /* TCP, and what is not known to run over UDP: not relayed, address unchanged */
};

struct sdp_codec {
	uint8_t pt;
	uint32_t clock;	   /* Hz; from a=rtpmap or RFC 3551; 0: unknown */
	struct str name;   /* "PCMU"; from a=rtpmap or RFC 3551; empty: unknown */
	struct str params; /* "2" of opus/48000/2, or empty */
	bool has_rtpmap;
	/* its rtpmap, fmtp and rtcp-fb lines in sdp.lines, linked by sdp_line.next; 0: none */
	uint32_t first_line, last_line;
};

struct sdp_line {
	char type;	  /* 'v', 'o', ... */
	uint8_t attr;	  /* of an a= line: enum sdp_attr */
	uint32_t next;	  /* of SDP_ATTR_CODEC: the codec's next line, 0: none */
	struct str value; /* after "x=", without line end */
};

struct sdp_media {
	struct str type; /* audio, video, image, ... */
	uint16_t port;	 /* 0: refused or disabled */
	struct str proto;
	enum sdp_transport transport;
	struct str formats;	  /* the rest of the m= line, as written */
	struct sdp_codec *codecs; /* only of RTP with a port, or @bundle_only; in m= order, each
				     payload type once */
	size_t n_codecs;
	struct endpoint rtp;  /* effective c= and port; unset when c= is missing or a host name */
	struct endpoint rtcp; /* a=rtcp, else port + 1; unset where rtp is, or when port is 0 */
	bool connection;      /* has its own c= */
	bool held;	      /* effective c= is 0.0.0.0 or :: */
	/* effective: own, else session's, else sendonly if held (RFC 3264, 8.4), else sendrecv */
	enum sdp_direction direction;
	bool direction_written; /* the media has its own direction attribute */
	bool rtcp_mux, rtcp_mux_only, rtcp_attr, ice, dtls, sdes; /* own attributes of the media */
	bool bundle_only; /* port 0, but not refused: at the port of another media (RFC 9143) */
	struct str mid;	  /* or STR_NONE */
	size_t first_line, n_lines; /* in sdp.lines; the first is the m= line */
};

struct sdp {
	struct sdp_line *lines;
	size_t n_lines;
	size_t session_lines;  /* those before the first m= */
	struct str origin;     /* value of o= */
	struct str o_username; /* may be empty, and may have blanks */
	struct str o_id, o_version, o_nettype, o_addrtype, o_address;
	struct str session_name;
	bool session_connection;
	struct endpoint connection; /* of the session's c=, port 0; unset as in sdp_media.rtp */
	struct str loop_mark;	    /* value of the session's first a=rtprelay:, or STR_NONE */
	bool ice;		    /* at session level */
	bool dtls;		    /* a=fingerprint at session level */
	bool direction_written;	    /* a direction at session level: that of its media */
	struct sdp_media *media;
	size_t n_media;
};

/**
 * sdp_parse() - slices into @text, tables in @arena
 *
 * Accepts CRLF, CR CR LF and LF, a last line without end, blanks after v=0, empty lines before the
 * text and NUL after it, an o= whose user name is empty or has blanks. A blank line or another v=
 * ends the text. Refuses text that receivers could not parse: v=0 not first, a line that is not
 * "x=", NUL or CR inside a line, malformed o=, c= or m=. o=, s=, t= may be missing. An m= line
 * without formats is accepted when its port is 0. A malformed a= line is treated as unknown. Of
 * several c= on one level the first counts.
 *
 * Return: 0; -EINVAL, not valid SDP; -ENOMEM. On an error *why is a short English reason, *sdp is
 * undefined.
 */
int sdp_parse(struct arena *arena, struct str text, struct sdp *sdp, const char **why);

/* The parameters in the first a=fmtp of a codec; empty: it has none. */
struct str sdp_codec_format(const struct sdp *sdp, const struct sdp_codec *codec);

/* a=ptime of the media, in ms; 0: it has none, or it is no number below 1000 */
unsigned int sdp_ptime(const struct sdp *sdp, const struct sdp_media *media);

/**
 * sdp_next_crypto() - the a=crypto lines of a media, one after the other
 * @at: 0 at first
 * @value: gets what stands behind "a=crypto:" (srtp/sdes.h)
 * Return: false: there are no more
 */
bool sdp_next_crypto(const struct sdp *sdp, const struct sdp_media *media, size_t *at,
		     struct str *value);

/* Has one of the session's a=rtprelay: lines this value? Each relay on the path adds a line. */
bool sdp_has_mark(const struct sdp *sdp, struct str mark);

/* Does media of this transport carry RTP, encrypted or not? */
static inline bool sdp_is_rtp(enum sdp_transport transport)
{
	return transport <= SDP_DTLS;
}

/* Edits of one m= line. */
struct sdp_media_edit {
	bool refuse;	      /* port 0, as if the sender had refused it */
	bool relay;	      /* false: unchanged, like SDP_OTHER in any case; not for port 0 */
	struct endpoint rtp;  /* the relay's address and port that the receiver must send to */
	struct endpoint rtcp; /* unset: print no a=rtcp (opaque media, or muxed) */
	bool rtcp_attr;	      /* print a=rtcp:<port> */
	enum { SDP_MUX_KEEP, SDP_MUX_ADD, SDP_MUX_REMOVE } mux;
	/*
	 * A direction that was not written may only have what this one has: an answer has to fit
	 * the offer (RFC 3264, section 6.1). By default any.
	 */
	enum sdp_direction allowed;
	/*
	 * Of media that has none of its own, if it is refused, gets ICE or DTLS or is in a group of
	 * ours (@with_mid); or STR_NONE.
	 */
	struct str mid;
	bool with_mid, no_mid; /* @no_mid: its own is left out */
	uint8_t mid_extension; /* print a=extmap for a=mid, with this number; 0: do not */
	bool no_mid_extension; /* its own is left out */
	struct str proto;      /* other profile, or STR_NONE */
	/*
	 * Its a=crypto lines are replaced by these (what stands behind "a=crypto:"), or by none;
	 * those of DTLS, also of the session, by @setup and @fingerprint, or by none.
	 */
	bool own_crypto;
	struct str setup, fingerprint; /* what stands behind "a=setup:", "a=fingerprint:" */
	const struct str *crypto;
	size_t n_crypto;
	const struct ice_description *ice; /* its ICE lines, or NULL: none of ours */
	/*
	 * For each codec of the media; false: removed with its rtpmap, fmtp, rtcp-fb. NULL: all are
	 * kept. If none is kept, the media is refused, with its first format.
	 */
	bool *keep_codec;
};

enum sdp_edit_flag {
	SDP_REPLACE_ORIGIN = 1 << 0,	   /* address in o= */
	SDP_REPLACE_USERNAME = 1 << 1,	   /* o_username */
	SDP_REPLACE_SESSION_NAME = 1 << 2, /* session_name */
	SDP_REPLACE_VERSION = 1 << 3,	   /* o_version */
	SDP_REPLACE_ZERO = 1 << 4, /* 0.0.0.0 and :: too; else the c= of held media stays zero */
	SDP_REMOVE_ICE = 1 << 5,   /* every attribute of RFC 8839 */
	SDP_ORIGINAL_DIRECTION = 1 << 6, /* print a direction only where one was written */
	SDP_NO_RTCP_ATTR = 1 << 7,	 /* but where its port is not the one after RTP */
	SDP_FULL_RTCP_ATTR = 1 << 8,	 /* a=rtcp:<port> IN IP4 <address> */
	SDP_ICE_LITE = 1 << 9,		 /* print a=ice-lite */
	SDP_OWN_GROUPS = 1 << 10,	 /* BUNDLE is ours: @groups, no a=bundle-only */
};

struct sdp_edit {
	uint32_t flags; /* enum sdp_edit_flag */
	/* For o= and session-level c=: of the first relayed media; unset: both unchanged. */
	struct endpoint address;
	struct str username, session_name;
	struct str o_id; /* session id for o=, unless empty */
	uint64_t version;
	const struct str *groups; /* SDP_OWN_GROUPS: "0 1" of a=group:BUNDLE 0 1 */
	size_t n_groups;
	struct str loop_mark;	      /* print a=rtprelay:<mark>; STR_NONE: do not */
	struct sdp_media_edit *media; /* one for each of sdp.media */
};

/**
 * sdp_write() - writes @sdp with the edits; lines end with CRLF; check @out->overflow afterwards
 *
 * c= keeps its position; a media for which the session's new c= is wrong gets its own. Lines
 * without an edit stay unchanged and in place, but relayed RTP media is written in this order: m=;
 * all lines but a=; rtpmap (also of static payload types), fmtp and rtcp-fb of each codec in order
 * of the m= line; the other attributes; a=<direction> (sdp_media.direction); a=rtcp; a=rtcp-mux;
 * own a=crypto, a=setup, a=fingerprint; own ICE lines. In other relayed media only port, c= and ICE
 * change.
 *
 * - Refused media (port 0) keeps only a=mid of its attributes. Its c=, and that of bundle-only
 *   media, shows edit.address, or zero if that is unset: the sender's address is of no use there.
 * - A port count ("4000/2") is not written for relayed media: only the first port is relayed.
 * - Where SDP_REPLACE_ZERO replaces the zero address of held media, its direction loses "recv", so
 *   that the media is still held; this is written even with SDP_ORIGINAL_DIRECTION.
 * - a=rtcp-mux-only is removed together with rtcp-mux.
 */
void sdp_write(const struct sdp *sdp, const struct sdp_edit *edit, struct buf *out);

/* The name of @direction. The caller swaps send and recv for the other party where needed. */
struct str sdp_direction_name(enum sdp_direction direction);

/* The same media as the other party sees it: send and recv are swapped. */
static inline enum sdp_direction sdp_direction_reverse(enum sdp_direction direction)
{
	return (enum sdp_direction)((direction & 1) << 1 | direction >> 1);
}

/* What both allow. */
static inline enum sdp_direction sdp_direction_both(enum sdp_direction a, enum sdp_direction b)
{
	return (enum sdp_direction)(a | b);
}

#endif
