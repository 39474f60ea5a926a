/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifdef RTPRELAY_HAS_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/count.h"
#include "base/log.h"
#include "bpf/load.h"
#include "bpf/pins.h"

/* The assembler includes the object file of the program. */
__asm__(".pushsection .rodata\n"
	".balign 8\n"
	"bpf_program:\n"
	".incbin \"" RTPRELAY_BPF_PROGRAM "\"\n"
	"bpf_program_end:\n"
	".popsection\n");
extern const char bpf_program[], bpf_program_end[];

#define LOG_LINES 20

/* Where the last lines of a text begin: the verifier writes thousands, and the reason is last. */
static char *last_lines(char *text)
{
	char *at = text + strlen(text);

	for (int lines = 0; at > text; at--)
		if (at[-1] == '\n' && lines++ == LOG_LINES)
			break;
	return at;
}

static int log_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text, *line, *rest;

	if (level == LIBBPF_DEBUG || !log_enabled(LOG_LEVEL_DEBUG) ||
	    vasprintf(&text, format, args) < 0)
		return 0;
	rest = last_lines(text);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			log_debug("bpf: %s", line);
	free(text);
	return 0;
}

static bool is_bpffs(const char *folder)
{
	struct statfs fs;

	return !statfs(folder, &fs) && fs.f_type == BPF_FS_MAGIC;
}

/* A bpffs may be writable by all: who owns the folder could have put maps of his own there. */
static bool is_trusted(const char *folder)
{
	struct stat named, found; /* the name may be that of a link */

	return !lstat(folder, &named) && !stat(folder, &found) &&
	       (!named.st_uid || named.st_uid == geteuid()) &&
	       (!found.st_uid || found.st_uid == geteuid());
}

/* Makes the folder. False: maps cannot be pinned there; *why */
static bool prepare_pins(const char *folder, char *why)
{
	char parent[512];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", folder);
	slash = strrchr(parent, '/');
	if (slash && slash != parent)
		*slash = '\0';
	if (!is_bpffs(folder) && !is_bpffs(parent)) {
		snprintf(why, FLOW_MAP_WHY, "%s is not on a bpffs: a restart interrupts media",
			 folder);
		return false;
	}
	if (mkdir(folder, 0700) && errno != EEXIST) {
		snprintf(why, FLOW_MAP_WHY, "%s: %s: a restart interrupts media", folder,
			 strerror(errno));
		return false;
	}
	if (!is_trusted(folder)) {
		snprintf(why, FLOW_MAP_WHY,
			 "%s belongs to another user, and is not used: a restart interrupts media",
			 folder);
		return false;
	}
	return true;
}

/* It may be that of a daemon which has just ended, and which has removed it. */
static bool is_folder(int fd, const char *folder)
{
	struct stat opened, found;

	return !fstat(fd, &opened) && !stat(folder, &found) && opened.st_ino == found.st_ino;
}

/*
 * Two daemons would take each other's flows for what was left behind, and the place of each other's
 * program. Without a lock the pins are used, too. 0; -EBUSY, and *why
 */
static int lock_pins(const char *folder, int *lock, char *why)
{
	*lock = bpf_pins_lock(folder);
	if (*lock == -EWOULDBLOCK || (*lock >= 0 && !is_folder(*lock, folder))) {
		snprintf(why, FLOW_MAP_WHY,
			 "another daemon uses %s: daemons beside each other need a bpf-pin each",
			 folder);
		return -EBUSY;
	}
	return 0;
}

/* The entries of a pinned map. 0: it does not exist, or is not as this program's */
static uint32_t pinned_entries(const struct bpf_map *map, const char *path)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_obj_get(path);
	bool same;

	if (fd < 0)
		return 0;
	same = !bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.map_flags == bpf_map__map_flags(map);
	close(fd);
	return same ? info.max_entries : 0;
}

static uint32_t entries_for(const char *name, uint32_t limit)
{
	if (!strcmp(name, "confs"))
		return bpf_n_confs(limit);
	if (!strcmp(name, "states") || !strcmp(name, "rtcps"))
		return bpf_n_states(limit);
	return strcmp(name, "totals") ? limit : 1;
}

/* The limit of the flows that the pinned maps have room for. 0: they cannot be used */
static uint32_t pinned_limit(struct bpf_object *object, const char *folder)
{
	uint32_t limit = 0, entries;
	char path[BPF_PATH];

	for (size_t i = 0; i < BPF_PINS; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, bpf_pin_names[i]);

		bpf_pin_path(path, folder, bpf_pin_names[i]);
		entries = map ? pinned_entries(map, path) : 0;
		if (!i)
			limit = entries;
		if (!entries || entries != entries_for(bpf_pin_names[i], limit))
			return 0;
	}
	return limit;
}

static bool has_flows(const char *folder)
{
	struct bpf_key_ipv6 key;
	bool some = false;
	char path[BPF_PATH];

	for (int i = 0; i < 2 && !some; i++) {
		int fd;

		bpf_pin_path(path, folder, bpf_pin_names[i]);
		fd = bpf_obj_get(path);
		if (fd < 0)
			continue;
		some = !bpf_map_get_next_key(fd, NULL, &key);
		close(fd);
	}
	return some;
}

static int set_maps(struct bpf_object *object, const char *folder, uint32_t limit)
{
	char path[BPF_PATH];

	for (size_t i = 0; i < BPF_PINS; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, bpf_pin_names[i]);

		if (!map || bpf_map__set_max_entries(map, entries_for(bpf_pin_names[i], limit)))
			return -EINVAL;
		if (!folder)
			continue;
		bpf_pin_path(path, folder, bpf_pin_names[i]);
		if (bpf_map__set_pin_path(map, path))
			return -ENOMEM;
	}
	return 0;
}

static int set_constants(struct bpf_object *object, bool statistics)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");
	struct bpf_constants constants = { .statistics = statistics };
	size_t len = 0;

	if (!map || !bpf_map__initial_value(map, &len) || len != sizeof(constants))
		return -EINVAL;
	constants.coarse_clock = libbpf_probe_bpf_helper(BPF_PROG_TYPE_SCHED_CLS,
							 BPF_FUNC_ktime_get_coarse_ns, NULL) == 1;
	return bpf_map__set_initial_value(map, &constants, sizeof(constants));
}

static int why_not(int error, char *why)
{
	switch (error) {
	case -EPERM:
		snprintf(why, FLOW_MAP_WHY,
			 "no rights: the process needs CAP_BPF and CAP_NET_ADMIN of the host, and "
			 "before Linux 5.11 LimitMEMLOCK=infinity");
		return -EPERM;
	case -ENOMEM:
		snprintf(why, FLOW_MAP_WHY, "not enough memory for the maps");
		return error;
	case -ENOSYS:
	case -EACCES: /* of the verifier */
	case -EINVAL:
	case -EOPNOTSUPP:
	case -E2BIG:
		snprintf(why, FLOW_MAP_WHY,
			 "the kernel does not accept the program (%s): it needs Linux 5.10 or "
			 "later; debug-level log lines say more",
			 strerror(-error));
		return -EOPNOTSUPP;
	default:
		snprintf(why, FLOW_MAP_WHY, "the program could not be loaded: %s",
			 strerror(-error));
		return error;
	}
}

static struct bpf_object *open_object(void)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "rtprelay");

	libbpf_set_print(log_libbpf);
	return bpf_object__open_mem(bpf_program, (size_t)(bpf_program_end - bpf_program), &options);
}

/* Decides which maps to use, and removes those that cannot be used. */
static void choose_pins(struct bpf_object *object, const char *folder, uint32_t *limit)
{
	uint32_t pinned = pinned_limit(object, folder);

	if (pinned && (pinned == *limit || has_flows(folder)))
		*limit = pinned;
	else
		bpf_unpin_maps(folder);
}

static bool has_capability(cap_t had, cap_value_t capability)
{
	cap_flag_value_t has = CAP_CLEAR;

	return had && !cap_get_flag(had, capability, CAP_EFFECTIVE, &has) && has == CAP_SET;
}

/* Without this right the kernel guards each access to memory against speculative execution. */
static void note_slow_program(char *why)
{
	cap_t had = cap_get_proc();
	size_t at = strlen(why);

	if (!has_capability(had, CAP_PERFMON) && !has_capability(had, CAP_SYS_ADMIN))
		snprintf(why + at, FLOW_MAP_WHY - at,
			 "%swithout CAP_PERFMON the program takes about half as long again for a "
			 "packet",
			 at ? "; " : "");
	cap_free(had);
}

int bpf_load(const struct map_conf *conf, struct bpf_object **object, uint32_t *limit, bool *pinned,
	     int *lock, char *why)
{
	const char *folder = conf->pin && *conf->pin ? conf->pin : NULL;
	struct bpf_object *opened = open_object();
	int error;

	*lock = -1;
	if (!opened)
		return why_not(-errno, why);
	*limit = conf->limit;
	if (folder && !prepare_pins(folder, why))
		folder = NULL;
	error = folder ? lock_pins(folder, lock, why) : 0;
	if (error) {
		bpf_object__close(opened);
		return error;
	}
	if (folder)
		choose_pins(opened, folder, limit);
	error = set_maps(opened, folder, *limit);
	if (!error)
		error = set_constants(opened, conf->statistics);
	if (!error)
		error = bpf_object__load(opened);
	if (error) {
		bpf_object__close(opened);
		return why_not(error, why);
	}
	note_slow_program(why);
	*pinned = folder;
	*object = opened;
	return 0;
}

#endif
