/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * worker.h - a media thread: sockets of its streams, a batch in, a batch out; messages from and to control
 */
#ifndef RTPRELAY_WORKER_H
#define RTPRELAY_WORKER_H

#include <pthread.h>
#include "batch.h"

/**
 * struct worker - one media thread
 * @control: where news for the control thread go; @control_fd wakes it
 * @wake: orders were posted since the last worker_wake(); control thread only
 * @load: bridges open; control thread only
 * @closing: of the bridges, those to be closed after the batch of events at hand
 * @watched: streams that the second tick looks at
 * @next_tick_ms: while any is watched
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
	struct worker_totals totals; /* shared counters */
};

/* @control, @control_fd: borrowed for as long as the worker lives. 0 or -errno; the thread is running. */
int worker_start(struct worker *worker, struct mailbox *control, int control_fd);
/* Ends the thread and closes the sockets of its bridges; their memory stays their owners'. */
void worker_stop(struct worker *worker);
/* Control thread. The order is the worker's until it is done; the thread notices by worker_wake(). */
void worker_post(struct worker *worker, struct order *order);
void worker_wake(struct worker *worker);

#endif
