/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_recorded.c - commands about the recording of a call, and what the next relay makes of it
 *
 * Two scenes one after the other, as in test_journal_call.c; both have the same recording-dir.
 */
#include <errno.h>
#include "daemon/call/dialog.h"
#include "daemon/call/events.h"
#include "daemon/call/record.h"
#include "daemon/call/recorded.h"
#include "daemon/call/restore.h"
#include "daemon/journal/journal.h"
#include "tests/unit/call/call_scene.h"
#include "tests/unit/journal_files.h"
#include "tests/unit/record/record_scene.h"

/* @heard: how often each event came. */
struct world {
	struct scene scene;
	struct record_scene files;
	struct recorded_conf recorded;
	char dir[JOURNAL_FILES_DIR];
	struct journal *journal;
	struct journal_calls calls;
	struct events events;
	struct events_watcher watcher;
	unsigned int heard[HAPPENING_KINDS];
	uint8_t bytes[65536];
	size_t len;
};

static void on_happening(void *arg, const struct happening *happening)
{
	struct world *w = arg;

	w->heard[happening->kind]++;
}

/* @records: with recording-dir */
static void start_relay(struct world *w, bool records)
{
	struct journal_conf conf = { w->dir, NULL, journal_call_encode, journal_files_restore_none,
				     &w->calls };
	int error;

	if (records)
		scene_open_dir(&w->files);
	scene_open(&w->scene);
	scene_record(&w->scene);
	w->calls = (struct journal_calls){ w->scene.calls, arena_new(1 << 14) };
	conf.base = w->scene.base;
	w->journal = journal_open(&conf, &error);
	scene_must(w->journal, "journal");
	w->events = (struct events){ 0 };
	events_watch(&w->events, &w->watcher, on_happening, w);
	w->scene.calls->conf.events = &w->events;
	if (!records)
		return;
	w->recorded = (struct recorded_conf){ .dir = w->files.dir, .path = w->files.path };
	w->scene.calls->conf.recorded = &w->recorded;
}

/* @kept: the next relay gets the call */
static void stop_relay(struct world *w, bool kept)
{
	if (kept)
		call_table_leave_all(w->scene.calls);
	else
		call_table_close_all(w->scene.calls);
	journal_close(w->journal);
	arena_free(w->calls.arena);
	CU_ASSERT(scene_close(&w->scene));
	record_dir_close(w->files.dir);
	w->files.dir = NULL;
}

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	scene_must(w, "world");
	journal_files_make(w->dir);
	scene_make(&w->files);
	start_relay(w, true);
	return w;
}

static void world_free(struct world *w)
{
	char command[128];

	stop_relay(w, false);
	scene_remove(&w->files);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	CU_ASSERT_EQUAL(system(command), 0);
	free(w);
}

/* As SIGTERM does; @records: the next one has recording-dir */
static void restart(struct world *w, bool records)
{
	w->len = journal_call_encode(&w->calls, the_call(&w->scene), w->bytes, sizeof(w->bytes));
	CU_ASSERT_FATAL(w->len > 0);
	stop_relay(w, true);
	start_relay(w, records);
	memset(w->heard, 0, sizeof(w->heard));
	CU_ASSERT_EQUAL(journal_call_restore(&w->calls, w->journal, 1, w->bytes, w->len), 0);
	worker_pool_flush(w->scene.workers);
	if (records)
		CU_ASSERT_EQUAL(recording_end_leftovers(w->scene.recorder, w->files.dir), 0);
}

static void make_call(struct world *w, const struct record_wish *wish)
{
	struct request offer = request_of(&(struct ask){ "from", .end = true });
	struct request answer =
		request_of(&(struct ask){ "from", "to", .sdp = callee_sdp, .end = true });

	offer.record = *wish;
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_offer, offer).code, REPLY_OK);
	CU_ASSERT_EQUAL(scene_run(&w->scene, command_answer, answer).code, REPLY_OK);
}

static enum reply_code run(struct world *w, command_fn *command, const char *file)
{
	struct request request = { .call_id = STR("call"), .record.file = str_of(file) };

	return scene_run(&w->scene, command, request).code;
}

static const struct media *audio(struct world *w)
{
	return the_call(&w->scene)->dialogs->media[0];
}

/* The recorder has told what it has to tell. */
static void wait_for(struct world *w, const unsigned int *count)
{
	struct pollfd pollfd = { recorder_fd(w->scene.recorder), POLLIN, 0 };
	int64_t until_ms = test_real_ms() + SCENE_DEADLINE_MS;

	while (!*count && test_real_ms() < until_ms)
		if (poll(&pollfd, 1, 100) > 0)
			recorder_dispatch(w->scene.recorder);
	CU_ASSERT_EQUAL(*count, 1);
}

/* @part becomes a part of the path that replies have. */
static bool path_gets(struct world *w, const char *part)
{
	struct pollfd pollfd = { recorder_fd(w->scene.recorder), POLLIN, 0 };
	int64_t until_ms = test_real_ms() + SCENE_DEADLINE_MS;

	while (test_real_ms() < until_ms) {
		const char *path = recorded_path(the_call(&w->scene));

		if (path && strstr(path, part))
			return true;
		if (poll(&pollfd, 1, 100) > 0)
			recorder_dispatch(w->scene.recorder);
	}
	return false;
}

static void check_json(struct world *w, const char *name, size_t files, size_t pauses)
{
	json_t *root = scene_json(&w->files, name);

	CU_ASSERT_EQUAL(json_array_size(json_object_get(root, "files")), files);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(root, "paused")), pauses);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(root, "medias")), 1);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(root, "parties")), 2);
	json_decref(root);
}

static const struct record_wish wish_of_none;

/* --- Over a restart --------------------------------------------------------------------------- */

static void test_goes_on_after_a_restart(void)
{
	struct world *w = world_new();

	make_call(w, &wish_of_none);
	CU_ASSERT_EQUAL(run(w, command_start_recording, "one"), REPLY_OK);
	CU_ASSERT_EQUAL(audio(w)->recorded, 1);
	restart(w, true);
	CU_ASSERT(recorded_runs(the_call(&w->scene)));
	CU_ASSERT_EQUAL(audio(w)->recorded, 1);
	CU_ASSERT_EQUAL(audio(w)->tap_users, 1);
	/* Twice, since the second relay has written a record of its own. */
	restart(w, true);
	CU_ASSERT(recorded_runs(the_call(&w->scene)));
	CU_ASSERT_EQUAL(run(w, command_stop_recording, NULL), REPLY_OK);
	CU_ASSERT_EQUAL(audio(w)->tap_users, 0);
	restart(w, true);
	CU_ASSERT_PTR_NULL(recorded_path(the_call(&w->scene)));
	CU_ASSERT_EQUAL(w->heard[RECORDING_NEW_FILES] + w->heard[RECORDING_FAILED], 0);
	check_json(w, "one.json", 3, 0);
	world_free(w);
}

static void test_a_pause_stays_one(void)
{
	struct world *w = world_new();

	make_call(w, &wish_of_none);
	CU_ASSERT_EQUAL(run(w, command_start_recording, "one"), REPLY_OK);
	CU_ASSERT_EQUAL(run(w, command_pause_recording, NULL), REPLY_OK);
	restart(w, true);
	CU_ASSERT_PTR_NOT_NULL(recorded_path(the_call(&w->scene)));
	CU_ASSERT_FALSE(recorded_runs(the_call(&w->scene)));
	CU_ASSERT_EQUAL(run(w, command_start_recording, NULL), REPLY_OK);
	CU_ASSERT(recorded_runs(the_call(&w->scene)));
	CU_ASSERT_EQUAL(run(w, command_stop_recording, NULL), REPLY_OK);
	restart(w, true);
	check_json(w, "one.json", 2, 2);
	world_free(w);
}

/* A pause that was asked for before anything was recorded. */
static void test_a_pause_of_nothing_stays_one(void)
{
	struct world *w = world_new();

	make_call(w, &wish_of_none);
	CU_ASSERT_EQUAL(run(w, command_pause_recording, NULL), REPLY_OK);
	restart(w, true);
	CU_ASSERT_PTR_NULL(recorded_path(the_call(&w->scene)));
	make_call(w, &(struct record_wish){ .call = RECORD_CALL_ON, .file = STR("one") });
	CU_ASSERT_PTR_NOT_NULL(recorded_path(the_call(&w->scene)));
	CU_ASSERT_FALSE(recorded_runs(the_call(&w->scene)));
	world_free(w);
}

static void test_an_excluded_party_stays_unrecorded(void)
{
	struct world *w = world_new();

	make_call(w, &(struct record_wish){ .exclude = true, .call = RECORD_CALL_ON });
	CU_ASSERT_EQUAL(audio(w)->recorded, 0);
	restart(w, true);
	CU_ASSERT(the_call(&w->scene)->dialogs->unrecorded);
	CU_ASSERT_EQUAL(audio(w)->recorded + audio(w)->tap_users, 0);
	make_call(w, &(struct record_wish){ .call = RECORD_CALL_ON });
	CU_ASSERT(recorded_runs(the_call(&w->scene)));
	CU_ASSERT_EQUAL(audio(w)->recorded + audio(w)->tap_users, 0);
	world_free(w);
}

static void test_lost_files_are_replaced(void)
{
	struct world *w = world_new();

	make_call(w, &wish_of_none);
	CU_ASSERT_EQUAL(run(w, command_start_recording, "one"), REPLY_OK);
	w->len = journal_call_encode(&w->calls, the_call(&w->scene), w->bytes, sizeof(w->bytes));
	CU_ASSERT_EQUAL(run(w, command_stop_recording, NULL), REPLY_OK); /* a record too old */
	stop_relay(w, true);
	start_relay(w, true);
	CU_ASSERT_EQUAL(journal_call_restore(&w->calls, w->journal, 1, w->bytes, w->len), 0);
	wait_for(w, &w->heard[RECORDING_NEW_FILES]);
	CU_ASSERT_EQUAL(w->heard[RECORDING_FAILED], 0);
	CU_ASSERT(recorded_runs(the_call(&w->scene)));
	CU_ASSERT_EQUAL(audio(w)->recorded, 1);
	/* It is found by its new number. */
	restart(w, true);
	CU_ASSERT(path_gets(w, ".pcap"));
	CU_ASSERT_EQUAL(run(w, command_stop_recording, NULL), REPLY_OK);
	restart(w, true);
	CU_ASSERT_EQUAL(w->heard[RECORDING_NEW_FILES], 0);
	check_json(w, "one.json", 1, 0);
	world_free(w);
}

/* The call goes on, and what is left of the recording is for the next relay with that directory. */
static void test_without_a_directory_it_is_told(void)
{
	struct world *w = world_new();

	make_call(w, &wish_of_none);
	CU_ASSERT_EQUAL(run(w, command_start_recording, "one"), REPLY_OK);
	CU_ASSERT_EQUAL(run(w, command_pause_recording, NULL), REPLY_OK);
	restart(w, false);
	CU_ASSERT_EQUAL(w->heard[RECORDING_FAILED], 1);
	CU_ASSERT_EQUAL(w->scene.stats.recordings_failed, 1);
	CU_ASSERT_PTR_NULL(recorded_path(the_call(&w->scene)));
	CU_ASSERT_EQUAL(audio(w)->recorded + audio(w)->tap_users, 0);
	CU_ASSERT_EQUAL(run(w, command_start_recording, NULL), REPLY_OK);
	world_free(w);
}

static void test_out_of_memory_ends_no_call(void)
{
	struct world *w = world_new();

	make_call(w, &wish_of_none);
	CU_ASSERT_EQUAL(run(w, command_start_recording, "one"), REPLY_OK);
	restart(w, true);
	call_end(the_call(&w->scene), CALL_KEPT);
	CU_ASSERT(scene_settle(&w->scene));
	ALLOC_FAILS_AT_EACH
	{
		int error = journal_call_restore(&w->calls, w->journal, 1, w->bytes, w->len);

		CU_ASSERT(!error || alloc_failed());
		if (!error)
			call_end(the_call(&w->scene), CALL_KEPT);
		CU_ASSERT_EQUAL(call_table_count(w->scene.calls), 0);
		CU_ASSERT(scene_settle(&w->scene));
	}
	world_free(w);
}

/* --- Commands --------------------------------------------------------------------------------- */

static void test_a_taken_name_is_replaced_in_replies(void)
{
	struct world *w = world_new();

	make_call(w, &wish_of_none);
	CU_ASSERT_EQUAL(run(w, command_start_recording, "one"), REPLY_OK);
	CU_ASSERT(path_gets(w, "/one.pcap"));
	CU_ASSERT_EQUAL(run(w, command_stop_recording, NULL), REPLY_OK);
	CU_ASSERT_PTR_NULL(recorded_path(the_call(&w->scene)));
	restart(w, true); /* so that the first one is finished */
	CU_ASSERT_EQUAL(run(w, command_start_recording, "one"), REPLY_OK);
	CU_ASSERT(path_gets(w, "/one-"));
	world_free(w);
}

/* The call goes on, and can be recorded again when the directory is back. */
static void test_a_removed_directory_ends_the_recording(void)
{
	struct world *w = world_new();

	make_call(w, &wish_of_none);
	CU_ASSERT_EQUAL(run(w, command_start_recording, "one"), REPLY_OK);
	CU_ASSERT(path_gets(w, "/one.pcap"));
	scene_remove_in_use(&w->files);
	wait_for(w, &w->heard[RECORDING_FAILED]);
	CU_ASSERT_EQUAL(w->scene.stats.recordings_failed, 1);
	CU_ASSERT_PTR_NULL(recorded_path(the_call(&w->scene)));
	CU_ASSERT_EQUAL(audio(w)->recorded + audio(w)->tap_users, 0);
	CU_ASSERT_EQUAL(mkdir(w->files.path, 0700), 0);
	CU_ASSERT_EQUAL(run(w, command_start_recording, "two"), REPLY_OK);
	CU_ASSERT(recorded_runs(the_call(&w->scene)));
	world_free(w);
}

TEST_SUITE(recorded, { "goes on after a restart", test_goes_on_after_a_restart },
	   { "a pause stays one", test_a_pause_stays_one },
	   { "a pause of nothing stays one", test_a_pause_of_nothing_stays_one },
	   { "an excluded party stays unrecorded", test_an_excluded_party_stays_unrecorded },
	   { "lost files are replaced", test_lost_files_are_replaced },
	   { "without a directory it is told", test_without_a_directory_it_is_told },
	   { "out of memory ends no call", test_out_of_memory_ends_no_call },
	   { "a taken name is replaced in replies", test_a_taken_name_is_replaced_in_replies },
	   { "a removed directory ends the recording",
	     test_a_removed_directory_ends_the_recording });
