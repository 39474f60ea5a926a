/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ended_branch.c - the via-branches of the forks of a call that are over, while the call goes on
 *
 * Not in the journal: a proxy deletes a fork within seconds after its end.
 */
#include <stdlib.h>
#include "call/dialog.h"
#include "call/ended_branch.h"

/*
 * Only such a name is that of one request (RFC 3261, section 8.1.1.7). Others are numbers, and the
 * BYE may have that of a fork: it must end the call.
 */
static bool is_unique(struct str via_branch)
{
	return str_starts(via_branch, STR("z9hG4bK"));
}

void ended_branch_note(struct call *call, const struct dialog *dialog)
{
	struct ended_branches *ended = &call->ended;

	if (!is_unique(dialog->via_branch))
		return;
	if (!ended->id)
		ended->id = calloc(CALL_DIALOGS, sizeof(*ended->id));
	if (ended->id)
		ended->id[ended->n++ % CALL_DIALOGS] = dialog_branch_id(dialog, dialog->via_branch);
}

bool ended_branch_has(const struct call *call, struct str via_branch)
{
	const struct ended_branches *ended = &call->ended;
	uint64_t id = siphash(&call->table->key, via_branch);

	for (size_t i = 0; ended->id && i < CALL_DIALOGS && i < ended->n; i++)
		if (ended->id[i] == id)
			return true;
	return false;
}

void ended_branch_free(struct call *call)
{
	free(call->ended.id);
}
