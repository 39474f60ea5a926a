/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_subscribe.c - subscriptions in NG, in the order and with the keys of OpenSIPS' siprec
 *
 * Ports and the number in o= are left to chance: they are replaced by "#" before the comparison.
 */
#include "tests/unit/ng/ng_talk.h"

struct copies_relay {
	struct scene scene;
	char text[8192];
};

static void tell_copies(void *arg, struct subscriber *subscriber)
{
	(void)arg;
	(void)subscriber;
}

static const char *ask_plain(struct copies_relay *relay, const char *payload)
{
	static char out_memory[CTL_DATAGRAM];
	struct buf out = BUF_INIT(out_memory, sizeof(out_memory) - 1);
	size_t at = 0;

	arena_reset(relay->scene.env.arena);
	relay->scene.env.now_ms = clock_ms();
	ng_run(&relay->scene.env, &proxy, str_of(payload), &out);
	worker_pool_flush(relay->scene.workers);
	out_memory[out.len] = '\0';
	/* A number of five digits and more becomes "#". */
	for (const char *c = out_memory; *c;) {
		size_t digits = strspn(c, "0123456789");

		if (digits >= 5)
			relay->text[at++] = '#';
		else
			memcpy(relay->text + at, c, digits ? digits : 1), at += digits ? digits : 1;
		c += digits ? digits : 1;
	}
	relay->text[at] = '\0';
	return relay->text;
}

static void expect(struct copies_relay *relay, const char *payload, const char *reply)
{
	const char *got = ask_plain(relay, payload);

	if (strcmp(got, reply)) {
		printf("\n  in       %s\n  expected %s\n  got      %s\n", payload, reply, got);
		CU_FAIL("unexpected reply");
	}
}

static void relay_up(struct copies_relay *relay)
{
	scene_open(&relay->scene);
	scene_record(&relay->scene);
	relay->scene.calls->conf.copies = tell_copies;
	ask_plain(relay, OFFER(SDP(OF_A AUDIO)));
	ask_plain(relay, ANSWER(SDP(OF_B AUDIO)));
}

#define LINE(direction, label)                                                                     \
	"m=audio # RTP/AVP 0" L "a=rtpmap:0 PCMU/8000" L "a=" direction L "a=rtcp:#" L             \
	"a=label:" label L
#define COPY(version, direction)                                                                   \
	"v=0" L "o=- # " version " IN IP4 127.80.0.1" L "s=-" L "c=IN IP4 127.80.0.1" L "t=0 0" L  \
	LINE(direction, "0") LINE(direction, "1")
#define REST                                                                                       \
	",\"tag-medias\":[{\"tag\":\"a\",\"medias\":[{\"index\":1,\"type\":\"audio\","             \
	"\"label\":\"0\",\"mode\":\"sendrecv\"}]},{\"tag\":\"b\",\"medias\":[{\"index\":1,"        \
	"\"type\":\"audio\",\"label\":\"1\",\"mode\":\"sendrecv\"}]}],"                            \
	"\"media-labels\":{\"0\":{\"tag\":\"a\",\"index\":1,\"type\":\"audio\","                   \
	"\"mode\":\"sendrecv\"},\"1\":{\"tag\":\"b\",\"index\":1,\"type\":\"audio\","              \
	"\"mode\":\"sendrecv\"}},\"from-tags\":[\"a\",\"b\"],\"to-tag\":\"srs\","                  \
	"\"result\":\"ok\"}"
#define REQUEST(more)                                                                              \
	"{\"call-id\":\"c\",\"via-branch\":\"br0\",\"flags\":[\"all\",\"siprec\"" more "],"        \
	"\"received-from\":[\"IP4\",\"192.0.2.1\"],\"from-tag\":\"a\",\"to-tag\":\"srs\","         \
	"\"command\":\"subscribe request\"}"
#define TAKEN                                                                                      \
	"{\"command\":\"subscribe answer\",\"call-id\":\"c\",\"to-tag\":\"srs\",\"sdp\":\"" HEAD(  \
		"srs 1 1 IN IP4 192.0.2.9", "IP4 192.0.2.9") "m=audio 5000 RTP/AVP 0" L            \
							     "a=recvonly" L                        \
							     "m=audio 5002 RTP/AVP 0" L            \
							     "a=recvonly" L "\"}"
#define ERROR(text) "{\"error-reason\":\"" text "\",\"result\":\"error\"}"

static void test_as_opensips_sends_it(void)
{
	struct copies_relay relay;

	relay_up(&relay);
	expect(&relay, REQUEST(""), "{\"sdp\":\"" COPY("1", "sendonly") "\"" REST);
	expect(&relay, TAKEN, "{\"result\":\"ok\"}");
	/* The recorder's re-INVITE. */
	expect(&relay, TAKEN, "{\"result\":\"ok\"}");
	expect(&relay, REQUEST(""), "{\"sdp\":\"" COPY("2", "sendonly") "\"" REST);
	expect(&relay, REQUEST(",\"inactive\""), "{\"sdp\":\"" COPY("3", "inactive") "\"" REST);
	expect(&relay, TAKEN, "{\"result\":\"ok\"}");
	expect(&relay,
	       "{\"command\":\"delete\",\"call-id\":\"c\",\"from-tag\":\"a\",\"flags\":[\"fast\"],"
	       "\"delete-delay\":0}",
	       "{\"result\":\"ok\"}");
	expect(&relay, "{\"command\":\"unsubscribe\",\"call-id\":\"c\",\"to-tag\":\"srs\"}",
	       ERROR("Unknown call-ID"));
	CU_ASSERT(scene_close(&relay.scene));
}

static void test_other_spellings_and_errors(void)
{
	struct copies_relay relay;

	relay_up(&relay);
	expect(&relay, "{\"command\":\"subscribe request\"}", ERROR("No call-id in message"));
	expect(&relay, "{\"command\":\"subscribe request\",\"call-id\":\"d\",\"all\":\"yes\"}",
	       ERROR("Unknown call-ID(s)"));
	expect(&relay, "{\"command\":\"subscribe answer\",\"call-id\":\"c\",\"to-tag\":\"x\"}",
	       ERROR("No SDP body in message"));
	expect(&relay, "{\"command\":\"unsubscribe\",\"call-id\":\"c\"}",
	       ERROR("No to-tag in message"));
	expect(&relay, "{\"command\":\"unsubscribe\",\"call-id\":\"c\",\"to-tag\":\"x\"}",
	       ERROR("To-tag not found"));
	/* Kamailio's list, one party: its tag is told, and no labels without siprec. */
	expect(&relay,
	       "{\"command\":\"subscribe request\",\"call-id\":\"c\",\"from-tags\":[\"b\"],"
	       "\"to-tag\":\"k\",\"flags\":[\"egress\"]}",
	       "{\"sdp\":\"v=0" L "o=- # 1 IN IP4 127.80.0.1" L "s=-" L "c=IN IP4 127.80.0.1" L
	       "t=0 0" L "m=audio # RTP/AVP 0" L "a=rtpmap:0 PCMU/8000" L "a=sendonly" L
	       "a=rtcp:#" L "\",\"from-tag\":\"b\",\"from-tags\":[\"b\"],\"to-tag\":\"k\","
	       "\"result\":\"ok\"}");
	expect(&relay, "{\"command\":\"unsubscribe\",\"call-id\":\"c\",\"to-tag\":\"k\"}",
	       "{\"result\":\"ok\"}");
	CU_ASSERT(scene_close(&relay.scene));
}

static void test_reply_that_is_too_large_changes_nothing(void)
{
	static char small[600];
	struct buf out = BUF_INIT(small, sizeof(small));
	struct copies_relay relay;

	relay_up(&relay);
	arena_reset(relay.scene.env.arena);
	ng_run(&relay.scene.env, &proxy, STR(REQUEST("")), &out);
	CU_ASSERT(str_eq((struct str){ out.data, out.len }, STR(ERROR("Reply too large"))));
	CU_ASSERT_PTR_NULL(call_find(relay.scene.calls, STR("c"))->subscribers);
	CU_ASSERT(scene_close(&relay.scene));
}

TEST_SUITE(ng_subscribe, { "as OpenSIPS sends it", test_as_opensips_sends_it },
	   { "other spellings and errors", test_other_spellings_and_errors },
	   { "a reply that is too large changes nothing",
	     test_reply_that_is_too_large_changes_nothing });
