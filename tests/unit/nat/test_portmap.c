/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_portmap.c - ports that a router has to forward: pool, thread and file together
 *
 * The address is of the loopback, which has no router: each request ends at once.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/nat/portmap.h"
#include "daemon/nat/portmap_file.h"
#include "tests/unit/test.h"

#define PATIENCE_MS 20000
#define NONCE	    "000102030405060708090a0b"

struct scene {
	char dir[40];
	struct endpoint bind;
	struct port_pool *pool;
	struct portmap *portmap;
	unsigned int wakes, news;
};

static void on_wake(void *arg)
{
	struct scene *s = arg;

	s->wakes++;
}

static void on_news(void *arg, const struct portmap_place *place, unsigned int news, int error)
{
	struct scene *s = arg;

	CU_ASSERT_PTR_NOT_NULL(place);
	CU_ASSERT_EQUAL(error, 0);
	s->news |= news;
}

static void begin(struct scene *s)
{
	snprintf(s->dir, sizeof(s->dir), "/tmp/rtprelay-maps-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(s->dir));
	s->bind = (struct endpoint){ .in4 = { .sin_family = AF_INET } };
	s->bind.in4.sin_addr.s_addr = htonl(0x7f800001 + ((uint32_t)getpid() << 1 & 0x7ffffe));
	s->pool = port_pool_new(&s->bind, 21000, 21019, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->pool);
}

static struct portmap *make(struct scene *s, bool allowed)
{
	const struct portmap_conf conf = {
		.rules = { .allowed = { allowed, allowed, false }, .pool = 2, .max = 8 },
		.dir = s->dir,
		.wake = on_wake,
		.arg = s,
	};

	return portmap_new(&conf);
}

static void end(struct scene *s)
{
	char path[80];

	portmap_free(s->portmap);
	port_pool_free(s->pool);
	snprintf(path, sizeof(path), "%s/" PORTMAP_FILE, s->dir);
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(s->dir), 0);
}

static void write_file(const struct scene *s, struct str text)
{
	CU_ASSERT_EQUAL(portmap_file_write(s->dir, text), 0);
}

static void count_line(void *arg, const struct portmap_line *line)
{
	unsigned int *n = arg;

	*n += line->port != 0;
}

static unsigned int lines(const struct scene *s)
{
	unsigned int n = 0;

	CU_ASSERT_EQUAL(portmap_file_read(s->dir, count_line, &n), 0);
	return n;
}

/* Until the thread has nothing to do, or @state is reached. */
static bool turn(struct scene *s, enum portmap_state state)
{
	int64_t until_ms = clock_ms() + PATIENCE_MS;

	while (clock_ms() < until_ms && portmap_at(s->portmap, 0)->state != state) {
		struct pollfd fd = { portmap_fd(s->portmap), POLLIN, 0 };

		poll(&fd, 1, 100);
		portmap_dispatch(s->portmap, on_news, s);
	}
	return portmap_at(s->portmap, 0)->state == state;
}

static void test_no_router_is_told_and_the_file_names_the_pair(void)
{
	struct scene s = { .wakes = 0 };
	struct port_pair pair;

	begin(&s);
	s.portmap = make(&s, true);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s.portmap);
	CU_ASSERT_FALSE(portmap_is_needed(s.portmap));
	CU_ASSERT_EQUAL(portmap_add(s.portmap, &s.bind, s.pool), 0);
	CU_ASSERT_EQUAL(portmap_add(s.portmap, &s.bind, s.pool), 0);
	CU_ASSERT_EQUAL(portmap_count(s.portmap), 1);
	CU_ASSERT_EQUAL(portmap_read(s.portmap), 0);
	CU_ASSERT_TRUE(portmap_is_needed(s.portmap));
	CU_ASSERT_EQUAL(port_pool_take(s.pool, 2, clock_ms(), &pair), -ENOBUFS);
	CU_ASSERT_EQUAL(portmap_fd(s.portmap), -1);
	CU_ASSERT_EQUAL_FATAL(portmap_run(s.portmap, NULL, 0), 0);
	portmap_work(s.portmap);
	CU_ASSERT_TRUE(turn(&s, PORTMAP_FAILING));
	CU_ASSERT_TRUE(s.news & PORTMAP_STATE_NEWS);
	CU_ASSERT_PTR_NOT_NULL(strstr(portmap_at(s.portmap, 0)->why, "pcp: this address has no "));
	CU_ASSERT_PTR_NOT_NULL(strstr(portmap_at(s.portmap, 0)->why, "; natpmp: "));
	CU_ASSERT_EQUAL(lines(&s), 1);
	CU_ASSERT_EQUAL(portmap_counters(s.portmap).unanswered, 2);
	CU_ASSERT_PTR_EQUAL(portmap_of(s.portmap, s.pool), portmap_at(s.portmap, 0));
	end(&s);
}

/* Of a daemon that was killed: the calls' pairs have their ports outside before any answer. */
static void test_what_the_last_daemon_left_is_known(void)
{
	struct scene s = { .wakes = 0 };
	struct port_pair pair;
	char text[600], bind[ENDPOINT_TEXT];

	begin(&s);
	endpoint_print_addr(&s.bind, bind);
	snprintf(text, sizeof(text),
		 "pcp %s 21004 40004 40009 " NONCE "\npcp %s 21004 1 2 " NONCE
		 "\npcp %s 29000 40006 40007 " NONCE "\nupnp 192.0.2.1 21000 1 2 " NONCE "\n",
		 bind, bind, bind);
	write_file(&s, str_of(text));
	s.portmap = make(&s, true);
	CU_ASSERT_EQUAL(portmap_add(s.portmap, &s.bind, s.pool), 0);
	CU_ASSERT_EQUAL(portmap_read(s.portmap), 0);
	CU_ASSERT_EQUAL(portmap_count(s.portmap), 3); /* two only to end what does not fit */
	CU_ASSERT_EQUAL(port_pool_outside(s.pool, 21004), 40004);
	CU_ASSERT_EQUAL(port_pool_outside(s.pool, 21005), 40009);
	CU_ASSERT_FALSE(portmap_place_ends(portmap_at(s.portmap, 0)));
	CU_ASSERT_TRUE(portmap_place_ends(portmap_at(s.portmap, 1)));
	CU_ASSERT_TRUE(portmap_place_ends(portmap_at(s.portmap, 2)));
	CU_ASSERT_EQUAL(port_pool_take(s.pool, 2, clock_ms(), &pair), 0);
	CU_ASSERT_EQUAL(pair.port, 21004);
	CU_ASSERT_EQUAL(s.wakes, 1);
	close(pair.fd[0]);
	close(pair.fd[1]);
	port_pool_give(s.pool, pair.port, false, clock_ms());
	CU_ASSERT_EQUAL(s.wakes, 2);
	end(&s);
	/* port-mapping is off now. */
	begin(&s);
	write_file(&s, str_of(text));
	s.portmap = make(&s, false);
	CU_ASSERT_EQUAL(portmap_read(s.portmap), 0);
	CU_ASSERT_TRUE(portmap_is_needed(s.portmap));
	CU_ASSERT_TRUE(portmap_place_ends(portmap_at(s.portmap, 0)));
	CU_ASSERT_EQUAL(port_pool_take(s.pool, 2, clock_ms(), &pair), 0); /* any pair */
	close(pair.fd[0]);
	close(pair.fd[1]);
	end(&s);
}

/* A file that somebody else has written makes the daemon neither large nor slow. */
static void test_mappings_of_many_addresses_are_not_taken_up(void)
{
	static const struct {
		unsigned int addresses;
		int error;
		size_t places;
	} rows[] = { { 64, 0, 65 }, { 65, -E2BIG, 65 }, { 4000, -E2BIG, 65 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene s = { .wakes = 0 };
		size_t size = rows[i].addresses * PORTMAP_LINE;
		struct buf out = BUF_INIT(malloc(size), size);

		CU_ASSERT_PTR_NOT_NULL_FATAL(out.data);
		begin(&s);
		for (unsigned int n = 0; n < rows[i].addresses; n++) {
			char line[PORTMAP_LINE];

			snprintf(line, sizeof(line), "pcp 10.9.%u.%u 30000 1 2 " NONCE "\n", n >> 8,
				 n & 255);
			buf_add(&out, line, strlen(line));
		}
		write_file(&s, (struct str){ out.data, out.len });
		s.portmap = make(&s, true);
		CU_ASSERT_EQUAL(portmap_add(s.portmap, &s.bind, s.pool), 0);
		CU_ASSERT_EQUAL(portmap_read(s.portmap), rows[i].error);
		CU_ASSERT_EQUAL(portmap_count(s.portmap), rows[i].places);
		free(out.data);
		end(&s);
	}
}

static void test_a_restored_call_without_a_line_is_mapped(void)
{
	struct scene s = { .wakes = 0 };
	struct port_pair pair;

	begin(&s);
	s.portmap = make(&s, true);
	CU_ASSERT_EQUAL(portmap_add(s.portmap, &s.bind, s.pool), 0);
	CU_ASSERT_EQUAL_FATAL(port_pool_take_exact(s.pool, 21010, 2, clock_ms(), &pair), 0);
	portmap_work(s.portmap);
	CU_ASSERT_EQUAL(portmap_at(s.portmap, 0)->pair[0].port, 21010);
	CU_ASSERT_EQUAL(port_pool_outside(s.pool, 21010), 21010);
	close(pair.fd[0]);
	close(pair.fd[1]);
	end(&s);
}

static void test_the_end_without_a_router_comes_soon(void)
{
	struct scene s = { .wakes = 0 };
	int64_t from_ms;

	begin(&s);
	s.portmap = make(&s, true);
	CU_ASSERT_EQUAL(portmap_add(s.portmap, &s.bind, s.pool), 0);
	CU_ASSERT_EQUAL_FATAL(portmap_run(s.portmap, NULL, 0), 0);
	portmap_work(s.portmap);
	CU_ASSERT_TRUE(turn(&s, PORTMAP_FAILING));
	portmap_end(s.portmap, false);
	CU_ASSERT_FALSE(portmap_is_done(s.portmap));
	from_ms = clock_ms();
	portmap_free(s.portmap);
	s.portmap = NULL;
	CU_ASSERT_TRUE(clock_ms() - from_ms < 10000);
	CU_ASSERT_EQUAL(lines(&s), 1); /* the next daemon tries it again */
	end(&s);
}

static void test_failed_allocations(void)
{
	struct scene s = { .wakes = 0 };
	char text[300], bind[ENDPOINT_TEXT];

	begin(&s);
	endpoint_print_addr(&s.bind, bind);
	snprintf(text, sizeof(text),
		 "pcp %s 21004 40004 40009 " NONCE "\nupnp 192.0.2.1 21000 1 2 " NONCE "\n", bind);
	write_file(&s, str_of(text));
	ALLOC_FAILS_AT_EACH
	{
		struct portmap *portmap = make(&s, true);
		bool good = portmap && !portmap_add(portmap, &s.bind, s.pool) &&
			    !portmap_read(portmap) && !portmap_run(portmap, NULL, 0);

		if (good)
			portmap_work(portmap);
		CU_ASSERT_TRUE(good || alloc_failed());
		portmap_free(portmap);
	}
	end(&s);
}

TEST_SUITE(portmap,
	   { "no router is told, and the file names the pair",
	     test_no_router_is_told_and_the_file_names_the_pair },
	   { "what the last daemon left is known", test_what_the_last_daemon_left_is_known },
	   { "mappings of many addresses are not taken up",
	     test_mappings_of_many_addresses_are_not_taken_up },
	   { "a restored call without a line is mapped",
	     test_a_restored_call_without_a_line_is_mapped },
	   { "the end without a router comes soon", test_the_end_without_a_router_comes_soon },
	   { "failed allocations", test_failed_allocations });
