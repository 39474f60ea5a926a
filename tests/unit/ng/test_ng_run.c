/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_ng_run.c - NG commands without a socket: defaults of the keys that are left out, the verb
 * that a name means, counters, and replies that do not fit
 */
#include "daemon/base/count.h"
#include "daemon/call/dialog.h"
#include "daemon/ng/ng.h"
#include "daemon/packet/bridge.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

static const struct endpoint proxy = {
	.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
};

static char reply[16384];

/* The reply of at most @room bytes, after a cookie. */
static const char *ask_in(struct scene *scene, size_t room, struct str payload)
{
	struct buf out = BUF_INIT(reply, room + 2);

	buf_lit(&out, "7 ");
	scene->env.now_ms = clock_ms();
	arena_reset(scene->env.arena);
	ng_run(&scene->env, &proxy, payload, &out);
	worker_pool_flush(scene->workers);
	reply[out.len] = '\0';
	CU_ASSERT_FATAL(str_starts(str_of(reply), STR("7 ")));
	return reply + 2;
}

static const char *ask(struct scene *scene, const char *payload)
{
	return ask_in(scene, sizeof(reply) - 3, str_of(payload));
}

#define OFFER(more)                                                                                \
	"{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"sdp\":\"v=0\\r\\n"          \
	"o=- 1 1 IN IP4 192.0.2.1\\r\\ns=-\\r\\nc=IN IP4 192.0.2.1\\r\\nt=0 0\\r\\n"               \
	"m=audio 4000 RTP/AVP 0\\r\\n\"" more "}"
#define COMMAND(verb) "{\"command\":\"" verb "\",\"call-id\":\"c\"}"
#define OK	      "{\"result\":\"ok\"}"

static const struct bridge_conf *conf_of(const struct scene *scene)
{
	return bridge_conf(scene->calls->calls->dialogs->media[0]->bridge);
}

/* TOS -1 means that each packet keeps its own; without the key the configured one is used. */
static void test_tos(void)
{
	static const struct {
		const char *offer;
		int tos;
	} rows[] = {
		{ OFFER(""), 184 },	      { OFFER(",\"TOS\":0"), 0 },
		{ OFFER(",\"TOS\":-1"), -1 }, { OFFER(""), -1 }, /* kept from the offer before */
		{ OFFER(",\"TOS\":32"), 32 }, { OFFER(",\"TOS\":-2"), 32 },
	};
	struct scene scene;

	scene_open(&scene);
	scene.calls->conf.tos = 184;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ask(&scene, rows[i].offer);
		for (int side = 0; side < 2; side++)
			CU_ASSERT_EQUAL(conf_of(&scene)->side[side].tos, rows[i].tos);
	}
	CU_ASSERT(scene_close(&scene));
}

/* With 0.0.0.0 in its place the phone would be on hold, and its address in the SDP forgotten. */
static void test_media_address_zero_is_ignored(void)
{
	char text[ENDPOINT_TEXT];
	struct scene scene;

	scene_open(&scene);
	ask(&scene, OFFER(",\"media-address\":\"0.0.0.0\""));
	CU_ASSERT_STRING_EQUAL(endpoint_print(&conf_of(&scene)->side[SIDE_A].sdp[COMP_RTP], text),
			       "192.0.2.1:4000");
	CU_ASSERT_FALSE(conf_of(&scene)->side[SIDE_A].flags & SIDE_HOLD);
	CU_ASSERT(scene_close(&scene));
}

static void test_delete_delay_of_the_configuration(void)
{
	static const struct {
		const char *command;
		int64_t delay_ms; /* 0: the call ends at once */
	} rows[] = {
		{ COMMAND("delete"), 30000 },
		{ "{\"command\":\"delete\",\"call-id\":\"c\",\"delete-delay\":7}", 7000 },
		{ "{\"command\":\"delete\",\"call-id\":\"c\",\"delete-delay\":-1}", 30000 },
		{ "{\"command\":\"delete\",\"call-id\":\"c\",\"delete-delay\":0}", 0 },
	};
	struct scene scene;

	scene_open(&scene);
	scene.calls->conf.delete_delay_s = 30;
	for (size_t i = 0; i < COUNT(rows); i++) {
		ask(&scene, OFFER(""));
		ask(&scene, rows[i].command);
		CU_ASSERT_EQUAL_FATAL(call_table_count(scene.calls), rows[i].delay_ms != 0);
		if (rows[i].delay_ms)
			CU_ASSERT_EQUAL(scene.calls->calls->dialogs->delete_at_ms -
						scene.env.now_ms,
					rows[i].delay_ms);
	}
	CU_ASSERT(scene_close(&scene));
}

static void test_verbs_that_mute(void)
{
	static const struct {
		const char *command;
		uint32_t flags; /* of both sides, afterwards */
	} rows[] = {
		{ COMMAND("block media"), SIDE_BLOCK },
		{ COMMAND("silence-media"), SIDE_BLOCK | SIDE_SILENCE },
		{ COMMAND("unblock media"), SIDE_SILENCE },
		{ COMMAND("block media"), SIDE_BLOCK | SIDE_SILENCE },
		{ COMMAND("unsilence media"), SIDE_BLOCK },
		{ COMMAND("block DTMF"), SIDE_BLOCK | SIDE_DTMF_BLOCK },
		{ COMMAND("unblock media"), SIDE_DTMF_BLOCK },
		{ COMMAND("unblock DTMF"), 0 },
	};
	struct scene scene;

	scene_open(&scene);
	ask(&scene, OFFER(""));
	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_STRING_EQUAL(ask(&scene, rows[i].command), OK);
		for (int side = 0; side < 2; side++)
			CU_ASSERT_EQUAL(conf_of(&scene)->side[side].flags, rows[i].flags);
	}
	CU_ASSERT(scene_close(&scene));
}

static void test_commands_are_counted(void)
{
	const struct proxy_stats *row;
	struct scene scene;
	int64_t begun_us;

	scene_open(&scene);
	row = &scene.stats.proxy[0];
	ask(&scene, "d7:command4:pin");
	ask(&scene, "{\"command\":\"dance\"");
	ask(&scene, "");
	CU_ASSERT_EQUAL(scene.stats.malformed, 3);
	ask(&scene, "{\"command\":\"dance\"}");
	ask(&scene, "{}");
	CU_ASSERT_EQUAL(scene.stats.malformed, 3);
	CU_ASSERT_EQUAL(scene.stats.unknown_command, 1);
	for (int verb = 0; verb < VERB_COUNT; verb++)
		CU_ASSERT_EQUAL(row->count[verb], 0);
	CU_ASSERT_EQUAL(row->errors, 0);
	begun_us = clock_us();
	ask(&scene, OFFER(""));
	CU_ASSERT_EQUAL(row->count[VERB_OFFER], 1);
	CU_ASSERT(row->duration_us[VERB_OFFER] > 0); /* it opens four sockets */
	CU_ASSERT(row->duration_us[VERB_OFFER] <= (uint64_t)(clock_us() - begun_us));
	CU_ASSERT_EQUAL(row->errors, 0);
	ask(&scene, "{\"command\":\"query\",\"call-id\":\"x\"}");
	ask(&scene, "{\"command\":\"query\"}");
	CU_ASSERT_EQUAL(row->count[VERB_QUERY], 2);
	CU_ASSERT_EQUAL(row->errors, 2);
	CU_ASSERT(scene_close(&scene));
}

/* Nothing changes if the answer to an offer cannot be sent. Its size is known exactly enough. */
static void test_offer_whose_answer_is_too_large(void)
{
	static const struct {
		const char *offer;
		size_t room; /* less than the reply has, more than its SDP */
		const char *expected;
	} rows[] = {
		{ "d7:command5:offer7:call-id1:c8:from-tag1:a3:sdp85:v=0\r\n"
		  "o=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
		  "m=audio 4000 udptl x\r\ne",
		  95, "d12:error-reason15:Reply too large6:result5:errore" },
		/* In JSON each of these 30 characters has six bytes. */
		{ "{\"command\":\"offer\",\"call-id\":\"c\",\"from-tag\":\"a\",\"sdp\":\"v=0\\n"
		  "o=- 1 1 IN IP4 192.0.2.1\\ns=\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001"
		  "\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001"
		  "\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001"
		  "\\u0001\\nc=IN IP4 192.0.2.1\\nt=0 0\\nm=audio 4000 udptl x\\n\"}",
		  250, "{\"error-reason\":\"Reply too large\",\"result\":\"error\"}" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;

		scene_open(&scene);
		CU_ASSERT_STRING_EQUAL(ask_in(&scene, rows[i].room, str_of(rows[i].offer)),
				       rows[i].expected);
		CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
		CU_ASSERT_EQUAL(scene.stats.reply_too_large, 1);
		CU_ASSERT(strlen(ask(&scene, rows[i].offer)) > rows[i].room);
		CU_ASSERT_EQUAL(call_table_count(scene.calls), 1);
		CU_ASSERT(scene_close(&scene));
	}
}

/* A delete has taken effect nevertheless; a query has nothing to say. */
static void test_report_that_is_too_large(void)
{
	static const struct {
		const char *command, *expected;
	} rows[] = {
		{ COMMAND("query"), "{\"error-reason\":\"Reply too large\",\"result\":\"error\"}" },
		{ "d7:command10:statisticse",
		  "d12:error-reason15:Reply too large6:result5:errore" },
		{ COMMAND("delete"),
		  "{\"warning\":\"Statistics are too large to be sent\",\"result\":\"ok\"}" },
	};
	struct scene scene;

	scene_open(&scene);
	ask(&scene, OFFER(""));
	for (size_t i = 0; i < COUNT(rows); i++) {
		CU_ASSERT_STRING_EQUAL(ask_in(&scene, 100, str_of(rows[i].command)),
				       rows[i].expected);
		CU_ASSERT_EQUAL(scene.stats.reply_too_large, i + 1);
	}
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT(scene_close(&scene));
}

/* Whatever allocation fails, the answer says so in the encoding of the request. */
static void test_out_of_memory(void)
{
	static const struct {
		const char *command, *error;
	} rows[] = {
		{ COMMAND("query"), "{\"result\":\"error\",\"error-reason\":\"Out of memory\"}" },
		{ "d7:command5:query7:call-id1:ce",
		  "d6:result5:error12:error-reason13:Out of memorye" },
	};
	struct arena *large;
	struct scene scene;

	scene_open(&scene);
	ask(&scene, OFFER(""));
	large = scene.env.arena;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned int failed = 0;

		scene.env.arena = arena_new(1); /* so that each further piece is allocated */
		ALLOC_FAILS_AT_EACH
		{
			const char *said = ask(&scene, rows[i].command);

			CU_ASSERT(said[0] == rows[i].command[0]);
			CU_ASSERT_PTR_NOT_NULL(
				strstr(said, alloc_failed() ? "Out of memory" : "ok"));
			failed += !strcmp(said, rows[i].error);
		}
		CU_ASSERT(failed > 2);
		arena_free(scene.env.arena);
	}
	scene.env.arena = large;
	CU_ASSERT(scene_close(&scene));
}

static void test_cookie_and_payload(void)
{
	static const struct {
		const char *datagram, *cookie, *payload;
		bool request; /* the payload may be one of this protocol */
	} rows[] = {
		{ "7_1 d7:command4:pinge", "7_1", "d7:command4:pinge", true },
		{ "7_1 {\"command\": \"ping\"}", "7_1", "{\"command\": \"ping\"}", true },
		{ "7_1 V", "7_1", "V", false },
		{ "7_1 ", "7_1", "", false },
		{ "d7:command4:pinge", "", "", false }, /* no cookie: no request */
		{ " de", "", "de", true },
		{ "", "", "", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str payload = str_of(rows[i].datagram);

		CU_ASSERT(str_eq(ng_protocol.cookie(&payload), str_of(rows[i].cookie)));
		CU_ASSERT(str_eq(payload, str_of(rows[i].payload)));
		CU_ASSERT_EQUAL(ng_protocol.is_request(payload), rows[i].request);
	}
}

TEST_SUITE(ng_run, { "tos", test_tos },
	   { "media-address 0.0.0.0 is ignored", test_media_address_zero_is_ignored },
	   { "delete-delay of the configuration", test_delete_delay_of_the_configuration },
	   { "verbs that mute", test_verbs_that_mute },
	   { "commands are counted", test_commands_are_counted },
	   { "offer whose answer is too large", test_offer_whose_answer_is_too_large },
	   { "report that is too large", test_report_that_is_too_large },
	   { "out of memory", test_out_of_memory },
	   { "cookie and payload", test_cookie_and_payload });
