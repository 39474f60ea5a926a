/* SPDX-License-Identifier: GPL-2.0-or-later */
/* privs.h - privileges of the process: user, capabilities, descriptor limit */
#ifndef RTPRELAY_PRIVS_H
#define RTPRELAY_PRIVS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The user to change to; @uid and @gid are ignored unless @set. @join: other groups to be in, for
 * the files of these groups, if the process may; 0: none
 */
struct privs_user {
	bool set;
	gid_t join[2];
	uid_t uid;
	gid_t gid;
	const char *name; /* borrowed */
};

/**
 * privs_find_user() - looks up user and group
 * @user, @group: NULL: not given; a group without a user changes only the group
 * Return: 0; -ENOENT, user or group *missing does not exist; other -errno of the lookup
 */
int privs_find_user(const char *user, const char *group, struct privs_user *found,
		    const char **missing);

/**
 * privs_drop() - changes to @user; keeps only CAP_NET_ADMIN, CAP_NET_BIND_SERVICE if @low_ports,
 * and CAP_BPF, CAP_PERFMON and CAP_NET_RAW until privs_drop_loading()
 *
 * Call it before any thread is started: each thread has its own capabilities. Sets no_new_privs.
 * Return: 0; -errno: privileges may be partly dropped, so the process must exit
 */
int privs_drop(const struct privs_user *user, bool low_ports);
/*
 * Also before any thread is started, after the BPF programs are loaded. @bpf: CAP_BPF is kept, to
 * read and write maps, and to load a program later. @tap: CAP_NET_RAW is kept, to open rtprelay0
 * each time that the kernel module makes it. Return: as privs_drop()
 */
int privs_drop_loading(bool bpf, bool tap, bool low_ports);

/* May the process give its own files to this group? */
bool privs_may_give(gid_t gid);
/* Has the process CAP_NET_ADMIN? */
bool privs_net_admin(void);

/**
 * privs_raise_descriptors() - raises the limit of open descriptors to @wanted, if permitted
 * Return: the new limit, which may be lower or higher than @wanted
 */
unsigned long privs_raise_descriptors(unsigned long wanted);

#endif
