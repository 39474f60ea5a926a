/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_pcp.c - requests to a router by PCP and NAT-PMP, and its replies */
#include <errno.h>
#include "daemon/base/count.h"
#include "daemon/nat/pcp.h"
#include "tests/unit/test.h"

static struct pcp_map map_of(const char *client)
{
	struct pcp_map map = { .nonce = "nonce-nonce-", .port = 30000, .lifetime_s = 120 };

	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(client), 0, &map.client));
	return map;
}

static void test_map_request_has_its_form(void)
{
	static const uint8_t head[] = { 2, 1, 0, 0, 0, 0, 0,	120,  0,   0,	0, 0,
					0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 7, 2 };
	static const uint8_t tail[] = { 17, 0, 0, 0, 0x75, 0x30, 0x75, 0x32, 0,	  0,  0,   0,
					0,  0, 0, 0, 0,	   0,	 0xff, 0xff, 198, 51, 100, 7 };
	struct pcp_map map = map_of("192.168.7.2");
	uint8_t request[PCP_MAP_LEN];

	CU_ASSERT_TRUE(endpoint_parse(STR("198.51.100.7:30002"), -1, &map.external));
	pcp_map_request(request, &map);
	CU_ASSERT_EQUAL(memcmp(request, head, sizeof(head)), 0);
	CU_ASSERT_EQUAL(memcmp(request + 24, map.nonce, PCP_NONCE), 0);
	CU_ASSERT_EQUAL(memcmp(request + 36, tail, sizeof(tail)), 0);
	/* Without a wish, and of IPv6. */
	map = map_of("2001:db8::2");
	pcp_map_request(request, &map);
	CU_ASSERT_EQUAL(memcmp(request + 8, &map.client.in6.sin6_addr, 16), 0);
	for (size_t i = 42; i < PCP_MAP_LEN; i++)
		CU_ASSERT_EQUAL(request[i], 0);
}

/* A router's reply that grants @map at 198.51.100.7:40001. */
static void grant(uint8_t reply[PCP_MAP_LEN], const struct pcp_map *map)
{
	static const uint8_t external[] = { 198, 51, 100, 7 };

	pcp_map_request(reply, map);
	reply[1] |= 0x80;
	memset(reply + 8, 0, 16); /* epoch, and what is reserved */
	reply[42] = 40001 >> 8;
	reply[43] = 40001 & 0xff;
	memset(reply + 54, 0xff, 2);
	memcpy(reply + 56, external, sizeof(external));
}

static void test_map_reply_is_read(void)
{
	struct pcp_map map = map_of("192.168.7.2");
	uint8_t reply[PCP_MAP_LEN];
	char text[ENDPOINT_TEXT];

	grant(reply, &map);
	reply[6] = 1; /* lifetime: 256 + 120 */
	CU_ASSERT_EQUAL(pcp_map_read(reply, sizeof(reply), &map), 0);
	CU_ASSERT_STRING_EQUAL(endpoint_print(&map.external, text), "198.51.100.7:40001");
	CU_ASSERT_EQUAL(map.lifetime_s, 376);
	CU_ASSERT_EQUAL(map.epoch_s, 0);
	reply[8] = 1;
	reply[11] = 2;
	CU_ASSERT_EQUAL(pcp_map_read(reply, sizeof(reply), &map), 0);
	CU_ASSERT_EQUAL(map.epoch_s, 0x01000002);
}

static void test_other_replies_are_refused(void)
{
	static const struct {
		size_t at;
		uint8_t value;
		size_t len;
		int result;
	} rows[] = {
		{ 0, 0, 60, -EPROTONOSUPPORT }, /* NAT-PMP */
		{ 0, 1, 60, -EPROTONOSUPPORT },
		{ 1, 1, 60, -EAGAIN },	  /* a request */
		{ 1, 0x82, 60, -EAGAIN }, /* of another opcode */
		{ 24, 'x', 60, -EAGAIN }, /* another nonce: somebody else's, or forged */
		{ 36, 6, 60, -EAGAIN },	  /* TCP */
		{ 40, 1, 60, -EAGAIN },	  /* another port */
		{ 3, 8, 60, 8 },
		{ 3, 2, 24, 2 }, /* an error may be cut */
		{ 3, 0, 24, -EPROTO },
		{ 3, 0, 59, -EPROTO },
		{ 3, 0, 20, -EAGAIN },
		{ 3, 0, 0, -EAGAIN },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pcp_map map = map_of("192.168.7.2");
		uint8_t reply[PCP_MAP_LEN];

		grant(reply, &map);
		reply[rows[i].at] = rows[i].value;
		CU_ASSERT_EQUAL(pcp_map_read(reply, rows[i].len, &map), rows[i].result);
		CU_ASSERT_FALSE(endpoint_is_set(&map.external));
	}
	CU_ASSERT_STRING_EQUAL(pcp_result_text(2), "it does not allow it");
	CU_ASSERT_STRING_EQUAL(pcp_result_text(99), "it replies with an error");
}

static void test_natpmp_names_the_address(void)
{
	static const uint8_t good[] = { 0, 128, 0, 0, 0, 0, 1, 0, 198, 51, 100, 7 };
	static const uint8_t error[] = { 0, 128, 0, 3, 0, 0, 1, 0 };
	static const uint8_t version[] = { 2, 128, 0, 1 };
	static const uint8_t map[] = { 0, 129, 0, 0, 0, 0, 1, 0, 198, 51, 100, 7 };
	static const struct {
		const uint8_t *data;
		size_t len;
		int result;
	} rows[] = {
		{ good, sizeof(good), 0 },     { good, sizeof(good) - 1, -EPROTO },
		{ error, sizeof(error), 3 },   { version, sizeof(version), -EPROTONOSUPPORT },
		{ map, sizeof(map), -EAGAIN }, { good, 3, -EAGAIN },
		{ good, 0, -EAGAIN },
	};
	uint8_t request[NATPMP_ASK_LEN] = { 9, 9 };
	char text[ENDPOINT_TEXT];

	natpmp_address_request(request);
	CU_ASSERT_TRUE(!request[0] && !request[1]);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint address = { 0 };

		CU_ASSERT_EQUAL(natpmp_address_read(rows[i].data, rows[i].len, &address),
				rows[i].result);
		CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&address, text),
				       rows[i].result ? "none" : "198.51.100.7");
	}
	CU_ASSERT_STRING_EQUAL(natpmp_result_text(2), "it does not allow it");
	CU_ASSERT_STRING_EQUAL(natpmp_result_text(-1), "it replies with an error");
}

static void test_epoch_is_asked_for(void)
{
	static const struct {
		size_t at;
		uint8_t value;
		size_t len;
		int result;
	} rows[] = {
		{ 0, 2, 24, 0 },	  { 0, 2, 60, 0 },	 { 0, 0, 24, -EPROTONOSUPPORT },
		{ 1, 0, 24, -EAGAIN },	  /* a request */
		{ 1, 0x81, 24, -EAGAIN }, /* the reply to MAP */
		{ 3, 4, 24, 4 },	  { 0, 2, 23, -EAGAIN }, { 0, 2, 0, -EAGAIN },
	};
	struct pcp_map map = map_of("192.168.7.2");
	uint8_t request[PCP_ASK_LEN];

	pcp_ask_request(request, &map.client);
	CU_ASSERT_TRUE(request[0] == 2 && !request[1] && !request[4] && request[20] == 192);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t reply[60] = { 2, 0x80, [8] = 0, 1, 0, 5 };
		uint32_t epoch_s = 77;

		reply[rows[i].at] = rows[i].value;
		CU_ASSERT_EQUAL(pcp_ask_read(reply, rows[i].len, &epoch_s), rows[i].result);
		CU_ASSERT_EQUAL(epoch_s, rows[i].result ? 77 : 0x10005);
	}
}

static void test_natpmp_epoch_needs_no_address(void)
{
	static const struct {
		uint8_t data[12];
		size_t len;
		int result;
	} rows[] = {
		{ { 0, 128, 0, 0, 0, 0, 1, 2, 198, 51, 100, 7 }, 12, 0 },
		{ { 0, 128, 0, 3, 0, 0, 1, 2 }, 8, 0 },
		{ { 0, 128, 0, 3, 0, 0, 1, 2 }, 7, -EAGAIN },
		{ { 0, 129, 0, 0, 0, 0, 1, 2 }, 8, -EAGAIN },
		{ { 2, 128, 0, 1, 0, 0, 1, 2 }, 8, -EAGAIN },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t epoch_s = 77;

		CU_ASSERT_EQUAL(natpmp_epoch_read(rows[i].data, rows[i].len, &epoch_s),
				rows[i].result);
		CU_ASSERT_EQUAL(epoch_s, rows[i].result ? 77 : 258);
	}
}

static void test_natpmp_maps_a_port(void)
{
	static const uint8_t begin[] = { 0, 1, 0, 0, 0x75, 0x30, 0x75, 0x32, 0, 0, 0, 120 };
	static const uint8_t end[] = { 0, 1, 0, 0, 0x75, 0x30, 0, 0, 0, 0, 0, 0 };
	static const struct {
		uint8_t data[16];
		size_t len;
		int result;
	} rows[] = {
		{ { 0, 129, 0, 0, 0, 0, 1, 0, 0x75, 0x30, 0x75, 0x32, 0, 0, 0, 60 }, 16, 0 },
		{ { 0, 129, 0, 0, 0, 0, 1, 0, 0x75, 0x30, 0x75, 0x32, 0, 0, 0, 60 }, 15, -EPROTO },
		{ { 0, 129, 0, 0, 0, 0, 1, 0, 0x75, 0x31, 0x75, 0x32, 0, 0, 0, 60 }, 16, -EAGAIN },
		{ { 0, 129, 0, 4, 0, 0, 1, 0 }, 8, 4 },
		{ { 0, 129, 0, 4, 0, 0, 1, 0, 0x75, 0x31 }, 10, -EAGAIN }, /* of another port */
		{ { 0, 130, 0, 0, 0, 0, 1, 0, 0x75, 0x30, 0x75, 0x32, 0, 0, 0, 60 }, 16, -EAGAIN },
		{ { 0, 1, 0, 0, 0x75, 0x30, 0x75, 0x32, 0, 0, 0, 60 }, 12, -EAGAIN },
		{ { 2, 129, 0, 1 }, 4, -EPROTONOSUPPORT },
		{ { 0, 129, 0, 0 }, 3, -EAGAIN },
		{ { 0 }, 0, -EAGAIN },
	};
	struct pcp_map map = map_of("192.168.7.2");
	uint8_t request[NATPMP_MAP_LEN];

	CU_ASSERT_TRUE(endpoint_parse(STR("0.0.0.0:30002"), -1, &map.external));
	natpmp_map_request(request, &map);
	CU_ASSERT_EQUAL(memcmp(request, begin, sizeof(begin)), 0);
	map.lifetime_s = 0;
	natpmp_map_request(request, &map);
	CU_ASSERT_EQUAL(memcmp(request, end, sizeof(end)), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		map = map_of("192.168.7.2");
		CU_ASSERT_EQUAL(natpmp_map_read(rows[i].data, rows[i].len, &map), rows[i].result);
		CU_ASSERT_EQUAL(endpoint_is_set(&map.external), !rows[i].result);
		CU_ASSERT_EQUAL(endpoint_port(&map.external), rows[i].result ? 0 : 30002);
		CU_ASSERT_EQUAL(map.lifetime_s, rows[i].result ? 120 : 60);
		CU_ASSERT_EQUAL(map.epoch_s, rows[i].result ? 0 : 256);
	}
}

TEST_SUITE(pcp, { "a request for a mapping has its form", test_map_request_has_its_form },
	   { "the reply to it is read", test_map_reply_is_read },
	   { "other replies are refused", test_other_replies_are_refused },
	   { "NAT-PMP names the address", test_natpmp_names_the_address },
	   { "the epoch is asked for", test_epoch_is_asked_for },
	   { "the epoch of NAT-PMP needs no address", test_natpmp_epoch_needs_no_address },
	   { "NAT-PMP maps a port", test_natpmp_maps_a_port });
