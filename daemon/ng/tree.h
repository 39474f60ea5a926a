/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - values that replies have in many places, added to the tree that is sent
 *
 * For ng/reply.c and ng/statistics.c; what is added to a tree in general: base/dict.h
 */
#ifndef RTPRELAY_NG_TREE_H
#define RTPRELAY_NG_TREE_H

#include "base/dict.h"
#include "base/endpoint.h"

/* @text is not copied: a literal, or of the arena. */
void ng_add_text(struct arena *arena, struct dict *map, struct str key, const char *text);
/* Cut to what a signed integer holds, since encodings know no other. */
void ng_add_u64(struct arena *arena, struct dict *map, struct str key, uint64_t value);
/* "family" and "address" */
void ng_add_address(struct arena *arena, struct dict *map, const struct endpoint *ep);

#endif
