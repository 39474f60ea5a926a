/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats.h - the daemon's own counters, and reports: copies, taken for one reply, of what is held
 *
 * Reports live in the command's arena and stay right after the call they tell of has gone.
 */
#ifndef RTPRELAY_STATS_H
#define RTPRELAY_STATS_H

#include "bridge.h"
#include "port_pool.h"
#include "quality_totals.h"

struct media_report {
	unsigned int index;  /* 1.. as in SDP */
	struct str type;     /* "audio" */
	struct str protocol; /* "RTP/AVP" */
	struct str codec;    /* name of the first codec, or empty */
	bool mux, asymmetric, blocked, silenced, unidirectional, opaque, dtls, sdes;
	bool send, recv;	/* by the direction in the party's own SDP */
	unsigned int n_streams; /* 1 or 2 */
	struct stream_report stream[2];
	struct endpoint advertised[2];	/* what SDP told the phone to send to */
	struct quality_summary quality; /* of what the party sends */
	struct rtcp_seen rtcp;		/* that the party sent last */
};

struct party_report {
	struct str tag;	       /* empty: not answered yet */
	struct str via_branch; /* or empty */
	struct str label;
	struct str *aliases; /* other to-tags that answered on this side */
	size_t n_aliases;
	int64_t created_s; /* wall clock */
	struct media_report *media;
	size_t n_media;
	unsigned int peer; /* index of the party it talks to, in call_report.party */
};

struct call_report {
	struct str call_id;
	struct str metadata;
	int64_t created_s, created_us; /* wall clock, and its microseconds */
	int64_t last_signal_s;
	int64_t now_ms,
		wall_minus_mono_ms; /* to turn last_in_ms into wall clock: + wall_minus_mono_ms */
	struct party_report *party;
	size_t n_parties;
	uint64_t rtp_packets, rtp_bytes, rtp_errors, rtcp_packets, rtcp_bytes, rtcp_errors;
};

enum verb {
	VERB_PING,
	VERB_OFFER,
	VERB_ANSWER,
	VERB_DELETE,
	VERB_QUERY,
	VERB_LIST,
	VERB_STATISTICS,
	VERB_BLOCK_MEDIA,
	VERB_UNBLOCK_MEDIA,
	VERB_SILENCE_MEDIA,
	VERB_UNSILENCE_MEDIA,
	VERB_COUNT
};

/* For monitoring; by enum verb. */
extern const char *const stats_verb_names[VERB_COUNT];

/* One proxy that commands us. Bounded table; past its end proxies share the last row, "others". */
struct proxy_stats {
	struct endpoint addr; /* port 0 */
	uint64_t count[VERB_COUNT];
	uint64_t duration_us[VERB_COUNT];
	uint64_t errors;
};
#define STATS_PROXIES 64

/* What was sent on, by whom. */
struct relayed {
	uint64_t packets, bytes, errors;
};

/* Control thread only. */
struct stats {
	int64_t started_ms;
	uint64_t calls_made, calls_rejected, calls_timeout, calls_silent_timeout,
		calls_offer_timeout, calls_deleted, calls_forced;
	uint64_t zero_way,
		one_way;      /* of calls that ended: media from neither side, from one side only */
	uint64_t duration_ms; /* sum over calls that ended */
	struct quality_totals quality; /* of medias that ended */
	uint64_t requests, replies, replayed, malformed, not_allowed, unknown_command,
		reply_too_large, send_failed;
	uint64_t rtpp_done,
		rtpp_refused; /* commands of the classic protocol, answered with an error or not */
	/* Each m= line that had ports. All but the first: of those that ended. */
	struct {
		uint64_t made, ended, timed_out, complete; /* complete: offered and answered */
		uint64_t no_rtp, one_way_rtp, no_rtcp, one_way_rtcp;
		uint64_t expected, received, duplicate,
			lost; /* RTP packets, by their sequence numbers */
		uint64_t malformed;
	} medias;
	/* Totals at the last stats_sample(), and the rates per second up to then. */
	struct {
		int64_t at_ms;
		struct relayed sum[2], rate[2]; /* by enum path */
	} sample;
	struct proxy_stats proxy[STATS_PROXIES];
	size_t n_proxies;
};

/* Adds one done command to its proxy's row; the proxies past the end of the table share the last, without address. */
void stats_command(struct stats *stats, const struct endpoint *source, enum verb verb,
		   int64_t took_us, bool error);

struct iface_report {
	struct str name;
	struct endpoint bind, advertised;
	struct port_pool_usage ports;
};

struct call_table;
struct arena;

struct daemon_report {
	struct stats stats; /* a copy */
	int64_t uptime_s;
	size_t calls, streams, media;		/* now */
	size_t media_by_path[3];		/* by enum path */
	struct relayed relayed[2];		/* by enum path */
	uint64_t drops[DROP_COUNT];		/* by both */
	uint64_t latched, refused[LATCH_RANKS]; /* as in struct worker_totals */
	size_t flows;		      /* in the kernel: each is a stream whose path is kernel */
	bool kernel_on, kernel_there; /* is it wanted, and is there a module? */
	unsigned int threads;	      /* media threads */
	struct iface_report *iface;
	size_t n_ifaces;
};

/* Costs the same however many calls there are, and changes nothing of what others read. NULL: out of memory. */
const struct daemon_report *daemon_report_make(struct arena *arena, const struct call_table *table,
					       const struct stats *stats, int64_t now_ms);
/* To be called every second or so: rates are those since the last time. */
void stats_sample(struct stats *stats, const struct call_table *table, int64_t now_ms);

#endif
