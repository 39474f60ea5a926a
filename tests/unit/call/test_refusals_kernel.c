/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_refusals_kernel.c - the log line about packets that the kernel refused (row 3 of issue H) */
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
		 "packets, 1 sources\n",
		 media_of(&t)->port[SIDE_A]);
	CU_ASSERT_STRING_EQUAL(text, line);
	talk_close(&t);
}

TEST_SUITE(refusals_kernel, { "packets that the kernel refused are in the line (row 3)",
			      test_kernel_packets_are_in_the_line });
