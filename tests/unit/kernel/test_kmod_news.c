/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_kmod_news.c - loading and unloading of the module; events that arrive or are lost */
#include "kmod_scene.h"
#include "tests/unit/test_clock.h"

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

static void test_module_is_loaded_later(void)
{
	struct kmod *kmod = start(false);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");

	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	CU_ASSERT_TRUE(kmod_available(kmod));
	CU_ASSERT_EQUAL(reported.count[KMOD_CAME], 1);
	CU_ASSERT_EQUAL(fake.n_joins, 2);
	CU_ASSERT_PTR_NOT_NULL(kmod_set(kmod, &s, NULL));
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 1);
	end(kmod);
}

/* A daemon that was replaced must not report the packets of the earlier one as its own. */
static void test_counts_from_before_the_start_are_left_out(void)
{
	struct kmod *kmod = start(false);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	uint64_t counters[RTPRELAY_C_MAX + 1];

	fake_kmod_load(&fake, true);
	fake.past_packets = 1000;
	kmod_dispatch(kmod);
	kmod_totals(kmod, counters);
	CU_ASSERT_EQUAL(counters[RTPRELAY_C_PACKETS], 0);
	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	fake_kmod_find(&fake, &s.local)->packets = 5;
	kmod_totals(kmod, counters);
	CU_ASSERT_EQUAL(counters[RTPRELAY_C_PACKETS], 5);
	end(kmod);
}

/* Until the kernel said otherwise, a flow was heard: the call's time-out begins with the unload. */
static void test_a_call_that_talked_is_not_silent_after_the_unload(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct flow_spec t = spec(30002, "203.0.113.7:6002");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL), *idle = kmod_set(kmod, &t, NULL);
	struct fake_flow *there;
	int64_t unloaded_ms;

	test_clock_stop();
	kmod_flush(kmod);
	there = fake_kmod_find(&fake, &t.local);
	there->seen_ago_ms = 60000;
	fake_kmod_silent(&fake, there, true);
	kmod_dispatch(kmod);
	test_clock_pass(100000);
	unloaded_ms = clock_ms();
	fake_kmod_load(&fake, false);
	kmod_dispatch(kmod);
	test_clock_pass(5000);
	CU_ASSERT_EQUAL(kmod_flow_last_in_ms(flow, clock_ms()), unloaded_ms);
	CU_ASSERT_EQUAL(kmod_flow_last_in_ms(idle, clock_ms()), unloaded_ms - 160000);
	end(kmod);
	test_clock_go();
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
	CU_ASSERT_EQUAL(reported.count[KMOD_WENT], 1);
	CU_ASSERT_FALSE(kmod_available(kmod));
	CU_ASSERT_FALSE(kmod_flow_installed(flow));
	kmod_flows_read(&flow, 1, &state);
	CU_ASSERT_EQUAL(state.sums.packets, 50);
	fake_kmod_load(&fake, true);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(reported.count[KMOD_CAME], 1);
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

/* The event of the unload is still under way: the request finds no family. */
static void test_module_goes_while_flows_are_set(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL);

	fake_kmod_load(&fake, false);
	kmod_flush(kmod);
	CU_ASSERT_FALSE(kmod_available(kmod));
	CU_ASSERT_EQUAL(reported.count[KMOD_WENT], 1);
	CU_ASSERT_FALSE(kmod_flow_installed(flow));
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(reported.count[KMOD_WENT], 1);
	end(kmod);
}

static void test_idle_and_resumed_are_reported(void)
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
	CU_ASSERT_EQUAL(reported.count[KMOD_IDLE], 1);
	CU_ASSERT_PTR_EQUAL(reported.flow, flow);
	last_ms = kmod_flow_last_in_ms(flow, now_ms);
	CU_ASSERT_TRUE(last_ms >= now_ms - 60000 && last_ms < now_ms - 50000);
	there->seen_ago_ms = 0;
	fake_kmod_silent(&fake, there, false);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(reported.count[KMOD_RESUMED], 1);
	CU_ASSERT_EQUAL(kmod_flow_last_in_ms(flow, now_ms), now_ms);
	end(kmod);
}

static void test_events_of_an_earlier_flow_are_ignored(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct fake_flow *there;

	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	there = fake_kmod_find(&fake, &s.local);
	fake_kmod_silent(&fake, there, true); /* under way, while the port gets another flow */
	kmod_forget(kmod_set(kmod, &s, NULL));
	kmod_flush(kmod);
	s.cookie[3] = 'X';
	kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(reported.count[KMOD_IDLE], 0);
	end(kmod);
}

static void test_unknown_sources_are_reported(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct endpoint unknown = ep("203.0.113.66:1234");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL);

	kmod_flush(kmod);
	fake_kmod_stranger(&fake, fake_kmod_find(&fake, &s.local), &unknown, 0x1234, 65535, 8);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(reported.count[KMOD_STRANGER], 1);
	CU_ASSERT_PTR_EQUAL(reported.flow, flow);
	CU_ASSERT_TRUE(endpoint_eq(&reported.unknown.source, &unknown));
	CU_ASSERT_TRUE(reported.unknown.rtp);
	CU_ASSERT_EQUAL(reported.unknown.ssrc, 0x1234);
	CU_ASSERT_EQUAL(reported.unknown.seq, 65535);
	CU_ASSERT_EQUAL(reported.unknown.pt, 8);
	CU_ASSERT_EQUAL(reported.unknown.count, 1);
	end(kmod);
}

/* UDPTL: only a number, in reports of the flow and of refused packets; RTP has more. */
static void test_numbers_of_opaque_flows_are_reported(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct endpoint unknown = ep("203.0.113.66:1234");
	struct kmod_flow *flow;
	struct flow_state state;
	struct flow_sums sums;

	s.kind = RTPRELAY_KIND_OPAQUE;
	flow = kmod_set(kmod, &s, NULL);
	kmod_flush(kmod);
	fake_kmod_stranger(&fake, fake_kmod_find(&fake, &s.local), &unknown, 0x1234, 65535, 8);
	kmod_dispatch(kmod);
	CU_ASSERT_FALSE(reported.unknown.rtp);
	CU_ASSERT_TRUE(reported.unknown.numbered);
	CU_ASSERT_EQUAL(reported.unknown.seq, 65535);

	kmod_flows_read(&flow, 1, &state);
	kmod_flow_sums(flow, &sums);
	CU_ASSERT_FALSE(sums.rtp.numbered);
	fake_kmod_find(&fake, &s.local)->ssrc = 1;
	fake_kmod_find(&fake, &s.local)->expected = 0x4321;
	kmod_flows_read(&flow, 1, &state);
	kmod_flow_sums(flow, &sums);
	CU_ASSERT_TRUE(sums.rtp.numbered);
	CU_ASSERT_FALSE(sums.rtp.known);
	CU_ASSERT_EQUAL(sums.rtp.seq, 0x4321);
	/* The flow ends: its last number is known on. */
	kmod_drop(flow);
	kmod_flush(kmod);
	kmod_flow_sums(flow, &sums);
	CU_ASSERT_TRUE(sums.rtp.numbered);
	CU_ASSERT_EQUAL(sums.rtp.seq, 0x4321);
	end(kmod);
}

static void test_lost_events_are_detected_by_comparing(void)
{
	struct kmod *kmod = start(true);
	struct flow_spec s = spec(30000, "203.0.113.7:6000");
	struct flow_spec t = spec(30002, "203.0.113.7:6002");
	struct kmod_flow *flow = kmod_set(kmod, &s, NULL), *other = kmod_set(kmod, &t, NULL);

	kmod_flush(kmod);
	fake_kmod_find(&fake, &s.local)->seen_ago_ms = 61000;
	fake_kmod_silent(&fake, fake_kmod_find(&fake, &s.local), true);
	fake_kmod_find(&fake, &t.local)->used = false; /* another program has removed it */
	fake_kmod_overrun(&fake, KMOD_NEWS);
	kmod_dispatch(kmod);
	CU_ASSERT_EQUAL(reported.count[KMOD_IDLE], 1);
	CU_ASSERT_TRUE(kmod_flow_last_in_ms(flow, clock_ms()) < clock_ms() - 60000);
	CU_ASSERT_PTR_NOT_NULL(fake_kmod_find(&fake, &t.local));
	CU_ASSERT_TRUE(kmod_flow_installed(other));
	end(kmod);
}

static void test_lost_answers_are_detected_by_comparing(void)
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

static void test_a_failed_send_is_repeated(void)
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

static void test_flows_of_an_earlier_daemon_are_adopted_or_removed(void)
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
	reported.forget = kmod_set(kmod, &t, NULL);
	kmod_flush(kmod);
	CU_ASSERT_EQUAL(reported.count[KMOD_CHANGED], 1);
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 1);
	fake_kmod_silent(&fake, fake_kmod_find(&fake, &s.local), true);
	reported.forget = kmod_set(kmod, &s, NULL);
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

/* The daemon asks by name once, at its start: an operator's modprobe -r has to last. */
static void test_unloaded_module_is_not_loaded_again(void)
{
	struct kmod *kmod = start(true);

	CU_ASSERT_EQUAL(fake.n_named, 1);
	fake_kmod_load(&fake, false);
	fake_kmod_overrun(&fake, KMOD_NEWS); /* the news is lost: it has to look */
	kmod_dispatch(kmod);
	kmod_flush(kmod);
	CU_ASSERT_FALSE(kmod_available(kmod));
	fake_kmod_load(&fake, true);
	fake_kmod_overrun(&fake, KMOD_NEWS);
	kmod_dispatch(kmod);
	kmod_flush(kmod);
	CU_ASSERT_TRUE(kmod_available(kmod));
	CU_ASSERT_EQUAL(fake.n_named, 1);
	end(kmod);
}

/* For --check-config with kernel=require. */
static void test_probe_says_whether_the_module_is_usable(void)
{
	fake_kmod_init(&fake, true);
	CU_ASSERT_EQUAL(kmod_probe(&fake.link), 0);
	CU_ASSERT_TRUE(fake.closed);
	fake_kmod_init(&fake, false);
	CU_ASSERT_EQUAL(kmod_probe(&fake.link), -ENOENT);
	CU_ASSERT_TRUE(fake.closed);
	ALLOC_FAILS_AT_EACH
	{
		fake_kmod_init(&fake, true);
		CU_ASSERT_EQUAL(kmod_probe(&fake.link), alloc_failed() ? -ENOMEM : 0);
		CU_ASSERT_TRUE(fake.closed);
	}
}

TEST_SUITE(kmod_news, { "without module nothing is set", test_without_module_nothing_is_set },
	   { "the module is loaded later", test_module_is_loaded_later },
	   { "counts from before the start are left out",
	     test_counts_from_before_the_start_are_left_out },
	   { "a call that talked is not silent after the unload",
	     test_a_call_that_talked_is_not_silent_after_the_unload },
	   { "an unloaded module is not loaded again (row 10)",
	     test_unloaded_module_is_not_loaded_again },
	   { "the module is unloaded and loaded", test_module_is_unloaded_and_loaded },
	   { "the module goes while flows are set", test_module_goes_while_flows_are_set },
	   { "idle and resumed are reported", test_idle_and_resumed_are_reported },
	   { "events of an earlier flow are ignored", test_events_of_an_earlier_flow_are_ignored },
	   { "unknown sources are reported", test_unknown_sources_are_reported },
	   { "numbers of opaque flows are reported", test_numbers_of_opaque_flows_are_reported },
	   { "lost events are detected by comparing", test_lost_events_are_detected_by_comparing },
	   { "lost answers are detected by comparing",
	     test_lost_answers_are_detected_by_comparing },
	   { "a failed send is repeated", test_a_failed_send_is_repeated },
	   { "flows of an earlier daemon are adopted or removed",
	     test_flows_of_an_earlier_daemon_are_adopted_or_removed },
	   { "flows may be forgotten in events", test_flows_may_be_forgotten_in_events },
	   { "close can leave flows behind", test_close_can_leave_flows_behind },
	   { "a probe says whether the module is usable",
	     test_probe_says_whether_the_module_is_usable });
