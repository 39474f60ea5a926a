/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_claim.c - claims of ports: those of another daemon count, those that others forge do not */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/claim.h"
#include "tests/unit/test.h"

#define ADDRESS "127.77.0.1"

/* A socket of this abstract name, -1 if it cannot be bound. */
static int bind_name(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(addr.sun_path + 1, name, strlen(name));
	CU_ASSERT_EQUAL(
		bind(fd, (const struct sockaddr *)&addr,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))),
		0);
	return fd;
}

/* Return: that of claims_take() for the ports 40000 to 40100; what it took is given back. */
static int take(long *pid)
{
	struct claim_range range = { 40000, 40100 };
	struct claims claims;
	struct endpoint addr;
	size_t other = 0;
	int err;

	CU_ASSERT(endpoint_parse_addr(STR(ADDRESS), 0, &addr));
	err = claims_take(&claims, &addr, 1, &range, &other, pid);
	if (!err)
		claims_give(&claims);
	return err;
}

/* A process of this program and user; ends with the end of the test. */
static pid_t another_daemon(void)
{
	pid_t child = fork();

	if (!child) {
		pause();
		_exit(0);
	}
	return child;
}

static void test_claims_of_another_daemon_count(void)
{
	static const struct {
		const char *ports;
		bool overlaps;
	} rows[] = {
		{ "40000-40100", true },  { "40100-40200", true },  { "1-65535", true },
		{ "40102-40200", false }, { "30000-39998", false }, { "40000", false },
	};
	pid_t child = another_daemon();
	char name[80];
	long pid;

	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd;

		snprintf(name, sizeof(name), "rtprelay/" ADDRESS "/%s/%d", rows[i].ports, child);
		fd = bind_name(name);
		CU_ASSERT_EQUAL(take(&pid), rows[i].overlaps ? -EADDRINUSE : 0);
		if (rows[i].overlaps)
			CU_ASSERT_EQUAL(pid, child);
		close(fd);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* Any user may bind any name: with the process of another program, or of none. */
static void test_forged_claims_do_not_count(void)
{
	static const char *const pids[] = { "1", "4194304", "0", "x", "" };
	char name[80];
	long pid;

	for (size_t i = 0; i < COUNT(pids); i++) {
		int fd;

		snprintf(name, sizeof(name), "rtprelay/" ADDRESS "/1-65535/%s", pids[i]);
		fd = bind_name(name);
		CU_ASSERT_EQUAL(take(&pid), 0);
		close(fd);
	}
}

TEST_SUITE(claim, { "claims of another daemon count", test_claims_of_another_daemon_count },
	   { "forged claims do not count", test_forged_claims_do_not_count });
