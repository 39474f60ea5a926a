/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpus.c - the CPUs that this process may use: its affinity and the quota of its control groups */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cpus.h"
#include "base/procfs.h"

#define COLUMN 2048 /* the longest root or mount point that is understood */

/* A hierarchy of control groups that limits CPU time, and where it is mounted. */
struct hierarchy {
	bool v2;
	char root[COLUMN]; /* the group that is mounted */
	char point[COLUMN];
};

/* Is @word one of the words of a list with commas? */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		size_t end = strcspn(list, ",\n");

		if (end == len && !memcmp(list, word, len))
			return true;
		list += end + (list[end] != '\0');
	}
	return false;
}

/* A line of mountinfo, proc(5): "ID PARENT MAJ:MIN ROOT POINT OPTIONS - TYPE SOURCE OPTIONS" */
static bool read_mount(const char *line, struct hierarchy *mount)
{
	const char *rest = strstr(line, " - ");
	char type[32], options[COLUMN];

	if (!rest || sscanf(rest, " - %31s %*s %2047s", type, options) != 2 ||
	    sscanf(line, "%*s %*s %*s %2047s %2047s", mount->root, mount->point) != 2)
		return false;
	mount->v2 = !strcmp(type, "cgroup2");
	return mount->v2 || (!strcmp(type, "cgroup") && has_word(options, "cpu"));
}

/* A line of /proc/self/cgroup, see cgroups(7): "ID:CONTROLLERS:PATH", v2: "0::PATH" */
static const char *path_in(const char *line, bool v2)
{
	const char *controllers = strchr(line, ':');
	const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
	char words[COLUMN];

	if (!path)
		return NULL;
	controllers++;
	snprintf(words, sizeof(words), "%.*s", (int)(path - controllers), controllers);
	return (v2 ? !*words : has_word(words, "cpu")) ? path + 1 : NULL;
}

/* CPUs, of the group in that directory alone. */
static unsigned int quota_of(const char *directory, bool v2)
{
	unsigned long long quota, period, whole;
	char path[2 * COLUMN + 32], line[64], *rest;

	snprintf(path, sizeof(path), "%s/%s", directory, v2 ? "cpu.max" : "cpu.cfs_quota_us");
	if (!procfs_line(path, line, sizeof(line)) || strchr(line, '-')) /* -1: none */
		return UINT_MAX;
	if (!v2) {
		size_t len = strlen(line);

		line[len++] = ' ';
		snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", directory);
		if (len >= sizeof(line) || !procfs_line(path, line + len, sizeof(line) - len))
			return UINT_MAX;
	}
	errno = 0;
	quota = strtoull(line, &rest, 10);
	period = strtoull(rest, NULL, 10);
	if (rest == line || errno || !period) /* "max 100000" has no quota */
		return UINT_MAX;
	whole = quota / period;
	return whole < 1 ? 1 : whole < UINT_MAX ? (unsigned int)whole : UINT_MAX;
}

/* The smallest from the group at @path up to the one that is mounted. */
static unsigned int smallest(const struct hierarchy *mount, const char *path)
{
	size_t root_len = strcmp(mount->root, "/") ? strlen(mount->root) : 0;
	size_t top = strlen(mount->point);
	char directory[2 * COLUMN];
	unsigned int least = UINT_MAX;
	bool below = !strncmp(path, mount->root, root_len) &&
		     (path[root_len] == '/' || path[root_len] == '\n');

	/* A group outside of what is mounted: only the mounted one is known. */
	path = below ? path + root_len : "";
	snprintf(directory, sizeof(directory), "%s%.*s", mount->point, (int)strcspn(path, "\n"),
		 path);
	for (;;) {
		unsigned int quota = quota_of(directory, mount->v2);
		char *slash = strrchr(directory, '/');

		least = quota < least ? quota : least;
		if (!slash || slash < directory + top)
			return least;
		*slash = '\0';
	}
}

/* Opens a file of the process and calls @take for each line. */
static void each_line(const char *self, const char *name, void (*take)(const char *, void *),
		      void *arg)
{
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", self, name);
	file = fopen(path, "re");
	if (!file)
		return;
	while (getline(&line, &size, file) > 0)
		take(line, arg);
	free(line);
	fclose(file);
}

struct search {
	const char *self;
	struct hierarchy mount;
	unsigned int least;
};

static void take_group(const char *line, void *arg)
{
	struct search *search = arg;
	const char *path = path_in(line, search->mount.v2);
	unsigned int quota;

	if (!path)
		return;
	quota = smallest(&search->mount, path);
	search->least = quota < search->least ? quota : search->least;
}

/* v1 and v2 may be mounted side by side; the one without the controller has no quota. */
static void take_mount(const char *line, void *arg)
{
	struct search *search = arg;

	if (read_mount(line, &search->mount))
		each_line(search->self, "cgroup", take_group, search);
}

unsigned int cpus_quota(const char *self)
{
	struct search *search = calloc(1, sizeof(*search));
	unsigned int least = UINT_MAX;

	if (!search)
		return least;
	search->self = self;
	search->least = UINT_MAX;
	each_line(self, "mountinfo", take_mount, search);
	least = search->least;
	free(search);
	return least;
}

unsigned int cpus_usable(void)
{
	unsigned int count = 1, quota = cpus_quota("/proc/self");
	cpu_set_t set;

	if (!sched_getaffinity(0, sizeof(set), &set))
		count = (unsigned int)CPU_COUNT(&set);
	return quota < count ? quota : count;
}
