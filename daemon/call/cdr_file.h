/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cdr_file.h - a thread that appends lines to a file, so that calls do not wait for the disk
 *
 * The queue of lines is bounded; beyond that, lines are dropped and counted.
 */
#ifndef RTPRELAY_CDR_FILE_H
#define RTPRELAY_CDR_FILE_H

#include <sys/types.h>
#include "base/str.h"

#define CDR_QUEUE_BYTES (4u << 20)

struct cdr_file;

/**
 * struct cdr_file_conf - copied
 * @mode: of the file, also of one that exists; 0: it is left as it is
 * @group: its group; NULL: left as it is. @gid: its number
 * Mode and group of what is not a regular file of this user are left as they are.
 */
struct cdr_file_conf {
	const char *path;
	unsigned int mode;
	const char *group;
	gid_t gid;
};

/*
 * Return: NULL and *error (-errno): it cannot be opened for appending. A mode or group that cannot
 * be set is logged, also when the file is opened again.
 */
struct cdr_file *cdr_file_open(const struct cdr_file_conf *conf, int *error);
/* @line: without an end of line; copied. Does nothing if @file is NULL. */
void cdr_file_write(struct cdr_file *file, struct str line);
/* Opens the path again after all lines so far, since the file may have been renamed. Takes NULL. */
void cdr_file_reopen(struct cdr_file *file);
/* Lines that were dropped: the queue was full, memory ran out, or a write failed. */
uint64_t cdr_file_dropped(const struct cdr_file *file);
/* Did the last line, or opening the file again, fail? */
bool cdr_file_failing(const struct cdr_file *file);
/* Writes the queued lines first. Takes NULL. */
void cdr_file_close(struct cdr_file *file);

#endif
