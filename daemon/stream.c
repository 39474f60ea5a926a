/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream.c - one media stream: its port, its endpoints, what becomes of each packet that arrives at it
 *
 * In the order a packet meets it: is it of a kind that the stream carries, may its source be heard, which
 * stream of the other side does it leave by, may it. No I/O but options of the socket; no lock, no
 * allocation, no log line.
 */
#include <assert.h>
#include <sched.h>
#include <string.h>
#include "stream.h"

static void count_drop(struct stream *s, enum stream_drop why)
{
	counter_add(&s->drops[why], 1);
	counter_add(&s->bridge->totals->drops[why], 1);
}

static struct side_conf *side_conf(const struct stream *s)
{
	return &s->bridge->conf.side[s->side];
}

/* Readers try again when @version was odd or has changed. */
static void write_begin(struct stream *s)
{
	__atomic_store_n(&s->version, s->version + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void write_end(struct stream *s)
{
	__atomic_store_n(&s->version, s->version + 1, __ATOMIC_RELEASE);
}

/* Is it what this stream carries? And if so, may it teach the stream its source? */
struct carriage {
	bool carried, candidate;
	enum stream_drop why; /* not carried */
};

#define CARRIED(may_latch) ((struct carriage){ .carried = true, .candidate = (may_latch) })
#define NOT_CARRIED(drop)  ((struct carriage){ .why = (drop) })

static bool payload_type_negotiated(const struct bridge_conf *conf, uint8_t pt)
{
	return !(conf->pts[0] | conf->pts[1]) || conf->pts[pt >> 6] >> (pt & 63) & 1;
}

static struct carriage carriage_of(const struct stream *s, const struct packet *p,
				   const struct rtp_wire *w)
{
	const struct bridge_conf *conf = &s->bridge->conf;

	if (conf->kind == BRIDGE_OPAQUE)
		return p->len ? CARRIED(true) : NOT_CARRIED(DROP_MALFORMED);
	switch (w->kind) {
	case RTP_KIND_MALFORMED:
		return NOT_CARRIED(DROP_MALFORMED);
	case RTP_KIND_RTP:
		if (s->comp == COMP_RTCP)
			return NOT_CARRIED(DROP_KIND);
		/* Other payload types are let through (RFC 6263 keepalives), but teach nothing. */
		return CARRIED(payload_type_negotiated(conf, w->pt));
	case RTP_KIND_RTCP:
		/* Some phones send it to the RTP port unasked: it goes on as RTCP all the same. */
		return CARRIED(rtcp_type_known(w->pt) &&
			       (s->comp == COMP_RTCP || side_conf(s)->flags & SIDE_MUX));
	case RTP_KIND_DTLS:
		if ((conf->side[SIDE_A].flags | conf->side[SIDE_B].flags) & SIDE_DTLS)
			return CARRIED(true);
		return NOT_CARRIED(DROP_KIND);
	case RTP_KIND_ZRTP:
		return CARRIED(false);
	default:
		return NOT_CARRIED(DROP_KIND);
	}
}

/* A bridge must not feed itself: ports of other bridges may be real peers, those of its own never are. */
static bool is_own_port(const struct bridge *b, const struct endpoint *source)
{
	for (int i = 0; i < 4; i++) {
		const struct stream *s = b->stream[i >> 1][i & 1];

		if (s && endpoint_eq(&s->local, source))
			return true;
	}
	return false;
}

static void add_near(struct latch_ref *ref, const struct stream *sibling)
{
	if (sibling && sibling->latch.state != LATCH_WAIT && !sibling->latch.stale &&
	    ref->n_near < LATCH_NEAR)
		ref->near[ref->n_near++] = &sibling->latch.source;
}

/* What sources of @s are held against. Looks at siblings only @with_near, to rank a newcomer. */
static void fill_ref(const struct stream *s, struct latch_ref *ref, bool with_near)
{
	const struct bridge *b = s->bridge;
	const struct side_conf *conf = side_conf(s);

	ref->signalled = &s->signalled;
	ref->sdp = &conf->sdp[s->comp];
	ref->sip = &conf->sip;
	ref->n_near = 0;
	ref->mode = conf->latching;
	ref->strict_source = conf->flags & SIDE_STRICT_SOURCE;
	ref->handover = conf->flags & SIDE_HANDOVER;
	ref->patience_ms = b->patience_ms;
	ref->window_ms = b->window_ms;
	if (!with_near)
		return;
	add_near(ref, b->stream[s->side][!s->comp]);
	for (const struct ring *at = b->siblings.next; at != &b->siblings; at = at->next) {
		const struct bridge *other = container_of(at, struct bridge, siblings);

		add_near(ref, other->stream[s->side][COMP_RTP]);
		add_near(ref, other->stream[s->side][COMP_RTCP]);
	}
}

static bool may_connect(const struct stream *s)
{
	return s->latch.state == LATCH_LOCKED && !(side_conf(s)->flags & SIDE_HANDOVER) &&
	       s->has_to && endpoint_eq(&s->to, &s->latch.source);
}

/* Hears everybody again. The port stays: it was bound explicitly. */
static void disconnect(struct stream *s)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	if (!s->connected)
		return;
	connect(s->fd, &nobody, sizeof(nobody));
	s->connected = false;
}

/*
 * Finds the destination anew. RTCP of a phone whose address is wrong and that has not sent any yet is tried
 * beside its RTP: most NATs keep neighbouring ports together, and nobody else is behind that address.
 */
static void aim(struct stream *s)
{
	bool asymmetric = side_conf(s)->flags & SIDE_ASYMMETRIC;
	const struct stream *rtp = s->bridge->stream[s->side][COMP_RTP];
	const struct endpoint *to;
	struct latch_ref ref;

	fill_ref(s, &ref, false);
	to = latch_destination(&s->latch, &ref, asymmetric);
	s->has_to = to;
	if (to) {
		s->to = *to;
	} else if (s->comp == COMP_RTCP && !asymmetric && rtp && rtp->latch.state != LATCH_WAIT &&
		   endpoint_port(&rtp->latch.source) < 65535) {
		s->to = rtp->latch.source;
		endpoint_set_port(&s->to, (uint16_t)(endpoint_port(&s->to) + 1));
		s->has_to = true;
	}
	if (s->connected && !may_connect(s))
		disconnect(s);
}

static void aim_side(const struct stream *s)
{
	for (int comp = 0; comp < 2; comp++)
		if (s->bridge->stream[s->side][comp])
			aim(s->bridge->stream[s->side][comp]);
}

static void tell_refused(struct stream *s, int64_t now_ms)
{
	if (s->refused_ms && now_ms - s->refused_ms < 1000)
		return;
	s->refused_ms = now_ms;
	s->news_bits |= 1 << BRIDGE_REFUSED;
}

/* The packet is not from the source in use. */
static bool admit_other(struct stream *s, const struct latch_packet *packet)
{
	struct latch_ref ref;

	if (is_own_port(s->bridge, packet->source)) {
		count_drop(s, DROP_LOOP);
		return false;
	}
	fill_ref(s, &ref, true);
	switch (latch_packet(&s->latch, &ref, packet)) {
	case LATCH_ADMIT:
		return true;
	case LATCH_TAKEN:
		s->news_bits |= 1 << BRIDGE_LATCHED;
		disconnect(s); /* a packet from before the connection can bring a better source */
		aim_side(s);
		return true;
	case LATCH_REFUSE:
		tell_refused(s, packet->now_ms);
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

static bool admit(struct stream *s, const struct latch_packet *packet)
{
	uint8_t state = s->latch.state;
	bool admitted = true;

	if (latch_is_source(&s->latch, packet->source))
		latch_heard(&s->latch, packet);
	else
		admitted = admit_other(s, packet);
	if (s->latch.state != state) /* a window has closed */
		aim_side(s);
	return admitted;
}

static uint32_t clock_of(const struct bridge_conf *conf, uint8_t pt)
{
	for (int i = 0; i < BRIDGE_CLOCKS && conf->clocks[i].clock; i++)
		if (conf->clocks[i].pt == pt)
			return conf->clocks[i].clock;
	return rtp_static_clock(pt);
}

static void count_in(struct stream *s, const struct packet *p, const struct rtp_wire *w,
		     int64_t now_us)
{
	uint32_t clock;

	counter_add(&s->packets_in, 1);
	counter_add(&s->bytes_in, p->len);
	__atomic_store_n(&s->last_in_ms, now_us / 1000, __ATOMIC_RELAXED);
	if (w->kind != RTP_KIND_RTP)
		return;
	clock = clock_of(&s->bridge->conf, w->pt);
	rtp_stats_update(&s->rtp, w, clock, (uint32_t)((uint64_t)now_us * clock / 1000000));
}

static struct stream *leaves_by(const struct stream *s, const struct rtp_wire *w)
{
	int peer = !s->side;
	bool rtcp = s->comp == COMP_RTCP || w->kind == RTP_KIND_RTCP;
	bool own_port = rtcp && !(s->bridge->conf.side[peer].flags & SIDE_MUX);

	return s->bridge->stream[peer][own_port ? COMP_RTCP : COMP_RTP];
}

/* Silenced: sound becomes silence where that can be written, other media is held back; RTCP goes on. */
static bool may_pass(const struct stream *s, const struct packet *p, const struct rtp_wire *w)
{
	uint32_t flags = side_conf(s)->flags;

	if (flags & SIDE_BLOCK)
		return false;
	if (!(flags & SIDE_SILENCE) || w->kind == RTP_KIND_RTCP)
		return true;
	return w->kind == RTP_KIND_RTP && rtp_wire_silence(p->data, p->len, w);
}

struct stream *stream_accept(struct stream *s, struct packet *p, int64_t now_us)
{
	struct rtp_wire w = { .kind = RTP_KIND_OTHER };
	struct latch_packet packet = { .source = p->source, .now_ms = now_us / 1000 };
	struct carriage carriage;
	struct stream *out;
	bool admitted;

	__atomic_store_n(&s->heard, true, __ATOMIC_RELAXED);
	if (s->bridge->conf.kind == BRIDGE_RTP)
		rtp_wire_parse(p->data, p->len, &w);
	carriage = carriage_of(s, p, &w);
	if (!carriage.carried) {
		count_drop(s, carriage.why);
		return NULL;
	}
	packet.candidate = carriage.candidate;
	packet.has_seq = w.kind == RTP_KIND_RTP;
	packet.has_ssrc = packet.has_seq || w.kind == RTP_KIND_RTCP;
	packet.ssrc = w.ssrc;
	packet.seq = w.seq;

	write_begin(s);
	admitted = admit(s, &packet);
	if (admitted)
		count_in(s, p, &w, now_us);
	write_end(s);
	if (!admitted)
		return NULL;
	if (!may_pass(s, p, &w)) {
		count_drop(s, DROP_BLOCKED);
		return NULL;
	}
	out = leaves_by(s, &w);
	if (!out || !out->has_to) {
		count_drop(s, DROP_NO_DESTINATION);
		return NULL;
	}
	return out;
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

bool stream_tick(struct stream *s, int64_t now_ms)
{
	bool flows =
		s->packets_in - s->watched_packets >= 2; /* RTCP alone is not worth a connection */
	bool silent = latch_silent(&s->latch, now_ms);

	s->watched_packets = s->packets_in;
	write_begin(s);
	if (latch_tick(&s->latch, now_ms))
		aim_side(s);
	write_end(s);
	if (s->connected) {
		if (silent)
			disconnect(s);
		return !silent;
	}
	if (s->latch.state == LATCH_LEARN)
		return now_ms < s->latch.window_end_ms; /* later: the next packet decides */
	if (!flows || silent || !may_connect(s))
		return false;
	s->connected = !connect(s->fd, &s->to.sa, endpoint_len(&s->to));
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

/* The other side keeps each packet's own TOS: then it must be told on arrival. */
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

/* SIP-source-address: the address that SIP came from, the port that SDP told. */
static struct endpoint signalled_of(const struct side_conf *conf, int comp)
{
	struct endpoint signalled = conf->sdp[comp];

	if (conf->flags & SIDE_TRUST_SIP && endpoint_is_set(&conf->sip) &&
	    endpoint_is_set(&signalled)) {
		signalled = conf->sip;
		endpoint_set_port(&signalled, endpoint_port(&conf->sdp[comp]));
	}
	return signalled;
}

void stream_start(struct stream *s)
{
	s->signalled = signalled_of(side_conf(s), s->comp);
	stream_set_tos(s, side_conf(s)->tos);
	set_recv_tos(s, s->bridge->conf.side[!s->side].tos < 0);
	aim(s);
}

/*
 * On hold as phones did it of old: 0.0.0.0 or port 0. Nothing is known then that was not known before, and
 * a stranger must not find the side easier to take: sources are held against the address of before.
 */
static void keep_held_address(struct endpoint *sdp, const struct endpoint *before)
{
	if (!endpoint_is_set(sdp) || endpoint_is_any(sdp) || !endpoint_port(sdp))
		*sdp = *before;
}

static void apply_to_stream(struct stream *s, int64_t now_ms)
{
	struct endpoint before = s->signalled;
	uint32_t flags = side_conf(s)->flags;
	enum latch_change change = flags & SIDE_RELEARN ? LATCH_REOPEN : LATCH_KEEP;
	struct latch_ref ref;

	write_begin(s);
	if (flags & SIDE_FRESH)
		memset(&s->latch, 0, sizeof(s->latch));
	s->signalled = signalled_of(side_conf(s), s->comp);
	if (endpoint_is_set(&before) && !endpoint_eq(&before, &s->signalled))
		change = LATCH_MOVE;
	fill_ref(s, &ref, true);
	latch_update(&s->latch, &ref, change, now_ms);
	write_end(s);
	if (s->latch.state != LATCH_LOCKED)
		disconnect(s);
}

void bridge_apply(struct bridge *b, const struct bridge_conf *conf, int64_t now_ms)
{
	struct bridge_conf old = b->conf;

	b->conf = *conf;
	for (int i = 0; i < 4; i++) {
		struct side_conf *side = &b->conf.side[i >> 1];

		if (!(side->flags & SIDE_FRESH))
			keep_held_address(&side->sdp[i & 1], &old.side[i >> 1].sdp[i & 1]);
	}
	for (int i = 0; i < 4; i++)
		if (b->stream[i >> 1][i & 1])
			apply_to_stream(b->stream[i >> 1][i & 1], now_ms);
	/* Each destination may follow from what another stream has learned. */
	for (int i = 0; i < 4; i++)
		if (b->stream[i >> 1][i & 1])
			stream_start(b->stream[i >> 1][i & 1]);
}

/* Word by word, while the media thread may be writing: what was torn is thrown away by the caller. */
__attribute__((no_sanitize("thread"))) static void copy_words(void *to, const void *from,
							      size_t bytes)
{
	volatile const uint32_t *source = from;
	uint32_t *target = to;

	for (size_t i = 0; i < bytes / sizeof(*target); i++)
		target[i] = source[i];
}

static void copy_learned(const struct stream *s, struct latch *latch, struct rtp_stats *rtp)
{
	static_assert(!(sizeof(*latch) % 4) && !(sizeof(*rtp) % 4), "are copied word by word");
	uint32_t version;

	for (unsigned int tries = 1;; tries++) {
		version = __atomic_load_n(&s->version, __ATOMIC_ACQUIRE);
		copy_words(latch, &s->latch, sizeof(*latch));
		copy_words(rtp, &s->rtp, sizeof(*rtp));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(version & 1) && version == __atomic_load_n(&s->version, __ATOMIC_RELAXED))
			return;
		if (tries % 64 == 0)
			sched_yield(); /* it was interrupted in the middle, maybe by us */
	}
}

static uint64_t load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void report_rtp(const struct rtp_stats *rtp, struct stream_report *r)
{
	r->ssrc_known = rtp->known;
	r->ssrc = rtp->ssrc;
	r->last_timestamp = rtp->timestamp;
	r->last_seq = (uint16_t)rtp->highest;
	r->last_pt = rtp->pt;
	r->expected = rtp_stats_expected(rtp);
	r->lost = rtp_stats_lost(rtp);
	r->reordered = rtp->reordered;
	r->duplicate = rtp->duplicate;
	r->jitter_ms = rtp->clock ? rtp->jitter / 16.0 * 1000.0 / rtp->clock : 0.0;
}

void stream_report(const struct stream *s, struct stream_report *r)
{
	struct latch latch;
	struct rtp_stats rtp;

	copy_learned(s, &latch, &rtp);
	memset(r, 0, sizeof(*r));
	r->local = s->local;
	r->signalled = signalled_of(&s->bridge->told.side[s->side], s->comp);
	r->latched = latch.source;
	r->state = latch.state;
	r->rank = latch.rank;
	r->relatched = latch.relatched;
	r->packets_in = load(&s->packets_in);
	r->bytes_in = load(&s->bytes_in);
	r->packets_out = load(&s->packets_out);
	r->bytes_out = load(&s->bytes_out);
	r->errors_out = load(&s->errors_out);
	for (int i = 0; i < DROP_COUNT; i++)
		r->drops[i] = load(&s->drops[i]);
	r->last_in_ms = __atomic_load_n(&s->last_in_ms, __ATOMIC_RELAXED);
	report_rtp(&rtp, r);
}
