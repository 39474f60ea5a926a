/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics_calls.c - calls and their medias: how many, how they ended, how they sounded, what is
 * told about them
 */
#include <inttypes.h>
#include <stdio.h>
#include "web/metrics_table.h"

/* --- Calls ------------------------------------------------------------------------------------ */

static void sessions(struct view *view)
{
	put_one(view, "type", STR("own"), view->report->calls);
	put_one(view, "type", STR("foreign"), 0);
}

static void sessions_total(struct view *view)
{
	put(view, view->report->stats.calls_made);
}

static void max_sessions(struct view *view)
{
	put(view, view->report->max_calls);
}

static void drain(struct view *view)
{
	put(view, view->report->draining);
}

static void closed_sessions(struct view *view)
{
	const struct stats *stats = &view->report->stats;

	put_one(view, "reason", STR("rejected"), stats->calls_rejected);
	put_one(view, "reason", STR("drained"), stats->calls_drained);
	put_one(view, "reason", STR("overload"), stats->calls_overload);
	put_one(view, "reason", STR("no_address"), stats->calls_no_address);
	put_one(view, "reason", STR("no_outside"), stats->calls_no_outside);
	put_one(view, "reason", STR("timeout"), stats->calls_timeout);
	put_one(view, "reason", STR("silent_timeout"), stats->calls_silent_timeout);
	put_one(view, "reason", STR("final_timeout"), stats->calls_final_timeout);
	put_one(view, "reason", STR("offer_timeout"), stats->calls_offer_timeout);
	put_one(view, "reason", STR("unanswered_timeout"), stats->calls_unanswered);
	put_one(view, "reason", STR("terminated"), stats->calls_deleted);
	put_one(view, "reason", STR("force_terminated"), stats->calls_forced);
}

static void call_duration(struct view *view)
{
	metrics_seconds(&view->text, NULL, 0, view->report->stats.duration_ms * 1000);
}

static void zero_way(struct view *view)
{
	put(view, view->report->stats.zero_way);
}

static void one_way(struct view *view)
{
	put(view, view->report->stats.one_way);
}

static void one_way_now(struct view *view)
{
	put(view, view->report->one_way_calls);
}

static void unheard(struct view *view)
{
	put(view, view->report->stats.calls_unheard);
}

/* --- Their medias ----------------------------------------------------------------------------- */

static void medias(struct view *view)
{
	put(view, view->report->media);
}

static void medias_made(struct view *view)
{
	put(view, view->report->stats.medias.made);
}

static void medias_ended(struct view *view)
{
	put(view, view->report->stats.medias.ended);
}

static void media_states(struct view *view)
{
	const struct stats *stats = &view->report->stats;

	put_one(view, "state", STR("complete"), stats->medias.complete);
	put_one(view, "state", STR("timed_out"), stats->medias.timed_out);
	put_one(view, "state", STR("no_rtp"), stats->medias.no_rtp);
	put_one(view, "state", STR("one_way_rtp"), stats->medias.one_way_rtp);
	put_one(view, "state", STR("no_rtcp"), stats->medias.no_rtcp);
	put_one(view, "state", STR("one_way_rtcp"), stats->medias.one_way_rtcp);
}

static void media_packets(struct view *view)
{
	const struct stats *stats = &view->report->stats;

	put_one(view, "type", STR("expected"), stats->medias.expected);
	put_one(view, "type", STR("received"), stats->medias.received);
	put_one(view, "type", STR("duplicate"), stats->medias.duplicate);
	put_one(view, "type", STR("lost"), stats->medias.lost);
	put_one(view, "type", STR("malformed"), stats->medias.malformed);
}

/* --- Prompts and keys ------------------------------------------------------------------------- */

static void prompts(struct view *view)
{
	put_one(view, "result", STR("played"), view->report->stats.prompts_played);
	put_one(view, "result", STR("refused"), view->report->stats.prompts_refused);
}

static void prompts_now(struct view *view)
{
	put(view, view->report->prompts);
}

static void prompt_bytes_now(struct view *view)
{
	put(view, view->report->prompt_bytes);
}

static void dtmf_keys(struct view *view)
{
	put_one(view, "result", STR("reported"), view->report->stats.dtmf_keys);
	put_one(view, "result", STR("lost"), view->report->user.dtmf_lost);
}

static void dtmf_reports(struct view *view)
{
	put_one(view, "result", STR("sent"), view->report->stats.dtmf_sent);
	put_one(view, "result", STR("lost"), view->report->stats.dtmf_lost);
}

/* --- What is told about them ------------------------------------------------------------------ */

static void lost_notices(struct view *view)
{
	put(view, view->report->stats.notices_lost);
}

static void lost_records(struct view *view)
{
	put(view, view->report->stats.cdr_lost);
}

static void homer_reports(struct view *view)
{
	put_one(view, "result", STR("sent"), view->report->stats.homer_sent);
	put_one(view, "result", STR("lost"), view->report->stats.homer_lost);
	put_one(view, "result", STR("not_copied"), view->report->user.rtcp_lost);
}

/* --- Quality ---------------------------------------------------------------------------------- */

static void quality(struct view *view, enum quality_measure measure, unsigned int unit)
{
	const struct quality_totals *totals = &view->report->stats.quality;
	uint64_t sum = totals->sum[measure];
	char text[40];

	snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, sum / unit,
		 sum % unit * (1000000 / unit));
	metrics_histogram(&view->text, NULL, 0, quality_scales[measure].text, QUALITY_BOUNDS,
			  totals->bucket[measure], text);
}

static void mos(struct view *view)
{
	quality(view, QUALITY_MOS, 100);
}

static void loss(struct view *view)
{
	quality(view, QUALITY_LOSS, 10000);
}

static void jitter(struct view *view)
{
	quality(view, QUALITY_JITTER, 1000000);
}

/* Sums and counts as rtpengine exports them, for dashboards that divide one by the other. */
static void put_sum(struct view *view, enum quality_measure measure, uint64_t millionths)
{
	metrics_seconds(&view->text, NULL, 0,
			view->report->stats.quality.sum[measure] * millionths);
}

static void mos_total(struct view *view)
{
	put_sum(view, QUALITY_MOS, 10000);
}

static void jitter_total(struct view *view)
{
	put_sum(view, QUALITY_JITTER, 1000);
}

static void packetloss_total(struct view *view)
{
	put_sum(view, QUALITY_LOSS, 10000);
}

static void quality_samples(struct view *view)
{
	put(view, view->report->stats.quality.count);
}

/* --- The table -------------------------------------------------------------------------------- */

/* clang-format off */
static const struct metric rows[] = {
	{ "sessions", METRIC_GAUGE, "Calls now.", sessions },
	{ "sessions_total", METRIC_COUNTER, "Calls made since the start.", sessions_total },
	{ "max_sessions", METRIC_GAUGE, "Calls that may exist at a time: max-sessions, or as many as the ports allow, if that is less (two pairs for a call of one media).", max_sessions },
	{ "drain", METRIC_GAUGE, "1 while new calls are refused by rtprelayctl set --drain=on.", drain },
	{ "closed_sessions_total", METRIC_COUNTER, "Calls that ended, or were refused (rejected; drained: because drain is on), by reason.", closed_sessions },
	{ "call_duration_total", METRIC_COUNTER, "Sum of the durations of ended calls, in seconds.", call_duration },
	{ "zero_packet_streams_total", METRIC_COUNTER, "Calls that ended without media from either side.", zero_way },
	{ "one_way_sessions_total", METRIC_COUNTER, "Calls that ended with media from one side only.", one_way },
	{ "one_way_calls", METRIC_GAUGE, "Calls now of which one side has not been heard for 5 seconds, while the other one is.", one_way_now },
	{ "unheard_sessions_total", METRIC_COUNTER,
	  "Calls with media that latching refused, since neither SDP nor SIP names its address.", unheard },
	{ "prompts_total", METRIC_COUNTER, "Prompts for phones (play media), by result; refused: no such file, no codec of the listener, no memory.", prompts },
	{ "prompts_now", METRIC_GAUGE, "Prompts that are being played.", prompts_now },
	{ "prompt_memory_bytes", METRIC_GAUGE, "Memory of the files of prompts: at most prompt-memory.", prompt_bytes_now },
	{ "medias", METRIC_GAUGE, "Medias (m= lines of SDP) of all calls now.", medias },
	{ "medias_total", METRIC_COUNTER, "Medias that got ports since the start.", medias_made },
	{ "ended_medias_total", METRIC_COUNTER, "Medias that ended.", medias_ended },
	{ "ended_medias_state_total", METRIC_COUNTER, "Medias that ended, by state; one media may have several.", media_states },
	{ "ended_medias_packets_total", METRIC_COUNTER, "RTP packets of medias that ended, counted by sequence number.", media_packets },
	{ "media_mos", METRIC_HISTOGRAM, "Average MOS of each side of medias that ended.", mos },
	{ "media_loss_ratio", METRIC_HISTOGRAM, "Average loss of each side of medias that ended, 0 to 1.", loss },
	{ "media_jitter_seconds", METRIC_HISTOGRAM, "Average jitter of each side of medias that ended.", jitter },
	{ "mos_total", METRIC_COUNTER, "Sum of the MOS in media_mos.", mos_total },
	{ "mos_samples_total", METRIC_COUNTER, "Number of values in mos_total.", quality_samples },
	{ "jitter_total", METRIC_COUNTER, "Sum of the jitter in media_jitter_seconds, in milliseconds.", jitter_total },
	{ "jitter_samples_total", METRIC_COUNTER, "Number of values in jitter_total.", quality_samples },
	{ "packetloss_total", METRIC_COUNTER, "Sum of the loss in media_loss_ratio, in percent.", packetloss_total },
	{ "packetloss_samples_total", METRIC_COUNTER, "Number of values in packetloss_total.", quality_samples },
	{ "notices_lost_total", METRIC_COUNTER, "Time-out notifications that could not be sent to their listener (notify).", lost_notices },
	{ "call_records_lost_total", METRIC_COUNTER, "Call records that could not be written to cdr-file.", lost_records },
	{ "homer_reports_total", METRIC_COUNTER, "Reports for homer: sent; lost when they were sent; RTCP not copied, too many at once or of one side.", homer_reports },
	{ "dtmf_keys_total", METRIC_COUNTER, "DTMF keys of calls where they are reported; lost: too many at once, or of one side.", dtmf_keys },
	{ "dtmf_reports_total", METRIC_COUNTER, "Datagrams about DTMF keys, to dtmf-log-dest.", dtmf_reports },
};
/* clang-format on */

const struct metric_table metrics_calls = { rows, COUNT(rows) };
