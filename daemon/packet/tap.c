/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap.c - a media thread copies packets that it forwards, for the recorder's thread */
#include <string.h>
#include "base/clock.h"
#include "packet/tap.h"

/* In the ring of the media, without who has sent it; NULL: it has no room. */
static struct tap_packet *copy_of(const struct stream *s, const struct stream *out,
				  const struct packet *packet, uint32_t tap)
{
	struct tap_ring *ring = s->bridge->tap_ring;
	struct tap_packet *copy = ring ? tap_ring_slot(ring, packet->len) : NULL;

	if (!copy)
		return NULL;
	copy->tap = tap;
	copy->time_us = clock_us();
	copy->out = out->local;
	copy->to = out->to;
	memcpy(copy->data, packet->data, packet->len);
	return copy;
}

void tap_copy(const struct stream *s, const struct stream *out, const struct packet *packet,
	      bool rtcp, uint32_t tap)
{
	struct tap_packet *copy = copy_of(s, out, packet, tap);

	if (!copy)
		return;
	copy->side = s->side;
	copy->rtcp = rtcp;
	copy->from = *packet->source;
	copy->local = s->local;
	tap_ring_put(s->bridge->tap_ring, copy);
}

void tap_prompt(const struct stream *s, const struct stream *out, const struct packet *packet,
		uint32_t tap)
{
	struct tap_packet *copy = copy_of(s, out, packet, tap);

	if (!copy)
		return;
	copy->side = !s->side;
	copy->rtcp = false;
	copy->from = copy->local = (struct endpoint){ .sa.sa_family = AF_UNSPEC };
	tap_ring_put(s->bridge->tap_ring, copy);
}
