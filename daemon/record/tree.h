/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - files below recording-dir, by names that never lead out of it
 *
 * Each folder on the way is opened below the one before, and symbolic links are not followed:
 * neither a name nor somebody who may write to a folder there leads a file elsewhere.
 */
#ifndef RTPRELAY_RECORD_TREE_H
#define RTPRELAY_RECORD_TREE_H

#include <stdbool.h>
#include <sys/types.h>

struct record_tree {
	int fd;		   /* of recording-dir */
	unsigned int mode; /* of files, 0640; folders get x where r is */
	bool has_group;
	gid_t gid;
};

/*
 * Names are as record/name.h makes them, with an extension; or ".open/...". All return -errno;
 * -ELOOP or -ENOTDIR: there is a symbolic link on the way.
 */

/* A new file, open for reading and writing; folders on the way are made. -EEXIST */
int record_tree_create(const struct record_tree *tree, const char *name);
/* A regular file that exists, open for reading and writing. */
int record_tree_open(const struct record_tree *tree, const char *name);
/* @replace: a file of the new name may exist; else -EEXIST */
int record_tree_rename(const struct record_tree *tree, const char *from, const char *to,
		       bool replace);
int record_tree_remove(const struct record_tree *tree, const char *name);
bool record_tree_has(const struct record_tree *tree, const char *name);
/* Owner and mode of an open file, as the settings say. */
int record_tree_rights(const struct record_tree *tree, int fd);

#endif
