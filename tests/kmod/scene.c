/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scene.c - one flow from a phone in namespace a to one in b, with all sockets around it
 */
#include <linux/netlink.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "scene.h"
#include "tests/unit/test.h"

struct nl nl, events;
struct packet packet;
struct nl_state state;
int phone, unknown, relay, dst;

struct nl_flow scene_flow(uint8_t kind)
{
	return (struct nl_flow){ .local = LOCAL,
				 .src = PHONE,
				 .out = OUT,
				 .dst = DST,
				 .kind = kind,
				 .cookie = "the cookie" };
}

void scene_start(const struct nl_flow *flow)
{
	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	CU_ASSERT_FATAL(nl_open(&events, "relay"));
	CU_ASSERT(nl_listen(&events));
	phone = world_udp("a", PHONE);
	unknown = world_udp("a", UNKNOWN);
	relay = world_udp("relay", LOCAL);
	dst = world_udp("b", DST);
	CU_ASSERT_EQUAL(nl_add(&nl, flow, NLM_F_CREATE | NLM_F_EXCL, NULL), 0);
}

void scene_end(void)
{
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, &state), 0);
	close(phone);
	close(unknown);
	close(relay);
	close(dst);
	nl_close(&nl);
	nl_close(&events);
}

void scene_stay_on_cpu(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CU_ASSERT_EQUAL(pthread_setaffinity_np(pthread_self(), sizeof(set), &set), 0);
}

void scene_roam(void)
{
	cpu_set_t set;

	memset(&set, 0xff, sizeof(set));
	CU_ASSERT_EQUAL(pthread_setaffinity_np(pthread_self(), sizeof(set), &set), 0);
}

void scene_start_direct(const struct nl_flow *flow)
{
	scene_start(flow);
	scene_stay_on_cpu(0);
	CU_ASSERT_EQUAL(world_run("ip netns exec a ethtool -K eth0 tx off >/dev/null"), 0);
}

void scene_end_direct(void)
{
	scene_end();
	scene_roam();
	world_run("ip netns exec a ethtool -K eth0 tx on >/dev/null");
}

void scene_rtp_to(int fd, const char *local, uint8_t pt, uint16_t seq, uint32_t timestamp)
{
	uint8_t rtp[172];

	rtp_make(rtp, sizeof(rtp), pt, seq, timestamp, 0xabcd);
	CU_ASSERT_FATAL(world_send(fd, local, rtp, sizeof(rtp)));
}

void scene_rtp(int fd, uint8_t pt, uint16_t seq, uint32_t timestamp)
{
	scene_rtp_to(fd, LOCAL, pt, seq, timestamp);
}

bool scene_counts(const char *local, enum rtprelay_counter which)
{
	for (int ms = 0; ms < SOON; ms += 10) {
		CU_ASSERT_EQUAL_FATAL(nl_get(&nl, local, &state), 0);
		if (state.counters[which])
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t now_ms(void)
{
	return now_ns() / 1000000;
}
