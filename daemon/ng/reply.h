/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reply.h - struct reply to the tree that is sent
 */
#ifndef RTPRELAY_NG_REPLY_H
#define RTPRELAY_NG_REPLY_H

#include "base/dict.h"
#include "command/request.h"

/* The tree to encode; NULL: out of memory. */
struct dict *ng_reply_make(struct arena *arena, const struct reply *reply);

#endif
