/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtcp.c - seals and opens RTCP packets: their index is explicit (RFC 3711, 3.4)
 */
#include "rtp_wire.h"
#include "srtp/context.h"

static bool is_rtcp(const struct srtp_packet *packet)
{
	return packet->len >= SRTCP_CLEAR && packet->data[0] >> 6 == 2;
}

static struct srtp_place place_of(const struct srtp_packet *packet, uint32_t index)
{
	return (struct srtp_place){ packet->data, packet->len, SRTCP_CLEAR,
				    rtp_wire_u32(packet->data + 4), index };
}

static enum srtp_verdict protect(struct srtp *srtp, struct srtp_packet *packet)
{
	struct srtp_place place;

	if (!is_rtcp(packet) ||
	    packet->size < packet->len + srtcp_trailer(srtp->master.suite, &srtp->master.mki))
		return SRTP_MALFORMED;
	if (srtp->rtcp_sent >= SRTCP_INDEX_MAX)
		return SRTP_ENDED;
	place = place_of(packet, ++srtp->rtcp_sent);
	if (srtp->rtcp_sent - srtp->rtcp_stored >= SRTCP_DUE)
		srtp->due = true;
	packet->len = srtcp_seal(&srtp->rtcp, &srtp->master.mki, &place);
	return SRTP_OK;
}

enum srtp_verdict rtcp_protect(struct srtp *srtp, struct srtp_packet *packet, int64_t now_ms)
{
	(void)now_ms;
	return srtp_count(srtp, protect(srtp, packet));
}

static enum srtp_verdict unprotect(struct srtp *srtp, struct srtp_packet *packet, int64_t now_ms)
{
	const struct srtp_mki *mki = &srtp->master.mki;
	size_t trailer = srtcp_trailer(srtp->master.suite, mki);
	struct srtp_source fresh = { 0 }, *source, *free_place = NULL;
	struct srtp_place place;
	uint32_t index;

	if (!is_rtcp(packet) || packet->len - SRTCP_CLEAR < trailer)
		return SRTP_MALFORMED;
	if (!srtp_mki_fits(srtp->master.suite, mki, true, packet->data, packet->len))
		return SRTP_FORGED;
	index = srtcp_word(srtp->master.suite, mki, packet->data, packet->len) & SRTCP_INDEX_MAX;
	place = place_of(packet, index);
	source = srtp_source_find(srtp, place.ssrc);
	if (!source) {
		free_place = srtp_source_place(srtp, place.ssrc, now_ms);
		if (!free_place)
			return SRTP_CROWDED;
		fresh.ssrc = place.ssrc;
		source = &fresh;
	}
	if (srtp_window_place(&source->rtcp, index) != SRTP_WINDOW_FREE)
		return SRTP_REPLAYED;
	if (!srtcp_open(&srtp->rtcp, mki, &place))
		return SRTP_FORGED;
	srtp_window_mark(&source->rtcp, index);
	source->used_ms = now_ms;
	if (free_place)
		srtp_source_take(srtp, free_place, source);
	packet->len -= trailer;
	return SRTP_OK;
}

enum srtp_verdict rtcp_unprotect(struct srtp *srtp, struct srtp_packet *packet, int64_t now_ms)
{
	return srtp_count(srtp, unprotect(srtp, packet, now_ms));
}
