/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flag_text.c - flags as a text: words, and lists in brackets
 *
 * Nothing is refused: a bracket that is missing at the end is assumed there, and one too many is
 * part of its word.
 */
#include "ng/flag_text.h"

/* "codec=[strip=[PCMU G722]]" has two. */
#define LISTS_MAX 4

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t open_after(size_t open, char c)
{
	if (c == '[')
		return open + 1;
	return c == ']' && open ? open - 1 : open;
}

struct str flag_text_next(struct str *rest)
{
	struct str word;
	size_t open = 0;

	while (rest->len && is_blank(*rest->s)) {
		rest->s++;
		rest->len--;
	}
	word = (struct str){ rest->s, 0 };
	while (rest->len && (open || !is_blank(*rest->s))) {
		open = open_after(open, *rest->s++);
		rest->len--;
		word.len++;
	}
	return word;
}

size_t flag_text_open(size_t open, struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		open = open_after(open, text.s[i]);
	return open;
}

static struct dict *value_of(struct arena *arena, struct str text, unsigned int lists);

/* "strip=[PCMU G722]" or "PCMU" */
static struct dict *member_of(struct arena *arena, struct str word, unsigned int lists)
{
	struct str value = word, name = str_split(&value, '=');
	struct dict *member;

	if (name.len == word.len || *word.s == '[')
		return value_of(arena, word, lists);
	member = value_of(arena, value, lists);
	if (member)
		member->key = name;
	return member;
}

static struct dict *list_of(struct arena *arena, struct str inside, unsigned int lists)
{
	struct dict *list = dict_new(arena, DICT_LIST), *member;
	struct str word;

	if (!list || lists == LISTS_MAX)
		return NULL;
	while ((word = flag_text_next(&inside)).len) {
		member = member_of(arena, word, lists + 1);
		if (!member)
			return NULL;
		dict_append(list, member);
	}
	member = list->first;
	if (member && !member->next && member->type == DICT_STRING && !member->key.len)
		return member;
	return list;
}

/* @lists: that it is in */
static struct dict *value_of(struct arena *arena, struct str text, unsigned int lists)
{
	struct dict *value;

	if (text.len && *text.s == '[') {
		text.s++;
		text.len--;
		if (text.len && text.s[text.len - 1] == ']')
			text.len--;
		return list_of(arena, text, lists);
	}
	value = dict_new(arena, DICT_STRING);
	if (value)
		value->string = text;
	return value;
}

struct dict *flag_text_value(struct arena *arena, struct str text)
{
	return value_of(arena, text, 0);
}
