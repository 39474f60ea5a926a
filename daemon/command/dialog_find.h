/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dialog_find.h - finds the dialog of a call that a request belongs to
 *
 * Proxies name the parties by tags and forks by via-branch, but not always all of them. Each
 * function here has the rules for one kind of request. Control thread only.
 */
#ifndef RTPRELAY_DIALOG_FIND_H
#define RTPRELAY_DIALOG_FIND_H

#include "call/tree.h"
#include "command/request.h"

/**
 * dialog_for_offer() - the dialog that an offer belongs to
 * @from: gets the side that sent the offer
 * In this order:
 *   - a dialog with both tags, whatever its via-branch (a re-INVITE has a new one);
 *   - one whose side A has the From-tag, with the same via-branch (or both without one): the offer
 *     is repeated, or this is a serial fork;
 *   - unless the From-tag is known on side A, or there is a To-tag: one whose side B has answered
 *     with this From-tag and now sends an offer. With an unknown To-tag it calls another party.
 * Return: NULL: the offer starts a new dialog
 */
struct dialog *dialog_for_offer(const struct call *call, const struct request *request,
				enum side *from);
/**
 * dialog_for_answer() - the dialog that an answer belongs to
 * @from: gets the side that sent the answer: B, or A if it answers a re-INVITE of the callee
 * In this order:
 *   - one whose last offer had the From-tag and exactly the via-branch; a To-tag that belonged to
 *     another fork is this one's from then on (two passes of one call have the same tags);
 *   - a dialog with both tags;
 *   - the latest one with the From-tag that is not answered;
 *   - the latest one with the From-tag that is answered, unless answer and offer both have a
 *     via-branch (then the answer is of a fork that is over): its answering party gets another tag.
 * Dialogs that are being deleted come last.
 * Return: NULL: there is none
 */
struct dialog *dialog_for_answer(const struct call *call, const struct request *request,
				 enum side *from);

/**
 * dialog_of_party() - the dialog that a command of the classic protocol names; it has no forks
 * @whose: gets the side of the From-tag
 * In this order:
 *   - a dialog with both tags, one on each side;
 *   - one whose side A (sender of the first offer) has the From-tag or the To-tag;
 *   - one whose side B has the From-tag.
 * Return: NULL: there is none
 */
struct dialog *dialog_of_party(const struct call *call, const struct request *request,
			       enum side *whose);

#endif
