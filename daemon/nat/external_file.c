/* SPDX-License-Identifier: GPL-2.0-or-later */
/* external_file.c - the addresses that were found, on disk: a line for each, "BIND ADDRESS" */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include "base/replace_file.h"
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

static int write_places(FILE *file, const void *arg)
{
	struct external *const *external = arg;
	char bind[ENDPOINT_TEXT], address[ENDPOINT_TEXT];
	const struct external_place *place;

	for (size_t i = 0; (place = external_at(*external, i)); i++)
		if (place->knowledge != EXTERNAL_UNKNOWN &&
		    fprintf(file, "%s %s\n", endpoint_print_addr(&place->bind, bind),
			    endpoint_print_addr(&place->address, address)) < 0)
			return -errno;
	return 0;
}

int external_file_write(const char *dir, struct external *external)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, EXTERNAL_ADDRESS_FILE) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return replace_file(path, write_places, &external);
}
