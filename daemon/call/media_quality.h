/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_quality.h - the quality of a media, on both paths of its packets
 *
 * Control thread only. The kernel counts packets and keeps the last RTCP packet. The daemon
 * computes figures from these whenever it reads them: so on the kernel path an interval lasts from
 * one reading to the next.
 */
#ifndef RTPRELAY_MEDIA_QUALITY_H
#define RTPRELAY_MEDIA_QUALITY_H

#include "call/tree.h"
#include "kernel/kmod.h"
#include "packet/quality.h"

/* @state: of the flows of @media, just read, by [side][component]; NULL: there is no flow. */
void media_quality_take(struct media *media, const struct flow_state *const state[2][2],
			int64_t now_ms);
/* Of the RTP from @side; in the kernel as of the last reading. */
void media_quality(const struct media *media, enum side side, int64_t now_ms,
		   struct quality_summary *summary);
/* Of the RTCP that @side sends; in the kernel as of the last reading. */
void media_rtcp(const struct media *media, enum side side, int64_t now_ms, struct rtcp_seen *seen);
void media_quality_free(struct media *media);

#endif
