/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_router_clock.c - has a router lost its mappings? By the epoch of its replies */
#include "daemon/base/count.h"
#include "daemon/nat/router_clock.h"
#include "tests/unit/test.h"

static void test_epochs_tell_a_restart(void)
{
	static const struct {
		uint32_t epoch_s; /* of the second reply; the first one has 1000 */
		int64_t after_ms;
		bool lost;
	} rows[] = {
		{ 1000, 0, false },
		{ 1010, 10000, false },
		{ 999, 0, false }, /* it overtook the other one */
		{ 998, 0, true },
		{ 0, 10000, true },
		{ 1002, 10999, true }, /* 10 s here, 2 s there */
		{ 1008, 10000, false },
		{ 1007, 10000, true },
		{ 1138, 150000, true }, /* 138 + 2 < 150 - 9 */
		{ 1139, 150000, false },
		{ 1160, 150000, false }, /* 160 - 10 = 150 < 152 */
		{ 1164, 150000, true },	 /* 164 - 10 = 154 > 152: another router */
		{ 1012, 10000, false },
		{ 1014, 10000, true },
		{ UINT32_MAX, 10000, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct router_clock clock = { 0 };

		CU_ASSERT_FALSE(router_clock_lost(&clock, 1000, 5000));
		CU_ASSERT_EQUAL(router_clock_lost(&clock, rows[i].epoch_s, 5000 + rows[i].after_ms),
				rows[i].lost);
		/* What it says is what the next one is compared with. */
		CU_ASSERT_FALSE(
			router_clock_lost(&clock, rows[i].epoch_s, 5000 + rows[i].after_ms));
	}
}

TEST_SUITE(router_clock, { "epochs tell a restart", test_epochs_tell_a_restart });
