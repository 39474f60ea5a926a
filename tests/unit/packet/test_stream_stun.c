/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_stream_stun.c - STUN where ICE may be in an SDP that the relay does not see (rule R16): legs
 * of the rtpproxy protocol
 */
#include "daemon/base/count.h"
#include "stream_scene.h"

#define NAT "203.0.113.9"

static const char *const addrs[] = { "127.0.0.1", "::1" };

static struct stream *arrive_stun(struct stage *stage, int index, struct endpoint from)
{
	uint8_t request[28] = { 0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42 };

	return arrive_bytes(stage, index, from, request, sizeof(request));
}

/* @codecs: the proxy has named payload types: `c0,8,101` */
static void open_leg(struct stage *stage, const char *addr, bool codecs)
{
	open_stage_at(stage, addr);
	stage->scene.conf.any = true;
	if (!codecs)
		memset(stage->scene.conf.pts, 0, sizeof(stage->scene.conf.pts));
	signal_stage(stage);
}

/* "30 of 30 dropped" */
static void test_row_16_stun_passes_from_the_exact_endpoint(void)
{
	for (size_t i = 0; i < 2 * COUNT(addrs); i++) {
		struct stage stage;

		open_leg(&stage, addrs[i / 2], i % 2);
		for (int n = 0; n < 30; n++) {
			CU_ASSERT_PTR_EQUAL(arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP]),
					    stream_at(&stage, B_RTP));
			CU_ASSERT_PTR_EQUAL(arrive_stun(&stage, B_RTP, stage.scene.phone_at[B_RTP]),
					    stream_at(&stage, A_RTP));
			CU_ASSERT_PTR_EQUAL(
				arrive_stun(&stage, A_RTCP, stage.scene.phone_at[A_RTCP]),
				stream_at(&stage, B_RTCP));
			stage.now_ms += 20;
		}
		/* It teaches nothing: the destination is right without it. */
		CU_ASSERT_EQUAL(latch_state(&stream_at(&stage, A_RTP)->latch), LATCH_WAIT);
		CU_ASSERT_TRUE(goes_to(&stage, A_RTP, stage.scene.phone_at[A_RTP]));
		CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->packets_in, 30);
		close_stage(&stage);
	}
}

/* The phone's media comes from elsewhere: its STUN may come from both. */
static void test_row_16_stun_passes_from_the_latched_endpoint(void)
{
	struct stage stage;
	struct endpoint nat = place(NAT ":50000");

	open_leg(&stage, "127.0.0.1", true);
	signal_nat(&stage, NAT);
	CU_ASSERT_PTR_NULL(arrive_stun(&stage, A_RTP, nat));
	CU_ASSERT_EQUAL(latch_state(&stream_at(&stage, A_RTP)->latch), LATCH_WAIT);
	arrive(&stage, A_RTP, nat);
	CU_ASSERT_PTR_EQUAL(arrive_stun(&stage, A_RTP, nat), stream_at(&stage, B_RTP));
	arrive_for(&stage, 3000, A_RTP, nat);
	CU_ASSERT_EQUAL(latch_state(&stream_at(&stage, A_RTP)->latch), LATCH_LOCKED);
	CU_ASSERT_PTR_EQUAL(arrive_stun(&stage, A_RTP, nat), stream_at(&stage, B_RTP));
	CU_ASSERT_PTR_EQUAL(arrive_stun(&stage, A_RTP, place("192.168.1.5:4000")),
			    stream_at(&stage, B_RTP));
	CU_ASSERT_TRUE(goes_to(&stage, A_RTP, nat));
	close_stage(&stage);
}

/* A stranger next door with STUN only, at each state of the stream, for so long as he likes. */
static void test_row_16_stun_of_a_stranger_does_not_pass(void)
{
	/* In what may be a fax the last two have a rank that teaches; with mode first all do. */
	static const char *const strangers[] = { "192.0.2.66:6666", "203.0.113.10:6666",
						 NAT ":6666", "192.168.1.5:4002" };
	static const enum latch_mode modes[] = { LATCH_SMART, LATCH_STRICT, LATCH_FIRST };

	for (size_t i = 0; i < COUNT(strangers) * COUNT(modes) * 2; i++) {
		const char *stranger = strangers[i % COUNT(strangers)];
		enum latch_mode mode = modes[i / 2 / COUNT(strangers)];
		bool codecs = i / COUNT(strangers) % 2;
		struct stage stage;

		if (!codecs && (i % COUNT(strangers) >= 2 || mode == LATCH_FIRST))
			continue;
		open_leg(&stage, "127.0.0.1", codecs);
		stage.scene.conf.side[SIDE_A].latching = mode;
		stage.scene.conf.side[SIDE_A].flags = codecs ? SIDE_HANDOVER : 0;
		signal_nat(&stage, NAT);
		for (int n = 0; n < 100; n++, stage.now_ms += 20)
			CU_ASSERT_PTR_NULL(arrive_stun(&stage, A_RTP, place(stranger)));
		CU_ASSERT_EQUAL(latch_state(&stream_at(&stage, A_RTP)->latch), LATCH_WAIT);
		arrive(&stage, A_RTP, place(NAT ":50000"));
		stage.now_ms += 2000;
		for (int n = 0; n < 100; n++, stage.now_ms += 20)
			CU_ASSERT_PTR_NULL(arrive_stun(&stage, A_RTP, place(stranger)));
		CU_ASSERT_TRUE(goes_to(&stage, A_RTP, place(NAT ":50000")));
		close_stage(&stage);
	}
}

/* Not a packet of a phone, though the addresses fit. */
static void test_row_16_other_checks_hold_for_stun(void)
{
	struct stage stage;

	open_leg(&stage, "127.0.0.1", true);
	CU_ASSERT_PTR_NULL(arrive_stun(&stage, A_RTP, stage.scene.relay_at[B_RTP]));
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->drops[DROP_LOOP], 1);
	stage.scene.conf.side[SIDE_A].flags = SIDE_BLOCK;
	signal_stage(&stage);
	CU_ASSERT_PTR_NULL(arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP]));
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->drops[DROP_BLOCKED], 1);
	close_stage(&stage);
}

/* By NG, ICE is removed from the SDP: STUN is a keep-alive, or a stranger's. */
static void test_row_16_stun_is_dropped_where_ice_is_removed(void)
{
	struct stage stage;

	open_stage(&stage);
	CU_ASSERT_PTR_NULL(arrive_stun(&stage, A_RTP, stage.scene.phone_at[A_RTP]));
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->keepalives->received, 1);
	CU_ASSERT_PTR_NULL(arrive_stun(&stage, A_RTP, place("192.0.2.66:6666")));
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->drops[DROP_KIND], 1);
	close_stage(&stage);
}

TEST_SUITE(stream_stun,
	   { "row 16: STUN passes from the exact endpoint",
	     test_row_16_stun_passes_from_the_exact_endpoint },
	   { "row 16: STUN passes from the latched endpoint",
	     test_row_16_stun_passes_from_the_latched_endpoint },
	   { "row 16: STUN of a stranger does not pass",
	     test_row_16_stun_of_a_stranger_does_not_pass },
	   { "row 16: other checks hold for STUN", test_row_16_other_checks_hold_for_stun },
	   { "row 16: STUN is dropped where ICE is removed",
	     test_row_16_stun_is_dropped_where_ice_is_removed });
