/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_bundle.h - medias of a dialog at one port on a side (BUNDLE, RFC 9143)
 *
 * The media whose port they use has the agent of ICE, the handshake and the keys of that side, even
 * if its own m= line is refused. Control thread only.
 */
#ifndef RTPRELAY_MEDIA_BUNDLE_H
#define RTPRELAY_MEDIA_BUNDLE_H

#include "call/tree.h"
#include "packet/bundle.h"

/**
 * struct media_bundle_side
 * @group: number of the group that the side has offered, or was offered; 0: none
 * @carrier: number of the m= line, from 1, whose port is used; 0: the media's own is
 * @mid_id: number of the header extension with a=mid, as the side sends it; 0: none
 * @strip: the other side has no header extensions: only the relay has agreed to this one
 * @ssrc: the first @n_ssrc: a=ssrc
 */
struct media_bundle_side {
	uint8_t group, carrier, mid_id, n_ssrc;
	bool strip;
	uint32_t ssrc[BUNDLE_SIGNALLED];
};

/* @mid: of both sides; ends with NUL. @told: the media thread has a bundle for the port */
struct media_bundle {
	struct media_bundle_side side[2];
	bool told[2];
	char mid[BUNDLE_MID + 1];
};

/* The media whose port @media uses on @side: another one, or itself. */
struct media *media_carrier(const struct media *media, enum side side);
/* Does another media have its port on that side? */
static inline bool media_is_carried(const struct media *media, enum side side)
{
	return media_carrier(media, side) != media;
}
/* Does the media thread tell its packets from those of others, on one of the sides? */
bool media_is_told_apart(const struct media *media);

/*
 * Tells the media thread who is at whose port. Where all medias of a group are so on both sides,
 * and the keys are the phones' own, packets pass as they are, by the medias that carry. Without
 * memory what it was told before stays.
 */
void media_bundle_tell(struct dialog *dialog);

#endif
