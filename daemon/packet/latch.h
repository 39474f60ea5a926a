/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latch.h - learns where a side's media really comes from (DESIGN, "Latching")
 *
 * Pure: no I/O, no clock, no allocation; packets and time are handed in. Media thread only.
 */
#ifndef RTPRELAY_NAT_LATCH_H
#define RTPRELAY_NAT_LATCH_H

#include "base/endpoint.h"

enum latch_mode {
	LATCH_SMART,  /* default */
	LATCH_STRICT, /* wants rank 2 */
	LATCH_FIRST,  /* whoever comes first, as relays did of old */
};

enum latch_state {
	LATCH_WAIT,   /* nothing heard */
	LATCH_LEARN,  /* a source is in use, the window is open */
	LATCH_LOCKED, /* only that source is heard */
};

enum latch_rank {
	RANK_UNKNOWN = 0, /* held against nothing we know */
	RANK_NEAR = 1,	  /* latched by a sibling, or in the network of a rank 2 address */
	RANK_ADDR = 2,	  /* the address of SDP or of SIP, another port */
	RANK_EXACT = 3,	  /* address and port of the SDP */
};
#define LATCH_RANKS 4

/* A source that has not been heard for so long may have lost its NAT binding. */
#define LATCH_SILENCE_MS 1000

/*
 * A source that is waited for has to talk like a phone: no pause longer than this between its packets, their
 * sequence numbers going on. Packets sprayed over a range of ports do not.
 */
#define LATCH_GAP_MS 150

/* So many sources of siblings are looked at. */
#define LATCH_NEAR 8

/**
 * struct latch_ref - what a source is held against; made for one question, borrows all it points to
 * @signalled: where the remote wants its media: SDP's endpoint, or SIP's address with SDP's port
 * @sdp: as in the SDP; unset: this side has not answered yet
 * @sip: where SIP came from, port ignored; unset: not told
 * @near: sources that siblings have latched on
 * @on_trial: bit per member of @near: that one is there because of its network alone
 * @alone: nobody is at the other side yet, who could be heard or hear
 */
struct latch_ref {
	const struct endpoint *signalled, *sdp, *sip;
	const struct endpoint *near[LATCH_NEAR];
	unsigned int n_near, on_trial;
	enum latch_mode mode;
	bool strict_source; /* once LOCKED, nobody else, not even a NAT that rebound */
	bool handover;	    /* an acceptable source may take over at any time */
	bool alone;
	int64_t patience_ms, window_ms;
};

/* One packet, as far as latching cares. */
struct latch_packet {
	const struct endpoint *source;
	int64_t now_ms;
	bool candidate; /* it is what the stream carries: it may latch */
	bool has_ssrc, has_seq;
	uint16_t seq;
	uint32_t ssrc;
};

/**
 * struct latch - what one stream has learned; all zero is WAIT
 * @source: in use; unset in WAIT
 * @other: @waiting: nothing but its network speaks for it, or nothing at all: waited for something better;
 *	else: replaced by a new source after signalling moved it, and refused while its window lasts
 * @since_ms: when waiting for something better than @other began
 * @other_heard_ms, @other_ssrc, @other_seq: its last packet
 * @opened_ms: when an offer or answer opened the window again
 * @relatched: times that another source took over
 * @stale: signalling has moved the remote, @source is its old one: any admissible source replaces it
 * @moved: @stale, and the old source was right where SDP had said: so it will be this time
 * @reopened: an offer or answer opened the window while @source was in use
 * @pooled: only its network speaks for @source, or for the sibling that does: it never locks, and yields to a better one at any time
 */
struct latch {
	struct endpoint source, other;
	int64_t heard_ms, window_end_ms, since_ms, opened_ms, other_heard_ms;
	uint32_t ssrc, other_ssrc, relatched;
	uint16_t seq, other_seq;
	uint8_t state; /* enum latch_state */
	uint8_t rank;  /* enum latch_rank, of @source */
	bool ssrc_known, seq_known;
	bool waiting, stale, moved, reopened, pooled;
};

enum latch_verdict {
	LATCH_ADMIT,
	LATCH_TAKEN,  /* admitted, and its source is in use from now on */
	LATCH_REFUSE, /* a stranger */
	LATCH_PATIENCE,
	LATCH_NO_CANDIDATE, /* nothing heard yet, and this packet cannot latch */
};

/* What an offer or an answer means for a stream whose source is in use. */
enum latch_change {
	LATCH_KEEP, /* the media stays as it was */
	LATCH_REOPEN, /* same endpoint, other direction: resumed from hold, maybe through a new NAT binding */
	LATCH_MOVE, /* another endpoint */
};

enum latch_rank latch_rank(const struct latch_ref *ref, const struct endpoint *source);
/* Is there an address that a stranger can be told by? */
bool latch_address_known(const struct latch_ref *ref);

/* The whole decision, for any packet. */
enum latch_verdict latch_packet(struct latch *latch, const struct latch_ref *ref,
				const struct latch_packet *packet);
/* Its short form for nearly all packets: the source in use. latch_heard() must follow, latch_packet() need not. */
static inline bool latch_is_source(const struct latch *latch, const struct endpoint *source)
{
	return endpoint_eq(&latch->source, source);
}
void latch_heard(struct latch *latch, const struct latch_packet *packet);

/* Nobody is heard any more, as in the beginning; how often that changed is still known. */
void latch_forget(struct latch *latch);

/* Closes a window that is over. Return: the state changed. Also done by each packet. */
bool latch_tick(struct latch *latch, int64_t now_ms);
/* After an offer or answer; @ref tells the new state of things. */
void latch_update(struct latch *latch, const struct latch_ref *ref, enum latch_change change,
		  int64_t now_ms);

static inline bool latch_silent(const struct latch *latch, int64_t now_ms)
{
	return now_ms - latch->heard_ms >= LATCH_SILENCE_MS;
}

/* May media be sent to where signalling says? */
bool latch_signalled_usable(const struct latch_ref *ref);
/**
 * latch_destination() - where to send to
 * @asymmetric: to the signalled endpoint, wherever packets come from
 * Return: NULL, nowhere yet. What it points to belongs to @latch or @ref.
 */
const struct endpoint *latch_destination(const struct latch *latch, const struct latch_ref *ref,
					 bool asymmetric);

#endif
