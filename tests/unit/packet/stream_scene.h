/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream_scene.h - the four streams of a bridge without their media thread; time and packets are
 * handed in
 *
 * The bridge is opened, but its thread is not woken before the scene is closed: until then a test
 * does what the thread would do, and reads what that would send as events.
 */
#ifndef RTPRELAY_STREAM_SCENE_H
#define RTPRELAY_STREAM_SCENE_H

#include "bridge_scene.h"
#include "daemon/packet/remote.h"
#include "daemon/packet/report.h"
#include "daemon/packet/stream.h"

struct stage {
	struct scene scene;
	int64_t now_ms;
	uint32_t ssrc;
	uint16_t seq;
	uint8_t pt;
};

SCENE_FN struct endpoint place(const char *text)
{
	struct endpoint at = { 0 };

	CU_ASSERT_TRUE_FATAL(endpoint_parse(str_of(text), 0, &at));
	return at;
}

/* @index: A_RTP to B_RTCP */
SCENE_FN struct stream *stream_at(const struct stage *stage, int index)
{
	return stage->scene.bridge->stream[index >> 1][index & 1];
}

SCENE_FN void open_stage_at(struct stage *stage, const char *addr)
{
	memset(stage, 0, sizeof(*stage));
	prepare_scene(&stage->scene, addr, addr);
	stage->scene.bridge = open_bridge(&stage->scene);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stage->scene.bridge);
	for (int i = 0; i < 4; i++)
		stream_start(stream_at(stage, i));
	stage->now_ms = 100000;
	stage->ssrc = 7;
}

SCENE_FN void open_stage(struct stage *stage)
{
	open_stage_at(stage, "127.0.0.1");
}

SCENE_FN void close_stage(struct stage *stage)
{
	close_scene(&stage->scene);
}

/* An offer or answer with the settings of stage->scene.conf and .change. */
SCENE_FN void signal_stage(struct stage *stage)
{
	bridge_apply(stage->scene.bridge, &stage->scene.conf, &stage->scene.change, stage->now_ms);
	stage->scene.change = (struct bridge_change){ 0 };
}

/* Side A is behind a NAT: its SDP has a private address, its SIP came from @sip. */
SCENE_FN void signal_nat(struct stage *stage, const char *sip)
{
	struct side_conf *side = &stage->scene.conf.side[SIDE_A];

	side->sdp[COMP_RTP] = place("192.168.1.5:4000");
	side->sdp[COMP_RTCP] = place("192.168.1.5:4001");
	CU_ASSERT_TRUE_FATAL(endpoint_parse_addr(str_of(sip), AF_UNSPEC, &side->sip));
	signal_stage(stage);
}

/* Return: what the packet leaves by, or NULL */
SCENE_FN struct stream *arrive_bytes(struct stage *stage, int index, struct endpoint from,
				     uint8_t *bytes, size_t len)
{
	struct packet packet = {
		.data = bytes, .len = len, .size = len, .source = &from, .tos = -1
	};

	return stream_accept(stream_at(stage, index), &packet, stage->now_ms * 1000);
}

/* The next RTP or, to an RTCP port, RTCP packet of stage->ssrc. */
SCENE_FN struct stream *arrive(struct stage *stage, int index, struct endpoint from)
{
	uint8_t bytes[172];
	size_t len = index & 1 ? receiver_report(bytes, stage->ssrc)
			       : rtp(bytes, stage->pt, ++stage->seq, stage->ssrc);

	return arrive_bytes(stage, index, from, bytes, len);
}

/* A packet every 20 ms for so long. */
SCENE_FN void arrive_for(struct stage *stage, int64_t ms, int index, struct endpoint from)
{
	for (int64_t end = stage->now_ms + ms; stage->now_ms < end;) {
		stage->now_ms += 20;
		arrive(stage, index, from);
	}
}

/* The stream's events since the last call, as bits. */
SCENE_FN unsigned int take_news(const struct stage *stage, int index)
{
	unsigned int bits = stream_at(stage, index)->news_bits;

	stream_at(stage, index)->news_bits = 0;
	return bits;
}

SCENE_FN bool goes_to(const struct stage *stage, int index, struct endpoint to)
{
	const struct stream *s = stream_at(stage, index);

	return s->has_to && endpoint_eq(&s->to, &to);
}

/* The source of side A's RTP is one behind its NAT, and locked. */
SCENE_FN void lock_nat(struct stage *stage, const char *sip, const char *source)
{
	signal_nat(stage, sip);
	arrive(stage, A_RTP, place(source));
	arrive_for(stage, 3000, A_RTP, place(source));
	CU_ASSERT_EQUAL(latch_state(&stream_at(stage, A_RTP)->latch), LATCH_LOCKED);
	take_news(stage, A_RTP);
}

#endif
