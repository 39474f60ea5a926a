/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.c - JSON to struct dict and back
 *
 * jansson parses; its texts are freed with its tree, so they are copied to the arena. This file
 * writes JSON itself, into the reply's buffer: a text may hold any bytes (an SDP's s= line in
 * Latin-1), and jansson would refuse the whole tree for one invalid byte.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/json.h"

static int convert(struct arena *arena, json_t *from, unsigned int depth, struct dict *to);

/* The shortest text that parses to the same number; at most 17 digits. */
static struct str real_text(struct arena *arena, double real)
{
	char text[32];
	int precision = 14;

	do {
		snprintf(text, sizeof(text), "%.*g", ++precision, real);
	} while (precision < 17 && strtod(text, NULL) != real);
	return arena_str(arena, str_of(text));
}

static int convert_text(struct arena *arena, const char *text, size_t len, struct str *copy)
{
	*copy = arena_str(arena, (struct str){ text, len });
	return copy->s ? 0 : -ENOMEM;
}

static int convert_child(struct arena *arena, json_t *from, const char *key, unsigned int depth,
			 struct dict *parent)
{
	struct dict *child;
	int err;

	if (json_is_null(from))
		return 0;
	child = dict_new(arena, DICT_STRING);
	if (!child)
		return -ENOMEM;
	err = key ? convert_text(arena, key, strlen(key), &child->key) : 0;
	if (err)
		return err;
	dict_append(parent, child);
	return convert(arena, from, depth, child);
}

static int convert_map(struct arena *arena, json_t *from, unsigned int depth, struct dict *to)
{
	const char *key;
	json_t *value;
	int err = 0;

	to->type = DICT_MAP;
	json_object_foreach(from, key, value)
	{
		err = convert_child(arena, value, key, depth + 1, to);
		if (err)
			break;
	}
	return err;
}

static int convert_list(struct arena *arena, json_t *from, unsigned int depth, struct dict *to)
{
	size_t count = json_array_size(from);
	int err = 0;

	to->type = DICT_LIST;
	for (size_t i = 0; i < count && !err; i++)
		err = convert_child(arena, json_array_get(from, i), NULL, depth + 1, to);
	return err;
}

static int convert_scalar(struct arena *arena, json_t *from, struct dict *to)
{
	to->type = DICT_STRING;
	switch (json_typeof(from)) {
	case JSON_INTEGER:
		to->type = DICT_INT;
		to->integer = json_integer_value(from);
		return 0;
	case JSON_REAL:
		to->string = real_text(arena, json_real_value(from));
		return to->string.s ? 0 : -ENOMEM;
	case JSON_STRING:
		return convert_text(arena, json_string_value(from), json_string_length(from),
				    &to->string);
	default:
		to->string = json_is_true(from) ? STR("yes") : STR("no");
		return 0;
	}
}

/* @depth: of the container that @from is in. */
static int convert(struct arena *arena, json_t *from, unsigned int depth, struct dict *to)
{
	bool container = json_is_object(from) || json_is_array(from);

	if (!container)
		return convert_scalar(arena, from, to);
	if (depth == DICT_MAX_DEPTH)
		return -EINVAL;
	return json_is_object(from) ? convert_map(arena, from, depth, to)
				    : convert_list(arena, from, depth, to);
}

int json_decode(struct arena *arena, struct str text, struct dict **value)
{
	json_error_t error;
	json_t *tree = json_loadb(text.s ? text.s : "", text.len, JSON_REJECT_DUPLICATES, &error);
	struct dict *root;
	int err;

	if (!tree)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EINVAL;
	root = dict_new(arena, DICT_MAP);
	err = root ? convert(arena, tree, 0, root) : -ENOMEM;
	json_decref(tree);
	if (!err)
		*value = root;
	return err;
}

static inline bool continues(struct str text, size_t at, unsigned char low, unsigned char high)
{
	return at < text.len && (unsigned char)text.s[at] >= low &&
	       (unsigned char)text.s[at] <= high;
}

/*
 * Bytes of the character at @at; 0: not UTF-8. The second byte's range excludes overlong forms,
 * surrogates and values above U+10FFFF (RFC 3629, section 4).
 */
static size_t utf8_len(struct str text, size_t at)
{
	unsigned char c = (unsigned char)text.s[at];
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	if (!continues(text, at + 1, low, high))
		return 0;
	for (size_t i = 2; i < len; i++)
		if (!continues(text, at + i, 0x80, 0xbf))
			return 0;
	return len;
}

/* @c must be escaped in a JSON string. */
static void encode_escape(unsigned char c, struct buf *out)
{
	static const char hex[] = "0123456789abcdef";
	char text[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	switch (c) {
	case '"':
	case '\\':
		text[1] = (char)c;
		break;
	case '\n':
		text[1] = 'n';
		break;
	case '\r':
		text[1] = 'r';
		break;
	case '\t':
		text[1] = 't';
		break;
	default:
		buf_add(out, text, 6);
		return;
	}
	buf_add(out, text, 2);
}

void json_encode_text(struct str text, struct buf *out)
{
	size_t done = 0;

	buf_char(out, '"');
	for (size_t at = 0; at < text.len;) {
		unsigned char c = (unsigned char)text.s[at];
		size_t len = utf8_len(text, at);

		if (len && c >= ' ' && c != '"' && c != '\\') {
			at += len;
			continue;
		}
		/* write all preceding plain characters at once */
		buf_add(out, text.s + done, at - done);
		if (len)
			encode_escape(c, out);
		else
			buf_lit(out, "\xef\xbf\xbd"); /* U+FFFD */
		done = ++at;
	}
	if (done < text.len) /* the pointer of an empty text may be NULL */
		buf_add(out, text.s + done, text.len - done);
	buf_char(out, '"');
}

static void encode_integer(int64_t value, struct buf *out)
{
	if (value < 0)
		buf_char(out, '-');
	buf_u64(out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static void encode_children(const struct dict *value, struct buf *out)
{
	bool map = value->type == DICT_MAP;

	buf_char(out, map ? '{' : '[');
	for (const struct dict *child = value->first; child; child = child->next) {
		if (child != value->first)
			buf_char(out, ',');
		if (map) {
			json_encode_text(child->key, out);
			buf_char(out, ':');
		}
		json_encode(child, out);
	}
	buf_char(out, map ? '}' : ']');
}

void json_encode(const struct dict *value, struct buf *out)
{
	switch (value->type) {
	case DICT_STRING:
		json_encode_text(value->string, out);
		break;
	case DICT_INT:
		encode_integer(value->integer, out);
		break;
	case DICT_LIST:
	case DICT_MAP:
		encode_children(value, out);
		break;
	}
}
