/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rtpp_limits.c - max-medias and max-branches in the rtpproxy protocol
 *
 * Of the answers E7 to E10 proxies disable a relay: a caller must not be able to cause them.
 */
#include "rtpp_ask.h"

static void test_further_medias_are_refused(void)
{
	char text[64];
	struct scene scene;

	scene_open(&scene);
	for (int i = 1; i <= 128; i++) {
		snprintf(text, sizeof(text), "U c 192.0.2.1 %d a;%d", 4000 + 2 * i, i);
		CU_ASSERT(ask_matches(ask(&scene, text), i <= 16 ? "# 127.80.0.1\n" : "E72\n"));
		snprintf(text, sizeof(text), "L c 192.0.2.2 %d a;%d b;%d", 4000 + 2 * i, i, i);
		CU_ASSERT(ask_matches(ask(&scene, text), i <= 16 ? "# 127.80.0.1\n" : "0\n"));
	}
	CU_ASSERT_EQUAL(scene_used(&scene, "pub"), 2 * 16);
	/* A media that has ports keeps them, and gets others; one that ended makes room. */
	ASK_ROWS(&scene, ((const struct ask_row[]){
				 { "U c 192.0.2.1 4002 a;16 b;16", "# 127.80.0.1\n" },
				 { "UN c 192.0.2.1 4002 a;16 b;16", "# 127.80.0.1\n" },
				 { "D c a;3", "0\n" },
				 { "U c 192.0.2.1 4002 a;20 b;20", "# 127.80.0.1\n" },
				 { "U c 192.0.2.1 4002 a;21 b;21", "E72\n" },
			 }));
	CU_ASSERT(scene_close(&scene));
}

static void test_further_branches_are_refused(void)
{
	char text[64];
	struct scene scene;

	scene_open(&scene);
	scene.calls->conf.max_branches = 3;
	for (int i = 0; i < 5; i++) {
		snprintf(text, sizeof(text), "U c 192.0.2.1 4000 a%d;1", i);
		CU_ASSERT(ask_matches(ask(&scene, text), i < 3 ? "# 127.80.0.1\n" : "E72\n"));
	}
	CU_ASSERT(ask_matches(ask(&scene, "L c 192.0.2.2 5000 a2;1 b;1"), "# 127.80.0.1\n"));
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(rtpp_limits,
	   { "max-medias: further medias get an error", test_further_medias_are_refused },
	   { "max-branches: further branches get an error", test_further_branches_are_refused });
