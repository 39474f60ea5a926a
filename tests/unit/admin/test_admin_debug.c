/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_admin_debug.c - set debug-call and call with debug: one call is logged with its SDP */
#include "daemon/base/clock.h"
#include "daemon/call/trace.h"
#include "admin_scene.h"

#define SET(id)	 "{\"verb\":\"set\",\"debug-call\":" id "}"
#define SHOW(id) "{\"verb\":\"call\",\"call-id\":\"" id "\",\"debug\":true}"

static void put(const char *id, const char *text)
{
	struct trace trace;

	CU_ASSERT_FATAL(
		trace_begin(&trace, &talk.scene.calls->traces, str_of(id), clock_ms(), false));
	trace_text(&trace, 0, str_of(text));
}

/* No call of this ID exists. */
static void test_lines_of_a_call(void)
{
	start();
	CU_ASSERT_STRING_EQUAL(ask(SET("\"c\"")), END("1"));
	CU_ASSERT_STRING_EQUAL(ask(SHOW("c")), END("0"));
	put("c", "one\ntwo \"2\"\n");
	CU_ASSERT_STRING_EQUAL(ask(SHOW("c")),
			       "{\"type\":\"debug\",\"text\":\"one\"}\n"
			       "{\"type\":\"debug\",\"text\":\"two \\\\x222\\\\x22\"}\n" END("2"));
	ask("{\"verb\":\"status\"}");
	CU_ASSERT_EQUAL(count_of("\"debug-calls\":[\"c\"]"), 1);
	/* Again: what was logged is gone. */
	CU_ASSERT_STRING_EQUAL(ask(SET("\"c\"")), END("1"));
	CU_ASSERT_STRING_EQUAL(ask(SHOW("c")), END("0"));
	CU_ASSERT_STRING_EQUAL(ask(SET("\"none\"")), END("1"));
	CU_ASSERT_STRING_EQUAL(ask(SHOW("c")),
			       DENIED("unknown-call",
				      "this call is not debugged: rtprelayctl set --debug-call=ID "
				      "begins it, for an hour"));
	CU_ASSERT(stop());
}

static void test_tree_is_shown_without_debug(void)
{
	start();
	add_call("c", "a", false);
	CU_ASSERT_STRING_EQUAL(ask(SET("\"c\"")), END("1"));
	ask("{\"verb\":\"call\",\"call-id\":\"c\"}");
	CU_ASSERT_EQUAL(count_of("\"type\":\"party\""), 2);
	CU_ASSERT_EQUAL(count_of("\"type\":\"debug\""), 0);
	CU_ASSERT(stop());
}

static void test_readers_cannot_begin_it(void)
{
	start();
	close(talk.fd);
	peer_spy_only_read(true);
	talk.fd = connect_peer();
	peer_spy_only_read(false);
	CU_ASSERT_STRING_EQUAL(
		ask(SET("\"c\"")),
		DENIED("denied", "only root and the daemon's user may make changes"));
	CU_ASSERT_EQUAL(talk.scene.calls->traces.n, 0);
	CU_ASSERT(stop());
}

static void test_values_that_are_refused(void)
{
	char request[2000], id[TRACE_ID + 2];

	start();
	memset(id, 'i', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	snprintf(request, sizeof(request), SET("\"%s\""), id);
	CU_ASSERT_STRING_EQUAL(
		ask(request),
		DENIED("bad-request", "debug-call: a Call-ID has at most 1024 bytes"));
	CU_ASSERT_STRING_EQUAL(ask(SET("\"\"")),
			       DENIED("bad-request", "debug-call must be a Call-ID, or none"));
	CU_ASSERT_STRING_EQUAL(ask(SET("7")),
			       DENIED("bad-request", "debug-call must be a Call-ID, or none"));
	for (unsigned int i = 0; i < TRACE_CALLS; i++) {
		snprintf(request, sizeof(request), SET("\"%u\""), i);
		CU_ASSERT_STRING_EQUAL(ask(request), END("1"));
	}
	CU_ASSERT_STRING_EQUAL(ask(SET("\"c\"")),
			       DENIED("bad-request",
				      "debug-call: 16 calls are debugged, which is the maximum; "
				      "debug-call=none ends all"));
	/* All or nothing. */
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"set\",\"drain\":\"on\",\"debug-call\":\"c\"}"),
			       DENIED("bad-request",
				      "debug-call: 16 calls are debugged, which is the maximum; "
				      "debug-call=none ends all"));
	CU_ASSERT_FALSE(talk.scene.calls->draining);
	CU_ASSERT(stop());
}

TEST_SUITE(admin_debug, { "lines of a call", test_lines_of_a_call },
	   { "the tree is shown without debug", test_tree_is_shown_without_debug },
	   { "readers cannot begin it", test_readers_cannot_begin_it },
	   { "values that are refused", test_values_that_are_refused });
