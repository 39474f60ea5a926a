/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_unheard.c - what the operator is told of a stream that is not heard (part 4 of issue F): log
 * line, event and counter
 */
#include "daemon/call/events.h"
#include "daemon/packet/refused.h"
#include "call_scene.h"
#include "tests/unit/log_capture.h"

static struct happening seen;
static unsigned int n_seen;

static void watch(void *arg, const struct happening *happening)
{
	(void)arg;
	if (happening->kind != STREAM_UNHEARD)
		return;
	seen = *happening;
	n_seen++;
}

/*
 * So many packets of one source, on the loopback, which nobody has named, arrive at the caller's
 * port; @before: were sent before
 */
static void send_to_caller(struct scene *scene, int phone, size_t index, unsigned int before,
			   unsigned int n)
{
	static const uint8_t rtp[172] = { 0x80, 0, 0, 1 };
	const struct media *media = the_call(scene)->dialogs->media[index];
	const struct endpoint relay = media_advertised(media, SIDE_A, COMP_RTP);
	int64_t until_ms = test_real_ms() + SCENE_DEADLINE_MS;
	struct stream_report report;

	for (unsigned int i = 0; i < n; i++)
		sendto(phone, rtp, sizeof(rtp), 0, &relay.sa, endpoint_len(&relay));
	do {
		bridge_report(media->bridge, SIDE_A, COMP_RTP, &report);
		poll(NULL, 0, 1);
	} while (report.drops[DROP_SOURCE] < before + n && test_real_ms() < until_ms);
	CU_ASSERT_EQUAL(report.drops[DROP_SOURCE], before + n);
	worker_pool_dispatch(scene->workers);
}

static void test_unheard_stream_is_in_log_events_and_counter(void)
{
	static const char two_medias[] = SDP_AT("192.0.2.1", "4000") "m=video 4002 RTP/AVP 0\r\n";
	struct events_watcher watcher = { 0 };
	struct log_capture capture;
	struct events events = { 0 };
	struct scene scene;
	char text[4096], line[256];
	unsigned int port;
	int phone;

	n_seen = 0;
	scene_open(&scene);
	phone = socket(AF_INET, SOCK_DGRAM, 0);
	scene.calls->conf.events = &events;
	events_watch(&events, &watcher, watch, NULL);
	CU_ASSERT_TRUE(OFFER("a", .sdp = two_medias) > 0);
	port = the_call(&scene)->dialogs->media[0]->port[SIDE_A];
	log_capture_begin(&capture, LOG_LEVEL_WARNING);
	send_to_caller(&scene, phone, 0, 0, REFUSED_UNHEARD - 1);
	CU_ASSERT_EQUAL(n_seen, 0);
	send_to_caller(&scene, phone, 0, REFUSED_UNHEARD - 1, 100);
	send_to_caller(&scene, phone, 1, 0, REFUSED_UNHEARD);
	close(phone);
	log_capture_end(&capture, text, sizeof(text));
	events_unwatch(&events, &watcher);
	CU_ASSERT_EQUAL(n_seen, 2); /* of each media */
	CU_ASSERT_STRING_EQUAL(seen.why, "latching=first");
	CU_ASSERT_EQUAL(scene.stats.calls_unheard, 1); /* but it is one call */
	CU_ASSERT_EQUAL(stats_last_hour(&scene.stats.unheard, clock_ms()), 1);
	snprintf(line, sizeof(line),
		 "[call] media 1: the caller is not heard at port %u: 25 packets from 127.0.0.1:",
		 port);
	CU_ASSERT_EQUAL(log_capture_count(text, line), 1);
	CU_ASSERT_EQUAL(log_capture_count(text, "is not heard at port"), 2);
	CU_ASSERT_EQUAL(log_capture_count(text, "warning: refused RTP from 127.0.0.1:"), 1);
	CU_ASSERT_EQUAL(log_capture_count(text,
					  "(SDP: 192.0.2.1, SIP: none); if it is that phone's, "
					  "set latching=first (docs/latching.md)\n"),
			2);
	CU_ASSERT(scene_close(&scene));
}

TEST_SUITE(unheard, { "an unheard stream is in log, events and counter",
		      test_unheard_stream_is_in_log_events_and_counter });
