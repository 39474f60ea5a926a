/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_bridge_life.c - opening and closing of bridges: descriptors, thousands of bridges, out of
 * memory
 */
#include "daemon/packet/state.h"
#include "bridge_scene.h"

static unsigned int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void test_closing_gives_every_descriptor_back(void)
{
	unsigned int before = descriptors();
	struct scene scene;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	close_scene(&scene);
	CU_ASSERT_EQUAL(descriptors(), before);
	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	free_pool(&scene); /* with a bridge open */
	bridge_close(scene.bridge);
	bridge_free(scene.bridge);
	for (int i = 0; i < 4; i++)
		close(scene.phone[i]);
	CU_ASSERT_EQUAL(descriptors(), before);
}

/* Also what is allocated only with RTCP, for the quality of a stream. */
static void test_closing_frees_all_memory(void)
{
	long before = alloc_live();
	struct scene scene;
	uint8_t p[8];

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	for (int i = A_RTCP; i <= B_RTCP; i += 2) {
		struct endpoint source;

		sendto(scene.phone[i], p, receiver_report(p, i == A_RTCP ? 7 : 8), 0,
		       &scene.relay_at[i].sa, endpoint_len(&scene.relay_at[i]));
		CU_ASSERT_EQUAL(hear(scene.phone[i ^ 2], p, &source), 8);
		CU_ASSERT_PTR_NOT_NULL(scene.bridge->stream[i >> 1][COMP_RTP]->quality);
	}
	update(&scene);
	close_scene(&scene);
	CU_ASSERT_EQUAL(alloc_live(), before);
}

/*
 * Sockets receive packets while their bridges are opened and closed: nothing of a closed one may be
 * used.
 */
static void test_thousand_bridges_come_and_go(void)
{
	struct scene scene;
	struct bridge *bridge[10];
	unsigned int before = descriptors();

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	for (unsigned int round = 0; round < 100; round++) {
		for (int i = 0; i < 10; i++) {
			int fd[2][2] = { { -1, -1 }, { -1, -1 } };
			struct endpoint local[2][2] = { 0 };

			for (int j = 0; j < 4; j++)
				fd[j >> 1][j & 1] = socket_at("127.0.0.1", &local[j >> 1][j & 1]);
			bridge[i] = bridge_open(scene.pool, 0, i ? bridge[i - 1] : NULL, fd, local,
						&scene.conf, &scene);
			CU_ASSERT_PTR_NOT_NULL_FATAL(bridge[i]);
			send_rtp(scene.phone[A_RTP], &local[SIDE_A][COMP_RTP], 1, 7);
			send_rtp(scene.phone[B_RTP], &local[SIDE_B][COMP_RTP], 1, 7);
		}
		worker_pool_flush(scene.pool);
		for (int i = 0; i < 10; i++)
			bridge_close(bridge[i]);
		worker_pool_flush(scene.pool);
		CU_ASSERT_TRUE_FATAL(wait_events(&scene, &scene.closed, 10 * (round + 1)));
		for (int i = 0; i < 10; i++)
			bridge_free(bridge[i]);
	}
	scene.closed = 0;
	close_scene(&scene);
	CU_ASSERT_EQUAL(descriptors(), before);
}

static struct bridge *open_empty(struct scene *scene, struct bridge *sibling)
{
	static const int fd[2][2] = { { -1, -1 }, { -1, -1 } };
	static const struct endpoint local[2][2];
	struct bridge *b = bridge_open(scene->pool, 0, sibling, fd, local, &scene->conf, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	return b;
}

/* What is left of a dialog must not read the memory of a media that has ended. */
static void test_closed_bridge_leaves_its_siblings(void)
{
	struct bridge *second, *third;
	struct scene scene;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	second = open_empty(&scene, scene.bridge);
	third = open_empty(&scene, second);
	worker_pool_flush(scene.pool);
	bridge_close(second);
	worker_pool_flush(scene.pool);
	CU_ASSERT_TRUE(wait_events(&scene, &scene.closed, 1));
	CU_ASSERT_PTR_EQUAL(scene.bridge->siblings.next, &third->siblings);
	CU_ASSERT_PTR_EQUAL(third->siblings.next, &scene.bridge->siblings);
	bridge_close(third);
	end_traffic(&scene);
	CU_ASSERT_TRUE(wait_events(&scene, &scene.closed, 3));
	bridge_free(second);
	bridge_free(third);
	close_scene(&scene);
}

static void test_lack_of_memory_changes_nothing(void)
{
	struct scene scene;
	struct worker_pool_conf conf = { .threads = 2, .event = on_event };
	unsigned int before = descriptors();

	ALLOC_FAILS_AT_EACH
	{
		int error = 0;
		struct worker_pool *pool = worker_pool_new(&conf, &error);

		CU_ASSERT_EQUAL(pool ? 0 : -ENOMEM, error);
		CU_ASSERT_EQUAL(alloc_failed(), !pool);
		worker_pool_free(pool);
	}
	CU_ASSERT_EQUAL(descriptors(), before);
	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	ALLOC_FAILS_AT_EACH
	{
		int result = bridge_update(scene.bridge, &scene.conf, NULL);
		int fd[2][2] = { { -1, -1 }, { -1, -1 } };
		struct endpoint local[2][2] = { 0 };
		struct bridge *b =
			result ? NULL
			       : bridge_open(scene.pool, 0, NULL, fd, local, &scene.conf, NULL);

		CU_ASSERT_EQUAL(alloc_failed(), !b);
		if (b) {
			bridge_close(b);
			worker_pool_flush(scene.pool);
			CU_ASSERT_TRUE(wait_events(&scene, &scene.closed, 1));
			scene.closed = 0;
			bridge_free(b);
		}
	}
	talk(&scene);
	close_scene(&scene);
}

TEST_SUITE(bridge_life,
	   { "closing gives every descriptor back", test_closing_gives_every_descriptor_back },
	   { "closing frees all memory", test_closing_frees_all_memory },
	   { "thousand bridges come and go", test_thousand_bridges_come_and_go },
	   { "closed bridge leaves its siblings", test_closed_bridge_leaves_its_siblings },
	   { "lack of memory changes nothing", test_lack_of_memory_changes_nothing });
