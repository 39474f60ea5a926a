/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_bridge_count.c - what is counted: drops by name, full buffers, totals */
#include "bridge_scene.h"
#include "daemon/base/count.h"

static void test_what_no_stream_carries_is_dropped_and_named(void)
{
	static const uint8_t stun_reply[20] = { 1, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
	static const uint8_t dtls[13] = { 22, 0xfe, 0xfd };
	static const struct {
		int stream;
		const void *bytes;
		size_t len;
		enum stream_drop why;
	} rows[] = {
		/* Longer than keep-alives, or with payload. */
		{ A_RTP, "\x8f\0\0\1\0\0\0\0\0\0\0\7x", 13, DROP_MALFORMED },
		{ A_RTP, "\x90\0\0\1\0\0\0\0\0\0\0\7x", 13, DROP_MALFORMED },
		{ A_RTP, "\r\n\r\n\r\n\r\n\r\n\r\n\r\n", 14, DROP_KIND },
		{ A_RTP, stun_reply, sizeof(stun_reply), DROP_KIND },
		{ A_RTP, dtls, sizeof(dtls), DROP_KIND },
		{ A_RTP, "\x80\x60\0\1\0\0\0\0\0\0\0\7x", 13,
		  DROP_KIND }, /* payload type 96: not negotiated */
		{ A_RTCP, "\x80\0\0\1\0\0\0\0\0\0\0\7x", 13, DROP_KIND }, /* RTP to the RTCP port */
	};
	uint64_t count[4][DROP_COUNT] = { 0 };
	struct scene scene;
	struct stream_report report;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	for (size_t i = 0; i < COUNT(rows); i++) {
		int stream = rows[i].stream;

		sendto(scene.phone[stream], rows[i].bytes, rows[i].len, 0,
		       &scene.relay_at[stream].sa, endpoint_len(&scene.relay_at[stream]));
		CU_ASSERT_TRUE(
			wait_drops(&scene, stream, rows[i].why, ++count[stream][rows[i].why]));
	}
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.state, LATCH_WAIT);
	CU_ASSERT_EQUAL(report.packets_in, 0);
	CU_ASSERT_TRUE(hears_nothing(scene.phone[B_RTP]));
	close_scene(&scene);
}

/* No thread reads them before the bridge is open, so the buffer is certainly full. */
static void test_full_receive_buffer_is_counted(void)
{
	const int small = 4096;
	struct stream_report report;
	struct scene scene;
	uint64_t missed;

	prepare_scene(&scene, "127.0.0.1", "127.0.0.1");
	CU_ASSERT_EQUAL(
		setsockopt(scene.relay_fd[A_RTP], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (uint16_t i = 1; i <= 100; i++)
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], i, 7);
	start_scene(&scene);
	test_clock_stop();
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1));
	pass_seconds(&scene, 1);
	bridge_report(scene.bridge, SIDE_A, COMP_RTP, &report);
	missed = report.drops[DROP_RECEIVE_QUEUE];
	CU_ASSERT_TRUE(report.packets_in > 0);
	CU_ASSERT_TRUE(missed > 0);
	CU_ASSERT_EQUAL(report.packets_in + missed, 100);
	test_clock_go();
	end_traffic(&scene);
	bridge_report(scene.bridge, SIDE_A, COMP_RTP, &report);
	CU_ASSERT_EQUAL(report.drops[DROP_RECEIVE_QUEUE], missed); /* once */
	bridge_report(scene.bridge, SIDE_B, COMP_RTP, &report);
	CU_ASSERT_EQUAL(report.drops[DROP_RECEIVE_QUEUE], 0);
	close_scene(&scene);
}

/* Packets to a port that no thread reads any more. */
static void test_missed_packets_are_counted_at_the_end(void)
{
	const int small = 4096;
	struct stream_report report;
	struct scene scene;

	prepare_scene(&scene, "127.0.0.1", "127.0.0.1");
	CU_ASSERT_EQUAL(
		setsockopt(scene.relay_fd[A_RTP], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (uint16_t i = 1; i <= 100; i++)
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], i, 7);
	start_scene(&scene);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1));
	end_traffic(&scene);
	bridge_report(scene.bridge, SIDE_A, COMP_RTP, &report);
	CU_ASSERT_EQUAL(report.packets_in + report.drops[DROP_RECEIVE_QUEUE], 100);
	close_scene(&scene);
}

static void test_too_large_packet_is_counted(void)
{
	static uint8_t p[65527]; /* the most that IPv6 carries, 20 bytes more than IPv4 can */
	struct scene scene;
	ssize_t sent;

	open_scene(&scene, "::1", "127.0.0.1");
	talk(&scene);
	memcpy(p, (uint8_t[]){ 0x80, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 7 }, 12);
	sent = sendto(scene.phone[A_RTP], p, sizeof(p), 0, &scene.relay_at[A_RTP].sa,
		      endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(sent, (ssize_t)sizeof(p));
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_TOO_LARGE, 1));
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 3, 7);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 3));
	close_scene(&scene);
}

static void test_totals_outlive_bridges(void)
{
	struct worker_totals totals;
	struct scene scene;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	end_traffic(&scene);
	worker_pool_totals(scene.pool, &totals);
	CU_ASSERT_EQUAL(totals.packets, 2);
	CU_ASSERT_EQUAL(totals.bytes, 344);
	CU_ASSERT_EQUAL(totals.errors, 0);
	close_scene(&scene);
}

static void test_every_drop_has_a_name(void)
{
	for (int i = 0; i < DROP_COUNT; i++) {
		CU_ASSERT_TRUE(stream_drop_names[i].name && *stream_drop_names[i].name);
		CU_ASSERT_TRUE(stream_drop_names[i].help && *stream_drop_names[i].help);
	}
}

TEST_SUITE(bridge_count,
	   { "what no stream carries is dropped and named",
	     test_what_no_stream_carries_is_dropped_and_named },
	   { "a full receive buffer is counted", test_full_receive_buffer_is_counted },
	   { "missed packets are counted at the end", test_missed_packets_are_counted_at_the_end },
	   { "too large packet is counted", test_too_large_packet_is_counted },
	   { "totals outlive bridges", test_totals_outlive_bridges },
	   { "every drop has a name", test_every_drop_has_a_name });
