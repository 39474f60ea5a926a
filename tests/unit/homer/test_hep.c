/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_hep.c - messages of HEP 3, read back by the table of chunks in the specification */
#include "daemon/base/count.h"
#include "daemon/homer/hep.h"
#include "hep_decode.h"

static struct hep_decoded decoded;

/* Two addresses, and the other members with values of their own. */
static struct hep_message message_between(const char *source, const char *local,
					  struct endpoint at[2])
{
	memset(at, 0, 2 * sizeof(*at));
	CU_ASSERT_FATAL(!source || endpoint_parse(str_of(source), -1, &at[0]));
	CU_ASSERT_FATAL(endpoint_parse(str_of(local), -1, &at[1]));
	return (struct hep_message){ .type = HEP_RTCP,
				     .source = &at[0],
				     .local = &at[1],
				     .at_us = 1795852800123456,
				     .agent = 0x87654321,
				     .password = STR("secret"),
				     .correlation = STR("call@192.0.2.1"),
				     .payload = STR("{\"ssrc\":7}") };
}

static bool encode(const struct hep_message *message)
{
	static char bytes[70000];
	struct buf buf = BUF_INIT(bytes, sizeof(bytes));
	bool fits = hep_encode(message, &buf);

	hep_decode(&decoded, (const uint8_t *)bytes, fits ? buf.len : 0);
	return fits;
}

static void test_every_chunk_of_ipv4_is_read_back(void)
{
	struct endpoint at[2];
	struct hep_message m = message_between("192.0.2.1:4001", "198.51.100.2:30001", at);

	CU_ASSERT_TRUE(encode(&m));
	CU_ASSERT_TRUE_FATAL(decoded.valid);
	CU_ASSERT_EQUAL(decoded.chunks, 13);
	CU_ASSERT_EQUAL(decoded.number[0x01], 2);
	CU_ASSERT_EQUAL(decoded.number[0x02], 17);
	CU_ASSERT_STRING_EQUAL(decoded.text[0x03], "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(decoded.text[0x04], "198.51.100.2");
	CU_ASSERT_EQUAL(decoded.number[0x07], 4001);
	CU_ASSERT_EQUAL(decoded.number[0x08], 30001);
	CU_ASSERT_EQUAL(decoded.number[0x09], 1795852800);
	CU_ASSERT_EQUAL(decoded.number[0x0a], 123456);
	CU_ASSERT_EQUAL(decoded.number[0x0b], 5);
	CU_ASSERT_EQUAL(decoded.number[0x0c], 0x87654321);
	CU_ASSERT_STRING_EQUAL(decoded.text[0x0e], "secret");
	CU_ASSERT_STRING_EQUAL(decoded.text[0x0f], "{\"ssrc\":7}");
	CU_ASSERT_STRING_EQUAL(decoded.text[0x11], "call@192.0.2.1");
}

static void test_addresses_of_ipv6_have_chunks_of_their_own(void)
{
	struct endpoint at[2];
	struct hep_message m = message_between("[2001:db8::1]:4001", "[2001:db8::2]:30001", at);

	CU_ASSERT_TRUE(encode(&m));
	CU_ASSERT_TRUE_FATAL(decoded.valid);
	CU_ASSERT_EQUAL(decoded.number[0x01], 10);
	CU_ASSERT_STRING_EQUAL(decoded.text[0x05], "2001:db8::1");
	CU_ASSERT_STRING_EQUAL(decoded.text[0x06], "2001:db8::2");
	CU_ASSERT_STRING_EQUAL(decoded.text[0x03], "");
	CU_ASSERT_STRING_EQUAL(decoded.text[0x04], "");
	CU_ASSERT_EQUAL(decoded.number[0x07], 4001);
	CU_ASSERT_EQUAL(decoded.number[0x08], 30001);
}

/* A phone that was heard in the kernel only, or a side that moved. */
static void test_unknown_source_is_zero(void)
{
	static const struct {
		const char *source, *local, *none;
		unsigned int chunk;
	} rows[] = {
		{ NULL, "198.51.100.2:30001", "0.0.0.0", 0x03 },
		{ NULL, "[2001:db8::2]:30001", "::", 0x05 },
		{ "192.0.2.1:4001", "[2001:db8::2]:30001", "::", 0x05 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint at[2];
		struct hep_message m = message_between(rows[i].source, rows[i].local, at);

		CU_ASSERT_TRUE(encode(&m));
		CU_ASSERT_TRUE(decoded.valid);
		CU_ASSERT_STRING_EQUAL(decoded.text[rows[i].chunk], rows[i].none);
		CU_ASSERT_STRING_EQUAL(decoded.text[0x07], "0");
		CU_ASSERT_EQUAL(decoded.number[0x08], 30001);
	}
}

static void test_without_password_there_is_no_key(void)
{
	struct endpoint at[2];
	struct hep_message m = message_between("192.0.2.1:4001", "198.51.100.2:30001", at);

	m.password = STR(""); /* of homer_conf.password NULL */
	m.type = HEP_RTP_FINAL;
	CU_ASSERT_TRUE(encode(&m));
	CU_ASSERT_TRUE(decoded.valid);
	CU_ASSERT_EQUAL(decoded.chunks, 12);
	CU_ASSERT_STRING_EQUAL(decoded.text[0x0e], "");
	CU_ASSERT_EQUAL(decoded.number[0x0b], 34);
}

/* Both lengths have 16 bits. */
static void test_message_that_is_too_long_is_refused(void)
{
	static char payload[UINT16_MAX];
	struct endpoint at[2];
	struct hep_message m = message_between("192.0.2.1:4001", "198.51.100.2:30001", at);
	size_t rest;

	CU_ASSERT_TRUE(encode(&m));
	rest = UINT16_MAX - 6 - 2 * 7 - 2 * 10 - 2 * 8 - 2 * 10 - 7 - 10 - 12 - 20 - 6;
	memset(payload, 'x', sizeof(payload));
	m.payload = (struct str){ payload, rest };
	CU_ASSERT_TRUE(encode(&m));
	CU_ASSERT_TRUE(decoded.valid);
	m.payload.len = rest + 1;
	CU_ASSERT_FALSE(encode(&m));
	m.payload.len = sizeof(payload);
	CU_ASSERT_FALSE(encode(&m));
}

static void test_small_memory_is_not_overrun(void)
{
	struct endpoint at[2];
	struct hep_message m = message_between("192.0.2.1:4001", "198.51.100.2:30001", at);
	char bytes[256];
	size_t needed = 0;

	for (size_t size = 0; size < sizeof(bytes) && !needed; size++) {
		struct buf buf = BUF_INIT(bytes, size);

		memset(bytes, 0x55, sizeof(bytes));
		if (hep_encode(&m, &buf))
			needed = buf.len;
		CU_ASSERT(bytes[size] == 0x55); /* not written */
		CU_ASSERT(!needed || needed == size);
	}
	CU_ASSERT(needed > 0);
}

TEST_SUITE(hep, { "every chunk of ipv4 is read back", test_every_chunk_of_ipv4_is_read_back },
	   { "addresses of ipv6 have chunks of their own",
	     test_addresses_of_ipv6_have_chunks_of_their_own },
	   { "unknown source is zero", test_unknown_source_is_zero },
	   { "without password there is no key", test_without_password_there_is_no_key },
	   { "message that is too long is refused", test_message_that_is_too_long_is_refused },
	   { "small memory is not overrun", test_small_memory_is_not_overrun });
