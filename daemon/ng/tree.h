/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - adds values that replies have in many places to the tree of a reply
 *
 * For ng/reply.c and ng/statistics.c; functions to build any tree: base/dict.h
 */
#ifndef RTPRELAY_NG_TREE_H
#define RTPRELAY_NG_TREE_H

#include "base/dict.h"
#include "base/endpoint.h"

/* @text is not copied: it is a literal, or lies in the arena. */
void ng_add_text(struct arena *arena, struct dict *map, struct str key, const char *text);
/* A value above INT64_MAX becomes INT64_MAX: both encodings have only signed integers. */
void ng_add_u64(struct arena *arena, struct dict *map, struct str key, uint64_t value);
/* "family" and "address" */
void ng_add_address(struct arena *arena, struct dict *map, const struct endpoint *ep);

#endif
