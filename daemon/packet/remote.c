/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * remote.c - a stream's remote: what its sources are compared with, where packets to it are sent
 *
 * Both follow from signalling and latching; they change with an offer or answer, a new source, and
 * at the tick of each second. The socket is connected while the remote is locked and sends.
 */
#include <stdlib.h>
#include "packet/remote.h"
#include "packet/secure.h"
#include "packet/rtcp.h"
#include "packet/steer.h"

struct endpoint stream_signalled(const struct side_conf *conf, int comp)
{
	struct endpoint signalled = conf->sdp[comp];

	if (conf->flags & SIDE_TRUST_SIP && endpoint_is_set(&conf->sip) &&
	    endpoint_is_set(&signalled)) {
		signalled = conf->sip;
		endpoint_set_port(&signalled, endpoint_port(&conf->sdp[comp]));
	}
	return signalled;
}

/* With ICE that ends here signalling tells no place: the way that was found does. */
static bool has_ice(const struct stream *s)
{
	return stream_side(s)->flags & SIDE_ICE;
}

static struct endpoint expected(const struct stream *s)
{
	if (!has_ice(s))
		return stream_signalled(stream_side(s), s->comp);
	return s->ice ? s->ice->to : (struct endpoint){ 0 };
}

static void add_near(struct latch_ref *ref, const struct stream *sibling)
{
	if (!sibling)
		return;
	ref->spoke |= latch_spoke(&sibling->latch);
	if (!latch_vouches(&sibling->latch) || ref->n_near == LATCH_NEAR)
		return;
	if (latch_on_trial(&sibling->latch))
		ref->on_trial |= 1U << ref->n_near;
	ref->near[ref->n_near++] = latch_source(&sibling->latch);
}

/* RTCP comes to this stream as far as was agreed. */
static bool carries_rtcp(const struct stream *s)
{
	return s->comp == COMP_RTCP ||
	       (s->bridge->conf.kind == BRIDGE_RTP && stream_side(s)->flags & SIDE_MUX);
}

/*
 * RTCP that the kernel forwards is not told from RTP at the same port: a phone that uses rtcp-mux
 * is taken for one that sends RTCP.
 */
static void note_rtcp(struct latch_ref *ref, const struct stream *s)
{
	int64_t at_ms = s ? latch_rtcp_ms(&s->latch) : 0;

	if (!s)
		return;
	if (carries_rtcp(s)) {
		if (latch_heard_ms(&s->latch) > at_ms)
			at_ms = latch_heard_ms(&s->latch);
		if (s->in_kernel && (!ref->rtcp_as_of_ms || s->reported_ms < ref->rtcp_as_of_ms))
			ref->rtcp_as_of_ms = s->reported_ms;
	}
	if (at_ms > ref->rtcp_ms)
		ref->rtcp_ms = at_ms;
}

static void ask_of(struct bridge *b, int side)
{
	for (int comp = 0; comp < 2; comp++) {
		struct stream *s = b->stream[side][comp];

		if (s && s->in_kernel && carries_rtcp(s))
			s->news_bits |= 1 << BRIDGE_ASK;
	}
}

void stream_ask_for_rtcp(const struct stream *s)
{
	struct bridge *b = s->bridge;

	ask_of(b, s->side);
	for (struct ring *at = b->siblings.next; at != &b->siblings; at = at->next)
		ask_of(container_of(at, struct bridge, siblings), s->side);
}

/* The other side has neither a signalled address nor a source. */
static bool is_alone(const struct stream *s)
{
	const struct stream *other = s->bridge->stream[!s->side][COMP_RTP];

	return !endpoint_is_set(&s->bridge->conf.side[!s->side].sdp[COMP_RTP]) &&
	       (!other || latch_state(&other->latch) == LATCH_WAIT);
}

void stream_fill_ref(const struct stream *s, struct latch_ref *ref, bool with_near)
{
	const struct bridge *b = s->bridge;
	const struct side_conf *conf = stream_side(s);
	const struct stream *rtp = b->stream[s->side][COMP_RTP];

	ref->signalled = &s->signalled;
	ref->sdp = &conf->sdp[s->comp];
	ref->sip = &conf->sip;
	ref->n_near = ref->on_trial = 0;
	ref->spoke = latch_spoke(&s->latch);
	ref->rtp = rtp ? &rtp->latch : NULL;
	ref->candidates = s->comp == COMP_RTP ? s->bridge->candidates[s->side] : NULL;
	ref->alone = is_alone(s);
	ref->asymmetric = conf->flags & SIDE_ASYMMETRIC;
	ref->mode = conf->latching;
	ref->strict_source = conf->flags & SIDE_STRICT_SOURCE;
	ref->handover = conf->flags & SIDE_HANDOVER;
	ref->patience_ms = b->pool_conf->patience_ms;
	ref->window_ms = b->pool_conf->window_ms;
	ref->rtcp_ms = ref->rtcp_as_of_ms = 0;
	if (!with_near)
		return;
	note_rtcp(ref, b->stream[s->side][COMP_RTP]);
	note_rtcp(ref, b->stream[s->side][COMP_RTCP]);
	add_near(ref, b->stream[s->side][!s->comp]);
	for (const struct ring *at = b->siblings.next; at != &b->siblings; at = at->next) {
		const struct bridge *other = container_of(at, struct bridge, siblings);

		add_near(ref, other->stream[s->side][COMP_RTP]);
		add_near(ref, other->stream[s->side][COMP_RTCP]);
		note_rtcp(ref, other->stream[s->side][COMP_RTP]);
		note_rtcp(ref, other->stream[s->side][COMP_RTCP]);
	}
}

static void end_trial(struct stream *s)
{
	if (latch_state(&s->latch) == LATCH_WAIT || !latch_on_trial(&s->latch))
		return;
	stream_write_begin(s);
	latch_forget(&s->latch);
	stream_write_end(s);
	if (s->comp == COMP_RTP)
		candidates_clear(s->bridge->candidates[s->side]);
	s->news_bits |= 1 << BRIDGE_CHANGED;
	stream_aim_side(s);
}

static void end_trials_of(struct bridge *b, int side, const struct stream *but)
{
	for (int comp = 0; comp < 2; comp++)
		if (b->stream[side][comp] && b->stream[side][comp] != but)
			end_trial(b->stream[side][comp]);
}

void stream_end_trials(const struct stream *s)
{
	struct bridge *b = s->bridge;

	if (latch_state(&s->latch) == LATCH_WAIT || latch_source_rank(&s->latch) < RANK_ADDR)
		return;
	end_trials_of(b, s->side, s);
	for (struct ring *at = b->siblings.next; at != &b->siblings; at = at->next)
		end_trials_of(container_of(at, struct bridge, siblings), s->side, s);
}

void bridge_pass_on(struct bridge *b)
{
	struct bridge *heir = container_of(b->siblings.next, struct bridge, siblings);

	if (heir == b)
		return;
	for (int i = 0; i < 4; i++) {
		struct stream *to = heir->stream[i >> 1][COMP_RTP];

		if (to && b->stream[i >> 1][i & 1])
			latch_inherit(&to->latch, &b->stream[i >> 1][i & 1]->latch);
	}
}

static struct steer *steer_of(const struct stream *s)
{
	return s->bridge->pool_conf->steer;
}

/* Only if others are heard elsewhere then. */
static bool may_connect(const struct stream *s)
{
	return steer_at(steer_of(s), &s->local) >= 0 && latch_state(&s->latch) == LATCH_LOCKED &&
	       !(stream_side(s)->flags & SIDE_HANDOVER) && s->has_to &&
	       endpoint_eq(&s->to, latch_source(&s->latch)) &&
	       (!has_ice(s) || (s->ice && s->ice->selected));
}

/* Steered first: a packet of a stranger that comes in between would find no socket. */
static void connect_stream(struct stream *s)
{
	steer_on(steer_of(s), &s->local, s->bridge->thread);
	s->connected = !connect(s->fd, &s->to.sa, endpoint_len(&s->to));
	if (!s->connected)
		steer_off(steer_of(s), &s->local);
}

void stream_disconnect(struct stream *s)
{
	struct sockaddr no_peer = { .sa_family = AF_UNSPEC };

	if (!s->connected)
		return;
	s->connected = connect(s->fd, &no_peer, sizeof(no_peer)) < 0;
	if (!s->connected)
		steer_off(steer_of(s), &s->local);
}

const char *stream_why_denied(const struct stream *s, const struct endpoint *to)
{
	return deny_why(s->bridge->deny ? *s->bridge->deny : NULL, &s->local, to);
}

bool stream_names(const struct stream *s, const struct latch_ref *ref,
		  const struct endpoint *source)
{
	return latch_rank(ref, source) >= RANK_ADDR && !stream_why_denied(s, source);
}

/*
 * If the signalled address of a phone is wrong and it has not sent RTCP yet, RTCP goes to the port
 * after the source of its RTP: most NATs keep neighbouring ports together, and the address is that
 * of the phone's own NAT. Unset: unknown.
 */
static struct endpoint assumed_destination(const struct stream *s)
{
	const struct stream *rtp = s->bridge->stream[s->side][COMP_RTP];
	struct endpoint assumed = { 0 };

	if (s->comp != COMP_RTCP || !rtp || stream_side(s)->flags & SIDE_ASYMMETRIC ||
	    latch_state(&rtp->latch) == LATCH_WAIT ||
	    endpoint_port(latch_source(&rtp->latch)) == UINT16_MAX)
		return assumed;
	assumed = *latch_source(&rtp->latch);
	endpoint_set_port(&assumed, (uint16_t)(endpoint_port(&assumed) + 1));
	return assumed;
}

/*
 * Others behind the same NAT have the phone's address too, so nobody but the phone itself tells
 * where its RTCP is: by the signalled port, or the one beside its RTP, where RTCP goes anyway.
 */
bool stream_may_teach(const struct stream *s, const struct latch_ref *ref,
		      const struct endpoint *source)
{
	struct endpoint assumed;

	if (!stream_names(s, ref, source))
		return false;
	if (s->comp != COMP_RTCP || latch_rank(ref, source) == RANK_EXACT)
		return true;
	assumed = assumed_destination(s);
	return endpoint_is_set(&assumed) && endpoint_eq(&assumed, source);
}

const struct endpoint *stream_taught(const struct stream *s, const struct latch_ref *ref)
{
	const struct endpoint *source = s->keepalives ? &s->keepalives->source : NULL;

	if (!source || !endpoint_is_set(source) || latch_state(&s->latch) != LATCH_WAIT ||
	    ref->asymmetric || !stream_may_teach(s, ref, source))
		return NULL;
	return source;
}

struct keepalives *stream_keepalives(struct stream *s)
{
	if (!s->keepalives)
		__atomic_store_n(&s->keepalives, calloc(1, sizeof(*s->keepalives)),
				 __ATOMIC_RELEASE);
	return s->keepalives;
}

void stream_note_denied(struct stream *s, const struct endpoint *to, const char *why)
{
	counter_add(&s->bridge->totals->denied, 1);
	if (!s->denied)
		__atomic_store_n(&s->denied, calloc(1, sizeof(*s->denied)), __ATOMIC_RELEASE);
	if (!s->denied)
		return;
	s->denied->to = *to;
	s->denied->why = why;
	s->news_bits |= 1 << BRIDGE_DENIED;
}

/*
 * All that is sent to this remote goes to s->to, and this function alone sets it, for the daemon's
 * socket and for flows in the kernel: so it is the one place where forbidden destinations are
 * refused.
 */
static void set_destination(struct stream *s, const struct endpoint *to)
{
	const char *why = to ? stream_why_denied(s, to) : NULL;
	bool known = s->to_denied && why && s->denied && endpoint_eq(&s->denied->to, to);

	write_begin(&s->to_version);
	s->has_to = to && !why;
	s->to_denied = why;
	if (s->has_to)
		s->to = *to;
	else if (why && !known)
		stream_note_denied(s, to, why);
	write_end(&s->to_version);
}

/* An address that is never used, since it is not one of a host: it is reported all the same. */
static bool is_refused_anyway(const struct stream *s)
{
	return endpoint_port(&s->signalled) && !endpoint_is_any(&s->signalled) &&
	       stream_why_denied(s, &s->signalled);
}

/* Where to send to. @assumed: memory for it, if need be. NULL: nowhere */
static const struct endpoint *find_destination(const struct stream *s, struct endpoint *assumed)
{
	const struct endpoint *to;
	struct latch_ref ref;

	if (has_ice(s))
		return s->ice && endpoint_is_set(&s->ice->to) ? &s->ice->to : NULL;
	stream_fill_ref(s, &ref, false);
	to = stream_taught(s, &ref);
	if (!to)
		to = latch_destination(&s->latch, &ref, stream_side(s)->flags & SIDE_ASYMMETRIC);
	if (to)
		return to;
	*assumed = assumed_destination(s);
	if (endpoint_is_set(assumed))
		return assumed;
	return is_refused_anyway(s) ? &s->signalled : NULL;
}

void stream_aim(struct stream *s)
{
	struct endpoint before = s->to, assumed;
	bool had = s->has_to;

	set_destination(s, find_destination(s, &assumed));
	if (s->has_to != had || (had && !endpoint_eq(&s->to, &before)))
		s->news_bits |= 1 << BRIDGE_CHANGED;
	if (s->connected && !may_connect(s))
		stream_disconnect(s);
}

void stream_aim_side(const struct stream *s)
{
	for (int comp = 0; comp < 2; comp++)
		if (s->bridge->stream[s->side][comp])
			stream_aim(s->bridge->stream[s->side][comp]);
}

/*
 * Packets that the kernel passes up may be from any source, and are too few to be worth connect().
 * Whether a source was heard since an offer opened the window, only the kernel knows.
 */
static bool tick_in_kernel(struct stream *s, int64_t now_ms)
{
	stream_disconnect(s);
	if (latch_window_open(&s->latch, now_ms))
		return true;
	if (latch_state(&s->latch) == LATCH_LEARN)
		s->news_bits |= 1 << BRIDGE_ASK;
	return false;
}

bool stream_tick(struct stream *s, int64_t now_ms)
{
	/* RTCP every few seconds is not worth connect(). */
	bool flows = (uint32_t)s->packets_in - s->watched_packets >= 2;
	bool silent = latch_silent(&s->latch, now_ms);

	s->watched_packets = (uint32_t)s->packets_in;
	stream_write_begin(s);
	if (latch_tick(&s->latch, now_ms)) {
		s->news_bits |= 1 << BRIDGE_CHANGED;
		stream_aim_side(s);
	}
	stream_write_end(s);
	stream_tick_quality(s, now_ms);
	if (s->in_kernel)
		return tick_in_kernel(s, now_ms);
	if (s->connected) {
		if (silent)
			stream_disconnect(s);
		return !silent;
	}
	if (latch_state(&s->latch) == LATCH_LEARN)
		return latch_window_open(&s->latch, now_ms); /* later: at the next packet */
	if (!flows || silent || !may_connect(s))
		return false;
	connect_stream(s);
	return s->connected;
}

void stream_set_tos(struct stream *s, int tos)
{
	if (tos < 0 || tos == s->tos_now)
		return;
	if (s->local.sa.sa_family == AF_INET)
		setsockopt(s->fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	else
		setsockopt(s->fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	s->tos_now = (int16_t)tos;
}

/* If the other side keeps each packet's own TOS, the socket must report it with each packet. */
static void set_recv_tos(struct stream *s, bool wanted)
{
	int on = wanted;

	if (s->recv_tos == wanted)
		return;
	if (s->local.sa.sa_family == AF_INET)
		setsockopt(s->fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
	else
		setsockopt(s->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on));
	s->recv_tos = wanted;
}

void stream_set_ttl(struct stream *s, int ttl)
{
	int value = ttl ? ttl : -1;

	if (ttl == s->ttl_now)
		return;
	if (s->local.sa.sa_family == AF_INET)
		setsockopt(s->fd, IPPROTO_IP, IP_TTL, &value, sizeof(value));
	else
		setsockopt(s->fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &value, sizeof(value));
	s->ttl_now = (int16_t)ttl;
}

static bool is_own(const struct bridge *b, const struct endpoint *source)
{
	const struct worker_pool_conf *conf = b->pool_conf;

	for (size_t i = 0; i < conf->n_own; i++)
		if (endpoint_addr_eq(&conf->own[i], source))
			return true;
	return deny_has_media(*b->deny, source);
}

/*
 * Media of one call may be sent to ports of another call, and a caller that signals ports of the
 * relay as its own can make a loop of them. For packets from the relay's own addresses the TTL is
 * read and decremented, so that a loop ends as in any network.
 */
void stream_mind_loops(struct stream *s)
{
	int on = is_own(s->bridge, latch_source(&s->latch));

	if (s->recv_ttl == (bool)on)
		return;
	if (s->local.sa.sa_family == AF_INET)
		setsockopt(s->fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
	else
		setsockopt(s->fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on));
	s->recv_ttl = on;
}

void stream_start(struct stream *s)
{
	s->signalled = expected(s);
	s->port = bridge_port(&s->bridge->conf, s->side, s->comp);
	s->flags = (uint16_t)stream_side(s)->flags;
	s->clock_known = false;
	stream_set_tos(s, stream_side(s)->tos);
	set_recv_tos(s, s->bridge->conf.side[!s->side].tos < 0);
	stream_mind_loops(s);
	stream_aim(s);
}

/*
 * Old style of hold: the SDP has 0.0.0.0 or port 0 (RFC 2543). It says nothing new about the
 * address, and must not make it easier for an attacker to take over: sources are compared with the
 * address before.
 */
static void keep_held_address(struct endpoint *sdp, const struct endpoint *before)
{
	if (!endpoint_is_set(sdp) || endpoint_is_any(sdp) || !endpoint_port(sdp))
		*sdp = *before;
}

/*
 * Who sent keep-alives from where signalling named the phone is not there any more. A place that it
 * did not name stays until keep-alives come from another one.
 */
static void move_taught(struct stream *s, enum latch_change change, const struct endpoint *before)
{
	struct keepalives *k = s->keepalives;

	if (!k || (change != LATCH_MOVE && change != LATCH_FRESH))
		return;
	if (change == LATCH_FRESH || endpoint_eq(&k->source, before))
		k->source = (struct endpoint){ 0 };
	k->source_ms = KEEPALIVES_YIELD;
}

/* Another way, or none: what was learned was of the one before. The next packet teaches again. */
static void follow_way(struct stream *s)
{
	stream_write_begin(s);
	s->signalled = expected(s);
	if (latch_state(&s->latch) != LATCH_WAIT &&
	    !endpoint_eq(latch_source(&s->latch), &s->signalled)) {
		latch_forget(&s->latch);
		if (s->comp == COMP_RTP)
			candidates_clear(s->bridge->candidates[s->side]);
	}
	stream_write_end(s);
	if (latch_state(&s->latch) != LATCH_LOCKED)
		stream_disconnect(s);
}

void stream_set_ice(struct stream *s, struct stream_ice *ice)
{
	if (ice && s->ice) {
		memcpy(ice->taken, s->ice->taken, sizeof(ice->taken));
		ice->since_ms = s->ice->since_ms;
	}
	free(s->ice);
	s->ice = ice;
	if (!has_ice(s))
		return;
	follow_way(s);
	stream_aim_side(s);
}

static void apply_to_stream(struct stream *s, const struct bridge_change *told, int64_t now_ms)
{
	enum latch_change change = told->side[s->side];
	struct endpoint before = s->signalled;
	struct latch_ref ref;

	if (has_ice(s)) {
		follow_way(s);
		return;
	}
	stream_write_begin(s);
	s->signalled = expected(s);
	if (change != LATCH_FRESH && endpoint_is_set(&before) &&
	    !endpoint_eq(&before, &s->signalled))
		change = LATCH_MOVE;
	move_taught(s, change, &before);
	stream_fill_ref(s, &ref, true);
	latch_update(&s->latch, &ref, change, told->step[s->side], now_ms);
	stream_write_end(s);
	if (latch_state(&s->latch) != LATCH_LOCKED)
		stream_disconnect(s);
}

void bridge_apply(struct bridge *b, const struct bridge_conf *conf,
		  const struct bridge_change *change, int64_t now_ms)
{
	struct bridge_conf old = b->conf;

	b->conf = *conf;
	secure_apply(b, change);
	for (int i = 0; i < 4; i++) {
		if (change->side[i >> 1] != LATCH_FRESH)
			keep_held_address(&b->conf.side[i >> 1].sdp[i & 1],
					  &old.side[i >> 1].sdp[i & 1]);
	}
	for (int i = 0; i < 4; i++)
		if (b->stream[i >> 1][i & 1])
			apply_to_stream(b->stream[i >> 1][i & 1], change, now_ms);
	for (int i = 0; i < 4; i++)
		if (b->stream[i >> 1][i & 1])
			stream_end_trials(b->stream[i >> 1][i & 1]);
	/* After all are updated: a destination may follow from what another stream has learned. */
	for (int i = 0; i < 4; i++)
		if (b->stream[i >> 1][i & 1])
			stream_start(b->stream[i >> 1][i & 1]);
}
