/* SPDX-License-Identifier: GPL-2.0-or-later */
/* facts.h - what a recording is told: its packets, medias and losses, and what it is of */
#ifndef RTPRELAY_RECORD_FACTS_H
#define RTPRELAY_RECORD_FACTS_H

#include "base/endpoint.h"

/* Medias that one recording tells apart; packets of others are written, but only counted in sum. */
#define RECORD_MEDIAS 32
/* Parties, SDPs and pauses that a sidecar lists; what comes later is only counted. */
#define RECORD_PARTIES 32
#define RECORD_SDPS    64
#define RECORD_PAUSES  256
/* Bytes of all SDPs, and of a codec's name: a phone chooses both, and the sidecar is written again
 * with each change. */
#define RECORD_SDP_BYTES   (256 * 1024)
#define RECORD_CODEC_BYTES 128

/* One datagram, after SRTP was removed (received) or before it is applied (sent). */
struct record_packet {
	int64_t time_ns;	  /* CLOCK_REALTIME */
	struct endpoint from, to; /* as on the wire: a phone's latched address, the relay's */
	uint8_t media;		  /* number that the caller gave the media: 0..RECORD_MEDIAS-1 */
	uint8_t side;		  /* who has sent it: 0 caller (left), 1 callee (right) */
	bool rtcp;
	bool sent;	  /* as the relay has sent it; else as it was received */
	bool encrypted;	  /* SRTP that passes through: no key is known here */
	const void *data; /* the datagram's payload */
	size_t len;	  /* at most 65507; a longer one is cut */
};

/* What a recording is of. Texts are copied. */
struct record_file_about {
	struct str call_id;
	const char *name;    /* of record_name_make() or record_name_chosen() */
	uint64_t id;	     /* random; unique among all recordings of the directory */
	bool resume;	     /* @id is of a former run: go on with a new part, if it is found */
	uint64_t fresh_id;   /* with @resume: of the new recording, if it is not found */
	struct str metadata; /* of the call; may be empty */
	int64_t now_ns;
};

/* Why packets are missing. */
enum record_loss {
	RECORD_LOST_RING,   /* the ring of a media thread was full */
	RECORD_LOST_KERNEL, /* the ring of rtprelay0 was full */
	RECORD_LOST_DISK,   /* the disk was full, or had an error */
	RECORD_LOSSES,
};

struct record_media {
	uint8_t media;		     /* number, as in struct record_packet */
	uint8_t index;		     /* of the m= line, from 0 */
	struct str type;	     /* "audio", "video", ...; may be empty */
	struct str tag[2];	     /* of the parties, by side */
	struct endpoint local[2][2]; /* [side][rtcp]: the relay's, toward that side; may be unset */
	struct endpoint remote[2][2]; /* [side][rtcp]: the phone's; may be unset */
};

#endif
