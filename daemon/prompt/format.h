/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * format.h - the codecs that prompts may have, and the files that hold them
 *
 * Nothing is decoded: a file holds the bytes of packets, one frame after the other, without a
 * header; the end of its name is the static payload type (RFC 3551): hello.0, hello.9. A WAV file
 * of G.711 is read as well. Pure: no I/O.
 */
#ifndef RTPRELAY_PROMPT_FORMAT_H
#define RTPRELAY_PROMPT_FORMAT_H

#include "base/str.h"

enum prompt_format {
	PROMPT_PCMU,
	PROMPT_GSM,
	PROMPT_G723,
	PROMPT_PCMA,
	PROMPT_G722,
	PROMPT_G729,
	PROMPT_FORMATS
};

/* The clock of all of them in RTP, also of G.722 (RFC 3551, 4.5.2). Hz */
#define PROMPT_CLOCK 8000

/**
 * struct prompt_codec - a codec
 * @name: in a=rtpmap
 * @pt: its static payload type, and the end of a file's name
 * @unit_bytes: of the smallest part that can be sent; of G.711 and G.722 a sample of 125 us
 * @unit_ticks: its duration, by PROMPT_CLOCK
 */
struct prompt_codec {
	struct str name;
	uint8_t pt;
	uint8_t unit_bytes;
	uint16_t unit_ticks;
};

extern const struct prompt_codec prompt_codecs[PROMPT_FORMATS];

/* By the name in a=rtpmap, in any case of letters; by the static payload type. -1: none of them */
int prompt_format_named(struct str name);
int prompt_format_of(unsigned int pt);

/* Duration of @bytes in milliseconds; what is left of a frame does not count. */
uint64_t prompt_ms(enum prompt_format format, size_t bytes);
/* Bytes that last @ms milliseconds: whole units, rounded up. */
size_t prompt_bytes(enum prompt_format format, uint64_t ms);

#define PROMPT_NAME_MAX 200

/* Why a name is refused, static text: NULL: it names a file in the directory itself. */
const char *prompt_name_error(struct str name);

/**
 * prompt_name_parts() - "hello.8" to "hello" and PROMPT_PCMA
 * @format: -1: the name has no end that says so, and is all of @base; or it ends in .wav
 * @wav: it ends in ".wav", in any case of letters, which is not in @base
 */
void prompt_name_parts(struct str name, struct str *base, int *format, bool *wav);

/**
 * prompt_wav_read() - finds the audio of a WAV file
 * @at, @len: get its place in @bytes
 * Return: PROMPT_PCMU or PROMPT_PCMA; -1: it is not a WAV file, or not of G.711, 8,000 Hz, one
 *	   channel
 */
int prompt_wav_read(const uint8_t *bytes, size_t size, size_t *at, size_t *len);

#endif
