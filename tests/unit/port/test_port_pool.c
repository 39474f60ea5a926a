/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_port_pool.c - real sockets on a loopback address that no other test or run uses
 *
 * PORT_TAKES in the environment is the number of pairs that the long test takes: a million in `make
 * check`.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/port/pool.h"
#include "tests/unit/test.h"

static struct endpoint address(const char *text)
{
	struct endpoint addr = { 0 };

	addr.in4.sin_family = AF_INET;
	addr.in4.sin_addr.s_addr =
		htonl(0x7f800001 + ((uint32_t)getpid() << 1 & 0x7ffffe)); /* 127.128.0.1 on */
	if (strchr(text, ':')) {
		addr.in6.sin6_family = AF_INET6;
		addr.in6.sin6_addr = in6addr_loopback;
	}
	return addr;
}

static struct port_pool *pool_new(uint16_t min, uint16_t max, int64_t quarantine_ms)
{
	struct endpoint addr = address("v4");
	struct port_pool *pool = port_pool_new(&addr, min, max, quarantine_ms);

	CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
	return pool;
}

static void pair_close(const struct port_pair *pair)
{
	for (int i = 0; i < 2; i++)
		if (pair->fd[i] >= 0)
			CU_ASSERT_EQUAL(close(pair->fd[i]), 0);
}

static void pair_give(struct port_pool *pool, const struct port_pair *pair, bool heard, int64_t now)
{
	pair_close(pair);
	port_pool_give(pool, pair->port, heard, now);
}

/* Another program that uses @port. */
static int occupy(uint16_t port)
{
	struct endpoint addr = address("v4");
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	endpoint_set_port(&addr, port);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(bind(fd, &addr.sa, endpoint_len(&addr)), 0);
	return fd;
}

static unsigned int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static uint16_t bound_port(int fd)
{
	struct endpoint local;
	socklen_t len = sizeof(local);

	CU_ASSERT_EQUAL_FATAL(getsockname(fd, &local.sa, &len), 0);
	return endpoint_port(&local);
}

static void test_pair_is_even_and_next_odd(void)
{
	struct port_pool *pool = pool_new(21001, 21099, 0);
	struct port_pair pair;

	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 0, &pair), 0);
	CU_ASSERT_EQUAL(pair.port % 2, 0);
	CU_ASSERT_TRUE(pair.port >= 21002 && pair.port <= 21098);
	CU_ASSERT_EQUAL(bound_port(pair.fd[0]), pair.port);
	CU_ASSERT_EQUAL(bound_port(pair.fd[1]), pair.port + 1);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_TRUE(fcntl(pair.fd[i], F_GETFL) & O_NONBLOCK);
		CU_ASSERT_TRUE(fcntl(pair.fd[i], F_GETFD) & FD_CLOEXEC);
	}
	pair_give(pool, &pair, false, 0);
	port_pool_free(pool);
}

static void test_counts_whole_pairs_of_range(void)
{
	static const struct {
		uint16_t min, max;
		unsigned int pairs;
	} rows[] = {
		{ 30000, 39999, 5000 }, { 30001, 30003, 1 }, { 30000, 30000, 0 },
		{ 30000, 30001, 1 },	{ 65534, 65535, 1 }, { 65535, 65535, 0 },
		{ 0, 65535, 32767 },	{ 30002, 30001, 0 }, { 30000, 30002, 1 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct port_pool *pool = pool_new(rows[i].min, rows[i].max, 0);

		CU_ASSERT_EQUAL(port_pool_usage(pool, 0).pairs, rows[i].pairs);
		CU_ASSERT_EQUAL(port_pool_usage(pool, 0).free, rows[i].pairs);
		port_pool_free(pool);
	}
}

static void test_single_port_leaves_odd_unbound(void)
{
	struct port_pool *pool = pool_new(21000, 21001, 0);
	struct port_pair pair, other;
	int fd;

	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 1, 0, &pair), 0);
	CU_ASSERT_EQUAL(pair.port, 21000);
	CU_ASSERT_EQUAL(pair.fd[1], -1);
	fd = occupy(21001);
	CU_ASSERT_EQUAL(port_pool_take(pool, 1, 0, &other), -EADDRINUSE);
	close(fd);
	pair_give(pool, &pair, false, 0);
	port_pool_free(pool);
}

/* Takes all, gives one back, and gets the same one, repeatedly. */
static void test_finds_last_free_pair(void)
{
	struct port_pool *pool = pool_new(21000, 21199, 5000);
	struct port_pair pair[100], more;

	for (int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 0, &pair[i]), 0);
	CU_ASSERT_EQUAL(port_pool_take(pool, 2, 0, &more), -EADDRINUSE);
	for (int i = 0; i < 100; i++) {
		uint16_t port = pair[i].port;

		pair_give(pool, &pair[i], false, 0);
		CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 0, &pair[i]), 0);
		CU_ASSERT_EQUAL(pair[i].port, port);
	}
	for (int i = 0; i < 100; i++)
		pair_give(pool, &pair[i], false, 0);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).free, 100);
	port_pool_free(pool);
}

static void test_draws_in_random_order(void)
{
	struct port_pool *pool = pool_new(21000, 22999, 0);
	unsigned int sequential = 0, seen = 0;
	struct port_pair pair;
	bool hit[1000] = { false };
	uint16_t last = 0;

	for (int i = 0; i < 4000; i++) {
		CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 1, 0, &pair), 0);
		sequential += pair.port == last + 2 || pair.port == last;
		seen += !hit[(pair.port - 21000) / 2];
		hit[(pair.port - 21000) / 2] = true;
		last = pair.port;
		pair_give(pool, &pair, false, 0);
	}
	CU_ASSERT_TRUE(sequential < 60); /* 8 are expected; 60 practically never happens */
	CU_ASSERT_TRUE(seen > 930);	 /* 982 are expected */
	port_pool_free(pool);
}

static void test_pair_with_packets_is_quarantined(void)
{
	struct port_pool *pool = pool_new(21000, 21003, 5000);
	struct port_pair one, two, three;

	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 1000, &one), 0);
	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 1000, &two), 0);
	pair_give(pool, &one, true, 2000);
	pair_give(pool, &two, true, 3000);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 3000).quarantined, 2);
	CU_ASSERT_EQUAL(port_pool_take(pool, 2, 6999, &three), -EADDRINUSE);
	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 7000, &three), 0);
	CU_ASSERT_EQUAL(three.port, one.port);
	CU_ASSERT_EQUAL(port_pool_take(pool, 2, 7999, &one), -EADDRINUSE);
	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 8000, &one), 0);
	CU_ASSERT_EQUAL(one.port, two.port);
	pair_give(pool, &one, true, 8000);
	pair_give(pool, &three, true, 8000);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 13000).free, 2);
	port_pool_free(pool);
}

static void test_pair_without_packets_is_free_at_once(void)
{
	struct port_pool *pool = pool_new(21000, 21001, 5000);
	struct port_pair pair;

	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 1000, &pair), 0);
		pair_give(pool, &pair, false, 1000);
	}
	port_pool_free(pool);
}

/* The 32-bit clock wraps between giving and taking. */
static void test_quarantine_outlives_clock_wrap(void)
{
	struct port_pool *pool = pool_new(21000, 21001, 5000);
	const int64_t now = 0xffffffffLL;
	struct port_pair pair;

	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, now, &pair), 0);
	pair_give(pool, &pair, true, now);
	CU_ASSERT_EQUAL(port_pool_take(pool, 2, now + 4999, &pair), -EADDRINUSE);
	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, now + 5000, &pair), 0);
	pair_give(pool, &pair, false, now + 5000);
	port_pool_free(pool);
}

static void test_never_half_a_pair(void)
{
	struct port_pool *pool = pool_new(21000, 21003, 0);
	int odd = occupy(21001), even = occupy(21002);
	unsigned int before = descriptors();
	struct port_pair pair;

	CU_ASSERT_EQUAL(port_pool_take(pool, 2, 0, &pair), -EADDRINUSE);
	CU_ASSERT_EQUAL(descriptors(), before);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).taken_by_others, 2);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).used, 0);
	close(odd); /* the even port of the pair must not stay bound */
	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 0, &pair), 0);
	CU_ASSERT_EQUAL(pair.port, 21000);
	pair_give(pool, &pair, false, 0);
	close(even);
	port_pool_free(pool);
}

static void test_skips_ports_of_other_programs(void)
{
	struct port_pool *pool = pool_new(21000, 21007, 0);
	int fd[3] = { occupy(21000), occupy(21003), occupy(21006) };
	struct port_pair pair, more;

	for (int i = 0; i < 20; i++) {
		CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 0, &pair), 0);
		CU_ASSERT_EQUAL(pair.port, 21004);
		CU_ASSERT_EQUAL(port_pool_take(pool, 2, 0, &more), -EADDRINUSE);
		pair_give(pool, &pair, false, 0);
	}
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 29999).free, 1);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 30000).free, 4);
	port_pool_free(pool);
}

static void test_given_twice_counts_once(void)
{
	struct port_pool *pool = pool_new(21000, 21003, 5000);
	struct port_pair pair;

	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 0, &pair), 0);
	pair_give(pool, &pair, true, 0);
	port_pool_give(pool, pair.port, true, 0);
	port_pool_give(pool, pair.port, false, 0);
	port_pool_give(pool, 20998, false, 0);
	port_pool_give(pool, 21004, false, 0);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).quarantined, 1);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).free, 1);
	port_pool_free(pool);
}

static void test_out_of_descriptors_holds_nothing(void)
{
	struct port_pool *pool = pool_new(21000, 21009, 0);
	struct rlimit old, low;
	struct port_pair pair;
	int fd;

	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	fd = fcntl(0, F_DUPFD_CLOEXEC, 0); /* the lowest that is free */
	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	for (rlim_t room = 0; room < 2; room++) {
		low = (struct rlimit){ (rlim_t)fd + room, old.rlim_max };
		CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &low), 0);
		CU_ASSERT_EQUAL(port_pool_take(pool, 2, 0, &pair), -EMFILE);
		CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &old), 0);
		CU_ASSERT_EQUAL(port_pool_usage(pool, 0).free, 5);
	}
	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 0, &pair), 0);
	pair_give(pool, &pair, false, 0);
	port_pool_free(pool);
}

static void test_address_that_went_away_holds_nothing(void)
{
	struct endpoint addr = address("v4");
	struct port_pool *pool;
	struct port_pair pair;

	addr.in4.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
	pool = port_pool_new(&addr, 21000, 21009, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
	CU_ASSERT_EQUAL(port_pool_take(pool, 2, 0, &pair), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).free, 5);
	port_pool_free(pool);
}

static void test_ipv6_is_ipv6_only(void)
{
	struct endpoint addr = address("::1");
	struct port_pool *pool = port_pool_new(&addr, 21000, 21001, 0);
	socklen_t len = sizeof(int);
	struct port_pair pair;
	int only = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 0, &pair), 0);
	CU_ASSERT_EQUAL(getsockopt(pair.fd[0], IPPROTO_IPV6, IPV6_V6ONLY, &only, &len), 0);
	CU_ASSERT_EQUAL(only, 1);
	CU_ASSERT_EQUAL(bound_port(pair.fd[1]), 21001);
	pair_give(pool, &pair, false, 0);
	port_pool_free(pool);
}

/*
 * A long run: 64 calls at a time, each with a pair, in a range of 100; half of them receive
 * packets. Time advances so that the range is almost always used up: "full" must be true when it is
 * reported.
 */
static void test_many_takes_leave_nothing(void)
{
	enum { CALLS = 64, QUARANTINE = 40 };
	const char *wanted = getenv("PORT_TAKES");
	const unsigned int takes = wanted ? (unsigned int)strtoul(wanted, NULL, 10) : 20000;
	struct port_pool *pool = pool_new(21000, 21199, QUARANTINE);
	unsigned int before = descriptors(), full = 0;
	struct port_pair pair[CALLS];
	int64_t free_at[100] = { 0 }, now = 0;

	for (int i = 0; i < CALLS; i++)
		pair[i].port = 0;
	for (unsigned int i = 0; i < takes; now += i++ % 2) {
		struct port_pair *call = &pair[(i * 2654435761U >> 16) % CALLS];
		bool heard = i % 4 < 2;
		int err;

		if (call->port) {
			pair_give(pool, call, heard, now);
			free_at[(call->port - 21000) / 2] = heard ? now + QUARANTINE : now;
			call->port = 0;
		}
		err = port_pool_take(pool, 1 + i % 2, now, call);
		if (err) {
			CU_ASSERT_EQUAL_FATAL(err, -EADDRINUSE);
			CU_ASSERT_EQUAL_FATAL(port_pool_usage(pool, now).free, 0);
			call->port = 0;
			full++;
			continue;
		}
		if (now < free_at[(call->port - 21000) / 2])
			CU_FAIL_FATAL("a pair was used within its quarantine");
	}
	for (int i = 0; i < CALLS; i++)
		if (pair[i].port)
			pair_give(pool, &pair[i], true, now);
	CU_ASSERT_TRUE(full < takes / 10);
	CU_ASSERT_EQUAL(descriptors(), before);
	CU_ASSERT_EQUAL(port_pool_usage(pool, now).used, 0);
	CU_ASSERT_EQUAL(port_pool_usage(pool, now).taken_by_others, 0);
	CU_ASSERT_EQUAL(port_pool_usage(pool, now + QUARANTINE).free, 100);
	port_pool_free(pool);
}

static void test_exact_pair_can_be_taken(void)
{
	struct endpoint addr = address("v4");
	struct port_pool *pool = port_pool_new(&addr, 21000, 21009, 5000);
	struct port_pair pair, other;

	CU_ASSERT_EQUAL_FATAL(port_pool_take_exact(pool, 21004, 2, 0, &pair), 0);
	CU_ASSERT_EQUAL(pair.port, 21004);
	CU_ASSERT_EQUAL(port_pool_take_exact(pool, 21004, 2, 0, &other), -EADDRINUSE);
	CU_ASSERT_EQUAL(port_pool_take_exact(pool, 21005, 2, 0, &other), -ERANGE);
	CU_ASSERT_EQUAL(port_pool_take_exact(pool, 21010, 2, 0, &other), -ERANGE);
	CU_ASSERT_EQUAL(port_pool_take_exact(pool, 20998, 2, 0, &other), -ERANGE);
	CU_ASSERT_EQUAL(port_pool_take_exact(pool, 0, 2, 0, &other), -ERANGE);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).used, 1);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).free, 4);
	/* It is in no list twice: the other pairs are drawn, and it is not. */
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(port_pool_take(pool, 1, 0, &other), 0);
		CU_ASSERT_NOT_EQUAL(other.port, 21004);
		close(other.fd[0]);
	}
	CU_ASSERT_EQUAL(port_pool_take(pool, 1, 0, &other), -EADDRINUSE);
	/* A port of another program is free after that has ended. */
	port_pool_give(pool, 21004, true, 0);
	CU_ASSERT_EQUAL(port_pool_take_exact(pool, 21004, 2, 4999, &other), -EADDRINUSE);
	CU_ASSERT_EQUAL(port_pool_take_exact(pool, 21004, 2, 5000, &other), -EADDRINUSE);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 5000).taken_by_others, 1);
	close(pair.fd[0]);
	close(pair.fd[1]);
	CU_ASSERT_EQUAL(port_pool_take_exact(pool, 21004, 2, 5000 + 30000, &pair), 0);
	close(pair.fd[0]);
	close(pair.fd[1]);
	port_pool_free(pool);
}

/* Is this very port one that media leaves from, or did until a moment ago? */
static void test_holds_open_and_resting_ports_only(void)
{
	struct port_pool *pool = pool_new(21010, 21017, 1000);
	struct port_pair pair, single;

	CU_ASSERT_EQUAL_FATAL(port_pool_take_exact(pool, 21012, 2, 0, &pair), 0);
	CU_ASSERT_EQUAL_FATAL(port_pool_take_exact(pool, 21014, 1, 0, &single), 0);
	for (uint16_t port = 21008; port < 21020; port++)
		CU_ASSERT_EQUAL(port_pool_holds(pool, port, 0), port >= 21012 && port <= 21014);
	CU_ASSERT_FALSE(port_pool_holds(pool, 0, 0));
	CU_ASSERT_FALSE(port_pool_holds(pool, 65535, 0));
	pair_give(pool, &pair, true, 5000);
	pair_give(pool, &single, true, 5000);
	for (uint16_t port = 21008; port < 21020; port++)
		CU_ASSERT_EQUAL(port_pool_holds(pool, port, 5999), port >= 21012 && port <= 21014);
	for (uint16_t port = 21008; port < 21020; port++)
		CU_ASSERT_FALSE(port_pool_holds(pool, port, 6000));
	CU_ASSERT_EQUAL_FATAL(port_pool_take_exact(pool, 21012, 2, 6000, &pair), 0);
	pair_give(pool, &pair, false, 6000); /* it carried nothing */
	CU_ASSERT_FALSE(port_pool_holds(pool, 21012, 6000));
	port_pool_free(pool);
}

/*
 * After the table of pairs comes other memory: with so many pairs its bytes look like one that is
 * in use.
 */
static void test_port_after_the_range_is_not_held(void)
{
	struct port_pool *pool = pool_new(21000, 21000 + 2 * 258 - 1, 1000);
	struct port_pair pair;

	CU_ASSERT_EQUAL_FATAL(port_pool_take_exact(pool, 21006, 2, 0, &pair), 0);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).pairs, 258);
	CU_ASSERT_FALSE(port_pool_holds(pool, 21000 + 2 * 258, 0));
	pair_close(&pair);
	port_pool_free(pool);
}

static void test_port_of_another_program_is_not_held(void)
{
	struct port_pool *pool = pool_new(21010, 21011, 1000);
	struct port_pair pair;
	int fd = occupy(21010);

	CU_ASSERT_EQUAL(port_pool_take(pool, 2, 0, &pair), -EADDRINUSE);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).taken_by_others, 1);
	CU_ASSERT_FALSE(port_pool_holds(pool, 21010, 0));
	close(fd);
	port_pool_free(pool);
}

static void test_out_of_memory_is_null(void)
{
	struct endpoint addr = address("v4");

	ALLOC_FAILS_AT_EACH
	{
		struct port_pool *pool = port_pool_new(&addr, 21000, 21009, 0);

		CU_ASSERT_EQUAL(!pool, alloc_failed());
		port_pool_free(pool);
	}
}

TEST_SUITE(port_pool, { "pair is even and next odd", test_pair_is_even_and_next_odd },
	   { "counts whole pairs of range", test_counts_whole_pairs_of_range },
	   { "single port leaves odd unbound", test_single_port_leaves_odd_unbound },
	   { "finds last free pair", test_finds_last_free_pair },
	   { "draws in random order", test_draws_in_random_order },
	   { "a pair that received packets is quarantined", test_pair_with_packets_is_quarantined },
	   { "a pair without packets is free at once", test_pair_without_packets_is_free_at_once },
	   { "quarantine outlives clock wrap", test_quarantine_outlives_clock_wrap },
	   { "never half a pair", test_never_half_a_pair },
	   { "skips ports of other programs", test_skips_ports_of_other_programs },
	   { "given twice counts once", test_given_twice_counts_once },
	   { "out of descriptors holds nothing", test_out_of_descriptors_holds_nothing },
	   { "address that went away holds nothing", test_address_that_went_away_holds_nothing },
	   { "ipv6 is ipv6 only", test_ipv6_is_ipv6_only },
	   { "many takes leave nothing", test_many_takes_leave_nothing },
	   { "an exact pair can be taken", test_exact_pair_can_be_taken },
	   { "holds open and resting ports only", test_holds_open_and_resting_ports_only },
	   { "a port after the range is not held", test_port_after_the_range_is_not_held },
	   { "a port of another program is not held", test_port_of_another_program_is_not_held },
	   { "out of memory is null", test_out_of_memory_is_null });
