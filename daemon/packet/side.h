/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * side.h - types that control and media threads share: settings, events, reports of a stream
 *
 * Types, and what follows from them alone: callers that open, change or read a bridge include
 * "packet/bridge.h".
 */
#ifndef RTPRELAY_SIDE_H
#define RTPRELAY_SIDE_H

#include "base/endpoint.h"
#include "counter_names.h"
#include "packet/deny.h"
#include "packet/latch.h"
#include "rtp_wire.h"

enum side { SIDE_A, SIDE_B };		/* A: sent the first offer; B: answered it */
enum component { COMP_RTP, COMP_RTCP }; /* RTP also stands for all of a media that is not RTP */

/* "caller" and "callee", "RTP" and "RTCP": for log lines. */
extern const char *const side_names[2];
extern const char *const component_names[2];

/* All of an array by [side][component]. Without break: that would end only the inner loop. */
#define each_component(side, comp)                                                                 \
	for (int side = 0; side < 2; side++)                                                       \
		for (int comp = 0; comp < 2; comp++)

enum bridge_kind {
	BRIDGE_RTP,
	BRIDGE_OPAQUE, /* everything else in UDP: one port, any packet */
	BRIDGE_UDPTL,  /* the same, but packets have the sequence numbers of UDPTL: T.38 */
};

enum side_flag {
	SIDE_MUX = 1 << 0,	  /* RTCP uses the RTP port (RFC 5761) */
	SIDE_ASYMMETRIC = 1 << 1, /* packets are sent to the SDP's endpoint, whatever the source */
	SIDE_STRICT_SOURCE = 1 << 2, /* once LOCKED, a NAT that changed its port is refused, too */
	SIDE_HANDOVER = 1 << 3,	     /* media-handover: a usable source may take over at any time */
	SIDE_TRUST_SIP = 1 << 4,     /* SIP-source-address: address of @sip, port of @sdp */
	SIDE_BLOCK = 1 << 5,	     /* packets from this side are dropped */
	SIDE_SILENCE = 1 << 6,	     /* their payload is replaced by silence, or they are dropped */
	SIDE_DTLS = 1 << 7,	     /* DTLS was negotiated */
	SIDE_HOLD = 1 << 8,	     /* this side is on hold (not sending): silence is normal */
	SIDE_SRTP = 1 << 9,	     /* RTP and RTCP of this side are SRTP, which ends here */
	SIDE_PIERCE = 1 << 10,	    /* pierce-NAT: keep-alives to @sdp before this side was heard */
	SIDE_ICE = 1 << 11,	    /* only sources that its agent of ICE vouches for are heard */
	SIDE_HANDSHAKE = 1 << 12,   /* its DTLS ends here, and gives the keys of SIDE_SRTP */
	SIDE_DTMF = 1 << 13,	    /* its telephone-events are read and reported */
	SIDE_DTMF_BLOCK = 1 << 14,  /* ... dropped */
	SIDE_FLAGS = (1 << 15) - 1, /* all of them */
};

#define BRIDGE_CLOCKS 8
#define BRIDGE_EVENTS 4 /* an SDP has one for each clock rate of its audio codecs */
#define SIDE_UFRAGS   2

/* What signalling says of one side. Unset endpoints (AF_UNSPEC), or port 0: not given. */
struct side_conf {
	struct endpoint sdp[2]; /* by component; RTCP from a=rtcp or RTP port + 1 */
	struct endpoint sip;	/* source of the SIP message; its port is ignored */
	uint32_t flags;		/* enum side_flag */
	uint8_t latching;	/* enum latch_mode */
	int16_t tos; /* TOS or traffic class of packets to this side; -1: keep each packet's own */
	/* Its a=ice-ufrag, and the one before; 0: none, or the ICE lines went: stun_ufrag_id() */
	uint64_t ice[SIDE_UFRAGS];
};

/* bridge_conf.keepalive_s: none are sent. */
#define KEEPALIVE_OFF	UINT16_MAX
#define KEEPALIVE_MAX_S 3600

struct bridge_conf {
	uint8_t kind;	      /* enum bridge_kind */
	bool any;	      /* BRIDGE_RTP, but the SDP is not known: other packets pass as well */
	uint16_t keepalive_s; /* interval; 0: as configured */
	uint32_t tap;	      /* number for the recorder (packet/tap.h); 0: it wants no packets */
	uint64_t pts[2];      /* bit per payload type 0..127 of the offer or the answer */
	/* [side]: of these, those that are telephone-event in packets from that side; 0: none */
	uint8_t events[2][BRIDGE_EVENTS];
	struct side_conf side[2];
	struct {
		uint32_t clock;	   /* Hz */
		uint8_t pt, codec; /* codec: quality_codec() */
	} clocks[BRIDGE_CLOCKS];   /* of dynamic types; static ones: RFC 3551; clock 0: end */
};

/*
 * What tells RTP and RTCP apart at a port of @side. Payload types that are not known count as not
 * negotiated: then RTCP has to have the form of RTCP.
 */
static inline struct rtp_port bridge_port(const struct bridge_conf *conf, int side, int comp)
{
	return (struct rtp_port){ .negotiated = (uint32_t)conf->pts[1],
				  .mux = comp == COMP_RTCP || conf->side[side].flags & SIDE_MUX };
}

/* Is RTP from @side with this payload type a telephone-event? */
static inline bool bridge_is_event(const struct bridge_conf *conf, int side, uint8_t pt)
{
	for (int i = 0; i < BRIDGE_EVENTS && pt; i++)
		if (conf->events[side][i] == pt)
			return true;
	return false;
}

struct srtp;

/**
 * struct bridge_change - what one offer or answer means for what each side's streams have learned
 * @side: LATCH_KEEP, _REOPEN or _FRESH. Not whether an endpoint moved: bridge_apply() finds that
 * @step: what the SDP is for that side
 *
 * @receive, @send: new keys of a side with SIDE_SRTP, the bridge's once bridge_update() has taken
 *	them; NULL: those of before stay
 * @rtcp_receive, @rtcp_send: the same, of RTCP at a port of its own with SIDE_HANDSHAKE
 *
 * Valid for one bridge_update(): neither settings nor records keep it. All zero: no change.
 */
struct bridge_change {
	enum latch_change side[2];
	enum latch_step step[2];
	struct srtp *receive[2], *send[2];
	struct srtp *rtcp_receive[2], *rtcp_send[2];
};

/* Why a packet was not forwarded. Names, units and help: include/counter_names.h */
enum stream_drop {
	DROP_MALFORMED,	     /* shorter than its header says, wrong version */
	DROP_KIND,	     /* not a kind of packet that this stream carries */
	DROP_SOURCE,	     /* refused by latching: not the latched source */
	DROP_PATIENCE,	     /* may be accepted later: rank 0 or on trial (latch-patience) */
	DROP_NO_DESTINATION, /* the other side's address is not known yet */
	DROP_DESTINATION,    /* packet/deny.h forbids the other side's address, or the source */
	DROP_BLOCKED,	     /* media is blocked by command */
	DROP_SEND_QUEUE,     /* EAGAIN, ENOBUFS */
	DROP_UNREACHABLE,    /* the kernel or an ICMP error refused the destination */
	DROP_TOO_LARGE,	     /* EMSGSIZE */
	DROP_LOOP,	     /* came from a port of this bridge */
	DROP_TTL, /* TTL used up; checked here only for packets from the relay's own addresses */
	DROP_RECEIVE_QUEUE,   /* the system dropped it: receive buffer full */
	DROP_BANNED,	      /* packet/banned.h has its source */
	DROP_NO_KEYS,	      /* SRTP: one of the sides has no keys yet */
	DROP_SRTP_AUTH,	      /* SRTP: it is not authentic */
	DROP_SRTP_REPLAY,     /* SRTP: its index was used before */
	DROP_NOT_VOUCHED,     /* ICE: no authentic check has come from its source */
	DROP_HANDSHAKE_QUEUE, /* DTLS: too many datagrams wait for the crypto thread */
	DROP_DTMF,	      /* telephone-event is blocked by command */
	DROP_BUNDLE, /* of no media of its bundle, or at the port of a media that another carries */
	DROP_PROMPT, /* the other side hears a prompt: packet/player.h */
	DROP_COUNT,
};

/* For reports and monitoring, by enum stream_drop (include/counter_names.h). */
extern const struct counter_name stream_drop_names[DROP_COUNT];

/* What forwards the packets of a stream, or of a media as a whole: the daemon, the kernel, both. */
enum path { PATH_USER, PATH_KERNEL, PATH_MIXED, PATH_COUNT };

extern const char *const path_names[PATH_COUNT];

/* Different sources of refused packets that are counted, for each stream. */
#define REFUSED_SOURCES 16

/* A copy of what a stream has counted; the control thread may request one at any time. */
struct stream_report {
	struct endpoint local, signalled, latched;
	enum latch_state state;
	enum latch_rank rank;
	uint32_t relatched;		 /* number of times that another source took over */
	uint64_t packets_in, bytes_in;	 /* accepted from the remote; bytes of UDP payload */
	uint64_t packets_out, bytes_out; /* sent to the remote */
	uint64_t errors_out;
	uint32_t keepalives_in; /* packet/taught.h; counted in none of these, nor are: */
	uint32_t keepalives_out, keepalives_saved; /* packet/keepalive.h */
	uint64_t drops[DROP_COUNT];		   /* of packets that arrived at this stream */
	int64_t last_in_ms;	 /* clock_ms() of the last accepted packet; 0: none */
	struct endpoint to;	 /* destination of packets to the remote; unset: none */
	struct endpoint denied;	 /* forbidden address, seen last; unset: none */
	const char *why_denied;	 /* static text */
	bool to_denied;		 /* @to is unset because it is @denied */
	struct endpoint refused; /* a source that latching refused, see packet/refused.c */
	enum latch_rank refused_rank;
	unsigned int refused_sources; /* different ones; REFUSED_SOURCES: so many or more */
	bool settled;		      /* the latching window is closed */
	bool learning;	/* signalling moved the remote; @latched may be replaced at once */
	bool contested; /* another source may take its place: the daemon checks each packet */
	bool prompted;	/* the remote hears a prompt, or did and has got no other packet since */
	/* The kernel's part of these; filled in by media_report(). */
	bool in_kernel;		 /* is the kernel forwarding what arrives? */
	const char *kernel_path; /* if so: by what: "module", "bpf"; static */
	const char *why_user; /* if not: why; static, or the kernel's, valid during the command */
	uint64_t kernel_packets_in;
	uint64_t kernel_packets_out;
	/* RTP of the current SSRC (RFC 3550, A.1, A.3, A.8); ssrc_known false: none seen */
	bool ssrc_known;
	uint32_t ssrc, last_timestamp, clock; /* Hz; 0: not known */
	uint16_t last_seq;
	uint8_t last_pt;
	uint64_t expected, lost, reordered, duplicate;
	uint64_t gaps; /* in the sequence numbers, of one packet or more */
	double jitter_ms;
};

/* worker_pool_dispatch() reports these on the control thread. */
enum bridge_event {
	BRIDGE_LATCHED, /* the stream has its first source or another one: see stream_report */
	BRIDGE_REFUSED, /* other sources were refused; at most one event a second and stream */
	BRIDGE_UNHEARD, /* nothing was accepted, and a source is refused; once per stream */
	BRIDGE_DENIED,	/* a destination is forbidden, or a source for that reason */
	BRIDGE_CHANGED, /* flows may have to change: see worker_pool_tell_flows() */
	BRIDGE_ASK, /* the window is over: has the kernel heard the source? See bridge_kernel() */
	BRIDGE_UNAUTHENTIC, /* SRTP of the stream was not authentic; once per stream */
	BRIDGE_INDEXES,	    /* the journal needs those of SRTP: see bridge_indexes() */
	BRIDGE_PLAYED,	    /* a prompt is over: see bridge_player() */
	BRIDGE_CLOSED,	    /* after bridge_close(): descriptors are closed, call bridge_free() */
};

struct bridge;
struct dtmf_note;
struct rtcp_copy;
struct steer;

typedef void bridge_event_fn(void *arg, struct bridge *bridge, enum bridge_event event,
			     enum side side, enum component comp);

/* On the control thread: RTCP with reports was forwarded. @copy is valid during the call. */
typedef void bridge_rtcp_fn(void *arg, struct bridge *bridge, const struct rtcp_copy *copy);

/* media-keepalive-method; of media that is not RTP always an empty datagram is sent */
enum keepalive_method { KEEPALIVE_STUN, KEEPALIVE_EMPTY, KEEPALIVE_RTP };

/* On the control thread: STUN for the agent of the stream at copy->local. Valid as above. */
typedef void bridge_stun_fn(void *arg, struct bridge *bridge, const struct rtcp_copy *copy);

/* On the control thread: a key was pressed. @note is valid during the call. */
typedef void bridge_dtmf_fn(void *arg, struct bridge *bridge, const struct dtmf_note *note);

struct worker_pool_conf {
	unsigned int threads; /* 0: as cpus_usable() */
	int64_t patience_ms;  /* latch-patience */
	int64_t window_ms;    /* duration of LEARN after the first source, an offer or an answer */
	uint16_t keepalive_s; /* media-keepalive: packet/keepalive.h; 0: none */
	enum keepalive_method keepalive_method;
	/*
	 * The relay's own addresses, bound and advertised: media from them may loop, as from those
	 * that @deny knows. Borrowed.
	 */
	const struct endpoint *own;
	size_t n_own;
	struct deny *deny; /* at the start; NULL: none. worker_pool_new() takes a reference. */
	/* Hears who is not heard at connected sockets; NULL: none is connected. Borrowed. */
	struct steer *steer;
	bridge_event_fn *event;
	bridge_rtcp_fn *rtcp; /* NULL: RTCP is not copied */
	bridge_stun_fn *stun; /* NULL: there are no agents of ICE */
	size_t tap_bytes;     /* of the ring of each thread for the recorder; 0: there is none */
	bridge_dtmf_fn *dtmf; /* NULL: no keys are reported */
	void *arg;
};

/* Sources of one stream that are heard at once; those of a browser are few. */
#define STREAM_ICE_HEARD 16
/* Own credentials that are answered, the present ones and earlier ones. */
#define STREAM_ICE_OWN 8
/* STUN of one stream and kind that its agent gets in STREAM_ICE_SPAN_MS; more is dropped. */
#define STREAM_ICE_BURST   20
#define STREAM_ICE_SPAN_MS 100

/*
 * The kinds. Who knows a ufrag of the relay, from the SDP, and floods it with checks, takes no room
 * from the phone that is heard, and none from the answers that keep its consent.
 */
enum stream_ice_kind {
	STREAM_ICE_ANSWER,	/* to a check of the relay */
	STREAM_ICE_HEARD_CHECK, /* of a source that is heard */
	STREAM_ICE_OTHER_CHECK,
	STREAM_ICE_KINDS
};

/**
 * struct stream_ice - what the media thread knows of the agent of ICE that a stream belongs to
 * @to: where media goes; unset: nowhere yet, or not any more
 * @selected: the pair was selected: the socket may be connected
 * @own: the first @n_own; ufrags of own credentials (stun_ufrag_id())
 * @heard: the first @n_heard; the only sources that are heard, once the side has SIDE_ICE
 * @awaited: the phone has not refused ICE: no DTLS of others, even before the side has SIDE_ICE
 * @since_ms, @taken: media thread: STUN passed to the agent since then, by kind
 */
struct stream_ice {
	struct endpoint to;
	bool selected, awaited;
	uint8_t n_own, n_heard;
	uint32_t taken[STREAM_ICE_KINDS];
	int64_t since_ms;
	uint64_t own[STREAM_ICE_OWN];
	struct endpoint heard[STREAM_ICE_HEARD];
};

/**
 * struct player_conf - how a prompt is played
 * @pt: payload type that the listener has for its codec
 * @packet_ms: of audio in a packet; rounded up to whole frames
 * @times: how often it is played; 0: for ever
 * @duration_ms: it ends after so long, however often it was played; 0: no such limit
 * @start: where it begins the first time, in bytes; whole units
 */
struct player_conf {
	uint8_t pt;
	uint16_t packet_ms;
	uint32_t times, duration_ms;
	size_t start;
};

/* Of the order to play with this number: is it over, and how far has it come? */
struct player_report {
	bool over;
	uint64_t packets;      /* sent */
	uint64_t played_bytes; /* position in the prompt */
};

/* What a stream had learned before a restart; times are of this process's clock. */
struct stream_seed {
	struct stream_ice *ice; /* the bridge's, once it is open; NULL: none */
	struct latch_record latch;
	int64_t last_in_ms; /* clock_ms(); 0: no packet was accepted */
};

/**
 * struct bridge_kernel - what the kernel module reported of a stream
 * @in_kernel: packets of the stream's source are forwarded there
 * @idle: the kernel has reported that this source is silent
 * @heard_ms: clock_ms() when the kernel last heard that source; 0: never
 * @ssrc, @seq: of its last RTP packet, if @rtp; @numbered: it is none, @seq is its first 16 bits
 * @rate: packets a second of that source, on average; 0: not known
 * @stranger: source of a packet that the kernel dropped; unset: none. Latching decides on it
 *	as on a packet that arrived here.
 * @stranger_count: packets refused since the last report, with this one; 0: not known
 */
struct bridge_kernel {
	bool in_kernel, idle, rtp, numbered, stranger_rtp, stranger_numbered;
	int64_t heard_ms;
	uint32_t ssrc, rate, stranger_ssrc, stranger_count;
	uint16_t seq, stranger_seq;
	uint8_t stranger_pt;
	struct endpoint stranger;
};

/* Sums over all bridges since start, closed ones included; sent = forwarded by the daemon. */
struct worker_totals {
	uint64_t packets, bytes, errors; /* RTP and RTCP and opaque, forwarded from user space */
	uint64_t drops[DROP_COUNT];
	uint64_t keepalives_in;			   /* of phones; not forwarded */
	uint64_t keepalives_out, keepalives_saved; /* sent; phones that were heard after that */
	uint64_t rebinds;   /* sources in use that went to another port or address by themselves */
	uint64_t latched;   /* a stream latched to a source, its first or another */
	uint64_t denied;    /* destinations refused by packet/deny.h */
	uint64_t rtcp_lost; /* not copied: the ring is full, or too many of one stream */
	uint64_t stun_lost; /* the same, for STUN that an agent of ICE should have had */
	uint64_t dtmf_lost; /* keys that were not reported: too many at once, or of one side */
	uint64_t prompt_packets;       /* sent by players, also counted in @packets */
	uint64_t refused[LATCH_RANKS]; /* refusals by latching, by the rank of the source */
};

#endif
