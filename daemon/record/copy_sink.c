/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy_sink.c - a subscriber in the recorder's thread: its copy gets the packets of its taps
 *
 * Packets that are handed over together are sent together: for each port by one sendmmsg().
 */
#include <pthread.h>
#include <stdlib.h>
#include "base/ring.h"
#include "record/copy_sink.h"

/**
 * struct copy_sink
 * @copy: NULL: none yet; with @sink and, from the first packet on, @batch the recorder's thread's
 * @order: under way as long as @is_posted; then @next replaces @copy
 * @lock: of @is_posted and @next
 */
struct copy_sink {
	struct record_sink sink;
	struct copy *copy, *next;
	struct copy_batch *batch;
	struct record_letter order;
	bool is_posted;
	pthread_mutex_t lock;
};

/* --- The recorder's thread -------------------------------------------------------------------- */

static void on_packet(void *arg, const struct tap_packet *tapped, int64_t time_ns)
{
	struct copy_sink *sink = arg;
	const struct copy_packet packet = {
		.tap = tapped->tap,
		.side = tapped->side,
		.rtcp = tapped->rtcp,
		.data = tapped->data,
		.len = tapped->len,
	};

	(void)time_ns;
	copy_take(sink->copy, sink->batch, &packet, tapped->time_us / 1000);
}

static void on_burst_ends(void *arg)
{
	struct copy_sink *sink = arg;

	copy_flush(sink->batch);
}

static void on_tick(void *arg, int64_t now_us, int64_t now_ns, bool last)
{
	struct copy_sink *sink = arg;

	(void)now_us;
	(void)now_ns;
	(void)last;
	copy_listen(sink->copy);
}

static const struct record_sink_ops ops = { .packet = on_packet,
					    .tick = on_tick,
					    .burst_ends = on_burst_ends };

static void sink_free(struct copy_sink *sink)
{
	copy_put(sink->copy);
	copy_batch_free(sink->batch);
	pthread_mutex_destroy(&sink->lock);
	free(sink);
}

/* A tap that cannot be added for lack of memory is missing; the others are copied. */
static void on_order(struct recorder *recorder, struct record_letter *letter)
{
	struct copy_sink *sink = container_of(letter, struct copy_sink, order);
	uint32_t tap;

	recorder_forget(recorder, &sink->sink);
	copy_put(sink->copy);
	pthread_mutex_lock(&sink->lock);
	sink->copy = sink->next;
	sink->next = NULL;
	sink->is_posted = false;
	pthread_mutex_unlock(&sink->lock);
	for (size_t i = 0; sink->copy && (tap = copy_tap(sink->copy, i)); i++)
		recorder_add(recorder, &sink->sink, tap);
	if (!sink->copy)
		sink_free(sink);
}

/* --- Control thread --------------------------------------------------------------------------- */

struct copy_sink *copy_sink_new(void)
{
	struct copy_sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return NULL;
	sink->sink = (struct record_sink){ .ops = &ops, .arg = sink };
	sink->order.run = on_order;
	sink->batch = copy_batch_new();
	if (sink->batch && !pthread_mutex_init(&sink->lock, NULL))
		return sink;
	copy_batch_free(sink->batch);
	free(sink);
	return NULL;
}

void copy_sink_set(struct recorder *recorder, struct copy_sink *sink, struct copy *copy)
{
	bool under_way;

	pthread_mutex_lock(&sink->lock);
	copy_put(sink->next);
	sink->next = copy ? copy_get(copy) : NULL;
	under_way = sink->is_posted;
	sink->is_posted = true;
	pthread_mutex_unlock(&sink->lock);
	if (!under_way)
		recorder_post(recorder, &sink->order);
}
