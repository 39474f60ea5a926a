/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detach.h - runs the daemon in the background, and writes its process ID to a file */
#ifndef RTPRELAY_DETACH_H
#define RTPRELAY_DETACH_H

/**
 * detach() - continues in a child process with its own session; call it before starting threads
 *
 * The parent waits, and exits with status 0 when the child calls detach_ready(), or 1 if the child
 * ends before. So the exit status shows whether the start succeeded. Does not return in the parent.
 * Return: in the child a descriptor for detach_ready(); -errno
 */
int detach(void);
/* Redirects standard input, output and error to /dev/null. Does nothing for -1. */
void detach_ready(int fd);

struct pidfile {
	const char *path; /* borrowed */
	int fd;		  /* -1: none */
};

/**
 * pidfile_open() - writes the process id to @path, and locks it
 * Overwrites a file that an ended daemon left.
 * Return: 0; -EEXIST, locked by the daemon with process id *other (0: unknown); other -errno
 */
int pidfile_open(struct pidfile *pidfile, const char *path, long *other);
/* Removes the file; empties it if the daemon may no longer write to the directory. */
void pidfile_close(struct pidfile *pidfile);

#endif
