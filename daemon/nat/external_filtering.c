/* SPDX-License-Identifier: GPL-2.0-or-later */
/* external_filtering.c - what the NAT in front of the relay lets in, in the words of RFC 5780 */
#include <errno.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include "nat/external_filtering.h"
#include "nat/external_stun.h"
#include "nat/external_talk.h"
#include "nat/stun_client.h"

const char *const external_filtering_names[] = {
	[EXTERNAL_FILTERING_UNKNOWN] = "unknown",
	[EXTERNAL_FILTERING_INDEPENDENT] = "endpoint-independent",
	[EXTERNAL_FILTERING_ADDRESS] = "address-dependent",
	[EXTERNAL_FILTERING_PORT] = "address-port-dependent",
};

/* @server: that is asked, from @fd; @other: where else it is */
struct test {
	const struct external_question *question;
	int fd;
	struct endpoint server, other;
	uint8_t request[STUN_CHANGE_LEN];
};

static int read_other(void *arg, const uint8_t *data, size_t len)
{
	struct test *test = arg;

	return stun_client_other(data, len, test->request, test->server.sa.sa_family, &test->other);
}

static int read_any(void *arg, const uint8_t *data, size_t len)
{
	const struct test *test = arg;
	struct endpoint seen;

	return stun_client_read(data, len, test->request, test->server.sa.sa_family, &seen);
}

static bool draw(uint8_t transaction[STUN_TRANSACTION])
{
	return getrandom(transaction, STUN_TRANSACTION, 0) == STUN_TRANSACTION;
}

/* 0: it has another address and port; -errno */
static int find_other(struct test *test)
{
	uint8_t transaction[STUN_TRANSACTION];
	int error;

	if (!draw(transaction))
		return -EIO;
	stun_client_request(test->request, transaction);
	error = external_talk(test->question, test->fd, test->request, STUN_HEADER, read_other,
			      test);
	if (error)
		return error;
	if (!endpoint_is_unicast(&test->other) || endpoint_addr_eq(&test->other, &test->server) ||
	    endpoint_port(&test->other) == endpoint_port(&test->server))
		return -ENOENT;
	return 0;
}

/* Connected to where the reply has to come from: one from elsewhere proves nothing. */
static int ask_from(struct test *test, enum stun_change change, const struct endpoint *from)
{
	uint8_t transaction[STUN_TRANSACTION];

	if (!draw(transaction))
		return -EIO;
	if (connect(test->fd, &from->sa, endpoint_len(from)))
		return -errno;
	stun_client_change(test->request, transaction, change);
	return external_talk_to(test->question, test->fd, &test->server, test->request,
				STUN_CHANGE_LEN, read_any, test);
}

/* The tests of RFC 5780, section 4.4: nothing was sent to the other places before. */
static int ask_server(struct test *test, enum external_filtering *filtering)
{
	struct endpoint other_port = test->server;
	int error = find_other(test);

	if (error)
		return error;
	error = ask_from(test, STUN_CHANGE_BOTH, &test->other);
	if (!error)
		*filtering = EXTERNAL_FILTERING_INDEPENDENT;
	if (error != -ETIMEDOUT)
		return error;
	endpoint_set_port(&other_port, endpoint_port(&test->other));
	error = ask_from(test, STUN_CHANGE_PORT, &other_port);
	if (!error)
		*filtering = EXTERNAL_FILTERING_ADDRESS;
	if (error != -ETIMEDOUT)
		return error;
	*filtering = EXTERNAL_FILTERING_PORT;
	return 0;
}

static int ask_source(const struct external_source *source,
		      const struct external_question *question, enum external_filtering *filtering)
{
	struct endpoint server[EXTERNAL_SERVERS_MAX];
	char why[EXTERNAL_WHY];
	int n = external_stun_find(source, question->bind.sa.sa_family, server, why), error = n;

	for (int i = 0; i < n; i++) {
		struct test test = { .question = question, .server = server[i] };

		test.fd = external_open(question, &server[i]);
		if (test.fd < 0)
			continue;
		error = ask_server(&test, filtering);
		close(test.fd);
		if (!error || error == -ECANCELED)
			break;
	}
	return error;
}

int external_filtering(const struct external_source *source, size_t n,
		       const struct external_question *question, enum external_filtering *filtering)
{
	*filtering = EXTERNAL_FILTERING_UNKNOWN;
	for (size_t i = 0; i < n && *filtering == EXTERNAL_FILTERING_UNKNOWN; i++)
		if (source[i].kind == EXTERNAL_STUN &&
		    ask_source(&source[i], question, filtering) == -ECANCELED)
			return -ECANCELED;
	return 0;
}
