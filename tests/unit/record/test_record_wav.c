/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_record_wav.c - G.711 as sound: both channels at their place, in whatever order it comes */
#include "base/count.h"
#include "record/audio.h"
#include "record/law.h"
#include "record/place.h"
#include "record/wav.h"
#include "tests/unit/record/record_scene.h"

#define SAMPLES 160

static size_t read_wav(const struct record_scene *scene, const char *name, uint8_t *out,
		       size_t size)
{
	char path[300];
	FILE *file = fopen(scene_path(scene, path, name), "r");
	size_t got;

	CU_ASSERT_FATAL(file != NULL);
	got = fread(out, 1, size, file);
	fclose(file);
	CU_ASSERT_FATAL(got >= RECORD_WAV_HEADER && got < size);
	return got - RECORD_WAV_HEADER;
}

static uint32_t u32_at(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* Samples of @channel at @frame are all @value. */
static bool holds(const uint8_t *wav, unsigned int channels, unsigned int channel, size_t frame,
		  size_t count, uint8_t value)
{
	for (size_t i = frame; i < frame + count; i++)
		if (wav[RECORD_WAV_HEADER + i * channels + channel] != value)
			return false;
	return true;
}

static int put(struct record_scene *scene, uint8_t side, uint8_t type, uint16_t seq, uint8_t fill,
	       int64_t arrived_ms)
{
	struct scene_rtp rtp;
	struct record_packet packet =
		scene_rtp(&rtp, side, type, seq, fill, SCENE_NS + arrived_ms * 1000000);

	return record_file_write(scene->file, &packet);
}

static void begin(struct record_scene *scene)
{
	scene_make(scene);
	scene->conf.output = RECORD_WAV;
	scene_begin(scene);
}

static uint8_t wav[200000];

static void test_header(void)
{
	struct record_scene scene;
	size_t len;

	begin(&scene);
	CU_ASSERT_EQUAL(put(&scene, 0, 0, 0, 0x10, 0), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS + SECOND_NS, "stopped"), 0);
	len = read_wav(&scene, SCENE_NAME ".wav", wav, sizeof(wav));
	CU_ASSERT_EQUAL(len, 2 * SAMPLES);
	CU_ASSERT(!memcmp(wav, "RIFF", 4));
	CU_ASSERT_EQUAL(u32_at(wav + 4), 50 + 2 * SAMPLES);
	CU_ASSERT(!memcmp(wav + 8,
			  "WAVEfmt \x12\0\0\0\x07\0\x02\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x08"
			  "\0\0\0fact\x04\0\0\0",
			  38));
	CU_ASSERT_EQUAL(u32_at(wav + 46), SAMPLES);
	CU_ASSERT(!memcmp(wav + 50, "data", 4));
	CU_ASSERT_EQUAL(u32_at(wav + 54), 2 * SAMPLES);
	scene_remove(&scene);
}

/* Arrival jitters, two packets change places, one is missing: timestamps decide. */
static void test_timestamps_decide(void)
{
	struct record_scene scene;
	size_t len;

	begin(&scene);
	CU_ASSERT_EQUAL(put(&scene, 0, 0, 0, 0x10, 100), 0);
	CU_ASSERT_EQUAL(put(&scene, 0, 0, 2, 0x12, 150), 0);
	CU_ASSERT_EQUAL(put(&scene, 0, 0, 1, 0x11, 155), 0);
	/* The callee begins later. */
	CU_ASSERT_EQUAL(put(&scene, 1, 0, 700, 0x20, 160), 0);
	CU_ASSERT_EQUAL(put(&scene, 0, 0, 4, 0x14, 190), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS + SECOND_NS, "stopped"), 0);
	len = read_wav(&scene, SCENE_NAME ".wav", wav, sizeof(wav));
	CU_ASSERT_EQUAL(len, 2 * (800 + 5 * SAMPLES));
	CU_ASSERT(holds(wav, 2, 0, 0, 800, 0xff));
	CU_ASSERT(holds(wav, 2, 0, 800, SAMPLES, 0x10));
	CU_ASSERT(holds(wav, 2, 0, 800 + SAMPLES, SAMPLES, 0x11));
	CU_ASSERT(holds(wav, 2, 0, 800 + 2 * SAMPLES, SAMPLES, 0x12));
	CU_ASSERT(holds(wav, 2, 0, 800 + 3 * SAMPLES, SAMPLES, 0xff));
	CU_ASSERT(holds(wav, 2, 0, 800 + 4 * SAMPLES, SAMPLES, 0x14));
	CU_ASSERT(holds(wav, 2, 1, 0, 1280, 0xff));
	CU_ASSERT(holds(wav, 2, 1, 1280, SAMPLES, 0x20));
	CU_ASSERT(holds(wav, 2, 1, 1280 + SAMPLES, SAMPLES, 0xff));
	scene_remove(&scene);
}

/* A call on hold for a minute: silence of that length; what was before it has been written. */
static void test_gap_keeps_its_length(void)
{
	static uint8_t minute[1200000];
	struct record_scene scene;
	size_t len;

	begin(&scene);
	CU_ASSERT_EQUAL(put(&scene, 0, 8, 0, 0x10, 0), 0);
	for (int s = 1; s <= 60; s++)
		CU_ASSERT_EQUAL(record_file_tick(scene.file, SCENE_NS + s * SECOND_NS), 0);
	CU_ASSERT(record_file_state(scene.file)->bytes > 900000);
	CU_ASSERT_EQUAL(put(&scene, 0, 8, 3000, 0x11, 60000), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS + 61 * SECOND_NS, "stopped"), 0);
	len = read_wav(&scene, SCENE_NAME ".wav", minute, sizeof(minute));
	CU_ASSERT_EQUAL(len, 2 * (480000 + SAMPLES));
	/* A-law */
	CU_ASSERT_EQUAL(minute[20], 6);
	CU_ASSERT(holds(minute, 2, 0, 0, SAMPLES, 0x10));
	CU_ASSERT(holds(minute, 2, 0, SAMPLES, 480000 - SAMPLES, 0xd5));
	CU_ASSERT(holds(minute, 2, 0, 480000, SAMPLES, 0x11));
	CU_ASSERT(holds(minute, 2, 1, 0, 480000, 0xd5));
	scene_remove(&scene);
}

static void test_place(void)
{
	static const struct {
		const char *what;
		int64_t arrived;
		uint32_t ssrc, timestamp;
		bool marker;
		int64_t sample; /* -1: nowhere */
	} rows[] = {
		{ "the first", 1000, 1, 5000, false, 1000 },
		{ "jitter", 1300, 1, 5160, false, 1160 },
		{ "early", 1310, 1, 5320, false, 1320 },
		{ "before the newest", 1330, 1, 5200, false, 1200 },
		{ "another source", 1400, 2, 99, false, 1400 },
		{ "ahead of time", 1500, 2, 99 + 1600 + 101, false, 1500 },
		{ "a straggler", 4000, 2, 1800 + 160, false, -1 },
		{ "a second one", 4010, 2, 1800 + 320, false, -1 },
		{ "the phone goes on there", 4020, 2, 1800 + 480, false, 4020 },
		{ "and on", 4180, 2, 1800 + 640, false, 4180 },
		{ "late, but a talkspurt begins", 9000, 2, 1800 + 800, true, 9000 },
		{ "as late as can be", 9160 + RECORD_REORDER, 2, 1800 + 960, false, 9160 },
		{ "too late", 9321 + RECORD_REORDER, 2, 1800 + 1120, false, -1 },
	};
	struct record_place place = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t sample = -1;
		bool placed = record_place(&place, rows[i].arrived, rows[i].ssrc, rows[i].timestamp,
					   rows[i].marker, &sample);

		CU_ASSERT_EQUAL(placed ? sample : -1, rows[i].sample);
	}
	/* Timestamps begin anywhere, and go around. */
	place = (struct record_place){ 0 };
	for (int64_t i = 0, sample; i < 20; i++) {
		CU_ASSERT(record_place(&place, i * 160 + 7 * (i & 1), 1,
				       UINT32_MAX - 1000 + (uint32_t)i * 160, false, &sample));
		CU_ASSERT_EQUAL(sample, i * 160);
	}
}

/* One law: a file of two channels. Two laws: two files. */
static void test_laws(void)
{
	struct record_scene scene;
	json_t *root, *files;

	begin(&scene);
	CU_ASSERT_EQUAL(put(&scene, 0, 0, 0, 0x10, 0), 0);
	CU_ASSERT_EQUAL(put(&scene, 1, 8, 0, 0x20, 20), 0);
	CU_ASSERT_EQUAL(put(&scene, 0, 0, 2, 0x12, 40), 0);
	CU_ASSERT_EQUAL(put(&scene, 1, 8, 1, 0x21, 40), 0);
	/* Both have the same again. */
	CU_ASSERT_EQUAL(put(&scene, 1, 0, 2, 0x22, 60), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS + SECOND_NS, "stopped"), 0);
	CU_ASSERT_EQUAL(read_wav(&scene, SCENE_NAME ".wav", wav, sizeof(wav)), 2 * SAMPLES);
	CU_ASSERT_EQUAL(wav[20], 7);
	CU_ASSERT_EQUAL(read_wav(&scene, SCENE_NAME "-2-caller.wav", wav, sizeof(wav)),
			2 * SAMPLES);
	CU_ASSERT_EQUAL(wav[20], 7);
	CU_ASSERT_EQUAL(wav[22], 1);
	CU_ASSERT(holds(wav, 1, 0, 0, SAMPLES, 0xff));
	CU_ASSERT(holds(wav, 1, 0, SAMPLES, SAMPLES, 0x12));
	CU_ASSERT_EQUAL(read_wav(&scene, SCENE_NAME "-2-callee.wav", wav, sizeof(wav)),
			2 * SAMPLES);
	CU_ASSERT_EQUAL(wav[20], 6);
	CU_ASSERT(holds(wav, 1, 0, 0, SAMPLES, 0x20));
	CU_ASSERT(holds(wav, 1, 0, SAMPLES, SAMPLES, 0x21));
	CU_ASSERT_EQUAL(read_wav(&scene, SCENE_NAME "-3.wav", wav, sizeof(wav)), 2 * SAMPLES);
	CU_ASSERT_EQUAL(wav[22], 2);
	CU_ASSERT(holds(wav, 2, 1, 0, SAMPLES, 0x22));
	root = scene_json(&scene, SCENE_NAME ".json");
	files = json_object_get(root, "files");
	CU_ASSERT_EQUAL(json_array_size(files), 4);
	CU_ASSERT_STRING_EQUAL(scene_text(json_array_get(files, 0), "channels"), "caller callee");
	CU_ASSERT_STRING_EQUAL(scene_text(json_array_get(files, 0), "why"), "codec");
	CU_ASSERT_STRING_EQUAL(scene_text(json_array_get(files, 2), "channels"), "callee");
	json_decref(root);
	scene_remove(&scene);
}

/* CN, telephone-event, RTCP, SRTP and what is no RTP are no sound. */
static void test_only_g711_is_sound(void)
{
	struct record_scene scene;
	struct scene_rtp rtp;
	struct record_packet packet;

	begin(&scene);
	CU_ASSERT_EQUAL(put(&scene, 0, 13, 0, 0x10, 0), 0);
	CU_ASSERT_EQUAL(put(&scene, 0, 101, 1, 0x10, 20), 0);
	packet = scene_rtp(&rtp, 0, 0, 2, 0x10, SCENE_NS);
	packet.encrypted = true;
	CU_ASSERT_EQUAL(record_file_write(scene.file, &packet), 0);
	packet.encrypted = false;
	packet.rtcp = true;
	CU_ASSERT_EQUAL(record_file_write(scene.file, &packet), 0);
	packet.rtcp = false;
	packet.len = 11;
	CU_ASSERT_EQUAL(record_file_write(scene.file, &packet), 0);
	packet.len = 0;
	CU_ASSERT_EQUAL(record_file_write(scene.file, &packet), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS + SECOND_NS, "stopped"), 0);
	CU_ASSERT_EQUAL(read_wav(&scene, SCENE_NAME ".wav", wav, sizeof(wav)), 0);
	scene_remove(&scene);
}

/* Two forks send to the caller at once: the first is heard, until it is silent. */
static void test_one_media_is_heard_on_a_side(void)
{
	struct record_scene scene;
	struct scene_rtp rtp;
	struct record_packet packet;

	begin(&scene);
	for (int i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(put(&scene, 1, 0, (uint16_t)i, 0x20, i * 20), 0);
		packet =
			scene_rtp(&rtp, 1, 0, (uint16_t)(100 + i), 0x30, SCENE_NS + i * 20000000LL);
		packet.media = 1;
		rtp.bytes[8] = 0x77;
		CU_ASSERT_EQUAL(record_file_write(scene.file, &packet), 0);
	}
	packet.time_ns = SCENE_NS + 2 * SECOND_NS;
	CU_ASSERT_EQUAL(record_file_write(scene.file, &packet), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS + 3 * SECOND_NS, "stopped"), 0);
	CU_ASSERT_EQUAL(read_wav(&scene, SCENE_NAME ".wav", wav, sizeof(wav)),
			2 * (16000 + SAMPLES));
	CU_ASSERT(holds(wav, 2, 1, 0, 5 * SAMPLES, 0x20));
	CU_ASSERT(holds(wav, 2, 1, 5 * SAMPLES, 16000 - 5 * SAMPLES, 0xff));
	CU_ASSERT(holds(wav, 2, 1, 16000, SAMPLES, 0x30));
	scene_remove(&scene);
}

/* The clock is set: no hours of silence, and nothing is lost. */
static void test_clock_jumps_begin_a_part(void)
{
	struct record_scene scene;

	begin(&scene);
	CU_ASSERT_EQUAL(put(&scene, 0, 0, 0, 0x10, 0), 0);
	CU_ASSERT_EQUAL(put(&scene, 0, 0, 1, 0x11, 86400000), 0);
	CU_ASSERT_EQUAL(put(&scene, 0, 0, 2, 0x12, 20), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS + SECOND_NS, "stopped"), 0);
	CU_ASSERT_EQUAL(read_wav(&scene, SCENE_NAME ".wav", wav, sizeof(wav)), 2 * SAMPLES);
	CU_ASSERT_EQUAL(read_wav(&scene, SCENE_NAME "-2.wav", wav, sizeof(wav)), 2 * SAMPLES);
	CU_ASSERT(holds(wav, 2, 0, 0, SAMPLES, 0x11));
	CU_ASSERT_EQUAL(read_wav(&scene, SCENE_NAME "-3.wav", wav, sizeof(wav)), 2 * SAMPLES);
	CU_ASSERT(holds(wav, 2, 0, 0, SAMPLES, 0x12));
	scene_remove(&scene);
}

/* Silence, the loudest, and what is between: there and back is the same, or the next step. */
static void test_tables_of_laws(void)
{
	static const struct {
		uint8_t mu, a;
	} same[] = { { 0xff, 0xd5 }, { 0x7f, 0x55 }, { 0x80, 0xaa }, { 0x00, 0x2a } };
	uint8_t to_a[256], to_mu[256];

	record_law_table(RECORD_LAW_MU, to_a);
	record_law_table(RECORD_LAW_A, to_mu);
	for (size_t i = 0; i < COUNT(same); i++) {
		CU_ASSERT_EQUAL(to_a[same[i].mu], same[i].a);
		CU_ASSERT_EQUAL(to_mu[to_a[same[i].mu]] & 0x80, same[i].mu & 0x80);
	}
	for (int byte = 0; byte < 256; byte++) {
		/* In order of their values: of A-law each second bit is turned round. */
		int mu = to_mu[to_a[byte]] - byte;
		int a = (to_a[to_mu[byte]] ^ 0x55) - (byte ^ 0x55);

		CU_ASSERT(mu >= -1 && mu <= 1);
		CU_ASSERT(a >= -1 && a <= 1);
	}
}

/* A phone that changes its law with each packet: few files, and all that it said is in them. */
static void test_changes_of_law_are_few(void)
{
	struct record_scene scene;
	uint8_t to_a[256];
	size_t files, parts = 0, len;
	json_t *root;
	int n = 0;

	record_law_table(RECORD_LAW_MU, to_a);
	begin(&scene);
	for (; n < 3 * RECORD_LAW_CHANGES; n++)
		CU_ASSERT_EQUAL(put(&scene, 0, n % 2 ? 8 : 0, (uint16_t)n, 0x10, n * 20), 0);
	CU_ASSERT_EQUAL(record_file_end(scene.file, SCENE_NS + SECOND_NS, "stopped"), 0);
	root = scene_json(&scene, SCENE_NAME ".json");
	files = json_array_size(json_object_get(root, "files"));
	CU_ASSERT_EQUAL(files, RECORD_LAW_CHANGES + 1);
	json_decref(root);
	for (size_t i = 0; i < files; i++) {
		char name[100];

		snprintf(name, sizeof(name), i ? SCENE_NAME "-%zu.wav" : SCENE_NAME ".wav", i + 1);
		len = read_wav(&scene, name, wav, sizeof(wav));
		CU_ASSERT_EQUAL(len % (2 * SAMPLES), 0);
		parts += len / (2 * SAMPLES);
	}
	CU_ASSERT_EQUAL(parts, (size_t)n);
	/* The last part is of mu-law, from its first packet on. */
	CU_ASSERT_EQUAL(wav[20], 7);
	CU_ASSERT(holds(wav, 2, 0, 0, SAMPLES, 0x10));
	record_law_table(RECORD_LAW_A, to_a);
	CU_ASSERT(holds(wav, 2, 0, SAMPLES, SAMPLES, to_a[0x10]));
	CU_ASSERT(holds(wav, 2, 0, 2 * SAMPLES, SAMPLES, 0x10));
	scene_remove(&scene);
}

TEST_SUITE(record_wav, { "header", test_header }, { "timestamps decide", test_timestamps_decide },
	   { "gap keeps its length", test_gap_keeps_its_length }, { "place", test_place },
	   { "laws", test_laws }, { "tables of laws", test_tables_of_laws },
	   { "changes of law are few", test_changes_of_law_are_few },
	   { "only G.711 is sound", test_only_g711_is_sound },
	   { "one media is heard on a side", test_one_media_is_heard_on_a_side },
	   { "clock jumps begin a part", test_clock_jumps_begin_a_part });
