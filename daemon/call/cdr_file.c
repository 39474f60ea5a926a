/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cdr_file.c - a thread that appends lines to a file, so that calls do not wait for the disk */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mailbox.h"
#include "base/thread.h"
#include "base/wake.h"
#include "call/cdr_file.h"

enum order_kind { ORDER_LINE, ORDER_REOPEN, ORDER_STOP };

/* An order to the thread, which frees it; except ORDER_STOP. */
struct line {
	struct letter letter;
	enum order_kind kind;
	size_t len;
	char text[];
};

/**
 * struct cdr_file
 * @fd: used only by the thread; -1: the file could not be reopened
 * @waiting: bytes in the queue; shared
 * @failing: the last line could not be written, and this is logged; shared
 */
struct cdr_file {
	struct mailbox orders;
	int wake_fd, fd;
	pthread_t thread;
	size_t waiting;
	uint64_t dropped; /* shared */
	bool failing;
	struct cdr_file_conf conf; /* its texts are in @text */
	char text[];
};

static void drop(struct cdr_file *file)
{
	__atomic_fetch_add(&file->dropped, 1, __ATOMIC_RELAXED);
}

static void set_failing(struct cdr_file *file, bool failing)
{
	__atomic_store_n(&file->failing, failing, __ATOMIC_RELAXED);
}

/* The file may be new after a rotation, and the umask of the service may hide it from others. */
static void set_rights(const struct cdr_file_conf *conf, int fd)
{
	struct stat found;

	if (fstat(fd, &found) || !S_ISREG(found.st_mode) || found.st_uid != geteuid())
		return;
	if (conf->group && found.st_gid != conf->gid && fchown(fd, (uid_t)-1, conf->gid))
		log_err("cdr-file %s: cdr-group \"%s\" cannot be given: %s: add the daemon's user "
			"to the group, and restart",
			conf->path, conf->group, strerror(errno));
	if (conf->mode && fchmod(fd, conf->mode & 0777))
		log_err("cdr-file %s: cdr-mode cannot be set: %s", conf->path, strerror(errno));
}

static int open_path(const struct cdr_file_conf *conf)
{
	int fd = open(conf->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0)
		return -errno;
	set_rights(conf, fd);
	return fd;
}

/* Writes the whole line, unless a write fails. 0; -errno */
static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0)
			continue;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static void write_line(struct cdr_file *file, const struct line *line)
{
	int error = file->fd < 0 ? -EBADF : write_all(file->fd, line->text, line->len);

	__atomic_fetch_sub(&file->waiting, line->len, __ATOMIC_RELAXED);
	if (error) {
		drop(file);
		if (!file->failing)
			log_err("cdr-file %s: cannot write, call records are lost: %s",
				file->conf.path, strerror(-error));
	}
	set_failing(file, error);
}

static void reopen(struct cdr_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = open_path(&file->conf);
	if (file->fd < 0)
		log_err("cdr-file %s: cannot reopen, call records are lost: %s", file->conf.path,
			strerror(-file->fd));
	set_failing(file, file->fd < 0);
}

/* False: the thread must end. */
static bool run_order(struct cdr_file *file, struct line *line)
{
	switch (line->kind) {
	case ORDER_LINE:
		write_line(file, line);
		break;
	case ORDER_REOPEN:
		reopen(file);
		break;
	case ORDER_STOP:
		return false;
	}
	free(line);
	return true;
}

static void *run(void *arg)
{
	struct cdr_file *file = arg;
	uint64_t count;

	for (;;) {
		struct letter *letter;

		if (read(file->wake_fd, &count, sizeof(count)) < 0 && errno != EINTR)
			return NULL;
		letter = mailbox_take_all(&file->orders);
		while (letter) {
			struct line *line = (struct line *)letter;

			letter = letter->next;
			if (!run_order(file, line))
				return NULL;
		}
	}
}

static void release(struct cdr_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	if (file->wake_fd >= 0)
		close(file->wake_fd);
	free(file);
}

/* @to has room for @text. Return: the place after it */
static char *keep(const char **at, char *to, const char *text)
{
	size_t size = strlen(text) + 1;

	*at = memcpy(to, text, size);
	return to + size;
}

struct cdr_file *cdr_file_open(const struct cdr_file_conf *conf, int *error)
{
	const char *group = conf->group ? conf->group : "";
	struct cdr_file *file =
		calloc(1, sizeof(*file) + strlen(conf->path) + 1 + strlen(group) + 1);

	*error = -ENOMEM;
	if (!file)
		return NULL;
	file->conf = *conf;
	keep(&file->conf.group, keep(&file->conf.path, file->text, conf->path), group);
	if (!conf->group)
		file->conf.group = NULL;
	file->fd = open_path(&file->conf);
	file->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (file->fd < 0)
		*error = file->fd;
	else if (file->wake_fd < 0)
		*error = -errno;
	else
		*error = thread_start(&file->thread, THREAD_CDR, run, file);
	if (!*error)
		return file;
	release(file);
	return NULL;
}

static void post(struct cdr_file *file, struct line *line)
{
	mailbox_put(&file->orders, &line->letter);
	wake_post(file->wake_fd);
}

void cdr_file_write(struct cdr_file *file, struct str text)
{
	struct line *line = NULL;

	if (!file)
		return;
	if (__atomic_load_n(&file->waiting, __ATOMIC_RELAXED) + text.len < CDR_QUEUE_BYTES)
		line = malloc(sizeof(*line) + text.len + 1);
	if (!line) {
		drop(file);
		return;
	}
	line->kind = ORDER_LINE;
	line->len = text.len + 1;
	memcpy(line->text, text.s, text.len);
	line->text[text.len] = '\n';
	__atomic_fetch_add(&file->waiting, line->len, __ATOMIC_RELAXED);
	post(file, line);
}

void cdr_file_reopen(struct cdr_file *file)
{
	struct line *line = file ? malloc(sizeof(*line)) : NULL;

	if (!file)
		return;
	if (!line) {
		log_err("cdr-file %s: cannot reopen: out of memory; send SIGHUP again",
			file->conf.path);
		return;
	}
	line->kind = ORDER_REOPEN;
	post(file, line);
}

uint64_t cdr_file_dropped(const struct cdr_file *file)
{
	return __atomic_load_n(&file->dropped, __ATOMIC_RELAXED);
}

bool cdr_file_failing(const struct cdr_file *file)
{
	return __atomic_load_n(&file->failing, __ATOMIC_RELAXED);
}

void cdr_file_close(struct cdr_file *file)
{
	struct line stop = { .kind = ORDER_STOP };

	if (!file)
		return;
	post(file, &stop);
	pthread_join(file->thread, NULL);
	release(file);
}
