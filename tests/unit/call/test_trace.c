/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_trace.c - commands and replies of calls that an operator looks into, in both protocols */
#include <errno.h>
#include <stdio.h>
#include "daemon/ng/ng.h"
#include "daemon/rtpproxy/rtpp.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/scene.h"
#include "tests/unit/test.h"

#define HOUR_MS (3600 * INT64_C(1000))

static const struct endpoint proxy = {
	.in4 = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x1234 }
};

#define SDP                                                                                        \
	"v=0\\r\\no=- 1 1 IN IP4 192.0.2.1\\r\\ns=-\\r\\nc=IN IP4 192.0.2.1\\r\\nt=0 0\\r\\n"      \
	"m=audio 4000 RTP/SAVP 0\\r\\n"                                                            \
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEYKEYKEY\\r\\na=ice-pwd:KEYKEYKEY\\r\\n"
#define OFFER(id)                                                                                  \
	"{\"command\":\"offer\",\"call-id\":\"" id "\",\"from-tag\":\"a\",\"flags\":"              \
	"[\"trust-address\",\"code=4711\"],\"code\":4711,\"sdp\":\"" SDP "\"}"

static void ask_ng(struct scene *scene, const char *payload)
{
	static char reply[65536];
	struct buf out = BUF_INIT(reply, sizeof(reply));

	scene->env.now_ms = clock_ms();
	arena_reset(scene->env.arena);
	ng_run(&scene->env, &proxy, str_of(payload), &out);
	worker_pool_flush(scene->workers);
}

static void ask_rtpp(struct scene *scene, const char *text)
{
	static char reply[RTPP_REPLY];
	struct buf out = BUF_INIT(reply, sizeof(reply));

	scene->env.now_ms = clock_ms();
	arena_reset(scene->env.arena);
	rtpp_run(&scene->env, NULL, &proxy, str_of(text), &out);
	worker_pool_flush(scene->workers);
}

static void must_add(struct scene *scene, const char *id)
{
	CU_ASSERT_EQUAL_FATAL(trace_calls_add(&scene->calls->traces, str_of(id), clock_ms()), 0);
}

/* The lines of a call, as a text. */
static const char *lines_of(struct scene *scene, const char *id)
{
	static char text[TRACE_BYTES + 1];
	const struct trace_call *call =
		trace_calls_find(&scene->calls->traces, str_of(id), clock_ms());

	if (!call)
		return "(none)";
	memcpy(text, call->lines.data, call->lines.len);
	text[call->lines.len] = '\0';
	return text;
}

/* Before the call exists, its Call-ID is enough; the log has the same lines. */
static void test_ng_command_and_reply(void)
{
	static const char *const parts[] = {
		" command from 127.0.0.1:13330 (ng):\n  command: offer\n  call-id: c\n",
		"  flags\n    trust-address\n    code=***\n  code:***\n  sdp\n    v=0\n",
		"    a=crypto:1 AES_CM_128_HMAC_SHA1_80 ***\n    a=ice-pwd***\n",
		" reply to 127.0.0.1:13330 (ng):\n",
		"    c=IN IP4 127.80.0.1\n",
		"  result: ok\n",
	};
	static char log[65536];
	struct log_capture capture;
	struct scene scene;

	scene_open(&scene);
	must_add(&scene, "c");
	log_capture_begin(&capture, LOG_LEVEL_ERR);
	ask_ng(&scene, OFFER("c"));
	ask_ng(&scene, OFFER("other"));
	log_capture_end(&capture, log, sizeof(log));
	for (size_t i = 0; i < COUNT(parts); i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(lines_of(&scene, "c"), parts[i]));
	CU_ASSERT_PTR_NULL(strstr(lines_of(&scene, "c"), "KEYKEY"));
	CU_ASSERT_PTR_NULL(strstr(lines_of(&scene, "c"), "4711"));
	CU_ASSERT_PTR_NOT_NULL(strstr(log, "debug: [c]     a=ice-pwd***\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(log, "debug: [c]   result: ok\n"));
	CU_ASSERT_PTR_NULL(strstr(log, "KEYKEY"));
	CU_ASSERT_PTR_NULL(strstr(log, "[other]"));
	CU_ASSERT(scene_close(&scene));
}

static void test_unknown_ng_command(void)
{
	struct scene scene;

	scene_open(&scene);
	must_add(&scene, "c");
	ask_ng(&scene, "{\"command\":\"play DTMF\",\"call-id\":\"c\",\"code\":\"4711\"}");
	CU_ASSERT_PTR_NOT_NULL(strstr(lines_of(&scene, "c"), "  command: play DTMF\n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(lines_of(&scene, "c"), "  error-reason: Unrecognized command\n"));
	CU_ASSERT_PTR_NULL(strstr(lines_of(&scene, "c"), "4711"));
	CU_ASSERT(scene_close(&scene));
}

static void test_rtpproxy_command_and_reply(void)
{
	struct scene scene;

	scene_open(&scene);
	must_add(&scene, "c");
	ask_rtpp(&scene, "U c 192.0.2.1 4000 a");
	ask_rtpp(&scene, "U other 192.0.2.1 4000 a");
	ask_rtpp(&scene, "Z c");
	CU_ASSERT_PTR_NOT_NULL(strstr(lines_of(&scene, "c"),
				      " command from 127.0.0.1:13330 (rtpproxy):\n"
				      "  U c 192.0.2.1 4000 a\n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(lines_of(&scene, "c"), " reply to 127.0.0.1:13330 (rtpproxy):\n  21"));
	CU_ASSERT_PTR_NOT_NULL(strstr(lines_of(&scene, "c"), "  Z c\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(lines_of(&scene, "c"), "  E0\n"));
	CU_ASSERT_PTR_NULL(strstr(lines_of(&scene, "c"), "other"));
	CU_ASSERT(scene_close(&scene));
}

/* With log-level=debug all calls are logged so; without, nothing is. */
static void test_log_level_debug(void)
{
	static char log[65536];
	struct log_capture capture;
	struct scene scene;

	scene_open(&scene);
	log_capture_begin(&capture, LOG_LEVEL_DEBUG);
	ask_ng(&scene, OFFER("c"));
	ask_rtpp(&scene, "U d 192.0.2.1 4000 a");
	log_capture_end(&capture, log, sizeof(log));
	CU_ASSERT_PTR_NOT_NULL(strstr(log, " command from 127.0.0.1:13330 (ng):\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(log, "debug: [c]     m=audio 4000 RTP/SAVP 0\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(log, "debug: [d]   U d 192.0.2.1 4000 a\n"));
	CU_ASSERT_PTR_NULL(strstr(log, "KEYKEY"));
	log_capture_begin(&capture, LOG_LEVEL_NOTICE);
	ask_ng(&scene, OFFER("e"));
	ask_rtpp(&scene, "U f 192.0.2.1 4000 a");
	log_capture_end(&capture, log, sizeof(log));
	CU_ASSERT_STRING_EQUAL(log, "");
	CU_ASSERT(scene_close(&scene));
}

/* The level of a protocol, as log-level = error, ng:debug */
static void test_log_level_of_a_protocol(void)
{
	struct log_levels levels = { .general = LOG_LEVEL_ERR };
	static char log[65536];
	struct log_capture capture;
	struct scene scene;

	scene_open(&scene);
	log_capture_begin(&capture, LOG_LEVEL_ERR);
	levels.part[log_part_find(STR("ng"))] = LOG_LEVEL_DEBUG;
	log_set_levels(&levels);
	ask_ng(&scene, OFFER("c"));
	ask_rtpp(&scene, "U d 192.0.2.1 4000 a");
	log_capture_end(&capture, log, sizeof(log));
	CU_ASSERT_PTR_NOT_NULL(strstr(log, " command from 127.0.0.1:13330 (ng):\n"));
	CU_ASSERT_PTR_NULL(strstr(log, "rtpproxy"));
	CU_ASSERT_PTR_NULL(strstr(log, "call created"));
	CU_ASSERT(scene_close(&scene));
}

static void test_text_of_a_caller_is_escaped(void)
{
	struct trace_calls calls = { .n = 0 };
	struct trace trace;
	struct str text = STR("a=\x1b[2J\"\\\xff\r\n\n\ra=\0b");

	CU_ASSERT_EQUAL_FATAL(trace_calls_add(&calls, STR("c"), 0), 0);
	CU_ASSERT_FATAL(trace_begin(&trace, &calls, STR("c"), 0, false));
	trace_text(&trace, 1, text);
	CU_ASSERT(str_eq((struct str){ calls.call[0]->lines.data, calls.call[0]->lines.len },
			 STR(" a=\\x1b[2J\\x22\\x5c\\xff\n a=\\x00b\n")));
	trace_calls_clear(&calls);
}

/* A secret behind the place where a line is cut is not in it, one before is replaced. */
static void test_long_lines_are_cut(void)
{
	static const char *const secrets[] = { "inline:KEYKEY", "ice-pwd:KEYKEY" };
	char line[3000];

	for (size_t at = 850; at < 950; at++) {
		struct trace_calls calls = { .n = 0 };
		struct trace trace;
		const char *secret = secrets[at % 2];

		memset(line, 'x', sizeof(line));
		memcpy(line + at, secret, strlen(secret));
		CU_ASSERT_EQUAL_FATAL(trace_calls_add(&calls, STR("c"), 0), 0);
		CU_ASSERT_FATAL(trace_begin(&trace, &calls, STR("c"), 0, false));
		trace_text(&trace, 2, (struct str){ line, sizeof(line) });
		CU_ASSERT(calls.call[0]->lines.len > 800 && calls.call[0]->lines.len < 1000);
		CU_ASSERT_PTR_NULL(
			memmem(calls.call[0]->lines.data, calls.call[0]->lines.len, "KEY", 3));
		trace_calls_clear(&calls);
	}
}

/* Then the trace ends; the log has a line about it, and no more. */
static void test_bytes_are_limited(void)
{
	struct trace_calls calls = { .n = 0 };
	static char log[1 << 16], line[500];
	struct log_capture capture;
	struct trace trace;
	unsigned int lines = 0;

	memset(line, 'x', sizeof(line));
	CU_ASSERT_EQUAL_FATAL(trace_calls_add(&calls, STR("c"), 0), 0);
	while (trace_begin(&trace, &calls, STR("c"), 0, false) && lines < 1000) {
		log_capture_begin(&capture, LOG_LEVEL_NOTICE);
		trace_text(&trace, 0, (struct str){ line, sizeof(line) });
		log_capture_end(&capture, log, sizeof(log));
		lines++;
	}
	CU_ASSERT_EQUAL(lines, TRACE_BYTES / (sizeof(line) + 1) + 1);
	CU_ASSERT_STRING_EQUAL(log, "notice: [c] debug-call has ended: 64 KiB are full; set it "
				    "again to go on\n");
	CU_ASSERT_EQUAL(calls.call[0]->lines.len, (lines - 1) * (sizeof(line) + 1));
	/* With log-level=debug its lines are logged as those of all calls. */
	CU_ASSERT(trace_begin(&trace, &calls, STR("c"), 0, true));
	CU_ASSERT_EQUAL(trace_calls_add(&calls, STR("c"), 0), 0);
	CU_ASSERT(trace_begin(&trace, &calls, STR("c"), 0, false));
	CU_ASSERT_EQUAL(calls.n, 1);
	trace_calls_clear(&calls);
}

static void test_ends_after_an_hour(void)
{
	struct trace_calls calls = { .n = 0 };
	struct trace trace;

	CU_ASSERT_EQUAL_FATAL(trace_calls_add(&calls, STR("c"), 1000), 0);
	CU_ASSERT_EQUAL_FATAL(trace_calls_add(&calls, STR("d"), 2000), 0);
	CU_ASSERT_PTR_NOT_NULL(trace_calls_find(&calls, STR("c"), 1000 + HOUR_MS - 1));
	CU_ASSERT_PTR_NULL(trace_calls_find(&calls, STR("c"), 1000 + HOUR_MS));
	CU_ASSERT_FALSE(trace_begin(&trace, &calls, STR("c"), 1000 + HOUR_MS, false));
	trace_calls_tick(&calls, 1000 + HOUR_MS - 1);
	CU_ASSERT_EQUAL(calls.n, 2);
	trace_calls_tick(&calls, 1000 + HOUR_MS);
	CU_ASSERT_EQUAL(calls.n, 1);
	CU_ASSERT_PTR_NOT_NULL(trace_calls_find(&calls, STR("d"), 1000 + HOUR_MS));
	trace_calls_clear(&calls);
	CU_ASSERT_EQUAL(calls.n, 0);
}

static void test_number_of_calls_is_limited(void)
{
	struct trace_calls calls = { .n = 0 };
	char id[TRACE_ID + 1];

	for (size_t i = 0; i < TRACE_CALLS; i++) {
		snprintf(id, sizeof(id), "%zu", i);
		CU_ASSERT_EQUAL(trace_calls_add(&calls, str_of(id), 0), 0);
	}
	CU_ASSERT_EQUAL(trace_calls_add(&calls, STR("one more"), 0), -ENOSPC);
	CU_ASSERT_EQUAL(trace_calls_add(&calls, STR("0"), 1), 0);
	/* Those whose hour is over make room. */
	CU_ASSERT_EQUAL(trace_calls_add(&calls, STR("one more"), HOUR_MS), 0);
	CU_ASSERT_EQUAL(calls.n, 2);
	memset(id, 'i', sizeof(id));
	CU_ASSERT_EQUAL(trace_calls_add(&calls, (struct str){ id, TRACE_ID + 1 }, 0), -EINVAL);
	CU_ASSERT_EQUAL(trace_calls_add(&calls, STR_NONE, 0), -EINVAL);
	CU_ASSERT_EQUAL(trace_calls_add(&calls, (struct str){ id, TRACE_ID }, 0), 0);
	trace_calls_clear(&calls);
}

static void test_out_of_memory(void)
{
	ALLOC_FAILS_AT_EACH
	{
		struct trace_calls calls = { .n = 0 };
		int err = trace_calls_add(&calls, STR("c"), 0);

		CU_ASSERT_EQUAL(err, alloc_failed() ? -ENOMEM : 0);
		CU_ASSERT_EQUAL(calls.n, err ? 0 : 1);
		trace_calls_clear(&calls);
	}
}

TEST_SUITE(trace, { "NG command and reply", test_ng_command_and_reply },
	   { "unknown NG command", test_unknown_ng_command },
	   { "rtpproxy command and reply", test_rtpproxy_command_and_reply },
	   { "log-level debug", test_log_level_debug },
	   { "log-level of a protocol", test_log_level_of_a_protocol },
	   { "text of a caller is escaped", test_text_of_a_caller_is_escaped },
	   { "long lines are cut", test_long_lines_are_cut },
	   { "bytes are limited", test_bytes_are_limited },
	   { "ends after an hour", test_ends_after_an_hour },
	   { "the number of calls is limited", test_number_of_calls_is_limited },
	   { "out of memory", test_out_of_memory });
