/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copies_restore.h - subscribers of a call to a record of the journal, and back */
#ifndef RTPRELAY_COPIES_RESTORE_H
#define RTPRELAY_COPIES_RESTORE_H

#include "base/arena.h"
#include "call/tree.h"

struct call_record;

/* Texts are borrowed. Out of memory: the arena has failed. */
void copies_note(struct arena *arena, struct call_record *record, const struct call *call);
/*
 * Goes on with the subscribers of @call, which was made from @record, at the same ports. A line
 * whose ports are taken, or whose recorder is a forbidden destination now, ends; it is logged.
 */
void copies_resume(struct call *call, const struct call_record *record, int64_t now_ms);
/* Journals calls whose copies have used many indexes of their keys. */
void copies_mind_indexes(struct call *call);

#endif
