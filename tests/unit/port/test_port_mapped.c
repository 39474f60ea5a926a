/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_port_mapped.c - pairs of ports that a router forwards to */
#include <errno.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/port/pool.h"
#include "tests/unit/test.h"

#define FIRST 21000

static const uint16_t outside[2] = { 40000, 50001 };
static unsigned int n_news;

static void on_news(void *arg)
{
	(void)arg;
	n_news++;
}

static struct endpoint address(void)
{
	struct endpoint addr = { .in4 = { .sin_family = AF_INET } };

	addr.in4.sin_addr.s_addr = htonl(0x7f800001 + ((uint32_t)getpid() << 1 & 0x7ffffe));
	return addr;
}

/* Of 50 pairs, the first three are mapped. */
static struct port_pool *mapped_pool(unsigned int max, int64_t quarantine_ms)
{
	struct endpoint addr = address();
	struct port_pool *pool = port_pool_new(&addr, FIRST, FIRST + 99, quarantine_ms);

	CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
	CU_ASSERT_EQUAL_FATAL(port_pool_map_only(pool, max, on_news, NULL), 0);
	n_news = 0;
	return pool;
}

static void map(struct port_pool *pool, unsigned int pair, unsigned int at)
{
	const uint16_t external[2] = { (uint16_t)at, (uint16_t)(at + 1) };

	CU_ASSERT_EQUAL(port_pool_map(pool, (uint16_t)(FIRST + 2 * pair), external), 0);
}

static void give(struct port_pool *pool, const struct port_pair *pair, bool carried, int64_t now_ms)
{
	for (int i = 0; i < 2; i++)
		if (pair->fd[i] >= 0)
			close(pair->fd[i]);
	port_pool_give(pool, pair->port, carried, now_ms);
}

static void test_only_mapped_pairs_are_taken(void)
{
	struct port_pool *pool = mapped_pool(10, 5000);
	struct port_pair pair[4];

	CU_ASSERT_EQUAL(port_pool_take(pool, 2, 0, &pair[0]), -ENOBUFS);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).free, 0);
	CU_ASSERT_EQUAL(port_pool_map(pool, FIRST, (uint16_t[2]){ 40000, 0 }), 0);
	CU_ASSERT_EQUAL(port_pool_take(pool, 2, 0, &pair[0]), -ENOBUFS); /* RTP alone */
	for (unsigned int i = 0; i < 3; i++)
		map(pool, i, 40000 + 2 * i);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).free, 3);
	CU_ASSERT_EQUAL(n_news, 0);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 0, &pair[i]), 0);
		CU_ASSERT_TRUE(pair[i].port < FIRST + 6);
	}
	CU_ASSERT_EQUAL(n_news, 3);
	CU_ASSERT_EQUAL(port_pool_take(pool, 2, 0, &pair[3]), -ENOBUFS);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).used, 3);
	/* It rests, and stays mapped. */
	CU_ASSERT_EQUAL(port_pool_use(pool, pair[0].port, 0), PORT_POOL_USED);
	give(pool, &pair[0], true, 0);
	CU_ASSERT_EQUAL(n_news, 4);
	CU_ASSERT_EQUAL(port_pool_use(pool, pair[0].port, 4999), PORT_POOL_USED);
	CU_ASSERT_EQUAL(port_pool_take(pool, 2, 4999, &pair[3]), -ENOBUFS);
	CU_ASSERT_EQUAL(port_pool_use(pool, pair[0].port, 5000), PORT_POOL_FREE);
	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 5000, &pair[3]), 0);
	CU_ASSERT_EQUAL(pair[3].port, pair[0].port);
	for (int i = 1; i < 4; i++)
		give(pool, &pair[i], false, 5000);
	port_pool_unmap(pool, FIRST);
	port_pool_unmap(pool, FIRST);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 5000).free, 2);
	port_pool_free(pool);
}

static void test_which_pair_is_taken_is_chance(void)
{
	struct port_pool *pool = mapped_pool(10, 0);
	unsigned int seen = 0;

	for (unsigned int i = 0; i < 3; i++)
		map(pool, i, 40000 + 2 * i);
	for (int i = 0; i < 200; i++) {
		struct port_pair pair;

		CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 0, &pair), 0);
		seen |= 1u << (pair.port - FIRST) / 2;
		give(pool, &pair, false, 0);
	}
	CU_ASSERT_EQUAL(seen, 7);
	port_pool_free(pool);
}

static void test_ports_outside(void)
{
	static const struct {
		uint16_t inside, outside, back;
	} rows[] = {
		{ FIRST, 40000, FIRST },	 { FIRST + 1, 50001, FIRST + 1 },
		{ FIRST + 2, FIRST + 2, 0 }, /* mapped by half */
		{ FIRST + 8, FIRST + 8, 0 },	 { FIRST - 1, FIRST - 1, 0 },
		{ FIRST + 100, FIRST + 100, 0 },
	};
	struct port_pool *pool = mapped_pool(2, 0);

	CU_ASSERT_EQUAL(port_pool_map(pool, FIRST, outside), 0);
	CU_ASSERT_EQUAL(port_pool_map(pool, FIRST + 2, (uint16_t[2]){ 0, 40003 }), 0);
	CU_ASSERT_EQUAL(port_pool_map(pool, FIRST + 4, outside), -ENOSPC);
	CU_ASSERT_EQUAL(port_pool_map(pool, FIRST + 100, outside), -ERANGE);
	CU_ASSERT_EQUAL(port_pool_map(pool, FIRST - 2, outside), -ERANGE);
	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_EQUAL(port_pool_outside(pool, rows[i].inside), rows[i].outside);
		CU_ASSERT_EQUAL(port_pool_inside(pool, rows[i].outside), rows[i].back);
	}
	CU_ASSERT_EQUAL(port_pool_inside(pool, 0), 0);
	CU_ASSERT_EQUAL(port_pool_inside(pool, 40003), 0);
	port_pool_free(pool);
}

static void test_another_program_has_a_mapped_port(void)
{
	struct port_pool *pool = mapped_pool(10, 0);
	struct endpoint addr = address();
	struct port_pair pair;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	map(pool, 0, 40000);
	map(pool, 1, 40002);
	endpoint_set_port(&addr, FIRST);
	CU_ASSERT_EQUAL_FATAL(bind(fd, &addr.sa, endpoint_len(&addr)), 0);
	CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 0, &pair), 0);
	CU_ASSERT_EQUAL(pair.port, FIRST + 2);
	give(pool, &pair, false, 0);
	for (int i = 0; i < 20; i++) { /* sooner or later it is tried */
		CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 0, &pair), 0);
		give(pool, &pair, false, 0);
	}
	CU_ASSERT_EQUAL(port_pool_use(pool, FIRST, 0), PORT_POOL_FOREIGN);
	CU_ASSERT_EQUAL(port_pool_usage(pool, 0).free, 1);
	close(fd);
	port_pool_free(pool);
}

static void test_pairs_are_drawn_once(void)
{
	struct port_pool *pool = mapped_pool(60, 0);
	uint16_t port;

	for (int i = 0; i < 50; i++) {
		port = port_pool_draw(pool, 0);
		CU_ASSERT_TRUE_FATAL(port >= FIRST && port < FIRST + 100 && !(port % 2));
		CU_ASSERT_EQUAL(port_pool_map(pool, port, (uint16_t[2]){ 0, 0 }), 0);
	}
	CU_ASSERT_EQUAL(port_pool_draw(pool, 0), 0);
	port_pool_free(pool);
}

/* Of a call that was restored. */
static void test_used_pairs_without_a_mapping_are_found(void)
{
	struct port_pool *pool = mapped_pool(10, 0);
	struct port_pair pair[2];

	CU_ASSERT_EQUAL(port_pool_unmapped(pool, 0), 0);
	CU_ASSERT_EQUAL_FATAL(port_pool_take_exact(pool, FIRST + 10, 2, 0, &pair[0]), 0);
	CU_ASSERT_EQUAL_FATAL(port_pool_take_exact(pool, FIRST + 98, 2, 0, &pair[1]), 0);
	CU_ASSERT_EQUAL(port_pool_unmapped(pool, 0), FIRST + 10);
	CU_ASSERT_EQUAL(port_pool_unmapped(pool, FIRST + 12), FIRST + 98);
	map(pool, 5, 40000);
	CU_ASSERT_EQUAL(port_pool_unmapped(pool, 0), FIRST + 98);
	map(pool, 49, 40002);
	CU_ASSERT_EQUAL(port_pool_unmapped(pool, 0), 0);
	CU_ASSERT_EQUAL(port_pool_unmapped(pool, FIRST + 100), 0);
	for (int i = 0; i < 2; i++)
		give(pool, &pair[i], false, 0);
	port_pool_free(pool);
}

static bool is_mapped_pair(const struct port_pair *pair)
{
	return pair->port < FIRST + 6;
}

/* A phone on this side: it gets a pair while no router forwards any, and leaves those to others. */
static void test_a_phone_here_needs_no_mapping(void)
{
	struct port_pool *pool = mapped_pool(10, 0);
	struct port_pair pair[50], other;

	CU_ASSERT_EQUAL_FATAL(port_pool_take_here(pool, 2, 0, &pair[0]), 0);
	CU_ASSERT_EQUAL(port_pool_unmapped(pool, 0), 0); /* the router is not asked for it */
	give(pool, &pair[0], false, 0);
	for (unsigned int i = 0; i < 3; i++)
		map(pool, i, 40000 + 2 * i);
	n_news = 0;
	for (int i = 0; i < 47; i++) {
		CU_ASSERT_EQUAL_FATAL(port_pool_take_here(pool, 2, 0, &pair[i]), 0);
		CU_ASSERT_FALSE(is_mapped_pair(&pair[i]));
	}
	CU_ASSERT_EQUAL(n_news, 0);
	/* Better a mapped one than none. */
	CU_ASSERT_EQUAL_FATAL(port_pool_take_here(pool, 2, 0, &pair[47]), 0);
	CU_ASSERT_TRUE(is_mapped_pair(&pair[47]));
	CU_ASSERT_EQUAL(n_news, 1);
	for (int i = 48; i < 50; i++)
		CU_ASSERT_EQUAL_FATAL(port_pool_take(pool, 2, 0, &pair[i]), 0);
	CU_ASSERT_NOT_EQUAL(port_pool_take_here(pool, 2, 0, &other), 0);
	/* It goes on outside, where it needs one; and comes back. */
	port_pool_set_here(pool, pair[5].port, false);
	CU_ASSERT_EQUAL(n_news, 4);
	CU_ASSERT_EQUAL(port_pool_unmapped(pool, 0), pair[5].port);
	port_pool_set_here(pool, pair[5].port, true);
	CU_ASSERT_EQUAL(port_pool_unmapped(pool, 0), 0);
	for (int i = 0; i < 50; i++)
		give(pool, &pair[i], false, 0);
	/* The next call has nothing of it. */
	CU_ASSERT_EQUAL_FATAL(port_pool_take_exact(pool, pair[5].port, 2, 0, &pair[5]), 0);
	CU_ASSERT_EQUAL(port_pool_unmapped(pool, 0), pair[5].port);
	give(pool, &pair[5], false, 0);
	port_pool_set_here(pool, pair[5].port, true);
	port_pool_set_here(pool, 1, true);
	port_pool_free(pool);
}

/* Where no router is asked, they are as all others. */
static void test_without_mappings_a_phone_here_gets_any_pair(void)
{
	struct endpoint addr = address();
	struct port_pool *pool = port_pool_new(&addr, FIRST, FIRST + 1, 0);
	struct port_pair pair, other;

	CU_ASSERT_EQUAL_FATAL(port_pool_take_here(pool, 2, 0, &pair), 0);
	CU_ASSERT_EQUAL(port_pool_take_here(pool, 2, 0, &other), -EADDRINUSE);
	port_pool_set_here(pool, pair.port, false);
	give(pool, &pair, false, 0);
	port_pool_free(pool);
}

TEST_SUITE(port_mapped, { "only mapped pairs are taken", test_only_mapped_pairs_are_taken },
	   { "which pair is taken is chance", test_which_pair_is_taken_is_chance },
	   { "ports outside", test_ports_outside },
	   { "another program has a mapped port", test_another_program_has_a_mapped_port },
	   { "pairs are drawn once", test_pairs_are_drawn_once },
	   { "used pairs without a mapping are found",
	     test_used_pairs_without_a_mapping_are_found },
	   { "a phone here needs no mapping", test_a_phone_here_needs_no_mapping },
	   { "without mappings a phone here gets any pair",
	     test_without_mappings_a_phone_here_gets_any_pair });
