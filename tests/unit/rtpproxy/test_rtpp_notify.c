/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rtpp_notify.c - time-outs are told once, as a line, to whom was asked for; later, if nobody listens yet
 */
#include <stdarg.h>
#include <sys/un.h>
#include "daemon/base/count.h"
#include "daemon/packet/pool.h"
#include "daemon/rtpproxy/rtpp.h"
#include "daemon/rtpproxy/notify.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

static const struct endpoint proxy = {
	.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
};

struct told {
	struct scene scene;
	struct rtpp_notify *notify;
	char dir[32], path[64], unix_text[80];
	int listener; /* -1: nobody listens */
	int connection;
	char answer[RTPP_REPLY + 1];
};

static int listen_unix(struct told *told)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", told->path);
	unlink(told->path);
	scene_must(fd >= 0 && !bind(fd, (struct sockaddr *)&addr, sizeof(addr)) && !listen(fd, 8),
		   told->path);
	return fd;
}

static int listen_tcp(uint16_t *port)
{
	struct endpoint addr = proxy;
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	endpoint_set_port(&addr, 0);
	scene_must(fd >= 0 && !bind(fd, &addr.sa, endpoint_len(&addr)) && !listen(fd, 8) &&
			   !getsockname(fd, &addr.sa, &len),
		   "listen");
	*port = endpoint_port(&addr);
	return fd;
}

/* @more: another value of "notify", or NULL */
static void told_open(struct told *told, const char *more)
{
	char *items[2];
	const struct conf_list targets = { items, more ? 2 : 1 };
	const char *error;

	*told = (struct told){ .dir = "/tmp/rtprelay-XXXXXX", .listener = -1, .connection = -1 };
	scene_must(mkdtemp(told->dir), "mkdtemp");
	snprintf(told->path, sizeof(told->path), "%s/socket", told->dir);
	snprintf(told->unix_text, sizeof(told->unix_text), "unix:%s", told->path);
	items[0] = told->unix_text;
	items[1] = (char *)(uintptr_t)more;
	scene_open(&told->scene);
	told->notify = rtpp_notify_open(told->scene.base, &targets, &error);
	scene_must(told->notify, error);
	told->scene.calls->conf.timed_out = rtpp_notify_timed_out;
	told->scene.calls->conf.timed_out_arg = told->notify;
}

static void told_close(struct told *told)
{
	if (told->connection >= 0)
		close(told->connection);
	if (told->listener >= 0)
		close(told->listener);
	rtpp_notify_close(told->notify);
	CU_ASSERT(scene_close(&told->scene));
	unlink(told->path);
	rmdir(told->dir);
}

__attribute__((format(printf, 2, 3))) static const char *ask(struct told *told, const char *format,
							     ...)
{
	struct buf out = BUF_INIT(told->answer, sizeof(told->answer) - 1);
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	told->scene.env.now_ms = clock_ms();
	arena_reset(told->scene.env.arena);
	rtpp_run(&told->scene.env, told->notify, &proxy, str_of(text), &out);
	worker_pool_flush(told->scene.workers);
	told->answer[out.len] = '\0';
	return told->answer;
}

/* As if so much time had gone by without any media. */
static void time_out(struct told *told, const char *call_id)
{
	struct call *call = call_find(told->scene.calls, str_of(call_id));

	scene_must(call, call_id);
	call_end(call, CALL_TIMEOUT);
}

static bool run_until(struct told *told, bool (*done)(struct told *))
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;

	while (!done(told)) {
		if (clock_ms() > until_ms)
			return false;
		event_base_loop(told->scene.base, EVLOOP_NONBLOCK);
	}
	return true;
}

static bool accepted(struct told *told)
{
	told->connection = accept(told->listener, NULL, NULL);
	return told->connection >= 0;
}

static bool readable(struct told *told)
{
	char byte;

	return recv(told->connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static bool all_sent(struct told *told)
{
	return !rtpp_notify_waiting(told->notify);
}

static const char *hear(struct told *told)
{
	static char text[512];
	ssize_t n;

	if (told->connection < 0 && !run_until(told, accepted))
		return "nobody came";
	if (!run_until(told, all_sent) || !run_until(told, readable))
		return "nothing came";
	n = recv(told->connection, text, sizeof(text) - 1, MSG_DONTWAIT);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void test_a_time_out_is_told_once(void)
{
	struct told told;

	told_open(&told, NULL);
	told.listener = listen_unix(&told);
	CU_ASSERT_STRING_EQUAL(ask(&told, "VF 20081224"), "1\n");
	ask(&told, "U c 192.0.2.1 4000 a;1 %s T12%%2e34", told.unix_text);
	ask(&told, "U c 192.0.2.1 4002 a;2 %s T12.34", told.path);
	ask(&told, "U d 192.0.2.1 4000 a;1 b;1 %s I+x%%21", told.unix_text);
	time_out(&told, "c");
	CU_ASSERT_STRING_EQUAL(hear(&told), "T12.34\n");
	time_out(&told, "d");
	CU_ASSERT_STRING_EQUAL(hear(&told), "I x!\n");
	told_close(&told);
}

static void test_what_ends_otherwise_is_not_told(void)
{
	struct told told;

	told_open(&told, NULL);
	told.listener = listen_unix(&told);
	ask(&told, "U c 192.0.2.1 4000 a;1 %s T1", told.unix_text);
	ask(&told, "D c a");
	ask(&told, "U d 192.0.2.1 4000 a;1 %s T2", told.unix_text);
	ask(&told, "X");
	/* A U without the two words takes the notice back. */
	ask(&told, "U e 192.0.2.1 4000 a;1 %s T3", told.unix_text);
	ask(&told, "U e 192.0.2.1 4000 a;1");
	time_out(&told, "e");
	/* Nobody that is configured. */
	CU_ASSERT_PTR_NOT_NULL(strstr(ask(&told, "U f 192.0.2.1 4000 a;1 %s T4", "unix:/elsewhere"),
				      " 127.80.0.1\n"));
	time_out(&told, "f");
	CU_ASSERT_EQUAL(rtpp_notify_waiting(told.notify), 0);
	ask(&told, "U g 192.0.2.1 4000 a;1 %s T5", told.unix_text);
	time_out(&told, "g");
	CU_ASSERT_STRING_EQUAL(hear(&told), "T5\n");
	told_close(&told);
}

static void test_lines_wait_for_the_listener(void)
{
	struct told told;

	told_open(&told, NULL);
	ask(&told, "U c 192.0.2.1 4000 a;1 %s T1", told.unix_text);
	ask(&told, "U d 192.0.2.1 4000 a;1 %s T2", told.unix_text);
	time_out(&told, "c");
	time_out(&told, "d");
	event_base_loop(told.scene.base, EVLOOP_NONBLOCK);
	CU_ASSERT_EQUAL(rtpp_notify_waiting(told.notify), 2);
	told.listener = listen_unix(&told);
	CU_ASSERT_STRING_EQUAL(hear(&told), "T1\nT2\n");
	/* It goes, a line comes, it is back. */
	close(told.connection);
	close(told.listener);
	unlink(told.path);
	told.connection = -1;
	event_base_loop(told.scene.base, EVLOOP_NONBLOCK);
	ask(&told, "U e 192.0.2.1 4000 a;1 %s T3", told.unix_text);
	time_out(&told, "e");
	event_base_loop(told.scene.base, EVLOOP_NONBLOCK);
	CU_ASSERT_EQUAL(rtpp_notify_waiting(told.notify), 1);
	told.listener = listen_unix(&told);
	CU_ASSERT_STRING_EQUAL(hear(&told), "T3\n");
	told_close(&told);
}

/* What is said so far of @n lines "T<number>": the next number that is awaited. */
struct opensips {
	char kept[255];
	size_t n_kept;
	bool keeps; /* over TCP; over a Unix socket a line whose end did not come along is lost */
	unsigned int next;
};

/* As OpenSIPS' notification process does: so many bytes at once, split at the LF. */
static void opensips_reads(struct opensips *o, int fd)
{
	char text[255], *at = text, *end, *lf;
	ssize_t n;

	memcpy(text, o->kept, o->n_kept);
	n = recv(fd, text + o->n_kept, sizeof(text) - o->n_kept, MSG_DONTWAIT);
	end = text + o->n_kept + (n > 0 ? n : 0);
	for (; at < end && (lf = memchr(at, '\n', (size_t)(end - at))); at = lf + 1) {
		unsigned int number;

		CU_ASSERT_FATAL(sscanf(at, "T%u.%u\n", &number, &(unsigned int){ 0 }) == 2);
		CU_ASSERT_EQUAL_FATAL(number, o->next);
		o->next++;
	}
	o->n_kept = o->keeps ? (size_t)(end - at) : 0;
	memcpy(o->kept, at, o->n_kept);
}

/* Many lines at once, of many lengths, to one that reads when it likes: each arrives, once and in order. */
static void check_opensips_hears_all(struct told *told, const char *socket, bool keeps)
{
	struct opensips opensips = { .keeps = keeps };
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	unsigned int lines = 100;

	for (unsigned int i = 0; i < lines; i++) {
		struct notice *notice;
		char tag[64];

		snprintf(tag, sizeof(tag), "T%u.1%0*u", i, (int)(i * 7 % 23), i);
		CU_ASSERT_EQUAL_FATAL(rtpp_notify_make(told->notify, &proxy, str_of(socket),
						       str_of(tag), &notice),
				      RTPP_OK);
		rtpp_notify_send(told->notify, notice);
		free(notice);
	}
	CU_ASSERT_FATAL(run_until(told, accepted));
	while (opensips.next < lines && clock_ms() < until_ms) {
		event_base_loop(told->scene.base, EVLOOP_NONBLOCK);
		opensips_reads(&opensips, told->connection);
	}
	CU_ASSERT_EQUAL(opensips.next, lines);
	CU_ASSERT_EQUAL(rtpp_notify_waiting(told->notify), 0);
}

static void test_opensips_hears_every_line(void)
{
	struct told told;
	char text[64];
	uint16_t port;
	int fd;

	told_open(&told, NULL);
	told.listener = listen_unix(&told);
	check_opensips_hears_all(&told, told.unix_text, false);
	told_close(&told);
	fd = listen_tcp(&port);
	snprintf(text, sizeof(text), "tcp:127.0.0.1:%u", port);
	told_open(&told, text);
	told.listener = fd;
	check_opensips_hears_all(&told, text, true);
	told.listener = -1;
	told_close(&told);
	close(fd);
}

static void test_waiting_lines_are_bounded(void)
{
	struct notice *notice;
	struct told told;
	int lost = 0;

	told_open(&told, NULL);
	CU_ASSERT_EQUAL(
		rtpp_notify_make(told.notify, &proxy, str_of(told.unix_text), STR("x"), &notice),
		RTPP_OK);
	for (int i = 0; i < RTPP_LINES_MAX + 100; i++)
		lost += !rtpp_notify_send(told.notify, notice);
	CU_ASSERT_EQUAL(lost, 100);
	CU_ASSERT_EQUAL(rtpp_notify_waiting(told.notify), RTPP_LINES_MAX);
	free(notice);
	told_close(&told);
}

static void test_tcp_and_whoever_asked(void)
{
	char text[64];
	uint16_t port;
	int fd = listen_tcp(&port);
	struct told told;

	snprintf(text, sizeof(text), "tcp:%%%%CC_SELF%%%%:%u", port);
	told_open(&told, text);
	told.listener = fd;
	CU_ASSERT_STRING_EQUAL(ask(&told, "VF 20150617"), "1\n");
	ask(&told, "U c 192.0.2.1 4000 a;1 b;1 %s T7", text);
	time_out(&told, "c");
	CU_ASSERT_STRING_EQUAL(hear(&told), "T7\n");
	told.listener = -1;
	told_close(&told);
	close(fd);
	fd = listen_tcp(&port);
	snprintf(text, sizeof(text), "tcp:127.0.0.1:%u", port);
	told_open(&told, text);
	told.listener = fd;
	ask(&told, "U c 192.0.2.1 4000 a;1 b;1 %s T8", text);
	time_out(&told, "c");
	CU_ASSERT_STRING_EQUAL(hear(&told), "T8\n");
	told.listener = -1;
	told_close(&told);
	close(fd);
}

static void test_tags_are_one_line(void)
{
	static const struct {
		const char *tag;
		enum rtpp_error error;
	} rows[] = {
		{ "T1", RTPP_OK },	  { "%41%2B+", RTPP_OK },    { "%", RTPP_E_SYNTAX },
		{ "%4", RTPP_E_SYNTAX },  { "%4x", RTPP_E_SYNTAX },  { "a%0ab", RTPP_E_SYNTAX },
		{ "%00", RTPP_E_SYNTAX }, { "a%0D", RTPP_E_SYNTAX },
	};
	char text[RTPP_TAG_MAX + 2];
	struct notice *notice;
	struct told told;

	told_open(&told, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_EQUAL(rtpp_notify_make(told.notify, &proxy, str_of(told.path),
						 str_of(rows[i].tag), &notice),
				rows[i].error);
		CU_ASSERT_EQUAL(notice != NULL, rows[i].error == RTPP_OK);
		free(notice);
	}
	memset(text, 'x', sizeof(text));
	CU_ASSERT_EQUAL(rtpp_notify_make(told.notify, &proxy, str_of(told.path),
					 (struct str){ text, RTPP_TAG_MAX + 1 }, &notice),
			RTPP_E_SYNTAX);
	CU_ASSERT_EQUAL(rtpp_notify_make(told.notify, &proxy, str_of(told.path),
					 (struct str){ text, RTPP_TAG_MAX }, &notice),
			RTPP_OK);
	CU_ASSERT_EQUAL(notice->tag.len, RTPP_TAG_MAX);
	free(notice);
	told_close(&told);
}

static void test_mistakes_in_notify(void)
{
	static const char *const wrong[] = { "x",
					     "unix:",
					     "unix:x",
					     "tcp:",
					     "tcp:127.0.0.1",
					     "tcp:127.0.0.1:0",
					     "tcp:%%CC_SELF%%",
					     "tcp:%%CC_SELF%%:0",
					     "tcp:%%CC_SELF%%:x" };
	struct event_base *base = event_base_new();

	for (size_t i = 0; i < COUNT(wrong); i++) {
		char *items[] = { (char *)(uintptr_t)wrong[i] };
		const struct conf_list targets = { items, 1 };
		const char *error = NULL;
		char expected[128];

		snprintf(expected, sizeof(expected),
			 "notify %s: expected unix:PATH, tcp:HOST:PORT or tcp:%%%%CC_SELF%%%%:PORT",
			 wrong[i]);
		CU_ASSERT_PTR_NULL(rtpp_notify_open(base, &targets, &error));
		CU_ASSERT_STRING_EQUAL(error, expected);
	}
	event_base_free(base);
}

TEST_SUITE(rtpp_notify, { "a time-out is told once", test_a_time_out_is_told_once },
	   { "what ends otherwise is not told", test_what_ends_otherwise_is_not_told },
	   { "lines wait for the listener", test_lines_wait_for_the_listener },
	   { "OpenSIPS hears every line", test_opensips_hears_every_line },
	   { "waiting lines are bounded", test_waiting_lines_are_bounded },
	   { "TCP, and whoever asked", test_tcp_and_whoever_asked },
	   { "tags are one line", test_tags_are_one_line },
	   { "mistakes in notify", test_mistakes_in_notify });
