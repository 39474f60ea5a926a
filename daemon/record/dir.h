/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dir.h - recording-dir: who writes there, how much room it has, what a former run left
 *
 * One daemon writes to a directory: it holds a lock on DIR/.open/lock. DIR/.open/ID.json is the
 * sidecar of each recording that runs; a file there at the start is of a recording that a crash
 * has cut, or that goes on after a restart.
 * All functions but record_dir_left_last() wait for the disk, so they belong to the recorder's
 * thread; but record_dir_open() may be called at the start, before the thread exists.
 */
#ifndef RTPRELAY_RECORD_DIR_H
#define RTPRELAY_RECORD_DIR_H

#include "record/settings.h"

struct record_dir;

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
 * record_dir_check() - could record_dir_open() take it, with the rights that the process has now?
 *	It leaves the lock alone.
 * Return: 0; -errno and *error
 */
int record_dir_check(const struct record_dir_conf *conf, char *error);

/* Bytes that can be written before the reserve is reached. False: unknown, *left is 0. */
bool record_dir_left(struct record_dir *dir, uint64_t *left);
/* Any thread, without asking the disk: what it has said last. False: nothing yet, or an error */
bool record_dir_left_last(const struct record_dir *dir, uint64_t *left);

/* --- For the files ---------------------------------------------------------------------------- */

/* If the directory was removed, and made again: takes the new one. Return: 0; -errno */
int record_dir_follow(struct record_dir *dir);
/* Is there room for more? Asks the disk once a second at most. */
bool record_dir_has_room(struct record_dir *dir, int64_t now_ns);
/* True: @id was a leftover; from now on it is the caller's. */
bool record_dir_take_leftover(struct record_dir *dir, uint64_t id);

#endif
