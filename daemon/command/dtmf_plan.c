/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dtmf_plan.c - which payload types are telephone-event, and whether the relay reads them
 *
 * A phone sends the payload types that the other one's SDP names (RFC 3264, section 5.1). Some send
 * those of their own SDP: these count as well, unless they were negotiated as something else.
 */
#include "call/dtmf_news.h"
#include "command/exchange.h"

static bool has(const uint64_t set[2], uint8_t pt)
{
	return set[pt / 64] >> pt % 64 & 1;
}

/* 0 is that of PCMU, and never a telephone-event. Without room the newest is left out. */
static void set_event(uint8_t events[BRIDGE_EVENTS], uint8_t pt, bool event)
{
	uint8_t *room = NULL;

	for (int i = 0; i < BRIDGE_EVENTS; i++) {
		if (events[i] == pt)
			events[i] = 0;
		if (!events[i])
			room = &events[i];
	}
	if (event && room)
		*room = pt;
}

void dtmf_plan_codecs(const struct exchange *ex, const struct sdp_media *m,
		      struct bridge_conf *conf)
{
	for (size_t i = 0; i < m->n_codecs; i++) {
		uint8_t pt = m->codecs[i].pt;
		bool event = str_eq_nocase(m->codecs[i].name, STR("telephone-event"));

		if (pt > 127)
			continue;
		set_event(conf->events[ex->to], pt, event);
		if (event && !has(conf->pts, pt))
			set_event(conf->events[ex->from], pt, true);
	}
}

/* SRTP that passes through cannot be read, and neither can OSRTP under a plain profile. */
static bool is_sealed(const struct exchange *ex, const struct sdp_media *m,
		      const struct bridge_conf *conf)
{
	bool secure = m->transport != SDP_RTP || m->sdes || m->dtls || ex->sdp.dtls;

	return secure && !(conf->side[ex->from].flags & SIDE_SRTP);
}

void dtmf_plan_make(const struct exchange *ex, size_t index)
{
	const struct sdp_media *m = &ex->sdp.media[index];
	struct bridge_conf *conf = &ex->plan[index].conf;
	bool read = conf->kind == BRIDGE_RTP && !is_sealed(ex, m, conf) &&
		    dtmf_is_wanted(ex->call, ex->request->dtmf_place);

	if (!m->port && !ex->request->leg)
		return; /* the media goes on as before, or ends */
	for (int side = 0; side < 2; side++)
		conf->side[side].flags = read ? conf->side[side].flags | SIDE_DTMF
					      : conf->side[side].flags & ~(uint32_t)SIDE_DTMF;
}
