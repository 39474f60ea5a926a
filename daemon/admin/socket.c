/* SPDX-License-Identifier: GPL-2.0-or-later */
/* socket.c - the Unix socket that rtprelayctl connects to: file, owner, rights of a client */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "admin/socket.h"

#define BACKLOG	    8
#define PEER_GROUPS 256

static int fill_address(const char *path, struct sockaddr_un *addr)
{
	size_t len = strlen(path);

	if (!len || len >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	memcpy(addr->sun_path, path, len);
	return 0;
}

/* Only root can change the owner; for other users the creator stays the owner. */
static int give(const char *path, const struct admin_socket_conf *conf)
{
	uid_t uid = geteuid() ? (uid_t)-1 : conf->uid;

	if (geteuid() && conf->gid == getegid())
		return 0;
	return chown(path, uid, conf->gid) ? -errno : 0;
}

/* Give the directory search permission to those who may connect, and to no other. */
static unsigned int directory_mode(unsigned int mode)
{
	return 0700 | (mode & 060 ? 050 : 0) | (mode & 06 ? 05 : 0);
}

/*
 * Sets owner and mode. A process without privileges can give a file only to groups that it is in;
 * else the file belongs to a group that the configuration does not name, which gets no rights.
 */
static int give_as(const char *path, unsigned int mode, const struct admin_socket_conf *conf,
		   int *group_error)
{
	int err = give(path, conf);

	if (err)
		*group_error = err;
	return chmod(path, err ? mode & ~070U : mode) ? -errno : 0;
}

static int make_directory(struct admin_socket *own, const struct admin_socket_conf *conf)
{
	const char *end = strrchr(conf->path, '/');
	struct stat found;
	char *dir;
	int err = 0;

	if (!end || end == conf->path)
		return 0;
	dir = strndup(conf->path, (size_t)(end - conf->path));
	if (!dir)
		return -ENOMEM;
	if (!stat(dir, &found))
		err = S_ISDIR(found.st_mode) ? 0 : -ENOTDIR;
	else if (mkdir(dir, 0700))
		err = errno == EEXIST ? 0 : -errno; /* another process created it meanwhile */
	else
		err = give_as(dir, directory_mode(conf->mode), conf, &own->group_error);
	free(dir);
	return err;
}

static long listener_of(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ? 0 : peer.pid;
}

/*
 * Removes the socket of a daemon that ended. Return: 0, no file is there now; -errno. *other: the
 * process that listens there
 */
static int remove_stale(const struct sockaddr_un *addr, long *other)
{
	struct stat found;
	int fd, err;

	if (lstat(addr->sun_path, &found))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(found.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? errno : 0;
	*other = err ? 0 : listener_of(fd);
	close(fd);
	if (err != ECONNREFUSED)
		return err == EACCES || err == EPERM ? -err : -EADDRINUSE;
	return unlink(addr->sun_path) ? -errno : 0;
}

static int bind_socket(int fd, const struct sockaddr_un *addr)
{
	mode_t before = umask(0777); /* no client can connect before mode and owner are set */
	int err = bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? -errno : 0;

	umask(before);
	return err;
}

static int open_at(struct admin_socket *own, const struct sockaddr_un *addr,
		   const struct admin_socket_conf *conf, const char **what)
{
	struct stat made;
	int err;

	*what = "bind";
	err = bind_socket(own->fd, addr);
	if (err)
		return err;
	*what = "setting owner and mode";
	err = give_as(conf->path, conf->mode & 0777, conf, &own->group_error);
	if (!err && stat(conf->path, &made))
		err = -errno;
	if (!err && listen(own->fd, BACKLOG))
		err = -errno;
	if (err) {
		unlink(conf->path);
		return err;
	}
	own->dev = made.st_dev;
	own->ino = made.st_ino;
	return 0;
}

int admin_socket_open(struct admin_socket *own, const struct admin_socket_conf *conf,
		      const char **what)
{
	struct sockaddr_un addr;
	int err;

	*own = (struct admin_socket){ .fd = -1 };
	*what = "using the path";
	err = fill_address(conf->path, &addr);
	if (err)
		return err;
	*what = "creating the directory";
	err = make_directory(own, conf);
	if (err)
		return err;
	*what = "replacing the existing file";
	err = remove_stale(&addr, &own->other);
	if (err == -EADDRINUSE)
		*what = "replacing the socket of a running daemon";
	if (err)
		return err;
	*what = "opening the socket";
	own->path = strdup(conf->path);
	if (!own->path)
		return -ENOMEM;
	own->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	err = own->fd < 0 ? -errno : open_at(own, &addr, conf, what);
	if (!err)
		return 0;
	if (own->fd >= 0)
		close(own->fd);
	free(own->path);
	*own = (struct admin_socket){ .fd = -1 };
	return err;
}

void admin_socket_close(struct admin_socket *own)
{
	struct stat found;

	if (own->fd < 0)
		return;
	if (!lstat(own->path, &found) && found.st_dev == own->dev && found.st_ino == own->ino)
		unlink(own->path);
	close(own->fd);
	free(own->path);
	*own = (struct admin_socket){ .fd = -1 };
}

static bool in_group(int fd, gid_t gid)
{
	gid_t groups[PEER_GROUPS];
	socklen_t len = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return false;
	for (size_t i = 0; i < len / sizeof(*groups); i++)
		if (groups[i] == gid)
			return true;
	return false;
}

struct admin_peer_rights admin_socket_rights(int fd, gid_t gid, unsigned int mode)
{
	struct admin_peer_rights rights = { false, false };
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return rights;
	rights.change = !peer.uid || peer.uid == geteuid();
	rights.read = rights.change || peer.gid == gid || in_group(fd, gid) || (mode & 02);
	return rights;
}
