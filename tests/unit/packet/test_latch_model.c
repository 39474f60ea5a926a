/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_latch_model.c - a million random events: latch.c decides as the tables of packet/latch.h say
 *
 * Each story has its own settings and a few sources, who talk in runs, change ports and SSRCs, and
 * fall silent, while offers, reports of the kernel, ticks and restarts come in between. After each
 * event the verdict and all that was learned are compared with a reference, and the invariants of
 * docs/latching.md are checked without it.
 */
#include <stdio.h>
#include "daemon/base/count.h"
#include "latch_reference.h"
#include "tests/unit/test.h"

#define STORIES 2000
#define STEPS	500
#define ACTORS	7
#define PORTS	R_PORTS
#define PORT(n) R_PORT(n)
#define SSRCS	6

/* What the sources of a story send: see struct latch_packet. */
enum media { MEDIA_RTP, MEDIA_T38, MEDIA_UNKNOWN, MEDIA_OPAQUE };

/* Who sends. Two may be one phone behind a NAT that changed its port. */
struct actor {
	struct place at;
	uint32_t ssrc;
	uint16_t seq;
};

/* Since when a place has been waited for without a pause. */
struct run {
	int64_t since_ms, last_ms;
};

struct story {
	uint64_t random;
	struct latch latch;
	struct candidates candidates;
	struct reference reference;
	struct told told;
	struct actor actors[ACTORS];
	struct actor *talks;
	enum media media;
	int left; /* packets until another one talks */
	struct run runs[WORLD_SOURCES + 1][PORTS];
	int64_t now_ms;
	unsigned int number, step;
	bool failed;
	bool rtcp_port; /* nothing has sequence numbers */
};

/* --- Chance ----------------------------------------------------------------------------------- */

/* 0 to @n - 1; xorshift64*: the same on every machine. */
static unsigned int chance(struct story *s, unsigned int n)
{
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return (unsigned int)((s->random * 0x2545f4914f6cdd1du) >> 33) % n;
}

static bool once_in(struct story *s, unsigned int n)
{
	return !chance(s, n);
}

static struct place any_place(struct story *s)
{
	return (struct place){ 1 + (int)chance(s, WORLD_SOURCES), PORT(chance(s, PORTS)) };
}

/* --- The two worlds --------------------------------------------------------------------------- */

static struct endpoint real(struct place place)
{
	static struct endpoint addresses[COUNT(world)];
	struct endpoint *ep = &addresses[place.at];
	struct endpoint at = { 0 };

	if (!place.at)
		return at;
	if (!endpoint_is_set(ep))
		CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(world[place.at].text), 0, ep));
	at = *ep;
	endpoint_set_port(&at, (uint16_t)place.port);
	return at;
}

static bool is_place(const struct endpoint *ep, struct place place)
{
	struct endpoint at = real(place);

	return place.at ? endpoint_eq(ep, &at) : !endpoint_is_set(ep);
}

/* What @ref borrows. */
struct real_told {
	struct latch_ref ref;
	struct endpoint sdp, sip, signalled, near[3];
	struct latch rtp;
};

static const struct latch *real_rtp(struct real_told *real_told, const struct told *t)
{
	const struct latch_record heard = {
		.source = real((struct place){ 1, 4000 }),
		.phase = PHASE_OPEN,
		.class = t->rtp_on_trial ? CLASS_NEIGHBOUR : CLASS_ADDR,
		.ssrc_known = true,
		.sequenced = true,
		.talked = true,
		.ssrc = t->rtp_ssrc,
		.n_ssrcs = t->rtp_ssrc_before > 0,
		.earlier_ssrc = { t->rtp_ssrc_before },
	};

	memset(&real_told->rtp, 0, sizeof(real_told->rtp));
	if (t->rtp_ssrc)
		latch_import(&real_told->rtp, &heard);
	return &real_told->rtp;
}

static const struct latch_ref *real_ref(struct real_told *real_told, struct story *s)
{
	struct latch_ref *ref = &real_told->ref;
	const struct told *t = &s->told;

	*ref = (struct latch_ref){ .signalled = &real_told->signalled,
				   .sdp = &real_told->sdp,
				   .sip = &real_told->sip,
				   .n_near = (unsigned int)t->n_near,
				   .rtp = real_rtp(real_told, t),
				   .candidates = &s->candidates,
				   .mode = t->mode,
				   .strict_source = t->strict_source,
				   .handover = t->handover,
				   .alone = t->alone,
				   .asymmetric = t->asymmetric,
				   .spoke = t->spoke,
				   .rtcp_ms = t->rtcp_ms,
				   .rtcp_as_of_ms = t->rtcp_known_ms,
				   .patience_ms = t->patience_ms,
				   .window_ms = t->window_ms };
	real_told->sdp = real(t->sdp);
	real_told->sip = real(t->sip);
	real_told->signalled = real(t->signalled);
	for (int i = 0; i < t->n_near; i++) {
		real_told->near[i] = real(t->near[i]);
		ref->near[i] = &real_told->near[i];
		ref->on_trial |= (unsigned int)t->near_on_trial[i] << i;
	}
	return ref;
}

/* --- What has to hold ------------------------------------------------------------------------- */

static void hold(struct story *s, bool holds, const char *what)
{
	if (holds || s->failed)
		return;
	s->failed = true;
	printf("\n    story %u, step %u: %s\n", s->number, s->step, what);
	CU_FAIL("the model");
}

static void hold_destination(struct story *s, const struct latch_ref *ref)
{
	for (int asymmetric = 0; asymmetric < 2; asymmetric++) {
		static const struct endpoint nowhere;
		const struct endpoint *to = latch_destination(&s->latch, ref, asymmetric);

		hold(s,
		     is_place(to ? to : &nowhere,
			      ref_destination(&s->reference, &s->told, asymmetric)),
		     "destination");
	}
}

static void hold_awaited(struct story *s)
{
	int left = 0;

	for (int i = 0; i < CANDIDATES; i++)
		left += endpoint_is_set(&s->candidates.slot[i].source);
	for (int at = 1; at <= WORLD_SOURCES; at++)
		for (int port = 0; port < PORTS; port++)
			left -= s->reference.awaited[at][port].there;
	hold(s, !left, "who is waited for");
}

static void hold_same(struct story *s)
{
	const struct reference *r = &s->reference;
	struct latch_record record;
	struct real_told told;

	latch_export(&s->latch, &record);
	hold(s, record.phase == r->phase, "phase");
	hold(s, is_place(&record.source, r->source), "source");
	hold(s, r->phase == R_WAIT || record.class == r->class, "class");
	hold_awaited(s);
	hold(s, is_place(&record.replaced, r->replaced), "who was replaced");
	hold(s, record.relatched == r->relatched, "relatched");
	hold(s, record.was_exact == r->was_exact, "was_exact");
	hold(s, record.n_ssrcs == r->n_used, "how many earlier SSRCs");
	for (int i = 0; i < r->n_used; i++)
		hold(s, record.earlier_ssrc[i] == r->used[r->n_used - 1 - i].ssrc, "earlier SSRC");
	hold(s, record.heard_ms == r->heard_ms, "when it was heard");
	hold(s, record.window_end_ms == r->window_end_ms, "end of window");
	hold(s, (bool)record.unanswered == (bool)r->unanswered, "offer without answer");
	hold(s, record.first_exact == r->began_exact, "rank of the first source");
	hold(s, record.final_end_ms == r->settling_ms, "time after a final answer");
	hold(s, record.rtcp_ms == r->rtcp_ms, "when RTCP was heard");
	hold(s, record.sequenced == r->sequenced && record.ssrc_known == r->ssrc_known, "known");
	hold(s, record.talked == r->talked, "has talked");
	hold(s, !r->ssrc_known || latch_has_ssrc(&s->latch, r->ssrc), "SSRC");
	hold(s, latch_record_valid(&record), "record is valid");
	hold(s, latch_spoke(&s->latch) == r->spoke, "spoke");
	hold(s, latch_settled(&s->latch) == ref_settled(r), "settled");
	hold_destination(s, real_ref(&told, s));
}

static struct run *run_of(struct story *s, struct place place)
{
	return &s->runs[place.at][(place.port - PORT(0)) / 2];
}

static void count_run(struct run *run, const struct heard *h)
{
	if (!run->since_ms || h->now_ms - run->last_ms > 150)
		run->since_ms = h->now_ms;
	run->last_ms = h->now_ms;
}

static bool has_used(const struct reference *r, uint32_t ssrc)
{
	bool used = r->ssrc == ssrc;

	for (int i = 0; i < r->n_used; i++)
		used |= r->used[i].ssrc == ssrc;
	return used;
}

/* Its port has gone on since the source in use was heard; or no NAT hides it. */
static bool may_be_fax(const struct story *s, const struct reference *before, const struct heard *h)
{
	bool plain = !h->has_seq && before->class == 5 && same_address(s->told.sdp, s->told.sip);

	return plain ||
	       (h->udptl && before->fax.good >= 3 && before->fax.since_ms > before->heard_ms);
}

/* Of docs/latching.md, for modes without media-handover; @before: the state that the packet met. */
static void hold_taken(struct story *s, const struct reference *before, const struct heard *h)
{
	bool silent = !h->in_kernel && h->now_ms - before->heard_ms >= 1000;
	int64_t quiet_ms = h->in_kernel ? 0 : h->now_ms - before->heard_ms;
	bool fax = h->opaque && silent && may_be_fax(s, before, h);
	bool nat =
		before->phase != R_WAIT && quiet_ms >= 200 &&
		same_address(before->source, h->from) &&
		(fax || (h->has_ssrc && ((before->ssrc_known && has_used(before, h->ssrc)) ||
					 (!h->has_seq && h->ssrc == s->told.rtp_ssrc && silent))));
	bool first = s->told.mode == LATCH_FIRST;
	int rank = (int)latch_source_rank(&s->latch), had = R_RANK[before->class];

	bool yields = before->phase != R_WAIT && !before->sequenced && h->has_seq;
	bool gateway = before->began_exact && same_address(s->told.sdp, s->told.sip) && silent;
	bool row_14 = before->phase != R_WAIT && same_address(before->source, h->from) &&
		      s->told.mode != LATCH_STRICT && h->has_seq && quiet_ms >= 200 &&
		      (h->now_ms < before->settling_ms || gateway);

	hold(s, h->candidate, "a packet that the stream does not carry teaches nothing");
	if (nat)
		return;
	hold(s, h->has_seq || first || ref_class(&s->told, h->from) >= 3,
	     "what has no numbers teaches only from where the phone is");
	hold(s, !yields || rank >= had || s->told.handover || before->phase == R_MOVED,
	     "it yields to no lower rank");
	if (before->phase == R_LOCKED && !s->told.handover && !(row_14 && rank >= 1))
		hold(s,
		     rank == 3 && had < 3 && (silent || s->told.asymmetric) &&
			     !s->told.strict_source,
		     "a locked stream hears nobody else");
	if ((before->phase == R_OPEN || before->phase == R_REOPENED) && !s->told.handover &&
	    !row_14)
		hold(s, rank >= had, "a place is never taken by a lower rank");
	if (before->phase == R_OPEN && !s->told.handover && !row_14 && rank == had &&
	    before->sequenced) {
		hold(s, !before->talked, "who has talked keeps the place from the same rank");
		hold(s, quiet_ms >= 200, "who is heard keeps the place from the same rank");
		hold(s, h->now_ms - run_of(s, h->from)->since_ms >= s->told.patience_ms,
		     "one packet takes no place from the same rank");
	}
	hold(s, ref_class(&s->told, h->from) != 1 || !s->told.spoke,
	     "a neighbour of one who spoke");
	hold(s,
	     first || rank || !ref_address_known(&s->told) || ref_in_vpn(&s->told, h->from) ||
		     s->told.asymmetric,
	     "rank 0 where an address is known");
	hold(s, rank == 3 || !ref_sdp_only(&s->told), "only the endpoint of the SDP");
	hold(s, s->told.mode != LATCH_STRICT || rank >= 2, "strict wants rank 2");
	if (!first && (ref_class(&s->told, h->from) < 2) && !(s->told.handover && !rank)) {
		hold(s, s->told.sdp.at, "nobody is proved before an answer");
		hold(s, h->now_ms - run_of(s, h->from)->since_ms >= s->told.patience_ms,
		     "patience is not skipped");
	}
}

static void hold_verdict(struct story *s, const struct reference *before, const struct heard *h,
			 enum latch_verdict verdict)
{
	const struct endpoint *source = latch_source(&s->latch);

	hold(s, (verdict == LATCH_ADMIT) == same_place(before->source, h->from),
	     "one source is admitted, and no other");
	hold(s, is_place(source, verdict == LATCH_TAKEN ? h->from : before->source),
	     "the source changes when one is taken, and not else");
	if (h->has_seq && (verdict == LATCH_PATIENCE || verdict == LATCH_TAKEN))
		count_run(run_of(s, h->from), h);
	if (verdict == LATCH_TAKEN)
		hold_taken(s, before, h);
}

static void hold_always(struct story *s)
{
	enum latch_state state = latch_state(&s->latch);

	hold(s, state != LATCH_LOCKED || !latch_on_trial(&s->latch), "on trial, but locked");
	hold(s, state != LATCH_LOCKED || latch_sequenced(&s->latch), "without numbers, but locked");
	hold(s, state != LATCH_LOCKED || s->reference.talked, "it has not talked, but is locked");
	hold(s, (state == LATCH_WAIT) == !endpoint_is_set(latch_source(&s->latch)), "a source");
}

/* --- Events ----------------------------------------------------------------------------------- */

static void send_packet(struct story *s, const struct actor *actor)
{
	struct heard h = { .from = actor->at,
			   .now_ms = s->now_ms,
			   .candidate = !once_in(s, 40),
			   .in_kernel = once_in(s, 30),
			   .has_ssrc = s->media == MEDIA_RTP && !once_in(s, 15),
			   .opaque = s->media != MEDIA_RTP,
			   .ssrc = actor->ssrc,
			   .seq = actor->seq };
	struct reference before;
	enum latch_verdict verdict;
	enum latch_rank rank;
	struct endpoint source = real(h.from);
	struct latch_packet packet;
	struct real_told told;

	if (s->media == MEDIA_UNKNOWN && once_in(s, 30)) { /* RTP and other packets at one port */
		h.opaque = false;
		h.has_ssrc = true;
	}
	h.udptl = h.opaque && s->media != MEDIA_OPAQUE && !once_in(s, 12);
	h.has_seq = h.opaque ? h.udptl && s->media == MEDIA_T38 : !once_in(s, 12) && !s->rtcp_port;
	packet = (struct latch_packet){ .source = &source,
					.now_ms = h.now_ms,
					.candidate = h.candidate,
					.in_kernel = h.in_kernel,
					.has_ssrc = h.has_ssrc,
					.has_seq = h.has_seq,
					.opaque = h.opaque,
					.udptl = h.udptl,
					.seq = h.seq,
					.ssrc = h.ssrc };
	before = s->reference;
	ref_tick(&before, h.now_ms);
	verdict = latch_packet(&s->latch, real_ref(&told, s), &packet, &rank);
	hold(s, verdict == LATCH_ADMIT || (int)rank == R_RANK[ref_class(&s->told, h.from)], "rank");
	hold(s, verdict == ref_packet(&s->reference, &s->told, &h), "verdict");
	hold_verdict(s, &before, &h, verdict);
}

static void pass(struct story *s)
{
	static const int64_t rare[] = { 0,   40,   100,	 149,  150,  151,  400,
					999, 1000, 1001, 2999, 4000, 29000 };

	s->now_ms += once_in(s, 12) ? rare[chance(s, COUNT(rare))] : 20;
}

static struct actor *who_is_heard(struct story *s)
{
	for (int i = 0; i < ACTORS; i++)
		if (same_place(s->actors[i].at, s->reference.source))
			return &s->actors[i];
	return NULL;
}

/* The same phone goes on from another port, mostly after a silence. */
static struct actor *rebind(struct story *s, const struct actor *old)
{
	struct actor *other = &s->actors[chance(s, ACTORS)];

	*other = *old;
	other->at.port = PORT(chance(s, PORTS));
	if (!once_in(s, 4))
		s->now_ms += (once_in(s, 2) ? 980 : 180) + 20 * (int64_t)chance(s, 3);
	if (once_in(s, 20))
		s->now_ms += 1000 * (int64_t)chance(s, 200);
	if (once_in(s, 4))
		other->seq = (uint16_t)(other->seq + chance(s, once_in(s, 3) ? 17000 : 400) - 200);
	if (once_in(s, 6))
		other->ssrc = 1 + chance(s, SSRCS);
	return other;
}

static void choose_talker(struct story *s)
{
	struct actor *heard = who_is_heard(s);

	s->left = 1 + (int)chance(s, once_in(s, 3) ? 60 : 6);
	s->talks = heard && once_in(s, 2) ? heard : &s->actors[chance(s, ACTORS)];
	if (heard && once_in(s, 8))
		s->talks = rebind(s, heard);
}

static void talk(struct story *s)
{
	static const uint16_t steps[] = { 0, 2, 16, 17, 200, 2999, 3000, 65535, 65436, 40000 };

	if (!s->left--)
		choose_talker(s);
	pass(s);
	s->talks->seq++;
	if (once_in(s, 40))
		s->talks->seq = (uint16_t)(s->talks->seq + steps[chance(s, COUNT(steps))]);
	if (once_in(s, 100))
		s->talks->ssrc = 1 + chance(s, SSRCS);
	send_packet(s, s->talks);
	if (once_in(s, 50)) /* another in the middle of its run */
		send_packet(s, &s->actors[chance(s, ACTORS)]);
}

static void tell_siblings(struct story *s)
{
	struct told *t = &s->told;

	t->n_near = once_in(s, 2) ? 0 : (int)chance(s, 4);
	for (int i = 0; i < t->n_near; i++) {
		t->near[i] = any_place(s);
		t->near_on_trial[i] = once_in(s, 2);
	}
}

static void tell_rtp(struct story *s)
{
	s->told.rtp_ssrc = once_in(s, 2) ? 0 : 1 + chance(s, 4);
	s->told.rtp_ssrc_before = once_in(s, 2) ? 0 : 1 + chance(s, 4);
	s->told.rtp_on_trial = once_in(s, 4);
	s->told.spoke = once_in(s, 4);
	s->told.rtcp_ms = s->told.rtcp_known_ms = 0;
	if (once_in(s, 2))
		s->told.rtcp_ms = s->now_ms - 2000 * (int64_t)chance(s, 4);
	if (once_in(s, 3))
		s->told.rtcp_known_ms = s->now_ms - 500 * (int64_t)chance(s, 5);
}

static void tell_addresses(struct story *s)
{
	struct told *t = &s->told;

	t->sdp = once_in(s, 8) ? (struct place){ 0, 0 } : any_place(s);
	if (once_in(s, 3)) /* mostly private */
		t->sdp = (struct place){ once_in(s, 6) ? WORLD_NOWHERE : 1, 4000 };
	t->sip = once_in(s, 2) ? (struct place){ 0, 0 } : any_place(s);
	t->sip.port = 0;
	if (t->sdp.at && once_in(s, 4))
		t->sip.at = t->sdp.at;
	t->signalled = t->sdp;
	if (t->sip.at && t->sdp.at && once_in(s, 5))
		t->signalled = (struct place){ t->sip.at, t->sdp.port };
}

static void tell_mode(struct story *s)
{
	static const int64_t patiences[] = { 400, 400, 400, 0, 1000 },
			     windows[] = { 3000, 3000, 0 };
	struct told *t = &s->told;

	t->mode = once_in(s, 3) ? (enum latch_mode)chance(s, 3) : LATCH_SMART;
	t->strict_source = once_in(s, 6);
	t->handover = once_in(s, 8);
	t->alone = once_in(s, 5);
	t->asymmetric = once_in(s, 5);
	t->patience_ms = patiences[chance(s, 5)];
	t->window_ms = windows[chance(s, 3)];
}

static void offer(struct story *s)
{
	const struct reference before = s->reference;
	enum latch_change change =
		once_in(s, 20) ? LATCH_FRESH : (enum latch_change)chance(s, LATCH_FRESH);
	enum latch_step step = (enum latch_step)chance(s, LATCH_FINAL + 1);
	bool answers = s->reference.unanswered && (step == LATCH_EARLY || step == LATCH_ANSWER);
	struct real_told told;

	if (once_in(s, 2))
		tell_addresses(s);
	if (once_in(s, 6))
		tell_mode(s);
	if (once_in(s, 3))
		s->told.alone = !s->told.alone;
	/* A phone that moved is where its SDP says, now and then. */
	if (s->reference.source.at && once_in(s, 4))
		s->told.sdp = s->reference.source;
	latch_update(&s->latch, real_ref(&told, s), change, step, s->now_ms);
	ref_update(&s->reference, &s->told, change, step, s->now_ms);
	hold(s, change == LATCH_FRESH || is_place(latch_source(&s->latch), before.source),
	     "an offer takes no source");
	if (change == LATCH_KEEP && !answers && before.phase == R_LOCKED &&
	    ref_usable(&s->told, before.source) && !latch_on_trial(&s->latch))
		hold(s, latch_state(&s->latch) == LATCH_LOCKED, "the same media opens nothing");
}

static bool has_changed(const struct story *s, const struct reference *before)
{
	return s->reference.phase != before->phase || ref_lost(&s->reference) != ref_lost(before) ||
	       ref_settled(&s->reference) != ref_settled(before);
}

static void kernel_heard(struct story *s)
{
	struct actor *actor = who_is_heard(s);
	struct heard h = { .now_ms = s->now_ms - 500 * (int64_t)chance(s, 5), .has_ssrc = true };
	static const int rates[] = { 0, 0, 0, 0, 3, 4, 20, 50, 500, 9999, 70000 };
	struct latch_packet packet;
	const struct reference before = s->reference;
	int rate = rates[chance(s, COUNT(rates))];
	bool changed;

	if (!actor)
		return;
	actor->seq = (uint16_t)(actor->seq + chance(s, 50));
	h.has_seq = h.has_ssrc = s->media == MEDIA_RTP && !once_in(s, 6) && !s->rtcp_port;
	if (s->media == MEDIA_T38)
		h.opaque = h.udptl = h.has_seq = !once_in(s, 6);
	h.ssrc = actor->ssrc;
	h.seq = actor->seq;
	packet = (struct latch_packet){ .now_ms = h.now_ms,
					.has_ssrc = h.has_ssrc,
					.has_seq = h.has_seq,
					.opaque = h.opaque,
					.udptl = h.udptl,
					.ssrc = h.ssrc,
					.seq = h.seq };
	changed = latch_heard_in_kernel(&s->latch, &packet, (uint32_t)rate, s->now_ms);
	ref_heard_in_kernel(&s->reference, &h, rate, s->now_ms);
	hold(s, changed == has_changed(s, &before), "changed by the kernel's report");
}

static void tick(struct story *s)
{
	const struct reference before = s->reference;
	bool changed = latch_tick(&s->latch, s->now_ms);

	ref_measure(&s->reference);
	ref_tick(&s->reference, s->now_ms);
	hold(s, changed == has_changed(s, &before), "changed by a tick");
	hold(s, !changed || latch_pending(&s->latch) || !latch_window_open(&s->latch, s->now_ms),
	     "silence opens nothing");
}

static void restart(struct story *s)
{
	struct latch_record record;

	latch_export(&s->latch, &record);
	memset(&s->latch, 0xa5, sizeof(s->latch));
	candidates_clear(&s->candidates);
	ref_await_nobody(&s->reference);
	latch_import(&s->latch, &record);
	s->reference.fax = (struct r_fax){ .row = 0 };
	s->reference.seq_known = s->reference.measuring = false;
	s->reference.per_second = 0;
	for (int i = 0; i < s->reference.n_used; i++)
		s->reference.used[i].seq_known = false;
}

static void forget(struct story *s)
{
	latch_forget(&s->latch);
	candidates_clear(&s->candidates);
	ref_forget(&s->reference);
}

static void step(struct story *s)
{
	unsigned int event = chance(s, 1000);

	if (event < 900)
		talk(s);
	else if (event < 925)
		offer(s);
	else if (event < 932)
		tell_siblings(s);
	else if (event < (s->rtcp_port ? 945 : 935))
		tell_rtp(s);
	else if (event < 960)
		kernel_heard(s);
	else if (event < 990)
		tick(s);
	else if (event < 995)
		pass(s);
	else if (event < 998)
		restart(s);
	else
		forget(s);
	hold_same(s);
	hold_always(s);
}

static void tell_story(unsigned int number)
{
	struct story s = { .random = (number + 1) * 0x9e3779b97f4a7c15u, .number = number };

	s.now_ms = 100000;
	if (once_in(&s, 3))
		s.media = 1 + (enum media)chance(&s, 3);
	s.rtcp_port = s.media == MEDIA_RTP && once_in(&s, 6);
	tell_addresses(&s);
	tell_siblings(&s);
	tell_mode(&s);
	for (int i = 0; i < ACTORS; i++)
		s.actors[i] = (struct actor){ .at = any_place(&s), .ssrc = 1 + chance(&s, SSRCS) };
	if (s.told.sdp.at && s.told.sdp.at <= WORLD_SOURCES)
		s.actors[0].at = s.told.sdp;
	for (; s.step < STEPS && !s.failed; s.step++)
		step(&s);
}

static void test_a_million_events(void)
{
	for (unsigned int i = 0; i < STORIES; i++)
		tell_story(i);
}

TEST_SUITE(latch_model, { "a million events: as the tables say", test_a_million_events });
