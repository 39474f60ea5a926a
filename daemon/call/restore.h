/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * restore.h - a call to a record of the journal, and a record back to a call
 *
 * Control thread only.
 */
#ifndef RTPRELAY_JOURNAL_CALL_H
#define RTPRELAY_JOURNAL_CALL_H

#include "base/arena.h"
#include "call/tree.h"
#include "journal/journal.h"

/* A restored call does not time out before this: its phones need time to send media again. */
#define RESTORED_GRACE_MS 10000

/* The @arg of the functions below. @arena: for one record at a time */
struct journal_calls {
	struct call_table *table;
	struct arena *arena;
};

/* For struct journal_conf; @owner is a struct call. */
size_t journal_call_encode(void *arg, void *owner, uint8_t *to, size_t room);
/*
 * Puts the call into the table, with the same ports, and continues to relay its media.
 * Return: 0; -EBADMSG, not a valid record. Other errors are logged here: -EADDRINUSE, a port is in
 * use; -ERANGE, a port is not in the range; -EADDRNOTAVAIL, an address is not configured; -EEXIST,
 * the table has this call already; -EMFILE; -ENOMEM
 */
int journal_call_restore(void *arg, struct journal *journal, int64_t id, const uint8_t *bytes,
			 size_t len);

#endif
