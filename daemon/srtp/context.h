/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * context.h - the inside of struct srtp: keys, and the SSRCs with their indexes
 *
 * For srtp/ only: rtp.c and rtcp.c use it for packets, state.c copies it.
 */
#ifndef RTPRELAY_SRTP_CONTEXT_H
#define RTPRELAY_SRTP_CONTEXT_H

#include "srtp/srtp.h"
#include "srtp/window.h"

/* After so many failures in a row another rollover counter is searched for, at most that often. */
#define SRTP_SEARCH_AFTER    10
#define SRTP_SEARCH_MS	     100
#define SRTP_SEARCH_TRIES    3	/* of one search: as many tags are computed */
#define SRTP_SEARCH_DISTANCE 48 /* rollovers; the next search begins behind the last */

/* So many indexes of SRTCP are skipped after a restart. */
#define SRTP_STATE_SKIP 10000
/* Indexes of SRTCP that were sent since they were stored: half of what a restart skips. */
#define SRTCP_DUE (SRTP_STATE_SKIP / 2)

/**
 * struct srtp_source - an SSRC
 * @used_ms: when it was heard, or sent to, last
 * @stored: @rtp.top as srtp_indexes() has copied it last
 * @rtp: not started, but with a top: from an earlier key, see srtp_inherit()
 * @rtcp: when receiving
 * @failures: in a row, up to a bound; when sending: numbers that were used
 * @reach: rollovers that were searched; @searched_ms: when
 */
struct srtp_source {
	uint32_t ssrc;
	uint8_t failures, reach;
	int64_t used_ms, searched_ms;
	uint64_t stored;
	struct srtp_window rtp, rtcp;
};

/**
 * struct srtp - one direction under a master key
 * @keys: of SRTP, of SRTCP
 * @sources: the first @source_count are used
 * @rtcp_sent: the index of the last SRTCP packet. One for all SSRCs, so that none is repeated when
 *	an SSRC is forgotten. @rtcp_stored: as srtp_indexes() has copied it last
 * @replaced: when sending, a Bloom filter of the SSRCs that were replaced: their indexes are
 *	forgotten, so they may not begin again under this key (RFC 3711, 9.1)
 * @table: GCM's for SRTP; only with AEAD, and without srtp/ghash.h, is there memory for it. For
 *	SRTCP, which is rare, it is made for each packet.
 */
struct srtp {
	struct srtp_master master;
	enum srtp_direction direction;
	uint32_t rtcp_sent, rtcp_stored;
	bool due; /* see srtp_due() */
	struct srtp_keys rtp, rtcp;
	struct srtp_counts counts;
	unsigned int source_count;
	struct srtp_source sources[SRTP_SSRCS];
	uint64_t replaced[SRTP_REPLACED_WORDS];
	struct gcm_key table[];
};

/* Return: the SSRC's; NULL: it is new */
struct srtp_source *srtp_source_find(struct srtp *srtp, uint32_t ssrc);
/**
 * srtp_source_place() - where a new SSRC may go; nothing changes yet
 * Return: NULL: none is idle; or, when sending, the SSRC may have been replaced before
 */
struct srtp_source *srtp_source_place(struct srtp *srtp, uint32_t ssrc, int64_t now_ms);
/* The new SSRC takes the place that it got. */
void srtp_source_take(struct srtp *srtp, struct srtp_source *place,
		      const struct srtp_source *source);

/* Its highest index may have risen. */
static inline void srtp_rose(struct srtp *srtp, const struct srtp_source *source)
{
	if (source->rtp.top - source->stored >= SRTP_DUE)
		srtp->due = true;
}

static inline enum srtp_verdict srtp_count(struct srtp *srtp, enum srtp_verdict verdict)
{
	srtp->counts.verdicts[verdict]++;
	return verdict;
}

#endif
