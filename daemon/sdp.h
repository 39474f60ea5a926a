/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sdp.h - reads and rewrites the lines a relay must; passes the rest through (RFC 8866, 3264, 3605, 5761)
 *
 * Parsing slices the text and copies nothing; writing goes line by line over the parsed text into a buf.
 * Knows nothing of calls, ports or sockets.
 */
#ifndef RTPRELAY_SDP_H
#define RTPRELAY_SDP_H

#include "arena.h"
#include "buf.h"
#include "endpoint.h"

/* More m= lines than this are refused, "Failed to parse SDP" (a browser's largest offers have some dozens). */
#define SDP_MAX_MEDIA 128

enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

enum sdp_transport {
	SDP_RTP,    /* RTP/AVP, RTP/AVPF */
	SDP_SRTP,   /* RTP/SAVP, RTP/SAVPF: SDES lines pass through */
	SDP_DTLS,   /* UDP/TLS/RTP/SAVP(F) */
	SDP_OPAQUE, /* anything else over UDP: udptl, UDP/BFCP, ... : one port, packets untouched */
	SDP_OTHER,  /* TCP and what is not known to run over UDP: the m-line is left alone, with its own address */
};

struct sdp_codec {
	uint8_t pt;
	uint32_t clock;	      /* Hz; from a=rtpmap or RFC 3551; 0 unknown */
	struct str name;      /* "PCMU"; from a=rtpmap or RFC 3551; empty unknown */
	struct str params;    /* "2" of opus/48000/2, or empty */
	bool has_rtpmap;
};

struct sdp_line {
	char type;	  /* 'v', 'o', ... */
	struct str value; /* after "x=", without line end */
};

struct sdp_media {
	struct str type;   /* audio, video, image, ... */
	uint16_t port;	   /* 0: refused or disabled */
	struct str proto;
	enum sdp_transport transport;
	struct str formats; /* the rest of the m= line, as written */
	struct sdp_codec *codecs; /* RTP only, in order of the m= line */
	size_t n_codecs;
	struct endpoint rtp;  /* effective c= and the port; unset address when c= is missing or a host name */
	struct endpoint rtcp; /* a=rtcp, else rtp port + 1 */
	bool connection;      /* has a c= of its own */
	bool held;	      /* c= is 0.0.0.0 or :: */
	enum sdp_direction direction; /* effective: own, else session's, else sendrecv */
	bool direction_written;	      /* by the media itself */
	bool rtcp_mux, rtcp_mux_only, rtcp_attr, ice, dtls, sdes;
	size_t first_line, n_lines; /* in sdp.lines; the first is the m= line */
};

struct sdp {
	struct sdp_line *lines;
	size_t n_lines;
	struct str origin;	  /* value of o= */
	struct str o_username, o_id, o_version, o_address;
	bool session_connection;
	struct str session_name;
	struct str loop_mark;	  /* value of a=rtprelay:, or none */
	bool ice;		  /* at session level */
	bool dtls;		  /* a=fingerprint at session level */
	struct sdp_media *media;
	size_t n_media;
};

/**
 * sdp_parse() - slices into @text, tables in @arena
 * Accepts CRLF and LF. Return: 0; -EINVAL, no SDP: *why is a short English reason; -ENOMEM
 */
int sdp_parse(struct arena *arena, struct str text, struct sdp *sdp, const char **why);

/* What becomes of one m= line. */
struct sdp_media_edit {
	bool relay;		/* false: left as it is (port 0, or transport SDP_OTHER) */
	struct endpoint rtp;	/* what the receiver shall send to: address and port of ours */
	struct endpoint rtcp;	/* unset: print no a=rtcp (opaque media, or muxed) */
	bool rtcp_attr;		/* print a=rtcp:<port> */
	enum { SDP_MUX_KEEP, SDP_MUX_ADD, SDP_MUX_REMOVE } mux;
	struct str proto;	/* other profile, or STR_NONE */
	bool *keep_codec;	/* per codec of the media: false: stripped with its rtpmap, fmtp, rtcp-fb; NULL: keep all */
};

enum sdp_edit_flag {
	SDP_REPLACE_ORIGIN = 1 << 0,	   /* address in o= */
	SDP_REPLACE_USERNAME = 1 << 1,	   /* o_username */
	SDP_REPLACE_SESSION_NAME = 1 << 2, /* session_name */
	SDP_REPLACE_VERSION = 1 << 3,	   /* o_version */
	SDP_REPLACE_ZERO = 1 << 4,	   /* 0.0.0.0 is replaced as well; without it a held c= stays zero */
	SDP_REMOVE_ICE = 1 << 5,	   /* candidates, ufrag, pwd, options, lite, end-of-candidates, remote-candidates */
	SDP_ORIGINAL_DIRECTION = 1 << 6,   /* original-sendrecv: print a direction only where one was written */
	SDP_NO_RTCP_ATTR = 1 << 7,
	SDP_FULL_RTCP_ATTR = 1 << 8,	   /* a=rtcp:<port> IN IP4 <address> */
};

struct sdp_edit {
	uint32_t flags;		 /* enum sdp_edit_flag */
	struct endpoint address; /* for o= and for a session-level c=; of the first relayed media */
	struct str username, session_name, o_id;
	uint64_t version;
	struct str loop_mark;	 /* print a=rtprelay:<mark>; STR_NONE: do not */
	struct sdp_media_edit *media; /* one for each of sdp.media */
};

/* Output habits: ng.md. Overflow of @out is told by buf. */
void sdp_write(const struct sdp *sdp, const struct sdp_edit *edit, struct buf *out);

/* Direction as the other party of the session sees it is the caller's business; this only names them. */
struct str sdp_direction_name(enum sdp_direction direction);

#endif
