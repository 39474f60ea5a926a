/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latch.c - learns where a side's media really comes from, and decides whose packets a stream
 * accepts
 *
 * The theory is in packet/latch.h, the rules are rows of packet/latch_rules.c. Here are the facts
 * that rows ask for, and what is done when a row has decided. No I/O and no clock: packets and time
 * are handed in.
 */
#include "packet/latch.h"

/* --- What speaks for a source ----------------------------------------------------------------- */

static bool is_public(const struct endpoint *ep)
{
	return endpoint_is_unicast(ep) && !endpoint_is_private(ep);
}

static bool is_public_told(const struct endpoint *ep)
{
	return endpoint_is_set(ep) && is_public(ep);
}

bool latch_address_known(const struct latch_ref *ref)
{
	return endpoint_is_set(ref->sip) || is_public_told(ref->sdp);
}

/* RFC 1918, 100.64/10, fc00::/7: no host outside has one. */
static bool is_private_host(const struct endpoint *ep)
{
	return endpoint_is_private(ep) && endpoint_kind(ep) == ENDPOINT_HOST;
}

static bool all_private(const struct latch_ref *ref, const struct endpoint *source)
{
	return is_private_host(ref->sip) && !is_public_told(ref->sdp) && is_private_host(source);
}

/*
 * The pool of a carrier's NAT, as far as its network tells. A phone whose SDP names the address
 * that its SIP came from has no such NAT, and one that was heard where signalling had said needs no
 * other place.
 */
static bool in_pool(const struct latch_ref *ref, const struct endpoint *source)
{
	if (ref->spoke || !endpoint_is_set(ref->sip) || !endpoint_same_pool(ref->sip, source))
		return false;
	return endpoint_is_private(ref->sdp) || !endpoint_addr_eq(ref->sdp, ref->sip);
}

/* Two on trial must not vouch for each other: who follows one is on trial itself. */
static enum latch_class class_by_siblings(const struct latch_ref *ref,
					  const struct endpoint *source)
{
	enum latch_class class = CLASS_STRANGER;

	for (unsigned int i = 0; i < ref->n_near; i++) {
		if (!endpoint_addr_eq(ref->near[i], source))
			continue;
		if (!(ref->on_trial & 1U << i))
			return CLASS_SIBLING;
		class = CLASS_FOLLOWER;
	}
	return class;
}

static enum latch_class classify(const struct latch_ref *ref, const struct endpoint *source)
{
	enum latch_class class;

	if (endpoint_eq(ref->signalled, source) || endpoint_eq(ref->sdp, source))
		return CLASS_EXACT;
	if (endpoint_addr_eq(ref->sdp, source) || endpoint_addr_eq(ref->sip, source))
		return CLASS_ADDR;
	class = class_by_siblings(ref, source);
	if (class == CLASS_STRANGER && !ref->asymmetric && in_pool(ref, source))
		class = CLASS_NEIGHBOUR;
	/* Whoever comes first is believed: nobody is on trial. */
	return class != CLASS_STRANGER && ref->mode == LATCH_FIRST ? CLASS_SIBLING : class;
}

enum latch_rank latch_rank(const struct latch_ref *ref, const struct endpoint *source)
{
	return latch_rank_of(classify(ref, source));
}

/* --- Facts ------------------------------------------------------------------------------------ */

static uint64_t fact(enum latch_fact it, bool holds)
{
	return holds ? it : 0;
}

static uint64_t stream_facts(const struct latch_ref *ref)
{
	return fact(FACT_FIRST, ref->mode == LATCH_FIRST) |
	       fact(FACT_STRICT, ref->mode == LATCH_STRICT) |
	       fact(FACT_STRICT_SOURCE, ref->strict_source) | fact(FACT_HANDOVER, ref->handover) |
	       fact(FACT_KNOWN, latch_address_known(ref)) |
	       fact(FACT_ANSWERED, endpoint_is_set(ref->sdp)) | fact(FACT_ALONE, ref->alone) |
	       fact(FACT_ASYMMETRIC, ref->asymmetric);
}

static bool is_brief(const struct latch_memory *m)
{
	return m->sequenced && !m->talked;
}

static uint64_t source_facts(const struct latch_memory *m)
{
	return fact(FACT_UNSEQUENCED, m->phase != PHASE_WAIT && !m->sequenced) |
	       fact(FACT_BRIEF, is_brief(m)) | fact(FACT_UNANSWERED, m->unanswered);
}

static uint64_t usable_fact(const struct latch_memory *m, enum latch_class class, uint64_t facts)
{
	return fact(FACT_USABLE,
		    latch_rule_find(latch_usable_rules, m->phase, class, facts) == OUTCOME_YES);
}

static bool is_silent(const struct latch_memory *m, int64_t now_ms)
{
	return now_ms - m->heard_ms >= LATCH_SILENCE_MS;
}

/* It has sent nothing while somebody else could prove himself. */
static bool is_quiet(const struct latch_memory *m, const struct latch_ref *ref, int64_t now_ms)
{
	int64_t enough_ms = ref->patience_ms > LATCH_PAUSE_MS ? ref->patience_ms : LATCH_PAUSE_MS;

	return now_ms - m->heard_ms >= enough_ms;
}

static struct ssrc present_ssrc(const struct latch_memory *m)
{
	return (struct ssrc){ m->ssrc, m->seq, m->seq_known, m->heard_ms };
}

/* Reports name the SSRC of the RTP: it may be new. */
static bool is_of_rtp(const struct latch_ref *ref, const struct latch_packet *packet)
{
	return packet->has_ssrc && !packet->has_seq && ref->rtp && latch_sequenced(ref->rtp) &&
	       !latch_on_trial(ref->rtp) && latch_has_ssrc(ref->rtp, packet->ssrc);
}

/* Is it the phone's next packet, by what nobody else knows? */
enum next { NEXT_NO, NEXT_BY_SSRC, NEXT_BY_NUMBER };

static enum next is_next(const struct latch_memory *m, const struct latch_ref *ref,
			 const struct latch_packet *packet)
{
	const struct ssrc now = present_ssrc(m), *last = &now;

	if (is_of_rtp(ref, packet))
		return NEXT_BY_SSRC;
	if (!m->ssrc_known || !packet->has_ssrc)
		return NEXT_NO;
	if (packet->ssrc != now.ssrc)
		last = ssrcs_find(&m->ssrcs, packet->ssrc);
	if (!last)
		return NEXT_NO;
	if (!packet->has_seq || !last->seq_known)
		return NEXT_BY_SSRC;
	return ssrcs_goes_on(&m->ssrcs, last, packet->seq, packet->now_ms) ? NEXT_BY_NUMBER
									   : NEXT_NO;
}

/*
 * The phone was heard where its SDP says, and no NAT is in front: so it has its address for itself,
 * like a gateway.
 */
static bool is_gateway(const struct latch_memory *m, const struct latch_ref *ref)
{
	return m->first_exact && endpoint_is_set(ref->sip) && endpoint_addr_eq(ref->sdp, ref->sip);
}

/* A muted phone sends RTCP, if it ever did. */
static bool is_gone(const struct latch_memory *m, const struct latch_ref *ref, int64_t now_ms)
{
	int64_t as_of_ms = ref->rtcp_as_of_ms ? ref->rtcp_as_of_ms : now_ms;

	if (!ref->rtcp_ms)
		return is_silent(m, now_ms);
	return now_ms - m->heard_ms >= LATCH_GONE_MS && now_ms - as_of_ms <= LATCH_KNOWN_MS &&
	       as_of_ms - ref->rtcp_ms >= LATCH_GONE_MS;
}

static uint64_t switch_facts(const struct latch_memory *m, const struct latch_ref *ref,
			     const struct latch_packet *packet)
{
	int64_t now_ms = packet->now_ms;

	return fact(FACT_SAME_HOST, packet->has_seq && packet->has_ssrc &&
					    endpoint_addr_eq(&m->source, packet->source)) |
	       fact(FACT_PAUSED, !packet->in_kernel && now_ms - m->heard_ms >= LATCH_PAUSE_MS) |
	       fact(FACT_FINAL, now_ms < m->final_end_ms) | fact(FACT_GATEWAY, is_gateway(m, ref)) |
	       fact(FACT_GONE, !packet->in_kernel && is_gone(m, ref, now_ms));
}

/* Without numbers: where the phone was heard at first, signalling had said. No NAT hides it. */
static bool is_plain(const struct latch_memory *m, const struct latch_ref *ref)
{
	return m->class == CLASS_EXACT && !m->relatched && !m->sequenced &&
	       ref->mode != LATCH_STRICT && endpoint_addr_eq(ref->sdp, ref->sip);
}

static bool continues_opaque(struct latch_memory *m, const struct latch_ref *ref,
			     const struct latch_packet *packet)
{
	if (packet->udptl && udptl_known(&m->udptl, packet->has_seq))
		return udptl_continue(&m->udptl, endpoint_port(packet->source), packet->seq,
				      m->heard_ms, packet->now_ms);
	return !packet->has_seq && is_plain(m, ref);
}

/*
 * The same phone behind a NAT that gave it another port: only silence of the old one makes it
 * credible. A short one if the numbers of RTP go on, since nobody else knows them. UDPTL that would
 * not be believed in any case does not count as a guess.
 */
static bool has_rebound(struct latch_memory *m, const struct latch_ref *ref,
			const struct latch_packet *packet, enum latch_class class, enum next next,
			uint64_t facts)
{
	uint64_t silence = next == NEXT_BY_NUMBER ? FACT_PAUSED : FACT_SILENT;

	if (!endpoint_addr_eq(&m->source, packet->source) ||
	    latch_rule_find(latch_newcomer_rules, m->phase, class, facts | FACT_REBOUND) !=
		    OUTCOME_TAKE)
		return false;
	return (packet->opaque ? continues_opaque(m, ref, packet) : next != NEXT_NO) &&
	       facts & silence;
}

/*
 * RTCP with an SSRC that the phone's RTP did not use, once that was heard. RTP of a source on trial
 * may be another's.
 */
static bool is_foreign(const struct latch *rtp, uint32_t ssrc)
{
	return rtp && latch_sequenced(rtp) && !latch_on_trial(rtp) && !latch_has_ssrc(rtp, ssrc) &&
	       !ssrcs_find(&rtp->sealed.ssrcs, ssrc);
}

bool latch_is_foreign(const struct latch *latch, const struct latch *rtp)
{
	const struct latch_memory *m = &latch->sealed;

	return m->phase != PHASE_WAIT && !m->sequenced && m->ssrc_known && is_foreign(rtp, m->ssrc);
}

static uint64_t newcomer_facts(struct latch *latch, const struct latch_ref *ref,
			       const struct latch_packet *packet, enum latch_class class)
{
	struct latch_memory *m = &latch->sealed;
	enum latch_rank rank = latch_rank_of(class), had = latch_rank_of(m->class);
	bool rtcp = packet->has_ssrc && !packet->has_seq;
	bool foreign = rtcp && is_foreign(ref->rtp, packet->ssrc);
	enum next next = is_next(m, ref, packet);
	uint64_t facts =
		stream_facts(ref) | source_facts(m) | fact(FACT_CANDIDATE, packet->candidate) |
		fact(FACT_ALL_PRIVATE, all_private(ref, packet->source)) |
		fact(FACT_SEQUENCED, packet->has_seq) | fact(FACT_GOES_ON, next) |
		switch_facts(m, ref, packet) | fact(FACT_FOREIGN, foreign) |
		fact(FACT_FITTER, rtcp && !foreign && latch_is_foreign(latch, ref->rtp)) |
		fact(FACT_SILENT, !packet->in_kernel && is_silent(m, packet->now_ms)) |
		fact(FACT_WAS_EXACT, m->was_exact) | fact(FACT_SAME, rank == had) |
		fact(FACT_HIGHER, rank > had) | fact(FACT_PEER, rank == had && class >= m->class) |
		fact(FACT_QUIET, !packet->in_kernel && is_quiet(m, ref, packet->now_ms)) |
		fact(FACT_REPLACED, packet->now_ms < m->window_end_ms &&
					    endpoint_eq(&m->replaced, packet->source));

	return facts | usable_fact(m, class, facts) |
	       fact(FACT_REBOUND, has_rebound(m, ref, packet, class, next, facts));
}

/* --- Phases ----------------------------------------------------------------------------------- */

static bool is_learning(const struct latch_memory *m)
{
	return m->phase != PHASE_WAIT && m->phase != PHASE_LOCKED;
}

/* OUTCOME_STAY says nothing. */
static void enter(struct latch_memory *m, enum latch_outcome outcome)
{
	static const uint8_t phases[] = {
		[OUTCOME_WAIT] = PHASE_WAIT,	     [OUTCOME_OPEN] = PHASE_OPEN,
		[OUTCOME_REOPENED] = PHASE_REOPENED, [OUTCOME_MOVED] = PHASE_MOVED,
		[OUTCOME_PENDING] = PHASE_PENDING,   [OUTCOME_LOCKED] = PHASE_LOCKED
	};

	if (outcome == OUTCOME_STAY)
		return;
	m->phase = phases[outcome];
	m->was_exact = m->was_exact && (m->phase == PHASE_MOVED || m->phase == PHASE_PENDING);
}

/* An exact source has no window: it learns only until it has sent a sequence number. */
static bool is_window_over(const struct latch_memory *m, int64_t now_ms)
{
	return now_ms >= m->window_end_ms || (m->class == CLASS_EXACT && m->sequenced);
}

static bool close_window(struct latch_memory *m, int64_t now_ms)
{
	uint8_t phase = m->phase;
	enum latch_outcome outcome;
	bool changed;
	uint64_t facts;

	if (!is_learning(m) || !is_window_over(m, now_ms))
		return false;
	facts = source_facts(m) | fact(FACT_SILENT, is_silent(m, now_ms)) |
		fact(FACT_RESUMED, m->heard_ms >= m->opened_ms);
	outcome = latch_rule_find(latch_window_rules, m->phase, m->class, facts);
	if (outcome == OUTCOME_STAY)
		return false;
	enter(m, outcome);
	changed = m->phase != phase || (m->window_end_ms && !is_brief(m));
	if (m->phase == PHASE_OPEN)
		m->window_end_ms = 0;
	if (m->phase == PHASE_PENDING)
		m->window_end_ms = m->pending_end_ms;
	return changed;
}

bool latch_tick(struct latch *latch, int64_t now_ms)
{
	const struct ssrc present = present_ssrc(&latch->sealed);

	ssrcs_measure(&latch->sealed.ssrcs, &present);
	return close_window(&latch->sealed, now_ms);
}

/* --- Packets ---------------------------------------------------------------------------------- */

static void change_ssrc(struct latch_memory *m, uint32_t ssrc)
{
	const struct ssrc old = present_ssrc(m);

	if (m->ssrc_known)
		ssrcs_change(&m->ssrcs, &old, ssrc);
	m->ssrc = ssrc;
	m->ssrc_known = true;
}

/*
 * One packet can be anybody's, and a burst is as cheap: a source that talks sends for a while.
 * Pauses do not matter, a phone that hears silence makes them. @most: how far the next number may
 * be ahead; more packets than one, if the kernel has not told of each.
 */
static void note_talk(struct latch_memory *m, const struct latch_packet *packet, uint16_t most)
{
	uint16_t step = (uint16_t)(packet->seq - m->seq);
	bool known = m->seq_known && packet->has_ssrc == m->ssrc_known &&
		     (!packet->has_ssrc || packet->ssrc == m->ssrc);

	if (m->talked || !packet->has_seq)
		return;
	if (known && (!step || step > UINT16_MAX - RTP_MAX_MISORDER))
		return; /* a repeated packet, or a late one */
	if (!known || step > most) {
		m->run = 0;
		m->run_since_ms = packet->now_ms;
	}
	if (most == LATCH_STEP_MAX || !m->run)
		step = 1;
	m->run = (uint8_t)(step < LATCH_TALK_PACKETS - m->run ? m->run + step : LATCH_TALK_PACKETS);
	m->talked = m->class == CLASS_EXACT || (m->run == LATCH_TALK_PACKETS &&
						packet->now_ms - m->run_since_ms >= LATCH_TALK_MS);
}

static void note(struct latch_memory *m, const struct latch_packet *packet)
{
	if (packet->has_seq || (packet->has_ssrc && !m->sequenced)) {
		if (packet->has_ssrc && (packet->ssrc != m->ssrc || !m->ssrc_known))
			change_ssrc(m, packet->ssrc);
		m->seq = packet->seq;
		m->seq_known = m->sequenced = packet->has_seq;
	}
	if (packet->has_ssrc && !packet->has_seq)
		m->rtcp_ms = packet->now_ms;
	if (packet->udptl)
		udptl_hear(&m->udptl, packet->seq);
	m->heard_ms = packet->now_ms;
}

/* It is where signalling does not expect it any more: media goes there all the same, if heard. */
static bool is_lost(const struct latch_memory *m)
{
	return m->phase == PHASE_PENDING && m->was_exact && m->heard_ms < m->opened_ms;
}

/* What a report may tell of. */
static bool close_after(struct latch *latch, bool was_settled, bool was_lost, int64_t now_ms)
{
	bool closed = close_window(&latch->sealed, now_ms);

	return closed || was_lost != is_lost(&latch->sealed) || was_settled != latch_settled(latch);
}

static __attribute__((noinline)) bool hear_any(struct latch *latch,
					       const struct latch_packet *packet)
{
	struct latch_memory *m = &latch->sealed;
	bool was_lost = is_lost(m), was_settled = latch_settled(latch);

	note_talk(m, packet, LATCH_STEP_MAX);
	note(m, packet);
	return close_after(latch, was_settled, was_lost, packet->now_ms);
}

/* For nearly all packets, the next of the same SSRC, this is short, and touches one cache line. */
bool latch_heard(struct latch *latch, const struct latch_packet *packet)
{
	struct latch_memory *m = &latch->sealed;

	if (!packet->has_seq || !m->seq_known || packet->ssrc != m->ssrc || is_learning(m) ||
	    packet->udptl)
		return hear_any(latch, packet);
	m->seq = packet->seq;
	m->heard_ms = packet->now_ms;
	return false;
}

bool latch_heard_in_kernel(struct latch *latch, const struct latch_packet *packet, uint32_t rate,
			   int64_t now_ms)
{
	struct latch_memory *m = &latch->sealed;
	bool was_lost = is_lost(m), was_settled = latch_settled(latch);

	ssrcs_set_rate(&m->ssrcs, rate);
	if (packet->now_ms > m->heard_ms) {
		udptl_lose_track(&m->udptl);
		note_talk(m, packet, UINT16_MAX);
		note(m, packet);
		ssrcs_lose_track(&m->ssrcs); /* only the last one is reported */
	}
	m->talked = m->talked || (m->sequenced && rate >= LATCH_TALK_PACKETS);
	return close_after(latch, was_settled, was_lost, now_ms);
}

/* How somebody has come to be taken. */
enum taken { TAKEN_AT_ONCE, TAKEN_PROVED, TAKEN_SAME_PHONE };

/* Nobody else is where the SDP says; or it has talked before. */
static bool has_talked(const struct latch_memory *m, const struct latch_ref *ref,
		       const struct latch_packet *packet, enum latch_class class, enum taken how)
{
	bool same_phone = how == TAKEN_SAME_PHONE;

	if (same_phone && m->talked)
		return true;
	if (class == CLASS_EXACT)
		return packet->has_seq || (same_phone && m->sequenced);
	return how == TAKEN_PROVED && ref->patience_ms >= LATCH_TALK_MS;
}

static void take(struct latch_memory *m, const struct latch_ref *ref,
		 const struct latch_packet *packet, enum latch_class class, enum taken how)
{
	bool was_open =
		is_learning(m) && m->phase != PHASE_PENDING && packet->now_ms < m->window_end_ms;
	bool talked = has_talked(m, ref, packet, class, how);
	enum latch_outcome outcome;

	if (m->unanswered == PHASE_MOVED)
		m->unanswered = PHASE_REOPENED; /* it has moved already */
	if (m->phase == PHASE_WAIT)
		m->first_exact = class == CLASS_EXACT;
	m->final_end_ms = 0;
	m->replaced = m->phase == PHASE_MOVED ? m->source : (struct endpoint){ 0 };
	m->relatched += m->phase != PHASE_WAIT;
	if (!was_open && m->phase != PHASE_LOCKED)
		m->window_end_ms = packet->now_ms + ref->window_ms;
	outcome = latch_rule_find(latch_taken_rules, m->phase, class,
				  stream_facts(ref) | fact(FACT_SEQUENCED, packet->has_seq));
	if (outcome == OUTCOME_LOCKED && !talked) {
		outcome = OUTCOME_OPEN;
		m->window_end_ms = packet->now_ms; /* until it has talked */
	}
	enter(m, outcome);
	m->source = *packet->source;
	m->class = (uint8_t) class;
	m->spoke = m->spoke || class >= CLASS_ADDR;
	if (how != TAKEN_SAME_PHONE) {
		m->run = 0;
		m->ssrc = 0; /* UDPTL has none: latch_heard() compares it */
		m->ssrc_known = m->seq_known = m->sequenced = false;
		m->ssrcs = (struct ssrcs){ .n = 0 };
	}
	m->udptl = (struct udptl){ .in_order = 0 };
	candidates_clear(ref->candidates);
	m->talked = talked;
	note_talk(m, packet, LATCH_STEP_MAX);
	note(m, packet);
	close_window(m, packet->now_ms);
}

static bool is_proved(const struct latch_ref *ref, const struct latch_packet *packet,
		      enum latch_rank rank)
{
	const struct candidate candidate = { .source = *packet->source,
					     .heard_ms = (uint32_t)packet->now_ms,
					     .ssrc = packet->ssrc,
					     .seq = packet->seq,
					     .rank = (uint8_t)rank };

	return candidates_prove(ref->candidates, &candidate, ref->patience_ms);
}

enum latch_verdict latch_packet(struct latch *latch, const struct latch_ref *ref,
				const struct latch_packet *packet, enum latch_rank *rank)
{
	struct latch_memory *m = &latch->sealed;
	enum latch_outcome outcome;
	enum latch_class class;
	enum taken how = TAKEN_AT_ONCE;
	uint64_t facts;

	if (latch_is_source(latch, packet->source)) {
		latch_heard(latch, packet);
		return LATCH_ADMIT;
	}
	close_window(m, packet->now_ms);
	class = classify(ref, packet->source);
	*rank = latch_rank_of(class);
	facts = newcomer_facts(latch, ref, packet, class);
	outcome = latch_rule_find(latch_newcomer_rules, m->phase, class, facts);
	if (outcome == OUTCOME_NO_CANDIDATE)
		return LATCH_NO_CANDIDATE;
	if (outcome == OUTCOME_REFUSE || outcome == OUTCOME_SOON)
		return outcome == OUTCOME_SOON ? LATCH_SOON : LATCH_REFUSE;
	if (outcome == OUTCOME_PROVE)
		outcome = latch_rule_find(latch_proof_rules, m->phase, class, facts);
	if (outcome != OUTCOME_TAKE) {
		if (outcome == OUTCOME_HOLD || !is_proved(ref, packet, *rank) ||
		    outcome == OUTCOME_AWAIT)
			return LATCH_PATIENCE;
		how = TAKEN_PROVED;
	}
	take(m, ref, packet, class, facts & FACT_REBOUND ? TAKEN_SAME_PHONE : how);
	return LATCH_TAKEN;
}

bool latch_could_be(const struct latch *latch, const struct latch_ref *ref,
		    const struct endpoint *source)
{
	const struct latch_memory *m = &latch->sealed;
	uint64_t facts = stream_facts(ref) | fact(FACT_ALL_PRIVATE, all_private(ref, source));

	return endpoint_addr_eq(&m->source, source) || usable_fact(m, classify(ref, source), facts);
}

/* --- Signalling ------------------------------------------------------------------------------- */

static void open_window(struct latch_memory *m, const struct latch_ref *ref, int64_t now_ms)
{
	memset(&m->replaced, 0, sizeof(m->replaced));
	m->opened_ms = now_ms;
	m->window_end_ms = now_ms + ref->window_ms;
}

/*
 * What an offer has opened, its answer opens again. Who was moved by it stays so after another
 * offer with the same endpoint.
 */
static enum latch_change change_of(const struct latch_memory *m, enum latch_change change,
				   enum latch_step step)
{
	bool moved = m->unanswered == PHASE_MOVED;

	if (change == LATCH_KEEP && m->unanswered && (step == LATCH_EARLY || step == LATCH_ANSWER))
		return moved ? LATCH_MOVE : LATCH_REOPEN;
	if (change == LATCH_REOPEN && m->phase == PHASE_PENDING && moved)
		return LATCH_MOVE;
	return change;
}

/* @opened: this update has opened a window. */
static void note_step(struct latch_memory *m, enum latch_step step, bool opened, int64_t now_ms)
{
	if (step == LATCH_OFFER && opened) {
		m->unanswered = m->phase;
		m->pending_end_ms = now_ms + LATCH_PENDING_MS;
	} else if (step == LATCH_EARLY && opened && m->unanswered) {
		m->unanswered = m->phase;
	} else if (step == LATCH_ANSWER || (opened && step != LATCH_EARLY)) {
		m->unanswered = PHASE_WAIT;
		m->pending_end_ms = 0;
	}
}

void latch_update(struct latch *latch, const struct latch_ref *ref, enum latch_change change,
		  enum latch_step step, int64_t now_ms)
{
	struct latch_memory *m = &latch->sealed;
	bool was_exact = m->was_exact || m->class == CLASS_EXACT;
	enum latch_outcome outcome;
	uint64_t facts;
	bool opens;

	change = change_of(m, change, step);
	if (m->phase != PHASE_WAIT)
		m->class = (uint8_t)classify(ref, &m->source);
	m->talked = m->talked || (m->sequenced && m->class == CLASS_EXACT);
	facts = stream_facts(ref) | source_facts(m) | fact(FACT_REOPEN, change == LATCH_REOPEN) |
		fact(FACT_MOVE, change == LATCH_MOVE) | fact(FACT_FRESH, change == LATCH_FRESH) |
		fact(FACT_ALL_PRIVATE, all_private(ref, &m->source));
	facts |= usable_fact(m, m->class, facts);
	outcome = latch_rule_find(latch_offer_rules, m->phase, m->class, facts);
	if (outcome == OUTCOME_WAIT)
		*m = (struct latch_memory){ 0 };
	m->spoke = m->spoke || m->class >= CLASS_ADDR;
	opens = outcome == OUTCOME_REOPENED || outcome == OUTCOME_MOVED;
	if (outcome == OUTCOME_WAIT || opens)
		candidates_clear(ref->candidates);
	if (opens)
		open_window(m, ref, now_ms);
	if (facts & FACT_MOVE || !(facts & FACT_USABLE))
		m->was_exact = was_exact && facts & FACT_MOVE;
	enter(m, outcome);
	note_step(m, step, opens, now_ms);
	if (step == LATCH_FINAL && m->phase != PHASE_WAIT)
		m->final_end_ms = now_ms + ref->window_ms;
}

void latch_forget(struct latch *latch)
{
	latch->sealed = (struct latch_memory){ .relatched = latch->sealed.relatched + 1,
					       .spoke = latch->sealed.spoke,
					       .rtcp_ms = latch->sealed.rtcp_ms };
}

/* --- Restart ---------------------------------------------------------------------------------- */

void latch_export(const struct latch *latch, struct latch_record *record)
{
	const struct latch_memory *m = &latch->sealed;

	*record = (struct latch_record){ .source = m->source,
					 .replaced = m->replaced,
					 .heard_ms = m->heard_ms,
					 .window_end_ms = m->window_end_ms,
					 .opened_ms = m->opened_ms,
					 .pending_end_ms = m->pending_end_ms,
					 .final_end_ms = m->final_end_ms,
					 .rtcp_ms = m->rtcp_ms,
					 .ssrc = m->ssrc,
					 .relatched = m->relatched,
					 .seq = m->seq,
					 .phase = m->phase,
					 .class = m->class,
					 .unanswered = m->unanswered,
					 .n_ssrcs = m->ssrcs.n,
					 .was_exact = m->was_exact,
					 .ssrc_known = m->ssrc_known,
					 .sequenced = m->sequenced,
					 .talked = m->talked,
					 .spoke = m->spoke,
					 .first_exact = m->first_exact };
	for (uint8_t i = 0; i < m->ssrcs.n; i++)
		record->earlier_ssrc[i] = m->ssrcs.earlier[i].ssrc;
}

void latch_import(struct latch *latch, const struct latch_record *record)
{
	latch->sealed = (struct latch_memory){ .source = record->source,
					       .phase = record->phase,
					       .class = record->class,
					       .unanswered = record->unanswered,
					       .was_exact = record->was_exact,
					       .ssrc_known = record->ssrc_known,
					       .sequenced = record->sequenced,
					       .talked = record->talked,
					       .spoke = record->spoke,
					       .first_exact = record->first_exact,
					       .seq = record->seq,
					       .ssrc = record->ssrc,
					       .heard_ms = record->heard_ms,
					       .window_end_ms = record->window_end_ms,
					       .opened_ms = record->opened_ms,
					       .pending_end_ms = record->pending_end_ms,
					       .final_end_ms = record->final_end_ms,
					       .rtcp_ms = record->rtcp_ms,
					       .relatched = record->relatched,
					       .replaced = record->replaced,
					       .ssrcs = { .n = record->n_ssrcs } };
	for (uint8_t i = 0; i < record->n_ssrcs; i++)
		latch->sealed.ssrcs.earlier[i].ssrc = record->earlier_ssrc[i];
}

static bool unanswered_valid(const struct latch_record *record)
{
	if (record->unanswered == PHASE_WAIT)
		return record->phase != PHASE_PENDING && !record->pending_end_ms;
	return record->phase != PHASE_WAIT &&
	       (record->unanswered == PHASE_MOVED || record->unanswered == PHASE_REOPENED);
}

bool latch_record_valid(const struct latch_record *record)
{
	return record->phase <= PHASE_LOCKED && record->class <= CLASS_EXACT &&
	       record->n_ssrcs <= (record->ssrc_known ? SSRCS_EARLIER : 0) &&
	       (record->phase == PHASE_WAIT) == !endpoint_is_set(&record->source) &&
	       (record->phase != PHASE_WAIT || record->class == CLASS_STRANGER) &&
	       (record->phase == PHASE_LOCKED || record->class != CLASS_EXACT ||
		(record->phase == PHASE_OPEN && !record->sequenced)) &&
	       (record->phase != PHASE_LOCKED || record->talked) &&
	       (!record->talked || record->sequenced) &&
	       (record->phase == PHASE_MOVED || record->phase == PHASE_PENDING ||
		!record->was_exact) &&
	       unanswered_valid(record) &&
	       (record->phase != PHASE_LOCKED ||
		(record->class != CLASS_NEIGHBOUR && record->class != CLASS_FOLLOWER));
}

/* --- Where to send to ------------------------------------------------------------------------- */

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
	const struct latch_memory *m = &latch->sealed;
	bool usable = latch_signalled_usable(ref);
	bool expected_there = (m->phase == PHASE_MOVED && m->was_exact) || is_lost(m);

	if (!asymmetric && m->phase != PHASE_WAIT && !(expected_there && usable))
		return &m->source;
	return usable ? ref->signalled : NULL;
}
