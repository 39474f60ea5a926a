/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_route.c - by which route and queue media leaves, and what is counted if it cannot leave
 */
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/count.h"
#include "scene.h"
#include "tests/unit/test.h"

#define OUT6 "[2001:db8:b::fe]:30002"

/* Sends RTP to the flow; it must arrive at a socket of namespace b. */
static void check_arrives(struct nl_flow *flow, const char *at)
{
	int fd;

	flow->dst = at;
	fd = world_udp("b", at);
	CU_ASSERT_EQUAL(nl_add(&nl, flow, NLM_F_CREATE, NULL), 0);
	/* The first packet fills the neighbour's cache; the second one is sent with it. */
	for (uint16_t seq = 1; seq <= 2; seq++) {
		scene_rtp(phone, 0, seq, 0);
		CU_ASSERT(world_receive(fd, &packet, SOON));
		CU_ASSERT_STRING_EQUAL(packet.from, flow->out);
	}
	CU_ASSERT_FALSE(world_receive(relay, &packet, 0));
	close(fd);
}

/* RFC 5549: the Ethernet header of the next packets is not that of IPv6 packets to the gateway. */
static void test_ipv4_by_a_gateway_with_an_ipv6_address(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	int ping;

	scene_start(&flow);
	world_run("ip -n b addr add 203.0.113.9/32 dev lo;"
		  "ip -n relay route add 203.0.113.9/32 via inet6 2001:db8:b::1 dev b0");
	/* An IPv6 packet, so that the gateway's header is in the cache. */
	ping = world_udp("relay", "[2001:db8:b::fe]:7000");
	for (int i = 0; i < 2; i++)
		CU_ASSERT(world_send(ping, "[2001:db8:b::1]:7000", "ping", 4));
	check_arrives(&flow, "203.0.113.9:5000");
	close(ping);
	world_run("ip -n relay route del 203.0.113.9/32; ip -n b addr del 203.0.113.9/32 dev lo");
	scene_end();
}

/* The only route is in a table for packets from the relay's address. */
static void test_rules_for_the_source_are_followed(void)
{
	static const struct {
		const char *family, *rule, *net, *by, *out, *dst;
	} cases[] = {
		{ "-4", "198.51.100.254", "203.0.113.9/32", "198.51.100.1", OUT,
		  "203.0.113.9:5000" },
		{ "-6", "2001:db8:b::fe", "2001:db8:9::9/128", "2001:db8:b::1", OUT6,
		  "[2001:db8:9::9]:5000" },
	};
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	scene_start(&flow);
	for (size_t i = 0; i < COUNT(cases); i++) {
		CU_ASSERT_EQUAL(world_run("ip -n b %s addr add %s dev lo;"
					  "ip -n relay %s rule add from %s lookup 100 &&"
					  "ip -n relay %s route add %s via %s dev b0 table 100",
					  cases[i].family, cases[i].net, cases[i].family,
					  cases[i].rule, cases[i].family, cases[i].net,
					  cases[i].by),
				0);
		flow.out = cases[i].out;
		check_arrives(&flow, cases[i].dst);
		world_run("ip -n relay %s rule del from %s lookup 100;"
			  "ip -n relay %s route flush table 100; ip -n b %s addr del %s dev lo",
			  cases[i].family, cases[i].rule, cases[i].family, cases[i].family,
			  cases[i].net);
	}
	scene_end();
}

/* Each host of the network would answer. */
static void test_a_broadcast_address_is_no_destination(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	int wire;

	flow.dst = "198.51.100.255:5000";
	scene_start(&flow);
	wire = world_sniff("b", "eth0");
	scene_rtp(phone, 0, 1, 0);
	CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT_FALSE(world_sniffed(wire, &packet, NEVER));
	close(wire);
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_ROUTE], 1);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
}

static void test_what_the_device_refuses_is_counted(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	struct nl_state before;

	scene_start(&flow);
	CU_ASSERT_EQUAL(nl_info(&nl, &before), 0);
	scene_rtp(phone, 0, 1, 0);
	CU_ASSERT(world_receive(dst, &packet, SOON));
	CU_ASSERT_EQUAL(world_run("ip netns exec relay tc qdisc add dev b0 root pfifo limit 0"), 0);
	scene_rtp(phone, 0, 2, 0);
	CU_ASSERT(scene_counts(LOCAL, RTPRELAY_C_DROP_XMIT));
	CU_ASSERT_FALSE(world_receive(dst, &packet, NEVER));
	CU_ASSERT_FALSE(world_receive(relay, &packet, 0));
	world_run("ip netns exec relay tc qdisc del dev b0 root");
	CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_XMIT],
			before.counters[RTPRELAY_C_DROP_XMIT] + 1);
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_XMIT], 1);
}

/* --- The MTU of the path ---------------------------------------------------------------------- */

static bool send_long(int fd, const char *to, size_t len)
{
	uint8_t rtp[1500];

	rtp_make(rtp, len, 0, 1, 0, 0xabcd);
	return world_send(fd, to, rtp, len);
}

/* Waits until the relay's route to 203.0.113.9 has this MTU, learned from an ICMP error. */
static bool learns_mtu(int out, size_t len, int mtu)
{
	int dont_fragment = IP_PMTUDISC_DO;

	setsockopt(out, IPPROTO_IP, IP_MTU_DISCOVER, &dont_fragment, sizeof(dont_fragment));
	CU_ASSERT(send_long(out, "203.0.113.9:5000", len));
	return !world_run("for i in $(seq 100); do ip -n relay route get 203.0.113.9 | "
			  "grep -q 'mtu %d' && exit 0; sleep 0.1; done; exit 1",
			  mtu);
}

/*
 * The path to the phone becomes narrow, twice: the second ICMP error changes the route that the
 * flow uses.
 */
static void test_longer_than_the_path_goes_up(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	int out, wire;

	flow.dst = "203.0.113.9:5000";
	scene_start(&flow);
	CU_ASSERT_EQUAL(world_run("set -e; ip netns exec b sysctl -q -w net.ipv4.ip_forward=1;"
				  "ip -n b link add d0 mtu 1400 type veth peer name d1;"
				  "ip -n b link set d0 up; ip -n b link set d1 up;"
				  "ip -n b route add 203.0.113.8/29 dev d0;"
				  "ip -n relay route add 203.0.113.9/32 via 198.51.100.1"),
			0);
	out = world_udp("relay", OUT);
	wire = world_sniff("b", "eth0");
	CU_ASSERT(learns_mtu(out, 1440, 1400));
	CU_ASSERT(world_sniffed(wire, &packet, SOON));
	CU_ASSERT(send_long(phone, LOCAL, 1350));
	CU_ASSERT(world_sniffed(wire, &packet, SOON));
	CU_ASSERT_STRING_EQUAL(packet.to, flow.dst);
	CU_ASSERT_EQUAL(packet.len, 1350);
	CU_ASSERT_EQUAL(world_run("ip -n b link set d0 mtu 1300"), 0);
	CU_ASSERT(learns_mtu(out, 1340, 1300));
	CU_ASSERT(send_long(phone, LOCAL, 1350));
	CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT_EQUAL(packet.len, 1350);
	world_run("ip -n relay route del 203.0.113.9/32; ip -n b link del d0;"
		  "ip netns exec b sysctl -q -w net.ipv4.ip_forward=0");
	close(wire);
	close(out);
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 1);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_SIZE], 1);
}

/* --- Queues ----------------------------------------------------------------------------------- */

static void check_passes(uint16_t seq)
{
	scene_rtp(phone, 0, seq, 0);
	CU_ASSERT_FATAL(world_receive(dst, &packet, SOON));
	CU_ASSERT_EQUAL(packet.bytes[3], seq);
}

/*
 * fq holds packets back until the time in skb->tstamp. The receiving side sets it from another
 * clock as soon as a socket requests the time of reception, and to fq it is decades ahead.
 */
static void test_time_of_reception_does_not_delay(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	int sniff, one = 1;

	scene_start(&flow);
	CU_ASSERT_EQUAL(world_run("ip netns exec relay tc qdisc replace dev b0 root fq"), 0);
	sniff = world_sniff("relay", "a0");
	CU_ASSERT_EQUAL(setsockopt(sniff, SOL_SOCKET, SO_TIMESTAMP, &one, sizeof(one)), 0);
	/* The kernel begins to set times a moment after the request. */
	for (uint16_t seq = 1; seq <= 20; seq++) {
		check_passes(seq);
		poll(NULL, 0, 20);
	}
	world_run("ip netns exec relay tc qdisc del dev b0 root");
	close(sniff);
	scene_end();
}

/* Packets that the first band of the queue discipline prio has sent; -1: unknown */
static int sent_by_the_first_band(void)
{
	char text[64] = "";
	int packets = -1;
	FILE *file;

	world_run("ip netns exec relay tc -s class show dev b0 | grep -A1 'prio 1:1 ' | "
		  "sed -n 's/.* \\([0-9]*\\) pkt.*/\\1/p' >/tmp/sent");
	file = fopen("/tmp/sent", "re");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	if (fgets(text, sizeof(text), file))
		CU_ASSERT_EQUAL(sscanf(text, "%d", &packets), 1);
	fclose(file);
	return packets;
}

/* A queue discipline that has its first band for the priority that DSCP EF means. */
static void test_dscp_sets_the_priority_in_queues(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	scene_start(&flow);
	CU_ASSERT_EQUAL(world_run("ip netns exec relay tc qdisc replace dev b0 root handle 1: "
				  "prio priomap 2 2 2 2 0 2 2 2 2 2 2 2 2 2 2 2"),
			0);
	check_passes(1);
	CU_ASSERT_EQUAL(sent_by_the_first_band(), 0);
	flow.dscp = 46 + 1;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_REPLACE, NULL), 0);
	check_passes(2);
	CU_ASSERT_EQUAL(sent_by_the_first_band(), 1);
	world_run("ip netns exec relay tc qdisc del dev b0 root");
	scene_end();
}

TEST_SUITE(route,
	   { "IPv4 by a gateway with an IPv6 address",
	     test_ipv4_by_a_gateway_with_an_ipv6_address },
	   { "rules for the source are followed", test_rules_for_the_source_are_followed },
	   { "longer than the path's MTU goes up", test_longer_than_the_path_goes_up },
	   { "the time of reception does not delay", test_time_of_reception_does_not_delay },
	   { "DSCP sets the priority in queues", test_dscp_sets_the_priority_in_queues },
	   { "a broadcast address is no destination", test_a_broadcast_address_is_no_destination },
	   { "what the device refuses is counted", test_what_the_device_refuses_is_counted });
