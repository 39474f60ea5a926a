/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exchange.h - one offer or answer while it is processed: what was found, what will change
 *
 * command/offer_answer.c runs it for SDP, command/leg.c for one media without SDP;
 * command/exchange_find.c finds call, dialog and side; command/media_plan.c decides for each m=
 * line the settings of its bridge and its new SDP, command/codec_plan.c its codecs;
 * command/ice_plan.c decides whether ICE lines stay; command/agent_plan.c, whether ICE ends here;
 * command/sdes_plan.c, whether SRTP does; command/dtls_plan.c the same for DTLS;
 * command/bundle_plan.c, which medias are at one port;
 * command/offered.c keeps the offer's m= lines for the answer;
 * command/sdp_plan.c writes the SDP; command/late_answer.c does that for a phone that lost;
 * command/exchange.c has the common steps. Calls and dialogs are changed only after every step that
 * can fail has succeeded.
 */
#ifndef RTPRELAY_EXCHANGE_H
#define RTPRELAY_EXCHANGE_H

#include "call/tree.h"
#include "command/command.h"
#include "sdp/sdp.h"

/* One m= line. */
struct media_plan {
	struct media *old;   /* the dialog's media at this m= line, or NULL */
	struct media *media; /* the one it will have there: @old, a new one, or NULL */
	bool replace;	     /* @old may not stay: other ports are needed */
	bool too_many;	     /* refused: max-medias of them have ports */
	uint8_t flags;	     /* enum media_flag */
	uint8_t answers;     /* enum media_answers */
	struct bridge_conf conf, before;
	struct bridge_change change; /* one-time orders; sent with @conf, and not kept */
	struct media_sdes *sdes;     /* that @media gets with the commit, or NULL */
	/* command/agent_plan.c: the ICE lines of this SDP; NULL: ICE of this media is not ours */
	struct ice_description *ice_lines;
	struct endpoint ice_address; /* of c= and m= */
	bool ice_used[2], ice_mismatch;
	struct media_ice *ice;	     /* that @media gets with the commit, or NULL */
	struct dtls_heard *dtls;     /* of the sender, if its DTLS ends here: command/dtls_plan.c */
	struct media_bundle *bundle; /* that @media gets with the commit, or NULL */
	bool left_out;		     /* refused: a data channel whose DTLS ends here */
	struct str codecs;	     /* that @media gets, of the sender; none: as before */
};

/* A text that will replace *slot. */
struct text_plan {
	struct str *slot, copy;
};

struct sdp_bundle;

struct exchange {
	struct command_env *env;
	const struct request *request;
	bool offer;
	struct sdp sdp; /* of a leg: a single m= line, at its index */
	size_t first;	/* index of the first m= line; of a leg, the ones before are empty */
	struct call *call;
	struct dialog *dialog;
	bool new_call, new_dialog;
	bool new_answerer;	     /* another party answers: forget what was learned of side B */
	bool final;		     /* a 2xx to an initial offer: it decides who has answered */
	bool late;		     /* of a fork that has lost: the answer changes nothing */
	enum side from, to;	     /* sender and receiver of this SDP */
	struct iface_addr *local[2]; /* by side */
	int16_t tos;
	uint16_t keepalive_s;
	uint8_t latching;
	struct media_plan *plan;    /* one for each of sdp.media */
	struct sdp_bundle *groups;  /* of this SDP */
	struct media **media_table; /* a longer array for the dialog, or NULL */
	struct text_plan text[6];
	size_t n_text;
	struct str alias;	 /* additional tag of the answering party, or none */
	struct shown_sdp *shown; /* of the receiver, or NULL */
	bool new_shown;
	bool keeps_ice;		/* the ICE lines stay in this SDP */
	bool strip_ignored;	/* codec-strip would have left no codec in a media */
	uint64_t version, hash; /* that *shown gets */
};

/**
 * exchange_find() - finds call, dialog and side; an offer makes missing ones, not linked yet
 * Return: 0; -ENOMEM; another -errno with *reply filled
 */
int exchange_find(struct exchange *ex, struct reply *reply);
/* Chooses the local addresses of both sides. 0; -EADDRNOTAVAIL, there is none at all */
int exchange_locals(struct exchange *ex);
/* With the commit *slot becomes @value; no change if @value is empty or the same. 0; -ENOMEM */
int exchange_text(struct exchange *ex, struct str *slot, struct str value);

/* Does this m= line need ports? A leg always gets ports, also if the phone's own port is 0. */
static inline bool exchange_wants_ports(const struct exchange *ex, const struct sdp_media *m)
{
	return m->transport != SDP_OTHER && (m->port || ex->request->leg);
}

/*
 * Which payload types of @conf are telephone-event, by the SDP of ex->from; before its types are
 * added to @conf
 */
void dtmf_plan_codecs(const struct exchange *ex, const struct sdp_media *m,
		      struct bridge_conf *conf);
/* SIDE_DTMF of both sides of an m= line, once it is known where SRTP ends. */
void dtmf_plan_make(const struct exchange *ex, size_t index);

/* Plans each m= line and opens the new medias. 0; -errno */
int exchange_media(struct exchange *ex);
/* Last step that can fail: links a new call, updates the bridges that stay. 0; -errno */
int exchange_settle(struct exchange *ex);
void exchange_commit(struct exchange *ex);
/* Restores the state before the request. */
void exchange_undo(struct exchange *ex);
/* Fills *reply with the error; logs and counts it. */
void exchange_refuse(struct exchange *ex, struct reply *reply, int error);

/* Do the ICE lines stay? */
bool ice_plan_keeps(const struct exchange *ex);
/* With ex->keeps_ice: whose STUN this media passes on. */
void ice_plan_media(const struct exchange *ex, const struct sdp_media *m, struct bridge_conf *conf);

/* Which sides have ICE that ends here: the flag SIDE_ICE of @plan. 0; -ENOMEM */
int agent_plan_decide(struct exchange *ex, const struct sdp_media *m, struct media_plan *plan);
/* Once the media is open: the agents. 0; -ENOMEM */
int agent_plan_make(struct exchange *ex, size_t index);
/* The ICE lines for the receiver. 0; -ENOMEM */
int agent_plan_edit(const struct exchange *ex, size_t index, struct sdp_media_edit *edit);
void agent_plan_commit(struct media_plan *plan);

/* With ex->late: the SDP that the caller gets, and no change. 0; -errno */
int late_answer_plan(struct exchange *ex, struct str *text);

/* Fills ex->plan[index]: is there a bridge, and with which settings? Opens nothing. 0; -ENOMEM */
int media_plan_make(struct exchange *ex, size_t index);
/* Changes of this m= line for the receiver. 0; -ENOMEM */
int media_plan_edit(struct exchange *ex, size_t index, struct sdp_media_edit *edit);
/* Which codecs of @m the receiver gets: edit->keep_codec. 0; -ENOMEM */
int codec_plan_make(struct exchange *ex, const struct sdp_media *m, struct sdp_media_edit *edit);

/* After media_plan_make(): does SRTP end here, and which keys change? 0; -ENOMEM */
int sdes_plan_make(struct exchange *ex, size_t index);
/* The profile and the a=crypto lines for the receiver, if so. 0; -ENOMEM */
int sdes_plan_edit(struct exchange *ex, size_t index, struct sdp_media_edit *edit);
void sdes_plan_commit(struct media_plan *plan);
/* Wipes what was planned, and keys that no bridge has taken. */
void sdes_plan_undo(struct media_plan *plan);

/* Has the sender's SDP a fingerprint that can be compared? */
bool dtls_plan_has_fingerprint(const struct exchange *ex, const struct sdp_media *m);
/* After the medias are open: what a handshake needs, where DTLS ends here. 0; -ENOMEM */
int dtls_plan_open(struct exchange *ex, size_t index);
/* The lines for the receiver, if so. 0; -ENOMEM */
int dtls_plan_edit(struct exchange *ex, size_t index, struct sdp_media_edit *edit);
/* After sdes_plan_commit(): with an answer, handshakes begin. */
void dtls_plan_commit(struct exchange *ex, size_t index);

/* Reads the groups of the SDP. 0; -ENOMEM */
int bundle_plan_read(struct exchange *ex);
/*
 * After all m= lines are planned, before ports are opened: who uses the port of which media. Plans
 * those that are at the port of another one alone (a=bundle-only). 0; -ENOMEM
 */
int bundle_plan_make(struct exchange *ex);
/* The index of the media whose port that one uses on @side: its own, or another's. */
size_t bundle_plan_carrier(const struct exchange *ex, size_t index, enum side side);
/* The lines about a=mid for the receiver. */
void bundle_plan_edit(const struct exchange *ex, size_t index, struct sdp_media_edit *edit);
/* The groups for the receiver. 0; -ENOMEM */
int bundle_plan_edit_session(const struct exchange *ex, struct sdp_edit *edit);
/* Of the m= lines at one port: does this one name the candidates? */
bool bundle_plan_has_candidates(const struct exchange *ex, size_t index);
void bundle_plan_commit(struct media_plan *plan);

/* With the commit the dialog keeps the m= lines of this offer. 0; -ENOMEM */
int offered_keep(struct exchange *ex);
/* Adds to an answer the m= lines of the offer that it lacks at its end, refused. 0; -ENOMEM */
int offered_complete(struct exchange *ex);
/* The a=mid of this m= line in the offer, or STR_NONE. */
struct str offered_mid(const struct exchange *ex, size_t index);
struct str offered_mid_of(const struct dialog *dialog, size_t index);

/* An offer or answer whose SDP is a fragment with later candidates (RFC 8840). */
void trickle_fragment(struct command_env *env, const struct request *request, struct reply *reply);

/*
 * After the commit: what the request says of recording; medias that came are recorded too. The call
 * goes on without a recording that is refused. Return: a warning for the reply, or NULL
 */
const char *record_exchange(struct exchange *ex);

/* The whole SDP for the receiver, in the arena. 0; -ENOMEM; -EMSGSIZE, too long for an answer */
int sdp_plan_write(struct exchange *ex, struct str *text);

#endif
