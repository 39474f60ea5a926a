/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_copy.c - what a copy sends, to real sockets on the loopback
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>
#include "daemon/base/clock.h"
#include "daemon/base/count.h"
#include "daemon/record/copy.h"
#include "daemon/record/copy_sink.h"
#include "daemon/srtp/sdes_media.h"
#include "tests/unit/record/hold_scene.h"
#include "tests/unit/test.h"

#define WAIT_MS 5000
#define TAP	7

struct pair {
	int fd[2];
	struct endpoint at[2];
};

static void pair_open(struct pair *pair)
{
	for (int comp = 0; comp < 2; comp++) {
		struct endpoint *at = &pair->at[comp];
		socklen_t len = sizeof(*at);

		*at = (struct endpoint){ .in4 = { .sin_family = AF_INET,
						  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
		pair->fd[comp] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		CU_ASSERT_FATAL(pair->fd[comp] >= 0);
		CU_ASSERT_FATAL(!bind(pair->fd[comp], &at->sa, sizeof(at->in4)));
		CU_ASSERT_FATAL(!getsockname(pair->fd[comp], &at->sa, &len));
	}
}

static void pair_close(struct pair *pair)
{
	close(pair->fd[0]);
	close(pair->fd[1]);
}

/* A recorder with one line: tap 7, the callee, payload types 0 and 101. */
struct scene {
	struct pair recorder, relay;
	struct copy_port *port;
	struct copy_batch *batch;
	struct copy *copy;
};

static void open_scene(struct scene *scene, const struct srtp_master *master)
{
	struct copy_line line = { .tap = 7, .side = 1, .pts = { 1, UINT64_C(1) << (101 - 64) } };

	pair_open(&scene->recorder);
	pair_open(&scene->relay);
	scene->port = copy_port_new(scene->relay.fd, master);
	scene->batch = copy_batch_new();
	CU_ASSERT_FATAL(scene->port && scene->batch);
	line.port = scene->port;
	memcpy(line.to, scene->recorder.at, sizeof(line.to));
	scene->copy = copy_new(&line, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(scene->copy);
}

static void close_scene(struct scene *scene)
{
	copy_put(scene->copy);
	copy_batch_free(scene->batch);
	copy_port_put(scene->port);
	pair_close(&scene->recorder);
}

#define RTP_LEN 172

static void rtp(uint8_t *packet, uint8_t type, uint16_t seq)
{
	memset(packet, 0xd5, RTP_LEN);
	memcpy(packet,
	       (uint8_t[]){ 0x80, type, (uint8_t)(seq >> 8), (uint8_t)seq, 0, 0, 1, 2, 0, 0, 0, 9 },
	       12);
}

static void take(struct scene *scene, uint32_t tap, uint8_t side, bool rtcp, const uint8_t *data,
		 size_t len)
{
	const struct copy_packet packet = { tap, side, rtcp, data, len };

	copy_take(scene->copy, scene->batch, &packet, 1000);
}

/* Length of the next packet; *from: its source's port. -1: none. */
static ssize_t hear(const struct pair *pair, int comp, uint8_t *packet, uint16_t *from)
{
	struct pollfd pollfd = { pair->fd[comp], POLLIN, 0 };
	struct endpoint source = { 0 };
	socklen_t len = sizeof(source);
	ssize_t n;

	if (poll(&pollfd, 1, WAIT_MS) != 1)
		return -1;
	n = recvfrom(pair->fd[comp], packet, 4096, 0, &source.sa, &len);
	*from = endpoint_port(&source);
	return n;
}

static void expect_counts(const struct scene *scene, const struct copy_counts *expected)
{
	struct copy_counts counts;

	copy_port_counts(scene->port, &counts);
	CU_ASSERT_EQUAL(counts.packets, expected->packets);
	CU_ASSERT_EQUAL(counts.bytes, expected->bytes);
	CU_ASSERT_EQUAL(counts.errors, expected->errors);
	CU_ASSERT_EQUAL(counts.unwanted, expected->unwanted);
	CU_ASSERT_EQUAL(counts.heard, expected->heard);
	CU_ASSERT_EQUAL(counts.heard_rtcp, expected->heard_rtcp);
}

static void test_sends_what_its_source_sends(void)
{
	static const uint8_t report[28] = { 0x80, 200, 0, 6 };
	uint8_t packet[RTP_LEN], heard[4096];
	struct scene scene;
	uint16_t from;

	open_scene(&scene, NULL);
	rtp(packet, 0, 1);
	take(&scene, 8, 1, false, packet, RTP_LEN); /* another media */
	take(&scene, 7, 0, false, packet, RTP_LEN); /* the other party */
	rtp(packet, 8, 2);
	take(&scene, 7, 1, false, packet, RTP_LEN); /* a type that the recorder does not take */
	rtp(packet, 0, 3);
	take(&scene, 7, 1, false, packet, RTP_LEN);
	take(&scene, 7, 1, true, report, sizeof(report));
	rtp(packet, 101 | 0x80, 4); /* with marker */
	take(&scene, 7, 1, false, packet, RTP_LEN);
	copy_flush(scene.batch);
	CU_ASSERT_EQUAL(hear(&scene.recorder, 0, heard, &from), RTP_LEN);
	CU_ASSERT_EQUAL(heard[3], 3);
	CU_ASSERT_EQUAL(from, endpoint_port(&scene.relay.at[0]));
	CU_ASSERT_EQUAL(hear(&scene.recorder, 0, heard, &from), RTP_LEN);
	CU_ASSERT(!memcmp(heard, packet, RTP_LEN));
	CU_ASSERT_EQUAL(hear(&scene.recorder, 1, heard, &from), (ssize_t)sizeof(report));
	CU_ASSERT_EQUAL(from, endpoint_port(&scene.relay.at[1]));
	CU_ASSERT(recv(scene.recorder.fd[0], heard, sizeof(heard), 0) < 0);
	expect_counts(&scene, &(struct copy_counts){ .packets = 3,
						     .bytes = 2 * RTP_LEN + sizeof(report),
						     .unwanted = 1 });
	close_scene(&scene);
}

static void test_more_than_a_batch_keeps_its_order(void)
{
	uint8_t packet[RTP_LEN], heard[4096];
	struct scene scene;
	uint16_t from;

	open_scene(&scene, NULL);
	for (uint16_t seq = 0; seq < 150; seq++) {
		rtp(packet, 0, seq);
		take(&scene, 7, 1, false, packet, RTP_LEN);
	}
	copy_flush(scene.batch);
	for (uint16_t seq = 0; seq < 150; seq++) {
		CU_ASSERT_EQUAL(hear(&scene.recorder, 0, heard, &from), RTP_LEN);
		CU_ASSERT_EQUAL(heard[3], seq);
	}
	expect_counts(&scene, &(struct copy_counts){ .packets = 150, .bytes = 150 * RTP_LEN });
	close_scene(&scene);
}

static void test_what_cannot_be_sent_is_counted(void)
{
	static uint8_t large[COPY_BYTES + 1] = { 0x80 };
	uint8_t packet[RTP_LEN], heard[4096];
	struct copy_line lines[COPY_LINES + 1] = { 0 };
	struct copy *nowhere;
	struct scene scene;
	uint16_t from;

	open_scene(&scene, NULL);
	take(&scene, 7, 1, false, large, sizeof(large));
	take(&scene, 7, 1, false, large, 1); /* no type to be read */
	rtp(packet, 0, 1);
	lines[0] = (struct copy_line){ .tap = 7, .side = 1, .port = scene.port, .pts = { 1 } };
	lines[0].to[0] = scene.recorder.at[0];
	lines[0].to[0].in4.sin_addr.s_addr = INADDR_BROADCAST; /* refused by the system */
	nowhere = copy_new(lines, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(nowhere);
	copy_take(nowhere, scene.batch, &(struct copy_packet){ 7, 1, false, packet, RTP_LEN },
		  1000);
	take(&scene, 7, 1, false, packet, RTP_LEN);
	copy_put(nowhere);
	copy_flush(scene.batch);
	CU_ASSERT_EQUAL(hear(&scene.recorder, 0, heard, &from), RTP_LEN);
	expect_counts(&scene, &(struct copy_counts){
				      .packets = 1, .bytes = RTP_LEN, .errors = 2, .unwanted = 1 });
	CU_ASSERT_PTR_NULL(copy_new(lines, COPY_LINES + 1));
	close_scene(&scene);
}

static void test_what_the_recorder_sends_is_dropped(void)
{
	uint8_t packet[RTP_LEN];
	struct scene scene;

	open_scene(&scene, NULL);
	rtp(packet, 0, 1);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(sendto(scene.recorder.fd[i > 0], packet, RTP_LEN, 0,
				       &scene.relay.at[i > 0].sa, sizeof(scene.relay.at[0].in4)),
				RTP_LEN);
	copy_listen(scene.copy);
	expect_counts(&scene, &(struct copy_counts){ .heard = 3, .heard_rtcp = 2 });
	close_scene(&scene);
}

static void test_srtp_toward_the_recorder(void)
{
	struct sdes_line line;
	uint8_t packet[RTP_LEN], heard[4096];
	struct copy_port *plain;
	struct srtp *receiver;
	struct srtp_packet sealed = { heard, 0, sizeof(heard) };
	struct scene scene;
	uint16_t from;

	CU_ASSERT_EQUAL_FATAL(sdes_read(STR("1 AES_CM_128_HMAC_SHA1_80 "
					    "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
					&line),
			      SDES_OK);
	receiver = srtp_new(&line.keys[0], SRTP_RECEIVE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(receiver);
	open_scene(&scene, &line.keys[0]);
	rtp(packet, 0, 77);
	take(&scene, 7, 1, false, packet, RTP_LEN);
	copy_flush(scene.batch);
	sealed.len = (size_t)hear(&scene.recorder, 0, heard, &from);
	CU_ASSERT_EQUAL(sealed.len, RTP_LEN + 10);
	CU_ASSERT(memcmp(heard + 12, packet + 12, RTP_LEN - 12));
	CU_ASSERT_EQUAL(rtp_unprotect(receiver, &sealed, 1000), SRTP_OK);
	CU_ASSERT(sealed.len == RTP_LEN && !memcmp(heard, packet, RTP_LEN));
	CU_ASSERT(copy_port_has(scene.port, &line.keys[0]) && !copy_port_has(scene.port, NULL));
	plain = copy_port_again(scene.port, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(plain);
	CU_ASSERT(copy_port_has(plain, NULL) && !copy_port_has(plain, &line.keys[0]));
	copy_port_put(plain);
	srtp_free(receiver);
	close_scene(&scene);
}

static void send_and_open(struct scene *scene, struct srtp *receiver, uint16_t seq)
{
	uint8_t packet[RTP_LEN], heard[4096];
	struct srtp_packet sealed = { heard, 0, sizeof(heard) };
	uint16_t from;

	rtp(packet, 0, seq);
	take(scene, 7, 1, false, packet, RTP_LEN);
	copy_flush(scene->batch);
	sealed.len = (size_t)hear(&scene->recorder, 0, heard, &from);
	CU_ASSERT_EQUAL_FATAL(sealed.len, RTP_LEN + 10);
	CU_ASSERT_EQUAL(rtp_unprotect(receiver, &sealed, 1000), SRTP_OK);
	CU_ASSERT(sealed.len == RTP_LEN && !memcmp(heard, packet, RTP_LEN));
}

/* The sequence numbers have begun again behind what was stored: the rollover counter is right. */
static void test_srtp_goes_on_after_a_restart(void)
{
	struct srtp_indexes stored, again;
	struct sdes_line line;
	struct srtp *receiver;
	struct scene scene;

	CU_ASSERT_EQUAL_FATAL(sdes_read(STR("1 AES_CM_128_HMAC_SHA1_80 "
					    "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
					&line),
			      SDES_OK);
	receiver = srtp_new(&line.keys[0], SRTP_RECEIVE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(receiver);
	open_scene(&scene, &line.keys[0]);
	CU_ASSERT_FALSE(copy_port_due(scene.port));
	send_and_open(&scene, receiver, 0xfff0);
	CU_ASSERT(copy_port_due(scene.port));
	copy_port_indexes(scene.port, &stored);
	CU_ASSERT_FALSE(copy_port_due(scene.port));
	CU_ASSERT_EQUAL(stored.sources, 1);
	CU_ASSERT_EQUAL(stored.source[0].rtp_top, 0xfff0);
	send_and_open(&scene, receiver, 5);
	close_scene(&scene);

	open_scene(&scene, &line.keys[0]);
	CU_ASSERT_EQUAL(copy_port_resume(scene.port, &stored, 1000), 0);
	send_and_open(&scene, receiver, 6);
	copy_port_indexes(scene.port, &again);
	CU_ASSERT(again.rtcp_sent > 0);
	stored.source[0].rtp_top = UINT64_MAX;
	CU_ASSERT_EQUAL(copy_port_resume(scene.port, &stored, 1000), -EINVAL);
	close_scene(&scene);
	open_scene(&scene, NULL);
	CU_ASSERT_EQUAL(copy_port_resume(scene.port, &again, 1000), -EINVAL);
	CU_ASSERT_FALSE(copy_port_due(scene.port));
	close_scene(&scene);
	srtp_free(receiver);
}

/* --- In the recorder's thread ----------------------------------------------------------------- */

static void put_packet(struct tap_ring *ring, uint8_t seq)
{
	struct tap_packet *packet = tap_ring_slot(ring, RTP_LEN);

	CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
	packet->tap = TAP;
	packet->time_us = clock_us();
	packet->side = 1;
	packet->rtcp = false;
	rtp(packet->data, 0, seq);
	tap_ring_put(ring, packet);
}

/*
 * A subscriber that has paused while the thread waited for a disk gets nothing of what came after
 * that; each order but the last is forgotten, and the end frees all.
 */
static void test_the_last_order_counts(void)
{
	struct tap_ring *ring = tap_ring_new(TAP_RING_MIN);
	struct recorder_conf conf = { .rings = &ring, .n_rings = 1, .own_bytes = TAP_RING_MIN };
	struct copy_sink *sink = copy_sink_new();
	struct recorder *recorder;
	struct scene scene;
	struct hold hold;
	int error;

	open_scene(&scene, NULL);
	recorder = recorder_open(&conf, &error);
	CU_ASSERT_FATAL(ring && sink && recorder);
	copy_sink_set(recorder, sink, scene.copy); /* the thread has it */
	hold_recorder(&hold, recorder);
	for (int i = 0; i < 3; i++)
		copy_sink_set(recorder, sink, scene.copy);
	put_packet(ring, 1);
	copy_sink_set(recorder, sink, NULL);
	hold_ends(&hold);
	CU_ASSERT_EQUAL(recorder_close(recorder, RECORDER_TEST_MS), 0);
	expect_counts(&scene, &(struct copy_counts){ 0 });
	tap_ring_free(ring);
	close_scene(&scene);
}

static void test_packets_of_its_taps_are_sent(void)
{
	struct tap_ring *ring = tap_ring_new(TAP_RING_MIN);
	struct recorder_conf conf = { .rings = &ring, .n_rings = 1, .own_bytes = TAP_RING_MIN };
	struct copy_sink *sink = copy_sink_new();
	uint8_t heard[4096];
	struct recorder *recorder;
	struct scene scene;
	uint16_t from;
	int error;

	open_scene(&scene, NULL);
	recorder = recorder_open(&conf, &error);
	CU_ASSERT_FATAL(ring && sink && recorder);
	copy_sink_set(recorder, sink, scene.copy);
	put_packet(ring, 5);
	CU_ASSERT_EQUAL(hear(&scene.recorder, 0, heard, &from), RTP_LEN);
	CU_ASSERT_EQUAL(heard[3], 5);
	copy_sink_set(recorder, sink, NULL);
	CU_ASSERT_EQUAL(recorder_close(recorder, RECORDER_TEST_MS), 0);
	expect_counts(&scene, &(struct copy_counts){ .packets = 1, .bytes = RTP_LEN });
	tap_ring_free(ring);
	close_scene(&scene);
}

TEST_SUITE(copy, { "the last order counts", test_the_last_order_counts },
	   { "packets of its taps are sent", test_packets_of_its_taps_are_sent },
	   { "sends what its source sends", test_sends_what_its_source_sends },
	   { "more than a batch keeps its order", test_more_than_a_batch_keeps_its_order },
	   { "what cannot be sent is counted", test_what_cannot_be_sent_is_counted },
	   { "what the recorder sends is dropped", test_what_the_recorder_sends_is_dropped },
	   { "SRTP toward the recorder", test_srtp_toward_the_recorder },
	   { "SRTP goes on after a restart", test_srtp_goes_on_after_a_restart });
