/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_log_once.c - log lines that are written once per proxy and subject */
#include <stdio.h>
#include "daemon/base/count.h"
#include "daemon/stats/stats.h"
#include "tests/unit/test.h"

static struct endpoint proxy(unsigned int n)
{
	struct endpoint ep;
	char text[32];

	snprintf(text, sizeof(text), "192.0.2.%u", n);
	CU_ASSERT(endpoint_parse_addr(str_of(text), AF_INET, &ep));
	return ep;
}

static void test_each_subject_once_per_proxy(void)
{
	struct stats stats = { 0 };
	struct endpoint first = proxy(1), second = proxy(2);

	CU_ASSERT_TRUE(stats_log_once(&stats, &first, STR("play media")));
	CU_ASSERT_FALSE(stats_log_once(&stats, &first, STR("play media")));
	CU_ASSERT_TRUE(stats_log_once(&stats, &first, STR("start forwarding")));
	CU_ASSERT_TRUE(stats_log_once(&stats, &second, STR("play media")));
	endpoint_set_port(&first, 5060); /* a proxy sends from several ports */
	CU_ASSERT_FALSE(stats_log_once(&stats, &first, STR("play media")));
}

/* A proxy that sends ever new names must not fill the log. */
static void test_subjects_are_bounded(void)
{
	struct endpoint source = proxy(1);
	struct stats stats = { 0 };
	size_t logged = 0;
	char name[16];

	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "command %u", i);
		logged += stats_log_once(&stats, &source, str_of(name));
	}
	CU_ASSERT_EQUAL(logged, COUNT(stats.proxy[0].logged.hash));
}

TEST_SUITE(log_once, { "each subject once per proxy", test_each_subject_once_per_proxy },
	   { "subjects are bounded", test_subjects_are_bounded });
