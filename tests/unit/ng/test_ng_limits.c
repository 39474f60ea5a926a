/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_limits.c - max-medias and max-branches in NG: what one call may take, and what it is told
 */
#include "tests/unit/log_capture.h"
#include "tests/unit/ng/ng_talk.h"

#define FIRST HEAD("a 7 9 IN IP4 192.0.2.1", "IP4 192.0.2.1")
#define VIDEO                                                                                      \
	"m=video 6000 RTP/AVP 96" L "c=IN IP4 10.0.0.7" L "a=mid:v" L "a=rtpmap:96 VP8/90000" L
#define NO_VIDEO    "m=video 0 RTP/AVP 96" L "c=IN IP4 127.80.0.1" L "a=mid:v" L
#define FAX	    "m=image 6000 udptl t38" L "a=T38FaxVersion:0" L
#define NO_FAX	    "m=image 0 udptl t38" L
#define TCP	    "m=message 2855 TCP/MSRP *" L
#define MSRP	    TCP "a=path:msrp://192.0.2.1:2855/x;tcp" L
#define MSRP_OF(ip) TCP "c=IN IP4 " ip L "a=path:msrp://192.0.2.1:2855/x;tcp" L
#define V_AT_B	    "m=video 7000 RTP/AVP 96" L

static void run_with_one_media(const struct talk *talks, size_t count)
{
	struct relay relay;

	for (size_t i = 0; i < count; i++) {
		relay_open(&relay);
		relay.scene.calls->conf.max_medias = 1;
		for (const struct step *step = talks[i].steps;
		     step < talks[i].steps + STEPS && step->payload; step++) {
			const char *reply = ask(&relay, step->payload);

			if (strcmp(reply, step->reply))
				printf("%s:\n  expected %s\n  got      %s\n", talks[i].name,
				       step->reply, reply);
			CU_ASSERT_STRING_EQUAL(reply, step->reply);
		}
		relay_close(&relay);
	}
}

static void test_further_lines_are_refused(void)
{
	static const struct talk talks[] = {
		{ "in the offer, with their address and attributes; the answer may not open them",
		  { { OFFER(SDP(FIRST AUDIO VIDEO FAX MSRP)),
		      OK(TO_B RELAYED TAIL NO_VIDEO NO_FAX MSRP_OF("192.0.2.1")) },
		    { ANSWER(SDP(OF_B AUDIO V_AT_B "m=image 0 udptl t38" L MSRP)),
		      OK(TO_A RELAYED TAIL "m=video 0 RTP/AVP 96" L
					   "a=mid:v" L NO_FAX MSRP_OF("192.0.2.2")) },
		    { OFFER(SDP(FIRST AUDIO VIDEO FAX MSRP)),
		      OK(TO_B RELAYED TAIL NO_VIDEO NO_FAX MSRP_OF("192.0.2.1")) } } },
		{ "lines without a port do not count",
		  { { OFFER(SDP(FIRST "m=text 0 RTP/AVP 98" L MSRP AUDIO)),
		      OK(TO_B "m=text 0 RTP/AVP 98" L MSRP_OF("192.0.2.1") RELAYED TAIL) } } },
		{ "a media with ports keeps them, whatever comes before it",
		  { { OFFER(SDP(FIRST "m=text 0 RTP/AVP 98" L AUDIO)),
		      OK(TO_B "m=text 0 RTP/AVP 98" L RELAYED TAIL) },
		    { OFFER(SDP(FIRST VIDEO AUDIO)), OK(TO_B NO_VIDEO RELAYED TAIL) } } },
	};

	run_with_one_media(talks, COUNT(talks));
}

/* @text gets an SDP with @lines m= lines. */
static struct str many_lines(char *text, size_t size, int lines)
{
	int len = snprintf(text, size, "v=0\nc=IN IP4 192.0.2.1\n");

	for (int i = 0; i < lines; i++)
		len += snprintf(text + len, size - (size_t)len, "m=audio %d RTP/AVP 0\n",
				4000 + 2 * i);
	return (struct str){ text, (size_t)len };
}

/* The attack: each offer takes as many ports as it may have m= lines. */
static void test_an_offer_takes_few_ports(void)
{
	struct request request = { .call_id = STR("c"), .from_tag = STR("a"), .tos = TOS_UNSET };
	char text[8192], said[1024];
	struct reply reply;
	struct scene scene;
	struct log_capture capture;

	scene_open(&scene);
	request.sdp = many_lines(text, sizeof(text), 128);
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	reply = scene_run(&scene, command_offer, request);
	log_capture_end(&capture, said, sizeof(said));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "offer: m= lines refused, because the call has "
					    "max-medias (16) with ports: 112"));
	CU_ASSERT_EQUAL(reply.code, REPLY_OK);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2 * 16);
	/* Their number is that of the dialog, not of the command. */
	CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	request.to_tag = STR("b");
	CU_ASSERT_EQUAL(scene_run(&scene, command_answer, request).code, REPLY_OK);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2 * 16);
	CU_ASSERT(scene_close(&scene));
}

static void test_a_lower_limit_ends_no_media(void)
{
	struct request request = { .call_id = STR("c"), .from_tag = STR("a"), .tos = TOS_UNSET };
	char text[1024];
	struct scene scene;

	scene_open(&scene);
	request.sdp = many_lines(text, sizeof(text), 4);
	CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	scene.calls->conf.max_medias = 2;
	request.flags = REQ_NEW_PORTS;
	CU_ASSERT_EQUAL(scene_run(&scene, command_offer, request).code, REPLY_OK);
	CU_ASSERT(scene_settle(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2 * 4);
	CU_ASSERT(scene_close(&scene));
}

/* "Ran out of ports" and "Parallel session limit reached" would make the proxy leave the relay. */
static void test_further_branches_are_refused(void)
{
	struct request request = { .call_id = STR("c"),
				   .from_tag = STR("a"),
				   .tos = TOS_UNSET,
				   .sdp = STR(
					   "v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\n") };
	struct log_capture capture;
	struct scene scene;
	char branch[16], said[1024];

	scene_open_ports(&scene, 21000, 21399);
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	for (int i = 0; i < 66; i++) {
		struct reply reply;

		snprintf(branch, sizeof(branch), "z%d", i);
		request.via_branch = str_of(branch);
		reply = scene_run(&scene, command_offer, request);
		CU_ASSERT_EQUAL(reply.code, i < 64 ? REPLY_OK : REPLY_ERROR);
		if (i >= 64)
			CU_ASSERT_STRING_EQUAL(reply.error, "Too many branches in this call");
	}
	log_capture_end(&capture, said, sizeof(said));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "it has max-branches (64) of them"));
	CU_ASSERT_EQUAL(scene.stats.calls_rejected, 0);
	/* The others are as they were. */
	request.via_branch = STR("z63");
	request.to_tag = STR("b");
	CU_ASSERT_EQUAL(scene_run(&scene, command_answer, request).code, REPLY_OK);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2 * 64);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(ng_limits, { "max-medias: further m= lines get port 0", test_further_lines_are_refused },
	   { "max-medias: an offer takes few ports", test_an_offer_takes_few_ports },
	   { "max-medias: a lower limit ends no media", test_a_lower_limit_ends_no_media },
	   { "max-branches: the error makes no proxy leave", test_further_branches_are_refused });
