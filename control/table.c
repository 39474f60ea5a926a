/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c - columns that fit the terminal; colours, if stdout is one */
#include "options.h"
#include "table.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A column is not cut below this width. */
#define CUT_MIN	  8
#define SHORT_LEN 16

struct table {
	const struct column *columns;
	size_t n_columns, n_rows, room;
	char **cells; /* @n_columns for each row */
};

unsigned int screen_width(void)
{
	const char *columns = getenv("COLUMNS");
	long set = columns ? strtol(columns, NULL, 10) : 0;
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return set > 0 && set <= USHRT_MAX ? (unsigned int)set : 80;
}

const char *colour(enum colour which)
{
	static const char *const codes[] = {
		[COLOUR_OK] = "\033[32m",  [COLOUR_WARN] = "\033[33m", [COLOUR_BAD] = "\033[1;31m",
		[COLOUR_HEAD] = "\033[1m", [COLOUR_END] = "\033[0m",
	};

	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") ? codes[which] : "";
}

const char *short_number(uint64_t number, char *text)
{
	static const char units[] = " kMGTPE";
	double value = (double)number;
	size_t unit = 0;

	for (; value >= 10000 && unit + 2 < sizeof(units); unit++)
		value /= 1000;
	if (!unit)
		snprintf(text, SHORT_LEN, "%" PRIu64, number);
	else
		snprintf(text, SHORT_LEN, "%.*f%c", value < 100 ? 1 : 0, value, units[unit]);
	return text;
}

const char *short_age(int64_t seconds, char *text)
{
	const int64_t most = 9999 * (int64_t)86400;
	int s = (int)(seconds < 0 ? 0 : seconds > most ? most : seconds);

	if (s < 60)
		snprintf(text, SHORT_LEN, "%ds", s);
	else if (s < 3600)
		snprintf(text, SHORT_LEN, "%d:%02d", s / 60, s % 60);
	else if (s < 86400)
		snprintf(text, SHORT_LEN, "%dh%02dm", s / 3600, s / 60 % 60);
	else
		snprintf(text, SHORT_LEN, "%dd%02dh", s / 86400, s / 3600 % 24);
	return text;
}

struct table *table_new(const struct column *columns)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = columns;
	while (columns[table->n_columns].head)
		table->n_columns++;
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->n_rows * table->n_columns; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}

size_t table_rows(const struct table *table)
{
	return table->n_rows;
}

static bool make_room(struct table *table)
{
	size_t room = table->room ? table->room * 2 : 64;
	char **cells;

	if (table->n_rows < table->room)
		return true;
	cells = realloc(table->cells, room * table->n_columns * sizeof(*cells));
	if (!cells)
		return false;
	table->cells = cells;
	table->room = room;
	return true;
}

bool table_add(struct table *table, const char *const *cells)
{
	char **row;

	if (!make_room(table))
		return false;
	row = table->cells + table->n_rows * table->n_columns;
	for (size_t i = 0; i < table->n_columns; i++) {
		row[i] = strdup(cells[i]);
		if (row[i])
			continue;
		while (i--)
			free(row[i]);
		return false;
	}
	table->n_rows++;
	return true;
}

/* Each column as wide as its longest text. */
static void measure(const struct table *table, size_t *width)
{
	for (size_t c = 0; c < table->n_columns; c++) {
		width[c] = strlen(table->columns[c].head);
		for (size_t r = 0; r < table->n_rows; r++) {
			size_t len = strlen(table->cells[r * table->n_columns + c]);

			width[c] = len > width[c] ? len : width[c];
		}
	}
}

static size_t total(const struct table *table, const size_t *width)
{
	size_t sum = 0;

	for (size_t c = 0; c < table->n_columns; c++)
		sum += width[c] ? width[c] + (sum ? 2 : 0) : 0;
	return sum;
}

/* The widest column that can still be cut; -1: none. */
static int widest(const struct table *table, const size_t *width)
{
	int found = -1;

	for (size_t c = 0; c < table->n_columns; c++)
		if (table->columns[c].cut && width[c] > CUT_MIN &&
		    (found < 0 || width[c] > width[found]))
			found = (int)c;
	return found;
}

/* Width 0: the column is left out. */
static void fit(const struct table *table, size_t *width, unsigned int screen)
{
	if (!screen)
		return;
	while (total(table, width) > screen) {
		int c = widest(table, width);

		if (c < 0)
			break;
		width[c]--;
	}
	for (size_t c = table->n_columns; c-- && total(table, width) > screen;)
		if (table->columns[c].spare)
			width[c] = 0;
}

static void print_cell(const struct column *column, const char *text, size_t width, bool last)
{
	size_t len = strlen(text);

	if (len > width)
		printf("%.*s~", (int)width - 1, text);
	else if (column->right)
		printf("%*s", (int)width, text);
	else if (last)
		fputs(text, stdout);
	else
		printf("%-*s", (int)width, text);
}

static void print_row(const struct table *table, const size_t *width, char *const *cells)
{
	size_t last = 0;
	bool first = true;

	for (size_t c = 0; c < table->n_columns; c++)
		last = width[c] ? c : last;
	for (size_t c = 0; c < table->n_columns; c++) {
		if (!width[c])
			continue;
		if (!first)
			fputs("  ", stdout);
		first = false;
		print_cell(&table->columns[c], cells ? cells[c] : table->columns[c].head, width[c],
			   c == last);
	}
}

void table_print(const struct table *table)
{
	size_t width[TABLE_COLUMNS];

	measure(table, width);
	fit(table, width, screen_width());
	fputs(colour(COLOUR_HEAD), stdout);
	print_row(table, width, NULL);
	printf("%s\n", colour(COLOUR_END));
	for (size_t r = 0; r < table->n_rows; r++) {
		print_row(table, width, table->cells + r * table->n_columns);
		putchar('\n');
	}
}

int table_end(struct table *table, bool failed, int status, bool wanted)
{
	if (failed)
		status = out_of_memory();
	else if (status == EXIT_OK && wanted)
		table_print(table);
	table_free(table);
	return status;
}
