/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_journal_damage.c - files of the journal that are damaged, or of another version */
#include "journal_scene.h"

/* The other records are copied into a new file. */
static void test_unreadable_record_sets_the_file_aside(void)
{
	struct scene scene;

	scene_open(&scene);
	add(&scene, 0, "one");
	add(&scene, 1, "bad");
	add(&scene, 2, "three");
	close_journal(&scene);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_EQUAL(count_files(&scene, JOURNAL_FILE "."), 1);
	CU_ASSERT_EQUAL(journal_counters(scene.journal).restored, 2);
	CU_ASSERT_EQUAL(journal_counters(scene.journal).unreadable, 1);
	CU_ASSERT(settle(&scene));
	close_journal(&scene);
	CU_ASSERT_EQUAL(open_again(&scene), 0);
	CU_ASSERT_STRING_EQUAL(scene.restored, "1=one 3=three ");
	scene_close(&scene);
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
		CU_ASSERT_EQUAL(close_journal(&scene), 0);
		damage(&scene, ways[i]);
		CU_ASSERT_EQUAL_FATAL(open_again(&scene), 0);
		CU_ASSERT_EQUAL(count_files(&scene, JOURNAL_FILE "."), 1);
		add(&scene, 7, "new");
		CU_ASSERT(settle(&scene));
		close_journal(&scene);
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
	close_journal(&scene);
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
		close_journal(&scene);
		sql(&scene, others[i]);
		CU_ASSERT_EQUAL_FATAL(open_again(&scene), 0);
		CU_ASSERT_STRING_EQUAL(scene.restored, "");
		CU_ASSERT_EQUAL(count_files(&scene, JOURNAL_FILE "."), 1);
		scene_close(&scene);
	}
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

TEST_SUITE(journal_damage,
	   { "an unreadable record sets the file aside",
	     test_unreadable_record_sets_the_file_aside },
	   { "a damaged file is set aside", test_damaged_file_is_set_aside },
	   { "a link in place of the file is refused", test_link_in_place_of_the_file_is_refused },
	   { "another version is set aside", test_other_version_is_set_aside },
	   { "a damaged log is told", test_damaged_log_is_told });
