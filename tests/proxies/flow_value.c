/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_value.c - the values of a command as a flow writes them
 *
 *   load limit                     a text: up to the end of the line, in a list or map up to , ] }
 *   int 184                        a number
 *   [origin, session-connection]   a list
 *   {strip: [PCMU, G722]}          a map
 */
#include "flow_value.h"

static void skip_blanks(struct str *text)
{
	while (text->len && *text->s == ' ') {
		text->s++;
		text->len--;
	}
}

struct str flow_trim(struct str text)
{
	skip_blanks(&text);
	while (text.len && text.s[text.len - 1] == ' ')
		text.len--;
	return text;
}

static bool next_is(struct str *text, char c)
{
	skip_blanks(text);
	if (!text->len || *text->s != c)
		return false;
	text->s++;
	text->len--;
	return true;
}

/* Up to one of @ends, which stays. */
static struct str take_until(struct str *text, const char *ends)
{
	struct str taken = { text->s, 0 };

	while (text->len && !strchr(ends, *text->s)) {
		taken.len++;
		text->s++;
		text->len--;
	}
	return flow_trim(taken);
}

static void add_plain(struct arena *arena, struct dict *parent, struct str key, struct str text)
{
	uint64_t number;

	if (str_starts(text, STR("int ")) &&
	    str_to_u64((struct str){ text.s + 4, text.len - 4 }, INT64_MAX, &number))
		dict_add_int(arena, parent, key, (int64_t)number);
	else
		dict_add_str(arena, parent, key, text);
}

/* As deep as a flow is written: its author is trusted. */
// NOLINTNEXTLINE(misc-no-recursion)
static bool add_value(struct arena *arena, struct dict *parent, struct str key, struct str *text,
		      const char *ends)
{
	bool map = next_is(text, '{');
	struct dict *inner;

	if (!map && !next_is(text, '[')) {
		add_plain(arena, parent, key, take_until(text, ends));
		return true;
	}
	inner = map ? dict_add_map(arena, parent, key) : dict_add_list(arena, parent, key);
	if (!inner)
		return false;
	while (!next_is(text, map ? '}' : ']')) {
		struct str name = map ? take_until(text, ":") : STR_NONE;

		if (!text->len || (map && !next_is(text, ':')) ||
		    !add_value(arena, inner, name, text, ",]}"))
			return false;
		next_is(text, ',');
	}
	return true;
}

bool flow_value_add(struct arena *arena, struct dict *map, struct str key, struct str text)
{
	return add_value(arena, map, key, &text, "") && !flow_trim(text).len;
}
