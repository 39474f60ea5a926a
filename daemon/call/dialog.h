/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dialog.h - one fork of a call: its two parties and its medias
 *
 * Control thread only. Finding the dialog of a request: command/dialog_find.h.
 */
#ifndef RTPRELAY_DIALOG_H
#define RTPRELAY_DIALOG_H

#include "call/tree.h"

/* Takes NULL. */
void shown_free(struct shown_sdp *shown);

/*
 * Not linked into @call yet. @to_tag: of the party that will answer, if the offer named it (an
 * offer in a reply). NULL: out of memory.
 */
struct dialog *dialog_new(struct call *call, struct str from_tag, struct str to_tag,
			  struct str via_branch);
/* A short name of a via-branch, for comparison; 0 for none. */
uint64_t dialog_branch_id(const struct dialog *dialog, struct str via_branch);
/* Closes its medias and frees it; the caller has unlinked it. Takes NULL. */
void dialog_free(struct dialog *dialog);

bool party_has_tag(const struct party *party, struct str tag);
/* Allocates memory, so that party_take_alias() cannot fail. 0; -ENOMEM */
int party_reserve_alias(struct party *party);
/* The party owns @tag from then on. */
void party_take_alias(struct party *party, struct str tag);
void party_drop_aliases(struct party *party);

/* A copy of the text; .s is NULL if memory ran out or @text is empty. */
struct str text_dup(struct str text);
void text_free(struct str *text);
/* Replaces *text by a copy of @value and frees the old one. 0; -ENOMEM, and nothing has changed */
int text_set(struct str *text, struct str value);

/* The side of @dialog that has @tag; -1: neither. */
int dialog_side_of(const struct dialog *dialog, struct str tag);
/* The side of @from_tag if @to_tag is on the other side; -1: the dialog does not have both. */
int dialog_side_with(const struct dialog *dialog, struct str from_tag, struct str to_tag);

/* NULL: nothing is relayed at this m= line */
static inline struct media *dialog_media(const struct dialog *dialog, size_t index)
{
	return index < dialog->n_media ? dialog->media[index] : NULL;
}

/* clock_ms() of the last packet of any media; 0: none */
int64_t dialog_last_in_ms(const struct dialog *dialog, int64_t now_ms);
/* Are all medias on hold? (True without any media.) */
bool dialog_on_hold(const struct dialog *dialog);

/* Did this side name the address in its SDP, for a media that goes on? */
bool dialog_signals(const struct dialog *dialog, enum side side, const struct endpoint *address);

#endif
