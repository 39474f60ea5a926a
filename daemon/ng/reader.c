/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.c - helpers for any key or flag: find its row, get its text, note that it is ignored
 */
#include "base/redact.h"
#include "ng/reader.h"

/* Longest text for the log line about unsupported keys and flags; the rest is left out. */
#define IGNORED_MAX 200

void ng_note(struct reader *r, struct str what, struct str value)
{
	struct str *text = &r->request->ignored;
	char memory[IGNORED_MAX];
	struct buf out, pair = BUF_INIT(memory, sizeof(memory));

	if (!r->ignored) {
		r->ignored = arena_alloc(r->arena, IGNORED_MAX);
		if (!r->ignored)
			return;
	}
	out = BUF_INIT(r->ignored, IGNORED_MAX);
	out.len = text->len;
	if (out.len)
		buf_lit(&out, ", ");
	buf_str(&pair, what);
	if (value.len) {
		buf_char(&pair, '=');
		buf_str(&pair, value);
	}
	redact_pair((struct str){ pair.data, pair.len }, &out);
	if (!out.overflow && !pair.overflow)
		*text = (struct str){ out.data, out.len };
}

struct str ng_text_of(const struct dict *value)
{
	return value->type == DICT_STRING ? value->string : STR_NONE;
}

const struct key *ng_find_key(const struct reader *r, struct str name)
{
	for (size_t i = 0; i < r->n_keys; i++)
		if (r->keys[i].name.len == name.len && r->keys[i].name.s[0] == name.s[0] &&
		    dict_key_eq(r->keys[i].name, name))
			return &r->keys[i];
	return NULL;
}
