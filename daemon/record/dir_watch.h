/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dir_watch.h - whether files can be made in recording-dir now, and how much room it has
 *
 * The recorder's thread looks, since a disk may not answer for long; the control thread keeps what
 * it has said. So an operator learns of a directory that cannot be written before calls are lost.
 * All functions belong to the control thread.
 */
#ifndef RTPRELAY_RECORD_DIR_WATCH_H
#define RTPRELAY_RECORD_DIR_WATCH_H

#include "record/dir.h"

struct recorder;
struct record_dir_watch;

/* It looks again so long after the last answer. */
#define RECORD_DIR_WATCH_MS 5000
/* No answer for so long: the disk is said to be silent. */
#define RECORD_DIR_SILENT_MS 10000

/**
 * struct record_dir_health - of the last look
 * @known: there was one
 * @why: a sentence: why no file can be made there, with the path, and what to do; NULL: files can
 *	be made. Valid until the recorder's next news.
 * @left: bytes that can be written before recording-min-free is reached; @has_left: it is known
 */
struct record_dir_health {
	bool known, has_left;
	const char *why;
	uint64_t left;
};

/* @dir outlives it. NULL: out of memory */
struct record_dir_watch *record_dir_watch_new(struct recorder *recorder, struct record_dir *dir);
/* After recorder_close(), which ends a look that is under way. Takes NULL. */
void record_dir_watch_free(struct record_dir_watch *watch);
/* Call it once a second, at first before any call. Takes NULL. */
void record_dir_watch_tick(struct record_dir_watch *watch, int64_t now_ms);
void record_dir_watch_read(const struct record_dir_watch *watch, struct record_dir_health *health);

#endif
