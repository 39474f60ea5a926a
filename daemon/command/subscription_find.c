/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * subscription_find.c - which medias of which parties a subscription is of
 */
#include <utlist.h>
#include "call/dialog.h"
#include "command/subscription.h"

static bool has_tag_of(const struct party *party, const struct request *request)
{
	for (size_t i = 0; i < request->n_from_tags; i++)
		if (party_has_tag(party, request->from_tags[i]))
			return true;
	return false;
}

/* "all" is stronger than anything else: OpenSIPS sends the tag of its message, too. */
static bool is_meant(const struct dialog *dialog, enum side side, const struct request *request)
{
	const struct party *party = &dialog->party[side];

	if (request->flags & REQ_ALL)
		return true;
	if (request->from_tag.len)
		return party_has_tag(party, request->from_tag);
	if (request->label.len)
		return str_eq(party->label, request->label);
	if (endpoint_is_set(&request->address))
		return dialog_signals(dialog, side, &request->address);
	return has_tag_of(party, request);
}

static bool has_branch(const struct dialog *dialog, const struct request *request)
{
	return request->via_branch.len && str_eq(dialog->via_branch, request->via_branch);
}

/*
 * Only forks that are answered have two parties; before, the last one stands for the call. A
 * via-branch that no fork has is that of the message.
 */
static bool is_live(const struct call *call, const struct dialog *dialog,
		    const struct request *request)
{
	const struct dialog *other;
	bool answered = false, named = false;

	DL_FOREACH(call->dialogs, other) {
		answered |= other->answered;
		named |= has_branch(other, request);
	}
	if (named)
		return has_branch(dialog, request);
	return answered ? dialog->answered : dialog == call->dialogs->prev;
}

static void add_party(struct subscription_sources *sources, struct dialog *dialog, enum side side)
{
	for (size_t i = 0; i < dialog->n_media && sources->n < COPY_LINES; i++)
		if (dialog->media[i] && copies_can(dialog->media[i]))
			sources->source[sources->n++] =
				(struct subscription_source){ dialog, (unsigned int)i, side };
}

/* The caller's medias come first. */
void subscription_find(const struct call *call, const struct request *request,
		       struct subscription_sources *sources)
{
	struct dialog *dialog;

	sources->n = 0;
	for (int side = 0; side < 2; side++)
		DL_FOREACH(call->dialogs, dialog)
			if (is_live(call, dialog, request) && is_meant(dialog, side, request))
				add_party(sources, dialog, side);
}
