/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * audio.h - the WAV files of a recording: G.711 of both sides, caller left, callee right
 *
 * A part is a file of two channels while both sides have the same law, else two files of one. When
 * the law of a side changes, and where time jumps, the next part begins. A phone may change its law
 * with each packet: after RECORD_LAW_CHANGES no part begins for that, and what comes under the
 * other law is converted. Of several medias that send on one side, the first is heard until it has
 * been silent for a second. Other payload types are silence.
 */
#ifndef RTPRELAY_RECORD_AUDIO_H
#define RTPRELAY_RECORD_AUDIO_H

#include "record/part.h"
#include "record/place.h"
#include "record/wav.h"

/* Of both sides of a recording. */
#define RECORD_LAW_CHANGES 16

struct record_audio_side {
	struct record_place place;
	uint8_t media;	     /* that is heard */
	int64_t heard_ns;    /* its last packet; 0: none */
	enum record_law law; /* in this part */
};

/* All zero: not begun. */
struct record_audio {
	struct record_wav *wav[2]; /* one of two channels, or two of one; NULL: none */
	struct record_part part[2];
	struct record_audio_side side[2];
	uint64_t packets[2]; /* by file */
	uint64_t past_bytes; /* of parts that have ended */
	int64_t origin_ns;   /* time of sample 0 */
	int64_t newest_ns;
	int64_t sized_ns;	  /* when the sizes were written */
	unsigned int law_changes; /* parts that have begun for them */
	bool can_convert;	  /* @convert: for each byte under the law RECORD_LAW_MU + index */
	uint8_t convert[2][256];
};

/* Begins the first part, of two channels. Return: 0; -errno */
int record_audio_begin(struct record_audio *audio, struct record_dir *dir, struct sidecar *sidecar,
		       int64_t now_ns);
/* Return: 0, also for what is no G.711; -errno: the disk */
int record_audio_put(struct record_audio *audio, struct record_dir *dir, struct sidecar *sidecar,
		     const struct record_packet *packet);
/* Each second. Return: 0; -errno */
int record_audio_tick(struct record_audio *audio, struct record_dir *dir, struct sidecar *sidecar,
		      int64_t now_ns);
/* Finishes the part; what was written before an error stays. Return: 0; -errno */
int record_audio_end(struct record_audio *audio, struct record_dir *dir, bool sync, int64_t now_ns,
		     const char *why);
/* Bytes of all its files */
uint64_t record_audio_bytes(const struct record_audio *audio);

#endif
