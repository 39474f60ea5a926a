/* SPDX-License-Identifier: GPL-2.0-or-later */
/* procfs.c - reads one line of a file below /proc or /sys */
#include <stdio.h>
#include <string.h>
#include "base/procfs.h"

bool procfs_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool done = file && fgets(line, (int)size, file);

	if (file)
		fclose(file);
	if (done)
		line[strcspn(line, "\n")] = '\0';
	return done;
}
