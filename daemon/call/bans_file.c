/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bans_file.c - the list of bans on disk: a line for each, "ADDRESS SECONDS" */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include "base/log.h"
#include "base/replace_file.h"
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

struct list {
	const struct ban *ban;
	size_t n;
};

static int write_list(FILE *file, const void *arg)
{
	const struct list *list = arg;
	char text[ENDPOINT_TEXT];

	for (size_t i = 0; i < list->n; i++)
		if (fprintf(file, "%s %" PRIi64 "\n", endpoint_print_addr(&list->ban[i].addr, text),
			    list->ban[i].since_s) < 0)
			return -errno;
	return 0;
}

int bans_file_write(const char *path, const struct ban *list, size_t n)
{
	int error = replace_file(path, write_list, &(struct list){ list, n });

	if (error)
		log_err("ban: %s cannot be written: %s: a restart would forget the last changes",
			path, strerror(-error));
	return error;
}
