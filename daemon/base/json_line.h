/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json_line.h - writes a JSON object, member by member, into memory of the caller
 *
 * Builds no tree: a list of thousands of calls is written as one line for each. (The prefix json_
 * belongs to jansson.)
 */
#ifndef RTPRELAY_JSON_LINE_H
#define RTPRELAY_JSON_LINE_H

#include "base/buf.h"
#include "base/endpoint.h"

struct json_line {
	struct buf buf;
	bool more; /* a comma comes before the next member */
};

/* Opens the object; its first member is "type". */
void json_line_start(struct json_line *line, char *memory, size_t size, const char *type);
/* Closes it, with a line end. False: it did not fit. */
bool json_line_end(struct json_line *line);

/* @key: NULL in a list. @bracket: '{' or '['; closed by jsonl_close() with the other one. */
void jsonl_open(struct json_line *line, const char *key, char bracket);
void jsonl_close(struct json_line *line, char bracket);
void jsonl_str(struct json_line *line, const char *key, struct str text);
void jsonl_text(struct json_line *line, const char *key, const char *text);
void jsonl_u64(struct json_line *line, const char *key, uint64_t value);
void jsonl_i64(struct json_line *line, const char *key, int64_t value);
void jsonl_bool(struct json_line *line, const char *key, bool value);
void jsonl_null(struct json_line *line, const char *key);
/* Three digits after the point. */
void jsonl_real(struct json_line *line, const char *key, double value);
/* "192.0.2.1:4000", "[2001:db8::1]:4000"; no member when it is unset */
void jsonl_endpoint(struct json_line *line, const char *key, const struct endpoint *ep);

#endif
