/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_recording.c - what the control thread says of a recording, and which packets it gets
 *
 * The test is the media thread: it puts packets into a ring, each with the time that it has then.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/record/recording.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/record/hold_scene.h"
#include "tests/unit/record/record_scene.h"
#include "tests/unit/test_clock.h"

#define PCAP	    SCENE_NAME ".pcap"
#define OTHER_ID    0xfedcba9876543210ULL
#define DEADLINE_MS 10000
#define LATER_NS    (5 * SECOND_NS) /* a resumed one */

/* @opened, @failed: how often; @path, @id, @resumed, @error: what was told. */
struct stage {
	struct record_scene files;
	struct tap_ring *ring;
	struct recorder *recorder;
	struct recording *recording;
	struct ring all;
	size_t letter_bytes;
	unsigned int opened, failed;
	char path[300];
	uint64_t id;
	bool resumed;
	int64_t started_ns;
	int error;
};

static void on_opened(void *owner, const struct recording_opened *opened)
{
	struct stage *stage = owner;

	stage->opened++;
	snprintf(stage->path, sizeof(stage->path), "%s", opened->path);
	stage->id = opened->id;
	stage->resumed = opened->resumed;
	stage->started_ns = opened->started_ns;
}

static void on_failed(void *owner, const struct recording_state *state)
{
	struct stage *stage = owner;

	stage->failed++;
	stage->error = state->error;
}

static void start_recorder(struct stage *stage)
{
	struct recorder_conf conf = { .rings = &stage->ring,
				      .n_rings = 1,
				      .own_bytes = TAP_RING_MIN,
				      .letter_bytes = stage->letter_bytes };
	int error;

	ring_init(&stage->all);
	scene_open_dir(&stage->files);
	stage->ring = tap_ring_new(TAP_RING_MIN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stage->ring);
	stage->recorder = recorder_open(&conf, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stage->recorder);
}

/* All that is under way is written, and all news are told. */
static void stop_recorder(struct stage *stage)
{
	recorder_close(stage->recorder, RECORDER_TEST_MS);
	CU_ASSERT(stage->all.next == &stage->all);
	tap_ring_free(stage->ring);
	record_dir_close(stage->files.dir);
	stage->files.dir = NULL;
}

static void open_stage(struct stage *stage)
{
	*stage = (struct stage){ 0 };
	scene_make(&stage->files);
	start_recorder(stage);
}

static void close_stage(struct stage *stage)
{
	stop_recorder(stage);
	scene_remove(&stage->files);
}

static void add_media(struct stage *stage, uint32_t tap)
{
	const struct recording_media media = {
		.tap = tap, .about = { .media = (uint8_t)(tap - 1), .type = STR("audio") }
	};

	recording_media(stage->recording, &media);
}

/* The recording of the call, without medias. 0; -errno */
static int try_begin(struct stage *stage, bool resume)
{
	struct recording_conf conf = { .recorder = stage->recorder,
				       .dir = stage->files.dir,
				       .failed = on_failed,
				       .opened = on_opened,
				       .owner = stage,
				       .call_id = STR("call"),
				       .name = SCENE_NAME,
				       .id = SCENE_ID,
				       .fresh_id = OTHER_ID,
				       .resume = resume,
				       .now_ns = SCENE_NS + (resume ? LATER_NS : 0),
				       .all = &stage->all };
	int error;

	stage->recording = recording_new(&conf, &error);
	return error;
}

/* With the medias 1 and 2. */
static void begin(struct stage *stage, bool resume)
{
	CU_ASSERT_EQUAL_FATAL(try_begin(stage, resume), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stage->recording);
	add_media(stage, 1);
	add_media(stage, 2);
}

/* The clock shows another microsecond than at any event before. */
static int64_t next_us(void)
{
	int64_t before = clock_us();

	while (clock_us() == before)
		;
	return before + 1;
}

/* @seq is its sequence number. */
static void put_at(struct tap_ring *ring, uint32_t tap, uint8_t seq, int64_t time_us)
{
	const uint8_t rtp[12] = { 0x80, 0, 0, seq };
	struct tap_packet *packet = tap_ring_slot(ring, sizeof(rtp));

	CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
	packet->tap = tap;
	packet->time_us = time_us;
	packet->side = 0;
	packet->rtcp = false;
	packet->from = scene_endpoint("192.0.2.7:4000");
	packet->local = scene_endpoint("203.0.113.1:30000");
	packet->out = packet->to = (struct endpoint){ 0 };
	memcpy(packet->data, rtp, sizeof(rtp));
	tap_ring_put(ring, packet);
}

/* A packet that was forwarded now. */
static void put(struct stage *stage, uint32_t tap, uint8_t seq)
{
	put_at(stage->ring, tap, seq, next_us());
	next_us();
}

/* Sequence numbers in the file, each a letter from 'a' on. */
static const char *seqs(struct stage *stage, const char *name)
{
	static char text[64];
	char path[300], error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(scene_path(&stage->files, path, name), error);
	struct pcap_pkthdr *header;
	const u_char *bytes;
	size_t n = 0;

	if (!pcap)
		return "no file";
	while (pcap_next_ex(pcap, &header, &bytes) == 1 && n < sizeof(text) - 1)
		text[n++] = (char)('a' + bytes[20 + 8 + 3]);
	text[n] = '\0';
	pcap_close(pcap);
	return text;
}

static void wait_for(struct stage *stage, const unsigned int *count)
{
	struct pollfd pollfd = { recorder_fd(stage->recorder), POLLIN, 0 };
	int64_t until_ms = test_real_ms() + DEADLINE_MS;

	while (!*count && test_real_ms() < until_ms)
		if (poll(&pollfd, 1, 100) > 0)
			recorder_dispatch(stage->recorder);
	CU_ASSERT_EQUAL(*count, 1);
}

/* --- Which packets are of it ------------------------------------------------------------------ */

/* Packets are held back, and letters are not: each is taken by its time. */
static void test_packets_of_its_time_are_written(void)
{
	struct stage stage;

	open_stage(&stage);
	put(&stage, 1, 0);
	begin(&stage, false);
	put(&stage, 1, 1);
	put(&stage, 2, 2);
	put(&stage, 3, 3); /* of another call */
	recording_pause(stage.recording, true);
	put(&stage, 1, 4);
	recording_pause(stage.recording, false);
	put(&stage, 1, 5);
	recording_end(stage.recording, RECORDING_FINISHED, "stopped");
	put(&stage, 1, 6);
	stop_recorder(&stage);
	CU_ASSERT_STRING_EQUAL(seqs(&stage, PCAP), "bcf");
	scene_remove(&stage.files);
}

/* The kernel's packets, which are shown late: @late is put into the ring when @is_there. Shared. */
struct late {
	struct record_letter letter;
	struct recorder *recorder;
	int64_t from_us, time_us[2];
	bool is_there, is_read;
};

static int64_t read_late(void *arg)
{
	struct late *late = arg;

	if (!__atomic_load_n(&late->is_there, __ATOMIC_ACQUIRE))
		return late->from_us;
	for (uint8_t i = 0; !late->is_read && i < 2; i++)
		put_at(recorder_ring(late->recorder), 1, (uint8_t)(i + 1), late->time_us[i]);
	late->is_read = true;
	return INT64_MAX;
}

static void watch_late(struct recorder *recorder, struct record_letter *letter)
{
	struct late *late = container_of(letter, struct late, letter);

	late->recorder = recorder;
	recorder_watch(recorder, -1, read_late, late);
}

/* Longer than the recorder holds packets back, and at least one of its ticks. */
static void wait_long(void)
{
	int64_t until_ms = test_real_ms() + 1500;

	while (test_real_ms() < until_ms)
		poll(NULL, 0, 10);
}

/* The end, and a pause, are taken by the packets' times, however late they are read. */
static void test_late_packets_are_written(void)
{
	static const struct {
		bool pauses;
		const char *seqs;
	} rows[] = { { false, "abd" }, { true, "ab" } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct late late = { .letter = { .run = watch_late }, .from_us = next_us() };
		struct stage stage;

		open_stage(&stage);
		recorder_post(stage.recorder, &late.letter);
		begin(&stage, false);
		put(&stage, 1, 0);
		late.time_us[0] = next_us();
		next_us();
		if (rows[i].pauses)
			recording_pause(stage.recording, true);
		put(&stage, 1, 3);
		if (!rows[i].pauses)
			recording_end(stage.recording, RECORDING_FINISHED, "stopped");
		late.time_us[1] = next_us();
		wait_long();
		CU_ASSERT_FALSE(scene_has(&stage.files, PCAP));
		__atomic_store_n(&late.is_there, true, __ATOMIC_RELEASE);
		if (rows[i].pauses) {
			wait_long();
			recording_end(stage.recording, RECORDING_FINISHED, "stopped");
		}
		for (int n = 0; n < 10 && !scene_has(&stage.files, PCAP); n++)
			wait_long();
		CU_ASSERT_STRING_EQUAL(seqs(&stage, PCAP), rows[i].seqs);
		close_stage(&stage);
	}
}

static void test_begins_in_a_pause(void)
{
	struct stage stage;
	json_t *root;

	open_stage(&stage);
	begin(&stage, false);
	recording_pause(stage.recording, true);
	recording_pause(stage.recording, true);
	put(&stage, 1, 0);
	recording_pause(stage.recording, false);
	recording_pause(stage.recording, false);
	put(&stage, 1, 1);
	recording_end(stage.recording, RECORDING_FINISHED, "stopped");
	stop_recorder(&stage);
	CU_ASSERT_STRING_EQUAL(seqs(&stage, PCAP), "b");
	root = scene_json(&stage.files, SCENE_NAME ".json");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(root, "paused")), 1);
	json_decref(root);
	scene_remove(&stage.files);
}

/* More pauses at a time than are remembered: what is lost is from before the last of them. */
static void test_many_short_pauses(void)
{
	struct stage stage;
	const char *found;

	open_stage(&stage);
	begin(&stage, false);
	for (uint8_t i = 0; i < 24; i += 2) {
		put(&stage, 1, i);
		recording_pause(stage.recording, true);
		put(&stage, 1, i + 1);
		recording_pause(stage.recording, false);
	}
	put(&stage, 1, 24);
	recording_end(stage.recording, RECORDING_FINISHED, "stopped");
	stop_recorder(&stage);
	found = seqs(&stage, PCAP);
	for (size_t i = 0; i < strlen(found); i++)
		CU_ASSERT_EQUAL((found[i] - 'a') % 2, 0); /* nothing of a pause */
	CU_ASSERT(strlen(found) >= 4 && found[strlen(found) - 1] == 'a' + 24);
	scene_remove(&stage.files);
}

static void test_a_party_is_left_out(void)
{
	struct stage stage;

	open_stage(&stage);
	begin(&stage, false);
	put(&stage, 1, 0);
	put(&stage, 2, 1);
	recording_leave_out(stage.recording, 2);
	put(&stage, 2, 2);
	put(&stage, 1, 3);
	recording_end(stage.recording, RECORDING_FINISHED, "stopped");
	stop_recorder(&stage);
	/* Also what came before, and was not written yet. */
	CU_ASSERT(!strchr(seqs(&stage, PCAP), 'c'));
	CU_ASSERT(strchr(seqs(&stage, PCAP), 'a') && strchr(seqs(&stage, PCAP), 'd'));
	scene_remove(&stage.files);
}

static void test_discarded_leaves_no_file(void)
{
	struct stage stage;

	open_stage(&stage);
	begin(&stage, false);
	put(&stage, 1, 0);
	recording_end(stage.recording, RECORDING_DISCARDED, "discarded");
	stop_recorder(&stage);
	CU_ASSERT(!scene_has(&stage.files, PCAP) && !scene_has(&stage.files, PCAP ".part"));
	CU_ASSERT(!scene_has(&stage.files, SCENE_NAME ".json"));
	scene_remove(&stage.files);
}

/* --- Over a restart --------------------------------------------------------------------------- */

/* Ends a first run, in which "a" was recorded, as SIGTERM does. */
static void first_run(struct stage *stage)
{
	open_stage(stage);
	begin(stage, false);
	put(stage, 1, 0);
	recording_end(stage->recording, RECORDING_SUSPENDED, "kept");
	stop_recorder(stage);
	stage->opened = 0;
	start_recorder(stage);
}

/* The leftovers of calls that are gone are ended behind those that go on. */
static void test_goes_on_after_a_restart(void)
{
	struct stage stage;
	char path[300];
	json_t *root;

	first_run(&stage);
	begin(&stage, true);
	CU_ASSERT_EQUAL(recording_end_leftovers(stage.recorder, stage.files.dir), 0);
	wait_for(&stage, &stage.opened);
	CU_ASSERT(stage.resumed);
	CU_ASSERT_EQUAL(stage.id, SCENE_ID);
	CU_ASSERT_EQUAL(stage.started_ns, SCENE_NS);
	CU_ASSERT_STRING_EQUAL(stage.path, scene_path(&stage.files, path, PCAP));
	put(&stage, 1, 1);
	recording_end(stage.recording, RECORDING_FINISHED, "deleted");
	stop_recorder(&stage);
	CU_ASSERT_STRING_EQUAL(seqs(&stage, PCAP), "a");
	CU_ASSERT_STRING_EQUAL(seqs(&stage, SCENE_NAME "-2.pcap"), "b");
	root = scene_json(&stage.files, SCENE_NAME ".json");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(root, "files")), 2);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(root, "medias")), 2);
	CU_ASSERT_STRING_EQUAL(scene_text(root, "why"), "deleted");
	json_decref(root);
	scene_remove(&stage.files);
}

static void test_leftovers_of_calls_that_are_gone_end(void)
{
	struct stage stage;
	json_t *root;

	first_run(&stage);
	CU_ASSERT_EQUAL(recording_end_leftovers(stage.recorder, stage.files.dir), 0);
	stop_recorder(&stage);
	root = scene_json(&stage.files, SCENE_NAME ".json");
	CU_ASSERT_STRING_EQUAL(scene_text(root, "why"), "crash");
	json_decref(root);
	scene_remove(&stage.files);
}

/* Its sidecar is missing, or cannot be read: another recording, and the first one's files stay. */
static void test_what_cannot_go_on_gets_new_files(void)
{
	static const char sidecar[] = ".open/0123456789abcdef.json";

	for (int damaged = 0; damaged < 2; damaged++) {
		struct stage stage;
		char path[300];
		FILE *file;

		first_run(&stage);
		scene_path(&stage.files, path, sidecar);
		file = damaged ? fopen(path, "w") : NULL;
		CU_ASSERT_FATAL(damaged ? file && fputs("{", file) >= 0 && !fclose(file)
					: !unlink(path));
		begin(&stage, true);
		wait_for(&stage, &stage.opened);
		CU_ASSERT_FALSE(stage.resumed);
		CU_ASSERT_EQUAL(stage.started_ns, SCENE_NS + LATER_NS);
		CU_ASSERT_EQUAL(stage.id, OTHER_ID);
		CU_ASSERT_STRING_EQUAL(stage.path, scene_path(&stage.files, path,
							      SCENE_NAME "-fedcba9876543210.pcap"));
		CU_ASSERT(scene_has(&stage.files, ".open/fedcba9876543210.json"));
		CU_ASSERT_EQUAL(scene_has(&stage.files, sidecar), damaged);
		put(&stage, 1, 1);
		recording_end(stage.recording, RECORDING_FINISHED, "deleted");
		stop_recorder(&stage);
		CU_ASSERT_STRING_EQUAL(seqs(&stage, PCAP), "a");
		CU_ASSERT_STRING_EQUAL(seqs(&stage, SCENE_NAME "-fedcba9876543210.pcap"), "b");
		scene_remove(&stage.files);
	}
}

/* --- Failures --------------------------------------------------------------------------------- */

static void test_a_taken_name_is_told(void)
{
	struct stage stage;
	char path[300];

	open_stage(&stage);
	CU_ASSERT_EQUAL(mkdir(scene_path(&stage.files, path, "2026-11-29"), 0700), 0);
	CU_ASSERT_EQUAL(mkdir(scene_path(&stage.files, path, SCENE_NAME ".json"), 0700), 0);
	begin(&stage, false);
	wait_for(&stage, &stage.opened);
	CU_ASSERT_STRING_EQUAL(stage.path,
			       scene_path(&stage.files, path, SCENE_NAME "-0123456789abcdef.pcap"));
	CU_ASSERT_EQUAL(stage.id, SCENE_ID);
	recording_end(stage.recording, RECORDING_DISCARDED, "discarded");
	close_stage(&stage);
}

static void test_a_removed_directory_is_told_once(void)
{
	struct recording_state state;
	struct stage stage;

	open_stage(&stage);
	begin(&stage, false);
	wait_for(&stage, &stage.opened);
	recording_state(stage.recording, &state);
	CU_ASSERT_EQUAL(state.error, 0);
	scene_remove_in_use(&stage.files);
	wait_for(&stage, &stage.failed);
	CU_ASSERT_EQUAL(stage.error, -ENOENT);
	recording_state(stage.recording, &state);
	CU_ASSERT_EQUAL(state.error, -ENOENT);
	CU_ASSERT_STRING_EQUAL(state.why, "file removed");
	recording_end(stage.recording, RECORDING_FINISHED, "failed");
	stop_recorder(&stage);
	CU_ASSERT_EQUAL(stage.failed, 1);
}

/* The directory is gone before it begins: it is told, and what is said later harms nothing. */
static void test_no_file_at_all(void)
{
	struct stage stage;

	open_stage(&stage);
	scene_remove_in_use(&stage.files);
	begin(&stage, false);
	put(&stage, 1, 0);
	recording_party(stage.recording, 0, STR("tag"), STR("label"), STR_NONE);
	recording_sdp(stage.recording, 0, "offer", STR("v=0"));
	recording_codec(stage.recording, 0, 0, STR("PCMU/8000"));
	recording_metadata(stage.recording, STR("k:v"));
	recording_pause(stage.recording, true);
	wait_for(&stage, &stage.failed);
	CU_ASSERT_EQUAL(stage.error, -ENOENT);
	CU_ASSERT_EQUAL(stage.opened, 0);
	recording_end(stage.recording, RECORDING_FINISHED, "failed");
	stop_recorder(&stage);
}

/* No file can grow any more: what was under way is counted, and it ends. */
static void test_full_disk_counts_what_is_not_written(void)
{
	struct rlimit before, none = { 1, 1 };
	int64_t until_ms = test_real_ms() + DEADLINE_MS;
	struct recorder_counts counts;
	struct stage stage;

	open_stage(&stage);
	begin(&stage, false);
	wait_for(&stage, &stage.opened);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	none.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_FSIZE, &none);
	for (uint8_t seq = 0; seq < 3; seq++)
		put(&stage, 1, seq);
	wait_for(&stage, &stage.failed);
	do {
		recorder_counts(stage.recorder, &counts);
	} while (counts.unwritten < 3 && test_real_ms() < until_ms);
	setrlimit(RLIMIT_FSIZE, &before);
	CU_ASSERT_EQUAL(counts.unwritten, 3);
	CU_ASSERT_EQUAL(stage.error, -EFBIG);
	recording_end(stage.recording, RECORDING_FINISHED, "failed");
	close_stage(&stage);
}

/* Who has ended it hears nothing of it any more. */
static void test_after_the_end_nothing_is_told(void)
{
	struct stage stage;

	open_stage(&stage);
	begin(&stage, false);
	recording_end(stage.recording, RECORDING_FINISHED, "stopped");
	recording_end(NULL, RECORDING_FINISHED, "stopped");
	close_stage(&stage);
	CU_ASSERT_EQUAL(stage.opened + stage.failed, 0);
}

/* --- While the disk hangs --------------------------------------------------------------------- */

/* Nothing of a pause is in the file, however many there were before the thread goes on. */
static void test_pauses_hold_while_the_disk_hangs(void)
{
	struct stage stage;
	struct hold hold;
	const char *found;
	uint8_t seq = 0;

	open_stage(&stage);
	begin(&stage, false);
	recording_pause(stage.recording, true); /* orders that the thread has taken */
	recording_pause(stage.recording, false);
	hold_recorder(&hold, stage.recorder);
	for (int i = 0; i < 12; i++) {
		put(&stage, 1, seq++);
		recording_pause(stage.recording, true);
		put(&stage, 1, seq++);
		if (i < 11)
			recording_pause(stage.recording, false);
	}
	hold_ends(&hold);
	recording_end(stage.recording, RECORDING_FINISHED, "stopped");
	stop_recorder(&stage);
	found = seqs(&stage, PCAP);
	CU_ASSERT(*found == 'a');
	for (size_t i = 0; i < strlen(found); i++)
		CU_ASSERT_EQUAL((found[i] - 'a') % 2, 0);
	scene_remove(&stage.files);
}

/* A media that is told after its tap was left out, both in the same wait. */
static void test_what_is_left_out_meanwhile_stays_out(void)
{
	struct stage stage;
	struct hold hold;

	open_stage(&stage);
	begin(&stage, false);
	hold_recorder(&hold, stage.recorder);
	recording_pause(stage.recording, true); /* the orders are under way */
	recording_pause(stage.recording, false);
	add_media(&stage, 3);
	recording_leave_out(stage.recording, 2);
	recording_leave_out(stage.recording, 3);
	add_media(&stage, 2);
	put(&stage, 2, 0);
	put(&stage, 3, 1);
	put(&stage, 1, 2);
	hold_ends(&hold);
	recording_end(stage.recording, RECORDING_FINISHED, "stopped");
	stop_recorder(&stage);
	CU_ASSERT_STRING_EQUAL(seqs(&stage, PCAP), "c");
	scene_remove(&stage.files);
}

/* Without room for its media it ends, and says so once; without room for itself it begins not. */
static void test_too_much_that_waits_ends_it(void)
{
	struct stage stage = { .letter_bytes = 9000 };
	struct recording *first;
	struct hold hold;
	size_t n = 0;

	scene_make(&stage.files);
	start_recorder(&stage);
	hold_recorder(&hold, stage.recorder);
	CU_ASSERT_EQUAL_FATAL(try_begin(&stage, false), 0);
	first = stage.recording;
	while (!try_begin(&stage, false) && n++ < 100)
		recording_end(stage.recording, RECORDING_DISCARDED, "discarded");
	CU_ASSERT_EQUAL(try_begin(&stage, false), -ENOBUFS);
	CU_ASSERT_PTR_NULL(stage.recording);
	stage.recording = first;
	CU_ASSERT_EQUAL(stage.failed, 0);
	for (uint32_t i = 0; i < 100; i++)
		add_media(&stage, 1);
	recorder_dispatch(stage.recorder);
	CU_ASSERT_EQUAL(stage.failed, 1);
	CU_ASSERT_EQUAL(stage.error, -ENOBUFS);
	recording_end(first, RECORDING_FINISHED, "failed");
	hold_ends(&hold);
	stop_recorder(&stage);
	CU_ASSERT_EQUAL(stage.failed, 1);
	scene_remove(&stage.files);
}

static void test_what_is_not_finished_is_in_the_log(void)
{
	struct log_capture log;
	struct stage stage;
	struct hold hold;
	char text[600], said[2000];

	open_stage(&stage);
	begin(&stage, false);
	wait_for(&stage, &stage.opened);
	hold_recorder(&hold, stage.recorder);
	recording_end(stage.recording, RECORDING_FINISHED, "stopped");
	CU_ASSERT_EQUAL_FATAL(try_begin(&stage, false), 0); /* its file is not opened yet */
	log_capture_begin(&log, LOG_LEVEL_WARNING);
	recording_tell_unfinished(&stage.all, stage.files.path);
	log_capture_end(&log, said, sizeof(said));
	snprintf(text, sizeof(text), "recording %s/%s: not finished: its last files end with .part",
		 stage.files.path, SCENE_NAME);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, text));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "nothing of it may be on the disk"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "finished 2 recordings"));
	recording_end(stage.recording, RECORDING_DISCARDED, "discarded");
	hold_ends(&hold);
	close_stage(&stage);
}

TEST_SUITE(recording, { "pauses hold while the disk hangs", test_pauses_hold_while_the_disk_hangs },
	   { "what is left out meanwhile stays out", test_what_is_left_out_meanwhile_stays_out },
	   { "too much that waits ends it", test_too_much_that_waits_ends_it },
	   { "what is not finished is in the log", test_what_is_not_finished_is_in_the_log },
	   { "packets of its time are written", test_packets_of_its_time_are_written },
	   { "late packets are written", test_late_packets_are_written },
	   { "begins in a pause", test_begins_in_a_pause },
	   { "many short pauses", test_many_short_pauses },
	   { "a party is left out", test_a_party_is_left_out },
	   { "discarded leaves no file", test_discarded_leaves_no_file },
	   { "goes on after a restart", test_goes_on_after_a_restart },
	   { "leftovers of calls that are gone end", test_leftovers_of_calls_that_are_gone_end },
	   { "what cannot go on gets new files", test_what_cannot_go_on_gets_new_files },
	   { "a taken name is told", test_a_taken_name_is_told },
	   { "a removed directory is told once", test_a_removed_directory_is_told_once },
	   { "a full disk counts what is not written", test_full_disk_counts_what_is_not_written },
	   { "no file at all", test_no_file_at_all },
	   { "after the end nothing is told", test_after_the_end_nothing_is_told });
