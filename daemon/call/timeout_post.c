/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timeout_post.c - tells HTTP servers which calls timed out: a POST with a JSON object for each
 *
 * libevent's HTTP client connects, sends and reads the answer. One timer of each server either ends
 * an attempt that takes too long, or begins the next one.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "base/clock.h"
#include "base/json_line.h"
#include "base/log.h"
#include "base/resolve.h"
#include "call/timeout_post.h"
#include "version.h"

#define RETRY_MAX_MS 10000
#define ANSWER_MAX   8192 /* head and body, each */
#define HTTP_PORT    80

struct object {
	struct object *prev, *next;
	size_t len;
	char text[];
};

/* A URL. @busy: the first object is being sent; @timer ends that, else it begins the next one. */
struct server {
	const struct timeout_post_conf *conf;
	char *shown; /* the URL without its query, which may have a token: for log lines */
	struct evhttp_uri *uri;
	char *target; /* path and query */
	char host[300];
	char address[ENDPOINT_TEXT];
	uint16_t port;
	struct evhttp_connection *connection;
	struct event *timer;
	bool busy;
	bool told_failing, told_refused, told_full; /* log lines; until an object is taken */
	char why[80];				    /* the attempt failed; "": not known yet */
	unsigned int retry_ms;
	struct object *objects; /* oldest first */
	size_t n_objects, bytes;
};

struct timeout_post {
	struct timeout_post_conf conf;
	struct server *servers;
	size_t n_servers;
	char memory[TIMEOUT_POST_BYTES]; /* of the object that is written */
};

/* --- The queue -------------------------------------------------------------------------------- */

static void drop(struct server *server, struct object *object)
{
	DL_DELETE(server->objects, object);
	server->n_objects--;
	server->bytes -= object->len;
	free(object);
}

static void lose(struct server *server, struct object *object)
{
	++*server->conf->lost;
	drop(server, object);
}

static bool has_room(const struct server *server, size_t len)
{
	return server->n_objects < TIMEOUT_POSTS && server->bytes + len <= TIMEOUT_POSTS_BYTES;
}

/* The oldest ones that are not being sent make room. */
static void make_room(struct server *server, size_t len)
{
	if (has_room(server, len))
		return;
	if (!server->told_full)
		log_warn("notify %s: the server cannot be reached or is too slow: the oldest "
			 "time-out notifications are dropped",
			 server->shown);
	server->told_full = true;
	while (!has_room(server, len))
		lose(server, server->busy ? server->objects->next : server->objects);
}

static void set_timer(struct server *server, unsigned int ms)
{
	const struct timeval wait = { ms / 1000, ms % 1000 * 1000 };

	event_add(server->timer, &wait);
}

static void add(struct server *server, struct str text)
{
	struct object *object = malloc(sizeof(*object) + text.len);

	if (!object) {
		++*server->conf->lost;
		log_err("notify %s: a time-out notification is lost: out of memory", server->shown);
		return;
	}
	make_room(server, text.len);
	memcpy(object->text, text.s, text.len);
	object->len = text.len;
	DL_APPEND(server->objects, object);
	server->n_objects++;
	server->bytes += text.len;
	if (!server->busy && !event_pending(server->timer, EV_TIMEOUT, NULL))
		set_timer(server, 0);
}

/* --- Sending ---------------------------------------------------------------------------------- */

static void try_later(struct server *server)
{
	unsigned int doubled = server->retry_ms * 2;

	if (!server->told_failing)
		log_warn("notify %s: the server does not take time-out notifications (%s): they "
			 "wait",
			 server->shown, server->why);
	server->told_failing = true;
	set_timer(server, server->retry_ms);
	server->retry_ms = doubled < RETRY_MAX_MS ? doubled : RETRY_MAX_MS;
}

static void taken(struct server *server)
{
	if (server->told_failing || server->told_full)
		log_notice("notify %s: the server takes time-out notifications again",
			   server->shown);
	server->told_failing = server->told_full = server->told_refused = false;
	drop(server, server->objects);
}

static void refused(struct server *server)
{
	if (!server->told_refused)
		log_warn("notify %s: the server refuses time-out notifications (%s): they are lost",
			 server->shown, server->why);
	server->told_refused = true;
	lose(server, server->objects);
}

/* May the same object be taken later? 0: no answer */
static bool is_passing(int status)
{
	return !status || status >= 500 || status == 408 || status == 429;
}

__attribute__((format(printf, 2, 3))) static void set_why(struct server *server, const char *format,
							  ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(server->why, sizeof(server->why), format, args);
	va_end(args);
}

/* "503 Service Unavailable"; what the server wrote after the number is escaped. */
static void set_why_status(struct server *server, const struct evhttp_request *request, int status)
{
	const char *phrase = evhttp_request_get_response_code_line(request);
	char shown[60];

	if (phrase && *phrase)
		set_why(server, "%d %s", status, log_escape(str_of(phrase), shown, sizeof(shown)));
	else
		set_why(server, "status %d", status);
}

/* The library calls it before on_answer(), but not if the connection is refused. */
static void on_error(enum evhttp_request_error error, void *arg)
{
	switch (error) {
	case EVREQ_HTTP_TIMEOUT:
		set_why(arg, "it does not answer in time");
		break;
	case EVREQ_HTTP_EOF:
		set_why(arg, "it cannot be reached, or ends the connection without an answer");
		break;
	case EVREQ_HTTP_INVALID_HEADER:
		set_why(arg, "its answer is not HTTP");
		break;
	case EVREQ_HTTP_DATA_TOO_LONG:
		set_why(arg, "its answer is longer than %d bytes", ANSWER_MAX);
		break;
	default:
		set_why(arg, "the connection failed");
	}
}

static void on_answer(struct evhttp_request *request, void *arg)
{
	struct server *server = arg;
	int status = request ? evhttp_request_get_response_code(request) : 0;

	server->busy = false;
	event_del(server->timer);
	if (status)
		set_why_status(server, request, status);
	else if (!*server->why)
		set_why(server, "connection refused");
	if (is_passing(status)) {
		try_later(server);
		return;
	}
	server->retry_ms = server->conf->retry_ms;
	if (status >= 200 && status < 300)
		taken(server);
	else
		refused(server);
	/* Not from here: the library is still busy with this request. */
	if (server->objects)
		set_timer(server, 0);
}

static bool open_connection(struct server *server)
{
	if (server->connection)
		return true;
	server->connection =
		evhttp_connection_base_new(server->conf->base, NULL, server->address, server->port);
	if (!server->connection)
		return false;
	evhttp_connection_set_max_headers_size(server->connection, ANSWER_MAX);
	evhttp_connection_set_max_body_size(server->connection, ANSWER_MAX);
	evhttp_connection_set_retries(server->connection, 0);
	return true;
}

static struct evhttp_request *make_request(struct server *server)
{
	struct evhttp_request *request = evhttp_request_new(on_answer, server);
	const struct object *object = server->objects;
	struct evkeyvalq *head;

	if (!request)
		return NULL;
	evhttp_request_set_error_cb(request, on_error);
	head = evhttp_request_get_output_headers(request);
	if (!evhttp_add_header(head, "Host", server->host) &&
	    !evhttp_add_header(head, "User-Agent", "rtprelayd/" RTPRELAY_VERSION) &&
	    !evhttp_add_header(head, "Content-Type", "application/json") &&
	    !evbuffer_add(evhttp_request_get_output_buffer(request), object->text, object->len))
		return request;
	evhttp_request_free(request);
	return NULL;
}

static void send_first(struct server *server)
{
	struct evhttp_request *request = open_connection(server) ? make_request(server) : NULL;

	set_why(server, "%s", request ? "" : "out of memory");
	if (!request) {
		try_later(server);
		return;
	}
	server->busy = true;
	set_timer(server, server->conf->patience_ms);
	/* The library owns the request, also if this fails; it may have called on_answer(). */
	if (evhttp_make_request(server->connection, request, EVHTTP_REQ_POST, server->target) &&
	    server->busy) {
		server->busy = false;
		set_why(server, "the connection failed");
		try_later(server);
	}
}

/* Ends the attempt: freeing the connection frees the request without calling on_answer(). */
static void give_up(struct server *server)
{
	server->busy = false;
	evhttp_connection_free(server->connection);
	server->connection = NULL;
	set_why(server, "it has not answered for %u s", (server->conf->patience_ms + 999) / 1000);
	try_later(server);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;

	(void)fd;
	(void)what;
	if (server->busy)
		give_up(server);
	else if (server->objects)
		send_first(server);
}

/* --- The object ------------------------------------------------------------------------------- */

static const char *reason_of(enum call_end end)
{
	switch (end) {
	case CALL_SILENT_TIMEOUT:
		return "silent-timeout";
	case CALL_OFFER_TIMEOUT:
		return "offer-timeout";
	case CALL_UNANSWERED:
		return "unanswered-timeout";
	case CALL_FINAL_TIMEOUT:
		return "final-timeout";
	default:
		return "timeout";
	}
}

static bool write_object(struct json_line *line, char *memory, const struct dialog *dialog)
{
	const struct call *call = dialog->call;

	json_line_start(line, memory, TIMEOUT_POST_BYTES, "timeout");
	jsonl_str(line, "call-id", call->id);
	jsonl_str(line, "from-tag", dialog->party[SIDE_A].tag);
	jsonl_str(line, "to-tag", dialog->party[SIDE_B].tag);
	if (dialog->via_branch.len)
		jsonl_str(line, "via-branch", dialog->via_branch);
	jsonl_text(line, "reason", reason_of(call->reason));
	jsonl_real(line, "start", (double)call->created_us / 1000000);
	jsonl_real(line, "duration", (double)(clock_ms() - call->created_ms) / 1000);
	return json_line_end(line);
}

void timeout_post_timed_out(void *arg, const struct dialog *dialog)
{
	struct timeout_post *post = arg;
	struct json_line line;

	if (!post->n_servers || dialog->call->dialogs->next)
		return; /* the call goes on, or has another dialog that ends now */
	if (!write_object(&line, post->memory, dialog)) {
		*post->conf.lost += post->n_servers;
		log_warn("notify: a time-out notification is lost: the Call-ID or a tag is too "
			 "long");
		return;
	}
	for (size_t i = 0; i < post->n_servers; i++)
		add(&post->servers[i], (struct str){ line.buf.data, line.buf.len });
}

size_t timeout_post_waiting(const struct timeout_post *post)
{
	size_t sum = 0;

	for (size_t i = 0; i < post->n_servers; i++)
		sum += post->servers[i].n_objects;
	return sum;
}

/* --- Start and end ---------------------------------------------------------------------------- */

bool timeout_post_is(const char *text)
{
	return str_starts(str_of(text), STR("http://")) ||
	       str_starts(str_of(text), STR("https://"));
}

/* "HOST:PORT"; an IPv6 address stands in brackets. */
static bool print_address(const struct evhttp_uri *uri, char *out, size_t size)
{
	const char *host = evhttp_uri_get_host(uri);
	int port = evhttp_uri_get_port(uri);
	int len;

	if (!host || !*host || !port || evhttp_uri_get_userinfo(uri) ||
	    evhttp_uri_get_fragment(uri))
		return false;
	len = snprintf(out, size, "%s:%d", host, port < 0 ? HTTP_PORT : port);
	return len > 0 && (size_t)len < size;
}

bool timeout_post_address(const char *url, char *out, size_t size)
{
	struct evhttp_uri *uri = evhttp_uri_parse(url);
	bool valid = uri && print_address(uri, out, size);

	if (uri)
		evhttp_uri_free(uri);
	return valid;
}

/* "/path?query"; "/" if there is none */
static char *print_target(const struct evhttp_uri *uri)
{
	const char *path = evhttp_uri_get_path(uri), *query = evhttp_uri_get_query(uri);
	size_t size = strlen(path) + (query ? strlen(query) : 0) + 3;
	char *text = malloc(size);

	if (text)
		snprintf(text, size, "%s%s%s", *path ? path : "/", query ? "?" : "",
			 query ? query : "");
	return text;
}

static const char *read_server(struct server *server, const char *url)
{
	static const char bad[] = "expected http://HOST:PORT/PATH";
	struct endpoint addr;

	server->shown = strndup(url, strcspn(url, "?"));
	if (!server->shown)
		return "out of memory";
	if (str_starts(str_of(url), STR("https://")))
		return "only http is possible; put a TLS proxy (stunnel) on this host";
	server->uri = evhttp_uri_parse(url);
	if (!server->uri || !print_address(server->uri, server->host, sizeof(server->host)))
		return bad;
	if (endpoint_resolve(server->host, &addr, 1) != 1)
		return "the host cannot be resolved";
	server->port = endpoint_port(&addr);
	endpoint_print_addr(&addr, server->address);
	server->target = print_target(server->uri);
	if (!server->target)
		return "out of memory";
	server->retry_ms = server->conf->retry_ms;
	if (server->conf->base)
		server->timer = event_new(server->conf->base, -1, 0, on_timer, server);
	return server->conf->base && !server->timer ? "out of memory" : NULL;
}

static const char *read_servers(struct timeout_post *post, const char **url)
{
	const struct conf_list *notify = post->conf.notify;
	const char *why = NULL;

	for (size_t i = 0; i < notify->count && !why; i++) {
		struct server *server = &post->servers[post->n_servers];

		*url = notify->item[i];
		if (!timeout_post_is(*url))
			continue;
		server->conf = &post->conf;
		post->n_servers++;
		why = read_server(server, *url);
	}
	return why;
}

struct timeout_post *timeout_post_open(const struct timeout_post_conf *conf, const char **error)
{
	static __thread char text[400];
	struct timeout_post *post = calloc(1, sizeof(*post));
	const char *url = "", *why = "out of memory";

	if (post)
		post->servers = calloc(conf->notify->count + 1, sizeof(*post->servers));
	if (post && post->servers) {
		post->conf = *conf;
		why = read_servers(post, &url);
	}
	if (!why)
		return post;
	snprintf(text, sizeof(text), "notify%s%s: %s", *url ? " " : "", url, why);
	*error = text;
	timeout_post_close(post);
	return NULL;
}

static void server_close(struct server *server)
{
	if (server->connection)
		evhttp_connection_free(server->connection);
	if (server->timer)
		event_free(server->timer);
	while (server->objects)
		drop(server, server->objects);
	if (server->uri)
		evhttp_uri_free(server->uri);
	free(server->target);
	free(server->shown);
}

void timeout_post_close(struct timeout_post *post)
{
	if (!post)
		return;
	for (size_t i = 0; i < post->n_servers; i++)
		server_close(&post->servers[i]);
	free(post->servers);
	free(post);
}
