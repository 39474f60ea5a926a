/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * payload.h - RTCP and the quality of RTP as JSON, with the names of members that Homer knows
 *
 * Pure. RTCP comes from the network: only whole parts and report blocks are read, and the number of
 * blocks in the JSON is limited.
 */
#ifndef RTPRELAY_PAYLOAD_H
#define RTPRELAY_PAYLOAD_H

#include "base/buf.h"
#include "packet/quality.h"
#include "packet/side.h"

/* Of one compound packet; SR and RR together. More blocks than one RTCP packet can have. */
#define PAYLOAD_BLOCKS 32

/**
 * payload_rtcp() - the sender report and the report blocks of a compound packet, as one object
 * Return: false: it has neither, or the object does not fit into @out
 */
bool payload_rtcp(struct buf *out, const uint8_t *rtcp, size_t len);

/**
 * struct payload_rtp - RTP from one side of a media
 * @codec: its name; empty: not known
 * @final: the media has ended; otherwise: an interval of it
 * @at_s: wall clock
 */
struct payload_rtp {
	struct str call_id;
	const char *codec;
	enum side side;
	bool final;
	int64_t at_s;
	const struct stream_report *report;
	const struct quality_summary *quality;
};

/* False: it does not fit. */
bool payload_rtp(struct buf *out, const struct payload_rtp *rtp);

#endif
