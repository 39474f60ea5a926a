/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sizing.c - what a number of calls needs: the figures of docs/operations.md, "Sizing" */
#include "control/sizing.h"
#include "daemon/base/count.h"
#include "tests/unit/test.h"

static void test_figures_of_the_documentation(void)
{
	static const struct {
		uint64_t calls, addresses;
		struct sizing s;
	} rows[] = {
		{ 500, 0, { 1, 2400, 30000, 32399, 2912, 50000, 5, 5, 6, 1, 1000 } },
		{ 5000, 0, { 1, 24000, 30000, 53999, 24512, 500000, 41, 49, 60, 10, 5000 } },
		{ 20000, 0, { 2, 48000, 16384, 64383, 96512, 2000000, 163, 195, 240, 40, 20000 } },
		/* More addresses than needed share the ports. */
		{ 5000, 4, { 1, 6000, 30000, 35999, 24512, 500000, 41, 49, 60, 10, 5000 } },
		{ 1, 0, { 1, 6, 30000, 30005, 518, 100, 1, 1, 1, 1, 1000 } },
		{ 7, 2, { 1, 18, 30000, 30017, 548, 700, 1, 1, 1, 1, 1000 } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sizing s = sizing_of(rows[i].calls, rows[i].addresses), t = rows[i].s;

		CU_ASSERT_EQUAL(s.addresses, t.addresses);
		CU_ASSERT_EQUAL(s.ports, t.ports);
		CU_ASSERT_EQUAL(s.port_min, t.port_min);
		CU_ASSERT_EQUAL(s.port_max, t.port_max);
		CU_ASSERT_EQUAL(s.descriptors, t.descriptors);
		CU_ASSERT_EQUAL(s.packets, t.packets);
		CU_ASSERT_EQUAL(s.daemon_mib, t.daemon_mib);
		CU_ASSERT_EQUAL(s.kernel_mib, t.kernel_mib);
		CU_ASSERT_EQUAL(s.user_cores, t.user_cores);
		CU_ASSERT_EQUAL(s.kernel_cores, t.kernel_cores);
		CU_ASSERT_EQUAL(s.backlog, t.backlog);
	}
}

/* Whole pairs, within the ports that there are, enough for all calls. */
static void test_ranges_are_valid_for_any_number(void)
{
	for (uint64_t calls = 1; calls <= SIZING_CALLS_MAX; calls = calls * 5 / 4 + 1) {
		struct sizing s = sizing_of(calls, 0);

		CU_ASSERT_EQUAL(s.port_min % 2, 0);
		CU_ASSERT_EQUAL(s.port_max % 2, 1);
		CU_ASSERT_EQUAL(s.port_max - s.port_min + 1, s.ports);
		CU_ASSERT_TRUE(s.port_max <= 65535);
		CU_ASSERT_TRUE(s.addresses * s.ports >= 4 * calls);
	}
}

TEST_SUITE(sizing, { "figures of the documentation", test_figures_of_the_documentation },
	   { "ranges are valid for any number", test_ranges_are_valid_for_any_number });
