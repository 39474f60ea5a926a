/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_rtcp.c - RTCP that passes tells of the stream that it is about; intervals of quality */
#include "daemon/packet/rtcp.h"
#include "stream_scene.h"

enum { SSRC_A = 7, SSRC_B = 8, SSRC_OTHER = 9 };

static void put_u32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void send_at(struct stage *stage, int index, uint8_t *bytes, size_t len)
{
	CU_ASSERT_PTR_NOT_NULL(
		arrive_bytes(stage, index, stage->scene.phone_at[index], bytes, len));
}

/* Its time: the middle 32 bits of the NTP timestamp. */
static void sender_report(struct stage *stage, int index, uint32_t ssrc, uint32_t time)
{
	uint8_t sr[28] = { 0x80, 200, 0, 6 };

	put_u32(sr + 4, ssrc);
	put_u32(sr + 8, time >> 16);
	put_u32(sr + 12, time << 16);
	send_at(stage, index, sr, sizeof(sr));
}

/* A quarter and seven packets lost, @held_ms since the report with @time arrived. */
static void report_on(struct stage *stage, int index, uint32_t ssrc, uint32_t time,
		      uint32_t held_ms)
{
	uint8_t rr[32] = { 0x81, 201, 0, 7 };

	put_u32(rr + 4, index < B_RTP ? SSRC_A : SSRC_B);
	put_u32(rr + 8, ssrc);
	put_u32(rr + 12, 64u << 24 | 7);
	put_u32(rr + 20, 80); /* 10 ms at 8000 Hz */
	put_u32(rr + 24, time);
	put_u32(rr + 28, held_ms * 65536 / 1000);
	send_at(stage, index, rr, sizeof(rr));
}

/* Both sides talk. */
static void open_talk(struct stage *stage)
{
	open_stage(stage);
	stage->ssrc = SSRC_A;
	arrive(stage, A_RTP, stage->scene.phone_at[A_RTP]);
	stage->ssrc = SSRC_B;
	arrive(stage, B_RTP, stage->scene.phone_at[B_RTP]);
}

static struct quality quality_of(const struct stage *stage, enum side side)
{
	struct quality q;

	bridge_quality(stage->scene.bridge, side, stage->now_ms, &q);
	return q;
}

static void test_reports_tell_of_the_stream_they_name(void)
{
	struct quality a, b;
	struct stage stage;

	open_talk(&stage);
	sender_report(&stage, A_RTCP, SSRC_A, 0x12345678);
	stage.now_ms += 100;
	report_on(&stage, B_RTCP, SSRC_A, 0x12345678, 70);
	a = quality_of(&stage, SIDE_A);
	CU_ASSERT_EQUAL(a.rtcp_type, 200);
	CU_ASSERT_EQUAL(a.rtcp_at_ms, stage.now_ms - 100);
	CU_ASSERT_TRUE(a.far.known);
	CU_ASSERT_EQUAL(a.far.fraction, 64);
	CU_ASSERT_EQUAL(a.far.lost, 7);
	CU_ASSERT_EQUAL(a.far.jitter_us, 10000);
	CU_ASSERT_EQUAL(a.far.at_ms, stage.now_ms);
	CU_ASSERT_TRUE(a.leg_us >= 29900 && a.leg_us <= 30100);
	b = quality_of(&stage, SIDE_B);
	CU_ASSERT_EQUAL(b.rtcp_type, 201);
	CU_ASSERT_EQUAL(b.rtcp_at_ms, stage.now_ms);
	CU_ASSERT_FALSE(b.far.known);
	CU_ASSERT_EQUAL(b.leg_us, 0);
	close_stage(&stage);
}

static void test_report_on_another_stream_is_not_counted(void)
{
	struct stage stage;

	open_talk(&stage);
	report_on(&stage, B_RTCP, SSRC_OTHER, 0, 0);
	report_on(&stage, B_RTCP, SSRC_B, 0, 0); /* on its own */
	CU_ASSERT_FALSE(quality_of(&stage, SIDE_A).far.known);
	CU_ASSERT_FALSE(quality_of(&stage, SIDE_B).far.known);
	close_stage(&stage);
}

/* The kernel forwards it under a new SSRC, which only its reports name. */
static void test_report_on_a_stream_in_the_kernel_is_counted(void)
{
	struct bridge_kernel heard = {
		.in_kernel = true, .rtp = true, .ssrc = SSRC_OTHER, .seq = 1000
	};
	struct stage stage;

	open_talk(&stage);
	stage.now_ms += 100;
	heard.heard_ms = stage.now_ms;
	stream_kernel(stream_at(&stage, A_RTP), &heard, stage.now_ms);
	report_on(&stage, B_RTCP, SSRC_OTHER, 0, 0);
	CU_ASSERT_TRUE(quality_of(&stage, SIDE_A).far.known);
	close_stage(&stage);
}

static void tick_for(struct stage *stage, int64_t ms)
{
	for (int64_t end = stage->now_ms + ms; stage->now_ms < end;) {
		stage->ssrc = SSRC_A;
		arrive_for(stage, 1000, A_RTP, stage->scene.phone_at[A_RTP]);
		stream_tick(stream_at(stage, A_RTP), stage->now_ms);
	}
}

/* A sample each five seconds of media, with the round trips of both phones. */
static void test_each_interval_gives_a_sample(void)
{
	struct quality q;
	struct stage stage;

	open_talk(&stage);
	sender_report(&stage, A_RTCP, SSRC_A, 0x10000);
	sender_report(&stage, B_RTCP, SSRC_B, 0x20000);
	stage.now_ms += 100;
	report_on(&stage, B_RTCP, SSRC_A, 0x10000, 70);
	report_on(&stage, A_RTCP, SSRC_B, 0x20000, 60);
	tick_for(&stage, 5000);
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->quality->samples, 0);
	tick_for(&stage, 1000);
	q = *stream_at(&stage, A_RTP)->quality;
	CU_ASSERT_EQUAL(q.samples, 1);
	CU_ASSERT_EQUAL(q.lowest.at_ms, stage.now_ms);
	CU_ASSERT_TRUE(q.lowest.rtt_us >= 69800 && q.lowest.rtt_us <= 70200);
	tick_for(&stage, 5000);
	CU_ASSERT_EQUAL(stream_at(&stage, A_RTP)->quality->samples, 2);
	close_stage(&stage);
}

/* A call that ends before its first interval does. */
static void test_report_of_a_short_call_has_both_round_trips(void)
{
	struct quality q;
	struct stage stage;

	open_talk(&stage);
	sender_report(&stage, A_RTCP, SSRC_A, 0x10000);
	sender_report(&stage, B_RTCP, SSRC_B, 0x20000);
	stage.now_ms += 100;
	report_on(&stage, B_RTCP, SSRC_A, 0x10000, 70);
	report_on(&stage, A_RTCP, SSRC_B, 0x20000, 60);
	tick_for(&stage, 2000);
	q = quality_of(&stage, SIDE_A);
	CU_ASSERT_EQUAL(q.samples, 1);
	CU_ASSERT_TRUE(q.lowest.rtt_us >= 69800 && q.lowest.rtt_us <= 70200);
	close_stage(&stage);
}

static void test_codec_of_a_dynamic_type_is_that_of_the_sdp(void)
{
	struct bridge_conf conf = {
		.clocks = { { .pt = 96, .clock = 8000 },
			    { .pt = 97, .clock = 8000, .codec = quality_codec(STR("G729")) } }
	};

	CU_ASSERT_EQUAL(stream_codec(&conf, 97), quality_codec(STR("G729")));
	CU_ASSERT_EQUAL(stream_codec(&conf, 96), quality_static_codec(96));
	CU_ASSERT_EQUAL(stream_codec(&conf, 18), quality_codec(STR("G729")));
	CU_ASSERT_EQUAL(stream_codec(&conf, 98), 0);
}

/* RTCP and media go on; what was there before is kept. */
static void test_lack_of_memory_costs_the_quality_only(void)
{
	struct stage stage;

	open_talk(&stage);
	ALLOC_FAILS_AT_EACH
	{
		sender_report(&stage, A_RTCP, SSRC_A, 0x10000);
		report_on(&stage, B_RTCP, SSRC_A, 0x10000, 70);
		stream_tick(stream_at(&stage, A_RTP), stage.now_ms);
	}
	CU_ASSERT_TRUE(quality_of(&stage, SIDE_A).far.known);
	close_stage(&stage);
}

TEST_SUITE(rtcp,
	   { "reports tell of the stream they name", test_reports_tell_of_the_stream_they_name },
	   { "report on another stream is not counted",
	     test_report_on_another_stream_is_not_counted },
	   { "report on a stream in the kernel is counted",
	     test_report_on_a_stream_in_the_kernel_is_counted },
	   { "each interval gives a sample", test_each_interval_gives_a_sample },
	   { "report of a short call has both round trips",
	     test_report_of_a_short_call_has_both_round_trips },
	   { "codec of a dynamic type is that of the SDP",
	     test_codec_of_a_dynamic_type_is_that_of_the_sdp },
	   { "lack of memory costs the quality only", test_lack_of_memory_costs_the_quality_only });
