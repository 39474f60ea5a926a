/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ng_request.h - the keys and flags of a decoded NG request to struct request
 *
 * Between ng.c and ng_request.c (in), ng_reply.c (out) only.
 */
#ifndef RTPRELAY_NG_REQUEST_H
#define RTPRELAY_NG_REQUEST_H

#include "dict.h"
#include "request.h"

/* All keys of @map, in any order. Unknown ones are collected in request->ignored, never refused. */
void ng_request_read(struct arena *arena, const struct dict *map, struct request *request);
/* The tree to encode; NULL: out of memory. */
struct dict *ng_reply_make(struct arena *arena, const struct reply *reply);

#endif
