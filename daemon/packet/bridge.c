/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bridge.c - what the control thread knows of the media threads: opens, changes, closes bridges, reads reports
 *
 * All that changes a bridge goes as an order to the thread that owns it and takes effect there in the
 * order given; what comes back are events. Reading counters disturbs nobody.
 */
#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "packet/worker.h"

struct worker_pool {
	struct worker_pool_conf conf;
	struct mailbox news;
	int news_fd;
	unsigned int count;
	struct worker workers[];
};

#define ROW(id, name, unit, help) [id] = { name, unit, help },
#define ONE(id, name, unit, help) +1
const struct counter_name stream_drop_names[DROP_COUNT] = { STREAM_DROP_COUNTERS(ROW) };
static_assert(STREAM_DROP_COUNTERS(ONE) == DROP_COUNT, "a reason of drop has no name");

static unsigned int cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return (unsigned int)CPU_COUNT(&set);
}

struct worker_pool *worker_pool_new(const struct worker_pool_conf *conf, int *error)
{
	unsigned int wanted = conf->threads ? conf->threads : cores();
	struct worker_pool *pool = calloc(1, sizeof(*pool) + wanted * sizeof(struct worker));

	if (!pool) {
		*error = -ENOMEM;
		return NULL;
	}
	pool->conf = *conf;
	pool->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	*error = pool->news_fd < 0 ? -errno : 0;
	while (!*error && pool->count < wanted) {
		*error = worker_start(&pool->workers[pool->count], &pool->news, pool->news_fd);
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
	free(pool);
}

int worker_pool_fd(const struct worker_pool *pool)
{
	return pool->news_fd;
}

/* The bridge may be freed by the last event: nothing of it is looked at after that. */
static void dispatch_one(struct worker_pool *pool, struct news *news)
{
	unsigned int pending = __atomic_exchange_n(&news->pending, 0, __ATOMIC_ACQ_REL);
	struct bridge *b = news->bridge;

	if (pending & 1 << BRIDGE_CLOSED) {
		b->worker->load--;
		b->worker = NULL;
		pool->conf.event(pool->conf.arg, b, BRIDGE_CLOSED, SIDE_A, COMP_RTP);
		return;
	}
	for (enum bridge_event event = BRIDGE_LATCHED; event <= BRIDGE_ASK; event++)
		if (pending & 1u << event && !b->closing)
			pool->conf.event(pool->conf.arg, b, event, news->side, news->comp);
}

void worker_pool_dispatch(struct worker_pool *pool)
{
	struct letter *letter;
	uint64_t count;

	/* First the wake-up, then the letters: one that comes in between wakes us again. */
	if (read(pool->news_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	letter = mailbox_take_all(&pool->news);
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

static void init_stream(struct stream *s, struct bridge *b, int side, int comp, int fd,
			const struct endpoint *local)
{
	s->fd = fd;
	s->side = (uint8_t)side;
	s->comp = (uint8_t)comp;
	s->bridge = b;
	s->local = *local;
	ring_init(&s->watch);
	s->news.bridge = b;
	s->news.side = (uint8_t)side;
	s->news.comp = (uint8_t)comp;
}

static struct bridge *make_bridge(struct worker_pool *pool, struct worker *worker,
				  const int fd[2][2], const struct endpoint local[2][2],
				  const struct bridge_conf *conf)
{
	struct bridge *b;
	size_t streams = 0;

	for (int i = 0; i < 4; i++)
		streams += fd[i >> 1][i & 1] >= 0;
	b = calloc(1, sizeof(*b) + streams * sizeof(struct stream));
	if (!b)
		return NULL;
	b->conf = b->told = *conf;
	b->totals = &worker->totals;
	b->pool_conf = &pool->conf;
	b->worker = worker;
	b->closed.bridge = b->open_order.bridge = b->close_order.bridge = b;
	b->open_order.kind = ORDER_OPEN;
	b->close_order.kind = ORDER_CLOSE;
	ring_init(&b->siblings);
	ring_init(&b->all);
	for (int i = 3; i >= 0; i--) {
		int side = i >> 1, comp = i & 1;

		if (fd[side][comp] < 0)
			continue;
		b->stream[side][comp] = &b->streams[--streams];
		init_stream(b->stream[side][comp], b, side, comp, fd[side][comp],
			    &local[side][comp]);
	}
	return b;
}

/* The media thread's from here. */
static void start_bridge(struct bridge *b, struct bridge *sibling, void *owner)
{
	b->sibling = sibling;
	b->owner = owner;
	b->worker->load++;
	worker_post(b->worker, &b->open_order);
}

struct bridge *bridge_open(struct worker_pool *pool, unsigned int thread, struct bridge *sibling,
			   const int fd[2][2], const struct endpoint local[2][2],
			   const struct bridge_conf *conf, void *owner)
{
	struct worker *worker = &pool->workers[thread % pool->count];
	struct bridge *b = make_bridge(pool, worker, fd, local, conf);

	if (b)
		start_bridge(b, sibling, owner);
	return b;
}

/* Late packets of this call may still come to its ports when it ends: they have been heard before. */
static void seed_stream(struct stream *s, const struct stream_seed *seed)
{
	s->latch = seed->latch;
	s->last_in_ms = seed->last_in_ms;
	s->heard = seed->latch.state != LATCH_WAIT;
}

struct bridge *bridge_restore(struct worker_pool *pool, unsigned int thread, struct bridge *sibling,
			      const int fd[2][2], const struct endpoint local[2][2],
			      const struct bridge_conf *conf, void *owner,
			      const struct stream_seed seed[2][2])
{
	struct worker *worker = &pool->workers[thread % pool->count];
	struct bridge *b = make_bridge(pool, worker, fd, local, conf);

	if (!b)
		return NULL;
	for (int i = 0; i < 4; i++)
		if (b->stream[i >> 1][i & 1])
			seed_stream(b->stream[i >> 1][i & 1], &seed[i >> 1][i & 1]);
	/* RTCP follows from RTP, so once all of them are seeded. */
	for (int i = 0; i < 4; i++)
		if (b->stream[i >> 1][i & 1])
			stream_start(b->stream[i >> 1][i & 1]);
	start_bridge(b, sibling, owner);
	return b;
}

int bridge_update(struct bridge *b, const struct bridge_conf *conf)
{
	struct order_update *update;

	if (b->closing || !b->worker)
		return 0;
	update = malloc(sizeof(*update));
	if (!update)
		return -ENOMEM;
	*update = (struct order_update){ .order = { .bridge = b, .kind = ORDER_UPDATE },
					 .conf = *conf };
	b->told = *conf;
	worker_post(b->worker, &update->order);
	return 0;
}

int bridge_kernel(struct bridge *b, enum side side, enum component comp,
		  const struct bridge_kernel *kernel)
{
	struct order_kernel *order;

	if (b->closing || !b->worker || !b->stream[side][comp])
		return 0;
	order = malloc(sizeof(*order));
	if (!order)
		return -ENOMEM;
	*order = (struct order_kernel){ .order = { .bridge = b, .kind = ORDER_KERNEL },
					.stream = b->stream[side][comp],
					.kernel = *kernel };
	worker_post(b->worker, &order->order);
	return 0;
}

const struct bridge_conf *bridge_conf(const struct bridge *b)
{
	return &b->told;
}

void bridge_close(struct bridge *b)
{
	if (b->closing || !b->worker)
		return;
	b->closing = true;
	worker_post(b->worker, &b->close_order);
}

void bridge_free(struct bridge *b)
{
	if (b)
		for (int i = 0; i < 4; i++)
			if (b->stream[i >> 1][i & 1])
				free(b->stream[i >> 1][i & 1]->quality);
	free(b);
}

void *bridge_owner(const struct bridge *b)
{
	return b->owner;
}

bool bridge_has(const struct bridge *b, enum side side, enum component comp)
{
	return b->stream[side][comp];
}

void bridge_report(const struct bridge *b, enum side side, enum component comp,
		   struct stream_report *report)
{
	if (b->stream[side][comp])
		stream_report(b->stream[side][comp], report);
	else
		*report = (struct stream_report){ 0 };
}

void bridge_latch(const struct bridge *b, enum side side, enum component comp, struct latch *latch)
{
	if (b->stream[side][comp])
		stream_learned(b->stream[side][comp], latch);
	else
		*latch = (struct latch){ 0 };
}

void bridge_quality(const struct bridge *b, enum side side, int64_t now_ms, struct quality *quality)
{
	if (b->stream[side][COMP_RTP])
		stream_quality(b->stream[side][COMP_RTP], now_ms, quality);
	else
		*quality = (struct quality){ 0 };
}

int64_t bridge_last_in_ms(const struct bridge *b)
{
	int64_t last = 0;

	for (int i = 0; i < 4; i++) {
		const struct stream *s = b->stream[i >> 1][i & 1];
		int64_t at = s ? __atomic_load_n(&s->last_in_ms, __ATOMIC_RELAXED) : 0;

		if (at > last)
			last = at;
	}
	return last;
}

bool bridge_heard(const struct bridge *b, enum side side)
{
	for (int comp = 0; comp < 2; comp++) {
		const struct stream *s = b->stream[side][comp];

		if (s && __atomic_load_n(&s->heard, __ATOMIC_RELAXED))
			return true;
	}
	return false;
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
	sum->latched += __atomic_load_n(&part->latched, __ATOMIC_RELAXED);
	for (int i = 0; i < LATCH_RANKS; i++)
		sum->refused[i] += __atomic_load_n(&part->refused[i], __ATOMIC_RELAXED);
}

void worker_pool_totals(const struct worker_pool *pool, struct worker_totals *totals)
{
	*totals = (struct worker_totals){ 0 };
	for (unsigned int i = 0; i < pool->count; i++)
		add_totals(totals, &pool->workers[i].totals);
}
