/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latch.c - learns where a side's media really comes from
 *
 * The SDP names the address a phone believes in; behind a NAT it is wrong. Each source is ranked by
 * what signalling has told. The first good one is used at once, a better one may replace it while the
 * window is open, and then it alone is heard, so that a stranger cannot take a call over in
 * mid-speech. No I/O and no clock: packets and time are handed in.
 */
#include "packet/latch.h"
#include "rtp_wire.h"

static bool is_public(const struct endpoint *ep)
{
	return endpoint_is_unicast(ep) && !endpoint_is_private(ep);
}

bool latch_address_known(const struct latch_ref *ref)
{
	return endpoint_is_set(ref->sip) || (endpoint_is_set(ref->sdp) && is_public(ref->sdp));
}

/* By one of those whose bit is not in @without. */
static bool vouched(const struct latch_ref *ref, const struct endpoint *source,
		    unsigned int without)
{
	for (unsigned int i = 0; i < ref->n_near; i++)
		if (!(without & 1U << i) && endpoint_addr_eq(ref->near[i], source))
			return true;
	return false;
}

static bool vouched_by_sibling(const struct latch_ref *ref, const struct endpoint *source)
{
	return vouched(ref, source, 0);
}

static bool in_pool(const struct latch_ref *ref, const struct endpoint *source)
{
	if (endpoint_is_set(ref->sdp) && !endpoint_is_any(ref->sdp) &&
	    endpoint_same_pool(ref->sdp, source))
		return true;
	return endpoint_is_set(ref->sip) && endpoint_same_pool(ref->sip, source);
}

enum latch_rank latch_rank(const struct latch_ref *ref, const struct endpoint *source)
{
	if (endpoint_eq(ref->signalled, source) || endpoint_eq(ref->sdp, source))
		return RANK_EXACT;
	if (endpoint_addr_eq(ref->sdp, source) || endpoint_addr_eq(ref->sip, source))
		return RANK_ADDR;
	if (vouched_by_sibling(ref, source) || in_pool(ref, source))
		return RANK_NEAR;
	return RANK_UNKNOWN;
}

/*
 * The network alone speaks for it. A carrier's NAT may do that, but so may a stranger who rents the address next
 * door: such a source is waited for as one of rank 0 is, and stays on trial.
 */
static bool only_pooled(const struct latch_ref *ref, const struct endpoint *source,
			enum latch_rank rank)
{
	return rank == RANK_NEAR && ref->mode != LATCH_FIRST && !vouched_by_sibling(ref, source);
}

/* It, or the sibling that it follows: two on trial must not vouch for each other and lock. */
static bool on_trial(const struct latch_ref *ref, const struct endpoint *source,
		     enum latch_rank rank)
{
	return rank == RANK_NEAR && ref->mode != LATCH_FIRST &&
	       !vouched(ref, source, ref->on_trial);
}

/* Could a source of this rank ever be used? However long the silence: not rank 0 where an address is known. */
static bool admissible(const struct latch_ref *ref, enum latch_rank rank)
{
	if (ref->mode == LATCH_FIRST)
		return true;
	if (ref->mode == LATCH_STRICT)
		return rank >= RANK_ADDR;
	return rank > RANK_UNKNOWN || !latch_address_known(ref);
}

/* The same phone behind a NAT that gave it another port: only silence of the old one makes it credible. */
static bool has_rebound(const struct latch *latch, const struct latch_packet *packet)
{
	if (!endpoint_addr_eq(&latch->source, packet->source) ||
	    !latch_silent(latch, packet->now_ms))
		return false;
	if (!latch->ssrc_known || !packet->has_ssrc || latch->ssrc != packet->ssrc)
		return false;
	return !latch->seq_known || !packet->has_seq || rtp_seq_goes_on(latch->seq, packet->seq);
}

/* In LEARN or LOCKED: may @packet's source take the place of the one in use? */
static bool may_replace(const struct latch *latch, const struct latch_ref *ref,
			const struct latch_packet *packet, enum latch_rank rank)
{
	bool silent = latch_silent(latch, packet->now_ms);

	if (latch->state == LATCH_LOCKED && ref->strict_source && !ref->handover)
		return false;
	if (has_rebound(latch, packet))
		return true;
	if (!admissible(ref, rank))
		return false;
	if (ref->handover)
		return true;
	if (latch->state == LATCH_LOCKED)
		return rank == RANK_EXACT && latch->rank < RANK_EXACT && silent;
	if (latch->stale || rank > latch->rank)
		return true;
	return latch->reopened && rank == latch->rank && silent;
}

/* Does @packet continue what the source that is waited for has sent so far? */
static bool keeps_talking(const struct latch *latch, const struct latch_packet *packet)
{
	uint16_t step = (uint16_t)(packet->seq - latch->other_seq);

	if (!packet->has_seq)
		return true;
	return packet->now_ms - latch->other_heard_ms <= LATCH_GAP_MS &&
	       packet->ssrc == latch->other_ssrc && step >= 1 && step <= 16;
}

/*
 * Has the one source that too little speaks for been waited for long enough? One that has fallen silent
 * in the meantime had its chance: the wait begins anew with the next.
 */
static bool patience_is_over(struct latch *latch, const struct latch_ref *ref,
			     const struct latch_packet *packet)
{
	bool same = latch->waiting && endpoint_eq(&latch->other, packet->source);
	bool goes_on = same && keeps_talking(latch, packet);
	bool other_talks = latch->waiting && !same &&
			   packet->now_ms - latch->since_ms < ref->patience_ms &&
			   packet->now_ms - latch->other_heard_ms <= LATCH_GAP_MS;

	if (other_talks)
		return false;
	if (!goes_on)
		latch->since_ms = packet->now_ms;
	latch->waiting = true;
	latch->other = *packet->source;
	latch->other_heard_ms = packet->now_ms;
	latch->other_ssrc = packet->ssrc;
	latch->other_seq = packet->seq;
	return packet->now_ms - latch->since_ms >= ref->patience_ms;
}

/* After signalling moved a phone, late packets from its old place must not take the stream back. */
static bool was_replaced(const struct latch *latch, const struct latch_packet *packet)
{
	return !latch->waiting && packet->now_ms < latch->window_end_ms &&
	       endpoint_eq(&latch->other, packet->source);
}

static void take(struct latch *latch, const struct latch_ref *ref,
		 const struct latch_packet *packet, enum latch_rank rank)
{
	bool was_open = latch->state == LATCH_LEARN && packet->now_ms < latch->window_end_ms;

	memset(&latch->other, 0, sizeof(latch->other));
	if (latch->state != LATCH_WAIT) {
		latch->relatched++;
		if (latch->stale)
			latch->other = latch->source;
	}
	if (!was_open && latch->state != LATCH_LOCKED)
		latch->window_end_ms = packet->now_ms + ref->window_ms;
	if (latch->state != LATCH_LOCKED)
		latch->state = rank == RANK_EXACT ? LATCH_LOCKED : LATCH_LEARN;
	latch->source = *packet->source;
	latch->rank = (uint8_t)rank;
	latch->pooled = on_trial(ref, packet->source, rank);
	latch->waiting = latch->stale = latch->moved = latch->reopened = false;
	latch->ssrc_known = latch->seq_known = false;
	latch_heard(latch, packet);
}

void latch_forget(struct latch *latch)
{
	*latch = (struct latch){ .relatched = latch->relatched + 1 };
}

void latch_heard(struct latch *latch, const struct latch_packet *packet)
{
	latch->heard_ms = packet->now_ms;
	if (packet->has_seq || (packet->has_ssrc && !latch->seq_known)) {
		latch->ssrc = packet->ssrc;
		latch->ssrc_known = true;
		latch->seq = packet->seq;
		latch->seq_known = packet->has_seq;
	}
	if (latch->state == LATCH_LEARN)
		latch_tick(latch, packet->now_ms);
}

bool latch_tick(struct latch *latch, int64_t now_ms)
{
	if (latch->state != LATCH_LEARN || now_ms < latch->window_end_ms || latch->pooled)
		return false;
	/* Nobody came in its place: the old source is right after all, if it is still there. */
	if (latch->stale && latch_silent(latch, now_ms))
		return false;
	if (latch->reopened && latch->heard_ms < latch->opened_ms)
		return false;
	latch->state = LATCH_LOCKED;
	latch->stale = latch->moved = latch->reopened = false;
	return true;
}

/*
 * Too little speaks for this source to be heard at once. A side that has not answered yet will tell more, so
 * that can be waited for; and RTCP of a phone behind a carrier's NAT follows its RTP. While the other side
 * rings, a phone need not talk, so that its silence says nothing for somebody next door.
 */
static bool must_wait(struct latch *latch, const struct latch_ref *ref,
		      const struct latch_packet *packet, enum latch_rank rank)
{
	bool pooled = only_pooled(ref, packet->source, rank);

	if (ref->mode == LATCH_FIRST || (rank > RANK_UNKNOWN && !pooled) ||
	    has_rebound(latch, packet))
		return false;
	if (ref->handover && latch->state != LATCH_WAIT && !pooled)
		return false;
	if (!endpoint_is_set(ref->sdp) || (pooled && ref->alone) ||
	    (pooled && packet->has_ssrc && !packet->has_seq))
		return true;
	return !patience_is_over(latch, ref, packet);
}

enum latch_verdict latch_packet(struct latch *latch, const struct latch_ref *ref,
				const struct latch_packet *packet)
{
	enum latch_rank rank;

	if (latch_is_source(latch, packet->source)) {
		latch_heard(latch, packet);
		return LATCH_ADMIT;
	}
	latch_tick(latch, packet->now_ms);
	if (!packet->candidate)
		return latch->state == LATCH_WAIT ? LATCH_NO_CANDIDATE : LATCH_REFUSE;
	rank = latch_rank(ref, packet->source);
	if (latch->state == LATCH_WAIT) {
		if (!admissible(ref, rank))
			return LATCH_REFUSE;
	} else if (was_replaced(latch, packet) || !may_replace(latch, ref, packet, rank)) {
		return LATCH_REFUSE;
	}
	if (must_wait(latch, ref, packet, rank))
		return LATCH_PATIENCE;
	take(latch, ref, packet, rank);
	return LATCH_TAKEN;
}

void latch_update(struct latch *latch, const struct latch_ref *ref, enum latch_change change,
		  int64_t now_ms)
{
	bool was_exact = latch->rank == RANK_EXACT || (latch->stale && latch->moved);
	enum latch_rank rank;

	if (latch->state == LATCH_WAIT)
		return;
	rank = latch_rank(ref, &latch->source);
	latch->rank = (uint8_t)rank;
	latch->pooled = on_trial(ref, &latch->source, rank);
	if (rank == RANK_EXACT) {
		latch->state = LATCH_LOCKED;
		latch->stale = latch->moved = latch->reopened = false;
		return;
	}
	if (change == LATCH_KEEP && admissible(ref, rank))
		return;
	if (change == LATCH_MOVE || !admissible(ref, rank)) {
		latch->moved = change == LATCH_MOVE && was_exact;
		latch->stale = true;
	}
	memset(&latch->other, 0, sizeof(latch->other));
	latch->waiting = false;
	latch->reopened = true;
	latch->state = LATCH_LEARN;
	latch->opened_ms = now_ms;
	latch->window_end_ms = now_ms + ref->window_ms;
}

bool latch_signalled_usable(const struct latch_ref *ref)
{
	const struct endpoint *to = ref->signalled;

	if (!endpoint_is_set(to) || !endpoint_is_unicast(to) || !endpoint_port(to))
		return false;
	/* A private address, told by somebody who came from a public one: nobody is there. */
	return !endpoint_is_private(to) || !endpoint_is_set(ref->sip) || !is_public(ref->sip);
}

const struct endpoint *latch_destination(const struct latch *latch, const struct latch_ref *ref,
					 bool asymmetric)
{
	bool usable = latch_signalled_usable(ref);

	if (!asymmetric && latch->state != LATCH_WAIT && !(latch->moved && usable))
		return &latch->source;
	return usable ? ref->signalled : NULL;
}
