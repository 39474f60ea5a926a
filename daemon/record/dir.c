/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dir.c - recording-dir: who writes there, how much room it has, what a former run left */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "base/log.h"
#include "record/dir.h"
#include "record/dir_state.h"
#include "record/repair.h"

#define LOCK	      RECORD_OPEN "/lock"
#define NS_PER_SECOND 1000000000LL

static int fail(char *error, int code, const struct record_dir_conf *conf, const char *what,
		const char *hint)
{
	snprintf(error, RECORD_DIR_ERROR, "recording-dir %.120s: %s: %s%s", conf->path, what,
		 strerror(-code), hint);
	return code;
}

static const char *hint_of(int error)
{
	switch (error) {
	case -ENOENT:
		return "; create it, with the daemon's user as its owner";
	case -EACCES:
	case -EPERM:
		return "; the daemon's user must be able to read and write there";
	case -EROFS:
		return "; under systemd it needs ReadWritePaths=";
	default:
		return "";
	}
}

static void read_owner(int fd, char *pid, size_t size)
{
	ssize_t n = pread(fd, pid, size - 1, 0);

	pid[n > 0 ? n : 0] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
}

static void write_owner(int fd)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	/* Only for the sentence that another daemon prints. */
	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) != n)
		log_debug("recording-dir: the lock has no process ID: %s", strerror(errno));
}

/* The open lock, which ends with its descriptor. -errno and *error */
static int take_lock(const struct record_tree *tree, const struct record_dir_conf *conf,
		     char *error)
{
	int fd = openat(tree->fd, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	char pid[24];

	if (fd < 0) {
		int code = -errno;

		return fail(error, code, conf, "cannot write there", hint_of(code));
	}
	if (!flock(fd, LOCK_EX | LOCK_NB)) {
		write_owner(fd);
		return fd;
	}
	if (errno == EWOULDBLOCK) {
		read_owner(fd, pid, sizeof(pid));
		snprintf(error, RECORD_DIR_ERROR,
			 "recording-dir %.120s is used by another rtprelayd (pid %s): give each "
			 "daemon its own",
			 conf->path, *pid ? pid : "unknown");
		close(fd);
		return -EBUSY;
	}
	fail(error, -errno, conf, "cannot lock " LOCK, "");
	close(fd);
	return -ENOLCK;
}

static struct record_tree tree_of(const struct record_dir_conf *conf, int fd)
{
	return (struct record_tree){
		.fd = fd, .mode = conf->mode, .has_group = conf->group, .gid = conf->gid
	};
}

/* Opens the directory and takes its lock. @tree->fd and *lock_fd; -errno and *error */
static int take(const struct record_dir_conf *conf, struct record_tree *tree, int *lock_fd,
		char *error)
{
	int code;

	*tree = tree_of(conf, open(conf->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (tree->fd < 0) {
		code = -errno;
		return fail(error, code, conf, "cannot be opened", hint_of(code));
	}
	if (mkdirat(tree->fd, RECORD_OPEN, 0700) && errno != EEXIST) {
		code = -errno;
		fail(error, code, conf, "cannot write there", hint_of(code));
	} else {
		*lock_fd = code = take_lock(tree, conf, error);
	}
	if (code >= 0)
		return 0;
	close(tree->fd);
	tree->fd = -1;
	return code;
}

/* "0123456789abcdef.json" */
static bool parse_id(const char *name, uint64_t *id)
{
	*id = 0;
	for (int i = 0; i < 16; i++) {
		static const char hex[] = "0123456789abcdef";
		const char *digit = name[i] ? strchr(hex, name[i]) : NULL;

		if (!digit)
			return false;
		*id = *id << 4 | (uint64_t)(digit - hex);
	}
	return !strcmp(name + 16, ".json");
}

static void read_leftovers(struct record_dir *dir)
{
	int fd = openat(dir->tree.fd, RECORD_OPEN, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint64_t id, *grown;

	if (!list && fd >= 0)
		close(fd);
	while (list && (entry = readdir(list))) {
		if (!parse_id(entry->d_name, &id))
			continue;
		grown = realloc(dir->leftover, (dir->n_leftover + 1) * sizeof(id));
		if (!grown)
			break;
		dir->leftover = grown;
		dir->leftover[dir->n_leftover++] = id;
	}
	if (list)
		closedir(list);
}

bool record_dir_take_leftover(struct record_dir *dir, uint64_t id)
{
	for (size_t i = 0; i < dir->n_leftover; i++)
		if (dir->leftover[i] == id) {
			dir->leftover[i] = dir->leftover[--dir->n_leftover];
			return true;
		}
	return false;
}

static bool copy_texts(struct record_dir *dir, const struct record_dir_conf *conf)
{
	dir->conf = *conf;
	dir->conf.path = strdup(conf->path);
	dir->conf.group = conf->group ? strdup(conf->group) : NULL;
	return dir->conf.path && (dir->conf.group || !conf->group);
}

struct record_dir *record_dir_open(const struct record_dir_conf *conf, char *error)
{
	struct record_dir *dir = calloc(1, sizeof(*dir));

	snprintf(error, RECORD_DIR_ERROR, "recording-dir %.120s: out of memory", conf->path);
	if (!dir)
		return NULL;
	dir->tree.fd = dir->lock_fd = -1;
	dir->last_left = DIR_LEFT_UNKNOWN;
	dir->format = pcap_open_dead_with_tstamp_precision(
		conf->linktype == RECORD_ETHERNET ? DLT_EN10MB : DLT_RAW, RECORD_PCAP_SNAPSHOT,
		conf->precision == RECORD_NS ? PCAP_TSTAMP_PRECISION_NANO
					     : PCAP_TSTAMP_PRECISION_MICRO);
	if (!copy_texts(dir, conf) || !dir->format ||
	    take(&dir->conf, &dir->tree, &dir->lock_fd, error)) {
		record_dir_close(dir);
		return NULL;
	}
	*error = '\0';
	read_leftovers(dir);
	return dir;
}

void record_dir_close(struct record_dir *dir)
{
	if (!dir)
		return;
	if (dir->lock_fd >= 0)
		close(dir->lock_fd);
	if (dir->tree.fd >= 0)
		close(dir->tree.fd);
	if (dir->format)
		pcap_close(dir->format);
	free(dir->leftover);
	/* Both were made by copy_texts(). */
	free((char *)(uintptr_t)dir->conf.path);
	free((char *)(uintptr_t)dir->conf.group);
	free(dir);
}

/* What a daemon of another user has left there may be closed to this one. */
static int check_rights(int fd, const struct record_dir_conf *conf, char *error)
{
	if (faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS))
		return fail(error, -errno, conf, "cannot write there", hint_of(-errno));
	if (faccessat(fd, RECORD_OPEN, R_OK | W_OK | X_OK, AT_EACCESS) && errno != ENOENT)
		return fail(error, -errno, conf, "cannot write to " RECORD_OPEN " there",
			    hint_of(-errno));
	if (faccessat(fd, LOCK, R_OK | W_OK, AT_EACCESS) && errno != ENOENT)
		return fail(error, -errno, conf, "cannot write to " LOCK " there", hint_of(-errno));
	return 0;
}

int record_dir_check(const struct record_dir_conf *conf, char *error)
{
	int fd = open(conf->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = -errno;

	*error = '\0';
	if (fd < 0)
		return fail(error, code, conf, "cannot be opened", hint_of(code));
	code = check_rights(fd, conf, error);
	close(fd);
	return code;
}

int record_dir_follow(struct record_dir *dir)
{
	char error[RECORD_DIR_ERROR];
	struct record_tree tree = { .fd = -1 };
	struct stat found;
	int lock_fd = -1, code;

	if (!fstat(dir->tree.fd, &found) && found.st_nlink)
		return 0;
	code = take(&dir->conf, &tree, &lock_fd, error);
	if (code) {
		log_err("%s", error);
		return code;
	}
	log_warn("recording-dir %s was removed, and is there again", dir->conf.path);
	close(dir->lock_fd);
	close(dir->tree.fd);
	dir->lock_fd = lock_fd;
	dir->tree = tree;
	return 0;
}

bool record_dir_left(struct record_dir *dir, uint64_t *left)
{
	struct statvfs space;
	uint64_t free_;
	bool known = !fstatvfs(dir->tree.fd, &space);

	*left = 0;
	free_ = known ? (uint64_t)space.f_bavail * space.f_frsize : 0;
	if (free_ > dir->conf.min_free)
		*left = free_ - dir->conf.min_free;
	__atomic_store_n(&dir->last_left, known ? *left : DIR_LEFT_UNKNOWN, __ATOMIC_RELAXED);
	return known;
}

bool record_dir_left_last(const struct record_dir *dir, uint64_t *left)
{
	*left = __atomic_load_n(&dir->last_left, __ATOMIC_RELAXED);
	return *left != DIR_LEFT_UNKNOWN;
}

bool record_dir_has_room(struct record_dir *dir, int64_t now_ns)
{
	bool fresh =
		dir->asked_ns && now_ns >= dir->asked_ns && now_ns - dir->asked_ns < NS_PER_SECOND;

	if (!dir->conf.min_free)
		return true;
	if (!fresh) {
		/* If nobody knows, the disk itself will say when it is full. */
		if (!record_dir_left(dir, &dir->left))
			dir->left = UINT64_MAX;
		dir->asked_ns = now_ns;
	}
	return dir->left;
}
