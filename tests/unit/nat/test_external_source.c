/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_external_source.c - values of external-address, and which answers are usable */
#include "daemon/base/count.h"
#include "daemon/nat/external_source.h"
#include "tests/unit/test.h"

static void test_reads_every_form(void)
{
	static const struct {
		const char *text;
		enum external_kind kind;
		const char *host;
		unsigned int port;
	} rows[] = {
		{ "stun:stun.example.com", EXTERNAL_STUN, "stun.example.com", 3478 },
		{ "stun:stun.example.com:19302", EXTERNAL_STUN, "stun.example.com", 19302 },
		{ "stun:192.0.2.1:1", EXTERNAL_STUN, "192.0.2.1", 1 },
		{ "stun:[2001:db8::1]", EXTERNAL_STUN, "2001:db8::1", 3478 },
		{ "stun:[2001:db8::1]:65535", EXTERNAL_STUN, "2001:db8::1", 65535 },
		{ "/run/address", EXTERNAL_FILE, "", 0 },
		{ "pcp", EXTERNAL_PCP, "", 0 },
		{ "natpmp", EXTERNAL_NATPMP, "", 0 },
		{ "upnp", EXTERNAL_UPNP, "", 0 },
	};
	struct external_source source;

	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_PTR_NULL(external_source_read(rows[i].text, &source));
		CU_ASSERT_EQUAL(source.kind, rows[i].kind);
		CU_ASSERT_STRING_EQUAL(source.host, rows[i].host);
		CU_ASSERT_EQUAL(source.port, rows[i].port);
		CU_ASSERT_PTR_EQUAL(source.text, rows[i].text);
	}
}

static void test_refusals_say_why(void)
{
	static const char form[] = "is not stun:HOST, stun:HOST:PORT or stun:[V6]:PORT";
	static const char brackets[] =
		"an IPv6 address must be in brackets: stun:[2001:db8::1]:3478";
	static const char kind[] =
		"is none of stun:HOST, pcp, natpmp, upnp, and the path of a file, which begins "
		"with /";
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "", kind },
		{ "stun", kind },
		{ "pcp:192.168.7.1", kind },
		{ "address", kind },
		{ "stun:", form },
		{ "stun::3478", form },
		{ "stun:host:", form },
		{ "stun:host:0", form },
		{ "stun:host:65536", form },
		{ "stun:host:x", form },
		{ "stun:a b", form },
		{ "stun:a/b", form },
		{ "stun:[2001:db8::1", form },
		{ "stun:[2001:db8::1]3478", form },
		{ "stun:[2001:db8::1]:", form },
		{ "stun:[]", form },
		{ "stun:2001:db8::1", brackets },
	};
	struct external_source source;

	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_STRING_EQUAL(external_source_read(rows[i].text, &source), rows[i].error);
}

static void test_scope_of_answers(void)
{
	static const struct {
		enum external_kind kind;
		const char *bind, *address;
		bool usable, scope;
	} rows[] = {
		{ EXTERNAL_STUN, "192.168.7.2", "198.51.100.7", true, false },
		{ EXTERNAL_STUN, "198.51.100.7", "198.51.100.7", true, false }, /* without NAT */
		{ EXTERNAL_STUN, "192.168.7.2", "10.0.0.1", false, true },
		{ EXTERNAL_STUN, "192.168.7.2", "192.168.7.2", false, true },
		{ EXTERNAL_STUN, "192.168.7.2", "100.64.3.3", false, true },
		{ EXTERNAL_STUN, "192.168.7.2", "192.0.0.2", false, true },
		{ EXTERNAL_STUN, "192.168.7.2", "169.254.1.1", false, true },
		{ EXTERNAL_STUN, "192.168.7.2", "224.0.0.1", false, false },
		{ EXTERNAL_STUN, "192.168.7.2", "0.0.0.0", false, false },
		{ EXTERNAL_STUN, "192.168.7.2", "2001:db8::7", false, false },
		{ EXTERNAL_STUN, "fd00::2", "2001:db8::7", true, false },
		{ EXTERNAL_STUN, "fd00::2", "fd00::3", false, true },
		{ EXTERNAL_FILE, "192.168.7.2", "10.0.0.1", true, false },
		{ EXTERNAL_UPNP, "192.168.7.2", "10.0.0.1", false, true },
		{ EXTERNAL_PCP, "192.168.7.2", "100.64.0.1", false, true },
		{ EXTERNAL_NATPMP, "192.168.7.2", "198.51.100.7", true, false },
		{ EXTERNAL_FILE, "192.168.7.2", "255.255.255.255", false, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint bind, address;
		const char *refusal;
		bool scope;

		CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(rows[i].bind), 0, &bind));
		CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(rows[i].address), 0, &address));
		refusal = external_refusal(rows[i].kind, &bind, &address, &scope);
		CU_ASSERT_EQUAL(!refusal, rows[i].usable);
		CU_ASSERT_EQUAL(scope, rows[i].scope);
	}
}

static void test_finds_the_address_in_a_text(void)
{
	static const struct {
		const char *text;
		int family;
		const char *address; /* NULL: none */
	} rows[] = {
		{ "198.51.100.7", AF_INET, "198.51.100.7" },
		{ "# by dhcp\n\n\t198.51.100.7 # eth0\r\n203.0.113.1\n", AF_INET, "198.51.100.7" },
		{ "198.51.100.7\n2001:db8::7\n", AF_INET6, "2001:db8::7" },
		{ "198.51.100.7:80\n", AF_INET, NULL },
		{ "2001:db8::7\n", AF_INET, NULL },
		{ "#198.51.100.7", AF_INET, NULL },
		{ "", AF_INET, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint address;
		char text[ENDPOINT_TEXT];
		bool found = external_find_address(str_of(rows[i].text), rows[i].family, &address);

		CU_ASSERT_EQUAL(found, rows[i].address != NULL);
		if (found && rows[i].address)
			CU_ASSERT_STRING_EQUAL(endpoint_print_addr(&address, text),
					       rows[i].address);
	}
}

TEST_SUITE(external_source, { "reads every form", test_reads_every_form },
	   { "refusals say why", test_refusals_say_why },
	   { "scope of answers", test_scope_of_answers },
	   { "finds the address in a text", test_finds_the_address_in_a_text });
