/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_rtp_wire.c - classification of packets that share a port; none is read past its end */
#include <stdlib.h>
#include "daemon/base/count.h"
#include "rtp_wire.h"
#include "tests/unit/test.h"

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })
#define RTP12	   0x80, 0x00, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef

/* In memory of exactly its size, so that AddressSanitizer detects a read past the end. */
static enum rtp_kind kind_of(const uint8_t *bytes, size_t len, struct rtp_wire *w)
{
	uint8_t *exact = malloc(len ? len : 1);

	memcpy(exact, bytes, len);
	rtp_wire_parse(exact, len, w);
	free(exact);
	return w->kind;
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

static void test_sequence_continues_within_bounds(void)
{
	CU_ASSERT_TRUE(rtp_seq_goes_on(10, 11));
	CU_ASSERT_TRUE(rtp_seq_goes_on(10, 10));
	CU_ASSERT_TRUE(rtp_seq_goes_on(65535, 0));
	CU_ASSERT_TRUE(rtp_seq_goes_on(0, 2999));
	CU_ASSERT_FALSE(rtp_seq_goes_on(0, 3000));
	CU_ASSERT_TRUE(rtp_seq_goes_on(100, 1));
	CU_ASSERT_TRUE(rtp_seq_goes_on(0, 65436));
	CU_ASSERT_FALSE(rtp_seq_goes_on(0, 65435));
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

	rtp_wire_parse(ulaw, sizeof(ulaw), &w);
	CU_ASSERT_TRUE(rtp_wire_silence(ulaw, sizeof(ulaw), &w));
	CU_ASSERT_EQUAL(memcmp(ulaw, (uint8_t[]){ RTP12, 0xff, 0xff, 0xff }, sizeof(ulaw)), 0);
	rtp_wire_parse(alaw, sizeof(alaw), &w);
	CU_ASSERT_TRUE(rtp_wire_silence(alaw, sizeof(alaw), &w));
	CU_ASSERT_EQUAL(memcmp(alaw + 12, (uint8_t[]){ 0, 0, 0, 9, 0xd5, 0xd5, 0xd5 }, 7), 0);
	rtp_wire_parse(padded, sizeof(padded), &w);
	CU_ASSERT_TRUE(rtp_wire_silence(padded, sizeof(padded), &w));
	CU_ASSERT_EQUAL(memcmp(padded + 12, (uint8_t[]){ 0xff, 0xff, 0, 0, 3 }, 5), 0);
	rtp_wire_parse(lying, sizeof(lying), &w);
	CU_ASSERT_TRUE(rtp_wire_silence(lying, sizeof(lying), &w));
	CU_ASSERT_EQUAL(memcmp(lying + 12, (uint8_t[]){ 0xff, 0xff, 0xff }, 3), 0);
	rtp_wire_parse(header_too, sizeof(header_too), &w);
	CU_ASSERT_EQUAL(rtp_wire_payload_end(header_too, sizeof(header_too), &w), 15);
	CU_ASSERT_TRUE(rtp_wire_silence(header_too, sizeof(header_too), &w));
	CU_ASSERT_EQUAL(memcmp(header_too + 12, (uint8_t[]){ 0xff, 0xff, 0xff }, 3), 0);
	rtp_wire_parse(gsm, sizeof(gsm), &w);
	CU_ASSERT_FALSE(rtp_wire_silence(gsm, sizeof(gsm), &w));
	CU_ASSERT_EQUAL(gsm[12], 1);
	rtp_wire_parse(empty, sizeof(empty), &w);
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
	   { "sequence continues within bounds", test_sequence_continues_within_bounds },
	   { "silences sound and nothing else", test_silences_sound_and_nothing_else },
	   { "knows static clocks", test_knows_static_clocks });
