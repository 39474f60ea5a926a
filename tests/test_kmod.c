/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_kmod.c - flows against a module that is played by fake_kmod.c
 */
#include <errno.h>
#include <stdlib.h>
#include "daemon/clock.h"
#include "daemon/kmod.h"
#include "daemon/log.h"
#include "fake_kmod.h"
#include "test.h"

static struct fake_kmod fake;

/* What was told. */
static struct {
	unsigned int count[KMOD_STRANGER + 1];
	struct kmod_flow *flow;
	struct kmod_stranger stranger;
	struct kmod_flow *forget; /* by the next event */
} told;

static void on_event(void *arg, enum kmod_event event, struct kmod_flow *flow,
		     const struct kmod_stranger *stranger)
{
	struct kmod_flow *forget = told.forget;

	CU_ASSERT_PTR_EQUAL(arg, &told);
	told.count[event]++;
	told.flow = flow;
	if (stranger)
		told.stranger = *stranger;
	told.forget = NULL;
	kmod_forget(forget);
}

static bool owns(void *arg, const struct endpoint *local)
{
	(void)arg;
	return endpoint_port(local) >= 30000;
}

static struct kmod *start(bool loaded)
{
	const struct kmod_conf conf = { &fake.link, on_event, owns, &told };

	memset(&told, 0, sizeof(told));
	fake_kmod_init(&fake, loaded);
	log_set_level(LOG_LEVEL_ERR);
	return kmod_open(&conf);
}

static void end(struct kmod *kmod)
{
	kmod_close(kmod, true);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	CU_ASSERT_TRUE(fake.closed);
}

static struct endpoint ep(const char *text)
{
	struct endpoint out;

	CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), -1, &out));
	return flow_endpoint(&out);
}

static struct flow_spec spec(uint16_t port, const char *src)
{
	struct flow_spec s;

	memset(&s, 0, sizeof(s));
	s.local = ep("192.0.2.1:0");
	endpoint_set_port(&s.local, port);
	s.src = ep(src);
	s.out = ep("192.0.2.1:30100");
	s.dst = ep("198.51.100.9:4000");
	s.kind = RTPRELAY_KIND_RTP;
	s.idle_s = 60;
	s.dscp = -1;
	memcpy(s.cookie, "0123456789abcdef", FLOW_COOKIE);
	return s;
}

/* --- tests -------------------------------------------------------------------------------------- */

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
	CU_ASSERT_EQUAL(told.count[KMOD_CHANGED], 1);
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
	end(kmod);
}

static void test_same_again_asks_nothing(void)
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

static void test_replaces_and_goes_on_counting(void)
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
	there->ssrc = 0xef01; /* another one: of that alone */
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(state.sums.rtp.ssrc, 0xef01);
	CU_ASSERT_EQUAL(state.sums.rtp.expected, 21);
	end(kmod);
}

static void test_forget_tells_the_kernel_and_frees(void)
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
	kmod_forget(kmod_set(kmod, &s, NULL)); /* never got there */
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake.n_adds, 1);
	kmod_forget(NULL);
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

static void test_kernel_refuses_with_a_sentence(void)
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
	CU_ASSERT_EQUAL(told.count[KMOD_CHANGED], 1);
	fake.refuse_add = 0;
	s.src = ep("203.0.113.7:6001");
	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	CU_ASSERT_TRUE(kmod_flow_installed(flow));
	CU_ASSERT_PTR_NULL(kmod_flow_refusal(flow));
	end(kmod);
}

/* Flows from port 30000 on. */
static void set_many(struct kmod *kmod, struct kmod_flow **flows, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct flow_spec s = spec((uint16_t)(30000 + i), "203.0.113.7:6000");

		flows[i] = kmod_set(kmod, &s, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(flows[i]);
	}
	kmod_flush(kmod);
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
	CU_ASSERT_EQUAL(told.count[KMOD_CHANGED], 30);
	adds = fake.n_adds;
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake.n_adds, adds); /* nothing has changed */
	/* Three places become free: three more are there, and it is seen that there is no fourth. */
	for (int i = 0; i < 3; i++)
		kmod_drop(flows[i]);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(kmod_count(kmod), 10);
	CU_ASSERT_TRUE(kmod_flow_installed(flows[10]));
	CU_ASSERT_TRUE(kmod_flow_installed(flows[12]));
	CU_ASSERT_PTR_NULL(kmod_flow_refusal(flows[12]));
	CU_ASSERT_FALSE(kmod_flow_installed(flows[13]));
	CU_ASSERT(fake.n_adds - adds <= 9);
	/* The limit was raised: found out by one that is tried, and then the others. */
	adds = fake.n_adds;
	changed = told.count[KMOD_CHANGED];
	kmod_tick(kmod, 1000000);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake.n_adds, adds + 1);
	CU_ASSERT_EQUAL(told.count[KMOD_CHANGED], changed); /* the same sentence as before */
	fake.limit = 100;
	kmod_tick(kmod, 1001000);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake.n_adds, adds + 1); /* not each second */
	kmod_tick(kmod, 1020000);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(kmod_count(kmod), 27);
	for (int i = 3; i < 30; i++)
		CU_ASSERT_TRUE(kmod_flow_installed(flows[i]));
	CU_ASSERT_EQUAL(fake.n_adds, adds + 1 + 17);
	end(kmod);
}

/* One that is wanted no more, or otherwise, while it waits. */
static void test_what_waits_for_room_may_change(void)
{
	struct flow_spec s = spec(30002, "203.0.113.7:6001");
	struct kmod *kmod = start(true);
	struct kmod_flow *flows[6];

	fake.limit = 1;
	set_many(kmod, flows, 6);
	kmod_drop(flows[1]);
	kmod_set(kmod, &s, NULL); /* refused again: the last in the row */
	kmod_forget(flows[3]);
	kmod_flush(kmod);
	fake.limit = 2;
	kmod_tick(kmod, 1000000);
	kmod_flush(kmod);
	CU_ASSERT_TRUE(kmod_flow_installed(flows[4]));
	CU_ASSERT_EQUAL(kmod_count(kmod), 2);
	/* All is set anew by its owners when there is a module again; what waited is as any other. */
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

static void test_many_are_read_in_few_sends(void)
{
	struct kmod *kmod = start(true);
	struct flow_state states[100];
	struct kmod_flow *flows[100];
	unsigned int sends;

	set_many(kmod, flows, 100);
	for (uint16_t i = 0; i < 100; i++)
		fake_kmod_find(&fake, &kmod_flow_spec(flows[i])->local)->packets = i;
	kmod_drop(flows[7]); /* not there: as it was told last, without being asked */
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
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 3); /* it is there again */
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

static void test_without_module_nothing_is_set(void)
{
	struct kmod *kmod = start(false);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");

	CU_ASSERT_FALSE(kmod_available(kmod));
	CU_ASSERT_PTR_NULL(kmod_set(kmod, &s, NULL));
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake.n_adds, 0);
	CU_ASSERT_EQUAL(kmod_news_fd(kmod), -1);
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

static void test_module_is_loaded_later(void)
{
	struct kmod *kmod = start(false);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");

	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	CU_ASSERT_TRUE(kmod_available(kmod));
	CU_ASSERT_EQUAL(told.count[KMOD_CAME], 1);
	CU_ASSERT_EQUAL(fake.n_joins, 2);
	CU_ASSERT_PTR_NOT_NULL(kmod_set(kmod, &s, NULL));
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 1);
	end(kmod);
}

static void test_module_is_unloaded_and_loaded(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL);
	uint64_t counters[RTPRELAY_C_MAX + 1];
	struct flow_state state;

	kmod_flush(kmod);
	fake_kmod_find(&fake, &s.local)->packets = 50;
	kmod_flows_read(&flow, 1, &state);
	kmod_totals(kmod, counters);
	CU_ASSERT_EQUAL(counters[RTPRELAY_C_PACKETS], 50);
	fake_kmod_load(&fake, false);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(told.count[KMOD_WENT], 1);
	CU_ASSERT_FALSE(kmod_available(kmod));
	CU_ASSERT_FALSE(kmod_flow_installed(flow));
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(state.sums.packets, 50);
	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(told.count[KMOD_CAME], 1);
	CU_ASSERT_PTR_EQUAL(kmod_set(kmod, &s, &s), flow);
	kmod_flush(kmod);
	CU_ASSERT_TRUE(kmod_flow_installed(flow));
	fake_kmod_find(&fake, &s.local)->packets = 5;
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(state.sums.packets, 55);
	kmod_totals(kmod, counters);
	CU_ASSERT_EQUAL(counters[RTPRELAY_C_PACKETS], 55);
	end(kmod);
}

/* The news of it are still on the way: the request finds no family. */
static void test_module_goes_while_flows_are_set(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL);

	fake_kmod_load(&fake, false);
	kmod_flush(kmod);
	CU_ASSERT_FALSE(kmod_available(kmod));
	CU_ASSERT_EQUAL(told.count[KMOD_WENT], 1);
	CU_ASSERT_FALSE(kmod_flow_installed(flow));
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(told.count[KMOD_WENT], 1);
	end(kmod);
}

static void test_idle_and_resumed_are_told(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL);
	struct fake_flow *there;
	int64_t now_ms = clock_ms(), last_ms;

	kmod_flush(kmod);
	CU_ASSERT_EQUAL(kmod_flow_last_in_ms(flow, now_ms), now_ms);
	there = fake_kmod_find(&fake, &s.local);
	there->seen_ago_ms = 60000;
	fake_kmod_silent(&fake, there, true);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(told.count[KMOD_IDLE], 1);
	CU_ASSERT_PTR_EQUAL(told.flow, flow);
	last_ms = kmod_flow_last_in_ms(flow, now_ms);
	CU_ASSERT_TRUE(last_ms >= now_ms - 60000 && last_ms < now_ms - 50000);
	there->seen_ago_ms = 0;
	fake_kmod_silent(&fake, there, false);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(told.count[KMOD_RESUMED], 1);
	CU_ASSERT_EQUAL(kmod_flow_last_in_ms(flow, now_ms), now_ms);
	end(kmod);
}

static void test_news_of_an_earlier_flow_are_not_believed(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct fake_flow *there;

	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	there = fake_kmod_find(&fake, &s.local);
	fake_kmod_silent(&fake, there, true); /* on its way, while the port changes hands */
	kmod_forget(kmod_set(kmod, &s, NULL));
	kmod_flush(kmod);
	s.cookie[3] = 'X';
	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(told.count[KMOD_IDLE], 0);
	end(kmod);
}

static void test_strangers_are_told(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct endpoint stranger = ep("203.0.113.66:1234");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL);

	kmod_flush(kmod);
	fake_kmod_stranger(&fake, fake_kmod_find(&fake, &s.local), &stranger, 0x1234, 65535, 8);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(told.count[KMOD_STRANGER], 1);
	CU_ASSERT_PTR_EQUAL(told.flow, flow);
	CU_ASSERT_TRUE(endpoint_eq(&told.stranger.source, &stranger));
	CU_ASSERT_TRUE(told.stranger.rtp);
	CU_ASSERT_EQUAL(told.stranger.ssrc, 0x1234);
	CU_ASSERT_EQUAL(told.stranger.seq, 65535);
	CU_ASSERT_EQUAL(told.stranger.pt, 8);
	CU_ASSERT_EQUAL(told.stranger.count, 1);
	end(kmod);
}

static void test_lost_news_are_found_by_comparing(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct flow_spec t = spec(30002, "203.0.113.7:6002");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL), *other = kmod_set(kmod, &t, NULL);

	kmod_flush(kmod);
	fake_kmod_find(&fake, &s.local)->seen_ago_ms = 61000;
	fake_kmod_silent(&fake, fake_kmod_find(&fake, &s.local), true);
	fake_kmod_find(&fake, &t.local)->used = false; /* somebody has removed it */
	fake_kmod_overrun(&fake, KMOD_NEWS);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(told.count[KMOD_IDLE], 1);
	CU_ASSERT_TRUE(kmod_flow_last_in_ms(flow, clock_ms()) < clock_ms() - 60000);
	CU_ASSERT_PTR_NOT_NULL(fake_kmod_find(&fake, &t.local));
	CU_ASSERT_TRUE(kmod_flow_installed(other));
	end(kmod);
}

static void test_lost_answers_are_found_by_comparing(void)
{
	struct kmod *kmod = start(true);
	struct kmod_flow *flow[10];

	for (uint16_t i = 0; i < 10; i++) {
		struct flow_spec s = spec((uint16_t)(30000 + i), "203.0.113.7:6000");

		flow[i] = kmod_set(kmod, &s, NULL);
	}
	fake.lose_answers = 4;
	kmod_flush(kmod);
	for (int i = 0; i < 10; i++)
		CU_ASSERT_TRUE(kmod_flow_installed(flow[i]));
	CU_ASSERT_EQUAL(kmod_count(kmod), 10);
	fake.lose_answers = 7;
	for (int i = 0; i < 10; i++)
		kmod_forget(flow[i]);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	CU_ASSERT_EQUAL(kmod_count(kmod), 0);
	end(kmod);
}

static void test_a_send_that_fails_is_made_up_for(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL);

	fake.send_error = -ENOBUFS;
	kmod_flush(kmod);
	CU_ASSERT_FALSE(kmod_flow_installed(flow));
	CU_ASSERT_TRUE(kmod_available(kmod));
	fake.send_error = 0;
	kmod_flush(kmod);
	CU_ASSERT_TRUE(kmod_flow_installed(flow));
	end(kmod);
}

static void test_flows_of_the_daemon_before(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct flow_spec t = spec(30002, "203.0.113.7:6002");
	struct endpoint orphan = ep("192.0.2.1:30004"), foreign = ep("192.0.2.1:20000");
	struct kmod_flow *flow, *other;
	struct flow_state state;

	fake_kmod_leave(&fake, &s.local, s.cookie)->packets = 500;
	fake_kmod_leave(&fake, &t.local, (const uint8_t *)"somebody else's_")->packets = 700;
	fake_kmod_leave(&fake, &orphan, s.cookie);
	fake_kmod_leave(&fake, &foreign, NULL);
	flow = kmod_set(kmod, &s, NULL);
	other = kmod_set(kmod, &t, NULL);
	kmod_adopt(kmod);
	CU_ASSERT_TRUE(kmod_flow_installed(flow));
	CU_ASSERT_TRUE(kmod_flow_installed(other));
	CU_ASSERT_EQUAL(fake.n_carried, 1);
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(state.sums.packets, 500);
	kmod_flows_read(&other, 1, &state);
	CU_ASSERT_EQUAL(state.sums.packets, 0);
	CU_ASSERT_PTR_NULL(fake_kmod_find(&fake, &orphan));
	CU_ASSERT_PTR_NOT_NULL_FATAL(fake_kmod_find(&fake, &foreign));
	fake_kmod_find(&fake, &foreign)->used = false;
	end(kmod);
}

static void test_flows_may_be_forgotten_in_events(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct flow_spec t = spec(30002, "203.0.113.7:6002");

	kmod_set(kmod, &s, NULL);
	told.forget = kmod_set(kmod, &t, NULL);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(told.count[KMOD_CHANGED], 1);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 1);
	fake_kmod_silent(&fake, fake_kmod_find(&fake, &s.local), true);
	told.forget = kmod_set(kmod, &s, NULL);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 0);
	end(kmod);
}

static void test_close_can_leave_flows_behind(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");

	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	kmod_close(kmod, false);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 1);
}

static void test_no_memory(void)
{
	struct flow_spec s = spec(30000, "203.0.113.7:6000");

	memset(&told, 0, sizeof(told));
	ALLOC_FAILS_AT_EACH
	{
		const struct kmod_conf conf = { &fake.link, on_event, owns, &told };
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
	   { "the same again asks nothing", test_same_again_asks_nothing },
	   { "replaces, and goes on counting", test_replaces_and_goes_on_counting },
	   { "sums survive drop and set", test_sums_survive_drop_and_set },
	   { "forget tells the kernel and frees", test_forget_tells_the_kernel_and_frees },
	   { "the port of a forgotten flow counts anew",
	     test_port_of_a_forgotten_flow_counts_anew },
	   { "many go in few sends", test_many_go_in_few_sends },
	   { "the kernel refuses with a sentence", test_kernel_refuses_with_a_sentence },
	   { "a refused replacement removes the old flow",
	     test_refused_replacement_removes_the_old_flow },
	   { "flows beyond the limit are tried again",
	     test_flows_beyond_the_limit_are_tried_again },
	   { "what waits for room may change", test_what_waits_for_room_may_change },
	   { "many are read in few sends", test_many_are_read_in_few_sends },
	   { "a flow that vanished is found by reading",
	     test_a_flow_that_vanished_is_found_by_reading },
	   { "without module nothing is set", test_without_module_nothing_is_set },
	   { "off is NULL", test_off_is_null },
	   { "the module is loaded later", test_module_is_loaded_later },
	   { "the module is unloaded and loaded", test_module_is_unloaded_and_loaded },
	   { "the module goes while flows are set", test_module_goes_while_flows_are_set },
	   { "idle and resumed are told", test_idle_and_resumed_are_told },
	   { "news of an earlier flow are not believed",
	     test_news_of_an_earlier_flow_are_not_believed },
	   { "strangers are told", test_strangers_are_told },
	   { "lost news are found by comparing", test_lost_news_are_found_by_comparing },
	   { "lost answers are found by comparing", test_lost_answers_are_found_by_comparing },
	   { "a send that fails is made up for", test_a_send_that_fails_is_made_up_for },
	   { "flows of the daemon before", test_flows_of_the_daemon_before },
	   { "flows may be forgotten in events", test_flows_may_be_forgotten_in_events },
	   { "close can leave flows behind", test_close_can_leave_flows_behind },
	   { "no memory", test_no_memory });
