/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_media_path.c - flows follow the streams of a media: latched, moved, blocked, refused */
#include "daemon/call/dialog.h"
#include "tests/unit/packet/talk_scene.h"
#include "tests/unit/test_clock.h"

static void test_flows_come_with_latching(void)
{
	struct endpoint a, b;
	struct fake_flow *flow;
	struct talk t;

	talk_open(&t, true);
	a = at(t.phone[SIDE_A].port, "127.0.0.1");
	b = at(t.phone[SIDE_B].port, "127.0.0.1");
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user, "not latched");
	phone_sends(&t, SIDE_A, COMP_RTP);
	/* Toward B, whose address is known by SDP, though it has not sent yet. */
	UNTIL(&t, fake_kmod_count(&fake) == 1);
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	CU_ASSERT_PTR_NOT_NULL_FATAL(flow);
	CU_ASSERT_TRUE(endpoint_eq(&flow->src, &a));
	CU_ASSERT_TRUE(endpoint_eq(&flow->dst, &b));
	CU_ASSERT_EQUAL(endpoint_port(&flow->out), media_of(&t)->port[SIDE_B]);
	CU_ASSERT_EQUAL(flow->idle_s, 60);
	CU_ASSERT_TRUE(report(&t, SIDE_A, COMP_RTP).in_kernel);
	CU_ASSERT_PTR_NULL(report(&t, SIDE_A, COMP_RTP).why_user);
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_B, COMP_RTP).why_user, "not latched");
	all_send(&t);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	CU_ASSERT_EQUAL(flow_of(&t, SIDE_A, COMP_RTCP)->kind, RTPRELAY_KIND_RTCP);
	CU_ASSERT_EQUAL(media_path_kind(media_of(&t)), PATH_KERNEL);
	talk_close(&t);
}

/* A call whose packets were received only by the kernel is not a call without media. */
static void test_media_in_the_kernel_is_not_silence(void)
{
	struct talk t;

	talk_in_kernel(&t);
	flow_of(&t, SIDE_A, COMP_RTP)->packets = 500;
	flow_of(&t, SIDE_B, COMP_RTP)->packets = 500;
	call_table_close_all(t.scene.calls);
	CU_ASSERT_EQUAL(t.scene.stats.zero_way, 0);
	CU_ASSERT_EQUAL(t.scene.stats.one_way, 0);
	talk_close(&t);
}

static void test_module_goes_and_comes(void)
{
	struct talk t;

	talk_in_kernel(&t);
	flow_of(&t, SIDE_A, COMP_RTP)->packets = 300;
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).packets_in, 301);
	fake_kmod_load(&fake, false);
	turn(&t);
	CU_ASSERT_FALSE(report(&t, SIDE_A, COMP_RTP).in_kernel);
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user,
			       "no kernel path is available");
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).packets_in, 301);
	phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, report(&t, SIDE_A, COMP_RTP).packets_in == 302);
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).lost, 0);
	fake_kmod_load(&fake, true);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	CU_ASSERT_TRUE(report(&t, SIDE_A, COMP_RTP).in_kernel);
	flow_of(&t, SIDE_A, COMP_RTP)->packets = 10;
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).packets_in, 312);
	talk_close(&t);
}

static void test_module_comes_later(void)
{
	struct talk t;

	talk_open(&t, false);
	all_send(&t);
	UNTIL(&t, report(&t, SIDE_B, COMP_RTCP).packets_in == 1);
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user,
			       "no kernel path is available");
	fake_kmod_load(&fake, true);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	talk_close(&t);
}

static void test_idle_flows_time_out_without_polling(void)
{
	struct dialog *dialog;
	unsigned int requests;
	struct talk t;

	talk_in_kernel(&t);
	dialog = call_find(t.scene.calls, STR("call"))->dialogs;
	dialog->last_signal_ms -= 100000;
	requests = fake.n_requests;
	/*
	 * The kernel reported no silence: the call has media, though the daemon itself received
	 * none.
	 */
	CU_ASSERT_EQUAL(dialog_last_in_ms(dialog, 12345678901), 12345678901);
	CU_ASSERT_EQUAL(fake.n_requests, requests);
	for (int i = 0; i < 4; i++) {
		struct fake_flow *flow = flow_of(&t, i >> 1, i & 1);

		flow->seen_ago_ms = 100;
		fake_kmod_silent(&fake, flow, true);
	}
	t.scene.calls->conf.timeout_s = 1;
	kmod_dispatch(t.kmod);
	CU_ASSERT_TRUE(dialog_last_in_ms(dialog, clock_ms() + 90000) <= clock_ms());
	event_base_loop(t.scene.base, EVLOOP_ONCE);
	CU_ASSERT_PTR_NULL(call_find(t.scene.calls, STR("call")));
	CU_ASSERT_EQUAL(t.scene.stats.calls_timeout, 1);
	talk_close(&t);
}

/*
 * The timer of a call whose media is in the kernel was set while the kernel heard it. The silence
 * ends the call when the time-out is over, not another time-out later.
 */
static void test_silence_in_the_kernel_moves_the_deadline(void)
{
	struct call *call;
	struct talk t;

	talk_in_kernel(&t);
	call = call_find(t.scene.calls, STR("call"));
	test_clock_stop();
	test_clock_pass(60000);
	event_active(&call->timer, EV_TIMEOUT, 1);
	event_base_loop(t.scene.base, EVLOOP_NONBLOCK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(call_find(t.scene.calls, STR("call")));
	CU_ASSERT_EQUAL(call->timer_at_ms, clock_ms() + 60000);
	for (int i = 0; i < 4; i++) {
		struct fake_flow *flow = flow_of(&t, i >> 1, i & 1);

		flow->seen_ago_ms = 50000;
		fake_kmod_silent(&fake, flow, true);
	}
	kmod_dispatch(t.kmod);
	CU_ASSERT_EQUAL(call->timer_at_ms, clock_ms() + 10000);
	test_clock_go();
	talk_close(&t);
}

/* The module refuses a longer time than a day. It only reports silence: the timer decides. */
static void test_idle_time_of_flows_is_the_timeout_within_limits(void)
{
	static const struct {
		unsigned int timeout_s, keepalive_s, idle_s;
	} rows[] = { { 0, 0, RTPRELAY_IDLE_DEFAULT },
		     { 1, 0, 1 },
		     { RTPRELAY_IDLE_MAX, 0, RTPRELAY_IDLE_MAX },
		     { 100000, 0, RTPRELAY_IDLE_MAX },
		     /* A keep-alive is due earlier than the call times out. */
		     { 60, 20, 20 },
		     { 10, 20, 10 },
		     { 100000, 3600, 3600 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct talk t;

		talk_open(&t, true);
		t.scene.calls->conf.timeout_s = rows[i].timeout_s;
		t.scene.calls->conf.keepalive_s = (uint16_t)rows[i].keepalive_s;
		phone_sends(&t, SIDE_A, COMP_RTP);
		UNTIL(&t, fake_kmod_count(&fake) == 1);
		CU_ASSERT_EQUAL(flow_of(&t, SIDE_A, COMP_RTP)->idle_s, rows[i].idle_s);
		talk_close(&t);
	}
}

/* A flow that is in use is not looked at; a silent one is reported: its receiver is kept. */
static void test_silence_in_the_kernel_leads_to_keepalives(void)
{
	struct bridge_conf conf;
	struct talk t;

	talk_in_kernel(&t);
	conf = *bridge_conf(media_of(&t)->bridge);
	conf.keepalive_s = 1;
	bridge_update(media_of(&t)->bridge, &conf, NULL);
	flow_of(&t, SIDE_A, COMP_RTP)->seen_ago_ms = 1000;
	fake_kmod_silent(&fake, flow_of(&t, SIDE_A, COMP_RTP), true);
	UNTIL(&t, report(&t, SIDE_B, COMP_RTP).keepalives_out > 0);
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).keepalives_out, 0);
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTCP).keepalives_out, 0);
	CU_ASSERT_EQUAL(report(&t, SIDE_B, COMP_RTCP).keepalives_out, 0);
	talk_close(&t);
}

/* A daemon that starts again knows by the cookie which call a flow was made for. */
static void test_cookie_tells_calls_of_one_call_id_apart(void)
{
	uint8_t cookie[FLOW_COOKIE];
	struct talk t;

	talk_in_kernel(&t);
	memcpy(cookie, flow_of(&t, SIDE_A, COMP_RTP)->cookie, FLOW_COOKIE);
	CU_ASSERT_EQUAL(memcmp(cookie, flow_of(&t, SIDE_B, COMP_RTCP)->cookie, FLOW_COOKIE), 0);
	call_end(call_find(t.scene.calls, STR("call")), CALL_DELETED);
	CU_ASSERT_EQUAL(signal_sdp(&t, SIDE_A).code, REPLY_OK);
	CU_ASSERT_EQUAL(signal_sdp(&t, SIDE_B).code, REPLY_OK);
	all_send(&t);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	CU_ASSERT_NOT_EQUAL(memcmp(cookie, flow_of(&t, SIDE_A, COMP_RTP)->cookie, FLOW_COOKIE), 0);
	talk_close(&t);
}

/* So much later that the last packets are from before a silence. */
static void skip_silence(void)
{
	test_clock_stop();
	test_clock_pass(LATCH_SILENCE_MS + 100);
	test_clock_go();
}

static void test_rebound_phone_is_found_by_the_kernels_report(void)
{
	struct endpoint rebound, before;
	struct fake_flow *flow;
	struct talk t;

	talk_in_kernel(&t);
	before = at(t.phone[SIDE_A].port, "127.0.0.1");
	rebound = at(23999, "127.0.0.1");
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	flow->packets = 100;
	flow->ssrc = 1;
	flow->expected = 200; /* also the sequence number in the fake's reports */
	/* A packet from the old address just arrived, and the report is of another sender. */
	flow->seen_ago_ms = 20;
	fake_kmod_stranger(&fake, flow, &rebound, 9, 201, 0);
	for (int i = 0; i < 5; i++)
		turn(&t);
	CU_ASSERT_TRUE(endpoint_eq(&flow_of(&t, SIDE_A, COMP_RTP)->src, &before));
	/* The old one has been silent, SSRC and sequence continue: its NAT gave it another port. */
	skip_silence();
	flow->seen_ago_ms = LATCH_SILENCE_MS + 50;
	fake_kmod_stranger(&fake, flow, &rebound, 1, 201, 0);
	UNTIL(&t, endpoint_eq(&flow_of(&t, SIDE_A, COMP_RTP)->src, &rebound));
	CU_ASSERT_EQUAL(fake_kmod_count(&fake), 4);
	CU_ASSERT_TRUE(endpoint_eq(&flow_of(&t, SIDE_B, COMP_RTP)->dst, &rebound));
	CU_ASSERT_EQUAL(flow_of(&t, SIDE_A, COMP_RTP)->packets, 100);
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).relatched, 1);
	talk_close(&t);
}

static bool is_from(const struct fake_flow *flow, const struct endpoint *source)
{
	return flow && endpoint_eq(&flow->src, source);
}

/*
 * R17: the report comes with the first packet of the new port. The daemon receives the next ones,
 * and follows when the old port was silent for 200 ms.
 */
static void test_r17_rebound_phone_comes_up_until_it_is_followed(void)
{
	struct endpoint rebound;
	struct fake_flow *flow;
	struct phone old;
	struct talk t;

	talk_in_kernel(&t);
	old = t.phone[SIDE_A];
	phone_open(&t.phone[SIDE_A]);
	rebound = at(t.phone[SIDE_A].port, "127.0.0.1");
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	flow->packets = 100;
	flow->ssrc = 1;
	flow->expected = 200;
	flow->seen_ago_ms = 20;
	fake_kmod_stranger(&fake, flow, &rebound, 1, 201, 0);
	UNTIL(&t, !flow_of(&t, SIDE_A, COMP_RTP));
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user,
			       "another source may take its place");
	t.phone[SIDE_A].seq = 201;
	test_clock_stop();
	test_clock_pass(LATCH_PAUSE_MS);
	test_clock_go();
	phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, is_from(flow_of(&t, SIDE_A, COMP_RTP), &rebound));
	close(old.fd[COMP_RTP]);
	close(old.fd[COMP_RTCP]);
	talk_close(&t);
}

/*
 * A fax: at the first packet of the new port, though the old one is not silent yet. The phones'
 * packets all begin with 0x8000, which is their number here.
 */
static void test_rebound_fax_is_found_by_the_kernels_report(void)
{
	struct endpoint rebound = at(23999, "127.0.0.1");
	struct fake_flow *flow;
	struct talk t;

	talk_open_as(&t, true, true);
	phone_sends(&t, SIDE_A, COMP_RTP);
	phone_sends(&t, SIDE_B, COMP_RTP);
	UNTIL(&t, fake_kmod_count(&fake) == 2);
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	CU_ASSERT_EQUAL(flow->kind, RTPRELAY_KIND_OPAQUE);
	flow->packets = 100;
	flow->ssrc = 1;
	flow->expected = 0x9000;
	test_clock_stop();
	test_clock_pass(LATCH_SILENCE_MS / 2);
	test_clock_go();
	flow->seen_ago_ms = 20;
	fake_kmod_stranger(&fake, flow, &rebound, 0, 0x8001, 0);
	for (int i = 0; i < 5; i++)
		turn(&t);
	CU_ASSERT_PTR_NOT_NULL(flow_of(&t, SIDE_A, COMP_RTP));
	fake_kmod_stranger(&fake, flow, &rebound, 0, 0x9001, 0);
	UNTIL(&t, !flow_of(&t, SIDE_A, COMP_RTP));
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user,
			       "another source may take its place");
	CU_ASSERT_PTR_NOT_NULL(flow_of(&t, SIDE_B, COMP_RTP));
	talk_close(&t);
}

/* The same report as of a phone that rebound, but with a payload type that is not in the SDP. */
static void test_payload_type_of_the_kernels_report_is_checked(void)
{
	struct endpoint rebound, before;
	struct stream_report r;
	struct fake_flow *flow;
	struct talk t;

	talk_in_kernel(&t);
	before = at(t.phone[SIDE_A].port, "127.0.0.1");
	rebound = at(23999, "127.0.0.1");
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	flow->ssrc = 1;
	flow->expected = 200;
	flow->seen_ago_ms = LATCH_SILENCE_MS + 50;
	test_clock_stop();
	test_clock_pass(LATCH_SILENCE_MS + 100);
	fake_kmod_stranger(&fake, flow, &rebound, 1, 201, 96);
	test_clock_go();
	/* Judged: the daemon looks at each packet from now on. */
	UNTIL(&t, !flow_of(&t, SIDE_A, COMP_RTP));
	r = report(&t, SIDE_A, COMP_RTP);
	CU_ASSERT_TRUE(endpoint_eq(&r.latched, &before));
	CU_ASSERT_EQUAL(r.relatched, 0);
	talk_close(&t);
}

static void test_unknown_source_never_gets_a_flow(void)
{
	struct endpoint unknown, before;
	struct stream_report r;
	struct fake_flow *flow;
	struct talk t;

	talk_in_kernel(&t);
	before = at(t.phone[SIDE_A].port, "127.0.0.1");
	unknown = at(4000, "203.0.113.66");
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	flow->ssrc = 1;
	flow->expected = 200;
	skip_silence();
	flow->seen_ago_ms =
		LATCH_SILENCE_MS + 50; /* the phone is silent: the attacker's best moment */
	fake_kmod_stranger(&fake, flow, &unknown, 1, 201, 0);
	/*
	 * A flood of the attacker would hide the phone from the kernel's reports, so the media
	 * comes up to the daemon.
	 */
	UNTIL(&t, !flow_of(&t, SIDE_A, COMP_RTP));
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user,
			       "another source may take its place");
	r = report(&t, SIDE_A, COMP_RTP);
	CU_ASSERT_TRUE(endpoint_eq(&r.latched, &before));
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).relatched, 0);
	/* The phone sends again. */
	phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, flow_of(&t, SIDE_A, COMP_RTP) != NULL);
	CU_ASSERT_TRUE(endpoint_eq(&flow_of(&t, SIDE_A, COMP_RTP)->src, &before));
	talk_close(&t);
}

static void test_blocked_media_is_dropped_there(void)
{
	struct request request = { .call_id = STR("call"), .from_tag = STR("a") };
	struct talk t;

	talk_in_kernel(&t);
	scene_run(&t.scene, command_block_media, request);
	UNTIL(&t, flow_of(&t, SIDE_A, COMP_RTP)->flags == RTPRELAY_FLOW_DROP);
	CU_ASSERT_EQUAL(flow_of(&t, SIDE_B, COMP_RTP)->flags, 0);
	scene_run(&t.scene, command_unblock_media, request);
	UNTIL(&t, flow_of(&t, SIDE_A, COMP_RTP)->flags == 0);
	CU_ASSERT_EQUAL(fake.n_dels, 0);
	talk_close(&t);
}

static void test_silenced_media_comes_up_and_goes_back(void)
{
	struct request request = { .call_id = STR("call"), .from_tag = STR("a") };
	struct talk t;

	talk_in_kernel(&t);
	flow_of(&t, SIDE_A, COMP_RTP)->packets = 50;
	scene_run(&t.scene, command_silence_media, request);
	UNTIL(&t, fake_kmod_count(&fake) == 3);
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user, "silenced by command");
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).packets_in, 51);
	scene_run(&t.scene, command_unsilence_media, request);
	UNTIL(&t, fake_kmod_count(&fake) == 4);
	CU_ASSERT_EQUAL(report(&t, SIDE_A, COMP_RTP).packets_in, 51);
	talk_close(&t);
}

static void test_reason_of_the_kernel_is_reported(void)
{
	struct talk t;

	talk_open(&t, true);
	fake.refuse_add = -ENOSPC;
	fake.sentence = "the limit of flows of this namespace is reached";
	all_send(&t);
	UNTIL(&t, fake.n_adds >= 4);
	CU_ASSERT_STRING_EQUAL(report(&t, SIDE_A, COMP_RTP).why_user, fake.sentence);
	phone_sends(&t, SIDE_A, COMP_RTP);
	UNTIL(&t, report(&t, SIDE_B, COMP_RTP).packets_out >= 2);
	talk_close(&t);
}

static void test_kernel_path_that_is_off_is_reported(void)
{
	struct stream_report r;
	struct talk t;

	talk_open(&t, true);
	t.scene.calls->conf.kmod = NULL;
	media_report(media_of(&t), SIDE_A, COMP_RTP, &r);
	CU_ASSERT_FALSE(r.in_kernel);
	CU_ASSERT_STRING_EQUAL(r.why_user, "the kernel path is off");
	t.scene.calls->conf.kmod = t.kmod;
	talk_close(&t);
}

TEST_SUITE(media_path, { "flows come with latching", test_flows_come_with_latching },
	   { "silence in the kernel leads to keepalives",
	     test_silence_in_the_kernel_leads_to_keepalives },
	   { "media in the kernel is not silence", test_media_in_the_kernel_is_not_silence },
	   { "the module goes and comes", test_module_goes_and_comes },
	   { "the module comes later", test_module_comes_later },
	   { "idle flows time out without polling", test_idle_flows_time_out_without_polling },
	   { "silence in the kernel moves the deadline",
	     test_silence_in_the_kernel_moves_the_deadline },
	   { "idle time of flows is the time-out, within limits",
	     test_idle_time_of_flows_is_the_timeout_within_limits },
	   { "the cookie tells calls of one Call-ID apart",
	     test_cookie_tells_calls_of_one_call_id_apart },
	   { "a rebound phone is found by the kernel's report",
	     test_rebound_phone_is_found_by_the_kernels_report },
	   { "R17: a rebound phone comes up until it is followed",
	     test_r17_rebound_phone_comes_up_until_it_is_followed },
	   { "row 8: a rebound fax is found by the kernel's report",
	     test_rebound_fax_is_found_by_the_kernels_report },
	   { "payload type of the kernel's report is checked",
	     test_payload_type_of_the_kernels_report_is_checked },
	   { "an unknown source never gets a flow", test_unknown_source_never_gets_a_flow },
	   { "blocked media is dropped there", test_blocked_media_is_dropped_there },
	   { "silenced media comes up and goes back", test_silenced_media_comes_up_and_goes_back },
	   { "the kernel's reason is reported", test_reason_of_the_kernel_is_reported },
	   { "a kernel path that is off is reported", test_kernel_path_that_is_off_is_reported });
