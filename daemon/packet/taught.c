/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * taught.c - keep-alives that phones send: they are no media, but tell where a phone is that only
 * listens
 *
 * A phone that receives an announcement, or video from a door, sends nothing else. Latching does
 * not know of it: the first packet of media finds the stream without a source, whatever was taught
 * here.
 */
#include "packet/ice.h"
#include "packet/remote.h"
#include "packet/taught.h"
#include "stun/stun.h"
#include "udptl_wire.h"

/* A request or indication of an agent without ICE. */
static bool is_plain_stun(const struct stream *s, const struct packet *p)
{
	struct stun stun;

	return stun_read(p->data, p->len, &stun) && !stun.username.len &&
	       (stun.class == STUN_REQUEST || stun.class == STUN_INDICATION) && !ice_passes(s, p);
}

bool taught_is_keepalive(const struct stream *s, const struct packet *p, const struct rtp_wire *w)
{
	const struct bridge_conf *conf = &s->bridge->conf;

	if (conf->kind == BRIDGE_UDPTL)
		return p->len < UDPTL_MIN;
	if (conf->kind == BRIDGE_OPAQUE || conf->any)
		return !p->len;
	switch (w->kind) {
	case RTP_KIND_RTP:
		return p->len == w->header_len;
	case RTP_KIND_STUN:
		return is_plain_stun(s, p);
	case RTP_KIND_MALFORMED:
	case RTP_KIND_OTHER:
		return p->len <= TAUGHT_BYTES;
	default:
		return false;
	}
}

/* Somebody of a lower rank, or of the same one, does not take the place of one that is there. */
static bool may_take(const struct stream *s, const struct latch_ref *ref,
		     const struct endpoint *source, int64_t now_ms)
{
	const struct keepalives *taught = s->keepalives;
	enum latch_rank had, rank = latch_rank(ref, source);

	if (!stream_may_teach(s, ref, source))
		return false;
	if (!endpoint_is_set(&taught->source) || endpoint_eq(&taught->source, source) ||
	    !stream_may_teach(s, ref, &taught->source))
		return true;
	had = latch_rank(ref, &taught->source);
	return rank > had || (rank == had && now_ms - taught->source_ms >= TAUGHT_MS);
}

static void teach(struct stream *s, const struct latch_ref *ref, const struct endpoint *source,
		  int64_t now_ms)
{
	if (!s->keepalives || !may_take(s, ref, source, now_ms))
		return;
	s->keepalives->source = *source;
	s->keepalives->source_ms = now_ms;
	stream_aim_side(s);
}

bool taught_hear(struct stream *s, const struct packet *p, int64_t now_ms)
{
	bool known = latch_is_source(&s->latch, p->source);
	struct latch_ref ref;

	if (!known) {
		stream_fill_ref(s, &ref, false);
		if (bridge_has_port(s->bridge, p->source) || !stream_names(s, &ref, p->source))
			return false;
	}
	counter_add(&s->bridge->totals->keepalives_in, 1);
	if (stream_keepalives(s))
		__atomic_store_n(&s->keepalives->received, s->keepalives->received + 1,
				 __ATOMIC_RELAXED);
	if (!known && latch_state(&s->latch) == LATCH_WAIT)
		teach(s, &ref, p->source, now_ms);
	return true;
}

void taught_forget(struct stream *s)
{
	if (s->keepalives)
		s->keepalives->source = (struct endpoint){ 0 };
}
