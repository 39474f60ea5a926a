/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_admin_answers.c - what the verbs answer, with real calls: filters, a call as a tree,
 * counters; what they change
 */
#include <event2/buffer.h>
#include "daemon/base/count.h"
#include "admin_scene.h"

static void test_invalid_requests_are_refused_and_harmless(void)
{
	start();
	CU_ASSERT_STRING_EQUAL(
		ask("nonsense"),
		DENIED("bad-request", "a request must be a JSON object on one line"));
	CU_ASSERT_STRING_EQUAL(
		ask("[1]"), DENIED("bad-request", "a request must be a JSON object on one line"));
	CU_ASSERT_STRING_EQUAL(ask("{\"v\":1}"), DENIED("bad-request", "unknown verb"));
	CU_ASSERT_STRING_EQUAL(ask("{\"v\":2,\"verb\":\"status\"}"),
			       DENIED("version", "this daemon supports only version 1"));
	CU_ASSERT_STRING_EQUAL(
		ask("{\"verb\":\"calls\",\"path\":\"x\"}"),
		DENIED("bad-request", "path must be user, module, bpf, kernel or mixed"));
	talk.scene.stats.calls_unheard = 1; /* long ago */
	stats_unheard(&talk.scene.stats, clock_ms());
	ask("{\"verb\":\"status\"}");
	CU_ASSERT(is_sound() && ends_with("{\"type\":\"end\",\"count\":1}\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(talk.text, "\"unheard\":{\"calls\":2,\"last-hour\":1}"));
	CU_ASSERT(stop());
}

static void test_calls_are_filtered(void)
{
	static const struct {
		const char *request;
		size_t calls;
	} rows[] = {
		{ "{\"verb\":\"calls\"}", 3 },
		{ "{\"verb\":\"calls\",\"call-id\":\"alpha\"}", 2 },
		{ "{\"verb\":\"calls\",\"call-id\":\"gamma\"}", 0 },
		{ "{\"verb\":\"calls\",\"tag\":\"f2\"}", 1 },
		{ "{\"verb\":\"calls\",\"tag\":\"to\"}", 2 },
		{ "{\"verb\":\"calls\",\"address\":\"192.0.2.1\"}", 3 },
		{ "{\"verb\":\"calls\",\"address\":\"192.0.2.1:4000\"}", 3 },
		{ "{\"verb\":\"calls\",\"address\":\"192.0.2.1:4002\"}", 0 },
		{ "{\"verb\":\"calls\",\"address\":\"127.80.0.1\"}", 3 },
		{ "{\"verb\":\"calls\",\"path\":\"user\"}", 3 },
		{ "{\"verb\":\"calls\",\"path\":\"kernel\"}", 0 },
		{ "{\"verb\":\"calls\",\"min-age\":1000}", 0 },
		{ "{\"verb\":\"calls\",\"tag\":\"f1\",\"call-id\":\"beta\"}", 0 },
	};

	start();
	add_call("alpha-1", "f1", true);
	add_call("alpha-2", "f2", true);
	add_call("beta-1", "f3", false);
	for (size_t i = 0; i < COUNT(rows); i++) {
		ask(rows[i].request);
		CU_ASSERT(is_sound());
		CU_ASSERT_EQUAL(count_of("\"type\":\"call\""), rows[i].calls);
	}
	ask("{\"verb\":\"calls\"}");
	CU_ASSERT_EQUAL(count_of("\"state\":\"answered\""), 2);
	CU_ASSERT_EQUAL(count_of("\"state\":\"offered\""), 1);
	CU_ASSERT(stop());
}

static void test_call_is_shown_as_a_tree(void)
{
	start();
	add_call("alpha-1", "f1", true);
	ask("{\"verb\":\"call\",\"call-id\":\"alpha-1\"}");
	CU_ASSERT(is_sound());
	CU_ASSERT_EQUAL(count_of("\"type\":\"call\""), 1);
	CU_ASSERT_EQUAL(count_of("\"type\":\"party\""), 2);
	CU_ASSERT_EQUAL(count_of("\"type\":\"media\""), 2);
	CU_ASSERT_EQUAL(count_of("\"component\":\"rtp\""), 2);
	CU_ASSERT_EQUAL(count_of("\"component\":\"rtcp\""), 2);
	CU_ASSERT_EQUAL(count_of("\"signalled\":\"192.0.2.1:4000\""), 2);
	CU_ASSERT_EQUAL(count_of("\"why-user\":\"the kernel path is off\""), 4);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"call\",\"call-id\":\"alpha\"}"),
			       DENIED("unknown-call", "no such call"));
	ask("{\"verb\":\"streams\"}");
	CU_ASSERT(is_sound() && ends_with("{\"type\":\"end\",\"count\":4}\n"));
	CU_ASSERT(stop());
}

static void test_mode_of_latching_is_shown(void)
{
	static const struct {
		enum latch_mode mode;
		const char *flags;
	} rows[] = {
		{ LATCH_SMART, "\"flags\":[]" },
		{ LATCH_STRICT, "\"flags\":[\"latching=strict\"]" },
		{ LATCH_FIRST, "\"flags\":[\"latching=first\"]" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		start();
		talk.scene.calls->conf.latching = rows[i].mode;
		add_call("alpha", "f1", true);
		ask("{\"verb\":\"call\",\"call-id\":\"alpha\"}");
		CU_ASSERT_EQUAL(count_of(rows[i].flags), 2);
		CU_ASSERT(stop());
	}
}

/*
 * As if the kernel had received two intervals from @side, with @lost of 250 packets missing in
 * each.
 */
static void set_quality(const char *id, enum side side, uint64_t lost)
{
	struct media *media = call_find(talk.scene.calls, str_of(id))->dialogs->media[0];
	struct quality *q = calloc(1, sizeof(*q));
	struct quality_counts counts = { .ssrc = 7, .codec = quality_static_codec(0) };
	int64_t now_ms = clock_ms();

	CU_ASSERT_PTR_NOT_NULL_FATAL(q);
	quality_due(q, &counts, now_ms - 10000);
	for (int ms = 5000; ms >= 0; ms -= 5000) {
		counts.expected += 250;
		counts.lost += lost;
		counts.jitter_us = 3500;
		quality_close(q, &counts, 0, now_ms - ms);
	}
	media->path.quality[side] = q;
}

static void refuse_filters(void)
{
	static const struct {
		const char *members, *text;
	} rows[] = {
		{ "\"one-way\":\"a\"", "one-way must be true or false" },
		{ "\"max-mos\":\"0x3\"", "max-mos must be a number from 1 to 5" },
		{ "\"max-mos\":6", "max-mos must be a number from 1 to 5" },
		{ "\"min-age\":\"x\"", "min-age must be a number of seconds" },
		{ "\"min-age\":-1", "min-age must be a number of seconds" },
		{ "\"limit\":[1]", "limit must be a number of calls" },
		{ "\"skip\":\"1x\"", "skip must be a number of calls" },
	};
	char request[80], answer[160];

	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(request, sizeof(request), "{\"verb\":\"%s\",%s}",
			 i % 2 ? "streams" : "calls", rows[i].members);
		snprintf(answer, sizeof(answer), DENIED("bad-request", "%s"), rows[i].text);
		CU_ASSERT_STRING_EQUAL(ask(request), answer);
	}
}

static void test_calls_have_their_quality(void)
{
	struct quality *q;
	json_t *line;
	double mos;

	start();
	add_call("good", "f1", true);
	add_call("bad", "f2", true);
	add_call("new", "f3", true);
	set_quality("good", SIDE_A, 0);
	set_quality("good", SIDE_B, 0);
	set_quality("bad", SIDE_A, 0);
	set_quality("bad", SIDE_B, 30);
	ask("{\"verb\":\"calls\"}");
	CU_ASSERT(is_sound());
	CU_ASSERT_EQUAL(count_of("\"mos\":"), 2); /* the new one has none yet */
	line = json_loadb(talk.text, strcspn(talk.text, "\n"), 0, NULL);
	mos = json_number_value(json_object_get(line, "mos"));
	CU_ASSERT(mos > 4.2 && mos < 4.5);
	json_decref(line);
	ask("{\"verb\":\"calls\",\"max-mos\":\"4.2\"}");
	CU_ASSERT(is_sound());
	CU_ASSERT_EQUAL(count_of("\"type\":\"call\""), 1);
	CU_ASSERT_EQUAL(count_of("\"call-id\":\"bad\""), 1);
	ask("{\"verb\":\"calls\",\"max-mos\":5}");
	CU_ASSERT_EQUAL(count_of("\"type\":\"call\""), 2);
	ask("{\"verb\":\"streams\",\"max-mos\":4.2}");
	CU_ASSERT_EQUAL(count_of("\"type\":\"stream\""), 4);
	ask("{\"verb\":\"calls\",\"one-way\":true}");
	CU_ASSERT_EQUAL(count_of("\"type\":\"call\""), 0);
	ask("{\"verb\":\"calls\",\"one-way\":false}");
	CU_ASSERT_EQUAL(count_of("\"type\":\"call\""), 3);
	CU_ASSERT_EQUAL(count_of("\"heard-ago-ms\":[null,null]"), 3);
	refuse_filters();

	q = call_find(talk.scene.calls, STR("bad"))->dialogs->media[0]->path.quality[SIDE_A];
	q->far = (struct quality_far){ true, 64, 33, 2500, clock_ms() };
	q->leg_us = 20500;
	ask("{\"verb\":\"call\",\"call-id\":\"bad\"}");
	CU_ASSERT(is_sound());
	CU_ASSERT_EQUAL(count_of("\"quality\":{\"samples\":2,\"mos\":"), 2);
	CU_ASSERT_EQUAL(count_of("\"mos-lowest\":"), 2);
	CU_ASSERT_EQUAL(count_of("\"loss-percent\":0.000,\"jitter-ms\":3.500"), 1);
	CU_ASSERT_EQUAL(count_of("\"loss-percent\":12.000,\"jitter-ms\":3.500"), 1);
	CU_ASSERT_EQUAL(count_of("\"far\":{\"loss-percent\":25.000,\"lost\":33,\"jitter-ms\":2.500,"
				 "\"rtt-ms\":20.500,\"ago-ms\":"),
			1);
	CU_ASSERT(stop());
}

static void test_hostile_call_id_stays_one_line_of_json(void)
{
	start();
	add_call("a\"\n{\"type\":\"end\"}\xff\x1b[2J", "f1", true);
	ask("{\"verb\":\"calls\"}");
	CU_ASSERT(is_sound());
	CU_ASSERT_EQUAL(count_of("\n"), 2);
	CU_ASSERT(stop());
}

static void test_counters_have_unit_and_help(void)
{
	struct endpoint proxy;

	start();
	CU_ASSERT_TRUE(endpoint_parse_addr(STR("192.0.2.9"), 0, &proxy));
	add_call("alpha-1", "f1", true);
	stats_command(&talk.scene.stats, &proxy, VERB_QUERY, 2, false);
	stats_command(&talk.scene.stats, &proxy, VERB_QUERY, 5, false);
	ask("{\"verb\":\"stats\"}");
	CU_ASSERT(is_sound());
	CU_ASSERT_PTR_NOT_NULL(
		strstr(talk.text, "{\"type\":\"counter\",\"of\":\"daemon\",\"name\":\"calls_made\","
				  "\"value\":1,\"unit\":\"calls\",\"help\":\"offered and "
				  "accepted\"}\n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(talk.text, "\"of\":\"drop\",\"name\":\"source\",\"value\":0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(talk.text, "\"of\":\"media\",\"name\":\"made\",\"value\":1"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(talk.text, "\"of\":\"kernel\",\"name\":\"pass_stun\",\"value\":0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(talk.text, "\"of\":\"proxy\",\"proxy\":\"192.0.2.9\","
						 "\"name\":\"query_time\",\"value\":7"));
	CU_ASSERT(stop());
}

static void test_calls_are_terminated_by_hand(void)
{
	start();
	add_call("alpha-1", "f1", true);
	add_call("alpha-2", "f2", true);
	add_call("alpha-3", "f3", true);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"terminate\"}"),
			       DENIED("bad-request", "either call-id or all is required"));
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"terminate\",\"call-id\":\"alpha-2\"}"),
			       "{\"type\":\"end\",\"count\":1}\n");
	CU_ASSERT_EQUAL(call_table_count(talk.scene.calls), 2);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"terminate\",\"all\":true}"),
			       "{\"type\":\"ended\",\"call-id\":\"alpha-1\"}\n"
			       "{\"type\":\"ended\",\"call-id\":\"alpha-3\"}\n"
			       "{\"type\":\"end\",\"count\":2}\n");
	CU_ASSERT_EQUAL(call_table_count(talk.scene.calls), 0);
	CU_ASSERT_EQUAL(talk.scene.stats.calls_forced, 3);
	CU_ASSERT(stop());
}

static void test_drain_refuses_only_new_calls(void)
{
	start();
	add_call("alpha-1", "f1", false);
	ask("{\"verb\":\"set\",\"drain\":true}");
	add_call("alpha-2", "f2", false);
	add_call("alpha-1", "f1", true); /* an existing call continues */
	CU_ASSERT_EQUAL(call_table_count(talk.scene.calls), 1);
	CU_ASSERT_EQUAL(talk.scene.stats.calls_drained, 1);
	CU_ASSERT_EQUAL(talk.scene.stats.calls_rejected, 0);
	ask("{\"verb\":\"set\",\"drain\":\"off\",\"max-sessions\":2}");
	add_call("alpha-2", "f2", true);
	add_call("alpha-3", "f3", true);
	CU_ASSERT_EQUAL(call_table_count(talk.scene.calls), 2);
	CU_ASSERT_EQUAL(talk.scene.stats.calls_drained, 1);
	CU_ASSERT_EQUAL(talk.scene.stats.calls_rejected, 1);
	CU_ASSERT_STRING_EQUAL(
		ask("{\"verb\":\"set\",\"max-sessions\":-1,\"drain\":\"on\"}"),
		DENIED("bad-request", "max-sessions: -1 is out of range, 0 to 10000000"));
	CU_ASSERT_FALSE(talk.scene.calls->draining); /* all or nothing */
	CU_ASSERT_STRING_EQUAL(
		ask("{\"verb\":\"set\",\"max-sessions\":10000001}"),
		DENIED("bad-request", "max-sessions: 10000001 is out of range, 0 to 10000000"));
	CU_ASSERT_EQUAL(talk.scene.calls->conf.max_sessions, 2);
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"set\",\"max-sessions\":10000000}"),
			       "{\"type\":\"end\",\"count\":1}\n");
	CU_ASSERT_EQUAL(talk.scene.calls->conf.max_sessions, 10000000);
	CU_ASSERT(stop());
}

/* What comes by HTTP may read, and change nothing. */
static void test_asking_without_a_connection_changes_nothing(void)
{
	static const char *const requests[] = {
		"{\"verb\":\"terminate\",\"all\":true}",
		"{\"verb\":\"set\",\"drain\":true}",
	};
	struct evbuffer *out = evbuffer_new();

	start();
	add_call("alpha-1", "f1", true);
	for (size_t i = 0; i < COUNT(requests); i++) {
		CU_ASSERT_EQUAL(admin_ask(talk.admin, str_of(requests[i]), out), 0);
		talk.len = (size_t)evbuffer_remove(out, talk.text, sizeof(talk.text) - 1);
		talk.text[talk.len] = '\0';
		CU_ASSERT_STRING_EQUAL(
			talk.text,
			DENIED("denied", "only root and the daemon's user may make changes"));
	}
	CU_ASSERT_EQUAL(call_table_count(talk.scene.calls), 1);
	CU_ASSERT_FALSE(talk.scene.calls->draining);
	CU_ASSERT_EQUAL(admin_ask(talk.admin, STR("{\"verb\":\"calls\"}"), out), 0);
	talk.len = (size_t)evbuffer_remove(out, talk.text, sizeof(talk.text) - 1);
	talk.text[talk.len] = '\0';
	CU_ASSERT_EQUAL(count_of("\"call-id\":\"alpha-1\""), 1);
	evbuffer_free(out);
	CU_ASSERT(stop());
}

TEST_SUITE(admin_answers,
	   { "invalid requests are refused and harmless",
	     test_invalid_requests_are_refused_and_harmless },
	   { "calls are filtered", test_calls_are_filtered },
	   { "a call is shown as a tree", test_call_is_shown_as_a_tree },
	   { "the mode of latching is shown", test_mode_of_latching_is_shown },
	   { "calls have their quality", test_calls_have_their_quality },
	   { "a hostile Call-ID stays one line of JSON",
	     test_hostile_call_id_stays_one_line_of_json },
	   { "counters have unit and help", test_counters_have_unit_and_help },
	   { "calls are terminated by hand", test_calls_are_terminated_by_hand },
	   { "drain refuses only new calls", test_drain_refuses_only_new_calls },
	   { "asking without a connection changes nothing",
	     test_asking_without_a_connection_changes_nothing });
