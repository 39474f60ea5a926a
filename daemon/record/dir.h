/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dir.h - recording-dir: who writes there, how much room it has, what a former run left
 *
 * One daemon writes to a directory: it holds a lock on DIR/.open/lock. DIR/.open/ID.json is the
 * sidecar of each recording that runs; a file there at the start is of a recording that a crash
 * has cut, or that goes on after a restart.
 * All functions wait for the disk, so they belong to the recorder's thread; but record_dir_open()
 * may be called at the start, before the thread exists.
 */
#ifndef RTPRELAY_RECORD_DIR_H
#define RTPRELAY_RECORD_DIR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct record_dir;

enum record_output { RECORD_PCAP = 1, RECORD_WAV = 2, RECORD_BOTH = RECORD_PCAP | RECORD_WAV };
enum record_linktype { RECORD_RAW, RECORD_ETHERNET };
enum record_precision { RECORD_US, RECORD_NS };

/* The settings recording-*. Texts are copied. */
struct record_dir_conf {
	const char *path;
	enum record_output output;
	enum record_linktype linktype;
	enum record_precision precision;
	unsigned int mode;	 /* of files, as in chmod(): 0640; folders get x where r is */
	const char *group;	 /* for messages; NULL: files keep the daemon's group */
	gid_t gid;		 /* of @group */
	uint64_t max_size;	 /* bytes of a part; 0: no limit */
	unsigned int max_time_s; /* of a part; 0: no limit */
	uint64_t min_free;	 /* bytes that must be free, or recordings end; 0: none */
	unsigned int sync_s;	 /* how often a file is written to the disk; 0: at its end only */
};

#define RECORD_DIR_ERROR 256

/**
 * record_dir_open() - takes the directory; it has to exist
 * @error: RECORD_DIR_ERROR bytes, receives a sentence: what is wrong, with which directory, what
 *	to do
 * Return: NULL and *error: it cannot be used, or another rtprelayd records there
 */
struct record_dir *record_dir_open(const struct record_dir_conf *conf, char *error);
/* All its files have ended. Takes NULL. */
void record_dir_close(struct record_dir *dir);

/**
 * record_dir_check() - could record_dir_open() take it? For --check-config
 * Return: 0; -errno and *error
 */
int record_dir_check(const struct record_dir_conf *conf, char *error);

/**
 * record_dir_end_leftovers() - ends recordings of a former run that nobody has resumed
 * Their tails are repaired, their files get their final names, their sidecars say "crash".
 * Call it once, when the calls of the former run have been restored, and those that are still
 * recorded have been opened with record_file_about.resume.
 * Return: how many
 */
unsigned int record_dir_end_leftovers(struct record_dir *dir, int64_t now_ns);

/* Bytes that can be written before the reserve is reached. False: unknown, *left is 0. */
bool record_dir_left(struct record_dir *dir, uint64_t *left);

#endif
