/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_liberal.c - messages and SDP that deviate from the standards are taken, and answered with
 * SDP that does not
 */
#include "tests/unit/ng/ng_talk.h"

#define SHOWN OK(TO_B RELAYED TAIL)
#define ROW(text)                                                                                  \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

static void test_sdp(void)
{
	static const struct talk talks[] = {
		{ "a blank line inside", { { OFFER(SDP(OF_A AUDIO L "--boundary" L)), SHOWN } } },
		{ "twice in one body", { { OFFER(SDP(OF_A AUDIO OF_A AUDIO)), SHOWN } } },
		{ "a line end before it", { { OFFER(SDP(L OF_A AUDIO)), SHOWN } } },
		{ "v=0 with a blank",
		  { { OFFER(SDP("v=0 " L "o=a 7 9 IN IP4 192.0.2.1" L "s=-" L "c=IN IP4 192.0.2.1" L
				"t=0 0" L AUDIO)),
		      SHOWN } } },
		{ "CR CR LF",
		  { { OFFER(SDP("v=0\\r" L "o=a 7 9 IN IP4 192.0.2.1\\r" L "s=-\\r" L
				"c=IN IP4 192.0.2.1\\r" L "t=0 0\\r" L
				"m=audio 4000 RTP/AVP 0\\r" L)),
		      SHOWN } } },
		{ "o= without a user name keeps its version",
		  { { OFFER(SDP(HEAD(" 7 9 IN IP4 192.0.2.1", "IP4 192.0.2.1") AUDIO)),
		      OK(HEAD("- 7 9 IN IP4 192.0.2.1", "IP4 127.80.0.1") RELAYED TAIL) } } },
		{ "o= with blanks in the user name, which has to stay the same",
		  { { OFFER(",\"replace\":[\"username\",\"SDP-version\"]" SDP(
			      HEAD("a b 7 9 IN IP4 192.0.2.1", "IP4 192.0.2.1") AUDIO)),
		      OK(HEAD("a_b 7 9 IN IP4 192.0.2.1", "IP4 127.80.0.1") RELAYED TAIL) },
		    { OFFER(",\"replace\":[\"username\",\"SDP-version\"]" SDP(
			      HEAD("c 7 9 IN IP4 192.0.2.1", "IP4 192.0.2.1") AUDIO)),
		      OK(HEAD("a_b 7 9 IN IP4 192.0.2.1", "IP4 127.80.0.1") RELAYED TAIL) } } },
		{ "key SDP in capitals",
		  { { OFFER(",\"SDP\":\"" OF_A AUDIO "\""), SHOWN },
		    { ANSWER(",\"SDP\":\"" OF_B AUDIO "\""), OK(TO_A RELAYED TAIL) } } },
	};

	run_talks(talks, COUNT(talks));
}

/* In bencode: JSON cannot have it. */
static void test_nul_at_the_end(void)
{
#define OFFERED                                                                                    \
	"v=0\r\no=a 7 9 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"                \
	"m=audio 4000 RTP/AVP 0\r\n"
	static const struct str payload =
		ROW("d3:sdp88:" OFFERED "\0"
		    "9:directionl4:priv3:pube7:call-id1:c8:from-tag1:a7:command5:offere");
	struct relay relay;
	const char *reply;

	CU_ASSERT_EQUAL(strlen(OFFERED), 87);
	relay_open(&relay);
	reply = ask_bytes(&relay, payload);
	CU_ASSERT_PTR_NOT_NULL(strstr(reply, "m=audio 21200 RTP/AVP 0\r\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(reply, "6:result2:oke"));
	relay_close(&relay);
}

static void test_messages(void)
{
	static const struct {
		struct str payload;
		const char *reply;
	} rows[] = {
		{ { "d7:command4:pinge\n", 18 }, "d6:result4:ponge" },
		{ { "d7:command4:pinge\r\n", 19 }, "d6:result4:ponge" },
		{ { "d7:command4:pinge\0", 18 }, "d6:result4:ponge" },
		{ { "{\"command\":\"ping\"}\n", 19 }, "{\"result\":\"pong\"}" },
		{ { "{\"command\":\"ping\"}\0", 19 }, "{\"result\":\"pong\"}" },
		{ { "d7:command4:pingex", 18 },
		  "d12:error-reason35:Could not decode bencode dictionary6:result5:errore" },
		{ { "\r\n", 2 }, "d12:error-reason25:Invalid data (no payload)6:result5:errore" },
	};
	struct relay relay;

	relay_open(&relay);
	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_STRING_EQUAL(ask_bytes(&relay, rows[i].payload), rows[i].reply);
	relay_close(&relay);
}

TEST_SUITE(ng_liberal, { "SDP of odd form is taken, and written as it has to be", test_sdp },
	   { "NUL at the end of SDP", test_nul_at_the_end },
	   { "a line end or NUL after a message", test_messages });
