/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_journal_pace.c - how often a record is encoded: a caller who makes and changes a large call
 * makes no load
 *
 * Encodings are counted, and the clock stands still but for what the tests let pass. The rounds are
 * those of a small owner beside the large one: each of its changes is written in a batch.
 */
#include "journal_scene.h"

#define LARGE (200 * 1024)
#define PACE  256 /* bytes in a millisecond */

/* Touches all, and waits until the first one is in a batch that was written. */
static void round_of(struct scene *scene, unsigned int n)
{
	unsigned int before = scene->owners[0].encoded;
	int64_t until_ms = test_real_ms() + DEADLINE_MS;

	for (unsigned int i = 0; i < n; i++)
		journal_touch(scene->owners[i].mark);
	while (scene->owners[0].encoded == before && test_real_ms() < until_ms)
		let_run(scene);
	CU_ASSERT_EQUAL(scene->owners[0].encoded, before + 1);
}

static void open_with_small(struct scene *scene)
{
	scene_open(scene);
	add(scene, 0, "small");
	CU_ASSERT(settle(scene));
}

static void test_large_record_is_encoded_less_often(void)
{
	struct scene scene;
	struct owner *large;

	open_with_small(&scene);
	test_clock_stop();
	large = add(&scene, 1, "large");
	large->size = LARGE;
	for (int i = 0; i < 20; i++) {
		round_of(&scene, 2);
		test_clock_pass(10);
	}
	CU_ASSERT_EQUAL(large->encoded, 1);
	test_clock_pass(LARGE / PACE - 200 - 1);
	round_of(&scene, 2);
	CU_ASSERT_EQUAL(large->encoded, 1);
	test_clock_pass(1);
	round_of(&scene, 2);
	CU_ASSERT_EQUAL(large->encoded, 2);
	test_clock_go();
	scene_close(&scene);
}

/* What an ordinary call has: a few forks with two medias. */
static void test_small_records_never_wait(void)
{
	struct scene scene;

	open_with_small(&scene);
	test_clock_stop();
	scene.owners[0].size = 10 * PACE - 1;
	for (int i = 0; i < 10; i++) {
		round_of(&scene, 1);
		test_clock_pass(9);
	}
	test_clock_go();
	scene_close(&scene);
}

/* A call that cannot be saved costs no more; and it is saved when its forks have ended. */
static void test_too_large_record_is_tried_now_and_then(void)
{
	struct scene scene;
	struct owner *huge;

	open_with_small(&scene);
	test_clock_stop();
	huge = add(&scene, 1, "huge");
	huge->size = JOURNAL_BATCH;
	for (int i = 0; i < 20; i++) {
		round_of(&scene, 2);
		test_clock_pass(10);
	}
	CU_ASSERT(huge->encoded >= 1 && huge->encoded <= 2); /* 2: the first one in vain */
	huge->size = 0;
	huge->encoded = 0;
	round_of(&scene, 2);
	CU_ASSERT_EQUAL(huge->encoded, 0);
	test_clock_pass(JOURNAL_BATCH / PACE);
	round_of(&scene, 2);
	test_clock_go();
	journal_close(scene.journal);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=small 2=huge ");
	scene_close(&scene);
}

/* Two that do not fit in one batch: the second is not encoded for a room that it had not fit. */
static void test_no_record_is_encoded_in_vain(void)
{
	struct scene scene;

	open_with_small(&scene);
	test_clock_stop();
	for (unsigned int i = 1; i < 3; i++)
		add(&scene, i, "large")->size = LARGE;
	CU_ASSERT(settle(&scene));
	for (unsigned int i = 1; i < 3; i++)
		scene.owners[i].encoded = 0;
	for (int i = 0; i < 5; i++) {
		test_clock_pass(LARGE / PACE);
		round_of(&scene, 3);
		CU_ASSERT(settle(&scene));
	}
	CU_ASSERT_EQUAL(scene.owners[1].encoded, 5);
	CU_ASSERT_EQUAL(scene.owners[2].encoded, 5);
	test_clock_go();
	scene_close(&scene);
}

/* The last change of a record that waits needs no further one; and the end waits for nothing. */
static void test_waiting_record_is_written_by_itself(void)
{
	struct scene scene;
	struct owner *owner;

	open_with_small(&scene);
	owner = add(&scene, 1, "old");
	owner->size = 50 * PACE;
	CU_ASSERT(settle(&scene));
	journal_touch(owner->mark);
	CU_ASSERT(settle(&scene));
	CU_ASSERT_EQUAL(owner->encoded, 2);
	test_clock_stop();
	owner->size = LARGE;
	test_clock_pass(LARGE / PACE);
	round_of(&scene, 2);
	CU_ASSERT(settle(&scene));
	journal_touch(owner->mark);
	journal_mark_end(owner->mark);
	CU_ASSERT(settle(&scene));
	CU_ASSERT_EQUAL(owner->encoded, 3);
	test_clock_go();
	journal_close(scene.journal);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=small ");
	scene_close(&scene);
}

static void test_close_writes_what_waits(void)
{
	struct scene scene;
	struct owner *owner;

	open_with_small(&scene);
	test_clock_stop();
	owner = add(&scene, 1, "old");
	owner->size = LARGE;
	CU_ASSERT(settle(&scene));
	owner->size = 0;
	snprintf(owner->text, sizeof(owner->text), "new");
	journal_touch(owner->mark);
	CU_ASSERT_EQUAL(journal_close(scene.journal), 0);
	test_clock_go();
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=small 2=new ");
	scene_close(&scene);
}

TEST_SUITE(journal_pace,
	   { "a large record is encoded less often", test_large_record_is_encoded_less_often },
	   { "small records never wait", test_small_records_never_wait },
	   { "a too large record is tried now and then",
	     test_too_large_record_is_tried_now_and_then },
	   { "no record is encoded in vain", test_no_record_is_encoded_in_vain },
	   { "a waiting record is written by itself", test_waiting_record_is_written_by_itself },
	   { "close writes what waits", test_close_writes_what_waits });
