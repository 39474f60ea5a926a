/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_web.c - who gets an answer to what, and what a second of the web server does */
#include <event2/buffer.h>
#include <event2/event.h>
#include <netinet/in.h>
#include "daemon/admin/admin.h"
#include "daemon/admin/conf.h"
#include "daemon/base/count.h"
#include "daemon/call/events.h"
#include "daemon/packet/worker.h"
#include "daemon/web/api.h"
#include "daemon/web/web.h"
#include "tests/unit/packet/talk_scene.h"
#include "tests/unit/test_clock.h"

static struct web *open_web(struct scene *scene, struct conf_list *listen)
{
	const struct web_conf conf = { .listen = listen,
				       .calls = scene->calls,
				       .stats = &scene->stats,
				       .workers = scene->workers };
	const char *error = "";
	struct web *web = web_open(scene->base, &conf, &error);

	CU_ASSERT_STRING_EQUAL(web ? "" : error, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(web);
	return web;
}

static struct endpoint local(const char *addr)
{
	struct endpoint at;

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(addr), 0, &at));
	return at;
}

/* The status; the body is in @text. */
static int get(struct web *web, const char *path, const char *host, const char *addr, char *text,
	       size_t size)
{
	const struct http_request request = { .path = str_of(path), .host = str_of(host) };
	struct endpoint at = local(addr);
	struct http_reply reply = { 200, "", evbuffer_new(), NULL };
	int len;

	web_answer(web, &request, &at, &reply);
	len = evbuffer_remove(reply.body, text, size - 1);
	text[len > 0 ? len : 0] = '\0';
	evbuffer_free(reply.body);
	return reply.status;
}

static int fire(const struct event_base *base, const struct event *event, void *arg)
{
	(void)base;
	(void)arg;
	if (event_get_events(event) & EV_PERSIST && event_get_fd(event) < 0)
		event_active((struct event *)(uintptr_t)event, EV_TIMEOUT, 0);
	return 0;
}

/* What the timer of a second does, and that time passes. */
static void pass_second(struct scene *scene)
{
	test_clock_pass(1000);
	event_base_foreach_event(scene->base, fire, NULL);
	event_base_loop(scene->base, EVLOOP_NONBLOCK);
}

/* --- Who gets an answer ----------------------------------------------------------------------- */

/* The name of another site resolves to the loopback address: its page must not read calls. */
static void test_foreign_names_for_the_loopback_are_refused(void)
{
	static const struct {
		const char *host, *at;
		int status;
	} rows[] = {
		{ "evil.example", "127.0.0.1", 403 },
		{ "evil.example", "127.9.9.9", 403 },
		{ "evil.example", "::1", 403 },
		{ "localhost.evil.example", "127.0.0.1", 403 },
		{ "localhost", "127.0.0.1", 200 },
		{ "LOCALHOST", "::1", 200 },
		{ "127.0.0.1", "127.0.0.1", 200 },
		{ "::1", "::1", 200 },
		{ "", "127.0.0.1", 200 },
		{ "relay.example", "192.0.2.1", 200 },
	};
	struct conf_list none = { NULL, 0 };
	struct scene scene;
	struct web *web;
	char text[200];

	scene_open(&scene);
	web = open_web(&scene, &none);
	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(get(web, "/healthz", rows[i].host, rows[i].at, text, sizeof(text)),
				rows[i].status);
	web_close(web);
	CU_ASSERT(scene_close(&scene));
}

static void add_call(struct scene *scene, const char *id)
{
	struct request request = { .call_id = str_of(id),
				   .from_tag = STR("a"),
				   .sdp = STR("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
					      "c=IN IP4 192.0.2.1\r\nt=0 0\r\n"
					      "m=audio 4000 RTP/AVP 0\r\n"),
				   .tos = TOS_UNSET };

	scene_run(scene, command_offer, request);
}

/* How many calls the answer lists; it is whole if it ends with a line of its own. */
static size_t count_calls(struct admin *admin, const char *query)
{
	struct http_reply reply = { 200, "", evbuffer_new(), NULL };
	static char text[1 << 16];
	size_t calls = 0;
	int len;

	web_api_answer(web_api_find(STR("/api/calls")), admin, str_of(query), &reply);
	CU_ASSERT_EQUAL(reply.status, 200);
	len = evbuffer_remove(reply.body, text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = '\0';
	evbuffer_free(reply.body);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"type\":\"end\""));
	for (const char *at = text; (at = strstr(at, "\"type\":\"call\"")); at++)
		calls++;
	return calls;
}

/* A page never gets the list of all calls of a busy relay in one answer. */
static void test_list_of_calls_is_limited(void)
{
	static const struct {
		const char *query;
		size_t calls;
	} rows[] = {
		{ "limit=2", 2 },
		{ "limit=1", 1 },
		{ "limit=0", 1 },
		{ "limit=1&limit=3", 1 },
		{ "limit=-1", 4 }, /* not a number: as many as a page has */
		{ "limit=18446744073709551617", 4 },
		{ "call-id=call-3", 1 },
		{ "call-id=call-%33&limit=2", 1 },
		{ "skip=3", 1 },
		{ "verb=terminate&call-id=call-1", 1 }, /* not one of its parameters */
		{ "", 4 },
	};
	struct events events = { 0 };
	struct conf conf = { .kernel = KMOD_OFF };
	struct admin_conf admin_conf;
	struct admin *admin;
	struct scene scene;

	scene_open(&scene);
	for (int i = 1; i <= 4; i++) {
		char id[24];

		snprintf(id, sizeof(id), "call-%d", i);
		add_call(&scene, id);
	}
	admin_conf = (struct admin_conf){
		.base = scene.base, .fd = -1, .calls = scene.calls, .events = &events, .conf = &conf
	};
	admin = admin_open(&admin_conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(admin);
	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(count_calls(admin, rows[i].query), rows[i].calls);
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 4);
	admin_close(admin);
	CU_ASSERT(scene_close(&scene));
}

/* Number of listening sockets of this process at addresses that other hosts reach. */
static unsigned int count_open(unsigned int *all)
{
	unsigned int reachable = 0;

	*all = 0;
	for (int fd = 3; fd < 1024; fd++) {
		struct endpoint at = { 0 };
		socklen_t len = sizeof(at), size = sizeof(int);
		int listens = 0;

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) || !listens ||
		    getsockname(fd, &at.sa, &len))
			continue;
		++*all;
		if (at.sa.sa_family == AF_INET)
			reachable += ntohl(at.in4.sin_addr.s_addr) >> 24 != 127;
		else
			reachable += !IN6_IS_ADDR_LOOPBACK(&at.in6.sin6_addr);
	}
	return reachable;
}

static void test_port_alone_is_local(void)
{
	char *item[] = { (char[]){ "0" } };
	struct conf_list listen = { item, 1 };
	unsigned int all;
	struct scene scene;
	struct web *web;

	scene_open(&scene);
	web = open_web(&scene, &listen);
	CU_ASSERT_EQUAL(count_open(&all), 0);
	CU_ASSERT(all >= 1);
	web_close(web);
	CU_ASSERT(scene_close(&scene));
}

/* --- Each second ------------------------------------------------------------------------------ */

/* A thread that was asked and has not answered for three seconds. */
static void test_hung_media_thread_makes_the_daemon_unhealthy(void)
{
	struct conf_list none = { NULL, 0 };
	struct worker *worker;
	struct scene scene;
	struct web *web;
	char text[200];

	scene_open(&scene);
	web = open_web(&scene, &none);
	worker = worker_pool_worker(scene.workers, 0);
	CU_ASSERT_EQUAL(get(web, "/healthz", "", "127.0.0.1", text, sizeof(text)), 200);
	CU_ASSERT_STRING_EQUAL(text, "ok\n");
	worker->asked_ms = clock_ms() - 3001;
	worker->asked++; /* and the thread is not woken */
	CU_ASSERT_EQUAL(get(web, "/healthz", "", "127.0.0.1", text, sizeof(text)), 503);
	CU_ASSERT_STRING_EQUAL(text, "media threads that do not answer: 1\n");
	worker->asked--;
	web_close(web);
	CU_ASSERT(scene_close(&scene));
}

static void test_media_threads_are_asked_each_second(void)
{
	struct conf_list none = { NULL, 0 };
	struct worker *worker;
	struct scene scene;
	struct web *web;
	uint32_t before;

	scene_open(&scene);
	web = open_web(&scene, &none);
	worker = worker_pool_worker(scene.workers, 0);
	before = worker->asked;
	test_clock_stop();
	pass_second(&scene);
	test_clock_go();
	CU_ASSERT_EQUAL(worker->asked, before + 1);
	web_close(web);
	CU_ASSERT(scene_close(&scene));
}

/* 500 packets in the kernel in each of two intervals */
static void test_history_has_a_sample_every_ten_seconds(void)
{
	struct conf_list none = { NULL, 0 };
	unsigned int samples = 0;
	struct web *web;
	struct talk t;
	char text[4096];

	talk_open(&t, true);
	web = open_web(&t.scene, &none);
	test_clock_stop();
	for (int second = 0; second < 21; second++) {
		fake.totals[RTPRELAY_C_PACKETS] = (uint64_t)second * 50;
		pass_second(&t.scene);
	}
	CU_ASSERT_EQUAL(get(web, "/api/history", "", "127.0.0.1", text, sizeof(text)), 200);
	test_clock_go();
	for (const char *at = text; (at = strstr(at, "\"ago\":")); at++)
		samples++;
	CU_ASSERT_EQUAL(samples, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"ago\":0,\"calls\":1,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"user\":0.000,\"kernel\":50.000,"));
	web_close(web);
	talk_close(&t);
}

TEST_SUITE(web,
	   { "foreign names for the loopback are refused",
	     test_foreign_names_for_the_loopback_are_refused },
	   { "the list of calls is limited", test_list_of_calls_is_limited },
	   { "a port alone is local", test_port_alone_is_local },
	   { "a hung media thread makes the daemon unhealthy",
	     test_hung_media_thread_makes_the_daemon_unhealthy },
	   { "media threads are asked each second", test_media_threads_are_asked_each_second },
	   { "history has a sample every ten seconds",
	     test_history_has_a_sample_every_ten_seconds });
