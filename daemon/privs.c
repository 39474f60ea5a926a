/* SPDX-License-Identifier: GPL-2.0-or-later */
/* privs.c - privileges of the process: user, capabilities, descriptor limit */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/count.h"
#include "privs.h"

#define JOINED_GROUPS 1024

int privs_find_user(const char *user, const char *group, struct privs_user *found,
		    const char **missing)
{
	*found = (struct privs_user){ .set = user || group, .uid = geteuid(), .gid = getegid() };
	if (user) {
		const struct passwd *entry;

		errno = 0;
		*missing = user;
		entry = getpwnam(user);
		if (!entry)
			return errno ? -errno : -ENOENT;
		found->uid = entry->pw_uid;
		found->gid = entry->pw_gid;
		found->name = user;
	}
	if (group) {
		const struct group *entry;

		errno = 0;
		*missing = group;
		entry = getgrnam(group);
		if (!entry)
			return errno ? -errno : -ENOENT;
		found->gid = entry->gr_gid;
	}
	return 0;
}

/*
 * Only as root; others are in their groups before the start. Where it fails, as in a container
 * without CAP_SETGID, giving a file to the group fails too, and is reported then.
 */
static void join(gid_t gid)
{
	gid_t groups[JOINED_GROUPS];
	int n;

	if (group_member(gid) || geteuid())
		return;
	n = getgroups(JOINED_GROUPS - 1, groups);
	if (n < 0)
		return;
	groups[n] = gid;
	if (setgroups((size_t)n + 1, groups))
		return;
}

static void join_groups(const struct privs_user *user)
{
	for (size_t i = 0; i < COUNT(user->join); i++)
		if (user->join[i])
			join(user->join[i]);
}

static int change_user(const struct privs_user *user)
{
	if (user->uid == geteuid() && user->gid == getegid())
		return 0; /* for example set by the service manager */
	/* Set the groups while still root; initgroups() reads the user's from /etc/group. */
	if (user->name ? initgroups(user->name, user->gid) : setgroups(1, &user->gid))
		return -errno;
	join_groups(user);
	if (setresgid(user->gid, user->gid, user->gid))
		return -errno;
	/* Otherwise the change of user would clear all capabilities. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return -errno;
	if (setresuid(user->uid, user->uid, user->uid))
		return -errno;
	return 0;
}

/* Sets the permitted and effective set to those capabilities of @keep that the process has. */
static int keep_only(const cap_value_t *keep, int count)
{
	cap_t had = cap_get_proc(), now = cap_init();
	int err = had && now ? 0 : -errno;

	for (int i = 0; i < count && !err; i++) {
		cap_flag_value_t has = CAP_CLEAR;

		if (cap_get_flag(had, keep[i], CAP_PERMITTED, &has) ||
		    (has == CAP_SET && (cap_set_flag(now, CAP_PERMITTED, 1, &keep[i], CAP_SET) ||
					cap_set_flag(now, CAP_EFFECTIVE, 1, &keep[i], CAP_SET))))
			err = -errno;
	}
	if (!err && cap_set_proc(now))
		err = -errno;
	cap_free(now);
	cap_free(had);
	return err;
}

int privs_drop(const struct privs_user *user, bool low_ports)
{
	const cap_value_t keep[] = { CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_NET_RAW,
				     CAP_NET_BIND_SERVICE };
	int err = user->set ? change_user(user) : 0;

	if (!err)
		join_groups(user);
	if (!err)
		err = keep_only(keep, low_ports ? 5 : 4);
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	return err;
}

int privs_drop_loading(bool bpf, bool tap, bool low_ports)
{
	cap_value_t keep[4] = { CAP_NET_ADMIN };
	int n = 1;

	if (bpf)
		keep[n++] = CAP_BPF;
	if (tap)
		keep[n++] = CAP_NET_RAW;
	if (low_ports)
		keep[n++] = CAP_NET_BIND_SERVICE;
	return keep_only(keep, n);
}

static bool permitted(cap_value_t capability)
{
	cap_t had = cap_get_proc();
	cap_flag_value_t has = CAP_CLEAR;
	bool known = had && !cap_get_flag(had, capability, CAP_PERMITTED, &has);

	cap_free(had);
	return known && has == CAP_SET;
}

bool privs_may_give(gid_t gid)
{
	return group_member(gid) || permitted(CAP_CHOWN);
}

bool privs_net_admin(void)
{
	return permitted(CAP_NET_ADMIN);
}

unsigned long privs_raise_descriptors(unsigned long wanted)
{
	struct rlimit limit, higher;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	if (limit.rlim_cur >= wanted)
		return limit.rlim_cur;
	higher = (struct rlimit){ wanted, limit.rlim_max > wanted ? limit.rlim_max : wanted };
	if (!setrlimit(RLIMIT_NOFILE, &higher))
		return wanted;
	/* Only root may raise the hard limit; else raise the soft limit up to it. */
	higher = (struct rlimit){ limit.rlim_max, limit.rlim_max };
	return setrlimit(RLIMIT_NOFILE, &higher) ? limit.rlim_cur : limit.rlim_max;
}
