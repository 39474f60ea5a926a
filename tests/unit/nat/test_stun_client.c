/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_stun_client.c - the request for the relay's own address, and replies to it */
#include <errno.h>
#include "daemon/base/count.h"
#include "daemon/nat/stun_answer.h"
#include "daemon/nat/stun_client.h"
#include "tests/unit/test.h"

static const uint8_t transaction[STUN_TRANSACTION] = "abcdefghijkl";

static void make_request(uint8_t request[STUN_HEADER])
{
	stun_client_request(request, transaction);
	CU_ASSERT_TRUE(stun_is_framed(request, STUN_HEADER));
	CU_ASSERT_TRUE(stun_has_cookie(request));
}

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint ep;

	CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), -1, &ep));
	return ep;
}

/* What the STUN service replies to a client that comes from @source. */
static void reply_of_service(const char *source, const uint8_t *request, struct stun_answer *answer)
{
	const struct stun_rules rules = { .discovery = false };
	const struct endpoint from = endpoint_of(source);
	const struct stun_site site = { .n = 2, .named = { from, from } };

	CU_ASSERT_EQUAL_FATAL(stun_answer(&site, &rules, 0, &from, request, STUN_HEADER, answer),
			      STUN_ANSWER_BASIC);
}

static void test_reads_the_address(void)
{
	static const char *const sources[] = { "198.51.100.7:40001", "[2001:db8::7]:40001" };
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; i < COUNT(sources); i++) {
		struct endpoint seen = { 0 }, source = endpoint_of(sources[i]);
		uint8_t request[STUN_HEADER];
		struct stun_answer answer;

		make_request(request);
		reply_of_service(sources[i], request, &answer);
		CU_ASSERT_EQUAL(stun_client_read(answer.bytes, answer.len, request,
						 source.sa.sa_family, &seen),
				0);
		CU_ASSERT_STRING_EQUAL(endpoint_print(&seen, text), sources[i]);
	}
}

/* A reply without FINGERPRINT: header, and the given attributes. Returns its length. */
static size_t reply_with(uint8_t *reply, unsigned int type, const uint8_t *request,
			 const uint8_t *attrs, size_t len)
{
	memcpy(reply, request, STUN_HEADER);
	reply[0] = (uint8_t)(type >> 8);
	reply[1] = (uint8_t)type;
	reply[2] = 0;
	reply[3] = (uint8_t)len;
	if (len)
		memcpy(reply + STUN_HEADER, attrs, len);
	return STUN_HEADER + len;
}

static void test_reads_a_plain_address_and_prefers_the_other(void)
{
	static const uint8_t plain[] = { 0, 1, 0, 8, 0, 1, 0x12, 0x34, 192, 0, 2, 9 };
	static const uint8_t both[] = { 0, 1, 0, 8, 0, 1, 0x12, 0x34, 192, 0, 2, 9,
					/* 198.51.100.7, combined with the cookie */
					0, 0x20, 0, 8, 0, 1, 0x33, 0x26, 198 ^ 0x21, 51 ^ 0x12,
					100 ^ 0xa4, 7 ^ 0x42 };
	uint8_t request[STUN_HEADER], reply[64];
	char text[ENDPOINT_TEXT];
	struct endpoint seen;
	size_t len;

	make_request(request);
	len = reply_with(reply, 0x101, request, plain, sizeof(plain));
	CU_ASSERT_EQUAL(stun_client_read(reply, len, request, AF_INET, &seen), 0);
	CU_ASSERT_STRING_EQUAL(endpoint_print(&seen, text), "192.0.2.9:4660");
	len = reply_with(reply, 0x101, request, both, sizeof(both));
	CU_ASSERT_EQUAL(stun_client_read(reply, len, request, AF_INET, &seen), 0);
	CU_ASSERT_STRING_EQUAL(endpoint_print(&seen, text), "198.51.100.7:4660");
}

static void test_refuses_other_replies(void)
{
	static const uint8_t plain[] = { 0, 1, 0, 8, 0, 1, 0x12, 0x34, 192, 0, 2, 9 };
	static const uint8_t error[] = { 0, 9, 0, 4, 0, 0, 4, 0 };
	static const uint8_t cut[] = { 0, 1, 0, 12, 0, 1, 0x12, 0x34, 192, 0, 2, 9 };
	static const uint8_t short_value[] = { 0, 1, 0, 4, 0, 1, 0x12, 0x34 };
	const struct {
		unsigned int type;
		const uint8_t *attrs;
		size_t len;
		int family, result;
	} rows[] = {
		{ 0x101, plain, sizeof(plain), AF_INET6, -EPROTO }, /* of the other family */
		{ 0x101, NULL, 0, AF_INET, -EPROTO },
		{ 0x101, cut, sizeof(cut), AF_INET, -EPROTO },
		{ 0x101, short_value, sizeof(short_value), AF_INET, -EPROTO },
		{ 0x111, error, sizeof(error), AF_INET, -EACCES },
		{ 0x001, plain, sizeof(plain), AF_INET, -EAGAIN }, /* a request */
		{ 0x011, plain, sizeof(plain), AF_INET, -EAGAIN },
		{ 0x103, plain, sizeof(plain), AF_INET, -EAGAIN }, /* another method */
	};
	uint8_t request[STUN_HEADER], reply[64];
	struct endpoint seen;
	size_t len;

	make_request(request);
	for (size_t i = 0; i < COUNT(rows); i++) {
		len = reply_with(reply, rows[i].type, request, rows[i].attrs, rows[i].len);
		CU_ASSERT_EQUAL(stun_client_read(reply, len, request, rows[i].family, &seen),
				rows[i].result);
	}
	len = reply_with(reply, 0x101, request, plain, sizeof(plain));
	reply[19] ^= 1; /* another transaction */
	CU_ASSERT_EQUAL(stun_client_read(reply, len, request, AF_INET, &seen), -EAGAIN);
	reply[19] ^= 1;
	CU_ASSERT_EQUAL(stun_client_read(reply, len - 1, request, AF_INET, &seen), -EAGAIN);
	CU_ASSERT_EQUAL(stun_client_read(reply, 0, request, AF_INET, &seen), -EAGAIN);
}

static void test_asks_for_a_reply_from_elsewhere(void)
{
	static const uint8_t both[] = { 0, 3, 0, 4, 0, 0, 0, 6 };
	uint8_t request[STUN_CHANGE_LEN];

	stun_client_change(request, transaction, STUN_CHANGE_BOTH);
	CU_ASSERT_TRUE(stun_is_framed(request, sizeof(request)));
	CU_ASSERT_EQUAL(memcmp(request + STUN_HEADER, both, sizeof(both)), 0);
	stun_client_change(request, transaction, STUN_CHANGE_PORT);
	CU_ASSERT_EQUAL(request[STUN_CHANGE_LEN - 1], 2);
	CU_ASSERT_EQUAL(memcmp(request + 8, transaction, STUN_TRANSACTION), 0);
}

static void test_reads_where_else_the_server_is(void)
{
	static const uint8_t other[] = { 0x80, 0x2c, 0, 8, 0, 1, 0x0d, 0x97, 198, 51,
					 100,  8,    0, 1, 0, 4, 0,    1,    2,	  3 };
	static const uint8_t cut[] = { 0x80, 0x2c, 0, 8, 0, 1, 0x0d, 0x97 };
	uint8_t request[STUN_HEADER], reply[STUN_HEADER + 32];
	struct endpoint at = { 0 }, expected = endpoint_of("198.51.100.8:3479");
	size_t len;

	make_request(request);
	len = reply_with(reply, 0x101, request, other, sizeof(other));
	CU_ASSERT_EQUAL(stun_client_other(reply, len, request, AF_INET, &at), 0);
	CU_ASSERT_TRUE(endpoint_eq(&at, &expected));
	CU_ASSERT_EQUAL(stun_client_other(reply, len, request, AF_INET6, &at), -ENOENT);
	CU_ASSERT_EQUAL(stun_client_other(reply, len - 1, request, AF_INET, &at), -EAGAIN);
	len = reply_with(reply, 0x101, request, other + 12, sizeof(other) - 12);
	CU_ASSERT_EQUAL(stun_client_other(reply, len, request, AF_INET, &at), -ENOENT);
	len = reply_with(reply, 0x101, request, cut, sizeof(cut));
	CU_ASSERT_EQUAL(stun_client_other(reply, len, request, AF_INET, &at), -EPROTO);
	len = reply_with(reply, 0x111, request, other, sizeof(other));
	CU_ASSERT_EQUAL(stun_client_other(reply, len, request, AF_INET, &at), -EACCES);
}

TEST_SUITE(stun_client, { "reads the address", test_reads_the_address },
	   { "reads a plain address, and prefers the other",
	     test_reads_a_plain_address_and_prefers_the_other },
	   { "refuses other replies", test_refuses_other_replies },
	   { "asks for a reply from elsewhere", test_asks_for_a_reply_from_elsewhere },
	   { "reads where else the server is", test_reads_where_else_the_server_is });
