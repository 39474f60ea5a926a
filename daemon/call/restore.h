/* SPDX-License-Identifier: GPL-2.0-or-later */
/* restore.h - a record of the journal back to a call; the way there: call/note.h */
#ifndef RTPRELAY_JOURNAL_CALL_H
#define RTPRELAY_JOURNAL_CALL_H

#include "call/note.h"
#include "journal/journal.h"

/* A restored call does not time out before this: its phones need time to send media again. */
#define RESTORED_GRACE_MS 10000

/*
 * For struct journal_conf; control thread only. Puts the call into the table, with the same ports,
 * and continues to relay its media.
 * Return: 0; -EBADMSG, not a valid record. Other errors are logged here: -EADDRINUSE, a port is in
 * use; -ERANGE, a port is not in the range; -EADDRNOTAVAIL, an address is not configured; -EEXIST,
 * the table has this call already; -EMFILE; -ENOMEM
 */
int journal_call_restore(void *arg, struct journal *journal, int64_t id, const uint8_t *bytes,
			 size_t len);

#endif
