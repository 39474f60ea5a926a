/* SPDX-License-Identifier: GPL-2.0-or-later */
/* privs.h - what the process may do: descriptors, root and its capabilities */
#ifndef RTPRELAY_PRIVS_H
#define RTPRELAY_PRIVS_H

#include <stdbool.h>
#include <sys/types.h>

/* Whom to become; uid and gid only count where @set. */
struct privs_user {
	bool set;
	uid_t uid;
	gid_t gid;
	const char *name; /* borrowed */
};

/**
 * privs_find_user() - looks names up
 * @user, @group: NULL: not given; a group without a user changes the group alone
 * Return: 0; -ENOENT, there is no such user or group: *missing is its name; other -errno of the look-up
 */
int privs_find_user(const char *user, const char *group, struct privs_user *found,
		    const char **missing);

/**
 * privs_drop() - become @user and keep no capability but CAP_NET_ADMIN, and CAP_NET_BIND_SERVICE if @low_ports
 *
 * Before any thread is started: capabilities are a thread's own. Nothing that is executed later can get more.
 * Return: 0; -errno: the process may be half changed and has to end
 */
int privs_drop(const struct privs_user *user, bool low_ports);

/**
 * privs_raise_descriptors() - lets the process open @wanted descriptors, if it may
 * Return: how many it can open now: perhaps less, perhaps more
 */
unsigned long privs_raise_descriptors(unsigned long wanted);

#endif
