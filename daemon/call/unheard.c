/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unheard.c - tells the operator of a stream that is not heard, since nobody named its address
 *
 * Other relays accept such media. An operator who comes from one sees calls without sound: the log
 * and rtprelayctl doctor say which setting makes the difference.
 */
#define LOG_WHERE "daemon/latch/" /* the subsystem of what latching decides */
#include "base/clock.h"
#include "base/log.h"
#include "call/call.h"
#include "call/events.h"
#include "call/unheard.h"
#include "packet/bridge.h"
#include "packet/refused.h"
#include "stats/stats.h"

const char *unheard_advice(const struct side_conf *conf, enum latch_rank rank)
{
	bool sdp_only = (conf->flags & SIDE_ASYMMETRIC) && (conf->flags & SIDE_STRICT_SOURCE) &&
			!(conf->flags & SIDE_HANDOVER);

	if (sdp_only)
		return conf->latching == LATCH_STRICT ? "latching=smart, without strict-source"
						      : "asymmetric without strict-source";
	if (conf->latching == LATCH_STRICT && (rank == RANK_NEAR || conf->flags & SIDE_ASYMMETRIC))
		return "latching=smart";
	return "latching=first";
}

static const char *print_told(const struct endpoint *ep, char text[ENDPOINT_TEXT])
{
	return endpoint_is_set(ep) ? endpoint_print_addr(ep, text) : "none";
}

static void log_unheard(const struct media *media, enum side side,
			const struct stream_report *report, const char *advice)
{
	const struct side_conf *conf = &bridge_conf(media->bridge)->side[side];
	char source[ENDPOINT_TEXT], sdp[ENDPOINT_TEXT], sip[ENDPOINT_TEXT];

	log_call(LOG_LEVEL_WARNING, media->dialog->call->id,
		 "media %u: the %s is not heard at port %u: %u packets from %s were refused, "
		 "because latching does not accept that address (SDP: %s, SIP: %s); if it is that "
		 "phone's, set %s (docs/latching.md)",
		 media->index + 1U, side_names[side], endpoint_port(&report->local),
		 REFUSED_UNHEARD, endpoint_print(&report->refused, source),
		 print_told(&conf->sdp[COMP_RTP], sdp), print_told(&conf->sip, sip), advice);
}

void unheard_tell(const struct media *media, enum side side)
{
	struct call *call = media->dialog->call;
	struct happening happening = {
		.kind = STREAM_UNHEARD, .call = call, .media = media, .side = side, .comp = COMP_RTP
	};
	struct stream_report report;

	bridge_report(media->bridge, side, COMP_RTP, &report);
	happening.why =
		unheard_advice(&bridge_conf(media->bridge)->side[side], report.refused_rank);
	log_unheard(media, side, &report, happening.why);
	events_tell(media->table->conf.events, &happening);
	if (!call->unheard_counted)
		stats_unheard(media->table->conf.stats, clock_ms());
	call->unheard_counted = true;
}
