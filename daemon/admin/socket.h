/* SPDX-License-Identifier: GPL-2.0-or-later */
/* socket.h - the Unix socket that rtprelayctl connects to: file, owner, rights of a client */
#ifndef RTPRELAY_ADMIN_SOCKET_H
#define RTPRELAY_ADMIN_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct admin_socket_conf - path, mode and owner
 * @path: borrowed; @mode: of the file; the directory gets r-x where the file has r or w
 * @uid, @gid: owner of the file and of a new directory; only root can change owners
 */
struct admin_socket_conf {
	const char *path;
	unsigned int mode;
	uid_t uid;
	gid_t gid;
};

/* All zero and @fd -1: no socket. */
struct admin_socket {
	int fd; /* listening, not blocking */
	char *path;
	dev_t dev; /* of the socket file; a file with another number is not removed */
	ino_t ino;
	int group_error; /* -errno: the group of admin_socket_conf could not be given */
	long other;	 /* after -EADDRINUSE: the process that listens there; 0: not known */
};

/**
 * admin_socket_open() - creates the directory (the last part of it) and the socket; replaces the
 * socket of a daemon that ended
 *
 * If the group cannot be given, the socket is for its owner and root: @own->group_error.
 * Return: 0; -EADDRINUSE, another process listens there; -ENOTSOCK, the file exists and is not a
 * socket; -ENAMETOOLONG; other -errno of mkdir, bind, chown. *what names the step that failed, for
 * a message
 */
int admin_socket_open(struct admin_socket *own, const struct admin_socket_conf *conf,
		      const char **what);
/* Removes the file if it is still ours. */
void admin_socket_close(struct admin_socket *own);

struct admin_peer_rights {
	bool read, change;
};

/**
 * admin_socket_rights() - the rights of the process connected by @fd
 * Changing: root and the user of this process. Reading: these, members of @gid, and all if @mode
 * lets others write.
 */
struct admin_peer_rights admin_socket_rights(int fd, gid_t gid, unsigned int mode);

#endif
