/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_input.c - devices, VRFs and rules decide for flows as they decide for sockets
 */
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <unistd.h>

#include "daemon/base/count.h"
#include "scene.h"
#include "tests/unit/test.h"

/* By family: the flow's ends; without ports for commands. */
static const struct {
	const char *phone, *local, *local_addr, *net, *out, *out_addr, *out_net, *dst;
} sides[] = {
	{ PHONE, LOCAL, "192.0.2.254", "192.0.2.254/24", OUT, "198.51.100.254", "198.51.100.254/24",
	  DST },
	{ "[2001:db8:a::1]:4000", "[2001:db8:a::fe]:30000", "2001:db8:a::fe", "2001:db8:a::fe/64",
	  "[2001:db8:b::fe]:30002", "2001:db8:b::fe", "2001:db8:b::fe/64", "[2001:db8:b::1]:5000" },
};

static int from, to;
static uint16_t next_seq;

static struct nl_flow flow_of(size_t i)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	flow.local = sides[i].local;
	flow.src = sides[i].phone;
	flow.out = sides[i].out;
	flow.dst = sides[i].dst;
	return flow;
}

static void open_sockets(size_t i)
{
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	from = world_udp("a", sides[i].phone);
	to = world_udp("b", sides[i].dst);
	next_seq = 1;
}

static void close_sockets(size_t i)
{
	CU_ASSERT_EQUAL(nl_del(&nl, sides[i].local, NULL), 0);
	close(from);
	close(to);
	nl_close(&nl);
}

static uint32_t index_of(const char *device)
{
	uint32_t index;

	world_enter("relay");
	index = if_nametoindex(device);
	world_leave();
	CU_ASSERT_NOT_EQUAL_FATAL(index, 0);
	return index;
}

static void send_rtp(int fd, size_t i)
{
	scene_rtp_to(fd, sides[i].local, 0, next_seq, 0);
}

static bool is_forwarded(int fd, size_t i)
{
	send_rtp(fd, i);
	return world_receive(to, &packet, SOON) && packet.bytes[3] == next_seq++;
}

/* The packet is the flow's next one that goes up for this reason; no phone gets it. */
static void check_goes_up(int fd, size_t i, enum rtprelay_counter why)
{
	uint64_t before;

	CU_ASSERT_EQUAL_FATAL(nl_get(&nl, sides[i].local, &state), 0);
	before = state.counters[why];
	send_rtp(fd, i);
	for (int ms = 0; ms < SOON && state.counters[why] == before; ms += 10) {
		poll(NULL, 0, 10);
		CU_ASSERT_EQUAL_FATAL(nl_get(&nl, sides[i].local, &state), 0);
	}
	CU_ASSERT(state.counters[why] > before);
	CU_ASSERT_FALSE(world_receive(to, &packet, NEVER));
}

/* Replaces the flow; what it has learned is gone. */
static void set_flow(const struct nl_flow *flow)
{
	CU_ASSERT_EQUAL_FATAL(nl_add(&nl, flow, NLM_F_CREATE | NLM_F_REPLACE, NULL), 0);
}

/* Namespace b sends with the phone's address. @rp_filter: of the relay. Return: the socket */
static int start_spoofing(int rp_filter)
{
	struct nl_flow flow = flow_of(0);

	world_open();
	CU_ASSERT_EQUAL(world_run("ip netns exec relay sysctl -q -w net.ipv4.conf.all.rp_filter=%d "
				  "&& ip -n b addr add 192.0.2.1/32 dev lo && "
				  "ip -n relay neigh flush nud all dev b0",
				  rp_filter),
			0);
	open_sockets(0);
	set_flow(&flow);
	return world_udp("b", PHONE);
}

static void end_spoofing(int spoof)
{
	close(spoof);
	close_sockets(0);
	world_run("ip netns exec relay sysctl -q -w net.ipv4.conf.all.rp_filter=0;"
		  "ip -n b addr del 192.0.2.1/32 dev lo");
}

static void test_a_source_that_rp_filter_refuses_goes_up(void)
{
	int spoof = start_spoofing(1), up = world_udp("relay", LOCAL);
	struct nl_flow flow = flow_of(0);

	/*
	 * The relay asks for b's link-layer address, and so b knows the relay's: ARP of this sender
	 * is refused, too.
	 */
	CU_ASSERT(is_forwarded(from, 0));
	set_flow(&flow);
	for (int i = 0; i < 2; i++) {
		check_goes_up(spoof, 0, RTPRELAY_C_PASS_DEVICE);
		CU_ASSERT_FALSE(world_receive(up, &packet, 0)); /* nor does the daemon hear it */
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_DEVICE], (uint64_t)i + 1);
		CU_ASSERT(is_forwarded(from, 0));
	}
	close(up);
	end_spoofing(spoof);
}

/* A phone's packets may come by two paths. */
static void test_where_sockets_hear_both_devices_flows_do(void)
{
	int spoof = start_spoofing(0);

	for (int i = 0; i < 2; i++) {
		CU_ASSERT(is_forwarded(spoof, 0));
		CU_ASSERT(is_forwarded(from, 0));
	}
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_DEVICE], 0);
	end_spoofing(spoof);
}

/* What was learned ends with the address, and begins again with it. */
static void test_an_address_that_was_removed_is_not_heard(void)
{
	for (size_t i = 0; i < COUNT(sides); i++) {
		struct nl_flow flow = flow_of(i);

		world_open();
		open_sockets(i);
		set_flow(&flow);
		CU_ASSERT(is_forwarded(from, i));
		CU_ASSERT_EQUAL(world_run("ip -n a neigh replace %s lladdr 02:00:00:00:0a:fe dev "
					  "eth0 nud permanent && ip -n relay addr del %s dev a0",
					  sides[i].local_addr, sides[i].net),
				0);
		check_goes_up(from, i, RTPRELAY_C_PASS_DEVICE);
		CU_ASSERT_EQUAL(world_run("ip -n relay addr add %s dev a0 %s && ip -n a neigh del "
					  "%s dev eth0",
					  sides[i].net, i ? "nodad" : "", sides[i].local_addr),
				0);
		CU_ASSERT(is_forwarded(from, i));
		close_sockets(i);
	}
}

/* --- VRFs ------------------------------------------------------------------------------------- */

/* A device that changes its VRF loses its IPv6 addresses. */
static void enslave(const char *device, const char *addr6)
{
	CU_ASSERT_EQUAL_FATAL(world_run("set -e; ip -n relay link add red type vrf table 10;"
					"ip -n relay link set red up;"
					"ip -n relay link set %s master red;"
					"ip -n relay addr replace %s dev %s nodad",
					device, addr6, device),
			      0);
}

static void set_free(const char *device, const char *addr6)
{
	world_run("ip -n relay link del red; ip -n relay addr replace %s dev %s nodad", addr6,
		  device);
}

static void test_packets_of_another_vrf_go_up(void)
{
	for (size_t i = 0; i < COUNT(sides); i++) {
		struct nl_flow flow = flow_of(i);

		world_open();
		enslave("a0", sides[1].net);
		open_sockets(i);
		set_flow(&flow); /* as a socket that is not bound */
		check_goes_up(from, i, RTPRELAY_C_PASS_DEVICE);
		CU_ASSERT_EQUAL(world_run("ip netns exec relay sysctl -q -w "
					  "net.ipv4.udp_l3mdev_accept=1"),
				0);
		CU_ASSERT(is_forwarded(from, i));
		world_run("ip netns exec relay sysctl -q -w net.ipv4.udp_l3mdev_accept=0");
		flow.iif = index_of("b0");
		set_flow(&flow);
		check_goes_up(from, i, RTPRELAY_C_PASS_DEVICE);
		flow.iif = index_of("red");
		set_flow(&flow);
		CU_ASSERT(is_forwarded(from, i));
		flow.iif = index_of("a0");
		set_flow(&flow);
		CU_ASSERT(is_forwarded(from, i));
		close_sockets(i);
		set_free("a0", sides[1].net);
	}
}

static void test_routes_of_a_vrf_are_used(void)
{
	for (size_t i = 0; i < COUNT(sides); i++) {
		struct nl_flow flow = flow_of(i);

		world_open();
		enslave("b0", sides[1].out_net);
		open_sockets(i);
		set_flow(&flow);
		check_goes_up(from, i, RTPRELAY_C_PASS_ROUTE);
		flow.oif = index_of("red");
		set_flow(&flow);
		CU_ASSERT(is_forwarded(from, i));
		CU_ASSERT(is_forwarded(from, i));
		close_sockets(i);
		set_free("b0", sides[1].out_net);
	}
}

/* --- Rules ------------------------------------------------------------------------------------ */

#define MARK 0x77
#define UID  1000
#define DSCP 4 /* 0x10 as TOS: older kernels have rules for three of its bits only */

/* Each rule is the only way to a route. */
static void test_rules_for_mark_user_and_dscp_are_followed(void)
{
	static const struct {
		const char *rule;
		uint32_t mark, uid;
		uint8_t dscp;
	} cases[] = {
		{ "fwmark 0x77", MARK, 0, 0 },
		{ "uidrange 1000-1000", 0, UID, 0 },
		{ "tos 0x10", 0, 0, DSCP + 1 },
	};

	for (size_t i = 0; i < COUNT(sides); i++) {
		world_open();
		open_sockets(i);
		CU_ASSERT_EQUAL(
			world_run("ip -n relay addr del %s dev b0; ip -n relay addr add %s "
				  "dev b0 noprefixroute %s; ip -n relay route add %s dev b0 "
				  "table 100",
				  sides[i].out_net, sides[i].out_net, i ? "nodad" : "",
				  i ? "2001:db8:b::/64" : "198.51.100.0/24"),
			0);
		for (size_t j = 0; j < COUNT(cases); j++) {
			struct nl_flow flow = flow_of(i);

			CU_ASSERT_EQUAL(world_run("ip -n relay %s rule add %s lookup 100",
						  i ? "-6" : "-4", cases[j].rule),
					0);
			set_flow(&flow);
			check_goes_up(from, i, RTPRELAY_C_PASS_ROUTE);
			flow.mark = cases[j].mark;
			flow.uid = cases[j].uid;
			flow.dscp = cases[j].dscp;
			set_flow(&flow);
			CU_ASSERT(is_forwarded(from, i));
			world_run("ip -n relay %s rule del %s lookup 100", i ? "-6" : "-4",
				  cases[j].rule);
		}
		world_run("ip -n relay addr del %s dev b0; ip -n relay addr add %s dev b0 %s",
			  sides[i].out_net, sides[i].out_net, i ? "nodad" : "");
		close_sockets(i);
	}
}

static void test_returns_device_mark_and_user(void)
{
	struct nl_flow flow = flow_of(0);

	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	flow.iif = 3;
	flow.oif = 4;
	flow.mark = 0x80000005;
	flow.uid = 6;
	set_flow(&flow);
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT_EQUAL(state.iif, 3);
	CU_ASSERT_EQUAL(state.oif, 4);
	CU_ASSERT_EQUAL(state.mark, 0x80000005);
	CU_ASSERT_EQUAL(state.uid, 6);
	flow.iif = 0x80000000;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_REPLACE, NULL), -ERANGE);
	flow.iif = 0;
	flow.oif = 0x80000000;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_REPLACE, NULL), -ERANGE);
	flow.oif = 0;
	flow.uid = UINT32_MAX;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_REPLACE, NULL), -EINVAL);
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, NULL), 0);
	nl_close(&nl);
}

TEST_SUITE(input,
	   { "a source that rp_filter refuses goes up",
	     test_a_source_that_rp_filter_refuses_goes_up },
	   { "where sockets hear both devices, flows do",
	     test_where_sockets_hear_both_devices_flows_do },
	   { "an address that was removed is not heard",
	     test_an_address_that_was_removed_is_not_heard },
	   { "packets of another VRF go up", test_packets_of_another_vrf_go_up },
	   { "routes of a VRF are used", test_routes_of_a_vrf_are_used },
	   { "rules for mark, user and DSCP are followed",
	     test_rules_for_mark_user_and_dscp_are_followed },
	   { "returns device, mark and user", test_returns_device_mark_and_user });
