/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_homer_reports.c - what is reported of a call to homer, on both paths, and when */
#include "daemon/call/homer_reports.h"
#include "daemon/packet/rtcp_ring.h"
#include "tests/unit/homer/homer_server.h"
#include "tests/unit/packet/talk_scene.h"
#include "tests/unit/test_clock.h"

static struct homer_server server;

static void add_homer(struct talk *t)
{
	homer_server_open(&server);
	t->scene.fds_before += 2;
	t->scene.calls->conf.homer = server.homer;
}

static void open_talk(struct talk *t)
{
	talk_open(t, false);
	add_homer(t);
}

static void close_talk(struct talk *t)
{
	t->scene.calls->conf.homer = NULL;
	homer_server_close(&server);
	t->scene.fds_before -= 2;
	talk_close(t);
}

static void both_speak(struct talk *t)
{
	uint64_t a = report(t, SIDE_A, COMP_RTP).packets_in,
		 b = report(t, SIDE_B, COMP_RTP).packets_in;

	phone_sends(t, SIDE_A, COMP_RTP);
	phone_sends(t, SIDE_B, COMP_RTP);
	UNTIL(t, report(t, SIDE_A, COMP_RTP).packets_in > a &&
			 report(t, SIDE_B, COMP_RTP).packets_in > b);
}

/* A whole round of the sweep. */
static void sweep(struct talk *t)
{
	struct sweep sweep = { .began_ms = 0 };

	do
		sweep_tick(&sweep, t->scene.calls, clock_ms());
	while (sweep.cursor.table);
}

static bool hears(unsigned int type, const char *what)
{
	return homer_server_hears(&server) && server.heard.number[0x0b] == type &&
	       !strcmp(server.heard.text[0x11], "call") && strstr(server.heard.text[0x0f], what);
}

static void test_each_interval_and_the_end_are_reported(void)
{
	struct talk t;

	open_talk(&t);
	sweep(&t);
	CU_ASSERT_EQUAL(server.sent, 0); /* nobody has spoken */
	both_speak(&t);
	sweep(&t);
	CU_ASSERT_EQUAL(server.sent, 2);
	CU_ASSERT_TRUE(hears(35, "\"REPORT_NAME\":\"caller\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(server.heard.text[0x0f], "\"TOTAL_PK\":1,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(server.heard.text[0x0f], "\"CODEC_NAME\":\"PCMU\""));
	CU_ASSERT_EQUAL(server.heard.number[0x07], t.phone[SIDE_A].port);
	CU_ASSERT_TRUE(hears(35, "\"REPORT_NAME\":\"callee\""));
	CU_ASSERT_EQUAL(server.heard.number[0x07], t.phone[SIDE_B].port);
	sweep(&t);
	CU_ASSERT_EQUAL(server.sent, 2); /* nothing new */
	call_end(call_find(t.scene.calls, STR("call")), CALL_DELETED);
	CU_ASSERT_EQUAL(server.sent, 4);
	CU_ASSERT_TRUE(hears(34, "\"TYPE\":\"HANGUP\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(server.heard.text[0x0f], "\"MOS\":"));
	CU_ASSERT_TRUE(hears(34, "\"REPORT_NAME\":\"callee\""));
	CU_ASSERT_EQUAL(server.lost, 0);
	close_talk(&t);
}

/* The daemon sees no packets; the kernel's counts are reported. */
static void test_media_in_the_kernel_is_reported(void)
{
	struct fake_flow *flow;
	struct talk t;

	talk_in_kernel(&t);
	add_homer(&t);
	sweep(&t); /* what was heard before */
	while (server.sent && !strstr(server.heard.text[0x0f], "callee"))
		CU_ASSERT_TRUE_FATAL(homer_server_hears(&server));
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	flow->packets = 500;
	flow->ssrc = 1;
	flow->expected = 510;
	flow->lost = 10;
	flow->seen_ago_ms = 20;
	sweep(&t); /* reads the kernel's counters */
	server.sent = 0;
	sweep(&t);
	CU_ASSERT_EQUAL(server.sent, 1);
	CU_ASSERT_TRUE(hears(35, "\"REPORT_NAME\":\"caller\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(server.heard.text[0x0f], "\"PACKET_LOSS\":10,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(server.heard.text[0x0f], "\"MOS\":"));
	close_talk(&t);
}

static void test_side_that_is_not_heard_is_not_reported(void)
{
	struct talk t;

	open_talk(&t);
	phone_sends(&t, SIDE_B, COMP_RTP);
	UNTIL(&t, report(&t, SIDE_B, COMP_RTP).packets_in);
	call_end(call_find(t.scene.calls, STR("call")), CALL_DELETED);
	CU_ASSERT_EQUAL(server.sent, 1);
	CU_ASSERT_TRUE(hears(34, "\"PARTY\":1"));
	close_talk(&t);
}

/* The next daemon has it, and reports its end. */
static void test_call_that_is_kept_has_not_ended(void)
{
	struct talk t;

	open_talk(&t);
	both_speak(&t);
	call_end(call_find(t.scene.calls, STR("call")), CALL_KEPT);
	CU_ASSERT_EQUAL(server.sent, 0);
	close_talk(&t);
}

static void test_rtcp_has_the_call_id(void)
{
	struct rtcp_copy copy = { .len = 32, .data = { 0x81, 201, 0, 7, 0, 0, 0, 7, 0, 0, 0, 8 } };
	struct talk t;

	open_talk(&t);
	CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("192.0.2.1:4001"), -1, &copy.source));
	CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("192.0.2.2:30001"), -1, &copy.local));
	copy.at_us = clock_us();
	call_bridge_rtcp(media_of(&t)->bridge, &copy);
	CU_ASSERT_TRUE(hears(5, "\"source_ssrc\":8"));
	t.scene.calls->conf.homer = NULL;
	call_bridge_rtcp(media_of(&t)->bridge, &copy);
	CU_ASSERT_EQUAL(server.sent, 1);
	close_talk(&t);
}

TEST_SUITE(homer_reports,
	   { "each interval and the end are reported",
	     test_each_interval_and_the_end_are_reported },
	   { "media in the kernel is reported", test_media_in_the_kernel_is_reported },
	   { "side that is not heard is not reported",
	     test_side_that_is_not_heard_is_not_reported },
	   { "call that is kept has not ended", test_call_that_is_kept_has_not_ended },
	   { "rtcp has the call id", test_rtcp_has_the_call_id });
