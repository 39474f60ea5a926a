/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_answers.c - the longest answers: all settings, all states
 */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <unistd.h>

#include "scene.h"
#include "tests/unit/test.h"

#define LOCAL6 "[2001:db8:a::fe]:30000"
#define PHONE6 "[2001:db8:a::1]:4000"
#define OUT6   "[2001:db8:b::fe]:30002"
#define DST6   "[2001:db8:b::1]:5000"

/* Every payload type but 1 is allowed and has a clock that has to be returned. */
static struct nl_flow longest_flow(void)
{
	static struct nl_clock clocks[128 + 1];
	static const uint32_t no_mux = 0x12345678;
	static uint8_t pt_set[16];

	for (uint8_t pt = 0; pt < 128; pt++)
		clocks[pt] = (struct nl_clock){ pt, 10000u + pt % RTPRELAY_CLOCKS };
	memset(pt_set, 0xff, sizeof(pt_set));
	pt_set[0] = 0xff - (1 << 1);
	return (struct nl_flow){ .local = LOCAL6,
				 .src = PHONE6,
				 .out = OUT6,
				 .dst = DST6,
				 .kind = RTPRELAY_KIND_MUX,
				 .dscp = 47,
				 .idle = 86400,
				 .no_mux = &no_mux,
				 .pt_set = pt_set,
				 .clocks = clocks,
				 .cookie = "0123456789abcdef0123456789abcdef" };
}

static void send_all_kinds(int fd, int to)
{
	static uint8_t bytes[400];

	rtp_make(bytes, 172, 5, 1, 0, 1);
	CU_ASSERT(world_send(fd, LOCAL6, bytes, 172));
	CU_ASSERT(world_receive(to, &packet, SOON));
	rtp_make(bytes, sizeof(bytes), 200, sizeof(bytes) / 4 - 1, 0, 1);
	bytes[1] = 200; /* RTCP, whose length in words is where RTP has its number */
	CU_ASSERT(world_send(fd, LOCAL6, bytes, sizeof(bytes)));
	CU_ASSERT(world_receive(to, &packet, SOON));
	CU_ASSERT(world_send(fd, LOCAL6, "\r\n", 2));
}

static void check_answer(uint64_t packets)
{
	CU_ASSERT_STRING_EQUAL(state.local, LOCAL6);
	CU_ASSERT_STRING_EQUAL(state.src, PHONE6);
	CU_ASSERT_STRING_EQUAL(state.cookie, "0123456789abcdef0123456789abcdef");
	CU_ASSERT_EQUAL(state.no_mux, 0x12345678);
	CU_ASSERT_EQUAL(state.dscp, 47);
	for (unsigned int pt = 0; pt < 128; pt++)
		CU_ASSERT_EQUAL(state.clocks[pt], pt == 1 ? 0 : 10000 + pt % RTPRELAY_CLOCKS);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], packets);
	CU_ASSERT_EQUAL(state.has_rtp, packets > 0);
	CU_ASSERT_EQUAL(state.rtcp_len, packets ? RTPRELAY_RTCP_MAX : 0);
}

static void test_the_longest_answer_is_complete(void)
{
	struct nl_flow flow = longest_flow();
	int from, to;

	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	from = world_udp("a", PHONE6);
	to = world_udp("b", DST6);
	for (int round = 0; round < 2; round++) {
		send_all_kinds(from, to);
		CU_ASSERT(scene_counts(LOCAL6, RTPRELAY_C_PASS_KIND));
		check_answer(2);
		memset(&state, 0, sizeof(state));
		CU_ASSERT_EQUAL(round ? nl_del(&nl, LOCAL6, &state)
				      : nl_add(&nl, &flow, NLM_F_REPLACE, &state),
				0);
		check_answer(2);
	}
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL6, NULL), -ENOENT);
	close(from);
	close(to);
	nl_close(&nl);
}

TEST_SUITE(answers, { "the longest answer is complete", test_the_longest_answer_is_complete });
