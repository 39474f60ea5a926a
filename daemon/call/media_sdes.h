/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_sdes.h - SDES of a media whose SRTP ends in the relay: lines and keys of both sides
 */
#ifndef RTPRELAY_MEDIA_SDES_H
#define RTPRELAY_MEDIA_SDES_H

#include "srtp/sdes_media.h"

/**
 * struct media_sdes - by side
 * @secure: the side has SRTP
 * @theirs: the lines of its last offer
 * @ours: those that it was offered last
 * @used: the line with our key for what it receives; without keys: none yet
 * @receive, @send: keys in use, from the relay's view; @keyed: there are some
 */
struct media_sdes {
	bool secure[2], keyed[2];
	struct sdes_lines theirs[2], ours[2];
	struct sdes_line used[2];
	struct srtp_master receive[2], send[2];
};

/* A copy of @old; if that is NULL an empty one. NULL: out of memory */
struct media_sdes *media_sdes_copy(const struct media_sdes *old);
/* Wipes the keys. */
void media_sdes_free(struct media_sdes *sdes);

#endif
