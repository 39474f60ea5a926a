/* SPDX-License-Identifier: GPL-2.0-or-later */
/* procfs.h - what the kernel tells in one line of a file below /proc or /sys */
#ifndef RTPRELAY_PROCFS_H
#define RTPRELAY_PROCFS_H

#include <stdbool.h>
#include <stddef.h>

/* The first line, without its end; what does not fit in @size is left out. False: it can't be read. */
bool procfs_line(const char *path, char *line, size_t size);

#endif
