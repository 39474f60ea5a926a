/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_sdes.h - SDES of a media whose SRTP ends in the relay: lines and keys of both sides
 *
 * Kept as text, since a line takes 100 bytes so, and a struct sdes_line three times as many.
 * Control thread only.
 */
#ifndef RTPRELAY_MEDIA_SDES_H
#define RTPRELAY_MEDIA_SDES_H

#include "packet/side.h"
#include "srtp/sdes_media.h"

struct bridge;

/**
 * enum sdes_kind - a=crypto lines of a side, as sdes_lines_write() writes them
 * @SDES_THEIRS: of its last offer
 * @SDES_OURS: those that it was offered last
 * @SDES_HEARD: one, with the key in use for what comes from it; empty: no keys yet
 * @SDES_SENT: one, with the key in use for what it is sent; empty: none
 */
enum sdes_kind { SDES_THEIRS, SDES_OURS, SDES_HEARD, SDES_SENT, SDES_KINDS };

/**
 * struct media_sdes
 * @secure: the side has SRTP
 * @dtls: if so, a handshake of DTLS gives its keys (call/media_dtls.h), and no lines do
 * @optional: the side has it under a plain profile, or was offered it so (OSRTP, RFC 8643): the
 *	answer decides
 * @told_replaced, @told_restarts: of struct srtp_indexes, as counted last
 * @text: owned, by side; of the lines of one kind
 */
struct media_sdes {
	bool secure[2], optional[2], dtls[2];
	uint32_t told_replaced[2][2], told_restarts[2];
	struct str text[2][SDES_KINDS];
};

/* A copy of @old; if that is NULL an empty one. NULL: out of memory */
struct media_sdes *media_sdes_copy(const struct media_sdes *old);
/* Wipes the keys. Takes NULL. */
void media_sdes_free(struct media_sdes *sdes);

/* The lines of one kind; the caller wipes them. */
void media_sdes_get(const struct media_sdes *sdes, enum side side, enum sdes_kind kind,
		    struct sdes_lines *lines);
/* Replaces them. 0; -ENOMEM, those of before stay */
int media_sdes_set(struct media_sdes *sdes, enum side side, enum sdes_kind kind,
		   const struct sdes_lines *lines);
/* Replaces them by text that sdes_lines_read() reads. 0; -ENOMEM */
int media_sdes_set_text(struct media_sdes *sdes, enum side side, enum sdes_kind kind,
			struct str text);

/* Of the key in use for what the side is sent; NULL: there is none. */
const struct srtp_suite *media_sdes_suite(const struct media_sdes *sdes, enum side side);
/* Does SRTP end in the relay? Takes NULL. */
static inline bool media_sdes_ends(const struct media_sdes *sdes)
{
	return sdes && (sdes->secure[SIDE_A] || sdes->secure[SIDE_B]);
}

/**
 * media_sdes_resume() - after a restart: gives the bridge the keys in use, with their indexes
 * @indexes: [side][enum srtp_direction]; all zero: none were used
 * Return: 0; -EBADMSG, no such indexes; -ENOMEM
 */
int media_sdes_resume(const struct media_sdes *sdes, struct bridge *bridge,
		      const struct srtp_indexes indexes[2][2], int64_t now_ms);

#endif
