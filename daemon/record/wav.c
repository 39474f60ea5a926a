/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wav.c - one WAV file of G.711, of one or two channels, that is filled out of order */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "record/place.h"
#include "record/wav.h"

#define TAG_A_LAW  6
#define TAG_MU_LAW 7
#define SIZE_AT	   54 /* of "data" in the header */

static void put16(uint8_t *to, unsigned int value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *to, uint64_t value)
{
	uint32_t cut = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;

	put16(to, cut & 0xffff);
	put16(to + 2, cut >> 16);
}

void record_wav_header(uint8_t *out, enum record_law law, unsigned int channels, uint64_t frames)
{
	uint64_t bytes = frames * channels;

	memcpy(out, "RIFF", 4);
	put32(out + 4, RECORD_WAV_HEADER - 8 + bytes + (bytes & 1));
	memcpy(out + 8, "WAVEfmt ", 8);
	put32(out + 16, 18);
	put16(out + 20, law == RECORD_LAW_A ? TAG_A_LAW : TAG_MU_LAW);
	put16(out + 22, channels);
	put32(out + 24, RECORD_RATE);
	put32(out + 28, (uint64_t)RECORD_RATE * channels);
	put16(out + 32, channels); /* bytes of a frame */
	put16(out + 34, 8);	   /* bits of a sample */
	put16(out + 36, 0);	   /* no extension */
	memcpy(out + 38, "fact", 4);
	put32(out + 42, 4);
	put32(out + 46, frames);
	memcpy(out + 50, "data", 4);
	put32(out + SIZE_AT, bytes);
}

static int write_at(int fd, const uint8_t *bytes, size_t len, uint64_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, bytes, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENOSPC;
		bytes += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int silence(enum record_law law)
{
	return law == RECORD_LAW_A ? 0xd5 : 0xff;
}

int record_wav_sizes(struct record_wav *wav)
{
	uint8_t header[RECORD_WAV_HEADER];

	if (wav->error)
		return wav->error;
	record_wav_header(header, wav->law, wav->channels, wav->written);
	wav->error = write_at(wav->fd, header, sizeof(header), 0);
	return wav->error;
}

int record_wav_begin(struct record_wav *wav, int fd, enum record_law law, unsigned int channels,
		     int64_t begin)
{
	wav->fd = fd;
	wav->law = law;
	wav->channels = (uint8_t)channels;
	wav->begin = begin;
	wav->written = wav->used = 0;
	wav->error = 0;
	memset(wav->window, silence(law), sizeof(wav->window));
	return record_wav_sizes(wav);
}

/* Writes the first @frames of the window, which then begins behind them. */
static void shift(struct record_wav *wav, size_t frames)
{
	size_t bytes = frames * wav->channels, all = (size_t)RECORD_WAV_WINDOW * wav->channels;

	if (!wav->error)
		wav->error = write_at(wav->fd, wav->window, bytes,
				      RECORD_WAV_HEADER + wav->written * wav->channels);
	memmove(wav->window, wav->window + bytes, all - bytes);
	memset(wav->window + all - bytes, silence(wav->law), bytes);
	wav->written += frames;
}

int record_wav_advance(struct record_wav *wav, int64_t sample)
{
	int64_t left = sample - wav->begin - (int64_t)wav->written;

	while (left > 0 && !wav->error) {
		size_t part = left < RECORD_WAV_WINDOW ? (size_t)left : RECORD_WAV_WINDOW;

		shift(wav, part);
		left -= (int64_t)part;
	}
	return wav->error;
}

void record_wav_put(struct record_wav *wav, unsigned int channel, int64_t sample,
		    const uint8_t *bytes, size_t len)
{
	int64_t first = wav->begin + (int64_t)wav->written;

	if (sample < first) {
		uint64_t early = (uint64_t)(first - sample);

		if (early >= len)
			return;
		bytes += early;
		len -= early;
		sample = first;
	}
	if (len > RECORD_WAV_WINDOW)
		len = RECORD_WAV_WINDOW;
	record_wav_advance(wav, sample + (int64_t)len - RECORD_WAV_WINDOW);
	first = wav->begin + (int64_t)wav->written;
	for (size_t i = 0; i < len; i++)
		wav->window[((size_t)(sample - first) + i) * wav->channels + channel] = bytes[i];
	if (wav->used < (uint64_t)(sample - wav->begin) + len)
		wav->used = (uint64_t)(sample - wav->begin) + len;
}

int record_wav_end(struct record_wav *wav)
{
	uint64_t bytes;

	record_wav_advance(wav, wav->begin + (int64_t)wav->used);
	bytes = wav->written * wav->channels;
	if (!wav->error && (bytes & 1))
		wav->error = write_at(wav->fd, (const uint8_t *)"", 1, RECORD_WAV_HEADER + bytes);
	return record_wav_sizes(wav);
}

/* Reads the header as record_wav_header() has written it. */
static bool read_header(int fd, enum record_law *law, unsigned int *channels)
{
	uint8_t header[RECORD_WAV_HEADER], want[RECORD_WAV_HEADER];

	if (pread(fd, header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return false;
	*law = header[20] == TAG_A_LAW ? RECORD_LAW_A : RECORD_LAW_MU;
	*channels = header[22];
	if (*channels != 1 && *channels != 2)
		return false;
	record_wav_header(want, *law, *channels, 0);
	/* All but the sizes, which are of an earlier time. */
	return !memcmp(header + 8, want + 8, 46 - 8) && !memcmp(header + 50, want + 50, 4) &&
	       !memcmp(header, want, 4);
}

int record_wav_repair(int fd, uint64_t *size)
{
	uint8_t header[RECORD_WAV_HEADER];
	unsigned int channels;
	enum record_law law;
	struct stat found;
	uint64_t bytes;

	if (fstat(fd, &found))
		return -errno;
	*size = (uint64_t)found.st_size;
	if (!read_header(fd, &law, &channels))
		return -EINVAL;
	bytes = *size - RECORD_WAV_HEADER;
	record_wav_header(header, law, channels, bytes / channels);
	bytes = bytes / channels * channels;
	*size = RECORD_WAV_HEADER + bytes + (bytes & 1);
	/* Also longer by a byte of padding. */
	if (ftruncate(fd, (off_t)*size))
		return -errno;
	return write_at(fd, header, sizeof(header), 0);
}
