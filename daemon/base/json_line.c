/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json_line.c - writes a JSON object, member by member, into memory of the caller */
#include <inttypes.h>
#include <stdio.h>
#include "base/json.h"
#include "base/json_line.h"

static void put_key(struct json_line *line, const char *key)
{
	if (line->more)
		buf_char(&line->buf, ',');
	line->more = true;
	if (!key)
		return;
	json_encode_text(str_of(key), &line->buf);
	buf_char(&line->buf, ':');
}

void json_line_start(struct json_line *line, char *memory, size_t size, const char *type)
{
	*line = (struct json_line){ BUF_INIT(memory, size), false };
	buf_char(&line->buf, '{');
	jsonl_text(line, "type", type);
}

bool json_line_end(struct json_line *line)
{
	buf_lit(&line->buf, "}\n");
	return !line->buf.overflow;
}

void jsonl_open(struct json_line *line, const char *key, char bracket)
{
	put_key(line, key);
	buf_char(&line->buf, bracket);
	line->more = false;
}

void jsonl_close(struct json_line *line, char bracket)
{
	buf_char(&line->buf, bracket);
	line->more = true;
}

void jsonl_str(struct json_line *line, const char *key, struct str text)
{
	put_key(line, key);
	json_encode_text(text, &line->buf);
}

void jsonl_text(struct json_line *line, const char *key, const char *text)
{
	jsonl_str(line, key, str_of(text));
}

void jsonl_u64(struct json_line *line, const char *key, uint64_t value)
{
	put_key(line, key);
	buf_u64(&line->buf, value);
}

void jsonl_i64(struct json_line *line, const char *key, int64_t value)
{
	put_key(line, key);
	if (value < 0)
		buf_char(&line->buf, '-');
	buf_u64(&line->buf, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void jsonl_bool(struct json_line *line, const char *key, bool value)
{
	put_key(line, key);
	buf_str(&line->buf, value ? STR("true") : STR("false"));
}

void jsonl_null(struct json_line *line, const char *key)
{
	put_key(line, key);
	buf_str(&line->buf, STR("null"));
}

void jsonl_real(struct json_line *line, const char *key, double value)
{
	char text[64];

	put_key(line, key);
	snprintf(text, sizeof(text), "%.3f", value);
	buf_str(&line->buf, str_of(text));
}

void jsonl_endpoint(struct json_line *line, const char *key, const struct endpoint *ep)
{
	char text[ENDPOINT_TEXT];

	if (endpoint_is_set(ep))
		jsonl_text(line, key, endpoint_print(ep, text));
}
