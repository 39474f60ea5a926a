/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_admit.c - which sources and packets a flow accepts; what is counted and reported
 */
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/count.h"
#include "nl.h"
#include "tests/unit/test.h"
#include "world.h"

#define PHONE	"192.0.2.1:4000"
#define UNKNOWN "192.0.2.2:4000"
#define LOCAL	"192.0.2.254:30000"
#define OUT	"198.51.100.254:30002"
#define DST	"198.51.100.1:5000"

static struct nl nl, events;
static struct packet packet;
static struct nl_state state;
static int phone, unknown, relay, dst;

static void start(const struct nl_flow *flow)
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

/* Leaves the flow's final state in @state. */
static void end(void)
{
	CU_ASSERT_EQUAL(nl_del(&nl, LOCAL, &state), 0);
	close(phone);
	close(unknown);
	close(relay);
	close(dst);
	nl_close(&nl);
	nl_close(&events);
}

static struct nl_flow flow_of(uint8_t kind)
{
	return (struct nl_flow){ .local = LOCAL,
				 .src = PHONE,
				 .out = OUT,
				 .dst = DST,
				 .kind = kind,
				 .cookie = "the cookie" };
}

static void send_rtp(int fd, uint8_t pt, uint16_t seq, uint32_t timestamp)
{
	uint8_t rtp[172];

	rtp_make(rtp, sizeof(rtp), pt, seq, timestamp, 0xabcd);
	CU_ASSERT_FATAL(world_send(fd, LOCAL, rtp, sizeof(rtp)));
}

static void test_refuses_other_sources(void)
{
	struct nl_flow flow = flow_of(RTPRELAY_KIND_RTP);

	start(&flow);
	send_rtp(unknown, 0, 77, 0);
	send_rtp(unknown, 0, 78, 0);
	send_rtp(phone, 0, 1, 0);
	CU_ASSERT(world_receive(dst, &packet, SOON));
	CU_ASSERT_EQUAL(packet.bytes[3], 1);
	CU_ASSERT_FALSE(world_receive(relay, &packet, NEVER));
	CU_ASSERT(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.event, RTPRELAY_EVENT_REFUSED);
	CU_ASSERT_STRING_EQUAL(state.local, LOCAL);
	CU_ASSERT_STRING_EQUAL(state.src, UNKNOWN);
	CU_ASSERT_STRING_EQUAL(state.cookie, "the cookie");
	CU_ASSERT_EQUAL(state.refused, 1);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SSRC], 0xabcd);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SEQ], 77);
	CU_ASSERT_FALSE(nl_event(&events, &state, NEVER));
	end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_SOURCE], 2);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 1);
}

static void test_refused_events_are_rare(void)
{
	struct nl_flow flow = flow_of(RTPRELAY_KIND_RTP);
	uint32_t told = 0, last = 0;
	int count = 0;

	start(&flow);
	for (uint16_t i = 0; i < 3000; i++)
		send_rtp(unknown, 0, i, 0);
	while (nl_event(&events, &state, NEVER)) {
		count++;
		told += state.refused;
	}
	/* At most once a second, so at most as many as seconds passed; emulation is slow. */
	CU_ASSERT(count >= 1 && count < 60);
	usleep(1100000);
	send_rtp(unknown, 0, 1, 0);
	CU_ASSERT(nl_event(&events, &state, SOON));
	last = state.refused;
	end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_SOURCE], 3001);
	CU_ASSERT_EQUAL(told + last, 3001);
}

static void test_any_source_where_none_is_named(void)
{
	struct nl_flow flow = flow_of(RTPRELAY_KIND_RTP);

	flow.src = NULL;
	start(&flow);
	send_rtp(unknown, 0, 5, 0);
	CU_ASSERT(world_receive(dst, &packet, SOON));
	CU_ASSERT_EQUAL(packet.bytes[3], 5);
	end();
}

struct kind_case {
	const char *name;
	const char *bytes;
	size_t len;
	/* For each kind of flow: 'f' forwarded, otherwise the counter. */
	uint8_t expect[RTPRELAY_KIND_MAX + 1];
};

#define RTP_BYTES  "\x80\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02payload!"
#define RTCP_BYTES "\x81\xc8\x00\x06SSRCNNNNNNNNTTTTPPPPOOOO"
#define STUN_BYTES "\x00\x01\x00\x00\x21\x12\xa4\x42transaction!"
#define DTLS_BYTES "\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05hello"

#define BYTES(b) b, sizeof(b) - 1

static const struct kind_case kinds[] = {
	{ "RTP", BYTES(RTP_BYTES), { 0, 'f', RTPRELAY_C_PASS_KIND, 'f', 'f' } },
	{ "RTCP", BYTES(RTCP_BYTES), { 0, RTPRELAY_C_PASS_KIND, 'f', 'f', 'f' } },
	{ "STUN",
	  BYTES(STUN_BYTES),
	  { 0, RTPRELAY_C_PASS_STUN, RTPRELAY_C_PASS_STUN, RTPRELAY_C_PASS_STUN, 'f' } },
	{ "DTLS",
	  BYTES(DTLS_BYTES),
	  { 0, RTPRELAY_C_PASS_DTLS, RTPRELAY_C_PASS_DTLS, RTPRELAY_C_PASS_DTLS, 'f' } },
	{ "keepalive",
	  BYTES("\r\n"),
	  { 0, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, 'f' } },
	{ "empty",
	  BYTES(""),
	  { 0, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, 'f' } },
	{ "short RTP",
	  BYTES("\x80\x00\x00\x01"),
	  { 0, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, 'f' } },
	{ "RTP that announces an extension but has none",
	  BYTES("\x90\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02\xbe\xde\x00\x09"),
	  { 0, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, 'f' } },
	{ "version 1",
	  BYTES("\x40\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02payload!"),
	  { 0, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, RTPRELAY_C_PASS_KIND, 'f' } },
};

static void check_kind(const struct kind_case *c, int kind)
{
	bool forwarded = c->expect[kind] == 'f';

	CU_ASSERT_FATAL(world_send(phone, LOCAL, c->bytes, c->len));
	CU_ASSERT_FATAL(world_receive(forwarded ? dst : relay, &packet, SOON));
	CU_ASSERT_EQUAL(packet.len, c->len);
	CU_ASSERT_EQUAL(memcmp(packet.bytes, c->bytes, c->len), 0);
}

static void test_kinds_go_where_they_belong(void)
{
	for (int kind = 1; kind <= RTPRELAY_KIND_MAX; kind++) {
		struct nl_flow flow = flow_of((uint8_t)kind);
		uint64_t expect[RTPRELAY_C_MAX + 1] = { 0 };

		start(&flow);
		for (size_t i = 0; i < COUNT(kinds); i++) {
			check_kind(&kinds[i], kind);
			expect[kinds[i].expect[kind] == 'f' ? RTPRELAY_C_PACKETS
							    : kinds[i].expect[kind]]++;
		}
		end();
		for (int i = RTPRELAY_C_PACKETS; i <= RTPRELAY_C_MAX; i++)
			if (i != RTPRELAY_C_BYTES)
				CU_ASSERT_EQUAL(state.counters[i], expect[i]);
	}
}

static void test_stun_of_an_unknown_source_goes_up(void)
{
	struct nl_flow flow = flow_of(RTPRELAY_KIND_MUX);

	start(&flow);
	CU_ASSERT(world_send(unknown, LOCAL, STUN_BYTES, sizeof(STUN_BYTES) - 1));
	CU_ASSERT(world_receive(relay, &packet, SOON));
	CU_ASSERT_STRING_EQUAL(packet.from, UNKNOWN);
	end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_STUN], 1);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_SOURCE], 0);
}

static void test_payload_types_outside_the_set_go_up(void)
{
	static const uint8_t set[16] = { [0] = 0x01, [1] = 0x01, [15] = 0x80 }; /* 0, 8, 127 */
	struct nl_flow flow = flow_of(RTPRELAY_KIND_RTP);

	flow.pt_set = set;
	start(&flow);
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT(state.has_pt_set);
	CU_ASSERT_EQUAL(memcmp(state.pt_set, set, sizeof(set)), 0);
	for (uint8_t pt = 0; pt < 128; pt++) {
		bool in_set = pt == 0 || pt == 8 || pt == 127;

		if (pt >= 64 && pt < 96)
			continue; /* packets with these are RTCP */
		send_rtp(phone, pt, pt, 0);
		CU_ASSERT(world_receive(in_set ? dst : relay, &packet, SOON));
		CU_ASSERT_EQUAL(packet.bytes[1], pt);
	}
	end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 3);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_PT], 93);
}

static void test_blocked_media_is_dropped_and_counted(void)
{
	struct nl_flow flow = flow_of(RTPRELAY_KIND_RTP);

	flow.flags = RTPRELAY_FLOW_DROP;
	start(&flow);
	send_rtp(phone, 0, 1, 0);
	send_rtp(phone, 0, 3, 0);
	CU_ASSERT_FALSE(world_receive(dst, &packet, NEVER));
	CU_ASSERT_FALSE(world_receive(relay, &packet, 0));
	end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_BLOCKED], 2);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_RECEIVED], 2);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_LOST], 1);
}

static void test_blocked_media_needs_no_route(void)
{
	struct nl_flow flow = flow_of(RTPRELAY_KIND_RTP);

	flow.dst = "203.0.113.77:5000";
	flow.flags = RTPRELAY_FLOW_DROP;
	start(&flow);
	send_rtp(phone, 0, 1, 0);
	CU_ASSERT_FALSE(world_receive(relay, &packet, NEVER));
	end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_BLOCKED], 1);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_ROUTE], 0);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_RECEIVED], 1);
}

static void test_statistics_of_a_bad_line(void)
{
	static const uint16_t seqs[] = { 65533, 65534, 0, 65535, 1, 1, 5, 6 };
	struct nl_flow flow = flow_of(RTPRELAY_KIND_RTP);

	start(&flow);
	for (size_t i = 0; i < COUNT(seqs); i++) {
		send_rtp(phone, 0, seqs[i], 160u * (uint32_t)i);
		CU_ASSERT(world_receive(dst, &packet, SOON));
	}
	end();
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SSRC], 0xabcd);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SEQ], 0x20006);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_EXPECTED], 10);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_RECEIVED], 7);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_LOST], 3);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_REORDERED], 1);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_DUPLICATE], 1);
}

/*
 * Timestamps that run ahead of the clock by a known amount: jitter must have that size, in clock
 * units.
 */
static void test_jitter_uses_the_clock_of_the_payload_type(void)
{
	static const struct nl_clock clocks[] = { { 96, 48000 }, { 97, 90000 }, { 0, 0 } };
	struct nl_flow flow = flow_of(RTPRELAY_KIND_RTP);
	uint32_t timestamp = 0;

	flow.clocks = clocks;
	start(&flow);
	for (uint16_t seq = 0; seq < 50; seq++) {
		send_rtp(phone, 96, seq, timestamp);
		CU_ASSERT(world_receive(dst, &packet, SOON));
		timestamp += 48000; /* one second ahead each time, while almost no time passes */
	}
	end();
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_CLOCK], 48000);
	/* After 49 steps 1 - (15/16)^49 of a second: 0.958. */
	CU_ASSERT(state.rtp[RTPRELAY_RTP_JITTER] > 40000);
	CU_ASSERT(state.rtp[RTPRELAY_RTP_JITTER] < 47000);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_PT], 96);
}

static void test_no_clock_no_jitter(void)
{
	struct nl_flow flow = flow_of(RTPRELAY_KIND_RTP);

	start(&flow);
	send_rtp(phone, 100, 1, 0);
	CU_ASSERT(world_receive(dst, &packet, SOON));
	end();
	CU_ASSERT(state.has_rtp);
	CU_ASSERT_FALSE(state.has_clock);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void test_keeps_the_last_rtcp(void)
{
	struct nl_flow flow = flow_of(RTPRELAY_KIND_MUX);
	uint8_t big[400] = { 0x81, 200, 0, 99 };
	int64_t before_ms;

	start(&flow);
	for (size_t i = 4; i < sizeof(big); i++)
		big[i] = (uint8_t)i;
	CU_ASSERT(world_send(phone, LOCAL, big, sizeof(big)));
	CU_ASSERT(world_receive(dst, &packet, SOON));
	CU_ASSERT_EQUAL(packet.len, 400);
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT_EQUAL(state.rtcp_len, 256);
	CU_ASSERT_EQUAL(memcmp(state.rtcp, big, 256), 0);
	before_ms = now_ms();
	CU_ASSERT(world_send(phone, LOCAL, RTCP_BYTES, sizeof(RTCP_BYTES) - 1));
	CU_ASSERT(world_receive(dst, &packet, SOON));
	poll(NULL, 0, 100);
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT(state.rtcp_age_us >= 100000);
	CU_ASSERT(state.rtcp_age_us <= (uint64_t)(now_ms() - before_ms + 1) * 1000);
	end();
	CU_ASSERT_EQUAL(state.rtcp_len, 28);
	CU_ASSERT_EQUAL(memcmp(state.rtcp, RTCP_BYTES, 28), 0);
	CU_ASSERT_FALSE(state.has_rtp);
}

static void test_reports_idle_once_and_resumed(void)
{
	struct nl_flow flow = flow_of(RTPRELAY_KIND_RTP);

	flow.idle = 1;
	start(&flow);
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.event, RTPRELAY_EVENT_IDLE);
	CU_ASSERT_STRING_EQUAL(state.local, LOCAL);
	CU_ASSERT_STRING_EQUAL(state.cookie, "the cookie");
	CU_ASSERT_FALSE(state.heard);
	CU_ASSERT_FALSE(nl_event(&events, &state, 1500));
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT(state.silent);
	send_rtp(phone, 0, 1, 0);
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.event, RTPRELAY_EVENT_RESUMED);
	CU_ASSERT(state.heard);
	CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
	CU_ASSERT_FALSE(state.silent);
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.event, RTPRELAY_EVENT_IDLE);
	CU_ASSERT(state.heard);
	CU_ASSERT(state.last_seen_ms >= 1000);
	end();
}

/* Not before a second has passed, even if the host pauses the emulated machine. */
static void test_media_that_flows_is_never_idle(void)
{
	struct nl_flow flow = flow_of(RTPRELAY_KIND_RTP);

	flow.idle = 1;
	start(&flow);
	for (uint16_t i = 0; i < 30; i++) {
		int64_t sent = now_ms();

		send_rtp(phone, 0, i, 0);
		if (nl_event(&events, &state, 100) && state.event == RTPRELAY_EVENT_IDLE)
			CU_ASSERT(now_ms() - sent >= 990);
	}
	end();
}

static void test_carries_counters_when_asked(void)
{
	struct nl_flow flow = flow_of(RTPRELAY_KIND_RTP);
	struct nl_state old;

	start(&flow);
	send_rtp(phone, 0, 1, 0);
	CU_ASSERT(world_receive(dst, &packet, SOON));
	flow.flags = RTPRELAY_FLOW_CARRY;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_REPLACE, &old), 0);
	CU_ASSERT_EQUAL(old.event, 0);
	send_rtp(phone, 0, 3, 0);
	CU_ASSERT(world_receive(dst, &packet, SOON));
	flow.flags = 0;
	CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_REPLACE, &old), 0);
	CU_ASSERT_EQUAL(old.event, RTPRELAY_CMD_FLOW_ADD);
	CU_ASSERT_EQUAL(old.counters[RTPRELAY_C_PACKETS], 2);
	CU_ASSERT_EQUAL(old.rtp[RTPRELAY_RTP_LOST], 1);
	end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
	CU_ASSERT_FALSE(state.has_rtp);
}

TEST_SUITE(admit, { "refuses other sources and reports them", test_refuses_other_sources },
	   { "refused events are rare", test_refused_events_are_rare },
	   { "any source where none is named", test_any_source_where_none_is_named },
	   { "kinds go where they belong", test_kinds_go_where_they_belong },
	   { "STUN of an unknown source goes up", test_stun_of_an_unknown_source_goes_up },
	   { "payload types outside the set go up", test_payload_types_outside_the_set_go_up },
	   { "blocked media is dropped and counted", test_blocked_media_is_dropped_and_counted },
	   { "blocked media needs no route", test_blocked_media_needs_no_route },
	   { "statistics of a bad line", test_statistics_of_a_bad_line },
	   { "jitter uses the payload type's clock",
	     test_jitter_uses_the_clock_of_the_payload_type },
	   { "no clock, no jitter", test_no_clock_no_jitter },
	   { "keeps the last RTCP", test_keeps_the_last_rtcp },
	   { "reports idle once, and resumed", test_reports_idle_once_and_resumed },
	   { "media that flows is never idle", test_media_that_flows_is_never_idle },
	   { "carries counters when asked", test_carries_counters_when_asked });
