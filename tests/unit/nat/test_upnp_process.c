/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_upnp_process.c - the process that speaks UPnP: what becomes of the one that asks
 *
 * In its place are scripts, as that process is the daemon itself; tests/outside has the real one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/nat/upnp_process.h"
#include "tests/unit/test.h"

#define PATIENCE_MS 20000
#define SHORT_MS    50

struct scene {
	char program[40];
	int stop_fd;
	struct upnp_process *process;
	struct upnp_request request;
	struct upnp_reply reply;
};

static void begin(struct scene *s, const char *does)
{
	int fd;

	*s = (struct scene){ .stop_fd = eventfd(0, EFD_CLOEXEC) };
	snprintf(s->program, sizeof(s->program), "/tmp/rtprelay-upnp-XXXXXX");
	fd = mkstemp(s->program);
	CU_ASSERT_FATAL(fd >= 0 && s->stop_fd >= 0);
	CU_ASSERT_TRUE(dprintf(fd, "#!/bin/sh\n%s\n", does) > 0);
	CU_ASSERT_EQUAL(fchmod(fd, 0700), 0);
	close(fd);
}

static int ask(struct scene *s, int patience_ms)
{
	return upnp_process_ask(&s->process, s->program, s->stop_fd, patience_ms, &s->request,
				&s->reply);
}

static void end(struct scene *s)
{
	upnp_process_end(s->process);
	unlink(s->program);
	close(s->stop_fd);
}

/* A host that sends a byte each few seconds keeps it busy for ever. */
static void test_a_process_without_a_reply_is_ended(void)
{
	struct scene s;
	int64_t began_ms;

	begin(&s, "exec sleep 1000");
	began_ms = clock_ms();
	CU_ASSERT_EQUAL(ask(&s, SHORT_MS), -ETIMEDOUT);
	CU_ASSERT_TRUE(clock_ms() - began_ms >= SHORT_MS);
	CU_ASSERT_PTR_NULL(s.process);
	/* The next one gets another process. */
	CU_ASSERT_EQUAL(ask(&s, SHORT_MS), -ETIMEDOUT);
	CU_ASSERT_PTR_NULL(s.process);
	end(&s);
}

static void test_the_end_of_the_daemon_does_not_wait(void)
{
	struct scene s;
	int64_t began_ms = clock_ms();

	begin(&s, "exec sleep 1000");
	CU_ASSERT_EQUAL(eventfd_write(s.stop_fd, 1), 0);
	CU_ASSERT_EQUAL(ask(&s, PATIENCE_MS), -ECANCELED);
	CU_ASSERT_PTR_NULL(s.process);
	CU_ASSERT_TRUE(clock_ms() - began_ms < PATIENCE_MS);
	end(&s);
}

static void test_a_process_that_ends_is_an_error(void)
{
	struct scene s;

	begin(&s, "exit 0");
	CU_ASSERT_EQUAL(ask(&s, PATIENCE_MS), -EPIPE);
	CU_ASSERT_PTR_NULL(s.process);
	end(&s);
	begin(&s, "exit 0");
	snprintf(s.program, sizeof(s.program), "/none/rtprelay-upnp");
	CU_ASSERT_EQUAL(ask(&s, PATIENCE_MS), -ENOENT);
	CU_ASSERT_PTR_NULL(s.process);
	end(&s);
}

/* Its standard input is where replies go: here, a copy of the request, which is none. */
static void test_what_is_no_reply_is_an_error(void)
{
	struct scene s;

	begin(&s, "exec cat >&0");
	CU_ASSERT_EQUAL(ask(&s, PATIENCE_MS), -EPIPE);
	CU_ASSERT_PTR_NULL(s.process);
	end(&s);
}

/* What a process says that a host of the LAN has taken over. */
struct lie {
	const char *what;
	bool maps, is_believed;
	struct upnp_reply reply;
	size_t more; /* bytes behind it */
	bool no_end, no_end_of_result;
};

static int ask_liar(const struct lie *lie)
{
	char path[] = "/tmp/rtprelay-lie-XXXXXX", does[80];
	char bytes[sizeof(lie->reply) + 8] = { 0 };
	struct upnp_reply reply = lie->reply;
	int fd = mkstemp(path), error;
	struct scene s;

	if (lie->no_end)
		memset(reply.why, 'x', sizeof(reply.why));
	if (lie->no_end_of_result)
		memset(reply.result.why, 'x', sizeof(reply.result.why));
	memcpy(bytes, &reply, sizeof(reply));
	CU_ASSERT_EQUAL_FATAL(write(fd, bytes, sizeof(reply) + lie->more),
			      (ssize_t)(sizeof(reply) + lie->more));
	close(fd);
	snprintf(does, sizeof(does), "cat %s >&0\nexec sleep 1000", path);
	begin(&s, does);
	s.request.maps = lie->maps;
	error = ask(&s, PATIENCE_MS);
	if (error) {
		CU_ASSERT_PTR_NULL(s.process);
		CU_ASSERT(s.reply.why[0] == '\0');
		CU_ASSERT_EQUAL(s.reply.result.outcome, 0);
	}
	end(&s);
	unlink(path);
	return error;
}

static void test_replies_are_checked(void)
{
	const struct endpoint v4 = { .in4 = { .sin_family = AF_INET, .sin_port = 1 } };
	const struct endpoint v6 = { .in6 = { .sin6_family = AF_INET6 } };
	const struct endpoint none = { .sa = { .sa_family = AF_UNSPEC } };
	const struct lie rows[] = {
		{ .what = "an address",
		  .maps = false,
		  .is_believed = true,
		  .reply = { .address = v4 } },
		{ .what = "no router",
		  .maps = false,
		  .is_believed = true,
		  .reply = { .error = -ENOENT } },
		{ .what = "a port",
		  .maps = true,
		  .is_believed = true,
		  .reply = { .result = { .external = v4 } } },
		{ .what = "refused",
		  .maps = true,
		  .is_believed = true,
		  .reply = { .result = { .outcome = PORTMAP_REFUSED } } },
		{ .what = "no address",
		  .maps = false,
		  .is_believed = false,
		  .reply = { .address = none } },
		{ .what = "an address of IPv6",
		  .maps = false,
		  .is_believed = false,
		  .reply = { .address = v6 } },
		{ .what = "an error that is none",
		  .maps = false,
		  .is_believed = false,
		  .reply = { .error = 1, .address = v4 } },
		{ .what = "a port of IPv6",
		  .maps = true,
		  .is_believed = false,
		  .reply = { .result = { .external = v6 } } },
		{ .what = "canceled",
		  .maps = true,
		  .is_believed = false,
		  .reply = { .result = { .outcome = PORTMAP_CANCELED } } },
		{ .what = "unknown",
		  .maps = true,
		  .is_believed = false,
		  .reply = { .result = { .outcome = (enum portmap_outcome)99 } } },
		{ .what = "an epoch",
		  .maps = true,
		  .is_believed = false,
		  .reply = { .result = { .has_epoch = true } } },
		{ .what = "more",
		  .maps = true,
		  .is_believed = false,
		  .reply = { .error = 0 },
		  .more = 1 },
		{ .what = "a text without end",
		  .maps = false,
		  .is_believed = false,
		  .reply = { .error = -ENOENT },
		  .no_end = true },
		{ .what = "that of a port",
		  .maps = true,
		  .is_believed = false,
		  .reply = { .error = 0 },
		  .no_end_of_result = true },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (ask_liar(&rows[i]) != (rows[i].is_believed ? 0 : -EPIPE))
			CU_FAIL(rows[i].what);
}

/* It has the one argument, and none of the daemon's descriptors. */
static void test_it_has_nothing_of_the_daemon(void)
{
	char text[200];
	struct scene s;
	int fd;

	/* The shell itself has its script open, above 9. */
	snprintf(text, sizeof(text),
		 "[ \"$*\" = " UPNP_ARGUMENT " ] || exit\n"
		 "for fd in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$fd ] || exit; done\n"
		 "exec sleep 1000");
	begin(&s, text);
	fd = eventfd(0, EFD_CLOEXEC);
	CU_ASSERT_EQUAL(ask(&s, 500), -ETIMEDOUT); /* else it has ended */
	close(fd);
	end(&s);
}

TEST_SUITE(upnp_process,
	   { "a process without a reply is ended", test_a_process_without_a_reply_is_ended },
	   { "the end of the daemon does not wait", test_the_end_of_the_daemon_does_not_wait },
	   { "a process that ends is an error", test_a_process_that_ends_is_an_error },
	   { "what is no reply is an error", test_what_is_no_reply_is_an_error },
	   { "replies are checked", test_replies_are_checked },
	   { "it has nothing of the daemon", test_it_has_nothing_of_the_daemon });
