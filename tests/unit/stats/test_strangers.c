/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_strangers.c - sources of refused commands that are kept for the operator */
#include <stdio.h>
#include "daemon/stats/stats.h"
#include "tests/unit/test.h"

static struct endpoint address(const char *net, unsigned int n)
{
	struct endpoint ep;
	char text[32];

	snprintf(text, sizeof(text), "%s.%u", net, n);
	CU_ASSERT(endpoint_parse_addr(str_of(text), AF_INET, &ep));
	return ep;
}

/* Addresses can be forged: they do not displace a proxy that repeats its commands. */
static void test_forged_sources_do_not_displace_a_proxy(void)
{
	struct endpoint proxy = address("192.0.2", 9);
	struct stats stats = { 0 };
	bool there = false;

	for (unsigned int i = 0; i < 3; i++) {
		endpoint_set_port(&proxy, (uint16_t)(5060 + i)); /* it sends from several ports */
		stats_stranger(&stats, &proxy, 1000 + i);
	}
	for (unsigned int i = 0; i < 200; i++) {
		struct endpoint forged = address("198.51.100", i);

		stats_stranger(&stats, &forged, 2000);
	}
	CU_ASSERT_EQUAL(stats.n_strangers, STATS_STRANGERS);
	for (size_t i = 0; i < STATS_STRANGERS; i++) {
		const struct stranger *row = &stats.stranger[i];

		if (!endpoint_addr_eq(&row->addr, &proxy))
			continue;
		there = true;
		CU_ASSERT_EQUAL(row->commands, 3);
		CU_ASSERT_EQUAL(row->last_ms, 1002);
		CU_ASSERT_EQUAL(endpoint_port(&row->addr), 0);
	}
	CU_ASSERT_TRUE(there);
}

TEST_SUITE(strangers, { "forged sources do not displace a proxy",
			test_forged_sources_do_not_displace_a_proxy });
