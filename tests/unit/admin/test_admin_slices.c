/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_admin_slices.c - long answers in slices, requests one after the other, and calls that end
 * meanwhile
 */
#include <stddef.h>
#include "tests/unit/test_clock.h"
#include "admin_scene.h"

static void test_calls_may_end_under_the_cursor(void)
{
	struct call_cursor cursor;
	const struct call *call;

	start();
	add_call("1", "f", true);
	add_call("2", "f", true);
	add_call("3", "f", true);
	call_cursor_begin(&cursor, talk.scene.calls);
	call = call_cursor_next(&cursor);
	CU_ASSERT(str_eq(call->id, STR("1")));
	call_end(call_find(talk.scene.calls, STR("1")), CALL_DELETED);
	call_end(call_find(talk.scene.calls, STR("2")), CALL_DELETED);
	call = call_cursor_next(&cursor);
	CU_ASSERT(str_eq(call->id, STR("3")));
	call_end(call_find(talk.scene.calls, STR("3")), CALL_DELETED);
	CU_ASSERT_PTR_NULL(call_cursor_next(&cursor));
	CU_ASSERT_PTR_NULL(talk.scene.calls->cursors);
	call_cursor_end(&cursor);
	CU_ASSERT(stop());
}

/* @digits: length of each Call-ID */
static void add_forty_calls(int digits)
{
	for (int i = 0; i < 40; i++) {
		char id[512];

		snprintf(id, sizeof(id), "%0*d", digits, i);
		add_call(id, "f", false);
	}
}

/*
 * One client does not read: its answers wait, those of another do not, and all of its answers
 * arrive when it reads.
 */
static void test_answers_wait_for_their_reader(void)
{
	int slow;

	start();
	add_forty_calls(8);
	slow = talk.fd;
	for (int i = 0; i < 10; i++)
		scene_must(send(slow, "{\"verb\":\"streams\"}\n", 19, 0) == 19, "send");
	for (int i = 0; i < 1000; i++)
		event_base_loop(talk.scene.base, EVLOOP_NONBLOCK);
	talk.fd = connect_peer();
	ask("{\"verb\":\"status\"}");
	CU_ASSERT(is_sound());
	close(talk.fd);
	talk.fd = slow;
	talk.len = 0;
	CU_ASSERT(listen_on() > 5); /* not all of it was in the socket buffer */
	CU_ASSERT(is_sound());
	CU_ASSERT_EQUAL(count_of("{\"type\":\"end\",\"count\":160}"), 10);
	CU_ASSERT(stop());
}

/* One round of the event loop for each reading. */
struct rounds {
	unsigned int count;
	size_t largest; /* bytes that arrived in one round */
};

static struct rounds ask_by_rounds(const char *request)
{
	struct rounds rounds = { 0, 0 };

	talk.len = 0;
	talk.text[0] = '\0';
	scene_must(send(talk.fd, request, strlen(request), 0) == (ssize_t)strlen(request), "send");
	while (!strstr(talk.text, "{\"type\":\"end\"") && rounds.count++ < 1000) {
		ssize_t got;

		event_base_loop(talk.scene.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		got = recv(talk.fd, talk.text + talk.len, sizeof(talk.text) - 1 - talk.len, 0);
		if (got <= 0)
			continue;
		rounds.largest = (size_t)got > rounds.largest ? (size_t)got : rounds.largest;
		talk.len += (size_t)got;
		talk.text[talk.len] = '\0';
	}
	return rounds;
}

/*
 * Each reading of the clock takes longer than a slice may: after each call other events have their
 * turn.
 */
static void test_slow_answer_lets_others_in(void)
{
	struct rounds rounds;

	start();
	add_forty_calls(8);
	test_clock_stop();
	test_clock_step(2000);
	rounds = ask_by_rounds("{\"verb\":\"calls\",\"call-id\":\"none of them\"}\n");
	test_clock_go();
	CU_ASSERT_STRING_EQUAL(talk.text, "{\"type\":\"end\",\"count\":0}\n");
	CU_ASSERT(rounds.count > 40 && rounds.count < 100);
	CU_ASSERT(stop());
}

/* However fast it is made: 64 KiB, and the streams of one call. */
static void test_long_answer_is_made_in_parts(void)
{
	struct rounds rounds;

	start();
	add_forty_calls(500);
	test_clock_stop();
	rounds = ask_by_rounds("{\"verb\":\"streams\"}\n");
	test_clock_go();
	CU_ASSERT(talk.len > 72 * 1024);
	CU_ASSERT(rounds.largest < 72 * 1024);
	CU_ASSERT(stop());
}

/* Short requests with long answers, all at once: no more are answered than the client reads. */
static void test_requests_wait_for_the_reader_of_answers(void)
{
	static char requests[2 * 8000 + 64];
	struct rounds rounds;

	start();
	for (int i = 0; i < 8000; i++)
		strcpy(requests + (ptrdiff_t)2 * i, "x\n");
	strcat(requests, "{\"verb\":\"terminate\",\"all\":true}\n");
	rounds = ask_by_rounds(requests);
	CU_ASSERT_EQUAL(count_of("\"code\":\"bad-request\""), 8000);
	CU_ASSERT(ends_with("{\"type\":\"end\",\"count\":0}\n"));
	CU_ASSERT(rounds.largest < 72 * 1024);
	CU_ASSERT(stop());
}

static void test_requests_are_answered_in_order(void)
{
	start();
	add_call("alpha-1", "f1", true);
	ask("{\"verb\":\"calls\"}\n{\"verb\":\"nonsense\"}\n{\"verb\":\"terminate\",\"all\":"
	    "\"yes\"}");
	CU_ASSERT_EQUAL(count_of("\n"), 5);
	CU_ASSERT_PTR_NOT_NULL(strstr(talk.text, "\"count\":1}\n{\"type\":\"error\""));
	CU_ASSERT(ends_with("{\"type\":\"end\",\"count\":1}\n"));
	CU_ASSERT(stop());
}

TEST_SUITE(admin_slices, { "calls may end under the cursor", test_calls_may_end_under_the_cursor },
	   { "answers wait for their reader", test_answers_wait_for_their_reader },
	   { "a slow answer lets others in", test_slow_answer_lets_others_in },
	   { "a long answer is made in parts", test_long_answer_is_made_in_parts },
	   { "requests wait for the reader of answers",
	     test_requests_wait_for_the_reader_of_answers },
	   { "requests are answered in order", test_requests_are_answered_in_order });
