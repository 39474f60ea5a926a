/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_payload.c - RTCP and quality as JSON for homer, parsed by a library */
#include <jansson.h>
#include "daemon/homer/payload.h"
#include "tests/unit/test.h"

/* A receiver report with a block, a sender report with two, and a name. */
static const uint8_t compound[] = {
	0x81, 201,  0x00, 0x07, 0x00, 0x00, 0x12, 0x34,				/* RR of 0x1234 */
	0x00, 0x00, 0x00, 0x11, 0x01, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x03, /* on 0x11 */
	0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x06,
	0x82, 200,  0x00, 0x12, 0x00, 0x00, 0x12, 0x34,				/* SR of 0x1234 */
	0xb4, 0x4d, 0xb7, 0x05, 0xe0, 0x00, 0x00, 0x00,				/* NTP */
	0x00, 0x00, 0x03, 0x20, 0x00, 0x00, 0x00, 0x64, 0x00, 0x00, 0x3e, 0x80, /* sent */
	0x00, 0x00, 0x56, 0x78, 0x40, 0x00, 0x00, 0x07, 0x00, 0x01, 0x00, 0x09, /* on 0x5678 */
	0x00, 0x00, 0x00, 0xa0, 0xb7, 0x05, 0x20, 0x00, 0x00, 0x05, 0x40, 0x00,
	0x00, 0x00, 0x9a, 0xbc, 0x00, 0xff, 0xff, 0xfe, 0x00, 0x00, 0x00, 0x01, /* on 0x9abc */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x81, 202,  0x00, 0x02, 0x00, 0x00, 0x12, 0x34, 0x01, 0x01, 'x',  0x00, /* SDES */
};

#define RR_LEN 32

/* NULL: there is nothing to report, or it did not fit. */
static json_t *rtcp_json(const uint8_t *rtcp, size_t len)
{
	static char text[8192];
	struct buf buf = BUF_INIT(text, sizeof(text));
	json_t *json;

	if (!payload_rtcp(&buf, rtcp, len))
		return NULL;
	json = json_loadb(text, buf.len, JSON_REJECT_DUPLICATES, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	return json;
}

static json_int_t number(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	CU_ASSERT(json_is_integer(value));
	return json_integer_value(value);
}

static void test_compound_is_one_object(void)
{
	json_t *json = rtcp_json(compound, sizeof(compound));
	const json_t *sent = json_object_get(json, "sender_information"),
		     *blocks = json_object_get(json, "report_blocks"), *block;

	CU_ASSERT_EQUAL(number(json, "type"), 200);
	CU_ASSERT_EQUAL(number(json, "ssrc"), 0x1234);
	CU_ASSERT_EQUAL(number(json, "report_count"), 3);
	CU_ASSERT_EQUAL(number(sent, "ntp_timestamp_sec"), 0xb44db705);
	CU_ASSERT_EQUAL(number(sent, "ntp_timestamp_usec"), 0xe0000000);
	CU_ASSERT_EQUAL(number(sent, "rtp_timestamp"), 800);
	CU_ASSERT_EQUAL(number(sent, "packets"), 100);
	CU_ASSERT_EQUAL(number(sent, "octets"), 16000);
	CU_ASSERT_EQUAL_FATAL(json_array_size(blocks), 3);
	CU_ASSERT_EQUAL(number(json_array_get(blocks, 0), "source_ssrc"), 0x11);
	block = json_array_get(blocks, 1);
	CU_ASSERT_EQUAL(number(block, "source_ssrc"), 0x5678);
	CU_ASSERT_EQUAL(number(block, "fraction_lost"), 64);
	CU_ASSERT_EQUAL(number(block, "packets_lost"), 7);
	CU_ASSERT_EQUAL(number(block, "highest_seq_no"), 0x10009);
	CU_ASSERT_EQUAL(number(block, "ia_jitter"), 160);
	CU_ASSERT_EQUAL(number(block, "lsr"), 0xb7052000);
	CU_ASSERT_EQUAL(number(block, "dlsr"), 0x54000);
	/* more packets than were expected */
	CU_ASSERT_EQUAL(number(json_array_get(blocks, 2), "packets_lost"), 0);
	json_decref(json);
}

static void test_receiver_report_has_no_sender(void)
{
	json_t *json = rtcp_json(compound, RR_LEN);

	CU_ASSERT_EQUAL(number(json, "type"), 201);
	CU_ASSERT_EQUAL(number(json, "ssrc"), 0x1234);
	CU_ASSERT_EQUAL(number(json, "report_count"), 1);
	CU_ASSERT_PTR_NULL(json_object_get(json, "sender_information"));
	json_decref(json);
}

static void test_rtcp_without_reports_is_nothing(void)
{
	static const uint8_t empty[] = { 0x80, 201, 0, 1, 0, 0, 0, 7 },
			     bye[] = { 0x81, 203, 0, 1, 0, 0, 0, 7 },
			     head[] = { 0x81, 201, 0, 0 }; /* shorter than its SSRC */

	CU_ASSERT_PTR_NULL(rtcp_json(empty, sizeof(empty)));
	CU_ASSERT_PTR_NULL(rtcp_json(bye, sizeof(bye)));
	CU_ASSERT_PTR_NULL(rtcp_json(head, sizeof(head)));
	CU_ASSERT_PTR_NULL(rtcp_json(NULL, 0));
}

/* An attacker's packet: each of many parts has a block. */
static void test_number_of_blocks_is_limited(void)
{
	static uint8_t many[100 * RR_LEN];
	json_t *json;

	for (size_t at = 0; at < sizeof(many); at += RR_LEN)
		memcpy(many + at, compound, RR_LEN);
	json = rtcp_json(many, sizeof(many));
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(json, "report_blocks")), PAYLOAD_BLOCKS);
	CU_ASSERT_EQUAL(number(json, "report_count"), PAYLOAD_BLOCKS);
	json_decref(json);
}

static void test_object_that_does_not_fit_is_refused(void)
{
	char text[100];
	struct buf buf = BUF_INIT(text, sizeof(text));

	CU_ASSERT_FALSE(payload_rtcp(&buf, compound, sizeof(compound)));
	CU_ASSERT_TRUE(buf.overflow);
}

static const struct stream_report report = {
	.packets_in = 500,
	.bytes_in = 86000,
	.expected = 510,
	.lost = 10,
	.reordered = 3,
	.last_seq = 65535,
	.last_pt = 8,
	.clock = 8000,
	.ssrc = 0xabcdef,
};

static json_t *rtp_json(const struct payload_rtp *rtp)
{
	static char text[8192];
	struct buf buf = BUF_INIT(text, sizeof(text));
	json_t *json;

	CU_ASSERT_TRUE_FATAL(payload_rtp(&buf, rtp));
	json = json_loadb(text, buf.len, JSON_REJECT_DUPLICATES, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	return json;
}

static double real(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	CU_ASSERT(json_is_number(value));
	return json_number_value(value);
}

static const char *text_of(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? text : "none";
}

static void test_quality_has_the_names_of_homer(void)
{
	struct quality_summary quality = {
		.samples = 3,
		.latest = { .mos_x100 = 410, .jitter_us = 5500 },
		.average = { .mos_x100 = 420, .jitter_us = 4000 },
		.lowest = { .mos_x100 = 310 },
		.highest = { .mos_x100 = 441 },
		.entries = 2,
		.entry = { { .jitter_us = 1000 }, { .jitter_us = 7250 } },
	};
	struct stream_report at = report;
	struct payload_rtp rtp = { .call_id = STR("a \"call\"\n"),
				   .codec = "PCMA",
				   .side = SIDE_B,
				   .at_s = 1795852800,
				   .report = &at,
				   .quality = &quality };
	json_t *json;

	CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("[2001:db8::1]:4000"), -1, &at.latched));
	CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("[2001:db8::2]:30000"), -1, &at.local));
	json = rtp_json(&rtp);
	CU_ASSERT_STRING_EQUAL(text_of(json, "CORRELATION_ID"), "a \"call\"\n");
	CU_ASSERT_STRING_EQUAL(text_of(json, "RTP_SIP_CALL_ID"), "a \"call\"\n");
	CU_ASSERT_STRING_EQUAL(text_of(json, "TYPE"), "PERIODIC");
	CU_ASSERT_STRING_EQUAL(text_of(json, "REPORT_NAME"), "callee");
	CU_ASSERT_STRING_EQUAL(text_of(json, "CODEC_NAME"), "PCMA");
	CU_ASSERT_STRING_EQUAL(text_of(json, "SSRC"), "0x00abcdef");
	CU_ASSERT_STRING_EQUAL(text_of(json, "SRC_IP"), "2001:db8::1");
	CU_ASSERT_EQUAL(number(json, "SRC_PORT"), 4000);
	CU_ASSERT_STRING_EQUAL(text_of(json, "DST_IP"), "2001:db8::2");
	CU_ASSERT_EQUAL(number(json, "DST_PORT"), 30000);
	CU_ASSERT_EQUAL(number(json, "PARTY"), 1);
	CU_ASSERT_EQUAL(number(json, "REPORT_TS"), 1795852800);
	CU_ASSERT_EQUAL(number(json, "TOTAL_PK"), 500);
	CU_ASSERT_EQUAL(number(json, "TL_BYTE"), 86000);
	CU_ASSERT_EQUAL(number(json, "EXPECTED_PK"), 510);
	CU_ASSERT_EQUAL(number(json, "PACKET_LOSS"), 10);
	CU_ASSERT_EQUAL(number(json, "OUT_ORDER"), 3);
	CU_ASSERT_EQUAL(number(json, "SEQ"), 65535);
	CU_ASSERT_EQUAL(number(json, "CODEC_PT"), 8);
	CU_ASSERT_EQUAL(number(json, "CLOCK"), 8000);
	CU_ASSERT_EQUAL(real(json, "MOS"), 4.10);
	CU_ASSERT_EQUAL(real(json, "MEAN_MOS"), 4.20);
	CU_ASSERT_EQUAL(real(json, "MIN_MOS"), 3.10);
	CU_ASSERT_EQUAL(real(json, "MAX_MOS"), 4.41);
	CU_ASSERT_EQUAL(real(json, "JITTER"), 5.5);
	CU_ASSERT_EQUAL(real(json, "MEAN_JITTER"), 4.0);
	CU_ASSERT_EQUAL(real(json, "MAX_JITTER"), 7.25);
	json_decref(json);
}

/* A media of less than an interval that ended, from a source that is not known. */
static void test_what_is_not_known_is_left_out(void)
{
	static const struct quality_summary none;
	struct payload_rtp rtp = { .call_id = STR("call"),
				   .codec = "",
				   .final = true,
				   .report = &report,
				   .quality = &none };
	json_t *json = rtp_json(&rtp);

	CU_ASSERT_STRING_EQUAL(text_of(json, "TYPE"), "HANGUP");
	CU_ASSERT_STRING_EQUAL(text_of(json, "REPORT_NAME"), "caller");
	CU_ASSERT_EQUAL(number(json, "PARTY"), 0);
	CU_ASSERT_PTR_NULL(json_object_get(json, "MOS"));
	CU_ASSERT_PTR_NULL(json_object_get(json, "SRC_IP"));
	CU_ASSERT_PTR_NULL(json_object_get(json, "CODEC_NAME"));
	json_decref(json);
}

TEST_SUITE(payload, { "compound is one object", test_compound_is_one_object },
	   { "receiver report has no sender", test_receiver_report_has_no_sender },
	   { "rtcp without reports is nothing", test_rtcp_without_reports_is_nothing },
	   { "number of blocks is limited", test_number_of_blocks_is_limited },
	   { "object that does not fit is refused", test_object_that_does_not_fit_is_refused },
	   { "quality has the names of homer", test_quality_has_the_names_of_homer },
	   { "what is not known is left out", test_what_is_not_known_is_left_out });
