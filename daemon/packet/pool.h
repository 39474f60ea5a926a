/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - the media threads: starts, wakes and ends them, dispatches their events
 */
#ifndef RTPRELAY_WORKER_POOL_H
#define RTPRELAY_WORKER_POOL_H

#include "packet/banned.h"
#include "packet/side.h"

struct worker;
struct worker_pool;

/* How many threads a pool with worker_pool_conf.threads will have. */
unsigned int worker_pool_size(unsigned int threads);
/* NULL and *error (-errno): no memory, or threads or epoll cannot be created. */
struct worker_pool *worker_pool_new(const struct worker_pool_conf *conf, int *error);
/* Ends the threads, closes all sockets; the owners must free their bridges afterwards. */
void worker_pool_free(struct worker_pool *pool);
/* Readable when there is something to dispatch. */
int worker_pool_fd(const struct worker_pool *pool);
void worker_pool_dispatch(struct worker_pool *pool);
/* Wakes the media threads that have messages waiting: call once after a batch of commands. */
void worker_pool_flush(struct worker_pool *pool);
/* Switches BRIDGE_CHANGED and BRIDGE_ASK on or off (initially off): only flows need them. */
void worker_pool_tell_flows(struct worker_pool *pool, bool tell);
/*
 * Replaces worker_pool_conf.deny; streams with a destination that is now forbidden lose it, others
 * get theirs back. 0; -ENOMEM: not all threads have it: call again.
 */
int worker_pool_deny(struct worker_pool *pool, struct deny *deny);
/* The set that the media threads have, or get; NULL: none. */
const struct deny *worker_pool_denied(const struct worker_pool *pool);
/*
 * Drops packets of these sources from now on, instead of those before; NULL: of none. 0; -ENOMEM:
 * not all threads have it: call again.
 */
int worker_pool_ban(struct worker_pool *pool, struct banned *banned);
unsigned int worker_pool_threads(const struct worker_pool *pool);
/* The least loaded media thread: for the first bridge of a call. */
unsigned int worker_pool_pick(const struct worker_pool *pool);

/* Asks each media thread for a sign of life; wakes each of them. */
void worker_pool_ask(struct worker_pool *pool, int64_t now_ms);
/* Number of threads that have not answered for at least @patience_ms. */
unsigned int worker_pool_silent(const struct worker_pool *pool, int64_t patience_ms,
				int64_t now_ms);

void worker_pool_totals(const struct worker_pool *pool, struct worker_totals *totals);

/* The ring of this thread for the recorder; NULL: worker_pool_conf.tap_bytes is 0. */
struct tap_ring *worker_pool_tap(const struct worker_pool *pool, unsigned int thread);
/* Before worker_pool_free(): the recorder's thread has not ended, and keeps these rings. */
void worker_pool_keep_taps(struct worker_pool *pool);

/* For packet/bridge.c: thread number @thread (modulo their count), the settings of the pool. */
struct worker *worker_pool_worker(struct worker_pool *pool, unsigned int thread);
const struct worker_pool_conf *worker_pool_conf(const struct worker_pool *pool);

#endif
