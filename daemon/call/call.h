/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * call.h - how a call begins, how long it waits, how it ends; freeing goes down the tree (call/tree.h)
 *
 * Control thread only.
 */
#ifndef RTPRELAY_CALL_H
#define RTPRELAY_CALL_H

#include "call/tree.h"

/* Not in the table yet, without dialogs. NULL: out of memory. */
struct call *call_new(struct call_table *table, struct str id, int64_t now_ms);
/* Only one that isn't in the table and has no dialogs. Takes NULL. */
void call_free(struct call *call);
/* Ends one dialog; the call ends with its last. True: the call is gone. */
bool call_end_dialog(struct call *call, struct dialog *dialog, enum call_end reason);
/* Ends all dialogs, and so the call. */
void call_end(struct call *call, enum call_end reason);
/* How long @dialog has yet if nothing more happens; one without time-out: a day. */
int64_t call_left_ms(const struct dialog *dialog, int64_t now_ms);
/* Something has changed, and a deadline may have come nearer: sets the timer, and keeps the call as it is now. */
void call_watch(struct call *call, int64_t now_ms);
/* A media of a living call ends: it has its part in the sums of the call. Takes NULL. */
void call_end_media(struct call *call, struct media *media);

/* Shutdown: ends all calls. The sockets are closed when call_table_closing() is 0; keep dispatching until then. */
void call_table_close_all(struct call_table *table);
/* The same when the journal has them all: they go on in the daemon that comes next. */
void call_table_leave_all(struct call_table *table);

#endif
