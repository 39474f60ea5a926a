/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_hold.c - hold by a zero address in c=, without a direction (RFC 3264, section 8.4)
 */
#include "tests/unit/ng/ng_talk.h"

#define HELD_A	  HEAD("a 7 9 IN IP4 192.0.2.1", "IP4 0.0.0.0")
#define HELD_B	  HEAD("b 3 4 IN IP4 192.0.2.2", "IP4 0.0.0.0")
#define HELD_6	  HEAD("a 7 9 IN IP6 2001:db8::1", "IP6 ::")
#define SENDRECV  "a=sendrecv" L
#define SENDONLY  "a=sendonly" L
#define RECVONLY  "a=recvonly" L
#define INACTIVE  "a=inactive" L
#define RTCP	  "a=rtcp:21201" L
#define AS_IT_WAS ",\"flags\":[\"original-sendrecv\"]"
#define OFFER_HELD                                                                                 \
	{                                                                                          \
		OFFER(SDP(HELD_A AUDIO)), OK(HELD_A RELAYED SENDONLY RTCP)                         \
	}

static void test_offer(void)
{
	static const struct talk talks[] = {
		{ "0.0.0.0 without a direction", { OFFER_HELD } },
		{ "0.0.0.0 at the media",
		  { { OFFER(SDP(OF_A AUDIO "c=IN IP4 0.0.0.0" L)),
		      OK(TO_B "m=audio 21200 RTP/AVP 0" L "c=IN IP4 0.0.0.0" L
			      "a=rtpmap:0 PCMU/8000" L SENDONLY RTCP) } } },
		{ ":: without a direction, shown as IPv4",
		  { { "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\","
		      "\"direction\":[\"six\",\"pub\"],\"address-family\":\"IP4\"" SDP(
			      HELD_6 AUDIO) "}",
		      OK(HEAD("a 7 9 IN IP6 2001:db8::1", "IP4 0.0.0.0")
				 RELAYED SENDONLY RTCP) } } },
		{ "a direction that is written stays",
		  { { OFFER(SDP(HELD_A AUDIO INACTIVE)), OK(HELD_A RELAYED INACTIVE RTCP) },
		    { OFFER(SDP(HELD_A AUDIO RECVONLY)), OK(HELD_A RELAYED RECVONLY RTCP) },
		    { OFFER(SDP(HELD_A AUDIO SENDRECV)), OK(HELD_A RELAYED SENDRECV RTCP) },
		    { OFFER(SDP(HELD_A INACTIVE AUDIO)),
		      OK(HELD_A INACTIVE RELAYED INACTIVE RTCP) } } },
		{ "original-sendrecv adds none",
		  { { OFFER(AS_IT_WAS SDP(HELD_A AUDIO)), OK(HELD_A RELAYED RTCP) },
		    { ANSWER(AS_IT_WAS SDP(OF_B AUDIO)), OK(TO_A RELAYED RTCP) } } },
		{ "replace zero-address",
		  { { OFFER(",\"replace\":[\"zero-address\"]" SDP(HELD_A AUDIO)),
		      OK(TO_B RELAYED SENDONLY RTCP) } } },
		{ "and back: the call goes on",
		  { OFFER_HELD,
		    { OFFER(SDP(OF_A AUDIO)), OK(TO_B RELAYED SENDRECV RTCP) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED SENDRECV RTCP) } } },
	};

	run_talks(talks, COUNT(talks));
}

static void test_answer(void)
{
	static const struct talk talks[] = {
		{ "without a direction: it only receives",
		  { OFFER_HELD, { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED RECVONLY RTCP) } } },
		{ "with a zero address of its own: neither sends",
		  { OFFER_HELD, { ANSWER(SDP(HELD_B AUDIO)), OK(HELD_B RELAYED INACTIVE RTCP) } } },
		{ "with a zero address that is replaced",
		  { OFFER_HELD,
		    { ANSWER(",\"replace\":[\"zero-address\"]" SDP(HELD_B AUDIO)),
		      OK(TO_A RELAYED INACTIVE RTCP) } } },
		{ "with a direction: as written",
		  { OFFER_HELD,
		    { ANSWER(SDP(OF_B AUDIO RECVONLY)), OK(TO_A RELAYED RECVONLY RTCP) },
		    { ANSWER(SDP(OF_B AUDIO SENDRECV)), OK(TO_A RELAYED SENDRECV RTCP) },
		    { ANSWER(SDP(OF_B AUDIO INACTIVE)), OK(TO_A RELAYED INACTIVE RTCP) } } },
		{ "to sendonly, recvonly and inactive, without a direction",
		  { { OFFER(SDP(OF_A AUDIO SENDONLY)), OK(TO_B RELAYED SENDONLY RTCP) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED RECVONLY RTCP) },
		    { OFFER(SDP(OF_A AUDIO RECVONLY)), OK(TO_B RELAYED RECVONLY RTCP) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED SENDONLY RTCP) },
		    { OFFER(SDP(OF_A AUDIO INACTIVE)), OK(TO_B RELAYED INACTIVE RTCP) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED INACTIVE RTCP) } } },
		{ "held by the answerer alone",
		  { { OFFER(SDP(OF_A AUDIO)), OK(TO_B RELAYED SENDRECV RTCP) },
		    { ANSWER(SDP(HELD_B AUDIO)), OK(HELD_B RELAYED SENDONLY RTCP) } } },
	};

	run_talks(talks, COUNT(talks));
}

TEST_SUITE(ng_hold, { "hold by zero address is offered as sendonly", test_offer },
	   { "the answer to a hold has a direction that fits", test_answer });
