/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_rtp_wire.c - classification of packets that share a port; none is read past its end */
#include <stdio.h>
#include <stdlib.h>
#include "daemon/base/count.h"
#include "rtp_wire.h"
#include "tests/unit/test.h"

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })
#define RTP12	   0x80, 0x00, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef

static const struct rtp_port mux_port = { .mux = true };

/* In memory of exactly its size, so that AddressSanitizer detects a read past the end. */
static enum rtp_kind kind_at(const struct rtp_port *port, const uint8_t *bytes, size_t len,
			     struct rtp_wire *w)
{
	uint8_t *exact = malloc(len ? len : 1);

	memcpy(exact, bytes, len);
	rtp_wire_parse(exact, len, port, w);
	free(exact);
	return w->kind;
}

static enum rtp_kind kind_of(const uint8_t *bytes, size_t len, struct rtp_wire *w)
{
	return kind_at(&mux_port, bytes, len, w);
}

static void test_distinguishes_kinds_of_packets(void)
{
	static const uint8_t nothing[1];
	const struct {
		const uint8_t *bytes;
		size_t len;
		enum rtp_kind kind;
	} rows[] = {
		{ BYTES(RTP12), RTP_KIND_RTP },
		{ BYTES(RTP12, 1, 2, 3), RTP_KIND_RTP },
		{ BYTES(0x80, 0xff, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1), RTP_KIND_RTP },
		{ BYTES(0x80, 0xbf, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1), RTP_KIND_RTP },
		{ BYTES(0x80, 0xe0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1), RTP_KIND_RTP },
		{ nothing, 0, RTP_KIND_MALFORMED },
		{ BYTES(0x80), RTP_KIND_MALFORMED },
		{ BYTES(0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0), RTP_KIND_MALFORMED },
		{ BYTES(0x81, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1),
		  RTP_KIND_MALFORMED }, /* one CSRC missing */
		{ BYTES(0x81, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9), RTP_KIND_RTP },
		{ BYTES(0x90, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0), RTP_KIND_MALFORMED },
		{ BYTES(0x90, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0, 0), RTP_KIND_RTP },
		{ BYTES(0x90, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0, 1),
		  RTP_KIND_MALFORMED },
		{ BYTES(0x90, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0xff, 0xff),
		  RTP_KIND_MALFORMED },
		{ BYTES(0x80, 200, 0, 1, 0, 0, 0, 7), RTP_KIND_RTCP },
		{ BYTES(0x81, 201, 0, 0, 0, 0, 0, 7), RTP_KIND_RTCP },
		{ BYTES(0x80, 192, 0, 1, 0, 0, 0, 7), RTP_KIND_RTCP },
		{ BYTES(0x80, 223, 0, 1, 0, 0, 0, 7), RTP_KIND_RTCP },
		{ BYTES(0x80, 200, 0, 2, 0, 0, 0, 7),
		  RTP_KIND_MALFORMED }, /* longer than the packet */
		{ BYTES(0x80, 200, 0, 1, 0, 0, 0), RTP_KIND_MALFORMED },
		{ BYTES(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
		  RTP_KIND_STUN },
		{ BYTES(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x43, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
		  RTP_KIND_OTHER },
		{ BYTES(0), RTP_KIND_OTHER },
		{ BYTES(22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), RTP_KIND_DTLS },
		{ BYTES(22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0), RTP_KIND_MALFORMED },
		{ BYTES(16, 0, 0, 1, 'Z', 'R', 'T', 'P', 0, 0, 0, 1), RTP_KIND_ZRTP },
		{ BYTES(16, 0, 0, 1, 'Z', 'R', 'T', 'Q', 0, 0, 0, 1), RTP_KIND_OTHER },
		{ BYTES('\r', '\n'), RTP_KIND_OTHER },
		{ BYTES(0x40, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1), RTP_KIND_OTHER }, /* TURN channel */
		{ BYTES(0xc0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1), RTP_KIND_OTHER }, /* version 3 */
	};
	struct rtp_wire w;

	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_EQUAL(kind_of(rows[i].bytes, rows[i].len, &w), rows[i].kind);
}

static void test_reads_the_rtp_header(void)
{
	struct rtp_wire w;

	kind_of(BYTES(0x91, 0x88, 0xff, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 9, 0xbe, 0xde, 0, 1,
		      1, 1, 1, 1, 42),
		&w);
	CU_ASSERT_EQUAL(w.kind, RTP_KIND_RTP);
	CU_ASSERT_EQUAL(w.pt, 8);
	CU_ASSERT_EQUAL(w.seq, 65534);
	CU_ASSERT_EQUAL(w.timestamp, 0x01020304);
	CU_ASSERT_EQUAL(w.ssrc, 0x05060708);
	CU_ASSERT_EQUAL(w.header_len, 24);
}

static void test_reads_the_sender_of_rtcp(void)
{
	struct rtp_wire w;

	kind_of(BYTES(0x80, 203, 0, 1, 5, 6, 7, 8), &w);
	CU_ASSERT_EQUAL(w.pt, 203);
	CU_ASSERT_EQUAL(w.ssrc, 0x05060708);
	CU_ASSERT_EQUAL(w.seq, 0);
}

static void test_knows_rtcp_types(void)
{
	static const uint8_t known[] = { 192, 195, 200, 201, 202, 203, 204, 205, 206, 207, 213 };
	static const uint8_t unknown[] = { 0, 191, 196, 199, 214, 223, 255 };

	for (size_t i = 0; i < sizeof(known); i++)
		CU_ASSERT_TRUE(rtcp_type_known(known[i]));
	for (size_t i = 0; i < sizeof(unknown); i++)
		CU_ASSERT_FALSE(rtcp_type_known(unknown[i]));
}

#define SR(count, words) 0x80 | (count), 200, 0, (words)
#define ZEROS12		 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define ZEROS24		 ZEROS12, ZEROS12

/* What only its form tells, at a port without rtcp-mux and of a type that was not negotiated. */
static void test_row_7_rtcp_without_mux_has_the_form_of_rtcp(void)
{
	const struct {
		const char *what;
		const uint8_t *bytes;
		size_t len;
		enum rtp_kind kind;
	} rows[] = {
		{ "sender report", BYTES(SR(0, 6), ZEROS24), RTP_KIND_RTCP },
		{ "sender report with a block", BYTES(SR(1, 12), ZEROS24, ZEROS24), RTP_KIND_RTCP },
		{ "sender report without room for its block", BYTES(SR(1, 11), ZEROS24, ZEROS24),
		  RTP_KIND_RTP },
		{ "sender report without room for the sender", BYTES(SR(0, 5), ZEROS24),
		  RTP_KIND_RTP },
		{ "sender report longer than the packet", BYTES(SR(0, 7), ZEROS24), RTP_KIND_RTP },
		{ "encrypted after the head of the report (SRTCP)",
		  BYTES(SR(0, 6), ZEROS24, 0x5a, 0xa5, 9, 9, 0x80, 0, 0, 1, 7, 7, 7, 7),
		  RTP_KIND_RTCP },
		{ "receiver report", BYTES(0x80, 201, 0, 1, 0, 0, 0, 7), RTP_KIND_RTCP },
		{ "receiver report with a block", BYTES(0x81, 201, 0, 7, 0, 0, 0, 7, ZEROS24),
		  RTP_KIND_RTCP },
		{ "receiver report without room for its block",
		  BYTES(0x81, 201, 0, 6, 0, 0, 0, 7, ZEROS24), RTP_KIND_RTP },
		{ "compound", BYTES(0x80, 201, 0, 1, 0, 0, 0, 7, 0x81, 202, 0, 1, 0, 0, 0, 7),
		  RTP_KIND_RTCP },
		{ "feedback alone (RFC 5506)", BYTES(0x81, 206, 0, 2, 0, 0, 0, 7, 0, 0, 0, 9),
		  RTP_KIND_RTCP },
		{ "feedback and a byte more", BYTES(0x80, 206, 0, 2, 0, 0, 0, 7, 0, 0, 0, 9, 0),
		  RTP_KIND_RTP },
		{ "feedback, then RTP", BYTES(0x80, 206, 0, 1, 0, 0, 0, 7, RTP12), RTP_KIND_RTP },
		{ "a type that nobody uses", BYTES(0x80, 223, 0, 2, 0, 0, 0, 7, 0, 0, 0, 9),
		  RTP_KIND_RTP },
		{ "payload type 80 in its first packets", BYTES(0x80, 208, 0, 1, ZEROS12),
		  RTP_KIND_RTP },
		{ "payload type 80", BYTES(0x80, 208, 0x12, 0x34, ZEROS12), RTP_KIND_RTP },
		{ "too short for RTP", BYTES(0x80, 208, 0x12, 0x34, 0, 0, 0, 7),
		  RTP_KIND_MALFORMED },
		{ "seven bytes", BYTES(0x80, 201, 0, 0, 0, 0, 0), RTP_KIND_MALFORMED },
		{ "two bytes", BYTES(0x80, 201), RTP_KIND_MALFORMED },
	};
	const struct rtp_port port = { .mux = false };
	struct rtp_wire w;

	for (size_t i = 0; i < COUNT(rows); i++) {
		enum rtp_kind kind = kind_at(&port, rows[i].bytes, rows[i].len, &w);

		if (kind != rows[i].kind)
			printf("%s: %d\n", rows[i].what, kind);
		CU_ASSERT_EQUAL(kind, rows[i].kind);
	}
}

/* Each in the form of RTCP: a negotiated one is RTP for all that. */
static void test_row_7_negotiated_types_are_rtp_without_mux(void)
{
	for (unsigned int pt = 64; pt < 96; pt++) {
		const struct rtp_port without = { .negotiated = ~(UINT32_C(1) << (pt - 64)) };
		const struct rtp_port only = { .negotiated = UINT32_C(1) << (pt - 64) };
		const struct rtp_port mux = { .negotiated = ~UINT32_C(0), .mux = true };
		uint8_t bytes[28] = { 0x80, (uint8_t)(128 | pt), 0, 6 };
		struct rtp_wire w;

		CU_ASSERT_EQUAL(kind_at(&only, bytes, sizeof(bytes), &w), RTP_KIND_RTP);
		CU_ASSERT_EQUAL(w.pt, pt);
		CU_ASSERT_EQUAL(w.seq, 6);
		CU_ASSERT_EQUAL(kind_at(&mux, bytes, sizeof(bytes), &w), RTP_KIND_RTCP);
		CU_ASSERT_EQUAL(w.pt, 128 | pt);
		CU_ASSERT_EQUAL(kind_at(&without, bytes, sizeof(bytes), &w),
				rtcp_type_known((uint8_t)(128 | pt)) ? RTP_KIND_RTCP
								     : RTP_KIND_RTP);
		bytes[1] = (uint8_t)pt; /* without the marker bit there is no doubt */
		CU_ASSERT_EQUAL(kind_at(&without, bytes, sizeof(bytes), &w), RTP_KIND_RTP);
		CU_ASSERT_EQUAL(kind_at(&mux, bytes, sizeof(bytes), &w), RTP_KIND_RTP);
	}
}

/* The module makes the whole packet readable only then. */
static void test_row_7_only_packets_in_doubt_are_read_whole(void)
{
	static const uint8_t rtcp[12] = { 0x80, 206 }, rtp[12] = { RTP12 }, stun[12] = { 0, 206 };
	const struct rtp_port port = { .mux = false }, mux = { .mux = true };
	const struct rtp_port other = { .negotiated = UINT32_C(1) << (205 - 192) };
	const struct rtp_port negotiated = { .negotiated = UINT32_C(1) << (206 - 192) };

	CU_ASSERT_TRUE(rtp_wire_in_doubt(rtcp, sizeof(rtcp), &port));
	CU_ASSERT_TRUE(rtp_wire_in_doubt(rtcp, sizeof(rtcp), &other));
	CU_ASSERT_FALSE(rtp_wire_in_doubt(rtcp, sizeof(rtcp), &mux));
	CU_ASSERT_FALSE(rtp_wire_in_doubt(rtcp, sizeof(rtcp), &negotiated));
	CU_ASSERT_FALSE(rtp_wire_in_doubt(rtcp, 7, &port));
	CU_ASSERT_FALSE(rtp_wire_in_doubt(rtp, sizeof(rtp), &port));
	CU_ASSERT_FALSE(rtp_wire_in_doubt(stun, sizeof(stun), &port));
}

static void test_silences_sound_and_nothing_else(void)
{
	uint8_t ulaw[] = { RTP12, 1, 2, 3 };
	uint8_t alaw[] = { 0x81, 0x88, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3 };
	uint8_t padded[] = { 0xa0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 3 };
	uint8_t lying[] = { 0xa0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 200 };
	/* More padding than payload, but not more than the packet. */
	uint8_t header_too[] = { 0xa0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 4 };
	uint8_t gsm[] = { 0x80, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2 };
	uint8_t empty[] = { RTP12 };
	struct rtp_wire w;

	rtp_wire_parse(ulaw, sizeof(ulaw), &mux_port, &w);
	CU_ASSERT_TRUE(rtp_wire_silence(ulaw, sizeof(ulaw), &w));
	CU_ASSERT_EQUAL(memcmp(ulaw, (uint8_t[]){ RTP12, 0xff, 0xff, 0xff }, sizeof(ulaw)), 0);
	rtp_wire_parse(alaw, sizeof(alaw), &mux_port, &w);
	CU_ASSERT_TRUE(rtp_wire_silence(alaw, sizeof(alaw), &w));
	CU_ASSERT_EQUAL(memcmp(alaw + 12, (uint8_t[]){ 0, 0, 0, 9, 0xd5, 0xd5, 0xd5 }, 7), 0);
	rtp_wire_parse(padded, sizeof(padded), &mux_port, &w);
	CU_ASSERT_TRUE(rtp_wire_silence(padded, sizeof(padded), &w));
	CU_ASSERT_EQUAL(memcmp(padded + 12, (uint8_t[]){ 0xff, 0xff, 0, 0, 3 }, 5), 0);
	rtp_wire_parse(lying, sizeof(lying), &mux_port, &w);
	CU_ASSERT_TRUE(rtp_wire_silence(lying, sizeof(lying), &w));
	CU_ASSERT_EQUAL(memcmp(lying + 12, (uint8_t[]){ 0xff, 0xff, 0xff }, 3), 0);
	rtp_wire_parse(header_too, sizeof(header_too), &mux_port, &w);
	CU_ASSERT_EQUAL(rtp_wire_payload_end(header_too, sizeof(header_too), &w), 15);
	CU_ASSERT_TRUE(rtp_wire_silence(header_too, sizeof(header_too), &w));
	CU_ASSERT_EQUAL(memcmp(header_too + 12, (uint8_t[]){ 0xff, 0xff, 0xff }, 3), 0);
	rtp_wire_parse(gsm, sizeof(gsm), &mux_port, &w);
	CU_ASSERT_FALSE(rtp_wire_silence(gsm, sizeof(gsm), &w));
	CU_ASSERT_EQUAL(gsm[12], 1);
	rtp_wire_parse(empty, sizeof(empty), &mux_port, &w);
	CU_ASSERT_TRUE(rtp_wire_silence(empty, sizeof(empty), &w));
}

static void test_knows_static_clocks(void)
{
	CU_ASSERT_EQUAL(rtp_static_clock(0), 8000);
	CU_ASSERT_EQUAL(rtp_static_clock(9), 8000); /* G722: RFC 3551, section 4.5.2 */
	CU_ASSERT_EQUAL(rtp_static_clock(10), 44100);
	CU_ASSERT_EQUAL(rtp_static_clock(34), 90000);
	CU_ASSERT_EQUAL(rtp_static_clock(1), 0);
	CU_ASSERT_EQUAL(rtp_static_clock(35), 0);
	CU_ASSERT_EQUAL(rtp_static_clock(127), 0);
}

TEST_SUITE(rtp_wire, { "distinguishes kinds of packets", test_distinguishes_kinds_of_packets },
	   { "reads the RTP header", test_reads_the_rtp_header },
	   { "reads the sender of RTCP", test_reads_the_sender_of_rtcp },
	   { "knows RTCP types", test_knows_rtcp_types },
	   { "row 7: RTCP without mux has the form of RTCP",
	     test_row_7_rtcp_without_mux_has_the_form_of_rtcp },
	   { "row 7: negotiated types are RTP without mux",
	     test_row_7_negotiated_types_are_rtp_without_mux },
	   { "row 7: only packets in doubt are read whole",
	     test_row_7_only_packets_in_doubt_are_read_whole },
	   { "silences sound and nothing else", test_silences_sound_and_nothing_else },
	   { "knows static clocks", test_knows_static_clocks });
