/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reply.h - between ng_reply.c and ng_statistics.c only */
#ifndef RTPRELAY_NG_REPLY_H
#define RTPRELAY_NG_REPLY_H

#include "base/dict.h"
#include "report/report.h"

void ng_add_u64(struct arena *arena, struct dict *map, struct str key, uint64_t value);
/* "family" and "address" */
void ng_add_address(struct arena *arena, struct dict *map, const struct endpoint *ep);
void ng_add_statistics(struct arena *arena, struct dict *map, const struct daemon_report *report);

#endif
