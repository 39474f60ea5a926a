/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_external_filtering.c - which servers can tell what a NAT lets in
 *
 * The server answers as our own STUN service does. Verdicts about NATs that drop replies take some
 * seconds: tests/outside has them, with coturn.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/nat/external_filtering.h"
#include "daemon/nat/stun_answer.h"
#include "tests/unit/test.h"

static struct endpoint place(const char *text)
{
	struct endpoint at = { 0 };

	CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), 0, &at));
	return at;
}

/* @stuck: it ignores CHANGE-REQUEST: replies come from where it was asked */
struct server {
	struct stun_site site;
	struct stun_rules rules;
	bool stuck;
	int fd[STUN_SITE_SOCKETS], stop_fd;
	unsigned int n;
	pthread_t thread;
	char text[48];
	struct external_source source;
};

static void answer_one(const struct server *server, unsigned int index)
{
	struct endpoint from = { 0 };
	socklen_t len = sizeof(from);
	struct stun_answer answer;
	uint8_t request[64];
	ssize_t n =
		recvfrom(server->fd[index], request, sizeof(request), MSG_DONTWAIT, &from.sa, &len);

	if (n < 0 || stun_answer(&server->site, &server->rules, index, &from, request, (size_t)n,
				 &answer) >= STUN_ANSWERS)
		return;
	sendto(server->fd[server->stuck ? index : answer.from], answer.bytes, answer.len, 0,
	       &answer.to.sa, endpoint_len(&answer.to));
}

static void *serve(void *arg)
{
	struct server *server = arg;

	for (;;) {
		struct pollfd fds[STUN_SITE_SOCKETS + 1];

		for (unsigned int i = 0; i < server->n; i++)
			fds[i] = (struct pollfd){ server->fd[i], POLLIN, 0 };
		fds[server->n] = (struct pollfd){ server->stop_fd, POLLIN, 0 };
		poll(fds, server->n + 1, -1);
		if (fds[server->n].revents)
			return NULL;
		for (unsigned int i = 0; i < server->n; i++)
			if (fds[i].revents)
				answer_one(server, i);
	}
}

/* At 127.0.0.4 and 127.0.0.5, each with two ports; @n 2: only at the first. */
static void open_server(struct server *server, unsigned int n, bool discovery)
{
	static const char *const at[] = { "127.0.0.4:0", "127.0.0.4:0", "127.0.0.5", "127.0.0.5" };

	*server = (struct server){ .n = n, .rules = { .discovery = discovery } };
	server->site.n = n;
	for (unsigned int i = 0; i < n; i++) {
		struct endpoint ep = place(at[i]);
		socklen_t len = sizeof(ep);

		if (i >= 2)
			endpoint_set_port(&ep, endpoint_port(&server->site.bind[i - 2]));
		server->fd[i] = socket(AF_INET, SOCK_DGRAM, 0);
		CU_ASSERT_EQUAL_FATAL(bind(server->fd[i], &ep.sa, endpoint_len(&ep)), 0);
		getsockname(server->fd[i], &ep.sa, &len);
		server->site.bind[i] = server->site.named[i] = ep;
	}
	server->stop_fd = eventfd(0, 0);
	snprintf(server->text, sizeof(server->text), "stun:127.0.0.4:%u",
		 endpoint_port(&server->site.bind[0]));
	CU_ASSERT_PTR_NULL(external_source_read(server->text, &server->source));
	CU_ASSERT_EQUAL_FATAL(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void close_server(struct server *server)
{
	CU_ASSERT_EQUAL(eventfd_write(server->stop_fd, 1), 0);
	pthread_join(server->thread, NULL);
	for (unsigned int i = 0; i < server->n; i++)
		close(server->fd[i]);
	close(server->stop_fd);
}

static void test_a_server_with_two_addresses_can_tell_it(void)
{
	static const struct {
		unsigned int sockets;
		bool discovery;
		enum external_filtering filtering;
	} rows[] = {
		{ STUN_SITE_SOCKETS, true, EXTERNAL_FILTERING_INDEPENDENT },
		{ STUN_SITE_SOCKETS, false, EXTERNAL_FILTERING_UNKNOWN },
		{ 2, true, EXTERNAL_FILTERING_UNKNOWN },
	};
	int stop_fd = eventfd(0, 0);

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct external_question question = { place("127.0.0.3:0"), NULL, 0,
							    stop_fd };
		enum external_filtering filtering = EXTERNAL_FILTERING_PORT;
		struct external_source sources[2] = { { .kind = EXTERNAL_PCP } };
		struct server server;

		open_server(&server, rows[i].sockets, rows[i].discovery);
		sources[1] = server.source;
		CU_ASSERT_EQUAL(external_filtering(sources, 2, &question, &filtering), 0);
		CU_ASSERT_EQUAL(filtering, rows[i].filtering);
		close_server(&server);
	}
	close(stop_fd);
}

/* That reply would arrive whatever the NAT does. */
static void test_a_reply_from_the_same_place_proves_nothing(void)
{
	int stop_fd = eventfd(0, 0);
	const struct external_question question = { place("127.0.0.3:0"), NULL, 0, stop_fd };
	enum external_filtering filtering = EXTERNAL_FILTERING_UNKNOWN;
	struct server server;

	open_server(&server, STUN_SITE_SOCKETS, true);
	server.stuck = true;
	CU_ASSERT_EQUAL(external_filtering(&server.source, 1, &question, &filtering), 0);
	CU_ASSERT_EQUAL(filtering, EXTERNAL_FILTERING_PORT);
	close_server(&server);
	close(stop_fd);
}

static void test_the_end_of_the_daemon_does_not_wait(void)
{
	int stop_fd = eventfd(1, 0);
	const struct external_question question = { place("127.0.0.3:0"), NULL, 0, stop_fd };
	enum external_filtering filtering;
	struct server server;

	open_server(&server, STUN_SITE_SOCKETS, true);
	CU_ASSERT_EQUAL(external_filtering(&server.source, 1, &question, &filtering), -ECANCELED);
	CU_ASSERT_EQUAL(filtering, EXTERNAL_FILTERING_UNKNOWN);
	close_server(&server);
	close(stop_fd);
}

TEST_SUITE(external_filtering,
	   { "a server with two addresses can tell it",
	     test_a_server_with_two_addresses_can_tell_it },
	   { "a reply from the same place proves nothing",
	     test_a_reply_from_the_same_place_proves_nothing },
	   { "the end of the daemon does not wait", test_the_end_of_the_daemon_does_not_wait });
