/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.c - even/odd port pairs of one local address
 *
 * A pair is in one of four states. Free pairs are in an array: one is drawn by a random index and
 * replaced by the last. Resting pairs (quarantine) and foreign pairs (bound by another program)
 * wait in two queues, in order of time, and become free from the front. So the cost of each
 * operation does not depend on the size of the range, and the last free pair is found at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>
#include "port/mapped.h"
#include "port/pool.h"

/* A foreign pair is tried again after this time, or sooner if no other pair is free. */
#define FOREIGN_RETRY_MS 30000
#define RANDOM_WORDS	 64
#define NO_PAIR		 UINT16_MAX

enum pair_state { PAIR_FREE, PAIR_USED, PAIR_RESTING, PAIR_FOREIGN };

/* @since and @next are valid only while the pair is in a queue. */
struct pair_slot {
	uint32_t since; /* ms, modulo 2^32: after 49 idle days a pair may rest once more */
	uint16_t next;
	uint8_t state;
	uint8_t ports; /* 1 or 2: so many were bound, or are */
	bool here;     /* used by a phone on this side: no router has to forward to it */
};

struct pair_queue {
	uint16_t first, last;
	unsigned int count;
};

/*
 * @free: the first @n_free entries are the free pairs. One allocation holds all but @mapped.
 * @mapped: the pairs that a router forwards to; @news: they are taken or given
 */
struct port_pool {
	struct endpoint addr;
	uint16_t first_port;
	unsigned int n_pairs, n_free;
	int64_t quarantine_ms;
	struct pair_queue resting, foreign;
	uint32_t random[RANDOM_WORDS];
	unsigned int n_random;
	struct mapped_pairs mapped;
	port_pool_news_fn *news;
	void *news_arg;
	uint16_t *free;
	struct pair_slot slot[];
};

struct port_pool *port_pool_new(const struct endpoint *addr, uint16_t port_min, uint16_t port_max,
				int64_t quarantine_ms)
{
	unsigned int first =
		port_min < 2 ? 2 : (port_min + 1U) & ~1U; /* port 0 means "any" to bind() */
	unsigned int pairs = port_max > first ? (port_max - first + 1U) / 2 : 0;
	struct port_pool *pool;

	pool = calloc(1, sizeof(*pool) + pairs * (sizeof(*pool->slot) + sizeof(*pool->free)));
	if (!pool)
		return NULL;
	pool->addr = *addr;
	pool->first_port = (uint16_t)first;
	pool->n_pairs = pool->n_free = pairs;
	pool->quarantine_ms = quarantine_ms;
	pool->resting = pool->foreign = (struct pair_queue){ NO_PAIR, NO_PAIR, 0 };
	pool->free = (uint16_t *)(pool->slot + pairs);
	for (unsigned int i = 0; i < pairs; i++)
		pool->free[i] = (uint16_t)i;
	return pool;
}

void port_pool_free(struct port_pool *pool)
{
	if (pool)
		mapped_end(&pool->mapped);
	free(pool);
}

static bool is_ready(const struct port_pool *pool, const struct mapped *mapped)
{
	return mapped_is_now(mapped) && pool->slot[mapped->pair].state == PAIR_FREE;
}

static unsigned int count_ready(const struct port_pool *pool)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < pool->mapped.n; i++)
		n += is_ready(pool, &pool->mapped.pair[i]);
	return n;
}

static void tell_news(const struct port_pool *pool, uint16_t pair)
{
	if (pool->news && mapped_find(&pool->mapped, pair))
		pool->news(pool->news_arg);
}

static void queue_add(struct port_pool *pool, struct pair_queue *queue, uint16_t pair,
		      enum pair_state state, int64_t now_ms)
{
	uint8_t ports = pool->slot[pair].ports;

	pool->slot[pair] =
		(struct pair_slot){ (uint32_t)now_ms, NO_PAIR, (uint8_t)state, ports, false };
	if (queue->count++)
		pool->slot[queue->last].next = pair;
	else
		queue->first = pair;
	queue->last = pair;
}

static uint16_t queue_shift(struct port_pool *pool, struct pair_queue *queue)
{
	uint16_t pair = queue->first;

	queue->first = pool->slot[pair].next;
	queue->count--;
	return pair;
}

static void pair_set_free(struct port_pool *pool, uint16_t pair)
{
	pool->slot[pair].state = PAIR_FREE;
	pool->slot[pair].here = false;
	pool->free[pool->n_free++] = pair;
}

/* Frees the pairs that have waited for @wait_ms. */
static void queue_expire(struct port_pool *pool, struct pair_queue *queue, int64_t wait_ms,
			 int64_t now_ms)
{
	while (queue->count &&
	       (uint32_t)now_ms - pool->slot[queue->first].since >= (uint64_t)wait_ms)
		pair_set_free(pool, queue_shift(pool, queue));
}

static void pool_expire(struct port_pool *pool, int64_t now_ms)
{
	queue_expire(pool, &pool->resting, pool->quarantine_ms, now_ms);
	queue_expire(pool, &pool->foreign, FOREIGN_RETRY_MS, now_ms);
}

/* Uniform in 0..bound-1. Reads random numbers in blocks, to save a system call for each port. */
static int random_below(struct port_pool *pool, uint32_t bound, uint32_t *value)
{
	/* Values in the last, incomplete run of @bound would not be uniform: rejected. */
	uint32_t limit = UINT32_MAX - UINT32_MAX % bound;

	do {
		while (!pool->n_random) {
			ssize_t got = getrandom(pool->random, sizeof(pool->random), 0);

			if (got < 0 && errno != EINTR)
				return -errno;
			if (got > 0)
				pool->n_random =
					(unsigned int)((size_t)got / sizeof(*pool->random));
		}
		*value = pool->random[--pool->n_random];
		pool->random[pool->n_random] = 0; /* used numbers must not stay in memory */
	} while (*value >= limit);
	*value %= bound;
	return 0;
}

static int draw_free(struct port_pool *pool, uint16_t *pair)
{
	uint32_t at = 0;
	int err = random_below(pool, pool->n_free, &at);

	if (err)
		return err;
	*pair = pool->free[at];
	pool->free[at] = pool->free[--pool->n_free];
	return 0;
}

/* No SO_REUSEADDR: on UDP another program of the same user could share the port and the media. */
static int socket_bound(const struct endpoint *addr, uint16_t port)
{
	int family = addr->sa.sa_family;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct endpoint local = *addr;
	int err;

	if (fd < 0)
		return errno == ENFILE ? -EMFILE : -errno;
	endpoint_set_port(&local, port);
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 1 }, sizeof(int)))
		goto fail;
	if (bind(fd, &local.sa, endpoint_len(&local)))
		goto fail;
	return fd;
fail:
	err = -errno;
	close(fd);
	return err;
}

static int pair_bind(const struct port_pool *pool, uint16_t pair, unsigned int count, int fd[2])
{
	uint16_t port = (uint16_t)(pool->first_port + pair * 2);

	fd[1] = -1;
	fd[0] = socket_bound(&pool->addr, port);
	if (fd[0] < 0)
		return fd[0];
	if (count < 2)
		return 0;
	fd[1] = socket_bound(&pool->addr, (uint16_t)(port + 1));
	if (fd[1] >= 0)
		return 0;
	close(fd[0]);
	return fd[1];
}

/* Binds @pair, which is in no list, and sets its state by the result. */
static int pair_try(struct port_pool *pool, uint16_t pair, unsigned int count, int64_t now_ms,
		    struct port_pair *taken)
{
	struct port_pair result;
	int err = pair_bind(pool, pair, count, result.fd);

	if (err == -EADDRINUSE) {
		queue_add(pool, &pool->foreign, pair, PAIR_FOREIGN, now_ms);
	} else if (err) {
		pair_set_free(pool, pair);
	} else {
		pool->slot[pair].state = PAIR_USED;
		pool->slot[pair].ports = (uint8_t)count;
		result.port = (uint16_t)(pool->first_port + pair * 2);
		*taken = result;
	}
	return err;
}

static bool take_free(struct port_pool *pool, uint16_t pair);

/* One of the mapped pairs, by chance; one that another program has bound is skipped from now on. */
static int take_mapped(struct port_pool *pool, unsigned int count, int64_t now_ms,
		       struct port_pair *pair)
{
	unsigned int ready;

	while ((ready = count_ready(pool))) {
		const struct mapped *at = pool->mapped.pair;
		uint32_t drawn = 0;
		int err = random_below(pool, ready, &drawn);

		if (err)
			return err;
		while (!is_ready(pool, at) || drawn--)
			at++;
		take_free(pool, at->pair);
		err = pair_try(pool, at->pair, count, now_ms, pair);
		tell_news(pool, at->pair);
		if (err != -EADDRINUSE)
			return err;
	}
	return -ENOBUFS;
}

int port_pool_take(struct port_pool *pool, unsigned int count, int64_t now_ms,
		   struct port_pair *pair)
{
	unsigned int again;
	uint16_t drawn;
	int err;

	pool_expire(pool, now_ms);
	if (pool->mapped.on)
		return take_mapped(pool, count, now_ms, pair);
	again = pool->foreign.count;
	while (pool->n_free) {
		err = draw_free(pool, &drawn);
		if (!err)
			err = pair_try(pool, drawn, count, now_ms, pair);
		if (err != -EADDRINUSE)
			return err;
	}
	/* Only foreign pairs are left: the other program may have closed them. */
	for (; again; again--) {
		err = pair_try(pool, queue_shift(pool, &pool->foreign), count, now_ms, pair);
		if (err != -EADDRINUSE)
			return err;
	}
	return -EADDRINUSE;
}

/* At start, and with a router, which allows few calls: a linear search is fast enough. */
static bool take_free(struct port_pool *pool, uint16_t pair)
{
	for (unsigned int i = 0; i < pool->n_free; i++) {
		if (pool->free[i] != pair)
			continue;
		pool->free[i] = pool->free[--pool->n_free];
		return true;
	}
	return false;
}

int port_pool_take_exact(struct port_pool *pool, uint16_t port, unsigned int count, int64_t now_ms,
			 struct port_pair *pair)
{
	unsigned int index = (port - (unsigned int)pool->first_port) / 2;

	if (port < pool->first_port || index >= pool->n_pairs || port % 2)
		return -ERANGE;
	pool_expire(pool, now_ms);
	if (!take_free(pool, (uint16_t)index))
		return -EADDRINUSE;
	return pair_try(pool, (uint16_t)index, count, now_ms, pair);
}

void port_pool_give(struct port_pool *pool, uint16_t port, bool carried, int64_t now_ms)
{
	unsigned int pair = (port - (unsigned int)pool->first_port) / 2;

	if (port < pool->first_port || pair >= pool->n_pairs || pool->slot[pair].state != PAIR_USED)
		return; /* not of this pool, or given twice: a pair must not be in two lists */
	if (carried && pool->quarantine_ms > 0)
		queue_add(pool, &pool->resting, (uint16_t)pair, PAIR_RESTING, now_ms);
	else
		pair_set_free(pool, (uint16_t)pair);
	tell_news(pool, (uint16_t)pair);
}

/* --- Ports that a router forwards ------------------------------------------------------------- */

/* False: @port is not one of this pool. */
static bool pair_of(const struct port_pool *pool, uint16_t port, uint16_t *pair)
{
	unsigned int at = port - (unsigned int)pool->first_port;

	*pair = (uint16_t)(at / 2);
	return port >= pool->first_port && at / 2 < pool->n_pairs;
}

int port_pool_map_only(struct port_pool *pool, unsigned int max, port_pool_news_fn *news, void *arg)
{
	pool->news = news;
	pool->news_arg = arg;
	return mapped_start(&pool->mapped, max);
}

uint16_t port_pool_draw(struct port_pool *pool, int64_t now_ms)
{
	uint32_t drawn = 0;

	pool_expire(pool, now_ms);
	if (!pool->n_free || random_below(pool, pool->n_free, &drawn))
		return 0;
	for (unsigned int i = 0; i < pool->n_free; i++) {
		uint16_t pair = pool->free[(drawn + i) % pool->n_free];

		if (!mapped_find(&pool->mapped, pair))
			return (uint16_t)(pool->first_port + pair * 2);
	}
	return 0;
}

int port_pool_map(struct port_pool *pool, uint16_t port, const uint16_t external[2])
{
	uint16_t pair;

	return pair_of(pool, port, &pair) ? mapped_set(&pool->mapped, pair, external) : -ERANGE;
}

void port_pool_unmap(struct port_pool *pool, uint16_t port)
{
	uint16_t pair;

	if (pair_of(pool, port, &pair))
		mapped_remove(&pool->mapped, pair);
}

/* Those that are mapped, or about to be, are for phones outside as long as there are others. */
int port_pool_take_here(struct port_pool *pool, unsigned int count, int64_t now_ms,
			struct port_pair *pair)
{
	uint16_t port;
	int err;

	while (pool->mapped.on && (port = port_pool_draw(pool, now_ms))) {
		err = port_pool_take_exact(pool, port, count, now_ms, pair);
		if (!err)
			port_pool_set_here(pool, port, true);
		if (err != -EADDRINUSE)
			return err;
	}
	err = port_pool_take(pool, count, now_ms, pair);
	if (!err)
		port_pool_set_here(pool, pair->port, true);
	return err;
}

void port_pool_set_here(struct port_pool *pool, uint16_t port, bool here)
{
	uint16_t pair;

	if (!pair_of(pool, port, &pair) || pool->slot[pair].state != PAIR_USED ||
	    pool->slot[pair].here == here)
		return;
	pool->slot[pair].here = here;
	if (!here && pool->news)
		pool->news(pool->news_arg);
}

enum port_pool_use port_pool_use(struct port_pool *pool, uint16_t port, int64_t now_ms)
{
	uint16_t pair;

	pool_expire(pool, now_ms);
	if (!pair_of(pool, port, &pair) || pool->slot[pair].state == PAIR_FOREIGN)
		return PORT_POOL_FOREIGN;
	return pool->slot[pair].state == PAIR_FREE ? PORT_POOL_FREE : PORT_POOL_USED;
}

uint16_t port_pool_unmapped(const struct port_pool *pool, uint16_t port)
{
	uint16_t from;

	if (port < pool->first_port)
		port = pool->first_port;
	if (!pair_of(pool, port, &from))
		return 0;
	for (unsigned int pair = from; pair < pool->n_pairs; pair++)
		if (pool->slot[pair].state == PAIR_USED && !pool->slot[pair].here &&
		    !mapped_find(&pool->mapped, (uint16_t)pair))
			return (uint16_t)(pool->first_port + pair * 2);
	return 0;
}

uint16_t port_pool_outside(const struct port_pool *pool, uint16_t port)
{
	const struct mapped *mapped;
	uint16_t pair;

	mapped = pair_of(pool, port, &pair) ? mapped_find(&pool->mapped, pair) : NULL;
	return mapped && mapped_is_now(mapped) ? mapped->external[(port - pool->first_port) % 2]
					       : port;
}

uint16_t port_pool_inside(const struct port_pool *pool, uint16_t outside)
{
	unsigned int half;
	const struct mapped *mapped = mapped_by_outside(&pool->mapped, outside, &half);

	return mapped ? (uint16_t)(pool->first_port + mapped->pair * 2U + half) : 0;
}

bool port_pool_holds(struct port_pool *pool, uint16_t port, int64_t now_ms)
{
	unsigned int at = port - (unsigned int)pool->first_port;
	const struct pair_slot *slot;

	if (port < pool->first_port || at / 2 >= pool->n_pairs)
		return false;
	pool_expire(pool, now_ms);
	slot = &pool->slot[at / 2];
	return (slot->state == PAIR_USED || slot->state == PAIR_RESTING) && at % 2 < slot->ports;
}

struct port_pool_usage port_pool_usage(struct port_pool *pool, int64_t now_ms)
{
	pool_expire(pool, now_ms);
	return (struct port_pool_usage){
		.pairs = pool->n_pairs,
		.used = pool->n_pairs - pool->n_free - pool->resting.count - pool->foreign.count,
		.free = pool->mapped.on ? count_ready(pool) : pool->n_free,
		.quarantined = pool->resting.count,
		.taken_by_others = pool->foreign.count,
	};
}
