/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_refusals.c - the log lines about sources whose media is refused (part 1, row 3 of issue H):
 * their form, and how many there are
 */
#include "daemon/call/events.h"
#include "daemon/call/refusals.h"
#include "call_scene.h"
#include "tests/unit/log_capture.h"

#define CALLS 50

static unsigned int n_told; /* events of refused media */

static void watch(void *arg, const struct happening *happening)
{
	(void)arg;
	n_told += happening->kind == STREAM_REFUSED;
}

/* Packets from @phone arrive at the caller's port: then @total were refused, in @told events. */
static void send_refused(struct scene *scene, int phone, unsigned int n, unsigned int total,
			 unsigned int told)
{
	static const uint8_t rtp[172] = { 0x80, 0, 0, 1 };
	const struct media *media = the_call(scene)->dialogs->media[0];
	const struct endpoint relay = media_advertised(media, SIDE_A, COMP_RTP);
	int64_t until_ms = test_real_ms() + SCENE_DEADLINE_MS;
	struct stream_report report;

	while (n--)
		sendto(phone, rtp, sizeof(rtp), 0, &relay.sa, endpoint_len(&relay));
	do {
		bridge_report(media->bridge, SIDE_A, COMP_RTP, &report);
		worker_pool_dispatch(scene->workers);
		poll(NULL, 0, 1);
	} while ((report.drops[DROP_SOURCE] < total || n_told < told) && test_real_ms() < until_ms);
	CU_ASSERT_EQUAL(report.drops[DROP_SOURCE], total);
	CU_ASSERT_EQUAL(n_told, told);
}

static unsigned int port_of_socket(int fd)
{
	struct endpoint ep = { 0 };
	socklen_t len = sizeof(ep);

	getsockname(fd, &ep.sa, &len);
	return endpoint_port(&ep);
}

static void open_with_phones(struct scene *scene, int phone[2])
{
	scene_open(scene);
	for (int i = 0; i < 2; i++)
		phone[i] = socket(AF_INET, SOCK_DGRAM, 0);
	n_told = 0;
}

static void close_with_phones(struct scene *scene, const int phone[2])
{
	for (int i = 0; i < 2; i++)
		close(phone[i]);
	CU_ASSERT(scene_close(scene));
}

/* The caller has chosen the Call-ID; it stands escaped, and after the address. */
static void test_line_names_source_port_and_call(void)
{
	struct events_watcher watcher = { 0 };
	struct log_capture capture;
	struct events events = { 0 };
	struct scene scene;
	char text[4096], line[256];
	unsigned int port;
	int phone[2];

	open_with_phones(&scene, phone);
	scene.calls->conf.events = &events;
	events_watch(&events, &watcher, watch, NULL);
	CU_ASSERT_TRUE(OFFER("a") > 0);
	port = the_call(&scene)->dialogs->media[0]->port[SIDE_A];
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	test_clock_stop();
	send_refused(&scene, phone[0], 1, 1, 1);
	send_refused(&scene, phone[1], 20, 21, 1);
	test_clock_pass(1001); /* the next event of the stream, but no line */
	send_refused(&scene, phone[0], 1, 22, 2);
	test_clock_pass(REFUSALS_MINUTE_MS - 1001);
	send_refused(&scene, phone[0], 1, 23, 3);
	test_clock_go();
	log_capture_end(&capture, text, sizeof(text));
	events_unwatch(&events, &watcher);
	CU_ASSERT_EQUAL(log_capture_count(text, "refused RTP"), 2);
	snprintf(line, sizeof(line),
		 "warning: refused RTP from 127.0.0.1:%u at port %u of call call: 1 packet, "
		 "1 source\n",
		 port_of_socket(phone[0]), port);
	CU_ASSERT_EQUAL(log_capture_count(text, line), 1);
	snprintf(line, sizeof(line),
		 "warning: refused RTP from 127.0.0.1:%u at port %u of call call: 23 packets, "
		 "2 sources\n",
		 port_of_socket(phone[0]), port);
	CU_ASSERT_EQUAL(log_capture_count(text, line), 1);
	close_with_phones(&scene, phone);
}

/* fail2ban must not read it: who sends it is behind the same NAT as others, or is the phone. */
static void test_address_of_a_phone_has_other_words(void)
{
	struct log_capture capture;
	const struct sockaddr_in any = { .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char text[4096], sdp[200];
	struct scene scene;
	int phone[2];

	open_with_phones(&scene, phone);
	CU_ASSERT_EQUAL(bind(phone[0], (const struct sockaddr *)&any, sizeof(any)), 0);
	snprintf(sdp, sizeof(sdp), SDP_AT("127.0.0.1", "%u"), port_of_socket(phone[0]));
	CU_ASSERT_TRUE(OFFER("a", NULL, NULL, sdp) > 0);
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	send_refused(&scene, phone[0], 1, 0, 0);
	send_refused(&scene, phone[1], 1, 1, 0);
	refusals_tell(the_call(&scene)->dialogs->media[0], SIDE_A, COMP_RTP, clock_ms());
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_EQUAL(
		log_capture_count(text, "refused RTP from another port of a phone, 127.0.0.1:"), 1);
	CU_ASSERT_EQUAL(log_capture_count(text, "refused RTP from 127"), 0);
	close_with_phones(&scene, phone);
}

/* A call that @scene has, of this number. */
static const struct media *media_of(struct scene *scene, unsigned int number)
{
	char id[16];

	snprintf(id, sizeof(id), "call%u", number);
	return call_find(scene->calls, str_of(id))->dialogs->media[0];
}

static void open_calls(struct scene *scene)
{
	char id[16];

	for (unsigned int i = 0; i < CALLS; i++) {
		struct request request = request_of(&(struct ask){ .from_tag = "a" });

		snprintf(id, sizeof(id), "call%u", i);
		request.call_id = str_of(id);
		scene_run(scene, command_offer, request);
	}
}

/* Both sides of each call hear a stranger, as often as once a second. */
static void spray(struct scene *scene, int64_t now_ms)
{
	for (unsigned int i = 0; i < CALLS; i++)
		for (int side = 0; side < 2; side++)
			refusals_tell(media_of(scene, i), (enum side)side, COMP_RTP, now_ms);
}

static void test_spray_writes_twenty_lines_a_minute_and_a_summary(void)
{
	const int64_t start_ms = 1000000;
	struct log_capture capture;
	struct scene scene;
	char text[65536];

	scene_open(&scene);
	open_calls(&scene);
	scene.stats.sample.refused = 7;
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	for (int64_t ms = 0; ms < REFUSALS_MINUTE_MS; ms += 1000) {
		spray(&scene, start_ms + ms);
		refusals_tick(scene.calls, start_ms + ms);
	}
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_EQUAL(log_capture_count(text, "refused RTP from "), REFUSALS_LINES);
	CU_ASSERT_EQUAL(log_capture_count(text, "\n"), REFUSALS_LINES);
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	scene.stats.sample.refused = 6007;
	refusals_tick(scene.calls, start_ms + REFUSALS_MINUTE_MS);
	refusals_tick(scene.calls, start_ms + 2LL * REFUSALS_MINUTE_MS);
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "warning: refused media in the last minute: 6000 packets in "
				     "all, 30 more calls without a line of their own; rtprelayctl "
				     "watch shows all of them\n");
	CU_ASSERT(scene_close(&scene));
}

/* These lines are of the subsystem latch: log-level = error, latch:warning */
static void test_level_of_latching(void)
{
	struct log_levels levels = { .general = LOG_LEVEL_ERR };
	struct log_capture capture;
	struct scene scene;
	char text[65536];

	scene_open(&scene);
	open_calls(&scene);
	log_capture_begin(&capture, LOG_LEVEL_ERR);
	refusals_tell(media_of(&scene, 0), SIDE_A, COMP_RTP, clock_ms());
	levels.part[log_part_find(STR("latch"))] = LOG_LEVEL_WARNING;
	log_set_levels(&levels);
	refusals_tell(media_of(&scene, 1), SIDE_A, COMP_RTP, clock_ms());
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_EQUAL(log_capture_count(text, "refused RTP from "), 1);
	CU_ASSERT(scene_close(&scene));
}

/* In any minute, also in one that begins between two lines. */
static void test_lines_are_counted_in_any_minute(void)
{
	const int64_t start_ms = 1000000;
	struct log_capture capture;
	struct scene scene;
	char text[65536];

	scene_open(&scene);
	open_calls(&scene);
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	refusals_tell(media_of(&scene, 0), SIDE_A, COMP_RTP, start_ms);
	for (unsigned int i = 1; i < REFUSALS_LINES; i++)
		refusals_tell(media_of(&scene, i), SIDE_A, COMP_RTP, start_ms + 59000);
	spray(&scene, start_ms + REFUSALS_MINUTE_MS);
	log_capture_end(&capture, text, sizeof(text));
	CU_ASSERT_EQUAL(log_capture_count(text, "refused RTP from "), REFUSALS_LINES + 1);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(refusals,
	   { "the address of a phone has other words", test_address_of_a_phone_has_other_words },
	   { "level of latching", test_level_of_latching },
	   { "a line names source, port and call (row 3)", test_line_names_source_port_and_call },
	   { "a spray writes twenty lines a minute and a summary (row 3)",
	     test_spray_writes_twenty_lines_a_minute_and_a_summary },
	   { "lines are counted in any minute (row 3)", test_lines_are_counted_in_any_minute });
