/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * account.c - counts a media, and a call, when it ends
 */
#include <inttypes.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/log.h"
#include "call/account.h"
#include "call/cdr.h"
#include "call/cdr_file.h"
#include "call/homer_reports.h"
#include "call/media_path.h"
#include "call/media_quality.h"
#include "packet/bridge.h"
#include "stats/stats.h"

static const struct {
	const char *text;
	size_t counter; /* in struct stats */
	bool timeout;
} ends[] = {
	[CALL_DELETED] = { "deleted", offsetof(struct stats, calls_deleted) },
	[CALL_TIMEOUT] = { "no media (timeout)", offsetof(struct stats, calls_timeout), true },
	[CALL_SILENT_TIMEOUT] = { "no media on hold (silent-timeout)",
				  offsetof(struct stats, calls_silent_timeout), true },
	[CALL_OFFER_TIMEOUT] = { "no answer (offer-timeout)",
				 offsetof(struct stats, calls_offer_timeout), true },
	[CALL_UNANSWERED] = { "no answer and no media (unanswered-timeout)",
			      offsetof(struct stats, calls_unanswered), true },
	[CALL_FINAL_TIMEOUT] = { "longest duration reached (final-timeout)",
				 offsetof(struct stats, calls_final_timeout), true },
	[CALL_FORCED] = { "shutdown", offsetof(struct stats, calls_forced) },
	[CALL_KEPT] = { "daemon stopped; kept for the next daemon",
			offsetof(struct stats, calls_forced) },
	[CALL_TERMINATED] = { "terminated by an operator", offsetof(struct stats, calls_forced) },
};

const char *call_end_text(enum call_end end)
{
	return ends[end].text;
}

bool call_end_is_timeout(enum call_end end)
{
	return ends[end].timeout;
}

/* The packets of both sides of one component, when it has ended. */
static void count_component(struct call *call, const struct media *media, enum component comp)
{
	struct stats *stats = call->table->conf.stats;
	struct stream_report report;
	uint64_t packets[2] = { 0, 0 };

	for (int side = 0; side < 2; side++) {
		if (!bridge_has(media->bridge, side, comp))
			continue;
		media_report(media, side, comp, &report);
		packets[side] = report.packets_in;
		call->packets[side] += report.packets_in;
		stats->medias.malformed += report.drops[DROP_MALFORMED];
		if (comp != COMP_RTP)
			continue;
		stats->medias.expected += report.expected;
		stats->medias.received += report.expected - report.lost;
		stats->medias.duplicate += report.duplicate;
		stats->medias.lost += report.lost;
	}
	if (!packets[SIDE_A] && !packets[SIDE_B])
		++*(comp == COMP_RTP ? &stats->medias.no_rtp : &stats->medias.no_rtcp);
	else if (!packets[SIDE_A] || !packets[SIDE_B])
		++*(comp == COMP_RTP ? &stats->medias.one_way_rtp : &stats->medias.one_way_rtcp);
}

static void count_quality(struct stats *stats, const struct media *media)
{
	struct quality_summary summary;

	if (bridge_conf(media->bridge)->kind != BRIDGE_RTP)
		return;
	for (int side = 0; side < 2; side++) {
		media_quality(media, (enum side)side, clock_ms(), &summary);
		quality_totals_add(&stats->quality, &summary);
	}
}

void account_media(struct call *call, struct media *media)
{
	struct stats *stats = call->table->conf.stats;

	if (call->reason != CALL_KEPT) {
		cdr_add_media(&call->cdr, media, clock_ms());
		count_quality(stats, media);
		homer_report_media(media, true, clock_ms());
	}
	count_component(call, media, COMP_RTP);
	count_component(call, media, COMP_RTCP);
	stats->medias.ended++;
	stats->medias.complete += media->dialog->answered;
	stats->medias.timed_out += ends[call->reason].timeout;
}

static void count_ended(const struct call *call, int64_t lasted_ms)
{
	struct stats *stats = call->table->conf.stats;

	++*(uint64_t *)((char *)stats + ends[call->reason].counter);
	stats->duration_ms += (uint64_t)lasted_ms;
	if (!call->packets[SIDE_A] && !call->packets[SIDE_B])
		stats->zero_way++;
	else if (!call->packets[SIDE_A] || !call->packets[SIDE_B])
		stats->one_way++;
}

static void write_record(const struct call *call)
{
	struct cdr_file *file = call->table->conf.cdr_file;
	struct str line;

	if (!file || call->reason == CALL_KEPT)
		return;
	line = cdr_line(call, ends[call->reason].text);
	if (line.s)
		cdr_file_write(file, line);
	else
		log_call(LOG_LEVEL_ERR, call->id, "call record not written: out of memory");
	free((void *)(uintptr_t)line.s);
}

void account_call(const struct call *call)
{
	int64_t lasted_ms = clock_ms() - call->created_ms;

	count_ended(call, lasted_ms);
	log_call(LOG_LEVEL_INFO, call->id,
		 "ended: %s; %" PRId64 ".%03d s, %" PRIu64 " packet%s from caller, %" PRIu64
		 " from callee%s",
		 ends[call->reason].text, lasted_ms / 1000, (int)(lasted_ms % 1000),
		 call->packets[SIDE_A], str_plural(call->packets[SIDE_A]), call->packets[SIDE_B],
		 call->cdr.text ? call->cdr.text : "");
	write_record(call);
}
