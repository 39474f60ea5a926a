/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_stream.h - one media stream of a phone: sends a tone, judges what it hears
 *
 * No clock of its own: time is handed in, in microseconds.
 */
#ifndef RTPRELAY_TESTS_NETNS_RTP_STREAM_H
#define RTPRELAY_TESTS_NETNS_RTP_STREAM_H

#include <stdio.h>
#include "peer_sdp.h"
#include "rtp_mark.h"
#include "tone.h"

#define STREAM_NAME    32
#define STREAM_FRIENDS 4
#define STREAM_SSRCS   8

/* What was heard of one whose packets are meant for this stream. */
struct rtp_friend {
	uint32_t who;
	uint64_t heard;
	uint32_t base;	  /* count where judging began */
	uint32_t first;	  /* count of the first packet heard */
	int32_t start_ms; /* from our own first packet until the first heard was sent */
	uint32_t next;	  /* count after the highest heard */
	uint64_t dup;
	uint64_t late;	 /* came after one that was sent after it */
	uint64_t recent; /* bit n: packet next - 1 - n was heard */
	int64_t transit; /* RFC 3550, A.8, in units of the timestamp */
	double jitter;
};

struct rtp_stream {
	struct rtp_stream *next;
	char name[STREAM_NAME];
	char state[STREAM_NAME]; /* what the SIP side notes here: "ringing" */
	struct sockaddr_storage local;
	int fd[2]; /* RTP, RTCP; [1] is -1 when this phone uses one port for both */
	bool mux;
	uint32_t who;
	uint8_t payload_type;
	unsigned int tone_hz;

	struct peer_media peer; /* where SDP said to send to */
	bool muted;
	uint32_t sent;
	uint32_t since_ms; /* when our first packet since the last reset left; 0: none yet */
	uint64_t rtcp_sent;

	struct rtp_friend friends[STREAM_FRIENDS];
	unsigned int friend_count;
	struct tone_ear ear;
	int64_t heard_us; /* when the last packet of a friend came */
	uint64_t
		attack; /* packets that must not come: the attacker's, another call's, anything else */
	uint64_t foreign;
	uint64_t unmarked;
	uint64_t rtcp_heard;
	uint64_t rtcp_attack;
	uint64_t rtcp_foreign;
	uint32_t ssrcs[STREAM_SSRCS];
	unsigned int ssrc_count;
};

/* Opens sockets for s->local, s->mux. Return: 0, -errno */
int rtp_stream_open(struct rtp_stream *s);
void rtp_stream_close(struct rtp_stream *s);
/* One packet, if it has somebody to send to; @rtcp: a report too. */
void rtp_stream_send(struct rtp_stream *s, bool rtcp, int64_t now_us);
/* All packets that wait at socket @which. */
void rtp_stream_receive(struct rtp_stream *s, int which, int64_t now_us);
/* Forgets what was heard, and begins to judge anew. */
void rtp_stream_reset(struct rtp_stream *s);
/**
 * rtp_stream_value() - a number of the report, by its name
 * Return: false: there is none of this name
 */
bool rtp_stream_value(const struct rtp_stream *s, const char *name, int64_t now_us, int64_t *value);
/* "name=1 state=talking sent=100 ...", one line. */
void rtp_stream_report(const struct rtp_stream *s, int64_t now_us, FILE *out);

#endif
