/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bencode.h - bencode to struct dict and back. Keys in any order, as proxies send them. */
#ifndef RTPRELAY_BENCODE_H
#define RTPRELAY_BENCODE_H

#include "base/buf.h"
#include "base/dict.h"

/**
 * bencode_decode() - one value that fills @text to its last byte
 * Return: 0; -EINVAL malformed, too deep or trailing bytes; -ENOMEM. Texts are slices of @text.
 */
int bencode_decode(struct arena *arena, struct str text, struct dict **value);
void bencode_encode(const struct dict *value, struct buf *out);

#endif
