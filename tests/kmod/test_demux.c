/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_demux.c - RTP and RTCP at one port: payload types 64 to 95 have the same second byte as RTCP
 * when the marker bit is set
 */
#include <string.h>

#include "daemon/base/count.h"
#include "kinds.h"
#include "scene.h"
#include "tests/unit/test.h"

#define MARKER	  0x80
#define ALL_TYPES UINT32_MAX

/* `m=audio P RTP/AVP 80`, and the same for 64 to 95. The numbers would be lengths of RTCP. */
static void test_row_7_without_mux_the_marker_makes_no_rtcp(void)
{
	static const uint8_t kind_of_flow[] = { RTPRELAY_KIND_RTP, RTPRELAY_KIND_MUX };
	static const uint32_t all = ALL_TYPES;

	for (size_t i = 0; i < COUNT(kind_of_flow); i++) {
		struct nl_flow flow = scene_flow(kind_of_flow[i]);

		flow.no_mux = &all;
		scene_start(&flow);
		CU_ASSERT_EQUAL(nl_get(&nl, LOCAL, &state), 0);
		CU_ASSERT(state.has_no_mux);
		CU_ASSERT_EQUAL(state.no_mux, ALL_TYPES);
		for (uint8_t pt = 64; pt < 96; pt++) {
			scene_rtp(phone, MARKER | pt, pt - 58, 0);
			CU_ASSERT(world_receive(dst, &packet, SOON));
			CU_ASSERT_EQUAL(packet.bytes[1], MARKER | pt);
		}
		scene_end();
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], 32);
		CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_RECEIVED], 32);
		CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_LOST], 0);
		CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_PT], 95);
		CU_ASSERT_EQUAL(state.rtcp_len, 0);
	}
}

static void test_row_7_with_mux_the_ranges_of_rfc_5761_decide(void)
{
	static const uint8_t kind_of_flow[] = { RTPRELAY_KIND_RTP, RTPRELAY_KIND_MUX };

	for (size_t i = 0; i < COUNT(kind_of_flow); i++) {
		bool mux = kind_of_flow[i] == RTPRELAY_KIND_MUX;
		struct nl_flow flow = scene_flow(kind_of_flow[i]);

		scene_start(&flow);
		for (uint8_t pt = 64; pt < 96; pt++) {
			scene_rtp(phone, MARKER | pt, 6, 0);
			CU_ASSERT(world_receive(mux ? dst : relay, &packet, SOON));
			CU_ASSERT_EQUAL(packet.bytes[1], MARKER | pt);
		}
		scene_end();
		CU_ASSERT_FALSE(state.has_no_mux);
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], mux ? 32 : 0);
		CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_KIND], mux ? 0 : 32);
		CU_ASSERT_FALSE(state.has_rtp);
		CU_ASSERT_EQUAL(state.rtcp_len, mux ? 172 : 0);
	}
}

/* Of a type that was not negotiated, RTCP is what has its form; the module looks at all of it. */
static void test_row_7_without_mux_rtcp_has_the_form_of_rtcp(void)
{
	static const uint32_t other = FORMS_NEGOTIATED;
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);
	uint64_t rtcp = 0;

	flow.no_mux = &other;
	scene_start(&flow);
	for (size_t i = 0; i < COUNT(forms); i++) {
		CU_ASSERT_FATAL(world_send(phone, LOCAL, forms[i].bytes, forms[i].len));
		CU_ASSERT(world_receive(forms[i].rtcp ? relay : dst, &packet, SOON));
		CU_ASSERT_EQUAL(packet.len, forms[i].len);
		rtcp += forms[i].rtcp;
	}
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PASS_KIND], rtcp);
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_PACKETS], COUNT(forms) - rtcp);
}

/* The daemon learns of a stranger's packet what it was: it may be the phone behind a new port. */
static void test_row_7_a_refused_packet_with_marker_is_told_as_rtp(void)
{
	static const uint32_t type_80 = UINT32_C(1) << (80 - 64);
	struct nl_flow flow = scene_flow(RTPRELAY_KIND_RTP);

	flow.no_mux = &type_80;
	scene_start(&flow);
	scene_rtp(unknown, MARKER | 80, 3, 0);
	CU_ASSERT_FATAL(nl_event(&events, &state, SOON));
	CU_ASSERT_EQUAL(state.event, RTPRELAY_EVENT_REFUSED);
	CU_ASSERT(state.has_rtp);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_PT], 80);
	CU_ASSERT_EQUAL(state.rtp[RTPRELAY_RTP_SEQ], 3);
	scene_end();
	CU_ASSERT_EQUAL(state.counters[RTPRELAY_C_DROP_SOURCE], 1);
}

TEST_SUITE(demux,
	   { "row 7: without mux the marker makes no RTCP",
	     test_row_7_without_mux_the_marker_makes_no_rtcp },
	   { "row 7: with mux the ranges of RFC 5761 decide",
	     test_row_7_with_mux_the_ranges_of_rfc_5761_decide },
	   { "row 7: without mux RTCP has the form of RTCP",
	     test_row_7_without_mux_rtcp_has_the_form_of_rtcp },
	   { "row 7: a refused packet with marker is told as RTP",
	     test_row_7_a_refused_packet_with_marker_is_told_as_rtp });
