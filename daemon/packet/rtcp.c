/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtcp.c - evaluates RTCP that passes and ends intervals, for the quality of streams; media thread
 *
 * Runs when RTCP arrives and once a second, not for each packet of media.
 */
#include <stdlib.h>
#include "packet/rtcp.h"
#include "packet/state.h"

/* Allocated at the first RTCP or second of media, freed with the bridge. NULL: no memory */
static struct quality *quality_of(struct stream *s)
{
	if (!s->quality)
		__atomic_store_n(&s->quality, calloc(1, sizeof(*s->quality)), __ATOMIC_RELEASE);
	return s->quality;
}

uint8_t stream_codec(const struct bridge_conf *conf, uint8_t pt)
{
	for (int i = 0; i < BRIDGE_CLOCKS && conf->clocks[i].clock; i++)
		if (conf->clocks[i].pt == pt && conf->clocks[i].codec)
			return conf->clocks[i].codec;
	return quality_static_codec(pt);
}

void stream_counts(const struct rtp_stats *rtp, const struct bridge_conf *conf,
		   struct quality_counts *counts)
{
	*counts = (struct quality_counts){
		.ssrc = rtp->ssrc,
		.expected = rtp_stats_expected(rtp),
		.lost = rtp_stats_lost(rtp),
		.codec = stream_codec(conf, rtp->pt),
	};
	if (rtp->clock)
		counts->jitter_us = (uint32_t)((uint64_t)rtp->jitter * 1000000 / 16 / rtp->clock);
}

/* Is the report on @s? The kernel may forward its packets by now: then latching knows the SSRC. */
static bool is_subject(const struct stream *s, const struct rtcp_report *report)
{
	return (s->rtp.known && s->rtp.ssrc == report->ssrc) ||
	       latch_has_ssrc(&s->latch, report->ssrc);
}

static void note_reports(struct stream *subject, const struct rtcp_part *part, int64_t now_us)
{
	struct rtcp_report report;

	for (unsigned int i = 0; rtcp_report_at(part, i, &report); i++) {
		struct quality *q = NULL;

		if (is_subject(subject, &report))
			q = quality_of(subject);
		if (!q)
			continue;
		write_begin(&q->version);
		quality_report(q, &report, subject->rtp.clock, now_us, now_us / 1000);
		write_end(&q->version);
	}
}

static void note_rtcp(struct stream *sender, uint8_t type, int64_t now_us)
{
	struct quality *q = quality_of(sender);

	if (!q)
		return;
	write_begin(&q->version);
	quality_rtcp(q, type, now_us / 1000);
	write_end(&q->version);
}

static void note_sender_report(struct stream *sender, const struct rtcp_part *part, int64_t now_us)
{
	struct quality *q;
	uint32_t time;

	if (!rtcp_sr_time(part, &time))
		return;
	q = quality_of(sender);
	if (!q)
		return;
	write_begin(&q->version);
	quality_sent(q, time, now_us);
	write_end(&q->version);
}

/* The first parts of @p, as many as fit. */
static uint16_t copy_parts(struct rtcp_copy *copy, const struct packet *p)
{
	struct rtcp_part part;
	size_t at = 0, len = 0;

	while (rtcp_next(p->data, p->len, &at, &part) && at <= sizeof(copy->data))
		len = at;
	memcpy(copy->data, p->data, len);
	return (uint16_t)len;
}

/* Copies for the control thread are few, whatever the sender does. */
static void pass_on(struct stream *s, const struct packet *p, int64_t now_us)
{
	uint32_t now_ms = (uint32_t)(now_us / 1000) | 1; /* 0: none yet */
	bool too_many = s->copied_ms && now_ms - s->copied_ms < RTCP_COPY_MS;
	struct rtcp_copy *copy = too_many ? NULL : rtcp_ring_slot(s->bridge->rtcp_ring);

	if (!copy) {
		counter_add(&s->bridge->totals->rtcp_lost, 1);
		return;
	}
	s->copied_ms = now_ms;
	copy->bridge = s->bridge;
	copy->source = *p->source;
	copy->local = s->local;
	copy->at_us = now_us;
	copy->len = copy_parts(copy, p);
	rtcp_ring_put(s->bridge->rtcp_ring);
}

void stream_hear_rtcp(struct stream *s, const struct packet *p, int64_t now_us)
{
	struct stream *own = s->bridge->stream[s->side][COMP_RTP];
	struct stream *other = s->bridge->stream[!s->side][COMP_RTP];
	struct rtcp_part part;
	bool reports = false;
	size_t at = 0;

	if (!rtcp_is_whole(p->data, p->len))
		return;
	if (own)
		note_rtcp(own, p->data[1], now_us);
	while (rtcp_next(p->data, p->len, &at, &part)) {
		reports = reports || part.type == RTCP_SR || part.type == RTCP_RR;
		if (own)
			note_sender_report(own, &part, now_us);
		if (other)
			note_reports(other, &part, now_us);
	}
	if (reports && s->bridge->rtcp_ring)
		pass_on(s, p, now_us);
}

void stream_tick_quality(struct stream *s, int64_t now_ms)
{
	const struct stream *other = s->bridge->stream[!s->side][COMP_RTP];
	uint32_t other_leg_us = other && other->quality ? other->quality->leg_us : 0;
	struct quality_counts counts;
	struct quality *q;

	if (s->comp != COMP_RTP || !s->rtp.known || s->in_kernel)
		return;
	q = quality_of(s);
	if (!q)
		return;
	stream_counts(&s->rtp, &s->bridge->conf, &counts);
	write_begin(&q->version);
	if (quality_due(q, &counts, now_ms))
		quality_close(q, &counts, other_leg_us, now_ms);
	write_end(&q->version);
}
