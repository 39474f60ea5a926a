/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_admin_recording.c - an operator records calls, sees recordings and copies, and looks on */
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/base/ring.h"
#include "daemon/call/call.h"
#include "daemon/call/copies.h"
#include "daemon/call/recorded.h"
#include "daemon/record/dir_watch.h"
#include "daemon/record/file.h"
#include "daemon/record/recorder.h"
#include "daemon/report/report.h"
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

/* Only the recorder's thread asks the disk: the report has what it has said last. */
static void test_space_of_recordings_is_in_the_report(void)
{
	struct arena *arena;
	const struct daemon_report *report;
	uint64_t left;

	start_recorder();
	arena = talk.scene.env.arena;
	report = daemon_report_make(arena, talk.scene.calls, &talk.scene.stats, clock_ms());
	CU_ASSERT_PTR_NOT_NULL_FATAL(report);
	CU_ASSERT_FALSE(report->recording_left_known);
	CU_ASSERT_TRUE(record_dir_left(dir, &left));
	report = daemon_report_make(arena, talk.scene.calls, &talk.scene.stats, clock_ms());
	CU_ASSERT_PTR_NOT_NULL_FATAL(report);
	CU_ASSERT_TRUE(report->recording_left_known);
	CU_ASSERT_EQUAL(report->recording_left, left);
	CU_ASSERT_TRUE(stop_recorder());
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
	talk.conf.recording_dir = path;
	ask("{\"verb\":\"status\"}");
	CU_ASSERT_EQUAL(count_of("\"begun\":1,\"failed\":0,\"lost-ring\":0,\"lost-kernel\":0,"
				 "\"lost-disk\":0}"),
			1);
	CU_ASSERT_EQUAL(count_of("\"usable\":") + count_of("\"left-mib\":"), 0);
	CU_ASSERT_EQUAL(count_of("\"copies\":"), 0);
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

static void turn(void)
{
	struct pollfd fd = { .fd = recorder_fd(talk.scene.recorder), .events = POLLIN };

	poll(&fd, 1, 20);
	recorder_dispatch(talk.scene.recorder);
	event_base_loop(talk.scene.base, EVLOOP_NONBLOCK);
}

static void test_status_says_if_the_directory_can_be_written(void)
{
	int64_t until_ms;

	start_recorder();
	talk.conf.recording_dir = path;
	recorded.watch = record_dir_watch_new(talk.scene.recorder, dir);
	CU_ASSERT_PTR_NOT_NULL_FATAL(recorded.watch);
	for (int i = 0; i < 2; i++) {
		record_dir_watch_tick(recorded.watch, 1000 + i * RECORD_DIR_WATCH_MS);
		until_ms = clock_ms() + 20000;
		do {
			turn();
			ask("{\"verb\":\"status\"}");
		} while (count_of(i ? "\"usable\":false" : "\"usable\":true") != 1 &&
			 clock_ms() < until_ms);
		CU_ASSERT_EQUAL(count_of("\"left-mib\":"), 1);
		CU_ASSERT_EQUAL(count_of("\"why-not\":\"recording-dir /tmp/"), i);
		CU_ASSERT(is_sound());
		nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	}
	CU_ASSERT(stop_recorder());
	record_dir_watch_free(recorded.watch);
}

/* The sidecar of a recording that has ended; it comes a moment later. */
static json_t *sidecar_of(const char *pcap)
{
	int64_t until_ms = clock_ms() + 5000;
	char name[512];
	json_t *sidecar;

	snprintf(name, sizeof(name), "%.*sjson", (int)(strlen(pcap) - strlen("pcap")), pcap);
	do {
		turn();
		sidecar = json_load_file(name, 0, NULL);
	} while (!sidecar && clock_ms() < until_ms);
	return sidecar;
}

static void test_recording_names_the_codecs(void)
{
	const char *codec = NULL;
	json_t *sidecar;
	char file[400];

	start_recorder();
	ask(START);
	snprintf(file, sizeof(file), "%s",
		 recorded_path(call_find(talk.scene.calls, STR("alpha"))));
	ask(STOP);
	sidecar = sidecar_of(file);
	json_unpack(sidecar, "{s:[{s:{s:s}}]}", "medias", "codecs", "0", &codec);
	CU_ASSERT_PTR_NOT_NULL(codec);
	if (codec)
		CU_ASSERT_STRING_EQUAL(codec, "PCMU/8000");
	json_decref(sidecar);
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

/* --- A look into a call ----------------------------------------------------------------------- */

#define PCAP "{\"verb\":\"pcap\",\"call-id\":\"alpha\"}"

/* Packets as a media thread would hand them over; of more than one, the last is RTCP. */
struct batch {
	struct record_letter letter;
	uint32_t tap;
	unsigned int n, done;
	uint16_t len;
};

static void put_batch(struct recorder *recorder, struct record_letter *letter)
{
	struct batch *batch = container_of(letter, struct batch, letter);
	struct tap_ring *ring = recorder_ring(recorder);

	for (unsigned int i = 0; i < batch->n; i++) {
		struct tap_packet *slot = tap_ring_slot(ring, batch->len);

		if (!slot)
			break;
		slot->tap = batch->tap;
		slot->side = SIDE_B;
		slot->rtcp = i && i + 1 == batch->n;
		slot->time_us = clock_us() - RECORDER_HOLD_US;
		slot->out = slot->to = (struct endpoint){ 0 };
		endpoint_parse_addr(STR("192.0.2.2"), 0, &slot->from);
		endpoint_set_port(&slot->from, 4002);
		endpoint_parse_addr(STR("203.0.113.1"), 0, &slot->local);
		endpoint_set_port(&slot->local, 30002);
		memset(slot->data, 'x', batch->len);
		tap_ring_put(ring, slot);
	}
	__atomic_store_n(&batch->done, 1, __ATOMIC_RELEASE);
}

static const struct media *alpha_media(void)
{
	return call_find(talk.scene.calls, STR("alpha"))->dialogs->media[0];
}

static void show_packets(unsigned int n, uint16_t len)
{
	struct batch batch = {
		.letter.run = put_batch, .tap = alpha_media()->tap, .n = n, .len = len
	};
	struct recorder_counts before, now;
	int64_t until_ms = clock_ms() + 5000;

	recorder_counts(talk.scene.recorder, &before);
	recorder_post(talk.scene.recorder, &batch.letter);
	do {
		turn();
		recorder_counts(talk.scene.recorder, &now);
	} while (clock_ms() < until_ms && (!__atomic_load_n(&batch.done, __ATOMIC_ACQUIRE) ||
					   now.delivered < before.delivered + n));
	CU_ASSERT_EQUAL(now.delivered, before.delivered + n);
}

static bool comes(const char *part, unsigned int times)
{
	int64_t until_ms = clock_ms() + 5000;

	while (count_of(part) < times && clock_ms() < until_ms) {
		turn();
		listen_on();
	}
	return count_of(part) == times;
}

static void test_call_is_looked_into_until_it_ends(void)
{
	start_recorder();
	ask(PCAP);
	CU_ASSERT_STRING_EQUAL(talk.text, "{\"type\":\"looking\",\"call-id\":\"alpha\"}\n");
	CU_ASSERT_EQUAL(alpha_media()->tap_users, 1);
	show_packets(2, 3);
	CU_ASSERT(comes("\"type\":\"packet\"", 2));
	/* IPv4 and UDP around "xxx", from the phone to the relay. */
	CU_ASSERT_EQUAL(count_of("\"side\":\"b\",\"rtcp\":false,\"frame\":\"RQAAHwAA"), 1);
	CU_ASSERT_EQUAL(count_of("wAACAssAcQEPonUyAAsAAHh4eA==\"}\n"), 2);
	CU_ASSERT_EQUAL(count_of("\"rtcp\":true"), 1);
	call_end(call_find(talk.scene.calls, STR("alpha")), CALL_TERMINATED);
	CU_ASSERT(comes(END("2"), 1));
	CU_ASSERT(is_sound());
	CU_ASSERT(stop_recorder());
}

static void test_look_ends_with_its_client(void)
{
	start_recorder();
	ask("{\"verb\":\"pcap\",\"call-id\":\"alpha\",\"rtp-only\":true}");
	show_packets(3, 100);
	CU_ASSERT(comes("\"type\":\"packet\"", 2));
	CU_ASSERT_EQUAL(count_of("\"rtcp\":true"), 0);
	close(talk.fd);
	talk.fd = connect_peer();
	for (int i = 0; i < 50 && alpha_media()->tap_users; i++)
		turn();
	CU_ASSERT_EQUAL(alpha_media()->tap_users, 0);
	CU_ASSERT_STRING_EQUAL(ask(LIST), END("0"));
	CU_ASSERT(stop_recorder());
}

static void test_slow_reader_is_told_what_it_misses(void)
{
	const char *lost;

	start_recorder();
	ask(PCAP);
	for (int i = 0; i < 10; i++)
		show_packets(100, 1200);
	CU_ASSERT(admin_count(talk.admin) == 1);
	listen_on();
	CU_ASSERT_EQUAL(count_of("\"type\":\"lost\""), 0);
	show_packets(1, 10);
	CU_ASSERT(comes("\"type\":\"lost\"", 1));
	lost = strstr(talk.text, "{\"type\":\"lost\",\"packets\":");
	CU_ASSERT_FATAL(lost != NULL);
	CU_ASSERT_EQUAL(count_of("\"type\":\"packet\"") +
				strtoul(strchr(lost + 15, ':') + 1, NULL, 10),
			1001);
	CU_ASSERT(stop_recorder());
}

static void test_only_who_may_change_looks_into_calls(void)
{
	start_recorder();
	close(talk.fd);
	peer_spy_only_read(true);
	talk.fd = connect_peer();
	peer_spy_only_read(false);
	CU_ASSERT_STRING_EQUAL(
		ask(PCAP), DENIED("denied", "only root and the daemon's user may look into calls"));
	CU_ASSERT_EQUAL(alpha_media()->tap_users, 0);
	CU_ASSERT(stop_recorder());
}

static void test_look_needs_a_call(void)
{
	start_recorder();
	CU_ASSERT_STRING_EQUAL(ask("{\"verb\":\"pcap\",\"call-id\":\"gamma\"}"),
			       DENIED("unknown-call", "no such call"));
	talk.scene.calls->conf.recorder = NULL;
	CU_ASSERT_STRING_EQUAL(ask(PCAP), DENIED("no-recorder", "the daemon has no recorder"));
	CU_ASSERT(stop_recorder());
}

TEST_SUITE(admin_recording,
	   { "space of recordings is in the report", test_space_of_recordings_is_in_the_report },
	   { "an operator begins, pauses and ends a recording",
	     test_operator_begins_pauses_and_ends_recording },
	   { "status says if the directory can be written",
	     test_status_says_if_the_directory_can_be_written },
	   { "a recording names the codecs", test_recording_names_the_codecs },
	   { "a call shows its recording, and its copies", test_call_shows_recording_and_copies },
	   { "a call is looked into until it ends", test_call_is_looked_into_until_it_ends },
	   { "a look ends with its client", test_look_ends_with_its_client },
	   { "a slow reader is told what it misses", test_slow_reader_is_told_what_it_misses },
	   { "only who may change looks into calls", test_only_who_may_change_looks_into_calls },
	   { "a look needs a call", test_look_needs_a_call },
	   { "wrong requests record nothing", test_wrong_requests_record_nothing },
	   { "readers see recordings, and begin none",
	     test_readers_see_recordings_and_begin_none });
