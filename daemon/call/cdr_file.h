/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cdr_file.h - lines that are appended to a file by a thread of its own, so that nobody waits for the disk
 *
 * What waits to be written is bounded; beyond that, lines are dropped and counted.
 */
#ifndef RTPRELAY_CDR_FILE_H
#define RTPRELAY_CDR_FILE_H

#include "base/str.h"

#define CDR_QUEUE_BYTES (4u << 20)

struct cdr_file;

/* Return: NULL and *error (-errno): it cannot be opened for appending */
struct cdr_file *cdr_file_open(const char *path, int *error);
/* @line: without its end; copied. Takes NULL for no file. */
void cdr_file_write(struct cdr_file *file, struct str line);
/* After the lines so far: the path is opened anew, since the file may have been renamed. Takes NULL. */
void cdr_file_reopen(struct cdr_file *file);
/* Lines that were dropped: no room, no memory, or the file refused them. */
uint64_t cdr_file_dropped(const struct cdr_file *file);
/* What waits is written first. Takes NULL. */
void cdr_file_close(struct cdr_file *file);

#endif
