/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.c - decides on each packet that arrives at a media stream
 *
 * Checks, in this order: whether its source is banned, the kind of packet, whether it is authentic
 * (SRTP), its source (latching), whether this side is blocked or silenced; then finds the stream
 * by which it leaves. No I/O, no lock, no log line; memory is allocated once for a side whose phone
 * has to wait.
 */
#include <stdlib.h>
#include <sys/random.h>
#include "packet/bundle.h"
#include "packet/dtmf.h"
#include "packet/handshake.h"
#include "packet/ice.h"
#include "packet/ice_end.h"
#include "packet/keepalive.h"
#include "packet/prompted.h"
#include "packet/refused.h"
#include "packet/remote.h"
#include "packet/rtcp.h"
#include "packet/secure.h"
#include "packet/stream.h"
#include "packet/tap.h"
#include "packet/taught.h"

static void count_drops(struct stream *s, enum stream_drop why, uint64_t n)
{
	counter_add(&s->drops[why], n);
	counter_add(&s->bridge->totals->drops[why], n);
}

static void count_drop(struct stream *s, enum stream_drop why)
{
	count_drops(s, why, 1);
}

/*
 * Does the stream carry this packet? If so, may the stream latch to its source, and does it pass
 * from where signalling expects the phone, though the stream has another source or none?
 */
struct carriage {
	bool carried, candidate, from_exact;
	enum stream_drop why; /* not carried */
};

#define CARRIED(may_latch) ((struct carriage){ .carried = true, .candidate = (may_latch) })
#define NOT_CARRIED(drop)  ((struct carriage){ .why = (drop) })

static bool payload_type_negotiated(const struct bridge_conf *conf, uint8_t pt)
{
	return !(conf->pts[0] | conf->pts[1]) || conf->pts[pt >> 6] >> (pt & 63) & 1;
}

/*
 * The SDP of this media is not known: any packet passes. Without payload types it may be a fax,
 * whose packets are then the only ones to latch to. ICE may be in the SDP: then phones send nothing
 * but STUN until it was answered.
 */
static struct carriage carriage_of_any(const struct stream *s, const struct packet *p,
				       const struct rtp_wire *w)
{
	const struct bridge_conf *conf = &s->bridge->conf;

	if (!p->len)
		return NOT_CARRIED(DROP_MALFORMED);
	return (struct carriage){ .carried = true,
				  .candidate =
					  s->comp == COMP_RTP && !(conf->pts[0] | conf->pts[1]),
				  .from_exact = w->kind == RTP_KIND_STUN };
}

static struct carriage carriage_of(const struct stream *s, const struct packet *p,
				   const struct rtp_wire *w)
{
	const struct bridge_conf *conf = &s->bridge->conf;

	if (conf->kind != BRIDGE_RTP)
		return p->len ? CARRIED(true) : NOT_CARRIED(DROP_MALFORMED);
	if (conf->any && w->kind != RTP_KIND_RTP && w->kind != RTP_KIND_RTCP)
		return carriage_of_any(s, p, w);
	switch (w->kind) {
	case RTP_KIND_MALFORMED:
		return NOT_CARRIED(DROP_MALFORMED);
	case RTP_KIND_RTP:
		if (s->comp == COMP_RTCP)
			return NOT_CARRIED(DROP_KIND);
		/* Other payload types pass (RFC 6263 keepalives), but are not latched to. */
		return CARRIED(payload_type_negotiated(conf, w->pt) ||
			       (s->bundled && bundle_of(s)->of_pt[w->pt]));
	case RTP_KIND_RTCP:
		/* Some phones send it to the RTP port without rtcp-mux: it leaves as RTCP, too. */
		return CARRIED(rtcp_type_known(w->pt) &&
			       (s->comp == COMP_RTCP || stream_side(s)->flags & SIDE_MUX));
	case RTP_KIND_DTLS:
		if ((conf->side[SIDE_A].flags | conf->side[SIDE_B].flags) & SIDE_HANDSHAKE)
			return stream_side(s)->flags & SIDE_HANDSHAKE ? CARRIED(true)
								      : NOT_CARRIED(DROP_KIND);
		if ((conf->side[SIDE_A].flags | conf->side[SIDE_B].flags) & SIDE_DTLS)
			return CARRIED(true);
		return NOT_CARRIED(DROP_KIND);
	case RTP_KIND_ZRTP:
		return CARRIED(false);
	case RTP_KIND_STUN:
		/* Phones with ICE send nothing else until they were answered. */
		if (ice_passes(s, p))
			return (struct carriage){ .carried = true,
						  .candidate = true,
						  .from_exact = true };
		return NOT_CARRIED(DROP_KIND);
	default:
		return NOT_CARRIED(DROP_KIND);
	}
}

static bool is_banned(const struct stream *s, const struct endpoint *source)
{
	const struct banned *banned = s->bridge->banned ? *s->bridge->banned : NULL;

	return banned && banned_has(banned, source);
}

/*
 * A source that media must not be sent to is never latched to: whoever forges it would point the
 * other side's media there.
 */
static bool is_denied(struct stream *s, const struct latch_packet *packet)
{
	const char *why = stream_why_denied(s, packet->source);

	if (!why)
		return false;
	if (!s->denied_ms || (uint32_t)packet->now_ms - s->denied_ms >= 1000) {
		s->denied_ms = (uint32_t)packet->now_ms;
		write_begin(&s->to_version);
		stream_note_denied(s, packet->source, why);
		write_end(&s->to_version);
	}
	return true;
}

/* The daemon has to check each packet. */
static void contest(struct stream *s)
{
	__atomic_store_n(&s->contested, true, __ATOMIC_RELAXED);
	s->news_bits |= 1 << BRIDGE_CHANGED;
}

/*
 * Most phones are heard at once: only where one has to wait is there memory for those that do.
 * Without random numbers only the choice among them can be foreseen.
 */
static bool make_candidates(struct stream *s, struct latch_ref *ref)
{
	uint64_t seed;

	if (s->comp != COMP_RTP || ref->candidates)
		return false;
	ref->candidates = calloc(1, sizeof(*ref->candidates));
	if (!ref->candidates)
		return false;
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed))
		candidates_seed(ref->candidates, seed);
	s->bridge->candidates[s->side] = ref->candidates;
	return true;
}

static void end_contest(struct stream *s)
{
	if (!s->contested)
		return;
	__atomic_store_n(&s->contested, false, __ATOMIC_RELAXED);
	s->news_bits |= 1 << BRIDGE_CHANGED;
}

/* What is_rebind() compares: the source before a packet of another one was judged. */
struct source_before {
	struct endpoint at;
	bool locked, used;
};

static struct source_before source_before(const struct latch *latch)
{
	enum latch_state state = latch_state(latch);

	return (struct source_before){ *latch_source(latch), state == LATCH_LOCKED,
				       state != LATCH_WAIT && !latch_is_moved(latch) };
}

/*
 * A phone whose NAT has given it another binding: no signalling has moved it. Before it was locked,
 * another address may be of another sender.
 */
static bool is_rebind(const struct stream *s, const struct source_before *before)
{
	return before->used && latch_source_rank(&s->latch) != RANK_EXACT &&
	       (before->locked || endpoint_addr_eq(&before->at, latch_source(&s->latch)));
}

/* A packet that is not from the source in use. */
static enum latch_verdict judge_other(struct stream *s, const struct latch_packet *packet)
{
	const struct source_before before = source_before(&s->latch);
	enum latch_verdict verdict;
	enum latch_rank rank;
	struct latch_ref ref;

	stream_fill_ref(s, &ref, true);
	verdict = latch_packet(&s->latch, &ref, packet, &rank);
	if (verdict == LATCH_PATIENCE && make_candidates(s, &ref))
		verdict = latch_packet(&s->latch, &ref, packet, &rank); /* now it counts */
	if (verdict == LATCH_REFUSE || verdict == LATCH_SOON) {
		counter_add(&s->bridge->totals->refused[rank], 1);
		stream_note_refused(s, packet, rank);
		/* A fax at a new port, before its numbers have gone on: the kernel reports few. */
		if (s->in_kernel && latch_is_continued(&s->latch))
			contest(s);
	}
	if (verdict != LATCH_TAKEN)
		return verdict;
	counter_add(&s->bridge->totals->latched, 1);
	counter_add(&s->bridge->totals->rebinds, is_rebind(s, &before));
	s->news_bits |= 1 << BRIDGE_LATCHED;
	stream_mind_loops(s);
	stream_disconnect(s); /* a packet queued before connect() may have had this source */
	stream_end_trials(s);
	taught_forget(s);
	keepalive_moved(s);
	stream_aim_side(s);
	if (s->comp == COMP_RTCP)
		end_contest(s); /* the one that was awaited has come */
	return verdict;
}

static bool admit_other(struct stream *s, const struct latch_packet *packet)
{
	if (bridge_has_port(s->bridge, packet->source)) {
		count_drop(s, DROP_LOOP);
		return false;
	}
	if (is_denied(s, packet)) {
		count_drop(s, DROP_DESTINATION);
		return false;
	}
	switch (judge_other(s, packet)) {
	case LATCH_ADMIT:
	case LATCH_TAKEN:
		return true;
	case LATCH_REFUSE:
	case LATCH_SOON:
		count_drop(s, DROP_SOURCE);
		return false;
	case LATCH_PATIENCE:
		count_drop(s, DROP_PATIENCE);
		return false;
	case LATCH_NO_CANDIDATE:
		break;
	}
	count_drop(s, DROP_KIND);
	return false;
}

static bool is_foreign(const struct stream *s)
{
	const struct stream *rtp = s->bridge->stream[s->side][COMP_RTP];

	return latch_is_foreign(&s->latch, rtp ? &rtp->latch : NULL);
}

/* The source in use keeps its place as long as it is not silent. */
static bool is_settled(const struct stream *s)
{
	return latch_settled(&s->latch) && !is_foreign(s);
}

/* The contest is decided, the kernel may forward again. */
static void settle(struct stream *s)
{
	if (s->contested && is_settled(s))
		end_contest(s);
}

static bool admit(struct stream *s, const struct latch_packet *packet)
{
	enum latch_state before;
	bool admitted = true, changed, was_moved;

	if (latch_is_source(&s->latch, packet->source)) {
		changed = latch_heard(&s->latch, packet);
	} else {
		before = latch_state(&s->latch);
		was_moved = latch_is_moved(&s->latch);
		admitted = admit_other(s, packet);
		changed =
			latch_state(&s->latch) != before || latch_is_moved(&s->latch) != was_moved;
	}
	if (changed) { /* a window has closed */
		s->news_bits |= 1 << BRIDGE_CHANGED;
		stream_aim_side(s);
	}
	if (admitted)
		settle(s);
	return admitted;
}

/* Is it from the signalled endpoint, while another source is in use, or none? */
static bool is_exact(const struct stream *s, const struct endpoint *source)
{
	return (endpoint_eq(&s->signalled, source) ||
		endpoint_eq(&stream_side(s)->sdp[s->comp], source)) &&
	       !latch_is_source(&s->latch, source) && !bridge_has_port(s->bridge, source) &&
	       !stream_why_denied(s, source);
}

static uint32_t clock_of(const struct bridge_conf *conf, uint8_t pt)
{
	for (int i = 0; i < BRIDGE_CLOCKS && conf->clocks[i].clock; i++)
		if (conf->clocks[i].pt == pt)
			return conf->clocks[i].clock;
	return rtp_static_clock(pt);
}

/* Nearly always that of the packet before. */
static uint32_t clock_now(struct stream *s, uint8_t pt)
{
	if (s->clock_known && s->rtp.pt == pt)
		return s->rtp.clock;
	s->clock_known = true; /* once the packet is counted */
	return clock_of(&s->bridge->conf, pt);
}

/* Packets that the kernel forwarded since the last one here are neither expected nor lost. */
static void count_rtp(struct stream *s, const struct rtp_wire *w, int64_t now_us)
{
	uint32_t clock = clock_now(s, w->pt);
	uint32_t duplicate = s->rtp.duplicate;
	bool restart = s->resume && s->rtp.known && s->rtp.ssrc == w->ssrc;

	s->resume = false;
	if (restart)
		rtp_stats_restart(&s->rtp, w->seq);
	rtp_stats_update(&s->rtp, w, clock, (uint32_t)((uint64_t)now_us * clock / 1000000));
	if (restart)
		s->rtp.duplicate = duplicate;
}

static void count_in(struct stream *s, const struct packet *p, const struct rtp_wire *w,
		     int64_t now_us)
{
	counter_add(&s->packets_in, 1);
	counter_add(&s->bytes_in, p->len);
	__atomic_store_n(&s->last_in_ms, now_us / 1000, __ATOMIC_RELAXED);
	if (w->kind == RTP_KIND_RTP && !s->in_kernel)
		count_rtp(s, w, now_us);
	else if (w->kind == RTP_KIND_RTCP)
		stream_hear_rtcp(s, p, now_us);
}

/*
 * Whose packet is it that came to the port of several medias? That one counts it, and the stream
 * that carries it has heard its phone. Return: NULL: it cannot be told; else count_in() is due
 */
static __attribute__((noinline, cold)) struct stream *
begin_bundled(struct stream *s, struct packet *p, struct rtp_wire *w, int64_t now_us)
{
	struct stream *of = bundle_stream(s, p, w, now_us / 1000);

	if (!of || of == s)
		return of;
	__atomic_store_n(&s->last_in_ms, now_us / 1000, __ATOMIC_RELAXED);
	__atomic_store_n(&of->heard, true, __ATOMIC_RELAXED);
	stream_write_begin(of);
	return of;
}

static struct stream *leaves_by(const struct stream *s, const struct rtp_wire *w)
{
	int peer = !s->side;
	bool rtcp = s->comp == COMP_RTCP || w->kind == RTP_KIND_RTCP;
	bool own_port = rtcp && !(s->bridge->conf.side[peer].flags & SIDE_MUX);

	return s->bridge->stream[peer][own_port ? COMP_RTCP : COMP_RTP];
}

/*
 * SIDE_SILENCE: audio becomes silence if its codec allows, other media is dropped; RTCP passes, and
 * so does STUN: without it a phone with ICE ends the media.
 */
static bool may_pass(const struct stream *s, const struct packet *p, const struct rtp_wire *w)
{
	if (s->flags & SIDE_BLOCK)
		return false;
	if (!(s->flags & SIDE_SILENCE) || w->kind == RTP_KIND_RTCP || w->kind == RTP_KIND_STUN)
		return true;
	return w->kind == RTP_KIND_RTP && rtp_wire_silence(p->data, p->len, w);
}

/* Of a media whose kind is not known, or that is not RTP. The first may be a fax. */
static void read_opaque(const struct stream *s, const struct packet *p, const struct rtp_wire *w,
			struct latch_packet *packet)
{
	const struct bridge_conf *conf = &s->bridge->conf;
	bool unknown = conf->kind == BRIDGE_RTP;

	if (unknown && (!conf->any || w->kind == RTP_KIND_RTP || w->kind == RTP_KIND_RTCP ||
			w->kind == RTP_KIND_STUN))
		return;
	packet->opaque = true;
	packet->udptl = conf->kind != BRIDGE_OPAQUE && p->len >= UDPTL_MIN;
	packet->has_seq = packet->udptl && !unknown;
	if (packet->udptl)
		packet->seq = udptl_wire_seq(p->data);
}

/* Its DTLS ends here. It may teach a source, since nothing else can before there are keys. */
static bool is_handshake(const struct stream *s, const struct rtp_wire *w)
{
	return w->kind == RTP_KIND_DTLS && s->flags & SIDE_HANDSHAKE;
}

/* Is it a packet that is SRTP on the side of @s? */
static bool is_srtp(const struct stream *s, const struct rtp_wire *w)
{
	return s->flags & SIDE_SRTP && (w->kind == RTP_KIND_RTP || w->kind == RTP_KIND_RTCP);
}

/* @why: of secure_open() or secure_seal(); it is counted here */
static bool is_dropped(struct stream *s, enum stream_drop why)
{
	if (why == DROP_SRTP_AUTH && !s->drops[why])
		s->news_bits |= 1 << BRIDGE_UNAUTHENTIC;
	if (why != DROP_COUNT)
		count_drop(s, why);
	return why != DROP_COUNT;
}

/* Return: true: it is one, of this phone, and counted */
static bool is_keepalive(struct stream *s, const struct packet *p, const struct rtp_wire *w,
			 int64_t now_ms)
{
	/* It is not authentic: with SRTP it tells no place. docs/srtp.md */
	if (stream_side(s)->flags & SIDE_SRTP && !latch_is_source(&s->latch, p->source))
		return false;
	return taught_is_keepalive(s, p, w) && taught_hear(s, p, now_ms);
}

/* Its number is missing among those of the media: nothing was lost. */
static bool hear_empty_rtp(struct stream *s, const struct packet *p, const struct rtp_wire *w,
			   int64_t now_ms)
{
	if (!taught_hear(s, p, now_ms))
		return false;
	s->resume = s->resume || (s->rtp.known && s->rtp.ssrc == w->ssrc);
	return true;
}

/*
 * Of a side with ICE: by another pair than the one in use, whose source was checked as well. It
 * passes, and teaches nothing.
 */
static bool is_other_pair(const struct stream *s, const struct endpoint *source)
{
	return !endpoint_eq(&s->ice->to, source) && !latch_is_source(&s->latch, source) &&
	       !bridge_has_port(s->bridge, source) && !stream_why_denied(s, source);
}

/*
 * Until the answer a phone may refuse ICE, so its media passes. A hello of DTLS does not: that of a
 * stranger would hold back that of the phone.
 */
static bool needs_voucher(const struct stream *s, const struct rtp_wire *w)
{
	return s->flags & SIDE_ICE || (w->kind == RTP_KIND_DTLS && s->ice && s->ice->awaited);
}

/*
 * Packets that an agent of ICE decides about. Return: true: it goes no further. So a handshake of
 * DTLS begins only with a source that is vouched for.
 */
static bool is_kept_by_ice(struct stream *s, const struct packet *p, const struct rtp_wire *w,
			   int64_t now_us)
{
	if (w->kind == RTP_KIND_STUN && s->ice && ice_end_takes(s, p, now_us))
		return true;
	if (!needs_voucher(s, w) || ice_end_vouches(s, p->source))
		return false;
	count_drop(s, DROP_NOT_VOUCHED);
	return true;
}

struct stream *stream_accept(struct stream *s, struct packet *p, int64_t now_us)
{
	struct rtp_wire w = { .kind = RTP_KIND_OTHER };
	struct latch_packet packet = { .source = p->source,
				       .now_ms = now_us / 1000,
				       .in_kernel = s->in_kernel };
	struct carriage carriage;
	struct stream *of = s, *out, *by;
	uint32_t tap;
	bool admitted, handshake;

	__atomic_store_n(&s->heard, true, __ATOMIC_RELAXED);
	if (is_banned(s, p->source)) {
		count_drop(s, DROP_BANNED);
		return NULL;
	}
	if (s->bridge->conf.kind == BRIDGE_RTP)
		rtp_wire_parse(p->data, p->len, &s->port, &w);
	/* Nobody was told this port. */
	if (s->bundled == STREAM_CARRIED) {
		count_drop(s, DROP_BUNDLE);
		return NULL;
	}
	if ((w.kind == RTP_KIND_STUN || w.kind == RTP_KIND_DTLS || s->flags & SIDE_ICE) &&
	    is_kept_by_ice(s, p, &w, now_us))
		return NULL;
	if (w.kind != RTP_KIND_RTP && is_keepalive(s, p, &w, packet.now_ms))
		return NULL;
	carriage = carriage_of(s, p, &w);
	if (!carriage.carried) {
		count_drop(s, carriage.why);
		return NULL;
	}
	/* Only what is authentic teaches a source, and counts. */
	if (is_srtp(s, &w) &&
	    is_dropped(s, secure_open(s, p, w.kind == RTP_KIND_RTCP, packet.now_ms)))
		return NULL;
	/* SRTP had its tag before. */
	if (w.kind == RTP_KIND_RTP && p->len == w.header_len && taught_is_keepalive(s, p, &w)) {
		if (hear_empty_rtp(s, p, &w, packet.now_ms))
			return NULL;
		carriage.candidate = false;
	}
	packet.candidate = carriage.candidate;
	packet.has_seq = w.kind == RTP_KIND_RTP;
	packet.has_ssrc = w.kind == RTP_KIND_RTP || w.kind == RTP_KIND_RTCP;
	packet.ssrc = w.ssrc;
	packet.seq = w.seq;
	if (w.kind != RTP_KIND_RTP)
		read_opaque(s, p, &w, &packet);

	stream_write_begin(s);
	handshake = is_handshake(s, &w);
	admitted = (carriage.from_exact && is_exact(s, p->source)) ||
		   (s->flags & SIDE_ICE && is_other_pair(s, p->source)) || admit(s, &packet);
	if (admitted && !handshake) { /* that is not authentic: it does not count */
		if (__builtin_expect(s->bundled, false))
			of = begin_bundled(s, p, &w, now_us);
		if (of)
			count_in(of, p, &w, now_us);
		if (of && of != s)
			stream_write_end(of);
	}
	stream_write_end(s);
	if (!admitted)
		return NULL;
	if (!of) {
		count_drop(s, DROP_BUNDLE);
		return NULL;
	}
	if (handshake) {
		is_dropped(s, handshake_take(s, p));
		return NULL;
	}
	if (of->flags & (SIDE_DTMF | SIDE_DTMF_BLOCK) && w.kind == RTP_KIND_RTP &&
	    !dtmf_pass(of, p, &w, now_us)) {
		count_drop(s, DROP_DTMF);
		return NULL;
	}
	if (!may_pass(of, p, &w)) {
		count_drop(s, DROP_BLOCKED);
		return NULL;
	}
	if (p->ttl == 1) {
		count_drop(s, DROP_TTL);
		return NULL;
	}
	out = leaves_by(of, &w);
	by = out ? bundle_carrier(out) : NULL;
	if (!by || !by->has_to) {
		count_drop(s, by && by->to_denied ? DROP_DESTINATION : DROP_NO_DESTINATION);
		return NULL;
	}
	if (out->player_state != PLAYER_NONE && w.kind == RTP_KIND_RTP &&
	    !prompted_lets_pass(s, out, p, w.pt)) {
		count_drop(s, DROP_PROMPT);
		return NULL;
	}
	tap = __atomic_load_n(&of->bridge->tap, __ATOMIC_RELAXED);
	if (tap && w.kind != RTP_KIND_STUN)
		tap_copy(of, by, p, w.kind == RTP_KIND_RTCP, tap);
	if (is_srtp(by, &w) &&
	    is_dropped(s, secure_seal(s, by, p, w.kind == RTP_KIND_RTCP, packet.now_ms)))
		return NULL;
	if (w.kind == RTP_KIND_STUN)
		ice_note_passed(by, p);
	return out;
}

/*
 * May the stream latch to the source of the packet that the kernel dropped? Not to that of RTCP,
 * whose SSRC the kernel does not report: the daemon has to see it.
 */
static bool is_candidate(const struct stream *s, const struct bridge_kernel *k)
{
	const struct bridge_conf *conf = &s->bridge->conf;

	if (conf->kind != BRIDGE_RTP)
		return true;
	return k->stranger_rtp && payload_type_negotiated(conf, k->stranger_pt & 127);
}

/*
 * RTCP pauses for seconds, and never locks: else a few packets sprayed at all ports would move the
 * RTCP of all calls here, again and again. So only somebody whose place signalling tells matters;
 * among those that are not reported nobody is looked for before the source in use has gone.
 */
static bool rtcp_may_change(const struct stream *s, const struct bridge_kernel *k, int64_t now_ms)
{
	bool hidden = k->stranger_count != 1; /* others were not reported */
	bool gone = now_ms - latch_heard_ms(&s->latch) >= LATCH_GONE_MS;
	struct latch_ref ref;

	stream_fill_ref(s, &ref, true);
	return latch_could_be(&s->latch, &ref, &k->stranger) || (hidden && (gone || is_foreign(s)));
}

/*
 * The kernel reports one packet a second. During a flood from an unknown source this is hardly ever
 * that of a phone whose NAT changed its port, or of a better source while the window is open or the
 * source in use is on trial: then the daemon has to check each packet.
 */
static bool may_change(const struct stream *s, const struct bridge_kernel *k,
		       enum latch_verdict verdict, int64_t now_ms)
{
	bool silent = latch_silent(&s->latch, now_ms);

	if (verdict == LATCH_SOON || verdict == LATCH_PATIENCE)
		return true;
	if (!silent && (is_settled(s) || latch_pending(&s->latch)))
		return false;
	return s->comp == COMP_RTP || rtcp_may_change(s, k, now_ms);
}

static bool is_udptl(const struct stream *s, bool numbered)
{
	return numbered && s->bridge->conf.kind == BRIDGE_UDPTL;
}

static void judge_reported_source(struct stream *s, const struct bridge_kernel *k, int64_t now_ms)
{
	const struct latch_packet packet = {
		.source = &k->stranger,
		.now_ms = now_ms,
		.candidate = is_candidate(s, k),
		.has_ssrc = k->stranger_rtp,
		.has_seq = k->stranger_rtp || is_udptl(s, k->stranger_numbered),
		.opaque = s->bridge->conf.kind != BRIDGE_RTP,
		.udptl = is_udptl(s, k->stranger_numbered),
		.ssrc = k->stranger_ssrc,
		.seq = k->stranger_seq,
	};
	enum latch_verdict verdict;

	if (is_banned(s, &k->stranger))
		return;
	if (stream_side(s)->flags & SIDE_ICE &&
	    (!ice_end_vouches(s, &k->stranger) || is_other_pair(s, &k->stranger)))
		return;
	if (bridge_has_port(s->bridge, &k->stranger) || latch_is_source(&s->latch, &k->stranger) ||
	    is_denied(s, &packet))
		return;
	verdict = judge_other(s, &packet);
	if (verdict == LATCH_TAKEN) {
		settle(s);
	} else if (may_change(s, k, verdict, now_ms)) {
		contest(s);
	}
}

/* The last packet that the kernel received from the source in use. */
static bool hear_in_kernel(struct stream *s, const struct bridge_kernel *k, int64_t now_ms)
{
	const struct latch_packet packet = { .now_ms = k->heard_ms,
					     .has_ssrc = k->rtp,
					     .has_seq = k->rtp || is_udptl(s, k->numbered),
					     .udptl = is_udptl(s, k->numbered),
					     .ssrc = k->ssrc,
					     .seq = k->seq };

	return latch_heard_in_kernel(&s->latch, &packet, k->rate, now_ms);
}

void stream_kernel(struct stream *s, const struct bridge_kernel *k, int64_t now_ms)
{
	stream_write_begin(s);
	s->resume |= s->in_kernel && !k->in_kernel;
	s->in_kernel = k->in_kernel;
	s->reported_ms = now_ms;
	if (hear_in_kernel(s, k, now_ms)) {
		s->news_bits |= 1 << BRIDGE_CHANGED;
		stream_aim_side(s);
	}
	if (endpoint_is_set(&k->stranger))
		judge_reported_source(s, k, now_ms);
	stream_write_end(s);
	if (s->in_kernel)
		stream_disconnect(s);
}

void stream_sent(struct stream *out, size_t bytes)
{
	struct worker_totals *totals = out->bridge->totals;

	counter_add(&out->packets_out, 1);
	counter_add(&out->bytes_out, bytes);
	counter_add(&totals->packets, 1);
	counter_add(&totals->bytes, bytes);
}

void stream_lost(struct stream *from, struct stream *out, enum stream_drop why)
{
	count_drop(from, why);
	counter_add(&out->errors_out, 1);
	counter_add(&out->bridge->totals->errors, 1);
}

void stream_missed(struct stream *s, uint32_t missed)
{
	if (missed == s->missed)
		return;
	count_drops(s, DROP_RECEIVE_QUEUE, (uint32_t)(missed - s->missed));
	s->missed = missed;
}
