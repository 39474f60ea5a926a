/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ban_visit.h - visits all calls after a change of the list of bans
 *
 * Flows of a source that is banned now have to leave the kernel, those of one that is not any more
 * may be set there again. A slice of calls in each turn of the loop, so that commands do not wait.
 * Control thread only.
 */
#ifndef RTPRELAY_BAN_VISIT_H
#define RTPRELAY_BAN_VISIT_H

#include "call/table.h"

/* @cursor: of the visit, if there is one; @again: the list changed meanwhile: another follows */
struct ban_visit {
	struct call_table *calls;
	struct event timer;
	struct call_cursor cursor;
	bool again;
};

/* @calls: borrowed, until ban_visit_end() */
void ban_visit_init(struct ban_visit *visit, struct call_table *calls);
/* For bans_conf.changed; @arg: the struct ban_visit. Visits the first calls at once. */
void ban_visit_begin(void *arg);
/* Also for one that is all zero. */
void ban_visit_end(struct ban_visit *visit);

#endif
