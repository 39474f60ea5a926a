/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_damage.c - a stream that is damaged on purpose, on both paths: what is reported is what was inflicted
 *
 * 1000 packets: of each hundred three are missing, in two gaps, one comes twice and one late. Every second
 * packet is 20 ms older than the one before it. Then a round trip with a known delay.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rtp_wire.h"
#include "relay.h"
#include "tests/test.h"

#define PACKETS	 1000
#define JITTER_U 160 /* 20 ms of PCMU */
#define PACE_MS	 4
#define DELAY_MS 150
#define HELD_MS	 100 /* of which the phone says that they were its own */

static struct call call;

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void send_rtp(struct phone *from, unsigned int seq, bool older)
{
	uint32_t timestamp = (uint32_t)(now_us() * 8 / 1000) - (older ? JITTER_U : 0);
	uint8_t bytes[172];
	size_t len = rtp_make(bytes, sizeof(bytes), 0, (uint16_t)seq, timestamp, from->ssrc);

	world_send(from->fd[0], from->to[0], bytes, len);
}

/* The latest packets are old and new by turns; what comes late or twice says nothing of jitter. */
static void send_damaged(struct phone *from)
{
	bool older = false;

	for (unsigned int i = 0; i < PACKETS; i++) {
		unsigned int in_hundred = i % 100, seq = from->seq + i;

		poll(NULL, 0, PACE_MS);
		if (in_hundred == 10 || in_hundred == 50 || in_hundred == 51 || in_hundred == 81)
			continue;
		older = !older;
		if (in_hundred == 80) {
			send_rtp(from, seq + 1, older);
			send_rtp(from, seq, older);
			continue;
		}
		send_rtp(from, seq, older);
		if (in_hundred == 70)
			send_rtp(from, seq, older);
	}
	from->seq = (uint16_t)(from->seq + PACKETS);
}

/* The first "key" behind "after". */
static long number(const char *reply, const char *after, const char *key)
{
	const char *at = strstr(reply, after);

	return at ? relay_number(at, key) : -1;
}

static bool within_5_percent(long value, long wanted)
{
	bool near = value * 100 >= wanted * 95 && value * 100 <= wanted * 105;

	if (!near)
		printf("%ld instead of %ld\n", value, wanted);
	return near;
}

static const char *query(void)
{
	return relay_ask("\"command\":\"query\",\"call-id\":\"%s\"", call.id);
}

static void check_figures(void)
{
	static const char rtp[] = "\"reception\":";
	const char *reply = query();
	char ssrc[32];

	snprintf(ssrc, sizeof(ssrc), "\"%u\":{", call.a.ssrc);
	CU_ASSERT(within_5_percent(number(reply, rtp, "lost"), 30));
	CU_ASSERT(within_5_percent(number(reply, rtp, "gaps"), 20));
	CU_ASSERT(within_5_percent(number(reply, rtp, "reordered"), 10));
	CU_ASSERT(within_5_percent(number(reply, rtp, "duplicates"), 10));
	CU_ASSERT(within_5_percent(number(reply, rtp, "jitter us"), 20000));
	CU_ASSERT_EQUAL(number(reply, ssrc, "cumulative loss"), 30);
	/* Of the average, which comes first. R 81.6: 3 % of loss, 60 ms of delay */
	CU_ASSERT_EQUAL(number(reply, ssrc, "packet loss"), 3);
	CU_ASSERT_EQUAL(number(reply, ssrc, "MOS"), 41);
}

static void put_u32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (24 - 8 * i));
}

static bool pass_rtcp(struct phone *from, struct phone *to, const uint8_t *bytes, size_t len)
{
	struct packet packet;

	world_send(from->fd[1], from->to[1], bytes, len);
	return world_receive(to->fd[1], &packet, SOON) && packet.len == len;
}

/* A sender report of the caller, and what the callee says of it a while later: lost 64 of 256, 10 ms of jitter. */
static void check_round_trip(void)
{
	uint8_t sr[28] = { 0x80, 200, 0, 6 }, rr[32] = { 0x81, 201, 0, 7 };
	const char *reply;
	int64_t sent_us;
	long trip_us;

	put_u32(sr + 4, call.a.ssrc);
	put_u32(sr + 8, 0xb44db705);
	put_u32(sr + 12, 0x20000000);
	sent_us = now_us();
	CU_ASSERT_TRUE(pass_rtcp(&call.a, &call.b, sr, sizeof(sr)));
	poll(NULL, 0, DELAY_MS);
	put_u32(rr + 4, call.b.ssrc);
	put_u32(rr + 8, call.a.ssrc);
	put_u32(rr + 12, 64u << 24 | 7);
	put_u32(rr + 20, 80);
	put_u32(rr + 24, 0xb7052000);
	put_u32(rr + 28, HELD_MS * 65536 / 1000);
	trip_us = (long)(now_us() - sent_us) - HELD_MS * 1000;
	CU_ASSERT_TRUE(pass_rtcp(&call.b, &call.a, rr, sizeof(rr)));
	reply = query();
	CU_ASSERT_EQUAL(number(reply, "\"far reception\":", "lost"), 7);
	CU_ASSERT_EQUAL(number(reply, "\"far reception\":", "fraction lost"), 64);
	CU_ASSERT_EQUAL(number(reply, "\"far reception\":", "jitter us"), 10000);
	/* The kernel's clock ticks in steps of 4 ms, and says how long ago both packets came. */
	CU_ASSERT(labs(number(reply, "\"far reception\":", "round-trip time") - trip_us) < 20000);
}

/* @flows: 0, and it is the daemon that forwards all. */
static void relay_damaged(const char *options, uint32_t flows)
{
	world_ready();
	CU_ASSERT_TRUE_FATAL(relay_module(true));
	relay_start(options);
	call_open(&call, "damaged", "192.0.2.1:4000", "198.51.100.1:5000");
	call_latch(&call, flows);
	CU_ASSERT_EQUAL(relay_count(query(), "\"path\":\"kernel\""), (int)flows);
	send_damaged(&call.a);
	check_figures();
	check_round_trip();
	call_close(&call);
	CU_ASSERT_EQUAL(relay_stop(), 0);
}

static void test_figures_of_the_kernel_are_what_was_inflicted(void)
{
	relay_damaged("", 4);
}

static void test_figures_of_the_daemon_are_what_was_inflicted(void)
{
	relay_damaged("--kernel=off", 0);
}

TEST_SUITE(damage,
	   { "figures of the kernel are what was inflicted",
	     test_figures_of_the_kernel_are_what_was_inflicted },
	   { "figures of the daemon are what was inflicted",
	     test_figures_of_the_daemon_are_what_was_inflicted });
