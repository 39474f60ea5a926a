/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_media_address.c - media-address is what the SDP shows, and not where the phone is
 */
#include "daemon/packet/bridge.h"
#include "tests/unit/ng/ng_talk.h"

#define SHOW	  ",\"media-address\":\"203.0.113.9\""
#define SHOW_6	  ",\"media-address\":\"2001:db8::9\""
#define ORIGIN	  ",\"replace\":[\"origin\"]"
#define FULL_RTCP ",\"flags\":[\"full-rtcp-attribute\"]"
#define AT	  "IP4 203.0.113.9"
#define AT_6	  "IP6 2001:db8::9"
#define OFFER_TO(interface, more)                                                                  \
	"{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"direction\":[\"priv\","     \
	"\"" interface "\"]" more "}"

static void test_shown(void)
{
	static const struct talk talks[] = {
		{ "c= of the session, in offer and answer",
		  { { OFFER(SHOW SDP(OF_A AUDIO)),
		      OK(HEAD("a 7 9 IN IP4 192.0.2.1", AT) RELAYED TAIL) },
		    { ANSWER(SHOW SDP(OF_B AUDIO)),
		      OK(HEAD("b 3 4 IN IP4 192.0.2.2", AT) RELAYED TAIL) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED TAIL) } } },
		{ "o= with replace-origin",
		  { { OFFER(SHOW ORIGIN SDP(OF_A AUDIO)),
		      OK(HEAD("a 7 9 IN " AT, AT) RELAYED TAIL) } } },
		{ "a=rtcp with an address",
		  { { OFFER(SHOW FULL_RTCP SDP(OF_A AUDIO)),
		      OK(HEAD("a 7 9 IN IP4 192.0.2.1", AT) RELAYED "a=sendrecv" L
								    "a=rtcp:21201 IN " AT L) } } },
		{ "c= of a media, also of a refused one",
		  { { OFFER(SHOW SDP("v=0" L "o=a 7 9 IN IP4 192.0.2.1" L "s=-" L "t=0 0" L AUDIO
				     "c=IN IP4 192.0.2.1" L "m=video 0 RTP/AVP 96" L
				     "c=IN IP4 192.0.2.1" L)),
		      OK("v=0" L "o=a 7 9 IN IP4 192.0.2.1" L "s=-" L "t=0 0" L
			 "m=audio 21200 RTP/AVP 0" L "c=IN " AT L "a=rtpmap:0 PCMU/8000" L TAIL
			 "m=video 0 RTP/AVP 96" L "c=IN " AT L) } } },
		{ "T.38",
		  { { OFFER(SHOW SDP(OF_A "m=image 4000 udptl t38" L)),
		      OK(HEAD("a 7 9 IN IP4 192.0.2.1", AT) "m=image 21200 udptl t38" L) } } },
		{ "a zero address still means hold",
		  { { OFFER(SHOW SDP(HEAD("a 7 9 IN IP4 192.0.2.1", "IP4 0.0.0.0") AUDIO)),
		      OK(HEAD("a 7 9 IN IP4 192.0.2.1", "IP4 0.0.0.0") RELAYED
			 "a=sendonly" L "a=rtcp:21201" L) } } },
		{ "an SDP without an address is not completed",
		  { { OFFER(SHOW SDP("v=0" L "o=a 7 9 IN IP4 192.0.2.1" L "s=-" L "t=0 0" L AUDIO)),
		      "{\"error-reason\":\"Incomplete SDP "
		      "specification\",\"result\":\"error\"}" } } },
		{ "no address: as if not given",
		  { { OFFER(",\"media-address\":\"0.0.0.0\"" SDP(OF_A AUDIO)),
		      OK(TO_B RELAYED TAIL) },
		    { OFFER(",\"media-address\":\"x\"" SDP(OF_A AUDIO)),
		      OK(TO_B RELAYED TAIL) } } },
		{ "IPv6, as a flag",
		  { { OFFER_TO("six", ",\"flags\":[\"media-address=2001:db8::9\"]" SDP(OF_A AUDIO)),
		      OK(HEAD("a 7 9 IN IP4 192.0.2.1", AT_6) RELAYED TAIL) } } },
	};

	run_talks(talks, COUNT(talks));
}

static const struct party *receiver(struct relay *relay)
{
	return &call_find(relay->scene.calls, STR("c"))->dialogs->party[SIDE_B];
}

static void test_phone_is_where_it_was(void)
{
	const struct side_conf *side;
	char text[ENDPOINT_TEXT];
	struct relay relay;

	relay_open(&relay);
	ask(&relay, OFFER(SHOW SDP(OF_A AUDIO)));
	side = bridge_conf(call_find(relay.scene.calls, STR("c"))->dialogs->media[0]->bridge)->side;
	CU_ASSERT_STRING_EQUAL(endpoint_print(&side[SIDE_A].sdp[COMP_RTP], text), "192.0.2.1:4000");
	CU_ASSERT_STRING_EQUAL(endpoint_print(&side[SIDE_A].sdp[COMP_RTCP], text),
			       "192.0.2.1:4001");
	relay_close(&relay);
}

/* The receiver sends IPv6: the port that it is told has to be one of an IPv6 socket. */
static void test_family_of_the_port(void)
{
	struct relay relay;

	relay_open(&relay);
	ask(&relay, OFFER_TO("pub", SHOW_6 SDP(OF_A AUDIO)));
	CU_ASSERT_EQUAL(receiver(&relay)->local->bind.sa.sa_family, AF_INET6);
	relay_close(&relay);
	relay_open(&relay);
	ask(&relay, OFFER_TO("pub", SHOW_6 ",\"address-family\":\"IP4\"" SDP(OF_A AUDIO)));
	CU_ASSERT_EQUAL(receiver(&relay)->local->bind.sa.sa_family, AF_INET);
	relay_close(&relay);
}

TEST_SUITE(ng_media_address, { "media-address is what the SDP shows", test_shown },
	   { "and not where the phone is", test_phone_is_where_it_was },
	   { "the ports are of its family", test_family_of_the_port });
