/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drain.h - whether new calls are refused, so that the relay becomes empty; also after a restart
 *
 * Control thread only.
 */
#ifndef RTPRELAY_DRAIN_H
#define RTPRELAY_DRAIN_H

#include "call/tree.h"

#define DRAIN_FILE "drain" /* in state-dir: exists while drain is kept */

/*
 * At the start: drain is on if the previous daemon left the file in @dir. NULL: no state-dir, so
 * nothing is kept. Return: 0; -ENOMEM
 */
int drain_open(struct call_table *table, const char *dir);
/**
 * drain_set() - refuse new calls, or accept them again
 * @keep: also after a restart, if there is a state-dir; see drain_is_kept()
 * Return: 0; -errno: the file could not be made or removed, nothing has changed
 */
int drain_set(struct call_table *table, bool on, bool keep);
/* Will the next daemon refuse new calls? */
bool drain_is_kept(const struct call_table *table);
/* Frees the path; the file stays. */
void drain_close(struct call_table *table);

#endif
