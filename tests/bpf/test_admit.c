/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_admit.c - which packets a flow accepts: the rows of the module's tests, and what the module
 * leaves to the stack
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "admit_rules.h"
#include "daemon/base/count.h"
#include "scene.h"
#include "tests/kmod/kinds.h"
#include "tests/unit/test.h"

/* Each test with both families. */
static const struct {
	const char *phone, *unknown, *local, *out, *dst;
} families[] = {
	{ PHONE, UNKNOWN, LOCAL, OUT, DST },
	{ PHONE6, UNKNOWN6, LOCAL6, OUT6, DST6 },
};

static void check_kinds(int kind, bool v6)
{
	struct map_flow flow = scene_flow((uint8_t)kind, v6);
	uint64_t expect[RTPRELAY_C_MAX + 1] = { 0 };

	flow.port.mux = true;
	scene_set(&flow);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct kind_case *c = &kinds[i];
		bool forwarded = c->expect[kind] == 'f';
		enum verdict verdict =
			scene_send(families[v6].phone, families[v6].local, c->bytes, c->len);

		if (verdict != (forwarded ? FORWARDED : GOES_UP))
			fprintf(stderr, "%s, flow of kind %d\n", c->name, kind);
		CU_ASSERT_EQUAL(verdict, forwarded ? FORWARDED : GOES_UP);
		expect[forwarded ? RTPRELAY_C_PACKETS : c->expect[kind]]++;
	}
	scene_delete(families[v6].local);
	for (int i = RTPRELAY_C_PACKETS; i <= RTPRELAY_C_MAX; i++)
		if (i != RTPRELAY_C_BYTES)
			CU_ASSERT_EQUAL(state.counters[i], expect[i]);
}

static void test_kinds_go_where_they_belong(void)
{
	scene_open(true);
	for (int kind = 1; kind <= RTPRELAY_KIND_MAX; kind++)
		for (int v6 = 0; v6 < 2; v6++)
			check_kinds(kind, v6);
	scene_close();
}

static void test_without_mux_rtcp_has_the_form_of_rtcp(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	flow.port.negotiated = FORMS_NEGOTIATED;
	scene_open(true);
	scene_set(&flow);
	for (size_t i = 0; i < COUNT(forms); i++)
		CU_ASSERT_EQUAL(scene_send(PHONE, LOCAL, forms[i].bytes, forms[i].len),
				forms[i].rtcp ? GOES_UP : FORWARDED);
	scene_close();
}

/* More parts than the program looks at: the daemon decides. */
static void test_a_long_compound_packet_goes_up(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	uint8_t parts[4 * 40];

	for (size_t i = 0; i < sizeof(parts); i += 4)
		memcpy(parts + i, "\x80\xce\x00\x00", 4);
	scene_open(true);
	scene_set(&flow);
	CU_ASSERT_EQUAL(scene_send(PHONE, LOCAL, parts, sizeof(parts)), GOES_UP);
	scene_close();
}

static void test_without_mux_the_marker_makes_no_rtcp(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	for (int mux = 0; mux < 2; mux++) {
		flow.port.mux = mux;
		flow.port.negotiated = UINT32_MAX;
		scene_set(&flow);
		for (uint8_t pt = 64; pt < 96; pt++)
			CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, 0x80 | pt, 6, 0),
					mux ? GOES_UP : FORWARDED);
	}
	scene_close();
}

static void test_extension_and_csrc(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum verdict verdict;
	} rows[] = {
		{ BYTES("\x90\0\0\1\0\0\0\1\0\0\0\2\xbe\xde\0\1\1\2\3\4payload"), FORWARDED },
		{ BYTES("\x90\0\0\1\0\0\0\1\0\0\0\2\xbe\xde\0\1\1\2\3\4"), GOES_UP },
		{ BYTES("\x90\0\0\1\0\0\0\1\0\0\0\2\xbe\xde\0\1\1\2\3"), GOES_UP },
		{ BYTES("\x90\0\0\1\0\0\0\1\0\0\0\2\xbe\xde\0"), GOES_UP },
		{ BYTES("\x82\0\0\1\0\0\0\1\0\0\0\2csrccsrcx"), FORWARDED },
		{ BYTES("\x82\0\0\1\0\0\0\1\0\0\0\2csrccsrc"), GOES_UP },
		{ BYTES("\x82\0\0\1\0\0\0\1\0\0\0\2csrccsr"), GOES_UP },
		{ BYTES("\x91\0\0\1\0\0\0\1\0\0\0\2csrc\xbe\xde\0\0x"), FORWARDED },
		{ BYTES("\x91\0\0\1\0\0\0\1\0\0\0\2csrc\xbe\xde\0\0"), GOES_UP },
		{ BYTES("\x91\0\0\1\0\0\0\1\0\0\0\2csrc\xbe\xde\xff\xff"), GOES_UP },
		{ BYTES("\x80\0\0\1\0\0\0\1\0\0\0\2x"), FORWARDED },
		{ BYTES("\x80\0\0\1\0\0\0\1\0\0\0\2"), GOES_UP },
		{ BYTES("\x80\0\0\1\0\0\0\1\0\0\0"), GOES_UP },
	};
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	scene_set(&flow);
	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(scene_send(PHONE, LOCAL, rows[i].bytes, rows[i].len),
				rows[i].verdict);
	scene_close();
}

static void test_other_sources_are_dropped_and_stun_goes_up(void)
{
	scene_open(true);
	for (int v6 = 0; v6 < 2; v6++) {
		struct map_flow flow = scene_flow(RTPRELAY_KIND_MUX, v6);
		const char *local = families[v6].local;

		scene_set(&flow);
		CU_ASSERT_EQUAL(scene_rtp(families[v6].unknown, local, 0, 1, 0), DROPPED);
		CU_ASSERT_EQUAL(
			scene_rtp(v6 ? "[2001:db8:a::10]:4001" : "192.0.2.10:4001", local, 0, 1, 0),
			DROPPED);
		CU_ASSERT_EQUAL(
			scene_rtp(v6 ? "[2001:db8:b::10]:4000" : "192.0.3.10:4000", local, 0, 1, 0),
			DROPPED);
		CU_ASSERT_EQUAL(scene_send(families[v6].unknown, local, BYTES(RTCP_BYTES)),
				DROPPED);
		CU_ASSERT_EQUAL(scene_send(families[v6].unknown, local, BYTES(STUN_BYTES)),
				GOES_UP);
		scene_delete(local);
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_SOURCE], 4);
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_STUN], 1);
		CU_ASSERT_EQUAL(state.seen_ns, 0);
	}
	scene_close();
}

static void test_any_source_where_none_is_named(void)
{
	scene_open(true);
	for (int v6 = 0; v6 < 2; v6++) {
		struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, v6);

		memset(&flow.src, 0, sizeof(flow.src));
		scene_set(&flow);
		CU_ASSERT_EQUAL(scene_rtp(families[v6].unknown, families[v6].local, 0, 1, 0),
				FORWARDED);
		CU_ASSERT(frame_is(&frame, families[v6].out, families[v6].dst));
		CU_ASSERT(frame_sums_are_right(&frame));
	}
	scene_close();
}

static void test_payload_types_outside_the_set_go_up(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	flow.pt_set[0] = 0x01;
	flow.pt_set[1] = 0x01;
	flow.pt_set[15] = 0x80; /* 0, 8, 127 */
	flow.port.mux = true;
	scene_open(true);
	scene_set(&flow);
	for (uint8_t pt = 0; pt < 128; pt++)
		if (pt < 64 || pt >= 96)
			CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, pt, pt, 0),
					pt == 0 || pt == 8 || pt == 127 ? FORWARDED : GOES_UP);
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 3);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_PT], 93);
	scene_close();
}

static void test_blocked_media_is_dropped_and_counted(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	flow.flags = RTPRELAY_FLOW_DROP;
	flow.oif = 0; /* needs no route */
	scene_open(true);
	scene_set(&flow);
	CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, 0, 1, 0), DROPPED);
	CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, 0, 3, 0), DROPPED);
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_BLOCKED], 2);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
	CU_ASSERT_EQUAL(state.rtp.received, 2);
	CU_ASSERT_EQUAL(rtp_stats_lost(&state.rtp), 1);
	scene_close();
}

/* One flow, one packet with one property; then the same packet without it is forwarded. */
static void test_what_is_not_forwarded(void)
{
	static const struct {
		const char *name;
		size_t at; /* in the IPv4 header */
		uint8_t value;
		enum verdict verdict;
		enum rtprelay_counter counter;
	} rows[] = {
		{ "TTL 1", 8, 1, DROPPED, RTPRELAY_C_DROP_TTL },
		{ "TTL 0", 8, 0, DROPPED, RTPRELAY_C_DROP_TTL },
		{ "first fragment", 6, 0x20, GOES_UP, RTPRELAY_C_UNSPEC },
		{ "later fragment", 7, 0x10, GOES_UP, RTPRELAY_C_UNSPEC },
		{ "options", 0, 0x46, GOES_UP, RTPRELAY_C_UNSPEC },
		{ "TCP", 9, 6, GOES_UP, RTPRELAY_C_UNSPEC },
		{ "version 5", 0, 0x55, GOES_UP, RTPRELAY_C_UNSPEC },
		{ "shorter than the header says", 2, 0x05, GOES_UP, RTPRELAY_C_UNSPEC },
		{ "UDP length of another packet", 25, 100, GOES_UP, RTPRELAY_C_UNSPEC },
		{ "UDP length that leaves bytes over", 25, 27, GOES_UP, RTPRELAY_C_UNSPEC },
		{ "nothing of this", 0, 0x45, FORWARDED, RTPRELAY_C_PACKETS },
	};
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	for (size_t i = 0; i < COUNT(rows); i++) {
		scene_set(&flow);
		scene_rtp(UNKNOWN, "192.0.2.1:9", 0, 1, 0);
		frame_write(&frame, PHONE, LOCAL, BYTES(RTP_BYTES));
		frame.bytes[frame.ip + rows[i].at] = rows[i].value;
		frame_sum_ip(&frame);
		if (scene_run() != rows[i].verdict) {
			fprintf(stderr, "%s\n", rows[i].name);
			CU_FAIL("wrong verdict");
		}
		scene_delete(LOCAL);
		if (rows[i].counter)
			CU_ASSERT_EQUAL(state.counters[rows[i].counter], 1);
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], rows[i].verdict == FORWARDED);
	}
	scene_close();
}

static void test_a_wrong_header_checksum_goes_up(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	scene_set(&flow);
	frame_write(&frame, PHONE, LOCAL, BYTES(RTP_BYTES));
	frame.bytes[frame.ip + 10] ^= 1;
	CU_ASSERT_EQUAL(scene_run(), GOES_UP);
	scene_close();
}

static void test_other_hosts_frames_go_up(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	scene_set(&flow);
	frame_write(&frame, PHONE, LOCAL, BYTES(RTP_BYTES));
	frame.bytes[5] = 7;
	CU_ASSERT_EQUAL(scene_run(), GOES_UP);
	memset(frame.bytes, 0xff, 6);
	CU_ASSERT_EQUAL(scene_run(), GOES_UP);
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 0);
	scene_close();
}

static void test_ipv6_without_checksum_or_with_headers_goes_up(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, true);

	scene_open(true);
	scene_set(&flow);
	frame_write(&frame, PHONE6, LOCAL6, BYTES(RTP_BYTES));
	frame.bytes[frame.udp + 6] = frame.bytes[frame.udp + 7] = 0;
	CU_ASSERT_EQUAL(scene_run(), GOES_UP);
	frame_write(&frame, PHONE6, LOCAL6, BYTES(RTP_BYTES));
	frame.bytes[frame.ip + 6] = 44; /* fragment */
	CU_ASSERT_EQUAL(scene_run(), GOES_UP);
	frame_write(&frame, PHONE6, LOCAL6, BYTES(RTP_BYTES));
	frame.bytes[frame.ip + 7] = 1;
	CU_ASSERT_EQUAL(scene_run(), DROPPED);
	scene_delete(LOCAL6);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_TTL], 1);
	scene_close();
}

static void test_device_route_and_size(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	flow.iif = 4711;
	scene_set(&flow);
	CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, 0, 1, 0), GOES_UP);
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_DEVICE], 1);
	flow.iif = 0;
	flow.oif = 0;
	scene_set(&flow);
	CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, 0, 1, 0), GOES_UP);
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_ROUTE], 1);
	flow.oif = 1;
	flow.mtu = 199;
	scene_set(&flow);
	CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, 0, 1, 0), GOES_UP);
	scene_delete(LOCAL);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_SIZE], 1);
	flow.mtu = 200;
	scene_set(&flow);
	CU_ASSERT_EQUAL(scene_rtp(PHONE, LOCAL, 0, 1, 0), FORWARDED);
	scene_close();
}

static void test_packets_of_no_flow_go_up(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);

	scene_open(true);
	scene_set(&flow);
	CU_ASSERT_EQUAL(scene_rtp(PHONE, "192.0.2.1:30002", 0, 1, 0), GOES_UP);
	CU_ASSERT_EQUAL(scene_rtp(PHONE, "192.0.2.2:30000", 0, 1, 0), GOES_UP);
	CU_ASSERT_EQUAL(scene_rtp(PHONE6, LOCAL6, 0, 1, 0), GOES_UP);
	scene_close();
}

static uint32_t random_state;

static uint32_t any(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state >> 8;
}

/* Bytes that are nearly a packet of some kind; of up to 120 bytes. */
static size_t make_any(uint8_t *bytes)
{
	static const uint8_t firsts[] = { 0x80, 0x80, 0x81, 0x90, 0x9f, 0xa0, 0x00, 0x03, 0x14,
					  0x3f, 0x10, 0x13, 0x04, 0x40, 0x7f, 0xc0, 0xff };
	static const uint32_t words[] = { 0x2112a442, 0x5a525450, 0 };
	size_t len = any() % 121;
	uint32_t word = htonl(words[any() % COUNT(words)]);

	for (size_t i = 0; i < 120; i++)
		bytes[i] = (uint8_t)any();
	bytes[0] = firsts[any() % COUNT(firsts)];
	if (any() % 2)
		bytes[1] = (uint8_t)(192 + any() % 32);
	if (any() % 2)
		bytes[2] = 0;
	if (any() % 2)
		bytes[3] = (uint8_t)(any() % 4 ? len / 4 - 1 : any() % 30);
	if (any() % 2)
		memcpy(bytes + 4, &word, sizeof(word));
	if (any() % 2) /* the length of an extension */
		memset(bytes + 14, 0, 1);
	if (any() % 2)
		bytes[15] = (uint8_t)(any() % 30);
	return len;
}

/* By the code that the daemon and the module use. */
static enum rtprelay_counter judge(const struct map_flow *flow, const uint8_t *bytes, size_t len)
{
	struct rtp_wire wire;

	rtp_wire_parse(bytes, len, &flow->port, &wire);
	if (wire.kind != RTP_KIND_RTP)
		return admit_kind(flow->kind, wire.kind);
	if (flow->kind == RTPRELAY_KIND_RTCP || wire.header_len == len)
		return RTPRELAY_C_PASS_KIND;
	return flow->pt_set[wire.pt / 8] >> wire.pt % 8 & 1 ? RTPRELAY_C_UNSPEC
							    : RTPRELAY_C_PASS_PT;
}

static void test_any_packet_is_judged_as_by_the_module(void)
{
	struct map_flow flow = scene_flow(RTPRELAY_KIND_RTP, false);
	uint64_t expect[RTPRELAY_C_MAX + 1] = { 0 };
	struct endpoint local = frame_endpoint(LOCAL);
	unsigned int wrong = 0;
	uint8_t bytes[120];

	random_state = 20;
	memset(flow.pt_set, 0xf7, sizeof(flow.pt_set));
	scene_open(true);
	for (unsigned int i = 0; i < 20000; i++) {
		enum rtprelay_counter why;
		size_t len;

		if (i % 100 == 0) {
			flow.kind = (uint8_t)(RTPRELAY_KIND_RTP + any() % 3);
			flow.port.mux = any() % 2;
			flow.port.negotiated = any() << 8 ^ any();
			CU_ASSERT_EQUAL(flow_map_set(map, &flow, true, NULL, NULL), 0);
		}
		len = make_any(bytes);
		why = judge(&flow, bytes, len);
		expect[why ? why : RTPRELAY_C_PACKETS]++;
		wrong += scene_send(PHONE, LOCAL, bytes, len) != (why ? GOES_UP : FORWARDED);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(flow_map_read(map, &local, &state), 0);
	for (int i = RTPRELAY_C_PACKETS; i <= RTPRELAY_C_MAX; i++)
		if (i != RTPRELAY_C_BYTES)
			CU_ASSERT_EQUAL(state.counters[i], expect[i]);
	CU_ASSERT(expect[RTPRELAY_C_PACKETS] > 1000);
	CU_ASSERT(expect[RTPRELAY_C_PASS_STUN] > 100 && expect[RTPRELAY_C_PASS_DTLS] > 100);
	CU_ASSERT(expect[RTPRELAY_C_PASS_KIND] > 1000 && expect[RTPRELAY_C_PASS_PT] > 100);
	scene_close();
}

TEST_SUITE(bpf_admit, { "kinds go where they belong", test_kinds_go_where_they_belong },
	   { "without mux RTCP has the form of RTCP", test_without_mux_rtcp_has_the_form_of_rtcp },
	   { "a long compound packet goes up", test_a_long_compound_packet_goes_up },
	   { "without mux the marker makes no RTCP", test_without_mux_the_marker_makes_no_rtcp },
	   { "extension and CSRC", test_extension_and_csrc },
	   { "other sources are dropped, and STUN goes up",
	     test_other_sources_are_dropped_and_stun_goes_up },
	   { "any source where none is named", test_any_source_where_none_is_named },
	   { "payload types outside the set go up", test_payload_types_outside_the_set_go_up },
	   { "blocked media is dropped and counted", test_blocked_media_is_dropped_and_counted },
	   { "what is not forwarded", test_what_is_not_forwarded },
	   { "a wrong header checksum goes up", test_a_wrong_header_checksum_goes_up },
	   { "other hosts' frames go up", test_other_hosts_frames_go_up },
	   { "IPv6 without checksum or with more headers goes up",
	     test_ipv6_without_checksum_or_with_headers_goes_up },
	   { "device, route and size", test_device_route_and_size },
	   { "packets of no flow go up", test_packets_of_no_flow_go_up },
	   { "any packet is judged as by the module", test_any_packet_is_judged_as_by_the_module });
