/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wav.h - one WAV file of G.711, of one or two channels, that is filled out of order
 *
 * The last second and a half is in memory, full of silence at first; samples are written to the
 * file when record_wav_advance() passes them, which is called each second. RIFF with "fmt " of 18
 * bytes, "fact" and "data" (tags 6 and 7 of RFC 2361); all sizes are written again by
 * record_wav_sizes(), and the length of the file says where it ends in any case.
 */
#ifndef RTPRELAY_RECORD_WAV_H
#define RTPRELAY_RECORD_WAV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum record_law { RECORD_LAW_NONE, RECORD_LAW_MU, RECORD_LAW_A };

#define RECORD_WAV_HEADER 58
/* Frames (a sample of each channel) in memory: a second, and what comes early or late. */
#define RECORD_WAV_WINDOW 12000

struct record_wav {
	int fd; /* owned by the caller */
	enum record_law law;
	uint8_t channels;
	int64_t begin;	  /* sample of the recording that frame 0 is */
	uint64_t written; /* frames in the file */
	uint64_t used;	  /* frames behind the last one with sound */
	int error;	  /* -errno; then nothing is written any more */
	uint8_t window[RECORD_WAV_WINDOW * 2];
};

/* @out: RECORD_WAV_HEADER bytes */
void record_wav_header(uint8_t *out, enum record_law law, unsigned int channels, uint64_t frames);

/* Writes a header to the empty file @fd. Return: 0; -errno */
int record_wav_begin(struct record_wav *wav, int fd, enum record_law law, unsigned int channels,
		     int64_t begin);
/*
 * @sample: of the recording, of the first of @len bytes. What is before the window is dropped; what
 * is behind it moves the window.
 */
void record_wav_put(struct record_wav *wav, unsigned int channel, int64_t sample,
		    const uint8_t *bytes, size_t len);
/* All samples before @sample are final. Return: 0; -errno */
int record_wav_advance(struct record_wav *wav, int64_t sample);
/* Writes the sizes into the header. Return: 0; -errno */
int record_wav_sizes(struct record_wav *wav);
/* Writes what has sound, and the sizes; an odd length is padded. Return: 0; -errno */
int record_wav_end(struct record_wav *wav);

/* Header and padding of a file that a crash has left. @size: gets its size. Return: 0; -errno */
int record_wav_repair(int fd, uint64_t *size);

#endif
