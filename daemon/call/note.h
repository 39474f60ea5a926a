/* SPDX-License-Identifier: GPL-2.0-or-later */
/* note.h - a call to a record of the journal; the way back: call/restore.h */
#ifndef RTPRELAY_CALL_NOTE_H
#define RTPRELAY_CALL_NOTE_H

#include "base/arena.h"
#include "call/tree.h"

/* The @arg of journal_call_encode() and journal_call_restore(). @arena: for one record at a time */
struct journal_calls {
	struct call_table *table;
	struct arena *arena;
};

/* For struct journal_conf; control thread only. @owner is a struct call. */
size_t journal_call_encode(void *arg, void *owner, uint8_t *to, size_t room);

#endif
