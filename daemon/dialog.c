/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dialog.c - one fork of a call: its two parties, its medias, and which dialog a request means
 */
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>
#include "call.h"

struct str text_dup(struct str text)
{
	char *copy = text.len ? malloc(text.len) : NULL;

	if (!copy)
		return STR_NONE;
	memcpy(copy, text.s, text.len);
	return (struct str){ copy, text.len };
}

void text_free(struct str *text)
{
	free((void *)(uintptr_t)text->s);
	*text = STR_NONE;
}

int text_set(struct str *text, struct str value)
{
	struct str copy;

	if (str_eq(*text, value))
		return 0;
	copy = text_dup(value);
	if (value.len && !copy.s)
		return -ENOMEM;
	text_free(text);
	*text = copy;
	return 0;
}

void shown_free(struct shown_sdp *shown)
{
	if (!shown)
		return;
	text_free(&shown->username);
	text_free(&shown->o_id);
	text_free(&shown->session_name);
	free(shown);
}

static void party_fini(struct party *party)
{
	text_free(&party->tag);
	text_free(&party->label);
	party_drop_aliases(party);
	free(party->aliases);
	shown_free(party->shown);
}

bool party_has_tag(const struct party *party, struct str tag)
{
	if (!tag.len)
		return false;
	if (str_eq(party->tag, tag))
		return true;
	for (size_t i = 0; i < party->n_aliases; i++)
		if (str_eq(party->aliases[i], tag))
			return true;
	return false;
}

int party_reserve_alias(struct party *party)
{
	if (!party->aliases)
		party->aliases = calloc(PARTY_ALIASES, sizeof(*party->aliases));
	return party->aliases ? 0 : -ENOMEM;
}

void party_take_alias(struct party *party, struct str tag)
{
	if (party->n_aliases == PARTY_ALIASES) {
		text_free(&party->aliases[0]);
		party->n_aliases--;
		memmove(party->aliases, party->aliases + 1,
			party->n_aliases * sizeof(*party->aliases));
	}
	party->aliases[party->n_aliases++] = tag;
}

void party_drop_aliases(struct party *party)
{
	while (party->n_aliases)
		text_free(&party->aliases[--party->n_aliases]);
}

struct dialog *dialog_new(struct call *call, struct str from_tag, struct str via_branch)
{
	struct dialog *dialog = calloc(1, sizeof(*dialog));

	if (!dialog)
		return NULL;
	dialog->call = call;
	if (text_set(&dialog->party[SIDE_A].tag, from_tag) ||
	    text_set(&dialog->via_branch, via_branch)) {
		dialog_free(dialog);
		return NULL;
	}
	return dialog;
}

void dialog_free(struct dialog *dialog)
{
	if (!dialog)
		return;
	for (size_t i = 0; i < dialog->n_media; i++)
		media_close(dialog->media[i]);
	free(dialog->media);
	party_fini(&dialog->party[SIDE_A]);
	party_fini(&dialog->party[SIDE_B]);
	text_free(&dialog->via_branch);
	free(dialog);
}

int dialog_side_of(const struct dialog *dialog, struct str tag)
{
	if (party_has_tag(&dialog->party[SIDE_A], tag))
		return SIDE_A;
	return party_has_tag(&dialog->party[SIDE_B], tag) ? SIDE_B : -1;
}

static struct dialog *find_by_tags(const struct call *call, const struct request *request,
				   int *from_side)
{
	struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog) {
		int from = dialog_side_of(dialog, request->from_tag);
		int to = dialog_side_of(dialog, request->to_tag);

		if (from >= 0 && to >= 0 && from != to) {
			*from_side = from;
			return dialog;
		}
	}
	return NULL;
}

struct dialog *dialog_by_tags(const struct call *call, const struct request *request)
{
	int from_side;

	return find_by_tags(call, request, &from_side);
}

/* The dialog that @tag has answered: now it offers. */
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
		if (!(request->flags & REQ_NEW_BRANCH) &&
		    str_eq(dialog->via_branch, request->via_branch))
			return dialog;
	}
	return known ? NULL : find_by_answerer(call, request->from_tag, from);
}

/* How well a dialog of the right From-tag suits an answer that names no dialog by both tags; 0 not at all. */
static int answer_fit(const struct dialog *dialog, const struct request *request)
{
	int fit = dialog->answered ? 1 : 2;

	if (!party_has_tag(&dialog->party[SIDE_A], request->from_tag))
		return 0;
	if (request->via_branch.len && str_eq(dialog->via_branch, request->via_branch))
		fit = 3;
	return dialog->delete_at_ms ? fit : fit + 3;
}

struct dialog *dialog_for_answer(const struct call *call, const struct request *request,
				 enum side *from)
{
	struct dialog *dialog, *best = NULL;
	int from_side, fit, best_fit = 1;

	dialog = find_by_tags(call, request, &from_side);
	if (dialog) {
		/* The From-tag is the offerer's, and the SDP that of the other. */
		*from = from_side == SIDE_A ? SIDE_B : SIDE_A;
		return dialog;
	}
	DL_FOREACH(call->dialogs, dialog) {
		fit = answer_fit(dialog, request);
		if (fit >= best_fit) { /* of equals the latest */
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

int64_t dialog_last_in_ms(const struct dialog *dialog, int64_t now_ms)
{
	int64_t last = 0;

	for (size_t i = 0; i < dialog->n_media; i++) {
		int64_t at = dialog->media[i] ? media_last_in_ms(dialog->media[i], now_ms) : 0;

		last = at > last ? at : last;
	}
	return last;
}

bool dialog_on_hold(const struct dialog *dialog)
{
	for (size_t i = 0; i < dialog->n_media; i++)
		if (dialog->media[i] && !media_on_hold(dialog->media[i]))
			return false;
	return true;
}
