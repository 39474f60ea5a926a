/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.c - the verb config: each key of the configuration with its value and its default, and on
 * request with the value that the file and the options have now
 */
#include "admin/answer.h"
#include "conf/load.h"
#include "conf/table.h"

static void put_value(struct admin_peer *peer, struct json_line *line, const char *name,
		      const struct conf_row *row, const struct conf *conf)
{
	size_t size = conf_row_size(row, conf);
	char *text = arena_alloc(peer->arena, size);

	if (text)
		jsonl_text(line, name, conf_row_print(row, conf, text, size));
	else
		peer->failed = true;
}

/* A secret that differs prints as the same text: then the difference itself is told. */
static void put_written(struct admin_peer *peer, struct json_line *line, const struct conf_row *row,
			const struct conf *written)
{
	char text[CONF_ROW_TEXT];

	if (row->flags & ROW_SECRET && !conf_row_equal(row, written, peer->conf->conf) &&
	    *conf_row_print(row, written, text, sizeof(text)))
		jsonl_text(line, "written", "(set to another)");
	else
		put_value(peer, line, "written", row, written);
}

/* @written: NULL, was not asked for */
static void send_row(struct admin_peer *peer, const struct conf_row *row,
		     const struct conf *written)
{
	struct json_line *line = admin_line(peer, "config");

	jsonl_text(line, "key", row->name);
	put_value(peer, line, "value", row, peer->conf->conf);
	jsonl_text(line, "default", row->fallback ? row->fallback : "");
	if (written)
		put_written(peer, line, row, written);
	jsonl_bool(line, "live", (row->flags & ROW_RELOAD) != 0);
	admin_send(peer);
	peer->job.count++;
}

static bool begin(struct admin_peer *peer, const struct dict *request)
{
	const struct admin_settings *settings = &peer->conf->settings;
	bool diff = str_eq(dict_get_str(request, STR("diff")), STR("yes"));
	struct conf written;

	if (diff && !settings->read(settings->arg, &written)) {
		admin_error(peer, CONTROL_ERROR_CONFIG,
			    "the configuration has errors: rtprelayd --check-config, with the "
			    "daemon's options, lists them");
		return false;
	}
	for (size_t i = 0; i < conf_n_rows; i++)
		if (!(conf_rows[i].flags & ROW_OPTION_ONLY))
			send_row(peer, &conf_rows[i], diff ? &written : NULL);
	if (diff)
		conf_free(&written);
	admin_end(peer, peer->job.count);
	return false;
}

const struct admin_verb admin_verb_config = { .name = CONTROL_VERB_CONFIG, .begin = begin };
