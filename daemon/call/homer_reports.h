/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * homer_reports.h - what is reported of a call to homer: its RTCP, and the quality of its RTP
 *
 * Control thread only. Does nothing without call_table_conf.homer.
 */
#ifndef RTPRELAY_HOMER_REPORTS_H
#define RTPRELAY_HOMER_REPORTS_H

#include "call/tree.h"

struct rtcp_copy;

/* worker_pool_conf.rtcp: RTCP that the daemon has forwarded; the kernel's is not reported. */
void call_bridge_rtcp(struct bridge *bridge, const struct rtcp_copy *copy);
/*
 * The RTP of both sides, on both paths, of a side with RTP since its last report; if the media ends
 * (@final), of any that sent RTP.
 */
void homer_report_media(struct media *media, bool final, int64_t now_ms);
/* Of all medias of a call, an interval. */
void homer_report_call(const struct call *call, int64_t now_ms);

#endif
