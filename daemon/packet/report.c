/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.c - copies what a stream has counted and learned, on any thread, while packets flow */
#include <assert.h>
#include <sched.h>
#include "packet/remote.h"
#include "packet/report.h"
#include "packet/rtcp.h"
#include "packet/state.h"

static void copy_learned(const struct stream *s, struct latch *latch, struct rtp_stats *rtp)
{
	static_assert(!(sizeof(*latch) % 4) && !(sizeof(*rtp) % 4), "are copied word by word");
	uint32_t version;

	for (unsigned int tries = 1;; tries++) {
		version = __atomic_load_n(&s->version, __ATOMIC_ACQUIRE);
		shared_copy(latch, &s->latch, sizeof(*latch));
		shared_copy(rtp, &s->rtp, sizeof(*rtp));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(version & 1) && version == __atomic_load_n(&s->version, __ATOMIC_RELAXED))
			return;
		if (tries % 64 == 0)
			sched_yield(); /* the writer was preempted, maybe by this thread */
	}
}

void stream_learned(const struct stream *s, struct latch_record *record)
{
	struct rtp_stats rtp;
	struct latch latch;

	copy_learned(s, &latch, &rtp);
	latch_export(&latch, record);
}

static bool copy_quality(const struct stream *s, struct quality *copy)
{
	static_assert(!(sizeof(*copy) % 4), "is copied word by word");
	const struct quality *q = __atomic_load_n(&s->quality, __ATOMIC_ACQUIRE);
	uint32_t version;

	memset(copy, 0, sizeof(*copy));
	if (!q)
		return false;
	do {
		version = __atomic_load_n(&q->version, __ATOMIC_ACQUIRE);
		shared_copy(copy, q, sizeof(*copy));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (version & 1 || version != __atomic_load_n(&q->version, __ATOMIC_RELAXED));
	return true;
}

void stream_quality(const struct stream *s, int64_t now_ms, struct quality *q)
{
	const struct stream *other = s->bridge->stream[!s->side][COMP_RTP];
	struct quality_counts counts;
	struct quality from_other;
	struct rtp_stats rtp;
	struct latch latch;

	copy_quality(s, q);
	copy_learned(s, &latch, &rtp);
	if (!rtp.known)
		return;
	memset(&from_other, 0, sizeof(from_other));
	if (other)
		copy_quality(other, &from_other);
	stream_counts(&rtp, &s->bridge->told, &counts);
	quality_due(q, &counts, now_ms);
	quality_finish(q, &counts, from_other.leg_us, now_ms);
}

static void copy_refused(const struct refused_source *refused, struct stream_report *r)
{
	shared_copy(&r->refused, &refused->source, sizeof(r->refused));
	r->refused_rank = __atomic_load_n(&refused->rank, __ATOMIC_RELAXED);
	r->refused_sources = __atomic_load_n(&refused->n_seen, __ATOMIC_RELAXED);
}

static void copy_denied(const struct denied_place *denied, struct stream_report *r)
{
	shared_copy(&r->denied, &denied->to, sizeof(r->denied));
	r->why_denied = __atomic_load_n(&denied->why, __ATOMIC_RELAXED);
}

static void copy_to(const struct stream *s, struct stream_report *r)
{
	static_assert(!(sizeof(r->to) % 4), "is copied word by word");
	const struct refused_source *refused;
	const struct denied_place *denied;
	uint32_t version;
	bool has;

	do {
		version = __atomic_load_n(&s->to_version, __ATOMIC_ACQUIRE);
		shared_copy(&r->to, &s->to, sizeof(r->to));
		denied = __atomic_load_n(&s->denied, __ATOMIC_ACQUIRE);
		if (denied)
			copy_denied(denied, r);
		refused = __atomic_load_n(&s->refused, __ATOMIC_ACQUIRE);
		if (refused)
			copy_refused(refused, r);
		has = __atomic_load_n(&s->has_to, __ATOMIC_RELAXED);
		r->to_denied = __atomic_load_n(&s->to_denied, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (version & 1 || version != __atomic_load_n(&s->to_version, __ATOMIC_RELAXED));
	if (!has)
		memset(&r->to, 0, sizeof(r->to));
}

static uint64_t load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void report_rtp(const struct rtp_stats *rtp, struct stream_report *r)
{
	r->ssrc_known = rtp->known;
	r->ssrc = rtp->ssrc;
	r->last_timestamp = rtp->timestamp;
	r->last_seq = (uint16_t)rtp->highest;
	r->last_pt = rtp->pt;
	r->clock = rtp->clock;
	r->expected = rtp_stats_expected(rtp);
	r->lost = rtp_stats_lost(rtp);
	r->reordered = rtp->reordered;
	r->duplicate = rtp->duplicate;
	r->gaps = rtp->gaps;
	r->jitter_ms = rtp->clock ? rtp->jitter / 16.0 * 1000.0 / rtp->clock : 0.0;
}

static void report_keepalives(const struct stream *s, struct stream_report *r)
{
	const struct keepalives *k = __atomic_load_n(&s->keepalives, __ATOMIC_ACQUIRE);

	if (!k)
		return;
	r->keepalives_in = __atomic_load_n(&k->received, __ATOMIC_RELAXED);
	r->keepalives_out = __atomic_load_n(&k->sent, __ATOMIC_RELAXED);
	r->keepalives_saved = __atomic_load_n(&k->saved, __ATOMIC_RELAXED);
}

void stream_report(const struct stream *s, struct stream_report *r)
{
	struct latch latch;
	struct rtp_stats rtp;

	copy_learned(s, &latch, &rtp);
	memset(r, 0, sizeof(*r));
	r->local = s->local;
	r->signalled = stream_signalled(&s->bridge->told.side[s->side], s->comp);
	r->latched = *latch_source(&latch);
	r->state = latch_state(&latch);
	r->rank = latch_source_rank(&latch);
	r->relatched = latch_relatched(&latch);
	r->settled = latch_settled(&latch);
	r->learning = latch_is_moved(&latch);
	r->prompted = __atomic_load_n(&s->player_state, __ATOMIC_RELAXED) != PLAYER_NONE;
	r->contested = __atomic_load_n(&s->contested, __ATOMIC_RELAXED);
	copy_to(s, r);
	r->packets_in = load(&s->packets_in);
	r->bytes_in = load(&s->bytes_in);
	r->packets_out = load(&s->packets_out);
	r->bytes_out = load(&s->bytes_out);
	r->errors_out = load(&s->errors_out);
	report_keepalives(s, r);
	for (int i = 0; i < DROP_COUNT; i++)
		r->drops[i] = load(&s->drops[i]);
	r->last_in_ms = __atomic_load_n(&s->last_in_ms, __ATOMIC_RELAXED);
	report_rtp(&rtp, r);
}
