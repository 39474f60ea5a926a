/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_media_path_deny.c - the kernel has no flow to a forbidden destination */
#include "tests/unit/packet/talk_scene.h"

/* Forbids the phone of @side: its port for RTP. */
static void forbid(struct talk *t, int side)
{
	struct deny_rule rule = { .port_min = t->phone[side].port,
				  .port_max = t->phone[side].port,
				  .why = "test" };
	const struct deny_conf conf = { .rules = &rule, .n_rules = 1 };
	struct deny *deny;

	CU_ASSERT_TRUE(cidr_parse(STR("127.0.0.1"), &rule.net));
	deny = deny_new(&conf);
	CU_ASSERT_EQUAL(worker_pool_deny(t->scene.workers, deny), 0);
	deny_put(deny);
	worker_pool_flush(t->scene.workers);
}

static void test_flow_ends_when_its_destination_is_forbidden(void)
{
	struct talk t;

	talk_in_kernel(&t);
	CU_ASSERT_PTR_NOT_NULL(flow_of(&t, SIDE_A, COMP_RTP));
	forbid(&t, SIDE_B);
	UNTIL(&t, !flow_of(&t, SIDE_A, COMP_RTP));
	UNTIL(&t, fake_kmod_count(&fake) == 3);
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user,
			       "destination is forbidden (media-deny)");
	phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, report(&t, SIDE_A, COMP_RTP).drops[DROP_DESTINATION] == 1);
	CU_ASSERT_EQUAL(worker_pool_deny(t.scene.workers, NULL), 0);
	worker_pool_flush(t.scene.workers);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	talk_close(&t);
}

static void test_no_flow_to_a_forbidden_destination(void)
{
	struct talk t;

	talk_open(&t, true);
	forbid(&t, SIDE_B);
	UNTIL(&t, report(&t, SIDE_B, COMP_RTP).to_denied);
	phone_sends(&t, SIDE_A, COMP_RTP);
	phone_sends(&t, SIDE_A, COMP_RTCP);
	UNTIL(&t, fake_kmod_count(&fake) == 1); /* of RTCP */
	CU_ASSERT_PTR_NULL(flow_of(&t, SIDE_A, COMP_RTP));
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).drops[DROP_DESTINATION], 1);
	talk_close(&t);
}

TEST_SUITE(media_path_deny,
	   { "a flow ends when its destination is forbidden",
	     test_flow_ends_when_its_destination_is_forbidden },
	   { "no flow to a forbidden destination", test_no_flow_to_a_forbidden_destination });
