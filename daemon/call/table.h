/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - all calls, by Call-ID and in the order of their creation
 *
 * Control thread only.
 */
#ifndef RTPRELAY_CALL_TABLE_H
#define RTPRELAY_CALL_TABLE_H

#include "call/tree.h"

/* Return: NULL, out of memory */
struct call_table *call_table_new(const struct call_table_conf *conf);
/*
 * Call it after call_table_close_all() and after the worker pool is freed: frees the medias that
 * its threads still had. Their ports go back to their pools: free the interfaces later. Takes NULL.
 */
void call_table_free(struct call_table *table);
/* SIGHUP: sets the limits that may change at run time; base, ifaces, workers and stats stay. */
void call_table_set_limits(struct call_table *table, const struct call_table_conf *conf);
size_t call_table_count(const struct call_table *table);
/* max-sessions; if that is 0, the number of pairs of ports. */
size_t call_table_limit(const struct call_table *table);
/* The same, or fewer if ports run out before: a call of one media takes two pairs. */
size_t call_table_room(const struct call_table *table);
/* Must new calls be refused? The limit is reached, or the daemon is draining. */
bool call_table_full(const struct call_table *table);
/* Writes each call to the journal again. */
void call_table_touch(struct call_table *table);
/* Number of closed bridges that their media threads have not released yet. */
size_t call_table_closing(const struct call_table *table);

/* NULL: unknown Call-ID */
struct call *call_find(const struct call_table *table, struct str id);
/* Adds the call to the table and the journal. 0; -ENOMEM */
int call_link(struct call *call);
/* Removes the call from the table and the journal; cursors are moved past it. */
void call_unlink(struct call *call);

/* The call has changed: the journal will write it again, with its state at that time. */
void call_touch(struct call *call);

/*
 * Visits all calls, oldest first; calls may be made and may end between two steps. Embedded in the
 * user's own struct.
 */
struct call_cursor {
	struct call_table *table; /* NULL: not begun, or at its end */
	struct call_cursor *prev, *next;
	struct call *at; /* the next call; NULL: the end */
};

void call_cursor_begin(struct call_cursor *cursor, struct call_table *table);
/* NULL: there are no more calls, and the cursor has ended. Calls made meanwhile may be visited. */
struct call *call_cursor_next(struct call_cursor *cursor);
/* Accepts a cursor that has ended. */
void call_cursor_end(struct call_cursor *cursor);

#endif
