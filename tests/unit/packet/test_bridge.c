/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_bridge.c - media between two phones, through real media threads and sockets */
#include "bridge_scene.h"

static void exchange(const char *addr_a, const char *addr_b)
{
	struct scene scene;
	struct stream_report report;
	struct endpoint source;
	uint8_t p[2048];

	open_scene(&scene, addr_a, addr_b);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 1, 7);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1));
	send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 2, 8);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 2));
	for (int i = A_RTCP; i <= B_RTCP; i += 2) {
		size_t len = receiver_report(p, i == A_RTCP ? 7 : 8);

		sendto(scene.phone[i], p, len, 0, &scene.relay_at[i].sa,
		       endpoint_len(&scene.relay_at[i]));
		CU_ASSERT_EQUAL(hear(scene.phone[i ^ 2], p, &source), 8);
		CU_ASSERT_TRUE(endpoint_eq(&source, &scene.relay_at[i ^ 2]));
	}
	CU_ASSERT_TRUE(wait_events(&scene, &scene.latched, 4));
	CU_ASSERT_EQUAL(scene.latched_mask, 0xf);
	end_traffic(&scene);
	bridge_report(scene.bridge, SIDE_A, COMP_RTP, &report);
	CU_ASSERT_EQUAL(report.state, LATCH_LOCKED);
	CU_ASSERT_EQUAL(report.rank, RANK_EXACT);
	CU_ASSERT_TRUE(endpoint_eq(&report.latched, &scene.phone_at[A_RTP]));
	CU_ASSERT_TRUE(endpoint_eq(&report.local, &scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(report.packets_in, 1);
	CU_ASSERT_EQUAL(report.bytes_in, 172);
	CU_ASSERT_EQUAL(report.packets_out, 1);
	CU_ASSERT_EQUAL(report.ssrc, 7);
	CU_ASSERT_TRUE(clock_ms() - bridge_last_in_ms(scene.bridge) < DEADLINE_MS);
	CU_ASSERT_TRUE(bridge_carried(scene.bridge, SIDE_B));
	close_scene(&scene);
}

static void test_two_phones_exchange_rtp_and_rtcp(void)
{
	exchange("127.0.0.1", "127.0.0.1");
}

static void test_ipv4_and_ipv6_phones_exchange_rtp(void)
{
	exchange("127.0.0.1", "::1");
}

static void test_unreachable_phone_does_not_stop_the_other_direction(void)
{
	struct scene scene;
	struct stream_report report;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	test_clock_stop();
	talk(&scene);
	for (uint16_t i = 2; i < 60; i++) { /* until the sockets are connected, and longer */
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], i, 7);
		send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], i, 8);
		CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], i));
		CU_ASSERT_TRUE(hears_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], i));
		test_clock_pass(50);
	}
	close(scene.phone[A_RTP]);
	/*
	 * Each packet to A causes an ICMP error; packets of A, from a new socket at its old port,
	 * still pass.
	 */
	for (uint16_t i = 60; i < 80; i++)
		send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], i, 8);
	scene.phone[A_RTP] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL(
		bind(scene.phone[A_RTP], &scene.phone_at[A_RTP].sa, sizeof(struct sockaddr_in)), 0);
	for (uint16_t i = 60; i < 80; i++) {
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], i, 7);
		CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], i));
	}
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.packets_in, 79);
	CU_ASSERT_EQUAL(report.lost, 0);
	get_report(&scene, B_RTP, &report);
	CU_ASSERT_EQUAL(report.errors_out, 0);
	test_clock_go();
	close_scene(&scene);
}

static void test_burst_is_forwarded_whole_and_in_order(void)
{
	struct scene scene;
	struct stream_report report;

	open_scene(&scene, "127.0.0.1", "::1");
	talk(&scene);
	for (uint16_t i = 2; i < 66; i++)
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], i, 7);
	for (uint16_t i = 2; i < 66; i++)
		CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], i));
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.packets_in, 65);
	CU_ASSERT_EQUAL(report.expected, 65);
	CU_ASSERT_EQUAL(report.lost + report.reordered + report.duplicate, 0);
	close_scene(&scene);
}

static void test_muxed_rtcp_reaches_a_phone_without_mux(void)
{
	struct scene scene;
	struct endpoint source;
	uint8_t p[2048];

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	scene.conf.side[SIDE_A].flags = SIDE_MUX;
	update(&scene);
	talk(&scene);
	sendto(scene.phone[A_RTP], p, receiver_report(p, 7), 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTCP], p, &source), 8);
	CU_ASSERT_TRUE(endpoint_eq(&source, &scene.relay_at[B_RTCP]));
	sendto(scene.phone[B_RTCP], p, receiver_report(p, 8), 0, &scene.relay_at[B_RTCP].sa,
	       endpoint_len(&scene.relay_at[B_RTCP]));
	CU_ASSERT_EQUAL(hear(scene.phone[A_RTP], p, &source), 8);
	CU_ASSERT_TRUE(endpoint_eq(&source, &scene.relay_at[A_RTP]));
	close_scene(&scene);
}

static void test_rtcp_on_the_rtp_port_goes_on_as_rtcp(void)
{
	struct scene scene;
	struct endpoint source;
	uint8_t p[2048];

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	sendto(scene.phone[A_RTP], p, receiver_report(p, 7), 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTCP], p, &source), 8);
	close_scene(&scene);
}

static void test_dtls_passes_where_it_was_negotiated(void)
{
	static const uint8_t hello[] = { 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1 };
	struct scene scene;
	struct endpoint source;
	uint8_t p[2048];

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	scene.conf.side[SIDE_B].flags = SIDE_DTLS;
	update(&scene);
	sendto(scene.phone[A_RTP], hello, sizeof(hello), 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTP], p, &source), (ssize_t)sizeof(hello));
	close_scene(&scene);
}

static void test_opaque_bridge_forwards_anything(void)
{
	struct scene scene;
	struct endpoint source;
	uint8_t p[2048] = { 0 };

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	scene.conf.kind = BRIDGE_OPAQUE;
	update(&scene);
	sendto(scene.phone[A_RTP], "T", 1, 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTP], p, &source), 1);
	CU_ASSERT_EQUAL(p[0], 'T');
	sendto(scene.phone[A_RTP], "", 0, 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_TRUE(wait_keepalives(&scene, A_RTP, 1));
	close_scene(&scene);
}

/* Media without an SDP: a fax in place of RTP. It is dropped while payload types are known. */
static void test_undescribed_bridge_forwards_what_comes(void)
{
	static const uint8_t fax[] = { 0, 1, 5, 'T', '3', '8' };
	struct scene scene;
	struct endpoint source;
	uint8_t p[2048];

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	scene.conf.any = true;
	update(&scene);
	sendto(scene.phone[A_RTP], fax, sizeof(fax), 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_KIND, 1));
	scene.conf.pts[0] = 0;
	update(&scene);
	sendto(scene.phone[A_RTP], fax, sizeof(fax), 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTP], p, &source), (ssize_t)sizeof(fax));
	/*
	 * The same phone sends RTP: its source has latched, so the fax passes despite payload
	 * types.
	 */
	scene.conf.pts[0] = 1;
	update(&scene);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 1, 7);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1));
	sendto(scene.phone[A_RTP], fax, sizeof(fax), 0, &scene.relay_at[A_RTP].sa,
	       endpoint_len(&scene.relay_at[A_RTP]));
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTP], p, &source), (ssize_t)sizeof(fax));
	close_scene(&scene);
}

static void test_tos_is_set_or_kept(void)
{
	struct scene scene;
	struct stream_report report;
	uint8_t p[2048], control[64];
	struct iovec iov = { p, sizeof(p) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };
	int on = 1, tos = 0x28;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	setsockopt(scene.phone[B_RTP], IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
	for (int want = 0xb8; want; want = want == 0xb8 ? tos : 0) {
		struct pollfd wait = { .fd = scene.phone[B_RTP], .events = POLLIN };

		scene.conf.side[SIDE_B].tos = (int16_t)(want == tos ? -1 : want);
		update(&scene);
		setsockopt(scene.phone[A_RTP], IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
		/*
		 * A packet that was under way before the update may have the old TOS: the second
		 * has the new one.
		 */
		talk(&scene);
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 2, 7);
		CU_ASSERT_EQUAL(poll(&wait, 1, DEADLINE_MS), 1);
		msg.msg_controllen = sizeof(control);
		CU_ASSERT_EQUAL(recvmsg(scene.phone[B_RTP], &msg, 0), 172);
		CU_ASSERT_PTR_NOT_NULL_FATAL(CMSG_FIRSTHDR(&msg));
		CU_ASSERT_EQUAL(*CMSG_DATA(CMSG_FIRSTHDR(&msg)), want);
	}
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.duplicate, 2);
	close_scene(&scene);
}

TEST_SUITE(bridge, { "two phones exchange RTP and RTCP", test_two_phones_exchange_rtp_and_rtcp },
	   { "IPv4 and IPv6 phones exchange RTP", test_ipv4_and_ipv6_phones_exchange_rtp },
	   { "unreachable phone does not stop the other direction",
	     test_unreachable_phone_does_not_stop_the_other_direction },
	   { "burst is forwarded whole and in order", test_burst_is_forwarded_whole_and_in_order },
	   { "muxed RTCP reaches a phone without mux",
	     test_muxed_rtcp_reaches_a_phone_without_mux },
	   { "RTCP on the RTP port goes on as RTCP", test_rtcp_on_the_rtp_port_goes_on_as_rtcp },
	   { "DTLS passes where it was negotiated", test_dtls_passes_where_it_was_negotiated },
	   { "opaque bridge forwards anything", test_opaque_bridge_forwards_anything },
	   { "undescribed bridge forwards what comes",
	     test_undescribed_bridge_forwards_what_comes },
	   { "TOS is set or kept", test_tos_is_set_or_kept });
