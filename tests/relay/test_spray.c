/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_spray.c - strangers at the ports of calls in the kernel: each packet is counted with its
 * reason, and the log stays short
 *
 * The user path has the same test: tests/spray/run. With GUEST_ICOUNT in the environment the
 * machine executes an instruction per nanosecond, so that 4,000 calls and 8,000 packets a second of
 * its own time are possible; else there are fewer calls, and fewer packets.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "relay.h"
#include "tests/unit/test.h"

#define MOST_CALLS  4000
#define FEW_CALLS   50
#define SOURCES	    16 /* on each side */
#define RATE	    8000
#define MOST_ROUNDS 36 /* of a packet to each port: 72 s */
#define FEW_ROUNDS  4
#define PORTS	    4 /* of a call */
#define SHORT	    4 /* one round of so many has packets that are too short */
#define SHORT_BYTES 6
#define LINES	    21 /* a minute: 20 about calls, and a summary */
#define OPTIONS	    "--log-level=notice --port-min=1024 --port-max=65535"

static struct call calls[MOST_CALLS];
static int sources[2][SOURCES]; /* in a and b */

struct sent {
	long all, cut;
};

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
		snprintf(id, sizeof(id), "spray-%d", i);
		if (i)
			call_open_beside(&calls[i], id, &calls[0]);
		else
			call_open(&calls[0], id, "192.0.2.1:4000", "198.51.100.1:5000");
		CU_ASSERT_TRUE_FATAL(call_first(&calls[i].a, &calls[i].b));
		CU_ASSERT_TRUE_FATAL(call_pass(&calls[i].b, &calls[i].a));
		CU_ASSERT_TRUE_FATAL(call_pass_rtcp(&calls[i].a, &calls[i].b));
		CU_ASSERT_TRUE_FATAL(call_pass_rtcp(&calls[i].b, &calls[i].a));
	}
	CU_ASSERT_TRUE(relay_flows(PORTS * (uint32_t)count));
}

static void open_sources(void)
{
	static const char *const netns[] = { "a", "b" }, *const host[] = { "192.0.2.2",
									   "198.51.100.2" };
	char local[64];

	for (int side = 0; side < 2; side++)
		for (int i = 0; i < SOURCES; i++) {
			snprintf(local, sizeof(local), "%s:%d", host[side], 7000 + i);
			sources[side][i] = world_udp(netns[side], local);
		}
}

static void close_sources(void)
{
	for (int side = 0; side < 2; side++)
		for (int i = 0; i < SOURCES; i++)
			close(sources[side][i]);
}

/* RTP to the RTP port, a report to the RTCP port. */
static void send_stranger(const struct phone *at, int side, int comp, int round, struct sent *sent)
{
	uint8_t rtcp[8] = { 0x80, 201, 0, 1, 0, 0, 0, 66 }, rtp[172];
	bool cut = round % SHORT == SHORT - 1;
	size_t len = sizeof(rtcp);

	if (!comp)
		len = rtp_make(rtp, sizeof(rtp), 0, (uint16_t)round, (uint32_t)round * 160, 66);
	if (cut)
		len = SHORT_BYTES;
	CU_ASSERT_TRUE(world_send(sources[side][sent->all % SOURCES], at->to[comp],
				  comp ? rtcp : rtp, len));
	sent->all++;
	sent->cut += cut;
}

/* A packet of strangers to each port; the phones talk, so that all of this stays in the kernel. */
static void send_round(int count, int round, struct sent *sent)
{
	int64_t began_us = now_us();

	for (int i = 0; i < count; i++) {
		struct call *call = &calls[i];
		int64_t wait_us;

		if (i % (RATE / PORTS / 2) == 0 || count <= FEW_CALLS)
			CU_ASSERT_TRUE(call_talk(call, 1));
		for (int comp = 0; comp < 2; comp++) {
			send_stranger(&call->a, 0, comp, round, sent);
			send_stranger(&call->b, 1, comp, round, sent);
		}
		wait_us = began_us + (int64_t)(i + 1) * PORTS * 1000000 / RATE - now_us();
		if (wait_us > 1000)
			poll(NULL, 0, (int)(wait_us / 1000));
	}
}

/* --- Counters --------------------------------------------------------------------------------- */

/* On both paths. */
static long dropped(const char *reason)
{
	const char *drops = strstr(relay_ask("\"command\":\"statistics\""), "\"drops\"");

	return drops ? relay_number(drops, reason) : -1;
}

static long dropped_in_kernel(void)
{
	struct nl_state state = { .flows = 0 };

	CU_ASSERT_EQUAL(nl_info(&relay_nl, &state), 0);
	return (long)state.counters[RTPRELAY_C_DROP_SOURCE];
}

/* Those that the daemon's sockets hold are still to be read. */
static bool are_counted(long source, long malformed)
{
	for (int ms = 0; ms < SOON; ms += 100) {
		if (dropped("source") == source && dropped("malformed") == malformed)
			return true;
		poll(NULL, 0, 100);
	}
	return false;
}

static void test_strangers_are_counted_and_the_log_is_short(void)
{
	int count = counts_instructions() ? MOST_CALLS : FEW_CALLS;
	int rounds = counts_instructions() ? MOST_ROUNDS : FEW_ROUNDS;
	struct sent sent = { 0, 0 };
	long source, malformed, in_kernel, lines;
	int64_t began_us;
	double minutes;

	world_ready();
	CU_ASSERT_TRUE_FATAL(relay_module(true));
	relay_start(OPTIONS);
	open_calls(count);
	open_sources();
	source = dropped("source");
	malformed = dropped("malformed");
	in_kernel = dropped_in_kernel();
	lines = relay_log_lines();
	began_us = now_us();
	for (int round = 0; round < rounds; round++)
		send_round(count, round, &sent);
	minutes = (double)(now_us() - began_us) / 6e7;
	CU_ASSERT_TRUE(are_counted(source + sent.all - sent.cut, malformed + sent.cut));
	lines = relay_log_lines() - lines;
	source = dropped("source") - source;
	malformed = dropped("malformed") - malformed;
	in_kernel = dropped_in_kernel() - in_kernel;
	printf("  calls %d, packets sent %ld (%.0f/s), counted %ld: source %ld (%ld in the "
	       "kernel), "
	       "malformed %ld; log lines %ld in %.1f minutes\n",
	       count, sent.all, (double)sent.all / minutes / 60, source + malformed, source,
	       in_kernel, malformed, lines, minutes);
	CU_ASSERT_EQUAL(source, sent.all - sent.cut);
	CU_ASSERT_EQUAL(malformed, sent.cut);
	CU_ASSERT(lines > 0);
	CU_ASSERT((double)lines <= LINES * (minutes + 1));
	CU_ASSERT_EQUAL(relay_number(relay_ask("\"command\":\"statistics\""), "sessionsown"),
			count);
	close_sources();
	call_close(&calls[0]);
	CU_ASSERT_EQUAL(relay_stop(), 0);
}

TEST_SUITE(spray, { "strangers are counted and the log is short",
		    test_strangers_are_counted_and_the_log_is_short });
