/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_scene.h - a recording-dir of its own, a call that is recorded there, and what reads files
 *
 * Time begins at SCENE_NS, in UTC: 2026-11-29 06:30:05.
 */
#ifndef RTPRELAY_RECORD_SCENE_H
#define RTPRELAY_RECORD_SCENE_H

#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "record/file.h"
#include "tests/unit/test.h"

#define SCENE_S	  1795933805LL
#define SECOND_NS 1000000000LL
#define SCENE_NS  (SCENE_S * SECOND_NS)
#define SCENE_ID  0x0123456789abcdefULL
/* Of the default pattern, with the Call-ID "call". */
#define SCENE_NAME "2026-11-29/call-0123456789abcdef"

struct record_scene {
	char path[40];
	struct record_dir_conf conf;
	struct record_dir *dir;
	struct record_file *file;
	uint16_t seq;
};

static __attribute__((unused)) void scene_make(struct record_scene *scene)
{
	*scene = (struct record_scene){ .path = "/tmp/test-record-XXXXXX" };
	setenv("TZ", "UTC", 1);
	tzset();
	CU_ASSERT_FATAL(mkdtemp(scene->path) != NULL);
	scene->conf = (struct record_dir_conf){ .path = scene->path,
						.output = RECORD_PCAP,
						.mode = 0640 };
}

static __attribute__((unused)) void scene_open_dir(struct record_scene *scene)
{
	char error[RECORD_DIR_ERROR];

	scene->dir = record_dir_open(&scene->conf, error);
	CU_ASSERT_STRING_EQUAL(error, "");
	CU_ASSERT_FATAL(scene->dir != NULL);
}

/* Opens the recording of the call; *error is handed back. */
static __attribute__((unused)) int scene_try(struct record_scene *scene, int64_t now_ns,
					     bool resume)
{
	char name[RECORD_NAME];
	struct record_file_about about = { .call_id = STR("call"),
					   .id = SCENE_ID,
					   .resume = resume,
					   .metadata = STR("k:v"),
					   .now_ns = now_ns };
	int error;

	about.name = record_name_make(name, STR_NONE, about.call_id, about.id, now_ns / SECOND_NS);
	scene->file = record_file_open(scene->dir, &about, &error);
	CU_ASSERT_EQUAL(!scene->file, error != 0);
	return error;
}

static __attribute__((unused)) void scene_begin(struct record_scene *scene)
{
	scene_open_dir(scene);
	CU_ASSERT_EQUAL_FATAL(scene_try(scene, SCENE_NS, false), 0);
}

static __attribute__((unused)) struct endpoint scene_endpoint(const char *text)
{
	struct endpoint ep = { 0 };

	CU_ASSERT(endpoint_parse(str_of(text), -1, &ep));
	return ep;
}

/* 20 ms of G.711 as RTP: @fill in each sample. */
struct scene_rtp {
	uint8_t bytes[12 + 160];
};

static __attribute__((unused)) struct record_packet scene_rtp(struct scene_rtp *rtp, uint8_t side,
							      uint8_t type, uint16_t seq,
							      uint8_t fill, int64_t time_ns)
{
	uint32_t timestamp = seq * 160U;
	const uint8_t head[12] = { 0x80,
				   type,
				   (uint8_t)(seq >> 8),
				   (uint8_t)seq,
				   (uint8_t)(timestamp >> 24),
				   (uint8_t)(timestamp >> 16),
				   (uint8_t)(timestamp >> 8),
				   (uint8_t)timestamp,
				   0x11,
				   0x22,
				   0x33,
				   side };

	memcpy(rtp->bytes, head, sizeof(head));
	memset(rtp->bytes + 12, fill, 160);
	return (struct record_packet){
		.time_ns = time_ns,
		.from = scene_endpoint(side ? "198.51.100.9:4002" : "192.0.2.7:4000"),
		.to = scene_endpoint(side ? "203.0.113.1:30002" : "203.0.113.1:30000"),
		.side = side,
		.data = rtp->bytes,
		.len = sizeof(rtp->bytes)
	};
}

/* Packet @n of both sides, PCMU, 20 ms after the one before. Return: the last result */
static __attribute__((unused)) int scene_talk(struct record_scene *scene, unsigned int first,
					      unsigned int count)
{
	int error = 0;

	for (unsigned int n = first; n < first + count && !error; n++)
		for (uint8_t side = 0; side < 2 && !error; side++) {
			struct scene_rtp rtp;
			struct record_packet packet =
				scene_rtp(&rtp, side, 0, (uint16_t)n, (uint8_t)(0x10 + side),
					  SCENE_NS + n * 20000000LL + side * 1000);

			error = record_file_write(scene->file, &packet);
		}
	return error;
}

static __attribute__((unused)) char *scene_path(const struct record_scene *scene, char *out,
						const char *name)
{
	snprintf(out, 300, "%s/%s", scene->path, name);
	return out;
}

static __attribute__((unused)) bool scene_has(const struct record_scene *scene, const char *name)
{
	char path[300];

	return !access(scene_path(scene, path, name), F_OK);
}

static __attribute__((unused)) json_t *scene_json(const struct record_scene *scene,
						  const char *name)
{
	char path[300];
	json_t *root = json_load_file(scene_path(scene, path, name), 0, NULL);

	CU_ASSERT_FATAL(root != NULL);
	return root;
}

static __attribute__((unused)) const char *scene_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "(none)";
}

static int scene_remove_one(const char *path, const struct stat *found, int type, struct FTW *at)
{
	(void)found;
	(void)type;
	(void)at;
	return remove(path);
}

/* While the recorder's thread writes there: a file that it renames just then stops the walk. */
static __attribute__((unused)) void scene_remove_in_use(const struct record_scene *scene)
{
	for (int i = 0; i < 1000 && !access(scene->path, F_OK); i++)
		nftw(scene->path, scene_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	CU_ASSERT(access(scene->path, F_OK) != 0);
}

static __attribute__((unused)) void scene_remove(struct record_scene *scene)
{
	record_dir_close(scene->dir);
	nftw(scene->path, scene_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
