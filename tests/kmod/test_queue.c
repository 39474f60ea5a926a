/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_queue.c - the driver stops its queue while packets are sent to it directly: none is lost but
 * those that dev_queue_xmit() loses, too, all leave in their order, and nobody spins
 *
 * The device is that of nic/nic.c, behind flows from namespace a.
 */
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/count.h"
#include "scene.h"
#include "tests/unit/test.h"

#define BURST 20

/* See nic/nic.c. */
struct seen {
	unsigned int calls, left, disordered, stopped;
};

/* By itself fq_codel drops packets that wait for long. */
static const char *const disciplines[] = { "pfifo_fast", "pfifo",
					   "fq_codel target 10s interval 20s", "fq", "prio" };
static uint16_t next_seq;

static void set(const char *parameter, unsigned int value)
{
	CU_ASSERT_EQUAL(world_run("echo %u >/sys/module/nic/parameters/%s", value, parameter), 0);
}

static struct seen look(void)
{
	struct seen seen = { 0 };
	FILE *file = fopen("/sys/module/nic/parameters/seen", "re");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fscanf(file, "%u %u %u %u", &seen.calls, &seen.left, &seen.disordered,
			       &seen.stopped),
			4);
	fclose(file);
	return seen;
}

/* Waits for that many packets. Return: what was seen then */
static struct seen look_for(unsigned int left)
{
	struct seen seen = look();

	for (int ms = 0; seen.left < left && ms < SOON; ms += 10) {
		poll(NULL, 0, 10);
		seen = look();
	}
	CU_ASSERT_EQUAL(seen.left, left);
	CU_ASSERT_EQUAL(seen.disordered, 0);
	CU_ASSERT_EQUAL(seen.stopped, 0);
	return seen;
}

/* Softirqs of all CPUs in which queues are run. */
static unsigned long queue_runs(void)
{
	unsigned long sum = 0, one;
	char line[512] = "";
	FILE *file = fopen("/proc/softirqs", "re");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fgets(line, sizeof(line), file) && !strstr(line, "NET_TX:"))
		;
	fclose(file);
	for (char *at = strtok(line, " :"); at; at = strtok(NULL, " "))
		if (sscanf(at, "%lu", &one) == 1)
			sum += one;
	return sum;
}

/* Sends packets, and waits until the module has handled them. */
static void send_burst(unsigned int count)
{
	uint64_t before;

	CU_ASSERT_EQUAL_FATAL(nl_get(&nl, LOCAL, &state), 0);
	before = state.counters[RTPRELAY_C_PACKETS];
	for (unsigned int i = 0; i < count; i++)
		scene_rtp(phone, 0, next_seq++, 0);
	for (int ms = 0; ms < SOON; ms += 10) {
		CU_ASSERT_EQUAL_FATAL(nl_get(&nl, LOCAL, &state), 0);
		if (state.counters[RTPRELAY_C_PACKETS] == before + count)
			return;
		poll(NULL, 0, 10);
	}
	CU_FAIL("the module does not handle all packets");
}

static void start(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	next_seq = 1;
	scene_start_direct(&flow);
	CU_ASSERT_EQUAL_FATAL(world_run("set -e; ip netns exec relay insmod ./nic.ko;"
					"ip -n relay addr add 203.0.113.254/24 dev nic;"
					"ip -n relay link set nic up;"
					"ip -n relay neigh add 203.0.113.1 "
					"lladdr 02:00:00:00:00:01 dev nic nud permanent"),
			      0);
	flow.out = "203.0.113.254:30002";
	flow.dst = "203.0.113.1:5000";
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_REPLACE, NULL), 0);
}

static void end(void)
{
	scene_end_direct();
	CU_ASSERT_EQUAL(world_run("rmmod nic"), 0);
}

/* Begins to count with the first packet by this discipline. */
static void use(const char *discipline)
{
	CU_ASSERT_EQUAL(
		world_run("ip netns exec relay tc qdisc replace dev nic root %s", discipline), 0);
	set("seen", 0);
	send_burst(BURST);
	look_for(BURST);
}

static void test_a_stopped_queue_keeps_packets(void)
{
	start();
	for (size_t i = 0; i < COUNT(disciplines); i++) {
		unsigned long runs;
		struct seen seen;

		use(disciplines[i]);
		set("stopped", 1);
		send_burst(BURST);
		runs = queue_runs();
		poll(NULL, 0, NEVER);
		CU_ASSERT(queue_runs() - runs < 100); /* a loop makes many thousands */
		seen = look();
		CU_ASSERT_EQUAL(seen.left, BURST);
		CU_ASSERT_EQUAL(seen.calls, BURST);
		set("stopped", 0);
		send_burst(BURST);
		look_for(3 * BURST);
	}
	end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_XMIT], 0);
}

/* As a card that is as fast as packets come: its ring is full all the time. */
static void test_a_queue_that_stops_again_and_again(void)
{
	start();
	for (size_t i = 0; i < COUNT(disciplines); i++) {
		use(disciplines[i]);
		set("ring", 3);
		for (int n = 0; n < 5; n++)
			send_burst(BURST);
		look_for(6 * BURST);
		set("ring", 0);
	}
	end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_XMIT], 0);
}

/* Its queue is not stopped, but it does not take the packet. */
static void test_a_driver_that_is_busy(void)
{
	start();
	for (size_t i = 0; i < COUNT(disciplines); i++) {
		use(disciplines[i]);
		set("busy", 3);
		send_burst(BURST);
		CU_ASSERT_EQUAL(look_for(2 * BURST).calls, 2 * BURST + 3);
	}
	end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_XMIT], 0);
}

/* There is no place to keep them: each one is counted. */
static void test_without_a_discipline_packets_are_lost(void)
{
	start();
	use("noqueue");
	set("stopped", 1);
	send_burst(BURST);
	CU_ASSERT_EQUAL(look().calls, BURST);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_XMIT], BURST);
	set("stopped", 0);
	set("seen", 0);
	send_burst(BURST);
	look_for(BURST);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_XMIT], BURST);
	end();
}

TEST_SUITE(queue, { "a stopped queue keeps packets", test_a_stopped_queue_keeps_packets },
	   { "a queue that stops again and again", test_a_queue_that_stops_again_and_again },
	   { "a driver that is busy", test_a_driver_that_is_busy },
	   { "without a discipline packets are lost", test_without_a_discipline_packets_are_lost });
