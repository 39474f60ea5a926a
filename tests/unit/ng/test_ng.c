/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng.c - literal datagrams in, literal replies out
 *
 * Each interface has one pair of ports only, 21200 and 21201, so that replies are known to the last
 * byte.
 */
#include "tests/unit/ng/ng_talk.h"

static void test_answers_malformed_and_incomplete(void)
{
	static const struct talk talks[] = {
		{ "ping", { { "d7:command4:pinge", "d6:result4:ponge" } } },
		{ "ping in JSON", { { "{\"command\":\"ping\"}", "{\"result\":\"pong\"}" } } },
		{ "no payload",
		  { { "", "d12:error-reason25:Invalid data (no payload)6:result5:errore" } } },
		{ "neither bencode nor JSON",
		  { { "<x/>", "d12:error-reason22:Invalid NG data format6:result5:errore" } } },
		{ "bencode cut off",
		  { { "d7:command4:pin", "d12:error-reason35:Could not decode bencode dictionary"
					 "6:result5:errore" } } },
		{ "JSON cut off",
		  { { "{\"command\":", "{\"error-reason\":\"Could not decode JSON dictionary\","
				       "\"result\":\"error\"}" } } },
		{ "no command",
		  { { "de", "d12:error-reason36:Dictionary contains no key \"command\""
			    "6:result5:errore" } } },
		{ "unknown command",
		  { { "d7:command4:dance",
		      "d12:error-reason20:Unrecognized command6:result5:errore" } } },
		{ "offer without SDP",
		  { { "d7:command5:offer7:call-id1:c8:from-tag1:ae",
		      "d12:error-reason22:No SDP body in message6:result5:errore" } } },
		{ "offer without call-id",
		  { { "d7:command5:offer3:sdp1:v8:from-tag1:ae",
		      "d12:error-reason21:No call-id in message6:result5:errore" } } },
		{ "offer without from-tag",
		  { { "d7:command5:offer3:sdp1:v7:call-id1:ce",
		      "d12:error-reason22:No from-tag in message6:result5:errore" } } },
		{ "answer without to-tag",
		  { { "d7:command6:answer3:sdp1:v7:call-id1:c8:from-tag1:ae",
		      "d12:error-reason20:No to-tag in message6:result5:errore" } } },
		{ "SDP that is invalid",
		  { { "d7:command5:offer3:sdp1:v7:call-id1:c8:from-tag1:ae",
		      "d12:error-reason19:Failed to parse SDP6:result5:errore" } } },
		{ "SDP without any address",
		  { { "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"sdp\":"
		      "\"v=0\\no=- 1 1 IN IP4 192.0.2.1\\ns=-\\nt=0 0\\nm=audio 4000 RTP/AVP "
		      "0\\n\"}",
		      "{\"error-reason\":\"Incomplete SDP "
		      "specification\",\"result\":\"error\"}" } } },
		{ "query of an unknown call",
		  { { "d7:command5:query7:call-id1:ce",
		      "d12:error-reason15:Unknown call-id6:result5:errore" } } },
		{ "delete of an unknown call",
		  { { "d7:command6:delete7:call-id1:ce",
		      "d7:warning38:Call-ID not found or tags didn't match6:result2:oke" } } },
		{ "delete of an unknown call, fatal",
		  { { "d7:command6:delete7:call-id1:c5:flagsl5:fatalee",
		      "d12:error-reason38:Call-ID not found or tags didn't "
		      "match6:result5:errore" } } },
		{ "list of nothing", { { "d7:command4:liste", "d5:callsle6:result2:oke" } } },
		{ "list below nothing",
		  { { "d7:command4:list5:limiti-1ee",
		      "d12:error-reason27:invalid limit, must be >= 06:result5:errore" } } },
	};

	run_talks(talks, COUNT(talks));
}

/* As Kamailio 5.6 sends them, keys in its order. */
static void test_call_as_kamailio_sends_it(void)
{
#define OFFERED                                                                                    \
	"v=0\r\no=u 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"                \
	"m=audio 4000 RTP/AVP 8\r\n"
#define SHOWN                                                                                      \
	"v=0\r\no=u 1 1 IN IP4 127.80.0.1\r\ns=-\r\nc=IN IP4 127.80.0.1\r\nt=0 0\r\n"              \
	"m=audio 21200 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\na=rtcp:21201\r\n"
	static const struct talk talks[] = {
		{ "offer and delete",
		  { { "d8:supportsl10:load limite3:sdp87:" OFFERED
		      "3:ICE6:remove7:replacel6:origin18:session-connectione9:directionl4:priv3:"
		      "pube"
		      "7:call-id16:7f248a79a0d0ed8d13:received-froml3:IP414:198.51.100.101e"
		      "8:from-tag16:e8204daf3148fcc37:command5:offere",
		      "d3:sdp138:" SHOWN "6:result2:oke" },
		    { "d7:command4:liste", "d5:callsl16:7f248a79a0d0ed8de6:result2:oke" },
		    { "d8:supportsl10:load limite3:ICE6:remove7:call-id16:7f248a79a0d0ed8d"
		      "13:received-froml3:IP414:198.51.100.101e5:flagsl4:faste12:delete delayi0e"
		      "8:from-tag16:e8204daf3148fcc37:command6:deletee",
		      "d6:result2:oke" },
		    { "d8:supportsl10:load limite3:ICE6:remove7:call-id16:7f248a79a0d0ed8d"
		      "8:from-tag16:e8204daf3148fcc37:command6:deletee",
		      "d7:warning38:Call-ID not found or tags didn't match6:result2:oke" } } },
	};

	run_talks(talks, COUNT(talks));
}

static void test_rtcp_mux(void)
{
	static const struct talk talks[] = {
		{ "is passed on, both ways",
		  { { OFFER(SDP(OF_A AUDIO MUX)), OK(TO_B RELAYED TAIL MUX) },
		    { ANSWER(SDP(OF_B AUDIO MUX)), OK(TO_A RELAYED "a=sendrecv" L MUX) } } },
		{ "is refused when the answerer refuses",
		  { { OFFER(SDP(OF_A AUDIO MUX)), OK(TO_B RELAYED TAIL MUX) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED TAIL) } } },
		{ "accept: the offerer gets it nevertheless",
		  { { OFFER(",\"rtcp-mux\":[\"accept\"]" SDP(OF_A AUDIO MUX)),
		      OK(TO_B RELAYED TAIL MUX) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED "a=sendrecv" L MUX) } } },
		{ "demux: not offered, but granted",
		  { { OFFER(",\"rtcp-mux\":[\"demux\"]" SDP(OF_A AUDIO MUX)),
		      OK(TO_B RELAYED TAIL) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED "a=sendrecv" L MUX) } } },
		{ "offer: offered though the offerer did not; not in its answer",
		  { { OFFER(",\"rtcp-mux\":[\"offer\"]" SDP(OF_A AUDIO)),
		      OK(TO_B RELAYED TAIL MUX) },
		    { ANSWER(SDP(OF_B AUDIO MUX)), OK(TO_A RELAYED TAIL) } } },
		{ "require: with one port for both",
		  { { OFFER(",\"rtcp-mux\":[\"require\"]" SDP(OF_A AUDIO)),
		      OK(TO_B RELAYED "a=sendrecv" L "a=rtcp:21200" L MUX) },
		    { ANSWER(SDP(OF_B AUDIO MUX)), OK(TO_A RELAYED TAIL) } } },
		{ "reject: refused, and not offered",
		  { { OFFER(",\"rtcp-mux\":[\"reject\"]" SDP(OF_A AUDIO MUX)),
		      OK(TO_B RELAYED TAIL) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED TAIL) } } },
		{ "written as a flag",
		  { { OFFER(",\"flags\":[\"rtcp-mux-demux\"]" SDP(OF_A AUDIO MUX)),
		      OK(TO_B RELAYED TAIL) } } },
		{ "rtcp-mux-only is granted",
		  { { OFFER(SDP(OF_A AUDIO MUX "a=rtcp-mux-only" L)),
		      OK(TO_B RELAYED "a=rtcp-mux-only" L TAIL MUX) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED "a=sendrecv" L MUX) } } },
	};

	run_talks(talks, COUNT(talks));
}

#define AVPF	     "m=audio 4000 RTP/AVPF 0" L
#define RELAYED_AVPF "m=audio 21200 RTP/AVPF 0" L "a=rtpmap:0 PCMU/8000" L

static void test_transport_protocol(void)
{
	static const struct talk talks[] = {
		{ "AVP to AVPF and back",
		  { { OFFER(",\"transport protocol\":\"RTP/AVPF\"" SDP(OF_A AUDIO)),
		      OK(TO_B RELAYED_AVPF TAIL) },
		    { ANSWER(SDP(OF_B AVPF)), OK(TO_A RELAYED TAIL) } } },
		{ "AVPF to AVP and back, as a flag",
		  { { OFFER(",\"flags\":[\"RTP/AVP\"]" SDP(OF_A AVPF)), OK(TO_B RELAYED TAIL) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED_AVPF TAIL) } } },
		{ "SRTP ends here",
		  { { OFFER(",\"transport-protocol\":\"RTP/AVP\"" SDP(
			      OF_A "m=audio 4000 RTP/SAVP 0" L "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
				   "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj" L)),
		      OK(TO_B RELAYED TAIL) } } },
		{ "SAVP is left alone if nobody asks",
		  { { OFFER(SDP(OF_A "m=audio 4000 RTP/SAVP 0" L
				     "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
				     "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj" L)),
		      OK(TO_B "m=audio 21200 RTP/SAVP 0" L "a=rtpmap:0 PCMU/8000" L
			      "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
			      "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj" L TAIL) } } },
		{ "what can't be done is ignored",
		  { { OFFER(",\"transport-protocol\":\"UDP/TLS/RTP/"
			    "SAVPF\",\"ICE\":\"force-relay\",\"DTLS\":\"passive\"" SDP(OF_A AUDIO)),
		      OK(TO_B RELAYED TAIL) } } },
	};

	run_talks(talks, COUNT(talks));
}

static void test_sdp_options(void)
{
	static const struct talk talks[] = {
		{ "replace origin",
		  { { OFFER(",\"replace\":[\"origin\"]" SDP(OF_A AUDIO)),
		      OK(HEAD("a 7 9 IN IP4 127.80.0.1", "IP4 127.80.0.1") RELAYED TAIL) } } },
		{ "a zero address passes",
		  { { OFFER(SDP(HEAD("a 7 9 IN IP4 192.0.2.1", "IP4 0.0.0.0") AUDIO)),
		      OK(HEAD("a 7 9 IN IP4 192.0.2.1", "IP4 0.0.0.0") RELAYED
			 "a=sendonly" L "a=rtcp:21201" L) } } },
		{ "replace zero-address",
		  { { OFFER(",\"flags\":[\"replace-zero-address\"]" SDP(
			      HEAD("a 7 9 IN IP4 192.0.2.1", "IP4 0.0.0.0") AUDIO)),
		      OK(TO_B RELAYED "a=sendonly" L "a=rtcp:21201" L) } } },
		{ "original-sendrecv",
		  { { OFFER(",\"flags\":[\"original-sendrecv\"]" SDP(OF_A AUDIO)),
		      OK(TO_B RELAYED "a=rtcp:21201" L) } } },
		{ "no-rtcp-attribute",
		  { { OFFER(",\"flags\":[\"no rtcp attribute\"]" SDP(OF_A AUDIO)),
		      OK(TO_B RELAYED "a=sendrecv" L) } } },
		{ "full-rtcp-attribute",
		  { { OFFER(",\"flags\":[\"full-rtcp-attribute\"]" SDP(OF_A AUDIO)),
		      OK(TO_B RELAYED "a=sendrecv" L "a=rtcp:21201 IN IP4 127.80.0.1" L) } } },
		{ "ICE goes",
		  { { OFFER(SDP(OF_A AUDIO "a=ice-ufrag:x" L
					   "a=candidate:1 1 UDP 1 192.0.2.1 4000 typ host" L)),
		      OK(TO_B RELAYED TAIL) } } },
		{ "codecs: strip all but one, telephone-event by name and rate",
		  { { OFFER(",\"codec\":{\"strip\":[\"all\"],\"except\":[\"pcma\"],"
			    "\"offer\":[\"telephone-event/8000\"],\"transcode\":[\"opus\"]}" SDP(
				    OF_A "m=audio 4000 RTP/AVP 0 8 101" L
					 "a=rtpmap:101 telephone-event/8000" L)),
		      OK(TO_B "m=audio 21200 RTP/AVP 8 101" L "a=rtpmap:8 PCMA/8000" L
			      "a=rtpmap:101 telephone-event/8000" L TAIL) } } },
		{ "codecs: strip by number, as a flag",
		  { { OFFER(",\"flags\":[\"codec-strip-8\"]" SDP(OF_A
								 "m=audio 4000 RTP/AVP 0 8" L)),
		      OK(TO_B RELAYED TAIL) } } },
		{ "raw flags of a newer Kamailio",
		  { { OFFER(",\"rtpp-flags\":\"replace-origin rtcp-mux-offer ICE=remove "
			    "original-sendrecv\"" SDP(OF_A AUDIO)),
		      OK(HEAD("a 7 9 IN IP4 127.80.0.1", "IP4 127.80.0.1") RELAYED
			 "a=rtcp:21201" L MUX) } } },
		{ "a media over TCP keeps its address",
		  { { OFFER(SDP(OF_A "m=message 2855 TCP/MSRP *" L AUDIO)),
		      OK(TO_B "m=message 2855 TCP/MSRP *" L
			      "c=IN IP4 192.0.2.1" L RELAYED TAIL) } } },
		{ "a media with port 0 stays so",
		  { { OFFER(SDP(OF_A "m=video 0 RTP/AVP 96" L AUDIO)),
		      OK(TO_B "m=video 0 RTP/AVP 96" L RELAYED TAIL) } } },
		{ "T.38 gets one port and keeps its lines",
		  { { OFFER(SDP(OF_A "m=image 4000 udptl t38" L "a=T38FaxVersion:0" L)),
		      OK(TO_B "m=image 21200 udptl t38" L "a=T38FaxVersion:0" L) } } },
		{ "unknown keys and flags are no error",
		  { { OFFER(",\"flags\":[\"pierce-NAT\",\"x=y\",\"=\",\"\"],\"NAT-wait\":100,"
			    "\"unheard-of\":{\"a\":[1]},\"codec\":7,\"TOS\":\"many\"" SDP(
				    OF_A AUDIO)),
		      OK(TO_B RELAYED TAIL) } } },
	};

	run_talks(talks, COUNT(talks));
}

static void test_interfaces_and_families(void)
{
	static const char of_a6[] =
		"{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"direction\":"
		"[\"six\",\"pub\"],\"address family\":\"IP4\",\"sdp\":\"" HEAD(
			"a 7 9 IN IP6 2001:db8::1", "IP6 2001:db8::1") AUDIO "\"}";
	static const struct talk talks[] = {
		{ "IPv4 to IPv6 and back",
		  { { "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"from-"
		      "interface\":"
		      "\"priv\",\"to-interface\":\"six\",\"address-family\":\"IP6\"" SDP(
			      OF_A AUDIO) "}",
		      OK(HEAD("a 7 9 IN IP4 192.0.2.1", "IP6 ::1") RELAYED TAIL) },
		    { ANSWER(SDP(HEAD("b 3 4 IN IP6 2001:db8::2", "IP6 2001:db8::2") AUDIO)),
		      OK(HEAD("b 3 4 IN IP6 2001:db8::2", "IP4 127.80.0.2") RELAYED TAIL) } } },
		{ "IPv6 to IPv4",
		  { { of_a6, OK(HEAD("a 7 9 IN IP6 2001:db8::1", "IP4 127.80.0.1") RELAYED TAIL) },
		    { ANSWER(SDP(OF_B AUDIO)),
		      OK(HEAD("b 3 4 IN IP4 192.0.2.2", "IP6 ::1") RELAYED TAIL) } } },
		{ "by flags",
		  { { "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"flags\":"
		      "[\"from-interface=priv\",\"to-interface=pub\"]" SDP(OF_A AUDIO) "}",
		      OK(TO_B RELAYED TAIL) } } },
		{ "remembered: the re-INVITE names others",
		  { { OFFER(SDP(OF_A AUDIO)), OK(TO_B RELAYED TAIL) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED TAIL) },
		    { "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"b\",\"to-tag\":"
		      "\"a\","
		      "\"direction\":[\"six\",\"six\"]" SDP(OF_B AUDIO) "}",
		      OK(TO_A RELAYED TAIL) } } },
	};

	run_talks(talks, COUNT(talks));
}

static void test_errors_that_proxies_act_on(void)
{
	static const struct talk talks[] = {
		{ "Ran out of ports, and the call is as it was",
		  { { OFFER(SDP(OF_A AUDIO)), OK(TO_B RELAYED TAIL) },
		    { "{\"command\":\"offer\",\"call-id\":\"d\",\"from-tag\":\"a\"" SDP(
			      OF_A AUDIO) "}",
		      "{\"error-reason\":\"Ran out of ports\",\"result\":\"error\"}" },
		    { OFFER(SDP(OF_A AUDIO "m=video 6000 RTP/AVP 96" L)),
		      "{\"error-reason\":\"Ran out of ports\",\"result\":\"error\"}" },
		    { "{\"command\":\"list\"}", "{\"calls\":[\"c\"],\"result\":\"ok\"}" },
		    { OFFER(SDP(OF_A AUDIO)), OK(TO_B RELAYED TAIL) },
		    { ANSWER(SDP(OF_B AUDIO)), OK(TO_A RELAYED TAIL) } } },
	};

	run_talks(talks, COUNT(talks));
}

static void test_session_limit(void)
{
	struct relay relay;

	relay_open(&relay);
	relay.scene.calls->conf.max_sessions = 1;
	CU_ASSERT_STRING_EQUAL(ask(&relay, OFFER(SDP(OF_A AUDIO))), OK(TO_B RELAYED TAIL));
	CU_ASSERT_STRING_EQUAL(
		ask(&relay,
		    "{\"command\":\"offer\",\"call-id\":\"d\",\"supports\":[\"load limit\"],"
		    "\"from-tag\":\"a\"" SDP(OF_A AUDIO) "}"),
		"{\"error-reason\":\"Parallel session limit reached\",\"result\":\"error\"}");
	/* An existing call may continue. */
	CU_ASSERT_STRING_EQUAL(ask(&relay, OFFER(SDP(OF_A AUDIO))), OK(TO_B RELAYED TAIL));
	CU_ASSERT_EQUAL(relay.scene.stats.calls_rejected, 1);
	relay_close(&relay);
}

#define KEEP ",\"replace\":[\"SDP-version\",\"username\",\"session-name\"]"

static void test_sdp_identity_stays(void)
{
	static const struct talk talks[] = {
		{ "version, user and session name",
		  { { OFFER(KEEP SDP(HEAD("x 1 1 IN IP4 192.0.2.1", "IP4 192.0.2.1") AUDIO)),
		      OK(HEAD("x 1 1 IN IP4 192.0.2.1", "IP4 127.80.0.1") RELAYED TAIL) },
		    /* the same, with another user name: not a change */
		    { OFFER(KEEP SDP(HEAD("y 2 8 IN IP4 192.0.2.1", "IP4 192.0.2.1") AUDIO)),
		      OK(HEAD("x 1 1 IN IP4 192.0.2.1", "IP4 127.80.0.1") RELAYED TAIL) },
		    /* hold is a change */
		    { OFFER(KEEP SDP(HEAD("y 2 8 IN IP4 192.0.2.1", "IP4 192.0.2.1") AUDIO
				     "a=sendonly" L)),
		      OK(HEAD("x 1 2 IN IP4 192.0.2.1", "IP4 127.80.0.1") RELAYED
			 "a=sendonly" L "a=rtcp:21201" L) },
		    { OFFER(KEEP SDP(HEAD("y 2 8 IN IP4 192.0.2.1", "IP4 192.0.2.1") AUDIO
				     "a=sendonly" L)),
		      OK(HEAD("x 1 2 IN IP4 192.0.2.1", "IP4 127.80.0.1") RELAYED
			 "a=sendonly" L "a=rtcp:21201" L) } } },
	};

	run_talks(talks, COUNT(talks));
}

/* A loop of proxies sends the SDP to us again: it must not be relayed through us twice. */
static void test_loop_protect(void)
{
	struct relay relay;
	char offer[1024], reply[1024], expected[1024];

	relay_open(&relay);
	snprintf(expected, sizeof(expected), OK(TO_B "a=rtprelay:%.16s" L RELAYED TAIL),
		 relay.scene.calls->mark);
	snprintf(reply, sizeof(reply), "%s",
		 ask(&relay, OFFER(",\"flags\":[\"loop-protect\"]" SDP(OF_A AUDIO))));
	CU_ASSERT_STRING_EQUAL(reply, expected);
	snprintf(offer, sizeof(offer),
		 "{\"command\":\"offer\",\"call-id\":\"d\",\"from-tag\":\"a\",\"flags\":"
		 "[\"loop-protect\"],%.*s}",
		 (int)(strlen(reply) - strlen("{,\"result\":\"ok\"}")), reply + 1);
	CU_ASSERT_STRING_EQUAL(ask(&relay, offer), expected);
	CU_ASSERT_EQUAL(call_table_count(relay.scene.calls), 1);
	relay_close(&relay);
}

/* What Kamailio reads for its statistics variables. */
static void test_query_has_what_proxies_read(void)
{
	static const char *const parts[] = {
		"\"created\":",
		"\"last signal\":",
		"\"SSRC\":{}",
		"\"tags\":{\"a\":{\"tag\":\"a\",\"via-branch\":\"z\",\"label\":\"x\",\"created\":",
		"\"subscriptions\":[{\"tag\":\"b\",\"type\":\"offer/answer\"}]",
		"\"medias\":[{\"index\":1,\"type\":\"audio\",\"protocol\":\"RTP/"
		"AVP\",\"codec\":\"PCMU\","
		"\"streams\":[{\"local port\":21200,\"local "
		"address\":\"127.80.0.2\",\"family\":\"IPv4\","
		"\"endpoint\":{\"family\":\"IPv4\",\"address\":\"192.0.2.1\",\"port\":4000}",
		"\"path\":\"user\",\"path reason\":\"the kernel path is off\"",
		"\"stats\":{\"packets\":0,\"bytes\":0,\"errors\":0}",
		"\"flags\":[\"RTP\",\"filled\",\"no kernel support\"]",
		"\"flags\":[\"initialized\",\"send\",\"recv\",\"asymmetric\"]",
		"\"totals\":{\"RTP\":{\"packets\":0,\"bytes\":0,\"errors\":0},",
		"\"RTCP\":{\"packets\":0,\"bytes\":0,\"errors\":0}},\"result\":\"ok\"}",
	};
	static const char *const queries[] = {
		"{\"command\":\"query\",\"call-id\":\"c\"}",
		"{\"command\":\"delete\",\"call-id\":\"c\",\"delete-delay\":\"0\"}",
	};
	struct relay relay;

	relay_open(&relay);
	ask(&relay, OFFER(",\"via-branch\":\"z\",\"label\":\"x\",\"flags\":[\"asymmetric\"]" SDP(
			    OF_A AUDIO)));
	ask(&relay, ANSWER(SDP(OF_B AUDIO)));
	for (size_t i = 0; i < COUNT(queries); i++) {
		const char *reply = ask(&relay, queries[i]);

		for (size_t j = 0; j < COUNT(parts); j++) {
			if (strstr(reply, parts[j]))
				continue;
			printf("missing %s in\n%s\n", parts[j], reply);
			CU_FAIL("a reply lacks something");
		}
	}
	CU_ASSERT_EQUAL(call_table_count(relay.scene.calls), 0);
	relay_close(&relay);
}

static void test_forks_have_keys_of_their_own(void)
{
	struct relay relay;
	const char *reply;

	relay_open(&relay);
	ask(&relay, OFFER(",\"via-branch\":\"z1\"" SDP(OF_A AUDIO)));
	ask(&relay,
	    "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"via-branch\":\"z2\","
	    "\"direction\":[\"six\",\"six\"]" SDP(OF_A "m=audio 0 RTP/AVP 0" L) "}");
	reply = ask(&relay, "{\"command\":\"query\",\"call-id\":\"c\"}");
	CU_ASSERT_PTR_NOT_NULL(strstr(reply, "\"a\":{\"tag\":\"a\",\"via-branch\":\"z1\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(reply, "\"<unanswered 1>\":{\"tag\":\"\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(reply, "\"a<fork 2>\":{\"tag\":\"a\",\"via-branch\":\"z2\""));
	relay_close(&relay);
}

static void test_statistics_has_what_programs_read(void)
{
	static const char *const parts[] = {
		"{\"statistics\":{\"currentstatistics\":{\"sessionsown\":1,\"sessionsforeign\":0,"
		"\"sessionstotal\":1,",
		"\"media_userspace\":1",
		"\"totalstatistics\":{\"uptime\":0,\"managedsessions\":1,\"rejectedsessions\":0,",
		"\"avgcallduration\":\"0.000000\"",
		"\"controlstatistics\":{\"proxies\":[{\"proxy\":\"127.0.0.1\",\"pingcount\":0,"
		"\"pingduration\":\"0.000000\",\"offercount\":1,",
		"\"totaloffercount\":1",
		"\"interfaces\":[{\"name\":\"pub\",\"address\":{\"family\":\"IPv4\","
		"\"address\":\"127.80.0.1\"}",
		"\"ports\":{\"pairs\":1,\"used\":1,\"free\":0,",
	};
	struct relay relay;
	const char *reply;

	relay_open(&relay);
	ask(&relay, OFFER(SDP(OF_A AUDIO)));
	reply = ask(&relay, "{\"command\":\"statistics\"}");
	for (size_t j = 0; j < COUNT(parts); j++) {
		if (strstr(reply, parts[j]))
			continue;
		printf("missing %s in\n%s\n", parts[j], reply);
		CU_FAIL("a reply lacks something");
	}
	relay_close(&relay);
}

/* Requests have up to 64 KiB; a reply that does not fit is replaced by an error, not truncated. */
static void test_reply_too_large(void)
{
	static char offer[CTL_DATAGRAM], small[128];
	struct relay relay;
	struct str payload;
	struct buf out;
	int len;

	relay_open(&relay);
	len = snprintf(offer, sizeof(offer), "%s",
		       "{\"call-id\":\"c\",\"command\":\"offer\",\"from-tag\":\"a\","
		       "\"direction\":[\"priv\",\"pub\"]" SDP(OF_A AUDIO));
	len -= 1; /* the quote that ends the SDP */
	while (len < 60000)
		len += snprintf(offer + len, sizeof(offer) - (size_t)len, "a=x-filler:%d" L, len);
	len += snprintf(offer + len, sizeof(offer) - (size_t)len, "\"}");
	payload = (struct str){ offer, (size_t)len };
	out = BUF_INIT(small, sizeof(small));
	ng_run(&relay.scene.env, &proxy, payload, &out);
	CU_ASSERT(str_eq((struct str){ out.data, out.len },
			 STR("{\"error-reason\":\"Reply too large\",\"result\":\"error\"}")));
	/* The request had no effect. */
	CU_ASSERT_EQUAL(call_table_count(relay.scene.calls), 0);
	CU_ASSERT_EQUAL(relay.scene.calls->n_streams, 0);
	CU_ASSERT(scene_settle(&relay.scene));
	CU_ASSERT_EQUAL(relay.scene.stats.reply_too_large, 1);
	CU_ASSERT(strlen(ask_bytes(&relay, payload)) > 60000);
	CU_ASSERT_EQUAL(call_table_count(relay.scene.calls), 1);
	/* A command that was done is not answered with an error. */
	out = BUF_INIT(small, sizeof(small));
	arena_reset(relay.scene.env.arena);
	ng_run(&relay.scene.env, &proxy,
	       STR("{\"command\":\"delete\",\"call-id\":\"c\",\"delete-delay\":0}"), &out);
	CU_ASSERT(str_eq(
		(struct str){ out.data, out.len },
		STR("{\"warning\":\"Statistics are too large to be sent\",\"result\":\"ok\"}")));
	CU_ASSERT_EQUAL(call_table_count(relay.scene.calls), 0);
	relay_close(&relay);
}

TEST_SUITE(ng, { "answers malformed and incomplete", test_answers_malformed_and_incomplete },
	   { "call as Kamailio sends it", test_call_as_kamailio_sends_it },
	   { "rtcp-mux", test_rtcp_mux }, { "transport-protocol", test_transport_protocol },
	   { "SDP options", test_sdp_options },
	   { "interfaces and families", test_interfaces_and_families },
	   { "errors that proxies act on", test_errors_that_proxies_act_on },
	   { "session limit", test_session_limit },
	   { "SDP identity stays", test_sdp_identity_stays }, { "loop-protect", test_loop_protect },
	   { "query has what proxies read", test_query_has_what_proxies_read },
	   { "forks have keys of their own", test_forks_have_keys_of_their_own },
	   { "statistics has what programs read", test_statistics_has_what_programs_read },
	   { "reply too large", test_reply_too_large });
