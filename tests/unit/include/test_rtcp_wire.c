/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_rtcp_wire.c - compound RTCP packets, whole, damaged and encrypted */
#include "rtcp_wire.h"
#include "tests/unit/test.h"

/* A sender report with two blocks, and a name. */
static const uint8_t compound[] = {
	0x82, 200,  0x00, 0x12, 0x00, 0x00, 0x12, 0x34,				/* SR of 0x1234 */
	0xb4, 0x4d, 0xb7, 0x05, 0x20, 0x00, 0x00, 0x00,				/* NTP */
	0x00, 0x00, 0x03, 0x20, 0x00, 0x00, 0x00, 0x64, 0x00, 0x00, 0x3e, 0x80, /* sent */
	0x00, 0x00, 0x56, 0x78, 0x40, 0x00, 0x00, 0x07, 0x00, 0x01, 0x00, 0x09, /* on 0x5678 */
	0x00, 0x00, 0x00, 0xa0, 0xb7, 0x05, 0x20, 0x00, 0x00, 0x05, 0x40, 0x00,
	0x00, 0x00, 0x9a, 0xbc, 0x00, 0xff, 0xff, 0xfe, 0x00, 0x00, 0x00, 0x01, /* on 0x9abc */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x81, 202,  0x00, 0x02, 0x00, 0x00, 0x12, 0x34, 0x01, 0x01, 'x',  0x00, /* SDES */
};

static void test_reads_a_compound(void)
{
	struct rtcp_report report;
	struct rtcp_part part;
	uint32_t time = 0;
	size_t at = 0;

	CU_ASSERT(rtcp_is_whole(compound, sizeof(compound)));
	CU_ASSERT_FATAL(rtcp_next(compound, sizeof(compound), &at, &part));
	CU_ASSERT_EQUAL(part.type, RTCP_SR);
	CU_ASSERT_EQUAL(part.count, 2);
	CU_ASSERT(rtcp_sr_time(&part, &time));
	CU_ASSERT_EQUAL(time, 0xb7052000);
	CU_ASSERT_FATAL(rtcp_report_at(&part, 0, &report));
	CU_ASSERT_EQUAL(report.ssrc, 0x5678);
	CU_ASSERT_EQUAL(report.fraction, 64);
	CU_ASSERT_EQUAL(report.lost, 7);
	CU_ASSERT_EQUAL(report.highest, 0x10009);
	CU_ASSERT_EQUAL(report.jitter, 160);
	CU_ASSERT_EQUAL(report.lsr, 0xb7052000);
	CU_ASSERT_EQUAL(report.dlsr, 0x00054000);
	CU_ASSERT_FATAL(rtcp_report_at(&part, 1, &report));
	CU_ASSERT_EQUAL(report.ssrc, 0x9abc);
	CU_ASSERT_EQUAL(report.lost, -2);
	CU_ASSERT_FALSE(rtcp_report_at(&part, 2, &report));
	CU_ASSERT_FATAL(rtcp_next(compound, sizeof(compound), &at, &part));
	CU_ASSERT_EQUAL(part.type, 202);
	CU_ASSERT_FALSE(rtcp_sr_time(&part, &time));
	CU_ASSERT_FALSE(rtcp_report_at(&part, 0, &report));
	CU_ASSERT_FALSE(rtcp_next(compound, sizeof(compound), &at, &part));
}

static void test_a_truncated_compound_is_not_whole(void)
{
	CU_ASSERT_FALSE(rtcp_is_whole(compound, 0));
	for (size_t len = 1; len < sizeof(compound); len++)
		CU_ASSERT_EQUAL(rtcp_is_whole(compound, len), len == 76);
}

/* SRTCP: all but the first eight bytes encrypted, an index and a tag at the end. */
static void test_srtcp_is_not_whole(void)
{
	uint8_t bytes[28 + 14] = { 0x80, 200, 0x00, 0x06 };

	bytes[28] = 0x80;
	bytes[31] = 0x01;
	CU_ASSERT_FALSE(rtcp_is_whole(bytes, sizeof(bytes)));
	CU_ASSERT(rtcp_is_whole(bytes, 28));
}

/* The count is larger than the length allows. */
static void test_reads_no_block_past_the_part(void)
{
	static const uint8_t bytes[] = { 0x9f, 201, 0x00, 0x01, 0, 0, 0, 1 };
	struct rtcp_report report;
	struct rtcp_part part;
	size_t at = 0;

	CU_ASSERT_FATAL(rtcp_next(bytes, sizeof(bytes), &at, &part));
	CU_ASSERT_EQUAL(part.count, 31);
	CU_ASSERT_FALSE(rtcp_report_at(&part, 0, &report));
	CU_ASSERT_FALSE(rtcp_report_at(&part, 30, &report));
}

TEST_SUITE(rtcp_wire, { "reads a compound", test_reads_a_compound },
	   { "a truncated compound is not whole", test_a_truncated_compound_is_not_whole },
	   { "SRTCP is not whole", test_srtcp_is_not_whole },
	   { "reads no block past the part", test_reads_no_block_past_the_part });
