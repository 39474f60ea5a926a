/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refusals.c - the log lines about sources whose media is refused
 */
#define LOG_WHERE "daemon/latch/" /* the subsystem of what latching decides */
#include <inttypes.h>
#include "base/log.h"
#include "call/media_path.h"
#include "call/refusals.h"
#include "packet/bridge.h"
#include "stats/stats.h"

static bool is_due(int64_t told_ms, int64_t now_ms)
{
	return !told_ms || now_ms - told_ms >= REFUSALS_MINUTE_MS;
}

/*
 * Is it the address of a phone of this media? Then others may be behind it (NAT), who must not be
 * banned for what one of them sends to his own call.
 */
static bool is_of_phone(const struct media *media, const struct stream_report *refused)
{
	struct stream_report report;

	if (refused->refused_rank >= RANK_ADDR)
		return true;
	for (int side = 0; side < 2; side++) {
		if (!bridge_has(media->bridge, (enum side)side, COMP_RTP))
			continue;
		bridge_report(media->bridge, (enum side)side, COMP_RTP, &report);
		if (endpoint_addr_eq(&report.latched, &refused->refused) ||
		    endpoint_addr_eq(&report.signalled, &refused->refused))
			return true;
	}
	return false;
}

static void log_refusal(const struct media *media, enum side side, enum component comp)
{
	struct str id = media->dialog->call->id;
	char call_id[LOG_CALL_ID + 1], source[ENDPOINT_TEXT];
	struct stream_report report;
	bool many;

	media_report(media, side, comp, &report); /* with the packets that the kernel refused */
	many = report.refused_sources >= REFUSED_SOURCES;
	log_about_call(LOG_LEVEL_WARNING, id,
		       "refused %s from %s%s at port %u of call %s: %" PRIu64
		       " packet%s, %u%s source%s",
		       component_names[comp],
		       is_of_phone(media, &report) ? "another port of a phone, " : "",
		       endpoint_print(&report.refused, source), endpoint_port(&report.local),
		       log_escape(id, call_id, sizeof(call_id)), report.drops[DROP_SOURCE],
		       str_plural(report.drops[DROP_SOURCE]), report.refused_sources,
		       many ? " or more" : "", str_plural(report.refused_sources));
}

/* The call gets no line of its own. */
static void leave_out(struct call_table *table, struct call *call, int64_t now_ms)
{
	struct refusals *refusals = &table->refusals;

	if (!refusals->left_out) {
		refusals->since_ms = now_ms;
		refusals->round++;
		refusals->packets_before = table->conf.stats->sample.refused;
	}
	if (call->refused_round != refusals->round)
		refusals->left_out++;
	call->refused_round = refusals->round;
}

bool refusals_take_line(struct refusals *refusals, int64_t now_ms)
{
	int64_t *line_ms = &refusals->line_ms[refusals->next];

	if (!is_due(*line_ms, now_ms))
		return false;
	*line_ms = now_ms;
	refusals->next = (refusals->next + 1) % REFUSALS_LINES;
	return true;
}

void refusals_tell(const struct media *media, enum side side, enum component comp, int64_t now_ms)
{
	struct call_table *table = media->table;
	struct refusals *refusals = &table->refusals;
	struct call *call = media->dialog->call;

	if (!is_due(call->refused_told_ms, now_ms))
		return;
	if (!refusals_take_line(refusals, now_ms)) {
		leave_out(table, call, now_ms);
		return;
	}
	log_refusal(media, side, comp);
	call->refused_told_ms = now_ms;
}

void refusals_tick(struct call_table *table, int64_t now_ms)
{
	struct refusals *refusals = &table->refusals;
	uint64_t packets = table->conf.stats->sample.refused - refusals->packets_before;

	if (!refusals->left_out || !is_due(refusals->since_ms, now_ms))
		return;
	log_warn("refused media in the last minute: %" PRIu64 " packet%s in all, %u more call%s "
		 "without a line of their own; rtprelayctl watch shows all of them",
		 packets, str_plural(packets), refusals->left_out, str_plural(refusals->left_out));
	refusals->left_out = 0;
}
