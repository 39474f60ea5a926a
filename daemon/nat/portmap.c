/* SPDX-License-Identifier: GPL-2.0-or-later */
/* portmap.c - has ports for media forwarded by the nearest router: pairs that are mapped ahead */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include "base/clock.h"
#include "nat/portmap.h"
#include "nat/portmap_file.h"
#include "nat/portmap_thread.h"

/* @pool: NULL: mappings of an earlier daemon are ended there */
struct spot {
	struct portmap_place place;
	struct port_pool *pool;
};

/**
 * struct portmap
 * @waits: an order is under way
 * @read_error: a line of the file could not be taken: -errno
 * @dirty: the file is not what it has to be; @retry_file_ms: it is not written before
 * @turn: the spot whose turn it is
 */
struct portmap {
	struct portmap_rules rules;
	char *dir;
	void (*wake)(void *arg);
	void *arg;
	struct spot **spot;
	size_t n, turn;
	struct portmap_thread *thread;
	bool waits, dirty;
	int read_error;
	int64_t retry_file_ms;
};

#define RETRY_FILE_MS 10000
#define LEFT_MAX      64 /* addresses that an earlier daemon had, and this one has not */

struct portmap *portmap_new(const struct portmap_conf *conf)
{
	struct portmap *portmap = calloc(1, sizeof(*portmap));

	if (!portmap)
		return NULL;
	portmap->rules = conf->rules;
	portmap->wake = conf->wake;
	portmap->arg = conf->arg;
	portmap->dir = conf->dir ? strdup(conf->dir) : NULL;
	if (portmap->dir || !conf->dir)
		return portmap;
	free(portmap);
	return NULL;
}

void portmap_free(struct portmap *portmap)
{
	if (!portmap)
		return;
	portmap_thread_end(portmap->thread);
	for (size_t i = 0; i < portmap->n; i++)
		free(portmap->spot[i]);
	free(portmap->spot);
	free(portmap->dir);
	free(portmap);
}

/* --- Places ----------------------------------------------------------------------------------- */

static struct spot *add_spot(struct portmap *portmap, const struct endpoint *bind)
{
	struct spot **more = realloc(portmap->spot, (portmap->n + 1) * sizeof(*more));
	struct spot *spot;

	if (!more)
		return NULL;
	portmap->spot = more;
	spot = calloc(1, sizeof(*spot));
	if (!spot)
		return NULL;
	portmap_place_init(&spot->place, bind, &portmap->rules);
	more[portmap->n++] = spot;
	return spot;
}

static void on_pool_news(void *arg)
{
	struct portmap *portmap = arg;

	portmap->wake(portmap->arg);
}

int portmap_add(struct portmap *portmap, const struct endpoint *bind, struct port_pool *pool)
{
	struct spot *spot;

	if (portmap_of(portmap, pool))
		return 0;
	spot = add_spot(portmap, bind);
	if (!spot || port_pool_map_only(pool, PORTMAP_PAIRS, on_pool_news, portmap))
		return -ENOMEM;
	spot->pool = pool;
	return 0;
}

/* --- What an earlier daemon has left ---------------------------------------------------------- */

static bool has_pair(struct port_pool *pool, uint16_t port)
{
	return port % 2 == 0 && port_pool_use(pool, port, clock_ms()) != PORT_POOL_FOREIGN;
}

/* The spot whose pool has this port; else one that is only there to end mappings. */
static struct spot *spot_for(struct portmap *portmap, const struct portmap_line *line)
{
	struct spot *closed = NULL;
	size_t left = 0;

	for (size_t i = 0; i < portmap->n; i++) {
		struct spot *spot = portmap->spot[i];

		left += !spot->pool;
		if (!endpoint_addr_eq(&spot->place.bind, &line->bind))
			continue;
		if (!spot->pool)
			closed = spot;
		else if (has_pair(spot->pool, line->port))
			return spot;
	}
	if (closed)
		return closed;
	if (left < LEFT_MAX)
		closed = add_spot(portmap, &line->bind);
	if (closed)
		closed->place.closed = true;
	else
		portmap->read_error = left < LEFT_MAX ? -ENOMEM : -E2BIG;
	return closed;
}

static bool is_known(const struct portmap_place *place, uint16_t port)
{
	for (int i = 0; i < PORTMAP_PAIRS; i++)
		if (place->pair[i].port == port)
			return true;
	return false;
}

static void take_line(void *arg, const struct portmap_line *line)
{
	struct portmap *portmap = arg;
	struct spot *spot = spot_for(portmap, line);
	struct portmap_pair *pair;

	if (!spot || is_known(&spot->place, line->port))
		return;
	pair = portmap_place_restore(&spot->place, line->protocol, line->port, line->external,
				     line->nonce, clock_ms());
	if (pair && spot->pool)
		port_pool_map(spot->pool, line->port, line->external);
}

int portmap_read(struct portmap *portmap)
{
	int error = portmap->dir ? portmap_file_read(portmap->dir, take_line, portmap) : 0;

	return portmap->read_error ?: error;
}

bool portmap_is_needed(const struct portmap *portmap)
{
	return portmap->n;
}

int portmap_run(struct portmap *portmap, const struct addr_ports *media, size_t n_media)
{
	return portmap_thread_start(portmap->dir, media, n_media, &portmap->thread);
}

/* --- Pool and place --------------------------------------------------------------------------- */

static enum portmap_use use_of(struct port_pool *pool, uint16_t port, int64_t now_ms)
{
	switch (port_pool_use(pool, port, now_ms)) {
	case PORT_POOL_FREE:
		return PORTMAP_FREE;
	case PORT_POOL_USED:
		return PORTMAP_BUSY;
	case PORT_POOL_FOREIGN:
		break;
	}
	return PORTMAP_FOREIGN;
}

static void learn_use(struct spot *spot, int64_t now_ms)
{
	for (int i = 0; i < PORTMAP_PAIRS && spot->pool; i++) {
		struct portmap_pair *pair = &spot->place.pair[i];

		if (pair->port)
			portmap_pair_set_use(pair, use_of(spot->pool, pair->port, now_ms), now_ms);
	}
}

/* A pair that is about to end is not taken any more; a call that has it goes on. */
static void tell_pool(const struct spot *spot)
{
	static const uint16_t none[2] = { 0, 0 };

	for (int i = 0; i < PORTMAP_PAIRS && spot->pool; i++) {
		const struct portmap_pair *pair = &spot->place.pair[i];
		const uint16_t external[2] = { pair->half[0].external, pair->half[1].external };

		if (pair->port)
			port_pool_map(spot->pool, pair->port,
				      pair->unwanted && pair->use != PORTMAP_BUSY ? none
										  : external);
	}
}

/* Pairs that the place has forgotten: they are not in its list any more. */
static void forget_pairs(const struct spot *spot, const uint16_t before[PORTMAP_PAIRS])
{
	for (int i = 0; i < PORTMAP_PAIRS && spot->pool; i++)
		if (before[i] && spot->place.pair[i].port != before[i])
			port_pool_unmap(spot->pool, before[i]);
}

static void list_pairs(const struct spot *spot, uint16_t ports[PORTMAP_PAIRS])
{
	for (int i = 0; i < PORTMAP_PAIRS; i++)
		ports[i] = spot->place.pair[i].port;
}

static bool add_pair(struct portmap *portmap, struct spot *spot, uint16_t port, int64_t now_ms)
{
	uint8_t nonce[PCP_NONCE];

	if (!port || getrandom(nonce, sizeof(nonce), 0) != sizeof(nonce) ||
	    port_pool_map(spot->pool, port, (uint16_t[2]){ 0, 0 }))
		return false;
	if (!portmap_place_add(&spot->place, port, nonce, now_ms)) {
		port_pool_unmap(spot->pool, port);
		return false;
	}
	portmap->dirty = true;
	return true;
}

/*
 * Restored calls have pairs that no file names, if it was lost. A phone on this side of the NAT may
 * go on outside of it.
 */
static void adopt(struct portmap *portmap, struct spot *spot, int64_t now_ms)
{
	uint16_t port = spot->pool && !spot->place.closed ? port_pool_unmapped(spot->pool, 0) : 0;

	while (port && portmap_place_has_room(&spot->place) &&
	       add_pair(portmap, spot, port, now_ms))
		port = port_pool_unmapped(spot->pool, port);
}

static void refill(struct portmap *portmap, struct spot *spot, int64_t now_ms)
{
	while (spot->pool && portmap_place_wants(&spot->place, now_ms))
		if (!add_pair(portmap, spot, port_pool_draw(spot->pool, now_ms), now_ms))
			break;
}

/* --- Orders ----------------------------------------------------------------------------------- */

/* With the file's new text, if it has to be written. False: out of memory, tried again later */
static bool add_text(const struct portmap *portmap, struct portmap_order *order)
{
	size_t size = 1;
	struct buf out;

	for (size_t i = 0; i < portmap->n; i++)
		size += (size_t)portmap_place_sums(&portmap->spot[i]->place).pairs * PORTMAP_LINE;
	order->text = malloc(size);
	if (!order->text)
		return false;
	out = BUF_INIT(order->text, size);
	for (size_t i = 0; i < portmap->n; i++)
		portmap_lines_write(&portmap->spot[i]->place, &out);
	order->text_len = out.len;
	return true;
}

static bool next_job(struct portmap *portmap, struct portmap_order *order, int64_t now_ms)
{
	for (size_t i = 0; i < portmap->n; i++) {
		size_t index = (portmap->turn + i) % portmap->n;

		if (!portmap_place_next(&portmap->spot[index]->place, now_ms, &order->job))
			continue;
		portmap->turn = index + 1;
		portmap->dirty = portmap->dirty || portmap->spot[index]->place.relisted;
		portmap->spot[index]->place.relisted = false;
		order->place = index;
		return true;
	}
	return false;
}

/* A file that cannot be written stops nothing: mappings end by their lifetime too. */
static void ask(struct portmap *portmap, int64_t now_ms)
{
	struct portmap_order *order;
	bool write;

	if (portmap->waits || !portmap->thread)
		return;
	order = calloc(1, sizeof(*order));
	if (!order)
		return;
	order->ask = next_job(portmap, order, now_ms);
	write = portmap->dirty && portmap->dir && now_ms >= portmap->retry_file_ms;
	if ((!order->ask && !write) || (write && !add_text(portmap, order))) {
		portmap_order_free(order);
		return;
	}
	portmap->dirty = portmap->dirty && !write;
	portmap->waits = true;
	portmap_thread_put(portmap->thread, order);
}

void portmap_work(struct portmap *portmap)
{
	int64_t now_ms = clock_ms();

	for (size_t i = 0; i < portmap_count(portmap); i++) {
		struct spot *spot = portmap->spot[i];
		uint16_t before[PORTMAP_PAIRS];

		list_pairs(spot, before);
		learn_use(spot, now_ms);
		if (portmap_place_age(&spot->place, now_ms) & PORTMAP_LIST_NEWS)
			portmap->dirty = true;
		forget_pairs(spot, before);
		adopt(portmap, spot, now_ms);
		refill(portmap, spot, now_ms);
		tell_pool(spot);
	}
	if (portmap)
		ask(portmap, now_ms);
}

static unsigned int take_order(struct portmap *portmap, const struct portmap_order *order)
{
	struct spot *spot = portmap->spot[order->place];
	uint16_t before[PORTMAP_PAIRS];
	unsigned int news;

	if (!order->ask)
		return 0;
	list_pairs(spot, before);
	news = portmap_place_take(&spot->place, &order->job, &order->result, clock_ms());
	forget_pairs(spot, before);
	if (news & PORTMAP_LIST_NEWS)
		portmap->dirty = true;
	return news;
}

void portmap_dispatch(struct portmap *portmap, portmap_fn *fn, void *arg)
{
	struct letter *at, *next;

	if (!portmap || !portmap->thread)
		return;
	for (at = portmap_thread_take(portmap->thread); at; at = next) {
		struct portmap_order *order = (struct portmap_order *)at; /* its first member */
		unsigned int news = take_order(portmap, order);

		next = at->next;
		portmap->waits = false;
		if (order->file_error) {
			portmap->dirty = true;
			portmap->retry_file_ms = clock_ms() + RETRY_FILE_MS;
		}
		if (fn && (news || order->file_error))
			fn(arg, &portmap->spot[order->place]->place, news, order->file_error);
		portmap_order_free(order);
	}
	portmap_work(portmap);
}

/* --- End, and what is known ------------------------------------------------------------------- */

void portmap_end(struct portmap *portmap, bool keep_busy)
{
	for (size_t i = 0; i < portmap_count(portmap); i++) {
		learn_use(portmap->spot[i], clock_ms());
		portmap_place_close(&portmap->spot[i]->place, keep_busy, clock_ms());
	}
	portmap_work(portmap);
}

bool portmap_is_done(const struct portmap *portmap)
{
	if (!portmap || !portmap->thread)
		return true;
	for (size_t i = 0; i < portmap->n; i++)
		if (portmap_place_ends(&portmap->spot[i]->place))
			return false;
	return !portmap->waits && (!portmap->dirty || !portmap->dir);
}

size_t portmap_count(const struct portmap *portmap)
{
	return portmap ? portmap->n : 0;
}

const struct portmap_place *portmap_at(const struct portmap *portmap, size_t index)
{
	return index < portmap_count(portmap) ? &portmap->spot[index]->place : NULL;
}

const struct portmap_place *portmap_of(const struct portmap *portmap, const struct port_pool *pool)
{
	for (size_t i = 0; i < portmap_count(portmap); i++)
		if (portmap->spot[i]->pool == pool)
			return &portmap->spot[i]->place;
	return NULL;
}

struct portmap_counters portmap_counters(const struct portmap *portmap)
{
	struct portmap_counters sum = { 0 };

	for (size_t i = 0; i < portmap_count(portmap); i++) {
		const struct portmap_counters *of = &portmap->spot[i]->place.counters;

		sum.granted += of->granted;
		sum.refused += of->refused;
		sum.unanswered += of->unanswered;
		sum.restarts += of->restarts;
		sum.moved += of->moved;
	}
	return sum;
}

int portmap_fd(const struct portmap *portmap)
{
	return portmap && portmap->thread ? portmap_thread_fd(portmap->thread) : -1;
}
