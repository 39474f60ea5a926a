/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dict.h - the value tree between the encodings (bencode, JSON) and ng.c
 *
 * Values live in the command's arena; texts are slices of the datagram or of the arena. Values are
 * written in the order in which they were added.
 */
#ifndef RTPRELAY_DICT_H
#define RTPRELAY_DICT_H

#include "base/arena.h"

enum dict_type { DICT_STRING, DICT_INT, DICT_LIST, DICT_MAP };

/* Both decoders refuse deeper nesting, so that a sender cannot exhaust the stack. */
#define DICT_MAX_DEPTH 16

struct dict {
	enum dict_type type;
	struct str key;	    /* in a DICT_MAP: its key */
	struct str string;  /* DICT_STRING */
	int64_t integer;    /* DICT_INT */
	struct dict *first; /* DICT_LIST, DICT_MAP */
	struct dict *last;
	struct dict *next; /* the following one in the same list or map */
	size_t count;
};

/*
 * These functions return NULL when out of memory, and accept a NULL parent (and do nothing). So the
 * caller need not check each result; arena_failed() returns at the end whether a part is missing.
 */
struct dict *dict_new(struct arena *arena, enum dict_type type);
/* @key: STR_NONE in a list. Appends; a duplicate key is kept (dict_get() finds the first). */
struct dict *dict_add_map(struct arena *arena, struct dict *parent, struct str key);
struct dict *dict_add_list(struct arena *arena, struct dict *parent, struct str key);
struct dict *dict_add_str(struct arena *arena, struct dict *parent, struct str key,
			  struct str value);
struct dict *dict_add_int(struct arena *arena, struct dict *parent, struct str key, int64_t value);

/* Appends a value from dict_new() to @parent, a list or map. In a map, child->key must be set. */
static inline void dict_append(struct dict *parent, struct dict *child)
{
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->count++;
}

/* NG keys and flags: a blank and '-' are the same character ("received from", "received-from"). */
bool dict_key_eq(struct str a, struct str b);
/* Compares with dict_key_eq(); NULL when @map is not a map or has no such key. */
const struct dict *dict_get(const struct dict *map, struct str key);
/* The string under @key, or STR_NONE (also when it is of another type). */
struct str dict_get_str(const struct dict *map, struct str key);
/* The integer under @key, also when written as a decimal string; false: none, or not a number */
bool dict_get_int(const struct dict *map, struct str key, int64_t *value);

#endif
