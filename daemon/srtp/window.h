/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * window.h - which packet indexes were used: the replay window, and the index of a sequence number
 *
 * The index of an SRTP packet has 48 bits: rollover counter (ROC) and sequence number (RFC 3711,
 * 3.3.1). That of an SRTCP packet has 31 and is in the packet. Pure arithmetic.
 */
#ifndef RTPRELAY_SRTP_WINDOW_H
#define RTPRELAY_SRTP_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define SRTP_WINDOW	128		  /* indexes; at least 64 (RFC 3711, 3.3.2) */
#define SRTP_INDEX_MAX	0xffffffffffffULL /* of SRTP */
#define SRTCP_INDEX_MAX 0x7fffffffU

/**
 * struct srtp_window - the highest index, and which of the last SRTP_WINDOW were used
 * @top: the highest
 * @used: bit n of used[0]: @top - n; of used[1]: @top - 64 - n. Both 0: none was used yet; @top
 *	may be known nevertheless, from an earlier key
 */
struct srtp_window {
	uint64_t top;
	uint64_t used[2];
};

enum srtp_window_place { SRTP_WINDOW_FREE, SRTP_WINDOW_USED, SRTP_WINDOW_OLD };

static inline bool srtp_window_started(const struct srtp_window *window)
{
	return window->used[0] & 1;
}

/* OLD: below the window, so that nobody knows whether it was used. */
enum srtp_window_place srtp_window_place(const struct srtp_window *window, uint64_t index);
/* @index is FREE */
void srtp_window_mark(struct srtp_window *window, uint64_t index);

/**
 * srtp_guess_index() - the index with the sequence number @seq that is closest to @top
 * Never below 0: there is no ROC before the first. May be above SRTP_INDEX_MAX.
 */
uint64_t srtp_guess_index(uint64_t top, uint16_t seq);

#endif
