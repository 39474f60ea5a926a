/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bridge.h - the two medias that hear each other: one m= line of a dialog, both sides, up to four streams
 *
 * The unit that a media thread owns. The control thread opens it, sends it new settings, closes it, and
 * reads its counters; the media thread does all that touches packets. All bridges of one call live in one
 * media thread, so that what one stream learned helps its siblings without a lock.
 */
#ifndef RTPRELAY_BRIDGE_H
#define RTPRELAY_BRIDGE_H

#include "counter_names.h"
#include "packet/latch.h"
#include "packet/quality.h"

enum side { SIDE_A, SIDE_B };		/* A: who sent the first offer; B: who answered it */
enum component { COMP_RTP, COMP_RTCP }; /* RTP also stands for all of a media that is not RTP */

enum bridge_kind {
	BRIDGE_RTP,
	BRIDGE_OPAQUE, /* T.38/UDPTL and everything else in UDP: one port, any packet */
};

enum side_flag {
	SIDE_MUX = 1 << 0,	     /* RTCP comes and goes on the RTP port (RFC 5761) */
	SIDE_ASYMMETRIC = 1 << 1,    /* sends go to the SDP's endpoint, whatever the source */
	SIDE_STRICT_SOURCE = 1 << 2, /* once LOCKED, even a NAT that rebound is refused */
	SIDE_HANDOVER = 1 << 3, /* media-handover: an acceptable source may take over at any time */
	SIDE_TRUST_SIP =
		1 << 4, /* SIP-source-address: the signalled address is sip's, the port is SDP's */
	SIDE_BLOCK = 1 << 5, /* packets from this side are dropped */
	SIDE_SILENCE =
		1 << 6, /* packets from this side are forwarded with silent payload, or dropped */
	SIDE_DTLS = 1 << 7, /* DTLS was negotiated */
	SIDE_HOLD = 1 << 8, /* this side is on hold (not sending): silence is no fault */
	SIDE_RELEARN =
		1 << 9, /* in an update: this offer or answer changed the media, open the window */
	SIDE_FRESH =
		1
		<< 10, /* in an update: another party has taken this side (serial fork): forget what was learned */
};

#define BRIDGE_CLOCKS 8

/* What signalling said of one side. Unset endpoints (AF_UNSPEC), or port 0: not told. */
struct side_conf {
	struct endpoint sdp[2]; /* by component; RTCP from a=rtcp or RTP port + 1 */
	struct endpoint sip;	/* where SIP came from; its port is ignored */
	uint32_t flags;		/* enum side_flag */
	uint8_t latching;	/* enum latch_mode */
	int16_t tos; /* TOS/traffic class of packets sent to this side; -1: keep each packet's own */
};

struct bridge_conf {
	enum bridge_kind kind;
	bool any; /* BRIDGE_RTP, but nobody told what the media is: other packets pass as well */
	struct side_conf side[2];
	uint64_t pts[2]; /* bit per payload type 0..127 that the offer or the answer named */
	struct {
		uint8_t pt;
		uint32_t clock; /* Hz */
		uint8_t codec;	/* quality_codec() */
	} clocks[BRIDGE_CLOCKS]; /* for dynamic types; static ones are known (RFC 3551); clock 0 ends it */
};

/* Why a packet was not forwarded. Names, units and help: include/counter_names.h */
enum stream_drop {
	DROP_MALFORMED,	     /* shorter than its header says, wrong version */
	DROP_KIND,	     /* not a kind of packet that this stream carries */
	DROP_SOURCE,	     /* refused by latching: a stranger */
	DROP_PATIENCE,	     /* rank 0, still being waited for something better */
	DROP_NO_DESTINATION, /* the other side's address is not known yet */
	DROP_BLOCKED,	     /* media is blocked by command */
	DROP_SEND_QUEUE,     /* EAGAIN, ENOBUFS */
	DROP_UNREACHABLE,    /* the kernel or an ICMP error refused the destination */
	DROP_TOO_LARGE,	     /* EMSGSIZE */
	DROP_LOOP,	     /* came from one of our own ports */
	DROP_TTL,	     /* TTL or hop limit used up; here only of packets from our own ports */
	DROP_RECEIVE_QUEUE, /* the system dropped it before we could take it: our buffer was full */
	DROP_COUNT,
};

/* Names for people and monitoring, by enum stream_drop (include/counter_names.h). */
extern const struct counter_name stream_drop_names[DROP_COUNT];

/* Who forwards packets: of a stream, of its media as a whole. */
enum path { PATH_USER, PATH_KERNEL, PATH_MIXED };

/* A copy of what a stream has counted, taken by the control thread at any time. */
struct stream_report {
	struct endpoint local, signalled, latched;
	enum latch_state state;
	enum latch_rank rank;
	uint32_t relatched;		 /* times that another source took over */
	uint64_t packets_in, bytes_in;	 /* accepted from the remote; bytes of UDP payload */
	uint64_t packets_out, bytes_out; /* sent to the remote */
	uint64_t errors_out;
	uint64_t drops[DROP_COUNT]; /* of packets that arrived at this stream */
	int64_t last_in_ms;	    /* clock_ms() of the last accepted packet; 0: none */
	struct endpoint to;	    /* where packets to the remote go; unset: nowhere yet */
	bool learning; /* signalling has moved the remote, @latched is its old place: it may change at once */
	bool contested; /* another source may take its place; the packets of all are looked at one by one */
	/* Of these, by the kernel; filled in by media_report(). */
	bool in_kernel;	      /* is the kernel forwarding what arrives? */
	const char *why_user; /* if not: why; static, or the kernel's, as long as the command */
	uint64_t kernel_packets_in;
	uint64_t kernel_packets_out;
	/* RTP of the current SSRC (RFC 3550, A.1, A.3, A.8); ssrc_known false: none seen */
	bool ssrc_known;
	uint32_t ssrc, last_timestamp, clock; /* Hz; 0: not known */
	uint16_t last_seq;
	uint8_t last_pt;
	uint64_t expected, lost, reordered, duplicate;
	uint64_t gaps; /* in the numbers, of one packet or more */
	double jitter_ms;
};

/* Told on the control thread by worker_pool_dispatch(). */
enum bridge_event {
	BRIDGE_LATCHED, /* the stream has a source, or another one: stream_report says which */
	BRIDGE_REFUSED, /* packets of strangers were refused (at most one event a second and stream) */
	BRIDGE_CHANGED, /* what flows are made from has changed: a destination, a state; see worker_pool_tell_flows() */
	BRIDGE_ASK, /* the window is over; only the kernel can know whether the source was heard: bridge_kernel() */
	BRIDGE_CLOSED, /* after bridge_close(): descriptors are closed, nothing is running; free with bridge_free() */
};

struct bridge;
struct worker_pool;

typedef void bridge_event_fn(void *arg, struct bridge *bridge, enum bridge_event event,
			     enum side side, enum component comp);

struct worker_pool_conf {
	unsigned int threads; /* 0: one per core this process may run on */
	int64_t patience_ms;  /* latch-patience */
	int64_t window_ms; /* how long LEARN lasts after the first source, or after an offer or answer */
	/* The relay's own addresses, as bound and as advertised: media may come from them, and in a circle. Borrowed. */
	const struct endpoint *own;
	size_t n_own;
	bridge_event_fn *event;
	void *arg;
};

/* NULL and *error (-errno) when threads or epoll cannot be had. */
struct worker_pool *worker_pool_new(const struct worker_pool_conf *conf, int *error);
/* Closes what is open; all bridges must be freed by their owners afterwards. */
void worker_pool_free(struct worker_pool *pool);
/* Readable when there is something to dispatch. */
int worker_pool_fd(const struct worker_pool *pool);
void worker_pool_dispatch(struct worker_pool *pool);
/* Wakes the media threads that have messages waiting: call once after a batch of commands. */
void worker_pool_flush(struct worker_pool *pool);
/* BRIDGE_CHANGED and BRIDGE_ASK are told from now on, or no more (the start): they are of use only with a kernel. */
void worker_pool_tell_flows(struct worker_pool *pool, bool tell);
unsigned int worker_pool_threads(const struct worker_pool *pool);
/* The least loaded media thread: for the first bridge of a call. */
unsigned int worker_pool_pick(const struct worker_pool *pool);

/**
 * bridge_open() - hand four (two, if opaque) bound sockets to a media thread, which forwards from now on
 * @thread: from worker_pool_pick(); all bridges of a call use the same
 * @sibling: another open bridge of the same dialog, or NULL
 * @fd, @local: [side][component]; fd -1 where there is no socket. The bridge owns the descriptors from here.
 * @owner: the caller's, given back by bridge_owner()
 * Return: NULL, out of memory; descriptors are still the caller's.
 */
struct bridge *bridge_open(struct worker_pool *pool, unsigned int thread, struct bridge *sibling,
			   const int fd[2][2], const struct endpoint local[2][2],
			   const struct bridge_conf *conf, void *owner);
/* What a stream had learned and heard before a restart, in our time. */
struct stream_seed {
	struct latch latch;
	int64_t last_in_ms; /* clock_ms(); 0: nothing was heard */
};
/**
 * bridge_restore() - bridge_open() for a bridge that a daemon before this one had
 * @seed: [side][component]; a source that was in use goes on to be heard, and strangers are refused. Where
 *	packets go is known, and reported, when this returns.
 */
struct bridge *bridge_restore(struct worker_pool *pool, unsigned int thread, struct bridge *sibling,
			      const int fd[2][2], const struct endpoint local[2][2],
			      const struct bridge_conf *conf, void *owner,
			      const struct stream_seed seed[2][2]);
/* New settings from an offer or answer. 0; -ENOMEM: the old ones stay. */
int bridge_update(struct bridge *bridge, const struct bridge_conf *conf);
const struct bridge_conf *bridge_conf(const struct bridge *bridge); /* as last given */
/**
 * struct bridge_kernel - what the control thread knows of a stream by the kernel
 * @in_kernel: packets of the stream's source are forwarded there
 * @heard_ms: clock_ms() when the kernel last heard that source; 0: never
 * @ssrc, @seq: of its last RTP packet, if @rtp
 * @stranger: source of a packet that the kernel has dropped; unset: none. It is decided on as if it had come here.
 */
struct bridge_kernel {
	bool in_kernel, rtp, stranger_rtp;
	int64_t heard_ms;
	uint32_t ssrc, stranger_ssrc;
	uint16_t seq, stranger_seq;
	uint8_t stranger_pt;
	struct endpoint stranger;
};
/* 0; -ENOMEM: the stream goes by what it knew. */
int bridge_kernel(struct bridge *bridge, enum side side, enum component comp,
		  const struct bridge_kernel *kernel);
/* Asynchronous: BRIDGE_CLOSED follows. Counters can be read until bridge_free(). Cannot fail. */
void bridge_close(struct bridge *bridge);
void bridge_free(struct bridge *bridge);
void *bridge_owner(const struct bridge *bridge);
bool bridge_has(const struct bridge *bridge, enum side side, enum component comp);
void bridge_report(const struct bridge *bridge, enum side side, enum component comp,
		   struct stream_report *report);
/* Of the RTP from @side, as heard by the daemon itself, as if an interval ended now. */
void bridge_quality(const struct bridge *bridge, enum side side, int64_t now_ms,
		    struct quality *quality);
/* All that the stream has learned, for bridge_restore(). */
void bridge_latch(const struct bridge *bridge, enum side side, enum component comp,
		  struct latch *latch);
/* clock_ms() of the last packet accepted from either side; 0: none. Cheap: for timeouts. */
int64_t bridge_last_in_ms(const struct bridge *bridge);
/* Did the sockets of this side hear anything at all, accepted or not? (port quarantine) */
bool bridge_heard(const struct bridge *bridge, enum side side);

/* Asks each media thread for a sign of life; costs each one wake-up. */
void worker_pool_ask(struct worker_pool *pool, int64_t now_ms);
/* How many threads have owed one for at least @patience_ms. */
unsigned int worker_pool_silent(const struct worker_pool *pool, int64_t patience_ms,
				int64_t now_ms);

/* Sums over all bridges since start, closed ones included; sent = forwarded by the daemon. */
struct worker_totals {
	uint64_t packets, bytes, errors; /* RTP and RTCP and opaque, forwarded from user space */
	uint64_t drops[DROP_COUNT];
	uint64_t latched;	       /* times that a stream took a source, the first or another */
	uint64_t refused[LATCH_RANKS]; /* verdicts against a source, by the rank it had */
};
void worker_pool_totals(const struct worker_pool *pool, struct worker_totals *totals);

#endif
