/* SPDX-License-Identifier: GPL-2.0-or-later */
/* idle.c - idle connections: one timer, for the one that is idle for the longest time */
#include <errno.h>
#include "base/clock.h"
#include "base/idle.h"

static struct idle_item *item_of(struct ring *ring)
{
	return container_of(ring, struct idle_item, ring);
}

static void set_timer(struct idle_queue *queue, int64_t now_ms)
{
	struct timeval wait;
	int64_t ms;

	if (!queue->after_ms || queue->items.next == &queue->items)
		return;
	ms = item_of(queue->items.next)->since_ms + queue->after_ms - now_ms;
	ms = ms > 0 ? ms : 0;
	wait = (struct timeval){ (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };
	event_add(queue->timer, &wait); /* on failure the next connection sets it */
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct idle_queue *queue = arg;
	int64_t now_ms = clock_ms();

	(void)fd;
	(void)what;
	while (queue->items.next != &queue->items) {
		struct idle_item *item = item_of(queue->items.next);

		if (now_ms - item->since_ms < queue->after_ms)
			break;
		if (queue->ops->busy(item)) {
			ring_remove(&item->ring);
			item->since_ms = now_ms;
			ring_insert(&queue->items, &item->ring);
		} else {
			queue->ops->close(item);
		}
	}
	set_timer(queue, now_ms);
}

int idle_init(struct idle_queue *queue, struct event_base *base, int64_t after_ms,
	      const struct idle_ops *ops)
{
	ring_init(&queue->items);
	queue->after_ms = after_ms;
	queue->ops = ops;
	queue->timer = event_new(base, -1, 0, on_time, queue);
	return queue->timer ? 0 : -ENOMEM;
}

void idle_fini(struct idle_queue *queue)
{
	if (queue->timer)
		event_free(queue->timer);
	queue->timer = NULL;
}

void idle_add(struct idle_queue *queue, struct idle_item *item)
{
	item->since_ms = clock_ms();
	item->used = false;
	ring_insert(&queue->items, &item->ring);
	if (!event_pending(queue->timer, EV_TIMEOUT, NULL))
		set_timer(queue, item->since_ms);
}

void idle_remove(struct idle_item *item)
{
	ring_remove(&item->ring);
}

/* The timer stays: if it comes too early, it is set again. */
void idle_touch(struct idle_queue *queue, struct idle_item *item)
{
	ring_remove(&item->ring);
	item->since_ms = clock_ms();
	item->used = true;
	ring_insert(&queue->items, &item->ring);
}

struct idle_item *idle_oldest(const struct idle_queue *queue,
			      bool (*may)(const struct idle_item *item))
{
	struct idle_item *oldest = NULL;

	for (struct ring *at = queue->items.next; at != &queue->items; at = at->next) {
		struct idle_item *item = item_of(at);

		if (queue->ops->busy(item) || (may && !may(item)))
			continue;
		if (!item->used)
			return item;
		if (!oldest)
			oldest = item;
	}
	return oldest;
}
