/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_sdp_parse.c - what is read out of an SDP, and what is refused
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "daemon/base/count.h"
#include "daemon/sdp/sdp.h"
#include "tests/unit/test.h"

#define CHECK_STR(value, text)	   CU_ASSERT_TRUE(str_eq((value), STR(text)))
#define CHECK_ENDPOINT(ep, expect) check_endpoint(&(ep), (expect), __LINE__)

static void check_endpoint(const struct endpoint *ep, const char *expect, int line)
{
	char text[ENDPOINT_TEXT];

	CU_assertImplementation(!strcmp(endpoint_print(ep, text), expect), (unsigned int)line, text,
				__FILE__, "", CU_FALSE);
}

static const char two_media[] = "v=0\r\n"
				"o=alice 3012 1754 IN IP4 192.0.2.10\r\n"
				"s=Talk\r\n"
				"c=IN IP4 192.0.2.10\r\n"
				"t=0 0\r\n"
				"a=sendonly\r\n"
				"a=ice-ufrag:abcd\r\n"
				"a=fingerprint:sha-1 00:11\r\n"
				"a=rtprelay:r1\r\n"
				"a=rtprelay:r2\r\n"
				"m=audio 4000 RTP/AVP 96 0 101 101\r\n"
				"a=rtpmap:96 opus/48000/2\r\n"
				"a=rtpmap:101 telephone-event/8000\r\n"
				"a=rtcp:4999 IN IP4 192.0.2.11\r\n"
				"m=video 5000/2 UDP/TLS/RTP/SAVPF 99\r\n"
				"c=IN IP6 2001:db8::5\r\n"
				"a=inactive\r\n"
				"a=rtcp-mux\r\n"
				"a=rtcp-mux-only\r\n"
				"a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n"
				"a=fingerprint:sha-1 00:11\r\n"
				"a=crypto:1 x inline:y\r\n";

static struct arena *arena;
static struct sdp sdp;
static const char *why;

static int parse(const char *text)
{
	why = "";
	arena_reset(arena);
	return sdp_parse(arena, str_of(text), &sdp, &why);
}

static void test_session(void)
{
	arena = arena_new(4096);
	CU_ASSERT_EQUAL_FATAL(parse(two_media), 0);
	CU_ASSERT_EQUAL(sdp.n_lines, 22);
	CU_ASSERT_EQUAL(sdp.session_lines, 10);
	CHECK_STR(sdp.origin, "alice 3012 1754 IN IP4 192.0.2.10");
	CHECK_STR(sdp.o_username, "alice");
	CHECK_STR(sdp.o_id, "3012");
	CHECK_STR(sdp.o_version, "1754");
	CHECK_STR(sdp.o_address, "192.0.2.10");
	CHECK_STR(sdp.session_name, "Talk");
	CU_ASSERT_TRUE(sdp.session_connection);
	CHECK_ENDPOINT(sdp.connection, "192.0.2.10:0");
	CU_ASSERT_TRUE(sdp.ice);
	CU_ASSERT_TRUE(sdp.dtls);
	CHECK_STR(sdp.loop_mark, "r1");
	CU_ASSERT_TRUE(sdp_has_mark(&sdp, STR("r1")));
	CU_ASSERT_TRUE(sdp_has_mark(&sdp, STR("r2")));
	CU_ASSERT_FALSE(sdp_has_mark(&sdp, STR("r")));
	arena_free(arena);
}

static void check_codec(const struct sdp_codec *codec, uint8_t pt, const char *name, uint32_t clock,
			const char *params, bool has_rtpmap)
{
	CU_ASSERT_EQUAL(codec->pt, pt);
	CU_ASSERT_TRUE(str_eq(codec->name, str_of(name)));
	CU_ASSERT_EQUAL(codec->clock, clock);
	CU_ASSERT_TRUE(str_eq(codec->params, str_of(params)));
	CU_ASSERT_EQUAL(codec->has_rtpmap, has_rtpmap);
}

static void test_audio(void)
{
	const struct sdp_media *m = NULL;

	arena = arena_new(4096);
	CU_ASSERT_EQUAL_FATAL(parse(two_media), 0);
	CU_ASSERT_EQUAL_FATAL(sdp.n_media, 2);
	m = &sdp.media[0];
	CHECK_STR(m->type, "audio");
	CHECK_STR(m->proto, "RTP/AVP");
	CHECK_STR(m->formats, "96 0 101 101");
	CU_ASSERT_EQUAL(m->port, 4000);
	CU_ASSERT_EQUAL(m->transport, SDP_RTP);
	CHECK_ENDPOINT(m->rtp, "192.0.2.10:4000");
	CHECK_ENDPOINT(m->rtcp, "192.0.2.11:4999");
	CU_ASSERT_FALSE(m->connection || m->held || m->direction_written || m->rtcp_mux || m->ice ||
			m->rtcp_mux_only || m->dtls || m->sdes);
	CU_ASSERT_TRUE(m->rtcp_attr);
	CU_ASSERT_EQUAL(m->direction, SDP_SENDONLY);
	CU_ASSERT_EQUAL(m->first_line, 10);
	CU_ASSERT_EQUAL(m->n_lines, 4);
	CU_ASSERT_EQUAL_FATAL(m->n_codecs, 3);
	check_codec(&m->codecs[0], 96, "opus", 48000, "2", true);
	check_codec(&m->codecs[1], 0, "PCMU", 8000, "", false);
	check_codec(&m->codecs[2], 101, "telephone-event", 8000, "", true);
	arena_free(arena);
}

static void test_video(void)
{
	const struct sdp_media *m = NULL;

	arena = arena_new(4096);
	CU_ASSERT_EQUAL_FATAL(parse(two_media), 0);
	CU_ASSERT_EQUAL_FATAL(sdp.n_media, 2);
	m = &sdp.media[1];
	CU_ASSERT_EQUAL(m->port, 5000);
	CU_ASSERT_EQUAL(m->transport, SDP_DTLS);
	CHECK_ENDPOINT(m->rtp, "[2001:db8::5]:5000");
	CHECK_ENDPOINT(m->rtcp, "[2001:db8::5]:5001");
	CU_ASSERT_TRUE(m->connection && m->direction_written && m->rtcp_mux && m->rtcp_mux_only &&
		       m->ice && m->dtls && m->sdes);
	CU_ASSERT_FALSE(m->held || m->rtcp_attr);
	CU_ASSERT_EQUAL(m->direction, SDP_INACTIVE);
	CU_ASSERT_EQUAL(m->first_line, 14);
	CU_ASSERT_EQUAL(m->n_lines, 8);
	CU_ASSERT_EQUAL_FATAL(m->n_codecs, 1);
	check_codec(&m->codecs[0], 99, "", 0, "", false);
	arena_free(arena);
}

static const struct {
	const char *c, *m, *rtcp_line; /* lines, or "" */
	const char *rtp, *rtcp;
	bool held;
} endpoint_rows[] = {
	{ "c=IN IP4 192.0.2.1\n", "4000", "", "192.0.2.1:4000", "192.0.2.1:4001", false },
	{ "c=IN IP4 192.0.2.1 \n", "4000/1", "", "192.0.2.1:4000", "192.0.2.1:4001", false },
	{ "c=IN IP4 224.2.1.1/127/3\n", "4000", "", "224.2.1.1:4000", "224.2.1.1:4001", false },
	{ "c=IN IP4 192.0.2.1\nc=IN IP4 192.0.2.2\n", "4000", "", "192.0.2.1:4000",
	  "192.0.2.1:4001", false },
	{ "c=IN IP6 2001:db8::1\n", "4000", "", "[2001:db8::1]:4000", "[2001:db8::1]:4001", false },
	{ "c=IN IP6 ::ffff:192.0.2.1\n", "4000", "", "192.0.2.1:4000", "192.0.2.1:4001", false },
	{ "c=IN IP4 0.0.0.0\n", "4000", "", "0.0.0.0:4000", "0.0.0.0:4001", true },
	{ "c=IN IP6 ::\n", "4000", "", "[::]:4000", "[::]:4001", true },
	{ "c=IN IP4 a-phone_1.example.com\n", "4000", "", "none", "none", false },
	{ "c=IN IP6 phone.example.com\n", "4000", "a=rtcp:9\n", "none", "none", false },
	{ "", "4000", "", "none", "none", false },
	{ "", "4000", "a=rtcp:9 IN IP4 192.0.2.2\n", "none", "192.0.2.2:9", false },
	{ "c=IN IP4 192.0.2.1\n", "65535", "", "192.0.2.1:65535", "none", false },
	{ "c=IN IP4 192.0.2.1\n", "0", "a=rtcp:9\n", "192.0.2.1:0", "none", false },
	{ "c=IN IP4 192.0.2.1\n", "4000", "a=rtcp:9\n", "192.0.2.1:4000", "192.0.2.1:9", false },
	{ "c=IN IP4 192.0.2.1\n", "4000", "a=rtcp:9 IN IP6 2001:db8::2\n", "192.0.2.1:4000",
	  "[2001:db8::2]:9", false },
	/* malformed: ignored */
	{ "c=IN IP4 192.0.2.1\n", "4000", "a=rtcp:0\n", "192.0.2.1:4000", "192.0.2.1:4001", false },
	{ "c=IN IP4 192.0.2.1\n", "4000", "a=rtcp\n", "192.0.2.1:4000", "192.0.2.1:4001", false },
	{ "c=IN IP4 192.0.2.1\n", "4000", "a=rtcp:65536\n", "192.0.2.1:4000", "192.0.2.1:4001",
	  false },
	{ "c=IN IP4 192.0.2.1\n", "4000", "a=rtcp:9 IN IP4 192.0.2\n", "192.0.2.1:4000",
	  "192.0.2.1:4001", false },
};

static void test_endpoints(void)
{
	char text[256];

	arena = arena_new(4096);
	for (size_t i = 0; i < COUNT(endpoint_rows); i++) {
		/* a=rtcp before c=: the order of lines must not matter */
		snprintf(text, sizeof(text), "v=0\nm=audio %s RTP/AVP 0\n%s%s", endpoint_rows[i].m,
			 endpoint_rows[i].rtcp_line, endpoint_rows[i].c);
		CU_ASSERT_EQUAL_FATAL(parse(text), 0);
		CHECK_ENDPOINT(sdp.media[0].rtp, endpoint_rows[i].rtp);
		CHECK_ENDPOINT(sdp.media[0].rtcp, endpoint_rows[i].rtcp);
		CU_ASSERT_EQUAL(sdp.media[0].held, endpoint_rows[i].held);
	}
	arena_free(arena);
}

static const struct {
	const char *proto;
	enum sdp_transport transport;
} transport_rows[] = {
	{ "RTP/AVP", SDP_RTP },
	{ "rtp/avpf", SDP_RTP },
	{ "RTP/SAVP", SDP_SRTP },
	{ "RTP/SAVPF", SDP_SRTP },
	{ "UDP/TLS/RTP/SAVP", SDP_DTLS },
	{ "UDP/TLS/RTP/SAVPF", SDP_DTLS },
	{ "udptl", SDP_UDPTL },
	{ "UDPTL", SDP_UDPTL },
	{ "udp", SDP_OPAQUE },
	{ "UDP/TLS/UDPTL", SDP_OPAQUE },
	{ "UDP/BFCP", SDP_OPAQUE },
	{ "UDP/DTLS/SCTP", SDP_OPAQUE },
	{ "DTLS/SCTP", SDP_OPAQUE },
	{ "TCP", SDP_OTHER },
	{ "TCP/RTP/AVP", SDP_OTHER },
	{ "TCP/TLS/MSRP", SDP_OTHER },
	{ "TCP/DTLS/SCTP", SDP_OTHER },
	{ "RTP/SAVPFX", SDP_OTHER },
	{ "x", SDP_OTHER },
};

static void test_transports(void)
{
	char text[128];

	arena = arena_new(4096);
	for (size_t i = 0; i < COUNT(transport_rows); i++) {
		snprintf(text, sizeof(text), "v=0\nm=audio 4000 %s 0\n", transport_rows[i].proto);
		CU_ASSERT_EQUAL_FATAL(parse(text), 0);
		CU_ASSERT_EQUAL(sdp.media[0].transport, transport_rows[i].transport);
	}
	arena_free(arena);
}

static const struct {
	const char *text, *why;
} malformed_rows[] = {
	{ "", "does not begin with v=0" },
	{ "\n", "does not begin with v=0" },
	{ "v=1\n", "does not begin with v=0" },
	{ "v=00\n", "does not begin with v=0" },
	{ "v=0x\n", "does not begin with v=0" },
	{ "o=- 1 1 IN IP4 192.0.2.1\nv=0\n", "does not begin with v=0" },
	{ "v=0\nx\n", "a line is not \"x=value\"" },
	{ "v=0\ns\n", "a line is not \"x=value\"" },
	{ "v=0\n=\n", "a line is not \"x=value\"" },
	{ "v=0\n s=x\n", "a line is not \"x=value\"" },
	{ "v=0\nS=x\n", "a line is not \"x=value\"" },
	{ "v=0\ns=x\rm=audio 1 RTP/AVP 0\n", "CR or NUL inside a line" },
	{ "v=0\ro=- 1 1 IN IP4 192.0.2.1\r", "CR or NUL inside a line" },
	{ "v=0\no=\n", "o= does not have six fields" },
	{ "v=0\no=- 1 1 IN IP4\n", "o= does not have six fields" },
	{ "v=0\no= 1 IN IP4 192.0.2.1\n", "o= does not have six fields" },
	{ "v=0\no= 1 1 ATM NSAP x\n", "o= does not have six fields" },
	{ "v=0\no=- 1 1 IN IP4 x\no=- 1 1 IN IP4 x\n", "second o=" },
	{ "v=0\nm=audio 1 RTP/AVP 0\no=- 1 1 IN IP4 x\n", "o= after m=" },
	{ "v=0\nc=\n", "malformed c=" },
	{ "v=0\nc=IN IP4\n", "malformed c=" },
	{ "v=0\nc=IN IP4 192.0.2\n", "malformed c=" },
	{ "v=0\nc=IN IP4 192.0.2.256\n", "malformed c=" },
	{ "v=0\nc=IN IP4 2001:db8::1\n", "malformed c=" },
	{ "v=0\nc=IN IP6 192.0.2.1\n", "malformed c=" },
	{ "v=0\nc=IN IP6 ::ffff:192.0.2\n", "malformed c=" },
	{ "v=0\nc=IN IP6 fe80::1%eth0\n", "malformed c=" },
	{ "v=0\nc=IN IP5 192.0.2.1\n", "malformed c=" },
	{ "v=0\nc=ATM NSAP 47.0091\n", "malformed c=" },
	{ "v=0\nm=audio 1 RTP/AVP 0\nc=IN IP4 a*b\n", "malformed c=" },
	{ "v=0\nm=\n", "m= is incomplete" },
	{ "v=0\nm=audio\n", "m= is incomplete" },
	{ "v=0\nm=audio 4000\n", "m= is incomplete" },
	{ "v=0\nm=audio 65536 RTP/AVP 0\n", "m= has a malformed port" },
	{ "v=0\nm=audio -1 RTP/AVP 0\n", "m= has a malformed port" },
	{ "v=0\nm=audio /2 RTP/AVP 0\n", "m= has a malformed port" },
	{ "v=0\nm=audio 4000/0 RTP/AVP 0\n", "m= has a malformed port" },
	{ "v=0\nm=audio 4000/x RTP/AVP 0\n", "m= has a malformed port" },
	{ "v=0\nm=audio 4000 RTP/AVP\n", "m= has no formats" },
	{ "v=0\nm=image 4000 udptl \n", "m= has no formats" },
	{ "v=0\nm=audio 4000 RTP/AVP 128\n", "m= has a format that is not a payload type" },
	{ "v=0\nm=audio 4000 RTP/AVP 0 *\n", "m= has a format that is not a payload type" },
};

static void test_malformed(void)
{
	arena = arena_new(4096);
	for (size_t i = 0; i < COUNT(malformed_rows); i++) {
		CU_ASSERT_EQUAL(parse(malformed_rows[i].text), -EINVAL);
		if (strcmp(why, malformed_rows[i].why))
			printf("\n[%s] wanted %s, got %s\n", malformed_rows[i].text,
			       malformed_rows[i].why, why);
		CU_ASSERT_STRING_EQUAL(why, malformed_rows[i].why);
	}
	CU_ASSERT_EQUAL(sdp_parse(arena, STR("v=0\ns=a\0b\n"), &sdp, &why), -EINVAL);
	CU_ASSERT_STRING_EQUAL(why, "CR or NUL inside a line");
	CU_ASSERT_EQUAL(sdp_parse(arena, STR_NONE, &sdp, &why), -EINVAL);
	arena_free(arena);
}

#define ROW(text)                                                                                  \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}
#define O_LINE "o=u 7 9 IN IP4 192.0.2.1"

/* What senders write, and what is read. @o: user name, id, version, address with "|" between. */
static const struct {
	struct str text;
	size_t lines, media;
	const char *o;
} tolerated_rows[] = {
	{ ROW("v=0"), 1, 0, NULL },
	{ ROW("v=0\r\n\r\n\n"), 1, 0, NULL },
	{ ROW("v=0\r\r\n" O_LINE "\r\r\ns=\r\r\n"), 3, 0, "u|7|9|192.0.2.1" },
	{ ROW("v=0\nm=video 0 RTP/AVP\n"), 2, 1, NULL },
	{ ROW("v=0\nm=audio 0 RTP/AVP *\n"), 2, 1, NULL },
	{ ROW("v=0\nm=audio  4000  RTP/AVP  0 8 \n"), 2, 1, NULL },
	{ ROW("v=0\nm=audio 4000 RTP/AVP 0\na=rtpmap:0\na=rtpmap:999 "
	      "x/1\na=fmtp\na=rtcp-fb:\na=\n"),
	  7, 1, NULL },
	/* a blank line, or another description, ends the text */
	{ ROW("v=0\n\ns=x\n"), 1, 0, NULL },
	{ ROW("v=0\r\nm=audio 4000 RTP/AVP 0\r\n\r\nm=audio 4002 RTP/AVP 0\r\n"), 2, 1, NULL },
	{ ROW("v=0\nm=audio 4000 RTP/AVP 0\n  \n--boundary\n"), 2, 1, NULL },
	{ ROW("v=0\nm=audio 4000 RTP/AVP 0\nv=0\nm=audio 4002 RTP/AVP 0\n"), 2, 1, NULL },
	{ ROW("v=0\n" O_LINE "\nv=0\n" O_LINE "\n"), 2, 0, "u|7|9|192.0.2.1" },
	{ ROW("v=0\nm=audio 4000 RTP/AVP 0\n\n\0\rx"), 2, 1, NULL },
	/* before and after the text */
	{ ROW("\r\nv=0\r\nm=audio 4000 RTP/AVP 0\r\n"), 2, 1, NULL },
	{ ROW("\n\r\n\r\nv=0\n"), 1, 0, NULL },
	{ ROW("v=0\nm=audio 4000 RTP/AVP 0\r\n\0"), 2, 1, NULL },
	{ ROW("v=0\nm=audio 4000 RTP/AVP 0\0\0"), 2, 1, NULL },
	{ ROW("v=0\nm=audio 4000 RTP/AVP 0\r\n\0\r\n"), 2, 1, NULL },
	/* v= */
	{ ROW("v=0 \nm=audio 4000 RTP/AVP 0\n"), 2, 1, NULL },
	{ ROW("v=0  \r\n"), 1, 0, NULL },
	/* o= */
	{ ROW("v=0\no= 7 9 IN IP4 192.0.2.1\n"), 2, 0, "|7|9|192.0.2.1" },
	{ ROW("v=0\no=7 9 IN IP6 2001:db8::1\n"), 2, 0, "|7|9|2001:db8::1" },
	{ ROW("v=0\no=Bob  of Reception 7 9 IN IP4 192.0.2.1\n"), 2, 0,
	  "Bob  of Reception|7|9|192.0.2.1" },
	{ ROW("v=0\no= Bob 7  9 IN IP4 192.0.2.1 \n"), 2, 0, "Bob|7|9|192.0.2.1" },
	{ ROW("v=0\no=u 7 9 IN IP4 192.0.2.1 and more\n"), 2, 0, "u|7|9|192.0.2.1" },
	{ ROW("v=0\no=IN IP4 x 7 9 IN IP4 192.0.2.1\n"), 2, 0, "IN IP4 x|7|9|192.0.2.1" },
	{ ROW("v=0\no=u 7 9 in ip4 192.0.2.1\n"), 2, 0, "u|7|9|192.0.2.1" },
	{ ROW("v=0\no=u 7 9 ATM NSAP 47.0091\n"), 2, 0, "u|7|9|47.0091" },
};

static void check_origin(const char *o)
{
	struct str rest = str_of(o);

	CU_ASSERT_TRUE(str_eq(str_split(&rest, '|'), sdp.o_username));
	CU_ASSERT_TRUE(str_eq(str_split(&rest, '|'), sdp.o_id));
	CU_ASSERT_TRUE(str_eq(str_split(&rest, '|'), sdp.o_version));
	CU_ASSERT_TRUE(str_eq(rest, sdp.o_address));
}

/* In memory of exactly its size, so that AddressSanitizer detects a read outside of it. */
static void test_tolerated(void)
{
	arena = arena_new(4096);
	for (size_t i = 0; i < COUNT(tolerated_rows); i++) {
		struct str text = tolerated_rows[i].text;
		char *copy = malloc(text.len);

		memcpy(copy, text.s, text.len);
		arena_reset(arena);
		if (sdp_parse(arena, (struct str){ copy, text.len }, &sdp, &why)) {
			printf("\n[%s] is refused: %s\n", text.s, why);
			CU_FAIL("refused");
		} else {
			CU_ASSERT_EQUAL(sdp.n_lines, tolerated_rows[i].lines);
			CU_ASSERT_EQUAL(sdp.n_media, tolerated_rows[i].media);
			if (tolerated_rows[i].o)
				check_origin(tolerated_rows[i].o);
		}
		free(copy);
	}
	arena_free(arena);
}

static void test_media_limit(void)
{
	static const char line[] = "m=audio 0 RTP/AVP 0\n";
	size_t unit = sizeof(line) - 1;
	char *text = malloc(5 + (SDP_MAX_MEDIA + 1) * unit);

	arena = arena_new(4096);
	strcpy(text, "v=0\n");
	for (size_t i = 0; i < SDP_MAX_MEDIA; i++)
		strcpy(text + 4 + i * unit, line);
	CU_ASSERT_EQUAL(parse(text), 0);
	CU_ASSERT_EQUAL(sdp.n_media, SDP_MAX_MEDIA);
	strcpy(text + 4 + SDP_MAX_MEDIA * unit, line);
	CU_ASSERT_EQUAL(parse(text), -EINVAL);
	CU_ASSERT_STRING_EQUAL(why, "too many m= lines");
	free(text);
	arena_free(arena);
}

/*
 * Each prefix in memory of exactly its size, so that AddressSanitizer detects a read past the end.
 */
static void test_truncated(void)
{
	arena = arena_new(4096);
	for (size_t len = 0; len < sizeof(two_media); len++) {
		char *copy = malloc(len ? len : 1);
		int err;

		memcpy(copy, two_media, len);
		arena_reset(arena);
		err = sdp_parse(arena, (struct str){ copy, len }, &sdp, &why);
		CU_ASSERT_TRUE(!err || err == -EINVAL);
		CU_ASSERT_TRUE(len >= 3 || err);
		free(copy);
	}
	arena_free(arena);
}

static void test_out_of_memory(void)
{
	ALLOC_FAILS_AT_EACH
	{
		int err;

		arena = arena_new(16);
		if (!arena)
			continue;
		err = sdp_parse(arena, STR(two_media), &sdp, &why);
		CU_ASSERT_EQUAL(err, alloc_failed() ? -ENOMEM : 0);
		CU_ASSERT_TRUE(!err || !strcmp(why, "out of memory"));
		arena_free(arena);
	}
}

TEST_SUITE(sdp_parse, { "the session's lines are read", test_session },
	   { "audio is read with its codecs", test_audio },
	   { "video is read with its own c= and attributes", test_video },
	   { "c=, port and a=rtcp make endpoints", test_endpoints },
	   { "profiles are known", test_transports },
	   { "malformed SDP is refused with a reason", test_malformed },
	   { "harmless deviations are accepted", test_tolerated },
	   { "the number of m= lines is bounded", test_media_limit },
	   { "truncated at each byte", test_truncated },
	   { "out of memory at each allocation", test_out_of_memory });
