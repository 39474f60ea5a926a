/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_hooked.c - the packets that the module looks at: those of flows' ports, while there are any
 *
 * What it costs to look at others is measured by tests/guest/bench.
 */
#include <linux/netlink.h>
#include <unistd.h>

#include "scene.h"
#include "tests/unit/test.h"

#define SAME_PORT  "198.51.100.254:30000"
#define SAME_PORT6 "[2001:db8:a::fe]:30000"

static bool is_forwarded(uint16_t seq)
{
	scene_rtp(phone, 0, seq, 0);
	return world_receive(dst, &packet, SOON);
}

/* A flow is found as long as it exists, whatever happens to others with its port. */
static void test_flows_share_a_port(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP), other = flow;

	scene_start(&flow);
	other.src = NULL;
	for (uint16_t i = 0; i < 2; i++) {
		other.local = i ? SAME_PORT6 : SAME_PORT;
		CU_ASSERT_EQUAL(nl_add(&nl, &other, NLM_F_CREATE, NULL), 0);
		CU_ASSERT_EQUAL(nl_add(&nl, &other, NLM_F_REPLACE, NULL), 0);
		CU_ASSERT(is_forwarded((uint16_t)(3 * i)));
		CU_ASSERT_EQUAL(nl_del(&nl, other.local, NULL), 0);
		CU_ASSERT(is_forwarded((uint16_t)(3 * i + 1)));
	}
	scene_end();
}

/* After the last flow packets go up, and a new flow is found again. */
static void test_the_first_flow_again(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	scene_start(&flow);
	for (uint16_t i = 0; i < 5; i++) {
		CU_ASSERT(is_forwarded((uint16_t)(2 * i)));
		CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, NULL), 0);
		scene_rtp(phone, 0, (uint16_t)(2 * i + 1), 0);
		CU_ASSERT(world_receive(relay, &packet, SOON));
		CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	}
	scene_end();
}

TEST_SUITE(hooked, { "flows share a port", test_flows_share_a_port },
	   { "the first flow again", test_the_first_flow_again });
