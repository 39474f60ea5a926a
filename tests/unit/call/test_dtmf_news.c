/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_dtmf_news.c - which keys of a call are read, and where they go */
#include "daemon/call/cdr.h"
#include "daemon/call/dtmf_news.h"
#include "daemon/call/events.h"
#include "daemon/dtmf/sender.h"
#include "daemon/packet/dtmf_ring.h"
#include "daemon/packet/bridge.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

#define AUDIO(types) "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP " types "\r\n"
#define EVENT(pt)    "a=rtpmap:" pt " telephone-event/8000\r\n"

static struct request request_of(const char *sdp, bool answer)
{
	return (struct request){ .call_id = STR("call"),
				 .from_tag = STR("a"),
				 .to_tag = answer ? STR("b") : STR_NONE,
				 .sdp = str_of(sdp),
				 .tos = TOS_UNSET };
}

static struct media *first_media(const struct scene *scene)
{
	return scene->calls->calls->dialogs->media[0];
}

static const struct bridge_conf *settings(const struct scene *scene)
{
	return bridge_conf(first_media(scene)->bridge);
}

static void make_call(struct scene *scene, const char *offer, const char *answer)
{
	CU_ASSERT_EQUAL_FATAL(scene_run(scene, command_offer, request_of(offer, false)).code,
			      REPLY_OK);
	if (answer)
		CU_ASSERT_EQUAL_FATAL(
			scene_run(scene, command_answer, request_of(answer, true)).code, REPLY_OK);
}

/* RFC 3264: a phone sends the types of the other SDP; some send those of their own. */
static void test_types_of_each_side(void)
{
	static const struct {
		const char *name, *offer, *answer;
		const char *from_a, *from_b; /* "101 96" */
	} rows[] = {
		{ "the same in both", AUDIO("0 101") EVENT("101"), AUDIO("0 101") EVENT("101"),
		  "101", "101" },
		{ "different ones", AUDIO("0 101") EVENT("101"), AUDIO("0 96") EVENT("96"),
		  "101 96", "101 96" },
		{ "refused", AUDIO("0 101") EVENT("101"), AUDIO("0"), "101", "101" },
		{ "none", AUDIO("0"), AUDIO("0"), "", "" },
		{ "two rates",
		  AUDIO("0 101 102") EVENT("101") "a=rtpmap:102 Telephone-Event/48000\r\n", NULL,
		  "101 102", "101 102" },
		{ "a type that is a codec on the other side",
		  AUDIO("0 101 96") EVENT("101") "a=rtpmap:96 opus/48000/2\r\n",
		  AUDIO("0 96 101") EVENT("96") "a=rtpmap:101 opus/48000/2\r\n", "96", "101" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;

		scene_open(&scene);
		make_call(&scene, rows[i].offer, rows[i].answer);
		for (int side = 0; side < 2; side++) {
			const char *wanted = side ? rows[i].from_b : rows[i].from_a;

			for (unsigned int pt = 90; pt < 110; pt++) {
				char text[8];

				snprintf(text, sizeof(text), "%u", pt);
				if (bridge_is_event(settings(&scene), side, (uint8_t)pt) !=
				    !!strstr(wanted, text)) {
					printf("%s: side %d, type %u\n", rows[i].name, side, pt);
					CU_FAIL("judged otherwise");
				}
			}
		}
		CU_ASSERT(scene_close(&scene));
	}
}

/* Nobody asks, nobody reads. What is encrypted end to end cannot be read. */
static void test_read_only_if_wanted_and_plain(void)
{
	static const char encrypted[] =
		"v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/SAVP 0 101\r\n" EVENT(
			"101") "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
			       "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\r\n";
	static const struct {
		bool log;
		const char *place, *sdp;
		uint32_t flags;
	} rows[] = {
		{ false, NULL, AUDIO("0 101") EVENT("101"), 0 },
		{ true, NULL, AUDIO("0 101") EVENT("101"), SIDE_DTMF },
		{ false, "192.0.2.9:9000", AUDIO("0 101") EVENT("101"), SIDE_DTMF },
		{ true, NULL, encrypted, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct request offer = request_of(rows[i].sdp, false);
		struct scene scene;

		scene_open(&scene);
		scene.calls->conf.dtmf_log = rows[i].log;
		if (rows[i].place)
			offer.dtmf_place = str_of(rows[i].place);
		scene_run(&scene, command_offer, offer);
		scene_run(&scene, command_answer, request_of(rows[i].sdp, true));
		for (int side = 0; side < 2; side++)
			CU_ASSERT_EQUAL(settings(&scene)->side[side].flags & SIDE_DTMF,
					rows[i].flags);
		CU_ASSERT(scene_close(&scene));
	}
}

static struct happening_dtmf told;
static unsigned int n_told;

static void on_happening(void *arg, const struct happening *happening)
{
	(void)arg;
	if (happening->kind != DTMF_PRESSED)
		return;
	n_told++;
	told = *happening->dtmf;
}

static void press(const struct scene *scene, enum side side, uint8_t event)
{
	struct dtmf_note note = { .bridge = first_media(scene)->bridge,
				  .event = { .duration = 640, .event = event, .volume = 9 },
				  .clock = 8000,
				  .side = (uint8_t)side,
				  .blocked = true };

	CU_ASSERT_TRUE(endpoint_parse(STR("192.0.2.1:4000"), -1, &note.source));
	call_bridge_dtmf(note.bridge, &note);
}

/* In the record and to watchers only with dtmf-log: digits are secrets. */
static void test_digits_go_nowhere_unless_asked(void)
{
	for (int log = 0; log < 2; log++) {
		struct events_watcher watcher;
		struct cdr cdr = { 0 };
		struct events events = { 0 };
		struct scene scene;

		scene_open(&scene);
		n_told = 0;
		events_watch(&events, &watcher, on_happening, NULL);
		scene.calls->conf.events = &events;
		scene.calls->conf.dtmf_log = log;
		make_call(&scene, AUDIO("0 101") EVENT("101"), NULL);
		press(&scene, SIDE_A, 1);
		press(&scene, SIDE_A, 11);
		press(&scene, SIDE_B, 15);
		cdr_add_media(&cdr, first_media(&scene), scene.env.now_ms);
		CU_ASSERT_EQUAL(!!strstr(cdr.medias, "\"dtmf\":\"1#\""), log);
		CU_ASSERT_EQUAL(!!strstr(cdr.medias, "\"dtmf\":\"D\""), log);
		CU_ASSERT_EQUAL(n_told, log ? 3 : 0);
		if (log) {
			CU_ASSERT_EQUAL(told.event, 15);
			CU_ASSERT_EQUAL(told.duration_ms, 80);
			CU_ASSERT_EQUAL(told.volume, 9);
			CU_ASSERT_TRUE(told.blocked);
		}
		CU_ASSERT_EQUAL(scene.stats.dtmf_keys, 3);
		cdr_free(&cdr);
		scene.calls->conf.events = NULL;
		CU_ASSERT(scene_close(&scene));
	}
}

static void test_digits_of_a_record_are_bounded(void)
{
	struct scene scene;

	scene_open(&scene);
	scene.calls->conf.dtmf_log = true;
	make_call(&scene, AUDIO("0 101") EVENT("101"), NULL);
	for (int i = 0; i < DTMF_DIGITS + 5; i++)
		press(&scene, SIDE_A, 7);
	CU_ASSERT_EQUAL(first_media(&scene)->dtmf[SIDE_A].len, DTMF_DIGITS + 3);
	CU_ASSERT_EQUAL(first_media(&scene)->dtmf[SIDE_A].s[DTMF_DIGITS - 1], '7');
	CU_ASSERT_EQUAL(first_media(&scene)->dtmf[SIDE_A].s[DTMF_DIGITS], '.');
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(dtmf_news, { "types of each side", test_types_of_each_side },
	   { "read only if wanted and plain", test_read_only_if_wanted_and_plain },
	   { "digits go nowhere unless asked", test_digits_go_nowhere_unless_asked },
	   { "digits of a record are bounded", test_digits_of_a_record_are_bounded });
