/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_quality.h - how good a media is, whichever path its packets take
 *
 * Control thread only. The kernel counts, and keeps the last RTCP packet; what follows from
 * both is worked out when somebody asks, so an interval there is as long as from one question to the next.
 */
#ifndef RTPRELAY_MEDIA_QUALITY_H
#define RTPRELAY_MEDIA_QUALITY_H

#include "call/tree.h"
#include "kernel/kmod.h"
#include "packet/quality.h"

/* What the flows of @media have told just now, by [side][component]; NULL: there is no such flow. */
void media_quality_take(struct media *media, const struct flow_state *const state[2][2],
			int64_t now_ms);
/* Of the RTP from @side, as of the last time that the kernel was asked. */
void media_quality(const struct media *media, enum side side, int64_t now_ms,
		   struct quality_summary *summary);
/* Of the RTCP that @side sends, as of the last time that the kernel was asked. */
void media_rtcp(const struct media *media, enum side side, int64_t now_ms, struct rtcp_seen *seen);
void media_quality_free(struct media *media);

#endif
