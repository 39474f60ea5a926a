/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_homer.c - reports arrive at the server; those that cannot are counted */
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/command/request.h"
#include "homer_server.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/test_clock.h"

static const uint8_t rr[] = { 0x81, 201, 0, 7,	 0, 0, 0, 7, /* a report of 7 on 8 */
			      0,    0,	 0, 8,	 0, 0, 0, 0, 0, 0, 0, 9,
			      0,    0,	 0, 160, 0, 0, 0, 0, 0, 0, 0, 0 };

static void send_rtcp(struct homer_server *server, struct str call_id, int64_t at_us)
{
	struct endpoint source, local;

	CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("192.0.2.1:4001"), -1, &source));
	CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("198.51.100.1:30001"), -1, &local));
	homer_send_rtcp(server->homer, call_id, &source, &local, rr, sizeof(rr), at_us);
}

static void test_rtcp_arrives(void)
{
	struct homer_server server;
	int64_t ago_us;

	homer_server_open(&server);
	send_rtcp(&server, STR("call"), clock_us() - 1500000);
	CU_ASSERT_TRUE(homer_server_hears(&server));
	CU_ASSERT_EQUAL(server.heard.number[0x0b], 5);
	CU_ASSERT_EQUAL(server.heard.number[0x0c], 77);
	CU_ASSERT_STRING_EQUAL(server.heard.text[0x0e], "top secret");
	CU_ASSERT_STRING_EQUAL(server.heard.text[0x11], "call");
	CU_ASSERT_STRING_EQUAL(server.heard.text[0x03], "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(server.heard.text[0x04], "198.51.100.1");
	CU_ASSERT_PTR_NOT_NULL(strstr(server.heard.text[0x0f], "\"source_ssrc\":8"));
	/* by the wall clock, when it arrived at the relay: 1.5 s ago, or a little more */
	ago_us = (int64_t)time(NULL) * 1000000 -
		 ((int64_t)server.heard.number[0x09] * 1000000 + server.heard.number[0x0a]);
	CU_ASSERT(ago_us > 0);
	CU_ASSERT(ago_us < 60000000);
	CU_ASSERT_EQUAL(server.sent, 1);
	CU_ASSERT_EQUAL(server.lost, 0);
	homer_server_close(&server);
}

static void test_rtcp_without_reports_is_not_sent(void)
{
	static const uint8_t bye[] = { 0x81, 203, 0, 1, 0, 0, 0, 7 };
	struct endpoint at = { .in4 = { .sin_family = AF_INET } };
	struct homer_server server;

	homer_server_open(&server);
	homer_send_rtcp(server.homer, STR("call"), &at, &at, bye, sizeof(bye), clock_us());
	CU_ASSERT_EQUAL(server.sent + server.lost, 0);
	homer_server_close(&server);
}

/* Until so many are lost. Return: reports sent */
static uint64_t send_until_lost(struct homer_server *server, uint64_t lost)
{
	int64_t end_ms = test_real_ms() + HOMER_DEADLINE_MS;
	uint64_t n = 0;

	while (server->lost < lost && test_real_ms() < end_ms) {
		send_rtcp(server, STR("call"), clock_us());
		n++;
	}
	return n;
}

/* No socket is bound there: the system tells it with a later report. One line a minute. */
static void test_reports_nobody_hears_are_counted(void)
{
	struct log_capture capture;
	struct homer_server server;
	char text[4096];
	uint64_t n;

	homer_server_open(&server);
	close(server.fd);
	server.fd = -1;
	log_capture_begin(&capture, LOG_LEVEL_INFO);
	n = send_until_lost(&server, 5);
	test_clock_stop();
	test_clock_pass(60001);
	n += send_until_lost(&server, 6);
	test_clock_go();
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_EQUAL(server.sent, n);
	CU_ASSERT_EQUAL(server.lost, 6);
	CU_ASSERT_EQUAL(log_capture_count(text, "reports are lost: Connection refused"), 2);
	CU_ASSERT_EQUAL(log_capture_count(text, server.target), 2);
	CU_ASSERT_EQUAL(log_capture_count(text, "secret"), 0);
	homer_server_close(&server);
}

static void test_report_that_is_too_large_is_counted(void)
{
	static char name[66000];
	struct log_capture capture;
	struct homer_server server;
	char text[4096];

	memset(name, 'x', sizeof(name));
	homer_server_open(&server);
	log_capture_begin(&capture, LOG_LEVEL_INFO);
	send_rtcp(&server, (struct str){ name, sizeof(name) }, clock_us());
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_EQUAL(server.sent, 0);
	CU_ASSERT_EQUAL(server.lost, 1);
	CU_ASSERT_EQUAL(log_capture_count(text, "Message too long"), 1);
	homer_server_close(&server);
}

/* JSON has six bytes for each byte of this one. */
static void test_no_call_id_keeps_a_call_from_being_reported(void)
{
	static char name[REQUEST_NAME_MAX];
	struct stream_report report = { .ssrc_known = true };
	struct quality_summary quality = { .samples = 0 };
	struct payload_rtp rtp = { .call_id = { name, sizeof(name) },
				   .codec = "",
				   .final = true,
				   .report = &report,
				   .quality = &quality };
	struct homer_server server;

	memset(name, 1, sizeof(name));
	CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("198.51.100.1:30000"), -1, &report.local));
	homer_server_open(&server);
	homer_send_rtp(server.homer, &rtp);
	CU_ASSERT_EQUAL(server.sent, 1);
	CU_ASSERT_EQUAL(server.lost, 0);
	homer_server_close(&server);
}

static void test_target_is_an_address_for_udp(void)
{
	static const struct {
		const char *text, *target; /* NULL: refused */
		const char *why;
	} rows[] = {
		{ "192.0.2.9:9060", "192.0.2.9:9060", NULL },
		{ "udp:192.0.2.9:9060", "192.0.2.9:9060", NULL },
		{ "udp:[2001:db8::9]:9060", "[2001:db8::9]:9060", NULL },
		{ "tcp:192.0.2.9:9060", NULL, "only UDP" },
		{ "tls:192.0.2.9:9060", NULL, "only UDP" },
		{ "192.0.2.9", NULL, NULL },
		{ "192.0.2.9:0", NULL, NULL },
		{ "0.0.0.0:9060", NULL, NULL },
		{ "9060", NULL, NULL },
		{ "udp:", NULL, NULL },
		{ "", NULL, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint target = { 0 };
		char text[ENDPOINT_TEXT];
		const char *error = NULL;
		bool valid = homer_target(rows[i].text, &target, &error);

		CU_ASSERT_EQUAL(valid, rows[i].target != NULL);
		if (valid && rows[i].target)
			CU_ASSERT_STRING_EQUAL(endpoint_print(&target, text), rows[i].target);
		CU_ASSERT(valid || (error && *error));
		if (rows[i].why)
			CU_ASSERT_PTR_NOT_NULL(strstr(error, rows[i].why));
	}
}

static void test_out_of_memory_opens_nothing(void)
{
	struct homer_conf conf = { .target = "127.0.0.1:9060" };
	const char *error;

	ALLOC_FAILS_AT_EACH
	{
		struct homer *homer = homer_open(&conf, &error);

		CU_ASSERT_EQUAL(!homer, alloc_failed());
		homer_close(homer);
	}
}

TEST_SUITE(homer, { "rtcp arrives", test_rtcp_arrives },
	   { "rtcp without reports is not sent", test_rtcp_without_reports_is_not_sent },
	   { "reports nobody hears are counted", test_reports_nobody_hears_are_counted },
	   { "report that is too large is counted", test_report_that_is_too_large_is_counted },
	   { "no Call-ID keeps a call from being reported",
	     test_no_call_id_keeps_a_call_from_being_reported },
	   { "target is an address for udp", test_target_is_an_address_for_udp },
	   { "out of memory opens nothing", test_out_of_memory_opens_nothing });
