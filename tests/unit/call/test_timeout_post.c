/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_timeout_post.c - a call that times out is told once to an HTTP server; later, if that is
 * away
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <poll.h>
#include "daemon/call/timeout_post.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

#define SDP                                                                                        \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"                \
	"m=audio 4000 RTP/AVP 0\r\n"

/* The HTTP server runs in the loop of the relay. */
struct setup {
	struct scene scene;
	struct timeout_post *post;
	struct evhttp *server; /* NULL: nobody listens */
	uint16_t port;
	uint64_t lost;
	int fd;		 /* listens, but accepts nothing; -1: none */
	int status[8];	 /* of the next answers; 0 ends them: 200 */
	size_t received; /* requests */
	char last[TIMEOUT_POST_BYTES], all[4096], head[512];
};

static void on_request(struct evhttp_request *request, void *arg)
{
	struct setup *setup = arg;
	struct evkeyvalq *head = evhttp_request_get_input_headers(request);
	struct evbuffer *body = evhttp_request_get_input_buffer(request);
	int status = setup->status[0] ? setup->status[0] : 200, len;

	memmove(setup->status, setup->status + 1, sizeof(setup->status) - sizeof(int));
	setup->received++;
	len = evbuffer_remove(body, setup->last, sizeof(setup->last) - 1);
	setup->last[len > 0 ? len : 0] = '\0';
	if (status == 200 && strlen(setup->all) + strlen(setup->last) < sizeof(setup->all))
		strcat(setup->all, setup->last);
	snprintf(setup->head, sizeof(setup->head), "%d %s %s %s",
		 evhttp_request_get_command(request), evhttp_request_get_uri(request),
		 evhttp_find_header(head, "Host"), evhttp_find_header(head, "Content-Type"));
	evhttp_send_reply(request, status, "x\x1b", NULL);
}

static int socket_at(uint16_t port, bool listening, uint16_t *bound)
{
	struct endpoint addr = { .in4 = { .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	endpoint_set_port(&addr, port);
	scene_must(fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
			   !bind(fd, &addr.sa, endpoint_len(&addr)) &&
			   (!listening || !listen(fd, 8)) && !getsockname(fd, &addr.sa, &len),
		   "socket");
	*bound = endpoint_port(&addr);
	return fd;
}

static void server_start(struct setup *setup)
{
	if (setup->fd >= 0)
		close(setup->fd);
	setup->fd = socket_at(setup->port, true, &setup->port);
	setup->server = evhttp_new(setup->scene.base);
	scene_must(setup->server && !evhttp_accept_socket(setup->server, setup->fd), "evhttp");
	evhttp_set_gencb(setup->server, on_request, setup);
	setup->fd = -1; /* the server's */
}

/* @listening: a server that never answers; else nobody listens at the port yet. */
static void setup_open(struct setup *setup, bool listening, unsigned int patience_ms)
{
	char url[80];
	char *items[] = { (char *)(uintptr_t) "tcp:192.0.2.1:9", url };
	const struct conf_list notify = { items, 2 };
	const struct timeout_post_conf conf = {
		.notify = &notify, .lost = &setup->lost, .retry_ms = 20, .patience_ms = patience_ms
	};
	struct timeout_post_conf with_base = conf;
	const char *error = "";

	*setup = (struct setup){ .fd = -1 };
	scene_open(&setup->scene);
	setup->fd = socket_at(0, listening, &setup->port);
	snprintf(url, sizeof(url), "http://localhost:%u/calls/ended?by=relay", setup->port);
	with_base.base = setup->scene.base;
	setup->post = timeout_post_open(&with_base, &error);
	scene_must(setup->post, error);
	setup->scene.calls->conf.timed_out = timeout_post_timed_out;
	setup->scene.calls->conf.timed_out_arg = setup->post;
}

static void setup_close(struct setup *setup)
{
	timeout_post_close(setup->post);
	setup->scene.calls->conf.timed_out = NULL;
	if (setup->server)
		evhttp_free(setup->server);
	if (setup->fd >= 0)
		close(setup->fd);
	CU_ASSERT(scene_close(&setup->scene));
}

static void make_call(struct setup *setup, const char *call_id, const char *branch)
{
	struct request request = { .call_id = str_of(call_id),
				   .from_tag = STR("a\"1"),
				   .via_branch = str_of(branch),
				   .sdp = STR(SDP),
				   .tos = TOS_UNSET,
				   .delete_delay = -1 };

	CU_ASSERT_EQUAL_FATAL(scene_run(&setup->scene, command_offer, request).code, REPLY_OK);
	request.to_tag = STR("b2");
	CU_ASSERT_EQUAL_FATAL(scene_run(&setup->scene, command_answer, request).code, REPLY_OK);
}

static void end_call(struct setup *setup, const char *call_id, enum call_end reason)
{
	struct call *call = call_find(setup->scene.calls, str_of(call_id));

	scene_must(call, call_id);
	call_end(call, reason);
}

static void time_out(struct setup *setup, const char *call_id)
{
	make_call(setup, call_id, NULL);
	end_call(setup, call_id, CALL_TIMEOUT);
}

static bool run_until_received(struct setup *setup, size_t n)
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;

	while (setup->received < n || timeout_post_waiting(setup->post)) {
		if (clock_ms() > until_ms)
			return false;
		event_base_loop(setup->scene.base, EVLOOP_NONBLOCK);
	}
	return true;
}

static void test_each_timed_out_call_is_told_once(void)
{
	static const struct {
		enum call_end end;
		const char *reason;
	} rows[] = { { CALL_TIMEOUT, "timeout" },
		     { CALL_SILENT_TIMEOUT, "silent-timeout" },
		     { CALL_OFFER_TIMEOUT, "offer-timeout" },
		     { CALL_UNANSWERED, "unanswered-timeout" },
		     { CALL_FINAL_TIMEOUT, "final-timeout" } };
	char expected[256], host[64];
	static struct setup setup;

	setup_open(&setup, false, 10000);
	server_start(&setup);
	for (size_t i = 0; i < COUNT(rows); i++) {
		make_call(&setup, "c@1", "z9hG4bK1");
		end_call(&setup, "c@1", rows[i].end);
		CU_ASSERT(run_until_received(&setup, i + 1));
		snprintf(expected, sizeof(expected),
			 "{\"type\":\"timeout\",\"call-id\":\"c@1\",\"from-tag\":\"a\\\"1\","
			 "\"to-tag\":\"b2\",\"via-branch\":\"z9hG4bK1\",\"reason\":\"%s\","
			 "\"start\":",
			 rows[i].reason);
		CU_ASSERT_EQUAL(strncmp(setup.last, expected, strlen(expected)), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(setup.last, ",\"duration\":0."));
	}
	snprintf(host, sizeof(host), "%d /calls/ended?by=relay localhost:%u application/json",
		 EVHTTP_REQ_POST, setup.port);
	CU_ASSERT_STRING_EQUAL(setup.head, host);
	CU_ASSERT_EQUAL(setup.received, COUNT(rows));
	CU_ASSERT_EQUAL(setup.lost, 0);
	setup_close(&setup);
}

static void test_other_ends_are_not_told(void)
{
	static const enum call_end ends[] = { CALL_DELETED, CALL_FORCED, CALL_KEPT,
					      CALL_TERMINATED };
	static struct setup setup;

	setup_open(&setup, false, 10000);
	for (size_t i = 0; i < COUNT(ends); i++) {
		make_call(&setup, "c", NULL);
		end_call(&setup, "c", ends[i]);
	}
	CU_ASSERT_EQUAL(timeout_post_waiting(setup.post), 0);
	/* A fork that times out does not end the call; the last one does. */
	make_call(&setup, "c", "z1");
	make_call(&setup, "c", "z2");
	{
		struct call *call = call_find(setup.scene.calls, STR("c"));

		CU_ASSERT_PTR_NOT_NULL_FATAL(call->dialogs->next);
		CU_ASSERT_FALSE(call_end_dialog(call, call->dialogs, CALL_TIMEOUT));
		CU_ASSERT_EQUAL(timeout_post_waiting(setup.post), 0);
		CU_ASSERT_TRUE(call_end_dialog(call, call->dialogs, CALL_TIMEOUT));
	}
	CU_ASSERT_EQUAL(timeout_post_waiting(setup.post), 1);
	setup_close(&setup);
}

static bool run_until_logged(struct setup *setup, const struct log_capture *capture)
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;

	while (poll(&(struct pollfd){ .fd = capture->pipe_fd, .events = POLLIN }, 1, 0) < 1) {
		if (clock_ms() > until_ms)
			return false;
		event_base_loop(setup->scene.base, EVLOOP_NONBLOCK);
	}
	return true;
}

static void test_calls_wait_for_the_server(void)
{
	struct log_capture capture;
	static struct setup setup;
	char log[4096];

	setup_open(&setup, false, 10000);
	log_capture_begin(&capture, LOG_LEVEL_NOTICE);
	time_out(&setup, "c1");
	time_out(&setup, "c2");
	CU_ASSERT(run_until_logged(&setup, &capture));
	CU_ASSERT_EQUAL(timeout_post_waiting(setup.post), 2);
	server_start(&setup);
	CU_ASSERT(run_until_received(&setup, 2));
	log_capture_end(&capture, log, sizeof(log));
	CU_ASSERT_EQUAL(log_capture_count(log, "/ended: the server does not take time-out "
					       "notifications (connection refused): they wait\n"),
			1);
	CU_ASSERT_EQUAL(log_capture_count(log, "/ended: the server takes time-out "
					       "notifications again\n"),
			1);
	CU_ASSERT_PTR_NOT_NULL(strstr(setup.all, "\"c1\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(setup.all, "\"c2\""));
	CU_ASSERT(strstr(setup.all, "\"c1\"") < strstr(setup.all, "\"c2\""));
	CU_ASSERT_EQUAL(setup.lost, 0);
	setup_close(&setup);
}

/* What may pass is tried again; what does not is lost, and the next call is told. */
static void test_answers_of_the_server(void)
{
	static const struct {
		int status;
		size_t received;
		uint64_t lost;
		const char *log;
	} rows[] = {
		{ 204, 2, 0, "" },
		{ 500, 3, 0, "(500 x\\x1b): they wait\n" },
		{ 503, 3, 0, "(503 x\\x1b): they wait\n" },
		{ 408, 3, 0, "(408 x\\x1b): they wait\n" },
		{ 429, 3, 0, "(429 x\\x1b): they wait\n" },
		{ 400, 2, 1, "(400 x\\x1b): they are lost\n" },
		{ 404, 2, 1, "(404 x\\x1b): they are lost\n" },
		{ 302, 2, 1, "(302 x\\x1b): they are lost\n" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct log_capture capture;
		static struct setup setup;
		char log[4096];

		setup_open(&setup, false, 10000);
		server_start(&setup);
		setup.status[0] = rows[i].status;
		log_capture_begin(&capture, LOG_LEVEL_WARNING);
		time_out(&setup, "c1");
		time_out(&setup, "c2");
		CU_ASSERT(run_until_received(&setup, rows[i].received));
		log_capture_end(&capture, log, sizeof(log));
		CU_ASSERT_EQUAL(log_capture_count(log, "warning: notify http://"),
				*rows[i].log ? 1 : 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(log, rows[i].log));
		CU_ASSERT_EQUAL(setup.received, rows[i].received);
		CU_ASSERT_EQUAL(setup.lost, rows[i].lost);
		CU_ASSERT_PTR_NOT_NULL(strstr(setup.last, "\"c2\""));
		setup_close(&setup);
	}
}

/* The first connection, with the whole request. */
static int accept_first(struct setup *setup)
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	char text[1024];
	ssize_t n = -1;
	int fd = -1;

	while (n <= 0 && clock_ms() < until_ms) {
		event_base_loop(setup->scene.base, EVLOOP_NONBLOCK);
		if (fd < 0)
			fd = accept4(setup->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		n = fd < 0 ? -1 : recv(fd, text, sizeof(text), 0);
	}
	CU_ASSERT(n > 0);
	return fd;
}

/* It accepts the connection and says nothing: after some time there is another attempt. */
static void test_server_that_does_not_answer(void)
{
	struct log_capture capture;
	static struct setup setup;
	char log[4096];
	int fd;

	setup_open(&setup, true, 100);
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	time_out(&setup, "c1");
	fd = accept_first(&setup);
	CU_ASSERT_EQUAL(timeout_post_waiting(setup.post), 1);
	server_start(&setup); /* at the same port; the first connection stays */
	CU_ASSERT(run_until_received(&setup, 1));
	log_capture_end(&capture, log, sizeof(log));
	CU_ASSERT_PTR_NOT_NULL(strstr(log, "(it has not answered for 1 s): they wait\n"));
	CU_ASSERT_EQUAL(setup.lost, 0);
	close(fd);
	setup_close(&setup);
	/* It closes the connection. */
	setup_open(&setup, true, 10000);
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	time_out(&setup, "c1");
	close(accept_first(&setup));
	server_start(&setup);
	CU_ASSERT(run_until_received(&setup, 1));
	log_capture_end(&capture, log, sizeof(log));
	CU_ASSERT_PTR_NOT_NULL(strstr(log, "ends the connection without an answer): they wait\n"));
	setup_close(&setup);
	/* Closing while an attempt is under way. */
	setup_open(&setup, true, 10000);
	time_out(&setup, "c1");
	fd = accept_first(&setup);
	close(fd);
	setup_close(&setup);
}

/* The query may have a token, which is not for the log. */
static void test_what_waits_is_bounded(void)
{
	static struct log_capture capture;
	static struct setup setup;
	static char log[65536];
	char id[32];

	setup_open(&setup, false, 10000);
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	for (int i = 0; i < TIMEOUT_POSTS + 3; i++) {
		snprintf(id, sizeof(id), "c%d", i);
		time_out(&setup, id);
		scene_settle(&setup.scene);
	}
	log_capture_end(&capture, log, sizeof(log));
	CU_ASSERT_PTR_NOT_NULL(strstr(log, "/calls/ended: the server cannot be reached"));
	CU_ASSERT_PTR_NULL(strstr(log, "by=relay"));
	CU_ASSERT_EQUAL(timeout_post_waiting(setup.post), TIMEOUT_POSTS);
	CU_ASSERT_EQUAL(setup.lost, 3);
	server_start(&setup);
	CU_ASSERT(run_until_received(&setup, TIMEOUT_POSTS));
	CU_ASSERT_EQUAL(strncmp(setup.all, "{\"type\":\"timeout\",\"call-id\":\"c3\"", 31), 0);
	CU_ASSERT_EQUAL(setup.lost, 3);
	setup_close(&setup);
}

/* JSON has six bytes for each byte of these; a call has four. */
static void test_no_name_keeps_a_call_from_being_told(void)
{
	static char name[REQUEST_NAME_MAX + 1];
	static struct setup setup;
	struct request request = { .sdp = STR(SDP), .tos = TOS_UNSET, .delete_delay = -1 };

	memset(name, 1, REQUEST_NAME_MAX);
	request.call_id = request.from_tag = request.via_branch = str_of(name);
	setup_open(&setup, false, 10000);
	CU_ASSERT_EQUAL(scene_run(&setup.scene, command_offer, request).code, REPLY_OK);
	request.to_tag = request.call_id;
	CU_ASSERT_EQUAL(scene_run(&setup.scene, command_answer, request).code, REPLY_OK);
	end_call(&setup, name, CALL_TIMEOUT);
	CU_ASSERT_EQUAL(timeout_post_waiting(setup.post), 1);
	CU_ASSERT_EQUAL(setup.lost, 0);
	server_start(&setup);
	CU_ASSERT(run_until_received(&setup, 1));
	CU_ASSERT(strlen(setup.last) > (size_t)4 * 6 * REQUEST_NAME_MAX);
	setup_close(&setup);
}

/* As many long objects as short ones would be 100 MB. */
static void test_bytes_that_wait_are_bounded(void)
{
	static char id[REQUEST_NAME_MAX + 1], branch[REQUEST_NAME_MAX + 1];
	const size_t len = (size_t)2 * 6 * REQUEST_NAME_MAX, fit = TIMEOUT_POSTS_BYTES / len;
	static struct setup setup;
	size_t waiting;

	memset(id, 1, REQUEST_NAME_MAX);
	memset(branch, 1, REQUEST_NAME_MAX);
	setup_open(&setup, false, 10000);
	for (size_t i = 0; i < fit + 5; i++) {
		make_call(&setup, id, branch);
		end_call(&setup, id, CALL_TIMEOUT);
		scene_settle(&setup.scene);
	}
	waiting = timeout_post_waiting(setup.post);
	CU_ASSERT(waiting <= fit && waiting > fit - 10);
	CU_ASSERT_EQUAL(setup.lost + waiting, fit + 5);
	setup_close(&setup);
}

static void test_urls(void)
{
	static const struct {
		const char *url, *address, *error;
	} rows[] = {
		{ "http://127.0.0.1:8080/x", "127.0.0.1:8080", NULL },
		{ "http://127.0.0.1", "127.0.0.1:80", NULL },
		{ "http://[::1]:8080/x?y", "[::1]:8080", NULL },
		{ "http://localhost:1/", "localhost:1", NULL },
		{ "http://", "", "expected http://HOST:PORT/PATH" },
		{ "http:///x", "", "expected http://HOST:PORT/PATH" },
		{ "http://127.0.0.1:0/", "", "expected http://HOST:PORT/PATH" },
		{ "http://127.0.0.1:x/", "", "expected http://HOST:PORT/PATH" },
		{ "http://127.0.0.1:70000/", "", "expected http://HOST:PORT/PATH" },
		{ "http://me@127.0.0.1/", "", "expected http://HOST:PORT/PATH" },
		{ "http://127.0.0.1/#x", "", "expected http://HOST:PORT/PATH" },
		{ "http://127.0.0.1/a b", "", "expected http://HOST:PORT/PATH" },
		{ "http://127.0.0.1/a\r\nX: y", "", "expected http://HOST:PORT/PATH" },
		{ "https://127.0.0.1/", NULL,
		  "only http is possible; put a TLS proxy (stunnel) on this host" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *items[] = { (char *)(uintptr_t)rows[i].url };
		const struct conf_list notify = { items, 1 };
		const struct timeout_post_conf conf = { .notify = &notify };
		char address[64] = "", expected[200];
		const char *error = "";
		struct timeout_post *post = timeout_post_open(&conf, &error);

		CU_ASSERT(timeout_post_is(rows[i].url));
		CU_ASSERT_EQUAL(!post, rows[i].error != NULL);
		timeout_post_close(post);
		snprintf(expected, sizeof(expected), "notify %s: %s", rows[i].url,
			 rows[i].error ? rows[i].error : "");
		if (rows[i].error)
			CU_ASSERT_STRING_EQUAL(error, expected);
		if (!rows[i].address)
			continue;
		CU_ASSERT_EQUAL(timeout_post_address(rows[i].url, address, sizeof(address)),
				*rows[i].address != '\0');
		if (*rows[i].address)
			CU_ASSERT_STRING_EQUAL(address, rows[i].address);
	}
	CU_ASSERT_FALSE(timeout_post_is("tcp:127.0.0.1:80"));
	CU_ASSERT_FALSE(timeout_post_is("unix:/http://"));
}

TEST_SUITE(timeout_post,
	   { "each timed-out call is told once", test_each_timed_out_call_is_told_once },
	   { "other ends are not told", test_other_ends_are_not_told },
	   { "calls wait for the server", test_calls_wait_for_the_server },
	   { "answers of the server", test_answers_of_the_server },
	   { "a server that does not answer", test_server_that_does_not_answer },
	   { "what waits is bounded", test_what_waits_is_bounded },
	   { "no name keeps a call from being told", test_no_name_keeps_a_call_from_being_told },
	   { "bytes that wait are bounded", test_bytes_that_wait_are_bounded },
	   { "URLs", test_urls });
