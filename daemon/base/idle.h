/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * idle.h - idle connections: closed after some time, and before that to make room for a new one
 *
 * A connection is idle since it came, or since its last complete command was answered. What it has
 * sent of a command so far does not count: else a few bytes now and then would keep it for ever.
 */
#ifndef RTPRELAY_IDLE_H
#define RTPRELAY_IDLE_H

#include <event2/event.h>
#include <stdbool.h>
#include "base/ring.h"

/* Embedded in the connection. */
struct idle_item {
	struct ring ring;
	int64_t since_ms;
	bool used; /* it has sent a complete command */
};

struct idle_ops {
	/* Is a command being answered? It is not idle then. */
	bool (*busy)(const struct idle_item *item);
	/* Closes the connection, and removes the item. */
	void (*close)(struct idle_item *item);
};

/* @items: in the order of @since_ms */
struct idle_queue {
	struct ring items;
	struct event *timer;
	int64_t after_ms;
	const struct idle_ops *ops;
};

/* @after_ms: 0: never. Return: 0; -ENOMEM */
int idle_init(struct idle_queue *queue, struct event_base *base, int64_t after_ms,
	      const struct idle_ops *ops);
/* Takes a queue that is all zero. The items are the caller's. */
void idle_fini(struct idle_queue *queue);
void idle_add(struct idle_queue *queue, struct idle_item *item);
void idle_remove(struct idle_item *item);
/* The connection has sent a complete command, or the answer to it has ended. */
void idle_touch(struct idle_queue *queue, struct idle_item *item);
/**
 * idle_oldest() - the connection that yields to a new one
 * @may: restricts the choice, NULL: any
 * Return: of those that have not sent any command the oldest, else the one that is idle for the
 * longest time; NULL: none is idle
 */
struct idle_item *idle_oldest(const struct idle_queue *queue,
			      bool (*may)(const struct idle_item *item));

#endif
