/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http.c - a small HTTP server: GET, HEAD and POST, all sizes and times bounded
 *
 * A connection waits for a request, then until its answer is sent, then for the next request. After
 * a refusal the server reads and discards input until the client closes: closing with unread input
 * would send a reset, and the client could lose the answer. One timer limits each of these states.
 */
#include <assert.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>
#include "base/count.h"
#include "base/log.h"
#include "web/http.h"

#define MAX_LISTENERS 16
#define BACKLOG	      32
#define RETRY_S	      1 /* after accept() has failed, usually for lack of descriptors */

enum conn_state { CONN_WAITS, CONN_READS_BODY, CONN_ANSWERS, CONN_LINGERS };

/* Owned by http->conns. @close: close after this answer. @size: of head and body, while it reads */
struct http_conn {
	struct http_conn *prev, *next;
	struct http *http;
	struct bufferevent *bev;
	struct event timer;
	enum conn_state state;
	bool close;
	struct endpoint from;
	size_t size;
};

/* @conns: oldest first */
struct http {
	struct event_base *base;
	struct http_conf conf;
	struct evconnlistener *listeners[MAX_LISTENERS];
	size_t n_listeners;
	struct http_conn *conns;
	unsigned int n_conns;
	struct event retry;
};

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

static const char *reason_of(int status)
{
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}

/* @http: conn->http, passed separately for the static analyzer */
static void conn_free(struct http *http, struct http_conn *conn)
{
	event_del(&conn->timer);
	bufferevent_free(conn->bev);
	DL_DELETE(http->conns, conn);
	assert(http->conns != conn && (!http->conns || http->conns->prev != conn));
	http->n_conns--;
	free(conn);
}

static void conn_end(struct http_conn *conn)
{
	conn_free(conn->http, conn);
}

static void conn_set_timer(struct http_conn *conn)
{
	int64_t ms = conn->http->conf.patience_ms;
	const struct timeval patience = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	event_add(&conn->timer, &patience);
}

/* --- Answers ---------------------------------------------------------------------------------- */

/*
 * The browser runs only scripts and styles from this server, and connects only to it: a script that
 * a Call-ID or tag tries to inject does not run.
 */
#define SAFETY                                                                                     \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "       \
	"connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "                \
	"frame-ancestors 'none'\r\n"                                                               \
	"X-Content-Type-Options: nosniff\r\n"                                                      \
	"Cross-Origin-Resource-Policy: same-origin\r\n"                                            \
	"Referrer-Policy: no-referrer\r\n"                                                         \
	"Cache-Control: no-store\r\n"

static int add_head(struct http_conn *conn, const struct http_reply *reply)
{
	time_t now = time(NULL);
	char date[40] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return evbuffer_add_printf(
		bufferevent_get_output(conn->bev),
		"HTTP/1.1 %d %s\r\n"
		"Date: %s\r\n"
		"Content-Type: %s\r\n"
		"Content-Length: %zu\r\n"
		"%s%s%s" SAFETY "%s\r\n",
		reply->status, reason_of(reply->status), date, reply->type,
		evbuffer_get_length(reply->body), reply->status == 405 ? "Allow: " : "",
		reply->status == 405 ? reply->allow : "", reply->status == 405 ? "\r\n" : "",
		conn->close ? "Connection: close\r\n" : "");
}

/* Frees @conn if there is no memory for the reply. */
static void send_reply(struct http_conn *conn, const struct http_reply *reply, bool with_body)
{
	struct evbuffer *out = bufferevent_get_output(conn->bev);

	conn->state = CONN_ANSWERS;
	conn_set_timer(conn);
	bufferevent_disable(conn->bev, EV_READ);
	if (add_head(conn, reply) < 0 || (with_body && evbuffer_add_buffer(out, reply->body)))
		conn_end(conn);
}

static struct http_reply reply_new(int status)
{
	return (struct http_reply){ status, "text/plain; charset=utf-8", evbuffer_new(),
				    "GET, HEAD" };
}

static void refuse(struct http_conn *conn, int status)
{
	struct http_reply reply = reply_new(status);

	conn->close = true;
	if (reply.body && evbuffer_add_printf(reply.body, "%d %s\n", status, reason_of(status)) > 0)
		send_reply(conn, &reply, true);
	else
		conn_end(conn);
	if (reply.body)
		evbuffer_free(reply.body);
}

static void local_address(const struct http_conn *conn, struct endpoint *at)
{
	socklen_t len = sizeof(*at);

	*at = (struct endpoint){ 0 };
	if (getsockname(bufferevent_getfd(conn->bev), &at->sa, &len))
		at->sa.sa_family = AF_UNSPEC;
}

static void answer(struct http_conn *conn, const struct http_request *request)
{
	const struct http *http = conn->http;
	struct http_reply reply = reply_new(200);
	struct endpoint at;

	if (!reply.body) {
		conn_end(conn);
		return;
	}
	conn->close = !request->keep_alive;
	local_address(conn, &at);
	http->conf.answer(http->conf.arg, request, &at, &reply);
	if (reply.status == 500)
		evbuffer_drain(reply.body, evbuffer_get_length(reply.body));
	if (!evbuffer_get_length(reply.body))
		evbuffer_add_printf(reply.body, "%d %s\n", reply.status, reason_of(reply.status));
	send_reply(conn, &reply, !request->head);
	evbuffer_free(reply.body);
}

/* --- Connections ------------------------------------------------------------------------------ */

/* The body of a POST and its head, which was parsed before, have come. */
static void take_post(struct http_conn *conn)
{
	struct evbuffer *in = bufferevent_get_input(conn->bev);
	char *text = malloc(conn->size);
	struct http_request request;
	size_t head_len;

	if (!text || evbuffer_remove(in, text, conn->size) != (int)conn->size) {
		free(text);
		conn_end(conn);
		return;
	}
	head_len = http_head_len((struct str){ text, conn->size });
	bufferevent_setwatermark(conn->bev, EV_READ, 0, HTTP_HEAD_MAX);
	if (http_parse((struct str){ text, head_len }, &request)) {
		conn_end(conn);
	} else {
		request.from = conn->from;
		request.body = (struct str){ text + head_len, request.body_len };
		answer(conn, &request);
	}
	free(text);
}

static void read_body(struct http_conn *conn)
{
	if (evbuffer_get_length(bufferevent_get_input(conn->bev)) >= conn->size)
		take_post(conn);
}

/* @head_len: the head stays in the input until the body has come. */
static void begin_body(struct http_conn *conn, const struct http_request *request, size_t head_len)
{
	size_t have = evbuffer_get_length(bufferevent_get_input(conn->bev));

	conn->state = CONN_READS_BODY;
	conn->size = head_len + request->body_len;
	conn_set_timer(conn);
	if (conn->size > HTTP_HEAD_MAX)
		bufferevent_setwatermark(conn->bev, EV_READ, 0, conn->size);
	if (request->expects && have < conn->size)
		evbuffer_add_printf(bufferevent_get_output(conn->bev),
				    "HTTP/1.1 100 Continue\r\n\r\n");
	read_body(conn);
}

static int admit(struct http_conn *conn, struct http_request *request)
{
	const struct http_conf *conf = &conn->http->conf;
	struct endpoint at;

	request->from = conn->from;
	local_address(conn, &at);
	return conf->admit ? conf->admit(conf->arg, request, &at) : 405;
}

/* One request at a time: the next one is parsed after this one's answer has been sent. */
static void take_request(struct http_conn *conn)
{
	struct evbuffer *in = bufferevent_get_input(conn->bev);
	size_t len = evbuffer_get_length(in), head_len;
	char head[HTTP_HEAD_MAX];
	struct http_request request;
	int status;

	len = len < sizeof(head) ? len : sizeof(head);
	if (evbuffer_copyout(in, head, len) < 0)
		return;
	head_len = http_head_len((struct str){ head, len });
	if (!head_len) {
		if (len == sizeof(head))
			refuse(conn, 431);
		return;
	}
	status = http_parse((struct str){ head, head_len }, &request);
	if (!status && request.post)
		status = admit(conn, &request);
	if (!status && request.post) {
		begin_body(conn, &request, head_len);
		return;
	}
	evbuffer_drain(in, head_len);
	request.from = conn->from;
	if (status)
		refuse(conn, status);
	else
		answer(conn, &request);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct http_conn *conn = arg;
	struct evbuffer *in = bufferevent_get_input(bev);

	if (conn->state == CONN_LINGERS)
		evbuffer_drain(in, evbuffer_get_length(in));
	else if (conn->state == CONN_WAITS)
		take_request(conn);
	else if (conn->state == CONN_READS_BODY)
		read_body(conn);
}

/* The output buffer is empty. */
static void on_written(struct bufferevent *bev, void *arg)
{
	struct http_conn *conn = arg;

	if (conn->state != CONN_ANSWERS || evbuffer_get_length(bufferevent_get_output(bev)))
		return;
	conn->state = conn->close ? CONN_LINGERS : CONN_WAITS;
	conn_set_timer(conn);
	if (conn->close)
		shutdown(bufferevent_getfd(bev), SHUT_WR);
	bufferevent_enable(bev, EV_READ);
	on_read(bev, conn); /* input that came meanwhile */
}

static void on_ended(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	conn_end(arg);
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	conn_end(arg);
}

/* If the limit is reached, closes the oldest connection that is not being answered. */
static bool make_room(struct http *http)
{
	struct http_conn *conn;

	if (http->n_conns < http->conf.max_connections)
		return true;
	DL_FOREACH(http->conns, conn) {
		if (conn->state == CONN_ANSWERS)
			continue;
		conn_free(http, conn);
		return true;
	}
	return false;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr,
		      int len, void *arg)
{
	struct http *http = arg;
	struct http_conn *conn = make_room(http) ? calloc(1, sizeof(*conn)) : NULL;

	(void)listener;
	if (conn && (size_t)len <= sizeof(conn->from))
		memcpy(&conn->from, addr, (size_t)len);
	if (conn)
		conn->bev = bufferevent_socket_new(http->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!conn || !conn->bev) {
		free(conn);
		close(fd);
		return;
	}
	conn->http = http;
	DL_APPEND(http->conns, conn);
	http->n_conns++;
	event_assign(&conn->timer, http->base, -1, 0, on_timeout, conn);
	conn_set_timer(conn);
	bufferevent_setcb(conn->bev, on_read, on_written, on_ended, conn);
	bufferevent_setwatermark(conn->bev, EV_READ, 0, HTTP_HEAD_MAX);
	bufferevent_enable(conn->bev, EV_READ | EV_WRITE);
}

/* --- Listening -------------------------------------------------------------------------------- */

static void set_listening(const struct http *http, bool on)
{
	for (size_t i = 0; i < http->n_listeners; i++) {
		if (on)
			evconnlistener_enable(http->listeners[i]);
		else
			evconnlistener_disable(http->listeners[i]);
	}
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	set_listening(arg, true);
}

/* Usually for lack of descriptors. Without a pause the event loop would only retry accept(). */
static void on_accept_failed(struct evconnlistener *listener, void *arg)
{
	const struct timeval pause = { RETRY_S, 0 };
	struct http *http = arg;

	(void)listener;
	log_warn("listen-http: cannot accept connections: %s", strerror(errno));
	set_listening(http, false);
	event_add(&http->retry, &pause);
}

struct http *http_new(struct event_base *base, const struct http_conf *conf)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return NULL;
	http->base = base;
	http->conf = *conf;
	event_assign(&http->retry, base, -1, 0, on_retry, http);
	return http;
}

static int socket_bound(const struct endpoint *addr)
{
	int family = addr->sa.sa_family, on = 1, err;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    (family == AF_INET || !setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on))) &&
	    !bind(fd, &addr->sa, endpoint_len(addr)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int http_listen(struct http *http, const struct endpoint *addr)
{
	struct evconnlistener *listener;
	int fd;

	if (http->n_listeners == MAX_LISTENERS)
		return -ENOSPC;
	fd = socket_bound(addr);
	if (fd < 0)
		return fd;
	listener = evconnlistener_new(http->base, on_accept, http,
				      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG, fd);
	if (!listener) {
		close(fd);
		return errno ? -errno : -ENOMEM;
	}
	evconnlistener_set_error_cb(listener, on_accept_failed);
	http->listeners[http->n_listeners++] = listener;
	return 0;
}

uint16_t http_port(const struct http *http, size_t n)
{
	struct endpoint at = { 0 };
	socklen_t len = sizeof(at);

	if (n >= http->n_listeners ||
	    getsockname(evconnlistener_get_fd(http->listeners[n]), &at.sa, &len))
		return 0;
	return endpoint_port(&at);
}

unsigned int http_connections(const struct http *http)
{
	return http->n_conns;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	event_del(&http->retry);
	for (size_t i = 0; i < http->n_listeners; i++)
		evconnlistener_free(http->listeners[i]);
	while (http->conns)
		conn_free(http, http->conns);
	free(http);
}
