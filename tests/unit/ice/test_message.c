/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_message.c - the messages of ICE: vectors of RFC 5769, what is written is read again */
#include "daemon/base/count.h"
#include "daemon/ice/message.h"
#include "tests/unit/srtp/hex.h"

#define PASSWORD STR("VOkJxbRl1RmTxUk/WvJxBt")
#define ID	 "2112a442 b7e7a701 bc34d686 fa87dfae"
#define SOFTWARE "8022000b 74657374 20766563 746f7220"
#define REQUEST                                                                                    \
	"00010058" ID "80220010 5354554e 20746573 7420636c 69656e74"                               \
	"00240004 6e0001ff 80290008 932ff9b1 51263b36 00060009 6576746a 3a683676 59202020"
#define REQUEST_MAC "00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2"
#define RESPONSE_4                                                                                 \
	"0101003c" ID SOFTWARE "00200008 0001a147 e112a643"                                        \
	"00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 80280004 c07d4c96"
#define RESPONSE_6                                                                                 \
	"01010048" ID SOFTWARE "00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9"             \
	"00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41 80280004 c8fb0b4c"

struct packet {
	uint8_t bytes[ICE_MESSAGE_MAX];
	size_t len;
	struct ice_message message;
	bool read;
};

static struct packet packet_of(const char *hex)
{
	struct packet p = { .read = false };

	p.len = hex_bytes(hex, p.bytes, sizeof(p.bytes));
	return p;
}

static bool reads(struct packet *p)
{
	return ice_message_read(p->bytes, p->len, &p->message);
}

static bool is_authentic(const struct packet *p)
{
	return ice_message_is_authentic(p->bytes, &p->message, PASSWORD);
}

static void test_vector_of_a_request(void)
{
	struct packet p = packet_of(REQUEST REQUEST_MAC "80280004 e57a3bcf");

	CU_ASSERT_TRUE_FATAL(reads(&p));
	CU_ASSERT_TRUE(is_authentic(&p));
	CU_ASSERT_FALSE(
		ice_message_is_authentic(p.bytes, &p.message, STR("another password of 22")));
	CU_ASSERT_FALSE(ice_message_is_authentic(p.bytes, &p.message, STR_NONE));
	CU_ASSERT_EQUAL(p.message.class, STUN_REQUEST);
	CU_ASSERT_TRUE(str_eq(p.message.username, STR("evtj:h6vY")));
	CU_ASSERT_EQUAL(p.message.priority, 0x6e0001ff);
	CU_ASSERT_TRUE(p.message.claims);
	CU_ASSERT_EQUAL(p.message.role, ICE_CONTROLLED);
	CU_ASSERT_EQUAL(p.message.tie_breaker, UINT64_C(0x932ff9b151263b36));
	CU_ASSERT_FALSE(p.message.use_candidate);
	CU_ASSERT_EQUAL(p.message.n_unknown, 0);
}

static void check_response(const char *hex, const char *mapped)
{
	struct packet p = packet_of(hex);
	char text[ENDPOINT_TEXT];

	CU_ASSERT_TRUE_FATAL(reads(&p));
	CU_ASSERT_TRUE(is_authentic(&p));
	CU_ASSERT_EQUAL(p.message.class, STUN_SUCCESS);
	CU_ASSERT_STRING_EQUAL(endpoint_print(&p.message.mapped, text), mapped);
}

static void test_vectors_of_responses(void)
{
	check_response(RESPONSE_4, "192.0.2.1:32853");
	check_response(RESPONSE_6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
}

/* Any bit: the fingerprint notices it, or, if it is in the fingerprint's header, the integrity. */
static void test_any_change_is_noticed(void)
{
	struct packet p = packet_of(REQUEST REQUEST_MAC "80280004 e57a3bcf");

	for (size_t bit = 0; bit < 8 * p.len; bit++) {
		p.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (bit / 8 < p.len - 8)
			CU_ASSERT_FALSE(reads(&p) && is_authentic(&p));
		p.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CU_ASSERT_TRUE(reads(&p) && is_authentic(&p));
}

static const struct row {
	const char *name, *hex;
	bool read, authentic;
	const char *username;
	size_t n_unknown;
} rows[] = {
	{ "no fingerprint", "00010050" REQUEST REQUEST_MAC, true, true, "evtj:h6vY", 0 },
	{ "no integrity", "00010038" REQUEST, true, false, "evtj:h6vY", 0 },
	{ "USE-CANDIDATE was added behind the integrity check",
	  "00010054" REQUEST REQUEST_MAC "00250000", true, true, "evtj:h6vY", 0 },
	{ "integrity too short", "00010008" ID "00080004 9aeaa70c", true, false, "", 0 },
	{ "integrity without a value", "00010004" ID "00080000", true, false, "", 0 },
	{ "an unknown attribute that must be known", "00010008" ID "00260000 00190000", true, false,
	  "", 2 },
	{ "unknown attributes that may be ignored", "00010008" ID "c0570000 80540000", true, false,
	  "", 0 },
	{ "more unknown attributes than are listed",
	  "00010024" ID "00300000 00310000 00320000 00330000 00340000 00350000 00360000 00370000 "
	  "00380000",
	  true, false, "", ICE_UNKNOWN_MAX },
	{ "values of a wrong size", "00010014" ID "00240000 802a0004 00000000 00200004 00000000",
	  true, false, "", 0 },
	{ "an address of another family", "0101000c" ID "00200008 0003a147 e112a643", true, false,
	  "", 0 },
	{ "an IPv4 address that is too long",
	  "01010018" ID "00200014 0001a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9", true, false, "",
	  0 },
	{ "an error without a code", "01110004" ID "00090000", true, false, "", 0 },
	{ "a fingerprint that is not the last", "0001000c" ID "80280004 00000000 00250000", false,
	  false, "", 0 },
	{ "no cookie", "00010000 2112a443 b7e7a701 bc34d686 fa87dfae", false, false, "", 0 },
	{ "another method", "00020000" ID, false, false, "", 0 },
	{ "an attribute beyond the end", "00010004" ID "00060004", false, false, "", 0 },
	{ "longer than it says", "00010000" ID "00250000", false, false, "", 0 },
	{ "nothing", "", false, false, "", 0 },
};

/* Rows begin with the header that they have instead of REQUEST's. */
static struct packet packet_of_row(const struct row *row)
{
	struct packet p = packet_of(row->hex);

	if (p.len > 8 && !memcmp(p.bytes + 4, "\x00\x01\x00\x58", 4)) {
		memmove(p.bytes + 4, p.bytes + 8, p.len - 8);
		p.len -= 4;
	}
	return p;
}

static void test_messages(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct packet p = packet_of_row(&rows[i]);

		CU_ASSERT_EQUAL(reads(&p), rows[i].read);
		if (!rows[i].read)
			continue;
		CU_ASSERT_EQUAL(is_authentic(&p), rows[i].authentic);
		CU_ASSERT_TRUE(str_eq(p.message.username, str_of(rows[i].username)));
		CU_ASSERT_EQUAL(p.message.n_unknown, rows[i].n_unknown);
		CU_ASSERT_FALSE(p.message.use_candidate);
		CU_ASSERT_FALSE(p.message.claims && !rows[i].username[0]);
		CU_ASSERT_FALSE(endpoint_is_set(&p.message.mapped));
		CU_ASSERT_EQUAL(p.message.error, 0);
	}
}

static void test_written_request_is_read(void)
{
	struct ice_request request = { (const uint8_t *)"transaction!",
				       STR("rcvr"),
				       STR("sender"),
				       PASSWORD,
				       0x7effffff,
				       ICE_CONTROLLING,
				       UINT64_C(0x0123456789abcdef),
				       true };
	struct packet p;

	p.len = ice_write_request(p.bytes, &request);
	CU_ASSERT_TRUE_FATAL(reads(&p));
	CU_ASSERT_TRUE(is_authentic(&p));
	CU_ASSERT_EQUAL(memcmp(p.message.id + 4, "transaction!", STUN_TRANSACTION), 0);
	CU_ASSERT_TRUE(str_eq(p.message.username, STR("rcvr:sender")));
	CU_ASSERT_EQUAL(p.message.priority, 0x7effffff);
	CU_ASSERT_TRUE(p.message.claims);
	CU_ASSERT_EQUAL(p.message.role, ICE_CONTROLLING);
	CU_ASSERT_EQUAL(p.message.tie_breaker, UINT64_C(0x0123456789abcdef));
	CU_ASSERT_TRUE(p.message.use_candidate);
	request.role = ICE_CONTROLLED;
	request.use_candidate = false;
	p.len = ice_write_request(p.bytes, &request);
	CU_ASSERT_TRUE_FATAL(reads(&p));
	CU_ASSERT_EQUAL(p.message.role, ICE_CONTROLLED);
	CU_ASSERT_FALSE(p.message.use_candidate);
}

static void test_longest_request_fits(void)
{
	char ufrag[ICE_UFRAG_MAX];
	struct ice_request request = { .transaction = (const uint8_t *)"transaction!",
				       .password = PASSWORD };
	struct packet p;

	memset(ufrag, 'u', sizeof(ufrag));
	request.receiver = request.sender = (struct str){ ufrag, sizeof(ufrag) };
	request.use_candidate = true;
	p.len = ice_write_request(p.bytes, &request);
	CU_ASSERT_TRUE_FATAL(reads(&p));
	CU_ASSERT_TRUE(is_authentic(&p));
	CU_ASSERT_EQUAL(p.message.username.len, 2 * sizeof(ufrag) + 1);
}

/* No amplification: the answer to the shortest check over IPv4. */
static void test_written_responses_are_read(void)
{
	struct packet request = packet_of("00010018" ID
					  "00260000 00190000 00270000 00060009 6576746a "
					  "3a683676 59202020"),
		      p;
	struct endpoint from;
	char text[ENDPOINT_TEXT];

	request.bytes[3] = (uint8_t)(request.len - STUN_HEADER);
	CU_ASSERT_TRUE_FATAL(reads(&request));
	CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("198.51.100.7:6000"), -1, &from));
	p.len = ice_write_success(p.bytes, request.message.id, &from, PASSWORD);
	CU_ASSERT_EQUAL(p.len, 64);
	CU_ASSERT_TRUE_FATAL(reads(&p) && is_authentic(&p));
	CU_ASSERT_EQUAL(p.message.class, STUN_SUCCESS);
	CU_ASSERT_STRING_EQUAL(endpoint_print(&p.message.mapped, text), "198.51.100.7:6000");
	p.len = ice_write_error(p.bytes, &request.message, ICE_ROLE_CONFLICT, PASSWORD);
	CU_ASSERT_TRUE_FATAL(reads(&p) && is_authentic(&p));
	CU_ASSERT_EQUAL(p.message.error, 487);
	p.len = ice_write_error(p.bytes, &request.message, ICE_UNKNOWN_ATTRIBUTE, PASSWORD);
	CU_ASSERT_TRUE_FATAL(reads(&p) && is_authentic(&p));
	CU_ASSERT_EQUAL(p.message.class, STUN_ERROR);
	CU_ASSERT_EQUAL(p.message.error, 420);
	CU_ASSERT_EQUAL(memcmp(p.bytes + STUN_HEADER + 8,
			       "\x00\x0a\x00\x06\x00\x26\x00\x19\x00\x27\0\0", 12),
			0);
	p.len = ice_write_indication(p.bytes, (const uint8_t *)"transaction!");
	CU_ASSERT_TRUE_FATAL(reads(&p));
	CU_ASSERT_EQUAL(p.message.class, STUN_INDICATION);
}

TEST_SUITE(ice_message, { "vector of a request", test_vector_of_a_request },
	   { "vectors of responses", test_vectors_of_responses },
	   { "any change is noticed", test_any_change_is_noticed }, { "messages", test_messages },
	   { "written request is read", test_written_request_is_read },
	   { "longest request fits", test_longest_request_fits },
	   { "written responses are read", test_written_responses_are_read });
