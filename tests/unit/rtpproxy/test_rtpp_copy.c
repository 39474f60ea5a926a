/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rtpp_copy.c - C and N of the classic protocol: copies of one stream each, to a recorder
 */
#include "daemon/call/copies.h"
#include "tests/unit/rtpproxy/rtpp_ask.h"

static void tell_copies(void *arg, struct subscriber *subscriber)
{
	(void)arg;
	(void)subscriber;
}

static void call_up(struct scene *scene)
{
	static const struct ask_row rows[] = {
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "L c 192.0.2.2 4002 a;1 b;1", "# 127.80.0.1\n" },
		{ "U c 192.0.2.1 4004 a;2", "# 127.80.0.1\n" },
		{ "L c 192.0.2.2 4006 a;2 b;2", "# 127.80.0.1\n" },
	};

	scene_open(scene);
	scene_record(scene);
	scene->calls->conf.copies = tell_copies;
	ASK_ROWS(scene, rows);
}

static const struct subscriber *classic(struct scene *scene)
{
	return subscriber_classic(call_find(scene->calls, STR("c")));
}

static size_t sent_lines(struct scene *scene)
{
	const struct subscriber *subscriber = classic(scene);
	size_t n = 0;

	for (size_t i = 0; subscriber && i < subscriber->n; i++)
		n += subscriber_line_sends(subscriber, &subscriber->line[i]);
	return n;
}

static void test_as_opensips_sends_it(void)
{
	static const struct ask_row starts[] = {
		{ "VF 20071218", "1\n" },
		{ "C c udp:192.0.2.9:5000 a;1 b;1", "0\n" },
		{ "C c udp:192.0.2.9:5002 b;1 a;1", "0\n" },
		{ "CP c udp:192.0.2.9:5004 a;2 b;2", "# 127.80.0.1\n" },
		/* The first copy of a stream stays. */
		{ "C c udp:192.0.2.9:5100 a;1 b;1", "0\n" },
	};
	static const struct ask_row stops[] = {
		{ "N c a;1 b;1", "0\n" },
		{ "N c a;1 b;1", "0\n" },
	};
	const struct subscriber_line *line;
	struct scene scene;

	call_up(&scene);
	ASK_ROWS(&scene, starts);
	CU_ASSERT_EQUAL(sent_lines(&scene), 3);
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 4 + 3);
	line = &classic(&scene)->line[0];
	CU_ASSERT_EQUAL(endpoint_port(&line->to[COMP_RTP]), 5000);
	CU_ASSERT_EQUAL(endpoint_port(&line->to[COMP_RTCP]), 5001);
	CU_ASSERT_EQUAL(line->side, SIDE_A);
	CU_ASSERT_EQUAL(classic(&scene)->line[1].side, SIDE_B);
	CU_ASSERT_EQUAL(classic(&scene)->line[2].index, 1);
	ASK_ROWS(&scene, stops);
	CU_ASSERT_EQUAL(sent_lines(&scene), 2);
	/* Without a number all medias are meant; with A both parties. */
	ask(&scene, "N c a b");
	CU_ASSERT_EQUAL(sent_lines(&scene), 1);
	ask(&scene, "C c udp:192.0.2.9:5006 a;1");
	CU_ASSERT_EQUAL(sent_lines(&scene), 2);
	ask(&scene, "NA c a b");
	CU_ASSERT_PTR_NULL(classic(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 4);
	CU_ASSERT(scene_close(&scene));
}

static void test_what_is_refused(void)
{
	static const struct ask_row rows[] = {
		{ "C c udp:192.0.2.9 a;1", "E65\n" },
		{ "C c udp:192.0.2.9:0 a;1", "E65\n" },
		{ "C c udp:192.0.2.9:65535 a;1", "E65\n" },
		{ "C c udp:host.example:5000 a;1", "E65\n" },
		{ "C c udp:224.0.0.1:5000 a;1", "E65\n" },
		{ "C c udp:127.80.0.2:21100 a;1", "E65\n" },
		{ "C c udp:192.0.2.9:5000 a;3", "E50\n" },
		{ "C d udp:192.0.2.9:5000 a;1", "E50\n" },
		{ "CX c udp:192.0.2.9:5000 a;1", "E7\n" },
		{ "N c a;1", "0\n" },
	};
	static const struct ask_row off[] = {
		{ "VF 20071218", "0\n" },
		{ "C c udp:192.0.2.9:5000 a;1", "E65\n" },
	};
	struct scene scene;

	call_up(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT_PTR_NULL(classic(&scene));
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 4);
	scene.calls->conf.copies = NULL;
	ASK_ROWS(&scene, off);
	CU_ASSERT(scene_close(&scene));
}

static void test_end_of_the_call_ends_copies(void)
{
	struct scene scene;

	call_up(&scene);
	ask(&scene, "C c udp:192.0.2.9:5000 a;1 b;1");
	CU_ASSERT_EQUAL(scene.calls->copies->subscribers, 1);
	CU_ASSERT_EQUAL(scene.calls->copies->lines, 1);
	ask(&scene, "D c a b");
	CU_ASSERT_EQUAL(scene.calls->copies->subscribers, 0);
	CU_ASSERT_EQUAL(scene.calls->copies->lines, 0);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(rtpp_copy, { "as OpenSIPS sends it", test_as_opensips_sends_it },
	   { "what is refused", test_what_is_refused },
	   { "end of the call ends copies", test_end_of_the_call_ends_copies });
