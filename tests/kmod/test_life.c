/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_life.c - removal of flows, namespaces and the module itself while packets arrive
 */
#include <errno.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nl.h"
#include "tests/unit/test.h"
#include "world.h"

#define FLOWS 8

static struct nl nl;
static struct packet packet;
static struct nl_state state;

static void local_of(char text[64], int i)
{
	snprintf(text, 64, "192.0.2.254:%d", 30000 + 2 * i);
}

static int add(int i, uint16_t flags, uint32_t flow_flags, struct nl_state *old)
{
	char local[64];
	struct nl_flow flow = { .local = local,
				.out = "198.51.100.254:30002",
				.dst = "198.51.100.1:5000",
				.kind = RTPRELAY_KIND_MUX,
				.idle = 1,
				.flags = flow_flags };

	local_of(local, i);
	return nl_add(&nl, &flow, flags, old);
}

/* A process that sends to all flows until it is killed. */
static pid_t flood(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		int fd = world_udp("a", "192.0.2.1:4000");
		uint8_t rtp[172];

		for (uint32_t n = 0;; n++) {
			char local[64];

			local_of(local, (int)(n % FLOWS));
			rtp_make(rtp, sizeof(rtp), 0, (uint16_t)(n / FLOWS), n, n % FLOWS);
			if (n % 16 == 15)
				rtp[1] = 200, rtp[3] = 5;
			world_send(fd, local, rtp, sizeof(rtp));
		}
	}
	return pid;
}

/* The flood has reached the last flow: each earlier flow has received a packet. */
static void wait_for_flood(void)
{
	char local[64];

	local_of(local, FLOWS - 1);
	CU_ASSERT_EQUAL(nl_get(&nl, local, &state), 0);
	for (int n = 0; n < 1000 && !state.counters[RTPRELAY_C_PACKETS]; n++) {
		usleep(10000);
		CU_ASSERT_EQUAL(nl_get(&nl, local, &state), 0);
	}
	CU_ASSERT(state.counters[RTPRELAY_C_PACKETS] > 0);
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void start(void)
{
	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
}

#define COUNTED 20000

/* A process that sends a given number of packets to the first flow, as fast as possible. */
static pid_t send_counted(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		int fd = world_udp("a", "192.0.2.1:4000");
		uint8_t rtp[172];

		for (uint32_t n = 0; n < COUNTED; n++) {
			rtp_make(rtp, sizeof(rtp), 0, (uint16_t)n, n, 1);
			if (!world_send(fd, "192.0.2.254:30000", rtp, sizeof(rtp)))
				_exit(1);
		}
		_exit(0);
	}
	return pid;
}

/*
 * Each packet is counted once, by the old flow or by its replacement; also a packet that arrives
 * during the replacement.
 */
static void test_replacing_under_traffic_loses_no_count(void)
{
	uint64_t counted = 0;
	int status = -1, rounds = 0;
	pid_t pid;

	start();
	CU_ASSERT_EQUAL(add(0, NLM_F_CREATE, 0, NULL), 0);
	pid = send_counted();
	while (waitpid(pid, &status, WNOHANG) == 0) {
		CU_ASSERT_EQUAL(add(0, NLM_F_REPLACE, 0, &state), 0);
		counted += state.counters[RTPRELAY_C_PACKETS];
		rounds++;
	}
	CU_ASSERT_EQUAL(status, 0);
	CU_ASSERT(rounds > 100);
	CU_ASSERT_EQUAL(nl_del(&nl, "192.0.2.254:30000", &state), 0);
	counted += state.counters[RTPRELAY_C_PACKETS];
	CU_ASSERT_EQUAL(counted, COUNTED);
	nl_close(&nl);
}

static void test_flows_come_and_go_under_traffic(void)
{
	pid_t pid;

	start();
	pid = flood();
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < FLOWS; i++)
			CU_ASSERT_EQUAL(
				add(i, NLM_F_CREATE, round % 2 ? RTPRELAY_FLOW_CARRY : 0, NULL), 0);
		for (int i = 0; round % 3 == 0 && i < FLOWS; i++) {
			char local[64];

			local_of(local, i);
			CU_ASSERT_EQUAL(nl_del(&nl, local, NULL), 0);
		}
	}
	stop(pid);
	for (int i = 0; i < FLOWS; i++) {
		char local[64];

		local_of(local, i);
		nl_del(&nl, local, NULL);
	}
	nl_close(&nl);
}

static void test_routes_change_under_traffic(void)
{
	pid_t pid;

	start();
	for (int i = 0; i < FLOWS; i++)
		CU_ASSERT_EQUAL(add(i, NLM_F_CREATE, 0, NULL), 0);
	pid = flood();
	for (int round = 0; round < 20; round++) {
		world_run("ip -n relay link set b0 down; ip -n relay link set b0 up;"
			  "ip -n relay route add 203.0.113.0/24 via 198.51.100.1;"
			  "ip -n relay route del 203.0.113.0/24");
	}
	stop(pid);
	world_run("ip -n relay -6 addr add 2001:db8:b::fe/64 dev b0 nodad 2>/dev/null || true");
	for (int i = 0; i < FLOWS; i++) {
		char local[64];

		local_of(local, i);
		CU_ASSERT_EQUAL(nl_del(&nl, local, &state), 0);
		CU_ASSERT(state.counters[RTPRELAY_C_PACKETS] > 0);
	}
	nl_close(&nl);
}

/*
 * An IPv6 route uses counters of its namespace when it is freed, so a flow that ends with its
 * namespace must release the route before that.
 */
static void test_namespace_goes_with_routes_of_ipv6(void)
{
	static const struct nl_flow flow = { .local = "[2001:db8:a::fe]:30000",
					     .out = "[2001:db8:b::fe]:30002",
					     .dst = "[2001:db8:b::1]:5000",
					     .kind = RTPRELAY_KIND_RTP };
	uint8_t rtp[172];

	for (int round = 0; round < 5; round++) {
		int a, b;

		start();
		a = world_udp("a", "[2001:db8:a::1]:4000");
		b = world_udp("b", flow.dst);
		CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
		for (uint16_t seq = 0; seq < 10; seq++) {
			rtp_make(rtp, sizeof(rtp), 0, seq, seq, 1);
			CU_ASSERT(world_send(a, flow.local, rtp, sizeof(rtp)));
			CU_ASSERT(world_receive(b, &packet, SOON));
			/* Each creates the route again; the old one is freed by a callback. */
			CU_ASSERT_EQUAL(
				world_run("ip -n relay -batch - <<-END\n"
					  "	route add 2001:db8:f::/64 via 2001:db8:b::1\n"
					  "	route del 2001:db8:f::/64\n"
					  "END\n"),
				0);
		}
		nl_close(&nl);
		close(a);
		close(b);
		world_close();
	}
}

/* No packet makes the flow drop its cached route; the device must be removable nevertheless. */
static void test_device_goes_while_a_quiet_flow_has_its_route(void)
{
	static const struct nl_flow flows[] = { { .local = "192.0.2.254:30000",
						  .out = "10.6.0.254:30002",
						  .dst = "10.6.0.1:5000",
						  .kind = RTPRELAY_KIND_RTP },
						{ .local = "192.0.2.254:30004",
						  .out = "[2001:db8:6::fe]:30002",
						  .dst = "[2001:db8:6::1]:5000",
						  .kind = RTPRELAY_KIND_RTP } };
	uint8_t rtp[172];
	int a;

	start();
	world_run("set -e; ip -n relay link add d0 type dummy; ip -n relay link set d0 up;"
		  "ip -n relay addr add 10.6.0.254/24 dev d0;"
		  "ip -n relay addr add 2001:db8:6::fe/64 dev d0 nodad;"
		  "ip -n relay neigh add 10.6.0.1 lladdr 02:00:00:00:00:01 dev d0;"
		  "ip -n relay neigh add 2001:db8:6::1 lladdr 02:00:00:00:00:01 dev d0");
	a = world_udp("a", "192.0.2.1:4000");
	for (size_t i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(nl_add(&nl, &flows[i], NLM_F_CREATE, NULL), 0);
		rtp_make(rtp, sizeof(rtp), 0, 1, 0, 1);
		CU_ASSERT(world_send(a, flows[i].local, rtp, sizeof(rtp)));
		CU_ASSERT_EQUAL(nl_get(&nl, flows[i].local, &state), 0);
		for (int n = 0; n < 100 && !state.counters[RTPRELAY_C_PACKETS]; n++) {
			usleep(100000);
			CU_ASSERT_EQUAL(nl_get(&nl, flows[i].local, &state), 0);
		}
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 1);
	}
	CU_ASSERT_EQUAL(world_run("ip -n relay link del d0"), 0);
	for (size_t i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(nl_del(&nl, flows[i].local, NULL), 0);
	close(a);
	nl_close(&nl);
}

static void test_namespace_goes_under_traffic(void)
{
	for (int round = 0; round < 3; round++) {
		pid_t pid;

		start();
		for (int i = 0; i < FLOWS; i++)
			CU_ASSERT_EQUAL(add(i, NLM_F_CREATE, RTPRELAY_FLOW_TAP, NULL), 0);
		pid = flood();
		wait_for_flood();
		nl_close(&nl);
		CU_ASSERT_EQUAL(world_run("ip netns del relay"), 0);
		usleep(300000); /* packets arrive during the removal: no event reports its time */
		stop(pid);
		world_run("ip netns add relay");
		world_close();
	}
}

static void test_module_goes_under_traffic(void)
{
	pid_t pid;

	start();
	pid = flood();
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < FLOWS; i++)
			CU_ASSERT_EQUAL(add(i, NLM_F_CREATE, i % 2 ? RTPRELAY_FLOW_TAP : 0, NULL),
					0);
		wait_for_flood();
		nl_close(&nl);
		CU_ASSERT_EQUAL(world_run("rmmod rtprelay"), 0);
		CU_ASSERT_FALSE(nl_open(&nl, "relay"));
		CU_ASSERT_EQUAL(world_run("ip -n relay link show rtprelay0 2>/dev/null && exit 1; "
					  "exit 0"),
				0);
		CU_ASSERT_EQUAL(world_run("insmod ./rtprelay.ko"), 0);
		CU_ASSERT_FATAL(nl_open(&nl, "relay"));
		CU_ASSERT_EQUAL(nl_info(&nl, &state), 0);
		CU_ASSERT_EQUAL(state.flows, 0);
	}
	stop(pid);
	nl_close(&nl);
}

/* Packets that the kernel forwarded reach the socket when the module is unloaded. */
static void test_without_the_module_packets_go_up(void)
{
	int a, relay, b;
	uint8_t rtp[172];

	start();
	a = world_udp("a", "192.0.2.1:4000");
	relay = world_udp("relay", "192.0.2.254:30000");
	b = world_udp("b", "198.51.100.1:5000");
	CU_ASSERT_EQUAL(add(0, NLM_F_CREATE, 0, NULL), 0);
	rtp_make(rtp, sizeof(rtp), 0, 1, 0, 1);
	CU_ASSERT(world_send(a, "192.0.2.254:30000", rtp, sizeof(rtp)));
	CU_ASSERT(world_receive(b, &packet, SOON));
	nl_close(&nl);
	CU_ASSERT_EQUAL(world_run("rmmod rtprelay"), 0);
	CU_ASSERT(world_send(a, "192.0.2.254:30000", rtp, sizeof(rtp)));
	CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT_EQUAL(world_run("insmod ./rtprelay.ko"), 0);
	close(a);
	close(relay);
	close(b);
}

TEST_SUITE(life,
	   { "replacing under traffic loses no count",
	     test_replacing_under_traffic_loses_no_count },
	   { "flows come and go under traffic", test_flows_come_and_go_under_traffic },
	   { "routes change under traffic", test_routes_change_under_traffic },
	   { "a namespace goes under traffic", test_namespace_goes_under_traffic },
	   { "a namespace goes with routes of IPv6", test_namespace_goes_with_routes_of_ipv6 },
	   { "a device goes while a quiet flow has its route",
	     test_device_goes_while_a_quiet_flow_has_its_route },
	   { "the module goes under traffic", test_module_goes_under_traffic },
	   { "without the module packets go up", test_without_the_module_packets_go_up });
