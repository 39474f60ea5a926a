/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssrcs.h - the SSRCs that a source has used before its present one, and how fast it sends
 *
 * A phone sends more than one SSRC: retransmissions (RFC 4588), a gateway's announcements. If its
 * NAT changes the port, the next packet has any of them. Only SSRCs of admitted packets are kept.
 * Touched when the SSRC changes, at the tick of each second, and by reports of the kernel.
 */
#ifndef RTPRELAY_SSRCS_H
#define RTPRELAY_SSRCS_H

#include <stdbool.h>
#include <stdint.h>

/* Besides the present one. */
#define SSRCS_EARLIER 3

/*
 * How far the sequence numbers may be ahead after a silence: by what was sent in that time at the
 * highest rate that was measured, with some room.
 */
#define SSRC_JUMP_MIN 100
#define SSRC_JUMP_MAX 16000
/* Packets a second: at least; and before it was measured. RTP every 20 ms; video. */
#define SSRC_RATE_MIN	  50
#define SSRC_RATE_UNKNOWN 2000

/**
 * struct ssrc - one that was admitted
 * @seq: of its last packet, if @seq_known
 * @heard_ms: when that was
 */
struct ssrc {
	uint32_t ssrc;
	uint16_t seq;
	bool seq_known;
	int64_t heard_ms;
};

/**
 * struct ssrcs - of one source; all zero: none
 * @earlier: the first @n are set, the newest first
 * @rate: highest number of packets a second that was measured; 0: not yet
 * @mark: packet at which measuring begins; heard_ms 0: none
 */
struct ssrcs {
	struct ssrc earlier[SSRCS_EARLIER];
	struct ssrc mark;
	uint16_t rate;
	uint8_t n;
};

/* @next is the present one from now on, @old is not: @old is kept, the oldest is forgotten. */
void ssrcs_change(struct ssrcs *ssrcs, const struct ssrc *old, uint32_t next);
/* NULL: not one of the earlier ones. */
const struct ssrc *ssrcs_find(const struct ssrcs *ssrcs, uint32_t ssrc);
/* Packets have passed unseen: the sequence numbers of earlier SSRCs have gone on. */
void ssrcs_lose_track(struct ssrcs *ssrcs);
/* Measures the rate, by the last packet of the present SSRC. For about once a second. */
void ssrcs_measure(struct ssrcs *ssrcs, const struct ssrc *now);
void ssrcs_set_rate(struct ssrcs *ssrcs, uint32_t rate);
/* Does a packet with this number, after a silence, continue the sequence of @last? */
bool ssrcs_goes_on(const struct ssrcs *ssrcs, const struct ssrc *last, uint16_t seq,
		   int64_t now_ms);

#endif
