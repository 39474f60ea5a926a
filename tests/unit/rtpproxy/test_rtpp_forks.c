/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rtpp_forks.c - D of a phone that is not in the answered call, in the rtpproxy protocol
 */
#include "rtpp_ask.h"

/* BYE has both tags. That of a phone that was asked too, and lost, has its own. */
static void test_bye_of_a_stranger_ends_no_answered_call(void)
{
	static const struct ask_row rows[] = {
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "U c 192.0.2.1 4002 a;2", "# 127.80.0.1\n" },
		{ "L c 192.0.2.2 5000 a;1 b;1", "# 127.80.0.1\n" },
		{ "L c 192.0.2.2 5002 a;2 b;2", "# 127.80.0.1\n" },
		{ "D c a x", "E50\n" },
		{ "D c x a", "E50\n" },
		{ "D c x b", "E50\n" },
		{ "D c b x", "E50\n" },
		{ "D c a a", "E50\n" },
		{ "DW c x a", "E50\n" },
		{ "Q c a;1 x && D", "# 0 0 0 0 && -1\n" },
		{ "Q c b;2", "# 0 0 0 0\n" },
		{ "D c b a", "0\n" },
	};
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT(scene_close(&scene));
}

/* What the proxies send for BYE of either side, and for CANCEL, ends it at once. */
static void test_bye_of_either_side_ends_the_call(void)
{
	static const char *const ends[] = { "D c a b", "D c b a", "D c a",  "D c b",
					    "D c  b",  "D c a c", "D c c a" };
	static const struct ask_row talk[] = {
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "L c 192.0.2.2 5000 a;1 b;1", "# 127.80.0.1\n" },
		{ "L c 192.0.2.3 5000 a;1 c;1", "# 127.80.0.1\n" }, /* another fork */
	};
	struct scene scene;

	scene_open(&scene);
	for (size_t i = 0; i < COUNT(ends); i++) {
		ASK_ROWS(&scene, talk);
		CU_ASSERT_STRING_EQUAL(ask(&scene, ends[i]), "0\n");
		CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	}
	CU_ASSERT(scene_close(&scene));
}

/* Nobody has answered, or the answer had no tag: the caller's tag is enough, as it was. */
static void test_unknown_tag_ends_what_has_no_answerer(void)
{
	static const struct ask_row rows[] = {
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "D c a x", "0\n" },
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "L c 192.0.2.2 5000 a;1", "# 127.80.0.1\n" },
		{ "D c x a", "0\n" },
		/* The offer is in the reply, and the answer in ACK. */
		{ "U c 192.0.2.2 5000 b;1 a;1", "# 127.80.0.1\n" },
		{ "L c 192.0.2.1 4000 b;1 a;1", "# 127.80.0.1\n" },
		{ "D c x a", "E50\n" },
		{ "D c a b", "0\n" },
	};
	struct scene scene;

	scene_open(&scene);
	ASK_ROWS(&scene, rows);
	CU_ASSERT_EQUAL(call_table_count(scene.calls), 0);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(rtpp_forks,
	   { "BYE of a stranger ends no answered call",
	     test_bye_of_a_stranger_ends_no_answered_call },
	   { "BYE of either side ends the call", test_bye_of_either_side_ends_the_call },
	   { "an unknown tag ends what has no answerer",
	     test_unknown_tag_ends_what_has_no_answerer });
