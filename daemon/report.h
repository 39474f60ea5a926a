/* SPDX-License-Identifier: GPL-2.0-only */
/* report.h - a call as it is now, copied for one reply */
#ifndef RTPRELAY_REPORT_H
#define RTPRELAY_REPORT_H

#include "arena.h"
#include "call.h"

/* In the arena, with copies of all texts: the call may end afterwards. NULL: out of memory. */
const struct call_report *call_report_make(struct arena *arena, const struct call *call,
					   int64_t now_ms);

#endif
