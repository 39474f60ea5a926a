/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dialog_find.c - finds the dialog of a call that a request belongs to
 */
#include <utlist.h>
#include "call/dialog.h"
#include "command/dialog_find.h"

static struct dialog *find_by_tags(const struct call *call, const struct request *request,
				   int *from_side)
{
	struct dialog *dialog, *found = NULL;

	DL_FOREACH(call->dialogs, dialog) {
		int from = dialog_side_with(dialog, request->from_tag, request->to_tag);

		if (from < 0 || (found && dialog->delete_at_ms))
			continue;
		if (!found || found->delete_at_ms) {
			found = dialog;
			*from_side = from;
		}
	}
	return found;
}

/* Had the dialog's last offer this via-branch? */
static bool offered_with(const struct dialog *dialog, struct str via_branch)
{
	if (!via_branch.len)
		return false;
	if (dialog->offer_branch)
		return dialog->offer_branch == dialog_branch_id(dialog, via_branch);
	return str_eq(dialog->via_branch, via_branch);
}

/*
 * The dialog whose last offer had this From-tag and exactly this via-branch. A proxy that numbers
 * the branches of each request (br0, br1) may use one for several dialogs: the To-tag decides then.
 */
static struct dialog *find_by_branch(const struct call *call, const struct request *request,
				     int *from_side)
{
	struct dialog *dialog, *found = NULL;
	int fit, best = 0;

	DL_FOREACH(call->dialogs, dialog) {
		int from = dialog_side_of(dialog, request->from_tag);

		if (from < 0 || !offered_with(dialog, request->via_branch))
			continue;
		fit = 1 + !dialog->delete_at_ms;
		if (party_has_tag(&dialog->party[!from], request->to_tag))
			fit += 2;
		if (fit > best) {
			best = fit;
			*from_side = from;
			found = dialog;
		}
	}
	return found;
}

/* The dialog that the party with @tag has answered: now this party sends an offer. */
static struct dialog *find_by_answerer(const struct call *call, struct str tag, enum side *from)
{
	struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog) {
		if (dialog->answered && party_has_tag(&dialog->party[SIDE_B], tag)) {
			*from = SIDE_B;
			return dialog;
		}
	}
	return NULL;
}

struct dialog *dialog_for_offer(const struct call *call, const struct request *request,
				enum side *from)
{
	struct dialog *dialog;
	bool known = false;
	int from_side;

	*from = SIDE_A;
	if (request->to_tag.len) {
		dialog = find_by_tags(call, request, &from_side);
		if (dialog) {
			*from = from_side;
			return dialog;
		}
	}
	DL_FOREACH(call->dialogs, dialog) {
		if (!party_has_tag(&dialog->party[SIDE_A], request->from_tag))
			continue;
		known = true;
		if (!(request->flags & REQ_NEW_BRANCH) && !(dialog->final && request->to_tag.len) &&
		    str_eq(dialog->via_branch, request->via_branch))
			return dialog;
	}
	/* An unknown To-tag: the answering party calls another one, in a dialog of its own. */
	if (known || request->to_tag.len)
		return NULL;
	return find_by_answerer(call, request->from_tag, from);
}

/*
 * Both offer and answer name a branch, and find_by_branch() has found that they differ: a phone of
 * a fork that is over answers all the same, and proxies pass each 2xx on. It must not take the
 * place of the phone that has answered.
 */
static bool is_of_lost_fork(const struct dialog *dialog, const struct request *request)
{
	return dialog->answered && request->via_branch.len &&
	       (dialog->offer_branch || dialog->via_branch.len);
}

/*
 * How well a dialog fits an answer whose branch and tags name no dialog: higher is better; 0: not
 * at all (its From-tag is another one, or another phone has answered it).
 */
static int answer_fit(const struct dialog *dialog, const struct request *request)
{
	int fit = dialog->answered ? 1 : 2;

	if (!party_has_tag(&dialog->party[SIDE_A], request->from_tag) ||
	    is_of_lost_fork(dialog, request))
		return 0;
	return dialog->delete_at_ms ? fit : fit + 2;
}

struct dialog *dialog_for_answer(const struct call *call, const struct request *request,
				 enum side *from)
{
	struct dialog *dialog, *best = NULL;
	int from_side, fit, best_fit = 1;

	dialog = find_by_branch(call, request, &from_side);
	if (!dialog)
		dialog = find_by_tags(call, request, &from_side);
	if (dialog) {
		/* The From-tag is the offerer's, and the SDP is the answerer's. */
		*from = from_side == SIDE_A ? SIDE_B : SIDE_A;
		return dialog;
	}
	DL_FOREACH(call->dialogs, dialog) {
		fit = answer_fit(dialog, request);
		if (fit >= best_fit) { /* the latest of equal ones */
			best_fit = fit;
			best = dialog;
		}
	}
	*from = SIDE_B;
	return best;
}

struct dialog *dialog_of_party(const struct call *call, const struct request *request,
			       enum side *whose)
{
	struct dialog *dialog;
	int from_side;

	dialog = find_by_tags(call, request, &from_side);
	if (dialog) {
		*whose = from_side;
		return dialog;
	}
	DL_FOREACH(call->dialogs, dialog) {
		*whose = SIDE_A;
		if (party_has_tag(&dialog->party[SIDE_A], request->from_tag))
			return dialog;
		*whose = SIDE_B;
		if (party_has_tag(&dialog->party[SIDE_A], request->to_tag))
			return dialog;
	}
	*whose = SIDE_B;
	DL_FOREACH(call->dialogs, dialog)
		if (party_has_tag(&dialog->party[SIDE_B], request->from_tag))
			return dialog;
	return NULL;
}
