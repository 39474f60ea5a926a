/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_admin_recording.c - an operator records calls, sees recordings and copies, and looks on */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "daemon/base/count.h"
#include "daemon/call/copies.h"
#include "daemon/call/recorded.h"
#include "daemon/record/file.h"
#include "daemon/record/recorder.h"
#include "admin_scene.h"

#define START "{\"verb\":\"record\",\"call-id\":\"alpha\",\"action\":\"start\"}"
#define STOP  "{\"verb\":\"record\",\"call-id\":\"alpha\",\"action\":\"stop\"}"
#define PAUSE "{\"verb\":\"record\",\"call-id\":\"alpha\",\"action\":\"pause\"}"
#define LIST  "{\"verb\":\"recordings\"}"

static char path[] = "/tmp/test-admin-XXXXXX";
static struct record_dir *dir;
static struct recorded_conf recorded;

static void start_recorder(void)
{
	struct record_dir_conf conf = { .path = path, .output = RECORD_PCAP, .mode = 0600 };
	char text[RECORD_DIR_ERROR];

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	scene_must(mkdtemp(path), "mkdtemp");
	dir = record_dir_open(&conf, text);
	scene_must(dir, text);
	start();
	scene_record(&talk.scene);
	recorded = (struct recorded_conf){ .dir = dir, .path = path };
	talk.scene.calls->conf.recorded = &recorded;
	add_call("alpha", "from", true);
	add_call("beta", "from", true);
}

static int remove_one(const char *name, const struct stat *found, int type, struct FTW *walk)
{
	(void)found;
	(void)type;
	(void)walk;
	return remove(name);
}

static bool stop_recorder(void)
{
	bool good = stop();

	record_dir_close(dir);
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return good;
}

static void test_operator_begins_pauses_and_ends_recording(void)
{
	start_recorder();
	CU_ASSERT_STRING_EQUAL(ask(LIST), END("0"));
	ask(START);
	CU_ASSERT(is_sound() && ends_with(END("1")));
	CU_ASSERT_EQUAL(count_of("{\"type\":\"recording\",\"call-id\":\"alpha\",\"file\":\"/tmp/"),
			1);
	CU_ASSERT_EQUAL(count_of("\"paused\":false"), 1);
	CU_ASSERT(recorded_runs(call_find(talk.scene.calls, STR("alpha"))));
	ask(PAUSE);
	CU_ASSERT_EQUAL(count_of("\"paused\":true"), 1);
	CU_ASSERT(!recorded_runs(call_find(talk.scene.calls, STR("alpha"))));
	ask(LIST);
	CU_ASSERT(is_sound() && ends_with(END("1")));
	CU_ASSERT_EQUAL(count_of("\"call-id\":\"alpha\""), 1);
	CU_ASSERT_EQUAL(count_of("\"lost\":{\"ring\":0,\"kernel\":0,\"disk\":0}"), 1);
	ask(START);
	CU_ASSERT_EQUAL(count_of("\"paused\":false"), 1);
	CU_ASSERT_STRING_EQUAL(ask(STOP), END("1"));
	CU_ASSERT_STRING_EQUAL(ask(LIST), END("0"));
	CU_ASSERT_STRING_EQUAL(ask(STOP), DENIED("not-recorded", "this call is not recorded"));
	CU_ASSERT(stop_recorder());
}

static void test_call_shows_recording_and_copies(void)
{
	struct subscriber *subscriber;
	struct subscriber_line *line;
	struct call *call;

	start_recorder();
	ask("{\"verb\":\"call\",\"call-id\":\"alpha\"}");
	CU_ASSERT_EQUAL(count_of("\"type\":\"recording\"") + count_of("\"type\":\"copy\""), 0);
	ask(START);
	call = call_find(talk.scene.calls, STR("alpha"));
	subscriber = subscriber_new(call, STR("srs"));
	scene_must(subscriber, "subscriber");
	line = subscriber_line_add(subscriber, call->dialogs, 0, SIDE_B);
	strcpy(line->type, "audio");
	line->label = 7;
	line->ended.packets = 5;
	line->ended.errors = 2;
	subscriber->siprec = true;
	subscriber_link(subscriber);
	ask("{\"verb\":\"call\",\"call-id\":\"alpha\"}");
	CU_ASSERT(is_sound());
	CU_ASSERT_EQUAL(count_of("\"type\":\"recording\""), 1);
	CU_ASSERT_EQUAL(count_of("{\"type\":\"copy\",\"call-id\":\"alpha\",\"tag\":\"srs\","
				 "\"siprec\":true,\"paused\":false,\"lines\":[{\"label\":7,"
				 "\"kind\":\"audio\",\"of\":\"to\",\"sends\":false,\"packets\":5,"
				 "\"bytes\":0,\"errors\":2}]}\n"),
			1);
	CU_ASSERT(strstr(talk.text, "\"recording\"") < strstr(talk.text, "\"party\""));
	CU_ASSERT(stop_recorder());
}

static void test_wrong_requests_record_nothing(void)
{
	static const struct {
		const char *request, *answer;
	} rows[] = {
		{ "{\"verb\":\"record\",\"call-id\":\"alpha\"}",
		  DENIED("bad-request", "action must be start, stop or pause") },
		{ "{\"verb\":\"record\",\"call-id\":\"alpha\",\"action\":\"star\"}",
		  DENIED("bad-request", "action must be start, stop or pause") },
		{ "{\"verb\":\"record\",\"action\":\"start\"}",
		  DENIED("unknown-call", "no such call") },
		{ "{\"verb\":\"record\",\"call-id\":\"gamma\",\"action\":\"start\"}",
		  DENIED("unknown-call", "no such call") },
		{ STOP, DENIED("not-recorded", "this call is not recorded") },
	};

	start_recorder();
	for (size_t i = 0; i < COUNT(rows); i++)
		CU_ASSERT_STRING_EQUAL(ask(rows[i].request), rows[i].answer);
	talk.scene.calls->conf.recorded = NULL;
	CU_ASSERT_STRING_EQUAL(
		ask(START),
		DENIED("no-recorder", "nothing can be recorded: recording-dir is not set"));
	CU_ASSERT_STRING_EQUAL(ask(LIST), END("0"));
	CU_ASSERT(stop_recorder());
}

static void test_readers_see_recordings_and_begin_none(void)
{
	start_recorder();
	ask(START);
	close(talk.fd);
	peer_spy_only_read(true);
	talk.fd = connect_peer();
	peer_spy_only_read(false);
	CU_ASSERT_STRING_EQUAL(
		ask(STOP), DENIED("denied", "only root and the daemon's user may make changes"));
	ask(LIST);
	CU_ASSERT(ends_with(END("1")));
	CU_ASSERT(stop_recorder());
}

TEST_SUITE(admin_recording,
	   { "an operator begins, pauses and ends a recording",
	     test_operator_begins_pauses_and_ends_recording },
	   { "a call shows its recording, and its copies", test_call_shows_recording_and_copies },
	   { "wrong requests record nothing", test_wrong_requests_record_nothing },
	   { "readers see recordings, and begin none",
	     test_readers_see_recordings_and_begin_none });
