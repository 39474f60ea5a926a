/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_stun_tcp.c - STUN by TCP: messages in a stream, connections and their bounds */
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/nat/stun_frame.h"
#include "daemon/nat/stun_tcp.h"
#include "tests/unit/test.h"

#define COOKIE	"\x21\x12\xa4\x42"
#define ID	"transaction!"
#define REQUEST "\0\1\0\0" COOKIE ID
#define LONGER	"\0\1\0\4" COOKIE ID "\x80\x22\0\0"

/* --- Messages --------------------------------------------------------------------------------- */

static struct stun_frame frame_of(const char *bytes, size_t len)
{
	struct stun_frame frame = { .len = len };

	memcpy(frame.bytes, bytes, len);
	return frame;
}

#define FRAME(text) frame_of(text, sizeof(text) - 1)

static void test_size_of_a_message(void)
{
	const struct {
		struct stun_frame frame;
		int size;
	} rows[] = {
		{ FRAME(""), 0 },
		{ FRAME("\0\1\0\0" COOKIE "transaction"), 0 },
		{ FRAME(REQUEST), 20 },
		{ FRAME(REQUEST "\0"), 20 },
		{ FRAME("\0\1\0\4" COOKIE ID "\x80\x22\0"), 0 },
		{ FRAME(LONGER), 24 },
		{ FRAME("\0\1\3\xec" COOKIE ID), 0 },	    /* 1024 bytes */
		{ FRAME("\0\1\3\xf0" COOKIE ID), -EPROTO }, /* more */
		{ FRAME("\0\1\xff\xfc" COOKIE ID), -EPROTO },
		{ FRAME("\0\1\0\2" COOKIE ID), -EPROTO },
		{ FRAME("\0\1\0\0"
			"sixteen of bytes"),
		  -EPROTO },		   /* RFC 3489 */
		{ FRAME("GET"), -EPROTO }, /* known from the first byte on */
		{ FRAME("\x16\3\1"), 0 },  /* TLS: a header may still come of it */
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(stun_frame_size(&rows[i].frame), rows[i].size);
}

static void test_messages_follow_each_other(void)
{
	struct stun_frame frame = FRAME(REQUEST LONGER "\0\1");

	stun_frame_drop(&frame, 20);
	CU_ASSERT_EQUAL(stun_frame_size(&frame), 24);
	stun_frame_drop(&frame, 24);
	CU_ASSERT_EQUAL(stun_frame_size(&frame), 0);
	CU_ASSERT_EQUAL(frame.len, 2);
	CU_ASSERT_EQUAL(frame.bytes[1], 1);
}

/* --- Connections ------------------------------------------------------------------------------ */

/* Time is handed in. @silent: messages get no answer; @refuses: sources get no connection */
struct scene {
	struct stun_tcp *tcp;
	struct endpoint at;
	bool silent, refuses, long_reply;
	unsigned int events[3], messages;
	int64_t now_ms;
};

static bool lets(void *arg, const struct endpoint *source)
{
	(void)source;
	return !((struct scene *)arg)->refuses;
}

static const uint8_t long_reply[1 << 20];

static size_t answer(void *arg, const struct endpoint *source, const uint8_t *data, size_t len,
		     const uint8_t **reply)
{
	struct scene *scene = arg;

	CU_ASSERT_TRUE(len >= 20 && endpoint_is_set(source) && data[1] == 1);
	scene->messages++;
	*reply = long_reply;
	if (scene->long_reply)
		return sizeof(long_reply);
	return scene->silent ? 0 : 5;
}

static void count_event(void *arg, enum stun_tcp_event event)
{
	((struct scene *)arg)->events[event]++;
}

static void scene_start(struct scene *scene)
{
	const struct stun_tcp_ops ops = { lets, answer, count_event, scene };
	int error = -EADDRINUSE;

	*scene = (struct scene){ .now_ms = 1000 };
	scene->tcp = stun_tcp_new(&ops);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene->tcp);
	CU_ASSERT_FATAL(endpoint_parse_addr(STR("127.0.0.1"), 0, &scene->at));
	for (uint16_t port = 31000; port < 32000 && error; port++) {
		endpoint_set_port(&scene->at, port);
		error = stun_tcp_listen(scene->tcp, &scene->at);
	}
	CU_ASSERT_EQUAL_FATAL(error, 0);
}

static void scene_end(struct scene *scene)
{
	stun_tcp_free(scene->tcp);
}

/* A turn of the loop. */
static void turn(struct scene *scene)
{
	struct pollfd fds[STUN_TCP_FDS];
	size_t n;

	stun_tcp_tick(scene->tcp, scene->now_ms);
	n = stun_tcp_fds(scene->tcp, fds);
	poll(fds, n, 0);
	stun_tcp_handle(scene->tcp, fds, 1000, scene->now_ms);
}

/* 127.0.0.@host; accepted by a turn */
static int connect_from(struct scene *scene, unsigned int host)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(0x7f000000 + host) };
	const int one = 1, small = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	CU_ASSERT_EQUAL_FATAL(connect(fd, &scene->at.sa, endpoint_len(&scene->at)), 0);
	turn(scene);
	return fd;
}

/* On loopback, what was sent is there. */
static void say(struct scene *scene, int fd, const char *bytes, size_t len)
{
	CU_ASSERT_EQUAL(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
	turn(scene);
}

#define SAY(scene, fd, text) say((scene), (fd), (text), sizeof(text) - 1)

/* Bytes that the client has received; -1: the connection has ended */
static int received(int fd)
{
	char bytes[64];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return 0;
	return n > 0 ? (int)n : -1;
}

static void test_messages_are_answered(void)
{
	struct scene scene = { 0 };
	int fd;

	scene_start(&scene);
	fd = connect_from(&scene, 1);
	SAY(&scene, fd, REQUEST);
	CU_ASSERT_EQUAL(received(fd), 5);
	SAY(&scene, fd, REQUEST LONGER REQUEST);
	CU_ASSERT_EQUAL(received(fd), 15);
	/* Byte by byte. */
	for (size_t i = 0; i < sizeof(LONGER) - 1; i++) {
		CU_ASSERT_EQUAL(received(fd), 0);
		say(&scene, fd, LONGER + i, 1);
	}
	CU_ASSERT_EQUAL(received(fd), 5);
	CU_ASSERT_EQUAL(scene.messages, 5);
	close(fd);
	scene_end(&scene);
}

static void test_what_ends_a_connection(void)
{
	struct scene scene = { 0 };
	int fd;

	scene_start(&scene);
	fd = connect_from(&scene, 1);
	SAY(&scene, fd, "GET / HTTP/1.0\r\n");
	CU_ASSERT_EQUAL(received(fd), -1);
	close(fd);
	fd = connect_from(&scene, 1);
	scene.silent = true;
	SAY(&scene, fd, REQUEST);
	CU_ASSERT_EQUAL(received(fd), -1);
	close(fd);
	scene.silent = false;
	/* A client that has sent all may read its reply. */
	fd = connect_from(&scene, 1);
	CU_ASSERT_EQUAL(send(fd, REQUEST, 20, 0), 20);
	shutdown(fd, SHUT_WR);
	turn(&scene);
	CU_ASSERT_EQUAL(received(fd), 5);
	turn(&scene);
	CU_ASSERT_EQUAL(received(fd), -1);
	close(fd);
	scene_end(&scene);
}

static void test_idle_connection_ends(void)
{
	struct scene scene = { 0 };
	int fd;

	scene_start(&scene);
	CU_ASSERT_EQUAL(stun_tcp_tick(scene.tcp, scene.now_ms), -1);
	fd = connect_from(&scene, 1);
	scene.now_ms += STUN_TCP_IDLE_MS - 1;
	CU_ASSERT_EQUAL(stun_tcp_tick(scene.tcp, scene.now_ms), scene.now_ms + 1);
	SAY(&scene, fd, REQUEST); /* gives it time */
	scene.now_ms += STUN_TCP_IDLE_MS - 1;
	SAY(&scene, fd, "\0\1\0\0"); /* gives it none: it is no message */
	CU_ASSERT_EQUAL(received(fd), 5);
	scene.now_ms += 1;
	CU_ASSERT_EQUAL(stun_tcp_tick(scene.tcp, scene.now_ms), -1);
	CU_ASSERT_EQUAL(received(fd), -1);
	CU_ASSERT_EQUAL(scene.events[STUN_TCP_IDLE], 1);
	close(fd);
	scene_end(&scene);
}

static void test_source_has_few_connections(void)
{
	int fd[STUN_TCP_SOURCE + 1], other;
	struct scene scene = { 0 };

	scene_start(&scene);
	for (size_t i = 0; i < COUNT(fd); i++)
		fd[i] = connect_from(&scene, 1);
	CU_ASSERT_EQUAL(received(fd[STUN_TCP_SOURCE]), -1);
	CU_ASSERT_EQUAL(scene.events[STUN_TCP_REFUSED], 1);
	other = connect_from(&scene, 2);
	CU_ASSERT_EQUAL(received(other), 0);
	close(fd[0]);
	close(fd[STUN_TCP_SOURCE]);
	turn(&scene);
	fd[0] = connect_from(&scene, 1);
	SAY(&scene, fd[0], REQUEST);
	CU_ASSERT_EQUAL(received(fd[0]), 5);
	for (size_t i = 0; i < STUN_TCP_SOURCE; i++)
		close(fd[i]);
	close(other);
	scene_end(&scene);
}

static void test_source_may_have_none(void)
{
	struct scene scene = { 0 };
	int fd;

	scene_start(&scene);
	scene.refuses = true;
	fd = connect_from(&scene, 1);
	CU_ASSERT_EQUAL(received(fd), -1);
	CU_ASSERT_EQUAL(scene.events[STUN_TCP_REFUSED], 1);
	CU_ASSERT_EQUAL(scene.events[STUN_TCP_ACCEPTED], 0);
	close(fd);
	scene_end(&scene);
}

/* Who holds all connections shuts out nobody. */
static void test_new_one_takes_the_place_of_the_idlest(void)
{
	int fd[STUN_TCP_MAX], fresh;
	struct scene scene = { 0 };

	scene_start(&scene);
	for (unsigned int i = 0; i < STUN_TCP_MAX; i++) {
		scene.now_ms++;
		fd[i] = connect_from(&scene, 1 + i / STUN_TCP_SOURCE);
	}
	scene.now_ms++;
	SAY(&scene, fd[0], REQUEST); /* the oldest, but not the idlest */
	CU_ASSERT_EQUAL(received(fd[0]), 5);
	fresh = connect_from(&scene, 200);
	SAY(&scene, fresh, REQUEST);
	CU_ASSERT_EQUAL(received(fresh), 5);
	CU_ASSERT_EQUAL(received(fd[1]), -1);
	for (size_t i = 2; i < STUN_TCP_MAX; i++)
		CU_ASSERT_EQUAL(received(fd[i]), 0);
	CU_ASSERT_EQUAL(scene.events[STUN_TCP_IDLE], 1);
	for (size_t i = 0; i < STUN_TCP_MAX; i++)
		close(fd[i]);
	close(fresh);
	scene_end(&scene);
}

/* What does not fit into the buffers is not kept: the connection ends, in the kernel too. */
static void test_client_that_does_not_read(void)
{
	struct pollfd fds[STUN_TCP_FDS];
	struct scene scene = { 0 };
	int fd;

	scene_start(&scene);
	fd = connect_from(&scene, 1);
	scene.long_reply = true;
	SAY(&scene, fd, REQUEST);
	CU_ASSERT_EQUAL(scene.messages, 1);
	CU_ASSERT_EQUAL(stun_tcp_fds(scene.tcp, fds), 1);
	CU_ASSERT_EQUAL(send(fd, REQUEST, 20, MSG_NOSIGNAL), -1);
	close(fd);
	scene_end(&scene);
}

/* The thread has a share of time: the rest waits. */
static void test_number_of_calls_is_bounded(void)
{
	struct pollfd fds[STUN_TCP_FDS];
	struct scene scene = { 0 };
	int fd[3];
	size_t n;

	scene_start(&scene);
	for (size_t i = 0; i < COUNT(fd); i++)
		fd[i] = connect_from(&scene, 1);
	for (size_t i = 0; i < COUNT(fd); i++)
		CU_ASSERT_EQUAL(send(fd[i], REQUEST, 20, 0), 20);
	n = stun_tcp_fds(scene.tcp, fds);
	CU_ASSERT_EQUAL(n, 4);
	poll(fds, n, 0);
	CU_ASSERT_EQUAL(stun_tcp_handle(scene.tcp, fds, 2, scene.now_ms), 2);
	CU_ASSERT_EQUAL(scene.messages, 2);
	CU_ASSERT_EQUAL(stun_tcp_handle(scene.tcp, fds, 0, scene.now_ms), 0);
	turn(&scene);
	CU_ASSERT_EQUAL(scene.messages, 3);
	for (size_t i = 0; i < COUNT(fd); i++)
		close(fd[i]);
	scene_end(&scene);
}

TEST_SUITE(stun_tcp, { "size of a message", test_size_of_a_message },
	   { "messages follow each other", test_messages_follow_each_other },
	   { "messages are answered", test_messages_are_answered },
	   { "what ends a connection", test_what_ends_a_connection },
	   { "idle connection ends", test_idle_connection_ends },
	   { "source has few connections", test_source_has_few_connections },
	   { "source may have none", test_source_may_have_none },
	   { "new one takes the place of the idlest", test_new_one_takes_the_place_of_the_idlest },
	   { "client that does not read", test_client_that_does_not_read },
	   { "number of calls is bounded", test_number_of_calls_is_bounded });
