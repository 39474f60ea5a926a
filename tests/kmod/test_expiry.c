/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_expiry.c - flows of a daemon that does not come back
 */
#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>

#include "scene.h"
#include "tests/unit/test.h"

#define BUSY_LOCAL "192.0.2.254:30010"

static void start(uint32_t expire_s)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	flow.idle = 1;
	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	CU_ASSERT_EQUAL(nl_expire(&nl, expire_s), 0);
	CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
	CU_ASSERT_EQUAL(state.expire, expire_s);
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	flow.local = BUSY_LOCAL;
	flow.idle = 3600;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
}

static void end(void)
{
	nl_del(&nl, LOCAL, NULL);
	nl_del(&nl, BUSY_LOCAL, NULL);
	CU_ASSERT_EQUAL(nl_expire(&nl, RTPRELAY_EXPIRE_DEFAULT), 0);
	nl_close(&nl);
}

static bool is_silent(void)
{
	for (int ms = 0; ms < SOON; ms += 100) {
		if (nl_get(&nl, LOCAL, &state) || state.silent)
			return true;
		poll(NULL, 0, 100);
	}
	return false;
}

static void test_idle_flows_end_when_nobody_listens(void)
{
	int err = 0;

	start(1);
	CU_ASSERT(is_silent());
	for (int ms = 0; !err && ms < SOON; ms += 100) {
		poll(NULL, 0, 100);
		err = nl_get(&nl, LOCAL, NULL);
	}
	CU_ASSERT_EQUAL(err, -ENOENT);
	CU_ASSERT_EQUAL(nl_get(&nl, BUSY_LOCAL, NULL), 0); /* not idle */
	CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
	CU_ASSERT_EQUAL(state.flows, 1);
	end();
}

/* Return: the idle flow is still there after several times its time */
static bool stays(void)
{
	CU_ASSERT(is_silent());
	poll(NULL, 0, 5000); /* what must not happen has no event */
	return nl_get(&nl, LOCAL, NULL) == 0;
}

static void test_flows_stay_while_somebody_listens(void)
{
	start(1);
	CU_ASSERT_FATAL(nl_open(&events, "relay"));
	CU_ASSERT(nl_listen(&events));
	CU_ASSERT(stays());
	nl_close(&events);
	end();
}

/* As when the daemon is started again. */
static void test_flows_stay_for_the_set_time(void)
{
	start(3600);
	CU_ASSERT(stays());
	CU_ASSERT_EQUAL(nl_expire(&nl, 0), 0);
	CU_ASSERT(stays());
	end();
}

static void test_a_week_is_the_longest_time(void)
{
	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	CU_ASSERT_EQUAL(nl_expire(&nl, RTPRELAY_EXPIRE_MAX + 1), -ERANGE);
	CU_ASSERT_EQUAL(nl_expire(&nl, RTPRELAY_EXPIRE_MAX), 0);
	CU_ASSERT_EQUAL(nl_expire(&nl, RTPRELAY_EXPIRE_DEFAULT), 0);
	nl_close(&nl);
}

TEST_SUITE(expiry,
	   { "idle flows end when nobody listens", test_idle_flows_end_when_nobody_listens },
	   { "flows stay while somebody listens", test_flows_stay_while_somebody_listens },
	   { "flows stay for the set time", test_flows_stay_for_the_set_time },
	   { "a week is the longest time", test_a_week_is_the_longest_time });
