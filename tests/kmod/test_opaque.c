/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_opaque.c - flows of media that is not RTP: the number of UDPTL (T.38) in reports and events,
 * by which the daemon follows a phone whose NAT has changed the port
 */
#include <unistd.h>

#include "daemon/base/count.h"
#include "scene.h"
#include "tests/unit/test.h"

#define REBOUND "192.0.2.1:4001"

static bool send_number(int fd, const char *local, uint16_t number, size_t len)
{
	const uint8_t bytes[] = { (uint8_t)(number >> 8), (uint8_t)number, 1, 6, 0, 0 };

	return world_send(fd, local, bytes, len);
}

/* Of the last packet that is long enough; a replaced flow that carries on has it, too. */
static void test_reports_the_number_of_the_last_packet(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_OPAQUE);

	scene_start(&flow);
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT_FALSE(state.has_number);
	CU_ASSERT(send_number(phone, LOCAL, 0xfffe, 6));
	CU_ASSERT(world_receive(dst, &packet, SOON));
	CU_ASSERT(send_number(phone, LOCAL, 0x1234, 4));
	CU_ASSERT(world_receive(dst, &packet, SOON));
	CU_ASSERT(send_number(phone, LOCAL, 0x5555, 3));
	CU_ASSERT(world_receive(dst, &packet, SOON));
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT_FALSE(state.has_rtp);
	CU_ASSERT(state.has_number);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SEQ], 0x1234);
	flow.flags = RTPRELAY_FLOW_CARRY;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_REPLACE, NULL), 0);
	scene_end();
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SEQ], 0x1234);
}

/* RTP has numbers of its own. */
static void test_other_kinds_of_flows_have_none(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTCP);

	scene_start(&flow);
	CU_ASSERT(world_send(phone, LOCAL, "\x81\xc8\x00\x06SSRCNNNNNNNNTTTTPPPPOOOO", 28));
	CU_ASSERT(world_receive(dst, &packet, SOON));
	scene_end();
	CU_ASSERT_FALSE(state.has_number);
}

static bool is_reported(const char *source, uint16_t number)
{
	if (!nl_event(&events, &state, SOON))
		return false;
	return state.event == RTPRELAY_EVENT_REFUSED && state.has_number && !state.has_rtp &&
	       !strcmp(state.src, source) && state.rtp[RTPRELAY_RTP_SEQ] == number;
}

/*
 * While others are refused an event tells of one packet a second. One that continues the numbers,
 * from the same address, is told all the same.
 */
static void test_the_packet_of_a_rebound_nat_is_reported(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_OPAQUE);
	int rebound;

	scene_start(&flow);
	rebound = world_udp("a", REBOUND);
	CU_ASSERT(send_number(phone, LOCAL, 0xffff, 6));
	CU_ASSERT(world_receive(dst, &packet, SOON));
	CU_ASSERT(send_number(unknown, LOCAL, 7, 6));
	CU_ASSERT(is_reported(UNKNOWN, 7));
	usleep(100000);
	CU_ASSERT(send_number(unknown, LOCAL, 0, 6)); /* another address */
	CU_ASSERT(send_number(rebound, LOCAL, 0xffff, 6));
	CU_ASSERT(send_number(rebound, LOCAL, 8, 6));
	CU_ASSERT(send_number(rebound, LOCAL, 0, 3)); /* too short to have a number */
	CU_ASSERT_FALSE(nl_event(&events, &state, 200));
	CU_ASSERT(send_number(rebound, LOCAL, 7, 6));
	CU_ASSERT(is_reported(REBOUND, 7));
	CU_ASSERT_EQUAL(state.refused, 5);
	close(rebound);
	scene_end();
}

/*
 * Is one of the numbers @first to @last told at once, though another packet was told just before? A
 * round of more than a second says nothing: then any packet is told.
 */
static bool is_told(int fd, uint16_t first, uint16_t last)
{
	for (unsigned int round = 0; round < 200; round++) {
		int64_t begun_ms = now_ms();
		bool told;

		CU_ASSERT(send_number(unknown, LOCAL, 0x7000, 6));
		if (!nl_event(&events, &state, 100) || strcmp(state.src, UNKNOWN))
			continue;
		for (uint16_t number = first; number <= last; number++)
			CU_ASSERT(send_number(fd, LOCAL, number, 6));
		told = nl_event(&events, &state, 200);
		if (!told || now_ms() - begun_ms < 1000)
			return told;
	}
	CU_FAIL("no round within a second");
	return false;
}

/* Who tries all numbers meets the right one: that is not told, until 10 seconds later. */
static void test_a_guesser_is_not_reported(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_OPAQUE);
	int64_t end_ms;
	int guesser;

	scene_start(&flow);
	guesser = world_udp("a", REBOUND);
	CU_ASSERT(send_number(phone, LOCAL, 10, 6));
	CU_ASSERT(world_receive(dst, &packet, SOON));
	CU_ASSERT_FALSE(is_told(guesser, 7, 14));
	end_ms = now_ms() + 60000;
	while (!is_told(guesser, 11, 11) && now_ms() < end_ms)
		;
	CU_ASSERT_STRING_EQUAL(state.src, REBOUND);
	close(guesser);
	scene_end();
}

TEST_SUITE(opaque,
	   { "reports the number of the last packet", test_reports_the_number_of_the_last_packet },
	   { "other kinds of flows have none", test_other_kinds_of_flows_have_none },
	   { "the packet of a rebound NAT is reported",
	     test_the_packet_of_a_rebound_nat_is_reported },
	   { "a guesser is not reported", test_a_guesser_is_not_reported });
