/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_refused.c - media with port 0 in offers and answers: what the other party sees of it
 */
#include "tests/unit/ng/ng_talk.h"

#define PRIVATE "c=IN IP4 10.0.0.7" L
#define BARE_A	"v=0" L "o=a 7 9 IN IP4 192.0.2.1" L "s=-" L "t=0 0" L
#define AT(ip)	"c=IN IP4 " ip L
#define REFUSED                                                                                    \
	"m=video 0 RTP/AVP 96" L PRIVATE "a=mid:1" L "a=rtpmap:96 VP8/90000" L                     \
	"a=rtcp:6001 IN IP4 10.0.0.7" L
#define SHOWN(ip) "m=video 0 RTP/AVP 96" L AT(ip) "a=mid:1" L

static void test_address(void)
{
	static const struct talk talks[] = {
		{ "in an offer, and in an answer",
		  { { OFFER(SDP(OF_A AUDIO REFUSED)), OK(TO_B RELAYED TAIL SHOWN("127.80.0.1")) },
		    { ANSWER(SDP(OF_B AUDIO REFUSED)),
		      OK(TO_A RELAYED TAIL SHOWN("127.80.0.2")) } } },
		{ "of the other family",
		  { { "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\","
		      "\"direction\":[\"priv\",\"six\"],\"address-family\":\"IP6\"" SDP(
			      OF_A AUDIO REFUSED) "}",
		      OK(HEAD("a 7 9 IN IP4 192.0.2.1", "IP6 ::1") RELAYED TAIL
			 "m=video 0 RTP/AVP 96" L "c=IN IP6 ::1" L "a=mid:1" L) } } },
		{ "nothing but refused media, no c= of the session",
		  { { OFFER(SDP(BARE_A REFUSED)), OK(BARE_A SHOWN("127.80.0.1")) } } },
	};

	run_talks(talks, COUNT(talks));
}

#define MID(name)     "a=mid:" name L
#define VIDEO_OFFERED "m=video 0 RTP/AVP 96 97" L MID("v")
#define VIDEO_PADDED  "m=video 0 RTP/AVP 96" L MID("v")
#define MSRP	      "m=message 2855 TCP/MSRP *" L AT("192.0.2.1")
#define MSRP_PADDED   "m=message 0 TCP/MSRP *" L
#define TEXT_OFFERED  "m=text 0 RTP/AVP 98" L

static void test_fewer_lines(void)
{
	static const struct talk talks[] = {
		{ "lines at the end are refused, with their mid",
		  { { OFFER(SDP(OF_A AUDIO MID("a") VIDEO_OFFERED MSRP TEXT_OFFERED)),
		      OK(TO_B RELAYED MID("a") TAIL VIDEO_OFFERED MSRP TEXT_OFFERED) },
		    { ANSWER(SDP(OF_B AUDIO MID("a"))),
		      OK(TO_A RELAYED MID("a") TAIL VIDEO_PADDED MSRP_PADDED TEXT_OFFERED) } } },
		{ "all lines are missing",
		  { { OFFER(SDP(OF_A VIDEO_OFFERED)), OK(TO_B VIDEO_OFFERED) },
		    { ANSWER(SDP(OF_B)), OK(TO_A VIDEO_PADDED) } } },
		{ "a refused line gets the mid of the offer",
		  { { OFFER(SDP(OF_A AUDIO MID("a") VIDEO_OFFERED TEXT_OFFERED)),
		      OK(TO_B RELAYED MID("a") TAIL VIDEO_OFFERED TEXT_OFFERED) },
		    { ANSWER(SDP(OF_B AUDIO MID("a") "m=video 0 RTP/AVP 96" L TEXT_OFFERED)),
		      OK(TO_A RELAYED MID("a") TAIL VIDEO_PADDED TEXT_OFFERED) },
		    { ANSWER(SDP(OF_B AUDIO VIDEO_PADDED TEXT_OFFERED)),
		      OK(TO_A RELAYED TAIL VIDEO_PADDED TEXT_OFFERED) } } },
		{ "it is the last offer that counts",
		  { { OFFER(SDP(OF_A AUDIO VIDEO_OFFERED)), OK(TO_B RELAYED TAIL VIDEO_OFFERED) },
		    { OFFER(SDP(OF_A AUDIO)), OK(TO_B RELAYED TAIL) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED TAIL) } } },
		{ "also an offer without media",
		  { { OFFER(SDP(OF_A AUDIO)), OK(TO_B RELAYED TAIL) },
		    { OFFER(SDP(OF_A)), OK(TO_B) },
		    { ANSWER(SDP(OF_B)), OK(TO_A) } } },
		{ "an answer with more lines stays as it is",
		  { { OFFER(SDP(OF_A AUDIO)), OK(TO_B RELAYED TAIL) },
		    { ANSWER(SDP(OF_B AUDIO TEXT_OFFERED)),
		      OK(TO_A RELAYED TAIL TEXT_OFFERED) } } },
		{ "a long line is kept in a short form",
		  { { OFFER(SDP(OF_A AUDIO "m=video 0 RTP/AVP 96" L MID(
			      "0123456789012345678901234567890123456789012345678901234567"
			      "8901234567890123456789"))),
		      OK(TO_B RELAYED TAIL "m=video 0 RTP/AVP 96" L MID(
			      "0123456789012345678901234567890123456789012345678901234567"
			      "8901234567890123456789")) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED TAIL "m=audio 0 RTP/AVP 0" L) } } },
	};

	run_talks(talks, COUNT(talks));
}

/* Ports of a line that the answer lacks are released, like those of one that it refuses. */
static void test_missing_line_gives_ports_back(void)
{
	struct request request = { .call_id = STR("c"),
				   .from_tag = STR("a"),
				   .sdp = STR("v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\n"
					      "m=video 6000 RTP/AVP 96\n"),
				   .tos = TOS_UNSET };
	struct scene scene;

	scene_open(&scene);
	CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 4);
	request.to_tag = STR("b");
	request.sip_code = 200;
	request.sdp = STR("v=0\nc=IN IP4 192.0.2.2\nm=audio 4000 RTP/AVP 0\n");
	CU_ASSERT_EQUAL(scene_run(&scene, command_answer, request).code, REPLY_OK);
	CU_ASSERT(scene_settle(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2);
	CU_ASSERT(scene_close(&scene));
}

#define BUNDLE	     "a=group:BUNDLE a v" L
#define BUNDLED_SDP  "m=video 0 RTP/AVP 96" L MID("v") "a=bundle-only" L MUX
#define VIDEO_ANSWER "m=video 4002 RTP/AVP 96" L MID("v")

/* The video takes its ports with the answer; audio is refused, because there is one pair only. */
static void test_bundle(void)
{
	static const struct talk talks[] = {
		{ "rtcp-mux of the answer to bundled media is kept",
		  { { OFFER(SDP(OF_A BUNDLE "m=audio 0 RTP/AVP 0" L MID("a") BUNDLED_SDP)),
		      OK(TO_B BUNDLE "m=audio 0 RTP/AVP 0" L MID("a") BUNDLED_SDP) },
		    { ANSWER(SDP(OF_B BUNDLE "m=audio 0 RTP/AVP 0" L MID("a") VIDEO_ANSWER MUX)),
		      OK(TO_A BUNDLE "m=audio 0 RTP/AVP 0" L MID(
			      "a") "m=video 21200 RTP/AVP 96" L MID("v") "a=sendrecv" L MUX) } } },
		{ "and is not added where the answer has none",
		  { { OFFER(SDP(OF_A BUNDLED_SDP)), OK(TO_B BUNDLED_SDP) },
		    { ANSWER(SDP(OF_B VIDEO_ANSWER)),
		      OK(TO_A "m=video 21200 RTP/AVP 96" L MID("v") TAIL) } } },
	};

	run_talks(talks, COUNT(talks));
}

TEST_SUITE(ng_refused, { "refused media shows no private address", test_address },
	   { "an answer with fewer lines is completed", test_fewer_lines },
	   { "a missing line gives its ports back", test_missing_line_gives_ports_back },
	   { "bundled media keeps rtcp-mux", test_bundle });
