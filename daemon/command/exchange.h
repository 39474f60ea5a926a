/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exchange.h - one offer or answer while it is being done: what it found, what it will change
 *
 * command/offer_answer.c runs it for SDP, command/leg.c for one media that is told without; command/exchange_find.c finds whose it is;
 * command/media_plan.c decides for each m= line what its bridge and its SDP become; command/sdp_plan.c writes the SDP; command/exchange.c
 * does what both have in common. Nothing that lasts is changed until all that can fail has been done.
 */
#ifndef RTPRELAY_EXCHANGE_H
#define RTPRELAY_EXCHANGE_H

#include "call/tree.h"
#include "command/command.h"
#include "sdp/sdp.h"

/* One m= line. */
struct media_plan {
	struct media *old;   /* what the dialog has there, or NULL */
	struct media *media; /* what it will have: old, a new one, or NULL */
	bool replace;	     /* old may not stay: other ports are needed */
	uint8_t flags;	     /* enum media_flag */
	struct bridge_conf conf, before;
	struct bridge_change change; /* told with conf, and kept nowhere */
};

/* A text that will replace *slot. */
struct text_plan {
	struct str *slot, copy;
};

struct exchange {
	struct command_env *env;
	const struct request *request;
	bool offer;
	struct sdp sdp; /* of a leg: its one m= line, at its place */
	size_t first;	/* m= lines before it are not spoken of */
	struct call *call;
	struct dialog *dialog;
	bool new_call, new_dialog;
	bool new_answerer; /* somebody else than before answers: what was learned of side B is void */
	enum side from, to;	     /* whose SDP this is, and who will get it */
	struct iface_addr *local[2]; /* by side */
	int16_t tos;
	uint8_t latching;
	struct media_plan *plan;    /* one for each of sdp.media */
	struct media **media_table; /* longer one for the dialog, or NULL */
	struct text_plan text[4];
	size_t n_text;
	struct str alias;	 /* another tag for the answering party, or none */
	struct shown_sdp *shown; /* of the receiver, or NULL */
	bool new_shown;
	uint64_t version, hash; /* that *shown gets */
};

/**
 * exchange_find() - call, dialog and side; for an offer they are made, not linked, where there are none
 * Return: 0; -ENOMEM; another -errno with *reply filled
 */
int exchange_find(struct exchange *ex, struct reply *reply);
/* Our addresses on both sides. 0; -EADDRNOTAVAIL, there is none at all */
int exchange_locals(struct exchange *ex);
/* *slot will be @value when all is done; nothing if it is that already, or empty. 0; -ENOMEM */
int exchange_text(struct exchange *ex, struct str *slot, struct str value);

/* Does this m= line need ports? Those of a leg are taken even when the phone's own port is 0. */
static inline bool exchange_wants_ports(const struct exchange *ex, const struct sdp_media *m)
{
	return m->transport != SDP_OTHER && (m->port || ex->request->leg);
}

/* Plans each m= line and opens what is new. 0; -errno */
int exchange_media(struct exchange *ex);
/* The last that can fail: a new call into the table, new settings to the bridges that stay. 0; -errno */
int exchange_settle(struct exchange *ex);
void exchange_commit(struct exchange *ex);
/* As if nothing had been asked. */
void exchange_undo(struct exchange *ex);
/* *reply says why it could not be done; logged and counted. */
void exchange_refuse(struct exchange *ex, struct reply *reply, int error);

/* Fills ex->plan[index]: whether there will be a bridge, and its settings; opens nothing. */
void media_plan_make(struct exchange *ex, size_t index);
/* What the receiver is told of this m= line. 0; -ENOMEM */
int media_plan_edit(struct exchange *ex, size_t index, struct sdp_media_edit *edit);

/* The whole SDP for the receiver, in the arena. 0; -ENOMEM; -EMSGSIZE, the answer would be too long to be sent */
int sdp_plan_write(struct exchange *ex, struct str *text);

#endif
