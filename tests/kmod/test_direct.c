/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_direct.c - packets that go directly to the driver's queue: whoever would have seen them on
 * the usual way still does
 */
#include <linux/netlink.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/count.h"
#include "scene.h"
#include "tests/unit/test.h"

#define BURST 20

/* The first number that a command prints; -1: none */
static int number_of(const char *command)
{
	int number = -1;
	FILE *file;

	CU_ASSERT_EQUAL(world_run("%s >/tmp/number", command), 0);
	file = fopen("/tmp/number", "re");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fscanf(file, "%d", &number), 1);
	fclose(file);
	return number;
}

/* All are on the way before the first is received; they come in their order. */
static void check_burst(uint16_t *seq)
{
	for (int i = 0; i < BURST; i++)
		scene_rtp(phone, 0, (uint16_t)(*seq + i), 0);
	for (int i = 0; i < BURST; i++) {
		CU_ASSERT_FATAL(world_receive(dst, &packet, SOON));
		CU_ASSERT_EQUAL(packet.bytes[3], (uint8_t)*seq);
		CU_ASSERT_STRING_EQUAL(packet.from, OUT);
		(*seq)++;
	}
}

#define SENT                                                                                       \
	"ip netns exec relay tc -s qdisc show dev b0 root | sed -n 's/.* bytes \\([0-9]*\\) "      \
	"pkt.*/\\1/p' | head -1"

static void test_queue_disciplines_count_each_packet(void)
{
	static const char *const disciplines[] = { "pfifo_fast",       "pfifo",
						   "fq_codel",	       "fq",
						   "htb default 1",    "prio",
						   "netem limit 1000", "netem delay 1ms 0ms" };
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	uint16_t seq = 1;

	scene_start_direct(&flow);
	for (size_t i = 0; i < COUNT(disciplines); i++) {
		CU_ASSERT_EQUAL(world_run("ip netns exec relay tc qdisc replace dev b0 root "
					  "handle 1: %s",
					  disciplines[i]),
				0);
		check_burst(&seq);
		CU_ASSERT(number_of(SENT) >= BURST);
		world_run("ip netns exec relay tc qdisc del dev b0 root");
		check_burst(&seq);
	}
	scene_end_direct();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 2 * COUNT(disciplines) * BURST);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_XMIT], 0);
}

/* One that holds packets back is never left out, though it is empty. */
static void test_a_discipline_that_delays_delays(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	scene_start_direct(&flow);
	CU_ASSERT_EQUAL(world_run("ip netns exec relay tc qdisc replace dev b0 root netem delay "
				  "300ms"),
			0);
	for (uint16_t seq = 1; seq <= 3; seq++) {
		int64_t sent = now_ms();

		scene_rtp(phone, 0, seq, 0);
		CU_ASSERT(world_receive(dst, &packet, SOON));
		CU_ASSERT(now_ms() - sent >= 290);
	}
	world_run("ip netns exec relay tc qdisc del dev b0 root");
	scene_end_direct();
}

static void check_dropped(uint16_t seq)
{
	scene_rtp(phone, 0, seq, 0);
	CU_ASSERT_FALSE(world_receive(dst, &packet, NEVER));
	CU_ASSERT_FALSE(world_receive(relay, &packet, 0));
}

static void test_rules_at_the_egress_see_each_packet(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	uint16_t seq = 1;

	scene_start_direct(&flow);
	check_burst(&seq);
	CU_ASSERT_EQUAL(world_run("set -e; t='ip netns exec relay tc'; $t qdisc add dev b0 clsact;"
				  "$t filter add dev b0 egress matchall action drop"),
			0);
	check_dropped(seq++);
	world_run("ip netns exec relay tc qdisc del dev b0 clsact");
	check_burst(&seq);
	if (world_kernel(5, 16)) {
		CU_ASSERT_EQUAL(
			world_run("ip netns exec relay nft 'table netdev leaving { chain c {"
				  " type filter hook egress device b0 priority 0;"
				  " ip protocol udp counter drop; }; }'"),
			0);
		check_dropped(seq++);
		world_run("ip netns exec relay nft delete table netdev leaving");
		check_burst(&seq);
	}
	scene_end_direct();
}

/* tcpdump that is started and ended while media passes. */
static void test_packet_sockets_see_packets_from_when_they_open(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	uint16_t seq = 1;

	scene_start_direct(&flow);
	check_burst(&seq);
	for (int i = 0; i < 3; i++) {
		int one = world_sniff("relay", "b0");

		check_burst(&seq);
		for (int n = 0; n < BURST; n++) {
			CU_ASSERT_FATAL(world_sniffed(one, &packet, SOON));
			CU_ASSERT_STRING_EQUAL(packet.to, DST);
		}
		CU_ASSERT_FALSE(world_sniffed(one, &packet, 0));
		close(one);
		check_burst(&seq);
	}
	scene_end_direct();
}

/* The flow keeps the neighbour, whose cached header has its old address. */
static void test_phone_with_another_link_layer_address(void)
{
	static const char *const ways[] = {
		"del 198.51.100.1 dev b0", "flush dev b0",
		"replace 198.51.100.1 lladdr 02:00:00:00:0b:03 nud reachable dev b0"
	};
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	uint16_t seq = 1;

	scene_start_direct(&flow);
	for (size_t i = 0; i < COUNT(ways); i++) {
		check_burst(&seq);
		CU_ASSERT_EQUAL(world_run("ip -n b link set eth0 address 02:00:00:00:0b:%02zu;"
					  "ip -n relay neigh %s",
					  i + 1, ways[i]),
				0);
		check_burst(&seq);
	}
	world_run("ip -n relay neigh flush nud all dev b0");
	scene_end_direct();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 2 * COUNT(ways) * BURST);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_XMIT], 0);
}

/* Its queues have disciplines of their own, below mq. */
static void test_device_with_several_queues(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	uint16_t seq = 1;

	world_open();
	CU_ASSERT_EQUAL(world_run("set -e; ip -n relay link add many numtxqueues 4 numrxqueues 4 "
				  "type veth peer name other numtxqueues 4 numrxqueues 4 netns b;"
				  "ip -n relay addr add 203.0.113.254/24 dev many;"
				  "ip -n b addr add 203.0.113.1/24 dev other;"
				  "ip -n relay link set many up; ip -n b link set other up"),
			0);
	scene_start_direct(&flow);
	close(dst);
	dst = world_udp("b", "203.0.113.1:5000");
	flow.out = "203.0.113.254:30002";
	flow.dst = "203.0.113.1:5000";
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_REPLACE, NULL), 0);
	for (int i = 0; i < 2; i++) {
		for (int n = 0; n < BURST; n++) {
			scene_rtp(phone, 0, seq++, 0);
			CU_ASSERT_FATAL(world_receive(dst, &packet, SOON));
			CU_ASSERT_EQUAL(packet.bytes[3], (uint8_t)(seq - 1));
		}
		CU_ASSERT_EQUAL(world_run("ip netns exec relay tc qdisc replace dev many root mq"),
				0);
	}
	scene_end_direct();
	world_run("ip -n relay link del many");
}

/* --- Two CPUs --------------------------------------------------------------------------------- */

#define STORM 2000

struct sender {
	pthread_t thread;
	int cpu, fd;
};

/* The packet is received on the CPU that sends it, since veth hands it over there. */
static void *storm(void *arg)
{
	const struct sender *sender = arg;
	uint8_t rtp[172];

	scene_stay_on_cpu((unsigned int)sender->cpu);
	for (uint16_t seq = 0; seq < STORM; seq++) {
		rtp_make(rtp, sizeof(rtp), 0, seq, 0, 0xabcd + (uint32_t)sender->cpu);
		world_send(sender->fd, LOCAL, rtp, sizeof(rtp));
		if (seq % 64 == 63)
			poll(NULL, 0, 1); /* no queue of a CPU overflows */
	}
	return NULL;
}

/* They send by one queue at the same time: none is lost, and the discipline never stalls. */
static void test_two_cpus_share_a_queue(void)
{
	static const char *const disciplines[] = { "noqueue", "pfifo_fast", "fq_codel" };
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	struct sender senders[2] = { { .cpu = 0 }, { .cpu = 1 } };
	uint64_t sent = 0;

	CU_ASSERT_FATAL(sysconf(_SC_NPROCESSORS_ONLN) >= 2);
	flow.src = NULL;
	scene_start_direct(&flow);
	senders[0].fd = phone;
	senders[1].fd = unknown;
	for (size_t i = 0; i < COUNT(disciplines); i++) {
		CU_ASSERT_EQUAL(world_run("ip netns exec relay tc qdisc replace dev b0 root %s",
					  disciplines[i]),
				0);
		for (int j = 0; j < 2; j++)
			CU_ASSERT_EQUAL(
				pthread_create(&senders[j].thread, NULL, storm, &senders[j]), 0);
		for (int j = 0; j < 2; j++)
			pthread_join(senders[j].thread, NULL);
		sent += 2 * STORM;
		for (int ms = 0; ms < SOON; ms += 10) {
			CU_ASSERT_EQUAL_FATAL(nl_get(&nl, LOCAL, &state), 0);
			if (state.counters[RTPRELAY_C_PACKETS] == sent)
				break;
			poll(NULL, 0, 10);
		}
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], sent);
		if (i)
			CU_ASSERT(number_of(SENT) >= 2 * STORM);
		/* What the socket's buffer could not hold is of no interest; what comes next is. */
		while (world_receive(dst, &packet, NEVER))
			;
		scene_rtp(phone, 0, 9, 0);
		sent++;
		CU_ASSERT(world_receive(dst, &packet, SOON));
	}
	world_run("ip netns exec relay tc qdisc del dev b0 root");
	scene_end_direct();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_XMIT], 0);
}

TEST_SUITE(direct,
	   { "queue disciplines count each packet", test_queue_disciplines_count_each_packet },
	   { "a discipline that delays delays", test_a_discipline_that_delays_delays },
	   { "rules at the egress see each packet", test_rules_at_the_egress_see_each_packet },
	   { "packet sockets see packets from when they open",
	     test_packet_sockets_see_packets_from_when_they_open },
	   { "a phone with another link-layer address",
	     test_phone_with_another_link_layer_address },
	   { "a device with several queues", test_device_with_several_queues },
	   { "two CPUs share a queue", test_two_cpus_share_a_queue });
