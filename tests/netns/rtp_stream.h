/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_stream.h - one media stream of a phone: sends a tone, checks what it receives
 *
 * Does not read a clock: the caller passes the time in microseconds.
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

/* What was received from one of the senders whose packets this stream expects. */
struct rtp_friend {
	uint32_t who;
	uint64_t heard;
	uint32_t base;	  /* count where checking began */
	uint32_t first;	  /* count of the first packet received */
	int32_t start_ms; /* from our own first packet until the first one received was sent */
	uint32_t next;	  /* the highest count received + 1 */
	uint64_t dup;
	uint64_t late;	 /* received after a packet that was sent later */
	uint64_t recent; /* bit n: packet next - 1 - n was received */
	int64_t transit; /* RFC 3550, A.8, in units of the timestamp */
	double jitter;
};

struct rtp_stream {
	struct rtp_stream *next;
	char name[STREAM_NAME];
	char state[STREAM_NAME]; /* stored by the SIP side, as in "ringing" */
	struct sockaddr_storage local;
	int fd[2]; /* RTP, RTCP; [1] is -1 when this phone uses one port for both */
	bool mux, fax;
	unsigned int every; /* of its frames each Nth is sent, if more than 1: DTX */
	bool losing;	    /* what it sends is lost on the way: no packet leaves */
	uint32_t who;
	uint8_t payload_type; /* with the marker bit, if each packet is to have it */
	unsigned int tone_hz;

	struct peer_media peer; /* the destination, from SDP */
	bool muted;
	uint32_t sent;
	uint32_t frames;
	uint32_t since_ms; /* time of our first packet since the last reset; 0: none yet */
	uint64_t rtcp_sent;

	struct rtp_friend friends[STREAM_FRIENDS];
	unsigned int friend_count;
	struct tone_ear ear;
	int64_t heard_us; /* time of the last packet of a friend */
	uint64_t attack;  /* must not arrive: of another call, unmarked, of the attacker */
	uint64_t foreign;
	uint64_t unmarked;
	uint64_t kept; /* keep-alives of the relay, RTP's port */
	uint64_t rtcp_heard;
	uint64_t rtcp_attack;
	uint64_t rtcp_foreign;
	uint32_t ssrcs[STREAM_SSRCS];
	unsigned int ssrc_count;
};

/* Opens sockets for s->local, s->mux. Return: 0, -errno */
int rtp_stream_open(struct rtp_stream *s);
void rtp_stream_close(struct rtp_stream *s);
/* Sends one packet if the destination is known; @rtcp: a report too. */
/* A key by RFC 4733 of 60 ms, all packets at once; to the receiver they are "unmarked". */
void rtp_stream_press(struct rtp_stream *s, uint8_t event);
void rtp_stream_send(struct rtp_stream *s, bool rtcp, int64_t now_us);
/* Reads all packets that wait at socket @which. */
void rtp_stream_receive(struct rtp_stream *s, int which, int64_t now_us);
/* Resets all counts of received packets and starts checking again. */
void rtp_stream_reset(struct rtp_stream *s);
/**
 * rtp_stream_value() - get a number of the report by name
 * Return: false, the name is unknown
 */
bool rtp_stream_value(const struct rtp_stream *s, const char *name, int64_t now_us, int64_t *value);
/* Prints "name=1 state=talking sent=100 ...", one line. */
void rtp_stream_report(const struct rtp_stream *s, int64_t now_us, FILE *out);

#endif
