/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_dir_watch.c - what is known of recording-dir, also while the disk does not answer */
#include <poll.h>
#include <semaphore.h>
#include "daemon/base/clock.h"
#include "daemon/record/dir_watch.h"
#include "daemon/record/recorder.h"
#include "record_scene.h"
#include "tests/unit/test.h"

#define MIB 1048576

/* A disk that does not answer: the recorder's thread waits in a letter. */
struct hold {
	struct record_letter letter;
	sem_t reached, go_on;
};

struct scene {
	struct record_scene files;
	struct recorder *recorder;
	struct record_dir_watch *watch;
	struct hold hold;
};

static void hold_on(struct recorder *recorder, struct record_letter *letter)
{
	struct hold *hold = (struct hold *)letter;

	(void)recorder;
	sem_post(&hold->reached);
	while (sem_wait(&hold->go_on))
		;
}

static void open_scene(struct scene *s)
{
	struct recorder_conf conf = { .own_bytes = TAP_RING_MIN };
	int error;

	scene_make(&s->files);
	scene_open_dir(&s->files);
	s->recorder = recorder_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->recorder);
	s->watch = record_dir_watch_new(s->recorder, s->files.dir);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->watch);
	s->hold.letter.run = hold_on;
	sem_init(&s->hold.reached, 0, 0);
	sem_init(&s->hold.go_on, 0, 0);
}

static void close_scene(struct scene *s)
{
	recorder_close(s->recorder, RECORDER_TEST_MS);
	record_dir_watch_free(s->watch);
	scene_remove(&s->files);
	sem_destroy(&s->hold.reached);
	sem_destroy(&s->hold.go_on);
}

static struct record_dir_health health(const struct scene *s)
{
	struct record_dir_health read;

	record_dir_watch_read(s->watch, &read);
	return read;
}

/* True: the recorder's thread has answered. */
static bool answers(struct scene *s)
{
	struct pollfd fd = { .fd = recorder_fd(s->recorder), .events = POLLIN };

	if (poll(&fd, 1, 20000) != 1)
		return false;
	recorder_dispatch(s->recorder);
	return true;
}

static bool asks(const struct scene *s)
{
	struct pollfd fd = { .fd = recorder_fd(s->recorder), .events = POLLIN };

	return poll(&fd, 1, 50) == 1;
}

static void test_nothing_is_known_before_the_first_answer(void)
{
	struct scene s;

	open_scene(&s);
	CU_ASSERT_FALSE(health(&s).known);
	CU_ASSERT_FALSE(health(&s).has_left);
	record_dir_watch_tick(s.watch, 1000);
	CU_ASSERT_FALSE(health(&s).known);
	CU_ASSERT(answers(&s));
	CU_ASSERT(health(&s).known && health(&s).has_left);
	CU_ASSERT_PTR_NULL(health(&s).why);
	CU_ASSERT(health(&s).left > 0);
	close_scene(&s);
	record_dir_watch_tick(NULL, 1000);
	record_dir_watch_free(NULL);
}

static void test_it_looks_each_five_seconds(void)
{
	struct scene s;

	open_scene(&s);
	record_dir_watch_tick(s.watch, 1000);
	CU_ASSERT(answers(&s));
	record_dir_watch_tick(s.watch, 1000 + RECORD_DIR_WATCH_MS - 1);
	CU_ASSERT_FALSE(asks(&s));
	record_dir_watch_tick(s.watch, 1000 + RECORD_DIR_WATCH_MS);
	CU_ASSERT(answers(&s));
	close_scene(&s);
}

static void test_a_directory_that_is_removed_is_told(void)
{
	char wanted[120];
	struct scene s;

	open_scene(&s);
	record_dir_watch_tick(s.watch, 1000);
	CU_ASSERT(answers(&s));
	scene_remove_in_use(&s.files);
	record_dir_watch_tick(s.watch, 1000 + RECORD_DIR_WATCH_MS);
	CU_ASSERT(answers(&s));
	snprintf(wanted, sizeof(wanted),
		 "recording-dir %s: cannot be opened: No such file or directory; create it",
		 s.files.path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(health(&s).why);
	CU_ASSERT_EQUAL(strncmp(health(&s).why, wanted, strlen(wanted)), 0);
	CU_ASSERT_EQUAL_FATAL(mkdir(s.files.path, 0700), 0);
	record_dir_watch_tick(s.watch, 1000 + 2 * RECORD_DIR_WATCH_MS);
	CU_ASSERT(answers(&s));
	CU_ASSERT_PTR_NULL(health(&s).why);
	close_scene(&s);
}

static void hang(struct scene *s)
{
	recorder_post(s->recorder, &s->hold.letter);
	while (sem_wait(&s->hold.reached))
		;
}

/* The control thread goes on, and asks once. */
static void test_a_disk_that_does_not_answer_is_told(void)
{
	struct scene s;

	open_scene(&s);
	hang(&s);
	record_dir_watch_tick(s.watch, 1000);
	record_dir_watch_tick(s.watch, 1000 + RECORD_DIR_SILENT_MS - 1);
	CU_ASSERT_FALSE(health(&s).known);
	record_dir_watch_tick(s.watch, 1000 + RECORD_DIR_SILENT_MS);
	CU_ASSERT(health(&s).known);
	CU_ASSERT_FALSE(health(&s).has_left);
	CU_ASSERT_PTR_NOT_NULL_FATAL(health(&s).why);
	CU_ASSERT_PTR_NOT_NULL(strstr(health(&s).why, "the disk does not answer"));
	sem_post(&s.hold.go_on);
	CU_ASSERT(answers(&s));
	CU_ASSERT_PTR_NULL(health(&s).why);
	CU_ASSERT(health(&s).has_left);
	close_scene(&s);
}

/* What was known before counts no more. */
static void test_room_is_unknown_while_the_disk_is_silent(void)
{
	struct scene s;

	open_scene(&s);
	record_dir_watch_tick(s.watch, 1000);
	CU_ASSERT(answers(&s));
	hang(&s);
	record_dir_watch_tick(s.watch, 1000 + RECORD_DIR_WATCH_MS);
	CU_ASSERT(health(&s).has_left);
	record_dir_watch_tick(s.watch, 1000 + RECORD_DIR_WATCH_MS + RECORD_DIR_SILENT_MS);
	CU_ASSERT_PTR_NOT_NULL(health(&s).why);
	CU_ASSERT_FALSE(health(&s).has_left);
	sem_post(&s.hold.go_on);
	close_scene(&s);
}

/* What is free stays so: nothing is left to record. */
static void test_room_ends_at_the_reserve(void)
{
	struct scene s;

	open_scene(&s);
	record_dir_close(s.files.dir);
	record_dir_watch_free(s.watch);
	s.files.conf.min_free = UINT64_MAX - MIB;
	scene_open_dir(&s.files);
	s.watch = record_dir_watch_new(s.recorder, s.files.dir);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s.watch);
	record_dir_watch_tick(s.watch, 1000);
	CU_ASSERT(answers(&s));
	CU_ASSERT(health(&s).has_left);
	CU_ASSERT_EQUAL(health(&s).left, 0);
	close_scene(&s);
}

TEST_SUITE(dir_watch,
	   { "nothing is known before the first answer",
	     test_nothing_is_known_before_the_first_answer },
	   { "it looks each five seconds", test_it_looks_each_five_seconds },
	   { "a directory that is removed is told", test_a_directory_that_is_removed_is_told },
	   { "a disk that does not answer is told", test_a_disk_that_does_not_answer_is_told },
	   { "room is unknown while the disk is silent",
	     test_room_is_unknown_while_the_disk_is_silent },
	   { "room ends at the reserve", test_room_ends_at_the_reserve });
