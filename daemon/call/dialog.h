/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dialog.h - one fork of a call: its two parties and its medias
 *
 * Control thread only. Which dialog a request means: command/dialog_find.h.
 */
#ifndef RTPRELAY_DIALOG_H
#define RTPRELAY_DIALOG_H

#include "call/media.h"

struct call;

/* Forks of one call; each has a try at other phones, and few proxies ring more than a dozen at once. */
#define CALL_DIALOGS 64
/* More to-tags than this on one branch push the oldest out. */
#define PARTY_ALIASES 8

/* o= and s= as the party has been shown them before, for those who asked that they stay (replace: ...). */
struct shown_sdp {
	uint64_t version; /* 0: not shown yet */
	uint64_t hash;	  /* of the SDP as sent */
	struct str username, o_id, session_name;
};

/* Takes NULL. */
void shown_free(struct shown_sdp *shown);

enum party_flag {
	PARTY_BLOCKED = 1 << 0,	 /* what it sends is dropped */
	PARTY_SILENCED = 1 << 1, /* what it sends is made silent */
};

/* One side of a dialog. Texts are owned. */
struct party {
	struct str tag; /* side B: none until somebody answered */
	struct str label;
	struct str *aliases; /* other to-tags that answered on this side; PARTY_ALIASES of room */
	uint8_t n_aliases;
	uint8_t flags;		  /* enum party_flag */
	struct iface_addr *local; /* where its ports are */
	struct shown_sdp *shown;  /* NULL until asked for */
};

struct dialog {
	struct dialog *prev, *next; /* in call.dialogs, oldest first */
	struct call *call;
	struct party party[2]; /* by side */
	struct str via_branch;
	struct media **media; /* by m= line; NULL where nothing is relayed */
	size_t n_media;
	int64_t created_s; /* wall clock */
	int64_t last_signal_ms;
	int64_t delete_at_ms;	/* 0: not deleted */
	int64_t deleted_ms;	/* if it was: when that was asked for; 0: before a restart */
	bool answered;		/* an answer came since the last first offer */
	unsigned int timeout_s; /* in place of the configured ones; 0: those */
};

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
