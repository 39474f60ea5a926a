/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>
#include "base/replace_file.h"

static int write_all(const char *path, replace_file_fn *write, const void *arg)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	int error = file ? 0 : -errno;

	if (!file && fd >= 0)
		close(fd);
	if (!file)
		return error;
	error = write(file, arg);
	if (!error && fflush(file))
		error = -errno;
	if (fclose(file) && !error)
		error = -errno;
	return error;
}

int replace_file(const char *path, replace_file_fn *write, const void *arg)
{
	char new[PATH_MAX];
	int error;

	if (snprintf(new, sizeof(new), "%s.new", path) >= (int)sizeof(new))
		return -ENAMETOOLONG;
	error = write_all(new, write, arg);
	if (!error && rename(new, path))
		error = -errno;
	if (error)
		unlink(new);
	return error;
}
