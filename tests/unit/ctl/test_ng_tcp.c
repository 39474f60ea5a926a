/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_ng_tcp.c - NG over TCP connections */
#include <errno.h>
#include <fcntl.h>
#include "daemon/base/count.h"
#include "daemon/ctl/ctl.h"
#include "daemon/ctl/stream.h"
#include "daemon/ng/frame.h"
#include "daemon/ng/ng.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

#define PING "d7:command4:pinge"
#define PONG "d6:result4:ponge"

struct relay {
	struct scene scene;
	struct ctl *ctl;
	unsigned int batches;
	char text[1 << 20];
};

static void batch_done(void *arg)
{
	struct relay *relay = arg;

	relay->batches++;
}

/* @allow: control-allow; NULL: as by default */
static const char *relay_open(struct relay *relay, const char *listen, const char *allow)
{
	char *items[] = { (char *)(uintptr_t)listen }, *allowed[] = { (char *)(uintptr_t)allow };
	const struct conf_list at = { items, 1 }, control_allow = { allowed, allow != NULL };
	const struct ctl_listen rows[] = { { &ng_protocol, NULL, NULL },
					   { &ng_tcp_protocol, &at, NULL } };
	const struct ctl_conf conf = { .listen = rows,
				       .n_listen = COUNT(rows),
				       .control_allow = &control_allow,
				       .replay_entries = 1000,
				       .replay_mbytes = 1 };
	const char *error = NULL;

	relay->batches = 0;
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

static void turn(struct relay *relay)
{
	event_base_loop(relay->scene.base, EVLOOP_NONBLOCK);
}

static int connect_to(const struct endpoint *addr)
{
	int fd = socket(addr->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	scene_must(fd >= 0 && !connect(fd, &addr->sa, endpoint_len(addr)), "connect");
	scene_must(!fcntl(fd, F_SETFL, O_NONBLOCK), "fcntl");
	return fd;
}

static int connect_relay(struct relay *relay)
{
	struct endpoint addr = { .in4 = { .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };

	endpoint_set_port(&addr, ctl_stream_port(relay->ctl, 0));
	return connect_to(&addr);
}

/* May fail: the relay may have closed the connection meanwhile. */
static void say_bytes(struct relay *relay, int fd, const char *bytes, size_t len)
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;

	while (len && clock_ms() < until_ms) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		turn(relay);
		if (n < 0 && errno != EAGAIN)
			return;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

static void say(struct relay *relay, int fd, const char *text)
{
	say_bytes(relay, fd, text, strlen(text));
}

/* Reads @len bytes, or up to the end of the connection; "(nothing)" at the deadline. */
static const char *hear_bytes(struct relay *relay, int fd, size_t len)
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	size_t done = 0;
	ssize_t n = -1;

	while (done < len && n && clock_ms() < until_ms) {
		turn(relay);
		n = recv(fd, relay->text + done, len - done, 0);
		if (n < 0 && errno != EAGAIN)
			n = 0; /* reset */
		done += n > 0 ? (size_t)n : 0;
	}
	relay->text[done] = '\0';
	return done < len && n ? "(nothing)" : relay->text;
}

static void expect(struct relay *relay, int fd, const char *text)
{
	CU_ASSERT_STRING_EQUAL(hear_bytes(relay, fd, strlen(text)), text);
}

static void expect_end(struct relay *relay, int fd)
{
	CU_ASSERT_STRING_EQUAL(hear_bytes(relay, fd, 1), "");
}

static void test_requests_one_after_the_other(void)
{
	static struct relay relay;
	int fd;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, "127.0.0.1:0", NULL));
	fd = connect_relay(&relay);
	say(&relay, fd, "1 " PING);
	expect(&relay, fd, "1 " PONG);
	say(&relay, fd, "2 {\"command\":\"ping\"}\n");
	expect(&relay, fd, "2 {\"result\":\"pong\"}");
	/* In one piece; each answer has the encoding of its request. */
	say(&relay, fd, "3 " PING "4 {\"command\":\"ping\"}5 " PING "6 d7:comm");
	expect(&relay, fd, "3 " PONG "4 {\"result\":\"pong\"}5 " PONG);
	say(&relay, fd, "and4:pinge");
	expect(&relay, fd, "6 " PONG);
	/* What is complete, but wrong, is answered; the connection stays. */
	say(&relay, fd, "7 {\"command\":}8 d4:text2:see9 " PING);
	expect(&relay, fd,
	       "7 {\"error-reason\":\"Could not decode JSON dictionary\",\"result\":\"error\"}");
	expect(&relay, fd, "8 d12:error-reason36:Dictionary contains no key \"command\"");
	expect(&relay, fd, "6:result5:errore9 " PONG);
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 9);
	CU_ASSERT_EQUAL(relay.scene.stats.replies, 9);
	CU_ASSERT(relay.batches > 0);
	close(fd);
	relay_close(&relay);
}

static void test_bytes_come_one_by_one(void)
{
	static const char text[] = "1 " PING "\r\n2 {\"command\":\"ping\"}";
	static struct relay relay;
	int fd;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, "127.0.0.1:0", NULL));
	fd = connect_relay(&relay);
	for (size_t i = 0; text[i]; i++)
		say_bytes(&relay, fd, text + i, 1);
	expect(&relay, fd, "1 " PONG "2 {\"result\":\"pong\"}");
	/* A proxy that has closed its sending direction still gets its answer. */
	say(&relay, fd, "3 " PING);
	shutdown(fd, SHUT_WR);
	expect(&relay, fd, "3 " PONG);
	expect_end(&relay, fd);
	close(fd);
	relay_close(&relay);
}

static void test_repeated_request_is_run_once(void)
{
	static struct relay relay;
	int fd, other;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, "127.0.0.1:0", NULL));
	fd = connect_relay(&relay);
	other = connect_relay(&relay);
	say(&relay, fd, "1 " PING "1 d7:command4:liste");
	expect(&relay, fd, "1 " PONG "1 " PONG);
	CU_ASSERT_EQUAL(relay.scene.stats.replayed, 1);
	/* Another connection is another source. */
	say(&relay, other, "1 {\"command\":\"list\"}");
	expect(&relay, other, "1 {\"calls\":[],\"result\":\"ok\"}");
	CU_ASSERT_EQUAL(relay.scene.stats.replayed, 1);
	close(fd);
	close(other);
	relay_close(&relay);
}

/* "1 d1:aLEN:xxx...e" of @len bytes; the lengths' digits make up to 5 bytes. */
static size_t make_request(char *text, size_t len)
{
	size_t body = len - strlen("1 d1:a65000:e");
	int head = sprintf(text, "1 d1:a%05zu:", body);

	if (text[6] == '0')
		head = sprintf(text, "1 d1:a%zu:", body);
	memset(text + head, 'x', body);
	text[(size_t)head + body] = 'e';
	return (size_t)head + body + 1;
}

static void test_size_of_requests_is_bounded(void)
{
	static const size_t sizes[] = { 2000, 30000, 65000, CONTROL_REQUEST_MAX - 1 };
	static char text[CONTROL_REQUEST_MAX + 100];
	static struct relay relay;
	int fd;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, "127.0.0.1:0", NULL));
	for (size_t i = 0; i < COUNT(sizes); i++) {
		fd = connect_relay(&relay);
		say_bytes(&relay, fd, text, make_request(text, sizes[i]));
		expect(&relay, fd, "1 d12:error-reason");
		close(fd);
	}
	CU_ASSERT_EQUAL(relay.scene.stats.malformed, 0);
	/* A longer one is not awaited, even if each string in it is short. */
	fd = connect_relay(&relay);
	text[0] = '1';
	text[1] = ' ';
	text[2] = 'd';
	for (size_t i = 3; i < sizeof(text) - 1; i += 2)
		memcpy(text + i, "0:", 2);
	say_bytes(&relay, fd, text, sizeof(text));
	expect_end(&relay, fd);
	CU_ASSERT_EQUAL(relay.scene.stats.malformed, 1);
	CU_ASSERT_EQUAL(relay.scene.stats.requests, COUNT(sizes));
	close(fd);
	relay_close(&relay);
}

static void test_other_bytes_close_the_connection(void)
{
	static const char *const rows[] = { "GET /ping HTTP/1.1\r\n", "1 V\n", " ", "1 d65508:" };
	static struct relay relay;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, "127.0.0.1:0", NULL));
	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd = connect_relay(&relay);

		/* What came before is answered. */
		say(&relay, fd, "1 " PING);
		expect(&relay, fd, "1 " PONG);
		say(&relay, fd, rows[i]);
		expect_end(&relay, fd);
		CU_ASSERT_EQUAL(relay.scene.stats.malformed, i + 1);
		close(fd);
	}
	relay_close(&relay);
}

static void test_control_allow_concerns_ng_over_tcp(void)
{
	static struct relay relay;
	int fd;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, "127.0.0.1:0", "198.51.100.0/24"));
	fd = connect_relay(&relay);
	say(&relay, fd, "1 " PING);
	expect_end(&relay, fd);
	CU_ASSERT_EQUAL(relay.scene.stats.not_allowed, 1);
	CU_ASSERT_EQUAL(relay.scene.stats.n_strangers, 1);
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 0);
	close(fd);
	relay_close(&relay);
}

/* A port without an address: both families, also from a subnet of the host. */
static void test_both_families(void)
{
	static struct relay relay;
	struct endpoint addr = { .in6 = { .sin6_family = AF_INET6,
					  .sin6_addr = IN6ADDR_LOOPBACK_INIT } };
	int fd;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, "0", NULL));
	CU_ASSERT_NOT_EQUAL(ctl_stream_port(relay.ctl, 1), 0);
	CU_ASSERT_EQUAL(ctl_stream_port(relay.ctl, 2), 0);
	fd = connect_relay(&relay);
	say(&relay, fd, "1 " PING);
	expect(&relay, fd, "1 " PONG);
	close(fd);
	endpoint_set_port(&addr, ctl_stream_port(relay.ctl, 1));
	fd = connect_to(&addr);
	say(&relay, fd, "1 " PING);
	expect(&relay, fd, "1 " PONG);
	close(fd);
	relay_close(&relay);
}

static void test_errors_name_the_key(void)
{
	static const struct {
		const char *listen, *error;
	} rows[] = {
		{ "nonsense", "listen-tcp-ng nonsense: Invalid argument" },
		{ "tcp:127.0.0.1:2223", "listen-tcp-ng tcp:127.0.0.1:2223: Invalid argument" },
		{ "192.0.2.1:2223",
		  "listen-tcp-ng 192.0.2.1:2223: Cannot assign requested address" },
	};
	static struct relay relay;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *error = relay_open(&relay, rows[i].listen, NULL);

		CU_ASSERT_STRING_EQUAL(error ? error : "none", rows[i].error);
		relay_close(&relay);
	}
}

/* --- A client that does not read -------------------------------------------------------------- */

#define MUCH	 60000
#define REQUESTS 100

struct much {
	struct event_base *base;
	struct ctl_stream *stream;
	unsigned int done, malformed;
};

static bool anybody(void *arg, const struct endpoint *source)
{
	(void)arg;
	(void)source;
	return true;
}

/* The n-th answer consists of the n-th letter. */
static void say_much(void *arg, const struct endpoint *source, struct str request, struct buf *out)
{
	struct much *much = arg;

	(void)source;
	CU_ASSERT(str_eq(request, STR("1 de")));
	memset(out->data, 'A' + (int)(much->done++ % 26), MUCH);
	out->len = MUCH;
}

static void much_done(void *arg)
{
	(void)arg;
}

static void count_malformed(void *arg, const struct endpoint *source)
{
	struct much *much = arg;

	(void)source;
	much->malformed++;
}

static int much_open(struct much *much, unsigned int patience_ms, int64_t idle_ms)
{
	const struct ctl_stream_conf conf = { .name = "listen-tcp-ng",
					      .allowed = anybody,
					      .run = say_much,
					      .done = much_done,
					      .frame = ng_frame,
					      .malformed = count_malformed,
					      .arg = much,
					      .patience_ms = patience_ms,
					      .idle_ms = idle_ms };
	struct endpoint addr = { .in4 = { .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	int error;

	*much = (struct much){ .base = event_base_new() };
	much->stream = ctl_stream_listen(much->base, &addr, &conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(much->stream);
	addr = ctl_stream_address(much->stream);
	return connect_to(&addr);
}

static void much_close(struct much *much, int fd)
{
	close(fd);
	ctl_stream_close(much->stream);
	event_base_free(much->base);
}

static void send_requests(int fd, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		scene_must(send(fd, "1 de", 4, MSG_NOSIGNAL) == 4, "send");
}

/* Until nothing is left to do: neither side's buffers take more. */
static void turn_until_still(struct much *much)
{
	unsigned int before;

	do {
		before = much->done;
		for (int i = 0; i < 50; i++)
			event_base_loop(much->base, EVLOOP_NONBLOCK);
	} while (much->done != before);
}

/*
 * 100 requests in one piece, with 6 MB of answers: they wait while the answers are not read. All of
 * them are answered, in their order, also behind the end of the requests.
 */
static void test_requests_wait_for_the_reader(void)
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	static char answers[MUCH];
	size_t received = 0, wrong = 0;
	struct much much;
	int fd = much_open(&much, 600000, 0);
	int size = 65536;
	ssize_t n = -1;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	send_requests(fd, REQUESTS);
	shutdown(fd, SHUT_WR);
	turn_until_still(&much);
	CU_ASSERT(much.done > 0);
	CU_ASSERT(much.done < REQUESTS);
	while (n && clock_ms() < until_ms) {
		event_base_loop(much.base, EVLOOP_NONBLOCK);
		n = recv(fd, answers, sizeof(answers), 0);
		for (ssize_t i = 0; i < n; i++)
			wrong += answers[i] != 'A' + (char)((received + (size_t)i) / MUCH % 26);
		received += n > 0 ? (size_t)n : 0;
	}
	CU_ASSERT_EQUAL(n, 0); /* the end of the connection */
	CU_ASSERT_EQUAL(received, (size_t)REQUESTS * MUCH);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(much.done, REQUESTS);
	CU_ASSERT_EQUAL(much.malformed, 0);
	much_close(&much, fd);
}

/* Does the relay close the connection? It may send something else before. */
static bool closes(struct much *much, int fd)
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	struct pollfd pollfd = { .fd = fd, .events = POLLRDHUP };

	while (!poll(&pollfd, 1, 1) && clock_ms() < until_ms)
		event_base_loop(much->base, EVLOOP_NONBLOCK);
	return pollfd.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

/* The client cannot see the end of its connection: it is behind what it does not read. */
static void test_client_that_never_reads_is_closed(void)
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	struct much much;
	int fd = much_open(&much, 100, 0);
	size_t alone = scene_count_fds();

	send_requests(fd, REQUESTS);
	while (!much.done && clock_ms() < until_ms)
		event_base_loop(much.base, EVLOOP_NONBLOCK);
	CU_ASSERT_EQUAL(scene_count_fds(), alone + 1);
	while (scene_count_fds() > alone && clock_ms() < until_ms)
		event_base_loop(much.base, EVLOOP_NONBLOCK);
	CU_ASSERT_EQUAL(scene_count_fds(), alone);
	CU_ASSERT(much.done < REQUESTS);
	much_close(&much, fd);
}

/* A part of a request does not keep a connection open. */
static void test_incomplete_request_does_not_count_as_one(void)
{
	struct much much;
	int fd = much_open(&much, 60000, 200);
	int64_t begin_ms = clock_ms();

	scene_must(send(fd, "1 d1:a", 6, MSG_NOSIGNAL) == 6, "send");
	CU_ASSERT(closes(&much, fd));
	CU_ASSERT(clock_ms() - begin_ms >= 200);
	much_close(&much, fd);
}

TEST_SUITE(ng_tcp, { "requests one after the other", test_requests_one_after_the_other },
	   { "bytes come one by one", test_bytes_come_one_by_one },
	   { "a repeated request is run once", test_repeated_request_is_run_once },
	   { "the size of requests is bounded", test_size_of_requests_is_bounded },
	   { "other bytes close the connection", test_other_bytes_close_the_connection },
	   { "control-allow concerns NG over TCP", test_control_allow_concerns_ng_over_tcp },
	   { "both families", test_both_families },
	   { "errors name the key", test_errors_name_the_key },
	   { "requests wait for the reader", test_requests_wait_for_the_reader },
	   { "a client that never reads is closed", test_client_that_never_reads_is_closed },
	   { "an incomplete request does not count as one",
	     test_incomplete_request_does_not_count_as_one });
