/* SPDX-License-Identifier: GPL-2.0-or-later */
/* portmap_file.c - the mappings that a router has for this daemon, on disk */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include "nat/portmap_file.h"

#define LINES_MAX 4096

static bool read_protocol(struct str word, enum portmap_protocol *protocol)
{
	for (int i = 0; i < PORTMAP_PROTOCOLS; i++) {
		if (!str_eq(word, str_of(portmap_protocol_names[i])))
			continue;
		*protocol = (enum portmap_protocol)i;
		return true;
	}
	return false;
}

static bool read_port(struct str word, uint16_t *port)
{
	uint64_t number;

	if (!str_to_u64(word, UINT16_MAX, &number) || !number)
		return false;
	*port = (uint16_t)number;
	return true;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_nonce(struct str word, uint8_t nonce[PCP_NONCE])
{
	if (word.len != (size_t)2 * PCP_NONCE)
		return false;
	for (int i = 0; i < PCP_NONCE; i++) {
		int high = digit(word.s[2 * i]), low = digit(word.s[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		nonce[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool portmap_line_read(struct str text, struct portmap_line *line)
{
	*line = (struct portmap_line){ 0 };
	return read_protocol(str_split(&text, ' '), &line->protocol) &&
	       endpoint_parse_addr(str_split(&text, ' '), 0, &line->bind) &&
	       endpoint_is_unicast(&line->bind) && read_port(str_split(&text, ' '), &line->port) &&
	       line->port < UINT16_MAX && read_port(str_split(&text, ' '), &line->external[0]) &&
	       read_port(str_split(&text, ' '), &line->external[1]) &&
	       read_nonce(text, line->nonce);
}

/* A port that is not granted yet is the one that is asked for. */
static void write_pair(const struct portmap_place *place, const struct portmap_pair *pair,
		       struct buf *out)
{
	char bind[ENDPOINT_TEXT], line[PORTMAP_LINE];
	unsigned int external[2];
	int n;

	for (int i = 0; i < 2; i++)
		external[i] = pair->half[i].external ? pair->half[i].external : pair->port + i;
	n = snprintf(line, sizeof(line), "%s %s %u %u %u ", portmap_protocol_names[pair->protocol],
		     endpoint_print_addr(&place->bind, bind), pair->port, external[0], external[1]);
	buf_add(out, line, (size_t)n);
	for (int i = 0; i < PCP_NONCE; i++) {
		snprintf(line, sizeof(line), "%02x", pair->nonce[i]);
		buf_add(out, line, 2);
	}
	buf_char(out, '\n');
}

void portmap_lines_write(const struct portmap_place *place, struct buf *out)
{
	for (int i = 0; i < PORTMAP_PAIRS; i++)
		if (place->pair[i].port)
			write_pair(place, &place->pair[i], out);
}

static int make_path(const char *dir, const char *end, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s%s", dir, PORTMAP_FILE, end);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int portmap_file_read(const char *dir, portmap_line_fn *fn, void *arg)
{
	char path[PATH_MAX], text[PORTMAP_LINE];
	struct portmap_line line;
	FILE *file;
	int error = make_path(dir, "", path);

	if (error)
		return error;
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	for (int i = 0; i < LINES_MAX && fgets(text, sizeof(text), file); i++) {
		struct str rest = str_of(text);

		if (portmap_line_read(str_split(&rest, '\n'), &line))
			fn(arg, &line);
	}
	error = ferror(file) ? -EIO : 0;
	fclose(file);
	return error;
}

static int write_text(const char *path, struct str text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error = 0;

	if (fd < 0)
		return -errno;
	for (size_t at = 0; at < text.len && !error;) {
		ssize_t n = write(fd, text.s + at, text.len - at);

		if (n < 0)
			error = -errno;
		else
			at += (size_t)n;
	}
	if (close(fd) && !error)
		error = -errno;
	return error;
}

int portmap_file_write(const char *dir, struct str text)
{
	char path[PATH_MAX], new[PATH_MAX];
	int error = make_path(dir, "", path) ?: make_path(dir, ".new", new);

	if (error)
		return error;
	if (!text.len)
		return unlink(path) && errno != ENOENT ? -errno : 0;
	error = write_text(new, text);
	if (!error && rename(new, path))
		error = -errno;
	if (error)
		unlink(new);
	return error;
}
