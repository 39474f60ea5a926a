/* SPDX-License-Identifier: GPL-2.0-or-later */
/* audio.c - the WAV files of a recording: G.711 of both sides, caller left, callee right */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "record/audio.h"
#include "record/law.h"
#include "rtp_wire.h"

#define NS_PER_SECOND 1000000000LL
#define NS_PER_SAMPLE (NS_PER_SECOND / RECORD_RATE)
#define TAKE_OVER_NS  NS_PER_SECOND
/* Between two packets or ticks: more is a clock that was set. */
#define JUMP_NS (60 * NS_PER_SECOND)
/* The header has the size of so long ago at most. */
#define SIZES_NS (10 * NS_PER_SECOND)

static const char *const channel_names[2] = { "caller", "callee" };

static enum record_law law_of(uint8_t type)
{
	switch (type) {
	case RTP_PT_PCMU:
		return RECORD_LAW_MU;
	case RTP_PT_PCMA:
		return RECORD_LAW_A;
	default:
		return RECORD_LAW_NONE;
	}
}

static bool parse_rtp(const struct record_packet *packet, struct rtp_wire *rtp)
{
	const uint8_t *bytes = packet->data;

	return packet->len >= 12 && bytes[0] >> 6 == 2 &&
	       rtp_wire_parse_rtp(bytes, packet->len, rtp) == RTP_KIND_RTP;
}

static int64_t sample_at(const struct record_audio *audio, int64_t ns)
{
	return (ns - audio->origin_ns) / NS_PER_SAMPLE;
}

/* One file. @channel: NULL: two channels */
static int begin_file(struct record_audio *audio, int index, struct record_dir *dir,
		      struct sidecar *sidecar, const char *channel, enum record_law law,
		      int64_t now_ns)
{
	struct record_wav *wav = malloc(sizeof(*wav));
	int fd;

	if (!wav)
		return -ENOMEM;
	fd = record_part_begin(&audio->part[index], dir, sidecar, "wav", channel, now_ns);
	if (fd < 0) {
		free(wav);
		return fd;
	}
	audio->wav[index] = wav;
	audio->packets[index] = 0;
	return record_wav_begin(wav, fd, law, channel ? 1 : 2, sample_at(audio, now_ns));
}

/* By the laws of the sides. */
static int begin_part(struct record_audio *audio, struct record_dir *dir, struct sidecar *sidecar,
		      int64_t now_ns)
{
	enum record_law *law[2] = { &audio->side[0].law, &audio->side[1].law };
	bool two = *law[0] && *law[1] && *law[0] != *law[1];
	int error;

	audio->newest_ns = audio->sized_ns = now_ns;
	if (!two)
		return begin_file(audio, 0, dir, sidecar, NULL, *law[0] ? *law[0] : *law[1],
				  now_ns);
	error = begin_file(audio, 0, dir, sidecar, channel_names[0], *law[0], now_ns);
	if (error)
		return error;
	return begin_file(audio, 1, dir, sidecar, channel_names[1], *law[1], now_ns);
}

int record_audio_begin(struct record_audio *audio, struct record_dir *dir, struct sidecar *sidecar,
		       int64_t now_ns)
{
	*audio = (struct record_audio){ .origin_ns = now_ns };
	return begin_part(audio, dir, sidecar, now_ns);
}

static int end_file(struct record_audio *audio, int index, struct record_dir *dir, bool sync,
		    int64_t now_ns, const char *why)
{
	struct record_wav *wav = audio->wav[index];
	uint64_t bytes;
	int error, renamed;

	if (!wav)
		return 0;
	error = record_wav_end(wav);
	/* What is there is made whole, whatever else has failed. */
	if (record_wav_repair(wav->fd, &bytes))
		bytes = RECORD_WAV_HEADER + wav->written * wav->channels;
	audio->past_bytes += bytes;
	if (!error && sync && fdatasync(wav->fd))
		error = -errno;
	close(wav->fd);
	renamed = record_part_end(&audio->part[index], dir, audio->packets[index], bytes, now_ns,
				  why);
	free(wav);
	audio->wav[index] = NULL;
	return error ? error : renamed;
}

int record_audio_end(struct record_audio *audio, struct record_dir *dir, bool sync, int64_t now_ns,
		     const char *why)
{
	int first = end_file(audio, 0, dir, sync, now_ns, why);
	int second = end_file(audio, 1, dir, sync, now_ns, why);

	return first ? first : second;
}

/* @jumped: the samples of all sides are counted from the start */
static int next_part(struct record_audio *audio, struct record_dir *dir, struct sidecar *sidecar,
		     int64_t now_ns, bool jumped, const char *why)
{
	int error = record_audio_end(audio, dir, dir->conf.sync_s, now_ns, why);

	if (error)
		return error;
	if (jumped) {
		audio->origin_ns = now_ns;
		for (int i = 0; i < 2; i++) {
			audio->side[i].place.anchored = false;
			audio->side[i].heard_ns = 0;
		}
	}
	return begin_part(audio, dir, sidecar, now_ns);
}

/* The next part if the clock was set. */
static int follow_time(struct record_audio *audio, struct record_dir *dir, struct sidecar *sidecar,
		       int64_t now_ns)
{
	int64_t step = now_ns - audio->newest_ns;

	if (step > JUMP_NS || step < -NS_PER_SECOND)
		return next_part(audio, dir, sidecar, now_ns, true, "time");
	if (step > 0)
		audio->newest_ns = now_ns;
	return 0;
}

/* False: another media is heard on this side. */
static bool hear(struct record_audio_side *side, const struct record_packet *packet)
{
	if (side->heard_ns && side->media != packet->media &&
	    packet->time_ns - side->heard_ns < TAKE_OVER_NS)
		return false;
	side->media = packet->media;
	side->heard_ns = packet->time_ns;
	return true;
}

/* Is the law of this side, @law, that of the file which is there? */
static bool has_law(const struct record_audio *audio, enum record_law law, enum record_law other)
{
	return !audio->wav[1] && audio->wav[0]->law == law && (!other || other == law);
}

/*
 * The first law that is heard is that of the part; it was begun with one of both. After too many
 * changes the side keeps the law that it has in this part.
 */
static int set_law(struct record_audio *audio, struct record_dir *dir, struct sidecar *sidecar,
		   int number, enum record_law law, int64_t now_ns)
{
	struct record_audio_side *side = &audio->side[number];
	enum record_law other = audio->side[!number].law;
	struct record_wav *wav = audio->wav[0];
	bool first = !side->law && !other;

	if (side->law == law)
		return 0;
	if (first) {
		side->law = law;
		return record_wav_begin(wav, wav->fd, law, 2, wav->begin);
	}
	if (has_law(audio, law, other)) {
		side->law = law;
		return 0;
	}
	if (audio->law_changes == RECORD_LAW_CHANGES)
		return 0;
	audio->law_changes++;
	side->law = law;
	return next_part(audio, dir, sidecar, now_ns, false, "codec");
}

/* Into a file of the other law. */
static void put_converted(struct record_audio *audio, struct record_wav *wav, unsigned int channel,
			  int64_t sample, const uint8_t *bytes, size_t len)
{
	const uint8_t *table = audio->convert[wav->law == RECORD_LAW_MU];
	uint8_t converted[256];

	if (!audio->can_convert) {
		record_law_table(RECORD_LAW_MU, audio->convert[0]);
		record_law_table(RECORD_LAW_A, audio->convert[1]);
		audio->can_convert = true;
	}
	while (len) {
		size_t n = len < sizeof(converted) ? len : sizeof(converted);

		for (size_t i = 0; i < n; i++)
			converted[i] = table[bytes[i]];
		record_wav_put(wav, channel, sample, converted, n);
		bytes += n;
		len -= n;
		sample += (int64_t)n;
	}
}

static void put_samples(struct record_audio *audio, int number, enum record_law law, int64_t sample,
			const uint8_t *bytes, size_t len)
{
	int index = audio->wav[1] ? number : 0;
	unsigned int channel = audio->wav[1] ? 0 : (unsigned int)number;
	struct record_wav *wav = audio->wav[index];

	audio->packets[index]++;
	if (len > RECORD_WAV_WINDOW)
		len = RECORD_WAV_WINDOW;
	if (wav->law == law)
		record_wav_put(wav, channel, sample, bytes, len);
	else
		put_converted(audio, wav, channel, sample, bytes, len);
}

int record_audio_put(struct record_audio *audio, struct record_dir *dir, struct sidecar *sidecar,
		     const struct record_packet *packet)
{
	int number = packet->side & 1;
	struct record_audio_side *side = &audio->side[number];
	const uint8_t *bytes = packet->data;
	struct rtp_wire rtp;
	enum record_law law;
	int64_t sample;
	int error;

	if (packet->rtcp || packet->encrypted || !parse_rtp(packet, &rtp))
		return 0;
	law = law_of(rtp.pt);
	if (!law || !hear(side, packet))
		return 0;
	error = follow_time(audio, dir, sidecar, packet->time_ns);
	if (!error)
		error = set_law(audio, dir, sidecar, number, law, packet->time_ns);
	if (error)
		return error;
	if (record_place(&side->place, sample_at(audio, packet->time_ns), rtp.ssrc, rtp.timestamp,
			 bytes[1] & 0x80, &sample)) {
		put_samples(audio, number, law, sample, bytes + rtp.header_len,
			    rtp_wire_payload_end(bytes, packet->len, &rtp) - rtp.header_len);
		error = audio->wav[audio->wav[1] ? number : 0]->error;
	}
	return error;
}

int record_audio_tick(struct record_audio *audio, struct record_dir *dir, struct sidecar *sidecar,
		      int64_t now_ns)
{
	int error = follow_time(audio, dir, sidecar, now_ns);
	/* All but what may still come is final; for each packet this would be a write. */
	int64_t sample = sample_at(audio, audio->newest_ns) - RECORD_REORDER;

	for (int i = 0; i < 2 && !error; i++)
		if (audio->wav[i])
			error = record_wav_advance(audio->wav[i], sample);
	if (error || now_ns - audio->sized_ns < SIZES_NS)
		return error;
	audio->sized_ns = now_ns;
	for (int i = 0; i < 2 && !error; i++)
		if (audio->wav[i])
			error = record_wav_sizes(audio->wav[i]);
	return error;
}

uint64_t record_audio_bytes(const struct record_audio *audio)
{
	uint64_t bytes = audio->past_bytes;

	for (int i = 0; i < 2; i++)
		if (audio->wav[i])
			bytes += RECORD_WAV_HEADER +
				 audio->wav[i]->written * audio->wav[i]->channels;
	return bytes;
}
