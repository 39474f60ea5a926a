/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dialog_find.h - which dialog of a call a request means
 *
 * Proxies name the parties by tags and forks by via-branch, and not always all of them; the rules for
 * finding the dialog are here, each in a function. Control thread only.
 */
#ifndef RTPRELAY_DIALOG_FIND_H
#define RTPRELAY_DIALOG_FIND_H

#include "call/tree.h"
#include "command/request.h"

/**
 * dialog_for_offer() - which dialog an offer goes on with
 * @from: gets the side that sends it
 * Both tags known: that dialog, whatever its via-branch (a re-INVITE has a new one). Else the From-tag of side A
 * with the same via-branch (both none counts as the same): offered again, or serial fork. Else the tag of a
 * side B that answered: it offers.
 * Return: NULL: a new dialog
 */
struct dialog *dialog_for_offer(const struct call *call, const struct request *request,
				enum side *from);
/**
 * dialog_for_answer() - which dialog an answer belongs to
 * @from: gets the side that sends it: B, or A when it answers a re-INVITE of the callee
 * In this order: both tags; From-tag and via-branch; the latest of this From-tag without answer; the latest with
 * one, whose answering party gets another tag. Dialogs that are being deleted come last.
 * Return: NULL: unknown From-tag
 */
struct dialog *dialog_for_answer(const struct call *call, const struct request *request,
				 enum side *from);

/**
 * dialog_of_party() - the dialog that the classic protocol means, which knows no forks
 * @whose: gets the side that the From-tag is of
 * Both tags known, one on each side; else the From-tag or the To-tag that of the first offer's sender; else the From-tag
 * that of a party that answered.
 * Return: NULL: none
 */
struct dialog *dialog_of_party(const struct call *call, const struct request *request,
			       enum side *whose);

/* The dialog between From-tag and To-tag, whichever is whose; NULL: none has both. */
struct dialog *dialog_by_tags(const struct call *call, const struct request *request);

#endif
