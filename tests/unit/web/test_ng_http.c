/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_ng_http.c - NG over HTTP: POST /ng from a socket to a command and back */
#include <event2/event.h>
#include "daemon/ctl/ctl.h"
#include "daemon/ng/ng.h"
#include "daemon/web/web.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

#define NG_TYPE "application/x-rtpengine-ng"
#define PING	"d7:command4:pinge"
#define PONG	"d6:result4:ponge"

struct relay {
	struct scene scene;
	struct ctl *ctl;
	struct web *web;
	unsigned int batches;
	char text[1 << 20];
};

static void batch_done(void *arg)
{
	struct relay *relay = arg;

	relay->batches++;
}

static bool allowed(void *arg, const struct endpoint *source)
{
	struct relay *relay = arg;

	return ctl_allows(relay->ctl, source);
}

static bool run(void *arg, const struct endpoint *source, struct str text, bool cookie,
		struct buf *out)
{
	struct relay *relay = arg;

	return ctl_request(relay->ctl, &ng_tcp_protocol, source, text, cookie, out);
}

/* @allow: control-allow; NULL: as by default */
static void relay_open(struct relay *relay, const char *allow, bool http_ng)
{
	static char any[] = "127.0.0.1:0";
	char *items[] = { any }, *allowed_items[] = { (char *)(uintptr_t)allow };
	const struct conf_list at = { items, 1 }, control_allow = { allowed_items, allow != NULL };
	const struct ctl_listen rows[] = { { &ng_protocol, NULL, NULL },
					   { &ng_tcp_protocol, NULL, NULL } };
	const struct ctl_conf ctl_conf = { .listen = rows,
					   .n_listen = COUNT(rows),
					   .control_allow = &control_allow,
					   .replay_entries = 1000,
					   .replay_mbytes = 1 };
	struct web_conf web_conf = { .listen = &at };
	const char *error = "";

	relay->batches = 0;
	scene_open_ports(&relay->scene, 21400, 21409);
	web_conf.calls = relay->scene.calls;
	web_conf.stats = &relay->scene.stats;
	web_conf.workers = relay->scene.workers;
	if (http_ng)
		web_conf.ng = (struct web_ng){ allowed, run, relay };
	relay->ctl = ctl_open(relay->scene.base, &ctl_conf, &relay->scene.env, batch_done, relay,
			      &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(relay->ctl);
	relay->web = web_open(relay->scene.base, &web_conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(relay->web);
}

static void relay_close(struct relay *relay)
{
	web_close(relay->web);
	ctl_close(relay->ctl);
	CU_ASSERT(scene_close(&relay->scene));
}

/* Sends a request that ends the connection. Return: what comes back; the head is cut off. */
static const char *ask(struct relay *relay, const char *request, int *status, const char **type)
{
	struct endpoint addr = { .in4 = { .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	size_t len = strlen(request), sent = 0, done = 0;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ssize_t n = -1;
	char *body;

	endpoint_set_port(&addr, web_port(relay->web, 0));
	scene_must(fd >= 0 && !connect(fd, &addr.sa, endpoint_len(&addr)), "connect");
	while (n && clock_ms() < until_ms) {
		n = sent < len ? send(fd, request + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL)
			       : 0;
		sent += n > 0 ? (size_t)n : 0;
		event_base_loop(relay->scene.base, EVLOOP_NONBLOCK);
		n = recv(fd, relay->text + done, sizeof(relay->text) - 1 - done, MSG_DONTWAIT);
		done += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	relay->text[done] = '\0';
	*status = done > 9 ? atoi(relay->text + 9) : 0;
	*type = strstr(relay->text, "\r\nContent-Type: ");
	*type = *type ? *type + strlen("\r\nContent-Type: ") : "";
	body = strstr(relay->text, "\r\n\r\n");
	return body ? body + 4 : "";
}

static const char *post(struct relay *relay, const char *path, const char *type, const char *body,
			int *status, const char **answer_type)
{
	static char request[70000];

	snprintf(request, sizeof(request),
		 "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n%s%s%s"
		 "Content-Length: %zu\r\n\r\n%s",
		 path, type ? "Content-Type: " : "", type ? type : "", type ? "\r\n" : "",
		 strlen(body), body);
	return ask(relay, request, status, answer_type);
}

static void test_a_message_in_each_post(void)
{
	static const struct {
		const char *path, *type, *body;
		int status;
		const char *answer;
	} rows[] = {
		{ "/ng", NG_TYPE, "1_2 " PING, 200, "1_2 " PONG },
		{ "/ng", "Application/X-RTPEngine-NG; x=y", "1_2 {\"command\":\"ping\"}\n", 200,
		  "1_2 {\"result\":\"pong\"}" },
		{ "/ng", "application/json", "{\"command\":\"ping\"}", 200,
		  "{\"result\":\"pong\"}" },
		{ "/ng-plain", "application/json; charset=utf-8", "{\"command\":\"ping\"}\r\n", 200,
		  "{\"result\":\"pong\"}" },
		{ "/ng-plain", NG_TYPE, PING, 200, PONG },
		/* Mistakes of NG are answered as over UDP. */
		{ "/ng", NG_TYPE, "1 V", 200,
		  "1 d12:error-reason22:Invalid NG data format6:result5:errore" },
		{ "/ng", "application/json", "{}", 200,
		  "{\"error-reason\":\"Dictionary contains no key \\\"command\\\"\","
		  "\"result\":\"error\"}" },
		{ "/ng", NG_TYPE, PING, 400, "400 Bad Request\n" },
		{ "/ng", NG_TYPE, "", 400, "400 Bad Request\n" },
		{ "/ng", NULL, "1 " PING, 415, "415 Unsupported Media Type\n" },
		/* What a foreign page may send without being asked. */
		{ "/ng", "text/plain", "1 " PING, 415, "415 Unsupported Media Type\n" },
		{ "/ng", "application/x-www-form-urlencoded", "1 " PING, 415,
		  "415 Unsupported Media Type\n" },
		{ "/", NG_TYPE, "1 " PING, 405, "405 Method Not Allowed\n" },
		{ "/metrics", NG_TYPE, "1 " PING, 405, "405 Method Not Allowed\n" },
		{ "/ng/", NG_TYPE, "1 " PING, 405, "405 Method Not Allowed\n" },
	};
	static struct relay relay;
	const char *type;
	int status;

	relay_open(&relay, NULL, true);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *answer =
			post(&relay, rows[i].path, rows[i].type, rows[i].body, &status, &type);

		CU_ASSERT_EQUAL(status, rows[i].status);
		CU_ASSERT_STRING_EQUAL(answer, rows[i].answer);
		if (status == 200)
			CU_ASSERT_EQUAL(strncasecmp(type, rows[i].type, strlen(NG_TYPE)) &&
						strncasecmp(type, rows[i].type, 16),
					0);
	}
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 7);
	CU_ASSERT_EQUAL(relay.scene.stats.replies, 7);
	CU_ASSERT_EQUAL(relay.batches, 7);
	CU_ASSERT_EQUAL(relay.scene.stats.malformed, 3); /* one is "1 V" */
	relay_close(&relay);
}

static void test_other_methods_are_refused(void)
{
	static const struct {
		const char *request;
		int status;
	} rows[] = {
		{ "GET /ng HTTP/1.0\r\n\r\n", 405 },
		{ "HEAD /ng-plain HTTP/1.0\r\n\r\n", 405 },
		{ "OPTIONS /ng HTTP/1.0\r\n\r\n", 405 },
		{ "POST /ng HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/json\r\n"
		  "Content-Length: 2\r\nConnection: close\r\n\r\n{}",
		  403 },
		/* The name of a foreign page's site may resolve to the address of this server. */
		{ "POST /ng HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
		  "Origin: http://127.0.0.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
		  403 },
	};
	static struct relay relay;
	const char *type;
	int status;

	relay_open(&relay, NULL, true);
	for (size_t i = 0; i < COUNT(rows); i++) {
		ask(&relay, rows[i].request, &status, &type);
		CU_ASSERT_EQUAL(status, rows[i].status);
	}
	ask(&relay, rows[0].request, &status, &type);
	CU_ASSERT_PTR_NOT_NULL(strstr(relay.text, "\r\nAllow: POST\r\n"));
	post(&relay, "/", NG_TYPE, "", &status, &type);
	CU_ASSERT_PTR_NOT_NULL(strstr(relay.text, "\r\nAllow: GET, HEAD\r\n"));
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 0);
	relay_close(&relay);
}

static void test_http_ng_is_off_by_default(void)
{
	static struct relay relay;
	const char *type;
	int status;

	relay_open(&relay, NULL, false);
	post(&relay, "/ng", NG_TYPE, "1 " PING, &status, &type);
	CU_ASSERT_EQUAL(status, 405);
	ask(&relay, "GET /ng HTTP/1.0\r\n\r\n", &status, &type);
	CU_ASSERT_EQUAL(status, 404);
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 0);
	relay_close(&relay);
}

/* Others may still see the page. */
static void test_control_allow_concerns_ng_over_http(void)
{
	static struct relay relay;
	const char *type;
	int status;

	relay_open(&relay, "198.51.100.0/24", true);
	post(&relay, "/ng", NG_TYPE, "1 " PING, &status, &type);
	CU_ASSERT_EQUAL(status, 403);
	CU_ASSERT_EQUAL(relay.scene.stats.not_allowed, 1);
	CU_ASSERT_EQUAL(relay.scene.stats.n_strangers, 1);
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 0);
	ask(&relay, "GET /healthz HTTP/1.0\r\n\r\n", &status, &type);
	CU_ASSERT_EQUAL(status, 200);
	relay_close(&relay);
}

#define REPEATED                                                                                   \
	"POST /ng HTTP/1.1\r\nHost: localhost\r\nContent-Type: " NG_TYPE                           \
	"\r\nContent-Length: 19\r\n"

/* On one connection, as a proxy keeps it. */
static void test_repeated_cookie_is_run_once(void)
{
	static const char requests[] =
		REPEATED "\r\n1 " PING REPEATED "\r\n1 d7:command4:liste" REPEATED
			 "Connection: close\r\n\r\n2 " PING;
	static struct relay relay;
	const char *type;
	int status, found = 0;

	relay_open(&relay, NULL, true);
	ask(&relay, requests, &status, &type);
	for (const char *text = relay.text; (text = strstr(text, " " PONG)); text++)
		found++;
	CU_ASSERT_EQUAL(found, 3);
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 3);
	CU_ASSERT_EQUAL(relay.scene.stats.replayed, 1);
	relay_close(&relay);
}

TEST_SUITE(ng_http, { "a message in each POST", test_a_message_in_each_post },
	   { "other methods are refused", test_other_methods_are_refused },
	   { "http-ng is off by default", test_http_ng_is_off_by_default },
	   { "control-allow concerns NG over HTTP", test_control_allow_concerns_ng_over_http },
	   { "a repeated cookie is run once", test_repeated_cookie_is_run_once });
