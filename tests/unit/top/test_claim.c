/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_claim.c - addresses and ports that another process has claimed, or that one has forged */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/claim.h"
#include "tests/unit/test.h"

#define NOBODY 65534

static struct addr_ports range_of(const char *addr, uint16_t port_min, uint16_t port_max)
{
	struct addr_ports range = { .port_min = port_min, .port_max = port_max };

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(addr), 0, &range.addr));
	return range;
}

struct rival {
	pid_t pid;
	int release;
};

/* Another process that holds the claims until rival_end(). */
static struct rival rival_begin(const struct addr_ports *ranges, size_t n)
{
	int ready[2], release[2];
	struct addr_ports other;
	struct rival rival;
	struct claims claims;
	char byte = 0;
	long pid;

	CU_ASSERT_FATAL(!pipe(ready) && !pipe(release));
	rival.pid = fork();
	CU_ASSERT_FATAL(rival.pid >= 0);
	if (!rival.pid) {
		close(release[1]);
		byte = (char)(claims_take(&claims, ranges, n, &other, &pid) ? 'n' : 'y');
		if (write(ready[1], &byte, 1) != 1 || read(release[0], &byte, 1) < 0)
			_exit(1);
		_exit(0);
	}
	close(ready[1]);
	close(release[0]);
	CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
	CU_ASSERT_TRUE(byte == 'y');
	close(ready[0]);
	rival.release = release[1];
	return rival;
}

static void rival_end(const struct rival *rival)
{
	close(rival->release);
	CU_ASSERT_EQUAL(waitpid(rival->pid, NULL, 0), rival->pid);
}

static void test_claims_are_by_address_and_ports(void)
{
	const struct addr_ports theirs[] = { range_of("192.0.2.1", 30000, 30999),
					     range_of("192.0.2.1", 40000, 40999),
					     range_of("2001:db8::1", 50000, 50999) };
	static const struct {
		const char *addr;
		uint16_t port_min, port_max;
		int with; /* index in @theirs; -1: free */
	} rows[] = {
		{ "192.0.2.1", 30000, 30999, 0 },    { "192.0.2.1", 30998, 31999, 0 },
		{ "192.0.2.1", 20000, 30001, 0 },    { "192.0.2.1", 31000, 39999, -1 },
		{ "192.0.2.1", 40500, 40501, 1 },    { "192.0.2.1", 50000, 50999, -1 },
		{ "192.0.2.10", 30000, 30999, -1 },  { "2001:db8::1", 50000, 50999, 2 },
		{ "2001:db8::1", 30000, 30999, -1 },
	};
	struct rival rival = rival_begin(theirs, COUNT(theirs));

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct addr_ports ours[] = {
			range_of("192.0.2.99", 30000, 30999),
			range_of(rows[i].addr, rows[i].port_min, rows[i].port_max),
		};
		struct addr_ports other = { .port_min = 0 };
		struct claims claims;
		long pid = 0;
		int err = claims_take(&claims, ours, COUNT(ours), &other, &pid);

		CU_ASSERT_EQUAL(err, rows[i].with < 0 ? 0 : -EADDRINUSE);
		if (!err) {
			CU_ASSERT_EQUAL(claims.count, 2);
			claims_give(&claims);
			continue;
		}
		CU_ASSERT_EQUAL(pid, rival.pid);
		CU_ASSERT_TRUE(addr_ports_eq(&other, &theirs[rows[i].with]));
	}
	rival_end(&rival);
}

/* Two interfaces with the same address and ports are one claim; other ports are another one. */
static void test_one_process_claims_each_range_once(void)
{
	const struct addr_ports ours[] = { range_of("192.0.2.1", 30000, 30999),
					   range_of("192.0.2.1", 30000, 30999),
					   range_of("192.0.2.1", 40000, 40999) };
	struct addr_ports other;
	struct claims claims;
	long pid;

	CU_ASSERT_EQUAL_FATAL(claims_take(&claims, ours, COUNT(ours), &other, &pid), 0);
	CU_ASSERT_EQUAL(claims.count, 2);
	claims_give(&claims);
	CU_ASSERT_EQUAL(claims.count, 0);
}

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

/* Any user may bind any name: with the process of another program, or of none. */
static void test_forged_claims_do_not_count(void)
{
	static const char *const pids[] = { "1", "4194304", "0", "x", "" };
	const struct addr_ports ours = range_of("192.0.2.1", 30000, 30999);
	struct addr_ports other;
	struct claims claims;
	char name[80];
	long pid;

	for (size_t i = 0; i < COUNT(pids); i++) {
		int fd;

		snprintf(name, sizeof(name), "rtprelay/192.0.2.1/1-65535/%s", pids[i]);
		fd = bind_name(name);
		CU_ASSERT_EQUAL(claims_take(&claims, &ours, 1, &other, &pid), 0);
		claims_give(&claims);
		close(fd);
	}
}

/* A process of another user, which holds these names until rival_end(). */
static struct rival stranger_begin(const char *const *names, size_t n)
{
	struct rival rival = { .pid = -1 };
	int ready[2], release[2];
	char byte = 0;

	CU_ASSERT_FATAL(!pipe(ready) && !pipe(release));
	rival.pid = fork();
	CU_ASSERT_FATAL(rival.pid >= 0);
	if (!rival.pid) {
		close(release[1]);
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(1);
		for (size_t i = 0; i < n; i++)
			bind_name(names[i]);
		if (write(ready[1], &byte, 1) != 1 || read(release[0], &byte, 1) < 0)
			_exit(1);
		_exit(0);
	}
	close(ready[1]);
	close(release[0]);
	CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	rival.release = release[1];
	return rival;
}

/* Of another daemon that runs, and the very name that this one will bind. */
static void test_another_user_keeps_no_address_from_the_daemon(void)
{
	const struct addr_ports theirs = range_of("192.0.2.5", 30000, 30999);
	const struct addr_ports ours = range_of("192.0.2.1", 30000, 30999);
	struct rival daemon, stranger;
	char of_daemon[80], of_this[80];
	const char *const names[] = { of_daemon, of_this };
	struct addr_ports other;
	struct claims claims, again, third = { NULL, 0 };
	long pid = 0;

	CU_ASSERT_EQUAL_FATAL(geteuid(), 0);
	daemon = rival_begin(&theirs, 1);
	snprintf(of_daemon, sizeof(of_daemon), "rtprelay/192.0.2.1/30000-30999/%d", daemon.pid);
	snprintf(of_this, sizeof(of_this), "rtprelay/192.0.2.1/30000-30999/%d", getpid());
	stranger = stranger_begin(names, 2);
	CU_ASSERT_EQUAL(claims_take(&claims, &ours, 1, &other, &pid), 0);
	CU_ASSERT_EQUAL(claims.count, 1);
	rival_end(&stranger);
	/* The plain name is free now; a daemon that has it is still found. */
	CU_ASSERT_EQUAL(claims_take(&again, &ours, 1, &other, &pid), 0);
	claims_give(&claims);
	CU_ASSERT_EQUAL(claims_add(&third, &ours, &other, &pid), -EADDRINUSE);
	claims_give(&third);
	claims_give(&again);
	rival_end(&daemon);
}

/* A claim that was made under another name, because somebody else had the plain one, counts. */
static void test_a_claim_with_a_random_number_counts(void)
{
	const struct addr_ports theirs = range_of("192.0.2.5", 30000, 30999);
	const struct addr_ports ours = range_of("192.0.2.1", 30000, 30999);
	struct rival daemon = rival_begin(&theirs, 1);
	struct addr_ports other;
	struct claims claims;
	char name[80];
	long pid = 0;
	int fd;

	snprintf(name, sizeof(name), "rtprelay/192.0.2.1/30000-30999/%d/0123abcd", daemon.pid);
	fd = bind_name(name);
	CU_ASSERT_EQUAL(claims_take(&claims, &ours, 1, &other, &pid), -EADDRINUSE);
	CU_ASSERT_EQUAL(pid, daemon.pid);
	close(fd);
	rival_end(&daemon);
}

/* The address of a device that comes later. A refused claim is nobody's. */
static void test_a_claim_is_added_later(void)
{
	const struct addr_ports theirs = range_of("192.0.2.5", 30000, 30999);
	const struct addr_ports ours = range_of("192.0.2.1", 30000, 30999);
	struct rival rival = rival_begin(&theirs, 1);
	struct addr_ports other;
	struct claims claims;
	long pid = 0;

	CU_ASSERT_EQUAL_FATAL(claims_take(&claims, &ours, 1, &other, &pid), 0);
	CU_ASSERT_EQUAL(claims_add(&claims, &theirs, &other, &pid), -EADDRINUSE);
	CU_ASSERT_EQUAL(pid, rival.pid);
	CU_ASSERT_EQUAL(claims.count, 1);
	rival_end(&rival);
	CU_ASSERT_EQUAL(claims_add(&claims, &theirs, &other, &pid), 0);
	CU_ASSERT_EQUAL(claims.count, 2);
	claims_give(&claims);
}

static void test_claims_that_are_not_kept_are_free(void)
{
	const struct addr_ports ours[] = { range_of("192.0.2.1", 30000, 30999),
					   range_of("192.0.2.2", 30000, 30999),
					   range_of("192.0.2.1", 40000, 40999) };
	struct claims claims, again = { NULL, 0 };
	struct addr_ports other;
	long pid = 0;

	CU_ASSERT_EQUAL_FATAL(claims_take(&claims, ours, 3, &other, &pid), 0);
	CU_ASSERT_EQUAL(claims_add(&claims, &ours[1], &other, &pid), 0);
	CU_ASSERT_EQUAL(claims.count, 3);
	claims_keep(&claims, &ours[1], 1);
	CU_ASSERT_EQUAL(claims.count, 1);
	CU_ASSERT_EQUAL(claims_add(&again, &ours[0], &other, &pid), 0);
	CU_ASSERT_EQUAL(claims_add(&again, &ours[1], &other, &pid), -EADDRINUSE);
	CU_ASSERT_EQUAL(claims_add(&again, &ours[2], &other, &pid), 0);
	claims_give(&again);
	claims_give(&claims);
}

TEST_SUITE(claim, { "claims are by address and ports", test_claims_are_by_address_and_ports },
	   { "one process claims each range once", test_one_process_claims_each_range_once },
	   { "forged claims do not count", test_forged_claims_do_not_count },
	   { "another user keeps no address from the daemon",
	     test_another_user_keeps_no_address_from_the_daemon },
	   { "a claim with a random number counts", test_a_claim_with_a_random_number_counts },
	   { "a claim is added later", test_a_claim_is_added_later },
	   { "claims that are not kept are free", test_claims_that_are_not_kept_are_free });
