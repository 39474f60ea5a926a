/* SPDX-License-Identifier: GPL-2.0-or-later */
/* homer_reports.c - what is reported of a call to homer: its RTCP, and the quality of its RTP */
#include <utlist.h>
#include "call/homer_reports.h"
#include "call/media_path.h"
#include "call/media_quality.h"
#include "homer/homer.h"
#include "packet/bridge.h"
#include "packet/rtcp_ring.h"

void call_bridge_rtcp(struct bridge *bridge, const struct rtcp_copy *copy)
{
	const struct media *media = bridge_owner(bridge);

	if (!media->dialog || !media->table->conf.homer)
		return;
	homer_send_rtcp(media->table->conf.homer, media->dialog->call->id, &copy->source,
			&copy->local, copy->data, copy->len, copy->at_us);
}

static void report_side(struct media *media, enum side side, bool final, int64_t now_ms)
{
	struct quality_summary quality;
	struct stream_report report;
	struct payload_rtp rtp = { .call_id = media->dialog->call->id,
				   .codec = media->codec,
				   .side = side,
				   .final = final,
				   .report = &report,
				   .quality = &quality };

	media_report(media, side, COMP_RTP, &report);
	if (!report.ssrc_known || (!final && report.expected == media->homer_expected[side]))
		return;
	media->homer_expected[side] = report.expected;
	media_quality(media, side, now_ms, &quality);
	homer_send_rtp(media->table->conf.homer, &rtp);
}

void homer_report_media(struct media *media, bool final, int64_t now_ms)
{
	if (!media->table->conf.homer || bridge_conf(media->bridge)->kind != BRIDGE_RTP)
		return;
	report_side(media, SIDE_A, final, now_ms);
	report_side(media, SIDE_B, final, now_ms);
}

void homer_report_call(const struct call *call, int64_t now_ms)
{
	const struct dialog *dialog;

	if (!call->table->conf.homer)
		return;
	DL_FOREACH(call->dialogs, dialog)
		for (size_t i = 0; i < dialog->n_media; i++)
			if (dialog->media[i])
				homer_report_media(dialog->media[i], false, now_ms);
}
