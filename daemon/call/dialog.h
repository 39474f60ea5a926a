/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dialog.h - one fork of a call: its two parties and its medias
 *
 * Control thread only. Which dialog a request means: command/dialog_find.h.
 */
#ifndef RTPRELAY_DIALOG_H
#define RTPRELAY_DIALOG_H

#include "call/tree.h"

/* Takes NULL. */
void shown_free(struct shown_sdp *shown);

/* Not linked into @call yet. NULL: out of memory. */
struct dialog *dialog_new(struct call *call, struct str from_tag, struct str via_branch);
/* Closes its medias and frees; unlinking is the caller's. Takes NULL. */
void dialog_free(struct dialog *dialog);

bool party_has_tag(const struct party *party, struct str tag);
/* Makes room, so that party_take_alias() cannot fail. 0; -ENOMEM */
int party_reserve_alias(struct party *party);
/* @tag is the party's from here. */
void party_take_alias(struct party *party, struct str tag);
void party_drop_aliases(struct party *party);

/* The text in memory of its own; NULL in .s when out of memory, or when @text is empty. */
struct str text_dup(struct str text);
void text_free(struct str *text);
/* Replaces *text, frees the old one. 0; -ENOMEM and nothing changed */
int text_set(struct str *text, struct str value);

/* Which side of @dialog has @tag: 0, 1; -1 neither. */
int dialog_side_of(const struct dialog *dialog, struct str tag);

/* NULL: nothing is relayed there */
static inline struct media *dialog_media(const struct dialog *dialog, size_t index)
{
	return index < dialog->n_media ? dialog->media[index] : NULL;
}

/* clock_ms() of the last packet of any media; 0: none */
int64_t dialog_last_in_ms(const struct dialog *dialog, int64_t now_ms);
/* Is each media on hold? (none at all counts as well) */
bool dialog_on_hold(const struct dialog *dialog);

#endif
