/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bencode.c - bencode to struct dict and back
 *
 * One pass over the text, without recursion: an array holds the open containers, up to the maximum
 * depth. Leading zeros and "-0" are errors, so that decoded text encodes to the same bytes; keys
 * may come in any order, because proxies do not sort them.
 */
#include <errno.h>
#include "base/bencode.h"

struct decoder {
	struct arena *arena;
	const char *at;
	const char *end;
	struct dict *open[DICT_MAX_DEPTH];
	unsigned int depth;
};

/* Reads digits up to @stop, and skips @stop. No leading zero; at most @max. */
static bool read_number(struct decoder *dec, char stop, uint64_t max, uint64_t *value)
{
	const char *start = dec->at;
	uint64_t sum = 0;

	for (; dec->at < dec->end && *dec->at != stop; dec->at++) {
		unsigned int digit = (unsigned char)*dec->at - '0';

		if (digit > 9 || sum > (max - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	if (dec->at == dec->end || dec->at == start || (*start == '0' && dec->at - start > 1))
		return false;
	dec->at++;
	*value = sum;
	return true;
}

static bool read_string(struct decoder *dec, struct str *text)
{
	uint64_t len;

	if (!read_number(dec, ':', INT64_MAX, &len) || len > (uint64_t)(dec->end - dec->at))
		return false;
	*text = (struct str){ dec->at, (size_t)len };
	dec->at += len;
	return true;
}

/* After the 'i'. */
static bool read_integer(struct decoder *dec, int64_t *value)
{
	bool negative = dec->at < dec->end && *dec->at == '-';
	uint64_t sum;

	dec->at += negative;
	/* -INT64_MIN is one more than INT64_MAX */
	if (!read_number(dec, 'e', (uint64_t)INT64_MAX + negative, &sum) || (negative && !sum))
		return false;
	*value = (int64_t)(negative ? -sum : sum);
	return true;
}

/* Reads the value at @at (not the end). Enters a container; the caller reads its content. */
static int read_value(struct decoder *dec, struct dict *value)
{
	char c = *dec->at;

	switch (c) {
	case 'd':
	case 'l':
		if (dec->depth == DICT_MAX_DEPTH)
			return -EINVAL;
		value->type = c == 'd' ? DICT_MAP : DICT_LIST;
		dec->at++;
		dec->open[dec->depth++] = value;
		return 0;
	case 'i':
		value->type = DICT_INT;
		dec->at++;
		return read_integer(dec, &value->integer) ? 0 : -EINVAL;
	default:
		value->type = DICT_STRING;
		return read_string(dec, &value->string) ? 0 : -EINVAL;
	}
}

/* Reads the next value of the innermost open container (or the root), or the container's end. */
static int read_next(struct decoder *dec, struct dict **root)
{
	struct dict *parent = dec->depth ? dec->open[dec->depth - 1] : NULL;
	struct str key = STR_NONE;
	struct dict *value;

	if (dec->at < dec->end && parent && *dec->at == 'e') {
		dec->at++;
		dec->depth--;
		return 0;
	}
	if (parent && parent->type == DICT_MAP && !read_string(dec, &key))
		return -EINVAL;
	if (dec->at == dec->end)
		return -EINVAL;
	value = dict_new(dec->arena, DICT_STRING);
	if (!value)
		return -ENOMEM;
	value->key = key;
	if (parent)
		dict_append(parent, value);
	else
		*root = value;
	return read_value(dec, value);
}

int bencode_decode(struct arena *arena, struct str text, struct dict **value)
{
	struct decoder dec = { .arena = arena, .at = text.s, .end = text.s + text.len };
	struct dict *root = NULL;
	int err;

	do {
		err = read_next(&dec, &root);
	} while (!err && dec.depth);
	if (err)
		return err;
	if (dec.at != dec.end)
		return -EINVAL;
	*value = root;
	return 0;
}

static void encode_string(struct str text, struct buf *out)
{
	buf_u64(out, text.len);
	buf_char(out, ':');
	buf_str(out, text);
}

static void encode_integer(int64_t value, struct buf *out)
{
	buf_char(out, 'i');
	if (value < 0)
		buf_char(out, '-');
	buf_u64(out, value < 0 ? -(uint64_t)value : (uint64_t)value);
	buf_char(out, 'e');
}

static void encode_children(const struct dict *value, struct buf *out)
{
	buf_char(out, value->type == DICT_MAP ? 'd' : 'l');
	for (const struct dict *child = value->first; child; child = child->next) {
		if (value->type == DICT_MAP)
			encode_string(child->key, out);
		bencode_encode(child, out);
	}
	buf_char(out, 'e');
}

void bencode_encode(const struct dict *value, struct buf *out)
{
	switch (value->type) {
	case DICT_STRING:
		encode_string(value->string, out);
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
