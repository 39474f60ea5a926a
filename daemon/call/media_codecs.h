/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * media_codecs.h - which codecs the parties of a media have named, as the lines of their SDP
 *
 * For an SDP that the relay writes itself: that of a subscription. The text of a side is a list of
 * "a=rtpmap:..." and "a=fmtp:..." lines, each with CRLF, the codecs in order of the m= line.
 * Control thread only.
 */
#ifndef RTPRELAY_MEDIA_CODECS_H
#define RTPRELAY_MEDIA_CODECS_H

#include "call/tree.h"
#include "sdp/sdp.h"

/* Codecs that do not fit any more are left out, the least wanted ones. */
#define MEDIA_CODECS_TEXT 1024

/* The text of @m, in memory of MEDIA_CODECS_TEXT bytes. */
struct str media_codecs_text(const struct sdp *sdp, const struct sdp_media *m, char *memory);
/* The codec that begins the text, which then is behind it; false: there is none. */
struct media_codec {
	uint8_t pt;
	struct str name;  /* "PCMU/8000" */
	struct str lines; /* all of it */
};
bool media_codecs_next(struct str *text, struct media_codec *codec);
/**
 * media_codecs_sent() - what the party on @side may send: the codecs, and the payload types, that
 * the other party has named, and of these those that it has, too (RFC 3264, section 7)
 * @text: a text as above, of the whole codecs that fit
 * @pts: gets a bit for each payload type
 */
void media_codecs_sent(const struct media *media, enum side side, struct buf *text,
		       uint64_t pts[2]);

#endif
