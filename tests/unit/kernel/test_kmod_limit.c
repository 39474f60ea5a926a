/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_kmod_limit.c - flows that the kernel refuses, and those that wait for the limit */
#include <sys/mman.h>
#include <unistd.h>
#include "kmod_scene.h"
#include "tests/unit/test_clock.h"

static void test_reason_for_a_refusal_is_kept(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow;

	fake.refuse_add = -ENOSPC;
	fake.sentence = "the limit of flows of this namespace is reached";
	flow = kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	CU_ASSERT_FALSE(kmod_flow_installed(flow));
	CU_ASSERT_STRING_EQUAL(kmod_flow_refusal(flow), fake.sentence);
	CU_ASSERT_EQUAL(reported.count[KMOD_CHANGED], 1);
	fake.refuse_add = 0;
	s.src = ep("203.0.113.7:6001");
	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	CU_ASSERT_TRUE(kmod_flow_installed(flow));
	CU_ASSERT_PTR_NULL(kmod_flow_refusal(flow));
	end(kmod);
}

static void test_flows_beyond_the_limit_are_tried_again(void)
{
	struct kmod *kmod = start(true);
	struct kmod_flow *flows[30];
	unsigned int adds, changed;

	fake.limit = 10;
	set_many(kmod, flows, 30);
	CU_ASSERT_EQUAL(kmod_count(kmod), 10);
	CU_ASSERT_STRING_EQUAL(kmod_flow_refusal(flows[29]), "the limit of flows is reached");
	CU_ASSERT_EQUAL(reported.count[KMOD_CHANGED], 30);
	adds = fake.n_adds;
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake.n_adds, adds); /* nothing has changed */
	/* Three flows end: three more are set, and a fourth is refused. */
	for (int i = 0; i < 3; i++)
		kmod_drop(flows[i]);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(kmod_count(kmod), 10);
	CU_ASSERT_TRUE(kmod_flow_installed(flows[10]));
	CU_ASSERT_TRUE(kmod_flow_installed(flows[12]));
	CU_ASSERT_PTR_NULL(kmod_flow_refusal(flows[12]));
	CU_ASSERT_FALSE(kmod_flow_installed(flows[13]));
	CU_ASSERT(fake.n_adds - adds <= 9);
	/* The limit was raised: one flow is tried, and when it is accepted, the others. */
	adds = fake.n_adds;
	changed = reported.count[KMOD_CHANGED];
	kmod_tick(kmod, 1000000);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake.n_adds, adds + 1);
	CU_ASSERT_EQUAL(reported.count[KMOD_CHANGED], changed); /* the same reason as before */
	fake.limit = 100;
	kmod_tick(kmod, 1001000);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake.n_adds, adds + 1); /* not every second */
	kmod_tick(kmod, 1020000);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(kmod_count(kmod), 27);
	for (int i = 3; i < 30; i++)
		CU_ASSERT_TRUE(kmod_flow_installed(flows[i]));
	CU_ASSERT_EQUAL(fake.n_adds, adds + 1 + 17);
	end(kmod);
}

/* Sets 20 flows beyond the limit. Return: lines in the log that say so */
static int lines_of_a_full_kernel(struct kmod *kmod, uint16_t first_port)
{
	int file = memfd_create("log", MFD_CLOEXEC), saved = dup(STDERR_FILENO), lines = 0;
	char text[8192] = "";

	dup2(file, STDERR_FILENO);
	log_set_level(LOG_LEVEL_WARNING);
	for (uint16_t i = 0; i < 20; i++) {
		struct flow_spec s = spec((uint16_t)(first_port + i), "203.0.113.7:6000");

		kmod_set(kmod, &s, NULL);
		kmod_flush(kmod);
		test_clock_pass(100);
	}
	log_set_level(LOG_LEVEL_ERR);
	dup2(saved, STDERR_FILENO);
	close(saved);
	CU_ASSERT(pread(file, text, sizeof(text) - 1, 0) >= 0);
	close(file);
	for (const char *at = text; (at = strstr(at, "no room for more flows")); at++)
		lines++;
	return lines;
}

static void test_a_full_kernel_is_logged_once_a_minute(void)
{
	struct kmod *kmod = start(true);

	fake.limit = 0;
	test_clock_stop();
	CU_ASSERT_EQUAL(lines_of_a_full_kernel(kmod, 30000), 1);
	test_clock_pass(57000);
	CU_ASSERT_EQUAL(lines_of_a_full_kernel(kmod, 30100), 1);
	CU_ASSERT_EQUAL(lines_of_a_full_kernel(kmod, 30200), 0);
	test_clock_go();
	end(kmod);
}

/* A flow that is dropped or changed while it waits. */
static void test_waiting_flows_may_change(void)
{
	struct flow_spec s = spec(30002, "203.0.113.7:6001");
	struct kmod *kmod = start(true);
	struct kmod_flow *flows[6];

	fake.limit = 1;
	set_many(kmod, flows, 6);
	kmod_drop(flows[1]);
	kmod_set(kmod, &s, NULL); /* refused again: the last of the queue */
	kmod_forget(flows[3]);
	kmod_flush(kmod);
	fake.limit = 2;
	kmod_tick(kmod, 1000000);
	kmod_flush(kmod);
	CU_ASSERT_TRUE(kmod_flow_installed(flows[4]));
	CU_ASSERT_EQUAL(kmod_count(kmod), 2);
	/*
	 * When the module is loaded again, owners set all flows again; waiting flows are no
	 * exception.
	 */
	fake.limit = 100;
	fake_kmod_load(&fake, false);
	kmod_dispatch(kmod);
	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	CU_ASSERT_PTR_NULL(kmod_flow_refusal(flows[2]));
	kmod_forget(flows[5]);
	s.src = ep("203.0.113.7:6002");
	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	CU_ASSERT_TRUE(kmod_flow_installed(flows[2]));
	end(kmod);
}

static void test_refused_replacement_removes_the_old_flow(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL);
	struct flow_sums sums;

	kmod_flush(kmod);
	fake_kmod_find(&fake, &s.local)->packets = 7;
	fake.refuse_add = -EINVAL;
	s.src = ep("203.0.113.7:6001");
	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	CU_ASSERT_FALSE(kmod_flow_installed(flow));
	CU_ASSERT_STRING_EQUAL(kmod_flow_refusal(flow), "Invalid argument");
	kmod_flow_sums(flow, &sums);
	CU_ASSERT_EQUAL(sums.packets, 7);
	end(kmod);
}

TEST_SUITE(kmod_limit,
	   { "the kernel's reason for a refusal is kept", test_reason_for_a_refusal_is_kept },
	   { "flows beyond the limit are tried again",
	     test_flows_beyond_the_limit_are_tried_again },
	   { "a full kernel is logged once a minute", test_a_full_kernel_is_logged_once_a_minute },
	   { "waiting flows may change", test_waiting_flows_may_change },
	   { "a refused replacement removes the old flow",
	     test_refused_replacement_removes_the_old_flow });
