/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_upnp_process.c - the process that speaks UPnP: what becomes of the one that asks
 *
 * In its place are scripts, as that process is the daemon itself; tests/outside has the real one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/base/clock.h"
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
	   { "it has nothing of the daemon", test_it_has_nothing_of_the_daemon });
