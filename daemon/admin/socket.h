/* SPDX-License-Identifier: GPL-2.0-or-later */
/* socket.h - the Unix socket that rtprelayctl connects to, in the file system */
#ifndef RTPRELAY_ADMIN_SOCKET_H
#define RTPRELAY_ADMIN_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct admin_socket - where and whose
 * @path: borrowed; @mode: of the file, the directory's is the same with x for r
 * @uid, @gid: owner of file and of a directory that is made; only root can give them away
 */
struct admin_socket_conf {
	const char *path;
	unsigned int mode;
	uid_t uid;
	gid_t gid;
};

/* All zero but @fd -1: none. */
struct admin_socket {
	int fd; /* listening, not blocking */
	char *path;
	dev_t dev; /* of the file that was made: another one is not ours to remove */
	ino_t ino;
};

/**
 * admin_socket_open() - makes the directory (the last part of it) and the socket; a dead daemon's socket is replaced
 * Return: 0; -EADDRINUSE, somebody listens there; -ENOTSOCK, there is a file that is none; -ENAMETOOLONG;
 * other -errno of mkdir, bind, chown; *what is what failed, for a message
 */
int admin_socket_open(struct admin_socket *own, const struct admin_socket_conf *conf,
		      const char **what);
/* Removes the file if it is still ours. */
void admin_socket_close(struct admin_socket *own);

struct admin_peer_rights {
	bool read, change;
};

/**
 * admin_socket_rights() - what who is connected by @fd may do
 * Changing: root and the user of this process. Reading: these, members of @gid, and anybody if @mode lets others write.
 */
struct admin_peer_rights admin_socket_rights(int fd, gid_t gid, unsigned int mode);

#endif
