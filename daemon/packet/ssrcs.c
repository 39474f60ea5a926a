/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssrcs.c - the SSRCs that a source has used before its present one, and how fast it sends
 */
#include <string.h>
#include "packet/ssrcs.h"
#include "rtp_wire.h"

/* A rate is measured over this time at least. */
#define SPAN_MIN_MS 500

void ssrcs_change(struct ssrcs *ssrcs, const struct ssrc *old, uint32_t next)
{
	uint8_t at = 0; /* what is before it moves back by one: over @next, or over the oldest */

	while (at < ssrcs->n && ssrcs->earlier[at].ssrc != next)
		at++;
	if (at == ssrcs->n && ssrcs->n < SSRCS_EARLIER)
		ssrcs->n++;
	if (at == SSRCS_EARLIER)
		at--;
	memmove(ssrcs->earlier + 1, ssrcs->earlier, at * sizeof(*old));
	ssrcs->earlier[0] = *old;
}

const struct ssrc *ssrcs_find(const struct ssrcs *ssrcs, uint32_t ssrc)
{
	for (uint8_t i = 0; i < ssrcs->n; i++)
		if (ssrcs->earlier[i].ssrc == ssrc)
			return &ssrcs->earlier[i];
	return NULL;
}

void ssrcs_lose_track(struct ssrcs *ssrcs)
{
	for (uint8_t i = 0; i < ssrcs->n; i++)
		ssrcs->earlier[i].seq_known = false;
}

void ssrcs_set_rate(struct ssrcs *ssrcs, uint32_t rate)
{
	if (rate > UINT16_MAX)
		rate = UINT16_MAX;
	if (rate > ssrcs->rate)
		ssrcs->rate = (uint16_t)rate;
}

void ssrcs_measure(struct ssrcs *ssrcs, const struct ssrc *now)
{
	const struct ssrc *mark = &ssrcs->mark;
	uint16_t packets = (uint16_t)(now->seq - mark->seq);
	int64_t span_ms = now->heard_ms - mark->heard_ms;

	if (!now->seq_known)
		return;
	if (mark->heard_ms && mark->ssrc == now->ssrc) {
		if (span_ms < SPAN_MIN_MS)
			return;
		if (packets <= INT16_MAX) /* else the last packet was a late one */
			ssrcs_set_rate(ssrcs, (uint32_t)(packets * INT64_C(1000) / span_ms));
	}
	ssrcs->mark = *now;
}

bool ssrcs_goes_on(const struct ssrcs *ssrcs, const struct ssrc *last, uint16_t seq, int64_t now_ms)
{
	uint16_t ahead = (uint16_t)(seq - last->seq);
	int64_t rate = ssrcs->rate ? ssrcs->rate : SSRC_RATE_UNKNOWN;
	int64_t jump;

	if (!last->seq_known)
		return true;
	if (rate < SSRC_RATE_MIN)
		rate = SSRC_RATE_MIN;
	jump = (now_ms - last->heard_ms) * rate * 3 / 2000 + SSRC_JUMP_MIN;
	if (jump > SSRC_JUMP_MAX)
		jump = SSRC_JUMP_MAX;
	return ahead <= jump || ahead > UINT16_MAX - RTP_MAX_MISORDER;
}
