/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_lines.c - the ICE lines of SDP and of trickle fragments, read and written */
#include "daemon/base/count.h"
#include "daemon/ice/fragment.h"
#include "tests/unit/test.h"

#define PWD "0123456789abcdefghijkl"

static struct endpoint ep_of(const char *text)
{
	struct endpoint ep = { 0 };

	if (*text)
		CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), -1, &ep));
	return ep;
}

static void test_candidates_are_read(void)
{
	static const struct {
		const char *line;
		const char *address;
		unsigned int component;
		enum ice_type type;
		uint32_t priority;
	} rows[] = {
		{ "1 1 UDP 2130706431 192.0.2.1 30009 typ host", "192.0.2.1:30009", 1, ICE_HOST,
		  2130706431 },
		{ "842163049 2 udp 1677729535 198.51.100.7 46154 typ srflx raddr 10.0.0.1 rport "
		  "46154 "
		  "generation 0 network-cost 999",
		  "198.51.100.7:46154", 2, ICE_SRFLX, 1677729535 },
		{ "a/+B 1 Udp 1 2001:db8::1 9 TYP Relay raddr :: rport 0", "[2001:db8::1]:9", 1,
		  ICE_RELAY, 1 },
		{ "x 1 UDP  1 192.0.2.1 5000  typ prflx", "192.0.2.1:5000", 1, ICE_PRFLX, 1 },
		{ "1 1 UDP 4294967295 192.0.2.1 5000 typ host", "192.0.2.1:5000", 1, ICE_HOST,
		  UINT32_MAX },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ice_candidate candidate;
		char text[ENDPOINT_TEXT];

		CU_ASSERT_EQUAL(ice_candidate_read(str_of(rows[i].line), &candidate), ICE_OK);
		CU_ASSERT_STRING_EQUAL(endpoint_print(&candidate.address, text), rows[i].address);
		CU_ASSERT_EQUAL(candidate.component, rows[i].component);
		CU_ASSERT_EQUAL(candidate.type, rows[i].type);
		CU_ASSERT_EQUAL(candidate.priority, rows[i].priority);
	}
}

static void test_candidates_are_refused(void)
{
	static const struct {
		const char *line;
		enum ice_fault fault;
	} rows[] = {
		{ "1 1 UDP 2130706431 6ba7b810-9dad-11d1-80b4-00c04fd430c8.local 50 typ host",
		  ICE_NAMED },
		{ "1 1 UDP 1 phone.example.org 50 typ host", ICE_NAMED },
		{ "1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active", ICE_NOT_UDP },
		{ "1 3 UDP 1 192.0.2.1 5000 typ host", ICE_NO_COMPONENT },
		{ "1 1 UDP 1 192.0.2.1 5000 typ token", ICE_NO_TYPE },
		{ "1 1 UDP 1 192.0.2.1 0 typ host", ICE_NO_HOST },
		{ "1 1 UDP 1 0.0.0.0 5000 typ host", ICE_NO_HOST },
		{ "1 1 UDP 1 224.0.0.1 5000 typ host", ICE_NO_HOST },
		{ "1 1 UDP 1 255.255.255.255 5000 typ host", ICE_NO_HOST },
		{ "1 1 UDP 1 169.254.1.1 5000 typ host", ICE_NO_HOST },
		{ "1 1 UDP 1 fe80::1 5000 typ host", ICE_NO_HOST },
		{ "1 1 UDP 1 ::ffff:192.0.2.1 5000 typ host", ICE_NO_HOST },
		{ "1 0 UDP 1 192.0.2.1 5000 typ host", ICE_MALFORMED },
		{ "1 1 UDP 4294967296 192.0.2.1 5000 typ host", ICE_MALFORMED },
		{ "1 1 UDP -1 192.0.2.1 5000 typ host", ICE_MALFORMED },
		{ "1 1 UDP 1 192.0.2.1 65536 typ host", ICE_MALFORMED },
		{ "1 1 UDP 1 192.0.2.1 5000 host", ICE_MALFORMED },
		{ "1 1 UDP 1 192.0.2.1 5000 typ", ICE_MALFORMED },
		{ "012345678901234567890123456789012 1 UDP 1 192.0.2.1 5000 typ host",
		  ICE_MALFORMED },
		{ "1 1", ICE_MALFORMED },
		{ "", ICE_MALFORMED },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ice_candidate candidate;

		CU_ASSERT_EQUAL(ice_candidate_read(str_of(rows[i].line), &candidate),
				rows[i].fault);
	}
}

/* What rtpengine prints for its first address, its RTCP, its second address. */
static void test_priorities(void)
{
	CU_ASSERT_EQUAL(ice_priority(ICE_HOST, 65535, 1), 2130706431);
	CU_ASSERT_EQUAL(ice_priority(ICE_HOST, 65535, 2), 2130706430);
	CU_ASSERT_EQUAL(ice_priority(ICE_HOST, 65534, 1), 2130706175);
	CU_ASSERT_EQUAL(ice_priority(ICE_PRFLX, 65535, 1), 1862270975);
	CU_ASSERT_EQUAL(ice_priority(ICE_RELAY, 0, 1), 255);
	CU_ASSERT_EQUAL(ice_pair_priority(1, 2), (UINT64_C(1) << 32) + 4);
	CU_ASSERT_EQUAL(ice_pair_priority(2, 1), (UINT64_C(1) << 32) + 5);
}

static void test_foundations(void)
{
	struct endpoint a = ep_of("192.0.2.1:1000"), same = ep_of("192.0.2.1:2000");
	struct endpoint b = ep_of("192.0.2.2:1000"), c = ep_of("[2001:db8::1]:1000");
	char text[5][ICE_FOUNDATION];

	ice_foundation(&a, ICE_HOST, text[0]);
	ice_foundation(&same, ICE_HOST, text[1]);
	ice_foundation(&b, ICE_HOST, text[2]);
	ice_foundation(&a, ICE_RELAY, text[3]);
	ice_foundation(&c, ICE_HOST, text[4]);
	CU_ASSERT_STRING_EQUAL(text[0], text[1]);
	for (int i = 2; i < 5; i++)
		CU_ASSERT_NOT_EQUAL(strcmp(text[0], text[i]), 0);
}

/* Lines as in an SDP, with "a=". */
static void read_lines(struct ice_description *d, struct str text)
{
	while (text.len) {
		struct str value = str_split(&text, '\n'), name;

		if (value.len && value.s[value.len - 1] == '\r')
			value.len--;
		CU_ASSERT_TRUE_FATAL(str_starts(value, STR("a=")));
		value.s += 2;
		value.len -= 2;
		name = str_split(&value, ':');
		CU_ASSERT_TRUE(ice_line_read(d, name, value));
	}
}

static void test_browser(void)
{
	struct ice_description d = { 0 };

	read_lines(&d, STR("a=ice-ufrag:8f1c\na=ice-pwd:" PWD "\na=ice-options:trickle ice2\n"
			   "a=candidate:1 1 udp 2113937151 a.local 50 typ host generation 0\n"
			   "a=candidate:2 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active\n"
			   "a=candidate:3 1 udp 2122260223 192.0.2.7 51 typ host\n"
			   "a=end-of-candidates\na=ice-pacing:20\n"));
	CU_ASSERT_TRUE(ice_is_offered(&d));
	CU_ASSERT_TRUE(str_eq(d.ufrag, STR("8f1c")));
	CU_ASSERT_TRUE(str_eq(d.pwd, STR(PWD)));
	CU_ASSERT_TRUE(d.trickle && d.ice2 && d.end && !d.lite && !d.mismatch);
	CU_ASSERT_EQUAL(d.pacing_ms, 20);
	CU_ASSERT_EQUAL(d.n_candidates, 1);
	CU_ASSERT_EQUAL(d.faults[ICE_NAMED], 1);
	CU_ASSERT_EQUAL(d.faults[ICE_NOT_UDP], 1);
}

static void test_credentials(void)
{
	static const struct {
		const char *lines;
		bool offered;
	} rows[] = {
		{ "a=ice-ufrag:abcd\na=ice-pwd:" PWD, true },
		{ "a=ICE-ufrag:abcd\na=ice-PWD:" PWD, true },
		{ "a=ice-ufrag:abc\na=ice-pwd:" PWD, false },
		{ "a=ice-ufrag:abcd\na=ice-pwd:0123456789abcdefghijk", false },
		{ "a=ice-ufrag:ab cd\na=ice-pwd:" PWD, false },
		{ "a=ice-ufrag:abcd", false },
		{ "a=ice-pwd:" PWD, false },
		{ "a=ice-ufrag:abcd\na=ice-pwd:" PWD "\na=ice-mismatch", false },
	};
	struct ice_description long_one = { 0 };
	char text[ICE_CANDIDATES * 8];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ice_description d = { 0 };

		read_lines(&d, str_of(rows[i].lines));
		CU_ASSERT_EQUAL(ice_is_offered(&d), rows[i].offered);
	}
	memset(text, 'u', sizeof(text));
	ice_line_read(&long_one, STR("ice-ufrag"), (struct str){ text, 256 });
	CU_ASSERT_EQUAL(long_one.ufrag.len, 256);
	ice_line_read(&long_one, STR("ice-ufrag"), (struct str){ text, 257 });
	CU_ASSERT_EQUAL(long_one.ufrag.len, 0);
	CU_ASSERT_FALSE(ice_line_read(&long_one, STR("rtcp"), STR("5001")));
}

/* rtpengine's tracker, #1721: ice-lite of the session counts for each media. */
static void test_media_inherits_from_session(void)
{
	struct ice_description session = { 0 }, media;

	read_lines(&session, STR("a=ice-lite\na=ice-ufrag:sess\na=ice-pwd:" PWD));
	media = session;
	read_lines(&media, STR("a=ice-ufrag:media"));
	CU_ASSERT_TRUE(media.lite);
	CU_ASSERT_TRUE(str_eq(media.ufrag, STR("media")));
	CU_ASSERT_TRUE(str_eq(media.pwd, STR(PWD)));
}

static void test_too_many_candidates(void)
{
	struct ice_description d = { 0 };

	for (int i = 0; i < ICE_CANDIDATES + 3; i++)
		ice_line_read(&d, STR("candidate"), STR("1 1 UDP 1 192.0.2.1 5000 typ host"));
	CU_ASSERT_EQUAL(d.n_candidates, ICE_CANDIDATES);
	CU_ASSERT_EQUAL(d.faults[ICE_CROWDED], 3);
}

static void test_mismatch(void)
{
	static const struct {
		const char *candidate, *address;
		unsigned int component;
		bool mismatch;
	} rows[] = {
		{ "1 1 UDP 1 192.0.2.1 5000 typ host", "192.0.2.1:5000", 1, false },
		{ "1 1 UDP 1 192.0.2.1 5000 typ host", "192.0.2.1:5002", 1, true },
		{ "1 1 UDP 1 192.0.2.1 5000 typ host", "192.0.2.1:5000", 2, true },
		{ "1 1 UDP 1 192.0.2.1 5000 typ host", "192.0.2.2:5000", 1, true },
		{ "1 1 UDP 1 192.0.2.1 5000 typ host", "0.0.0.0:5000", 1, false },
		{ "1 1 UDP 1 192.0.2.1 5000 typ host", "192.0.2.2:9", 1, false },
		{ "1 1 UDP 1 192.0.2.1 5000 typ host", "", 1, false },
		{ "1 1 UDP 1 a.local 5000 typ host", "192.0.2.2:5000", 1, false },
		{ "", "192.0.2.2:5000", 1, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint address = ep_of(rows[i].address);
		struct ice_description d = { 0 };

		ice_line_read(&d, STR("candidate"), str_of(rows[i].candidate));
		CU_ASSERT_EQUAL(ice_is_mismatch(&d, rows[i].component, &address), rows[i].mismatch);
	}
}

static const char all_lines[] = "a=ice-ufrag:8f1c\r\na=ice-pwd:" PWD "\r\n"
				"a=ice-options:trickle ice2\r\n"
				"a=candidate:f 1 UDP 2130706431 192.0.2.1 5000 typ host\r\n"
				"a=candidate:g 2 UDP 254 2001:db8::1 5001 typ relay "
				"raddr 2001:db8::1 rport 5001\r\n"
				"a=remote-candidates:1 198.51.100.1 6000 2 2001:db8::2 6001\r\n"
				"a=end-of-candidates\r\n";

static struct str write_lines(const struct ice_description *d, char *text, size_t size)
{
	struct buf buf = BUF_INIT(text, size);

	ice_lines_write(&buf, d);
	CU_ASSERT_FALSE(buf.overflow);
	return (struct str){ text, buf.len };
}

static void test_lines_are_written(void)
{
	struct ice_description d = { 0 };
	char text[1000];

	read_lines(&d, STR(all_lines));
	CU_ASSERT_TRUE(str_eq(write_lines(&d, text, sizeof(text)), STR(all_lines)));
	d.n_candidates = 0;
	d.trickle = d.end = false;
	d.remote[0] = d.remote[1] = (struct endpoint){ 0 };
	CU_ASSERT_TRUE(
		str_eq(write_lines(&d, text, sizeof(text)),
		       STR("a=ice-ufrag:8f1c\r\na=ice-pwd:" PWD "\r\na=ice-options:ice2\r\n")));
	d.mismatch = true;
	CU_ASSERT_TRUE(str_eq(write_lines(&d, text, sizeof(text)), STR("a=ice-mismatch\r\n")));
}

static void test_remote_candidates(void)
{
	static const struct {
		const char *value, *first, *second;
	} rows[] = {
		{ "1 192.0.2.1 5000", "192.0.2.1:5000", "none" },
		{ "2 2001:db8::1 5001 1 192.0.2.1 5000", "192.0.2.1:5000", "[2001:db8::1]:5001" },
		{ "3 192.0.2.1 5000 1 192.0.2.2 5000", "192.0.2.2:5000", "none" },
		{ "1 a.local 5000 2 192.0.2.2 5001", "none", "192.0.2.2:5001" },
		{ "1 192.0.2.1", "none", "none" },
		{ "1 192.0.2.1 65536", "none", "none" },
		{ "0 192.0.2.1 5000", "none", "none" },
		{ "", "none", "none" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ice_description d = { 0 };
		char text[ENDPOINT_TEXT];

		ice_line_read(&d, STR("remote-candidates"), str_of(rows[i].value));
		CU_ASSERT_STRING_EQUAL(endpoint_print(&d.remote[0], text), rows[i].first);
		CU_ASSERT_STRING_EQUAL(endpoint_print(&d.remote[1], text), rows[i].second);
	}
}

/* Of each section: mid (or its number), candidates, ufrag, "end". */
static void test_fragments(void)
{
	static const struct {
		const char *body, *sections;
	} rows[] = {
		{ "a=ice-ufrag:8hhY\r\na=ice-pwd:" PWD "\r\nm=audio 9 RTP/AVP 0\r\na=mid:a\r\n"
		  "a=candidate:1 1 UDP 1 192.0.2.1 5000 typ host\r\n"
		  "a=candidate:1 2 UDP 1 192.0.2.1 5001 typ host\r\na=end-of-candidates\r\n"
		  "m=video 9 RTP/AVP 0\r\na=mid:v\r\na=ice-ufrag:other\r\n",
		  "a 2 8hhY end;v 0 other;" },
		/* The draft before the RFC had no m= lines. */
		{ "a=ice-ufrag:8hhY\na=mid:a\na=candidate:1 1 UDP 1 192.0.2.1 5000 typ "
		  "host\na=mid:v\n",
		  "a 1 8hhY;v 0 8hhY;" },
		{ "m=audio 9 RTP/AVP 0\na=end-of-candidates\nm=video 9 RTP/AVP 0\n",
		  "0 0  end;1 0 ;" },
		{ "a=ice-ufrag:8hhY\na=end-of-candidates", "0 0 8hhY end;" },
		{ "a=ice-ufrag:8hhY\n", "" },
		{ "", "" },
		{ "\n\r\n\n", "" },
		{ "m=", "0 0 ;" },
		{ "a=mid:", " 0 ;" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ice_fragment fragment;
		struct ice_section section;
		char text[200];
		struct buf buf = BUF_INIT(text, sizeof(text));

		ice_fragment_open(&fragment, str_of(rows[i].body));
		while (ice_fragment_next(&fragment, &section)) {
			if (section.mid.s)
				buf_str(&buf, section.mid);
			else
				buf_u64(&buf, section.index);
			buf_char(&buf, ' ');
			buf_u64(&buf, section.lines.n_candidates);
			buf_char(&buf, ' ');
			buf_str(&buf, section.lines.ufrag);
			if (section.lines.end)
				buf_lit(&buf, " end");
			buf_char(&buf, ';');
		}
		buf_char(&buf, 0);
		CU_ASSERT_STRING_EQUAL(text, rows[i].sections);
	}
}

TEST_SUITE(ice_lines, { "candidates are read", test_candidates_are_read },
	   { "candidates are refused", test_candidates_are_refused },
	   { "priorities", test_priorities }, { "foundations", test_foundations },
	   { "browser", test_browser }, { "credentials", test_credentials },
	   { "media inherits from session", test_media_inherits_from_session },
	   { "too many candidates", test_too_many_candidates }, { "mismatch", test_mismatch },
	   { "lines are written", test_lines_are_written },
	   { "remote-candidates", test_remote_candidates }, { "fragments", test_fragments });
