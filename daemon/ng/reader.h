/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.h - a request while it is read: the table of its keys, helpers for any key or flag
 *
 * For ng/request.c, which has the table of keys, and ng/flags.c. A flag can be a key, too
 * ("key=value"): therefore struct reader holds the table.
 */
#ifndef RTPRELAY_NG_READER_H
#define RTPRELAY_NG_READER_H

#include "base/dict.h"
#include "command/request.h"

struct key;

struct reader {
	struct arena *arena;
	struct request *request;
	const struct key *keys;
	size_t n_keys;
	char *ignored; /* text for the log; NULL until something is ignored */
};

typedef void key_fn(struct reader *r, const struct key *key, const struct dict *value);

struct key {
	struct str name;
	key_fn *read;
	size_t offset; /* of the member that it sets, in struct request */
};

/* The texts of a list; a single text is a list of one. */
static inline const struct dict *first_of(const struct dict *value)
{
	return value->type == DICT_LIST ? value->first : value;
}

static inline const struct dict *next_of(const struct dict *value, const struct dict *item)
{
	return item == value ? NULL : item->next;
}

/* NULL: unknown */
const struct key *ng_find_key(const struct reader *r, struct str name);
/* Notes for the log that @what is not supported; @value may be empty. */
void ng_note(struct reader *r, struct str what, struct str value);
/* Empty: @value is not a text. */
struct str ng_text_of(const struct dict *value);

#endif
