/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtmf.c - packets of telephone-event in a stream: keys go to the control thread */
#include <stdlib.h>
#include "packet/dtmf.h"
#include "packet/state.h"

/* Between two looks at streams with a key that is pressed: they may be many. */
#define VISIT_MS 20

bool dtmf_thread_init(struct dtmf_thread *thread, int wake_fd, bridge_dtmf_fn *wanted)
{
	ring_init(&thread->pressed);
	if (wanted)
		thread->ring = dtmf_ring_new(wake_fd);
	return thread->ring || !wanted;
}

void dtmf_thread_fini(struct dtmf_thread *thread)
{
	dtmf_ring_free(thread->ring);
}

static bool is_event(const struct stream *s, const struct rtp_wire *w)
{
	return s->comp == COMP_RTP && bridge_is_event(&s->bridge->conf, s->side, w->pt);
}

static uint32_t clock_of(const struct bridge_conf *conf, uint8_t pt)
{
	for (int i = 0; i < BRIDGE_CLOCKS && conf->clocks[i].clock; i++)
		if (conf->clocks[i].pt == pt)
			return conf->clocks[i].clock;
	return 0;
}

/* Reports are few, whatever the sender does. */
static bool is_too_many(struct stream_dtmf *dtmf, int64_t now_ms)
{
	if (now_ms - dtmf->since_ms >= DTMF_BURST_MS) {
		dtmf->since_ms = now_ms;
		dtmf->reported = 0;
	}
	return dtmf->reported++ >= DTMF_BURST;
}

static void report(struct stream_dtmf *dtmf, const struct dtmf_event *event, int64_t now_us)
{
	const struct stream *s = dtmf->stream;
	struct bridge *b = s->bridge;
	const struct dtmf_note note = { .bridge = b,
					.source = dtmf->source,
					.event = *event,
					.at_us = now_us,
					.clock = dtmf->clock,
					.side = s->side,
					.blocked = s->flags & (SIDE_DTMF_BLOCK | SIDE_BLOCK) };

	if (!b->dtmf->ring)
		return;
	if (is_too_many(dtmf, now_us / 1000) || !dtmf_ring_put(b->dtmf->ring, &note))
		counter_add(&b->totals->dtmf_lost, 1);
}

/* For both sides, once for a bridge. NULL: no memory, the key is not reported */
static struct stream_dtmf *dtmf_of(struct stream *s)
{
	struct bridge *b = s->bridge;

	if (!b->dtmf_of) {
		b->dtmf_of = calloc(2, sizeof(*b->dtmf_of));
		if (!b->dtmf_of)
			return NULL;
		for (int side = 0; side < 2; side++) {
			b->dtmf_of[side].stream = b->stream[side][COMP_RTP];
			ring_init(&b->dtmf_of[side].pressed);
		}
	}
	return &b->dtmf_of[s->side];
}

/* In the list while a key is pressed. */
static void follow(struct dtmf_thread *thread, struct stream_dtmf *dtmf)
{
	int64_t due_ms = dtmf_due_ms(&dtmf->keys);

	ring_remove(&dtmf->pressed);
	if (due_ms < 0)
		return;
	ring_insert(&thread->pressed, &dtmf->pressed);
	if (!thread->due_ms || due_ms < thread->due_ms)
		thread->due_ms = due_ms;
}

static void hear_key(struct stream_dtmf *dtmf, const struct dtmf_packet *packet, int64_t now_us)
{
	struct dtmf_event told[DTMF_AT_ONCE];
	size_t n = dtmf_hear(&dtmf->keys, packet, now_us / 1000, told);

	for (size_t i = 0; i < n; i++)
		report(dtmf, &told[i], now_us);
}

static void hear(struct stream *s, const struct packet *p, const struct rtp_wire *w, int64_t now_us)
{
	const struct dtmf_packet header = { .ssrc = w->ssrc,
					    .timestamp = w->timestamp,
					    .seq = w->seq,
					    .marker = p->data[1] & 0x80 };
	struct stream_dtmf *dtmf = dtmf_of(s);
	struct dtmf_packet packet[DTMF_REPORTS];
	size_t n;

	if (!dtmf)
		return;
	n = dtmf_read(p->data + w->header_len,
		      rtp_wire_payload_end(p->data, p->len, w) - w->header_len, &header, packet);
	if (!n)
		return;
	dtmf->source = *p->source;
	dtmf->clock = clock_of(&s->bridge->conf, w->pt);
	for (size_t i = 0; i < n; i++)
		hear_key(dtmf, &packet[i], now_us);
	follow(s->bridge->dtmf, dtmf);
}

bool dtmf_pass(struct stream *s, const struct packet *p, const struct rtp_wire *w, int64_t now_us)
{
	if (!is_event(s, w))
		return true;
	if (s->flags & SIDE_DTMF)
		hear(s, p, w, now_us);
	return !(s->flags & SIDE_DTMF_BLOCK);
}

void dtmf_visit(struct dtmf_thread *thread, int64_t now_us)
{
	struct ring *at = thread->pressed.next, *next;
	int64_t now_ms = now_us / 1000;
	struct dtmf_event told;

	thread->due_ms = 0;
	for (; at != &thread->pressed; at = next) {
		struct stream_dtmf *dtmf = container_of(at, struct stream_dtmf, pressed);

		next = at->next;
		if (dtmf_expire(&dtmf->keys, now_ms, &told)) {
			report(dtmf, &told, now_us);
			ring_remove(at);
		} else {
			thread->due_ms = now_ms + VISIT_MS;
		}
	}
}

void dtmf_end(struct bridge *bridge)
{
	for (int side = 0; side < 2 && bridge->dtmf_of; side++)
		ring_remove(&bridge->dtmf_of[side].pressed);
}
