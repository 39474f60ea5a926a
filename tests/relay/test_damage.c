/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_damage.c - a stream with deliberate damage, on both paths: the reports must match it
 *
 * 1000 packets: of each hundred, three are missing (two gaps), one is a duplicate and one is late.
 * The timestamp of every second packet is 20 ms too old. Then a round trip with a known delay. Then
 * the same for the records of calls, for each way a call can end.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rtp_wire.h"
#include "relay.h"
#include "tests/unit/test.h"

#define PACKETS	  1000
#define JITTER_U  160 /* 20 ms of PCMU */
#define JITTER_US 20000
#define PACE_MS	  4
#define DELAY_MS  150
#define HELD_MS	  100 /* delay of the phone itself, as in its report (DLSR) */
#define SLACK_MS  5   /* rounding in a reply */

enum { COMP_RTP, COMP_RTCP };

static struct call call;

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Return: it arrived at the other phone */
static bool send_rtp(struct call *c, unsigned int seq, bool older)
{
	uint32_t timestamp = (uint32_t)(now_us() * 8 / 1000) - (older ? JITTER_U : 0);
	struct packet packet;
	uint8_t bytes[172];
	size_t len = rtp_make(bytes, sizeof(bytes), 0, (uint16_t)seq, timestamp, c->a.ssrc);

	world_send(c->a.fd[0], c->a.to[0], bytes, len);
	return world_receive(c->b.fd[0], &packet, SOON);
}

/*
 * One of a hundred. In-order packets are alternately old and new; late and duplicate ones do not
 * count for jitter. Return: as send_rtp(), for all
 */
static bool send_one_damaged(struct call *c, unsigned int in_hundred)
{
	unsigned int seq = c->a.seq++;

	if (in_hundred == 10 || in_hundred == 50 || in_hundred == 51 || in_hundred == 81)
		return true;
	c->a.older = !c->a.older;
	if (!send_rtp(c, in_hundred == 80 ? seq + 1 : seq, c->a.older))
		return false;
	return (in_hundred != 70 && in_hundred != 80) || send_rtp(c, seq, c->a.older);
}

/* From the callers of @count calls at the same time; @packets each, a multiple of 100. */
static void send_damaged(struct call *calls, int count, unsigned int packets)
{
	for (unsigned int i = 0; i < packets; i++) {
		poll(NULL, 0, PACE_MS);
		for (int j = 0; j < count; j++)
			CU_ASSERT_TRUE(send_one_damaged(&calls[j], i % 100));
	}
}

/*
 * A busy machine adds jitter of its own. One that counts instructions does not: there, in
 * tests/guest/steady, jitter and the figures derived from it are exact.
 */
static bool time_is_exact(void)
{
	const char *text = getenv("GUEST_ICOUNT");

	return text && *text;
}

/* The first "key" after the text @after. */
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
	long hundreds = number(reply, rtp, "expected") / 100;
	char ssrc[32];

	snprintf(ssrc, sizeof(ssrc), "\"%u\":{", call.a.ssrc);
	CU_ASSERT(hundreds >= PACKETS / 100);
	CU_ASSERT(within_5_percent(number(reply, rtp, "lost"), 3 * hundreds));
	CU_ASSERT(within_5_percent(number(reply, rtp, "gaps"), 2 * hundreds));
	CU_ASSERT(within_5_percent(number(reply, rtp, "reordered"), hundreds));
	CU_ASSERT(within_5_percent(number(reply, rtp, "duplicates"), hundreds));
	if (time_is_exact())
		CU_ASSERT(within_5_percent(number(reply, rtp, "jitter us"), JITTER_US));
	CU_ASSERT_EQUAL(number(reply, ssrc, "cumulative loss"), 3 * hundreds);
	/* In the average, which comes first. R 81.6: 3 % of loss, 60 ms of delay */
	CU_ASSERT_EQUAL(number(reply, ssrc, "packet loss"), 3);
	if (time_is_exact())
		CU_ASSERT_EQUAL(number(reply, ssrc, "MOS"), 41);
}

static void put_u32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* @comp: the component that carries it; RTP with rtcp-mux */
static bool pass_rtcp(struct phone *from, struct phone *to, int comp, const uint8_t *bytes,
		      size_t len)
{
	struct packet packet;

	world_send(from->fd[comp], from->to[comp], bytes, len);
	return world_receive(to->fd[comp], &packet, SOON) && packet.len == len;
}

/*
 * A sender report of the caller, and the callee's receiver report later: fraction lost 64/256, 10
 * ms of jitter.
 */
static void check_round_trip(int comp)
{
	static const char far[] = "\"far reception\":", last[] = "\"last RTCP\":{\"type\":201,";
	uint8_t sr[28] = { 0x80, 200, 0, 6 }, rr[32] = { 0x81, 201, 0, 7 };
	int64_t sent_us, answered_us;
	const char *reply;
	long trip_us;

	put_u32(sr + 4, call.a.ssrc);
	put_u32(sr + 8, 0xb44db705);
	put_u32(sr + 12, 0x20000000);
	sent_us = now_us();
	CU_ASSERT_TRUE(pass_rtcp(&call.a, &call.b, comp, sr, sizeof(sr)));
	poll(NULL, 0, DELAY_MS);
	put_u32(rr + 4, call.b.ssrc);
	put_u32(rr + 8, call.a.ssrc);
	put_u32(rr + 12, 64u << 24 | 7);
	put_u32(rr + 20, 80);
	put_u32(rr + 24, 0xb7052000);
	put_u32(rr + 28, HELD_MS * 65536 / 1000);
	CU_ASSERT_TRUE(pass_rtcp(&call.b, &call.a, comp, rr, sizeof(rr)));
	trip_us = (long)(now_us() - sent_us) - HELD_MS * 1000;
	answered_us = now_us();
	poll(NULL, 0, DELAY_MS);
	reply = query();
	CU_ASSERT_EQUAL(number(reply, far, "lost"), 7);
	CU_ASSERT_EQUAL(number(reply, far, "fraction lost"), 64);
	CU_ASSERT_EQUAL(number(reply, far, "jitter us"), 10000);
	CU_ASSERT(number(reply, far, "round-trip time") > 0);
	if (time_is_exact())
		CU_ASSERT(number(reply, far, "round-trip time") >= (DELAY_MS - HELD_MS) * 1000);
	CU_ASSERT(number(reply, far, "round-trip time") <= trip_us + SLACK_MS * 1000);
	/* The same in the last RTCP of the callee. */
	CU_ASSERT_PTR_NOT_NULL(strstr(reply, "\"last RTCP\":{\"type\":200,"));
	CU_ASSERT_EQUAL(number(reply, last, "lost"), 7);
	CU_ASSERT_EQUAL(number(reply, last, "fraction lost"), 64);
	CU_ASSERT_EQUAL(number(reply, last, "jitter us"), 10000);
	CU_ASSERT_EQUAL(number(reply, last, "round-trip time"),
			number(reply, far, "round-trip time"));
	/* The daemon may stand still between the age that the module tells and its own clock. */
	if (time_is_exact())
		CU_ASSERT(number(reply, last, "ago ms") >= DELAY_MS);
	CU_ASSERT(number(reply, last, "ago ms") <= (now_us() - answered_us) / 1000 + SLACK_MS);
}

/* @flows: 0: the daemon forwards all packets. */
static void relay_damaged(const char *options, uint32_t flows)
{
	world_ready();
	CU_ASSERT_TRUE_FATAL(relay_module(true));
	relay_start(options);
	call_open(&call, "damaged", "192.0.2.1:4000", "198.51.100.1:5000");
	call_latch(&call, flows);
	CU_ASSERT_EQUAL(relay_count(query(), "\"path\":\"kernel\""), (int)flows);
	send_damaged(&call, 1, PACKETS);
	check_figures();
	check_round_trip(COMP_RTCP);
	call_close(&call);
	CU_ASSERT_EQUAL(relay_stop(), 0);
}

/* Each direction has one port and one flow. */
static void test_rtcp_of_the_kernel_is_reported_with_rtcp_mux(void)
{
	world_ready();
	CU_ASSERT_TRUE_FATAL(relay_module(true));
	relay_start("");
	call_open_as(&call, "mux", "192.0.2.1:4000", "198.51.100.1:5000", "a=rtcp-mux\\r\\n");
	CU_ASSERT_TRUE(call_first(&call.a, &call.b));
	CU_ASSERT_TRUE(call_pass(&call.b, &call.a));
	CU_ASSERT_TRUE(relay_flows(2));
	CU_ASSERT_TRUE(call_talk(&call, 10));
	check_round_trip(COMP_RTP);
	call_close(&call);
	CU_ASSERT_EQUAL(relay_stop(), 0);
}

static void test_figures_of_the_kernel_match_the_damage(void)
{
	relay_damaged("", 4);
}

static void test_figures_of_the_daemon_match_the_damage(void)
{
	relay_damaged("--kernel=off", 0);
}

/* --- Records of calls ------------------------------------------------------------------------- */

#define RECORDS "/tmp/relay-records.json"

enum ending { DELETED, TIMED_OUT, TERMINATED, ENDINGS };

static const struct {
	const char *id, *a, *b, *ended;
} endings[ENDINGS] = {
	[DELETED] = { "deleted", "192.0.2.1:4000", "198.51.100.1:5000", "deleted" },
	[TIMED_OUT] = { "timed-out", "192.0.2.1:4100", "198.51.100.1:5100", "no media (timeout)" },
	[TERMINATED] = { "terminated", "192.0.2.1:4200", "198.51.100.1:5200", "shutdown" },
};

static struct call ending_calls[ENDINGS];

/* The number after "key" in the part about what the caller sent. */
static double of_caller(const char *record, const char *key)
{
	const char *at = strstr(record, "\"from-caller\":");
	char quoted[64];

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	at = at ? strstr(at, quoted) : NULL;
	return at ? strtod(at + strlen(quoted), NULL) : -1;
}

static bool near(const char *record, const char *key, double wanted)
{
	double value = of_caller(record, key);

	if (value >= wanted * 0.95 && value <= wanted * 1.05)
		return true;
	printf("%s: %g instead of %g in %s\n", key, value, wanted, record);
	return false;
}

static void check_record(const char *record, const char *ended, bool kernel)
{
	char text[64];
	double sent = of_caller(record, "packets") / 0.98; /* 3 % lost, 1 % twice */

	snprintf(text, sizeof(text), "\"ended\":\"%s\"", ended);
	CU_ASSERT_PTR_NOT_NULL(strstr(record, text));
	CU_ASSERT(sent >= PACKETS);
	CU_ASSERT(near(record, "kernel-packets", kernel ? 0.98 * sent : 0));
	CU_ASSERT(near(record, "lost", 0.03 * sent));
	CU_ASSERT(near(record, "loss-percent", 3));
	CU_ASSERT(near(record, "gaps", 0.02 * sent));
	CU_ASSERT(near(record, "reordered", 0.01 * sent));
	CU_ASSERT(near(record, "duplicates", 0.01 * sent));
	CU_ASSERT(of_caller(record, "mos-lowest") >= 1);
	CU_ASSERT(of_caller(record, "mos-lowest") <= of_caller(record, "mos"));
	if (!time_is_exact())
		return;
	CU_ASSERT(near(record, "jitter-ms", 20));
	/* R 81.6, as in a query */
	CU_ASSERT(near(record, "mos", 4.09));
	CU_ASSERT(near(record, "mos-lowest", 4.09));
}

static void check_records(bool kernel)
{
	FILE *file = fopen(RECORDS, "r");
	unsigned int found = 0;
	char line[8192], id[64];

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fgets(line, sizeof(line), file)) {
		for (int i = 0; i < ENDINGS; i++) {
			snprintf(id, sizeof(id), "\"call-id\":\"%s\"", endings[i].id);
			if (!strstr(line, id))
				continue;
			check_record(line, endings[i].ended, kernel);
			found |= 1U << i;
		}
	}
	fclose(file);
	CU_ASSERT_EQUAL(found, (1U << ENDINGS) - 1);
}

static bool is_there(const char *id)
{
	return !strstr(relay_ask("\"command\":\"query\",\"call-id\":\"%s\"", id), "Unknown call");
}

/* One is deleted, one becomes silent, one continues until the daemon ends. */
static void end_calls(void)
{
	struct call *last = &ending_calls[TERMINATED];

	relay_ask("\"command\":\"delete\",\"call-id\":\"%s\",\"from-tag\":\"a\"",
		  endings[DELETED].id);
	for (int ms = 0; ms < 3 * SOON && is_there(endings[TIMED_OUT].id); ms += 100 * PACE_MS)
		send_damaged(last, 1, 100);
	CU_ASSERT_FALSE(is_there(endings[TIMED_OUT].id));
	CU_ASSERT_TRUE(is_there(endings[TERMINATED].id));
	CU_ASSERT_EQUAL(relay_stop(), 0);
}

static void record_damaged(const char *options, uint32_t flows)
{
	unlink(RECORDS);
	world_ready();
	CU_ASSERT_TRUE_FATAL(relay_module(true));
	relay_start(options);
	for (int i = 0; i < ENDINGS; i++) {
		call_open(&ending_calls[i], endings[i].id, endings[i].a, endings[i].b);
		call_latch(&ending_calls[i], flows * (uint32_t)(i + 1));
	}
	send_damaged(ending_calls, ENDINGS, PACKETS);
	end_calls();
	check_records(flows);
	for (int i = 0; i < ENDINGS; i++)
		call_close(&ending_calls[i]);
}

static void test_records_of_the_kernel_match_the_damage(void)
{
	record_damaged("--timeout=4 --cdr-file=" RECORDS, 4);
}

static void test_records_of_the_daemon_match_the_damage(void)
{
	record_damaged("--kernel=off --timeout=4 --cdr-file=" RECORDS, 0);
}

TEST_SUITE(
	damage,
	{ "figures of the kernel match the damage", test_figures_of_the_kernel_match_the_damage },
	{ "figures of the daemon match the damage", test_figures_of_the_daemon_match_the_damage },
	{ "RTCP of the kernel is reported with rtcp-mux",
	  test_rtcp_of_the_kernel_is_reported_with_rtcp_mux },
	{ "records of the kernel match the damage", test_records_of_the_kernel_match_the_damage },
	{ "records of the daemon match the damage", test_records_of_the_daemon_match_the_damage });
