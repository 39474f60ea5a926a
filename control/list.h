/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list.h - a verb whose answer is a table: one row for each line of its type */
#ifndef RTPRELAY_LIST_H
#define RTPRELAY_LIST_H

#include "line.h"
#include "table.h"

/* Adds the row of @line. False: out of memory */
typedef bool list_add_fn(struct table *table, const json_t *line);

/**
 * list_ask() - asks, and prints the table; with --json the lines as they are
 * @type: of the lines that are rows
 * Return: the exit status; an error was printed
 */
int list_ask(const struct options *options, const char *verb, const char *type,
	     const struct column *columns, list_add_fn *add);

#endif
