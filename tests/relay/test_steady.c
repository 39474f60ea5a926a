/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_steady.c - thousands of calls in the kernel: their cost to the daemon, and its statistics of
 * them
 *
 * The share of a core can be measured in an emulator only when it counts instructions: then
 * GUEST_ICOUNT is in the environment, and the machine executes one instruction per nanosecond,
 * independent of the load of its host. That is a slow core: cores of servers execute three to
 * eight. Without GUEST_ICOUNT the test uses fewer calls and does not judge the cost.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "relay.h"
#include "tests/unit/test.h"

#define MOST_CALLS 4500
#define FEW_CALLS  100
#define WATCH_MS   30000
#define FEW_MS	   12000 /* more than two rounds of asking the kernel */
#define TICK_MS	   1000
#define SHARE	   100 /* of a core: one hundredth */
#define END_MS	   10000
#define STEADY	   "--log-level=notice --port-min=1024 --port-max=65535"

static struct call calls[MOST_CALLS];

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static bool counts_instructions(void)
{
	const char *text = getenv("GUEST_ICOUNT");

	return text && *text;
}

/* All calls are between the same two phones: only the relay's ports differ. */
static void open_calls(int count)
{
	char id[32];

	for (int i = 0; i < count; i++) {
		snprintf(id, sizeof(id), "steady-%d", i);
		if (i)
			call_open_beside(&calls[i], id, &calls[0]);
		else
			call_open(&calls[0], id, "192.0.2.1:4000", "198.51.100.1:5000");
		CU_ASSERT_TRUE_FATAL(call_first(&calls[i].a, &calls[i].b));
		CU_ASSERT_TRUE_FATAL(call_pass(&calls[i].b, &calls[i].a));
		CU_ASSERT_TRUE_FATAL(call_pass_rtcp(&calls[i].a, &calls[i].b));
		CU_ASSERT_TRUE_FATAL(call_pass_rtcp(&calls[i].b, &calls[i].a));
	}
	CU_ASSERT_TRUE(relay_flows(4 * (uint32_t)count));
}

/*
 * Some calls have media; no client asks the daemon. Return: CPU time of the daemon, in microseconds
 * of each second
 */
static int64_t watch(int count, int64_t watch_ms)
{
	int64_t began_us, cpu_us;
	int at = 0;

	poll(NULL, 0, 5 * TICK_MS); /* until the set-up of the last calls is complete */
	began_us = now_us();
	cpu_us = relay_cpu_us();
	while (now_us() - began_us < watch_ms * 1000) {
		for (int i = 0; i < 10; i++, at++)
			CU_ASSERT_TRUE(call_talk(&calls[at % count], 1));
		poll(NULL, 0, TICK_MS / 5);
	}
	return (relay_cpu_us() - cpu_us) * 1000000 / (now_us() - began_us);
}

/*
 * Ended intervals of the caller's media: the same as in user space, though no client asked before.
 */
static long samples(const char *id)
{
	const char *reply = relay_ask("\"command\":\"query\",\"call-id\":\"%s\"", id);
	const char *at = strstr(reply, "\"43690\":{"); /* 0xaaaa, the SSRC */

	return at ? relay_number(at, "samples") : -1;
}

static void test_steady_calls_cost_next_to_nothing(void)
{
	int count = counts_instructions() ? MOST_CALLS : FEW_CALLS;
	int64_t cpu_us, began_us;
	long user;

	world_ready();
	CU_ASSERT_TRUE_FATAL(relay_module(true));
	relay_start(STEADY);
	open_calls(count);
	user = relay_user_packets();
	cpu_us = watch(count, counts_instructions() ? WATCH_MS : FEW_MS);
	CU_ASSERT_EQUAL(relay_user_packets(), user);
	printf("  %d calls, %d flows in the kernel: the daemon takes %.2f %% of %s core\n", count,
	       4 * count, (double)cpu_us / 10000,
	       counts_instructions() ? "a 10^9 instructions/s" : "an emulated");
	if (counts_instructions()) {
		CU_ASSERT(cpu_us < 1000000 / SHARE);
	} else {
		CU_ASSERT(samples(calls[0].id) >= 2);
	}
	/* Ending them must not take minutes either. */
	began_us = now_us();
	CU_ASSERT_EQUAL(relay_stop(), 0);
	printf("  they end in %.2f s\n", (double)(now_us() - began_us) / 1e6);
	CU_ASSERT(now_us() - began_us < END_MS * 1000);
	CU_ASSERT_TRUE(relay_flows(0));
	call_close(&calls[0]);
}

TEST_SUITE(steady, { "steady calls cost next to nothing", test_steady_calls_cost_next_to_nothing });
