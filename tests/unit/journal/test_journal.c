/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_journal.c - marks, batches and the file: what is written, what is not, and damaged files
 *
 * Owners are texts; each test has a directory with real files, the real thread and a real event
 * loop.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/journal/journal.h"
#include "daemon/base/log.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/test.h"
#include "tests/unit/test_clock.h"

#define DEADLINE_MS 5000
#define OWNERS	    8

/* What the journal must keep. */
struct owner {
	struct journal_mark *mark;
	char text[32];
	size_t size; /* bytes of its record; 0: those of @text */
};

struct scene {
	char dir[64];
	struct event_base *base;
	struct journal *journal;
	struct owner owners[OWNERS];
	unsigned int encoded;
	/* Results of the restore */
	char restored[256];
	unsigned int n_restored;
	int error; /* returned by the restore */
};

/* The unit tests are linked with --wrap=journal_store_write. */
int __real_journal_store_write(struct journal_store *store, const struct journal_batch *batch,
			       char *why);
int __wrap_journal_store_write(struct journal_store *store, const struct journal_batch *batch,
			       char *why);

static int64_t write_lasts_ms; /* by the stopped clock */
static int hang_fd = -1;       /* a write ends when this pipe is closed */
static unsigned int writes;

int __wrap_journal_store_write(struct journal_store *store, const struct journal_batch *batch,
			       char *why)
{
	if (write_lasts_ms)
		test_clock_pass(write_lasts_ms);
	__atomic_add_fetch(&writes, 1, __ATOMIC_RELAXED);
	if (hang_fd >= 0 && read(hang_fd, &(char){ 0 }, 1) < 0)
		return -errno;
	return __real_journal_store_write(store, batch, why);
}

static size_t encode(void *arg, void *owner, uint8_t *to, size_t room)
{
	const struct owner *o = owner;
	size_t len = o->size ? o->size : strlen(o->text);
	struct scene *scene = arg;

	scene->encoded++;
	if (len > room)
		return 0;
	memset(to, 'x', len);
	memcpy(to, o->text, strlen(o->text));
	return len;
}

/* "1=text " for each, in the order in which owners get them. */
static int restore(void *arg, struct journal *journal, int64_t id, const uint8_t *bytes, size_t len)
{
	struct scene *scene = arg;
	struct owner *owner = &scene->owners[scene->n_restored % OWNERS];
	size_t at = strlen(scene->restored);

	scene->n_restored++;
	if (len < sizeof(owner->text))
		snprintf(scene->restored + at, sizeof(scene->restored) - at, "%lld=%.*s ",
			 (long long)id, (int)len, (const char *)bytes);
	if (len == 3 && !memcmp(bytes, "bad", 3))
		return -EBADMSG;
	if (scene->error)
		return scene->error;
	snprintf(owner->text, sizeof(owner->text), "%.*s", (int)(len < 31 ? len : 31),
		 (const char *)bytes);
	return journal_mark_old(journal, owner, &owner->mark, id);
}

static int open_again(struct scene *scene)
{
	const struct journal_conf conf = { scene->dir, scene->base, encode, restore, scene };
	int error;

	memset(scene->owners, 0, sizeof(scene->owners));
	scene->restored[0] = '\0';
	scene->n_restored = 0;
	scene->encoded = 0;
	scene->journal = journal_open(&conf, &error);
	return error;
}

static void scene_open(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	snprintf(scene->dir, sizeof(scene->dir), "/tmp/test-journal-XXXXXX");
	if (!mkdtemp(scene->dir))
		abort();
	log_set_level(LOG_LEVEL_ERR - 1); /* errors are expected here */
	scene->base = event_base_new();
	CU_ASSERT_EQUAL_FATAL(open_again(scene), 0);
}

static void scene_close(struct scene *scene)
{
	char command[128];

	CU_ASSERT_EQUAL(journal_close(scene->journal), 0);
	event_base_free(scene->base);
	snprintf(command, sizeof(command), "rm -rf %s", scene->dir);
	CU_ASSERT_EQUAL(system(command), 0);
	log_set_level(LOG_LEVEL_ERR);
}

static struct owner *add(struct scene *scene, unsigned int n, const char *text)
{
	struct owner *owner = &scene->owners[n];

	snprintf(owner->text, sizeof(owner->text), "%s", text);
	CU_ASSERT_EQUAL(journal_mark_new(scene->journal, owner, &owner->mark), 0);
	return owner;
}

/* Waits until all is on disk; false: not within the deadline. */
static bool settle(struct scene *scene)
{
	int64_t until_ms = clock_ms() + DEADLINE_MS;

	while (!journal_is_idle(scene->journal) && clock_ms() < until_ms)
		event_base_loop(scene->base, EVLOOP_ONCE);
	return journal_is_idle(scene->journal);
}

static const char *path_of(const struct scene *scene, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", scene->dir, name);
	return path;
}

/* The number of files whose name begins with @prefix. */
static unsigned int count_files(const struct scene *scene, const char *prefix)
{
	DIR *dir = opendir(scene->dir);
	const struct dirent *entry;
	unsigned int n = 0;

	if (!dir)
		abort();
	while ((entry = readdir(dir)))
		n += !strncmp(entry->d_name, prefix, strlen(prefix));
	closedir(dir);
	return n;
}

static void sql(const struct scene *scene, const char *text)
{
	sqlite3 *db;

	CU_ASSERT_EQUAL_FATAL(sqlite3_open(path_of(scene, JOURNAL_FILE), &db), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/*
 * As after kill -9: nothing more is written. File descriptors and the lock stay open in this
 * process, but not in a child.
 */
static void crash_in_child(struct scene *scene, void (*before)(struct scene *))
{
	pid_t child;
	int status;

	journal_close(scene->journal);
	scene->journal = NULL;
	child = fork();
	if (!child) {
		event_reinit(scene->base);
		if (open_again(scene))
			_exit(1);
		before(scene);
		kill(getpid(), SIGKILL);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_restores_after_a_clean_end(void)
{
	struct scene scene;

	scene_open(&scene);
	add(&scene, 0, "one");
	add(&scene, 1, "two");
	CU_ASSERT_EQUAL(journal_close(scene.journal), 0);
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
	journal_close(scene.journal);
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
	journal_close(scene.journal);
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
	journal_close(scene.journal);
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
	CU_ASSERT_EQUAL(journal_close(scene.journal), 0);
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
	journal_touch(scene.owners[5].mark);
	CU_ASSERT(settle(&scene));
	CU_ASSERT_EQUAL(journal_counters(scene.journal).too_large, 1);
	CU_ASSERT_EQUAL(journal_close(scene.journal), 0);
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
	journal_close(scene.journal);
	scene.error = -EADDRINUSE;
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=one ");
	CU_ASSERT_EQUAL(journal_counters(scene.journal).not_restored, 1);
	journal_close(scene.journal);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "");
	CU_ASSERT_EQUAL(count_files(&scene, JOURNAL_FILE "."), 0);
	scene_close(&scene);
}

/* The other records are copied into a new file. */
static void test_unreadable_record_sets_the_file_aside(void)
{
	struct scene scene;

	scene_open(&scene);
	add(&scene, 0, "one");
	add(&scene, 1, "bad");
	add(&scene, 2, "three");
	journal_close(scene.journal);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_EQUAL(count_files(&scene, JOURNAL_FILE "."), 1);
	CU_ASSERT_EQUAL(journal_counters(scene.journal).restored, 2);
	CU_ASSERT_EQUAL(journal_counters(scene.journal).unreadable, 1);
	CU_ASSERT(settle(&scene));
	journal_close(scene.journal);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=one 3=three ");
	scene_close(&scene);
}

static void damage(const struct scene *scene, const char *how)
{
	char command[512];

	snprintf(command, sizeof(command), "f=%s; %s", path_of(scene, JOURNAL_FILE), how);
	CU_ASSERT_EQUAL_FATAL(system(command), 0);
}

static void test_damaged_file_is_set_aside(void)
{
	static const char *const ways[] = {
		"printf garbage >$f",
		"head -c 5000 /dev/urandom >$f",
		"truncate -s 4096 $f",
		"truncate -s 5000 $f",
		"dd if=/dev/zero of=$f bs=1 seek=4096 count=4096 conv=notrunc 2>/dev/null",
		"dd if=/dev/urandom of=$f bs=1 seek=100 count=8000 conv=notrunc 2>/dev/null",
		"printf '\\377\\377' | dd of=$f bs=1 seek=4099 conv=notrunc 2>/dev/null",
		/* A number of free pages: all records can be read. */
		"printf '\\005' | dd of=$f bs=1 seek=39 conv=notrunc 2>/dev/null",
	};

	for (size_t i = 0; i < COUNT(ways); i++) {
		struct scene scene;

		scene_open(&scene);
		for (unsigned int n = 0; n < OWNERS; n++)
			add(&scene, n, "text")->size = 3000;
		CU_ASSERT_EQUAL(journal_close(scene.journal), 0);
		damage(&scene, ways[i]);
		CU_ASSERT_EQUAL_FATAL(open_again(&scene), 0);
		CU_ASSERT_EQUAL(count_files(&scene, JOURNAL_FILE "."), 1);
		add(&scene, 7, "new");
		CU_ASSERT(settle(&scene));
		journal_close(scene.journal);
		CU_ASSERT_EQUAL_FATAL(open_again(&scene), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(scene.restored, "=new "));
		CU_ASSERT_EQUAL(count_files(&scene, JOURNAL_FILE "."), 1);
		scene_close(&scene);
	}
}

static void test_link_in_place_of_the_file_is_refused(void)
{
	struct scene scene;
	struct stat st;

	scene_open(&scene);
	journal_close(scene.journal);
	damage(&scene, "rm $f* && : >$f.other && ln -s $f.other $f");
	CU_ASSERT_EQUAL(open_again(&scene), -ELOOP);
	CU_ASSERT_PTR_NULL(scene.journal);
	CU_ASSERT_EQUAL(stat(path_of(&scene, JOURNAL_FILE ".other"), &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 0);
	damage(&scene, "rm $f");
	CU_ASSERT_EQUAL_FATAL(open_again(&scene), 0);
	scene_close(&scene);
}

static void test_other_version_is_set_aside(void)
{
	static const char *const others[] = { "PRAGMA user_version=99", "PRAGMA user_version=0",
					      "DROP TABLE call; CREATE TABLE call(x)" };

	for (size_t i = 0; i < COUNT(others); i++) {
		struct scene scene;

		scene_open(&scene);
		add(&scene, 0, "one");
		journal_close(scene.journal);
		sql(&scene, others[i]);
		CU_ASSERT_EQUAL_FATAL(open_again(&scene), 0);
		CU_ASSERT_STRING_EQUAL(scene.restored, "");
		CU_ASSERT_EQUAL(count_files(&scene, JOURNAL_FILE "."), 1);
		scene_close(&scene);
	}
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
	journal_close(scene.journal);
	strcat(scene.dir, "/new");
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_EQUAL(stat(scene.dir, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0700);
	journal_close(scene.journal);
	/* A symbolic link to the directory, as systemd creates in /var/lib */
	CU_ASSERT_EQUAL(symlink("new", path_of(&scene, "../link")), 0);
	memcpy(scene.dir + strlen(scene.dir) - strlen("/new"), "/link", sizeof("/link"));
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	journal_close(scene.journal);
	strcat(scene.dir, "/no/such");
	CU_ASSERT_EQUAL(open_again(&scene), -ENOENT);
	CU_ASSERT_PTR_NULL(scene.journal);
	scene.dir[strlen("/tmp/test-journal-XXXXXX")] = '\0';
	scene_close(&scene);
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
	CU_ASSERT_EQUAL(journal_close(scene.journal), 0); /* does not wait for the next second */
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
	error = journal_close(scene.journal);
	CU_ASSERT(error < 0);
	CU_ASSERT_NOT_EQUAL(error, -ETIMEDOUT);
	CU_ASSERT_PTR_NULL(scene.owners[0].mark);
	give_room(&before);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	scene_close(&scene);
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
	write_lasts_ms = 0;
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
	journal_close(scene.journal);
	sql(&scene, "CREATE TRIGGER fails BEFORE INSERT ON call WHEN NEW.record = x'626164' "
		    "BEGIN SELECT RAISE(FAIL, 'of the test'); END");
	CU_ASSERT_EQUAL_FATAL(open_again(&scene), 0);
	add(&scene, 0, "bad");
	fail_writes(&scene, 1);
	snprintf(scene.owners[0].text, sizeof(scene.owners[0].text), "good");
	CU_ASSERT_EQUAL(journal_close(scene.journal), 0);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=good ");
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
	journal_close(scene.journal);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_EQUAL(scene.n_restored, 0);
	scene_close(&scene);
}

/* The record of "two" is in the last frame alone: SQLite reads an older file, and says nothing. */
static void write_then_more(struct scene *scene)
{
	add(scene, 0, "one");
	if (!settle(scene))
		_exit(2);
	snprintf(scene->owners[0].text, sizeof(scene->owners[0].text), "uno");
	journal_touch(scene->owners[0].mark);
	if (!settle(scene))
		_exit(3);
	add(scene, 1, "two");
	if (!settle(scene))
		_exit(4);
}

static void test_damaged_log_is_told(void)
{
	/* @frame: from the end, of 4120 bytes each; the last one is -1 */
	static const struct {
		const char *how, *restored;
		unsigned int damaged, lost;
	} rows[] = {
		{ "true", "1=uno 2=two ", 0, 0 },
		{ "end=$(stat -c %s $f-wal); printf x | dd of=$f-wal bs=1 seek=$((end - 4120 - 9)) "
		  "conv=notrunc 2>/dev/null",
		  "1=one ", 1, 1 },
		{ "end=$(stat -c %s $f-wal); printf x | dd of=$f-wal bs=1 seek=$((end - 9)) "
		  "conv=notrunc 2>/dev/null",
		  "1=uno ", 1, 0 },
		{ "printf x | dd of=$f-wal bs=1 seek=9 conv=notrunc 2>/dev/null", "", 1, 0 },
		/* The last transaction is cut off, as by a crash while it was written. */
		{ "truncate -s -100 $f-wal", "1=uno ", 0, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct log_capture capture;
		struct scene scene;
		char text[4096];

		scene_open(&scene);
		crash_in_child(&scene, write_then_more);
		damage(&scene, rows[i].how);
		log_capture_begin(&capture, LOG_LEVEL_INFO);
		CU_ASSERT_EQUAL(open_again(&scene), 0);
		log_capture_end(&capture, text, sizeof(text));
		log_set_level(LOG_LEVEL_ERR - 1);
		CU_ASSERT_STRING_EQUAL(scene.restored, rows[i].restored);
		CU_ASSERT_EQUAL(log_capture_count(text, "-wal is damaged"), rows[i].damaged);
		CU_ASSERT_EQUAL(journal_counters(scene.journal).damaged, rows[i].damaged);
		CU_ASSERT_EQUAL(journal_counters(scene.journal).lost, rows[i].lost);
		scene_close(&scene);
	}
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
	CU_ASSERT(test_real_ms() - begun_ms < 2 * DEADLINE_MS);
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
		journal_close(scene.journal);
		CU_ASSERT_EQUAL(open_again(&scene), 0);
		CU_ASSERT_STRING_EQUAL(scene.restored, "1=one 2=two 3=three ");
		scene_close(&scene);
	}
}

/* The directory cannot be created for a while: the state says so, and then calls are saved. */
static void test_vanished_directory_is_told(void)
{
	struct log_capture capture;
	char text[4096], away[80];
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
	journal_close(scene.journal);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=one 2=two ");
	CU_ASSERT_EQUAL(system("rm -rf /tmp/test-journal-*.away"), 0);
	scene_close(&scene);
}

static void test_out_of_memory_leaks_nothing(void)
{
	struct scene scene;

	scene_open(&scene);
	add(&scene, 0, "one");
	journal_close(scene.journal);
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
		journal_close(scene.journal);
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
	   { "an unreadable record sets the file aside",
	     test_unreadable_record_sets_the_file_aside },
	   { "a damaged file is set aside", test_damaged_file_is_set_aside },
	   { "a link in place of the file is refused", test_link_in_place_of_the_file_is_refused },
	   { "another version is set aside", test_other_version_is_set_aside },
	   { "a second daemon is kept out", test_second_daemon_is_kept_out },
	   { "the directory is made, and private", test_directory_is_made_and_private },
	   { "writes to a full disk are repeated", test_writes_to_a_full_disk_are_repeated },
	   { "a slow disk does not hold up the end", test_slow_disk_does_not_hold_up_the_end },
	   { "a failed batch does not stop the next", test_failed_batch_does_not_stop_the_next },
	   { "a hung disk does not hold up the end", test_hung_disk_does_not_hold_up_the_end },
	   { "a damaged log is told", test_damaged_log_is_told },
	   { "a hung disk is told", test_hung_disk_is_told },
	   { "a removed file is renewed", test_removed_file_is_renewed },
	   { "a vanished directory is told", test_vanished_directory_is_told },
	   { "ended owners leave no memory", test_ended_owners_leave_no_memory },
	   { "a full disk at the end is reported", test_full_disk_at_the_end_is_reported },
	   { "out of memory leaks nothing", test_out_of_memory_leaks_nothing });
