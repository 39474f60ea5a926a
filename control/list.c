/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list.c - a verb whose answer is a table: one row for each line of its type */
#include <string.h>
#include "list.h"

struct list {
	struct table *table;
	const char *type;
	list_add_fn *add;
	bool failed;
};

static void take_line(void *arg, const char *type, json_t *line)
{
	struct list *list = arg;

	if (!strcmp(type, list->type))
		list->failed |= !list->add(list->table, line);
}

int list_ask(const struct options *options, const char *verb, const char *type,
	     const struct column *columns, list_add_fn *add)
{
	struct list list = { .table = table_new(columns), .type = type, .add = add };
	int status;

	if (!list.table)
		return out_of_memory();
	status = line_ask(options, line_request(verb), take_line, &list);
	return table_end(list.table, list.failed, status, !options->json);
}
