/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rtpp_notify.c - a time-out is sent once, as a line, to the requested address; later, if that
 * does not listen yet
 */
#include <malloc.h>
#include <stdarg.h>
#include <sys/un.h>
#include "daemon/base/count.h"
#include "daemon/packet/pool.h"
#include "daemon/rtpproxy/rtpp.h"
#include "daemon/rtpproxy/notify.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

static const struct endpoint proxy = {
	.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
};

struct setup {
	struct scene scene;
	struct rtpp_notify *notify;
	char dir[32], path[64], unix_text[80];
	int listener; /* -1: not listening */
	int connection;
	char answer[RTPP_REPLY + 1];
};

static int listen_unix(struct setup *setup)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", setup->path);
	unlink(setup->path);
	scene_must(fd >= 0 && !bind(fd, (struct sockaddr *)&addr, sizeof(addr)) && !listen(fd, 8),
		   setup->path);
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
static void setup_open(struct setup *setup, const char *more)
{
	char *items[2];
	const struct conf_list targets = { items, more ? 2 : 1 };
	const char *error;

	*setup = (struct setup){ .dir = "/tmp/rtprelay-XXXXXX", .listener = -1, .connection = -1 };
	scene_must(mkdtemp(setup->dir), "mkdtemp");
	snprintf(setup->path, sizeof(setup->path), "%s/socket", setup->dir);
	snprintf(setup->unix_text, sizeof(setup->unix_text), "unix:%s", setup->path);
	items[0] = setup->unix_text;
	items[1] = (char *)(uintptr_t)more;
	scene_open(&setup->scene);
	setup->notify = rtpp_notify_open(setup->scene.base, &targets, &error);
	scene_must(setup->notify, error);
	setup->scene.calls->conf.timed_out = rtpp_notify_timed_out;
	setup->scene.calls->conf.timed_out_arg = setup->notify;
}

static void setup_close(struct setup *setup)
{
	if (setup->connection >= 0)
		close(setup->connection);
	if (setup->listener >= 0)
		close(setup->listener);
	rtpp_notify_close(setup->notify);
	CU_ASSERT(scene_close(&setup->scene));
	unlink(setup->path);
	rmdir(setup->dir);
}

__attribute__((format(printf, 2, 3))) static const char *ask(struct setup *setup,
							     const char *format, ...)
{
	struct buf out = BUF_INIT(setup->answer, sizeof(setup->answer) - 1);
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	setup->scene.env.now_ms = clock_ms();
	arena_reset(setup->scene.env.arena);
	rtpp_run(&setup->scene.env, setup->notify, &proxy, str_of(text), &out);
	worker_pool_flush(setup->scene.workers);
	setup->answer[out.len] = '\0';
	return setup->answer;
}

/* As if that much time had passed without media. */
static void time_out(struct setup *setup, const char *call_id)
{
	struct call *call = call_find(setup->scene.calls, str_of(call_id));

	scene_must(call, call_id);
	call_end(call, CALL_TIMEOUT);
}

static bool run_until(struct setup *setup, bool (*done)(struct setup *))
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;

	while (!done(setup)) {
		if (clock_ms() > until_ms)
			return false;
		event_base_loop(setup->scene.base, EVLOOP_NONBLOCK);
	}
	return true;
}

static bool accepted(struct setup *setup)
{
	setup->connection = accept(setup->listener, NULL, NULL);
	return setup->connection >= 0;
}

static bool readable(struct setup *setup)
{
	char byte;

	return recv(setup->connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static bool all_sent(struct setup *setup)
{
	return !rtpp_notify_waiting(setup->notify);
}

static const char *hear(struct setup *setup)
{
	static char text[512];
	ssize_t n;

	if (setup->connection < 0 && !run_until(setup, accepted))
		return "nobody came";
	if (!run_until(setup, all_sent) || !run_until(setup, readable))
		return "nothing came";
	n = recv(setup->connection, text, sizeof(text) - 1, MSG_DONTWAIT);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void test_a_time_out_is_notified_once(void)
{
	struct setup setup;

	setup_open(&setup, NULL);
	setup.listener = listen_unix(&setup);
	CU_ASSERT_STRING_EQUAL(ask(&setup, "VF 20081224"), "1\n");
	ask(&setup, "U c 192.0.2.1 4000 a;1 %s T12%%2e34", setup.unix_text);
	ask(&setup, "U c 192.0.2.1 4002 a;2 %s T12.34", setup.path);
	ask(&setup, "U d 192.0.2.1 4000 a;1 b;1 %s I+x%%21", setup.unix_text);
	time_out(&setup, "c");
	CU_ASSERT_STRING_EQUAL(hear(&setup), "T12.34\n");
	time_out(&setup, "d");
	CU_ASSERT_STRING_EQUAL(hear(&setup), "I x!\n");
	setup_close(&setup);
}

static void test_other_ends_of_calls_are_not_notified(void)
{
	struct setup setup;

	setup_open(&setup, NULL);
	setup.listener = listen_unix(&setup);
	ask(&setup, "U c 192.0.2.1 4000 a;1 %s T1", setup.unix_text);
	ask(&setup, "D c a");
	ask(&setup, "U d 192.0.2.1 4000 a;1 %s T2", setup.unix_text);
	ask(&setup, "X");
	/* A U without the two words cancels the notice. */
	ask(&setup, "U e 192.0.2.1 4000 a;1 %s T3", setup.unix_text);
	ask(&setup, "U e 192.0.2.1 4000 a;1");
	time_out(&setup, "e");
	/* An address that is not configured. */
	CU_ASSERT_PTR_NOT_NULL(strstr(
		ask(&setup, "U f 192.0.2.1 4000 a;1 %s T4", "unix:/elsewhere"), " 127.80.0.1\n"));
	time_out(&setup, "f");
	CU_ASSERT_EQUAL(rtpp_notify_waiting(setup.notify), 0);
	ask(&setup, "U g 192.0.2.1 4000 a;1 %s T5", setup.unix_text);
	time_out(&setup, "g");
	CU_ASSERT_STRING_EQUAL(hear(&setup), "T5\n");
	setup_close(&setup);
}

static void test_lines_wait_for_the_listener(void)
{
	struct log_capture capture;
	char log[4096];
	struct setup setup;

	setup_open(&setup, NULL);
	log_capture_begin(&capture, LOG_LEVEL_NOTICE);
	ask(&setup, "U c 192.0.2.1 4000 a;1 %s T1", setup.unix_text);
	ask(&setup, "U d 192.0.2.1 4000 a;1 %s T2", setup.unix_text);
	time_out(&setup, "c");
	time_out(&setup, "d");
	event_base_loop(setup.scene.base, EVLOOP_NONBLOCK);
	CU_ASSERT_EQUAL(rtpp_notify_waiting(setup.notify), 2);
	setup.listener = listen_unix(&setup);
	CU_ASSERT_STRING_EQUAL(hear(&setup), "T1\nT2\n");
	log_capture_end(&capture, log, sizeof(log));
	CU_ASSERT_EQUAL(log_capture_count(log, "/socket: the listener does not take time-out "
					       "notifications (No such file or directory): they "
					       "wait\n"),
			1);
	CU_ASSERT_EQUAL(
		log_capture_count(log, "/socket: the listener takes time-out notifications again"),
		1);
	CU_ASSERT_EQUAL(log_capture_count(log, "notify "), 2);
	/* Connections that worked do not make the pause before the next attempt longer. */
	for (int i = 0; i < 6; i++) {
		close(setup.connection);
		setup.connection = -1;
		event_base_loop(setup.scene.base, EVLOOP_NONBLOCK);
		ask(&setup, "U x 192.0.2.1 4000 a;1 %s T", setup.unix_text);
		time_out(&setup, "x");
		CU_ASSERT_STRING_EQUAL(hear(&setup), "T\n");
	}
	/* The listener closes, a line is sent, the listener opens again. */
	log_capture_begin(&capture, LOG_LEVEL_NOTICE);
	close(setup.connection);
	close(setup.listener);
	setup.connection = -1;
	event_base_loop(setup.scene.base, EVLOOP_NONBLOCK);
	ask(&setup, "U e 192.0.2.1 4000 a;1 %s T3", setup.unix_text);
	time_out(&setup, "e");
	event_base_loop(setup.scene.base, EVLOOP_NONBLOCK);
	CU_ASSERT_EQUAL(rtpp_notify_waiting(setup.notify), 1);
	setup.listener = listen_unix(&setup);
	CU_ASSERT_STRING_EQUAL(hear(&setup), "T3\n");
	log_capture_end(&capture, log, sizeof(log));
	CU_ASSERT_EQUAL(log_capture_count(log, " notifications (Connection refused): they wait\n"),
			1);
	CU_ASSERT_EQUAL(log_capture_count(log, "notify "), 2);
	setup_close(&setup);
}

/* The state of a check of @n lines "T<number>": the next expected number. */
struct opensips {
	char kept[255];
	size_t n_kept;
	bool keeps; /* TCP: keeps partial lines; a Unix socket loses a line without its end */
	unsigned int next;
};

/* Like OpenSIPS' notification process: reads a fixed number of bytes, and splits at the LF. */
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

/* Many lines at once, of different lengths, to a slow reader: each arrives, once and in order. */
static void check_opensips_hears_all(struct setup *setup, const char *socket, bool keeps)
{
	struct opensips opensips = { .keeps = keeps };
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	unsigned int lines = 100;

	for (unsigned int i = 0; i < lines; i++) {
		struct notice *notice;
		char tag[64];

		snprintf(tag, sizeof(tag), "T%u.1%0*u", i, (int)(i * 7 % 23), i);
		CU_ASSERT_EQUAL_FATAL(rtpp_notify_make(setup->notify, &proxy, str_of(socket),
						       str_of(tag), &notice),
				      RTPP_OK);
		rtpp_notify_send(setup->notify, notice);
		free(notice);
	}
	CU_ASSERT_FATAL(run_until(setup, accepted));
	while (opensips.next < lines && clock_ms() < until_ms) {
		event_base_loop(setup->scene.base, EVLOOP_NONBLOCK);
		opensips_reads(&opensips, setup->connection);
	}
	CU_ASSERT_EQUAL(opensips.next, lines);
	CU_ASSERT_EQUAL(rtpp_notify_waiting(setup->notify), 0);
}

static void test_opensips_receives_every_line(void)
{
	struct setup setup;
	char text[64];
	uint16_t port;
	int fd;

	setup_open(&setup, NULL);
	setup.listener = listen_unix(&setup);
	check_opensips_hears_all(&setup, setup.unix_text, false);
	setup_close(&setup);
	fd = listen_tcp(&port);
	snprintf(text, sizeof(text), "tcp:127.0.0.1:%u", port);
	setup_open(&setup, text);
	setup.listener = fd;
	check_opensips_hears_all(&setup, text, true);
	setup.listener = -1;
	setup_close(&setup);
	close(fd);
}

static void test_waiting_lines_are_bounded(void)
{
	struct notice *notice;
	struct setup setup;
	int lost = 0;

	setup_open(&setup, NULL);
	CU_ASSERT_EQUAL(
		rtpp_notify_make(setup.notify, &proxy, str_of(setup.unix_text), STR("x"), &notice),
		RTPP_OK);
	for (int i = 0; i < RTPP_LINES_MAX + 100; i++)
		lost += !rtpp_notify_send(setup.notify, notice);
	CU_ASSERT_EQUAL(lost, 100);
	CU_ASSERT_EQUAL(rtpp_notify_waiting(setup.notify), RTPP_LINES_MAX);
	free(notice);
	setup_close(&setup);
}

/* The notice of a proxy at 127.0.0.@host, which is sent to a port of that host. */
static bool send_to_self(struct setup *setup, unsigned int host, const char *socket)
{
	struct endpoint source = proxy;
	struct notice *notice;
	bool sent;

	source.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + host);
	scene_must(rtpp_notify_make(setup->notify, &source, str_of(socket), STR("x"), &notice) ==
			   RTPP_OK,
		   socket);
	sent = rtpp_notify_send(setup->notify, notice);
	free(notice);
	return sent;
}

static bool one_is_sent(struct setup *setup)
{
	return rtpp_notify_waiting(setup->notify) == 63;
}

/*
 * There is room for 64 receivers. Those with lines in their queue keep it; one whose lines are all
 * sent makes room for another.
 */
static void test_more_receivers_than_there_is_room_for(void)
{
	struct setup setup;
	char text[64];
	uint16_t port;
	int fd = listen_tcp(&port); /* at 127.0.0.1 only */

	snprintf(text, sizeof(text), "tcp:%%%%CC_SELF%%%%:%u", port);
	setup_open(&setup, text);
	for (unsigned int host = 2; host <= 65; host++)
		CU_ASSERT(send_to_self(&setup, host, text));
	CU_ASSERT_EQUAL(rtpp_notify_waiting(setup.notify), 64);
	CU_ASSERT_FALSE(send_to_self(&setup, 66, text));
	CU_ASSERT_EQUAL(rtpp_notify_waiting(setup.notify), 64);
	CU_ASSERT(send_to_self(&setup, 2, text));
	CU_ASSERT_EQUAL(rtpp_notify_waiting(setup.notify), 65);
	setup_close(&setup);

	setup_open(&setup, text);
	setup.listener = fd;
	for (unsigned int host = 2; host <= 64; host++)
		CU_ASSERT(send_to_self(&setup, host, text));
	CU_ASSERT(send_to_self(&setup, 1, text));
	CU_ASSERT(run_until(&setup, accepted));
	CU_ASSERT(run_until(&setup, one_is_sent));
	CU_ASSERT(send_to_self(&setup, 65, text));
	CU_ASSERT_EQUAL(rtpp_notify_waiting(setup.notify), 64);
	CU_ASSERT_FALSE(send_to_self(&setup, 66, text));
	setup.listener = -1;
	setup_close(&setup);
	close(fd);
}

static void test_lost_notices_are_counted(void)
{
	struct setup setup;

	setup_open(&setup, NULL);
	setup.listener = listen_unix(&setup);
	for (int i = 1; i <= 3; i++) {
		ask(&setup, "U c 192.0.2.1 4000 a;1 %s T1", setup.unix_text);
		ask(&setup, "U c 192.0.2.1 4002 a;2 %s T2", setup.unix_text);
		/* As after a restart with another configuration. */
		if (i > 1)
			call_find(setup.scene.calls, STR("c"))->dialogs->media[1]->notice->target++;
		time_out(&setup, "c");
		CU_ASSERT_EQUAL(setup.scene.stats.notices_lost, i - 1);
	}
	setup_close(&setup);
}

/* A line of @len times the same letter; the next number has another letter. */
static void send_letters(struct setup *setup, const char *socket, size_t len, size_t number)
{
	char tag[RTPP_TAG_MAX];
	struct notice *notice;

	memset(tag, 'a' + (int)(number % 26), sizeof(tag));
	CU_ASSERT_EQUAL_FATAL(rtpp_notify_make(setup->notify, &proxy, str_of(socket),
					       (struct str){ tag, len }, &notice),
			      RTPP_OK);
	rtpp_notify_send(setup->notify, notice);
	free(notice);
}

/* Sends lines until the connection takes no more, and @more, which wait. */
static void fill_connection(struct setup *setup, const char *socket, size_t more)
{
	size_t n = 0;

	send_letters(setup, socket, RTPP_TAG_MAX, n++);
	CU_ASSERT_FATAL(run_until(setup, accepted) && run_until(setup, all_sent));
	while (n < 100000 && !rtpp_notify_waiting(setup->notify))
		send_letters(setup, socket, RTPP_TAG_MAX, n++);
	CU_ASSERT_FATAL(rtpp_notify_waiting(setup->notify) > 0);
	while (more--)
		send_letters(setup, socket, RTPP_TAG_MAX, n++);
}

/* Reads up to a line of one byte, which is sent last. Return: each line before it is whole. */
static bool hears_whole_lines(struct setup *setup, const char *socket)
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	char text[65536], letter = 0;
	bool whole = true;
	size_t len = 0;

	send_letters(setup, socket, 1, 0);
	setsockopt(setup->connection, SOL_SOCKET, SO_RCVBUF, &(int){ 1 << 20 }, sizeof(int));
	while (clock_ms() < until_ms) {
		ssize_t n = recv(setup->connection, text, sizeof(text), MSG_DONTWAIT);

		for (ssize_t i = 0; i < n; i++) {
			if (text[i] != '\n') {
				letter = len++ ? letter : text[i];
				whole = whole && text[i] == letter;
				continue;
			}
			if (len == 1)
				return whole;
			whole = whole && len == RTPP_TAG_MAX;
			len = 0;
		}
		if (n > 0)
			until_ms = clock_ms() + SCENE_DEADLINE_MS;
		event_base_loop(setup->scene.base, EVLOOP_NONBLOCK);
	}
	return false;
}

/*
 * A TCP connection takes a part of a line when its buffers are full. The rest of it follows, though
 * older lines are dropped; over a new connection the whole line is sent again.
 */
static void test_lines_stay_whole(void)
{
	for (int broken = 0; broken < 2; broken++) {
		struct setup setup;
		char text[64];
		uint16_t port;
		int fd = listen_tcp(&port);

		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ 4096 }, sizeof(int));
		snprintf(text, sizeof(text), "tcp:127.0.0.1:%u", port);
		setup_open(&setup, text);
		setup.listener = fd;
		fill_connection(&setup, text, broken ? 10 : RTPP_LINES_MAX + 10);
		if (broken) {
			close(setup.connection);
			CU_ASSERT(run_until(&setup, accepted));
		}
		CU_ASSERT(hears_whole_lines(&setup, text));
		setup.listener = -1;
		setup_close(&setup);
		close(fd);
	}
}

/* When the media thread has freed all that earlier commands sent it: its orders come in order. */
static size_t heap_in_use(struct setup *setup)
{
	bool draining = setup->scene.calls->draining;

	setup->scene.calls->draining = false;
	ask(setup, "U last 192.0.2.1 4000 a;1");
	ask(setup, "D last a");
	setup->scene.calls->draining = draining;
	CU_ASSERT(scene_settle(&setup->scene));
	return mallinfo2().uordblks;
}

/* Bytes by which the heap grows while @command, with the longest tag, comes 1000 times. */
static size_t growth(struct setup *setup, const char *command)
{
	char tag[RTPP_TAG_MAX + 1];
	size_t before = 0, after;

	memset(tag, 'x', RTPP_TAG_MAX);
	tag[RTPP_TAG_MAX] = '\0';
	for (int i = 0; i < 1100; i++) {
		if (i == 100) /* what is allocated once is there */
			before = heap_in_use(setup);
		ask(setup, "%s %s %s", command, setup->unix_text, tag);
	}
	after = heap_in_use(setup);
	return after > before ? after - before : 0;
}

/*
 * A U replaces the notice of the U before; that of a refused U is dropped. (The allocator of the
 * sanitizer counts nothing here, and finds leaks itself.)
 */
static void test_notices_are_freed(void)
{
	struct setup setup;

	setup_open(&setup, NULL);
	CU_ASSERT(growth(&setup, "U c 192.0.2.1 4000 a;1") < 1000 * RTPP_TAG_MAX / 2);
	setup.scene.calls->draining = true;
	CU_ASSERT(growth(&setup, "U d 192.0.2.1 4000 a;1") < 1000 * RTPP_TAG_MAX / 2);
	CU_ASSERT_EQUAL(call_table_count(setup.scene.calls), 1);
	setup_close(&setup);
}

static void test_tcp_and_the_address_of_the_requester(void)
{
	char text[64];
	uint16_t port;
	int fd = listen_tcp(&port);
	struct setup setup;

	snprintf(text, sizeof(text), "tcp:%%%%CC_SELF%%%%:%u", port);
	setup_open(&setup, text);
	setup.listener = fd;
	CU_ASSERT_STRING_EQUAL(ask(&setup, "VF 20150617"), "1\n");
	ask(&setup, "U c 192.0.2.1 4000 a;1 b;1 %s T7", text);
	time_out(&setup, "c");
	CU_ASSERT_STRING_EQUAL(hear(&setup), "T7\n");
	setup.listener = -1;
	setup_close(&setup);
	close(fd);
	fd = listen_tcp(&port);
	snprintf(text, sizeof(text), "tcp:127.0.0.1:%u", port);
	setup_open(&setup, text);
	setup.listener = fd;
	ask(&setup, "U c 192.0.2.1 4000 a;1 b;1 %s T8", text);
	time_out(&setup, "c");
	CU_ASSERT_STRING_EQUAL(hear(&setup), "T8\n");
	setup.listener = -1;
	setup_close(&setup);
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
	struct setup setup;

	setup_open(&setup, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = strlen(rows[i].tag);
		char *tag = malloc(len); /* of exactly this size, for the sanitizer */

		CU_ASSERT_PTR_NOT_NULL_FATAL(tag);
		memcpy(tag, rows[i].tag, len);
		CU_ASSERT_EQUAL(rtpp_notify_make(setup.notify, &proxy, str_of(setup.path),
						 (struct str){ tag, len }, &notice),
				rows[i].error);
		free(tag);
		CU_ASSERT_EQUAL(notice != NULL, rows[i].error == RTPP_OK);
		free(notice);
	}
	memset(text, 'x', sizeof(text));
	CU_ASSERT_EQUAL(rtpp_notify_make(setup.notify, &proxy, str_of(setup.path),
					 (struct str){ text, RTPP_TAG_MAX + 1 }, &notice),
			RTPP_E_SYNTAX);
	CU_ASSERT_EQUAL(rtpp_notify_make(setup.notify, &proxy, str_of(setup.path),
					 (struct str){ text, RTPP_TAG_MAX }, &notice),
			RTPP_OK);
	CU_ASSERT_EQUAL(notice->tag.len, RTPP_TAG_MAX);
	free(notice);
	setup_close(&setup);
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
			 "notify %s: expected unix:PATH, tcp:HOST:PORT, "
			 "tcp:%%%%CC_SELF%%%%:PORT or http://HOST:PORT/PATH",
			 wrong[i]);
		CU_ASSERT_PTR_NULL(rtpp_notify_open(base, &targets, &error));
		CU_ASSERT_STRING_EQUAL(error, expected);
	}
	event_base_free(base);
}

TEST_SUITE(rtpp_notify, { "a time-out is notified once", test_a_time_out_is_notified_once },
	   { "other ends of calls are not notified", test_other_ends_of_calls_are_not_notified },
	   { "lines wait for the listener", test_lines_wait_for_the_listener },
	   { "OpenSIPS receives every line", test_opensips_receives_every_line },
	   { "waiting lines are bounded", test_waiting_lines_are_bounded },
	   { "more receivers than there is room for", test_more_receivers_than_there_is_room_for },
	   { "lines stay whole", test_lines_stay_whole },
	   { "lost notices are counted", test_lost_notices_are_counted },
	   { "notices are freed", test_notices_are_freed },
	   { "TCP, and the address of the requester", test_tcp_and_the_address_of_the_requester },
	   { "tags are one line", test_tags_are_one_line },
	   { "mistakes in notify", test_mistakes_in_notify });
