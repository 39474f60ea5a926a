/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.h - a media thread: forwards packets of its streams, executes orders, sends events
 */
#ifndef RTPRELAY_WORKER_H
#define RTPRELAY_WORKER_H

#include <pthread.h>
#include "packet/dtmf.h"
#include "packet/state.h"

struct batch;
struct stray;

/**
 * struct worker - one media thread
 * @number: among the threads of the pool
 * @control: mailbox of the control thread; @control_fd wakes it
 * @wake: orders were posted since the last worker_wake(); control thread only
 * @load: bridges open; control thread only
 * @deny: where media is not sent to; the thread's reference, ORDER_DENY replaces it
 * @banned: sources whose packets are dropped; the thread's reference, ORDER_BANNED replaces it
 * @rtcp_ring: copies of RTCP for the control thread; NULL: it wants none
 * @stun_ring: STUN for agents of ICE, which live on the control thread; the same
 * @tap_ring: packets for the recorder; the same; @keeps_tap: it outlives the thread
 * @dtmf: streams with a key that is pressed
 * @stray: packets that no connected socket takes; NULL: sockets are never connected
 * @closing: bridges that are closed after the current batch of events
 * @watched: streams that have a tick each second, by the time of the next one
 * @keepalive: streams that keep-alives may have to be sent by; @players: those that play a prompt
 * @asked: a number that the thread copies to @answered (both shared)
 * @asked_ms: clock_ms() when @asked changed last
 */
struct worker {
	unsigned int number;
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
	struct rtcp_ring *rtcp_ring, *stun_ring;
	struct tap_ring *tap_ring;
	bool keeps_tap;
	struct dtmf_thread dtmf;
	struct stray *stray;
	struct deny *deny;
	struct banned *banned;
	struct ring bridges, closing, watched;
	struct wheel keepalive, players;
	uint32_t asked, answered;
	int64_t asked_ms;
	struct worker_totals totals; /* shared counters */
};

/*
 * Sets and uses @number, @control, @control_fd of @worker; all else is zero. @conf: of the pool.
 * Return: 0, the thread runs; or -errno.
 */
int worker_start(struct worker *worker, const struct worker_pool_conf *conf);
/* Ends the thread and closes the sockets of its bridges; the owners free the bridges. */
void worker_stop(struct worker *worker);
/* Control thread. The worker owns the order until it is executed; it starts at worker_wake(). */
void worker_post(struct worker *worker, struct order *order);
/* Crypto thread: a datagram for the peer of @link. A dtls_link_send_fn; @worker: of its bridge */
void worker_send_datagram(void *worker, struct dtls_link *link, const uint8_t *data, size_t len);
void worker_wake(struct worker *worker);
/* Control thread: asks the thread for a sign of life, unless an answer is outstanding. */
void worker_ask(struct worker *worker, int64_t now_ms);
/* Time since the question that is not answered yet; 0: none is outstanding. */
int64_t worker_silent_ms(const struct worker *worker, int64_t now_ms);

#endif
