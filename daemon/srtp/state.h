/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - struct srtp as bytes: for the journal, for a module, for a standby
 *
 * Plain members of fixed size without gaps, in the machine's byte order; what is not used is zero,
 * so that equal states are equal bytes. Holds the master key: 0600, never in a log. Session keys
 * are derived again.
 */
#ifndef RTPRELAY_SRTP_STATE_H
#define RTPRELAY_SRTP_STATE_H

#include "srtp/context.h"

#define SRTP_STATE_VERSION 1

/**
 * struct srtp_state_source - an SSRC
 * @rtp_top: the highest index, 48 bits: rollover counter and sequence number
 * @rtp_used: bit n of the first: the index @rtp_top - n was used; of the second: @rtp_top - 64 - n.
 *	Both 0: none under this key
 * @rtcp_top, @rtcp_used: the same of SRTCP's indexes, 31 bits; when receiving
 * @silent_ms: since its last packet
 */
struct srtp_state_source {
	uint32_t ssrc;
	uint32_t rtcp_top;
	uint64_t rtp_top;
	uint64_t rtp_used[2];
	uint64_t rtcp_used[2];
	uint64_t silent_ms;
};

/**
 * struct srtp_state - one direction under a master key
 * @version: SRTP_STATE_VERSION
 * @suite: enum srtp_suite_id; @direction: enum srtp_direction
 * @sources: so many of @source are used
 * @rtcp_sent: the index of the last SRTCP packet that was sent; 0: none
 * @replaced: filter of the SSRCs that may not begin again
 */
struct srtp_state {
	uint8_t version;
	uint8_t suite;
	uint8_t direction;
	uint8_t sources;
	uint32_t rtcp_sent;
	uint8_t key[SRTP_KEY_MAX];
	uint8_t salt[SRTP_SALT_MAX];
	uint8_t mki_len;
	uint8_t zero;
	uint8_t mki[SRTP_MKI_MAX];
	uint64_t replaced[SRTP_REPLACED_WORDS];
	struct srtp_state_source source[SRTP_SSRCS];
};

/* How old a state is. */
enum srtp_state_age {
	/* Nothing was sealed or opened with this key since: a hand-over. */
	SRTP_STATE_EXACT,
	/*
	 * Packets may have followed, less than half of a rollover for each SSRC: a restart. None of
	 * the indexes up to the highest is used again, and SRTCP's begin SRTP_STATE_SKIP further.
	 */
	SRTP_STATE_STALE,
};

void srtp_export(const struct srtp *srtp, int64_t now_ms, struct srtp_state *state);
/**
 * srtp_import() - an srtp as @state says
 * @srtp: gets it; the caller's, until srtp_free()
 * Return: 0; -EINVAL, no state that srtp_export() makes; -ENOMEM
 */
int srtp_import(const struct srtp_state *state, enum srtp_state_age age, int64_t now_ms,
		struct srtp **srtp);

#endif
