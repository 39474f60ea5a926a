/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_sound.c - where a WAV file of two channels has the packets of phones, to the sample
 *
 *   record_sound FILE.wav
 *
 * The phones' packets carry marks (rtp_mark.h) in their audio. Prints a line for each channel:
 *   channel=1 who=256 packets=250 first=0 next=300 begin=480 moved=0 noise=0 tone=440 zero_ms=81234
 * @first, @next: count of the first packet, and of the last one + 1; @begin: sample of the first;
 * @moved: packets that are elsewhere than their count says; @noise: samples between packets that
 * are not silence; @tone: of the last packets; @zero_ms: time of sample 0 by the sender's clock,
 * as half of the packets have it or a later one. The last line: frames=48000, of the file.
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rtp_mark.h"
#include "tone.h"

#define CHANNELS   2
#define MU_LAW	   7
#define SILENCE	   0xff
#define MS_SAMPLES (TONE_RATE / 1000)

struct sound {
	uint8_t *bytes; /* of both channels, in turns */
	size_t frames;
};

struct heard {
	uint32_t who, first, next;
	unsigned int packets, moved, noise;
	size_t begin;
	int64_t *zero_ms; /* by packet */
	struct tone_ear ear;
};

static uint32_t little(const uint8_t *at, size_t bytes)
{
	uint32_t value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];
	return value;
}

static uint32_t big(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The whole file, with a NUL behind it. */
static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	uint8_t *bytes;
	long end;

	if (!file || fseek(file, 0, SEEK_END) || (end = ftell(file)) < 12)
		err(1, "%s", path);
	*size = (size_t)end;
	bytes = calloc(1, *size + 1);
	rewind(file);
	if (!bytes || fread(bytes, 1, *size, file) != *size)
		err(1, "%s", path);
	fclose(file);
	return bytes;
}

static struct sound read_wav(const char *path)
{
	size_t size, len;
	uint8_t *bytes = read_file(path, &size), *at;
	bool fits = false;

	if (memcmp(bytes, "RIFF", 4) || memcmp(bytes + 8, "WAVE", 4) ||
	    little(bytes + 4, 4) != size - 8)
		errx(1, "%s: not a WAV file of its size", path);
	for (at = bytes + 12; at + 8 <= bytes + size; at += 8 + len + (len & 1)) {
		len = little(at + 4, 4);
		if (len > (size_t)(bytes + size - at) - 8)
			errx(1, "%s: a chunk is longer than the file", path);
		if (!memcmp(at, "fmt ", 4) && len >= 16)
			fits = little(at + 8, 2) == MU_LAW && little(at + 10, 2) == CHANNELS &&
			       little(at + 12, 4) == TONE_RATE;
		if (!memcmp(at, "data", 4) && fits)
			return (struct sound){ at + 8, len / CHANNELS };
	}
	errx(1, "%s: no mu-law of two channels at %d Hz", path, TONE_RATE);
}

/* The packet that begins at frame @at, if one does; @payload gets its audio. */
static bool mark_at(const struct sound *sound, size_t channel, size_t at,
		    uint8_t payload[RTP_FRAME], struct rtp_mark *mark)
{
	static const uint8_t magic[4] = { 'M', 'a', 'r', 'k' };

	for (size_t i = 0; i < RTP_FRAME; i++)
		payload[i] = sound->bytes[(at + i) * CHANNELS + channel];
	if (memcmp(payload + RTP_FRAME - RTP_MARK, magic, sizeof(magic)) != 0)
		return false;
	*mark = (struct rtp_mark){ big(payload + RTP_FRAME - RTP_MARK + 4),
				   big(payload + RTP_FRAME - RTP_MARK + 8),
				   big(payload + RTP_FRAME - RTP_MARK + 12) };
	return true;
}

static void hear(struct heard *heard, size_t at, const uint8_t *payload,
		 const struct rtp_mark *mark)
{
	if (!heard->packets) {
		heard->who = mark->who;
		heard->first = mark->count;
		heard->begin = at;
	}
	if (mark->who != heard->who)
		errx(1, "a packet of %u among those of %u", mark->who, heard->who);
	heard->moved += at - heard->begin != (size_t)(mark->count - heard->first) * RTP_FRAME;
	heard->next = mark->count + 1;
	heard->zero_ms[heard->packets++] = mark->sent_ms - (int64_t)(at / MS_SAMPLES);
	tone_hear(&heard->ear, mark->count, payload, RTP_FRAME - RTP_MARK);
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void listen_to(const struct sound *sound, size_t channel)
{
	struct heard heard = { .zero_ms = calloc(sound->frames / RTP_FRAME + 1, sizeof(int64_t)) };
	uint8_t payload[RTP_FRAME];
	struct rtp_mark mark;
	size_t at = 0;

	if (!heard.zero_ms)
		err(1, "memory");
	while (at < sound->frames) {
		if (at + RTP_FRAME <= sound->frames &&
		    mark_at(sound, channel, at, payload, &mark)) {
			hear(&heard, at, payload, &mark);
			at += RTP_FRAME;
		} else {
			heard.noise += sound->bytes[at++ * CHANNELS + channel] != SILENCE;
		}
	}
	qsort(heard.zero_ms, heard.packets, sizeof(int64_t), compare);
	printf("channel=%zu who=%u packets=%u first=%u next=%u begin=%zu moved=%u noise=%u tone=%u "
	       "zero_ms=%lld\n",
	       channel + 1, heard.who, heard.packets, heard.first, heard.next, heard.begin,
	       heard.moved, heard.noise, tone_name(&heard.ear),
	       (long long)heard.zero_ms[heard.packets / 2]);
	free(heard.zero_ms);
}

int main(int argc, char *argv[])
{
	struct sound sound;

	if (argc != 2)
		errx(2, "usage: record_sound FILE.wav");
	sound = read_wav(argv[1]);
	for (size_t channel = 0; channel < CHANNELS; channel++)
		listen_to(&sound, channel);
	printf("frames=%zu\n", sound.frames);
	return 0;
}
