/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rtpp_record.c - R, C and N of the classic protocol: one recording of the whole call
 */
#include <ftw.h>
#include <sys/stat.h>
#include "daemon/call/copies.h"
#include "daemon/call/recorded.h"
#include "daemon/record/dir.h"
#include "tests/unit/rtpproxy/rtpp_ask.h"

struct recording_scene {
	struct scene scene;
	char path[40];
	struct recorded_conf conf;
};

static void tell_copies(void *arg, struct subscriber *subscriber)
{
	(void)arg;
	(void)subscriber;
}

static void open_dir(struct recording_scene *s, const char *pattern)
{
	struct record_dir_conf conf = { .path = s->path, .output = RECORD_PCAP, .mode = 0640 };
	char error[RECORD_DIR_ERROR];

	snprintf(s->path, sizeof(s->path), "/tmp/test-rtpp-record-XXXXXX");
	CU_ASSERT_FATAL(mkdtemp(s->path) != NULL);
	s->conf = (struct recorded_conf){ .dir = record_dir_open(&conf, error),
					  .path = s->path,
					  .pattern = pattern };
	CU_ASSERT_FATAL(s->conf.dir != NULL);
}

/* Two medias, answered. */
static void call_up(struct recording_scene *s)
{
	static const struct ask_row rows[] = {
		{ "U c 192.0.2.1 4000 a;1", "# 127.80.0.1\n" },
		{ "L c 192.0.2.2 4002 a;1 b;1", "# 127.80.0.1\n" },
		{ "U c 192.0.2.1 4004 a;2", "# 127.80.0.1\n" },
		{ "L c 192.0.2.2 4006 a;2 b;2", "# 127.80.0.1\n" },
	};

	scene_open(&s->scene);
	scene_record(&s->scene);
	s->scene.calls->conf.copies = tell_copies;
	s->scene.calls->conf.recorded = &s->conf;
	ASK_ROWS(&s->scene, rows);
}

static void begin(struct recording_scene *s, const char *pattern)
{
	open_dir(s, pattern);
	call_up(s);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	return remove(path);
}

/* The files are finished when the scene is closed. */
static void finish(struct recording_scene *s)
{
	CU_ASSERT(scene_close(&s->scene));
	record_dir_close(s->conf.dir);
}

static void clean(struct recording_scene *s)
{
	CU_ASSERT_EQUAL(nftw(s->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static bool has_file(const struct recording_scene *s, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", s->path, name);
	return !access(path, F_OK);
}

static struct call *the_call(struct recording_scene *s)
{
	return call_find(s->scene.calls, STR("c"));
}

static size_t tapped(struct recording_scene *s)
{
	const struct dialog *dialog = the_call(s)->dialogs;
	size_t n = 0;

	for (size_t i = 0; i < dialog->n_media; i++)
		n += dialog->media[i] && dialog->media[i]->recorded;
	return n;
}

/* As Kamailio's start_recording() sends it; once for both sides. */
static void test_r_records_the_whole_call(void)
{
	static const struct ask_row starts[] = {
		{ "VF 20200226", "1\n" },
		{ "R c a b", "0\n" },
		{ "RS c b a", "0\n" },
	};
	struct recording_scene s;

	begin(&s, "all");
	CU_ASSERT_PTR_NULL(recorded_path(the_call(&s)));
	ASK_ROWS(&s.scene, starts);
	CU_ASSERT(recorded_runs(the_call(&s)));
	CU_ASSERT_EQUAL(tapped(&s), 2);
	CU_ASSERT_EQUAL(s.scene.stats.recordings, 1);
	ask(&s.scene, "N c a b");
	CU_ASSERT(!recorded_runs(the_call(&s)));
	CU_ASSERT_EQUAL(tapped(&s), 0);
	CU_ASSERT_STRING_EQUAL(ask(&s.scene, "N c a b"), "0\n");
	finish(&s);
	CU_ASSERT(has_file(&s, "all.json"));
	CU_ASSERT(has_file(&s, "all.pcap"));
	clean(&s);
}

/* As OpenSIPS' rtpproxy_start_recording() with a destination: a command for each m= line. */
static void test_c_chooses_the_name(void)
{
	static const struct ask_row starts[] = {
		{ "VF 20071218", "1\n" },
		{ "CS c mine/one a;1 b;1", "0\n" },
		{ "CS c mine/one a;2 b;2", "0\n" },
		{ "CP c mine/two a;1", "E65\n" },
	};
	struct recording_scene s;

	begin(&s, "all");
	ASK_ROWS(&s.scene, starts);
	CU_ASSERT_EQUAL(tapped(&s), 2);
	CU_ASSERT_EQUAL(s.scene.stats.recordings, 1);
	ask(&s.scene, "N c a;1 b;1");
	CU_ASSERT_PTR_NULL(recorded_path(the_call(&s)));
	finish(&s);
	CU_ASSERT(has_file(&s, "mine/one.pcap"));
	CU_ASSERT(has_file(&s, "mine/one.json"));
	CU_ASSERT(!has_file(&s, "mine/two.pcap"));
	clean(&s);
}

/* The reply is that of a success: the call is recorded, under the name of recording-pattern. */
static void test_a_name_outside_is_not_taken(void)
{
	static const char *const outside[] = { "C c ../x a;1", "C c /tmp/rtprelay-x a;1",
					       "C c .hidden a;1" };

	for (size_t i = 0; i < COUNT(outside); i++) {
		struct recording_scene s;

		begin(&s, "all");
		CU_ASSERT_STRING_EQUAL(ask(&s.scene, outside[i]), "0\n");
		CU_ASSERT(recorded_runs(the_call(&s)));
		finish(&s);
		CU_ASSERT(has_file(&s, "all.json"));
		CU_ASSERT_EQUAL(access("/tmp/rtprelay-x", F_OK), -1);
		clean(&s);
	}
}

static void test_copies_end_before_the_recording(void)
{
	static const struct ask_row both[] = {
		{ "R c a b", "0\n" },
		{ "C c udp:192.0.2.9:5000 a;1 b;1", "0\n" },
		{ "N c a;1 b;1", "0\n" },
	};
	struct recording_scene s;

	begin(&s, "all");
	ASK_ROWS(&s.scene, both);
	CU_ASSERT_PTR_NULL(subscriber_classic(the_call(&s)));
	CU_ASSERT(recorded_runs(the_call(&s)));
	ask(&s.scene, "N c a;1 b;1");
	CU_ASSERT(!recorded_runs(the_call(&s)));
	finish(&s);
	clean(&s);
}

static void test_a_paused_recording_goes_on(void)
{
	struct recording_scene s;

	begin(&s, "all");
	ask(&s.scene, "R c a b");
	CU_ASSERT_EQUAL(recorded_pause(the_call(&s)), 0);
	CU_ASSERT(!recorded_runs(the_call(&s)));
	ask(&s.scene, "R c a b");
	CU_ASSERT(recorded_runs(the_call(&s)));
	finish(&s);
	clean(&s);
}

static void test_who_is_not_known_is_not_recorded(void)
{
	static const struct ask_row rows[] = {
		{ "R d a", "E50\n" },	     { "R c x", "E50\n" }, { "C d name a;1", "E50\n" },
		{ "C c name a;3", "E50\n" }, { "N d a", "E50\n" }, { "RX c a", "E7\n" },
	};
	struct recording_scene s;

	begin(&s, "all");
	ASK_ROWS(&s.scene, rows);
	CU_ASSERT_PTR_NULL(recorded_path(the_call(&s)));
	CU_ASSERT_EQUAL(s.scene.stats.recordings, 0);
	finish(&s);
	clean(&s);
}

TEST_SUITE(rtpp_record, { "R records the whole call", test_r_records_the_whole_call },
	   { "C chooses the name", test_c_chooses_the_name },
	   { "a name outside is not taken", test_a_name_outside_is_not_taken },
	   { "copies end before the recording", test_copies_end_before_the_recording },
	   { "a paused recording goes on", test_a_paused_recording_goes_on },
	   { "who is not known is not recorded", test_who_is_not_known_is_not_recorded });
