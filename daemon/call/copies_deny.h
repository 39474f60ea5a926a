/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copies_deny.h - copies end whose destination has become a forbidden one */
#ifndef RTPRELAY_COPIES_DENY_H
#define RTPRELAY_COPIES_DENY_H

#include "call/tree.h"

/*
 * Of all calls, when the set of worker_pool_deny() has changed: a line that is sent to where media
 * must not go is sent no more, until the recorder answers again.
 */
void copies_follow_deny(struct call_table *table, int64_t now_ms);

#endif
