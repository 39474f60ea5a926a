/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ctl.c - control sockets: receive, check the source, replay, run, send the reply
 *
 * A datagram is: cookie, blank, payload. The reply begins with the same cookie. The payload is
 * passed to the protocol (gate/protocol.h); ports of some protocols accept requests of other
 * protocols. Over connections (ctl/stream.c) come the same texts, or lines without cookies.
 */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "base/resolve.h"
#include "call/tree.h"
#include "ctl/ctl.h"
#include "ctl/socket.h"
#include "ctl/stream.h"
#include "gate/allow.h"
#include "gate/replay.h"
#include "port/iface.h"

/* Datagrams received at once, before the media threads are woken and the loop continues. */
#define BATCH 64
/* How long a reply is kept: longer than a proxy repeats its request. */
#define REPLAY_MS 60000
/* Log lines about refused datagrams are at least this far apart. */
#define REFUSAL_LOG_MS 10000
#define SOCKETS	       32

struct ctl_socket {
	struct ctl *ctl;
	struct event *event;
	int fd;
	const struct ctl_listen *row;
};

struct ctl_lines {
	struct ctl *ctl;
	struct ctl_stream *stream;
	const struct ctl_listen *row;
};

/* Datagrams refused without an answer: their count, and the time of the next permitted log line. */
struct refusal_log {
	uint64_t count;
	int64_t next_ms;
};

union ctl_control {
	struct cmsghdr align;
	char bytes[CTL_CONTROL];
};

/* Datagrams of a batch, in or out. */
struct ctl_batch {
	struct mmsghdr messages[BATCH];
	struct iovec iov[BATCH];
	union ctl_control control[BATCH];
	char *bytes; /* BATCH times CTL_DATAGRAM; pages that were never used take no memory */
};

struct ctl {
	struct command_env *env;
	struct replay *replay;
	struct allow allow;
	ctl_batch_fn *batch;
	void *arg;
	struct ctl_listen *rows;
	size_t n_rows;
	struct ctl_socket sockets[SOCKETS];
	size_t n_sockets;
	struct ctl_lines streams[SOCKETS];
	size_t n_streams;
	int64_t idle_ms;
	struct refusal_log not_allowed, from_media_port, malformed;
	struct ctl_batch in, out;
	struct endpoint from[BATCH];
};

/* Counts it. May a line be written now? */
static bool is_line_due(struct refusal_log *log, int64_t now_ms)
{
	log->count++;
	if (now_ms < log->next_ms)
		return false;
	log->next_ms = now_ms + REFUSAL_LOG_MS;
	return true;
}

static void log_refusal(struct refusal_log *log, const struct endpoint *source, int64_t now_ms,
			const char *why)
{
	char text[ENDPOINT_TEXT];

	if (is_line_due(log, now_ms))
		log_warn("command refused: source %s %s (%" PRIu64 " so far)",
			 endpoint_print_addr(source, text), why, log->count);
}

/* Setting the key replaces the default, so the line names all that it has to contain. */
static void log_stranger(struct ctl *ctl, const struct endpoint *source, int64_t now_ms)
{
	char text[ENDPOINT_TEXT], allowed[512];

	if (!is_line_due(&ctl->not_allowed, now_ms))
		return;
	endpoint_print_addr(source, text);
	allow_print(&ctl->allow, allowed, sizeof(allowed));
	log_warn("command refused: source %s is not in control-allow (%" PRIu64
		 " so far); if it is your proxy, set control-allow = %s, %s and restart rtprelayd",
		 text, ctl->not_allowed.count, allowed, text);
}

/* @is_command: it is more than noise */
static bool is_allowed(struct ctl *ctl, const struct endpoint *source, bool is_command)
{
	int64_t now_ms = clock_ms();

	if (allow_has(&ctl->allow, source))
		return true;
	ctl->env->stats->not_allowed++;
	if (is_command)
		stats_stranger(ctl->env->stats, source, now_ms);
	log_stranger(ctl, source, now_ms);
	return false;
}

/*
 * A caller's media leaves from the relay's own address, which control-allow usually allows. Should
 * it reach a control socket, its source is a port that the relay holds: this very port, since a
 * proxy on the same host may send from any other one of the range.
 */
static bool is_from_media(struct ctl *ctl, const struct endpoint *source)
{
	if (!iface_holds(ctl->env->calls->conf.ifaces, source, ctl->env->now_ms))
		return false;
	ctl->env->stats->from_media_port++;
	log_refusal(&ctl->from_media_port, source, ctl->env->now_ms,
		    "is a media port of this relay: a caller tries to send commands");
	return true;
}

/* The protocol of a request that came to a port of @row: its own, or another one it accepts. */
static const struct ctl_listen *row_of(const struct ctl *ctl, const struct ctl_listen *row,
				       struct str payload)
{
	for (size_t i = 0; row->protocol->takes_others && i < ctl->n_rows; i++) {
		const struct control_protocol *other = ctl->rows[i].protocol;

		if (other != row->protocol && other->is_request && other->is_request(payload))
			return &ctl->rows[i];
	}
	return row;
}

/* Runs a request with a valid cookie, or repeats its reply. */
static void run_once(struct ctl *ctl, const struct ctl_listen *row, const struct endpoint *source,
		     struct str cookie, struct str payload, struct buf *out)
{
	struct command_env *env = ctl->env;
	struct stats *stats = env->stats;
	struct str reply;

	stats->requests++;
	if (replay_find(ctl->replay, source, cookie, env->now_ms, &reply)) {
		stats->replayed++;
		buf_str(out, reply);
		return;
	}
	arena_reset(env->arena);
	buf_str(out, cookie);
	buf_char(out, ' ');
	row = row_of(ctl, row, payload);
	row->protocol->run(env, row->arg, source, payload, out);
	if (!out->len)
		return;
	replay_put(ctl->replay, source, cookie, (struct str){ out->data, out->len }, env->now_ms);
	stats->replies_evicted = replay_usage(ctl->replay).evicted;
}

static void log_malformed(struct ctl *ctl, const struct endpoint *source, const char *why)
{
	ctl->env->stats->malformed++;
	log_refusal(&ctl->malformed, source, ctl->env->now_ms, why);
}

/* A datagram. */
static void answer(struct ctl *ctl, const struct ctl_listen *row, const struct endpoint *source,
		   struct str payload, struct buf *out)
{
	struct str cookie;
	bool is_command;

	ctl->env->now_ms = clock_ms();
	cookie = row->protocol->cookie(&payload);
	is_command = cookie.len && cookie.len <= REPLAY_COOKIE_MAX;
	if (!is_allowed(ctl, source, is_command) || is_from_media(ctl, source))
		return;
	if (!is_command) {
		log_malformed(ctl, source,
			      "sent a datagram without a valid cookie: not a command of NG or "
			      "rtpproxy");
		return;
	}
	run_once(ctl, row, source, cookie, payload, out);
}

static const struct ctl_listen *find_row(const struct ctl *ctl,
					 const struct control_protocol *protocol)
{
	for (size_t i = 0; i < ctl->n_rows; i++)
		if (ctl->rows[i].protocol == protocol)
			return &ctl->rows[i];
	return NULL;
}

void ctl_datagram(struct ctl *ctl, const struct control_protocol *protocol,
		  const struct endpoint *source, struct str datagram, struct buf *out)
{
	const struct ctl_listen *row = find_row(ctl, protocol);

	if (row)
		answer(ctl, row, source, datagram, out);
}

bool ctl_allows(struct ctl *ctl, const struct endpoint *source)
{
	return is_allowed(ctl, source, true);
}

static void run_plain(struct ctl *ctl, const struct ctl_listen *row, const struct endpoint *source,
		      struct str request, struct buf *out)
{
	struct command_env *env = ctl->env;

	env->stats->requests++;
	arena_reset(env->arena);
	row->protocol->run(env, row->arg, source, request, out);
}

static bool run_with_cookie(struct ctl *ctl, const struct ctl_listen *row,
			    const struct endpoint *source, struct str request, struct buf *out)
{
	struct str cookie = row->protocol->cookie(&request);

	if (!cookie.len || cookie.len > REPLAY_COOKIE_MAX) {
		log_malformed(ctl, source, "sent a request over HTTP without a valid cookie");
		return false;
	}
	run_once(ctl, row, source, cookie, request, out);
	return true;
}

bool ctl_request(struct ctl *ctl, const struct control_protocol *protocol,
		 const struct endpoint *source, struct str request, bool cookie, struct buf *out)
{
	const struct ctl_listen *row = find_row(ctl, protocol);

	ctl->env->now_ms = clock_ms();
	if (!row || (cookie && !run_with_cookie(ctl, row, source, request, out)))
		return false;
	if (!cookie)
		run_plain(ctl, row, source, request, out);
	ctl->env->stats->replies++;
	ctl->batch(ctl->arg);
	return true;
}

static bool may_connect(void *arg, const struct endpoint *source)
{
	const struct ctl_lines *lines = arg;

	return is_allowed(lines->ctl, source, true);
}

/* A command over a connection. */
static void run_line(void *arg, const struct endpoint *source, struct str command, struct buf *out)
{
	const struct ctl_lines *lines = arg;

	lines->ctl->env->now_ms = clock_ms();
	run_plain(lines->ctl, lines->row, source, command, out);
}

/* A request over a connection that the protocol's frame function has found. */
static void run_request(void *arg, const struct endpoint *source, struct str request,
			struct buf *out)
{
	const struct ctl_lines *lines = arg;
	struct str cookie = lines->row->protocol->cookie(&request);

	lines->ctl->env->now_ms = clock_ms();
	run_once(lines->ctl, lines->row, source, cookie, request, out);
	lines->ctl->env->stats->replies += out->len > 0;
}

static void refuse_bytes(void *arg, const struct endpoint *source)
{
	const struct ctl_lines *lines = arg;

	lines->ctl->env->now_ms = clock_ms();
	log_malformed(lines->ctl, source,
		      "sent no command of NG, or one that is too long: its connection is closed");
}

static void batch_done(void *arg)
{
	const struct ctl_lines *lines = arg;

	lines->ctl->batch(lines->ctl->arg);
}

static void prepare_batch(struct ctl_batch *batch)
{
	for (size_t i = 0; i < BATCH; i++) {
		batch->iov[i] = (struct iovec){ batch->bytes + i * CTL_DATAGRAM, CTL_DATAGRAM };
		batch->messages[i].msg_hdr = (struct msghdr){
			.msg_iov = &batch->iov[i],
			.msg_iovlen = 1,
			.msg_control = &batch->control[i],
		};
	}
}

static int receive_batch(struct ctl *ctl, int fd)
{
	for (size_t i = 0; i < BATCH; i++) {
		struct msghdr *request = &ctl->in.messages[i].msg_hdr;

		request->msg_name = &ctl->from[i];
		request->msg_namelen = sizeof(ctl->from[i]);
		request->msg_controllen = sizeof(ctl->in.control[i]);
	}
	return recvmmsg(fd, ctl->in.messages, BATCH, MSG_DONTWAIT, NULL);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ctl_socket *own = arg;
	struct ctl *ctl = own->ctl;
	struct stats *stats = ctl->env->stats;
	int n = receive_batch(ctl, fd);
	unsigned int answers = 0, sent;

	(void)what;
	for (int i = 0; i < n; i++) {
		const struct mmsghdr *request = &ctl->in.messages[i];
		struct str datagram = { ctl->in.iov[i].iov_base, request->msg_len };
		struct buf out =
			BUF_INIT(ctl->out.bytes + answers * (size_t)CTL_DATAGRAM, CTL_DATAGRAM);

		answer(ctl, own->row, &ctl->from[i], datagram, &out);
		if (out.len)
			ctl_socket_address(&request->msg_hdr, (struct str){ out.data, out.len },
					   &ctl->out.messages[answers++].msg_hdr);
	}
	if (n <= 0)
		return;
	/* Apply before replying: media may arrive as soon as the proxy has the answer. */
	ctl->batch(ctl->arg);
	/* If a reply cannot be sent, the proxy repeats its request and gets the recorded reply. */
	sent = ctl_socket_send(fd, ctl->out.messages, answers);
	stats->replies += sent;
	stats->send_failed += answers - sent;
}

static int open_socket(struct ctl *ctl, struct event_base *base, const struct ctl_listen *row,
		       const struct endpoint *addr)
{
	struct ctl_socket *own = &ctl->sockets[ctl->n_sockets];

	if (ctl->n_sockets == SOCKETS)
		return -E2BIG;
	own->fd = ctl_socket_open(addr);
	if (own->fd < 0)
		return own->fd;
	own->ctl = ctl;
	own->row = row;
	own->event = event_new(base, own->fd, EV_READ | EV_PERSIST, on_readable, own);
	if (!own->event || event_add(own->event, NULL)) {
		if (own->event)
			event_free(own->event);
		close(own->fd);
		return -ENOMEM;
	}
	ctl->n_sockets++;
	return 0;
}

static const char *error_text(const char *what, const char *value, int error)
{
	static __thread char text[256];

	snprintf(text, sizeof(text), "%s %s: %s", what, value, strerror(-error));
	return text;
}

/* One address for connections: @at, or if it is NULL that of @text. */
static int listen_streams(struct ctl *ctl, struct event_base *base, const struct ctl_listen *row,
			  const char *text, const struct endpoint *at, bool allow_near)
{
	struct ctl_lines *own = &ctl->streams[ctl->n_streams];
	const struct ctl_stream_conf conf = { .name = row->protocol->key,
					      .allowed = may_connect,
					      .run = row->protocol->frame ? run_request : run_line,
					      .done = batch_done,
					      .frame = row->protocol->frame,
					      .malformed = refuse_bytes,
					      .arg = own,
					      .patience_ms = CTL_PATIENCE_MS,
					      .idle_ms = ctl->idle_ms };
	struct endpoint addr;
	int error;

	if (ctl->n_streams == SOCKETS)
		return -E2BIG;
	own->ctl = ctl;
	own->row = row;
	own->stream = at ? ctl_stream_listen(base, at, &conf, &error)
			 : ctl_stream_open(base, text, &conf, &error);
	if (error)
		return error;
	ctl->n_streams++;
	addr = ctl_stream_address(own->stream);
	return allow_near && endpoint_is_set(&addr) ? allow_add_subnets(&ctl->allow, &addr) : 0;
}

/*
 * One address for datagrams, or for TCP connections if the protocol has a frame function. For a
 * port without an address one of the two families is enough.
 */
static int listen_at(struct ctl *ctl, struct event_base *base, const struct ctl_listen *row,
		     const char *text, bool allow_near)
{
	struct endpoint addrs[8];
	int n = endpoint_resolve(text, addrs, COUNT(addrs));
	int error = n < 0 ? n : -EADDRNOTAVAIL, opened = 0;

	for (int i = 0; i < n; i++) {
		error = row->protocol->frame
				? listen_streams(ctl, base, row, NULL, &addrs[i], allow_near)
				: open_socket(ctl, base, row, &addrs[i]);
		if (error == -EAFNOSUPPORT && n > 1)
			continue;
		if (!error && allow_near && !row->protocol->frame)
			error = allow_add_subnets(&ctl->allow, &addrs[i]);
		if (error)
			return error;
		opened++;
	}
	return opened ? 0 : error;
}

static int listen_text(struct ctl *ctl, struct event_base *base, const struct ctl_listen *row,
		       const char *text, bool allow_near)
{
	if (!row->protocol->connections)
		return listen_at(ctl, base, row, text, allow_near);
	if (ctl_stream_is(text))
		return listen_streams(ctl, base, row, text, NULL, allow_near);
	if (str_starts(str_of(text), STR("udp:")))
		text += 4;
	else if (str_starts(str_of(text), STR("udp6:")))
		text += 5;
	return listen_at(ctl, base, row, text, allow_near);
}

static int listen_row(struct ctl *ctl, struct event_base *base, const struct ctl_listen *row,
		      bool allow_near, const char **why)
{
	int error = 0;

	for (size_t i = 0; row->at && i < row->at->count && !error; i++) {
		error = listen_text(ctl, base, row, row->at->item[i], allow_near);
		if (error)
			*why = error_text(row->protocol->key, row->at->item[i], error);
	}
	return error;
}

static int listen_all(struct ctl *ctl, struct event_base *base, const struct ctl_conf *conf,
		      const char **why)
{
	int error = 0;

	for (size_t i = 0; i < ctl->n_rows && !error; i++)
		error = listen_row(ctl, base, &ctl->rows[i], !conf->control_allow->count, why);
	return error;
}

static int start_allow(struct ctl *ctl, const struct conf_list *list, const char **why)
{
	int error = 0;

	if (!list->count)
		error = allow_add_loopback(&ctl->allow);
	for (size_t i = 0; i < list->count && !error; i++) {
		error = allow_add(&ctl->allow, str_of(list->item[i]));
		if (error)
			*why = error_text("control-allow", list->item[i], error);
	}
	return error;
}

static struct ctl *ctl_new(const struct ctl_conf *conf)
{
	const struct replay_limits limits = { .entries = conf->replay_entries,
					      .bytes = (size_t)conf->replay_mbytes << 20,
					      .ttl_ms = REPLAY_MS };
	struct ctl *ctl = calloc(1, sizeof(*ctl));

	if (!ctl)
		return NULL;
	ctl->rows = malloc((conf->n_listen + 1) * sizeof(*ctl->rows));
	ctl->replay = replay_new(&limits);
	ctl->in.bytes = malloc((size_t)BATCH * CTL_DATAGRAM);
	ctl->out.bytes = malloc((size_t)BATCH * CTL_DATAGRAM);
	if (!ctl->rows || !ctl->replay || !ctl->in.bytes || !ctl->out.bytes) {
		ctl_close(ctl);
		return NULL;
	}
	ctl->idle_ms = conf->idle_s * INT64_C(1000);
	for (size_t i = 0; i < conf->n_listen; i++)
		ctl->rows[ctl->n_rows++] = conf->listen[i];
	prepare_batch(&ctl->in);
	prepare_batch(&ctl->out);
	return ctl;
}

struct ctl *ctl_open(struct event_base *base, const struct ctl_conf *conf, struct command_env *env,
		     ctl_batch_fn *batch, void *arg, const char **error)
{
	struct ctl *ctl = ctl_new(conf);
	int result;

	*error = "control: out of memory";
	if (!ctl)
		return NULL;
	ctl->env = env;
	ctl->batch = batch;
	ctl->arg = arg;
	result = start_allow(ctl, conf->control_allow, error);
	if (!result)
		result = listen_all(ctl, base, conf, error);
	if (!result)
		return ctl;
	ctl_close(ctl);
	return NULL;
}

void ctl_close(struct ctl *ctl)
{
	if (!ctl)
		return;
	for (size_t i = 0; i < ctl->n_sockets; i++) {
		event_free(ctl->sockets[i].event);
		close(ctl->sockets[i].fd);
	}
	for (size_t i = 0; i < ctl->n_streams; i++)
		ctl_stream_close(ctl->streams[i].stream);
	replay_free(ctl->replay);
	allow_fini(&ctl->allow);
	free(ctl->rows);
	free(ctl->in.bytes);
	free(ctl->out.bytes);
	free(ctl);
}

void ctl_allowed(const struct ctl *ctl, char *out, size_t size)
{
	allow_print(&ctl->allow, out, size);
}

uint16_t ctl_port(const struct ctl *ctl, size_t n)
{
	struct endpoint addr = { 0 };
	socklen_t len = sizeof(addr);

	if (n >= ctl->n_sockets || getsockname(ctl->sockets[n].fd, &addr.sa, &len))
		return 0;
	return endpoint_port(&addr);
}

uint16_t ctl_stream_port(const struct ctl *ctl, size_t n)
{
	struct endpoint addr;

	if (n >= ctl->n_streams)
		return 0;
	addr = ctl_stream_address(ctl->streams[n].stream);
	return endpoint_is_set(&addr) ? endpoint_port(&addr) : 0;
}
