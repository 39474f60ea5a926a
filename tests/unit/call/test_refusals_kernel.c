/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_refusals_kernel.c - the log line about packets that the kernel refused (row 3 of issue H) */
#include <event2/buffer.h>
#include "daemon/report/report.h"
#include "daemon/web/metrics.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/packet/talk_scene.h"

static void test_kernel_packets_are_in_the_line(void)
{
	struct log_capture capture;
	struct endpoint unknown;
	struct fake_flow *flow;
	struct talk t;
	char text[4096], line[256];

	talk_in_kernel(&t);
	unknown = at(4000, "203.0.113.66");
	flow = flow_of(&t, SIDE_A, COMP_RTP);
	flow->refused = 8000; /* since the flow's last event */
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	fake_kmod_stranger(&fake, flow, &unknown, 1, 201, 0);
	UNTIL(&t, media_of(&t)->dialog->call->refused_told_ms);
	log_capture_end(&capture, text, sizeof(text));
	snprintf(line, sizeof(line),
		 "warning: refused RTP from 203.0.113.66:4000 at port %u of call call: 8000 "
		 "packets, 1 source\n",
		 media_of(&t)->port[SIDE_A]);
	CU_ASSERT_STRING_EQUAL(text, line);
	talk_close(&t);
}

/* The alert rule reads this metric; tests/alerts/run has the same for the user path. */
static void test_kernel_packets_are_in_the_metric_of_the_alert(void)
{
	const struct daemon_report *report;
	struct evbuffer *out = evbuffer_new();
	struct talk t;
	char *text;

	talk_in_kernel(&t);
	fake.totals[RTPRELAY_C_DROP_SOURCE] = 8000;
	report = daemon_report_make(t.scene.env.arena, t.scene.calls, &t.scene.stats, clock_ms());
	CU_ASSERT_PTR_NOT_NULL_FATAL(report);
	CU_ASSERT_TRUE(metrics_write(out, report, 0));
	evbuffer_add(out, "", 1);
	text = (char *)evbuffer_pullup(out, -1);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text, "\nrtprelay_dropped_packets_total{reason=\"source\"} 8000\n"));
	evbuffer_free(out);
	talk_close(&t);
}

TEST_SUITE(refusals_kernel,
	   { "packets that the kernel refused are in the metric of the alert (row 2)",
	     test_kernel_packets_are_in_the_metric_of_the_alert },
	   { "packets that the kernel refused are in the line (row 3)",
	     test_kernel_packets_are_in_the_line });
