/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_kmod.c - flows that are set, replaced, read and dropped */
#include <malloc.h>
#include "kmod_scene.h"
#include "tests/unit/test_clock.h"

static void test_sets_what_the_spec_says(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow;
	struct fake_flow *there;

	s.flags = RTPRELAY_FLOW_DROP;
	s.dscp = 46;
	s.idle_s = 17;
	s.clocks[0].pt = 96;
	s.clocks[0].clock = 90000;
	flow = kmod_set(kmod, &s, &s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(flow);
	CU_ASSERT_FALSE(kmod_flow_installed(flow));
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	kmod_flush(kmod);
	CU_ASSERT_TRUE(kmod_flow_installed(flow));
	CU_ASSERT_EQUAL(reported.count[KMOD_CHANGED], 1);
	CU_ASSERT_PTR_EQUAL(kmod_flow_owner(flow), &s);
	there = fake_kmod_find(&fake, &s.local);
	CU_ASSERT_PTR_NOT_NULL_FATAL(there);
	CU_ASSERT_TRUE(endpoint_eq(&there->src, &s.src));
	CU_ASSERT_TRUE(endpoint_eq(&there->out, &s.out));
	CU_ASSERT_TRUE(endpoint_eq(&there->dst, &s.dst));
	CU_ASSERT_EQUAL(there->kind, RTPRELAY_KIND_RTP);
	CU_ASSERT_EQUAL(there->flags, RTPRELAY_FLOW_DROP);
	CU_ASSERT_EQUAL(there->idle_s, 17);
	CU_ASSERT_TRUE(there->has_dscp);
	CU_ASSERT_EQUAL(there->dscp, 46);
	CU_ASSERT_TRUE(there->has_clocks);
	CU_ASSERT_EQUAL(memcmp(there->cookie, "0123456789abcdef", 16), 0);
	end(kmod);
}

static void test_ipv6_and_any_source(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct fake_flow *there;

	s.local = ep("[2001:db8::1]:30002");
	memset(&s.src, 0, sizeof(s.src));
	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	there = fake_kmod_find(&fake, &s.local);
	CU_ASSERT_PTR_NOT_NULL_FATAL(there);
	CU_ASSERT_FALSE(endpoint_is_set(&there->src));
	end(kmod);
}

static void test_sends_nothing_that_is_not_announced(void)
{
	struct kmod *kmod = start(false);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");

	s.clocks[0].pt = 96;
	s.clocks[0].clock = 90000;
	fake.features = 0;
	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(kmod_features(kmod), 0);
	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	CU_ASSERT_FALSE(fake_kmod_find(&fake, &s.local)->has_clocks);
	CU_ASSERT_FALSE(fake_kmod_find(&fake, &s.local)->has_no_mux);
	end(kmod);
}

static void test_row_7_the_module_gets_the_negotiated_types(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");

	s.port.negotiated = 1u << (80 - 64);
	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	CU_ASSERT_TRUE(fake_kmod_find(&fake, &s.local)->has_no_mux);
	CU_ASSERT_EQUAL(fake_kmod_find(&fake, &s.local)->no_mux, 1u << (80 - 64));
	s.port.negotiated |= 1u << (81 - 64); /* a re-INVITE */
	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake_kmod_find(&fake, &s.local)->no_mux, 3u << (80 - 64));
	s.port.mux = true;
	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	CU_ASSERT_FALSE(fake_kmod_find(&fake, &s.local)->has_no_mux);
	end(kmod);
}

static void test_setting_the_same_again_sends_nothing(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	unsigned int requests;
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL);

	kmod_flush(kmod);
	requests = fake.n_requests;
	CU_ASSERT_PTR_EQUAL(kmod_set(kmod, &s, NULL), flow);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake.n_requests, requests);
	end(kmod);
}

static void test_replaces_and_continues_counting(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL);
	struct flow_state state;

	kmod_flush(kmod);
	fake_kmod_find(&fake, &s.local)->packets = 10;
	s.src = ep("203.0.113.7:6001");
	CU_ASSERT_PTR_EQUAL(kmod_set(kmod, &s, NULL), flow);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake.n_carried, 1);
	CU_ASSERT_TRUE(endpoint_eq(&fake_kmod_find(&fake, &s.local)->src, &s.src));
	fake_kmod_find(&fake, &s.local)->packets += 5;
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(state.sums.packets, 15);
	end(kmod);
}

static void test_rate_since_it_is_in_the_kernel(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL);
	struct flow_state state;

	test_clock_stop();
	test_clock_pass(5000);
	kmod_flush(kmod);
	test_clock_pass(999);
	fake_kmod_find(&fake, &s.local)->packets = 500;
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(kmod_flow_rate(flow), 0);
	/* Then it was silent. */
	test_clock_pass(9001);
	fake_kmod_find(&fake, &s.local)->packets = 2000;
	fake_kmod_find(&fake, &s.local)->seen_ago_ms = 6000;
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(kmod_flow_rate(flow), 500);
	kmod_drop(flow);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(kmod_flow_rate(flow), 0);
	test_clock_go();
	end(kmod);
}

static void test_sums_survive_drop_and_set(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL);
	struct flow_state state;
	struct flow_sums sums;
	struct fake_flow *there;

	kmod_flush(kmod);
	there = fake_kmod_find(&fake, &s.local);
	there->packets = 60;
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(state.sums.packets, 60);
	there->packets = 100;
	there->bytes = 17200;
	there->refused = 3;
	there->ssrc = 0xabcd;
	there->expected = 102;
	there->lost = 2;
	kmod_drop(flow);
	CU_ASSERT_FALSE(kmod_flow_installed(flow));
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	kmod_flow_sums(flow, &sums);
	CU_ASSERT_EQUAL(sums.packets, 100);
	CU_ASSERT_EQUAL(sums.bytes, 17200);
	CU_ASSERT_EQUAL(sums.refused, 3);
	CU_ASSERT_EQUAL(sums.rtp.lost, 2);
	CU_ASSERT_PTR_EQUAL(kmod_set(kmod, &s, NULL), flow);
	kmod_flush(kmod);
	there = fake_kmod_find(&fake, &s.local);
	there->packets = 20;
	there->ssrc = 0xabcd;
	there->expected = 21;
	there->lost = 1;
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(state.sums.packets, 120);
	CU_ASSERT_EQUAL(state.sums.rtp.expected, 123);
	CU_ASSERT_EQUAL(state.sums.rtp.lost, 3);
	there->ssrc = 0xef01; /* another SSRC: only its figures */
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(state.sums.rtp.ssrc, 0xef01);
	CU_ASSERT_EQUAL(state.sums.rtp.expected, 21);
	end(kmod);
}

static void test_forget_removes_the_flow_from_the_kernel_and_frees(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");

	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	kmod_forget(kmod_set(kmod, &s, NULL));
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 1);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	CU_ASSERT_EQUAL(kmod_count(kmod), 0);
	kmod_forget(kmod_set(kmod, &s, NULL)); /* never sent to the kernel */
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake.n_adds, 1);
	kmod_forget(NULL);
	end(kmod);
}

/* A thousand calls at ports of their own, one after the other. */
static void test_flows_that_ended_cost_no_memory(void)
{
	struct kmod *kmod = start(true);
	size_t before = mallinfo2().uordblks;

	for (uint16_t i = 0; i < 1000; i++) {
		struct flow_spec s = spec((uint16_t)(30000 + i), "203.0.113.7:6000");
		struct kmod_flow *flow = kmod_set(kmod, &s, NULL);

		kmod_flush(kmod);
		CU_ASSERT_TRUE(kmod_flow_installed(flow));
		kmod_forget(flow);
		kmod_flush(kmod);
	}
	CU_ASSERT(mallinfo2().uordblks < before + 50000);
	end(kmod);
}

static void test_port_of_a_forgotten_flow_counts_anew(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL);
	struct flow_state state;

	kmod_flush(kmod);
	fake_kmod_find(&fake, &s.local)->packets = 1000;
	kmod_forget(flow);
	s.cookie[0] = 'X';
	flow = kmod_set(kmod, &s, &s);
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(state.sums.packets, 0);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake.n_dels, 0);
	CU_ASSERT_EQUAL(fake.n_carried, 0);
	CU_ASSERT_TRUE(kmod_flow_installed(flow));
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(state.sums.packets, 0);
	CU_ASSERT_EQUAL(kmod_count(kmod), 1);
	end(kmod);
}

static void test_many_go_in_few_sends(void)
{
	struct kmod *kmod = start(true);
	unsigned int sends = fake.n_sends;

	for (uint16_t i = 0; i < 200; i++) {
		struct flow_spec s = spec((uint16_t)(30000 + i), "203.0.113.7:6000");

		CU_ASSERT_PTR_NOT_NULL(kmod_set(kmod, &s, NULL));
	}
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 200);
	CU_ASSERT_EQUAL(kmod_count(kmod), 200);
	CU_ASSERT_EQUAL(fake.n_sends - sends, 4);
	end(kmod);
}

static void test_many_are_read_in_few_sends(void)
{
	struct kmod *kmod = start(true);
	struct flow_state states[100];
	struct kmod_flow *flows[100];
	unsigned int sends;

	set_many(kmod, flows, 100);
	for (uint16_t i = 0; i < 100; i++)
		fake_kmod_find(&fake, &kmod_flow_spec(flows[i])->local)->packets = i;
	kmod_drop(flows[7]); /* not in the kernel: the last known state, without a request */
	kmod_flush(kmod);
	sends = fake.n_sends;
	kmod_flows_read(flows, 100, states);
	CU_ASSERT_EQUAL(fake.n_sends - sends, 2);
	CU_ASSERT_EQUAL(fake.n_gets, 99);
	for (unsigned int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(states[i].sums.packets, i);
	CU_ASSERT_EQUAL(fake.queue[KMOD_ANSWERS].count, 0);
	end(kmod);
}

/* Too many answers for the socket: those behind the lost one are still read. */
static void test_one_lost_answer_loses_one_state(void)
{
	struct kmod *kmod = start(true);
	struct flow_state states[3];
	struct kmod_flow *flows[3];

	set_many(kmod, flows, 3);
	for (unsigned int i = 0; i < 3; i++)
		fake_kmod_find(&fake, &kmod_flow_spec(flows[i])->local)->packets = 1 + i;
	fake.lose_answers = 1;
	kmod_flows_read(flows, 3, states);
	CU_ASSERT_EQUAL(states[1].sums.packets, 2);
	CU_ASSERT_EQUAL(states[2].sums.packets, 3);
	CU_ASSERT_EQUAL(fake.queue[KMOD_ANSWERS].count, 0);
	kmod_flush(kmod);
	kmod_flows_read(flows, 3, states);
	CU_ASSERT_EQUAL(states[0].sums.packets, 1);
	end(kmod);
}

static void test_a_flow_that_vanished_is_found_by_reading(void)
{
	struct kmod *kmod = start(true);
	struct flow_state states[3];
	struct kmod_flow *flows[3];

	set_many(kmod, flows, 3);
	fake_kmod_find(&fake, &kmod_flow_spec(flows[2])->local)->packets = 5;
	fake_kmod_find(&fake, &kmod_flow_spec(flows[1])->local)->used = false;
	kmod_flows_read(flows, 3, states);
	CU_ASSERT_EQUAL(states[2].sums.packets, 5);
	CU_ASSERT_EQUAL(states[1].seen_ago_ms, -1);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 3); /* it exists again */
	end(kmod);
}

static void test_off_is_null(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	uint64_t counters[RTPRELAY_C_MAX + 1];

	CU_ASSERT_FALSE(kmod_available(NULL));
	CU_ASSERT_PTR_NULL(kmod_set(NULL, &s, NULL));
	CU_ASSERT_EQUAL(kmod_count(NULL), 0);
	CU_ASSERT_EQUAL(kmod_features(NULL), 0);
	CU_ASSERT_EQUAL(kmod_news_fd(NULL), -1);
	kmod_flush(NULL);
	kmod_adopt(NULL);
	kmod_totals(NULL, counters);
	CU_ASSERT_EQUAL(counters[RTPRELAY_C_PACKETS], 0);
	kmod_close(NULL, true);
}

static void test_no_memory(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");

	memset(&reported, 0, sizeof(reported));
	ALLOC_FAILS_AT_EACH
	{
		const struct kmod_conf conf = {
			.link = &fake.link, .event = on_event, .owns = owns, .arg = &reported
		};
		struct kmod *kmod;
		struct kmod_flow *flow;

		fake_kmod_init(&fake, true);
		kmod = kmod_open(&conf);
		if (!kmod) {
			CU_ASSERT_TRUE(alloc_failed());
			CU_ASSERT_TRUE(fake.closed);
			continue;
		}
		flow = kmod_set(kmod, &s, NULL);
		CU_ASSERT_TRUE(flow || alloc_failed());
		fake.refuse_add = -EINVAL;
		kmod_flush(kmod);
		if (flow)
			CU_ASSERT_PTR_NOT_NULL(kmod_flow_refusal(flow));
		end(kmod);
	}
}

TEST_SUITE(kmod, { "sets what the spec says", test_sets_what_the_spec_says },
	   { "IPv6, any source", test_ipv6_and_any_source },
	   { "sends nothing that is not announced", test_sends_nothing_that_is_not_announced },
	   { "row 7: the module gets the negotiated types",
	     test_row_7_the_module_gets_the_negotiated_types },
	   { "setting the same again sends nothing", test_setting_the_same_again_sends_nothing },
	   { "replaces, and continues counting", test_replaces_and_continues_counting },
	   { "rate since it is in the kernel", test_rate_since_it_is_in_the_kernel },
	   { "sums survive drop and set", test_sums_survive_drop_and_set },
	   { "forget removes the flow from the kernel and frees",
	     test_forget_removes_the_flow_from_the_kernel_and_frees },
	   { "flows that ended cost no memory", test_flows_that_ended_cost_no_memory },
	   { "a new flow at the port of a forgotten one counts from zero",
	     test_port_of_a_forgotten_flow_counts_anew },
	   { "many go in few sends", test_many_go_in_few_sends },
	   { "many are read in few sends", test_many_are_read_in_few_sends },
	   { "one lost answer loses one state", test_one_lost_answer_loses_one_state },
	   { "a flow that vanished is found by reading",
	     test_a_flow_that_vanished_is_found_by_reading },
	   { "off is NULL", test_off_is_null }, { "no memory", test_no_memory });
