/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.c - rtprelayctl config: the running configuration, and how it differs from the defaults
 * and from what the file says now
 */
#include <string.h>
#include "control_proto.h"
#include "daemon/base/log.h"
#include "line.h"
#include "table.h"
#include "verb.h"

struct rows {
	struct table *table;
	bool diff, json, failed;
	unsigned int pending; /* keys with another value in the file or the options */
};

/* Of one row: longer lists are cut, with a sign. */
#define CELL 65536

static const char *cell(const json_t *line, const char *key)
{
	static char cells[4][CELL];
	static unsigned int turn;
	const json_t *value = json_object_get(line, key);

	if (!json_is_string(value) || !json_string_length(value))
		return "-";
	return log_escape((struct str){ json_string_value(value), json_string_length(value) },
			  cells[turn++ % 4], CELL);
}

static const char *member(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	return text ? text : "";
}

/* When the daemon takes the written value; "": it has it. */
static const char *takes_effect(const json_t *line)
{
	if (!strcmp(member(line, "value"), member(line, "written")))
		return "";
	return json_is_true(json_object_get(line, "live")) ? "SIGHUP" : "restart";
}

static void add_value(struct rows *rows, const json_t *line)
{
	rows->failed |= !table_add(rows->table,
				   (const char *const[]){ text_of(line, "key"), cell(line, "value"),
							  cell(line, "default") });
}

static void add_difference(struct rows *rows, const json_t *line)
{
	const char *when = takes_effect(line);

	rows->pending += *when != '\0';
	if (!*when && !strcmp(member(line, "value"), member(line, "default")))
		return;
	if (rows->json) {
		put_json(line);
		return;
	}
	rows->failed |= !table_add(rows->table,
				   (const char *const[]){ text_of(line, "key"), cell(line, "value"),
							  *when ? cell(line, "written") : "=", when,
							  cell(line, "default") });
}

static void add_row(void *arg, const char *type, json_t *line)
{
	struct rows *rows = arg;

	if (strcmp(type, "config") != 0)
		return;
	if (rows->diff)
		add_difference(rows, line);
	else
		add_value(rows, line);
}

static const struct column values[] = {
	{ .head = "KEY" },
	{ .head = "VALUE", .cut = true },
	{ .head = "DEFAULT", .cut = true },
	{ .head = NULL },
};

static const struct column differences[] = {
	{ .head = "KEY" },
	{ .head = "RUNNING", .cut = true },
	{ .head = "WRITTEN", .cut = true },
	{ .head = "AFTER" },
	{ .head = "DEFAULT", .cut = true, .spare = true },
	{ .head = NULL },
};

/* With --json and --diff, too, only keys that differ are printed, and the status tells of them. */
static int show_difference(const struct options *options, json_t *request, struct rows *rows)
{
	struct options quiet = *options;
	int status;

	quiet.json = false;
	status = line_ask(&quiet, request, add_row, rows);
	status = table_end(rows->table, rows->failed, status, !options->json);
	if (status == EXIT_OK && !options->json)
		printf("%u %s from file and options\n", rows->pending,
		       rows->pending == 1 ? "key differs" : "keys differ");
	return status == EXIT_OK && rows->pending ? EXIT_REFUSED : status;
}

int verb_config(const struct options *options, int argc, char **argv)
{
	struct rows rows = { .table = table_new(options->diff ? differences : values),
			     .diff = options->diff,
			     .json = options->json };
	json_t *request = line_request(CONTROL_VERB_CONFIG);

	(void)argc;
	(void)argv;
	if (!rows.table || (options->diff && json_object_set_new(request, "diff", json_true()))) {
		table_free(rows.table);
		json_decref(request);
		return out_of_memory();
	}
	if (options->diff)
		return show_difference(options, request, &rows);
	return table_end(rows.table, rows.failed, line_ask(options, request, add_row, &rows),
			 !options->json);
}
