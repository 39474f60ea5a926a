/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ended_branch.h - the via-branches of the forks of a call that are over, while the call goes on
 *
 * A proxy may delete a fork that has ended already. Control thread only.
 */
#ifndef RTPRELAY_ENDED_BRANCH_H
#define RTPRELAY_ENDED_BRANCH_H

#include "call/tree.h"

/* @dialog ends and its call goes on. Without memory nothing is noted. */
void ended_branch_note(struct call *call, const struct dialog *dialog);
/* Was there a fork with this via-branch, and is it over? */
bool ended_branch_has(const struct call *call, struct str via_branch);
void ended_branch_free(struct call *call);

#endif
