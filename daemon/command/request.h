/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.h - a request of any control protocol, and its reply
 *
 * ng/ng.c and rtpproxy/rtpp.c fill a struct request from their text; the functions in
 * command/command.h execute it and fill a struct reply. All texts are slices of the datagram or of
 * the command's arena: they are valid until the command ends.
 */
#ifndef RTPRELAY_REQUEST_H
#define RTPRELAY_REQUEST_H

#include "base/arena.h"
#include "base/endpoint.h"
#include "dtls/fingerprint.h"
#include "packet/latch.h"
#include "srtp/sdes_media.h"

struct iface_addr;
struct media;
struct request;

enum request_flag {
	REQ_TRUST_SIP = 1 << 0, /* SIP-source-address */
	REQ_ASYMMETRIC = 1 << 1,
	REQ_STRICT_SOURCE = 1 << 2,
	REQ_HANDOVER = 1 << 3, /* media-handover */
	REQ_PORT_LATCHING = 1 << 4,
	REQ_NO_PORT_LATCHING = 1 << 5,
	REQ_LOOP_PROTECT = 1 << 6,
	REQ_UNIDIRECTIONAL = 1 << 7,
	REQ_ORIGINAL_DIRECTION = 1 << 8, /* original-sendrecv */
	REQ_NO_RTCP_ATTR = 1 << 9,
	REQ_FULL_RTCP_ATTR = 1 << 10,
	REQ_FATAL = 1 << 11, /* delete: unknown call is an error */
	REQ_FAST = 1 << 12,  /* delete: no statistics in the reply */
	REQ_DELETE_TO_TAG =
		1 << 13, /* delete with flag to-tag: match by to-tag, also if from-tag is given */
	REQ_NEW_BRANCH = 1 << 14,
	REQ_REPLACE_ORIGIN = 1 << 15,
	REQ_REPLACE_USERNAME = 1 << 16,
	REQ_REPLACE_SESSION_NAME = 1 << 17,
	REQ_REPLACE_VERSION = 1 << 18,
	REQ_REPLACE_ZERO = 1 << 19,
	REQ_MUX_OFFER = 1 << 20,
	REQ_MUX_REQUIRE = 1 << 21,
	REQ_MUX_DEMUX = 1 << 22,
	REQ_MUX_ACCEPT = 1 << 23,
	REQ_MUX_REJECT = 1 << 24,
	REQ_ALL = 1 << 25,	/* block/silence: all parties */
	REQ_LATCHING = 1 << 26, /* request.latching was given */
	REQ_SYMMETRIC = 1 << 27,
	REQ_NEW_PORTS = 1 << 28,      /* the offered media gets other ports on both sides */
	REQ_ALLOW_NO_CODEC = 1 << 29, /* if codec-strip leaves no codec, the media is refused */
	REQ_SINGLE_CODEC = 1 << 30,   /* in an answer: only its first codec */
	REQ_RAISE_VERSION = 1U << 31, /* with REQ_REPLACE_VERSION: also if nothing changed */
};

/* One media of one party, without SDP (the classic protocol). */
struct leg {
	unsigned int index; /* of the m= line, from 0; below LEG_MEDIAS */
	struct endpoint
		remote;	 /* where the party receives; port 0: nowhere; 0.0.0.0 or "::": on hold */
	uint64_t pts[2]; /* bit per payload type; none: not given */
	struct iface_addr
		*local[2]; /* toward the party, toward the other party; NULL: as configured */
};

#define LEG_MEDIAS 128

/* NG key OSRTP: SRTP offered under a plain profile (RFC 8643). */
enum osrtp_flag {
	OSRTP_OFFER = 1 << 0,  /* to the receiver of this offer */
	OSRTP_ACCEPT = 1 << 1, /* from the offerer, though the answerer has none */
};

/* NG key ICE. Of an offer: what its receiver gets; of an answer: is its receiver refused ICE? */
enum request_ice {
	REQUEST_ICE_DEFAULT, /* as offered */
	REQUEST_ICE_REMOVE,
	REQUEST_ICE_FORCE,
};

/* NG key ICE-lite, of an offer: toward its receiver, its sender, both, none. */
enum request_ice_lite {
	REQUEST_LITE_UNSET, /* as before; at first as configured */
	REQUEST_LITE_OFF,
	REQUEST_LITE_FORWARD,
	REQUEST_LITE_BACKWARD,
	REQUEST_LITE_BOTH,
};

/* NG key bundle, of an offer: what becomes of its groups (RFC 9143). */
enum request_bundle {
	REQUEST_BUNDLE_DEFAULT,
	REQUEST_BUNDLE_ACCEPT, /* its sender has one transport, its receiver single ones */
	REQUEST_BUNDLE_REJECT, /* both have single ones */
};

enum dtls_role { DTLS_ANY, DTLS_PASSIVE, DTLS_ACTIVE };

/**
 * struct dtls_policy - NG keys DTLS, DTLS-reverse, DTLS-fingerprint
 * @off: the receiver gets no fingerprint
 * @role: enum dtls_role, of the relay toward who leaves the choice to it (actpass)
 * @hash: enum dtls_hash of the fingerprint in an offer; 0: as usual
 */
struct dtls_policy {
	bool off;
	uint8_t role, hash;
};

/**
 * struct request_play - play media
 * @other: it names a source that is no file: blob, db-id; or none
 * @times: as given; 0: it is played until it is stopped
 * @duration_ms: 0: not given
 * @times_given: else once, or for @duration_ms
 */
struct request_play {
	struct str file;
	bool other, times_given;
	int times, duration_ms, start_ms;
};

/* Longer Call-IDs, tags and branches are refused: phones choose them, and each call keeps them. */
#define REQUEST_NAME_MAX 4096

/* NG key record-call, and the flag of this name. */
enum record_call { RECORD_CALL_UNSET, RECORD_CALL_ON, RECORD_CALL_OFF, RECORD_CALL_DISCARD };

/**
 * struct record_wish - what a request says of recording
 * @exclude: both parties of this offer or answer are left out
 * @file: path of the files; @pattern: name of the files
 */
struct record_wish {
	enum record_call call;
	bool pause, discard, exclude;
	struct str file, pattern;
};

struct request {
	struct str call_id, from_tag, to_tag, via_branch;
	struct str dtmf_place; /* NG key dtmf-log-dest: an address with a port; empty: not given */
	struct str label, set_label, to_label, metadata;
	struct str *from_tags; /* subscribe request: of these parties; @n_from_tags of them */
	size_t n_from_tags;
	bool siprec, inactive; /* subscribe request: labels; nothing is sent for now */
	struct str sdp;
	struct record_wish record;
	enum request_ice ice;
	enum request_ice_lite ice_lite;
	bool trickle_ice; /* the receiver is told so */
	bool reject_ice;  /* the offered ICE is refused in the answer */
	bool ice_reset;	  /* forget that this party once refused ICE */
	enum request_bundle bundle;
	bool bundle_offer;	       /* the receiver of an offer is offered a group */
	bool bundle_require;	       /* the same, with one port for all */
	bool generate_mid;	       /* the receiver of an offer gets a=mid where it has none */
	bool fragment;		       /* @sdp is a fragment of trickle (RFC 8840) */
	const struct leg *leg;	       /* instead of @sdp, or NULL */
	struct endpoint received_from; /* AF_UNSPEC: not given */
	struct endpoint media_address; /* shown in the SDP; AF_UNSPEC: the relay's own */
	struct endpoint
		address; /* block, silence: of the party that signalled it; AF_UNSPEC: not given */
	struct endpoint source;	  /* sender of the command */
	uint32_t flags;		  /* enum request_flag */
	enum latch_mode latching; /* with REQ_LATCHING */
	struct str direction[2];  /* interface toward the sender of this SDP, toward its receiver */
	int address_family; /* AF_INET, AF_INET6 in the receiver's SDP; AF_UNSPEC: as in @sdp */
	int tos;	    /* 0..255, -1 keep each packet's own; TOS_UNSET: the configured one */
	int keepalive_s;    /* media-keepalive, as bridge_conf.keepalive_s; 0: not given */
	bool pierce_nat;
	int delete_delay; /* seconds; -1: the configured one */
	int sip_code;	  /* 0: not given */
	struct request_play play;
	int64_t limit;		       /* list: at most this many call-ids */
	struct str transport_protocol; /* STR_NONE: keep */
	bool accepts_protocol;	 /* transport-protocol=accept: an answer keeps its own profile */
	uint8_t osrtp;		 /* enum osrtp_flag */
	struct sdes_policy sdes; /* NG key SDES: a=crypto lines */
	struct dtls_policy dtls;
	struct str *codec_strip, *codec_except,
		*codec_offer; /* names as written, "PCMU", "opus/48000/2", "all", "full" */
	size_t n_codec_strip, n_codec_except,
		n_codec_offer; /* except and offer keep codecs that strip would remove */
	/* Can an answer with this SDP be sent? Called before anything is changed. NULL: always */
	bool (*fits)(const struct request *request, struct str sdp);
	size_t room; /* for that answer, in bytes */
	struct str
		ignored; /* for one log line: what is requested but not supported; empty: nothing */
};

#define TOS_UNSET (-2)

/**
 * struct subscription_report - what "subscribe request" has set up
 * @line: one for each m= line that has a source: the source's tag, its party's label or none, the
 *	number of its m= line from 1, its type and direction, and the label of the line here
 */
struct subscription_report {
	struct str to_tag;
	bool siprec;
	size_t n;
	struct subscription_line {
		struct str tag, party_label, type, mode;
		unsigned int index;
		uint32_t label;
	} * line;
};

enum reply_code {
	REPLY_OK,
	REPLY_PONG,
	REPLY_ERROR,
	REPLY_NONE, /* send nothing */
};

/* How much a reply says of calls and of the relay; each leaves out more than the one before. */
enum reply_detail {
	DETAIL_ALL,
	DETAIL_STATE,	 /* counters and state, but no history of quality, and no proxies */
	DETAIL_ANSWERED, /* medias only of the dialogs that are answered */
	DETAIL_PARTIES,	 /* no medias */
	DETAIL_TOTALS,	 /* no parties */
	DETAIL_COUNT,
};

struct reply {
	enum reply_code code;
	enum reply_detail detail;
	const char *error;   /* REPLY_ERROR: one of the texts in ng.md, which proxies match */
	const char *warning; /* or NULL */
	struct str sdp;	     /* offer, answer; in the arena */
	const char
		*recording;  /* offer, answer: path of the file, if the call is recorded; or NULL */
	int why;	     /* leg: 0, or the -errno that caused the error */
	struct media *media; /* leg: the media that it became */
	struct endpoint local;		/* leg: the address that the receiver must send to */
	const struct call_report *call; /* query, delete; in the arena, or NULL (report/report.h) */
	bool has_duration, has_position; /* play media; stop media */
	uint64_t duration_ms, position_ms;
	bool deleted; /* the delete has taken effect: @call is its last report */
	const struct subscription_report *subscription; /* subscribe request, or NULL */
	const struct str *calls;			/* list: call-ids */
	size_t n_calls;
	const struct daemon_report *statistics; /* statistics, or NULL (report/report.h) */
};

#endif
