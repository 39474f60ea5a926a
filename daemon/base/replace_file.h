/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replace_file.h - replaces a small text file: a reader sees the old one or the new one */
#ifndef RTPRELAY_REPLACE_FILE_H
#define RTPRELAY_REPLACE_FILE_H

#include <stdio.h>

/* Writes the text. Return: 0 or -errno */
typedef int replace_file_fn(FILE *file, const void *arg);

/*
 * Writes PATH.new, with mode 0640, and renames it; if that fails it is removed, and PATH stays. It
 * does not wait for the disk: what is written survives the end of the daemon, not always that of
 * the host. Return: 0 or -errno
 */
int replace_file(const char *path, replace_file_fn *write, const void *arg);

#endif
