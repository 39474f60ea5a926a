/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.c - the media threads: starts, wakes and ends them, dispatches their events
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/cpus.h"
#include "packet/pool.h"
#include "packet/worker.h"

struct worker_pool {
	struct worker_pool_conf conf;
	struct deny *deny; /* a reference: what the threads have, or get */
	struct mailbox news;
	int news_fd;
	unsigned int count;
	struct worker workers[];
};

unsigned int worker_pool_size(unsigned int threads)
{
	return threads ? threads : cpus_usable();
}

struct worker_pool *worker_pool_new(const struct worker_pool_conf *conf, int *error)
{
	unsigned int wanted = worker_pool_size(conf->threads);
	struct worker_pool *pool = calloc(1, sizeof(*pool) + wanted * sizeof(struct worker));

	if (!pool) {
		*error = -ENOMEM;
		return NULL;
	}
	pool->conf = *conf;
	pool->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pool->conf.deny = NULL; /* each thread has its own reference */
	pool->deny = deny_get(conf->deny);
	*error = pool->news_fd < 0 ? -errno : 0;
	while (!*error && pool->count < wanted) {
		struct worker *worker = &pool->workers[pool->count];

		worker->number = pool->count;
		worker->control = &pool->news;
		worker->control_fd = pool->news_fd;
		*error = worker_start(worker, conf);
		if (!*error)
			pool->count++;
	}
	if (!*error)
		return pool;
	worker_pool_free(pool);
	return NULL;
}

void worker_pool_free(struct worker_pool *pool)
{
	if (!pool)
		return;
	for (unsigned int i = 0; i < pool->count; i++)
		worker_stop(&pool->workers[i]);
	if (pool->news_fd >= 0)
		close(pool->news_fd);
	deny_put(pool->deny);
	free(pool);
}

int worker_pool_fd(const struct worker_pool *pool)
{
	return pool->news_fd;
}

/* The callback may free the bridge at its last event: it is not read after that. */
static void dispatch_one(struct worker_pool *pool, struct news *news)
{
	unsigned int pending = __atomic_exchange_n(&news->pending, 0, __ATOMIC_ACQ_REL);
	struct bridge *b = pending & 1 << BRIDGE_CLOSED
				   ? container_of(news, struct bridge, closed)
				   : container_of(news, struct stream, news)->bridge;

	if (pending & 1 << BRIDGE_CLOSED) {
		b->worker->load--;
		b->worker = NULL;
		pool->conf.event(pool->conf.arg, b, BRIDGE_CLOSED, SIDE_A, COMP_RTP);
		return;
	}
	for (enum bridge_event event = BRIDGE_LATCHED; event <= BRIDGE_PLAYED; event++)
		if (pending & 1u << event && !b->closing)
			pool->conf.event(pool->conf.arg, b, event, news->side, news->comp);
}

static void dispatch_rtcp(struct worker_pool *pool, struct rtcp_ring *ring)
{
	const struct rtcp_copy *copy;

	/* Not more than there are places: the media thread may fill it as fast as it is emptied. */
	for (unsigned int i = 0; i < RTCP_RING && (copy = rtcp_ring_first(ring)); i++) {
		if (!copy->bridge->closing)
			pool->conf.rtcp(pool->conf.arg, copy->bridge, copy);
		rtcp_ring_drop(ring);
	}
}

static void dispatch_stun(struct worker_pool *pool, struct rtcp_ring *ring)
{
	const struct rtcp_copy *copy;

	for (unsigned int i = 0; i < RTCP_RING && (copy = rtcp_ring_first(ring)); i++) {
		if (!copy->bridge->closing)
			pool->conf.stun(pool->conf.arg, copy->bridge, copy);
		rtcp_ring_drop(ring);
	}
}

static void dispatch_dtmf(struct worker_pool *pool, struct dtmf_ring *ring)
{
	const struct dtmf_note *note;

	for (unsigned int i = 0; i < DTMF_RING && (note = dtmf_ring_first(ring)); i++) {
		if (!note->bridge->closing)
			pool->conf.dtmf(pool->conf.arg, note->bridge, note);
		dtmf_ring_drop(ring);
	}
}

void worker_pool_dispatch(struct worker_pool *pool)
{
	struct letter *letter;
	uint64_t count;

	/* First the wake-up, then the letters: one that arrives later wakes us again. */
	if (read(pool->news_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	letter = mailbox_take_all(&pool->news);
	/*
	 * After the letters were taken, before they are read: a copy was put before its bridge was
	 * closed, and BRIDGE_CLOSED frees the bridge.
	 */
	for (unsigned int i = 0; i < pool->count; i++) {
		if (pool->workers[i].rtcp_ring)
			dispatch_rtcp(pool, pool->workers[i].rtcp_ring);
		if (pool->workers[i].stun_ring)
			dispatch_stun(pool, pool->workers[i].stun_ring);
		if (pool->workers[i].dtmf.ring)
			dispatch_dtmf(pool, pool->workers[i].dtmf.ring);
	}
	while (letter) {
		struct letter *next = letter->next;

		dispatch_one(pool, container_of(letter, struct news, letter));
		letter = next;
	}
}

void worker_pool_flush(struct worker_pool *pool)
{
	for (unsigned int i = 0; i < pool->count; i++)
		worker_wake(&pool->workers[i]);
}

void worker_pool_tell_flows(struct worker_pool *pool, bool tell)
{
	for (unsigned int i = 0; i < pool->count; i++)
		__atomic_store_n(&pool->workers[i].tell_flows, tell, __ATOMIC_RELAXED);
}

int worker_pool_deny(struct worker_pool *pool, struct deny *deny)
{
	for (unsigned int i = 0; i < pool->count; i++) {
		struct order_deny *order = malloc(sizeof(*order));

		if (!order)
			return -ENOMEM;
		*order = (struct order_deny){ .order = { .kind = ORDER_DENY },
					      .deny = deny_get(deny) };
		worker_post(&pool->workers[i], &order->order);
	}
	deny_get(deny);
	deny_put(pool->deny);
	pool->deny = deny;
	return 0;
}

const struct deny *worker_pool_denied(const struct worker_pool *pool)
{
	return pool->deny;
}

int worker_pool_ban(struct worker_pool *pool, struct banned *banned)
{
	for (unsigned int i = 0; i < pool->count; i++) {
		struct order_banned *order = malloc(sizeof(*order));

		if (!order)
			return -ENOMEM;
		*order = (struct order_banned){ .order = { .kind = ORDER_BANNED },
						.banned = banned_get(banned) };
		worker_post(&pool->workers[i], &order->order);
	}
	return 0;
}

unsigned int worker_pool_threads(const struct worker_pool *pool)
{
	return pool->count;
}

unsigned int worker_pool_pick(const struct worker_pool *pool)
{
	unsigned int best = 0;

	for (unsigned int i = 1; i < pool->count; i++)
		if (pool->workers[i].load < pool->workers[best].load)
			best = i;
	return best;
}

void worker_pool_ask(struct worker_pool *pool, int64_t now_ms)
{
	for (unsigned int i = 0; i < pool->count; i++)
		worker_ask(&pool->workers[i], now_ms);
}

unsigned int worker_pool_silent(const struct worker_pool *pool, int64_t patience_ms, int64_t now_ms)
{
	unsigned int silent = 0;

	for (unsigned int i = 0; i < pool->count; i++)
		silent += worker_silent_ms(&pool->workers[i], now_ms) >= patience_ms;
	return silent;
}

/* Both are made of counters only, in the same order. */
static void add_totals(struct worker_totals *sum, const struct worker_totals *part)
{
	sum->packets += __atomic_load_n(&part->packets, __ATOMIC_RELAXED);
	sum->bytes += __atomic_load_n(&part->bytes, __ATOMIC_RELAXED);
	sum->errors += __atomic_load_n(&part->errors, __ATOMIC_RELAXED);
	for (int i = 0; i < DROP_COUNT; i++)
		sum->drops[i] += __atomic_load_n(&part->drops[i], __ATOMIC_RELAXED);
	sum->keepalives_in += __atomic_load_n(&part->keepalives_in, __ATOMIC_RELAXED);
	sum->keepalives_out += __atomic_load_n(&part->keepalives_out, __ATOMIC_RELAXED);
	sum->keepalives_saved += __atomic_load_n(&part->keepalives_saved, __ATOMIC_RELAXED);
	sum->rebinds += __atomic_load_n(&part->rebinds, __ATOMIC_RELAXED);
	sum->latched += __atomic_load_n(&part->latched, __ATOMIC_RELAXED);
	sum->denied += __atomic_load_n(&part->denied, __ATOMIC_RELAXED);
	sum->rtcp_lost += __atomic_load_n(&part->rtcp_lost, __ATOMIC_RELAXED);
	sum->dtmf_lost += __atomic_load_n(&part->dtmf_lost, __ATOMIC_RELAXED);
	sum->stun_lost += __atomic_load_n(&part->stun_lost, __ATOMIC_RELAXED);
	sum->prompt_packets += __atomic_load_n(&part->prompt_packets, __ATOMIC_RELAXED);
	for (int i = 0; i < LATCH_RANKS; i++)
		sum->refused[i] += __atomic_load_n(&part->refused[i], __ATOMIC_RELAXED);
}

void worker_pool_totals(const struct worker_pool *pool, struct worker_totals *totals)
{
	*totals = (struct worker_totals){ 0 };
	for (unsigned int i = 0; i < pool->count; i++)
		add_totals(totals, &pool->workers[i].totals);
}

struct worker *worker_pool_worker(struct worker_pool *pool, unsigned int thread)
{
	return &pool->workers[thread % pool->count];
}

const struct worker_pool_conf *worker_pool_conf(const struct worker_pool *pool)
{
	return &pool->conf;
}

struct tap_ring *worker_pool_tap(const struct worker_pool *pool, unsigned int thread)
{
	return pool->workers[thread].tap_ring;
}

void worker_pool_keep_taps(struct worker_pool *pool)
{
	for (unsigned int i = 0; i < pool->count; i++)
		pool->workers[i].keeps_tap = true;
}
