/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ice_end.c - ICE that ends in the relay, as far as a media thread has a part in it
 */
#include <string.h>
#include <sys/socket.h>
#include "packet/ice.h"
#include "packet/ice_end.h"
#include "packet/remote.h"
#include "packet/rtcp_ring.h"
#include "stun/stun.h"

/* 48 random bits, which only the SDP has told: strangers cost the control thread nothing. */
static bool names_us(const struct stream_ice *ice, struct str username)
{
	uint64_t receiver, sender;

	if (!stun_username_ids(username, &receiver, &sender))
		return false;
	for (unsigned int i = 0; i < ice->n_own; i++)
		if (ice->own[i] == receiver)
			return true;
	return false;
}

/* Others, as indications, tell an agent nothing. */
static bool is_for_agent(const struct stream *s, const struct packet *p, enum stream_ice_kind *kind)
{
	struct stun stun;

	*kind = STREAM_ICE_ANSWER;
	if (!stun_read(p->data, p->len, &stun))
		return false;
	if (stun.class != STUN_REQUEST)
		return stun.class != STUN_INDICATION && ice_was_asked(s, stun.transaction);
	*kind = ice_end_vouches(s, p->source) ? STREAM_ICE_HEARD_CHECK : STREAM_ICE_OTHER_CHECK;
	return names_us(s->ice, stun.username);
}

/* Who knows the credentials cannot keep the control thread busy either. */
static bool is_too_many(struct stream_ice *ice, enum stream_ice_kind kind, int64_t now_ms)
{
	if (now_ms - ice->since_ms >= STREAM_ICE_SPAN_MS) {
		ice->since_ms = now_ms;
		memset(ice->taken, 0, sizeof(ice->taken));
	}
	return ice->taken[kind]++ >= STREAM_ICE_BURST;
}

static bool copy_to_agent(struct stream *s, const struct packet *p, int64_t now_us)
{
	struct rtcp_ring *ring = s->bridge->stun_ring;
	struct rtcp_copy *copy = ring && p->len <= RTCP_COPY_MAX ? rtcp_ring_slot(ring) : NULL;

	if (!copy)
		return false;
	copy->bridge = s->bridge;
	copy->source = *p->source;
	copy->local = s->local;
	copy->at_us = now_us;
	copy->len = (uint16_t)p->len;
	memcpy(copy->data, p->data, p->len);
	rtcp_ring_put(ring);
	return true;
}

bool ice_end_takes(struct stream *s, const struct packet *p, int64_t now_us)
{
	enum stream_ice_kind kind;

	if (!is_for_agent(s, p, &kind))
		return false;
	if (is_too_many(s->ice, kind, now_us / 1000) || !copy_to_agent(s, p, now_us))
		counter_add(&s->bridge->totals->stun_lost, 1);
	return true;
}

bool ice_end_vouches(const struct stream *s, const struct endpoint *source)
{
	for (unsigned int i = 0; s->ice && i < s->ice->n_heard; i++)
		if (endpoint_eq(&s->ice->heard[i], source))
			return true;
	return false;
}

void ice_end_send(struct stream *s, const struct endpoint *to, uint8_t *data, size_t len)
{
	struct packet packet = { .data = data, .len = len };
	const char *why = stream_why_denied(s, to);

	if (why) {
		write_begin(&s->to_version);
		stream_note_denied(s, to, why);
		write_end(&s->to_version);
		return;
	}
	ice_note_passed(s, &packet);
	stream_set_ttl(s, 0);
	/* Lost ones are repeated. With an address a connected socket sends elsewhere, too. */
	if (sendto(s->fd, data, len, MSG_DONTWAIT, &to->sa, endpoint_len(to)) < 0)
		counter_add(&s->errors_out, 1);
}
