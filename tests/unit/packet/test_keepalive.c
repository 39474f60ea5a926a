/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_keepalive.c - keep-alives are sent to phones to which nothing else is sent, and to no others
 */
#include "daemon/base/count.h"
#include "daemon/packet/keepalive.h"
#include "stream_scene.h"

#define EVERY_S 20

/* @wheel: that of the thread is not used */
struct watch {
	struct stage stage;
	struct wheel wheel;
	struct worker_pool_conf conf;
};

static void watch_open(struct watch *w, enum keepalive_method method)
{
	open_stage(&w->stage);
	wheel_init(&w->wheel, 1000, w->stage.now_ms);
	w->conf = *w->stage.scene.bridge->pool_conf;
	w->conf.keepalive_s = EVERY_S;
	w->conf.keepalive_method = method;
	w->stage.scene.bridge->pool_conf = &w->conf;
}

static void watch_close(struct watch *w)
{
	keepalive_end(&w->wheel, w->stage.scene.bridge);
	w->conf.keepalive_s = 0;
	close_stage(&w->stage);
}

/* As the thread does after news of a stream. */
static void mind(struct watch *w)
{
	keepalive_mind(&w->wheel, w->stage.scene.bridge, w->stage.now_ms);
}

/* A packet of @index's phone arrives, and is sent. */
static void speak(struct watch *w, int index)
{
	struct stream *out = arrive(&w->stage, index, w->stage.scene.phone_at[index]);

	if (out)
		stream_sent(out, 172);
	if (take_news(&w->stage, index))
		mind(w);
}

/* Time passes, in steps of a second. @talker: sends in each of them; -1: nobody */
static void pass(struct watch *w, int seconds, int talker)
{
	while (seconds--) {
		w->stage.now_ms += 1000;
		if (talker >= 0)
			speak(w, talker);
		while (keepalive_visit(&w->wheel, w->stage.now_ms))
			continue;
	}
}

static uint32_t sent(const struct watch *w, int index)
{
	const struct keepalives *k = stream_at(&w->stage, index)->keepalives;

	return k ? k->sent : 0;
}

static uint32_t saved(const struct watch *w, int index)
{
	const struct keepalives *k = stream_at(&w->stage, index)->keepalives;

	return k ? k->saved : 0;
}

/* What the phone has received since the last call. */
static unsigned int received(const struct watch *w, int index)
{
	unsigned int n = 0;
	uint8_t bytes[64];

	while (recv(w->stage.scene.phone[index], bytes, sizeof(bytes), MSG_DONTWAIT) >= 0)
		n++;
	return n;
}

static void test_silent_binding_is_kept(void)
{
	struct watch w;

	watch_open(&w, KEEPALIVE_STUN);
	speak(&w, A_RTP);
	pass(&w, EVERY_S - 1, -1);
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 0);
	pass(&w, 1, -1);
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 1);
	pass(&w, 4 * EVERY_S, -1);
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 5);
	CU_ASSERT_EQUAL(received(&w, A_RTP), 5);
	/* The others were not heard. */
	CU_ASSERT_EQUAL(sent(&w, A_RTCP) + sent(&w, B_RTP) + sent(&w, B_RTCP), 0);
	/* They are no packets of the stream. */
	CU_ASSERT_EQUAL(stream_at(&w.stage, A_RTP)->packets_out, 0);
	watch_close(&w);
}

/* One-way media keeps the binding of its receiver, and not that of its sender. */
static void test_media_keeps_the_binding_of_its_receiver(void)
{
	struct watch w;

	watch_open(&w, KEEPALIVE_STUN);
	speak(&w, A_RTP);
	speak(&w, B_RTP);
	pass(&w, 5 * EVERY_S, B_RTP);
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 0);
	CU_ASSERT_EQUAL(sent(&w, B_RTP), 5);
	/* The music ends. */
	pass(&w, EVERY_S - 1, -1);
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 0);
	pass(&w, 1, -1);
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 1);
	watch_close(&w);
}

static void test_rtcp_port_that_nobody_uses_is_kept(void)
{
	struct watch w;

	watch_open(&w, KEEPALIVE_STUN);
	speak(&w, A_RTCP);
	pass(&w, EVERY_S, -1);
	CU_ASSERT_EQUAL(received(&w, A_RTCP), 1);
	watch_close(&w);
}

static void test_phone_that_only_listens_is_kept(void)
{
	struct watch w;
	uint8_t byte = 0;

	watch_open(&w, KEEPALIVE_STUN);
	arrive_bytes(&w.stage, A_RTP, w.stage.scene.phone_at[A_RTP], &byte, 1);
	mind(&w);
	pass(&w, EVERY_S, -1);
	CU_ASSERT_EQUAL(received(&w, A_RTP), 1);
	watch_close(&w);
}

/* Anybody's SDP could aim them. */
static void test_signalled_address_gets_one_only_if_the_proxy_asks(void)
{
	static const struct {
		uint32_t flags;
		unsigned int rtp, rtcp;
	} rows[] = { { 0, 0, 0 }, { SIDE_PIERCE, 3, 3 }, { SIDE_PIERCE | SIDE_MUX, 3, 0 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct watch w;

		watch_open(&w, KEEPALIVE_STUN);
		w.stage.scene.conf.side[SIDE_A].flags = rows[i].flags;
		signal_stage(&w.stage);
		mind(&w);
		pass(&w, 1, -1); /* the first at once */
		CU_ASSERT_EQUAL(sent(&w, A_RTP), rows[i].rtp / 3);
		mind(&w);
		pass(&w, 2 * EVERY_S, -1);
		CU_ASSERT_EQUAL(received(&w, A_RTP), rows[i].rtp);
		CU_ASSERT_EQUAL(received(&w, A_RTCP), rows[i].rtcp);
		CU_ASSERT_EQUAL(sent(&w, B_RTP), 0);
		watch_close(&w);
	}
}

static void test_pierced_phone_that_was_heard_is_one_like_others(void)
{
	struct watch w;

	watch_open(&w, KEEPALIVE_STUN);
	w.stage.scene.conf.side[SIDE_A].flags = SIDE_PIERCE;
	signal_stage(&w.stage);
	mind(&w);
	pass(&w, 1, -1);
	speak(&w, A_RTP);
	pass(&w, EVERY_S - 1, -1);
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 1);
	pass(&w, 1, -1);
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 2);
	watch_close(&w);
}

static void test_interval_of_a_call(void)
{
	static const struct {
		uint16_t every_s;
		unsigned int expect;
	} rows[] = { { 0, 5 }, { 5, 20 }, { 100, 1 }, { KEEPALIVE_OFF, 0 } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct watch w;

		watch_open(&w, KEEPALIVE_STUN);
		w.stage.scene.conf.keepalive_s = rows[i].every_s;
		signal_stage(&w.stage);
		speak(&w, A_RTP);
		pass(&w, 5 * EVERY_S, -1);
		CU_ASSERT_EQUAL(sent(&w, A_RTP), rows[i].expect);
		watch_close(&w);
	}
}

/* A change of the interval, or of anything else, makes none come twice. */
static void test_not_more_than_one_in_an_interval(void)
{
	struct watch w;

	watch_open(&w, KEEPALIVE_STUN);
	speak(&w, A_RTP);
	for (int i = 0; i < 5 * EVERY_S; i++) {
		pass(&w, 1, -1);
		mind(&w);
	}
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 5);
	watch_close(&w);
}

static void test_blocked_side_sends_nothing(void)
{
	struct watch w;

	watch_open(&w, KEEPALIVE_STUN);
	speak(&w, A_RTP);
	speak(&w, B_RTP);
	pass(&w, 1, B_RTP);
	w.stage.scene.conf.side[SIDE_B].flags = SIDE_BLOCK;
	signal_stage(&w.stage);
	mind(&w);
	pass(&w, EVERY_S, B_RTP);
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 1);
	watch_close(&w);
}

/* --- The kernel ------------------------------------------------------------------------------- */

static void tell(struct watch *w, int index, bool in_kernel, bool idle, int64_t heard_ms)
{
	const struct bridge_kernel kernel = { .in_kernel = in_kernel,
					      .idle = idle,
					      .heard_ms = heard_ms };

	keepalive_kernel(stream_at(&w->stage, index), &kernel, w->stage.now_ms);
	stream_kernel(stream_at(&w->stage, index), &kernel, w->stage.now_ms);
	mind(w);
}

/* Nobody looks at it. */
static void test_flow_of_the_kernel_is_not_visited(void)
{
	struct watch w;

	watch_open(&w, KEEPALIVE_STUN);
	speak(&w, A_RTP);
	speak(&w, B_RTP);
	tell(&w, A_RTP, true, false, 0);
	CU_ASSERT_EQUAL(wheel_next_ms(&w.wheel, w.stage.now_ms), w.stage.now_ms + EVERY_S * 1000);
	tell(&w, B_RTP, true, false, 0);
	CU_ASSERT_EQUAL(wheel_next_ms(&w.wheel, w.stage.now_ms), -1);
	pass(&w, 5 * EVERY_S, -1);
	CU_ASSERT_EQUAL(sent(&w, A_RTP) + sent(&w, B_RTP), 0);
	watch_close(&w);
}

static void test_silence_that_the_kernel_reports(void)
{
	struct watch w;
	int64_t heard_ms;

	watch_open(&w, KEEPALIVE_STUN);
	speak(&w, A_RTP);
	speak(&w, B_RTP);
	tell(&w, B_RTP, true, false, 0);
	tell(&w, A_RTP, true, false, 0);
	heard_ms = w.stage.now_ms + 40000;
	pass(&w, 40 + EVERY_S, -1);
	tell(&w, B_RTP, true, true, heard_ms);
	pass(&w, 1, -1); /* the interval is over by then */
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 1);
	pass(&w, 2 * EVERY_S, -1);
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 3);
	/* It is heard again. */
	tell(&w, B_RTP, true, false, w.stage.now_ms);
	CU_ASSERT_EQUAL(wheel_next_ms(&w.wheel, w.stage.now_ms), -1);
	pass(&w, 2 * EVERY_S, -1);
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 3);
	CU_ASSERT_EQUAL(sent(&w, B_RTP), 0);
	/* The module is unloaded. */
	tell(&w, B_RTP, false, false, w.stage.now_ms);
	pass(&w, EVERY_S - 1, -1);
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 3);
	pass(&w, 1, -1);
	CU_ASSERT_EQUAL(sent(&w, A_RTP), 4);
	watch_close(&w);
}

/* --- What they saved -------------------------------------------------------------------------- */

static void test_silent_phone_that_is_heard_again_was_saved(void)
{
	struct watch w;
	struct worker_totals totals;

	watch_open(&w, KEEPALIVE_STUN);
	speak(&w, A_RTP);
	speak(&w, B_RTP);
	pass(&w, 3 * EVERY_S, B_RTP);
	/* The sender was heard all the time: nothing was saved. */
	CU_ASSERT_EQUAL(saved(&w, B_RTP), 0);
	pass(&w, 3 * EVERY_S, -1);
	CU_ASSERT_EQUAL(saved(&w, A_RTP), 0);
	pass(&w, 2 * EVERY_S, A_RTP);
	CU_ASSERT_EQUAL(saved(&w, A_RTP), 1);
	worker_pool_totals(w.stage.scene.pool, &totals);
	CU_ASSERT_EQUAL(totals.keepalives_saved, 1);
	CU_ASSERT_EQUAL(totals.keepalives_out, sent(&w, A_RTP) + sent(&w, B_RTP));
	watch_close(&w);
}

static void test_silent_phone_that_the_kernel_hears_again_was_saved(void)
{
	struct watch w;

	watch_open(&w, KEEPALIVE_STUN);
	speak(&w, A_RTP);
	pass(&w, 2 * EVERY_S, -1);
	tell(&w, A_RTP, true, true, 0);
	CU_ASSERT_EQUAL(saved(&w, A_RTP), 0);
	tell(&w, A_RTP, true, false, w.stage.now_ms);
	tell(&w, A_RTP, true, false, w.stage.now_ms);
	CU_ASSERT_EQUAL(saved(&w, A_RTP), 1);
	watch_close(&w);
}

/* --- Bytes ------------------------------------------------------------------------------------ */

enum bytes { STUN, EMPTY, RTP };

static void test_bytes_of_keepalives(void)
{
	static const struct {
		enum keepalive_method method;
		int index;
		enum bridge_kind kind;
		bool any, heard_rtp, all_types;
		uint32_t flags;
		enum bytes expect;
	} rows[] = {
		{ .method = KEEPALIVE_STUN, .expect = STUN },
		{ .method = KEEPALIVE_EMPTY, .expect = EMPTY },
		{ .method = KEEPALIVE_RTP, .expect = RTP },
		{ .method = KEEPALIVE_STUN, .index = A_RTCP, .expect = STUN },
		{ .method = KEEPALIVE_EMPTY, .index = A_RTCP, .expect = EMPTY },
		{ .method = KEEPALIVE_RTP, .index = A_RTCP, .expect = STUN },
		{ .method = KEEPALIVE_RTP, .all_types = true, .expect = STUN },
		{ .method = KEEPALIVE_RTP, .flags = SIDE_SRTP, .expect = STUN },
		{ .method = KEEPALIVE_RTP, .flags = SIDE_DTLS, .expect = STUN },
		{ .method = KEEPALIVE_STUN, .kind = BRIDGE_UDPTL, .expect = EMPTY },
		{ .method = KEEPALIVE_RTP, .kind = BRIDGE_OPAQUE, .expect = EMPTY },
		{ .method = KEEPALIVE_STUN, .any = true, .expect = EMPTY },
		{ .method = KEEPALIVE_STUN, .any = true, .heard_rtp = true, .expect = STUN },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		static const size_t lens[] = { [STUN] = 20, [EMPTY] = 0, [RTP] = 12 };
		uint8_t bytes[KEEPALIVE_MAX] = { 0 };
		struct bridge_conf *conf;
		struct rtp_wire wire;
		struct watch w;
		size_t len;

		watch_open(&w, rows[i].method);
		conf = &w.stage.scene.bridge->conf;
		conf->kind = rows[i].kind;
		conf->any = rows[i].any;
		conf->side[SIDE_A].flags = rows[i].flags;
		conf->pts[1] = rows[i].all_types ? UINT64_MAX : UINT64_C(1) << 63;
		stream_at(&w.stage, A_RTP)->rtp.known = rows[i].heard_rtp;
		len = keepalive_bytes(stream_at(&w.stage, rows[i].index), bytes);
		CU_ASSERT_EQUAL(len, lens[rows[i].expect]);
		rtp_wire_parse(bytes, len, &(struct rtp_port){ 0 }, &wire);
		if (rows[i].expect == RTP) {
			CU_ASSERT_EQUAL(wire.kind, RTP_KIND_RTP);
			CU_ASSERT_EQUAL(wire.pt, 126); /* 127 was negotiated */
		} else if (rows[i].expect == STUN) {
			CU_ASSERT_FALSE(memcmp(bytes, "\0\x11\0\0\x21\x12\xa4\x42", 8));
		}
		watch_close(&w);
	}
}

/* --- The wheel -------------------------------------------------------------------------------- */

static void test_thread_sleeps_until_one_is_due(void)
{
	struct watch w;

	watch_open(&w, KEEPALIVE_STUN);
	CU_ASSERT_EQUAL(wheel_next_ms(&w.wheel, w.stage.now_ms), -1);
	speak(&w, A_RTP);
	CU_ASSERT_EQUAL(wheel_next_ms(&w.wheel, w.stage.now_ms), w.stage.now_ms + EVERY_S * 1000);
	/* It was suspended for an hour, a whole number of turns and some. */
	for (int64_t ms = 3600000; ms < 3670000; ms += 10000) {
		uint32_t before = sent(&w, A_RTP);

		w.stage.now_ms += ms;
		while (keepalive_visit(&w.wheel, w.stage.now_ms))
			continue;
		CU_ASSERT_EQUAL(sent(&w, A_RTP), before + 1);
		CU_ASSERT_EQUAL(wheel_next_ms(&w.wheel, w.stage.now_ms),
				w.stage.now_ms + EVERY_S * 1000);
	}
	watch_close(&w);
}

/* In a thread of its own, with real sockets. */
static void test_media_thread_sends_them(void)
{
	struct scene scene;
	struct endpoint from = { 0 };
	uint8_t bytes[64];

	prepare_scene(&scene, "127.0.0.1", "127.0.0.1");
	scene.conf.keepalive_s = 1;
	start_scene(&scene);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 1, 7);
	CU_ASSERT_EQUAL(hear(scene.phone[A_RTP], bytes, &from), 20);
	CU_ASSERT_TRUE(endpoint_eq(&from, &scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(hear(scene.phone[A_RTP], bytes, &from), 20);
	close_scene(&scene);
}

TEST_SUITE(keepalive, { "silent binding is kept", test_silent_binding_is_kept },
	   { "media keeps the binding of its receiver",
	     test_media_keeps_the_binding_of_its_receiver },
	   { "rtcp port that nobody uses is kept", test_rtcp_port_that_nobody_uses_is_kept },
	   { "phone that only listens is kept", test_phone_that_only_listens_is_kept },
	   { "signalled address gets one only if the proxy asks",
	     test_signalled_address_gets_one_only_if_the_proxy_asks },
	   { "pierced phone that was heard is one like others",
	     test_pierced_phone_that_was_heard_is_one_like_others },
	   { "interval of a call", test_interval_of_a_call },
	   { "not more than one in an interval", test_not_more_than_one_in_an_interval },
	   { "blocked side sends nothing", test_blocked_side_sends_nothing },
	   { "flow of the kernel is not visited", test_flow_of_the_kernel_is_not_visited },
	   { "silence that the kernel reports", test_silence_that_the_kernel_reports },
	   { "silent phone that is heard again was saved",
	     test_silent_phone_that_is_heard_again_was_saved },
	   { "silent phone that the kernel hears again was saved",
	     test_silent_phone_that_the_kernel_hears_again_was_saved },
	   { "bytes of keepalives", test_bytes_of_keepalives },
	   { "thread sleeps until one is due", test_thread_sleeps_until_one_is_due },
	   { "media thread sends them", test_media_thread_sends_them });
