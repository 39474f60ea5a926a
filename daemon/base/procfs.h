/* SPDX-License-Identifier: GPL-2.0-or-later */
/* procfs.h - reads one line of a file below /proc or /sys */
#ifndef RTPRELAY_PROCFS_H
#define RTPRELAY_PROCFS_H

#include <stdbool.h>
#include <stddef.h>

/* Reads the first line, without its end, cut to @size. False: it cannot be read. */
bool procfs_line(const char *path, char *line, size_t size);

#endif
