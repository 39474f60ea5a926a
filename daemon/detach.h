/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detach.h - into the background, and the file that says which process is there */
#ifndef RTPRELAY_DETACH_H
#define RTPRELAY_DETACH_H

/**
 * detach() - go on in a child with a session of its own; before any thread is started
 *
 * The parent waits, and ends with status 0 once the child calls detach_ready(), or 1 when the child ends
 * before it. So whoever starts the daemon learns whether it runs. Does not return in the parent.
 * Return: in the child a descriptor for detach_ready(); -errno
 */
int detach(void);
/* Standard input, output and error go to /dev/null from here. Takes -1 and does nothing. */
void detach_ready(int fd);

struct pidfile {
	const char *path; /* borrowed */
	int fd;		  /* -1: none */
};

/**
 * pidfile_open() - writes the process id to @path, and locks it
 * A file that a daemon left which is no more is taken over.
 * Return: 0; -EEXIST, the daemon whose id is *other (0: unknown) holds it; other -errno
 */
int pidfile_open(struct pidfile *pidfile, const char *path, long *other);
/* Removes it; empties it where the directory may not be written any more. */
void pidfile_close(struct pidfile *pidfile);

#endif
