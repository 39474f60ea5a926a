/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtcp.h - evaluates RTCP that passes and ends intervals, for the quality of streams
 *
 * Media thread only, except stream_codec() and stream_counts(), which are pure.
 */
#ifndef RTPRELAY_STREAM_RTCP_H
#define RTPRELAY_STREAM_RTCP_H

#include "packet/quality.h"
#include "packet/side.h"
#include "rtp_stats.h"

struct packet;
struct stream;

/* Evaluates RTCP that was accepted at @stream: it reports on both sides. */
void stream_hear_rtcp(struct stream *stream, const struct packet *packet, int64_t now_us);
/* Once a second for watched streams: an interval may end. */
void stream_tick_quality(struct stream *stream, int64_t now_ms);
uint8_t stream_codec(const struct bridge_conf *conf, uint8_t pt);
void stream_counts(const struct rtp_stats *rtp, const struct bridge_conf *conf,
		   struct quality_counts *counts);

#endif
