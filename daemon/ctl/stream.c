/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.c - control over connections (unix:, cunix:, tcp:, tcp6:) for protocols that allow it
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>
#include "base/count.h"
#include "base/idle.h"
#include "base/listen_pause.h"
#include "base/log.h"
#include "base/resolve.h"
#include "ctl/socket.h"
#include "ctl/stream.h"

/* With more bytes of unread answers no further command is run; with lines, the connection ends. */
#define UNREAD_MAX (64 * 1024)
#define BACKLOG	   128
/* TCP keep-alive: detects a proxy that disappeared without closing its connection. */
#define KEEP_IDLE_S	60
#define KEEP_INTERVAL_S 10
#define KEEP_TRIES	6

struct connection {
	struct connection *prev, *next;
	struct ctl_stream *stream;
	struct bufferevent *bev;
	struct idle_item idle;
	struct endpoint source;
	struct control_frame frame; /* of the first request that is not complete */
	bool ending;		    /* it is closed as soon as its answers are sent */
	bool paused;		    /* it goes on as soon as its answers are sent */
};

struct ctl_stream {
	struct event_base *base;
	struct ctl_stream_conf conf;
	struct evconnlistener *listener;
	struct listen_pause pause;
	struct connection *connections;
	size_t n_connections;
	struct idle_queue idle;
	char *reply;
	size_t reply_size;
	bool once; /* one command for each connection */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* Unix socket, to be removed */
};

static const struct {
	struct str prefix;
	int family;
	bool once;
} kinds[] = {
	{ STR("/"), AF_UNIX, true }, /* a path without prefix */
	{ STR("unix:"), AF_UNIX, true },   { STR("cunix:"), AF_UNIX, false },
	{ STR("tcp:"), AF_UNSPEC, false }, { STR("tcp6:"), AF_INET6, false },
};

static int kind_of(const char *text)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (str_starts(str_of(text), kinds[i].prefix))
			return (int)i;
	return -1;
}

bool ctl_stream_is(const char *text)
{
	return kind_of(text) >= 0;
}

/* --- A connection ----------------------------------------------------------------------------- */

static void connection_close(struct connection *connection)
{
	struct ctl_stream *stream = connection->stream;

	DL_DELETE(stream->connections, connection);
	stream->n_connections--;
	idle_remove(&connection->idle);
	bufferevent_free(connection->bev);
	free(connection);
}

static void connection_end(struct connection *connection)
{
	connection->ending = true;
	bufferevent_disable(connection->bev, EV_READ);
	if (!evbuffer_get_length(bufferevent_get_output(connection->bev)))
		connection_close(connection);
}

static struct connection *connection_of(const struct idle_item *item)
{
	return container_of(item, struct connection, idle);
}

/* If it does not read its answers, it is closed after conf.patience_ms. */
static bool is_busy(const struct idle_item *item)
{
	return evbuffer_get_length(bufferevent_get_output(connection_of(item)->bev));
}

static void close_idle(struct idle_item *item)
{
	struct connection *connection = connection_of(item);
	char text[ENDPOINT_TEXT];

	log_info("%s: connection closed (%s): idle, or the oldest idle one of %d when another came",
		 connection->stream->conf.name, endpoint_print(&connection->source, text),
		 CTL_CONNECTIONS);
	connection_close(connection);
}

static const struct idle_ops idle_ops = { .busy = is_busy, .close = close_idle };

static void run(struct connection *connection, struct str command)
{
	struct ctl_stream *stream = connection->stream;
	struct buf out = BUF_INIT(stream->reply, stream->reply_size);

	stream->conf.run(stream->conf.arg, &connection->source, command, &out);
	idle_touch(&stream->idle, &connection->idle);
	bufferevent_write(connection->bev, out.data, out.len);
}

/* The next line of *in; the caller drains @taken bytes after use. False: no complete line yet. */
static bool next_line(struct evbuffer *in, struct str *line, size_t *taken)
{
	struct evbuffer_ptr end = evbuffer_search(in, "\n", 1, NULL);

	if (end.pos < 0 || end.pos > CTL_LINE)
		return false;
	*taken = (size_t)end.pos + 1;
	line->s = (const char *)evbuffer_pullup(in, end.pos + 1);
	line->len = (size_t)end.pos;
	return line->s;
}

/* Runs all complete lines. False: close the connection (answers not read, or a line too long). */
static bool run_lines(struct connection *connection, struct evbuffer *in)
{
	struct evbuffer *out = bufferevent_get_output(connection->bev);
	struct str line;
	size_t taken;

	while (next_line(in, &line, &taken)) {
		run(connection, line);
		evbuffer_drain(in, taken);
		if (evbuffer_get_length(out) > UNREAD_MAX)
			return false;
	}
	return evbuffer_get_length(in) <= CTL_LINE;
}

/* Over unix: proxies send a command with one write, without an end of line. */
static void run_once(struct connection *connection, struct evbuffer *in)
{
	size_t len = evbuffer_get_length(in);

	if (len > CTL_LINE || !len)
		return;
	run(connection, (struct str){ (const char *)evbuffer_pullup(in, -1), len });
	evbuffer_drain(in, len);
}

/* A proxy may send many requests at once: they wait, if it does not read the answers. */
static void pause_reading(struct connection *connection)
{
	connection->paused = true;
	bufferevent_disable(connection->bev, EV_READ);
}

/* The first request in *in, if it is complete. -EINVAL: this is no request, or it is too long. */
static int next_request(struct connection *connection, struct evbuffer *in, struct str *request)
{
	struct control_frame *frame = &connection->frame;
	size_t len = evbuffer_get_length(in);
	struct str bytes = { NULL, len < CONTROL_REQUEST_MAX ? len : CONTROL_REQUEST_MAX };
	int result;

	bytes.s = (const char *)evbuffer_pullup(in, (ev_ssize_t)bytes.len);
	if (!bytes.s)
		return -ENOMEM;
	result = connection->stream->conf.frame(frame, bytes);
	*request = (struct str){ bytes.s + frame->begin, frame->at - frame->begin };
	return result || bytes.len < CONTROL_REQUEST_MAX ? result : -EINVAL;
}

/* Runs all complete requests. False: close the connection. */
static bool run_requests(struct connection *connection, struct evbuffer *in)
{
	const struct ctl_stream_conf *conf = &connection->stream->conf;
	struct str request;
	int result = 1;

	while (result > 0 && evbuffer_get_length(in)) {
		if (evbuffer_get_length(bufferevent_get_output(connection->bev)) > UNREAD_MAX) {
			pause_reading(connection);
			return true;
		}
		result = next_request(connection, in, &request);
		if (result <= 0)
			break;
		run(connection, request);
		evbuffer_drain(in, connection->frame.at);
		connection->frame = (struct control_frame){ 0 };
	}
	if (result == -EINVAL)
		conf->malformed(conf->arg, &connection->source);
	return result >= 0;
}

static void run_input(struct connection *connection)
{
	struct evbuffer *in = bufferevent_get_input(connection->bev);
	struct ctl_stream *stream = connection->stream;
	bool keep = false;

	if (stream->once)
		run_once(connection, in);
	else if (stream->conf.frame)
		keep = run_requests(connection, in);
	else
		keep = run_lines(connection, in);
	stream->conf.done(stream->conf.arg);
	if (!keep)
		connection_end(connection);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	(void)bev;
	run_input(arg);
}

/* All answers are sent. */
static void on_written(struct bufferevent *bev, void *arg)
{
	struct connection *connection = arg;

	if (connection->ending) {
		connection_close(connection);
	} else if (connection->paused) {
		connection->paused = false;
		bufferevent_enable(bev, EV_READ);
		run_input(connection);
	}
}

/* A proxy that has closed its sending direction still gets its answers. */
static void on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (what & BEV_EVENT_EOF)
		connection_end(arg);
	else if (what & (BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		connection_close(arg);
}

/* If there are too many connections, the oldest idle one yields. */
static bool make_room(const struct ctl_stream *stream)
{
	struct idle_item *oldest;

	if (stream->n_connections < CTL_CONNECTIONS)
		return true;
	oldest = idle_oldest(&stream->idle, NULL);
	if (oldest)
		close_idle(oldest);
	return oldest;
}

static bool may_connect(const struct ctl_stream *stream, const struct endpoint *source)
{
	if (endpoint_is_set(source) && !stream->conf.allowed(stream->conf.arg, source))
		return false;
	return make_room(stream);
}

/* Otherwise connections of vanished proxies would count towards CTL_CONNECTIONS for ever. */
static void keep_alive(evutil_socket_t fd)
{
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, sizeof(int));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){ KEEP_IDLE_S }, sizeof(int));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &(int){ KEEP_INTERVAL_S }, sizeof(int));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &(int){ KEEP_TRIES }, sizeof(int));
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
			  struct sockaddr *addr, int len, void *arg)
{
	struct ctl_stream *stream = arg;
	unsigned int ms = stream->conf.patience_ms;
	const struct timeval patience = { ms / 1000, ms % 1000 * 1000 };
	struct connection *connection = calloc(1, sizeof(*connection));

	(void)listener;
	if (!connection) {
		close(fd);
		return;
	}
	connection->stream = stream;
	if (addr->sa_family != AF_UNIX && (size_t)len <= sizeof(connection->source))
		memcpy(&connection->source, addr, (size_t)len);
	if (may_connect(stream, &connection->source))
		connection->bev = bufferevent_socket_new(stream->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!connection->bev) {
		free(connection);
		close(fd);
		return;
	}
	DL_APPEND(stream->connections, connection);
	stream->n_connections++;
	idle_add(&stream->idle, &connection->idle);
	bufferevent_set_timeouts(connection->bev, stream->once ? &patience : NULL, &patience);
	if (endpoint_is_set(&connection->source))
		keep_alive(fd);
	bufferevent_setcb(connection->bev, on_read, on_written, on_event, connection);
	bufferevent_enable(connection->bev, EV_READ | EV_WRITE);
}

/* --- Listening -------------------------------------------------------------------------------- */

static void on_accept_failed(struct evconnlistener *listener, void *arg)
{
	struct ctl_stream *stream = arg;

	(void)listener;
	listen_pause_begin(&stream->pause);
}

/* Removes the socket file of an earlier daemon, unless a process accepts connections there. */
static int remove_stale(const struct sockaddr_un *addr)
{
	struct stat stat;
	int fd, error = 0;

	if (lstat(addr->sun_path, &stat))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(stat.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)(const void *)addr, sizeof(*addr)) ||
	    errno == EAGAIN)
		error = -EADDRINUSE;
	close(fd);
	if (!error && unlink(addr->sun_path))
		error = -errno;
	return error;
}

static int bind_path(struct ctl_stream *stream, struct str path, struct sockaddr_un *addr)
{
	int error;

	if (!path.len || path.len >= sizeof(addr->sun_path))
		return -EINVAL;
	memcpy(addr->sun_path, path.s, path.len);
	error = remove_stale(addr);
	if (!error)
		memcpy(stream->path, addr->sun_path, sizeof(stream->path));
	return error;
}

static int listen_at(struct ctl_stream *stream, const struct sockaddr *addr, socklen_t len,
		     unsigned int flags)
{
	mode_t mask = umask(0117); /* the owner and its group */
	int error;

	flags |= LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
	errno = 0;
	stream->listener = evconnlistener_new_bind(stream->base, on_connection, stream, flags,
						   BACKLOG, addr, (int)len);
	error = errno;
	umask(mask);
	if (!stream->listener)
		return error ? -error : -ENOMEM;
	evconnlistener_set_error_cb(stream->listener, on_accept_failed);
	listen_pause_init(&stream->pause, stream->base, stream->listener, stream->conf.name);
	return 0;
}

static int open_kind(struct ctl_stream *stream, int kind, const char *text)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	struct endpoint addrs[2];
	int error, n;

	if (text[0] != '/')
		text += kinds[kind].prefix.len;
	if (kinds[kind].family == AF_UNIX) {
		error = bind_path(stream, str_of(text), &path);
		return error ? error
			     : listen_at(stream, (const struct sockaddr *)(const void *)&path,
					 sizeof(path), 0);
	}
	n = endpoint_resolve(text, addrs, 2);
	if (n < 1 || (kinds[kind].family && addrs[0].sa.sa_family != kinds[kind].family))
		return -EINVAL;
	return listen_at(stream, &addrs[0].sa, endpoint_len(&addrs[0]), 0);
}

static void stream_free(struct ctl_stream *stream)
{
	if (!stream)
		return;
	idle_fini(&stream->idle);
	free(stream->reply);
	free(stream);
}

static struct ctl_stream *stream_new(struct event_base *base, const struct ctl_stream_conf *conf)
{
	struct ctl_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->base = base;
	stream->conf = *conf;
	stream->reply_size = conf->frame ? CTL_FRAME_REPLY : CTL_STREAM_REPLY;
	stream->reply = malloc(stream->reply_size);
	if (stream->reply && !idle_init(&stream->idle, base, conf->idle_ms, &idle_ops))
		return stream;
	free(stream->reply);
	free(stream);
	return NULL;
}

struct ctl_stream *ctl_stream_open(struct event_base *base, const char *text,
				   const struct ctl_stream_conf *conf, int *error)
{
	struct ctl_stream *stream = stream_new(base, conf);
	int kind = kind_of(text);

	*error = stream ? -EINVAL : -ENOMEM;
	if (stream && kind >= 0) {
		stream->once = kinds[kind].once;
		*error = open_kind(stream, kind, text);
	}
	if (!*error)
		return stream;
	stream_free(stream);
	return NULL;
}

struct ctl_stream *ctl_stream_listen(struct event_base *base, const struct endpoint *at,
				     const struct ctl_stream_conf *conf, int *error)
{
	struct ctl_stream *stream = stream_new(base, conf);

	*error = stream ? listen_at(stream, &at->sa, endpoint_len(at),
				    at->sa.sa_family == AF_INET6 ? LEV_OPT_BIND_IPV6ONLY : 0)
			: -ENOMEM;
	if (!*error)
		return stream;
	stream_free(stream);
	return NULL;
}

void ctl_stream_close(struct ctl_stream *stream)
{
	struct connection *connection, *next;

	if (!stream)
		return;
	DL_FOREACH_SAFE(stream->connections, connection, next)
		connection_close(connection);
	listen_pause_fini(&stream->pause);
	if (stream->listener)
		evconnlistener_free(stream->listener);
	if (stream->path[0])
		unlink(stream->path);
	stream_free(stream);
}

struct endpoint ctl_stream_address(const struct ctl_stream *stream)
{
	struct endpoint addr = { 0 };
	socklen_t len = sizeof(addr);

	if (stream->path[0] || getsockname(evconnlistener_get_fd(stream->listener), &addr.sa, &len))
		return (struct endpoint){ 0 };
	return addr;
}
