/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_client.c - rtprelayctl's one request over UDP, with a thread in place of the daemon
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
#include "control/client.h"
#include "daemon/base/count.h"
#include "tests/unit/test.h"

#define HEARD_MAX 2

struct daemon {
	int fd;
	char server[32];
	const char *answer; /* the text after the cookie and its blank */
	size_t answers_nth; /* request that is answered; those before are lost */
	char heard[HEARD_MAX][64];
	size_t n_heard;
};

static void daemon_open(struct daemon *daemon, size_t answers_nth, const char *answer)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);

	*daemon = (struct daemon){ .fd = socket(AF_INET, SOCK_DGRAM, 0),
				   .answer = answer,
				   .answers_nth = answers_nth };
	CU_ASSERT_EQUAL_FATAL(bind(daemon->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	getsockname(daemon->fd, (struct sockaddr *)&addr, &len);
	snprintf(daemon->server, sizeof(daemon->server), "127.0.0.1:%u", ntohs(addr.sin_port));
}

/* Drops all requests but the last, sends an answer to another request, then the right one. */
static void *daemon_run(void *arg)
{
	struct daemon *daemon = arg;
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	char reply[128];
	int n;

	while (daemon->n_heard < daemon->answers_nth)
		if (recvfrom(daemon->fd, daemon->heard[daemon->n_heard++], 63, 0,
			     (struct sockaddr *)&peer, &len) < 0)
			return NULL;
	sendto(daemon->fd, "0123456789abcdef d1:ai1ee", 25, 0, (struct sockaddr *)&peer, len);
	n = snprintf(reply, sizeof(reply), "%.17s%s", daemon->heard[0], daemon->answer);
	sendto(daemon->fd, reply, (size_t)n, 0, (struct sockaddr *)&peer, len);
	return NULL;
}

static int ask(const char *server, unsigned int timeout_ms, struct arena *arena,
	       struct client_answer *answer)
{
	struct dict *request = dict_new(arena, DICT_MAP);

	dict_add_str(arena, request, STR("command"), STR("ping"));
	return client_ask(&(struct client_conf){ server, timeout_ms }, arena, request, answer);
}

static int ask_daemon(struct daemon *daemon, struct arena *arena, struct client_answer *answer)
{
	pthread_t thread;
	int err;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, daemon_run, daemon), 0);
	err = ask(daemon->server, 30000, arena, answer);
	pthread_join(thread, NULL);
	close(daemon->fd);
	return err;
}

static void test_repeats_with_the_same_cookie(void)
{
	struct arena *arena = arena_new(4096);
	struct client_answer answer;
	struct daemon daemon;

	daemon_open(&daemon, 2, "d6:result4:ponge");
	CU_ASSERT_EQUAL_FATAL(ask_daemon(&daemon, arena, &answer), 0);
	CU_ASSERT(str_eq(dict_get_str(answer.reply, STR("result")), STR("pong")));
	CU_ASSERT_EQUAL(daemon.n_heard, 2);
	CU_ASSERT_STRING_EQUAL(daemon.heard[0], daemon.heard[1]);
	CU_ASSERT_STRING_EQUAL(daemon.heard[0] + 16, " d7:command4:pinge");
	arena_free(arena);
}

static void test_invalid_answer_is_an_error(void)
{
	static const char *const answers[] = { "d6:result4:pong", "i1e", "x", "d6:result4:ponge " };

	for (size_t i = 0; i < COUNT(answers); i++) {
		struct arena *arena = arena_new(4096);
		struct client_answer answer;
		struct daemon daemon;

		daemon_open(&daemon, 1, answers[i]);
		CU_ASSERT_EQUAL(ask_daemon(&daemon, arena, &answer), -EPROTO);
		CU_ASSERT_STRING_EQUAL(answer.error, "invalid answer: not a bencoded dictionary");
		arena_free(arena);
	}
}

static void test_silence_ends(void)
{
	struct arena *arena = arena_new(4096);
	struct client_answer answer;
	struct daemon daemon;

	daemon_open(&daemon, 0, "");
	CU_ASSERT_EQUAL(ask(daemon.server, 50, arena, &answer), -ETIMEDOUT);
	CU_ASSERT_EQUAL(strncmp(answer.error, "no answer: ", 11), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer.error, "control-allow"));
	close(daemon.fd);
	/* The port is closed now: reported at once, long before the time-out. */
	CU_ASSERT_EQUAL(ask(daemon.server, 600000, arena, &answer), -ECONNREFUSED);
	arena_free(arena);
}

static void test_invalid_server_names(void)
{
	static const char *const servers[] = { "",	":",	"127.0.0.1", "127.0.0.1:",
					       ":2223", "[]:1", "[::1]",     "127.0.0.1:x" };

	for (size_t i = 0; i < COUNT(servers); i++) {
		struct arena *arena = arena_new(4096);
		struct client_answer answer;

		CU_ASSERT_EQUAL(ask(servers[i], 1000, arena, &answer), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(answer.error);
		arena_free(arena);
	}
}

TEST_SUITE(client,
	   { "repeats with the same cookie, accepts only its own answer",
	     test_repeats_with_the_same_cookie },
	   { "an invalid answer is an error", test_invalid_answer_is_an_error },
	   { "silence ends", test_silence_ends },
	   { "invalid server names", test_invalid_server_names });
