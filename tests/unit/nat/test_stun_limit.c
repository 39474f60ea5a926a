/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_stun_limit.c - how many answers of the STUN service a source gets, and all together */
#include <stdlib.h>
#include "daemon/base/count.h"
#include "daemon/nat/stun_limit.h"
#include "tests/unit/test.h"

#define SECOND 1000000LL

static const struct stun_rates rates = { .rate = 5, .burst = 20, .total = 2000 };
static const struct siphash_key key = { { 1, 2 } };

static struct stun_limit *new_limit(void)
{
	struct stun_limit *limit = stun_limit_new(&key);

	CU_ASSERT_PTR_NOT_NULL_FATAL(limit);
	return limit;
}

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint ep = { 0 };

	CU_ASSERT_FATAL(endpoint_parse(str_of(text), -1, &ep));
	return ep;
}

/* How many of @n answers at @now_us are allowed? */
static unsigned int allowed(struct stun_limit *limit, const struct stun_rates *with,
			    const char *source, unsigned int n, int64_t now_us)
{
	struct endpoint ep = endpoint_of(source);
	unsigned int count = 0;

	for (unsigned int i = 0; i < n; i++)
		count += stun_limit_take(limit, with, &ep, now_us) == STUN_UNLIMITED;
	return count;
}

static void test_source_gets_its_burst_then_its_rate(void)
{
	struct stun_limit *limit = new_limit();

	CU_ASSERT_EQUAL(allowed(limit, &rates, "192.0.2.1:4000", 50, 100 * SECOND), 20);
	/* from another port as well: it is the same source */
	CU_ASSERT_EQUAL(allowed(limit, &rates, "192.0.2.1:4001", 50, 100 * SECOND), 0);
	CU_ASSERT_EQUAL(allowed(limit, &rates, "192.0.2.1:4000", 50, 101 * SECOND), 5);
	CU_ASSERT_EQUAL(allowed(limit, &rates, "192.0.2.1:4000", 50, 101 * SECOND + 199999), 0);
	CU_ASSERT_EQUAL(allowed(limit, &rates, "192.0.2.1:4000", 50, 101 * SECOND + 200000), 1);
	/* A pause fills it up again, but not beyond the burst. */
	CU_ASSERT_EQUAL(allowed(limit, &rates, "192.0.2.1:4000", 50, 200 * SECOND), 20);
	stun_limit_free(limit);
}

static void test_sources_have_limits_of_their_own(void)
{
	static const char *const others[] = { "192.0.2.2:4000", "192.0.3.1:4000",
					      "[2001:db8:0:1::1]:4000", "[2001:db8:0:2::1]:4000" };
	struct stun_limit *limit = new_limit();

	allowed(limit, &rates, "192.0.2.1:4000", 50, SECOND);
	for (size_t i = 0; i < COUNT(others); i++)
		CU_ASSERT_EQUAL(allowed(limit, &rates, others[i], 50, SECOND), 20);
	/* of the same /64 as another one */
	CU_ASSERT_EQUAL(allowed(limit, &rates, "[2001:db8:0:1:ffff::9]:9", 50, SECOND), 0);
	stun_limit_free(limit);
}

static void test_all_sources_together_are_limited(void)
{
	const struct stun_rates small = { .rate = 5, .burst = 20, .total = 100 };
	struct stun_limit *limit = new_limit();
	unsigned int count = 0;

	for (int ms = 0; ms < 10000; ms++) {
		char source[32];

		snprintf(source, sizeof(source), "10.%d.%d.1:4000", ms / 250, ms % 250);
		count += allowed(limit, &small, source, 1, 100 * SECOND + ms * 1000LL);
	}
	CU_ASSERT(count >= 1000 && count <= 1011);
	stun_limit_free(limit);
}

static void test_total_is_told_from_that_of_a_source(void)
{
	const struct stun_rates small = { .rate = 1, .burst = 1, .total = 1 };
	struct endpoint one = endpoint_of("192.0.2.1:4000"), two = endpoint_of("192.0.2.2:4000");
	struct stun_limit *limit = new_limit();

	CU_ASSERT_EQUAL(stun_limit_take(limit, &small, &one, SECOND), STUN_UNLIMITED);
	CU_ASSERT_EQUAL(stun_limit_take(limit, &small, &one, SECOND), STUN_LIMITED);
	CU_ASSERT_EQUAL(stun_limit_take(limit, &small, &two, SECOND), STUN_LIMITED_TOTAL);
	/* What was not given does not count. */
	CU_ASSERT_EQUAL(stun_limit_take(limit, &small, &two, 2 * SECOND), STUN_UNLIMITED);
	stun_limit_free(limit);
}

static void test_key_decides_who_shares_a_bucket(void)
{
	const struct siphash_key other = { { 3, 4 } };
	struct stun_limit *a = new_limit(), *b = stun_limit_new(&other);
	unsigned int shared_a = 0, shared_b = 0, both = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	/* With one answer per bucket, a source that gets none shares it with an earlier one. */
	for (int i = 0; i < 2000; i++) {
		const struct stun_rates one = { .rate = 1, .burst = 1, .total = 1000000 };
		char source[32];
		bool in_a, in_b;

		snprintf(source, sizeof(source), "10.1.%d.%d:4000", i / 250, i % 250);
		in_a = !allowed(a, &one, source, 1, SECOND);
		in_b = !allowed(b, &one, source, 1, SECOND);
		shared_a += in_a;
		shared_b += in_b;
		both += in_a && in_b;
	}
	CU_ASSERT(shared_a > 0 && shared_b > 0);
	CU_ASSERT(both < shared_a / 2);
	stun_limit_free(a);
	stun_limit_free(b);
}

static void test_no_memory(void)
{
	ALLOC_FAILS_AT_EACH
	{
		struct stun_limit *limit = stun_limit_new(&key);

		CU_ASSERT_EQUAL(limit == NULL, alloc_failed());
		stun_limit_free(limit);
	}
}

TEST_SUITE(stun_limit,
	   { "source gets its burst then its rate", test_source_gets_its_burst_then_its_rate },
	   { "sources have limits of their own", test_sources_have_limits_of_their_own },
	   { "all sources together are limited", test_all_sources_together_are_limited },
	   { "total is told from that of a source", test_total_is_told_from_that_of_a_source },
	   { "key decides who shares a bucket", test_key_decides_who_shares_a_bucket },
	   { "no memory", test_no_memory });
