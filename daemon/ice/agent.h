/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent.h - what an agent of ICE is made of; only for daemon/ice/
 *
 * agent.c: life, the peer's lines and ours. receive.c: packets. check.c: what is sent, and when.
 * way.c: where media goes. saved.c: for the journal.
 */
#ifndef RTPRELAY_ICE_AGENT_H
#define RTPRELAY_ICE_AGENT_H

#include "ice/list.h"
#include "stun/stun.h"

#define ICE_OWN_UFRAG 8	 /* 48 random bits; 24 at least */
#define ICE_OWN_PWD   24 /* 144; 128 at least */
/* Checks that came before the peer's credentials. */
#define ICE_EARLY 8
/* Checks of consent whose answers may be on their way: those of ICE_CONSENT_MS */
#define ICE_ASKED 8

struct ice_own {
	char ufrag[ICE_OWN_UFRAG], pwd[ICE_OWN_PWD];
};

/* Credentials of the peer, as long as a list or a way uses them. */
struct ice_peer {
	unsigned int users;
	uint16_t ufrag_len, pwd_len;
	char text[]; /* both */
};

static inline struct str ice_peer_ufrag(const struct ice_peer *peer)
{
	return (struct str){ peer->text, peer->ufrag_len };
}

static inline struct str ice_peer_pwd(const struct ice_peer *peer)
{
	return (struct str){ peer->text + peer->ufrag_len, peer->pwd_len };
}

/* NULL: no memory */
struct ice_peer *ice_peer_new(struct str ufrag, struct str pwd);
void ice_peer_put(struct ice_peer *peer);

/**
 * struct ice_use - the way of a component, while there is one
 * @peer: NULL: there is none; of an earlier check list until the new one has selected
 * @own: index of own credentials
 * @heard_ms: the last sign of life on it
 * @ends_ms: when consent ends; @ask_ms: the next check of it, or keep-alive
 * @asked: transactions, @next: place of the next one
 */
struct ice_use {
	struct ice_way way;
	struct ice_peer *peer;
	unsigned int own;
	enum ice_role role; /* of the last check of consent */
	uint64_t priority;
	int64_t heard_ms, ends_ms, ask_ms;
	unsigned int next;
	uint8_t asked[ICE_ASKED][STUN_TRANSACTION];
};

/* @ufrag: of the sender, as a number (stun_ufrag_id()); @own: that of ours that it named */
struct ice_early {
	struct endpoint from;
	unsigned int local;
	uint32_t priority;
	bool use_candidate;
	uint64_t ufrag, own;
};

/**
 * struct ice_agent
 * @own: the first @n_own; the newest first. @renewed: made for an offer that was not answered yet
 * @peer: NULL: not known yet
 * @listed: the peer was told all our candidates of the newest credentials
 * @ended: no more candidates will come
 * @first_valid_ms: by component; 0: no pair is valid
 * @pacing_ms: Ta with this peer
 * @checked_ms: the last new check; @next_ms: the next one
 * @turns: 1, and 1 for each other agent toward the peer that waits for its turn
 */
struct ice_agent {
	struct ice_conf conf;
	uint64_t tie_breaker;
	unsigned int n_own;
	struct ice_own own[ICE_GENERATIONS];
	bool renewed, listed, peer_lite, ended, failed;
	struct ice_peer *peer;
	struct ice_list list;
	struct ice_use uses[ICE_COMPONENTS];
	unsigned int n_early, oldest_early;
	struct ice_early early[ICE_EARLY];
	unsigned int pacing_ms, turns;
	int64_t started_ms, checked_ms, next_ms;
	int64_t first_valid_ms[ICE_COMPONENTS];
	char foundations[ICE_LOCALS][ICE_FOUNDATION];
	unsigned int news;
	uint64_t counts[ICE_VERDICTS];
};

static inline struct ice_use *ice_use_of(struct ice_agent *agent, unsigned int component)
{
	return &agent->uses[component - 1];
}

static inline struct str ice_own_ufrag(const struct ice_own *own)
{
	return (struct str){ own->ufrag, sizeof(own->ufrag) };
}

/* The index of own credentials by the number of their ufrag; the newest, if it is none of them. */
static inline unsigned int ice_own_index(const struct ice_agent *agent, uint64_t ufrag)
{
	for (unsigned int i = 0; i < agent->n_own; i++)
		if (stun_ufrag_id(ice_own_ufrag(&agent->own[i])) == ufrag)
			return i;
	return 0;
}

static inline struct str ice_own_pwd(const struct ice_own *own)
{
	return (struct str){ own->pwd, sizeof(own->pwd) };
}

/* Of the present check list? An old one only carries media until the new one has selected. */
static inline bool ice_use_is_current(const struct ice_agent *agent, const struct ice_use *use)
{
	return use->peer && use->peer == agent->peer;
}

static inline bool ice_use_is_selected(const struct ice_agent *agent, const struct ice_use *use)
{
	return ice_use_is_current(agent, use) && use->way.selected;
}

void ice_random(const struct ice_agent *agent, void *bytes, size_t len);

/* --- way.c ----------------------------------------------------------------------------------- */

/* The pair was nominated: it becomes the way, unless a better one is in use. */
void ice_select(struct ice_agent *agent, struct ice_pair *pair, int64_t now_ms);
/* A check of the pair succeeded: consent, if it is the way; media may use it, if there is none. */
void ice_offer_way(struct ice_agent *agent, const struct ice_pair *pair, int64_t now_ms);
/* The pair failed: another one has to do, if it was the way and was not selected. */
void ice_fail(struct ice_agent *agent, struct ice_pair *pair, int64_t now_ms);
void ice_use_end(struct ice_use *use);
/* Until the next check of consent, or keep-alive: random, so that calls do not beat in time. */
int64_t ice_ask_pause_ms(const struct ice_agent *agent);
/* The peer has answered on the way. */
void ice_consented(struct ice_agent *agent, struct ice_use *use, int64_t now_ms);
/* Consent ended. */
void ice_lose(struct ice_agent *agent, struct ice_use *use, int64_t now_ms);

/* --- receive.c ------------------------------------------------------------------------------- */

/* A check of the present peer came, just now or before its credentials. */
void ice_take_check(struct ice_agent *agent, const struct ice_early *check, int64_t now_ms);

#endif
