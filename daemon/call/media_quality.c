/* SPDX-License-Identifier: GPL-2.0-or-later */
/* media_quality.c - the quality of a media, on both paths of its packets */
#include <stdlib.h>
#include "call/media_quality.h"
#include "packet/bridge.h"
#include "packet/rtcp.h"

/* Allocated at the first RTCP or RTP that a flow reports. NULL: out of memory */
static struct quality *quality_of(struct media *media, int side)
{
	struct quality **q = &media->path.quality[side];

	if (!*q)
		*q = calloc(1, sizeof(**q));
	return *q;
}

/*
 * When the RTCP packet arrived. Older modules do not report it: then it is known only of flows with
 * nothing but RTCP. 0: unknown
 */
static int64_t arrival_us(const struct flow_state *state, int comp, int64_t now_ms)
{
	if (state->rtcp_at_us)
		return state->rtcp_at_us;
	if (comp != COMP_RTCP || state->seen_ago_ms < 0 || state->seen_ago_ms >= now_ms)
		return 0;
	return (now_ms - state->seen_ago_ms) * 1000;
}

static void take_sender(struct media *media, int side, const struct rtcp_part *part, int64_t at_us)
{
	struct quality *q;
	uint32_t time;

	if (!at_us || !rtcp_sr_time(part, &time))
		return;
	q = quality_of(media, side);
	if (q)
		quality_sent(q, time, at_us);
}

/* The RTP stream that reports of the other side refer to. */
struct subject {
	uint32_t ssrc, clock;
	bool known;
};

static struct subject find_subject(const struct media *media, int side,
				   const struct flow_state *flow)
{
	struct stream_report report;

	if (flow && flow->sums.rtp.known)
		return (struct subject){ flow->sums.rtp.ssrc, flow->sums.rtp.clock, true };
	bridge_report(media->bridge, side, COMP_RTP, &report);
	return (struct subject){ report.ssrc, report.clock, report.ssrc_known };
}

static void take_reports(struct media *media, int side, const struct subject *subject,
			 const struct rtcp_part *part, int64_t at_us, int64_t now_ms)
{
	struct rtcp_report report;

	for (unsigned int i = 0; rtcp_report_at(part, i, &report); i++) {
		struct quality *q = NULL;

		if (subject->known && subject->ssrc == report.ssrc)
			q = quality_of(media, side);
		if (q)
			quality_report(q, &report, subject->clock, at_us, now_ms);
	}
}

/* The kernel keeps only the beginning of a long compound packet: that part is used. */
static bool is_usable(const struct flow_state *flow)
{
	return rtcp_is_whole(flow->rtcp, flow->rtcp_len) || flow->rtcp_len == RTPRELAY_RTCP_MAX;
}

static void note_rtcp(struct media *media, int side, const struct flow_state *flow, int64_t at_us)
{
	struct quality *q = at_us ? quality_of(media, side) : NULL;

	if (q)
		quality_rtcp(q, flow->rtcp[1], at_us / 1000);
}

/* Called twice: first for all sender reports, then for the receiver reports that refer to them. */
static void take_rtcp(struct media *media, const struct flow_state *const state[2][2], bool reports,
		      int64_t now_ms)
{
	each_component(side, comp) {
		const struct flow_state *flow = state[side][comp];
		struct rtcp_part part;
		struct subject subject;
		int64_t at_us;
		size_t at = 0;

		if (!flow || !is_usable(flow))
			continue;
		at_us = arrival_us(flow, comp, now_ms);
		if (reports)
			subject = find_subject(media, !side, state[!side][COMP_RTP]);
		else
			note_rtcp(media, side, flow, at_us);
		while (rtcp_next(flow->rtcp, flow->rtcp_len, &at, &part)) {
			if (reports)
				take_reports(media, !side, &subject, &part, at_us, now_ms);
			else
				take_sender(media, side, &part, at_us);
		}
	}
}

/* False: the kernel has received no RTP. */
static bool count(const struct media *media, const struct flow_rtp *rtp,
		  struct quality_counts *counts)
{
	*counts = (struct quality_counts){
		.ssrc = rtp->ssrc,
		.expected = rtp->expected,
		.lost = rtp->lost,
		.codec = stream_codec(bridge_conf(media->bridge), rtp->pt),
	};
	if (rtp->clock)
		counts->jitter_us = (uint32_t)((uint64_t)rtp->jitter * 1000000 / rtp->clock);
	return rtp->known;
}

static uint32_t leg_us(const struct media *media, int side)
{
	return media->path.quality[side] ? media->path.quality[side]->leg_us : 0;
}

void media_quality_take(struct media *media, const struct flow_state *const state[2][2],
			int64_t now_ms)
{
	take_rtcp(media, state, false, now_ms);
	take_rtcp(media, state, true, now_ms);
	for (int side = 0; side < 2; side++) {
		const struct flow_state *flow = state[side][COMP_RTP];
		struct quality_counts counts;
		struct quality *q = NULL;

		if (flow && count(media, &flow->sums.rtp, &counts))
			q = quality_of(media, side);
		if (q && quality_due(q, &counts, now_ms))
			quality_close(q, &counts, leg_us(media, !side), now_ms);
	}
}

static void copy_from_kernel(const struct media *media, int side, int64_t now_ms, struct quality *q)
{
	const struct kmod_flow *flow = media->path.flow[side][COMP_RTP];
	struct quality_counts counts;
	struct flow_sums sums;

	memset(q, 0, sizeof(*q));
	if (media->path.quality[side])
		*q = *media->path.quality[side];
	if (!flow)
		return;
	kmod_flow_sums(flow, &sums);
	if (!count(media, &sums.rtp, &counts))
		return;
	quality_due(q, &counts, now_ms);
	quality_finish(q, &counts, leg_us(media, !side), now_ms);
}

void media_quality(const struct media *media, enum side side, int64_t now_ms,
		   struct quality_summary *summary)
{
	struct quality user, kernel;

	bridge_quality(media->bridge, side, now_ms, &user);
	copy_from_kernel(media, side, now_ms, &kernel);
	quality_summarize(summary, &user, &kernel);
}

/* The RTCP of the side, from the path where it was received last. */
void media_rtcp(const struct media *media, enum side side, int64_t now_ms, struct rtcp_seen *seen)
{
	struct quality user, kernel;
	struct quality_summary heard; /* of the media that @side receives from the other side */

	bridge_quality(media->bridge, side, now_ms, &user);
	copy_from_kernel(media, side, now_ms, &kernel);
	media_quality(media, (enum side) !side, now_ms, &heard);
	if (kernel.rtcp_at_ms > user.rtcp_at_ms)
		user = kernel;
	*seen = (struct rtcp_seen){
		.at_ms = user.rtcp_at_ms,
		.type = (uint8_t)user.rtcp_type,
		.far = heard.far,
		.rtt_us = heard.leg_us,
	};
}

void media_quality_free(struct media *media)
{
	for (int side = 0; side < 2; side++) {
		free(media->path.quality[side]);
		media->path.quality[side] = NULL;
	}
}
