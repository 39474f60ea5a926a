/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_subscribe.c - subscriptions: who is copied, what the recorder is offered, its answer
 */
#include "daemon/call/copies.h"
#include "daemon/call/copies_deny.h"
#include "daemon/call/dialog.h"
#include "daemon/call/media.h"
#include "daemon/call/tapped.h"
#include "daemon/sdp/sdp.h"
#include "daemon/srtp/sdes_media.h"
#include "tests/unit/command/command_scene.h"

#define DTMF	"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
#define OFFERED A_HEAD "m=audio 4000 RTP/AVP 8 0 101\r\n" DTMF VIDEO
#define TAKEN	B_HEAD "m=audio 4002 RTP/AVP 0 101\r\n" DTMF VIDEO

/* What the recorder's thread has been told last. */
static const struct copy *told;

static void tell_copies(void *arg, struct subscriber *subscriber)
{
	CU_ASSERT_PTR_NULL(arg);
	CU_ASSERT(subscriber->id > 0);
	told = subscriber->copy;
}

static void open_with_recorder(struct scene *scene)
{
	scene_open(scene);
	told = NULL;
	scene_record(scene);
	scene->calls->conf.copies = tell_copies;
}

static void call_up(struct scene *scene)
{
	open_with_recorder(scene);
	CU_ASSERT_EQUAL(offer(scene, OFFERED).code, REPLY_OK);
	CU_ASSERT_EQUAL(answer(scene, TAKEN).code, REPLY_OK);
}

static struct request subscribe_request(void)
{
	struct request request = base_request("");

	request.flags = REQ_ALL;
	request.siprec = true;
	request.to_tag = STR("rec");
	return request;
}

static struct reply subscribe(struct scene *scene)
{
	return scene_run(scene, command_subscribe_request, subscribe_request());
}

static struct reply answer_with(struct scene *scene, const char *tag, const char *sdp)
{
	struct request request = base_request(sdp);

	request.from_tag = STR_NONE;
	request.to_tag = str_of(tag);
	return scene_run(scene, command_subscribe_answer, request);
}

static struct reply unsubscribe(struct scene *scene, const char *tag)
{
	struct request request = base_request("");

	request.to_tag = str_of(tag);
	return scene_run(scene, command_unsubscribe, request);
}

static struct subscriber *recorder(struct scene *scene)
{
	return subscriber_find(call_find(scene->calls, STR("call")), STR("rec"));
}

static size_t sent_lines(struct scene *scene)
{
	const struct subscriber *subscriber = recorder(scene);
	size_t n = 0;

	for (size_t i = 0; i < subscriber->n; i++)
		n += subscriber_line_sends(subscriber, &subscriber->line[i]);
	for (size_t i = 0; i < subscriber->n; i++) {
		const struct subscriber_line *line = &subscriber->line[i];
		bool sends = subscriber_line_sends(subscriber, line);

		CU_ASSERT_PTR_EQUAL(line->tapped, sends ? subscriber_line_media(line) : NULL);
		CU_ASSERT(!sends || bridge_conf(line->tapped->bridge)->tap == line->tapped->tap);
	}
	CU_ASSERT_EQUAL(!n, !subscriber->copy);
	CU_ASSERT_PTR_EQUAL(told, subscriber->copy);
	return n;
}

static bool has(struct str text, const char *part)
{
	return memmem(text.s, text.len, part, strlen(part));
}

static void parse(struct scene *scene, struct str text, struct sdp *sdp)
{
	const char *why = "";

	CU_ASSERT_EQUAL_FATAL(sdp_parse(scene->env.arena, text, sdp, &why), 0);
}

static void test_each_media_of_each_party_has_a_line(void)
{
	static const struct {
		const char *tag, *type;
		unsigned int index;
		const char *codecs;
	} lines[] = {
		/* What the caller sends has the numbers of the callee, who has named no PCMA. */
		{ "a", "audio", 1, "0 101" },
		{ "a", "video", 2, "96" },
		{ "b", "audio", 1, "0 101" },
		{ "b", "video", 2, "96" },
	};
	struct reply reply;
	struct scene scene;
	struct sdp sdp;

	call_up(&scene);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 4);
	reply = subscribe(&scene);
	CU_ASSERT_EQUAL(reply.code, REPLY_OK);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 8);
	parse(&scene, reply.sdp, &sdp);
	CU_ASSERT_EQUAL_FATAL(sdp.n_media, COUNT(lines));
	CU_ASSERT_EQUAL_FATAL(reply.subscription->n, COUNT(lines));
	CU_ASSERT(str_eq(reply.subscription->to_tag, STR("rec")));
	for (size_t i = 0; i < COUNT(lines); i++) {
		const struct subscription_line *line = &reply.subscription->line[i];

		CU_ASSERT(str_eq(line->tag, str_of(lines[i].tag)));
		CU_ASSERT(str_eq(line->type, str_of(lines[i].type)));
		CU_ASSERT(str_eq(line->mode, STR("sendrecv")));
		CU_ASSERT_EQUAL(line->index, lines[i].index);
		CU_ASSERT_EQUAL(line->label, i);
		CU_ASSERT(str_eq(sdp.media[i].type, str_of(lines[i].type)));
		CU_ASSERT(str_eq(sdp.media[i].formats, str_of(lines[i].codecs)));
		CU_ASSERT_EQUAL(sdp.media[i].direction, SDP_SENDONLY);
		CU_ASSERT_EQUAL(sdp.media[i].port % 2, 0);
		CU_ASSERT_EQUAL(endpoint_port(&sdp.media[i].rtcp), sdp.media[i].port + 1);
		for (size_t k = 0; k < i; k++)
			CU_ASSERT_NOT_EQUAL(sdp.media[k].port, sdp.media[i].port);
	}
	CU_ASSERT(has(reply.sdp, "a=label:0\r\n") && has(reply.sdp, "a=label:3\r\n"));
	CU_ASSERT(has(reply.sdp, "a=fmtp:101 0-16\r\n"));
	CU_ASSERT_PTR_NULL(recorder(&scene)->copy);
	CU_ASSERT(scene_close(&scene));
}

static void test_who_is_copied(void)
{
	static struct str both[] = { STR("b"), STR("a") }, callee[] = { STR("b") };
	struct {
		struct request request;
		size_t lines;
		const char *first;
	} rows[] = {
		{ { .from_tag = STR("a") }, 2, "a" },
		{ { .from_tag = STR("b") }, 2, "b" },
		{ { .from_tag = STR("b"), .flags = REQ_ALL }, 4, "a" },
		{ { .label = STR("phone") }, 2, "a" },
		{ { .from_tags = both, .n_from_tags = 2 }, 4, "a" },
		{ { .from_tags = callee, .n_from_tags = 1 }, 2, "b" },
		{ { .from_tag = STR("nobody") }, 0, NULL },
		{ { .label = STR("nobody") }, 0, NULL },
		{ { .from_tag = STR_NONE }, 0, NULL },
	};
	struct scene scene;

	open_with_recorder(&scene);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request first = base_request(OFFERED);
		struct reply reply;

		first.set_label = STR("phone");
		scene_run(&scene, command_offer, first);
		answer(&scene, TAKEN);
		rows[i].request.call_id = STR("call");
		rows[i].request.tos = TOS_UNSET;
		reply = scene_run(&scene, command_subscribe_request, rows[i].request);
		if (rows[i].lines) {
			CU_ASSERT_EQUAL_FATAL(reply.code, REPLY_OK);
			CU_ASSERT_EQUAL(reply.subscription->n, rows[i].lines);
			CU_ASSERT(str_eq(reply.subscription->line[0].tag, str_of(rows[i].first)));
			CU_ASSERT_EQUAL(reply.subscription->to_tag.len, 64);
			CU_ASSERT(!has(reply.sdp, "a=label"));
		} else {
			CU_ASSERT_EQUAL(reply.code, REPLY_ERROR);
			CU_ASSERT_STRING_EQUAL(reply.error,
					       "No medias found (no monologues matched)");
		}
		CU_ASSERT(scene_ends_clean(&scene));
	}
	CU_ASSERT(scene_close(&scene));
}

static void test_ports_and_labels_stay(void)
{
	struct reply reply;
	struct scene scene;
	int ports[4];

	call_up(&scene);
	reply = subscribe(&scene);
	for (unsigned int i = 0; i < 4; i++)
		ports[i] = port_of(reply, i);
	CU_ASSERT(has(reply.sdp, " 1 IN IP4 127.80.0.1\r\ns=-"));
	reply = subscribe(&scene);
	for (unsigned int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(port_of(reply, i), ports[i]);
	CU_ASSERT(has(reply.sdp, " 2 IN IP4 127.80.0.1\r\ns=-"));
	/* Without video: its lines keep their places, and their ports are free again. */
	offer(&scene, A_HEAD "m=audio 4000 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\n");
	answer(&scene, B_HEAD "m=audio 4002 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\n");
	CU_ASSERT_PTR_NULL(dialog_media(the_dialog(&scene), 1));
	reply = subscribe(&scene);
	CU_ASSERT_EQUAL(port_of(reply, 0), ports[0]);
	CU_ASSERT_EQUAL(port_of(reply, 1), 0);
	CU_ASSERT_EQUAL(port_of(reply, 2), ports[2]);
	CU_ASSERT_EQUAL(port_of(reply, 3), 0);
	CU_ASSERT_EQUAL(reply.subscription->n, 2);
	CU_ASSERT_EQUAL(reply.subscription->line[1].label, 2);
	CU_ASSERT(scene_settle(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 4);
	CU_ASSERT(scene_close(&scene));
}

static void test_what_the_answer_means(void)
{
#define TO(port) "m=audio " port " RTP/AVP 0 101\r\n" DTMF
	static const struct {
		const char *name, *sdp, *error;
		size_t lines;
	} rows[] = {
		{ "both audios", B_HEAD TO("5000") VIDEO TO("5002") VIDEO, NULL, 4 },
		{ "one is refused", B_HEAD TO("0") VIDEO TO("5002") "m=video 0 RTP/AVP 96\r\n",
		  NULL, 2 },
		{ "fewer lines than offered", B_HEAD TO("5000"), NULL, 1 },
		{ "recvonly", B_HEAD "a=recvonly\r\n" TO("5000"), NULL, 1 },
		{ "inactive", B_HEAD "a=inactive\r\n" TO("5000"), NULL, 0 },
		{ "sendonly", B_HEAD "a=sendonly\r\n" TO("5000"), NULL, 0 },
		{ "PCMU alone is enough", B_HEAD "m=audio 5000 RTP/AVP 0\r\n", NULL, 1 },
		{ "no codec of the call", B_HEAD "m=audio 5000 RTP/AVP 9\r\n",
		  "Failed to process subscription answer", 0 },
		{ "another name under the number",
		  B_HEAD
		  "m=audio 0 RTP/AVP 0\r\nm=video 5000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n",
		  "Failed to process subscription answer", 0 },
		{ "a port of the relay", HEAD("127.80.0.2") TO("21100"),
		  "Failed to process subscription answer", 0 },
		{ "multicast", HEAD("224.0.0.1") TO("5000"),
		  "Failed to process subscription answer", 0 },
		{ "RTCP to a port of the relay",
		  B_HEAD TO("5000") "a=rtcp:21101 IN IP4 127.80.0.1\r\n",
		  "Failed to process subscription answer", 0 },
		{ "another family",
		  "v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\n" TO(
			  "5000"),
		  "Failed to process subscription answer", 0 },
		{ "a host name",
		  "v=0\r\no=- 1 1 IN IP4 x\r\ns=-\r\nc=IN IP4 rec.example\r\nt=0 0\r\n" TO("5000"),
		  "Failed to process subscription answer", 0 },
		{ "SRTP that was not offered", B_HEAD "m=audio 5000 RTP/SAVP 0\r\n",
		  "Failed to process subscription answer", 0 },
		{ "no SDP", "x", "Failed to parse SDP", 0 },
	};
	struct reply reply;
	struct scene scene;

	for (size_t i = 0; i < COUNT(rows); i++) {
		call_up(&scene);
		subscribe(&scene);
		reply = answer_with(&scene, "rec", rows[i].sdp);
		if (reply.code != (rows[i].error ? REPLY_ERROR : REPLY_OK) ||
		    sent_lines(&scene) != rows[i].lines)
			printf("\n%s: %s, lines: %zu\n", rows[i].name,
			       reply.error ? reply.error : "ok", sent_lines(&scene));
		CU_ASSERT_EQUAL(reply.code, rows[i].error ? REPLY_ERROR : REPLY_OK);
		if (rows[i].error && reply.error)
			CU_ASSERT_STRING_EQUAL(reply.error, rows[i].error);
		CU_ASSERT_EQUAL(sent_lines(&scene), rows[i].lines);
		CU_ASSERT(scene_close(&scene));
	}
}

static void test_refused_answer_changes_nothing(void)
{
	struct scene scene;

	call_up(&scene);
	subscribe(&scene);
	CU_ASSERT_EQUAL(answer_with(&scene, "rec", B_HEAD TO("5000")).code, REPLY_OK);
	CU_ASSERT_EQUAL(answer_with(&scene, "rec", HEAD("224.0.0.1") TO("5000")).code, REPLY_ERROR);
	CU_ASSERT_EQUAL(sent_lines(&scene), 1);
	CU_ASSERT(is_at(&recorder(&scene)->line[0].to[COMP_RTP], "192.0.2.2:5000"));
	CU_ASSERT(is_at(&recorder(&scene)->line[0].to[COMP_RTCP], "192.0.2.2:5001"));
	CU_ASSERT_EQUAL(recorder(&scene)->line[0].pts[0], 1);
	CU_ASSERT_EQUAL(recorder(&scene)->line[0].pts[1], UINT64_C(1) << (101 - 64));
	CU_ASSERT(scene_close(&scene));
}

static void test_pause_and_hold(void)
{
	struct request request = subscribe_request();
	struct reply reply;
	struct scene scene;

	call_up(&scene);
	subscribe(&scene);
	answer_with(&scene, "rec", B_HEAD TO("5000") VIDEO TO("5002") VIDEO);
	request.inactive = true;
	reply = scene_run(&scene, command_subscribe_request, request);
	CU_ASSERT(has(reply.sdp, "a=inactive") && !has(reply.sdp, "a=sendonly"));
	CU_ASSERT_EQUAL(sent_lines(&scene), 0);
	reply = subscribe(&scene);
	CU_ASSERT(!has(reply.sdp, "a=inactive"));
	CU_ASSERT_EQUAL(sent_lines(&scene), 4);
	/* The caller holds: the callee does not send. */
	offer(&scene, A_HEAD "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n" VIDEO);
	answer(&scene, B_HEAD "m=audio 4002 RTP/AVP 0\r\na=recvonly\r\n" VIDEO);
	reply = subscribe(&scene);
	CU_ASSERT(str_eq(reply.subscription->line[0].mode, STR("sendonly")));
	CU_ASSERT(str_eq(reply.subscription->line[2].mode, STR("recvonly")));
	CU_ASSERT(has(reply.sdp, "a=inactive"));
	CU_ASSERT_EQUAL(sent_lines(&scene), 4);
	CU_ASSERT(scene_close(&scene));
}

static unsigned int holds(struct scene *scene, size_t media)
{
	const struct media *of = dialog_media(the_dialog(scene), media);

	CU_ASSERT_EQUAL(!bridge_conf(of->bridge)->tap, !of->tap_users);
	return of->tap_users;
}

static void test_medias_are_held_while_they_are_copied(void)
{
	struct request request = subscribe_request();
	struct scene scene;

	call_up(&scene);
	subscribe(&scene);
	CU_ASSERT_EQUAL(holds(&scene, 0), 0);
	answer_with(&scene, "rec", B_HEAD TO("5000") VIDEO TO("5002"));
	CU_ASSERT_EQUAL(holds(&scene, 0), 2);
	CU_ASSERT_EQUAL(holds(&scene, 1), 1);
	answer_with(&scene, "rec", B_HEAD TO("5000") VIDEO TO("5002"));
	CU_ASSERT_EQUAL(holds(&scene, 0), 2);
	/* Somebody else holds it, too. */
	CU_ASSERT_EQUAL(tapped_hold(the_dialog(&scene)->media[0]), 0);
	request.inactive = true;
	scene_run(&scene, command_subscribe_request, request);
	CU_ASSERT_EQUAL(holds(&scene, 0), 1);
	CU_ASSERT_EQUAL(holds(&scene, 1), 0);
	tapped_release(the_dialog(&scene)->media[0]);
	subscribe(&scene);
	CU_ASSERT_EQUAL(sent_lines(&scene), 3);
	/* Another media takes the place of the first one, which has ended. */
	offer(&scene, A_HEAD FAX VIDEO);
	answer(&scene, B_HEAD FAX VIDEO);
	CU_ASSERT_EQUAL(sent_lines(&scene), 1);
	CU_ASSERT_EQUAL(holds(&scene, 0), 0);
	CU_ASSERT_EQUAL(holds(&scene, 1), 1);
	CU_ASSERT_EQUAL(unsubscribe(&scene, "rec").code, REPLY_OK);
	CU_ASSERT_EQUAL(holds(&scene, 1), 0);
	CU_ASSERT(scene_close(&scene));
}

static void test_errors_and_bounds(void)
{
	struct request request = subscribe_request();
	struct reply reply;
	struct scene scene;

	call_up(&scene);
	scene.calls->conf.copies = NULL;
	CU_ASSERT_STRING_EQUAL(subscribe(&scene).error, "Copies are not available");
	scene.calls->conf.copies = tell_copies;
	request.call_id = STR("other");
	reply = scene_run(&scene, command_subscribe_request, request);
	CU_ASSERT_STRING_EQUAL(reply.error, "Unknown call-ID(s)");
	reply = scene_run(&scene, command_unsubscribe, request);
	CU_ASSERT_STRING_EQUAL(reply.error, "Unknown call-ID");
	CU_ASSERT_STRING_EQUAL(unsubscribe(&scene, "rec").error, "To-tag not found");
	CU_ASSERT_STRING_EQUAL(answer_with(&scene, "rec", B_HEAD).error, "To-tag not found");
	request = subscribe_request();
	request.to_tag = STR("b");
	reply = scene_run(&scene, command_subscribe_request, request);
	CU_ASSERT_STRING_EQUAL(reply.error, "To-tag is that of a party of the call");
	/* A subscriber is no party: nobody subscribes to it. */
	subscribe(&scene);
	request.flags = 0;
	request.from_tag = STR("rec");
	request.to_tag = STR("second");
	reply = scene_run(&scene, command_subscribe_request, request);
	CU_ASSERT_STRING_EQUAL(reply.error, "No medias found (no monologues matched)");
	for (int i = 1; i <= CALL_SUBSCRIBERS; i++) {
		request = subscribe_request();
		request.to_tag = STR_NONE;
		reply = scene_run(&scene, command_subscribe_request, request);
		CU_ASSERT_EQUAL(reply.code, i < CALL_SUBSCRIBERS ? REPLY_OK : REPLY_ERROR);
	}
	CU_ASSERT_STRING_EQUAL(reply.error, "Too many subscriptions of this call");
	CU_ASSERT_EQUAL(scene.calls->copies->subscribers, CALL_SUBSCRIBERS);
	CU_ASSERT_EQUAL(subscribe(&scene).code, REPLY_OK);
	answer_with(&scene, "rec", B_HEAD TO("5000"));
	CU_ASSERT_EQUAL(sent_lines(&scene), 1);
	CU_ASSERT_EQUAL(unsubscribe(&scene, "rec").code, REPLY_OK);
	CU_ASSERT_PTR_NULL(told);
	CU_ASSERT_EQUAL(scene.calls->copies->subscribers, CALL_SUBSCRIBERS - 1);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 4 + 12);
	CU_ASSERT(scene_close(&scene));
}

static void test_no_ports_are_left(void)
{
	static const char *const interfaces[] = { "pub/127.80.0.1" };
	struct reply reply;
	struct scene scene;

	/* Eight pairs: a call of two medias has four; one party's copies have two. */
	scene_open_at(&scene, interfaces, 1, 21000, 21013);
	scene_record(&scene);
	scene.calls->conf.copies = tell_copies;
	CU_ASSERT_EQUAL(offer(&scene, OFFERED).code, REPLY_OK);
	CU_ASSERT_EQUAL(answer(&scene, TAKEN).code, REPLY_OK);
	reply = subscribe(&scene);
	CU_ASSERT_EQUAL(reply.code, REPLY_ERROR);
	CU_ASSERT_STRING_EQUAL(reply.error, "Ran out of ports");
	CU_ASSERT_EQUAL(reply.sdp.len, 0);
	CU_ASSERT_PTR_NULL(recorder(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 4);
	CU_ASSERT(scene_close(&scene));
}

static void test_out_of_memory_changes_nothing(void)
{
	struct scene scene;
	struct reply reply;

	call_up(&scene);
	ALLOC_FAILS_AT_EACH
	{
		reply = subscribe(&scene);
		if (reply.code == REPLY_OK)
			continue;
		CU_ASSERT_PTR_NULL(recorder(&scene));
		CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 4);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(recorder(&scene));
	ALLOC_FAILS_AT_EACH
	{
		reply = answer_with(&scene, "rec", B_HEAD TO("5000"));
		if (reply.code == REPLY_ERROR)
			CU_ASSERT_EQUAL(sent_lines(&scene), 0);
	}
	CU_ASSERT_EQUAL(sent_lines(&scene), 1);
	CU_ASSERT(scene_close(&scene));
}

/* The first line with @part. */
static struct str line_with(struct str sdp, const char *part)
{
	struct str rest = sdp, line;

	while (rest.len) {
		line = str_split(&rest, '\r');
		str_split(&rest, '\n');
		if (has(line, part))
			return line;
	}
	return STR_NONE;
}

static void test_keys_of_a_recorder(void)
{
	static const struct {
		const char *name, *profile, *crypto;
		bool optional, accepted, secure;
	} rows[] = {
		{ "SRTP", "RTP/SAVP", "AES_CM_128_HMAC_SHA1_80", false, true, true },
		{ "none", "RTP/SAVP", NULL, false, false, false },
		{ "plain instead", "RTP/AVP", NULL, false, false, false },
		{ "OSRTP taken", "RTP/AVP", "AES_CM_128_HMAC_SHA1_80", true, true, true },
		{ "OSRTP left", "RTP/AVP", NULL, true, true, false },
	};
	struct scene scene;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request request = subscribe_request();
		struct subscriber_line *line;
		struct str before;
		struct reply reply;
		char text[600];
		int len, tag;

		call_up(&scene);
		request.flags = 0;
		if (rows[i].optional)
			request.osrtp = OSRTP_OFFER;
		else
			request.transport_protocol = STR("RTP/SAVP");
		reply = scene_run(&scene, command_subscribe_request, request);
		CU_ASSERT_EQUAL_FATAL(reply.code, REPLY_OK);
		before = line_with(reply.sdp, "AES_CM_128_HMAC_SHA1_80");
		CU_ASSERT_FATAL(str_starts(before, STR("a=crypto:")));
		tag = atoi(before.s + strlen("a=crypto:"));
		len = snprintf(text, sizeof(text), B_HEAD "m=audio 5000 %s 0 101\r\n" DTMF,
			       rows[i].profile);
		if (rows[i].crypto)
			snprintf(text + len, sizeof(text) - (size_t)len,
				 "a=crypto:%d %s "
				 "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
				 tag, rows[i].crypto);
		reply = answer_with(&scene, "rec", text);
		line = &recorder(&scene)->line[0];
		CU_ASSERT_EQUAL(reply.code, rows[i].accepted ? REPLY_OK : REPLY_ERROR);
		CU_ASSERT_EQUAL(line->accepted, rows[i].accepted);
		CU_ASSERT_EQUAL(line->key.len > 0, rows[i].secure);
		CU_ASSERT_EQUAL(copy_port_has(line->sockets, NULL), !rows[i].secure);
		/* The keys stay, as the ports do. */
		before = line_with(line->crypto, "AES_CM_128_HMAC_SHA1_80");
		memcpy(text, before.s, before.len);
		before.s = text;
		scene_run(&scene, command_subscribe_request, request);
		CU_ASSERT(str_eq(line_with(line->crypto, "AES_CM_128_HMAC_SHA1_80"), before));
		CU_ASSERT_EQUAL(line->key.len > 0, rows[i].secure);
		CU_ASSERT(scene_close(&scene));
	}
}

static struct reply take_key(struct scene *scene, int tag)
{
	char text[600];

	snprintf(text, sizeof(text),
		 B_HEAD "m=audio 5000 RTP/AVP 0 101\r\n" DTMF "a=crypto:%d AES_CM_128_HMAC_SHA1_80 "
			"inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
		 tag);
	return answer_with(scene, "rec", text);
}

/* What it has sealed must not be sealed with the same key from the first index again. */
static void test_a_key_that_was_left_is_not_taken_again(void)
{
	struct request request = subscribe_request();
	struct subscriber_line *line;
	struct scene scene;
	struct str before;
	int tag;

	call_up(&scene);
	request.flags = 0;
	request.osrtp = OSRTP_OFFER;
	before = line_with(scene_run(&scene, command_subscribe_request, request).sdp,
			   "AES_CM_128_HMAC_SHA1_80");
	CU_ASSERT_FATAL(str_starts(before, STR("a=crypto:")));
	tag = atoi(before.s + strlen("a=crypto:"));
	CU_ASSERT_EQUAL(take_key(&scene, tag).code, REPLY_OK);
	CU_ASSERT_EQUAL(take_key(&scene, tag).code, REPLY_OK); /* the same: nothing changes */
	line = &recorder(&scene)->line[0];
	CU_ASSERT_FALSE(copy_port_has(line->sockets, NULL));
	CU_ASSERT_EQUAL(
		answer_with(&scene, "rec", B_HEAD "m=audio 5000 RTP/AVP 0 101\r\n" DTMF).code,
		REPLY_OK);
	CU_ASSERT_TRUE(copy_port_has(line->sockets, NULL));
	CU_ASSERT_EQUAL(take_key(&scene, tag).code, REPLY_ERROR);
	CU_ASSERT_TRUE(copy_port_has(line->sockets, NULL));
	CU_ASSERT(line->crypto.len > 0); /* those of the other suites */
	CU_ASSERT_FALSE(has(line->crypto, "AES_CM_128_HMAC_SHA1_80"));
	CU_ASSERT(scene_close(&scene));
}

static void test_srtp_that_passes_is_not_copied(void)
{
	struct reply reply;
	struct scene scene;

	open_with_recorder(&scene);
	offer(&scene, A_HEAD AUDIO "m=audio 6000 RTP/SAVP 0\r\n"
				   "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
				   "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n" FAX);
	answer(&scene, B_HEAD AUDIO "m=audio 6000 RTP/SAVP 0\r\n"
				    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
				    "inline:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB\r\n" FAX);
	reply = subscribe(&scene);
	CU_ASSERT_EQUAL_FATAL(reply.code, REPLY_OK);
	CU_ASSERT_EQUAL(reply.subscription->n, 2);
	CU_ASSERT_EQUAL(reply.subscription->line[1].index, 1);
	CU_ASSERT(scene_close(&scene));
}

/* The host gets an address at which the recorder was: copies end as media does. */
static void test_copies_end_where_media_must_not_go(void)
{
	struct deny_rule rule = { .port_min = 5001, .port_max = 5001, .why = "test" };
	const struct deny_conf conf = { .rules = &rule, .n_rules = 1 };
	struct scene scene;
	struct deny *deny;

	call_up(&scene);
	CU_ASSERT_EQUAL(subscribe(&scene).code, REPLY_OK);
	CU_ASSERT_EQUAL(answer_with(&scene, "rec",
				    B_HEAD "m=audio 5000 RTP/AVP 0\r\n"
					   "m=video 5100 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n"
					   "m=audio 5200 RTP/AVP 0\r\n")
				.code,
			REPLY_OK);
	CU_ASSERT(sent_lines(&scene) >= 2);
	copies_follow_deny(scene.calls, scene.env.now_ms);
	CU_ASSERT(recorder(&scene)->line[0].accepted);
	CU_ASSERT_TRUE(cidr_parse(STR("192.0.2.2"), &rule.net));
	deny = deny_new(&conf);
	CU_ASSERT_EQUAL(worker_pool_deny(scene.workers, deny), 0);
	deny_put(deny);
	copies_follow_deny(scene.calls, scene.env.now_ms);
	sent_lines(&scene);
	CU_ASSERT_FALSE(recorder(&scene)->line[0].accepted); /* by its RTCP */
	CU_ASSERT_PTR_NULL(recorder(&scene)->line[0].tapped);
	CU_ASSERT(recorder(&scene)->line[2].accepted);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(subscribe,
	   { "each media of each party has a line", test_each_media_of_each_party_has_a_line },
	   { "who is copied", test_who_is_copied },
	   { "ports and labels stay", test_ports_and_labels_stay },
	   { "what the answer means", test_what_the_answer_means },
	   { "refused answer changes nothing", test_refused_answer_changes_nothing },
	   { "copies end where media must not go", test_copies_end_where_media_must_not_go },
	   { "pause and hold", test_pause_and_hold },
	   { "medias are held while they are copied", test_medias_are_held_while_they_are_copied },
	   { "errors and bounds", test_errors_and_bounds },
	   { "no ports are left", test_no_ports_are_left },
	   { "out of memory changes nothing", test_out_of_memory_changes_nothing },
	   { "keys of a recorder", test_keys_of_a_recorder },
	   { "a key that was left is not taken again",
	     test_a_key_that_was_left_is_not_taken_again },
	   { "SRTP that passes is not copied", test_srtp_that_passes_is_not_copied });
