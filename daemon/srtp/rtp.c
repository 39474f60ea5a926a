/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp.c - seals and opens RTP packets: which index a packet has, and whether it may have it
 */
#include "rtp_wire.h"
#include "srtp/context.h"

#define ROC	  0x10000ULL
#define RTP_FIXED 12

/**
 * parse() - the header of an RTP packet; a padding is part of what is encrypted
 * Return: false: it is none
 */
static bool parse(const struct srtp_packet *packet, struct rtp_wire *wire)
{
	return packet->len >= RTP_FIXED && packet->data[0] >> 6 == 2 &&
	       rtp_wire_parse_rtp(packet->data, packet->len, wire) == RTP_KIND_RTP;
}

static struct srtp_place place_of(const struct srtp_packet *packet, const struct rtp_wire *wire,
				  uint64_t index)
{
	return (struct srtp_place){ packet->data, packet->len, wire->header_len, wire->ssrc,
				    index };
}

/* --- Sending ------------------------------------------------------------------------------- */

static enum srtp_verdict seal(struct srtp *srtp, struct srtp_packet *packet,
			      const struct rtp_wire *wire, struct srtp_window *window)
{
	uint64_t index = srtp_guess_index(window->top, wire->seq);
	struct srtp_place place = place_of(packet, wire, index);

	if (index > SRTP_INDEX_MAX)
		return SRTP_ENDED;
	if (srtp_window_place(window, index) != SRTP_WINDOW_FREE)
		return SRTP_REPLAYED;
	packet->len = srtp_seal(&srtp->rtp, &srtp->master.mki, &place);
	srtp_window_mark(window, index);
	return SRTP_OK;
}

/* It is told once for each time: the numbers are not used again, so all are dropped for a while. */
static void note_used(struct srtp *srtp, struct srtp_source *source)
{
	if (source->failures > SRTP_RESTART || ++source->failures != SRTP_RESTART)
		return;
	srtp->counts.restarts++;
	srtp->due = true;
}

static enum srtp_verdict protect(struct srtp *srtp, struct srtp_packet *packet, int64_t now_ms)
{
	struct srtp_source fresh = { 0 }, *source, *place = NULL;
	enum srtp_verdict verdict;
	struct rtp_wire wire;

	if (!parse(packet, &wire) ||
	    packet->size < packet->len + srtp_trailer(srtp->master.suite, &srtp->master.mki))
		return SRTP_MALFORMED;
	source = srtp_source_find(srtp, wire.ssrc);
	if (!source) {
		place = srtp_source_place(srtp, wire.ssrc, now_ms);
		if (!place)
			return SRTP_CROWDED;
		fresh.ssrc = wire.ssrc;
		source = &fresh;
	}
	verdict = seal(srtp, packet, &wire, &source->rtp);
	if (verdict == SRTP_REPLAYED)
		note_used(srtp, source);
	if (verdict != SRTP_OK)
		return verdict;
	source->used_ms = now_ms;
	source->failures = 0;
	srtp_rose(srtp, source);
	if (place)
		srtp_source_take(srtp, place, source);
	return SRTP_OK;
}

enum srtp_verdict rtp_protect(struct srtp *srtp, struct srtp_packet *packet, int64_t now_ms)
{
	return srtp_count(srtp, protect(srtp, packet, now_ms));
}

/* --- Receiving ----------------------------------------------------------------------------- */

static bool opens(struct srtp *srtp, const struct srtp_packet *packet, const struct rtp_wire *wire,
		  uint64_t index)
{
	struct srtp_place place = place_of(packet, wire, index);

	return index <= SRTP_INDEX_MAX && srtp_open(&srtp->rtp, &srtp->master.mki, &place);
}

/*
 * The first packet of an SSRC under this key. Its rollover counter is 0, or 1 if the sequence began
 * shortly before the wrap and those packets were lost; or it goes on from an earlier key.
 * Return: false: none of them, with at most three tags computed
 */
static bool open_first(struct srtp *srtp, const struct srtp_packet *packet,
		       const struct rtp_wire *wire, const struct srtp_window *window,
		       uint64_t *index)
{
	uint64_t guess = srtp_guess_index(window->top, wire->seq);

	*index = guess;
	if (opens(srtp, packet, wire, *index))
		return true;
	*index = wire->seq;
	if (*index != guess && opens(srtp, packet, wire, *index))
		return true;
	*index = ROC | wire->seq;
	return *index != guess && wire->seq < ROC / 2 && opens(srtp, packet, wire, *index);
}

/*
 * So many packets were lost that the guess is wrong: greater rollover counters are tried. Never
 * smaller ones: a recorded packet would set the index back, and end the call. One search in
 * SRTP_SEARCH_MS, whatever comes: strangers who send with this SSRC cost no more.
 */
static bool search(struct srtp *srtp, struct srtp_source *source, const struct srtp_packet *packet,
		   const struct rtp_wire *wire, uint64_t *index, int64_t now_ms)
{
	uint64_t guess = *index;

	if (source->failures < SRTP_SEARCH_AFTER ||
	    (source->searched_ms && now_ms - source->searched_ms < SRTP_SEARCH_MS))
		return false;
	source->searched_ms = now_ms;
	srtp->counts.searches++;
	if (source->reach >= SRTP_SEARCH_DISTANCE)
		source->reach = 0;
	for (unsigned int i = 0; i < SRTP_SEARCH_TRIES; i++) {
		source->reach++;
		*index = guess + source->reach * ROC;
		if (srtp_window_place(&source->rtp, *index) == SRTP_WINDOW_FREE &&
		    opens(srtp, packet, wire, *index)) {
			srtp->counts.found++;
			return true;
		}
	}
	return false;
}

static enum srtp_verdict open_known(struct srtp *srtp, struct srtp_source *source,
				    const struct srtp_packet *packet, const struct rtp_wire *wire,
				    uint64_t *index, int64_t now_ms)
{
	enum srtp_window_place place;

	*index = srtp_guess_index(source->rtp.top, wire->seq);
	place = srtp_window_place(&source->rtp, *index);
	if (place == SRTP_WINDOW_USED)
		return SRTP_REPLAYED;
	if (place == SRTP_WINDOW_FREE && opens(srtp, packet, wire, *index))
		return SRTP_OK;
	if (source->failures < SRTP_SEARCH_AFTER)
		source->failures++;
	if (search(srtp, source, packet, wire, index, now_ms))
		return SRTP_OK;
	return place == SRTP_WINDOW_OLD ? SRTP_REPLAYED : SRTP_FORGED;
}

static void take_index(struct srtp_source *source, uint64_t index, int64_t now_ms)
{
	srtp_window_mark(&source->rtp, index);
	source->failures = 0;
	source->reach = 0;
	source->used_ms = now_ms;
}

static enum srtp_verdict unprotect_new(struct srtp *srtp, const struct srtp_packet *packet,
				       const struct rtp_wire *wire, int64_t now_ms)
{
	struct srtp_source fresh = { .ssrc = wire->ssrc };
	struct srtp_source *place = srtp_source_place(srtp, wire->ssrc, now_ms);
	uint64_t index;

	if (!place)
		return SRTP_CROWDED;
	if (!open_first(srtp, packet, wire, &fresh.rtp, &index))
		return SRTP_FORGED;
	take_index(&fresh, index, now_ms);
	srtp_source_take(srtp, place, &fresh);
	return SRTP_OK;
}

static enum srtp_verdict unprotect(struct srtp *srtp, struct srtp_packet *packet, int64_t now_ms)
{
	size_t trailer = srtp_trailer(srtp->master.suite, &srtp->master.mki);
	enum srtp_verdict verdict;
	struct srtp_source *source;
	struct rtp_wire wire;
	uint64_t index;

	if (!parse(packet, &wire) || packet->len - wire.header_len < trailer)
		return SRTP_MALFORMED;
	if (!srtp_mki_fits(srtp->master.suite, &srtp->master.mki, false, packet->data, packet->len))
		return SRTP_FORGED;
	source = srtp_source_find(srtp, wire.ssrc);
	if (!source) {
		verdict = unprotect_new(srtp, packet, &wire, now_ms);
	} else {
		if (srtp_window_started(&source->rtp))
			verdict = open_known(srtp, source, packet, &wire, &index, now_ms);
		else
			verdict = open_first(srtp, packet, &wire, &source->rtp, &index)
					  ? SRTP_OK
					  : SRTP_FORGED;
		if (verdict == SRTP_OK) {
			take_index(source, index, now_ms);
			srtp_rose(srtp, source);
		}
	}
	if (verdict == SRTP_OK)
		packet->len -= trailer;
	return verdict;
}

enum srtp_verdict rtp_unprotect(struct srtp *srtp, struct srtp_packet *packet, int64_t now_ms)
{
	return srtp_count(srtp, unprotect(srtp, packet, now_ms));
}
