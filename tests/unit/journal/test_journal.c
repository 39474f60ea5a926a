/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_journal.c - marks, batches and the file: what is written, and what is not */
#include "journal_scene.h"

static void test_restores_after_a_clean_end(void)
{
	struct scene scene;

	scene_open(&scene);
	add(&scene, 0, "one");
	add(&scene, 1, "two");
	CU_ASSERT_EQUAL(close_journal(&scene), 0);
	CU_ASSERT_PTR_NULL(scene.owners[0].mark);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=one 2=two ");
	scene_close(&scene);
}

static void write_three(struct scene *scene)
{
	add(scene, 0, "one");
	add(scene, 1, "two");
	add(scene, 2, "three");
	if (!settle(scene))
		_exit(2);
	snprintf(scene->owners[0].text, sizeof(scene->owners[0].text), "uno");
	journal_touch(scene->owners[0].mark);
	journal_mark_end(scene->owners[1].mark);
	if (!settle(scene))
		_exit(3);
	add(scene, 3, "too late");
}

static void test_restores_after_a_crash(void)
{
	struct scene scene;

	scene_open(&scene);
	crash_in_child(&scene, write_three);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=uno 3=three ");
	/* Numbers continue: a new owner does not get the record of another. */
	add(&scene, 5, "four");
	CU_ASSERT(settle(&scene));
	close_journal(&scene);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=uno 3=three 4=four ");
	scene_close(&scene);
}

static void test_many_touches_are_one_record(void)
{
	struct scene scene;
	struct owner *owner;

	scene_open(&scene);
	owner = add(&scene, 0, "first");
	for (int i = 0; i < 1000; i++)
		journal_touch(owner->mark);
	snprintf(owner->text, sizeof(owner->text), "last");
	CU_ASSERT(settle(&scene));
	CU_ASSERT_EQUAL(scene.encoded, 1);
	close_journal(&scene);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=last ");
	scene_close(&scene);
}

/* What is changed while it is being written is written again, with its later state. */
static void test_touched_while_out_is_written_again(void)
{
	struct scene scene;
	struct owner *owner;

	scene_open(&scene);
	owner = add(&scene, 0, "old");
	while (!scene.encoded)
		event_base_loop(scene.base, EVLOOP_ONCE);
	snprintf(owner->text, sizeof(owner->text), "new");
	journal_touch(owner->mark);
	CU_ASSERT(settle(&scene));
	CU_ASSERT_EQUAL(scene.encoded, 2);
	close_journal(&scene);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=new ");
	scene_close(&scene);
}

static void test_ended_before_it_was_written_leaves_nothing(void)
{
	struct scene scene;

	scene_open(&scene);
	journal_mark_end(add(&scene, 0, "short")->mark);
	CU_ASSERT_PTR_NULL(scene.owners[0].mark);
	CU_ASSERT(journal_is_idle(scene.journal));
	/* ... while it is being written */
	add(&scene, 1, "longer");
	while (!scene.encoded)
		event_base_loop(scene.base, EVLOOP_ONCE);
	journal_mark_end(scene.owners[1].mark);
	CU_ASSERT(settle(&scene));
	/* ... and after */
	add(&scene, 2, "long");
	CU_ASSERT(settle(&scene));
	journal_mark_end(scene.owners[2].mark);
	CU_ASSERT_EQUAL(close_journal(&scene), 0);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "");
	scene_close(&scene);
}

/*
 * Records above the size of a batch are split over several; one record larger than a batch is left
 * out, without affecting others.
 */
static void test_batches_are_bounded(void)
{
	struct scene scene;

	scene_open(&scene);
	for (unsigned int i = 0; i < 5; i++)
		add(&scene, i, "big")->size = JOURNAL_BATCH / 2 - 1000 + i;
	add(&scene, 5, "huge")->size = JOURNAL_BATCH;
	add(&scene, 6, "small");
	CU_ASSERT(settle(&scene));
	/* That is logged and counted once, not at each of its changes. */
	test_clock_stop();
	test_clock_pass(2000);
	test_clock_go();
	journal_touch(scene.owners[5].mark);
	CU_ASSERT(settle(&scene));
	CU_ASSERT_EQUAL(journal_counters(scene.journal).too_large, 1);
	CU_ASSERT_EQUAL(close_journal(&scene), 0);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_EQUAL(scene.n_restored, 6);
	CU_ASSERT_STRING_EQUAL(scene.restored, "7=small ");
	scene_close(&scene);
}

static void test_null_journal_keeps_nothing(void)
{
	struct owner owner = { .mark = (struct journal_mark *)1 };

	CU_ASSERT_EQUAL(journal_mark_new(NULL, &owner, &owner.mark), 0);
	CU_ASSERT_PTR_NULL(owner.mark);
	journal_touch(owner.mark);
	journal_mark_end(owner.mark);
	CU_ASSERT_EQUAL(journal_close(NULL), 0);
}

static void test_what_cannot_be_restored_is_removed(void)
{
	struct scene scene;

	scene_open(&scene);
	add(&scene, 0, "one");
	close_journal(&scene);
	scene.error = -EADDRINUSE;
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=one ");
	CU_ASSERT_EQUAL(journal_counters(scene.journal).not_restored, 1);
	close_journal(&scene);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "");
	CU_ASSERT_EQUAL(count_files(&scene, JOURNAL_FILE "."), 0);
	scene_close(&scene);
}

static void hold_lock(struct scene *scene)
{
	const struct journal_conf conf = { scene->dir, scene->base, encode, restore, scene };
	struct journal *mine = scene->journal;
	pid_t child = fork();
	int error = 0, status;

	if (!child) {
		event_reinit(scene->base);
		_exit(!journal_open(&conf, &error) && error == -EBUSY ? 0 : 1);
	}
	if (waitpid(child, &status, 0) != child || status)
		_exit(4);
	scene->journal = mine;
}

static void test_second_daemon_is_kept_out(void)
{
	struct scene scene;

	scene_open(&scene);
	crash_in_child(&scene, hold_lock);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	scene_close(&scene);
}

static void test_directory_is_made_and_private(void)
{
	struct scene scene;
	struct stat st;

	scene_open(&scene);
	add(&scene, 0, "one");
	CU_ASSERT(settle(&scene));
	CU_ASSERT_EQUAL(stat(path_of(&scene, JOURNAL_FILE), &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	CU_ASSERT_EQUAL(stat(path_of(&scene, JOURNAL_FILE "-wal"), &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	close_journal(&scene);
	strcat(scene.dir, "/new");
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_EQUAL(stat(scene.dir, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0700);
	close_journal(&scene);
	/* A symbolic link to the directory, as systemd creates in /var/lib */
	CU_ASSERT_EQUAL(symlink("new", path_of(&scene, "../link")), 0);
	memcpy(scene.dir + strlen(scene.dir) - strlen("/new"), "/link", sizeof("/link"));
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	close_journal(&scene);
	strcat(scene.dir, "/no/such");
	CU_ASSERT_EQUAL(open_again(&scene), -ENOENT);
	CU_ASSERT_PTR_NULL(scene.journal);
	*strstr(scene.dir, "/link") = '\0';
	scene_close(&scene);
}

/* Owners that come, are written, and end. */
static void pass_through(struct scene *scene, struct owner *owners, size_t n)
{
	for (size_t i = 0; i < n; i++)
		CU_ASSERT_EQUAL(journal_mark_new(scene->journal, &owners[i], &owners[i].mark), 0);
	CU_ASSERT(settle(scene));
	for (size_t i = 0; i < n; i++)
		journal_mark_end(owners[i].mark);
	CU_ASSERT(settle(scene));
}

static void test_ended_owners_leave_no_memory(void)
{
	enum { MANY = 400 };
	static struct owner owners[MANY];
	struct scene scene;
	size_t before;

	for (size_t i = 0; i < MANY; i++)
		strcpy(owners[i].text, "text");
	scene_open(&scene);
	pass_through(&scene, owners, MANY);
	before = mallinfo2().uordblks;
	pass_through(&scene, owners, MANY);
	CU_ASSERT(mallinfo2().uordblks < before + MANY * 16);
	close_journal(&scene);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_EQUAL(scene.n_restored, 0);
	scene_close(&scene);
}

static void test_out_of_memory_leaks_nothing(void)
{
	struct scene scene;

	scene_open(&scene);
	add(&scene, 0, "one");
	close_journal(&scene);
	ALLOC_FAILS_AT_EACH
	{
		int error = open_again(&scene);

		if (!scene.journal) {
			CU_ASSERT_EQUAL(error, -ENOMEM);
			continue;
		}
		error = journal_mark_new(scene.journal, &scene.owners[5], &scene.owners[5].mark);
		CU_ASSERT(!error == !!scene.owners[5].mark);
		journal_mark_end(scene.owners[5].mark);
		close_journal(&scene);
	}
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	scene_close(&scene);
}

TEST_SUITE(journal, { "restores after a clean end", test_restores_after_a_clean_end },
	   { "restores after a crash", test_restores_after_a_crash },
	   { "many touches are one record", test_many_touches_are_one_record },
	   { "what is changed while it is written is written again",
	     test_touched_while_out_is_written_again },
	   { "what ended before it was written leaves nothing",
	     test_ended_before_it_was_written_leaves_nothing },
	   { "batches are bounded", test_batches_are_bounded },
	   { "no journal keeps nothing", test_null_journal_keeps_nothing },
	   { "what cannot be restored is removed", test_what_cannot_be_restored_is_removed },
	   { "a second daemon is kept out", test_second_daemon_is_kept_out },
	   { "the directory is made, and private", test_directory_is_made_and_private },
	   { "ended owners leave no memory", test_ended_owners_leave_no_memory },
	   { "out of memory leaks nothing", test_out_of_memory_leaks_nothing });
