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

TEST_SUITE(ng_refused, { "refused media shows no private address", test_address });
