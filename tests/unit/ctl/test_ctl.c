/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ctl.c - control sockets on the loopback: cookies, repetitions, control-allow, addresses of
 * replies
 */
#include <errno.h>
#include "daemon/base/count.h"
#include "daemon/gate/allow.h"
#include "daemon/ctl/ctl.h"
#include "daemon/base/resolve.h"
#include "daemon/ng/ng.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"
#include "tests/unit/test_clock.h"

#define PING "d7:command4:pinge"

static const struct endpoint near = {
	.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
};

struct relay {
	struct scene scene;
	struct ctl *ctl;
	unsigned int batches;
	int asker;	     /* the socket of the proxy that waits for an answer; -1: none */
	bool answered_early; /* before the end of the batch, which applies what commands ask for */
	char out[CTL_DATAGRAM];
};

static void batch_done(void *arg)
{
	struct relay *relay = arg;
	struct pollfd pollfd = { relay->asker, POLLIN, 0 };

	relay->batches++;
	relay->answered_early |= poll(&pollfd, 1, 0) > 0;
}

static const char *relay_open(struct relay *relay, const char *listen, const char *allow)
{
	char *listen_item[] = { (char *)(uintptr_t)listen };
	char *allow_item[] = { (char *)(uintptr_t)allow };
	const struct conf_list listen_ng = { listen_item, listen != NULL };
	const struct conf_list control_allow = { allow_item, allow != NULL };
	const struct ctl_listen rows[] = { { &ng_protocol, &listen_ng, NULL } };
	const struct ctl_conf conf = { .listen = rows,
				       .n_listen = 1,
				       .control_allow = &control_allow,
				       .replay_entries = 1000,
				       .replay_mbytes = 1 };
	const char *error = NULL;

	relay->batches = 0;
	relay->asker = -1;
	relay->answered_early = false;
	scene_open_ports(&relay->scene, 21400, 21409);
	relay->ctl =
		ctl_open(relay->scene.base, &conf, &relay->scene.env, batch_done, relay, &error);
	return relay->ctl ? NULL : error;
}

static void relay_close(struct relay *relay)
{
	ctl_close(relay->ctl);
	CU_ASSERT(scene_close(&relay->scene));
}

static const char *ask_from(struct relay *relay, const struct endpoint *source,
			    const char *datagram)
{
	struct buf out = BUF_INIT(relay->out, sizeof(relay->out) - 1);

	ctl_datagram(relay->ctl, &ng_protocol, source, str_of(datagram), &out);
	relay->out[out.len] = '\0';
	return relay->out;
}

static void test_reply_begins_with_cookie(void)
{
	struct relay relay;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, NULL, NULL));
	CU_ASSERT_STRING_EQUAL(ask_from(&relay, &near, "1_2_3 " PING), "1_2_3 d6:result4:ponge");
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 1);
	relay_close(&relay);
}

static void test_no_cookie_no_answer(void)
{
	static const char *const datagrams[] = { "", " ", PING, (" " PING), "nonsense" };
	char long_cookie[400];
	struct relay relay;

	memset(long_cookie, 'x', sizeof(long_cookie));
	strcpy(long_cookie + 300, " " PING);
	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, NULL, NULL));
	for (size_t i = 0; i < COUNT(datagrams); i++)
		CU_ASSERT_STRING_EQUAL(ask_from(&relay, &near, datagrams[i]), "");
	CU_ASSERT_STRING_EQUAL(ask_from(&relay, &near, long_cookie), "");
	CU_ASSERT_EQUAL(relay.scene.stats.malformed, 6);
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 0);
	relay_close(&relay);
}

static void test_repeated_request_is_done_once(void)
{
	static const char offer[] =
		"7 {\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"sdp\":"
		"\"v=0\\no=- 1 1 IN IP4 192.0.2.1\\ns=-\\nc=IN IP4 192.0.2.1\\nt=0 0\\n"
		"m=audio 4000 RTP/AVP 0\\n\"}";
	struct endpoint other = near;
	struct relay relay;
	char first[1024];

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, NULL, NULL));
	snprintf(first, sizeof(first), "%.1000s", ask_from(&relay, &near, offer));
	CU_ASSERT_PTR_NOT_NULL(strstr(first, "\"result\":\"ok\""));
	ask_from(&relay, &near, "8 {\"command\":\"delete\",\"call-id\":\"c\"}");
	CU_ASSERT_STRING_EQUAL(ask_from(&relay, &near, offer), first);
	CU_ASSERT_EQUAL(call_table_count(relay.scene.calls), 0);
	CU_ASSERT_EQUAL(relay.scene.stats.replayed, 1);
	/* The same cookie of another proxy is another request. */
	endpoint_set_port(&other, 999);
	ask_from(&relay, &other, offer);
	CU_ASSERT_EQUAL(call_table_count(relay.scene.calls), 1);
	relay_close(&relay);
}

static void test_source_that_is_not_allowed_gets_no_answer(void)
{
	struct relay relay;
	struct endpoint outsider;

	endpoint_parse(STR("198.51.100.66:4444"), -1, &outsider);
	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, NULL, NULL));
	CU_ASSERT_STRING_EQUAL(ask_from(&relay, &outsider, "1 " PING), "");
	CU_ASSERT_EQUAL(relay.scene.stats.not_allowed, 1);
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 0);
	relay_close(&relay);
}

/* Whoever sends a flood of datagrams must not fill the log: one line each ten seconds. */
static void test_refusals_are_logged_seldom(void)
{
	struct log_capture capture;
	struct endpoint outsider;
	struct relay relay;
	char text[4096];

	endpoint_parse(STR("198.51.100.66:4444"), -1, &outsider);
	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, NULL, NULL));
	test_clock_stop();
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	for (int i = 0; i < 3; i++) {
		ask_from(&relay, &outsider, "1 " PING);
		ask_from(&relay, &near, "nonsense");
	}
	test_clock_pass(9999);
	ask_from(&relay, &outsider, "1 " PING);
	test_clock_pass(1);
	ask_from(&relay, &outsider, "1 " PING);
	ask_from(&relay, &near, "nonsense");
	log_capture_end(&capture, text, sizeof(text));
	test_clock_go();
	CU_ASSERT_EQUAL(log_capture_count(text, "\n"), 4);
	CU_ASSERT_EQUAL(log_capture_count(text, "198.51.100.66 is not in control-allow (1 so far)"),
			1);
	CU_ASSERT_EQUAL(log_capture_count(text, "198.51.100.66 is not in control-allow (5 so far)"),
			1);
	CU_ASSERT_EQUAL(log_capture_count(text, "127.0.0.1 sent a datagram without a valid cookie"),
			2);
	CU_ASSERT_EQUAL(log_capture_count(text, "(4 so far)"), 1);
	relay_close(&relay);
}

/* The line says what to do: the whole value, because it replaces the default. Noise is no proxy. */
static void test_refused_proxy_is_named(void)
{
	struct log_capture capture;
	struct endpoint proxy, scanner;
	struct relay relay;
	char text[4096];

	endpoint_parse(STR("198.51.100.66:4444"), -1, &proxy);
	endpoint_parse(STR("198.51.100.67:4444"), -1, &scanner);
	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, NULL, "192.0.2.0/24"));
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	ask_from(&relay, &proxy, "1 " PING);
	ask_from(&relay, &scanner, "nonsense");
	ask_from(&relay, &proxy, "2 " PING);
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_EQUAL(log_capture_count(text, "if it is your proxy, set control-allow = "
						"192.0.2.0/24, 198.51.100.66 and restart"),
			1);
	CU_ASSERT_EQUAL(relay.scene.stats.not_allowed, 3);
	CU_ASSERT_EQUAL(relay.scene.stats.n_strangers, 1);
	CU_ASSERT_EQUAL(relay.scene.stats.stranger[0].commands, 2);
	CU_ASSERT_TRUE(endpoint_addr_eq(&relay.scene.stats.stranger[0].addr, &proxy));
	ctl_allowed(relay.ctl, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "192.0.2.0/24");
	relay_close(&relay);
}

/* A caller's media that reaches the control socket comes from a port that the relay holds. */
static void test_media_port_gets_no_answer(void)
{
	static const char offer[] =
		"7 {\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"sdp\":"
		"\"v=0\\no=- 1 1 IN IP4 192.0.2.1\\ns=-\\nc=IN IP4 192.0.2.1\\nt=0 0\\n"
		"m=audio 4000 RTP/AVP 0\\n\"}";
	struct endpoint media;
	struct relay relay;
	uint16_t port;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, NULL, NULL));
	ask_from(&relay, &near, offer);
	port = call_find(relay.scene.calls, STR("c"))->dialogs->media[0]->port[SIDE_A];
	CU_ASSERT_TRUE(endpoint_parse_addr(STR("127.80.0.1"), 0, &media));
	for (uint16_t i = 0; i < 2; i++) {
		endpoint_set_port(&media, (uint16_t)(port + i));
		CU_ASSERT_STRING_EQUAL(ask_from(&relay, &media, "1 " PING), "");
		CU_ASSERT_EQUAL(relay.scene.stats.from_media_port, i + 1U);
	}
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 1);
	/* A proxy on the same host may send from a port of the range. */
	for (port = 21400; iface_holds(relay.scene.ifaces, &media, clock_ms()); port++)
		endpoint_set_port(&media, port);
	CU_ASSERT_STRING_EQUAL(ask_from(&relay, &media, "2 " PING), "2 d6:result4:ponge");
	CU_ASSERT_EQUAL(relay.scene.stats.not_allowed, 0);
	relay_close(&relay);
}

static void test_control_allow_replaces_the_default(void)
{
	struct relay relay;
	struct endpoint listed;

	endpoint_parse(STR("198.51.100.66:4444"), -1, &listed);
	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, NULL, "198.51.100.0/24"));
	CU_ASSERT_STRING_EQUAL(ask_from(&relay, &listed, "1 " PING), "1 d6:result4:ponge");
	CU_ASSERT_STRING_EQUAL(ask_from(&relay, &near, "2 " PING), "");
	relay_close(&relay);
}

static void test_errors_at_open_name_what_is_wrong(void)
{
	struct relay relay;
	const char *error;

	error = relay_open(&relay, "127.0.0.1:0", "nonsense");
	CU_ASSERT_STRING_EQUAL(error, "control-allow nonsense: Invalid argument");
	relay_close(&relay);
	error = relay_open(&relay, "192.0.2.1:2223", NULL);
	CU_ASSERT_STRING_EQUAL(error, "listen-ng 192.0.2.1:2223: Cannot assign requested address");
	relay_close(&relay);
	error = relay_open(&relay, "nonsense", NULL);
	CU_ASSERT_STRING_EQUAL(error, "listen-ng nonsense: Invalid argument");
	relay_close(&relay);
}

/* Sends from @from to @to over real sockets. Return: the answer and its source. */
static bool talk(struct relay *relay, const char *from, const char *to, const char *datagram,
		 char *answer, size_t size, struct endpoint *answered_from)
{
	struct endpoint local, remote;
	socklen_t len = sizeof(*answered_from);
	struct pollfd pollfd = { .events = POLLIN };
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	ssize_t n;

	CU_ASSERT_FATAL(endpoint_parse(str_of(from), 0, &local));
	CU_ASSERT_FATAL(endpoint_parse(str_of(to), ctl_port(relay->ctl, 0), &remote));
	pollfd.fd = socket(local.sa.sa_family, SOCK_DGRAM, 0);
	CU_ASSERT_FATAL(pollfd.fd >= 0 && !bind(pollfd.fd, &local.sa, endpoint_len(&local)));
	relay->asker = pollfd.fd;
	CU_ASSERT_FATAL(sendto(pollfd.fd, datagram, strlen(datagram), 0, &remote.sa,
			       endpoint_len(&remote)) > 0);
	while (!poll(&pollfd, 1, 1) && clock_ms() < until_ms)
		event_base_loop(relay->scene.base, EVLOOP_NONBLOCK);
	n = recvfrom(pollfd.fd, answer, size - 1, MSG_DONTWAIT, &answered_from->sa, &len);
	answer[n < 0 ? 0 : n] = '\0';
	close(pollfd.fd);
	relay->asker = -1;
	return n > 0;
}

static bool is_addr(const struct endpoint *ep, const char *text)
{
	struct endpoint expected;

	return endpoint_parse_addr(str_of(text), AF_UNSPEC, &expected) &&
	       endpoint_addr_eq(ep, &expected);
}

static void test_answer_leaves_from_the_address_asked(void)
{
	static const struct {
		const char *listen, *from, *to;
	} rows[] = {
		{ "0.0.0.0:0", "127.0.0.1", "127.80.0.9" },
		{ "127.80.0.8:0", "127.0.0.1", "127.80.0.8" },
		{ "[::]:0", "::1", "::1" },
		{ "localhost:0", "127.0.0.1", "127.0.0.1" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint answered_from = { 0 };
		struct relay relay;
		char answer[256];

		CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, rows[i].listen, NULL));
		CU_ASSERT(talk(&relay, rows[i].from, rows[i].to, "c " PING, answer, sizeof(answer),
			       &answered_from));
		CU_ASSERT_STRING_EQUAL(answer, "c d6:result4:ponge");
		CU_ASSERT(is_addr(&answered_from, rows[i].to));
		CU_ASSERT_EQUAL(relay.batches, 1);
		CU_ASSERT_FALSE(relay.answered_early);
		CU_ASSERT_EQUAL(relay.scene.stats.replies, 1);
		CU_ASSERT_EQUAL(relay.scene.stats.send_failed, 0);
		relay_close(&relay);
	}
}

/* The descriptor of the relay's only UDP socket. */
static int control_socket(const struct relay *relay)
{
	for (int fd = 0; fd < 1024; fd++) {
		struct endpoint addr = { 0 };
		socklen_t len = sizeof(addr);

		if (!getsockname(fd, &addr.sa, &len) &&
		    endpoint_port(&addr) == ctl_port(relay->ctl, 0))
			return fd;
	}
	return -1;
}

/* The request has been done nevertheless, and is answered from the record when it comes again. */
static void test_answers_that_cannot_be_sent_are_counted(void)
{
	struct endpoint remote = near;
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	struct relay relay;
	int fd;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, "127.0.0.1:0", NULL));
	endpoint_set_port(&remote, ctl_port(relay.ctl, 0));
	shutdown(control_socket(&relay), SHUT_WR); /* from now on each answer is refused: EPIPE */
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	for (int i = 0; i < 3; i++)
		CU_ASSERT(sendto(fd, "7 " PING, strlen("7 " PING), 0, &remote.sa,
				 sizeof(remote.in4)) > 0);
	while (relay.scene.stats.requests < 3 && clock_ms() < until_ms)
		event_base_loop(relay.scene.base, EVLOOP_NONBLOCK);
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 3);
	CU_ASSERT_EQUAL(relay.scene.stats.replayed, 2);
	CU_ASSERT_EQUAL(relay.scene.stats.replies, 0);
	CU_ASSERT_EQUAL(relay.scene.stats.send_failed, 3);
	close(fd);
	relay_close(&relay);
}

static void test_batch_of_requests_is_answered_in_full(void)
{
	struct endpoint remote = { .in4 = { .sin_family = AF_INET } };
	struct pollfd pollfd = { .events = POLLIN };
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	unsigned int answers = 0;
	struct relay relay;
	char text[64];

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, "127.0.0.1:0", NULL));
	pollfd.fd = socket(AF_INET, SOCK_DGRAM, 0);
	remote.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	endpoint_set_port(&remote, ctl_port(relay.ctl, 0));
	for (int i = 0; i < 100; i++) {
		int len = snprintf(text, sizeof(text), "c%d " PING, i);

		CU_ASSERT_EQUAL(
			sendto(pollfd.fd, text, (size_t)len, 0, &remote.sa, sizeof(remote.in4)),
			len);
	}
	while (answers < 100 && clock_ms() < until_ms) {
		event_base_loop(relay.scene.base, EVLOOP_NONBLOCK);
		while (poll(&pollfd, 1, 0) > 0 &&
		       recv(pollfd.fd, text, sizeof(text), MSG_DONTWAIT) > 0)
			answers++;
	}
	CU_ASSERT_EQUAL(answers, 100);
	CU_ASSERT_EQUAL(relay.batches, 2); /* 64 and 36 */
	close(pollfd.fd);
	relay_close(&relay);
}

static void test_resolve(void)
{
	struct endpoint addrs[8];

	CU_ASSERT_EQUAL(endpoint_resolve("192.0.2.1:2223", addrs, 8), 1);
	CU_ASSERT_EQUAL(endpoint_port(&addrs[0]), 2223);
	CU_ASSERT_EQUAL(endpoint_resolve("[2001:db8::1]:2223", addrs, 8), 1);
	CU_ASSERT_EQUAL(addrs[0].sa.sa_family, AF_INET6);
	CU_ASSERT_EQUAL(endpoint_resolve("2223", addrs, 8), 2);
	CU_ASSERT(endpoint_is_any(&addrs[0]) && endpoint_is_any(&addrs[1]));
	CU_ASSERT_EQUAL(endpoint_port(&addrs[1]), 2223);
	CU_ASSERT_EQUAL(endpoint_resolve("70000", addrs, 8), -EINVAL);
	CU_ASSERT_EQUAL(endpoint_resolve("", addrs, 8), -EINVAL);
	CU_ASSERT_EQUAL(endpoint_resolve(":2223", addrs, 8), -EINVAL);
}

static void test_allow_knows_subnets_of_local_addresses(void)
{
	struct allow allow = { 0 };
	struct endpoint loopback, inside, outside;

	endpoint_parse_addr(STR("127.0.0.1"), AF_INET, &loopback);
	endpoint_parse_addr(STR("127.44.0.1"), AF_INET, &inside);
	endpoint_parse_addr(STR("192.0.2.1"), AF_INET, &outside);
	CU_ASSERT_FALSE(allow_has(&allow, &loopback));
	CU_ASSERT_EQUAL(allow_add_subnets(&allow, &outside), 0); /* not one of our subnets */
	CU_ASSERT_EQUAL(allow.count, 0);
	CU_ASSERT_EQUAL(allow_add_subnets(&allow, &loopback), 0);
	CU_ASSERT_TRUE(allow_has(&allow, &inside)); /* lo is 127.0.0.1/8 */
	CU_ASSERT_FALSE(allow_has(&allow, &outside));
	CU_ASSERT_EQUAL(allow_add(&allow, STR("192.0.2.0/24")), 0);
	CU_ASSERT_TRUE(allow_has(&allow, &outside));
	CU_ASSERT_EQUAL(allow_add(&allow, STR("192.0.2.0/77")), -EINVAL);
	allow_fini(&allow);
}

static void test_out_of_memory_at_open(void)
{
	struct event_base *base = event_base_new();
	unsigned int refused = 0;

	ALLOC_FAILS_AT_EACH
	{
		char *item[] = { (char *)(uintptr_t) "127.0.0.1:0" };
		const struct conf_list listen_ng = { item, 1 }, none = { NULL, 0 };
		const struct ctl_listen rows[] = { { &ng_protocol, &listen_ng, NULL } };
		const struct ctl_conf conf = { .listen = rows,
					       .n_listen = 1,
					       .control_allow = &none,
					       .replay_entries = 1000,
					       .replay_mbytes = 1 };
		size_t fds = scene_count_fds();
		const char *error = NULL;
		struct ctl *ctl = ctl_open(base, &conf, NULL, batch_done, NULL, &error);

		if (!ctl) {
			refused++;
			CU_ASSERT_PTR_NOT_NULL(error);
		}
		ctl_close(ctl);
		CU_ASSERT_EQUAL(scene_count_fds(), fds);
	}
	CU_ASSERT(refused >= 4);
	event_base_free(base);
}

TEST_SUITE(ctl, { "reply begins with cookie", test_reply_begins_with_cookie },
	   { "no cookie, no answer", test_no_cookie_no_answer },
	   { "repeated request is done once", test_repeated_request_is_done_once },
	   { "a source that is not allowed gets no answer",
	     test_source_that_is_not_allowed_gets_no_answer },
	   { "refusals are logged seldom", test_refusals_are_logged_seldom },
	   { "a media port gets no answer", test_media_port_gets_no_answer },
	   { "a refused proxy is named (row 11)", test_refused_proxy_is_named },
	   { "control-allow replaces the default", test_control_allow_replaces_the_default },
	   { "errors at open name what is wrong", test_errors_at_open_name_what_is_wrong },
	   { "answer leaves from the address asked", test_answer_leaves_from_the_address_asked },
	   { "answers that cannot be sent are counted",
	     test_answers_that_cannot_be_sent_are_counted },
	   { "batch of requests is answered in full", test_batch_of_requests_is_answered_in_full },
	   { "resolve", test_resolve },
	   { "allow knows subnets of local addresses",
	     test_allow_knows_subnets_of_local_addresses },
	   { "out of memory at open", test_out_of_memory_at_open });
