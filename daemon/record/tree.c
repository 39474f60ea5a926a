/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.c - files below recording-dir, by names that never lead out of it */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "record/tree.h"

#define FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int set_rights(const struct record_tree *tree, int fd, mode_t mode)
{
	if (tree->has_group && fchown(fd, (uid_t)-1, tree->gid))
		return -errno;
	return fchmod(fd, mode) ? -errno : 0;
}

int record_tree_rights(const struct record_tree *tree, int fd)
{
	return set_rights(tree, fd, tree->mode & 0777);
}

/* The folder @name below @at. -errno */
static int enter(const struct record_tree *tree, int at, const char *name, bool make)
{
	mode_t mode = (tree->mode & 0777) | (tree->mode & 0444) >> 2 | 0700;
	int fd, error;

	if (!make || mkdirat(at, name, 0700)) {
		if (make && errno != EEXIST)
			return -errno;
		fd = openat(at, name, FOLDER);
		return fd < 0 ? -errno : fd;
	}
	fd = openat(at, name, FOLDER);
	if (fd < 0)
		return -errno;
	error = set_rights(tree, fd, mode);
	if (!error)
		return fd;
	close(fd);
	return error;
}

/* The folder that @name is in; *leaf is the rest. -errno */
static int enter_parent(const struct record_tree *tree, const char *name, bool make,
			const char **leaf)
{
	int fd = fcntl(tree->fd, F_DUPFD_CLOEXEC, 0);
	const char *end;

	if (fd < 0)
		return -errno;
	while ((end = strchr(name, '/'))) {
		char part[NAME_MAX + 1];
		int next = -ENAMETOOLONG;

		if ((size_t)(end - name) < sizeof(part)) {
			snprintf(part, sizeof(part), "%.*s", (int)(end - name), name);
			/* Names have none; a mistake here must not lead out. */
			next = strcmp(part, "..") != 0 ? enter(tree, fd, part, make) : -EPERM;
		}
		close(fd);
		if (next < 0)
			return next;
		fd = next;
		name = end + 1;
	}
	*leaf = name;
	return fd;
}

int record_tree_create(const struct record_tree *tree, const char *name)
{
	const char *leaf;
	int folder = enter_parent(tree, name, true, &leaf), fd, error;

	if (folder < 0)
		return folder;
	fd = openat(folder, leaf, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	error = fd < 0 ? -errno : record_tree_rights(tree, fd);
	if (fd >= 0 && error) {
		close(fd);
		unlinkat(folder, leaf, 0);
	}
	close(folder);
	return error ? error : fd;
}

int record_tree_open(const struct record_tree *tree, const char *name)
{
	const char *leaf;
	int folder = enter_parent(tree, name, false, &leaf), fd, error = 0;
	struct stat found;

	if (folder < 0)
		return folder;
	fd = openat(folder, leaf, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &found))
		error = -errno;
	else if (!S_ISREG(found.st_mode))
		error = -EINVAL;
	close(folder);
	if (fd >= 0 && error)
		close(fd);
	return error ? error : fd;
}

int record_tree_rename(const struct record_tree *tree, const char *from, const char *to,
		       bool replace)
{
	const char *old, *new;
	int at = enter_parent(tree, from, false, &old), error = 0, into;

	if (at < 0)
		return at;
	into = enter_parent(tree, to, true, &new);
	if (into < 0) {
		close(at);
		return into;
	}
	/* Without renameat2() (NFS) a link says whether the name is taken. */
	if (replace ? renameat(at, old, into, new)
		    : renameat2(at, old, into, new, RENAME_NOREPLACE))
		error = -errno;
	if (!replace && (error == -EINVAL || error == -ENOSYS)) {
		error = 0;
		if (linkat(at, old, into, new, 0) || unlinkat(at, old, 0))
			error = -errno;
	}
	close(at);
	close(into);
	return error;
}

int record_tree_remove(const struct record_tree *tree, const char *name)
{
	const char *leaf;
	int folder = enter_parent(tree, name, false, &leaf), error;

	if (folder < 0)
		return folder;
	error = unlinkat(folder, leaf, 0) ? -errno : 0;
	close(folder);
	return error;
}

bool record_tree_has(const struct record_tree *tree, const char *name)
{
	const char *leaf;
	int folder = enter_parent(tree, name, false, &leaf);
	struct stat found;
	bool has;

	if (folder < 0)
		return false;
	has = !fstatat(folder, leaf, &found, AT_SYMLINK_NOFOLLOW);
	close(folder);
	return has;
}
