/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_http.c - what the HTTP server accepts and refuses, and which clients it does not wait for */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/web/http.h"
#include "tests/unit/test.h"

/* --- The head of a request -------------------------------------------------------------------- */

#define POST "POST /post HTTP/1.1\r\nHost: a\r\n"

static void test_reads_a_request(void)
{
	struct http_request r;

	CU_ASSERT_EQUAL(http_parse(STR("GET /a/b?x=1&y=2 HTTP/1.1\r\nHost: relay:80\r\n\r\n"), &r),
			0);
	CU_ASSERT(str_eq(r.path, STR("/a/b")));
	CU_ASSERT(str_eq(r.query, STR("x=1&y=2")));
	CU_ASSERT(str_eq(r.host, STR("relay")));
	CU_ASSERT_TRUE(r.keep_alive);
	CU_ASSERT_FALSE(r.head);
	CU_ASSERT_EQUAL(http_parse(STR("HEAD / HTTP/1.0\r\n\r\n"), &r), 0);
	CU_ASSERT(str_eq(r.path, STR("/")));
	CU_ASSERT_EQUAL(r.query.len, 0);
	CU_ASSERT_TRUE(r.head);
	CU_ASSERT_FALSE(r.keep_alive);
}

static void test_reads_host_and_connection(void)
{
	struct http_request r;

	CU_ASSERT_EQUAL(http_parse(STR("GET / HTTP/1.1\r\nhost:\t[2001:db8::1]:80 \r\n"
				       "CONNECTION: x, Close\r\nContent-Length: 0\r\n\r\n"),
				   &r),
			0);
	CU_ASSERT(str_eq(r.host, STR("2001:db8::1")));
	CU_ASSERT_FALSE(r.keep_alive);
	CU_ASSERT_EQUAL(http_parse(STR("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), &r), 0);
	CU_ASSERT_TRUE(r.keep_alive);
}

static void test_reads_a_post(void)
{
	struct http_request r;

	CU_ASSERT_EQUAL(http_parse(STR("POST /ng HTTP/1.1\r\nHost: a\r\nContent-Length: 65507\r\n"
				       "Content-Type: application/json ; charset=utf-8\r\n"
				       "Expect: 100-Continue\r\n\r\n"),
				   &r),
			0);
	CU_ASSERT_TRUE(r.post);
	CU_ASSERT_TRUE(r.expects);
	CU_ASSERT_EQUAL(r.body_len, HTTP_BODY_MAX);
	CU_ASSERT(str_eq(r.type, STR("application/json")));
	/* HTTP/1.0 knows no "100 Continue". */
	CU_ASSERT_EQUAL(http_parse(STR("POST / HTTP/1.0\r\nContent-Length: 0\r\n"
				       "Expect: 100-continue\r\n\r\n"),
				   &r),
			0);
	CU_ASSERT_FALSE(r.expects);
	CU_ASSERT_EQUAL(r.body_len, 0);
	CU_ASSERT_EQUAL(r.type.len, 0);
}

static void test_refuses_what_is_malformed(void)
{
	static const struct {
		const char *head;
		int status;
	} rows[] = {
		{ "\r\n\r\n", 400 },
		{ "GET\r\n\r\n", 400 },
		{ "GET / \r\n\r\n", 400 },
		{ "GET /\r\n\r\n", 400 },
		{ "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "GET / HTTP/1.1 x\r\nHost: a\r\n\r\n", 400 },
		{ "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\nHost: a\r\n\r\n", 400 },
		{ "GET / FTP/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
		{ "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "PUT / HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
		{ "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
		{ "POST / HTTP/1.1\r\nHost: a\r\n\r\n", 411 },
		{ POST "Transfer-Encoding: chunked\r\n\r\n", 411 },
		{ POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 411 },
		{ POST "Content-Length: 65508\r\n\r\n", 413 },
		{ POST "Content-Length: 99999999999999999999999\r\n\r\n", 413 },
		{ POST "Content-Length: -1\r\n\r\n", 400 },
		{ POST "Content-Length: +1\r\n\r\n", 400 },
		{ POST "Content-Length:\r\n\r\n", 400 },
		{ POST "Content-Length: 5, 5\r\n\r\n", 400 },
		{ POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400 },
		{ POST "Content-Length: 5\r\nContent-Type: a\r\nContent-Type: b\r\n\r\n", 400 },
		{ POST "Content-Length: 5\r\nExpect: more\r\n\r\n", 417 },
		{ "get / HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
		{ "GET / HTTP/1.1\r\n\r\n", 400 },			 /* no Host */
		{ "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 }, /* two */
		{ "GET / HTTP/1.1\r\nHost: [a\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", 413 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 413 },
	};
	struct http_request r;

	for (size_t i = 0; i < COUNT(rows); i++) {
		int status = http_parse(str_of(rows[i].head), &r);

		CU_ASSERT_EQUAL(status, rows[i].status);
		if (status != rows[i].status)
			fprintf(stderr, "row %zu: %d\n", i, status);
	}
}

static void test_refuses_a_long_target(void)
{
	char head[HTTP_HEAD_MAX];
	struct http_request r;

	snprintf(head, sizeof(head), "GET /%0*d HTTP/1.0\r\n\r\n", HTTP_TARGET_MAX - 1, 0);
	CU_ASSERT_EQUAL(http_parse(str_of(head), &r), 0);
	snprintf(head, sizeof(head), "GET /%0*d HTTP/1.0\r\n\r\n", HTTP_TARGET_MAX, 0);
	CU_ASSERT_EQUAL(http_parse(str_of(head), &r), 414);
}

static void test_knows_when_a_head_is_whole(void)
{
	CU_ASSERT_EQUAL(http_head_len(STR_NONE), 0);
	CU_ASSERT_EQUAL(http_head_len(STR("GET / HTTP/1.0\r\n\r")), 0);
	CU_ASSERT_EQUAL(http_head_len(STR("GET / HTTP/1.0\r\n\r\n")), 18);
	CU_ASSERT_EQUAL(http_head_len(STR("GET / HTTP/1.0\r\n\r\nGET ")), 18);
}

static void test_decodes_query_values(void)
{
	static const struct {
		const char *query, *name, *value; /* NULL: -1 */
	} rows[] = {
		{ "id=a", "id", "a" },
		{ "x=1&id=a%40b%2Fc+d&y", "id", "a@b/c d" },
		{ "id=", "id", "" },
		{ "id", "id", "" },
		{ "idx=1", "id", NULL },
		{ "", "id", NULL },
		{ "id=%4", "id", NULL },
		{ "id=%g0", "id", NULL },
		{ "id=%", "id", NULL },
		{ "id=12345678", "id", "12345678" },
		{ "id=123456789", "id", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[8];
		size_t size = strlen(rows[i].query);
		char *query = malloc(size ? size : 1); /* of exactly this size, for the sanitizer */
		int len;

		CU_ASSERT_PTR_NOT_NULL_FATAL(query);
		memcpy(query, rows[i].query, size);
		len = http_query_get((struct str){ query, size }, str_of(rows[i].name), out,
				     sizeof(out));
		free(query);

		CU_ASSERT_EQUAL(len, rows[i].value ? (int)strlen(rows[i].value) : -1);
		if (len >= 0 && rows[i].value)
			CU_ASSERT(str_eq((struct str){ out, (size_t)len }, str_of(rows[i].value)));
	}
}

/* --- The server ------------------------------------------------------------------------------- */

struct server {
	struct event_base *base;
	struct http *http;
	unsigned int answered, admitted;
	size_t body; /* of "/large" */
};

static void answer(void *arg, const struct http_request *request, const struct endpoint *at,
		   struct http_reply *reply)
{
	struct server *server = arg;
	static char much[4096];

	(void)at;
	server->answered++;
	if (request->post) {
		evbuffer_add(reply->body, request->body.s, request->body.len);
		evbuffer_add_printf(reply->body, ".from %d", request->from.sa.sa_family);
		return;
	}
	if (str_eq(request->path, STR("/large"))) {
		for (size_t i = 0; i < server->body / sizeof(much); i++)
			evbuffer_add(reply->body, much, sizeof(much));
		return;
	}
	evbuffer_add_printf(reply->body, "hello\n");
	if (str_eq(request->path, STR("/fails")))
		reply->status = 500;
}

static int admit(void *arg, const struct http_request *request, const struct endpoint *at)
{
	struct server *server = arg;

	server->admitted++;
	CU_ASSERT_EQUAL(at->sa.sa_family, AF_INET);
	CU_ASSERT_EQUAL(request->from.sa.sa_family, AF_INET);
	CU_ASSERT_EQUAL(request->body.len, 0);
	if (str_eq(request->path, STR("/post")))
		return 0;
	return str_eq(request->path, STR("/")) ? 405 : 403;
}

static void server_open(struct server *server, unsigned int connections, int64_t patience_ms)
{
	struct endpoint addr = { .in4 = { .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };

	*server = (struct server){ .base = event_base_new(), .body = 32 << 20 };
	server->http = http_new(server->base, &(struct http_conf){ .max_connections = connections,
								   .patience_ms = patience_ms,
								   .answer = answer,
								   .admit = admit,
								   .arg = server });
	CU_ASSERT_PTR_NOT_NULL_FATAL(server->http);
	CU_ASSERT_EQUAL_FATAL(http_listen(server->http, &addr), 0);
}

static void server_close(struct server *server)
{
	http_free(server->http);
	event_base_free(server->base);
}

static void turn(struct server *server)
{
	const struct timeval nap = { 0, 5000 };

	event_base_loopexit(server->base, &nap);
	event_base_loop(server->base, EVLOOP_ONCE);
}

static int client_open(struct server *server)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				    .sin_port = htons(http_port(server->http, 0)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void client_says(int fd, const char *text)
{
	CU_ASSERT_EQUAL(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* No connection of a test lasts as long: if it is closed, then not by the timer. */
#define PATIENCE_MS 60000

/*
 * Reads until @wanted is received or the other side has closed; at most 400 turns, which take two
 * seconds where nothing delays this thread. Return: bytes
 */
static size_t client_hears(struct server *server, int fd, char *text, size_t size,
			   const char *wanted, bool *closed)
{
	size_t len = 0;

	*closed = false;
	text[0] = '\0';
	for (int turns = 400; turns && len + 1 < size && !(wanted && strstr(text, wanted));
	     turns--) {
		ssize_t n;

		turn(server);
		n = recv(fd, text + len, size - 1 - len, MSG_DONTWAIT);
		if (n > 0)
			len += (size_t)n;
		text[len] = '\0';
		if (!n || (n < 0 && errno != EAGAIN)) {
			*closed = true;
			break;
		}
	}
	return len;
}

static void test_answers_and_keeps_the_connection(void)
{
	/* What keeps foreign pages, and what a Call-ID may contain, from harm. */
	static const char *const safety[] = {
		"\r\nContent-Security-Policy: default-src 'none'; ",
		" script-src 'self'; ",
		" connect-src 'self'; ",
		" base-uri 'none'; ",
		" form-action 'none'; ",
		" frame-ancestors 'none'\r\n",
		"\r\nX-Content-Type-Options: nosniff\r\n",
		"\r\nCross-Origin-Resource-Policy: same-origin\r\n",
		"\r\nReferrer-Policy: no-referrer\r\n",
		"\r\nCache-Control: no-store\r\n",
	};
	struct server server;
	char text[4096];
	bool closed;
	int fd;

	server_open(&server, 4, PATIENCE_MS);
	fd = client_open(&server);
	for (int i = 0; i < 3; i++) {
		client_says(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		client_hears(&server, fd, text, sizeof(text), "hello\n", &closed);
		CU_ASSERT_EQUAL(strncmp(text, "HTTP/1.1 200 OK\r\n", 17), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "\r\nContent-Length: 6\r\n"));
		for (size_t j = 0; j < COUNT(safety); j++)
			CU_ASSERT_PTR_NOT_NULL(strstr(text, safety[j]));
		CU_ASSERT_FALSE(closed);
	}
	client_says(fd, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	client_hears(&server, fd, text, sizeof(text), NULL, &closed);
	CU_ASSERT_TRUE(closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\r\nContent-Length: 6\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\r\nConnection: close\r\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "hello"));
	CU_ASSERT_EQUAL(server.answered, 4);
	close(fd);
	server_close(&server);
}

static void test_answers_requests_that_come_at_once_or_in_pieces(void)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	struct server server;
	char text[4096];
	bool closed;
	int fd;

	server_open(&server, 4, PATIENCE_MS);
	fd = client_open(&server);
	client_says(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.0\r\n\r\n");
	client_hears(&server, fd, text, sizeof(text), NULL, &closed);
	CU_ASSERT_TRUE(closed);
	CU_ASSERT_EQUAL(server.answered, 2);
	close(fd);
	fd = client_open(&server);
	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		client_says(fd, (char[]){ request[i], '\0' });
		turn(&server);
	}
	client_hears(&server, fd, text, sizeof(text), "hello\n", &closed);
	CU_ASSERT_EQUAL(server.answered, 3);
	close(fd);
	server_close(&server);
}

static void test_post_with_its_body(void)
{
	struct server server;
	char text[4096];
	bool closed;
	int fd;

	server_open(&server, 4, PATIENCE_MS);
	fd = client_open(&server);
	/* With the next request behind it, then in pieces. */
	client_says(fd, POST "Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n");
	client_hears(&server, fd, text, sizeof(text), "hello\n", &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\r\n\r\nhello.from 2HTTP/1.1 200 OK\r\n"));
	CU_ASSERT_EQUAL(server.answered, 2);
	client_says(fd, POST "Content-Length: 6\r\n\r\nab");
	for (int i = 0; i < 5; i++)
		turn(&server);
	CU_ASSERT_EQUAL(server.answered, 2);
	client_says(fd, "cd");
	turn(&server);
	client_says(fd, "ef");
	client_hears(&server, fd, text, sizeof(text), "abcdef.from", &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\r\n\r\nabcdef.from 2"));
	client_says(fd, POST "Content-Length: 0\r\n\r\n");
	client_hears(&server, fd, text, sizeof(text), ".from", &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\r\n\r\n.from 2"));
	/* A client that waits until it is asked for the body. */
	client_says(fd, POST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	client_hears(&server, fd, text, sizeof(text), "\r\n\r\n", &closed);
	CU_ASSERT_STRING_EQUAL(text, "HTTP/1.1 100 Continue\r\n\r\n");
	client_says(fd, "hi");
	client_hears(&server, fd, text, sizeof(text), "hi.from", &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\r\n\r\nhi.from 2"));
	CU_ASSERT_FALSE(closed);
	CU_ASSERT_EQUAL(server.admitted, 4);
	close(fd);
	server_close(&server);
}

/* More than a head may have, and than one read() returns. */
static void test_largest_body(void)
{
	static char body[HTTP_BODY_MAX + 1], text[HTTP_BODY_MAX + 4096];
	struct server server;
	size_t sent = 0;
	bool closed;
	int fd;

	server_open(&server, 4, PATIENCE_MS);
	memset(body, 'x', HTTP_BODY_MAX);
	fd = client_open(&server);
	client_says(fd, POST "Content-Length: 65507\r\n\r\n");
	for (int turns = 0; sent < HTTP_BODY_MAX && turns < 400; turns++) {
		ssize_t n = send(fd, body + sent, HTTP_BODY_MAX - sent, MSG_DONTWAIT);

		sent += n > 0 ? (size_t)n : 0;
		turn(&server);
	}
	client_hears(&server, fd, text, sizeof(text), ".from 2", &closed);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, body));
	/* The limit of a head is as before. */
	client_says(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	client_hears(&server, fd, text, sizeof(text), "hello\n", &closed);
	CU_ASSERT_EQUAL(server.answered, 2);
	close(fd);
	server_close(&server);
}

static void test_post_that_is_not_admitted(void)
{
	static const struct {
		const char *head, *status;
	} rows[] = {
		{ "POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
		  "HTTP/1.1 403 Forbidden\r\n" },
		{ POST "Content-Length: 65508\r\n\r\n", "HTTP/1.1 413 Content Too Large\r\n" },
		{ POST "\r\n", "HTTP/1.1 411 Length Required\r\n" },
	};
	struct server server;
	char text[4096];
	bool closed;

	server_open(&server, 4, PATIENCE_MS);
	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd = client_open(&server);

		/* Its body is no request, although it looks like one. */
		client_says(fd, rows[i].head);
		client_says(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		client_hears(&server, fd, text, sizeof(text), NULL, &closed);
		CU_ASSERT_EQUAL(strncmp(text, rows[i].status, strlen(rows[i].status)), 0);
		CU_ASSERT_PTR_NULL(strstr(text, "hello"));
		CU_ASSERT_TRUE(closed);
		close(fd);
	}
	CU_ASSERT_EQUAL(server.admitted, 1);
	CU_ASSERT_EQUAL(server.answered, 0);
	server_close(&server);
}

static void test_body_that_never_comes(void)
{
	struct server server;
	char text[4096];
	bool closed;
	int fd;

	server_open(&server, 4, 100);
	fd = client_open(&server);
	client_says(fd, POST "Content-Length: 5\r\n\r\nhell");
	client_hears(&server, fd, text, sizeof(text), NULL, &closed);
	CU_ASSERT_TRUE(closed);
	CU_ASSERT_STRING_EQUAL(text, "");
	CU_ASSERT_EQUAL(server.answered, 0);
	CU_ASSERT_EQUAL(http_connections(server.http), 0);
	close(fd);
	server_close(&server);
}

/* Half of it is there already when it fails. */
static void test_failed_answer_is_not_sent(void)
{
	struct server server;
	char text[4096];
	bool closed;
	int fd;

	server_open(&server, 4, PATIENCE_MS);
	fd = client_open(&server);
	client_says(fd, "GET /fails HTTP/1.0\r\n\r\n");
	client_hears(&server, fd, text, sizeof(text), NULL, &closed);
	CU_ASSERT_TRUE(closed);
	CU_ASSERT_EQUAL(strncmp(text, "HTTP/1.1 500 ", 13), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\r\n\r\n500 Internal Server Error\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "hello"));
	close(fd);
	server_close(&server);
}

static int fire_timer(const struct event_base *base, const struct event *event, void *arg)
{
	(void)base;
	(void)arg;
	if (event_get_fd(event) < 0 && event_pending(event, EV_TIMEOUT, NULL))
		event_active((struct event *)(uintptr_t)event, EV_TIMEOUT, 0);
	return 0;
}

/* accept() fails; after the pause, which the test makes short, it succeeds. */
static void test_accepts_again_when_it_has_descriptors(void)
{
	struct rlimit old, low;
	struct server server;
	char text[4096];
	bool closed;
	int fd, lowest;

	server_open(&server, 4, PATIENCE_MS);
	fd = client_open(&server);
	client_says(fd, "GET / HTTP/1.0\r\n\r\n");
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	lowest = fcntl(0, F_DUPFD_CLOEXEC, 0);
	close(lowest);
	low = (struct rlimit){ (rlim_t)lowest, old.rlim_max };
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &low), 0);
	event_base_loop(server.base, EVLOOP_ONCE);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &old), 0);
	CU_ASSERT_EQUAL(http_connections(server.http), 0);
	event_base_foreach_event(server.base, fire_timer, NULL);
	client_hears(&server, fd, text, sizeof(text), "hello\n", &closed);
	CU_ASSERT_EQUAL(strncmp(text, "HTTP/1.1 200 ", 13), 0);
	CU_ASSERT_EQUAL(server.answered, 1);
	close(fd);
	server_close(&server);
}

static void test_refusal_arrives_before_the_close(void)
{
	static char flood[HTTP_HEAD_MAX * 4];
	struct server server;
	char text[4096];
	bool closed;
	int fd;

	server_open(&server, 4, 2000);
	memset(flood, 'x', sizeof(flood) - 1);
	fd = client_open(&server);
	client_says(fd, flood);
	client_hears(&server, fd, text, sizeof(text), NULL, &closed);
	CU_ASSERT_TRUE(closed);
	CU_ASSERT_EQUAL(strncmp(text, "HTTP/1.1 431 ", 13), 0);
	close(fd);
	fd = client_open(&server);
	client_says(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123456789");
	client_hears(&server, fd, text, sizeof(text), NULL, &closed);
	CU_ASSERT_TRUE(closed);
	CU_ASSERT_EQUAL(strncmp(text, "HTTP/1.1 405 ", 13), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\r\nAllow: GET, HEAD\r\n"));
	close(fd);
	CU_ASSERT_EQUAL(server.answered, 0);
	server_close(&server);
}

/*
 * Runs the loop until the server has closed its connection; the timer of @patience_ms has started.
 * @fd: sends a byte every 10 ms; -1: none. Return: false if the connection is still open after a
 * turn that began when the timer was due, however long a busy machine takes between turns.
 * 20 ms: two ticks of libevent's coarse clock.
 */
static bool is_cut_off_in_time(struct server *server, int64_t patience_ms, int fd)
{
	int64_t due_ms = clock_ms() + patience_ms + 20, next_ms = 0;
	bool late = false;

	while (http_connections(server->http) && !late) {
		late = clock_ms() >= due_ms;
		if (fd >= 0 && clock_ms() >= next_ms) {
			send(fd, "X", 1, MSG_NOSIGNAL);
			next_ms = clock_ms() + 10;
		}
		turn(server);
	}
	return !http_connections(server->http);
}

/* Single bytes do not extend the time limit. */
static void test_closes_a_client_with_a_slow_request(void)
{
	struct server server;
	int64_t start_ms = clock_ms();
	int fd;

	server_open(&server, 4, 200);
	fd = client_open(&server);
	client_says(fd, "GET / HTTP/1.1\r\n");
	while (!http_connections(server.http))
		turn(&server);
	CU_ASSERT_TRUE(is_cut_off_in_time(&server, 200, fd));
	CU_ASSERT(clock_ms() >= start_ms + 190);
	close(fd);
	server_close(&server);
}

static void test_closes_a_client_that_does_not_read_the_answer(void)
{
	struct server server;
	int64_t start_ms = clock_ms();
	int fd;

	server_open(&server, 4, 200);
	fd = client_open(&server);
	client_says(fd, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
	while (!server.answered)
		turn(&server);
	CU_ASSERT_TRUE(is_cut_off_in_time(&server, 200, -1));
	CU_ASSERT_EQUAL(server.answered, 1);
	CU_ASSERT(clock_ms() >= start_ms + 190);
	close(fd);
	server_close(&server);
}

static void test_an_idle_client_is_closed_for_a_new_one(void)
{
	struct server server;
	char text[4096];
	bool closed;
	int idle[3], fd;

	server_open(&server, 3, 2000);
	for (int i = 0; i < 3; i++) {
		idle[i] = client_open(&server);
		client_says(idle[i], "GET /");
		turn(&server);
	}
	CU_ASSERT_EQUAL(http_connections(server.http), 3);
	fd = client_open(&server);
	client_says(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	client_hears(&server, fd, text, sizeof(text), "hello\n", &closed);
	CU_ASSERT_EQUAL(strncmp(text, "HTTP/1.1 200 ", 13), 0);
	CU_ASSERT_EQUAL(http_connections(server.http), 3);
	client_hears(&server, idle[0], text, sizeof(text), NULL, &closed);
	CU_ASSERT_TRUE(closed);
	for (int i = 0; i < 3; i++)
		close(idle[i]);
	close(fd);
	server_close(&server);
}

static void test_the_number_of_answers_at_once_is_limited(void)
{
	struct server server;
	char text[100];
	bool closed;
	int busy[2], fd;

	server_open(&server, 2, 2000);
	for (unsigned int i = 0; i < 2; i++) {
		busy[i] = client_open(&server);
		client_says(busy[i], "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
		while (server.answered <= i)
			turn(&server);
	}
	fd = client_open(&server);
	client_hears(&server, fd, text, sizeof(text), NULL, &closed);
	CU_ASSERT_TRUE(closed);
	CU_ASSERT_EQUAL(http_connections(server.http), 2);
	close(fd);
	for (int i = 0; i < 2; i++)
		close(busy[i]);
	server_close(&server);
}

TEST_SUITE(http, { "reads a request", test_reads_a_request },
	   { "reads Host and Connection", test_reads_host_and_connection },
	   { "reads a POST", test_reads_a_post }, { "POST with its body", test_post_with_its_body },
	   { "the largest body", test_largest_body },
	   { "POST that is not admitted", test_post_that_is_not_admitted },
	   { "body that never comes", test_body_that_never_comes },
	   { "refuses what is malformed", test_refuses_what_is_malformed },
	   { "refuses a long target", test_refuses_a_long_target },
	   { "knows when a head is whole", test_knows_when_a_head_is_whole },
	   { "decodes query values", test_decodes_query_values },
	   { "answers and keeps the connection", test_answers_and_keeps_the_connection },
	   { "answers requests that come at once, or in pieces",
	     test_answers_requests_that_come_at_once_or_in_pieces },
	   { "a failed answer is not sent", test_failed_answer_is_not_sent },
	   { "accepts again when it has descriptors", test_accepts_again_when_it_has_descriptors },
	   { "a refusal arrives before the close", test_refusal_arrives_before_the_close },
	   { "closes a client with a slow request", test_closes_a_client_with_a_slow_request },
	   { "closes a client that does not read the answer",
	     test_closes_a_client_that_does_not_read_the_answer },
	   { "an idle client is closed for a new one",
	     test_an_idle_client_is_closed_for_a_new_one },
	   { "the number of answers at once is limited",
	     test_the_number_of_answers_at_once_is_limited });
