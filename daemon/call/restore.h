/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * restore.h - a call to a record of the journal, and a record to a call that goes on
 *
 * Control thread only.
 */
#ifndef RTPRELAY_JOURNAL_CALL_H
#define RTPRELAY_JOURNAL_CALL_H

#include "base/arena.h"
#include "call/tree.h"
#include "journal/journal.h"

/* A restored call is not ended for want of media before its phones have had so long to be heard again. */
#define RESTORED_GRACE_MS 10000

/* The argument of the functions below. @arena: for one record at a time */
struct journal_calls {
	struct call_table *table;
	struct arena *arena;
};

/* For struct journal_conf; @owner is a struct call. */
size_t journal_call_encode(void *arg, void *owner, uint8_t *to, size_t room);
/*
 * The call is in the table afterwards, with the same ports, and media goes on.
 * Return: 0; -EBADMSG, unreadable; otherwise the reason is logged: -EADDRINUSE, -ERANGE, a port can't be had again;
 * -EADDRNOTAVAIL, nor its address; -EEXIST, the call is there already; -EMFILE, -ENOMEM
 */
int journal_call_restore(void *arg, struct journal *journal, int64_t id, const uint8_t *bytes,
			 size_t len);

#endif
