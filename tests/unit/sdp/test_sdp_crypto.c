/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sdp_crypto.c - the a=crypto lines of an SDP: read, replaced, removed */
#include "daemon/base/count.h"
#include "daemon/sdp/sdp.h"
#include "tests/unit/test.h"

#define HEAD  "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
#define OURS  "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 198.51.100.20\r\nt=0 0\r\n"
#define FIRST "1 AES_CM_128_HMAC_SHA1_80 inline:x|2^31|1:4"
#define NEXT  "2 AES_CM_128_HMAC_SHA1_32 inline:y UNENCRYPTED_SRTP"

#define AUDIO(port, proto, lines) "m=audio " port " " proto " 0\r\n" lines "a=ptime:20\r\n"
#define WRITTEN(proto, lines)                                                                      \
	OURS "m=audio 30000 " proto " 0\r\n"                                                       \
	     "a=rtpmap:0 PCMU/8000\r\n" lines

static struct sdp parsed(struct arena *arena, const char *text)
{
	const char *why = "";
	struct sdp sdp;

	CU_ASSERT_EQUAL_FATAL(sdp_parse(arena, str_of(text), &sdp, &why), 0);
	return sdp;
}

static void test_reads_lines(void)
{
	struct arena *arena = arena_new(4096);
	struct sdp sdp = parsed(arena, HEAD "a=crypto:9 of the session\r\n" AUDIO(
					       "4000", "RTP/SAVP",
					       "a=crypto:" FIRST "\r\na=sendonly\r\na=crypto:" NEXT
					       "\r\na=crypto:\r\n") AUDIO("4002", "RTP/AVP", ""));
	struct str value;
	size_t at = 0;

	CU_ASSERT_TRUE(sdp_next_crypto(&sdp, &sdp.media[0], &at, &value));
	CU_ASSERT_TRUE(str_eq(value, STR(FIRST)));
	CU_ASSERT_TRUE(sdp_next_crypto(&sdp, &sdp.media[0], &at, &value));
	CU_ASSERT_TRUE(str_eq(value, STR(NEXT)));
	CU_ASSERT_TRUE(sdp_next_crypto(&sdp, &sdp.media[0], &at, &value));
	CU_ASSERT_EQUAL(value.len, 0);
	CU_ASSERT_FALSE(sdp_next_crypto(&sdp, &sdp.media[0], &at, &value));
	CU_ASSERT_FALSE(sdp_next_crypto(&sdp, &sdp.media[0], &at, &value));
	at = 0;
	CU_ASSERT_FALSE(sdp_next_crypto(&sdp, &sdp.media[1], &at, &value));
	arena_free(arena);
}

static const struct {
	const char *in, *proto;
	bool own;
	const char *crypto[2];
	const char *out;
} rows[] = {
	/* As before: the lines pass. */
	{ HEAD AUDIO("4000", "RTP/SAVP", "a=crypto:" FIRST "\r\n"),
	  NULL,
	  false,
	  { NULL },
	  WRITTEN("RTP/SAVP", "a=crypto:" FIRST "\r\na=ptime:20\r\na=sendrecv\r\n") },
	{ HEAD AUDIO("4000", "RTP/SAVP", "a=crypto:" FIRST "\r\na=crypto:" NEXT "\r\n"),
	  "RTP/AVP",
	  true,
	  { NULL },
	  WRITTEN("RTP/AVP", "a=ptime:20\r\na=sendrecv\r\n") },
	{ HEAD AUDIO("4000", "RTP/AVP", ""),
	  "RTP/SAVP",
	  true,
	  { FIRST, NEXT },
	  WRITTEN("RTP/SAVP",
		  "a=ptime:20\r\na=sendrecv\r\na=crypto:" FIRST "\r\na=crypto:" NEXT "\r\n") },
	{ HEAD AUDIO("4000", "RTP/SAVP", "a=crypto:" FIRST "\r\na=rtcp-mux\r\n"),
	  NULL,
	  true,
	  { NEXT },
	  WRITTEN("RTP/SAVP", "a=ptime:20\r\na=sendrecv\r\na=rtcp-mux\r\na=crypto:" NEXT "\r\n") },
};

static void test_replaces_lines(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct arena *arena = arena_new(4096);
		struct sdp sdp = parsed(arena, rows[i].in);
		struct str crypto[2] = { str_of(rows[i].crypto[0]), str_of(rows[i].crypto[1]) };
		struct sdp_media_edit media = {
			.relay = true,
			.proto = str_of(rows[i].proto),
			.own_crypto = rows[i].own,
			.crypto = crypto,
			.n_crypto = (size_t) !!crypto[0].s + !!crypto[1].s,
		};
		struct sdp_edit edit = { .media = &media };
		char text[2048];
		struct buf out = BUF_INIT(text, sizeof(text) - 1);

		CU_ASSERT_TRUE_FATAL(endpoint_parse(STR("198.51.100.20:30000"), -1, &media.rtp));
		edit.address = media.rtp;
		sdp_write(&sdp, &edit, &out);
		CU_ASSERT_FALSE(out.overflow);
		text[out.len] = '\0';
		CU_ASSERT_STRING_EQUAL(text, rows[i].out);
		arena_free(arena);
	}
}

TEST_SUITE(sdp_crypto, { "reads the lines of a media", test_reads_lines },
	   { "replaces the lines of a media", test_replaces_lines });
