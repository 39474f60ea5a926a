/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_source.c - packets of a source that is not the flow's: dropped, counted, reported
 */
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/count.h"
#include "scene.h"
#include "tests/unit/test.h"

/* --- What a flow accepts from its own source, from any other one ------------------------------ */

#define KIND(kind) (1u << RTPRELAY_KIND_##kind)
#define ANY_KIND   (KIND(RTP) | KIND(RTCP) | KIND(MUX) | KIND(OPAQUE))

struct payload {
	const char *name;
	unsigned int kinds; /* of flows that forward it */
	const char *bytes;
	size_t len;
};

#define BYTES(b) b, sizeof(b) - 1

static const struct payload payloads[] = {
	{ "RTP", KIND(RTP) | KIND(MUX) | KIND(OPAQUE),
	  BYTES("\x80\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02payload!") },
	{ "RTCP", KIND(RTCP) | KIND(MUX) | KIND(OPAQUE),
	  BYTES("\x81\xc8\x00\x06SSRCNNNNNNNNTTTTPPPPOOOO") },
	{ "T.38", KIND(OPAQUE), BYTES("\x00\x07\x03\x06\xc0\x80\x00\x00\x00") },
	{ "STUN", KIND(OPAQUE), BYTES("\x00\x01\x00\x00\x21\x12\xa4\x42transaction!") },
};

#define LOCAL6 "[2001:db8:a::fe]:30000"
#define PHONE6 "[2001:db8:a::1]:4000"

struct stranger {
	const char *name;
	const char *local, *src, *at;
	bool sum; /* of UDP */
};

static const struct stranger strangers[] = {
	{ "another host", LOCAL, PHONE, UNKNOWN, true },
	{ "another host, no UDP checksum", LOCAL, PHONE, UNKNOWN, false },
	{ "another port, as behind the same NAT", LOCAL, PHONE, "192.0.2.1:4001", true },
	{ "another port, no UDP checksum", LOCAL, PHONE, "192.0.2.1:4001", false },
	{ "another host with the same prefix", LOCAL6, PHONE6, "[2001:db8:a::2]:4000", true },
	{ "another port, IPv6", LOCAL6, PHONE6, "[2001:db8:a::1]:4001", true },
};

static int stranger_socket(const struct stranger *s)
{
	int fd = world_udp("a", s->at), one = 1;

	if (!s->sum)
		CU_ASSERT_EQUAL(setsockopt(fd, SOL_SOCKET, SO_NO_CHECK, &one, sizeof(one)), 0);
	return fd;
}

/* One packet to a new flow: nothing but the refusal is counted, and reported with its source. */
static void check_refused(const struct stranger *s, const struct payload *p, uint8_t kind, int fd)
{
	struct nl_flow flow = scene_flow(kind);
	struct nl_state event = { 0 };

	flow.local = s->local;
	flow.src = s->src;
	CU_ASSERT_EQUAL_FATAL(nl_add(&nl, &flow, NLM_F_CREATE, NULL), 0);
	CU_ASSERT_FATAL(world_send(fd, s->local, p->bytes, p->len));
	if (!nl_event(&events, &event, SOON) || event.event != RTPRELAY_EVENT_REFUSED)
		printf("%s of %s, kind of flow %d: no event\n", p->name, s->name, kind);
	CU_ASSERT_EQUAL_FATAL(event.event, RTPRELAY_EVENT_REFUSED);
	CU_ASSERT_STRING_EQUAL(event.local, s->local);
	CU_ASSERT_STRING_EQUAL(event.src, s->at);
	CU_ASSERT_EQUAL(event.refused, 1);
	CU_ASSERT_EQUAL(event.has_rtp, p == &payloads[0] && kind != RTPRELAY_KIND_OPAQUE);
	CU_ASSERT(scene_counts(s->local, RTPRELAY_C_DROP_SOURCE));
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_SOURCE], 1);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_BYTES], 0);
	CU_ASSERT_FALSE(state.heard);
	CU_ASSERT_FALSE(state.has_rtp);
	CU_ASSERT_EQUAL(state.rtcp_len, 0);
	CU_ASSERT_EQUAL(nl_del(&nl, s->local, NULL), 0);
}

static void check_stranger(const struct stranger *s)
{
	int fd = stranger_socket(s), daemon = world_udp("relay", s->local);

	for (size_t i = 0; i < COUNT(payloads); i++)
		for (unsigned int kind = 1; kind <= RTPRELAY_KIND_MAX; kind++)
			if (payloads[i].kinds & 1u << kind)
				check_refused(s, &payloads[i], kind, fd);
	CU_ASSERT_FALSE(world_receive(dst, &packet, NEVER));
	CU_ASSERT_FALSE(world_receive(daemon, &packet, 0));
	close(daemon);
	close(fd);
}

static void test_refuses_each_kind_of_packet(void)
{
	world_open();
	CU_ASSERT_FATAL(nl_open(&nl, "relay"));
	CU_ASSERT_FATAL(nl_open(&events, "relay"));
	CU_ASSERT(nl_listen(&events));
	dst = world_udp("b", DST);
	for (size_t i = 0; i < COUNT(strangers); i++)
		check_stranger(&strangers[i]);
	close(dst);
	nl_close(&nl);
	nl_close(&events);
}

/* The sender's own packets at the same flows, so that the refusal is not of the whole flow. */
static void test_accepts_each_kind_of_packet_of_its_source(void)
{
	for (unsigned int kind = 1; kind <= RTPRELAY_KIND_MAX; kind++) {
		struct nl_flow flow = scene_flow(kind);
		uint64_t sent = 0;

		scene_start(&flow);
		for (size_t i = 0; i < COUNT(payloads); i++) {
			if (!(payloads[i].kinds & 1u << kind))
				continue;
			CU_ASSERT(world_send(phone, LOCAL, payloads[i].bytes, payloads[i].len));
			CU_ASSERT(world_receive(dst, &packet, SOON));
			sent++;
		}
		scene_end();
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], sent);
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_SOURCE], 0);
	}
}

/* --- Events ----------------------------------------------------------------------------------- */

static void test_refuses_other_sources(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	scene_start(&flow);
	scene_rtp(unknown, 0, 77, 0);
	scene_rtp(unknown, 0, 78, 0);
	scene_rtp(phone, 0, 1, 0);
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
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_SOURCE], 2);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 1);
}

/* The most events that the module may send in this time, at @per_second. Jiffies may be 10 ms. */
static int64_t most_events(int64_t from_ms, int64_t per_second)
{
	return per_second * (1 + (now_ms() - from_ms) / 990);
}

static void test_refused_events_are_rare(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	int64_t from_ms;
	uint32_t told = 0;
	int count = 0;

	scene_start(&flow);
	from_ms = now_ms();
	for (uint16_t i = 0; i < 3000; i++)
		scene_rtp(unknown, 0, i, 0);
	while (nl_event(&events, &state, NEVER)) {
		count++;
		told += state.refused;
	}
	CU_ASSERT(count >= 1 && count <= most_events(from_ms, 1));
	usleep(1100000);
	scene_rtp(unknown, 0, 1, 0);
	CU_ASSERT(nl_event(&events, &state, SOON));
	told += state.refused;
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_SOURCE], 3001);
	CU_ASSERT_EQUAL(told, 3001);
}

/* R17: from another port, while a spray has used up the limit. */
static void test_rebound_source_is_told_beside_a_spray(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	uint8_t other[172];
	int64_t sent_ms;

	scene_start(&flow);
	scene_rtp(phone, 0, 500, 0);
	rtp_make(other, sizeof(other), 0, 501, 0, 0x6666);
	CU_ASSERT(world_send(unknown, LOCAL, other, sizeof(other)));
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SSRC], 0x6666);
	sent_ms = now_ms();
	scene_rtp(unknown, 0, 500 + 3000, 0); /* too far ahead */
	scene_rtp(unknown, 0, 501, 0);
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SSRC], 0xabcd);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SEQ], 501);
	CU_ASSERT_EQUAL(state.refused, 2);
	scene_rtp(unknown, 0, 502, 0);
	if (nl_event(&events, &state, NEVER))
		CU_ASSERT(now_ms() - sent_ms >= 990);
	scene_end();
}

#define FLOWS 1000

static const char *local_of(int i)
{
	static char text[64];

	snprintf(text, sizeof(text), "192.0.2.254:%d", 20000 + i);
	return text;
}

/* A scan of all ports: each flow refuses its first packet, and the events are limited together. */
static void test_events_of_many_flows_are_limited(void)
{
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	int64_t from_ms;
	int count = 0;

	scene_start(&flow);
	for (int i = 0; i < FLOWS; i++) {
		flow.local = local_of(i);
		CU_ASSERT_EQUAL(nl_add(&nl, &flow, NLM_F_CREATE | NLM_F_EXCL, NULL), 0);
	}
	from_ms = now_ms();
	for (int i = 0; i < FLOWS; i++)
		CU_ASSERT(world_send(unknown, local_of(i), payloads[0].bytes, payloads[0].len));
	CU_ASSERT(scene_counts(local_of(FLOWS - 1), RTPRELAY_C_DROP_SOURCE));
	while (nl_event(&events, &state, 0))
		count++;
	/* A second of the limit may have begun before the test, with a few events of others. */
	CU_ASSERT(count >= 150 && count <= most_events(from_ms, 200) + 200);
	for (int i = 0; i < FLOWS; i++) {
		CU_ASSERT_EQUAL(nl_del(&nl, local_of(i), &state), 0);
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_SOURCE], 1);
	}
	scene_end();
}

TEST_SUITE(source, { "refuses each kind of packet", test_refuses_each_kind_of_packet },
	   { "accepts each kind of packet of its source",
	     test_accepts_each_kind_of_packet_of_its_source },
	   { "refuses other sources and reports them", test_refuses_other_sources },
	   { "refused events are rare", test_refused_events_are_rare },
	   { "R17: a rebound source is told beside a spray",
	     test_rebound_source_is_told_beside_a_spray },
	   { "events of many flows are limited", test_events_of_many_flows_are_limited });
