/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copies_keys.c - keys of what a line of a subscriber sends */
#include <errno.h>
#include <string.h>
#include "call/copies.h"
#include "call/dialog.h"
#include "srtp/sdes_media.h"

static void wipe_text(struct str *text)
{
	if (text->len)
		explicit_bzero((void *)(uintptr_t)text->s, text->len);
	text_free(text);
}

void subscriber_line_forget_keys(struct subscriber_line *line)
{
	wipe_text(&line->crypto);
	wipe_text(&line->key);
}

/* All lines of @from but @left, with the ends of lines. */
static void write_others(struct buf *out, struct str from, struct str left)
{
	while (from.len) {
		struct str line = str_split(&from, '\n');

		if (str_eq(line, left))
			continue;
		buf_str(out, line);
		buf_char(out, '\n');
	}
}

/* Takes the key in use out of those that are offered. */
static int leave_key(struct subscriber_line *line)
{
	struct str rest = line->key, left = str_split(&rest, '\n'), others = STR_NONE;
	char text[SDES_LINES_TEXT];
	struct buf buf = BUF_INIT(text, sizeof(text));
	int error;

	write_others(&buf, line->crypto, left);
	error = text_set(&others, (struct str){ text, buf.len });
	explicit_bzero(text, sizeof(text));
	if (error)
		return error;
	wipe_text(&line->crypto);
	line->crypto = others;
	return 0;
}

int subscriber_line_secure(struct subscriber_line *line, struct str key)
{
	struct sdes_lines lines = { 0 };
	const struct srtp_master *master = NULL;
	struct copy_port *again;
	int error = 0;

	if (line->key.len && !str_eq(line->key, key))
		error = leave_key(line);
	if (!error)
		error = text_set(&line->key, key);
	if (error || !line->sockets)
		return error;
	if (key.len && sdes_lines_read(key, &lines) && lines.n)
		master = &lines.line[0].keys[0];
	if (!copy_port_has(line->sockets, master)) {
		again = copy_port_again(line->sockets, master);
		if (again)
			subscriber_line_replace(line, again);
		error = again ? 0 : -ENOMEM;
	}
	sdes_wipe(&lines);
	return error;
}
