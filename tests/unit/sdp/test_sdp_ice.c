/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sdp_ice.c - candidates and username fragments of an SDP */
#include "daemon/base/count.h"
#include "daemon/sdp/ice.h"
#include "tests/unit/test.h"

#define HEAD  "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
#define AUDIO "m=audio 4000 RTP/AVP 0\r\n"
#define VIDEO "m=video 4002 RTP/AVP 99\r\n"

static struct sdp parse(struct arena *arena, const char *text)
{
	const char *why;
	struct sdp sdp;

	CU_ASSERT_EQUAL_FATAL(sdp_parse(arena, str_of(text), &sdp, &why), 0);
	return sdp;
}

static bool is_at(const void *arg, const struct endpoint *address)
{
	return endpoint_addr_eq(arg, address);
}

static void test_candidates(void)
{
	static const struct {
		const char *line, *address;
		bool found;
	} rows[] = {
		{ "a=candidate:1 1 UDP 2130706431 198.51.100.20 30000 typ host", "198.51.100.20",
		  true },
		{ "a=candidate:1 1 UDP 2130706431 198.51.100.21 30000 typ host", "198.51.100.20",
		  false },
		{ "a=candidate:1 1 UDP 1 2001:db8::20 30000 typ host", "2001:db8::20", true },
		{ "a=candidate:1  2   TCP 1 198.51.100.20 9 typ host", "198.51.100.20", true },
		{ "a=candidate:1 1 UDP 1 198.51.100.20", "198.51.100.20", true },
		/* The base of a candidate is not the candidate. */
		{ "a=candidate:1 1 UDP 1 203.0.113.1 9 typ srflx raddr 198.51.100.20 rport 9",
		  "198.51.100.20", false },
		{ "a=remote-candidates:1 198.51.100.20 30000", "198.51.100.20", false },
		{ "a=x-candidate:1 1 UDP 1 198.51.100.20 30000 typ host", "198.51.100.20", false },
		{ "a=candidate:1 1 UDP 1 relay.example.com 30000 typ host", "198.51.100.20",
		  false },
		{ "a=candidate:", "198.51.100.20", false },
		{ "a=candidate", "198.51.100.20", false },
		{ "a=candidate:1 1 UDP 1 ", "198.51.100.20", false },
		{ "b=candidate:1 1 UDP 1 198.51.100.20 30000 typ host", "198.51.100.20", false },
	};
	struct arena *arena = arena_new(4096);
	char text[512];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint own;
		struct sdp sdp;

		arena_reset(arena);
		CU_ASSERT(endpoint_parse_addr(str_of(rows[i].address), AF_UNSPEC, &own));
		snprintf(text, sizeof(text), HEAD AUDIO VIDEO "%s\r\n", rows[i].line);
		sdp = parse(arena, text);
		CU_ASSERT_EQUAL(sdp_has_candidate(&sdp, is_at, &own), rows[i].found);
	}
	arena_free(arena);
}

static void test_username_fragments(void)
{
	struct arena *arena = arena_new(4096);
	struct sdp sdp =
		parse(arena, HEAD "a=ice-ufrag:session\r\n" AUDIO "a=ice-ufrag:audio\r\n" VIDEO);

	CU_ASSERT(str_eq(sdp_ice_ufrag(&sdp, &sdp.media[0]), STR("audio")));
	CU_ASSERT(str_eq(sdp_ice_ufrag(&sdp, &sdp.media[1]), STR("session")));
	sdp = parse(arena, HEAD AUDIO VIDEO "a=ice-ufrag:video\r\na=ice-pwd:x\r\n");
	CU_ASSERT(!sdp_ice_ufrag(&sdp, &sdp.media[0]).len);
	CU_ASSERT(str_eq(sdp_ice_ufrag(&sdp, &sdp.media[1]), STR("video")));
	arena_free(arena);
}

TEST_SUITE(sdp_ice, { "candidates", test_candidates },
	   { "username fragments", test_username_fragments });
