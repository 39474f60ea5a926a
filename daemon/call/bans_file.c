/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bans_file.c - the list of bans on disk: a line for each, "ADDRESS SECONDS" */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/log.h"
#include "call/bans_file.h"

/* Longer than any line that bans_file_write() makes. */
#define LINE_MAX_BYTES 128
/* The file is not read further: it cannot be one of these. */
#define LINES_MAX (2 * BANS_MAX)

static bool read_line(char *line, struct ban *ban)
{
	struct str text = str_of(line), addr;
	uint64_t since_s = 0;

	if (text.len && text.s[text.len - 1] == '\n')
		text.len--;
	addr = str_split(&text, ' ');
	*ban = (struct ban){ 0 };
	if (!endpoint_parse_addr(addr, 0, &ban->addr) ||
	    (text.len && !str_to_u64(text, INT64_MAX, &since_s)))
		return false;
	ban->since_s = (int64_t)since_s;
	return true;
}

static int read_list(FILE *file, const char *path, bans_file_fn *take, void *arg)
{
	char line[LINE_MAX_BYTES];
	size_t lines = 0, bad = 0;
	struct ban ban;
	int error;

	for (errno = 0; fgets(line, sizeof(line), file); lines++) {
		if (lines == LINES_MAX)
			return -EFBIG;
		error = read_line(line, &ban) ? take(arg, &ban) : -EINVAL;
		if (error == -ENOMEM)
			return error;
		bad += error < 0;
	}
	if (ferror(file))
		return errno ? -errno : -EIO;
	if (lines && bad == lines)
		return -EBADMSG;
	if (bad)
		log_warn("ban: %s: %zu of %zu lines are not an address to ban, ignored", path, bad,
			 lines);
	return 0;
}

static const char *why_not(int error)
{
	if (error == -EBADMSG)
		return "no line of it is an address to ban";
	return error == -EFBIG ? "it has too many lines" : strerror(-error);
}

int bans_file_read(const char *path, bans_file_fn *take, void *arg)
{
	FILE *file = fopen(path, "re");
	int error = file ? read_list(file, path, take, arg) : -errno;

	if (file)
		fclose(file);
	if (error == -ENOENT)
		return 0;
	if (error)
		log_err("ban: %s cannot be read as a list of bans: %s: it is left as it is, and "
			"bans are not saved; correct or remove it, and restart the daemon",
			path, why_not(error));
	return error;
}

static int write_list(FILE *file, const struct ban *list, size_t n)
{
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; i < n; i++)
		if (fprintf(file, "%s %" PRIi64 "\n", endpoint_print_addr(&list[i].addr, text),
			    list[i].since_s) < 0)
			return -errno;
	return fflush(file) ? -errno : 0;
}

static int write_file(const char *path, const struct ban *list, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	int error = file ? 0 : -errno;

	if (!file && fd >= 0)
		close(fd);
	if (!file)
		return error;
	error = write_list(file, list, n);
	if (fclose(file) && !error)
		error = -errno;
	return error;
}

int bans_file_write(const char *path, const struct ban *list, size_t n)
{
	size_t size = strlen(path) + sizeof(".new");
	char *new = malloc(size);
	int error = -ENOMEM;

	if (new) {
		snprintf(new, size, "%s.new", path);
		error = write_file(new, list, n);
	}
	if (!error && rename(new, path))
		error = -errno;
	if (error)
		log_err("ban: %s cannot be written: %s: a restart would forget the last changes",
			path, strerror(-error));
	free(new);
	return error;
}
