/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_stun_answer.c - requests of STUN and the replies to them, byte by byte */
#include <stdio.h>
#include "daemon/base/count.h"
#include "daemon/nat/stun_answer.h"
#include "daemon/stun/fingerprint.h"
#include "tests/unit/test.h"

/* Transaction and mapped addresses are those of RFC 5769, which has the replies' XOR values. */
#define COOKIE	   "2112a442"
#define ID	   "b7e7a701bc34d686fa87dfae"
#define OLD_ID	   "00112233445566778899aabbccddeeff"
#define SOURCE	   "192.0.2.1:32853"
#define SOURCE6	   "[2001:db8:1234:5678:11:2233:4455:6677]:32853"
#define XOR	   "002000080001a147e112a643"
#define XOR6	   "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
#define MAPPED	   "0001000800018055c0000201"
#define NEW(len)   "000100" len COOKIE ID
#define OLD(len)   "000100" len OLD_ID
#define CHANGE(f)  "00030004000000" f
#define BOTH	   CHANGE("06")
#define PORT	   CHANGE("02")
#define NONE	   CHANGE("00")
#define OTHER_PORT "00270004"
#define ERROR(s)                                                                                   \
	"00090004"                                                                                 \
	"0000" s

/* The site: 198.51.100.1, and 198.51.100.2; 3478 and 3479. */
#define ADDR(port, n) "00080001" port "c63364" n
#define ORIGIN	      "802b" ADDR("0d96", "01")
#define OTHER	      "802c" ADDR("0d97", "02")

enum { ONE = 2, TWO = 4, OFF = 8 }; /* addresses of the site; OFF: no classic, no discovery */

struct row {
	const char *name;
	unsigned int site;
	const char *request;
	enum stun_verdict verdict;
	const char *reply;
	unsigned int from;
};

/* clang-format off */
static const struct row rows[] = {
	{ "basic", ONE, NEW("00"), STUN_ANSWER_BASIC, "0101000c" COOKIE ID XOR, 0 },
	{ "two addresses, discovery off", TWO | OFF, NEW("00"), STUN_ANSWER_BASIC, "0101000c" COOKIE ID XOR, 0 },
	{ "fingerprint is mirrored", ONE, NEW("08") "80280004" "fdf6ae02", STUN_ANSWER_BASIC, "01010014" COOKIE ID XOR "80280004" "7d281f59", 0 },
	{ "wrong fingerprint", ONE, NEW("08") "80280004" "fdf6ae0f", STUN_SILENT_FINGERPRINT, "", 0 },
	{ "fingerprint of two bytes", ONE, NEW("08") "80280002" "fdf60000", STUN_SILENT_FINGERPRINT, "", 0 },
	{ "software is ignored", ONE, NEW("08") "80220004" "61626364", STUN_ANSWER_BASIC, "0101000c" COOKIE ID XOR, 0 },
	{ "credentials are ignored", ONE, NEW("10") "00060004" "61626364" "00080004" "00000000", STUN_ANSWER_BASIC, "0101000c" COOKIE ID XOR, 0 },
	{ "nothing counts behind the integrity", ONE, NEW("10") "00080004" "00000000" "7fff0004" "00000000", STUN_ANSWER_BASIC, "0101000c" COOKIE ID XOR, 0 },
	{ "change of nothing is ignored", ONE, NEW("08") NONE, STUN_ANSWER_BASIC, "0101000c" COOKIE ID XOR, 0 },
	{ "change without discovery", ONE, NEW("08") PORT, STUN_ANSWER_ERROR, "01110010" COOKIE ID ERROR("0414") "000a0002" "00030000", 0 },
	{ "unknown attribute", ONE, NEW("04") "7fff0000", STUN_ANSWER_ERROR, "01110010" COOKIE ID ERROR("0414") "000a0002" "7fff0000", 0 },
	{ "two unknown attributes", ONE, NEW("08") "00240000" "7fff0000", STUN_ANSWER_ERROR, "01110010" COOKIE ID ERROR("0414") "000a0004" "00247fff", 0 },
	{ "classic attribute with a cookie", ONE, NEW("0c") "0002" "00080001" "0fa0" "cb007101", STUN_ANSWER_ERROR, "01110010" COOKIE ID ERROR("0414") "000a0002" "00020000", 0 },
	{ "padding without discovery", ONE, NEW("08") "00260004" "00000000", STUN_ANSWER_ERROR, "01110010" COOKIE ID ERROR("0414") "000a0002" "00260000", 0 },
	{ "response port without discovery", ONE, NEW("08") OTHER_PORT "9c400000", STUN_ANSWER_ERROR, "01110010" COOKIE ID ERROR("0414") "000a0002" "00270000", 0 },
	{ "attribute beyond the end", ONE, NEW("04") "80220004", STUN_ANSWER_ERROR, "01110008" COOKIE ID ERROR("0400"), 0 },
	{ "change of a wrong size", ONE, NEW("04") "00030000", STUN_ANSWER_ERROR, "01110008" COOKIE ID ERROR("0400"), 0 },

	{ "discovery", TWO, NEW("00"), STUN_ANSWER_DISCOVERY, "01010030" COOKIE ID MAPPED XOR ORIGIN OTHER, 0 },
	{ "discovery: change both", TWO, NEW("08") BOTH, STUN_ANSWER_DISCOVERY, "01010030" COOKIE ID MAPPED XOR "802b" ADDR("0d97", "02") OTHER, 3 },
	{ "discovery: change the port", TWO, NEW("08") PORT, STUN_ANSWER_DISCOVERY, "01010030" COOKIE ID MAPPED XOR "802b" ADDR("0d97", "01") OTHER, 1 },
	{ "discovery: change the address", TWO, NEW("08") CHANGE("04"), STUN_ANSWER_DISCOVERY, "01010030" COOKIE ID MAPPED XOR "802b" ADDR("0d96", "02") OTHER, 2 },
	{ "padding and response port", TWO, NEW("10") "00260004" "00000000" OTHER_PORT "9c400000", STUN_ANSWER_ERROR, "01110008" COOKIE ID ERROR("0400"), 0 },
	{ "response port 0", TWO, NEW("08") OTHER_PORT "00000000", STUN_ANSWER_ERROR, "01110008" COOKIE ID ERROR("0400"), 0 },
	{ "response port without value", TWO, NEW("04") "00270000", STUN_ANSWER_ERROR, "01110008" COOKIE ID ERROR("0400"), 0 },
	{ "response port of DNS", TWO, NEW("08") OTHER_PORT "00350000", STUN_SILENT_SOURCE, "", 0 },
	{ "little padding is not answered with more", TWO, NEW("08") "00260004" "00000000", STUN_ANSWER_DISCOVERY, "01010030" COOKIE ID MAPPED XOR ORIGIN OTHER, 0 },

	{ "classic", TWO, OLD("00"), STUN_ANSWER_CLASSIC, "01010024" OLD_ID MAPPED "0004" ADDR("0d96", "01") "0005" ADDR("0d97", "02"), 0 },
	{ "classic, one address", ONE, OLD("00"), STUN_ANSWER_CLASSIC, "01010024" OLD_ID MAPPED "0004" ADDR("0d96", "01") "0005" ADDR("0d97", "01"), 0 },
	{ "classic: change of nothing", ONE, OLD("08") NONE, STUN_ANSWER_CLASSIC, "01010024" OLD_ID MAPPED "0004" ADDR("0d96", "01") "0005" ADDR("0d97", "01"), 0 },
	{ "classic: change the port of one address", ONE, OLD("08") PORT, STUN_ANSWER_CLASSIC, "01010024" OLD_ID MAPPED "0004" ADDR("0d97", "01") "0005" ADDR("0d97", "01"), 1 },
	{ "classic: change both of one address", ONE, OLD("08") BOTH, STUN_SILENT_CHANGE, "", 0 },
	{ "classic: change both", TWO, OLD("08") BOTH, STUN_ANSWER_CLASSIC, "01010024" OLD_ID MAPPED "0004" ADDR("0d97", "02") "0005" ADDR("0d97", "02"), 3 },
	{ "classic: response address is ignored", ONE, OLD("0c") "0002" "00080001" "0fa0" "cb007101", STUN_ANSWER_CLASSIC, "01010024" OLD_ID MAPPED "0004" ADDR("0d96", "01") "0005" ADDR("0d97", "01"), 0 },
	{ "classic: one unknown attribute is listed twice", ONE, OLD("04") "000c0000", STUN_ANSWER_ERROR, "01110010" OLD_ID ERROR("0414") "000a0004" "000c000c", 0 },
	{ "classic: padding is unknown", TWO, OLD("04") "00260000", STUN_ANSWER_ERROR, "01110010" OLD_ID ERROR("0414") "000a0004" "00260026", 0 },
	{ "classic: fingerprint has no meaning", ONE, OLD("08") "80280004" "00000000", STUN_ANSWER_CLASSIC, "01010024" OLD_ID MAPPED "0004" ADDR("0d96", "01") "0005" ADDR("0d97", "01"), 0 },
	{ "classic is off", TWO | OFF, OLD("00"), STUN_SILENT_CLASSIC, "", 0 },

	{ "indication", ONE, "00110000" COOKIE ID, STUN_SILENT_MALFORMED, "", 0 },
	{ "success", ONE, "01010000" COOKIE ID, STUN_SILENT_MALFORMED, "", 0 },
	{ "error", ONE, "01110000" COOKIE ID, STUN_SILENT_MALFORMED, "", 0 },
	{ "shared secret request", ONE, "00020000" OLD_ID, STUN_SILENT_MALFORMED, "", 0 },
	{ "allocate request", ONE, "00030000" COOKIE ID, STUN_SILENT_MALFORMED, "", 0 },
	{ "length is less", ONE, NEW("00") "80220000", STUN_SILENT_MALFORMED, "", 0 },
	{ "length is more", ONE, NEW("04"), STUN_SILENT_MALFORMED, "", 0 },
	{ "header is cut", ONE, "00010000" COOKIE "b7e7a701bc34d686fa87df", STUN_SILENT_MALFORMED, "", 0 },
	{ "length is no multiple of 4", ONE, "00010002" COOKIE ID "8022", STUN_SILENT_MALFORMED, "", 0 },
	{ "empty", ONE, "", STUN_SILENT_MALFORMED, "", 0 },
	{ "RTP", ONE, "80000001000000a000000001d5d5d5d5d5d5d5d5", STUN_SILENT_MALFORMED, "", 0 },
};
/* clang-format on */

static size_t from_hex(const char *hex, uint8_t *bytes, size_t room)
{
	size_t n = strlen(hex) / 2;

	CU_ASSERT_FATAL(n <= room && strlen(hex) % 2 == 0);
	for (size_t i = 0; i < n; i++) {
		unsigned int value;

		CU_ASSERT_EQUAL_FATAL(sscanf(hex + 2 * i, "%2x", &value), 1);
		bytes[i] = (uint8_t)value;
	}
	return n;
}

static bool is_hex_of(const char *hex, const struct stun_answer *answer)
{
	char digits[3];

	if (strlen(hex) != 2 * answer->len)
		return false;
	for (size_t i = 0; i < answer->len; i++) {
		snprintf(digits, sizeof(digits), "%02x", answer->bytes[i]);
		if (strncmp(hex + 2 * i, digits, 2) != 0)
			return false;
	}
	return true;
}

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint ep = { 0 };

	CU_ASSERT_FATAL(endpoint_parse(str_of(text), -1, &ep));
	return ep;
}

static struct stun_site site_of(size_t n, const char *first, const char *second)
{
	struct stun_site site = { .n = n };

	for (unsigned int i = 0; i < n; i++) {
		site.bind[i] = endpoint_of(i & STUN_AT_OTHER_ADDRESS ? second : first);
		endpoint_set_port(&site.bind[i], i & STUN_AT_OTHER_PORT ? 3479 : 3478);
		site.named[i] = site.bind[i];
	}
	return site;
}

static struct stun_site site_with(size_t n)
{
	return site_of(n, "198.51.100.1:1", "198.51.100.2:1");
}

static const struct stun_rules all = { true, true, false };
static struct stun_answer answer;

static enum stun_verdict ask(const struct stun_site *site, const char *source, const char *hex)
{
	struct endpoint from = endpoint_of(source);
	uint8_t bytes[STUN_REQUEST_MAX + 8];
	size_t len = from_hex(hex, bytes, sizeof(bytes));

	memset(&answer, 0x55, sizeof(answer));
	return stun_answer(site, &all, 0, &from, bytes, len, &answer);
}

static void check_row(const struct row *row)
{
	const struct stun_rules rules = { !(row->site & OFF), !(row->site & OFF), false };
	const struct stun_site site = site_with(row->site & (ONE | TWO));
	struct endpoint source = endpoint_of(SOURCE);
	uint8_t bytes[128];
	size_t len = from_hex(row->request, bytes, sizeof(bytes));
	enum stun_verdict verdict;
	bool fits;

	memset(&answer, 0x55, sizeof(answer));
	verdict = stun_answer(&site, &rules, 0, &source, bytes, len, &answer);
	fits = verdict == row->verdict &&
	       (verdict >= STUN_ANSWERS ||
		(is_hex_of(row->reply, &answer) && answer.from == row->from &&
		 endpoint_eq(&answer.to, &source)));
	CU_ASSERT(fits);
	if (fits)
		return;
	printf("\n%s: verdict %u, from %u: ", row->name, (unsigned int)verdict, answer.from);
	for (size_t i = 0; verdict < STUN_ANSWERS && i < answer.len; i++)
		printf("%02x", answer.bytes[i]);
	puts("");
}

static void test_answers_as_the_table_says(void)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(&rows[i]);
}

/* By TCP: whatever the configuration allows, for the address alone. */
static void test_answers_in_a_stream(void)
{
	static const struct row stream_rows[] = {
		{ "basic", TWO, NEW("00"), STUN_ANSWER_BASIC, "0101000c" COOKIE ID XOR, 0 },
		{ "fingerprint is mirrored", TWO, NEW("08") "80280004fdf6ae02", STUN_ANSWER_BASIC,
		  "01010014" COOKIE ID XOR "802800047d281f59", 0 },
		{ "change", TWO, NEW("08") BOTH, STUN_ANSWER_ERROR,
		  "01110010" COOKIE ID ERROR("0414") "000a000200030000", 0 },
		{ "padding", TWO, NEW("08") "0026000400000000", STUN_ANSWER_ERROR,
		  "01110008" COOKIE ID ERROR("0400"), 0 },
		{ "response port", TWO, NEW("08") OTHER_PORT "9c400000", STUN_ANSWER_ERROR,
		  "01110008" COOKIE ID ERROR("0400"), 0 },
		{ "classic", TWO, OLD("00"), STUN_SILENT_CLASSIC, "", 0 },
		{ "indication", TWO, "00110000" COOKIE ID, STUN_SILENT_MALFORMED, "", 0 },
	};
	static const struct stun_rules rules = { true, true, true };
	const struct stun_site site = site_with(TWO);
	/* The port of a service says nothing: nobody forges the source of a connection. */
	static const char *const sources[] = { SOURCE, "192.0.2.1:53" };

	for (size_t i = 0; i < COUNT(stream_rows); i++) {
		const struct row *row = &stream_rows[i];
		struct endpoint source = endpoint_of(sources[0]);
		uint8_t bytes[128];
		size_t len = from_hex(row->request, bytes, sizeof(bytes));
		enum stun_verdict verdict =
			stun_answer(&site, &rules, 0, &source, bytes, len, &answer);
		bool fits = verdict == row->verdict &&
			    (verdict >= STUN_ANSWERS || is_hex_of(row->reply, &answer));

		CU_ASSERT(fits);
		if (!fits)
			printf("\n%s: verdict %u\n", row->name, (unsigned int)verdict);
		source = endpoint_of(sources[1]);
		CU_ASSERT_EQUAL(stun_answer(&site, &rules, 0, &source, bytes, len, &answer),
				row->verdict);
	}
}

/* The request of RFC 5769, section 2.1 */
static void test_fingerprint_is_that_of_the_rfc(void)
{
	uint8_t bytes[128];
	size_t len = from_hex("00010058" COOKIE ID "802200105354554e207465737420636c69656e74"
			      "002400046e0001ff80290008932ff9b151263b36"
			      "000600096576746a3a68367659202020"
			      "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2",
			      bytes, sizeof(bytes));

	CU_ASSERT_EQUAL(len, 100);
	CU_ASSERT_EQUAL(stun_fingerprint(bytes, len), 0xe57a3bcf);
}

static void test_other_address_depends_on_the_socket_asked(void)
{
	/* of the reply's OTHER-ADDRESS, at its end */
	static const char *const other[] = { ADDR("0d97", "02"), ADDR("0d96", "02"),
					     ADDR("0d97", "01"), ADDR("0d96", "01") };
	const struct stun_site site = site_with(TWO);
	struct endpoint source = endpoint_of(SOURCE);
	uint8_t bytes[64], expected[16];
	size_t len = from_hex(NEW("08") BOTH, bytes, sizeof(bytes));

	for (unsigned int in = 0; in < 4; in++) {
		size_t n = from_hex(other[in], expected, sizeof(expected));

		CU_ASSERT_EQUAL(stun_answer(&site, &all, in, &source, bytes, len, &answer),
				STUN_ANSWER_DISCOVERY);
		CU_ASSERT_EQUAL(answer.from, 3 - in);
		CU_ASSERT(!memcmp(answer.bytes + answer.len - n, expected, n));
	}
}

static void test_advertised_addresses_are_named(void)
{
	struct stun_site site = site_with(ONE);

	site.named[0] = endpoint_of("203.0.113.9:3478");
	site.named[1] = endpoint_of("203.0.113.9:3479");
	CU_ASSERT_EQUAL(ask(&site, SOURCE, OLD("00")), STUN_ANSWER_CLASSIC);
	CU_ASSERT(is_hex_of("01010024" OLD_ID MAPPED "0004000800010d96cb007109"
			    "0005000800010d97cb007109",
			    &answer));
}

static void test_response_port_of_the_same_host(void)
{
	const struct stun_site site = site_with(TWO);
	struct endpoint to = endpoint_of("192.0.2.1:40000");

	CU_ASSERT_EQUAL(ask(&site, SOURCE, NEW("08") OTHER_PORT "9c400000"), STUN_ANSWER_DISCOVERY);
	CU_ASSERT(endpoint_eq(&answer.to, &to));
	CU_ASSERT(is_hex_of("01010030" COOKIE ID MAPPED XOR ORIGIN OTHER, &answer));
}

static void test_ip6(void)
{
	const struct stun_site two = site_of(TWO, "[2001:db8::1]:1", "[2001:db8::2]:1");
	const struct stun_site one = site_of(ONE, "[2001:db8::1]:1", "");

	CU_ASSERT_EQUAL(ask(&one, SOURCE6, NEW("00")), STUN_ANSWER_BASIC);
	CU_ASSERT(is_hex_of("01010018" COOKIE ID XOR6, &answer));
	/* A short request gets no long answer. */
	CU_ASSERT_EQUAL(ask(&two, SOURCE6, NEW("00")), STUN_ANSWER_BASIC);
	CU_ASSERT_EQUAL(ask(&two, SOURCE6, NEW("08") BOTH), STUN_ANSWER_DISCOVERY);
	CU_ASSERT(is_hex_of("01010048" COOKIE ID XOR6 "802b001400020d97"
			    "20010db8000000000000000000000002"
			    "802c001400020d97"
			    "20010db8000000000000000000000002",
			    &answer));
	CU_ASSERT_EQUAL(ask(&two, SOURCE6, OLD("00")), STUN_SILENT_CLASSIC);
}

/* A request with PADDING of @padding bytes; @fingerprint: and with FINGERPRINT */
static size_t ask_padded(size_t padding, bool fingerprint)
{
	const struct stun_site site = site_with(TWO);
	struct endpoint source = endpoint_of(SOURCE);
	uint8_t bytes[STUN_REQUEST_MAX + 64] = { 0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42 };
	size_t len = 24 + padding, body = len - 20 + (fingerprint ? 8 : 0);

	bytes[2] = (uint8_t)(body >> 8);
	bytes[3] = (uint8_t)body;
	bytes[21] = 0x26;
	bytes[22] = (uint8_t)(padding >> 8);
	bytes[23] = (uint8_t)padding;
	if (fingerprint) {
		uint32_t sum = htonl(stun_fingerprint(bytes, len));

		memcpy(bytes + len, "\x80\x28\x00\x04", 4);
		memcpy(bytes + len + 4, &sum, 4);
		len += 8;
	}
	memset(&answer, 0x55, sizeof(answer));
	return stun_answer(&site, &all, 0, &source, bytes, len, &answer) < STUN_ANSWERS ? len : 0;
}

static void test_padding_makes_no_reply_longer_than_its_request(void)
{
	for (size_t padding = 0; padding <= STUN_REQUEST_MAX; padding += 4)
		for (int fingerprint = 0; fingerprint < 2; fingerprint++) {
			size_t len = ask_padded(padding, fingerprint);
			size_t least = fingerprint ? 76 : 68;
			bool fits = len <= STUN_REQUEST_MAX;

			if (24 + padding + (fingerprint ? 8 : 0) > STUN_REQUEST_MAX) {
				CU_ASSERT_EQUAL(len, 0);
				continue;
			}
			fits = fits && answer.len == (len > least + 4 ? len : least) &&
			       (size_t)(answer.bytes[2] << 8 | answer.bytes[3]) == answer.len - 20;
			CU_ASSERT(fits);
		}
}

/* Bytes of UDP payload, in hundredths of the request's */
static void test_amplification_is_limited(void)
{
	static const struct {
		const char *kind;
		unsigned int site;
		const char *source, *request;
		size_t in, out;
		unsigned int hundredths;
	} kinds[] = {
		{ "basic", ONE, SOURCE, NEW("00"), 20, 32, 160 },
		{ "basic, fingerprint", ONE, SOURCE, NEW("08") "80280004fdf6ae02", 28, 40, 160 },
		{ "classic", TWO, SOURCE, OLD("00"), 20, 56, 280 },
		{ "classic, change", TWO, SOURCE, OLD("08") BOTH, 28, 56, 280 },
		{ "discovery", TWO, SOURCE, NEW("00"), 20, 68, 340 },
		{ "discovery, change", TWO, SOURCE, NEW("08") BOTH, 28, 68, 340 },
		{ "error 420", ONE, SOURCE, NEW("04") "7fff0000", 24, 36, 160 },
		{ "error 420, classic", ONE, SOURCE, OLD("04") "7fff0000", 24, 36, 160 },
		{ "error 400", ONE, SOURCE, NEW("04") "80220004", 24, 28, 160 },
		{ "basic, IPv6", ONE, SOURCE6, NEW("00"), 20, 44, 220 },
		{ "discovery, IPv6", TWO, SOURCE6, NEW("08") BOTH, 28, 92, 340 },
	};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		bool ip6 = kinds[i].source[0] == '[';
		const struct stun_site site =
			ip6 ? site_of(kinds[i].site, "[2001:db8::1]:1", "[2001:db8::2]:1")
			    : site_with(kinds[i].site);

		CU_ASSERT(ask(&site, kinds[i].source, kinds[i].request) < STUN_ANSWERS);
		CU_ASSERT_EQUAL(strlen(kinds[i].request) / 2, kinds[i].in);
		CU_ASSERT_EQUAL(answer.len, kinds[i].out);
		CU_ASSERT(answer.len * 100 <= kinds[i].in * kinds[i].hundredths);
	}
}

static void test_many_unknown_attributes_make_no_long_reply(void)
{
	const struct stun_site site = site_with(ONE);
	char hex[2 * STUN_REQUEST_MAX + 1] = "00010190" COOKIE ID;

	for (int i = 0; i < 100; i++)
		strcat(hex, "7ffe0000");
	CU_ASSERT_EQUAL(ask(&site, SOURCE, hex), STUN_ANSWER_ERROR);
	CU_ASSERT_EQUAL(answer.len, 48);
}

static void test_sources_that_are_no_clients(void)
{
	static const struct {
		const char *source;
		bool may;
	} sources[] = {
		{ "192.0.2.1:40000", true },	{ "10.0.0.1:5060", true },
		{ "[2001:db8::1]:1024", true }, { "192.0.2.1:0", false },
		{ "192.0.2.1:7", false },	{ "192.0.2.1:9", false },
		{ "192.0.2.1:13", false },	{ "192.0.2.1:17", false },
		{ "192.0.2.1:19", false },	{ "192.0.2.1:53", false },
		{ "192.0.2.1:123", false },	{ "192.0.2.1:161", false },
		{ "192.0.2.1:389", false },	{ "192.0.2.1:1900", false },
		{ "192.0.2.1:3478", false },	{ "192.0.2.1:5351", false },
		{ "192.0.2.1:11211", false },	{ "0.0.0.0:40000", false },
		{ "224.0.0.1:40000", false },	{ "255.255.255.255:40000", false },
		{ "[ff02::1]:40000", false },	{ "[::]:40000", false },
		{ "[2001:db8::1]:53", false },	{ "127.0.0.1:40000", true },
	};
	const struct stun_site site = site_with(ONE);

	for (size_t i = 0; i < COUNT(sources); i++) {
		struct endpoint source = endpoint_of(sources[i].source);

		CU_ASSERT_EQUAL(stun_may_answer(&source), sources[i].may);
		CU_ASSERT_EQUAL(ask(&site, sources[i].source, NEW("00")) != STUN_SILENT_SOURCE,
				sources[i].may);
	}
}

TEST_SUITE(stun_answer, { "answers as the table says", test_answers_as_the_table_says },
	   { "answers in a stream", test_answers_in_a_stream },
	   { "fingerprint is that of the rfc", test_fingerprint_is_that_of_the_rfc },
	   { "other address depends on the socket asked",
	     test_other_address_depends_on_the_socket_asked },
	   { "advertised addresses are named", test_advertised_addresses_are_named },
	   { "response port of the same host", test_response_port_of_the_same_host },
	   { "ip6", test_ip6 },
	   { "padding makes no reply longer than its request",
	     test_padding_makes_no_reply_longer_than_its_request },
	   { "amplification is limited", test_amplification_is_limited },
	   { "many unknown attributes make no long reply",
	     test_many_unknown_attributes_make_no_long_reply },
	   { "sources that are no clients", test_sources_that_are_no_clients });
