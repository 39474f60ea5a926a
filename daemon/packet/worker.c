/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.c - a media thread: forwards packets of its streams, executes orders, sends events
 *
 * Each round: waits for sockets and orders, executes the orders, forwards packets, and closes
 * bridges last, since epoll events of the same round may still point to their streams. Each watched
 * stream has its tick once a second, which closes windows and connects or disconnects sockets;
 * ticks that are due at once take turns with packets. Without watched streams it sleeps without a
 * timeout.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/wake.h"
#include "packet/batch.h"
#include "packet/bundle.h"
#include "packet/ice_end.h"
#include "packet/handshake.h"
#include "packet/keepalive.h"
#include "packet/player.h"
#include "packet/remote.h"
#include "packet/secure.h"
#include "packet/stray.h"
#include "packet/stream.h"
#include "packet/worker.h"

#define EVENTS	128
#define TICK_MS 1000

/*
 * Ticks of so much time run between two rounds of packets: thousands of calls that began at the
 * same time would otherwise delay packets by several milliseconds each second.
 */
#define SLICE_US 100

static void notify_control(struct worker *worker, struct news *news, unsigned int bits)
{
	if (__atomic_fetch_or(&news->pending, (uint16_t)bits, __ATOMIC_ACQ_REL))
		return; /* the letter is already queued, and carries these bits too */
	if (mailbox_put(worker->control, &news->letter))
		wake_post(worker->control_fd);
}

/* Sends the stream's events; those for flows only if the control thread asked for them. */
static void notify_of_stream(struct worker *worker, struct stream *s)
{
	unsigned int bits = s->news_bits;

	s->news_bits = 0;
	if (!__atomic_load_n(&worker->tell_flows, __ATOMIC_RELAXED))
		bits &= ~(1u << BRIDGE_CHANGED | 1u << BRIDGE_ASK);
	if (bits)
		notify_control(worker, &s->news, bits);
}

#define each_stream(b, s)                                                                          \
	for (int each_ = 0; each_ < 4; each_++)                                                    \
		if ((s = (b)->stream[each_ >> 1][each_ & 1]))

/* What a stream learns may concern other ones: a destination follows, an SSRC is missing. */
static void notify_of_others(struct worker *worker, struct bridge *b)
{
	const unsigned int bits = 1 << BRIDGE_DENIED | 1 << BRIDGE_ASK;
	struct stream *s;

	each_stream(b, s) if (s->news_bits & bits) notify_of_stream(worker, s);
}

/*
 * A phone has spoken: sources on trial in its other medias may have ended. Or a source was refused:
 * the kernel is asked whether the party still sends RTCP.
 */
static void notify_of_party(struct worker *worker, struct bridge *b)
{
	for (struct ring *at = b->siblings.next; at != &b->siblings; at = at->next) {
		struct bridge *other = container_of(at, struct bridge, siblings);
		struct stream *s;

		each_stream(other, s) if (s->news_bits) notify_of_stream(worker, s);
	}
}

static void notify_of_news(struct worker *worker, struct stream *s)
{
	bool party = s->news_bits & (1 << BRIDGE_LATCHED | 1 << BRIDGE_REFUSED);
	bool moved = s->news_bits & (1 << BRIDGE_LATCHED | 1 << BRIDGE_CHANGED);

	if (!s->news_bits)
		return;
	if (moved)
		keepalive_mind(&worker->keepalive, s->bridge, clock_ms());
	notify_of_stream(worker, s);
	notify_of_others(worker, s->bridge);
	if (party)
		notify_of_party(worker, s->bridge);
}

/* At the end of the list, which so stays in the order of ticks. */
static void watch(struct worker *worker, struct stream *s, int64_t now_ms)
{
	s->tick_ms = (uint32_t)now_ms + TICK_MS;
	ring_insert(&worker->watched, &s->watch);
	s->watched = true;
}

static void unwatch(struct stream *s)
{
	ring_remove(&s->watch);
	s->watched = false;
}

/* NULL: no stream is watched. */
static struct stream *next_tick(const struct worker *worker)
{
	struct ring *first = worker->watched.next;

	return first == &worker->watched ? NULL : container_of(first, struct stream, watch);
}

static void tick(struct worker *worker, struct stream *s, int64_t now_ms)
{
	unwatch(s);
	stream_missed(s, batch_missed(s));
	if (stream_tick(s, now_ms))
		watch(worker, s, now_ms);
	notify_of_news(worker, s);
}

/* Its tick is at most a second away, or was missed. */
static int64_t tick_at_ms(const struct stream *s, int64_t now_ms)
{
	return now_ms + (int32_t)(s->tick_ms - (uint32_t)now_ms);
}

static bool tick_is_due(const struct worker *worker, int64_t now_us)
{
	const struct stream *s = next_tick(worker);

	return s && tick_at_ms(s, now_us / 1000) <= now_us / 1000;
}

static void tick_due(struct worker *worker)
{
	int64_t start_us = clock_us(), now_us = start_us;

	while (tick_is_due(worker, now_us) && now_us - start_us < SLICE_US) {
		tick(worker, next_tick(worker), now_us / 1000);
		now_us = clock_us();
	}
}

/*
 * recvmmsg() costs more than recvfrom() when only one packet is queued. A socket that is ready in
 * two consecutive rounds has a queue: with one packet a round, it would get less than sockets that
 * receive many.
 */
static bool expects_many(const struct worker *worker, struct stream *s)
{
	bool again = s->last_round + 1 == worker->round;

	s->last_round = worker->round;
	return again;
}

static void forward_one(struct batch *batch, struct stream *s, struct packet *packet,
			int64_t now_us)
{
	struct stream *out = stream_accept(s, packet, now_us);

	if (out)
		batch_send(batch, s, out, packet);
}

/* The same for those that @s carries: have packets come since they were watched last? */
static void finish_bundle(struct worker *worker, struct stream *s, int64_t now_us)
{
	for (unsigned int i = 0; i < bundle_of(s)->n; i++) {
		struct stream *member = bundle_stream_at(bundle_of(s), i);

		if (!member || member == s)
			continue;
		if (!member->watched && (uint32_t)member->packets_in != member->watched_packets)
			watch(worker, member, now_us / 1000);
		notify_of_news(worker, member);
	}
}

/* To be called after packets of one stream. */
static void finish_round(struct worker *worker, struct stream *s, bool active, int64_t now_us)
{
	batch_flush(worker->batch);
	if (!s->watched && active)
		watch(worker, s, now_us / 1000);
	notify_of_news(worker, s);
	if (s->bundled == STREAM_CARRIES)
		finish_bundle(worker, s, now_us);
}

static void forward(struct worker *worker, struct stream *s, int64_t now_us)
{
	struct batch *batch = worker->batch;
	struct packet *packets = NULL;
	uint64_t before = s->packets_in;
	bool many = expects_many(worker, s);
	unsigned int n = batch_receive(batch, s, many, &packets);

	for (unsigned int i = 0; i < n; i++)
		forward_one(batch, s, &packets[i], now_us);
	/* A full socket is watched, whatever is in it: the tick counts packets that did not fit. */
	finish_round(worker, s, many || s->packets_in != before, now_us);
}

/* From strangers at locked streams, or from phones whose NAT changed their port. */
static void forward_strays(struct worker *worker, int64_t now_us)
{
	struct stray_packet *strays = NULL;
	unsigned int n = stray_receive(worker->stray, &strays);

	for (unsigned int i = 0; i < n; i++) {
		struct stream *s = strays[i].stream;
		uint64_t before = s->packets_in;

		forward_one(worker->batch, s, &strays[i].packet, now_us);
		finish_round(worker, s, s->packets_in != before, now_us);
	}
	counter_add(&worker->totals.drops[DROP_RECEIVE_QUEUE], stray_missed(worker->stray));
}

static void open_bridge(struct worker *worker, struct bridge *b, struct bridge *sibling)
{
	struct stream *s;

	ring_insert(&worker->bridges, &b->all);
	if (sibling)
		ring_insert(&sibling->siblings, &b->siblings);
	each_stream(b, s)
	{
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = s };

		stream_start(s);
		stray_add(worker->stray, s);
		if (epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, s->fd, &event))
			log_err("media: cannot watch port %u, its packets are lost: %s",
				endpoint_port(&s->local), strerror(errno));
		if (latch_state(&s->latch) == LATCH_LEARN) /* it learned before a restart */
			watch(worker, s, clock_ms());
	}
	keepalive_mind(&worker->keepalive, b, clock_ms());
	notify_of_others(worker, b);
}

static void update_bridge(struct worker *worker, struct order_update *update)
{
	struct bridge *b = update->order.bridge;
	int64_t now_ms = clock_ms();
	struct stream *s;

	if (update->keys)
		b->keys = update->keys;
	bridge_apply(b, &update->conf, &update->change, now_ms);
	secure_number(b, &update->change, &update->numbers);
	free(update);
	each_stream(b, s) if (!s->watched && latch_state(&s->latch) == LATCH_LEARN)
		watch(worker, s, now_ms);
	keepalive_mind(&worker->keepalive, b, now_ms);
	/* One event for all streams: settings may change flows although no stream has moved. */
	b->streams[0].news_bits |= 1 << BRIDGE_CHANGED;
	notify_of_stream(worker, &b->streams[0]);
	notify_of_others(worker, b);
}

static void apply_kernel_report(struct worker *worker, struct order_kernel *order)
{
	struct stream *s = order->stream;
	int64_t now_ms = clock_ms();

	keepalive_kernel(s, &order->kernel, now_ms);
	stream_kernel(s, &order->kernel, now_ms);
	free(order);
	keepalive_mind(&worker->keepalive, s->bridge, now_ms);
	if (!s->watched && latch_window_open(&s->latch, now_ms))
		watch(worker, s, now_ms);
	notify_of_news(worker, s);
}

/* Addresses of this host have changed. */
static void replace_deny(struct worker *worker, struct order_deny *order)
{
	deny_put(worker->deny);
	worker->deny = order->deny;
	free(order);
	for (struct ring *at = worker->bridges.next; at != &worker->bridges; at = at->next) {
		struct bridge *b = container_of(at, struct bridge, all);
		struct stream *s;

		each_stream(b, s) stream_aim(s);
		each_stream(b, s) if (s->news_bits) notify_of_stream(worker, s);
	}
}

static void apply_ice(struct worker *worker, struct order_ice *order)
{
	struct stream *s = order->stream;

	stream_set_ice(s, order->ice);
	free(order);
	keepalive_mind(&worker->keepalive, s->bridge, clock_ms());
	s->news_bits |= 1 << BRIDGE_CHANGED;
	notify_of_stream(worker, s);
	notify_of_others(worker, s->bridge);
}

static void send_stun(struct worker *worker, struct order_stun *order)
{
	ice_end_send(order->stream, &order->to, order->data, order->len);
	notify_of_others(worker, order->stream->bridge);
	free(order);
}

static void set_bundle(struct order_bundle *order)
{
	bundle_apply(order->stream, order->bundle);
	free(order);
}

static void replace_banned(struct worker *worker, struct order_banned *order)
{
	banned_put(worker->banned);
	worker->banned = order->banned;
	free(order);
}

static void set_link(struct order_link *order)
{
	if (order->keys)
		order->order.bridge->keys = order->keys;
	handshake_set(order->stream, order->link);
	free(order);
}

/* The prompt of a stream begins or is over. */
static void mind_player(struct worker *worker, struct stream *s, int64_t now_ms)
{
	if (!s->news_bits)
		return;
	keepalive_mind(&worker->keepalive, s->bridge, now_ms);
	notify_of_stream(worker, s);
}

static void play(struct worker *worker, struct order_play *order)
{
	struct stream *s = order->player->stream;
	int64_t now_us = clock_us();

	player_order(&worker->players, order, now_us);
	free(order);
	mind_player(worker, s, now_us / 1000);
}

/* Afterwards the thread has no pointer to it. */
static void close_bridge(struct worker *worker, struct bridge *b)
{
	struct stream *s;

	each_stream(b, s)
	{
		if (s->watched)
			unwatch(s);
		if (s->heard)
			stream_missed(s, batch_missed(s));
		stream_disconnect(s);
		stray_remove(worker->stray, s);
		close(s->fd);
		s->fd = -1;
	}
	handshake_end(b);
	dtmf_end(b);
	bundle_leave(b);
	player_stop(&worker->players, b);
	keepalive_end(&worker->keepalive, b);
	bridge_pass_on(b);
	ring_remove(&b->siblings);
	ring_remove(&b->all);
}

static void execute_order(struct worker *worker, struct order *order)
{
	struct bridge *b = order->bridge;

	switch (order->kind) {
	case ORDER_OPEN:
		open_bridge(worker, container_of(order, struct bridge, open_order), b);
		break;
	case ORDER_UPDATE:
		update_bridge(worker, container_of(order, struct order_update, order));
		break;
	case ORDER_KERNEL:
		apply_kernel_report(worker, container_of(order, struct order_kernel, order));
		break;
	case ORDER_DENY:
		replace_deny(worker, container_of(order, struct order_deny, order));
		break;
	case ORDER_BANNED:
		replace_banned(worker, container_of(order, struct order_banned, order));
		break;
	case ORDER_ICE:
		apply_ice(worker, container_of(order, struct order_ice, order));
		break;
	case ORDER_STUN:
		send_stun(worker, container_of(order, struct order_stun, order));
		break;
	case ORDER_BUNDLE:
		set_bundle(container_of(order, struct order_bundle, order));
		break;
	case ORDER_LINK:
		set_link(container_of(order, struct order_link, order));
		break;
	case ORDER_PLAY:
		play(worker, container_of(order, struct order_play, order));
		break;
	case ORDER_DATAGRAM:
		handshake_leave(container_of(order, struct order_datagram, order));
		break;
	case ORDER_CLOSE: /* the current batch of events may contain its sockets */
		ring_remove(&b->all);
		ring_insert(&worker->closing, &b->all);
		break;
	case ORDER_STOP:
		worker->stopping = true;
		break;
	}
}

static void read_orders(struct worker *worker)
{
	struct letter *letter;
	uint64_t count;

	/* First the wake-up, then the letters: one that arrives later wakes us again. */
	if (read(worker->orders_fd, &count, sizeof(count)) < 0)
		return;
	__atomic_store_n(&worker->answered, __atomic_load_n(&worker->asked, __ATOMIC_RELAXED),
			 __ATOMIC_RELAXED);
	letter = mailbox_take_all(&worker->orders);
	while (letter) {
		struct letter *next = letter->next;

		execute_order(worker, container_of(letter, struct order, letter));
		letter = next;
	}
}

static void close_bridges(struct worker *worker)
{
	while (worker->closing.next != &worker->closing) {
		struct bridge *b = container_of(worker->closing.next, struct bridge, all);

		close_bridge(worker, b);
		notify_control(worker, &b->closed, 1 << BRIDGE_CLOSED);
	}
}

static int64_t earlier(int64_t at_ms, int64_t other_ms)
{
	return at_ms < 0 || (other_ms >= 0 && other_ms < at_ms) ? other_ms : at_ms;
}

static int sleep_ms(const struct worker *worker, int64_t now_ms)
{
	const struct stream *s = next_tick(worker);
	int64_t at_ms = wheel_next_ms(&worker->keepalive, now_ms);
	int64_t play_ms = wheel_next_ms(&worker->players, now_ms);

	if (play_ms >= 0)
		now_ms = clock_ms(); /* packets of this round took their time */
	at_ms = earlier(at_ms, play_ms);
	if (s)
		at_ms = earlier(at_ms, tick_at_ms(s, now_ms));
	if (worker->dtmf.due_ms)
		at_ms = earlier(at_ms, worker->dtmf.due_ms);
	if (at_ms < 0)
		return -1;
	return at_ms > now_ms ? (int)(at_ms - now_ms) : 0;
}

static bool keepalive_is_due(const struct worker *worker, int64_t now_ms)
{
	int64_t at_ms = wheel_next_ms(&worker->keepalive, now_ms);

	return at_ms >= 0 && at_ms <= now_ms;
}

/* As many as there is time for: with a hold of thousands of calls they take turns with packets. */
static void send_keepalives(struct worker *worker, int64_t now_ms)
{
	int64_t end_us = clock_us() + SLICE_US;

	while (keepalive_visit(&worker->keepalive, now_ms) && clock_us() < end_us)
		continue;
}

static bool player_is_due(const struct worker *worker, int64_t now_ms)
{
	int64_t at_ms = wheel_next_ms(&worker->players, now_ms);

	return at_ms >= 0 && at_ms <= now_ms;
}

/* With many prompts they take turns with packets, as keep-alives do. */
static void send_prompts(struct worker *worker, int64_t now_us)
{
	int64_t end_us = now_us + SLICE_US;
	struct stream *s;

	do {
		s = player_visit(&worker->players, worker->batch, now_us);
		now_us = clock_us();
		if (s)
			mind_player(worker, s, now_us / 1000);
	} while (s && now_us < end_us);
}

/* What an epoll event is about: NULL: orders; the worker: stray packets; else a stream. */
static void receive(struct worker *worker, void *what, int64_t now_us)
{
	if (what == worker)
		forward_strays(worker, now_us);
	else if (what)
		forward(worker, what, now_us);
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	struct epoll_event events[EVENTS];
	int64_t now_us = clock_us();

	while (!worker->stopping) {
		int n = epoll_wait(worker->epoll_fd, events, EVENTS,
				   sleep_ms(worker, now_us / 1000));

		now_us = clock_us();
		worker->round++;

		/* Orders first: a command is in effect for packets that arrived after it. */
		for (int i = 0; i < n; i++)
			if (!events[i].data.ptr)
				read_orders(worker);
		for (int i = 0; i < n; i++)
			receive(worker, events[i].data.ptr, now_us);
		close_bridges(worker);
		if (player_is_due(worker, now_us / 1000))
			send_prompts(worker, now_us);
		if (tick_is_due(worker, now_us))
			tick_due(worker);
		if (keepalive_is_due(worker, now_us / 1000))
			send_keepalives(worker, now_us / 1000);
		if (worker->dtmf.due_ms && now_us / 1000 >= worker->dtmf.due_ms)
			dtmf_visit(&worker->dtmf, now_us);
	}
	return NULL;
}

static int open_stray(struct worker *worker, struct steer *steer)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = worker };

	if (!steer)
		return 0;
	worker->stray = stray_open(steer, worker->number);
	if (!worker->stray)
		return -ENOMEM;
	if (stray_fd(worker->stray) >= 0 &&
	    epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, stray_fd(worker->stray), &event))
		return -errno;
	return 0;
}

static int open_descriptors(struct worker *worker, const struct worker_pool_conf *conf)
{
	struct epoll_event event = { .events = EPOLLIN };

	worker->orders_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (worker->orders_fd < 0 || worker->epoll_fd < 0 ||
	    epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, worker->orders_fd, &event))
		return -errno;
	return open_stray(worker, conf->steer);
}

static void release(struct worker *worker)
{
	batch_free(worker->batch);
	rtcp_ring_free(worker->rtcp_ring);
	rtcp_ring_free(worker->stun_ring);
	if (!worker->keeps_tap)
		tap_ring_free(worker->tap_ring);
	dtmf_thread_fini(&worker->dtmf);
	stray_close(worker->stray);
	deny_put(worker->deny);
	banned_put(worker->banned);
	if (worker->epoll_fd >= 0)
		close(worker->epoll_fd);
	if (worker->orders_fd >= 0)
		close(worker->orders_fd);
}

int worker_start(struct worker *worker, const struct worker_pool_conf *conf)
{
	int error;

	worker->orders_fd = worker->epoll_fd = -1;
	ring_init(&worker->bridges);
	ring_init(&worker->closing);
	ring_init(&worker->watched);
	wheel_init(&worker->keepalive, 1000, clock_ms());
	wheel_init(&worker->players, 1, clock_ms());
	worker->deny = deny_get(conf->deny);
	worker->batch = batch_new();
	if (conf->rtcp)
		worker->rtcp_ring = rtcp_ring_new(worker->control_fd);
	if (conf->stun)
		worker->stun_ring = rtcp_ring_new(worker->control_fd);
	if (conf->tap_bytes)
		worker->tap_ring = tap_ring_new(conf->tap_bytes);
	error = worker->batch && (worker->rtcp_ring || !conf->rtcp) &&
				(worker->stun_ring || !conf->stun) &&
				(worker->tap_ring || !conf->tap_bytes) &&
				dtmf_thread_init(&worker->dtmf, worker->control_fd, conf->dtmf)
			? open_descriptors(worker, conf)
			: -ENOMEM;
	if (!error)
		error = thread_start(&worker->thread, THREAD_MEDIA, run, worker);
	if (error)
		release(worker);
	return error;
}

void worker_stop(struct worker *worker)
{
	worker->stop_order.kind = ORDER_STOP;
	worker_post(worker, &worker->stop_order);
	worker_wake(worker);
	pthread_join(worker->thread, NULL);
	while (worker->bridges.next != &worker->bridges) {
		struct bridge *b = container_of(worker->bridges.next, struct bridge, all);

		close_bridge(worker, b);
		b->worker = NULL;
	}
	release(worker);
}

void worker_post(struct worker *worker, struct order *order)
{
	if (mailbox_put(&worker->orders, &order->letter))
		worker->wake = true;
}

void worker_send_datagram(void *arg, struct dtls_link *link, const uint8_t *data, size_t len)
{
	struct order_datagram *order = malloc(sizeof(*order) + len);
	struct worker *worker = arg;

	if (!order)
		return; /* it is sent again */
	order->order = (struct order){ .kind = ORDER_DATAGRAM };
	order->link = dtls_link_get(link);
	order->len = len;
	memcpy(order->data, data, len);
	/* If it was not empty, the one who posted before wakes the thread. */
	if (mailbox_put(&worker->orders, &order->order.letter))
		wake_post(worker->orders_fd);
}

void worker_wake(struct worker *worker)
{
	if (worker->wake)
		wake_post(worker->orders_fd);
	worker->wake = false;
}

static bool owes_answer(const struct worker *worker)
{
	return __atomic_load_n(&worker->answered, __ATOMIC_RELAXED) != worker->asked;
}

void worker_ask(struct worker *worker, int64_t now_ms)
{
	if (owes_answer(worker))
		return;
	worker->asked_ms = now_ms;
	__atomic_store_n(&worker->asked, worker->asked + 1, __ATOMIC_RELAXED);
	wake_post(worker->orders_fd);
}

int64_t worker_silent_ms(const struct worker *worker, int64_t now_ms)
{
	return owes_answer(worker) ? now_ms - worker->asked_ms : 0;
}
