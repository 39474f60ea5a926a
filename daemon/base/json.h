/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - JSON to struct dict and back, by jansson
 *
 * true and false become "yes" and "no" (NG has no booleans), null is left out, reals become texts.
 */
#ifndef RTPRELAY_JSON_H
#define RTPRELAY_JSON_H

#include "base/buf.h"
#include "base/dict.h"

/* Return: 0; -EINVAL malformed, too deep, duplicate keys or trailing bytes; -ENOMEM. */
int json_decode(struct arena *arena, struct str text, struct dict **value);
/* Bytes that are not UTF-8 are written as U+FFFD, so that the output is always valid JSON. */
void json_encode(const struct dict *value, struct buf *out);
/* The same for one text, with its quotes. */
void json_encode_text(struct str text, struct buf *out);

#endif
