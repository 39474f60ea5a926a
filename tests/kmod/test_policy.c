/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_policy.c - IPsec policies for incoming packets bind flows as they bind sockets
 */
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <unistd.h>

#include "daemon/base/count.h"
#include "scene.h"
#include "tests/unit/test.h"

#define LOCAL6 "[2001:db8:a::fe]:30000"
#define PHONE6 "[2001:db8:a::1]:4000"

/* By family: the flow's ends, without ports for the commands. */
static const struct {
	const char *phone, *phone_addr, *local, *local_addr;
} sides[] = {
	{ PHONE, "192.0.2.1", LOCAL, "192.0.2.254" },
	{ PHONE6, "2001:db8:a::1", LOCAL6, "2001:db8:a::fe" },
};

static int from, up, to;

static void start(size_t i)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	world_open();
	/* The kernel under test has IPsec: without it nothing is tested here. */
	CU_ASSERT_EQUAL_FATAL(world_run("ip -n relay xfrm policy list"), 0);
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	flow.local = sides[i].local;
	flow.src = sides[i].phone;
	from = world_udp("a", sides[i].phone);
	up = world_udp("relay", sides[i].local);
	to = world_udp("b", DST);
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
}

static void end(size_t i)
{
	world_run("for n in a relay; do ip -n $n xfrm state flush; ip -n $n xfrm policy flush; "
		  "done");
	CU_ASSERT_EQUAL(nl_del(&nl, sides[i].local, NULL), 0);
	close(from);
	close(up);
	close(to);
	nl_close(&nl);
}

static void send_rtp(size_t i, uint16_t seq)
{
	scene_rtp_to(from, sides[i].local, 0, seq, 0);
}

static bool is_forwarded(size_t i, uint16_t seq)
{
	send_rtp(i, seq);
	return world_receive(to, &packet, SOON) && packet.bytes[3] == seq;
}

/* The packet goes up, and neither a phone nor the daemon gets it. */
static void check_refused(size_t i, uint16_t seq, uint64_t count)
{
	send_rtp(i, seq);
	CU_ASSERT(scene_counts(sides[i].local, RTPRELAY_C_PASS_POLICY));
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_POLICY], count);
	CU_ASSERT_FALSE(world_receive(to, &packet, NEVER));
	CU_ASSERT_FALSE(world_receive(up, &packet, 0));
}

static void test_clear_text_goes_up(void)
{
	for (size_t i = 0; i < COUNT(sides); i++) {
		start(i);
		CU_ASSERT_EQUAL(world_run("ip -n relay xfrm policy add src %s dst %s dir in tmpl "
					  "proto esp mode transport",
					  sides[i].phone_addr, sides[i].local_addr),
				0);
		check_refused(i, 1, 1);
		CU_ASSERT_FALSE(state.heard); /* it is no sign of life */
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
		CU_ASSERT_EQUAL(world_run("ip -n relay xfrm policy flush"), 0);
		CU_ASSERT(is_forwarded(i, 2));
		end(i);
	}
}

static void test_protected_media_is_forwarded(void)
{
	for (size_t i = 0; i < COUNT(sides); i++) {
		start(i);
		CU_ASSERT_EQUAL(
			world_run("set -e; key=0x000102030405060708090a0b0c0d0e0f;"
				  "for n in a relay; do"
				  "  ip -n $n xfrm state add src %s dst %s proto esp spi 0x2%zu "
				  "mode transport enc 'cbc(aes)' $key auth 'hmac(sha1)' "
				  "${key}10111213; done;"
				  "for w in 'a out' 'relay in'; do set -- $w;"
				  "  ip -n $1 xfrm policy add src %s dst %s dir $2 tmpl proto esp "
				  "mode transport; done",
				  sides[i].phone_addr, sides[i].local_addr, i, sides[i].phone_addr,
				  sides[i].local_addr),
			0);
		CU_ASSERT(is_forwarded(i, 1));
		CU_ASSERT_FALSE(world_receive(up, &packet, 0));
		CU_ASSERT_EQUAL(nl_get(&nl, sides[i].local, &state), 0);
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 1);
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_POLICY], 0);
		end(i);
	}
}

static void test_policies_for_others_do_not_matter(void)
{
	for (size_t i = 0; i < COUNT(sides); i++) {
		start(i);
		CU_ASSERT_EQUAL(world_run("set -e; ip -n relay xfrm policy add src 192.0.2.77 dst "
					  "192.0.2.254 dir in tmpl proto esp mode transport;"
					  "ip -n relay xfrm policy add src 2001:db8:a::77 dst "
					  "2001:db8:a::fe dir in tmpl proto esp mode transport"),
				0);
		CU_ASSERT(is_forwarded(i, 1));
		end(i);
	}
}

/* Each segment is judged, and counted once, though it enters the stack a second time. */
static void test_segments_of_clear_text_go_up(void)
{
	uint8_t rtp[3 * 172];
	int size = 172;

	start(0);
	CU_ASSERT(is_forwarded(0, 1));
	CU_ASSERT_EQUAL(world_run("ip -n relay xfrm policy add src 192.0.2.1 dst 192.0.2.254 dir "
				  "in tmpl proto esp mode transport"),
			0);
	for (uint16_t i = 0; i < 3; i++)
		rtp_make(rtp + i * 172, 172, 0, (uint16_t)(2 + i), 0, 0xabcd);
	CU_ASSERT_EQUAL(setsockopt(from, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)), 0);
	CU_ASSERT(world_send(from, LOCAL, rtp, sizeof(rtp)));
	CU_ASSERT_FALSE(world_receive(to, &packet, NEVER));
	CU_ASSERT_FALSE(world_receive(up, &packet, 0));
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_POLICY], 3);
	end(0);
}

TEST_SUITE(policy, { "clear text goes up", test_clear_text_goes_up },
	   { "protected media is forwarded", test_protected_media_is_forwarded },
	   { "policies for others do not matter", test_policies_for_others_do_not_matter },
	   { "segments of clear text go up", test_segments_of_clear_text_go_up });
