/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_admin_clients.c - connections: who gets in, who yields, who is cut off */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include "admin_scene.h"

static void test_endless_request_is_cut_off(void)
{
	char text[4096];
	size_t sent = 0;

	start();
	memset(text, 'x', sizeof(text));
	while (sent < CONTROL_PROTO_REQUEST) {
		ssize_t n = send(talk.fd, text, sizeof(text), MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			break;
		sent += n > 0 ? (size_t)n : 0;
		event_base_loop(talk.scene.base, EVLOOP_NONBLOCK);
	}
	listen_on();
	CU_ASSERT_STRING_EQUAL(talk.text, DENIED("bad-request", "the request is too long"));
	CU_ASSERT(talk.ended);
	CU_ASSERT_EQUAL(admin_count(talk.admin), 0);
	CU_ASSERT(stop());
}

static bool is_closed(int fd)
{
	char byte;

	return !recv(fd, &byte, 1, 0);
}

/* These clients are of the daemon's own user, who always gets in. */
static void test_oldest_idle_client_yields(void)
{
	int fd[CONTROL_PROTO_PEERS + 1];

	start();
	ask("{\"verb\":\"watch\"}"); /* is being answered until it ends: it does not yield */
	for (size_t i = 0; i < CONTROL_PROTO_PEERS; i++)
		fd[i] = connect_peer();
	CU_ASSERT_EQUAL(admin_count(talk.admin), CONTROL_PROTO_PEERS);
	CU_ASSERT_TRUE(is_closed(fd[0]));
	for (size_t i = 1; i < CONTROL_PROTO_PEERS; i++)
		CU_ASSERT_FALSE(is_closed(fd[i]));
	listen_on();
	CU_ASSERT_FALSE(talk.ended);
	/* A client that has asked for something yields after those that have not. */
	scene_must(send(fd[1], "{\"verb\":\"x\"}\n", 13, 0) == 13, "send");
	listen_on();
	fd[CONTROL_PROTO_PEERS] = connect_peer();
	CU_ASSERT_TRUE(is_closed(fd[2]));
	CU_ASSERT_FALSE(is_closed(fd[1]));
	for (size_t i = 0; i <= CONTROL_PROTO_PEERS; i++)
		close(fd[i]);
	CU_ASSERT(stop());
}

/* All are being answered: the one that came first makes room. */
static void test_user_of_the_daemon_always_gets_in(void)
{
	int fd[CONTROL_PROTO_PEERS];

	start();
	for (size_t i = 0; i < CONTROL_PROTO_PEERS - 1; i++) {
		fd[i] = connect_peer();
		scene_must(send(fd[i], "{\"verb\":\"watch\"}\n", 17, 0) == 17, "send");
	}
	ask("{\"verb\":\"watch\"}");
	fd[CONTROL_PROTO_PEERS - 1] = connect_peer();
	CU_ASSERT_EQUAL(admin_count(talk.admin), CONTROL_PROTO_PEERS);
	listen_on();
	CU_ASSERT_TRUE(talk.ended);
	CU_ASSERT_FALSE(is_closed(fd[CONTROL_PROTO_PEERS - 1]));
	for (size_t i = 0; i < CONTROL_PROTO_PEERS; i++)
		close(fd[i]);
	CU_ASSERT(stop());
}

/* Those who may only read are refused if all are being answered; they yield to who may more. */
static void test_readers_are_limited_and_yield(void)
{
	int fd[CONTROL_PROTO_PEERS], late, own;

	start(); /* talk.fd is of the daemon's own user */
	ask("{\"verb\":\"watch\"}");
	peer_spy_only_read(true);
	for (size_t i = 1; i < CONTROL_PROTO_PEERS; i++) {
		fd[i] = connect_peer();
		scene_must(send(fd[i], "{\"verb\":\"watch\"}\n", 17, 0) == 17, "send");
	}
	listen_on();
	late = connect_peer();
	peer_spy_only_read(false);
	CU_ASSERT_EQUAL(admin_count(talk.admin), CONTROL_PROTO_PEERS);
	CU_ASSERT_TRUE(is_closed(late));
	own = connect_peer();
	CU_ASSERT_EQUAL(admin_count(talk.admin), CONTROL_PROTO_PEERS);
	CU_ASSERT_FALSE(is_closed(own));
	listen_on();
	CU_ASSERT_FALSE(talk.ended); /* older than the readers, and not one of them */
	while (recv(fd[1], talk.text, sizeof(talk.text), 0) > 0)
		;
	CU_ASSERT_TRUE(is_closed(fd[1]));
	for (size_t i = 1; i < CONTROL_PROTO_PEERS; i++)
		close(fd[i]);
	close(late);
	close(own);
	CU_ASSERT(stop());
}

static void test_idle_client_is_disconnected(void)
{
	int64_t until_ms, begin_ms = clock_ms();
	int idle;

	start_with(-1, 1);
	idle = connect_peer();
	send(idle, "{\"verb\"", 7, 0);
	ask("{\"verb\":\"watch\"}");
	for (until_ms = begin_ms + SCENE_DEADLINE_MS; clock_ms() < until_ms;) {
		event_base_loop(talk.scene.base, EVLOOP_ONCE);
		if (is_closed(idle))
			break;
	}
	CU_ASSERT(clock_ms() - begin_ms >= 1000 && clock_ms() < until_ms);
	listen_on();
	CU_ASSERT_FALSE(talk.ended); /* it watches */
	close(idle);
	CU_ASSERT(stop());
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	bool *came = arg;

	(void)fd;
	(void)what;
	*came = true;
}

/* A listening socket with a name chosen by the system, and one that has connected to it. */
static void make_listener(int *listener, int *waiting)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(addr.sun_family);
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

	*listener = socket(AF_UNIX, type, 0);
	*waiting = socket(AF_UNIX, type, 0);
	scene_must(!bind(*listener, (struct sockaddr *)&addr, len), "bind");
	len = sizeof(addr);
	scene_must(!getsockname(*listener, (struct sockaddr *)&addr, &len), "getsockname");
	scene_must(!listen(*listener, 8), "listen");
	scene_must(!connect(*waiting, (struct sockaddr *)&addr, len), "connect");
}

/* A waiting connection keeps the socket readable: accept() must not be repeated without a pause. */
static void test_accepting_pauses_when_out_of_descriptors(void)
{
	const struct timeval soon = { 0, 100000 };
	struct rlimit old, low;
	int listener, waiting, lowest;
	bool came = false;

	make_listener(&listener, &waiting);
	start_at(listener);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	lowest = fcntl(0, F_DUPFD_CLOEXEC, 0);
	close(lowest);
	low = (struct rlimit){ (rlim_t)lowest, old.rlim_max };
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &low), 0);
	event_base_loop(talk.scene.base, EVLOOP_ONCE); /* accept() fails */
	event_base_once(talk.scene.base, -1, EV_TIMEOUT, on_time, &came, &soon);
	event_base_loop(talk.scene.base, EVLOOP_ONCE);
	CU_ASSERT(came);
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &old), 0);
	CU_ASSERT_EQUAL(admin_count(talk.admin), 1);
	event_base_loop(talk.scene.base, EVLOOP_ONCE); /* the pause is over */
	event_base_loop(talk.scene.base, EVLOOP_ONCE);
	CU_ASSERT_EQUAL(admin_count(talk.admin), 2);
	CU_ASSERT(stop());
	close(waiting);
	close(listener);
}

static void test_no_memory_is_an_answer_or_an_end(void)
{
	static char request[CONTROL_PROTO_REQUEST / 2]; /* more than an arena has at first */
	int len = snprintf(request, sizeof(request), "{\"verb\":\"status\",\"x\":\"%0*d\"}\n",
			   (int)sizeof(request) - 64, 0);

	start();
	add_call("alpha-1", "f1", true);
	ALLOC_FAILS_AT_EACH
	{
		int fd[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd))
			continue;
		admin_accept(talk.admin, fd[1]);
		close(talk.fd);
		talk.fd = fd[0];
		talk.len = 0;
		talk.ended = send(talk.fd, request, (size_t)len, MSG_NOSIGNAL) != len;
		if (!talk.ended)
			listen_on();
		if (!ends_with("{\"type\":\"end\",\"count\":1}\n"))
			CU_ASSERT(alloc_failed() && (talk.ended || talk.len));
	}
	CU_ASSERT(stop());
}

TEST_SUITE(admin_clients, { "an endless request is cut off", test_endless_request_is_cut_off },
	   { "the oldest idle client yields", test_oldest_idle_client_yields },
	   { "the user of the daemon always gets in", test_user_of_the_daemon_always_gets_in },
	   { "readers are limited and yield", test_readers_are_limited_and_yield },
	   { "an idle client is disconnected", test_idle_client_is_disconnected },
	   { "accepting pauses when out of descriptors",
	     test_accepting_pauses_when_out_of_descriptors },
	   { "no memory is an answer or an end", test_no_memory_is_an_answer_or_an_end });
