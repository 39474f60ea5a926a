/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dialog.c - one fork of a call: its two parties and its medias
 */
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>
#include "call/dialog.h"
#include "call/media.h"
#include "call/media_path.h"
#include "packet/bridge.h"

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

uint64_t dialog_branch_id(const struct dialog *dialog, struct str via_branch)
{
	return via_branch.len ? siphash(&dialog->call->table->key, via_branch) : 0;
}

struct dialog *dialog_new(struct call *call, struct str from_tag, struct str to_tag,
			  struct str via_branch)
{
	struct dialog *dialog = calloc(1, sizeof(*dialog));

	if (!dialog)
		return NULL;
	dialog->call = call;
	if (text_set(&dialog->party[SIDE_A].tag, from_tag) ||
	    text_set(&dialog->party[SIDE_B].tag, to_tag) ||
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
	text_free(&dialog->offered);
	free(dialog);
}

int dialog_side_of(const struct dialog *dialog, struct str tag)
{
	if (party_has_tag(&dialog->party[SIDE_A], tag))
		return SIDE_A;
	return party_has_tag(&dialog->party[SIDE_B], tag) ? SIDE_B : -1;
}

int dialog_side_with(const struct dialog *dialog, struct str from_tag, struct str to_tag)
{
	int from = dialog_side_of(dialog, from_tag);
	int to = dialog_side_of(dialog, to_tag);

	return from >= 0 && to >= 0 && from != to ? from : -1;
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

bool dialog_signals(const struct dialog *dialog, enum side side, const struct endpoint *address)
{
	for (size_t i = 0; i < dialog->n_media; i++) {
		const struct media *media = dialog->media[i];

		if (media && endpoint_addr_eq(&bridge_conf(media->bridge)->side[side].sdp[COMP_RTP],
					      address))
			return true;
	}
	return false;
}
