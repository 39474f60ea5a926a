/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * news.c - handles events of bridges (from media threads) and flows (from the kernel)
 */
#define LOG_WHERE "daemon/latch/" /* the subsystem of what latching decides */
#include <utlist.h>
#include "base/clock.h"
#include "base/log.h"
#include "call/call.h"
#include "call/events.h"
#include "call/ice_run.h"
#include "call/media.h"
#include "call/media_path.h"
#include "call/news.h"
#include "call/play.h"
#include "call/refusals.h"
#include "call/sdes_news.h"
#include "call/table.h"
#include "call/tap_reader.h"
#include "call/unheard.h"
#include "packet/bridge.h"
#include "packet/latch_names.h"
#include "packet/pool.h"
#include "packet/rtcp_ring.h"

static void log_latched(const struct media *media, enum side side, enum component comp)
{
	struct stream_report report;
	char text[ENDPOINT_TEXT];

	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	bridge_report(media->bridge, side, comp, &report);
	log_call(LOG_LEVEL_DEBUG, media->dialog->call->id,
		 "media %u: %s from %s: latched to source %s (%s)", media->index + 1U,
		 component_names[comp], side_names[side], endpoint_print(&report.latched, text),
		 latch_rank_phrases[report.rank]);
}

/* A side whose SDP names a forbidden address has two of them, RTP and RTCP: one line is enough. */
static bool is_told_with_rtp(const struct media *media, enum side side, enum component comp,
			     const struct stream_report *report)
{
	struct stream_report rtp;

	if (comp == COMP_RTP)
		return false;
	bridge_report(media->bridge, side, COMP_RTP, &rtp);
	return rtp.to_denied && report->to_denied && endpoint_addr_eq(&rtp.denied, &report->denied);
}

static void report_denied(const struct media *media, enum side side, enum component comp)
{
	struct happening happening = { .kind = STREAM_DENIED,
				       .call = media->dialog->call,
				       .media = media,
				       .side = side,
				       .comp = comp };
	struct stream_report report;
	char text[ENDPOINT_TEXT];

	bridge_report(media->bridge, side, comp, &report);
	happening.why = report.why_denied;
	events_tell(media->table->conf.events, &happening);
	if (!is_told_with_rtp(media, side, comp, &report))
		log_call(LOG_LEVEL_WARNING, media->dialog->call->id,
			 "media %u: %s of the %s: %s is refused as a destination (%s): nothing is "
			 "sent there, nothing is accepted from there",
			 media->index + 1U, component_names[comp], side_names[side],
			 endpoint_print(&report.denied, text), report.why_denied);
}

static void report_source(const struct media *media, enum bridge_event event, enum side side,
			  enum component comp)
{
	struct happening happening = {
		.call = media->dialog->call, .media = media, .side = side, .comp = comp
	};
	struct stream_report report;

	if (!events_watched(media->table->conf.events))
		return;
	bridge_report(media->bridge, side, comp, &report);
	happening.kind = report.relatched ? STREAM_RELATCHED : STREAM_LATCHED;
	if (event == BRIDGE_REFUSED)
		happening.kind = STREAM_REFUSED;
	events_tell(media->table->conf.events, &happening);
}

void call_bridge_event(void *arg, struct bridge *bridge, enum bridge_event event, enum side side,
		       enum component comp)
{
	struct media *media = bridge_owner(bridge);

	(void)arg;
	if (event == BRIDGE_CLOSED) {
		media_closed(media);
		return;
	}
	if (!media->dialog)
		return;
	if (event == BRIDGE_LATCHED || event == BRIDGE_REFUSED) {
		if (event == BRIDGE_LATCHED)
			log_latched(media, side, comp);
		else
			refusals_tell(media, side, comp, clock_ms());
		report_source(media, event, side, comp);
	}
	if (event == BRIDGE_UNHEARD)
		unheard_tell(media, side);
	if (event == BRIDGE_DENIED)
		report_denied(media, side, comp);
	if (event == BRIDGE_LATCHED || event == BRIDGE_CHANGED) {
		call_touch(media->dialog->call);
		media_path_follow(media);
	}
	if (event == BRIDGE_UNAUTHENTIC)
		sdes_news_unauthentic(media, side, comp, clock_ms());
	if (event == BRIDGE_INDEXES) {
		call_touch(media->dialog->call);
		sdes_news_tell(media);
	}
	if (event == BRIDGE_PLAYED)
		play_news(media, side);
	if (event == BRIDGE_ASK)
		media_path_ask(media, side, comp);
}

void call_bridge_stun(void *arg, struct bridge *bridge, const struct rtcp_copy *copy)
{
	(void)arg;
	ice_run_receive(bridge_owner(bridge), &copy->local, &copy->source, copy->data, copy->len);
}

void call_table_follow(struct call_table *table)
{
	struct call *call, *next;
	struct dialog *dialog;

	worker_pool_tell_flows(table->conf.workers, kmod_available(table->conf.kmod));
	HASH_ITER(hh, table->calls, call, next) {
		DL_FOREACH(call->dialogs, dialog)
			for (size_t i = 0; i < dialog->n_media; i++)
				if (dialog->media[i])
					media_path_follow(dialog->media[i]);
	}
}

static void kernel_path_changed(struct call_table *table)
{
	const struct happening happening = { .kind = KERNEL_PATH };

	events_tell(table->conf.events, &happening);
	tap_reader_retry(table);
	call_table_follow(table);
}

static void follow_tapped(struct call_table *table)
{
	struct call *call, *next;
	struct dialog *dialog;

	HASH_ITER(hh, table->calls, call, next) {
		DL_FOREACH(call->dialogs, dialog)
			for (size_t i = 0; i < dialog->n_media; i++)
				if (dialog->media[i] && bridge_conf(dialog->media[i]->bridge)->tap)
					media_path_follow(dialog->media[i]);
	}
}

void call_tap_told(struct call_table *table, bool open, const char *why)
{
	tap_reader_told(table, open, why, clock_ms());
	follow_tapped(table);
}

void call_kmod_event(void *arg, enum kmod_event event, struct kmod_flow *flow,
		     const struct kmod_stranger *refused)
{
	struct media *media = flow ? kmod_flow_owner(flow) : NULL;

	if (!flow) {
		kernel_path_changed(arg);
		return;
	}
	if (event == KMOD_IDLE && media->dialog)
		call_watch(media->dialog->call, clock_ms()); /* its deadline may be earlier now */
	media_path_event(media, event, flow, refused);
}
