/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap.c - a media thread copies packets that it forwards, for the recorder's thread */
#include <string.h>
#include "base/clock.h"
#include "packet/tap.h"

void tap_copy(const struct stream *s, const struct stream *out, const struct packet *packet,
	      bool rtcp, uint32_t tap)
{
	struct tap_ring *ring = s->bridge->tap_ring;
	struct tap_packet *copy = ring ? tap_ring_slot(ring, packet->len) : NULL;

	if (!copy)
		return;
	copy->tap = tap;
	copy->side = s->side;
	copy->rtcp = rtcp;
	copy->time_us = clock_us();
	copy->from = *packet->source;
	copy->local = s->local;
	copy->out = out->local;
	copy->to = out->to;
	memcpy(copy->data, packet->data, packet->len);
	tap_ring_put(ring, copy);
}
