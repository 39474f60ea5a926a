/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_remote.c - where packets to a remote go, and when the socket is connected to it */
#include "daemon/base/count.h"
#include "stream_scene.h"

#define BIT(event) (1u << (event))

static bool is_connected(const struct stage *stage, int index)
{
	struct endpoint peer;
	socklen_t len = sizeof(peer);

	return !getpeername(stream_at(stage, index)->fd, &peer.sa, &len);
}

static bool tick(struct stage *stage)
{
	return stream_tick(stream_at(stage, A_RTP), stage->now_ms);
}

/* --- Connecting ------------------------------------------------------------------------------- */

/* A locked source that sends is worth it, nothing else. */
static void test_socket_is_connected_to_a_locked_source_that_sends(void)
{
	static const struct {
		const char *what;
		uint32_t flags;
		bool other_port; /* not the SDP's: LEARN for the time of the window */
		int packets;
		int64_t after_ms; /* from the last packet to the tick */
		bool connected;
	} rows[] = {
		{ "locked and sends", 0, false, 2, 20, true },
		{ "one packet a second", 0, false, 1, 20, false },
		{ "silent", 0, false, 9, LATCH_SILENCE_MS, false },
		{ "not silent yet", 0, false, 9, LATCH_SILENCE_MS - 1, true },
		{ "media-handover", SIDE_HANDOVER, false, 9, 20, false },
		{ "learned only now", 0, true, 9, 20, false },
		{ "learned for the window", 0, true, 151, 20, true },
		{ "asymmetric", SIDE_ASYMMETRIC, true, 151, 20, false },
		{ "asymmetric, but the same", SIDE_ASYMMETRIC, false, 9, 20, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint phone;
		struct stage stage;

		open_stage(&stage);
		stage.scene.conf.side[SIDE_A].flags = rows[i].flags;
		signal_stage(&stage);
		phone = stage.scene.phone_at[rows[i].other_port ? A_RTCP : A_RTP];
		arrive_for(&stage, 20 * rows[i].packets, A_RTP, phone);
		stage.now_ms += rows[i].after_ms;
		tick(&stage);
		CU_ASSERT_EQUAL(is_connected(&stage, A_RTP), rows[i].connected);
		if (is_connected(&stage, A_RTP) != rows[i].connected)
			printf("\n    %s\n", rows[i].what);
		close_stage(&stage);
	}
}

static void fall_silent(struct stage *stage)
{
	stage->now_ms += LATCH_SILENCE_MS;
	CU_ASSERT_FALSE(tick(stage)); /* watched again when it sends */
}

static void go_to_the_kernel(struct stage *stage)
{
	const struct bridge_kernel heard = { .in_kernel = true, .heard_ms = stage->now_ms };

	stream_kernel(stream_at(stage, A_RTP), &heard, stage->now_ms);
}

/* A tick while the module's flow forwards, however the socket came to be connected. */
static void tick_in_the_kernel(struct stage *stage)
{
	stream_at(stage, A_RTP)->in_kernel = true;
	CU_ASSERT_FALSE(tick(stage));
}

static void allow_handover(struct stage *stage)
{
	stage->scene.conf.side[SIDE_A].flags = SIDE_HANDOVER;
	signal_stage(stage);
}

static void move(struct stage *stage)
{
	stage->scene.conf.side[SIDE_A].sdp[COMP_RTP] = place("198.51.100.7:4000");
	signal_stage(stage);
}

static void move_the_nat(struct stage *stage)
{
	signal_nat(stage, "198.51.100.3");
}

/* Its packet was queued before the socket was connected. */
static void take_over(struct stage *stage)
{
	stage->now_ms += LATCH_SILENCE_MS;
	arrive(stage, A_RTP, place("127.0.0.1:4000"));
	CU_ASSERT_EQUAL(latch_relatched(&stream_at(stage, A_RTP)->latch), 1);
}

static void test_connected_socket_hears_everybody_when_that_may_matter(void)
{
	void (*const ways[])(struct stage *) = {
		fall_silent, go_to_the_kernel, tick_in_the_kernel, allow_handover,
		move,	     move_the_nat,     take_over
	};

	for (size_t i = 0; i < COUNT(ways); i++) {
		struct endpoint before, after = { 0 };
		socklen_t len = sizeof(after);
		struct stage stage;

		open_stage(&stage);
		before = stage.scene.relay_at[A_RTP];
		arrive_for(&stage, 100, A_RTP, stage.scene.phone_at[A_RTP]);
		CU_ASSERT_TRUE(tick(&stage));
		CU_ASSERT_TRUE(tick(&stage)); /* it stays connected, and watched */
		CU_ASSERT_TRUE(is_connected(&stage, A_RTP));
		ways[i](&stage);
		CU_ASSERT_FALSE(is_connected(&stage, A_RTP));
		CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->connected);
		getsockname(stream_at(&stage, A_RTP)->fd, &after.sa, &len);
		CU_ASSERT_EQUAL(endpoint_port(&after), endpoint_port(&before));
		close_stage(&stage);
	}
}

/* --- The window ------------------------------------------------------------------------------- */

static void test_stream_is_watched_until_its_window_is_over(void)
{
	struct stage stage;

	open_stage(&stage);
	CU_ASSERT_FALSE(tick(&stage)); /* nobody is heard */
	signal_nat(&stage, "203.0.113.9");
	arrive(&stage, A_RTP, place("203.0.113.9:50000"));
	arrive_for(&stage, 400, A_RTP, place("203.0.113.9:50000"));
	stage.now_ms += 2599;
	CU_ASSERT_TRUE(tick(&stage));
	take_news(&stage, A_RTP);
	stage.now_ms++;
	tick(&stage);
	CU_ASSERT_EQUAL(latch_state(&stream_at(&stage, A_RTP)->latch), LATCH_LOCKED);
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), BIT(BRIDGE_CHANGED));
	close_stage(&stage);
}

/* Whether the source was heard since the offer only the kernel knows: it is asked, once. */
static void test_kernel_is_asked_when_the_window_is_over(void)
{
	struct bridge_kernel report = { .in_kernel = true };
	struct stage stage;

	open_stage(&stage);
	lock_nat(&stage, "203.0.113.9", "203.0.113.9:50000");
	report.heard_ms = stage.now_ms;
	stream_kernel(stream_at(&stage, A_RTP), &report, stage.now_ms);
	stage.now_ms += 60000;
	stage.scene.change.side[SIDE_A] = LATCH_REOPEN;
	signal_stage(&stage);
	take_news(&stage, A_RTP);
	stage.now_ms += 2999;
	CU_ASSERT_TRUE(tick(&stage));
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), 0);
	stage.now_ms++;
	CU_ASSERT_FALSE(tick(&stage));
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), BIT(BRIDGE_ASK));
	/* It was not heard: the window stays open. Then it was. */
	stream_kernel(stream_at(&stage, A_RTP), &report, stage.now_ms);
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), 0);
	report.heard_ms = stage.now_ms - 100;
	stream_kernel(stream_at(&stage, A_RTP), &report, stage.now_ms);
	CU_ASSERT_EQUAL(latch_state(&stream_at(&stage, A_RTP)->latch), LATCH_LOCKED);
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), BIT(BRIDGE_CHANGED));
	CU_ASSERT_FALSE(tick(&stage));
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), 0);
	close_stage(&stage);
}

/* --- Destinations ----------------------------------------------------------------------------- */

/* Video, 500 packets a second: as many are missing when its NAT changes the port. */
static void test_rate_in_the_kernel_bounds_a_jump(void)
{
	struct bridge_kernel report = { .in_kernel = true, .rtp = true, .ssrc = 7, .rate = 500 };
	struct stage stage;

	open_stage(&stage);
	lock_nat(&stage, "203.0.113.9", "203.0.113.9:50000");
	report.heard_ms = stage.now_ms + 60000;
	report.seq = 1000;
	report.stranger = place("203.0.113.9:50001");
	report.stranger_rtp = true;
	report.stranger_ssrc = 7;
	report.stranger_seq = 1851;
	stream_kernel(stream_at(&stage, A_RTP), &report, report.heard_ms + 1000);
	CU_ASSERT_FALSE(take_news(&stage, A_RTP) & BIT(BRIDGE_LATCHED));
	report.stranger_seq = 1850;
	stream_kernel(stream_at(&stage, A_RTP), &report, report.heard_ms + 1000);
	CU_ASSERT_TRUE(take_news(&stage, A_RTP) & BIT(BRIDGE_LATCHED));
	close_stage(&stage);
}

static void test_new_destination_is_told_once(void)
{
	struct stage stage;

	open_stage(&stage);
	take_news(&stage, A_RTP);
	signal_stage(&stage);
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), 0);
	stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] = place("198.51.100.7:4000");
	signal_stage(&stage);
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place("198.51.100.7:4000")));
	CU_ASSERT_EQUAL(take_news(&stage, A_RTP), BIT(BRIDGE_CHANGED));
	close_stage(&stage);
}

/* No RTCP was heard: it is sent beside the source of RTP. */
static void test_rtcp_goes_beside_the_source_of_rtp(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, "203.0.113.9");
	CU_ASSERT_FALSE(stream_at(&stage, A_RTCP)->has_to);
	arrive(&stage, A_RTP, place("203.0.113.9:50000"));
	CU_ASSERT_TRUE(goes_to(&stage, A_RTCP, place("203.0.113.9:50001")));
	arrive(&stage, A_RTCP, place("203.0.113.9:61000"));
	CU_ASSERT_TRUE(goes_to(&stage, A_RTCP, place("203.0.113.9:61000")));
	close_stage(&stage);
}

/*
 * Old style of hold: 0.0.0.0, or port 0. The address before is what strangers are compared with, so
 * that holding a call opens it to nobody.
 */
static void test_held_address_is_the_one_before(void)
{
	static const char *const holds[] = { "0.0.0.0:4000", "198.51.100.7:0", "0.0.0.0:0" };

	for (size_t i = 0; i <= COUNT(holds); i++) {
		struct endpoint phone = place("198.51.100.7:4000"), unset = { 0 };
		struct stage stage;

		open_stage(&stage);
		stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] = phone;
		signal_stage(&stage);
		arrive(&stage, A_RTP, phone);
		stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] =
			i < COUNT(holds) ? place(holds[i]) : unset;
		stage.scene.change.side[SIDE_A] = LATCH_REOPEN;
		signal_stage(&stage);
		CU_ASSERT_TRUE(
			endpoint_eq(&stage.scene.bridge->conf.side[SIDE_A].sdp[COMP_RTP], &phone));
		CU_ASSERT_EQUAL(latch_state(&stream_at(&stage, A_RTP)->latch), LATCH_LOCKED);
		CU_ASSERT_PTR_NULL(arrive(&stage, A_RTP, place("192.0.2.66:6666")));
		CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->drops[DROP_SOURCE], 1);
		close_stage(&stage);
	}
}

/* There is no port above the highest. */
static void test_rtcp_beside_the_highest_port_goes_nowhere(void)
{
	struct stage stage;

	open_stage(&stage);
	signal_nat(&stage, "203.0.113.9");
	arrive(&stage, A_RTP, place("203.0.113.9:65535"));
	CU_ASSERT_FALSE(stream_at(&stage, A_RTCP)->has_to);
	close_stage(&stage);
}

/* Another party holds from the beginning: where the one before it was says nothing. */
static void test_held_address_of_another_party_is_not_the_one_before(void)
{
	struct stream_report r;
	struct stage stage;

	open_stage(&stage);
	stream_report(stream_at(&stage, A_RTP), &r);
	CU_ASSERT_TRUE(endpoint_eq(&r.to, &stage.scene.phone_at[A_RTP]));
	stage.scene.conf.side[SIDE_A].sdp[COMP_RTP] = place("0.0.0.0:4000");
	stage.scene.change.side[SIDE_A] = LATCH_FRESH;
	signal_stage(&stage);
	CU_ASSERT_FALSE(stream_at(&stage, A_RTP)->has_to);
	stream_report(stream_at(&stage, A_RTP), &r);
	CU_ASSERT_FALSE(endpoint_is_set(&r.to));
	close_stage(&stage);
}

/* SIP-source-address: the address that SIP came from, with the SDP's port; if both are known. */
static void test_trusted_source_of_sip_replaces_the_address_of_the_sdp(void)
{
	static const struct {
		uint32_t flags;
		const char *sdp, *sip, *signalled;
	} rows[] = {
		{ SIDE_TRUST_SIP, "192.168.1.5:4000", "203.0.113.9", "203.0.113.9:4000" },
		{ SIDE_TRUST_SIP, "198.51.100.7:4000", "", "198.51.100.7:4000" },
		{ SIDE_TRUST_SIP, "", "203.0.113.9", "" },
		{ 0, "198.51.100.7:4000", "203.0.113.9", "198.51.100.7:4000" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct side_conf conf = { .flags = rows[i].flags };
		struct endpoint want = { 0 }, got;

		if (*rows[i].sdp)
			conf.sdp[COMP_RTP] = place(rows[i].sdp);
		if (*rows[i].signalled)
			want = place(rows[i].signalled);
		if (*rows[i].sip)
			CU_ASSERT_TRUE(endpoint_parse_addr(str_of(rows[i].sip), 0, &conf.sip));
		got = stream_signalled(&conf, COMP_RTP);
		CU_ASSERT_EQUAL(endpoint_is_set(&got), endpoint_is_set(&want));
		CU_ASSERT_TRUE(!endpoint_is_set(&want) || endpoint_eq(&got, &want));
	}
}

static int option(const struct stage *stage, int index, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	getsockopt(stream_at(stage, index)->fd, IPPROTO_IP, name, &value, &len);
	return value;
}

/* The TOS of each packet is asked for where the other side keeps it. */
static void test_tos_is_received_where_the_other_side_keeps_it(void)
{
	struct stage stage;

	open_stage(&stage);
	CU_ASSERT_EQUAL(option(&stage, A_RTP, IP_RECVTOS), 0);
	stage.scene.conf.side[SIDE_B].tos = -1;
	stage.scene.conf.side[SIDE_A].tos = 0xb8;
	signal_stage(&stage);
	CU_ASSERT_EQUAL(option(&stage, A_RTP, IP_RECVTOS), 1);
	CU_ASSERT_EQUAL(option(&stage, B_RTP, IP_RECVTOS), 0);
	CU_ASSERT_EQUAL(option(&stage, A_RTP, IP_TOS), 0xb8);
	CU_ASSERT_EQUAL(option(&stage, A_RTCP, IP_TOS), 0xb8);
	stage.scene.conf.side[SIDE_B].tos = 0;
	signal_stage(&stage);
	CU_ASSERT_EQUAL(option(&stage, A_RTP, IP_RECVTOS), 0);
	close_stage(&stage);
}

TEST_SUITE(remote,
	   { "socket is connected to a locked source that sends",
	     test_socket_is_connected_to_a_locked_source_that_sends },
	   { "connected socket hears everybody when that may matter",
	     test_connected_socket_hears_everybody_when_that_may_matter },
	   { "stream is watched until its window is over",
	     test_stream_is_watched_until_its_window_is_over },
	   { "kernel is asked when the window is over",
	     test_kernel_is_asked_when_the_window_is_over },
	   { "rate in the kernel bounds a jump", test_rate_in_the_kernel_bounds_a_jump },
	   { "new destination is told once", test_new_destination_is_told_once },
	   { "RTCP goes beside the source of RTP", test_rtcp_goes_beside_the_source_of_rtp },
	   { "held address is the one before", test_held_address_is_the_one_before },
	   { "RTCP beside the highest port goes nowhere",
	     test_rtcp_beside_the_highest_port_goes_nowhere },
	   { "held address of another party is not the one before",
	     test_held_address_of_another_party_is_not_the_one_before },
	   { "trusted source of SIP replaces the address of the SDP",
	     test_trusted_source_of_sip_replaces_the_address_of_the_sdp },
	   { "TOS is received where the other side keeps it",
	     test_tos_is_received_where_the_other_side_keeps_it });
