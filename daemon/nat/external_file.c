/* SPDX-License-Identifier: GPL-2.0-or-later */
/* external_file.c - the addresses that were found, on disk: a line for each, "BIND ADDRESS" */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include "nat/external_file.h"

#define LINE_MAX_BYTES 256
#define LINES_MAX      1000

static void take_line(struct external *external, struct str line)
{
	struct str rest = line, bind = str_split(&rest, ' ');
	struct external_place *place;
	struct endpoint at, address;

	if (!endpoint_parse_addr(bind, 0, &at) ||
	    !endpoint_parse_addr(str_split(&rest, '\n'), at.sa.sa_family, &address) ||
	    !endpoint_is_unicast(&address))
		return;
	for (size_t i = 0; (place = external_at(external, i)); i++) {
		if (!endpoint_addr_eq(&place->bind, &at))
			continue;
		place->address = address;
		place->knowledge = EXTERNAL_LAST;
	}
}

int external_file_read(const char *dir, struct external *external)
{
	char path[PATH_MAX], line[LINE_MAX_BYTES];
	FILE *file;
	int error;

	if (snprintf(path, sizeof(path), "%s/%s", dir, EXTERNAL_ADDRESS_FILE) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	for (int i = 0; i < LINES_MAX && fgets(line, sizeof(line), file); i++)
		take_line(external, str_of(line));
	error = ferror(file) ? -EIO : 0;
	fclose(file);
	return error;
}

static int write_places(FILE *file, struct external *external)
{
	char bind[ENDPOINT_TEXT], address[ENDPOINT_TEXT];
	const struct external_place *place;

	for (size_t i = 0; (place = external_at(external, i)); i++)
		if (place->knowledge != EXTERNAL_UNKNOWN &&
		    fprintf(file, "%s %s\n", endpoint_print_addr(&place->bind, bind),
			    endpoint_print_addr(&place->address, address)) < 0)
			return -errno;
	return fflush(file) ? -errno : 0;
}

static int write_file(const char *path, struct external *external)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	int error = file ? 0 : -errno;

	if (!file && fd >= 0)
		close(fd);
	if (!file)
		return error;
	error = write_places(file, external);
	if (fclose(file) && !error)
		error = -errno;
	return error;
}

int external_file_write(const char *dir, struct external *external)
{
	char path[PATH_MAX], new[PATH_MAX];
	int error;

	if (snprintf(path, sizeof(path), "%s/%s", dir, EXTERNAL_ADDRESS_FILE) >=
		    (int)sizeof(path) ||
	    snprintf(new, sizeof(new), "%s/%s.new", dir, EXTERNAL_ADDRESS_FILE) >= (int)sizeof(new))
		return -ENAMETOOLONG;
	error = write_file(new, external);
	if (!error && rename(new, path))
		error = -errno;
	if (error)
		unlink(new);
	return error;
}
