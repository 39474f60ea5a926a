/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reader.h - between ng_request.c and ng_flags.c only */
#ifndef RTPRELAY_NG_READER_H
#define RTPRELAY_NG_READER_H

#include "ng/request.h"

struct reader {
	struct arena *arena;
	struct request *request;
	char *ignored; /* text for the log; NULL until something is ignored */
};

struct key;
typedef void key_fn(struct reader *r, const struct key *key, const struct dict *value);

struct key {
	struct str name;
	key_fn *read;
	size_t offset; /* in struct request, of what it sets */
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
const struct key *ng_find_key(struct str name);
/* Something that isn't supported, for the log; @value may be empty. */
void ng_note(struct reader *r, struct str what, struct str value);
struct str ng_text_of(const struct dict *value);

key_fn ng_read_protocol, ng_read_flags, ng_read_raw_flags, ng_read_replace, ng_read_mux,
	ng_read_codec, ng_read_off;

#endif
