/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device_end.c - the end of a device while there are many flows
 */
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "nl.h"
#include "scene.h"
#include "tests/unit/test.h"
#include "world.h"

#define MANY	20000
#define DEVICES 200
#define BATCH	200

static void local_of(char text[64], int i)
{
	snprintf(text, 64, "192.0.2.254:%d", 10000 + i);
}

static void send_batch(uint8_t cmd, const char *dst_text, int from, int count)
{
	static char buf[65536];
	char *at = buf, local[64];
	uint32_t seq = 0;

	for (int i = from; i < from + count; i++) {
		const struct nl_flow flow = { .local = local,
					      .out = "198.51.100.254:30002",
					      .dst = dst_text,
					      .kind = RTPRELAY_KIND_RTP };
		struct nlmsghdr *nlh;

		local_of(local, i);
		nlh = nl_begin(&nl, at, cmd, cmd == RTPRELAY_CMD_FLOW_ADD ? NLM_F_CREATE : 0);
		if (cmd == RTPRELAY_CMD_FLOW_ADD)
			nl_put_flow(nlh, &flow);
		else
			nl_put_endpoint(nlh, RTPRELAY_A_LOCAL, local);
		if (i != from + count - 1)
			nlh->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
		seq = nlh->nlmsg_seq;
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	CU_ASSERT(mnl_socket_sendto(nl.sock, buf, (size_t)(at - buf)) == at - buf);
	CU_ASSERT_EQUAL(nl_read(&nl, seq, NULL, NULL), 0);
}

static void set_flows(uint8_t cmd, const char *dst_text, int count)
{
	for (int i = 0; i < count; i += BATCH)
		send_batch(cmd, dst_text, i, BATCH);
}

/* One packet for each flow, so that it looks its route up. */
static void send_to_each(int count)
{
	int fd = world_udp("a", "192.0.2.1:4000");
	char local[64];
	uint8_t rtp[172];

	for (int i = 0; i < count; i++) {
		local_of(local, i);
		rtp_make(rtp, sizeof(rtp), 0, 1, 0, 1);
		CU_ASSERT(world_send(fd, local, rtp, sizeof(rtp)));
	}
	local_of(local, count - 1);
	CU_ASSERT(scene_counts(local, RTPRELAY_C_PACKETS));
	close(fd);
}

/* What a child has spent in the kernel, in milliseconds. */
static long system_ms(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000;
}

/* Removes many devices, with one command. Return: what that took, in milliseconds */
static long end_devices(void)
{
	long before_ms;

	CU_ASSERT_EQUAL(
		world_run("for i in $(seq %d); do echo link add e$i group 7 type dummy; done "
			  "| ip -n relay -batch -",
			  DEVICES),
		0);
	before_ms = system_ms();
	CU_ASSERT_EQUAL(world_run("ip -n relay link del group 7"), 0);
	return system_ms() - before_ms;
}

/* A container that ends on the same machine must not walk over all flows. */
static void test_an_unrelated_device_costs_nothing(void)
{
	long without_ms, with_ms;

	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	without_ms = end_devices();
	set_flows(RTPRELAY_CMD_FLOW_ADD, "198.51.100.1:5000", MANY);
	send_to_each(MANY);
	with_ms = end_devices();
	printf("%d devices removed: %ld ms, with %d flows %ld ms\n", DEVICES, without_ms, MANY,
	       with_ms);
	CU_ASSERT(with_ms < 4 * without_ms);
	set_flows(RTPRELAY_CMD_FLOW_DEL, NULL, MANY);
	nl_close(&nl);
}

#define FEW 600 /* several chunks */

static void test_all_flows_forget_a_device(void)
{
	static const char *const destinations[] = { "10.6.0.1:5000", "[2001:db8:6::1]:5000" };

	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	for (int i = 0; i < 2; i++) {
		struct nl_flow flow = { .local = "192.0.2.254:10000",
					.out = i ? "[2001:db8:6::fe]:30002" : "10.6.0.254:30002",
					.dst = destinations[i],
					.kind = RTPRELAY_KIND_RTP };

		CU_ASSERT_EQUAL(world_run("set -e; ip -n relay link add d0 type dummy;"
					  "ip -n relay link set d0 up;"
					  "ip -n relay addr add 10.6.0.254/24 dev d0;"
					  "ip -n relay addr add 2001:db8:6::fe/64 dev d0 nodad;"
					  "ip -n relay neigh add 10.6.0.1 lladdr 02:00:00:00:00:01 "
					  "dev d0; ip -n relay neigh add 2001:db8:6::1 lladdr "
					  "02:00:00:00:00:01 dev d0"),
				0);
		for (int n = 0; n < FEW; n++) {
			char local[64];

			local_of(local, n);
			flow.local = local;
			CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
		}
		send_to_each(FEW);
		CU_ASSERT_EQUAL(world_run("ip -n relay link del d0"), 0);
		set_flows(RTPRELAY_CMD_FLOW_DEL, NULL, FEW);
	}
	nl_close(&nl);
}

TEST_SUITE(device_end,
	   { "an unrelated device costs nothing", test_an_unrelated_device_costs_nothing },
	   { "all flows forget a device", test_all_flows_forget_a_device });
