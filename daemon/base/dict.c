/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dict.c - the value tree between the encodings and ng.c
 *
 * Maps are searched linearly: a request has about ten keys, so a hash table would cost more.
 */
#include "base/dict.h"

struct dict *dict_new(struct arena *arena, enum dict_type type)
{
	struct dict *value = arena_zalloc(arena, sizeof(*value));

	if (value)
		value->type = type;
	return value;
}

static struct dict *dict_add(struct arena *arena, struct dict *parent, struct str key,
			     enum dict_type type)
{
	struct dict *value = parent ? dict_new(arena, type) : NULL;

	if (!value)
		return NULL;
	value->key = key;
	dict_append(parent, value);
	return value;
}

struct dict *dict_add_map(struct arena *arena, struct dict *parent, struct str key)
{
	return dict_add(arena, parent, key, DICT_MAP);
}

struct dict *dict_add_list(struct arena *arena, struct dict *parent, struct str key)
{
	return dict_add(arena, parent, key, DICT_LIST);
}

struct dict *dict_add_str(struct arena *arena, struct dict *parent, struct str key,
			  struct str value)
{
	struct dict *child = dict_add(arena, parent, key, DICT_STRING);

	if (child)
		child->string = value;
	return child;
}

struct dict *dict_add_int(struct arena *arena, struct dict *parent, struct str key, int64_t value)
{
	struct dict *child = dict_add(arena, parent, key, DICT_INT);

	if (child)
		child->integer = value;
	return child;
}

static inline char key_char(char c)
{
	return c == ' ' ? '-' : c;
}

bool dict_key_eq(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (a.s[i] != b.s[i] && key_char(a.s[i]) != key_char(b.s[i]))
			return false;
	return true;
}

const struct dict *dict_get(const struct dict *map, struct str key)
{
	if (!map || map->type != DICT_MAP)
		return NULL;
	for (const struct dict *child = map->first; child; child = child->next)
		if (dict_key_eq(child->key, key))
			return child;
	return NULL;
}

struct str dict_get_str(const struct dict *map, struct str key)
{
	const struct dict *child = dict_get(map, key);

	return child && child->type == DICT_STRING ? child->string : STR_NONE;
}

/* The magnitude of INT64_MIN is one more than INT64_MAX. */
static bool text_to_int(struct str text, int64_t *value)
{
	bool negative = text.len && *text.s == '-';
	uint64_t sum;

	if (negative) {
		text.s++;
		text.len--;
	}
	if (!str_to_u64(text, (uint64_t)INT64_MAX + negative, &sum))
		return false;
	*value = (int64_t)(negative ? -sum : sum);
	return true;
}

bool dict_get_int(const struct dict *map, struct str key, int64_t *value)
{
	const struct dict *child = dict_get(map, key);

	if (!child)
		return false;
	if (child->type == DICT_STRING)
		return text_to_int(child->string, value);
	if (child->type != DICT_INT)
		return false;
	*value = child->integer;
	return true;
}
