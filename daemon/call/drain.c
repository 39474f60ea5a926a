/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drain.c - whether new calls are refused, so that the relay becomes empty; also after a restart
 *
 * A file of its own, as for bans: it must not depend on whether calls are kept, and it is there or
 * not before set is answered.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "call/drain.h"

int drain_open(struct call_table *table, const char *dir)
{
	if (!dir)
		return 0;
	if (asprintf(&table->drain_path, "%s/" DRAIN_FILE, dir) < 0) {
		table->drain_path = NULL;
		return -ENOMEM;
	}
	if (access(table->drain_path, F_OK))
		return 0;
	table->draining = table->drain_kept = true;
	log_warn("drain is on, as before the restart (%s): new calls are refused until "
		 "rtprelayctl set --drain=off",
		 table->drain_path);
	return 0;
}

static int make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0)
		return -errno;
	return close(fd) ? -errno : 0;
}

static int remove_file(const char *path)
{
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

int drain_set(struct call_table *table, bool on, bool keep)
{
	bool kept = on && keep && table->drain_path;
	int err = 0;

	if (table->drain_path)
		err = kept ? make_file(table->drain_path) : remove_file(table->drain_path);
	if (err)
		return err;
	table->draining = on;
	table->drain_kept = kept;
	return 0;
}

bool drain_is_kept(const struct call_table *table)
{
	return table->drain_kept;
}

void drain_close(struct call_table *table)
{
	free(table->drain_path);
	table->drain_path = NULL;
}
