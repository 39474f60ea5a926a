/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bans_file.h - the list of bans on disk: a line for each, "ADDRESS SECONDS"
 *
 * A text file of its own, and no record of the journal: it is small and changes rarely, bans must
 * not depend on whether calls are kept, and an operator can read it and remove it.
 */
#ifndef RTPRELAY_BANS_FILE_H
#define RTPRELAY_BANS_FILE_H

#include "base/endpoint.h"

#define BANS_FILE "banned" /* in state-dir */
/* Each change makes a new list for the media threads: so many are copied and searched quickly. */
#define BANS_MAX 10000

struct ban {
	struct endpoint addr; /* port 0 */
	int64_t since_s;      /* wall clock */
};

/* 0; -ENOMEM: the file cannot be read now; another error: the line was not taken */
typedef int bans_file_fn(void *arg, const struct ban *ban);

/**
 * bans_file_read() - calls @take for each line of the file
 * Return: 0, also if there is no file, and if some lines of it were not taken; else an error that
 *	was logged, the file has to be left as it is: -EBADMSG, it is no list of bans; -EFBIG, it
 *	has more lines than a list may have; others: it cannot be read, or not to its end
 */
int bans_file_read(const char *path, bans_file_fn *take, void *arg);
/*
 * Replaces the file. It does not wait for the disk: the list survives the end of the daemon, but
 * the newest bans may be lost if the host loses power. Return: 0 or -errno, which was logged
 */
int bans_file_write(const char *path, const struct ban *list, size_t n);

#endif
