/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_bridge_source.c - which sources a stream accepts: unknown ones, NATs that rebound, phones
 * that move
 */
#include "bridge_scene.h"

static void test_unknown_source_is_never_heard(void)
{
	struct scene scene;
	struct endpoint at;
	int attacker;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	for (int side = 0; side < 2; side++)
		CU_ASSERT_TRUE(
			endpoint_parse_addr(STR("127.0.0.1"), AF_INET, &scene.conf.side[side].sip));
	update(&scene);
	attacker = socket_at("127.9.9.66", &at);
	test_clock_stop();
	for (uint16_t i = 0; i < 20; i++)
		send_rtp(attacker, &scene.relay_at[A_RTP], i, 66);
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_SOURCE, 20));
	talk(&scene);
	for (uint16_t i = 0; i < 20; i++)
		send_rtp(attacker, &scene.relay_at[B_RTP], i, 66);
	CU_ASSERT_TRUE(wait_drops(&scene, B_RTP, DROP_SOURCE, 20));
	CU_ASSERT_TRUE(wait_events(&scene, &scene.refused, 2));
	CU_ASSERT_EQUAL(scene.refused, 2); /* one for each stream and second */
	test_clock_go();
	CU_ASSERT_TRUE(hears_nothing(scene.phone[A_RTP]));
	CU_ASSERT_TRUE(hears_nothing(scene.phone[B_RTP]));
	CU_ASSERT_TRUE(hears_nothing(attacker));
	close(attacker);
	close_scene(&scene);
}

/* The system refuses packets from elsewhere: an error comes back to their sender. */
static bool is_refused(int fd, const struct endpoint *to)
{
	struct pollfd error = { .fd = fd, .events = POLLERR };
	int result = 0;
	socklen_t len = sizeof(result);

	CU_ASSERT_EQUAL(connect(fd, &to->sa, endpoint_len(to)), 0);
	CU_ASSERT_EQUAL(send(fd, "x", 1, 0), 1);
	poll(&error, 1, DEADLINE_MS);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &len);
	return result == ECONNREFUSED;
}

static void test_connected_stream_follows_a_nat_that_rebound(void)
{
	struct scene scene;
	struct stream_report report;
	struct endpoint at, other_at;
	uint16_t seq = 2;
	int moved, other;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	moved = socket_at("127.0.0.1", &at);
	other = socket_at("127.9.9.66", &other_at);
	test_clock_stop();
	talk(&scene);
	for (; seq < 10; seq++) {
		test_clock_pass(20);
		send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], seq, 7);
		CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], seq));
	}
	test_clock_pass(LATCH_SILENCE_MS - 100); /* a tick is due, and it is not silent yet */
	pass_rounds(&scene);
	CU_ASSERT_TRUE(is_refused(other, &scene.relay_at[A_RTP]));
	pass_seconds(&scene, 1); /* silent */
	send_rtp(moved, &scene.relay_at[A_RTP], seq, 7);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], seq));
	send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 2, 8);
	CU_ASSERT_TRUE(
		hears_rtp(moved, &scene.relay_at[A_RTP], 2)); /* from the same port as before */
	get_report(&scene, A_RTP, &report);
	CU_ASSERT_EQUAL(report.relatched, 1);
	CU_ASSERT_TRUE(endpoint_eq(&report.latched, &at));
	test_clock_go();
	close(moved);
	close(other);
	close_scene(&scene);
}

static void test_update_takes_effect_while_running(void)
{
	struct scene scene;
	uint8_t p[2048];
	struct endpoint source;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	scene.conf.side[SIDE_A].flags = SIDE_BLOCK;
	update(&scene);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 2, 7);
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_BLOCKED, 1));
	scene.conf.side[SIDE_A].flags = SIDE_SILENCE;
	update(&scene);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 3, 7);
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTP], p, &source), 172);
	CU_ASSERT_EQUAL(p[3], 3);
	CU_ASSERT_EQUAL(p[12], 0xff);
	CU_ASSERT_EQUAL(p[171], 0xff);
	scene.conf.side[SIDE_A].flags = 0;
	update(&scene);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 4, 7);
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTP], p, &source), 172);
	CU_ASSERT_EQUAL(p[12], 0x55);
	CU_ASSERT_EQUAL(bridge_conf(scene.bridge)->side[SIDE_A].flags, 0);
	close_scene(&scene);
}

static void test_moved_phone_is_found_again(void)
{
	struct scene scene;
	struct endpoint at;
	int moved;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	moved = socket_at("127.0.0.1", &at);
	scene.conf.side[SIDE_A].sdp[COMP_RTP] = at;
	scene.change.side[SIDE_A] = LATCH_REOPEN;
	update(&scene);
	send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 2, 8);
	CU_ASSERT_TRUE(hears_rtp(moved, &scene.relay_at[A_RTP], 2));
	send_rtp(moved, &scene.relay_at[A_RTP], 2, 7);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 2));
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 3, 7);
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTP, DROP_SOURCE, 1));
	close(moved);
	close_scene(&scene);
}

static void test_another_party_starts_again(void)
{
	struct scene scene;
	struct endpoint at;
	struct stream_report report;
	int other;

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	talk(&scene);
	other = socket_at("127.0.0.1", &at);
	scene.conf.side[SIDE_B].sdp[COMP_RTP] = at;
	scene.change.side[SIDE_B] = LATCH_FRESH;
	update(&scene);
	send_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 2, 7);
	CU_ASSERT_TRUE(hears_rtp(other, &scene.relay_at[B_RTP], 2));
	get_report(&scene, B_RTP, &report);
	CU_ASSERT_EQUAL(report.state, LATCH_WAIT);
	CU_ASSERT_FALSE(endpoint_is_set(&report.latched));
	close(other);
	close_scene(&scene);
}

/* Opens the phone's sockets again, until the port above its RTP port is free. */
static void move_rtcp_beside_rtp(struct scene *scene, int rtp)
{
	struct endpoint beside;

	close(scene->phone[rtp + 1]);
	do {
		close(scene->phone[rtp]);
		scene->phone[rtp] = socket_at("127.0.0.1", &scene->phone_at[rtp]);
		beside = scene->phone_at[rtp];
		endpoint_set_port(&beside, (uint16_t)(endpoint_port(&beside) + 1));
		scene->phone[rtp + 1] = bound_socket(&beside);
	} while (scene->phone[rtp + 1] < 0);
}

/* B's SDP is unusable, SIP came from elsewhere: only the source of B's RTP is known. */
static void test_rtcp_is_tried_beside_latched_rtp(void)
{
	struct scene scene;
	struct endpoint at;
	struct stream_report report;
	uint8_t p[2048];

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	move_rtcp_beside_rtp(&scene, B_RTP);
	for (int comp = 0; comp < 2; comp++)
		memset(&scene.conf.side[SIDE_B].sdp[comp].in4.sin_addr, 0, 4);
	CU_ASSERT_TRUE(
		endpoint_parse_addr(STR("127.0.0.1"), AF_INET, &scene.conf.side[SIDE_B].sip));
	scene.change.side[SIDE_B] = LATCH_FRESH;
	update(&scene);
	sendto(scene.phone[A_RTCP], p, receiver_report(p, 7), 0, &scene.relay_at[A_RTCP].sa,
	       endpoint_len(&scene.relay_at[A_RTCP]));
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTCP, DROP_NO_DESTINATION, 1));
	send_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1, 8);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[A_RTP], &scene.relay_at[A_RTP], 1));
	sendto(scene.phone[A_RTCP], p, receiver_report(p, 7), 0, &scene.relay_at[A_RTCP].sa,
	       endpoint_len(&scene.relay_at[A_RTCP]));
	CU_ASSERT_EQUAL(hear(scene.phone[B_RTCP], p, &at), 8);
	get_report(&scene, B_RTP, &report);
	CU_ASSERT_EQUAL(report.rank, RANK_ADDR);
	close_scene(&scene);
}

/* The source of one media is a hint for the other medias of the same phone. */
static void test_source_of_a_sibling_is_a_hint(void)
{
	struct scene scene;
	struct stream_report report;
	struct bridge *video;
	struct endpoint local[2][2] = { 0 }, at;
	int fd[2][2] = { { -1, -1 }, { -1, -1 } };
	int phone = socket_at("127.9.9.9", &at);

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	CU_ASSERT_TRUE(
		endpoint_parse_addr(STR("127.9.9.9"), AF_INET, &scene.conf.side[SIDE_A].sip));
	update(&scene);
	send_rtp(phone, &scene.relay_at[A_RTP], 1, 7); /* accepted by the address of SIP */
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1));
	CU_ASSERT_TRUE(
		endpoint_parse_addr(STR("127.7.7.7"), AF_INET, &scene.conf.side[SIDE_A].sip));
	for (int i = 0; i < 4; i++)
		fd[i >> 1][i & 1] = socket_at("127.0.0.1", &local[i >> 1][i & 1]);
	video = bridge_open(scene.pool, 0, scene.bridge, fd, local, &scene.conf, &scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(video);
	worker_pool_flush(scene.pool);
	send_rtp(phone, &local[SIDE_A][COMP_RTP], 2, 8);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &local[SIDE_B][COMP_RTP], 2));
	bridge_report(video, SIDE_A, COMP_RTP, &report);
	CU_ASSERT_EQUAL(report.rank, RANK_NEAR);
	bridge_close(video);
	end_traffic(&scene);
	CU_ASSERT_TRUE(wait_events(&scene, &scene.closed, 2));
	bridge_free(video);
	close(phone);
	close_scene(&scene);
}

static void send_report(int fd, const struct endpoint *to)
{
	uint8_t p[2048];

	sendto(fd, p, receiver_report(p, 66), 0, &to->sa, endpoint_len(to));
}

/* Waits until the @nth packet to A's RTP port has been refused for patience, or accepted. */
static bool wait_judged(const struct scene *scene, uint64_t nth, struct stream_report *report)
{
	int64_t end = test_real_ms() + DEADLINE_MS;

	do {
		get_report(scene, A_RTP, report);
		if (report->packets_in + report->drops[DROP_PATIENCE] == nth)
			return true;
		poll(NULL, 0, 1);
	} while (test_real_ms() < end);
	return false;
}

/*
 * An attacker is heard only because of its network, like a phone behind a carrier's NAT. It sends a
 * packet every 20 ms, by a clock that no busy machine delays.
 */
static void be_heard_on_trial(struct scene *scene, int rtp_fd)
{
	struct stream_report report;
	uint16_t seq = 0;
	bool judged;

	test_clock_stop();
	do {
		send_rtp(rtp_fd, &scene->relay_at[A_RTP], ++seq, 66);
		judged = wait_judged(scene, seq, &report);
		test_clock_pass(20);
	} while (judged && !report.packets_in && seq < 2 * PATIENCE_MS / 20);
	CU_ASSERT_TRUE(judged);
	CU_ASSERT_EQUAL(seq, PATIENCE_MS / 20 + 1);
	CU_ASSERT_TRUE(hears_rtp(scene->phone[B_RTP], &scene->relay_at[B_RTP], seq));
	test_clock_go();
}

/* Rule R2: what has no sequence numbers shows nothing that would make its source a phone. */
static void test_rtcp_of_a_source_on_trial_is_not_heard(void)
{
	struct scene scene;
	struct endpoint at;
	int attacker[2], phone = socket_at("127.9.9.9", &at);

	open_scene(&scene, "127.0.0.1", "127.0.0.1");
	CU_ASSERT_TRUE(
		endpoint_parse_addr(STR("127.9.9.9"), AF_INET, &scene.conf.side[SIDE_A].sip));
	update(&scene);
	for (int comp = 0; comp < 2; comp++)
		attacker[comp] = socket_at("127.9.9.66", &at);
	be_heard_on_trial(&scene, attacker[COMP_RTP]);
	send_report(attacker[COMP_RTCP], &scene.relay_at[A_RTCP]);
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTCP, DROP_PATIENCE, 1));
	send_rtp(phone, &scene.relay_at[A_RTP], 1, 7);
	CU_ASSERT_TRUE(hears_rtp(scene.phone[B_RTP], &scene.relay_at[B_RTP], 1));
	send_report(attacker[COMP_RTCP], &scene.relay_at[A_RTCP]);
	CU_ASSERT_TRUE(wait_drops(&scene, A_RTCP, DROP_SOURCE, 1));
	CU_ASSERT_TRUE(hears_nothing(scene.phone[B_RTCP]));
	for (int comp = 0; comp < 2; comp++)
		close(attacker[comp]);
	close(phone);
	close_scene(&scene);
}

TEST_SUITE(bridge_source,
	   { "an unknown source is never heard", test_unknown_source_is_never_heard },
	   { "connected stream follows a NAT that rebound",
	     test_connected_stream_follows_a_nat_that_rebound },
	   { "update takes effect while running", test_update_takes_effect_while_running },
	   { "moved phone is found again", test_moved_phone_is_found_again },
	   { "another party starts again", test_another_party_starts_again },
	   { "RTCP is tried beside latched RTP", test_rtcp_is_tried_beside_latched_rtp },
	   { "a sibling's source is a hint", test_source_of_a_sibling_is_a_hint },
	   { "RTCP of a source on trial is not heard",
	     test_rtcp_of_a_source_on_trial_is_not_heard });
