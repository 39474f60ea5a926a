/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_stream_demux.c - RTP and RTCP at one port: payload types 64 to 95 have the same second byte
 * as RTCP when the marker bit is set
 */
#include "daemon/base/count.h"
#include "stream_scene.h"

#define MARKER	     0x80
#define TYPES(bits)  (UINT64_C(bits))
#define EACH_ADDR(a) for (const char *const *a = addrs; *a; a++)

static const char *const addrs[] = { "127.0.0.1", "::1", NULL };

/* A stage where payload type @pt is negotiated; 0: none above 63. @mux: side A has rtcp-mux */
static void open_demux(struct stage *stage, const char *addr, unsigned int pt, bool mux)
{
	open_stage_at(stage, addr);
	if (pt)
		stage->scene.conf.pts[1] = UINT64_C(1) << (pt - 64);
	if (mux)
		stage->scene.conf.side[SIDE_A].flags |= SIDE_MUX;
	signal_stage(stage);
	stage->pt = (uint8_t)(MARKER | pt);
}

/* `m=audio P RTP/AVP 80`: "0 of 5", and the same for each of its relatives. */
static void test_row_7_marker_does_not_make_rtcp_of_rtp(void)
{
	EACH_ADDR(addr) for (unsigned int pt = 64; pt < 96; pt++)
	{
		struct stream_report r;
		struct stage stage;

		open_demux(&stage, *addr, pt, false);
		/* The numbers are lengths of RTCP packets that would fit. */
		for (int i = 0; i < 5; i++)
			CU_ASSERT_PTR_EQUAL(arrive(&stage, A_RTP, stage.scene.phone_at[A_RTP]),
					    stream_at(&stage, B_RTP));
		stream_report(stream_at(&stage, A_RTP), &r);
		CU_ASSERT_EQUAL(r.state, LATCH_LOCKED);
		CU_ASSERT_TRUE(r.ssrc_known);
		CU_ASSERT_EQUAL(r.expected, 5);
		CU_ASSERT_EQUAL(r.last_pt, pt);
		/* Quality exists once RTCP was heard, or at the first tick. */
		CU_ASSERT_PTR_NULL(stream_at(&stage, A_RTP)->quality);
		close_stage(&stage);
	}
}

/* Of a session of the rtpproxy protocol without codecs. 72 and 73 are reserved (RFC 3551). */
static void test_row_7_marker_does_not_make_rtcp_without_codecs(void)
{
	for (unsigned int pt = 64; pt < 96; pt++) {
		struct stage stage;

		if (pt == 72 || pt == 73)
			continue;
		open_demux(&stage, "127.0.0.1", 0, false);
		stage.scene.conf.any = true;
		stage.scene.conf.pts[0] = 0;
		signal_stage(&stage);
		stage.pt = (uint8_t)(MARKER | pt);
		for (int i = 0; i < 5; i++)
			CU_ASSERT_PTR_EQUAL(arrive(&stage, A_RTP, stage.scene.phone_at[A_RTP]),
					    stream_at(&stage, B_RTP));
		close_stage(&stage);
	}
}

static void test_row_7_with_mux_the_ranges_of_rfc_5761_decide(void)
{
	for (unsigned int pt = 64; pt < 96; pt++) {
		bool known = rtcp_type_known((uint8_t)(MARKER | pt));
		struct stream_report r;
		struct stage stage;

		open_demux(&stage, "127.0.0.1", pt, true);
		CU_ASSERT_PTR_EQUAL(arrive(&stage, A_RTP, stage.scene.phone_at[A_RTP]),
				    known ? stream_at(&stage, B_RTCP) : NULL);
		stream_report(stream_at(&stage, A_RTP), &r);
		CU_ASSERT_FALSE(r.ssrc_known);
		CU_ASSERT_EQUAL(r.packets_in, known);
		close_stage(&stage);
	}
}

/* Some phones send RTCP to the RTP port, without rtcp-mux. */
static void test_row_7_rtcp_at_the_rtp_port_leaves_as_rtcp(void)
{
	static const struct {
		const char *what;
		uint64_t types; /* negotiated, from 64 on */
		size_t cut;
		bool any; /* a leg of the rtpproxy protocol without codecs */
		int leaves;
		bool rtp;
	} rows[] = {
		{ "RTCP", 0, 0, false, B_RTCP, false },
		{ "RTCP of a session without codecs", 0, 0, true, B_RTCP, false },
		{ "RTCP beside a type that is negotiated", TYPES(1) << (80 - 64), 0, false, B_RTCP,
		  false },
		{ "its second byte is negotiated", TYPES(1) << (201 - 192), 0, false, B_RTP, true },
		{ "cut short", 0, 4, false, B_RTP, true },
		{ "cut short, of a session without codecs", 0, 4, true, B_RTP, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t bytes[32] = { 0x81, 201, 0, 7, 0, 0, 0, 9 };
		struct stream_report r;
		struct stage stage;

		open_demux(&stage, "127.0.0.1", 0, false);
		stage.scene.conf.any = rows[i].any;
		stage.scene.conf.pts[0] = rows[i].any ? 0 : 1;
		stage.scene.conf.pts[1] = rows[i].types;
		signal_stage(&stage);
		arrive(&stage, A_RTP, stage.scene.phone_at[A_RTP]);
		CU_ASSERT_PTR_EQUAL(arrive_bytes(&stage, A_RTP, stage.scene.phone_at[A_RTP], bytes,
						 sizeof(bytes) - rows[i].cut),
				    stream_at(&stage, rows[i].leaves));
		stream_report(stream_at(&stage, A_RTP), &r);
		CU_ASSERT_EQUAL(r.packets_in, 2);
		CU_ASSERT_EQUAL(r.ssrc == 9 || r.last_pt == (201 & 127), rows[i].rtp);
		CU_ASSERT_EQUAL(!stream_at(&stage, A_RTP)->quality, rows[i].rtp);
		close_stage(&stage);
	}
}

/* The RTCP port has no RTP, whatever was negotiated. */
static void test_row_7_the_rtcp_port_stays_one_for_rtcp(void)
{
	struct stage stage;

	open_demux(&stage, "127.0.0.1", 201 & 127, false);
	CU_ASSERT_PTR_EQUAL(arrive(&stage, A_RTCP, stage.scene.phone_at[A_RTCP]),
			    stream_at(&stage, B_RTCP));
	CU_ASSERT_PTR_NOT_NULL(stream_at(&stage, A_RTP)->quality);
	close_stage(&stage);
}

/* Fax in a session of the rtpproxy protocol without codecs: sequence number 0x80d0 and on. */
static void test_row_7_udptl_is_not_taken_for_rtcp(void)
{
	uint8_t bytes[40] = { 0x80, 208, 6, 0xc0, 1, 0x80, 0, 0 };
	struct stage stage;

	open_demux(&stage, "127.0.0.1", 0, false);
	stage.scene.conf.any = true;
	stage.scene.conf.pts[0] = 0;
	signal_stage(&stage);
	for (uint8_t second = 192; second <= 223; second++) {
		bytes[1] = second;
		for (size_t len = 6; len <= sizeof(bytes); len++)
			CU_ASSERT_PTR_EQUAL(arrive_bytes(&stage, A_RTP, stage.scene.phone_at[A_RTP],
							 bytes, len),
					    stream_at(&stage, B_RTP));
	}
	CU_ASSERT_PTR_NULL(stream_at(&stage, A_RTP)->quality);
	close_stage(&stage);
}

/* RTCP passes a silenced side: RTP must not be taken for it. */
static void test_row_7_silence_holds_for_packets_with_marker(void)
{
	struct stage stage;

	open_demux(&stage, "127.0.0.1", 80, false);
	stage.scene.conf.side[SIDE_A].flags |= SIDE_SILENCE;
	signal_stage(&stage);
	CU_ASSERT_PTR_NULL(arrive(&stage, A_RTP, stage.scene.phone_at[A_RTP]));
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->drops[DROP_BLOCKED], 1);
	close_stage(&stage);
}

/* Behind a NAT the first packet of a talk spurt is often the first of all: with the marker. */
static void test_row_7_marker_latches_as_media(void)
{
	static const struct {
		uint64_t types;
		uint32_t flags;
		bool latches;
	} rows[] = {
		{ TYPES(1) << (80 - 64), 0, true },
		{ 0, 0, false }, /* not negotiated: passes, but does not latch */
		{ TYPES(1) << (81 - 64), 0, false },
		{ TYPES(1) << (80 - 64), SIDE_MUX, true }, /* RTCP, of a known type */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stage stage;

		open_stage(&stage);
		stage.scene.conf.pts[1] = rows[i].types;
		stage.scene.conf.side[SIDE_A].flags = rows[i].flags;
		signal_nat(&stage, "203.0.113.9");
		stage.pt = MARKER | 80;
		arrive(&stage, A_RTP, place("203.0.113.9:50000"));
		CU_ASSERT_EQUAL(latch_state(&stream_at(&stage, A_RTP)->latch),
				rows[i].latches ? LATCH_LEARN : LATCH_WAIT);
		close_stage(&stage);
	}
}

TEST_SUITE(stream_demux,
	   { "row 7: the marker does not make RTCP of RTP",
	     test_row_7_marker_does_not_make_rtcp_of_rtp },
	   { "row 7: the marker does not make RTCP without codecs",
	     test_row_7_marker_does_not_make_rtcp_without_codecs },
	   { "row 7: with mux the ranges of RFC 5761 decide",
	     test_row_7_with_mux_the_ranges_of_rfc_5761_decide },
	   { "row 7: RTCP at the RTP port leaves as RTCP",
	     test_row_7_rtcp_at_the_rtp_port_leaves_as_rtcp },
	   { "row 7: the RTCP port stays one for RTCP",
	     test_row_7_the_rtcp_port_stays_one_for_rtcp },
	   { "row 7: UDPTL is not taken for RTCP", test_row_7_udptl_is_not_taken_for_rtcp },
	   { "row 7: silence holds for packets with marker",
	     test_row_7_silence_holds_for_packets_with_marker },
	   { "row 7: the marker latches as media", test_row_7_marker_latches_as_media });
