/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * admin.c - the control socket of rtprelayctl: connections, requests, answers in slices
 *
 * The control thread never waits for a client: it writes an answer in slices, one in each turn of
 * the event loop, so that a list of thousands of calls delays no command. The buffer of unread
 * output is bounded; a client that reads nothing for CONTROL_PROTO_PATIENCE_S is disconnected.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>
#include "admin/admin.h"
#include "admin/answer.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/json.h"
#include "base/listen_pause.h"
#include "base/log.h"

/* No step runs while the client has this many bytes to read. */
#define OUT_HIGH ((size_t)64 * 1024)
/* A slice lasts this long. */
#define SLICE_US 1000
#define ARENA	 4096

struct admin {
	struct admin_conf conf;
	struct evconnlistener *listener;
	struct listen_pause pause;
	struct admin_peer *peers;
	size_t n_peers;
	struct idle_queue idle;
	struct admin_writer writer;
};

static const struct admin_verb *const verbs[] = {
	&admin_verb_status, &admin_verb_calls,	&admin_verb_call,   &admin_verb_streams,
	&admin_verb_stats,  &admin_verb_kernel, &admin_verb_watch,  &admin_verb_terminate,
	&admin_verb_set,    &admin_verb_ban,	&admin_verb_unban,  &admin_verb_banned,
	&admin_verb_config, &admin_verb_nat,	&admin_verb_record, &admin_verb_recordings,
	&admin_verb_pcap,
};

/* --- A peer ----------------------------------------------------------------------------------- */

static void job_end(struct admin_peer *peer)
{
	const struct admin_verb *verb = peer->job.verb;

	call_cursor_end(&peer->job.cursor);
	if (verb && verb->end)
		verb->end(peer);
	memset(&peer->job, 0, sizeof(peer->job));
	if (peer->arena)
		arena_reset(peer->arena);
}

/* @admin: peer->admin, passed separately for the static analyzer */
static void peer_free(struct admin *admin, struct admin_peer *peer)
{
	job_end(peer);
	idle_remove(&peer->idle);
	DL_DELETE(admin->peers, peer);
	assert(admin->peers != peer && (!admin->peers || admin->peers->prev != peer));
	admin->n_peers--;
	if (peer->read)
		event_free(peer->read);
	if (peer->write)
		event_free(peer->write);
	if (peer->out)
		evbuffer_free(peer->out);
	arena_free(peer->arena);
	free(peer->in);
	close(peer->fd);
	free(peer);
}

static void peer_close(struct admin_peer *peer)
{
	peer_free(peer->admin, peer);
}

static const struct admin_verb *find_verb(struct str name)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (str_eq(str_of(verbs[i]->name), name))
			return verbs[i];
	return NULL;
}

static bool may(struct admin_peer *peer, const struct admin_verb *verb)
{
	if (verb->changes || verb->content ? peer->rights.change : peer->rights.read)
		return true;
	admin_error(peer, CONTROL_ERROR_DENIED,
		    verb->content ? "only root and the daemon's user may look into calls"
		    : verb->changes
			    ? "only root and the daemon's user may make changes"
			    : "only root, the daemon's user and the socket's group may read");
	return false;
}

static void run_request(struct admin_peer *peer, const struct dict *request)
{
	const struct admin_verb *verb = find_verb(dict_get_str(request, STR("verb")));
	int64_t version = 1;

	dict_get_int(request, STR("v"), &version);
	if (version != CONTROL_PROTO_VERSION) {
		admin_error(peer, CONTROL_ERROR_VERSION, "this daemon supports only version 1");
	} else if (!verb) {
		admin_error(peer, CONTROL_ERROR_REQUEST, "unknown verb");
	} else if (may(peer, verb)) {
		peer->job.verb = verb;
		if (verb->begin(peer, request))
			return;
	}
	job_end(peer);
}

static void run_line(struct admin_peer *peer, struct str line)
{
	struct dict *request = NULL;
	int err = json_decode(peer->arena, line, &request);

	if (!err && request->type == DICT_MAP) {
		run_request(peer, request);
		return;
	}
	if (err == -ENOMEM)
		admin_error(peer, CONTROL_ERROR_MEMORY, "out of memory");
	else
		admin_error(peer, CONTROL_ERROR_REQUEST,
			    "a request must be a JSON object on one line");
	job_end(peer);
}

/* Runs complete requests from the input, until one has an answer in progress. */
static void run_input(struct admin_peer *peer)
{
	size_t done = 0;

	while (!peer->job.verb && !peer->failed && evbuffer_get_length(peer->out) < OUT_HIGH) {
		const char *start = peer->in + done;
		const char *end = memchr(start, '\n', peer->in_len - done);

		if (!end)
			break;
		idle_touch(&peer->admin->idle, &peer->idle);
		run_line(peer, (struct str){ start, (size_t)(end - start) });
		done += (size_t)(end - start) + 1;
	}
	peer->in_len -= done;
	memmove(peer->in, peer->in + done, peer->in_len);
}

static bool has_step(const struct admin_peer *peer)
{
	const struct admin_verb *verb = peer->job.verb;

	return verb && verb->step && (!verb->ready || verb->ready(peer));
}

static void run_steps(struct admin_peer *peer)
{
	int64_t until_us = clock_us() + SLICE_US;

	while (has_step(peer) && !peer->failed && evbuffer_get_length(peer->out) < OUT_HIGH) {
		if (peer->job.verb->step(peer) == ADMIN_DONE)
			job_end(peer);
		if (clock_us() >= until_us)
			break;
	}
}

static bool has_work(const struct admin_peer *peer)
{
	return evbuffer_get_length(peer->out) || has_step(peer) ||
	       (!peer->job.verb && memchr(peer->in, '\n', peer->in_len));
}

/*
 * A full buffer without a line end: the request is too long. With one: reading pauses until it is
 * answered.
 */
static void watch_input(struct admin_peer *peer)
{
	bool full = peer->in_len == CONTROL_PROTO_REQUEST;

	if (full && !memchr(peer->in, '\n', peer->in_len)) {
		admin_error(peer, CONTROL_ERROR_REQUEST, "the request is too long");
		evbuffer_write(peer->out, peer->fd);
		peer->failed = true;
	} else if (full) {
		event_del(peer->read);
	} else if (event_add(peer->read, NULL)) {
		peer->failed = true;
	}
}

static void peer_go_on(struct admin_peer *peer)
{
	watch_input(peer);
	if (!peer->failed && has_work(peer))
		admin_wake(peer);
	if (peer->failed)
		peer_close(peer);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct admin_peer *peer = arg;

	if (what & EV_TIMEOUT) {
		log_info("control socket: a client that read nothing for %d s was disconnected",
			 CONTROL_PROTO_PATIENCE_S);
		peer_close(peer);
		return;
	}
	run_input(peer);
	run_steps(peer);
	if (evbuffer_get_length(peer->out) && evbuffer_write(peer->out, fd) < 0 && errno != EAGAIN)
		peer->failed = true;
	peer_go_on(peer);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct admin_peer *peer = arg;
	ssize_t got = recv(fd, peer->in + peer->in_len, CONTROL_PROTO_REQUEST - peer->in_len, 0);

	(void)what;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		peer_close(peer);
		return;
	}
	peer->in_len += (size_t)got;
	peer_go_on(peer);
}

/* --- Idle peers ------------------------------------------------------------------------------- */

static struct admin_peer *peer_of(const struct idle_item *item)
{
	return container_of(item, struct admin_peer, idle);
}

/* A client that reads nothing is disconnected after CONTROL_PROTO_PATIENCE_S. */
static bool is_busy(const struct idle_item *item)
{
	const struct admin_peer *peer = peer_of(item);

	return peer->job.verb || evbuffer_get_length(peer->out);
}

static void close_idle(struct idle_item *item)
{
	log_info("control socket: an idle client was disconnected");
	peer_close(peer_of(item));
}

static const struct idle_ops idle_ops = { .busy = is_busy, .close = close_idle };

/* Not root's, nor those of the daemon's user. */
static bool is_reader(const struct idle_item *item)
{
	return !peer_of(item)->rights.change;
}

static struct admin_peer *oldest_reader(const struct admin *admin)
{
	struct admin_peer *peer;

	DL_FOREACH(admin->peers, peer)
		if (!peer->rights.change)
			return peer;
	return admin->peers;
}

/*
 * If there are too many peers, the oldest idle one yields. Those who may only read cannot take the
 * place of root; root always gets in, if need be in place of one that is being answered.
 */
static bool make_room(struct admin *admin, const struct admin_peer_rights *rights)
{
	struct idle_item *oldest;

	if (admin->n_peers < CONTROL_PROTO_PEERS)
		return true;
	oldest = idle_oldest(&admin->idle, is_reader);
	if (!oldest && rights->change)
		oldest = idle_oldest(&admin->idle, NULL);
	if (oldest)
		close_idle(oldest);
	else if (rights->change)
		peer_close(oldest_reader(admin));
	return oldest || rights->change;
}

/* --- Start and end ---------------------------------------------------------------------------- */

static bool peer_make(struct admin_peer *peer)
{
	struct event_base *base = peer->conf->base;

	peer->in = malloc(CONTROL_PROTO_REQUEST);
	peer->out = evbuffer_new();
	peer->arena = arena_new(ARENA);
	peer->read = event_new(base, peer->fd, EV_READ | EV_PERSIST, on_readable, peer);
	peer->write = event_new(base, peer->fd, EV_WRITE, on_writable, peer);
	return peer->in && peer->out && peer->arena && peer->read && peer->write &&
	       !event_add(peer->read, NULL);
}

void admin_accept(struct admin *admin, int fd)
{
	struct admin_peer_rights rights =
		admin_socket_rights(fd, admin->conf.gid, admin->conf.mode);
	struct admin_peer *peer = NULL;

	if (make_room(admin, &rights))
		peer = calloc(1, sizeof(*peer));
	if (!peer) {
		close(fd);
		return;
	}
	peer->admin = admin;
	peer->writer = &admin->writer;
	peer->conf = &admin->conf;
	peer->fd = fd;
	peer->rights = rights;
	DL_APPEND(admin->peers, peer);
	admin->n_peers++;
	idle_add(&admin->idle, &peer->idle);
	if (!peer_make(peer))
		peer_close(peer);
}

int admin_ask(struct admin *admin, struct str request, struct evbuffer *out)
{
	struct admin_peer peer = { .admin = admin,
				   .writer = &admin->writer,
				   .conf = &admin->conf,
				   .rights = { .read = true },
				   .fd = -1,
				   .out = out,
				   .arena = arena_new(ARENA) };

	if (!peer.arena)
		return -ENOMEM;
	run_line(&peer, request);
	while (has_step(&peer) && !peer.failed && evbuffer_get_length(out) < ADMIN_ASK_MAX)
		if (peer.job.verb->step(&peer) == ADMIN_DONE)
			job_end(&peer);
	if (peer.job.verb) {
		job_end(&peer);
		peer.failed = true;
	}
	arena_free(peer.arena);
	return peer.failed ? -E2BIG : 0;
}

size_t admin_count(const struct admin *admin)
{
	return admin->n_peers;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr,
		      int len, void *arg)
{
	(void)listener;
	(void)addr;
	(void)len;
	admin_accept(arg, fd);
}

static void on_accept_failed(struct evconnlistener *listener, void *arg)
{
	struct admin *admin = arg;

	(void)listener;
	listen_pause_begin(&admin->pause);
}

/* admin/socket.c still owns the descriptor. */
static bool start_listening(struct admin *admin)
{
	struct event_base *base = admin->conf.base;

	admin->listener = evconnlistener_new(base, on_accept, admin, LEV_OPT_CLOSE_ON_EXEC, 0,
					     admin->conf.fd);
	if (!admin->listener)
		return false;
	evconnlistener_set_error_cb(admin->listener, on_accept_failed);
	listen_pause_init(&admin->pause, base, admin->listener, "control-socket");
	return true;
}

struct admin *admin_open(const struct admin_conf *conf)
{
	struct admin *admin = calloc(1, sizeof(*admin));

	if (!admin)
		return NULL;
	admin->conf = *conf;
	admin->writer.memory = malloc(CONTROL_PROTO_LINE);
	if (!idle_init(&admin->idle, conf->base, conf->conf->control_idle_s * INT64_C(1000),
		       &idle_ops) &&
	    admin->writer.memory && (conf->fd < 0 || start_listening(admin)))
		return admin;
	admin_close(admin);
	return NULL;
}

void admin_close(struct admin *admin)
{
	if (!admin)
		return;
	while (admin->peers)
		peer_free(admin, admin->peers);
	idle_fini(&admin->idle);
	listen_pause_fini(&admin->pause);
	if (admin->listener)
		evconnlistener_free(admin->listener);
	free(admin->writer.memory);
	free(admin);
}
