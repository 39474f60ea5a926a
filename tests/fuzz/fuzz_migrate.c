/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_migrate.c - any text as a configuration of rtpengine or rtpproxy
 *
 * Each line that is written must be a comment, the section, or one key that rtprelayd reads; a key
 * that is no list stands there once.
 */
#include <stdlib.h>
#include <string.h>
#include "control/migrate.h"
#include "daemon/conf/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(char *line, bool *seen)
{
	char *equals = strchr(line, '=');
	const struct conf_row *row;

	if (*line == '#' || !strcmp(line, "[rtprelay]"))
		return;
	if (!equals || equals == line || equals[-1] != ' ')
		abort();
	row = conf_row_find((struct str){ line, (size_t)(equals - line - 1) });
	if (!row || (row->type != CONF_LIST && seen[row - conf_rows]))
		abort();
	seen[row - conf_rows] = true;
	for (; *line; line++)
		if ((unsigned char)*line < ' ')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *out = NULL, *rest = NULL;
	struct migration m = { .out = NULL };
	bool seen[CONF_MAX_ROWS] = { false };
	size_t len;

	m.out = open_memstream(&out, &len);
	if (!text || !m.out)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	migrate_text(&m, text);
	fclose(m.out);
	for (char *line = strtok_r(out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		check_line(line, seen);
	free(out);
	free(text);
	return 0;
}
