/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_stats.h - quality of a received RTP stream: sequence, loss, jitter (RFC 3550, A.1, A.3, A.8)
 *
 * Pure integer arithmetic; headers and arrival times are arguments. Used by the daemon and the
 * module. No lock: the writer must ensure that readers get a consistent copy.
 */
#ifndef RTP_STATS_H
#define RTP_STATS_H

#include "rtp_wire.h"

/**
 * struct rtp_stats - of one SSRC; all zero: no packet received. Another SSRC starts from zero.
 * @base, @highest: extended sequence numbers (cycles in the upper bits); the first cycle is 1, so
 *	that late packets with numbers before the first one do not wrap below zero
 * @received: without duplicates
 * @gaps: in the numbers, of one or more packets; a gap filled by late packets is not counted
 * @seen: bit n: @highest - n was received
 * @jitter: in units of the RTP clock, times 16
 * @prior_expected, @prior_lost: of sequences before a restart under the same SSRC
 */
struct rtp_stats {
	uint64_t seen;
	uint32_t ssrc;
	uint32_t base, highest;
	uint32_t received;
	uint32_t prior_expected, prior_lost;
	uint32_t reordered, duplicate, gaps;
	uint32_t timestamp;
	uint32_t transit;
	uint32_t jitter;
	uint32_t clock; /* Hz, of @pt; 0: unknown, no jitter */
	uint16_t restart_seq;
	uint8_t pt;
	bool known;
	bool transit_known;
	bool restart; /* if the next packet has @restart_seq, it begins a new sequence */
};

static inline uint32_t rtp_stats_expected(const struct rtp_stats *s)
{
	return s->known ? s->prior_expected + (s->highest - s->base + 1) : 0;
}

/* Never negative: with late packets of an earlier sequence, more may be received than expected. */
static inline uint32_t rtp_stats_lost_now(const struct rtp_stats *s)
{
	uint32_t expected = s->highest - s->base + 1;

	return s->known && expected > s->received ? expected - s->received : 0;
}

static inline uint32_t rtp_stats_lost(const struct rtp_stats *s)
{
	return s->prior_lost + rtp_stats_lost_now(s);
}

static inline void rtp_stats_begin(struct rtp_stats *s, uint16_t seq)
{
	s->base = 0x10000u + seq;
	s->highest = s->base;
	s->received = 1;
	s->seen = 1;
	s->restart = false;
	s->transit_known = false;
}

static inline void rtp_stats_restart(struct rtp_stats *s, uint16_t seq)
{
	s->prior_lost += rtp_stats_lost_now(s);
	s->prior_expected += s->highest - s->base + 1;
	rtp_stats_begin(s, seq);
}

/* A packet that is @behind the highest has arrived: it may fill a gap, or split one in two. */
static inline void rtp_stats_mend(struct rtp_stats *s, uint32_t behind)
{
	bool newer = behind > 64 || s->seen >> (behind - 1) & 1;
	bool older = behind >= 63 || s->seen >> (behind + 1) & 1;

	if (s->highest - behind < s->base)
		s->gaps += s->base - (s->highest - behind) > 1; /* before the first received one */
	else if (newer && older)
		s->gaps -= s->gaps > 0;
	else
		s->gaps += !newer && !older;
}

static inline void rtp_stats_late(struct rtp_stats *s, uint32_t behind)
{
	if (behind < 64) {
		if (s->seen >> behind & 1) {
			s->duplicate++;
			return;
		}
		s->seen |= (uint64_t)1 << behind;
	}
	rtp_stats_mend(s, behind);
	s->reordered++;
	s->received++;
	if (s->highest - behind < s->base)
		s->base = s->highest - behind;
}

/* A.1. Return: true: the packet is the newest one; false: it is late, a duplicate, or a stray. */
static inline bool rtp_stats_sequence(struct rtp_stats *s, uint16_t seq)
{
	uint16_t ahead = (uint16_t)(seq - (uint16_t)s->highest);

	if (ahead && ahead < RTP_MAX_DROPOUT) {
		s->seen = ahead < 64 ? s->seen << ahead | 1 : 1;
		s->gaps += ahead > 1;
		s->highest += ahead;
		s->received++;
		s->restart = false;
		return true;
	}
	if (!ahead || ahead > 65535 - RTP_MAX_MISORDER) {
		rtp_stats_late(s, (uint16_t)-ahead);
		return false;
	}
	/* A large jump: two in sequence mean that the sender restarted, one alone is a stray. */
	if (s->restart && seq == s->restart_seq) {
		rtp_stats_restart(s, seq);
		return true;
	}
	s->restart = true;
	s->restart_seq = (uint16_t)(seq + 1);
	return false;
}

/*
 * A.8. Of packets that share a timestamp (parts of a video frame, repetitions of a telephone event)
 * only the first is used: the others do not measure the network's delay. A jump of more than four
 * seconds is a new timeline, not jitter.
 */
static inline void rtp_stats_jitter(struct rtp_stats *s, uint32_t timestamp, uint32_t arrival)
{
	uint32_t transit = arrival - timestamp;
	uint32_t apart = transit - s->transit;

	if (s->transit_known && timestamp == s->timestamp)
		return;
	if ((int32_t)apart < 0)
		apart = 0 - apart;
	if (s->transit_known && apart < 4 * s->clock)
		s->jitter += apart - ((s->jitter + 8) >> 4);
	s->transit = transit;
	s->transit_known = true;
}

/**
 * rtp_stats_update() - adds one accepted RTP packet
 * @clock: Hz, of the packet's payload type; 0: unknown
 * @arrival: time of arrival in units of @clock, with any origin; may wrap
 */
static inline void rtp_stats_update(struct rtp_stats *s, const struct rtp_wire *w, uint32_t clock,
				    uint32_t arrival)
{
	bool newest = true;

	if (!s->known || s->ssrc != w->ssrc) {
		memset(s, 0, sizeof(*s));
		s->known = true;
		s->ssrc = w->ssrc;
		rtp_stats_begin(s, w->seq);
	} else {
		newest = rtp_stats_sequence(s, w->seq);
	}
	if (s->pt != w->pt || s->clock != clock) {
		s->transit_known = false; /* the timeline of another codec */
		s->pt = w->pt;
		s->clock = clock;
	}
	if (!newest)
		return;
	if (clock)
		rtp_stats_jitter(s, w->timestamp, arrival);
	s->timestamp = w->timestamp;
}

/*
 * A packet of the sequence that another path forwards: it is not lost. Of a packet with another
 * SSRC nothing is known.
 */
static inline void rtp_stats_passed(struct rtp_stats *s, const struct rtp_wire *w)
{
	if (s->known && s->ssrc == w->ssrc)
		rtp_stats_sequence(s, w->seq);
}

#endif
