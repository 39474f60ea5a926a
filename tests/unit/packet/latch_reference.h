/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latch_reference.h - the rules of latching written a second time, as the tables that open
 * packet/latch.h
 *
 * Shares nothing with the code under test but the names of verdicts and changes: places are small
 * numbers, who may take over is looked up in a picture of each table. What it decides, latch.c has
 * to decide.
 */
#ifndef RTPRELAY_LATCH_REFERENCE_H
#define RTPRELAY_LATCH_REFERENCE_H

#include "daemon/packet/latch.h"

/* Addresses of the model's world; none: 0. Two of each network. */
struct address {
	const char *text;
	char network;
	bool public, usable; /* told by SDP: may media be sent there? */
};

static const struct address world[] = {
	{ "", 0, false, false },
	{ "192.168.1.5", 'p', false, true },
	{ "192.168.1.200", 'p', false, true },
	{ "198.51.100.7", 'q', true, true },
	{ "198.51.100.80", 'q', true, true },
	{ "203.0.113.9", 'r', true, true },
	{ "203.0.113.77", 'r', true, true },
	{ "192.0.2.66", 's', true, true },
	{ "2001:db8::9", 't', true, true },
	{ "100.64.3.7", 'u', false, true },
	{ "fd00::9", 'v', false, true },
	{ "0.0.0.0", 0, false, false }, /* told, but nowhere: no source is ever there */
};
#define WORLD_SOURCES 10 /* 1 to this */
#define WORLD_NOWHERE 11

/* @at: in world; 0: unset */
struct place {
	int at, port;
};

/* What signalling told, and what siblings have learned. */
struct told {
	struct place sdp, sip, signalled;
	struct place near[3];
	bool near_on_trial[3];
	int n_near;
	uint32_t rtp_ssrc;	  /* of the phone's RTP; 0: none was heard */
	uint32_t rtp_ssrc_before; /* 0: none */
	bool rtp_on_trial;
	enum latch_mode mode;
	bool strict_source, handover, alone, asymmetric;
	bool spoke; /* rank 2 or 3, on any stream, at any time */
	/* RTCP of the phone, the last of all streams, and what is known of it; 0: none, now */
	int64_t rtcp_ms, rtcp_known_ms;
	int64_t patience_ms, window_ms;
};

struct heard {
	struct place from;
	int64_t now_ms;
	bool candidate, in_kernel, has_ssrc, has_seq;
	bool opaque, udptl;
	uint32_t ssrc;
	uint16_t seq;
};

/* Columns and rows of the tables. */
enum { R_WAIT, R_OPEN, R_REOPENED, R_MOVED, R_PENDING, R_LOCKED };
/*
 * What speaks for a source, as one letter: - nothing, n its network, f a sibling on trial, s a
 * sibling, a, e
 */
static const char R_LETTERS[] = "-nfsae";
static const int R_RANK[] = { 0, 1, 1, 1, 2, 3 };

/* Somebody who is awaited. */
struct r_awaited {
	bool there;
	uint32_t ssrc;
	uint16_t seq;
	int64_t since_ms, heard_ms;
};

/* Numbers of a fax: of the source in use, and of a port that goes on with them. */
struct r_fax {
	int last, row; /* packets in order, 0: none is known */
	int port, next, good, wrong;
	int64_t since_ms, not_before_ms;
};

#define R_PORTS	  3
#define R_PORT(n) (4000 + 2 * (int)(n))

struct reference {
	int phase;
	int class; /* place in R_LETTERS */
	struct place source, replaced;
	struct r_awaited awaited[WORLD_SOURCES + 1][R_PORTS];
	bool was_exact, ssrc_known, seq_known, sequenced, talked;
	int row; /* packets in a row, until it has talked */
	int64_t row_since_ms;
	bool spoke; /* on this one */
	uint32_t ssrc, relatched;
	uint16_t seq;
	/* What it sent before @ssrc, the newest last; how fast it sent at most. */
	struct used {
		uint32_t ssrc;
		uint16_t seq;
		bool seq_known;
		int64_t at_ms;
	} used[4];
	int n_used, per_second;
	/* Where the next measurement begins. */
	bool measuring;
	uint32_t measured_ssrc;
	uint16_t measured_seq;
	int64_t measured_ms;
	int64_t heard_ms, opened_ms, window_end_ms;
	char unanswered; /* what its answer opens, r or m; 0: nothing */
	int64_t offer_ends_ms;
	/* Row 14. */
	bool began_exact;
	int64_t settling_ms; /* end of the time after a final answer */
	int64_t rtcp_ms;
	struct r_fax fax;
};

static bool same_place(struct place a, struct place b)
{
	return a.at && a.at == b.at && a.port == b.port;
}

static bool same_address(struct place a, struct place b)
{
	return a.at && a.at == b.at;
}

static bool same_network(struct place a, struct place b)
{
	return world[a.at].network && world[a.at].network == world[b.at].network;
}

static int ref_class(const struct told *t, struct place from)
{
	bool on_trial = false;

	if (same_place(t->sdp, from) || same_place(t->signalled, from))
		return 5;
	if (same_address(t->sdp, from) || same_address(t->sip, from))
		return 4;
	for (int i = 0; i < t->n_near; i++) {
		if (same_address(t->near[i], from) && !t->near_on_trial[i])
			return 3;
		on_trial |= same_address(t->near[i], from);
	}
	if (on_trial)
		return t->mode == LATCH_FIRST ? 3 : 2;
	/* A phone that is elsewhere than its SDP says, as one behind a carrier's NAT. */
	if (!t->asymmetric && !t->spoke && same_network(t->sip, from) &&
	    (!world[t->sdp.at].public || t->sdp.at != t->sip.at))
		return t->mode == LATCH_FIRST ? 3 : 1;
	return 0;
}

static bool ref_address_known(const struct told *t)
{
	return t->sip.at || world[t->sdp.at].public;
}

/* Of one host: neither told as 0.0.0.0 nor not told. */
static bool private_host(struct place place)
{
	return world[place.at].network && !world[place.at].public;
}

/* SIP, SDP and media of a VPN: three addresses, all of them private. */
static bool ref_in_vpn(const struct told *t, struct place from)
{
	return private_host(t->sip) && !world[t->sdp.at].public && private_host(from);
}

/* Nobody but the endpoint of the SDP. */
static bool ref_sdp_only(const struct told *t)
{
	return t->asymmetric && t->strict_source && !t->handover;
}

/* By rank 0 to 3. */
static bool ref_usable(const struct told *t, struct place from)
{
	int class = ref_class(t, from);
	const char *usable = ref_sdp_only(t)			    ? "---y"
			     : t->mode == LATCH_FIRST		    ? "yyyy"
			     : t->mode == LATCH_STRICT		    ? "--yy"
			     : t->asymmetric || ref_in_vpn(t, from) ? "yyyy"
			     : ref_address_known(t)		    ? "-yyy"
								    : "yyyy";

	return usable[R_RANK[class]] == 'y';
}

static bool ref_learning(const struct reference *r)
{
	return r->phase != R_WAIT && r->phase != R_LOCKED;
}

static bool ref_settled(const struct reference *r)
{
	if (r->phase == R_OPEN && r->sequenced && !r->talked)
		return false;
	return r->phase == R_LOCKED || (r->phase == R_OPEN && !r->window_end_ms);
}

/* At the end of the window; an exact source needs none. */
static void ref_tick(struct reference *r, int64_t now_ms)
{
	bool on_trial = r->class == 1 || r->class == 2;
	bool resumed = r->heard_ms >= r->opened_ms, silent = now_ms - r->heard_ms >= 1000;
	const bool ends[] = { [R_OPEN] = !on_trial,
			      [R_REOPENED] = !on_trial && (resumed || r->unanswered),
			      [R_MOVED] = !on_trial && ((resumed && !silent) || r->unanswered),
			      [R_PENDING] = true };
	bool over = now_ms >= r->window_end_ms || (r->class == 5 && r->sequenced);

	if (!ref_learning(r) || !over || !ends[r->phase])
		return;
	if (r->unanswered && (r->phase == R_REOPENED || r->phase == R_MOVED)) {
		r->was_exact &= r->phase == R_MOVED;
		r->phase = R_PENDING;
		r->window_end_ms = r->offer_ends_ms;
		return;
	}
	r->phase = r->talked && !on_trial ? R_LOCKED : R_OPEN;
	r->was_exact = false;
	if (r->phase == R_OPEN)
		r->window_end_ms = 0;
}

/* Not heard since the offer that moved it from where it had been told to be. */
static bool ref_lost(const struct reference *r)
{
	return r->phase == R_PENDING && r->was_exact && r->heard_ms < r->opened_ms;
}

/* Another SSRC than before is in use: the last three before it are remembered. */
static void ref_change_ssrc(struct reference *r, uint32_t ssrc)
{
	int kept = 0;

	if (!r->ssrc_known || r->ssrc == ssrc)
		return;
	r->used[r->n_used++] = (struct used){ r->ssrc, r->seq, r->seq_known, r->heard_ms };
	for (int i = 0; i < r->n_used; i++)
		if (r->used[i].ssrc != ssrc)
			r->used[kept++] = r->used[i];
	if (kept > 3)
		memmove(r->used, r->used + 1, 3 * sizeof(r->used[0]));
	r->n_used = kept > 3 ? 3 : kept;
}

/* By how far @number is ahead of @last: -32768 to 32767. */
static int fax_step(int last, int number)
{
	return (int16_t)(uint16_t)(number - last);
}

static void ref_note_fax(struct r_fax *fax, int number)
{
	int step = fax_step(fax->last, number);

	if (fax->row && step <= 0 && step >= -8)
		return;
	fax->row = fax->row && step > 0 && step <= 8 ? fax->row + 1 : 1;
	fax->last = number;
}

/* Is it the fax from another port: one number that continues, and three more in order? */
static bool ref_fax_goes_on(struct reference *r, const struct heard *h)
{
	struct r_fax *fax = &r->fax;
	int step = fax_step(fax->last, h->seq), after = fax_step(fax->next, h->seq);
	bool its = fax->port == h->from.port;

	if (fax->since_ms <= r->heard_ms)
		fax->good = 0;
	if (fax->good == 4)
		return its;
	if (h->now_ms < fax->not_before_ms || (fax->good && its && after <= 0 && after >= -8))
		return false;
	if (fax->good && its && after > 0 && after <= 8) {
		fax->next = h->seq;
		return ++fax->good == 4;
	}
	if (fax->good && its)
		fax->good = 0;
	else if (step > 0 && step <= 8) {
		fax->good = 1;
		fax->port = h->from.port;
		fax->next = h->seq;
		fax->since_ms = h->now_ms;
		return false;
	}
	if (++fax->wrong == 4) {
		fax->wrong = fax->good = 0;
		fax->not_before_ms = h->now_ms + 10000;
	}
	return false;
}

/* Four in a row, from the first to the last 400 ms. The kernel tells of some of them only. */
static void ref_note_row(struct reference *r, const struct heard *h, bool by_kernel)
{
	bool same = h->has_ssrc ? r->ssrc_known && h->ssrc == r->ssrc : !r->ssrc_known;
	int ahead = (uint16_t)(h->seq - r->seq);

	if (!h->has_seq)
		return;
	if (r->seq_known && same && (ahead == 0 || ahead >= 65536 - 100))
		return;
	if (!r->seq_known || !same || (ahead > 16 && !by_kernel)) {
		r->row = 1;
		r->row_since_ms = h->now_ms;
	} else {
		r->row += by_kernel ? ahead : 1;
	}
	r->talked |= r->class == 5 || (r->row >= 4 && h->now_ms - r->row_since_ms >= 400);
}

static void ref_note(struct reference *r, const struct heard *h, bool by_kernel)
{
	bool rtcp = h->has_ssrc && !h->has_seq; /* its number is none */

	ref_note_row(r, h, by_kernel);
	if (h->udptl)
		ref_note_fax(&r->fax, h->seq);
	if (h->has_ssrc && (!rtcp || !r->sequenced)) {
		ref_change_ssrc(r, h->ssrc);
		r->ssrc = h->ssrc;
		r->ssrc_known = true;
	}
	r->heard_ms = h->now_ms;
	if (rtcp)
		r->rtcp_ms = h->now_ms;
	if (h->has_seq || (rtcp && !r->sequenced))
		r->seq = h->seq;
	if (h->has_seq)
		r->seq_known = r->sequenced = true;
}

/* Has a phone that sent @seq at that time come to number @next by now? */
static bool ref_continues(const struct reference *r, uint16_t seq, int64_t at_ms,
			  const struct heard *h)
{
	int per_second = !r->per_second ? 2000 : r->per_second < 50 ? 50 : r->per_second;
	int64_t most = 100 + (h->now_ms - at_ms) * per_second * 3 / 2 / 1000;
	int step = (uint16_t)(h->seq - seq);

	return step <= (most < 16000 ? most : 16000) || step >= 65536 - 100;
}

/* Media without numbers, of a phone that no NAT hides. */
static bool ref_plain(const struct reference *r, const struct told *t)
{
	return !r->sequenced && r->class == 5 && !r->relatched && t->mode != LATCH_STRICT &&
	       same_address(t->sdp, t->sip);
}

/* One of its SSRCs, and the numbers follow. */
static bool ref_follows(const struct reference *r, const struct told *t, const struct heard *h)
{
	if (h->has_ssrc && !h->has_seq && h->ssrc == t->rtp_ssrc && !t->rtp_on_trial && h->ssrc)
		return true;
	if (!r->ssrc_known || !h->has_ssrc)
		return false;
	if (r->ssrc == h->ssrc)
		return !r->seq_known || !h->has_seq || ref_continues(r, r->seq, r->heard_ms, h);
	for (int i = 0; i < r->n_used; i++)
		if (r->used[i].ssrc == h->ssrc)
			return !r->used[i].seq_known || !h->has_seq ||
			       ref_continues(r, r->used[i].seq, r->used[i].at_ms, h);
	return false;
}

/* By its numbers, and not by the SSRC alone. */
static bool ref_numbered(const struct reference *r, const struct heard *h)
{
	if (!h->has_seq || !h->has_ssrc)
		return false;
	for (int i = 0; i < r->n_used && h->ssrc != r->ssrc; i++)
		if (h->ssrc == r->used[i].ssrc)
			return r->used[i].seq_known;
	return r->seq_known;
}

static bool ref_rebound(struct reference *r, const struct told *t, const struct heard *h)
{
	int64_t quiet_ms = h->in_kernel ? 0 : h->now_ms - r->heard_ms;

	if (h->opaque && (r->phase == R_WAIT || !same_address(r->source, h->from)))
		return false;
	if (h->udptl && r->fax.row >= (h->has_seq ? 1 : 4))
		return ref_fax_goes_on(r, h) && quiet_ms >= 1000;
	if (h->opaque)
		return !h->has_seq && ref_plain(r, t) && quiet_ms >= 1000;
	return r->phase != R_WAIT && quiet_ms >= (ref_numbered(r, h) ? 200 : 1000) &&
	       same_address(r->source, h->from) && ref_follows(r, t, h);
}

/* It will have rebound once the old port is silent for long enough. */
static bool ref_will_rebind(const struct reference *r, const struct told *t, const struct heard *h)
{
	return h->has_seq && h->has_ssrc && same_address(r->source, h->from) &&
	       ref_follows(r, t, h);
}

/*
 * RTP from another port of the same host. Return: p, it may come after the patience; s, not before
 * the other port is silent; 0: no
 */
static char ref_switch(const struct reference *r, const struct told *t, const struct heard *h,
		       int class)
{
	int64_t quiet_ms = h->in_kernel ? 0 : h->now_ms - r->heard_ms;
	int64_t known_ms = t->rtcp_known_ms ? t->rtcp_known_ms : h->now_ms;
	bool after_final = h->now_ms < r->settling_ms, gone;

	if (r->phase == R_WAIT || class < 3 || t->mode == LATCH_STRICT || !h->has_seq ||
	    !h->has_ssrc || !same_address(r->source, h->from))
		return 0;
	gone = quiet_ms >= 1000;
	if (t->rtcp_ms)
		gone = quiet_ms >= 6000 && known_ms - t->rtcp_ms >= 6000 &&
		       h->now_ms - known_ms <= 1500;
	if (after_final && quiet_ms >= 200)
		return 'p';
	if (r->began_exact && same_address(t->sdp, t->sip) && gone)
		return 'p';
	return after_final ? 's' : 0;
}

static void ref_faster(struct reference *r, int64_t per_second)
{
	if (per_second > r->per_second)
		r->per_second = per_second > 65535 ? 65535 : (int)per_second;
}

/* Each second. */
static void ref_measure(struct reference *r)
{
	int64_t ms = r->heard_ms - r->measured_ms;
	uint16_t packets = (uint16_t)(r->seq - r->measured_seq);

	if (!r->seq_known)
		return;
	if (r->measuring && r->measured_ssrc == r->ssrc) {
		if (ms < 500)
			return;
		if (packets < 32768)
			ref_faster(r, packets * INT64_C(1000) / ms);
	}
	r->measuring = true;
	r->measured_ssrc = r->ssrc;
	r->measured_seq = r->seq;
	r->measured_ms = r->heard_ms;
}

/*
 * May a usable newcomer take over? y: yes, s: once the source is silent, f: then, or if it has an
 * SSRC of the source.
 * Columns: lower rank, same, higher but not exact, exact and the source is not.
 */
static const char *const ref_takes_over[] = {
	[R_WAIT] = "yyyy",  [R_OPEN] = "--yy",	  [R_REOPENED] = "-syy",
	[R_MOVED] = "yyyy", [R_PENDING] = "-fff", [R_LOCKED] = "---s",
};

/* An asymmetric phone that was heard where its SDP said: nobody unknown takes its place. */
static bool ref_was_where_told(const struct reference *r, const struct told *t, int class)
{
	return t->asymmetric && !t->handover && class == 0 && r->was_exact && ref_address_known(t);
}

static bool ref_may_take(const struct reference *r, const struct told *t, const struct heard *h,
			 int class, bool silent)
{
	int rank = R_RANK[class], had = R_RANK[r->class];
	int column = rank < had ? 0 : rank == had ? 1 : rank < 3 ? 2 : 3;
	char may = ref_takes_over[r->phase][column];

	/* The SDP's endpoint at any time. */
	if (t->asymmetric && column == 3 && rank == 3)
		return true;
	return t->handover || may == 'y' || (may != '-' && silent) ||
	       (may == 'f' && ref_follows(r, t, h));
}

/* Media with numbers in place of a source that never had any. */
static bool ref_must_yield(const struct reference *r, const struct heard *h, int class)
{
	return r->phase != R_WAIT && !r->sequenced && h->has_seq &&
	       R_RANK[class] >= R_RANK[r->class];
}

/* By letter of class: - at once, p after the patience, h not at all. */
static char ref_proof(const struct reference *r, const struct told *t, const struct heard *h,
		      int class, bool silent)
{
	bool pending = r->phase == R_PENDING && !t->handover;
	bool exact_now = class == 5 && r->class < 5 && (silent || t->asymmetric);
	const char *proof = pending && !exact_now ? (h->has_seq ? "pppppp" : "hhhhhh")
			    : h->has_seq	  ? "pp----"
						  : "hhh---";

	if (t->mode == LATCH_FIRST ||
	    (class == 0 && t->handover && r->phase != R_WAIT && h->has_seq))
		return '-';
	return proof[class];
}

/* Its time does not count yet. */
static bool ref_on_hold(const struct told *t, int class)
{
	if (class >= 2)
		return false;
	return !t->sdp.at || (class == 0 && t->alone && t->asymmetric) || (class == 1 && t->alone);
}

/* The phone's RTP was heard, and did not have this SSRC. */
static bool ref_not_of_rtp(const struct told *t, uint32_t ssrc)
{
	return t->rtp_ssrc && !t->rtp_on_trial && ssrc != t->rtp_ssrc &&
	       (ssrc != t->rtp_ssrc_before || !ssrc);
}

static bool ref_foreign(const struct told *t, const struct heard *h)
{
	return h->has_ssrc && !h->has_seq && ref_not_of_rtp(t, h->ssrc);
}

/* RTCP of the phone in place of RTCP that is not the phone's, and was there before. */
static bool ref_fits_better(const struct reference *r, const struct told *t, const struct heard *h,
			    int class)
{
	bool stranger = r->phase != R_WAIT && !r->sequenced && r->ssrc_known;

	return stranger && ref_not_of_rtp(t, r->ssrc) && h->has_ssrc && !h->has_seq &&
	       R_RANK[class] == R_RANK[r->class];
}

/* All are awaited at the same time: there is room for more than the model has places. */
static bool ref_patience_over(struct reference *r, const struct told *t, const struct heard *h)
{
	struct r_awaited *a = &r->awaited[h->from.at][(h->from.port - R_PORT(0)) / 2];
	int step = (uint16_t)(h->seq - a->seq);

	if (!a->there || h->now_ms - a->heard_ms > 150 || h->ssrc != a->ssrc || step < 1 ||
	    step > 16)
		a->since_ms = h->now_ms;
	a->there = true;
	a->heard_ms = h->now_ms;
	a->ssrc = h->ssrc;
	a->seq = h->seq;
	return h->now_ms - a->since_ms >= t->patience_ms;
}

static void ref_await_nobody(struct reference *r)
{
	memset(r->awaited, 0, sizeof(r->awaited));
}

/* @proof: as of ref_proof(), - or p or o; r: the same phone at another port */
static void ref_take(struct reference *r, const struct told *t, const struct heard *h, int class,
		     char proof)
{
	bool locked = r->phase == R_LOCKED, same_phone = proof == 'r';
	bool talked = h->has_seq && (class == 5 || (strchr("po", proof) && t->patience_ms >= 400));

	if (r->unanswered)
		r->unanswered = 'r';
	if (r->phase == R_WAIT)
		r->began_exact = class == 5;
	r->settling_ms = 0;
	r->replaced = r->phase == R_MOVED ? r->source : (struct place){ 0, 0 };
	r->relatched += r->phase != R_WAIT;
	if (r->phase == R_WAIT || r->phase == R_PENDING ||
	    (!locked && h->now_ms >= r->window_end_ms))
		r->window_end_ms = h->now_ms + t->window_ms;
	locked |= class == 5 || t->asymmetric;
	talked |= same_phone && (r->talked || (class == 5 && r->sequenced));
	r->phase = class != 1 && class != 2 && h->has_seq && locked ? R_LOCKED : R_OPEN;
	if (r->phase == R_LOCKED && !talked) {
		r->phase = R_OPEN;
		r->window_end_ms = h->now_ms;
	}
	r->was_exact = false;
	if (!same_phone) {
		r->ssrc_known = r->seq_known = r->sequenced = r->measuring = false;
		r->n_used = r->per_second = r->row = 0;
	}
	r->talked = talked;
	r->source = h->from;
	r->class = class;
	r->spoke |= class > 3;
	r->fax = (struct r_fax){ .row = 0 };
	ref_await_nobody(r);
	ref_note(r, h, false);
	ref_tick(r, h->now_ms);
}

/*
 * One who talks, in place of one of the same rank who has sent a few packets. Return: o, it may
 * come after the patience; w, not yet, but it is waited for; 0: no
 */
static char ref_outtalks(const struct reference *r, const struct told *t, const struct heard *h,
			 int class)
{
	int64_t quiet_ms = h->in_kernel ? -1 : h->now_ms - r->heard_ms;

	if (r->phase == R_WAIT || r->phase == R_LOCKED || !r->sequenced || r->talked)
		return 0;
	if (!h->has_seq || class == 1 || class < r->class || R_RANK[class] > R_RANK[r->class])
		return 0;
	return quiet_ms >= 200 && quiet_ms >= t->patience_ms ? 'o' : 'w';
}

static enum latch_verdict ref_packet(struct reference *r, const struct told *t,
				     const struct heard *h)
{
	int class = ref_class(t, h->from);
	char proof = 'r', outtalks;
	bool silent;

	if (same_place(r->source, h->from)) {
		ref_note(r, h, false);
		ref_tick(r, h->now_ms);
		return LATCH_ADMIT;
	}
	ref_tick(r, h->now_ms);
	silent = !h->in_kernel && h->now_ms - r->heard_ms >= 1000;
	if (!h->candidate)
		return r->phase == R_WAIT ? LATCH_NO_CANDIDATE : LATCH_REFUSE;
	if (ref_foreign(t, h))
		return LATCH_REFUSE;
	if (r->phase != R_WAIT && same_place(r->replaced, h->from) && h->now_ms < r->window_end_ms)
		return LATCH_REFUSE;
	if (r->phase == R_LOCKED && t->strict_source && !t->handover)
		return LATCH_REFUSE;
	if (r->phase != R_WAIT && ref_sdp_only(t) && class != 5)
		return LATCH_REFUSE;
	if (!ref_rebound(r, t, h)) {
		if (!ref_usable(t, h->from))
			return ref_will_rebind(r, t, h) ? LATCH_SOON : LATCH_REFUSE;
		if (ref_was_where_told(r, t, class))
			return LATCH_REFUSE;
		if (ref_may_take(r, t, h, class, silent) || ref_must_yield(r, h, class) ||
		    ref_fits_better(r, t, h, class))
			proof = ref_proof(r, t, h, class, silent);
		else
			proof = ref_switch(r, t, h, class);
		outtalks = ref_outtalks(r, t, h, class);
		if (outtalks && (!proof || proof == 's'))
			proof = outtalks;
		if (!proof && ref_will_rebind(r, t, h))
			proof = 's';
		if (!proof || proof == 's')
			return proof ? LATCH_SOON : LATCH_REFUSE;
		if (proof == 'h' ||
		    (proof == 'p' && (ref_on_hold(t, class) || !ref_patience_over(r, t, h))))
			return LATCH_PATIENCE;
		if (strchr("ow", proof) && (!ref_patience_over(r, t, h) || proof == 'w'))
			return LATCH_PATIENCE;
	}
	ref_take(r, t, h, class, proof);
	return LATCH_TAKEN;
}

/* Columns: KEEP, REOPEN, MOVE. The letter is the next phase, - no change. */
static const char *const ref_offer[] = { [R_OPEN] = "-rm",
					 [R_REOPENED] = "-rm",
					 [R_MOVED] = "-mm",
					 [R_PENDING] = "-rm",
					 [R_LOCKED] = "-rm" };

static void ref_change(struct reference *r, const struct told *t, enum latch_change change,
		       int64_t now_ms)
{
	bool was_exact = r->was_exact || r->class == 5;
	bool moves;

	if (change == LATCH_FRESH)
		*r = (struct reference){ 0 };
	if (r->phase == R_WAIT)
		return;
	r->class = ref_class(t, r->source);
	r->spoke |= r->class > 3;
	if (r->class == 5) {
		r->talked |= r->sequenced;
		r->phase = r->sequenced ? R_LOCKED : R_OPEN;
		r->was_exact = false;
		return;
	}
	if (r->phase == R_PENDING && r->unanswered == 'm' && change == LATCH_REOPEN)
		change = LATCH_MOVE;
	moves = change == LATCH_MOVE || !ref_usable(t, r->source);
	if (!moves && ref_offer[r->phase][change] == '-') {
		if (r->phase == R_LOCKED && (r->class == 1 || r->class == 2))
			r->phase = R_OPEN;
		return;
	}
	if (moves)
		r->was_exact = change == LATCH_MOVE && was_exact;
	r->phase = moves || ref_offer[r->phase][change] == 'm' ? R_MOVED : R_REOPENED;
	r->replaced = (struct place){ 0, 0 };
	ref_await_nobody(r);
	r->opened_ms = now_ms;
	r->window_end_ms = now_ms + t->window_ms;
}

static void ref_update(struct reference *r, const struct told *t, enum latch_change change,
		       enum latch_step step, int64_t now_ms)
{
	bool answers = step == LATCH_EARLY || step == LATCH_ANSWER;
	int64_t before_ms = r->opened_ms;

	r->opened_ms = -1;
	if (answers && r->unanswered && change == LATCH_KEEP)
		change = r->unanswered == 'm' ? LATCH_MOVE : LATCH_REOPEN;
	ref_change(r, t, change, now_ms);
	if (r->opened_ms == now_ms) { /* it opens */
		if (step == LATCH_OFFER)
			r->offer_ends_ms = now_ms + 32000;
		if (step == LATCH_OFFER || (step == LATCH_EARLY && r->unanswered))
			r->unanswered = r->phase == R_MOVED ? 'm' : 'r';
		else if (step != LATCH_EARLY)
			r->unanswered = 0;
	} else if (r->opened_ms < 0) {
		r->opened_ms = before_ms;
	}
	if (step == LATCH_ANSWER)
		r->unanswered = 0;
	if (step == LATCH_FINAL && r->phase != R_WAIT)
		r->settling_ms = now_ms + t->window_ms;
}

/* It names one SSRC: others may have been sent as well, and their numbers are not known. */
static void ref_heard_in_kernel(struct reference *r, const struct heard *h, int per_second,
				int64_t now_ms)
{
	ref_faster(r, per_second);
	if (h->now_ms > r->heard_ms) {
		r->fax.row = 0;
		ref_note(r, h, true);
		for (int i = 0; i < r->n_used; i++)
			r->used[i].seq_known = false;
	}
	r->talked |= r->sequenced && per_second >= 4;
	ref_tick(r, now_ms);
}

static void ref_forget(struct reference *r)
{
	*r = (struct reference){ .relatched = r->relatched + 1,
				 .spoke = r->spoke,
				 .rtcp_ms = r->rtcp_ms };
}

/* Where media goes; at 0: nowhere. */
static struct place ref_destination(const struct reference *r, const struct told *t,
				    bool asymmetric)
{
	bool lies = !world[t->signalled.at].public && world[t->sip.at].public;
	bool usable = world[t->signalled.at].usable && t->signalled.port && !lies;

	if (!asymmetric && r->phase != R_WAIT &&
	    !(r->was_exact && usable && (r->phase == R_MOVED || ref_lost(r))))
		return r->source;
	return usable ? t->signalled : (struct place){ 0, 0 };
}

#endif
