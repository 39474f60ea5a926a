/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detach.c - runs the daemon in the background, and writes its process ID to a file */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "detach.h"

/* The child writes one byte when it is ready; if it ends before, the pipe closes without a byte. */
static void wait_for_child(int fd)
{
	char byte;
	ssize_t got;

	do {
		got = read(fd, &byte, 1);
	} while (got < 0 && errno == EINTR);
	_exit(got == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Keeps the working directory: SIGHUP reads relative paths of the configuration again. */
int detach(void)
{
	int fd[2], err;
	pid_t child;

	if (pipe2(fd, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child < 0) {
		err = -errno;
		close(fd[0]);
		close(fd[1]);
		return err;
	}
	if (child) {
		close(fd[1]);
		wait_for_child(fd[0]);
	}
	close(fd[0]);
	setsid();
	return fd[1];
}

void detach_ready(int fd)
{
	int null;

	if (fd < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int std = 0; null >= 0 && std < 3; std++)
		dup2(null, std);
	if (null > 2)
		close(null);
	while (write(fd, "", 1) < 0 && errno == EINTR)
		;
	close(fd);
}

static long pidfile_read(int fd)
{
	char text[24] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
}

/* Opens and locks. Return: descriptor; -EAGAIN, the file was removed meanwhile; -EEXIST, in use */
static int pidfile_lock(const char *path, long *other)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644), err = 0;
	struct stat opened, there;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		err = errno == EWOULDBLOCK ? -EEXIST : -errno;
		*other = pidfile_read(fd);
	} else if (fstat(fd, &opened) || stat(path, &there) || opened.st_ino != there.st_ino ||
		   opened.st_dev != there.st_dev) {
		err = -EAGAIN; /* the previous daemon removed it between open() and flock() */
	}
	if (!err)
		return fd;
	close(fd);
	return err;
}

int pidfile_open(struct pidfile *pidfile, const char *path, long *other)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid()), fd, err;

	do {
		fd = pidfile_lock(path, other);
	} while (fd == -EAGAIN);
	if (fd < 0)
		return fd;
	if (ftruncate(fd, 0) || write(fd, text, (size_t)len) != len) {
		err = errno ? -errno : -EIO;
		close(fd);
		return err;
	}
	*pidfile = (struct pidfile){ path, fd };
	return 0;
}

void pidfile_close(struct pidfile *pidfile)
{
	if (pidfile->fd < 0)
		return;
	/* Remove it while locked, so that another daemon's new file is not removed. */
	if (unlink(pidfile->path) && ftruncate(pidfile->fd, 0))
		log_debug("pidfile %s: cannot be removed or emptied: %m",
			  pidfile->path); /* the next daemon overwrites it */
	close(pidfile->fd);
	pidfile->fd = -1;
}
