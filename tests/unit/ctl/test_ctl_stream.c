/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ctl_stream.c - the rtpproxy protocol on its own sockets and on NG sockets; connections;
 * cookies
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <errno.h>
#include <sys/un.h>
#include "daemon/base/count.h"
#include "daemon/ctl/ctl.h"
#include "daemon/ctl/stream.h"
#include "daemon/ng/ng.h"
#include "daemon/rtpproxy/rtpp.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

static const struct endpoint near = {
	.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
};

struct relay {
	struct scene scene;
	struct ctl *ctl;
	char dir[32];
	char out[CTL_DATAGRAM];
};

static void batch_done(void *arg)
{
	(void)arg;
}

/* @allow: control-allow; NULL: as by default */
static const char *relay_open_allow(struct relay *relay, const char *const *listen, size_t n,
				    const char *allow)
{
	char *items[4], *allow_item[] = { (char *)(uintptr_t)allow };
	const struct conf_list listen_rtpproxy = { items, n };
	const struct conf_list control_allow = { allow_item, allow != NULL };
	const struct ctl_listen rows[] = { { &ng_protocol, NULL, NULL },
					   { &rtpp_protocol, &listen_rtpproxy, NULL } };
	const struct ctl_conf conf = { .listen = rows,
				       .n_listen = 2,
				       .control_allow = &control_allow,
				       .replay_entries = 1000,
				       .replay_mbytes = 1 };
	const char *error = NULL;

	for (size_t i = 0; i < n; i++)
		items[i] = (char *)(uintptr_t)listen[i];
	scene_open_ports(&relay->scene, 21400, 21409);
	relay->ctl =
		ctl_open(relay->scene.base, &conf, &relay->scene.env, batch_done, relay, &error);
	return relay->ctl ? NULL : error;
}

static const char *relay_open(struct relay *relay, const char *const *listen, size_t n)
{
	return relay_open_allow(relay, listen, n, NULL);
}

static void relay_close(struct relay *relay)
{
	ctl_close(relay->ctl);
	CU_ASSERT(scene_close(&relay->scene));
}

static const char *ask_at(struct relay *relay, const struct control_protocol *protocol,
			  struct str text)
{
	struct buf out = BUF_INIT(relay->out, sizeof(relay->out) - 1);

	ctl_datagram(relay->ctl, protocol, &near, text, &out);
	relay->out[out.len] = '\0';
	return relay->out;
}

static const char *ask(struct relay *relay, const char *text)
{
	return ask_at(relay, &rtpp_protocol, str_of(text));
}

static void test_cookie_and_answer(void)
{
	struct relay relay;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, NULL, 0));
	CU_ASSERT_STRING_EQUAL(ask(&relay, "21019_0 V"), "21019_0 20040107\n");
	CU_ASSERT_STRING_EQUAL(ask(&relay, " \t21019_1\t v\r\n"), "21019_1 20040107\n");
	CU_ASSERT_STRING_EQUAL(ask(&relay, "21019_2"), "21019_2 E5\n");
	CU_ASSERT_STRING_EQUAL(ask(&relay, "d7:command4:pinge V"), "d7:command4:pinge 20040107\n");
	CU_ASSERT_STRING_EQUAL(ask(&relay, ""), "");
	CU_ASSERT_STRING_EQUAL(ask(&relay, " \n"), "");
	relay_close(&relay);
}

static void test_ng_ports_accept_both_protocols(void)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{ "1 V", "1 20040107\n" },
		{ "2 VF 20050322", "2 1\n" },
		{ "3 D c a", "3 E50\n" },
		{ "4 d7:command4:pinge", "4 d6:result4:ponge" },
		{ "5 {\"command\":\"ping\"}", "5 {\"result\":\"pong\"}" },
		{ "6 d c a",
		  "6 d12:error-reason35:Could not decode bencode dictionary6:result5:errore" },
		{ "7 v", "7 d12:error-reason22:Invalid NG data format6:result5:errore" },
	};
	struct relay relay;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, NULL, 0));
	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_STRING_EQUAL(ask_at(&relay, &ng_protocol, str_of(rows[i].text)),
				       rows[i].said);
	relay_close(&relay);
}

static void test_repetitions_are_known_by_source_and_cookie(void)
{
	struct endpoint other = near;
	struct relay relay;
	char first[64];
	struct buf out;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, NULL, 0));
	snprintf(first, sizeof(first), "%.60s", ask(&relay, "1_1 U c 192.0.2.1 4000 a;1"));
	CU_ASSERT_STRING_EQUAL(ask(&relay, "1_2 D c a"), "1_2 0\n");
	/* A late repetition creates no new session. */
	CU_ASSERT_STRING_EQUAL(ask(&relay, "1_1 U c 192.0.2.1 4000 a;1"), first);
	CU_ASSERT_STRING_EQUAL(ask(&relay, "1_2 D c a"), "1_2 0\n");
	CU_ASSERT_STRING_EQUAL(ask(&relay, "1_3 D c a"), "1_3 E50\n");
	CU_ASSERT_EQUAL(call_table_count(relay.scene.calls), 0);
	CU_ASSERT_EQUAL(relay.scene.stats.replayed, 2);
	/* Another proxy uses the same cookie for another command. */
	endpoint_set_port(&other, 999);
	out = BUF_INIT(relay.out, sizeof(relay.out));
	ctl_datagram(relay.ctl, &rtpp_protocol, &other, STR("1_1 V"), &out);
	CU_ASSERT(str_eq((struct str){ out.data, out.len }, STR("1_1 20040107\n")));
	relay_close(&relay);
}

static void test_cookies_of_every_length(void)
{
	static char text[CTL_DATAGRAM];
	struct relay relay;
	size_t answered = 0;

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, NULL, 0));
	memset(text, 'x', sizeof(text));
	for (size_t len = 1; len + 2 <= sizeof(text); len += len < 2048 ? 1 : 97) {
		memcpy(text + len, " V", 2);
		answered +=
			strlen(ask_at(&relay, &rtpp_protocol, (struct str){ text, len + 2 })) > 0;
		memcpy(text + len, "xx", 2);
	}
	CU_ASSERT_EQUAL(answered, 256); /* longer ones cannot be recorded */
	CU_ASSERT_STRING_EQUAL(ask(&relay, "1 V"), "1 20040107\n");
	relay_close(&relay);
}

/* --- Connections ------------------------------------------------------------------------------ */

/*
 * Runs the relay until @fd has something to read. Return: that, "" at the end of the connection,
 * "(nothing)" at the deadline.
 */
static const char *hear(struct relay *relay, int fd, char *text, size_t size)
{
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	ssize_t n = -1;

	while (n < 0 && clock_ms() < until_ms) {
		event_base_loop(relay->scene.base, EVLOOP_NONBLOCK);
		n = recv(fd, text, size - 1, MSG_DONTWAIT);
	}
	text[n > 0 ? n : 0] = '\0';
	return n < 0 ? "(nothing)" : text;
}

static int connect_unix(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	scene_must(fd >= 0 && !connect(fd, (struct sockaddr *)&addr, sizeof(addr)), path);
	return fd;
}

static int connect_tcp(uint16_t port)
{
	struct endpoint addr = near;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	endpoint_set_port(&addr, port);
	scene_must(fd >= 0 && !connect(fd, &addr.sa, endpoint_len(&addr)), "connect");
	return fd;
}

static void say(int fd, const char *text)
{
	scene_must(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text), "send");
}

/* May fail: the relay may have closed the connection meanwhile. */
static void say_any(struct relay *relay, int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		event_base_loop(relay->scene.base, EVLOOP_NONBLOCK);
		if (n < 0 && errno != EAGAIN)
			return;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

static const char *make_dir(struct relay *relay, const char *prefix, char *path, size_t size)
{
	if (!relay->dir[0]) {
		snprintf(relay->dir, sizeof(relay->dir), "/tmp/rtprelay-XXXXXX");
		scene_must(mkdtemp(relay->dir), "mkdtemp");
	}
	snprintf(path, size, "%s%s/socket", prefix, relay->dir);
	return path;
}

/* @bare: only a path */
static void check_unix(bool bare)
{
	struct relay relay = { .dir = "" };
	char listen[64], text[256];
	const char *items[] = { make_dir(&relay, "unix:", listen, sizeof(listen)) };
	char dir[sizeof(relay.dir)];
	int fd;

	memcpy(dir, relay.dir, sizeof(dir));
	if (bare)
		items[0] += 5;
	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, items, 1));
	fd = connect_unix(listen + 5);
	say(fd, "V");
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd, text, sizeof(text)), "20040107\n");
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd, text, sizeof(text)), "");
	close(fd);
	fd = connect_unix(listen + 5);
	say(fd, "D c a\n");
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd, text, sizeof(text)), "E50\n");
	close(fd);
	relay_close(&relay);
	CU_ASSERT_EQUAL(access(listen + 5, F_OK), -1);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void test_unix_is_one_command_each(void)
{
	check_unix(false);
	check_unix(true);
}

static void test_lines_over_a_lasting_connection(void)
{
	struct relay relay = { .dir = "" };
	char listen[64], text[256], dir[sizeof(relay.dir)];
	const char *items[] = { make_dir(&relay, "cunix:", listen, sizeof(listen)) };
	int fd;

	memcpy(dir, relay.dir, sizeof(dir));
	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, items, 1));
	fd = connect_unix(listen + 6);
	say(fd, "V\nVF 20050322\nD c");
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd, text, sizeof(text)), "20040107\n1\n");
	say(fd, " a\r\n\n");
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd, text, sizeof(text)), "E50\nE5\n");
	CU_ASSERT_EQUAL(relay.scene.stats.requests, 4);
	close(fd);
	relay_close(&relay);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

/*
 * Up to 64 KiB, more than one read() returns; over all three transports. The next command then
 * works as before.
 */
static void test_commands_of_every_length(void)
{
	static char text[65536 + 1], said[256];
	struct relay relay = { .dir = "" };
	char unix_path[64], cunix_path[64], dir[sizeof(relay.dir)];
	const char *items[] = { "tcp:127.0.0.1:21498",
				make_dir(&relay, "unix:", unix_path, sizeof(unix_path)),
				cunix_path };

	snprintf(cunix_path, sizeof(cunix_path), "cunix:%s/other", relay.dir);
	memcpy(dir, relay.dir, sizeof(dir));
	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, items, 3));
	memset(text, 'x', sizeof(text));
	for (size_t len = 1; len < sizeof(text); len += len < 300 ? 1 : len % 977 + 1) {
		int fd = len % 3 ? len % 3 == 1 ? connect_tcp(21498) : connect_unix(unix_path + 5)
				 : connect_unix(cunix_path + 6);

		text[len] = '\n';
		text[0] = len % 2 ? 'U' : 'x';
		say_any(&relay, fd, text, len + 1);
		text[len] = 'x';
		if (!strcmp(hear(&relay, fd, said, sizeof(said)), "(nothing)"))
			CU_FAIL("neither an answer nor a close");
		/* A command that fits is answered: unknown modifier, or unknown command. */
		if (len < CTL_LINE)
			CU_ASSERT(said[0] == 'E');
		close(fd);
	}
	CU_ASSERT_EQUAL(call_table_count(relay.scene.calls), 0);
	{
		int fd = connect_tcp(21498);

		say(fd, "V\n");
		CU_ASSERT_STRING_EQUAL(hear(&relay, fd, said, sizeof(said)), "20040107\n");
		close(fd);
	}
	relay_close(&relay);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void test_tcp_and_its_bounds(void)
{
	static char line[CTL_LINE + 2];
	struct relay relay = { .dir = "" };
	const char *items[] = { "tcp:127.0.0.1:21499" };
	char text[256];
	int fd[CTL_CONNECTIONS];

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, items, 1));
	for (int i = 0; i < CTL_CONNECTIONS; i++)
		fd[i] = connect_tcp(21499);
	say(fd[0], "V\n");
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd[0], text, sizeof(text)), "20040107\n");
	/* One with an endless line is closed. */
	memset(line, 'x', sizeof(line) - 1);
	say(fd[1], line);
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd[1], text, sizeof(text)), "");
	/* A client that has shut down its sending side still gets its answer. */
	say(fd[2], "V\n");
	shutdown(fd[2], SHUT_WR);
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd[2], text, sizeof(text)), "20040107\n");
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd[2], text, sizeof(text)), "");
	for (int i = 0; i < CTL_CONNECTIONS; i++)
		close(fd[i]);
	relay_close(&relay);
}

static void test_control_allow_concerns_tcp(void)
{
	static const struct {
		const char *allow, *answer;
		unsigned int refused;
	} rows[] = { { NULL, "20040107\n", 0 },
		     { "127.0.0.1", "20040107\n", 0 },
		     { "198.51.100.0/24", "", 1 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *items[] = { "tcp:127.0.0.1:21499" };
		struct relay relay = { .dir = "" };
		char text[256];
		int fd;

		CU_ASSERT_PTR_NULL_FATAL(relay_open_allow(&relay, items, 1, rows[i].allow));
		fd = connect_tcp(21499);
		say(fd, "V\n");
		CU_ASSERT_STRING_EQUAL(hear(&relay, fd, text, sizeof(text)), rows[i].answer);
		CU_ASSERT_EQUAL(relay.scene.stats.not_allowed, rows[i].refused);
		close(fd);
		relay_close(&relay);
	}
}

/* Only the owner and its group may use the socket; a second daemon may not take it away. */
static void test_unix_socket_has_one_daemon(void)
{
	struct relay relay = { .dir = "" }, second = { .dir = "" };
	char listen[64], text[256], expected[128], dir[sizeof(relay.dir)];
	const char *items[] = { make_dir(&relay, "unix:", listen, sizeof(listen)) };
	struct sockaddr_un stale = { .sun_family = AF_UNIX };
	const char *error;
	struct stat stat;
	int fd;

	memcpy(dir, relay.dir, sizeof(dir));
	snprintf(stale.sun_path, sizeof(stale.sun_path), "%s", listen + 5);
	/* The socket of a daemon that was killed is replaced. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&stale, sizeof(stale)), 0);
	close(fd);
	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, items, 1));
	CU_ASSERT_EQUAL(lstat(listen + 5, &stat), 0);
	CU_ASSERT_EQUAL(stat.st_mode & 0777, 0660);
	snprintf(expected, sizeof(expected), "listen-rtpproxy %s: Address already in use", listen);
	error = relay_open(&second, items, 1);
	CU_ASSERT_STRING_EQUAL_FATAL(error ? error : "none", expected);
	relay_close(&second);
	fd = connect_unix(listen + 5);
	say(fd, "V");
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd, text, sizeof(text)), "20040107\n");
	close(fd);
	relay_close(&relay);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

/* At the limit a new connection is taken, in place of one that says nothing. */
static void test_oldest_idle_connection_yields(void)
{
	struct relay relay = { .dir = "" };
	const char *items[] = { "tcp:127.0.0.1:21499" };
	char text[256];
	int fd[CTL_CONNECTIONS], more[3];

	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, items, 1));
	fd[0] = connect_tcp(21499);
	say(fd[0], "V\n");
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd[0], text, sizeof(text)), "20040107\n");
	for (int i = 1; i < CTL_CONNECTIONS; i++)
		fd[i] = connect_tcp(21499);
	say(fd[1], "half a comm");
	/* The proxy was idle for longer; but it has sent a command, the next one a part of one. */
	more[0] = connect_tcp(21499);
	say(more[0], "V\n");
	CU_ASSERT_STRING_EQUAL(hear(&relay, more[0], text, sizeof(text)), "20040107\n");
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd[1], text, sizeof(text)), "");
	close(fd[1]);
	/* All have sent commands, the one of the start longest ago. */
	for (int i = 2; i < CTL_CONNECTIONS; i++) {
		say(fd[i], "V\n");
		CU_ASSERT_STRING_EQUAL(hear(&relay, fd[i], text, sizeof(text)), "20040107\n");
	}
	for (int i = 1; i < 3; i++) {
		more[i] = connect_tcp(21499);
		say(more[i], "V\n");
		CU_ASSERT_STRING_EQUAL(hear(&relay, more[i], text, sizeof(text)), "20040107\n");
	}
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd[0], text, sizeof(text)), "");
	CU_ASSERT_STRING_EQUAL(hear(&relay, more[0], text, sizeof(text)), "");
	say(fd[2], "V\n");
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd[2], text, sizeof(text)), "20040107\n");
	for (int i = 0; i < CTL_CONNECTIONS; i++)
		if (i != 1)
			close(fd[i]);
	for (int i = 0; i < 3; i++)
		close(more[i]);
	relay_close(&relay);
}

static bool anybody(void *arg, const struct endpoint *source)
{
	(void)arg;
	(void)source;
	return true;
}

static void say_much(void *arg, const struct endpoint *source, struct str command, struct buf *out)
{
	static const char much[CTL_STREAM_REPLY - 1];

	(void)arg;
	(void)source;
	(void)command;
	buf_add(out, much, sizeof(much));
}

static void say_ok(void *arg, const struct endpoint *source, struct str command, struct buf *out)
{
	(void)arg;
	(void)source;
	(void)command;
	buf_add(out, "ok", 2);
}

/* A part of a command now and then does not keep a connection open; commands do. */
static void test_idle_connection_is_closed(void)
{
	const struct ctl_stream_conf conf = { .name = "listen-rtpproxy",
					      .allowed = anybody,
					      .run = say_ok,
					      .done = batch_done,
					      .patience_ms = 60000,
					      .idle_ms = 300 };
	int64_t begin_ms = clock_ms(), until_ms = begin_ms + SCENE_DEADLINE_MS;
	struct pollfd slow = { .events = POLLRDHUP }, silent = slow, proxy = slow;
	struct event_base *base = event_base_new();
	struct relay relay = { .dir = "" };
	struct ctl_stream *stream;
	char listen[64];
	int error = 0;

	stream = ctl_stream_open(base, make_dir(&relay, "cunix:", listen, sizeof(listen)), &conf,
				 &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
	proxy.fd = connect_unix(listen + 6);
	slow.fd = connect_unix(listen + 6);
	silent.fd = connect_unix(listen + 6);
	while (!(slow.revents & silent.revents & POLLRDHUP) && clock_ms() < until_ms) {
		send(slow.fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		send(proxy.fd, "V\n", 2, MSG_DONTWAIT | MSG_NOSIGNAL);
		event_base_loop(base, EVLOOP_NONBLOCK);
		poll(&slow, 1, 5);
		poll(&silent, 1, 5);
	}
	CU_ASSERT(slow.revents & silent.revents & POLLRDHUP);
	CU_ASSERT(clock_ms() - begin_ms >= 300);
	CU_ASSERT_EQUAL(poll(&proxy, 1, 0), 0);
	close(slow.fd);
	close(silent.fd);
	close(proxy.fd);
	ctl_stream_close(stream);
	event_base_free(base);
	CU_ASSERT_EQUAL(rmdir(relay.dir), 0);
}

/* Otherwise a few such clients would occupy all connections. */
static void test_client_that_reads_nothing_is_closed(void)
{
	const struct ctl_stream_conf conf = { .name = "listen-rtpproxy",
					      .allowed = anybody,
					      .run = say_much,
					      .done = batch_done,
					      .patience_ms = 100 };
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	struct pollfd deaf = { .events = POLLRDHUP };
	struct event_base *base = event_base_new();
	struct relay relay = { .dir = "" };
	struct ctl_stream *stream;
	char listen[64];
	int error = 0;

	stream = ctl_stream_open(base, make_dir(&relay, "cunix:", listen, sizeof(listen)), &conf,
				 &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
	deaf.fd = connect_unix(listen + 6);
	/* In small pieces, until all buffers on the way are full. */
	while (!poll(&deaf, 1, 1) && clock_ms() < until_ms) {
		send(deaf.fd, "\n\n\n\n\n\n\n\n", 8, MSG_DONTWAIT | MSG_NOSIGNAL);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	CU_ASSERT(deaf.revents & POLLRDHUP);
	close(deaf.fd);
	ctl_stream_close(stream);
	event_base_free(base);
	CU_ASSERT_EQUAL(rmdir(relay.dir), 0);
}

/* Commands in one piece, each with an answer of 2 KiB: after 64 KiB no more of them is done. */
static void test_commands_wait_for_the_reader_of_answers(void)
{
	const struct ctl_stream_conf conf = { .name = "listen-rtpproxy",
					      .allowed = anybody,
					      .run = say_much,
					      .done = batch_done,
					      .patience_ms = 600000 };
	static char commands[4000], answers[CTL_STREAM_REPLY];
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	struct event_base *base = event_base_new();
	struct relay relay = { .dir = "" };
	struct ctl_stream *stream;
	size_t received = 0;
	char listen[64];
	ssize_t n = -1;
	int fd, error = 0;

	stream = ctl_stream_open(base, make_dir(&relay, "cunix:", listen, sizeof(listen)), &conf,
				 &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
	fd = connect_unix(listen + 6);
	memset(commands, '\n', sizeof(commands));
	CU_ASSERT_EQUAL(send(fd, commands, sizeof(commands), 0), sizeof(commands));
	while (n && clock_ms() < until_ms) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		n = recv(fd, answers, sizeof(answers), MSG_DONTWAIT);
		received += n > 0 ? (size_t)n : 0;
	}
	CU_ASSERT_EQUAL(n, 0); /* the end of the connection */
	CU_ASSERT(received > 64 * 1024);
	CU_ASSERT(received <= 64 * 1024 + CTL_STREAM_REPLY);
	close(fd);
	ctl_stream_close(stream);
	event_base_free(base);
	CU_ASSERT_EQUAL(rmdir(relay.dir), 0);
}

/* What the kernel does not take at once is sent later, also after the proxy has closed its side. */
static void test_answers_follow_the_end_of_commands(void)
{
	const struct ctl_stream_conf conf = { .name = "listen-rtpproxy",
					      .allowed = anybody,
					      .run = say_much,
					      .done = batch_done,
					      .patience_ms = 600000 };
	int64_t until_ms = clock_ms() + SCENE_DEADLINE_MS;
	struct event_base *base = event_base_new();
	struct relay relay = { .dir = "" };
	size_t expected = 0, received = 0;
	char listen[64], answers[4096];
	struct ctl_stream *stream;
	int fd, error = 0, queued;
	ssize_t n = -1;

	stream = ctl_stream_open(base, make_dir(&relay, "cunix:", listen, sizeof(listen)), &conf,
				 &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
	fd = connect_unix(listen + 6);
	do {
		say(fd, "\n");
		for (int i = 0; i < 4; i++) /* accepts, reads, writes */
			event_base_loop(base, EVLOOP_NONBLOCK);
		CU_ASSERT_EQUAL_FATAL(ioctl(fd, FIONREAD, &queued), 0);
		expected += CTL_STREAM_REPLY - 1;
	} while (clock_ms() < until_ms && (size_t)queued == expected);
	CU_ASSERT((size_t)queued < expected);
	shutdown(fd, SHUT_WR);
	while (n && clock_ms() < until_ms) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		n = recv(fd, answers, sizeof(answers), MSG_DONTWAIT);
		received += n > 0 ? (size_t)n : 0;
	}
	CU_ASSERT_EQUAL(received, expected);
	close(fd);
	ctl_stream_close(stream);
	event_base_free(base);
	CU_ASSERT_EQUAL(rmdir(relay.dir), 0);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	bool *came = arg;

	(void)fd;
	(void)what;
	*came = true;
}

/*
 * A waiting connection keeps the listener readable: accept() must not be repeated without a pause.
 */
static void test_accepting_pauses_when_out_of_descriptors(void)
{
	const struct timeval soon = { 0, 100000 };
	struct relay relay = { .dir = "" };
	char listen[64], text[256], dir[sizeof(relay.dir)];
	const char *items[] = { make_dir(&relay, "unix:", listen, sizeof(listen)) };
	struct rlimit old, low;
	bool came = false;
	int fd, lowest;

	memcpy(dir, relay.dir, sizeof(dir));
	CU_ASSERT_PTR_NULL_FATAL(relay_open(&relay, items, 1));
	fd = connect_unix(listen + 5);
	say(fd, "V");
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	lowest = fcntl(0, F_DUPFD_CLOEXEC, 0);
	close(lowest);
	low = (struct rlimit){ (rlim_t)lowest, old.rlim_max };
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &low), 0);
	event_base_loop(relay.scene.base, EVLOOP_ONCE); /* accept() fails */
	event_base_once(relay.scene.base, -1, EV_TIMEOUT, on_time, &came, &soon);
	event_base_loop(relay.scene.base, EVLOOP_ONCE);
	CU_ASSERT(came);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &old), 0);
	CU_ASSERT_STRING_EQUAL(hear(&relay, fd, text, sizeof(text)), "20040107\n");
	close(fd);
	relay_close(&relay);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void test_mistakes_in_listen_rtpproxy(void)
{
	static const struct {
		const char *listen, *error;
	} rows[] = {
		{ "nonsense", "listen-rtpproxy nonsense: Invalid argument" },
		{ "udp:192.0.2.1:22222",
		  "listen-rtpproxy udp:192.0.2.1:22222: Cannot assign requested address" },
		{ "tcp:192.0.2.1:22222",
		  "listen-rtpproxy tcp:192.0.2.1:22222: Cannot assign requested address" },
		{ "tcp6:127.0.0.1:22222",
		  "listen-rtpproxy tcp6:127.0.0.1:22222: Invalid argument" },
		{ "unix:", "listen-rtpproxy unix:: Invalid argument" },
		{ "unix:/dev/null", "listen-rtpproxy unix:/dev/null: File exists" },
		{ "unix:/nowhere/at/all",
		  "listen-rtpproxy unix:/nowhere/at/all: No such file or directory" },
	};
	struct relay relay = { .dir = "" };

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *error = relay_open(&relay, &rows[i].listen, 1);

		CU_ASSERT_STRING_EQUAL(error ? error : "none", rows[i].error);
		relay_close(&relay);
	}
}

TEST_SUITE(ctl_stream, { "cookie and answer", test_cookie_and_answer },
	   { "NG ports accept both protocols", test_ng_ports_accept_both_protocols },
	   { "repetitions are known by source and cookie",
	     test_repetitions_are_known_by_source_and_cookie },
	   { "cookies of every length", test_cookies_of_every_length },
	   { "unix: is one command each", test_unix_is_one_command_each },
	   { "lines over a lasting connection", test_lines_over_a_lasting_connection },
	   { "commands of every length", test_commands_of_every_length },
	   { "TCP, and its bounds", test_tcp_and_its_bounds },
	   { "a client that reads nothing is closed", test_client_that_reads_nothing_is_closed },
	   { "control-allow concerns TCP", test_control_allow_concerns_tcp },
	   { "Unix socket has one daemon", test_unix_socket_has_one_daemon },
	   { "commands wait for the reader of answers",
	     test_commands_wait_for_the_reader_of_answers },
	   { "answers follow the end of commands", test_answers_follow_the_end_of_commands },
	   { "the oldest idle connection yields", test_oldest_idle_connection_yields },
	   { "an idle connection is closed", test_idle_connection_is_closed },
	   { "accepting pauses when out of descriptors",
	     test_accepting_pauses_when_out_of_descriptors },
	   { "mistakes in listen-rtpproxy", test_mistakes_in_listen_rtpproxy });
