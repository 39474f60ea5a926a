/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - columns that fit the terminal; colours, if stdout is one */
#ifndef RTPRELAY_TABLE_H
#define RTPRELAY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_COLUMNS 16

struct column {
	const char *head;
	bool right; /* numbers */
	bool cut;   /* may be shortened */
	bool spare; /* left out, from the right, if there is no room */
};

struct table;

/* @columns: borrowed; ends with a NULL head. NULL: out of memory */
struct table *table_new(const struct column *columns);
void table_free(struct table *table);
/* One row: a text for each column, copied. False: out of memory */
bool table_add(struct table *table, const char *const *cells);
size_t table_rows(const struct table *table);
/* Prints to stdout. Texts are cut only if stdout is a terminal. */
void table_print(const struct table *table);
/*
 * The end of a verb: prints, if @wanted and @status is EXIT_OK, and frees. @failed: out of memory
 * for a row. Return: the exit status
 */
int table_end(struct table *table, bool failed, int status, bool wanted);

/* Columns of the terminal at stdout; 0: stdout is not a terminal. */
unsigned int screen_width(void);

enum colour { COLOUR_OK, COLOUR_WARN, COLOUR_BAD, COLOUR_HEAD, COLOUR_END };
/* The escape sequence; "": stdout is not a terminal, or NO_COLOR is set. */
const char *colour(enum colour colour);

/* "1.2M", "850"; "3d04h", "12:05", "45s". @text: 16 bytes; returned */
const char *short_number(uint64_t number, char *text);
const char *short_age(int64_t seconds, char *text);

#endif
