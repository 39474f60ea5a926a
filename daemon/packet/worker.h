/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.h - a media thread: sockets of its streams, a batch in, a batch out; messages from and to control
 */
#ifndef RTPRELAY_WORKER_H
#define RTPRELAY_WORKER_H

#include <pthread.h>
#include "packet/state.h"

struct batch;

/**
 * struct worker - one media thread
 * @control: where news for the control thread go; @control_fd wakes it
 * @wake: orders were posted since the last worker_wake(); control thread only
 * @load: bridges open; control thread only
 * @closing: of the bridges, those to be closed after the batch of events at hand
 * @watched: streams that the second tick looks at
 * @next_tick_ms: while any is watched
 * @asked: a number that the thread is to repeat in @answered (shared, both); @asked_ms: since when it has not
 */
struct worker {
	uint32_t round; /* of waiting */
	struct mailbox *control;
	int control_fd;
	struct mailbox orders;
	int orders_fd;
	int epoll_fd;
	bool wake;
	bool tell_flows; /* shared: see worker_pool_tell_flows() */
	unsigned int load;
	pthread_t thread;
	struct order stop_order;
	bool stopping;
	struct batch *batch;
	struct ring bridges, closing, watched;
	int64_t next_tick_ms;
	uint32_t asked, answered;
	int64_t asked_ms;
	struct worker_totals totals; /* shared counters */
};

/* @control, @control_fd: borrowed for as long as the worker lives. 0 or -errno; the thread is running. */
int worker_start(struct worker *worker, struct mailbox *control, int control_fd);
/* Ends the thread and closes the sockets of its bridges; their memory stays their owners'. */
void worker_stop(struct worker *worker);
/* Control thread. The order is the worker's until it is done; the thread notices by worker_wake(). */
void worker_post(struct worker *worker, struct order *order);
void worker_wake(struct worker *worker);
/* Control thread: asks the thread for a sign of life, unless it owes one. */
void worker_ask(struct worker *worker, int64_t now_ms);
/* For how long it has owed one; 0: it does not. */
int64_t worker_silent_ms(const struct worker *worker, int64_t now_ms);

#endif
