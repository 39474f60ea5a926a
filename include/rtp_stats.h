/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_stats.h - how good a received RTP stream is: RFC 3550, A.1 (sequence), A.3 (loss), A.8 (jitter)
 *
 * Pure integer arithmetic over headers and arrival times that are handed in, for the daemon and the
 * module alike. No lock: whoever writes sees to it that readers get a whole copy.
 */
#ifndef RTP_STATS_H
#define RTP_STATS_H

#include "rtp_wire.h"

/**
 * struct rtp_stats - of one SSRC; all zero: nothing heard. Another SSRC begins anew.
 * @base, @highest: extended sequence numbers (cycles in the upper bits); the first cycle is 1, so that
 *	packets from before the first one are above zero too
 * @received: without duplicates
 * @gaps: in the numbers, of one or more packets; one that is filled by a late packet is none
 * @seen: bit n: @highest - n has come
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
	bool restart; /* @restart_seq, if it comes next, begins a new sequence */
};

static inline uint32_t rtp_stats_expected(const struct rtp_stats *s)
{
	return s->known ? s->prior_expected + (s->highest - s->base + 1) : 0;
}

/* Never negative: late ones of an earlier sequence may make more received than expected. */
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

/* The packet that was @behind has come: it may have filled a gap, or cut one in two. */
static inline void rtp_stats_mend(struct rtp_stats *s, uint32_t behind)
{
	bool newer = behind > 64 || s->seen >> (behind - 1) & 1;
	bool older = behind >= 63 || s->seen >> (behind + 1) & 1;

	if (s->highest - behind < s->base)
		s->gaps += s->base - (s->highest - behind) > 1; /* the first of all that came */
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

/* A.1. Return: the packet is the newest one; false: it came late, twice, or from nowhere. */
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
	/* A great jump: two in sequence mean that the sender began anew, a single one is a stray. */
	if (s->restart && seq == s->restart_seq) {
		rtp_stats_restart(s, seq);
		return true;
	}
	s->restart = true;
	s->restart_seq = (uint16_t)(seq + 1);
	return false;
}

/*
 * A.8. Packets that share a timestamp (the parts of a video frame, the repetitions of a telephone
 * event) say nothing new about the network's delay: the first one counts. A jump of more than four
 * seconds is a new time line, not jitter.
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
 * rtp_stats_update() - takes one admitted RTP packet into account
 * @clock: Hz, of the packet's payload type; 0: unknown
 * @arrival: time of arrival in units of @clock, any origin, wrapping
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
	if (s->pt != w->pt || s->clock != clock)
		s->transit_known = false; /* another codec's time line */
	s->pt = w->pt;
	s->clock = clock;
	if (newest && clock)
		rtp_stats_jitter(s, w->timestamp, arrival);
	if (newest)
		s->timestamp = w->timestamp;
}

#endif
