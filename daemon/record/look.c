/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look.c - a live look into the packets of some taps, handed to the control thread */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "record/look.h"

/**
 * struct look
 * @sink, @ring: written by the recorder's thread; the control thread reads @ring
 * @is_posted: shared: @news is under way
 */
struct look {
	struct look_conf conf;
	struct record_sink sink;
	struct tap_ring *ring;
	bool is_posted, is_over;
	struct record_news news, over;
	struct record_letter end;
};

struct add_letter {
	struct record_letter letter;
	struct look *look;
	uint32_t tap;
};

/* --- The recorder's thread -------------------------------------------------------------------- */

static void on_packet(void *arg, const struct tap_packet *packet, int64_t time_ns)
{
	struct look *look = arg;
	struct tap_packet *slot;

	if (packet->rtcp && look->conf.rtp_only)
		return;
	slot = tap_ring_slot(look->ring, packet->len);
	if (slot) {
		slot->tap = packet->tap;
		slot->side = packet->side;
		slot->rtcp = packet->rtcp;
		slot->time_us = time_ns / 1000;
		slot->from = packet->from;
		slot->local = packet->local;
		slot->out = packet->out;
		slot->to = packet->to;
		memcpy(slot->data, packet->data, packet->len);
		tap_ring_put(look->ring, slot);
	}
	if (!__atomic_exchange_n(&look->is_posted, true, __ATOMIC_ACQ_REL))
		recorder_tell(look->conf.recorder, &look->news);
}

static const struct record_sink_ops ops = { .packet = on_packet };

/* Out of memory: packets of this tap are missing. */
static void on_add(struct recorder *recorder, struct record_letter *letter)
{
	struct add_letter *add = container_of(letter, struct add_letter, letter);

	recorder_add(recorder, &add->look->sink, add->tap);
	free(add);
}

static void on_end(struct recorder *recorder, struct record_letter *letter)
{
	struct look *look = container_of(letter, struct look, end);

	recorder_forget(recorder, &look->sink);
	recorder_tell(recorder, &look->over);
}

/* --- The control thread ----------------------------------------------------------------------- */

/* Cleared first: what comes while packets are taken is told again. */
static void on_news(struct record_news *news)
{
	struct look *look = container_of(news, struct look, news);

	__atomic_store_n(&look->is_posted, false, __ATOMIC_RELEASE);
	if (!look->is_over)
		look->conf.told(look->conf.arg);
}

/* News are in order: none of it comes after this. */
static void on_over(struct record_news *news)
{
	struct look *look = container_of(news, struct look, over);

	tap_ring_free(look->ring);
	free(look);
}

struct look *look_new(const struct look_conf *conf)
{
	struct look *look = calloc(1, sizeof(*look));

	if (!look)
		return NULL;
	*look = (struct look){ .conf = *conf,
			       .sink = { .ops = &ops, .arg = look },
			       .ring = tap_ring_new(TAP_RING_MIN),
			       .news.run = on_news,
			       .over.run = on_over,
			       .end.run = on_end };
	if (look->ring)
		return look;
	free(look);
	return NULL;
}

int look_add(struct look *look, uint32_t tap)
{
	struct add_letter *add = calloc(1, sizeof(*add));
	int error;

	if (!add)
		return -ENOMEM;
	*add = (struct add_letter){ { .run = on_add }, look, tap };
	error = recorder_offer(look->conf.recorder, &add->letter, sizeof(*add), RECORD_RANK_BEGINS);
	if (error)
		free(add);
	return error;
}

void look_end(struct look *look)
{
	if (!look)
		return;
	look->is_over = true;
	recorder_post(look->conf.recorder, &look->end);
}

const struct tap_packet *look_first(struct look *look)
{
	return tap_ring_first(look->ring);
}

void look_drop(struct look *look)
{
	tap_ring_drop(look->ring);
}
