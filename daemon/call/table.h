/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - all calls, by Call-ID and in the order they came
 *
 * Control thread only.
 */
#ifndef RTPRELAY_CALL_TABLE_H
#define RTPRELAY_CALL_TABLE_H

#include "call/tree.h"

/* Return: NULL, out of memory */
struct call_table *call_table_new(const struct call_table_conf *conf);
/*
 * After call_table_close_all(), and after the worker pool has been freed: what its media threads still had is
 * freed here. The ports go back to their pools, so the interfaces are freed later. Takes NULL.
 */
void call_table_free(struct call_table *table);
/* SIGHUP: the limits that may change while running; base, ifaces, workers and stats stay as they were. */
void call_table_set_limits(struct call_table *table, const struct call_table_conf *conf);
size_t call_table_count(const struct call_table *table);
/* No new calls now: there are as many as there may be, or the daemon is to run empty. */
bool call_table_full(const struct call_table *table);
/* Each call is written to the journal once more, as it is now. */
void call_table_touch(struct call_table *table);
/* Bridges that have been closed and are still with their media threads. */
size_t call_table_closing(const struct call_table *table);

/* NULL: not there */
struct call *call_find(const struct call_table *table, struct str id);
/* Into the table. 0; -ENOMEM */
int call_link(struct call *call);
/* Out of the table, out of the way of cursors, and out of the journal. */
void call_unlink(struct call *call);

/* It has changed: the journal writes it again, as it is by then. */
void call_touch(struct call *call);

/* Goes through all calls, oldest first, with pauses in which calls may come and end. Embedded by who walks. */
struct call_cursor {
	struct call_table *table; /* NULL: not begun, or at its end */
	struct call_cursor *prev, *next;
	struct call *at; /* the next one; NULL: the end */
};

void call_cursor_begin(struct call_cursor *cursor, struct call_table *table);
/* NULL: that was the last one, and the cursor has ended. A call that came meanwhile may be among them. */
struct call *call_cursor_next(struct call_cursor *cursor);
/* Takes one that has ended. */
void call_cursor_end(struct call_cursor *cursor);

#endif
