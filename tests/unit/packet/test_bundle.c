/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_bundle.c - medias at one port: whose packet it is, which stream counts and sends it
 */
#include "daemon/base/count.h"
#include "daemon/packet/batch.h"
#include "daemon/packet/bundle.h"
#include "daemon/packet/player.h"
#include "stream_scene.h"

#define MID_ID 4
#define VIDEO  97
#define SHARED 98

static struct bundle *audio_and_video(void)
{
	static const uint64_t audio[2] = { 1, UINT64_C(1) << (SHARED - 64) };
	static const uint64_t video[2] = { 0, UINT64_C(1) << (VIDEO - 64) |
						      UINT64_C(1) << (SHARED - 64) };
	struct bundle *bundle = bundle_new(2);

	CU_ASSERT_PTR_NOT_NULL_FATAL(bundle);
	bundle->mid_id = MID_ID;
	for (int i = 0; i < 2; i++) {
		bundle->member[i].mid_len = 1;
		bundle->member[i].mid[0] = "av"[i];
	}
	bundle_add_pts(bundle, 1, audio);
	bundle_add_pts(bundle, 2, video);
	return bundle;
}

/* @mid: '\0': without header extension. Return: the length */
static size_t packet_of(uint8_t bytes[172], uint8_t pt, uint32_t ssrc, char mid)
{
	size_t len = rtp(bytes, pt, 1, ssrc);

	if (!mid)
		return len;
	bytes[0] |= 0x10;
	memcpy(bytes + 12, (uint8_t[]){ 0xbe, 0xde, 0, 1, MID_ID << 4, (uint8_t)mid, 0, 0 }, 8);
	return len;
}

static uint8_t member_of(struct bundle *bundle, uint8_t pt, uint32_t ssrc, char mid, int64_t now_ms)
{
	const struct rtp_port mux = { .mux = true };
	uint8_t bytes[172] = { 0 };
	size_t len = packet_of(bytes, pt, ssrc, mid);
	struct rtp_wire w;

	rtp_wire_parse(bytes, len, &mux, &w);
	return bundle_member_of(bundle, bytes, &w, now_ms);
}

static void test_packets_are_told_apart(void)
{
	static const struct {
		const char *what;
		uint8_t pt;
		uint32_t ssrc;
		char mid;
		uint8_t member;
	} rows[] = {
		{ "payload type of audio", 0, 1, 0, 1 },
		{ "payload type of video", VIDEO, 2, 0, 2 },
		{ "SSRC that was learned", 0, 2, 0, 2 },
		{ "payload type of both", SHARED, 3, 0, 0 },
		{ "payload type of none", 55, 4, 0, 0 },
		{ "MID before payload type", 0, 5, 'v', 2 },
		{ "its SSRC without MID", SHARED, 5, 0, 2 },
		{ "MID of none", 0, 6, 'x', 0 },
		{ "its SSRC was not learned", SHARED, 6, 0, 0 },
		{ "SSRC of a=ssrc", SHARED, 77, 0, 1 },
	};
	struct bundle *bundle = audio_and_video();

	bundle_add_ssrc(bundle, 1, 77);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (member_of(bundle, rows[i].pt, rows[i].ssrc, rows[i].mid, 0) != rows[i].member)
			CU_FAIL(rows[i].what);
	free(bundle);
}

/* A number that was not negotiated may be that of anything. */
static void test_mid_counts_only_if_negotiated(void)
{
	struct bundle *bundle = audio_and_video();

	bundle->mid_id = 0;
	CU_ASSERT_EQUAL(member_of(bundle, 0, 1, 'v', 0), 1);
	free(bundle);
}

static void test_ssrc_moves_once_in_a_while(void)
{
	struct bundle *bundle = audio_and_video();

	CU_ASSERT_EQUAL(member_of(bundle, 0, 1, 'a', 5000), 1);
	CU_ASSERT_EQUAL(member_of(bundle, 0, 1, 'v', 5000), 2);
	CU_ASSERT_EQUAL(member_of(bundle, 0, 1, 'a', 5000 + BUNDLE_MOVE_MS - 1), 0);
	CU_ASSERT_EQUAL(member_of(bundle, 0, 1, 'v', 5000 + BUNDLE_MOVE_MS - 1), 2);
	CU_ASSERT_EQUAL(member_of(bundle, 0, 1, 'a', 5000 + BUNDLE_MOVE_MS), 1);
	free(bundle);
}

/* Whatever a peer sends, those of its SDP stay, and others are still told by MID. */
static void test_many_ssrcs_do_not_displace_signalled_ones(void)
{
	struct bundle *bundle = audio_and_video();

	for (uint32_t i = 0; i < BUNDLE_SIGNALLED; i++)
		bundle_add_ssrc(bundle, 2, 200 + i);
	for (uint32_t ssrc = 0; ssrc < 200; ssrc++)
		CU_ASSERT_EQUAL(member_of(bundle, 0, ssrc, 'a', 0), 1);
	for (uint32_t i = 0; i < BUNDLE_SIGNALLED; i++)
		CU_ASSERT_EQUAL(bundle_ssrc_member(bundle, 200 + i), 2);
	free(bundle);
}

/* --- Streams ---------------------------------------------------------------------------------- */

struct pair {
	struct stage audio, video;
};

static void open_pair(struct pair *pair)
{
	struct bundle *bundle = audio_and_video();

	open_stage(&pair->audio);
	open_stage(&pair->video);
	pair->video.scene.conf.pts[0] = 0;
	pair->video.scene.conf.pts[1] = UINT64_C(1) << (VIDEO - 64);
	for (int i = 0; i < 2; i++) {
		struct stage *stage = i ? &pair->video : &pair->audio;

		stage->scene.conf.side[SIDE_A].flags |= SIDE_MUX;
		signal_stage(stage);
		bundle->member[i].bridge = stage->scene.bridge;
	}
	bundle_apply(stream_at(&pair->audio, A_RTP), bundle);
}

static void close_pair(struct pair *pair)
{
	bundle_leave(pair->audio.scene.bridge);
	bundle_leave(pair->video.scene.bridge);
	close_stage(&pair->audio);
	close_stage(&pair->video);
}

/* From the phone on side A, at the port of audio. */
static struct stream *arrive_at_one(struct pair *pair, uint8_t *bytes, size_t len)
{
	return arrive_bytes(&pair->audio, A_RTP, pair->audio.scene.phone_at[A_RTP], bytes, len);
}

static uint64_t drops(const struct stage *stage)
{
	return stream_at(stage, A_RTP)->drops[DROP_BUNDLE];
}

static void test_each_media_counts_and_sends_its_own(void)
{
	uint8_t bytes[172];
	struct pair pair;

	open_pair(&pair);
	CU_ASSERT_PTR_EQUAL(arrive_at_one(&pair, bytes, packet_of(bytes, 0, 1, 0)),
			    stream_at(&pair.audio, B_RTP));
	CU_ASSERT_PTR_EQUAL(arrive_at_one(&pair, bytes, packet_of(bytes, VIDEO, 2, 0)),
			    stream_at(&pair.video, B_RTP));
	CU_ASSERT_EQUAL(stream_at(&pair.audio, A_RTP)->packets_in, 1);
	CU_ASSERT_EQUAL(stream_at(&pair.video, A_RTP)->packets_in, 1);
	CU_ASSERT_PTR_NULL(arrive_at_one(&pair, bytes, packet_of(bytes, 55, 3, 0)));
	CU_ASSERT_EQUAL(drops(&pair.audio), 1);
	close_pair(&pair);
}

/* Nobody was told the video's own port. */
static void test_port_of_carried_media_hears_nobody(void)
{
	uint8_t bytes[172];
	struct pair pair;

	open_pair(&pair);
	CU_ASSERT_PTR_NULL(arrive_bytes(&pair.video, A_RTP, pair.video.scene.phone_at[A_RTP], bytes,
					packet_of(bytes, VIDEO, 2, 0)));
	CU_ASSERT_EQUAL(drops(&pair.video), 1);
	CU_ASSERT_EQUAL(latch_state(&stream_at(&pair.video, A_RTP)->latch), LATCH_WAIT);
	close_pair(&pair);
}

static void test_the_other_way_all_leave_by_one_port(void)
{
	uint8_t bytes[172];
	struct stream *out;
	struct pair pair;

	open_pair(&pair);
	out = arrive_bytes(&pair.video, B_RTP, pair.video.scene.phone_at[B_RTP], bytes,
			   packet_of(bytes, VIDEO, 9, 0));
	CU_ASSERT_PTR_EQUAL_FATAL(out, stream_at(&pair.video, A_RTP));
	CU_ASSERT_PTR_EQUAL(bundle_carrier(out), stream_at(&pair.audio, A_RTP));
	close_pair(&pair);
}

/* Source of the next packet at the phone's port of audio; its length in *len. */
static struct endpoint heard_at_one(struct pair *pair, uint8_t bytes[172], ssize_t *len)
{
	struct endpoint from = { 0 };
	socklen_t size = sizeof(from);

	*len = recvfrom(pair->audio.scene.phone[A_RTP], bytes, 172, 0, &from.sa, &size);
	return from;
}

/* The second media has a port of its own, and no address to send to: it is carried. */
static void test_a_prompt_leaves_by_the_port_of_all(void)
{
	const struct player_conf conf = { .pt = VIDEO, .packet_ms = 20, .times = 1 };
	const uint8_t audio[160] = { 9 };
	struct order_play order = { .conf = conf, .number = 1 };
	const struct tap_packet *copy;
	struct batch *batch = batch_new();
	struct player *player = calloc(1, sizeof(*player));
	uint8_t bytes[172];
	struct stream *s;
	struct wheel wheel;
	struct pair pair;
	struct endpoint from;
	ssize_t len;

	CU_ASSERT_FATAL(player && batch);
	open_pair(&pair);
	arrive_at_one(&pair, bytes, packet_of(bytes, 0, 1, 0));
	s = stream_at(&pair.video, A_RTP);
	s->bridge->tap_ring = tap_ring_new(TAP_RING_MIN);
	s->bridge->tap = 5;
	player->stream = s;
	wheel_item_init(&player->item);
	s->bridge->player[SIDE_A] = player;
	wheel_init(&wheel, 1, pair.video.now_ms);
	order.player = player;
	order.prompt = prompt_new(STR("a"), PROMPT_PCMU, audio, sizeof(audio), NULL);
	player_order(&wheel, &order, pair.video.now_ms * 1000);
	CU_ASSERT_PTR_EQUAL(player_visit(&wheel, batch, pair.video.now_ms * 1000 + 1000), s);
	from = heard_at_one(&pair, bytes, &len);
	CU_ASSERT_EQUAL(len, 172);
	CU_ASSERT_EQUAL(bytes[1], 0x80 | VIDEO);
	CU_ASSERT(endpoint_eq(&from, &stream_at(&pair.audio, A_RTP)->local));
	copy = tap_ring_first(s->bridge->tap_ring);
	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	CU_ASSERT_EQUAL(copy->tap, 5);
	CU_ASSERT_EQUAL(copy->side, SIDE_B);
	CU_ASSERT(endpoint_eq(&copy->out, &stream_at(&pair.audio, A_RTP)->local));
	CU_ASSERT(!memcmp(copy->data, bytes, 172));
	player_stop(&wheel, s->bridge);
	tap_ring_free(s->bridge->tap_ring);
	s->bridge->tap_ring = NULL;
	batch_free(batch);
	close_pair(&pair);
}

/* By the sender's SSRC, or by one that it reports on. */
static void test_rtcp_goes_to_its_media(void)
{
	uint8_t report[32] = { 0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 9 };
	uint8_t bytes[172];
	struct pair pair;

	open_pair(&pair);
	arrive_at_one(&pair, bytes, packet_of(bytes, VIDEO, 2, 0));
	CU_ASSERT_PTR_EQUAL(arrive_at_one(&pair, bytes, receiver_report(bytes, 2)),
			    stream_at(&pair.video, B_RTCP));
	CU_ASSERT_PTR_NULL(arrive_at_one(&pair, report, sizeof(report)));
	arrive_bytes(&pair.video, B_RTP, pair.video.scene.phone_at[B_RTP], bytes,
		     packet_of(bytes, VIDEO, 9, 0));
	CU_ASSERT_PTR_EQUAL(arrive_at_one(&pair, report, sizeof(report)),
			    stream_at(&pair.video, B_RTCP));
	close_pair(&pair);
}

static void test_extension_is_taken_out_where_nobody_knows_it(void)
{
	uint8_t bytes[172];
	struct pair pair;
	struct packet packet = { .data = bytes, .size = sizeof(bytes), .tos = -1 };

	open_pair(&pair);
	bundle_of(stream_at(&pair.audio, A_RTP))->member[1].strip = true;
	packet.source = &pair.audio.scene.phone_at[A_RTP];
	packet.len = packet_of(bytes, VIDEO, 2, 'v');
	CU_ASSERT_PTR_NOT_NULL(
		stream_accept(stream_at(&pair.audio, A_RTP), &packet, pair.audio.now_ms * 1000));
	CU_ASSERT_EQUAL(bytes[0], 0x80);
	CU_ASSERT_EQUAL(packet.len, 172 - 8);
	packet.len = packet_of(bytes, 0, 1, 'a');
	stream_accept(stream_at(&pair.audio, A_RTP), &packet, pair.audio.now_ms * 1000);
	CU_ASSERT_EQUAL(bytes[0], 0x90);
	close_pair(&pair);
}

static void test_a_media_that_ends_leaves(void)
{
	uint8_t bytes[172];
	struct pair pair;

	open_pair(&pair);
	bundle_leave(pair.video.scene.bridge);
	CU_ASSERT_PTR_NULL(arrive_at_one(&pair, bytes, packet_of(bytes, VIDEO, 2, 0)));
	CU_ASSERT_PTR_EQUAL(arrive_at_one(&pair, bytes, packet_of(bytes, 0, 1, 0)),
			    stream_at(&pair.audio, B_RTP));
	bundle_leave(pair.audio.scene.bridge);
	CU_ASSERT_EQUAL(stream_at(&pair.audio, A_RTP)->bundled, STREAM_SINGLE);
	close_pair(&pair);
}

static void test_learned_ssrcs_stay_with_another_offer(void)
{
	struct bundle *again = audio_and_video();
	uint8_t bytes[172];
	struct pair pair;

	open_pair(&pair);
	arrive_at_one(&pair, bytes, packet_of(bytes, SHARED, 5, 'v'));
	again->member[0].bridge = pair.audio.scene.bridge;
	again->member[1].bridge = pair.video.scene.bridge;
	bundle_apply(stream_at(&pair.audio, A_RTP), again);
	CU_ASSERT_PTR_EQUAL(arrive_at_one(&pair, bytes, packet_of(bytes, SHARED, 5, 0)),
			    stream_at(&pair.video, B_RTP));
	close_pair(&pair);
}

TEST_SUITE(bundle, { "packets are told apart", test_packets_are_told_apart },
	   { "MID counts only if negotiated", test_mid_counts_only_if_negotiated },
	   { "SSRC moves once in a while", test_ssrc_moves_once_in_a_while },
	   { "many SSRCs do not displace signalled ones",
	     test_many_ssrcs_do_not_displace_signalled_ones },
	   { "each media counts and sends its own", test_each_media_counts_and_sends_its_own },
	   { "port of carried media hears nobody", test_port_of_carried_media_hears_nobody },
	   { "the other way all leave by one port", test_the_other_way_all_leave_by_one_port },
	   { "a prompt leaves by the port of all", test_a_prompt_leaves_by_the_port_of_all },
	   { "RTCP goes to its media", test_rtcp_goes_to_its_media },
	   { "extension is taken out where nobody knows it",
	     test_extension_is_taken_out_where_nobody_knows_it },
	   { "a media that ends leaves", test_a_media_that_ends_leaves },
	   { "learned SSRCs stay with another offer", test_learned_ssrcs_stay_with_another_offer });
