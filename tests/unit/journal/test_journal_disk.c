/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_journal_disk.c - a disk that is full, slow, hangs or vanishes under the journal */
#include "journal_scene.h"

/* The unit tests are linked with --wrap=journal_store_write. */
int __real_journal_store_write(struct journal_store *store, const struct journal_batch *batch,
			       char *why);
int __wrap_journal_store_write(struct journal_store *store, const struct journal_batch *batch,
			       char *why);

static int64_t write_lasts_ms; /* of the next write, by the stopped clock */
static int hang_fd = -1;       /* a write ends when this pipe is closed */
static unsigned int writes;

int __wrap_journal_store_write(struct journal_store *store, const struct journal_batch *batch,
			       char *why)
{
	if (write_lasts_ms)
		test_clock_pass(write_lasts_ms);
	write_lasts_ms = 0;
	__atomic_add_fetch(&writes, 1, __ATOMIC_RELAXED);
	if (hang_fd >= 0 && read(hang_fd, &(char){ 0 }, 1) < 0)
		return -errno;
	return __real_journal_store_write(store, batch, why);
}

/* As if the disk was full: files cannot grow. *before gets what give_room() needs. */
static void take_room(struct rlimit *before)
{
	struct rlimit none = { 1, 1 };

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, before);
	none.rlim_max = before->rlim_max;
	setrlimit(RLIMIT_FSIZE, &none);
}

static void give_room(const struct rlimit *before)
{
	setrlimit(RLIMIT_FSIZE, before);
}

/* Return: test_real_ms() before the last of @n failures */
static int64_t fail_writes(struct scene *scene, unsigned int n)
{
	int64_t until_ms = test_real_ms() + DEADLINE_MS, before_ms = 0;

	while (journal_counters(scene->journal).write_errors < n && test_real_ms() < until_ms) {
		before_ms = test_real_ms();
		event_base_loop(scene->base, EVLOOP_ONCE);
	}
	CU_ASSERT_EQUAL(journal_counters(scene->journal).write_errors, n);
	return before_ms;
}

/* Once a second, not every 10 ms; logged when it begins and when it is over. */
static void test_writes_to_a_full_disk_are_repeated(void)
{
	struct log_capture capture;
	struct rlimit before;
	struct scene scene;
	int64_t failed_ms;
	char text[4096];

	scene_open(&scene);
	log_capture_begin(&capture, LOG_LEVEL_INFO);
	take_room(&before);
	add(&scene, 0, "old");
	failed_ms = fail_writes(&scene, 1);
	CU_ASSERT_FALSE(journal_is_idle(scene.journal));
	fail_writes(&scene, 2);
	CU_ASSERT(test_real_ms() - failed_ms >= 990); /* timers count whole milliseconds */
	snprintf(scene.owners[0].text, sizeof(scene.owners[0].text), "new");
	give_room(&before);
	CU_ASSERT_EQUAL(close_journal(&scene), 0); /* does not wait for the next second */
	log_capture_end(&capture, text, sizeof(text));
	log_set_level(LOG_LEVEL_ERR - 1);
	CU_ASSERT_EQUAL(log_capture_count(text, "cannot write calls to"), 1);
	CU_ASSERT_EQUAL(log_capture_count(text, "writing calls works again"), 1);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=new ");
	scene_close(&scene);
}

/* At once, with the reason: at the end nobody waits until there is room. */
static void test_full_disk_at_the_end_is_reported(void)
{
	struct rlimit before;
	struct scene scene;
	int error;

	scene_open(&scene);
	take_room(&before);
	add(&scene, 0, "one");
	error = close_journal(&scene);
	CU_ASSERT(error < 0);
	CU_ASSERT_NOT_EQUAL(error, -ETIMEDOUT);
	CU_ASSERT_PTR_NULL(scene.owners[0].mark);
	give_room(&before);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	scene_close(&scene);
}

/* Written by a clean stop, or left in the log by a crash: reading needs no room. */
static void add_one(struct scene *scene)
{
	add(scene, 0, "one");
	if (!settle(scene))
		_exit(2);
}

static void test_full_disk_at_the_start_keeps_the_calls(void)
{
	for (unsigned int crash = 0; crash < 2; crash++) {
		struct rlimit before;
		struct scene scene;

		scene_open(&scene);
		if (crash)
			crash_in_child(&scene, add_one);
		else
			add_one(&scene);
		if (!crash)
			CU_ASSERT_EQUAL(close_journal(&scene), 0);
		take_room(&before);
		CU_ASSERT_EQUAL_FATAL(open_again(&scene), 0);
		CU_ASSERT_STRING_EQUAL(scene.restored, "1=one ");
		CU_ASSERT_EQUAL(journal_state(scene.journal), JOURNAL_OK);
		add(&scene, 1, "two");
		fail_writes(&scene, 1);
		CU_ASSERT_EQUAL(journal_state(scene.journal), JOURNAL_FAILING);
		give_room(&before);
		CU_ASSERT(settle(&scene));
		close_journal(&scene);
		CU_ASSERT_EQUAL(open_again(&scene), 0);
		CU_ASSERT_STRING_EQUAL(scene.restored, "1=one 2=two ");
		scene_close(&scene);
	}
}

/* Several batches: no other is begun when the time for the last writes is over. */
static void test_slow_disk_does_not_hold_up_the_end(void)
{
	struct scene scene;

	scene_open(&scene);
	test_clock_stop();
	write_lasts_ms = 2001;
	writes = 0;
	for (unsigned int i = 0; i < 5; i++)
		add(&scene, i, "big")->size = JOURNAL_BATCH - 1000;
	CU_ASSERT_EQUAL(journal_close(scene.journal), -ETIMEDOUT);
	test_clock_go();
	CU_ASSERT(writes < 5);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_EQUAL(scene.n_restored, writes);
	scene_close(&scene);
}

/* Most errors of a full or broken disk end the transaction, others leave it open. */
static void test_failed_batch_does_not_stop_the_next(void)
{
	struct scene scene;

	scene_open(&scene);
	close_journal(&scene);
	sql(&scene, "CREATE TRIGGER fails BEFORE INSERT ON call WHEN NEW.record = x'626164' "
		    "BEGIN SELECT RAISE(FAIL, 'of the test'); END");
	CU_ASSERT_EQUAL_FATAL(open_again(&scene), 0);
	add(&scene, 0, "bad");
	fail_writes(&scene, 1);
	snprintf(scene.owners[0].text, sizeof(scene.owners[0].text), "good");
	CU_ASSERT_EQUAL(close_journal(&scene), 0);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=good ");
	scene_close(&scene);
}

/* The system runs the daemon's stop against a clock: a disk that hangs may not hold it up. */
static void test_hung_disk_does_not_hold_up_the_end(void)
{
	static const struct journal *left; /* else its memory counts as leaked */
	int64_t begun_ms;
	struct scene scene;
	int pipes[2];

	scene_open(&scene);
	CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
	hang_fd = pipes[0];
	add(&scene, 0, "one");
	begun_ms = test_real_ms();
	left = scene.journal;
	CU_ASSERT_EQUAL(journal_close(scene.journal), -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(left);
	CU_ASSERT(test_real_ms() - begun_ms < 10000);
	CU_ASSERT_PTR_NULL(scene.owners[0].mark);
	hang_fd = -1;
	close(pipes[1]); /* the thread ends by itself; its file is open until the process ends */
	scene.journal = NULL;
	scene_close(&scene);
}

static void test_hung_disk_is_told(void)
{
	struct log_capture capture;
	struct scene scene;
	int64_t until_ms;
	char text[4096];
	int pipes[2];

	scene_open(&scene);
	CU_ASSERT_EQUAL(journal_state(scene.journal), JOURNAL_OK);
	CU_ASSERT_EQUAL(journal_state(NULL), JOURNAL_OFF);
	CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
	hang_fd = pipes[0];
	log_capture_begin(&capture, LOG_LEVEL_INFO);
	add(&scene, 0, "one");
	until_ms = test_real_ms() + JOURNAL_STALL_MS + DEADLINE_MS;
	while (journal_state(scene.journal) == JOURNAL_OK && test_real_ms() < until_ms)
		event_base_loop(scene.base, EVLOOP_ONCE);
	CU_ASSERT_EQUAL(journal_state(scene.journal), JOURNAL_STALLED);
	hang_fd = -1;
	close(pipes[1]);
	CU_ASSERT(settle(&scene));
	CU_ASSERT_EQUAL(journal_state(scene.journal), JOURNAL_OK);
	log_capture_end(&capture, text, sizeof(text));
	log_set_level(LOG_LEVEL_ERR - 1);
	CU_ASSERT_EQUAL(log_capture_count(text, "has not ended for 3 s"), 1);
	CU_ASSERT_EQUAL(log_capture_count(text, "has ended"), 1);
	close(pipes[0]);
	scene_close(&scene);
}

/* Removed, or replaced by an older copy: SQLite would write to files that no longer have a name. */
static void test_removed_file_is_renewed(void)
{
	static const char *const ways[] = {
		"rm $f $f-wal",
		"rm $f-wal",
		"rm -r $(dirname $f)",
		"cp $f $f.old; mv $f.old $f",
	};

	for (size_t i = 0; i < COUNT(ways); i++) {
		struct log_capture capture;
		struct scene scene;
		char text[4096];

		scene_open(&scene);
		add(&scene, 0, "one");
		add(&scene, 1, "two");
		CU_ASSERT(settle(&scene));
		damage(&scene, ways[i]);
		log_capture_begin(&capture, LOG_LEVEL_INFO);
		add(&scene, 2, "three");
		CU_ASSERT(settle(&scene));
		log_capture_end(&capture, text, sizeof(text));
		log_set_level(LOG_LEVEL_ERR - 1);
		CU_ASSERT_EQUAL(log_capture_count(text, "was removed or replaced"), 1);
		CU_ASSERT_EQUAL(journal_state(scene.journal), JOURNAL_OK);
		close_journal(&scene);
		CU_ASSERT_EQUAL(open_again(&scene), 0);
		CU_ASSERT_STRING_EQUAL(scene.restored, "1=one 2=two 3=three ");
		scene_close(&scene);
	}
}

/* The directory cannot be created for a while: the state says so, and then calls are saved. */
static void test_vanished_directory_is_told(void)
{
	struct log_capture capture;
	char text[4096], away[80], remove[96];
	struct scene scene;
	int64_t until_ms;

	scene_open(&scene);
	add(&scene, 0, "one");
	CU_ASSERT(settle(&scene));
	snprintf(away, sizeof(away), "%s.away", scene.dir);
	CU_ASSERT_EQUAL(rename(scene.dir, away), 0);
	close(open(scene.dir, O_CREAT | O_WRONLY, 0600)); /* a file has its name */
	log_capture_begin(&capture, LOG_LEVEL_INFO);
	add(&scene, 1, "two");
	fail_writes(&scene, 2);
	CU_ASSERT_EQUAL(journal_state(scene.journal), JOURNAL_FAILING);
	unlink(scene.dir);
	until_ms = test_real_ms() + DEADLINE_MS;
	while (journal_state(scene.journal) != JOURNAL_OK && test_real_ms() < until_ms)
		event_base_loop(scene.base, EVLOOP_ONCE);
	CU_ASSERT(settle(&scene));
	log_capture_end(&capture, text, sizeof(text));
	log_set_level(LOG_LEVEL_ERR - 1);
	CU_ASSERT_EQUAL(log_capture_count(text, "cannot write calls to"), 1);
	CU_ASSERT_EQUAL(log_capture_count(text, "writing calls works again"), 1);
	close_journal(&scene);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=one 2=two ");
	snprintf(remove, sizeof(remove), "rm -r %s", away);
	CU_ASSERT_EQUAL(system(remove), 0);
	scene_close(&scene);
}

TEST_SUITE(journal_disk,
	   { "writes to a full disk are repeated", test_writes_to_a_full_disk_are_repeated },
	   { "a slow disk does not hold up the end", test_slow_disk_does_not_hold_up_the_end },
	   { "a failed batch does not stop the next", test_failed_batch_does_not_stop_the_next },
	   { "a hung disk does not hold up the end", test_hung_disk_does_not_hold_up_the_end },
	   { "a hung disk is told", test_hung_disk_is_told },
	   { "a removed file is renewed", test_removed_file_is_renewed },
	   { "a vanished directory is told", test_vanished_directory_is_told },
	   { "a full disk at the start keeps the calls",
	     test_full_disk_at_the_start_keeps_the_calls },
	   { "a full disk at the end is reported", test_full_disk_at_the_end_is_reported });
