/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.h - the daemon's own counters
 */
#ifndef RTPRELAY_STATS_H
#define RTPRELAY_STATS_H

#include "base/endpoint.h"
#include "stats/load.h"
#include "stats/quality_totals.h"

/* The commands of a proxy; @gap: text between words, " " in NG commands, "_" for monitoring. */
#define VERBS(X, gap)                                                                              \
	X(VERB_PING, "ping")                                                                       \
	X(VERB_OFFER, "offer")                                                                     \
	X(VERB_ANSWER, "answer")                                                                   \
	X(VERB_DELETE, "delete")                                                                   \
	X(VERB_QUERY, "query")                                                                     \
	X(VERB_LIST, "list")                                                                       \
	X(VERB_STATISTICS, "statistics")                                                           \
	X(VERB_BLOCK_MEDIA, "block" gap "media")                                                   \
	X(VERB_UNBLOCK_MEDIA, "unblock" gap "media")                                               \
	X(VERB_BLOCK_DTMF, "block" gap "DTMF")                                                     \
	X(VERB_UNBLOCK_DTMF, "unblock" gap "DTMF")                                                 \
	X(VERB_SILENCE_MEDIA, "silence" gap "media")                                               \
	X(VERB_UNSILENCE_MEDIA, "unsilence" gap "media")                                           \
	X(VERB_START_RECORDING, "start" gap "recording")                                           \
	X(VERB_STOP_RECORDING, "stop" gap "recording")                                             \
	X(VERB_PAUSE_RECORDING, "pause" gap "recording")                                           \
	X(VERB_PLAY_MEDIA, "play" gap "media")                                                     \
	X(VERB_STOP_MEDIA, "stop" gap "media")                                                     \
	X(VERB_SUBSCRIBE_REQUEST, "subscribe" gap "request")                                       \
	X(VERB_SUBSCRIBE_ANSWER, "subscribe" gap "answer")                                         \
	X(VERB_UNSUBSCRIBE, "unsubscribe")

#define VERB_ID(id, name) id,
enum verb { VERBS(VERB_ID, "") VERB_COUNT };

/* Names for monitoring, by enum verb. */
extern const char *const stats_verb_names[VERB_COUNT];

/* Commands of one proxy. The table is limited; further proxies share the last row, "others". */
struct proxy_stats {
	struct endpoint addr; /* port 0 */
	uint64_t count[VERB_COUNT];
	uint64_t duration_us[VERB_COUNT];
	uint64_t errors;
	struct {
		uint64_t hash[16]; /* of the subjects of log lines that are written once */
		size_t n;
	} logged;
};
#define STATS_PROXIES 64

/* A source that sends commands, but is not in control-allow. */
struct stranger {
	struct endpoint addr; /* port 0 */
	uint64_t commands;
	int64_t last_ms; /* clock_ms() */
};
/* So many are kept. Sources with few commands make room, which may be forged. */
#define STATS_STRANGERS 8

/* What one path (user space or kernel) forwarded. */
struct relayed {
	uint64_t packets, bytes, errors;
};

/* Happenings in each of the last 60 minutes. */
#define STATS_MINUTES 60
struct stats_hour {
	int64_t minute;		   /* the last one that is counted, of clock_ms() */
	uint64_t n[STATS_MINUTES]; /* by minute modulo 60 */
};

/* Control thread only. include/counter_names.h has name, unit and help of each counter. */
struct stats {
	int64_t started_ms;
	struct stats_hour unheard; /* calls with media that was not heard: call/unheard.h */
	struct stats_hour rebinds; /* worker_totals.rebinds */
	uint64_t calls_made, calls_rejected, calls_drained, calls_overload, calls_no_address,
		calls_no_outside, calls_timeout, calls_silent_timeout, calls_offer_timeout,
		calls_unanswered, calls_final_timeout, calls_deleted, calls_forced;
	uint64_t recordings, recordings_failed;
	uint64_t zero_way,
		one_way;      /* of calls that ended: media from neither side, from one side only */
	uint64_t duration_ms; /* sum over calls that ended */
	struct quality_totals quality; /* of medias that ended */
	uint64_t requests, replies, replayed, malformed, not_allowed, from_media_port,
		unknown_command, reply_too_large, send_failed;
	uint64_t replies_evicted;
	uint64_t rtpp_done, rtpp_refused; /* commands of the classic rtpproxy protocol */
	uint64_t notices_lost, events_lost, calls_unheard;
	uint64_t srtp_replaced, srtp_restarts;
	uint64_t ice_completed, ice_failed, ice_lost, ice_forged;
	uint64_t dtls_handshakes, dtls_mismatched, dtls_failed;
	uint64_t dtls_malformed; /* set only in a report: counted by the crypto thread */
	uint64_t prompts_played, prompts_refused;
	uint64_t cdr_lost; /* set only in a report: counted by the thread of call/cdr_file.c */
	uint64_t homer_sent, homer_lost; /* reports */
	uint64_t dtmf_keys;		 /* reported by media threads */
	uint64_t dtmf_sent, dtmf_lost;	 /* datagrams to dtmf-log-dest */
	/* m= lines that had ports. All members but the first count those that ended. */
	struct {
		uint64_t made, ended, timed_out, complete; /* complete: offered and answered */
		uint64_t no_rtp, one_way_rtp, no_rtcp, one_way_rtcp;
		uint64_t expected, received, duplicate,
			lost; /* RTP packets, by their sequence numbers */
		uint64_t malformed;
	} medias;
	/* Totals at the last stats_sample(), and the rates per second since the one before. */
	struct {
		int64_t at_ms;
		struct relayed sum[2], rate[2]; /* by enum path */
		uint64_t refused;		/* packets that latching refused, on both paths */
		uint64_t rebinds;
	} sample;
	struct load load;
	struct proxy_stats proxy[STATS_PROXIES];
	size_t n_proxies;
	struct stranger stranger[STATS_STRANGERS];
	size_t n_strangers;
};

/* Counts one executed command in the row of its proxy. */
void stats_command(struct stats *stats, const struct endpoint *source, enum verb verb,
		   int64_t took_us, bool error);
/*
 * For a log line that is written once per proxy and @subject, such as the name of a command. False:
 * it was written before, or so many subjects of this proxy that no more are kept.
 */
bool stats_log_once(struct stats *stats, const struct endpoint *source, struct str subject);
/* Bytes relayed in the last second, on both paths. */
double stats_bandwidth(const struct stats *stats);
/* A command was refused, since @source is not in control-allow. */
void stats_stranger(struct stats *stats, const struct endpoint *source, int64_t now_ms);
/* A call has media that is not heard. */
void stats_unheard(struct stats *stats, int64_t now_ms);
/* Phones have gone to other ports of their NATs: @n times since the last call. */
void stats_rebinds(struct stats *stats, uint64_t n, int64_t now_ms);
/* Of the last 60 minutes. */
uint64_t stats_last_hour(const struct stats_hour *hour, int64_t now_ms);

#endif
