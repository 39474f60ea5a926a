/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * call.h - start, deadlines and end of a call; freeing goes down the tree (call/tree.h)
 *
 * Control thread only.
 */
#ifndef RTPRELAY_CALL_H
#define RTPRELAY_CALL_H

#include "call/tree.h"

/* A call without dialogs, not in the table yet. NULL: out of memory. */
struct call *call_new(struct call_table *table, struct str id, int64_t now_ms);
/* @call is not in the table and has no dialogs. Takes NULL. */
void call_free(struct call *call);
/* Ends one dialog; with the last one the call ends. True: the call has ended and is freed. */
bool call_end_dialog(struct call *call, struct dialog *dialog, enum call_end reason);
/* Ends all dialogs, and so the call. */
void call_end(struct call *call, enum call_end reason);
/* Time until @dialog ends if nothing more happens; without time-out: a day. */
int64_t call_left_ms(const struct dialog *dialog, int64_t now_ms);
/* Call it after any change: sets the timer to the earliest deadline, and updates the journal. */
void call_watch(struct call *call, int64_t now_ms);
/* Ends one media; its counters are added to the call's. Takes NULL. */
void call_end_media(struct call *call, struct media *media);

/*
 * Shutdown: ends all calls. The sockets are closed when call_table_closing() is 0: the caller must
 * keep dispatching until then.
 */
void call_table_close_all(struct call_table *table);
/* Like call_table_close_all() when the journal has all calls: the next daemon restores them. */
void call_table_leave_all(struct call_table *table);

#endif
