/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bridge.c - opens, changes and closes bridges, and reads their reports, on the control thread
 *
 * Each change of a bridge is an order to the media thread that owns it; orders take effect in the
 * order in which they were posted. The media thread answers with events. Counters are read without
 * a lock.
 */
#include <errno.h>
#include <stdlib.h>
#include "dtls/service.h"
#include "packet/bridge.h"
#include "packet/bundle.h"
#include "packet/player.h"
#include "packet/pool.h"
#include "packet/handshake.h"
#include "packet/remote.h"
#include "packet/report.h"
#include "packet/secure.h"
#include "packet/worker.h"

static void init_stream(struct stream *s, struct bridge *b, int side, int comp, int fd,
			const struct endpoint *local)
{
	s->fd = fd;
	s->side = (uint8_t)side;
	s->comp = (uint8_t)comp;
	s->bridge = b;
	s->local = *local;
	ring_init(&s->watch);
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
	b->tap = conf->tap;
	b->totals = &worker->totals;
	b->pool_conf = worker_pool_conf(pool);
	b->deny = &worker->deny;
	b->banned = &worker->banned;
	b->rtcp_ring = worker->rtcp_ring;
	b->stun_ring = worker->stun_ring;
	b->tap_ring = worker->tap_ring;
	b->dtmf = &worker->dtmf;
	b->thread = worker->number;
	b->worker = worker;
	b->close_order.bridge = b;
	b->open_order.kind = ORDER_OPEN;
	b->close_order.kind = ORDER_CLOSE;
	ring_init(&b->siblings);
	ring_init(&b->all);
	wheel_item_init(&b->keepalive);
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

/* The media thread owns it from now on. */
static void start_bridge(struct bridge *b, struct bridge *sibling, void *owner)
{
	b->open_order.bridge = sibling;
	b->owner = owner;
	b->worker->load++;
	worker_post(b->worker, &b->open_order);
}

struct bridge *bridge_open(struct worker_pool *pool, unsigned int thread, struct bridge *sibling,
			   const int fd[2][2], const struct endpoint local[2][2],
			   const struct bridge_conf *conf, void *owner)
{
	struct worker *worker = worker_pool_worker(pool, thread);
	struct bridge *b = make_bridge(pool, worker, fd, local, conf);

	if (b)
		start_bridge(b, sibling, owner);
	return b;
}

/* Packets may still arrive at its ports after the call: the ports need their quarantine. */
static void seed_stream(struct stream *s, const struct stream_seed *seed)
{
	latch_import(&s->latch, &seed->latch);
	s->last_in_ms = seed->last_in_ms;
	s->heard = latch_state(&s->latch) != LATCH_WAIT;
	s->ice = seed->ice;
}

struct bridge *bridge_restore(struct worker_pool *pool, unsigned int thread, struct bridge *sibling,
			      const int fd[2][2], const struct endpoint local[2][2],
			      const struct bridge_conf *conf, void *owner,
			      const struct stream_seed seed[2][2])
{
	struct worker *worker = worker_pool_worker(pool, thread);
	struct bridge *b = make_bridge(pool, worker, fd, local, conf);

	if (!b)
		return NULL;
	for (int i = 0; i < 4; i++)
		if (b->stream[i >> 1][i & 1])
			seed_stream(b->stream[i >> 1][i & 1], &seed[i >> 1][i & 1]);
	/* After all are seeded: the destination of RTCP may follow from RTP. */
	for (int i = 0; i < 4; i++)
		if (b->stream[i >> 1][i & 1])
			stream_start(b->stream[i >> 1][i & 1]);
	start_bridge(b, sibling, owner);
	return b;
}

static void free_keys(struct bridge_keys *keys)
{
	for (int i = 0; keys && i < BRIDGE_KEYS; i++)
		free(keys[i].indexes);
	free(keys);
}

static bool has_keys(const struct bridge_change *change, int side)
{
	return change->receive[side] || change->send[side] || change->rtcp_send[side];
}

/* What the journal stores of the keys of a side; there once it had any. */
static bool make_indexes(struct bridge_keys *keys)
{
	if (!keys->indexes)
		keys->indexes = calloc(2, sizeof(*keys->indexes));
	return keys->indexes;
}

/*
 * Memory for keys of these sides. @keys: gets the bridge's, if it had none yet, for the media
 * thread; or NULL. Return: false: out of memory
 */
static bool make_keys(const struct bridge *b, const bool sides[2], struct bridge_keys **keys)
{
	struct bridge_keys *at = b->told_keys;

	*keys = NULL;
	if (!at && (sides[SIDE_A] || sides[SIDE_B]))
		at = *keys = calloc(BRIDGE_KEYS, sizeof(*at));
	for (int side = 0; side < 2; side++) {
		if (!sides[side] || (at && make_indexes(&at[side])))
			continue;
		free_keys(*keys);
		*keys = NULL;
		return false;
	}
	return true;
}

static void count_keys(struct bridge_key_numbers *numbers, const struct bridge_change *change)
{
	for (int side = 0; side < 2; side++) {
		numbers->of[side][SRTP_RECEIVE] += change->receive[side] != NULL;
		numbers->of[side][SRTP_SEND] += change->send[side] != NULL;
	}
}

int bridge_update(struct bridge *b, const struct bridge_conf *conf,
		  const struct bridge_change *change)
{
	bool sides[2] = { change && has_keys(change, SIDE_A), change && has_keys(change, SIDE_B) };
	struct bridge_keys *keys = NULL;
	struct order_update *update;

	if (b->closing || !b->worker) {
		if (change)
			secure_drop(change);
		return 0;
	}
	update = malloc(sizeof(*update));
	if (!update || !make_keys(b, sides, &keys)) {
		free(update);
		return -ENOMEM;
	}
	*update = (struct order_update){ .order = { .bridge = b, .kind = ORDER_UPDATE },
					 .keys = keys,
					 .conf = *conf };
	if (change) {
		update->change = *change;
		count_keys(&b->numbers, change);
	}
	update->numbers = b->numbers;
	update->conf.tap = b->told.tap;
	if (keys)
		b->told_keys = keys;
	b->told = update->conf;
	worker_post(b->worker, &update->order);
	return 0;
}

int bridge_tap(struct bridge *b, uint32_t tap)
{
	uint32_t before = b->told.tap;
	int error;

	if (tap == before)
		return 0;
	b->told.tap = tap;
	error = bridge_update(b, &b->told, NULL);
	if (error)
		b->told.tap = before;
	else
		__atomic_store_n(&b->tap, tap, __ATOMIC_RELAXED);
	return error;
}

struct dtls_link *bridge_link(struct bridge *b, enum side side, enum component comp,
			      struct dtls_service *service, void *owner)
{
	bool sides[2] = { side == SIDE_A, side == SIDE_B };
	struct bridge_keys *keys = NULL;
	struct order_link *order;
	struct dtls_link *link;

	if (b->closing || !b->worker || !b->stream[side][comp])
		return NULL;
	order = malloc(sizeof(*order));
	link = order && make_keys(b, sides, &keys)
		       ? dtls_link_open(service, worker_send_datagram, b->worker, owner)
		       : NULL;
	if (!link) {
		free(order);
		free_keys(keys);
		return NULL;
	}
	*order = (struct order_link){ .order = { .bridge = b, .kind = ORDER_LINK },
				      .keys = keys,
				      .stream = b->stream[side][comp],
				      .link = dtls_link_get(link) };
	if (keys)
		b->told_keys = keys;
	worker_post(b->worker, &order->order);
	return link;
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

int bridge_ice(struct bridge *b, enum side side, enum component comp, struct stream_ice *ice)
{
	struct order_ice *order;

	if (b->closing || !b->worker || !b->stream[side][comp]) {
		free(ice);
		return 0;
	}
	order = malloc(sizeof(*order));
	if (!order)
		return -ENOMEM;
	*order = (struct order_ice){ .order = { .bridge = b, .kind = ORDER_ICE },
				     .stream = b->stream[side][comp],
				     .ice = ice };
	worker_post(b->worker, &order->order);
	return 0;
}

int bridge_stun(struct bridge *b, enum side side, enum component comp, const struct endpoint *to,
		const uint8_t *data, size_t len)
{
	struct order_stun *order;

	if (b->closing || !b->worker || !b->stream[side][comp])
		return 0;
	order = malloc(sizeof(*order) + len);
	if (!order)
		return -ENOMEM;
	*order = (struct order_stun){ .order = { .bridge = b, .kind = ORDER_STUN },
				      .stream = b->stream[side][comp],
				      .to = *to,
				      .len = len };
	memcpy(order->data, data, len);
	worker_post(b->worker, &order->order);
	return 0;
}

int bridge_bundle(struct bridge *b, enum side side, struct bundle *bundle)
{
	struct order_bundle *order;

	if (b->closing || !b->worker || !b->stream[side][COMP_RTP]) {
		free(bundle);
		return 0;
	}
	order = malloc(sizeof(*order));
	if (!order)
		return -ENOMEM;
	*order = (struct order_bundle){ .order = { .bridge = b, .kind = ORDER_BUNDLE },
					.stream = b->stream[side][COMP_RTP],
					.bundle = bundle };
	worker_post(b->worker, &order->order);
	return 0;
}

static int post_play(struct player *player, struct prompt *prompt, const struct player_conf *conf)
{
	struct bridge *b = player->stream->bridge;
	struct order_play *order = malloc(sizeof(*order));

	if (!order)
		return -ENOMEM;
	*order = (struct order_play){ .order = { .bridge = b, .kind = ORDER_PLAY },
				      .player = player,
				      .prompt = prompt,
				      .number = player->ordered };
	if (conf)
		order->conf = *conf;
	worker_post(b->worker, &order->order);
	return 0;
}

/* The media thread knows nothing of it before its first order. */
static struct player *make_player(struct bridge *b, enum side side)
{
	struct player *player = b->player[side];

	if (player)
		return player;
	player = calloc(1, sizeof(*player));
	if (!player)
		return NULL;
	player->stream = b->stream[side][COMP_RTP];
	wheel_item_init(&player->item);
	b->player[side] = player;
	return player;
}

uint32_t bridge_play(struct bridge *b, enum side side, struct prompt *prompt,
		     const struct player_conf *conf)
{
	struct player *player;

	if (b->closing || !b->worker || !b->stream[side][COMP_RTP])
		return 0;
	player = make_player(b, side);
	if (!player)
		return 0;
	player->ordered++;
	return post_play(player, prompt, conf) ? 0 : player->ordered;
}

int bridge_play_stop(struct bridge *b, enum side side)
{
	if (b->closing || !b->worker || !b->player[side])
		return 0;
	return post_play(b->player[side], NULL, NULL);
}

void bridge_player(const struct bridge *b, enum side side, uint32_t number,
		   struct player_report *report)
{
	const struct player *p = b->player[side];

	*report = (struct player_report){ 0 };
	if (!p)
		return;
	report->over = (int32_t)(__atomic_load_n(&p->done, __ATOMIC_ACQUIRE) - number) >= 0;
	if (__atomic_load_n(&p->number, __ATOMIC_RELAXED) != number)
		return; /* the thread has not read the order yet, or plays the next one */
	report->packets = __atomic_load_n(&p->sent, __ATOMIC_RELAXED);
	report->played_bytes = __atomic_load_n(&p->played_bytes, __ATOMIC_RELAXED);
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

static void free_stream(struct stream *s)
{
	if (!s)
		return;
	free(s->quality);
	free(s->denied);
	free(s->refused);
	free(s->asked);
	free(s->keepalives);
	free(s->ice);
	if (s->bundled == STREAM_CARRIES)
		free(bundle_of(s));
}

void bridge_free(struct bridge *b)
{
	if (!b)
		return;
	for (int i = 0; i < 4; i++)
		free_stream(b->stream[i >> 1][i & 1]);
	handshake_end(b);
	secure_end(b);
	for (int side = 0; side < 2; side++) {
		free(b->candidates[side]);
		if (b->player[side])
			player_end(b->player[side]);
		free(b->player[side]);
	}
	free(b->dtmf_of);
	free(b);
}

void *bridge_owner(const struct bridge *b)
{
	return b->owner;
}

bool bridge_indexes(const struct bridge *b, enum side side, enum srtp_direction direction,
		    struct srtp_indexes *indexes)
{
	return b->told_keys && b->told_keys[side].indexes &&
	       secure_indexes(&b->told_keys[side], direction, b->numbers.of[side][direction],
			      indexes);
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

void bridge_latch(const struct bridge *b, enum side side, enum component comp,
		  struct latch_record *latch)
{
	if (b->stream[side][comp])
		stream_learned(b->stream[side][comp], latch);
	else
		*latch = (struct latch_record){ 0 };
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

bool bridge_carried(const struct bridge *b, enum side side)
{
	for (int comp = 0; comp < 2; comp++) {
		const struct stream *s = b->stream[side][comp];

		if (s && (__atomic_load_n(&s->heard, __ATOMIC_RELAXED) ||
			  __atomic_load_n(&s->packets_out, __ATOMIC_RELAXED)))
			return true;
	}
	return false;
}
