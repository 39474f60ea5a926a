/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ice.h - an agent of ICE, full or lite: one media with one peer (RFC 8445, 8838, 7675)
 *
 * Pure: packets and time are handed in, packets to send are handed out; no I/O, no clock, no
 * threads. Memory is bounded (ICE_REMOTES, ICE_PAIRS); after selection little of it is left. One
 * thread at a time. Several medias have several agents, and of a BUNDLE group only the first one.
 *
 * After each call: ice_step() until there is nothing to send; then again at ice_due().
 */
#ifndef RTPRELAY_ICE_H
#define RTPRELAY_ICE_H

#include "ice/lines.h"
#include "ice/message.h"

#define ICE_LOCALS  8	/* own addresses, of all components */
#define ICE_REMOTES 80	/* the peer's, with those learned from its checks */
#define ICE_PAIRS   100 /* RFC 8445, 6.1.2.5 */
/* Own credentials that are answered: browsers check with those before a restart. */
#define ICE_GENERATIONS 8

#define ICE_PACING_MS	  50	/* Ta, unless the peer wants a longer one */
#define ICE_RTO_MS	  500	/* at least */
#define ICE_SENDS	  7	/* of a check */
#define ICE_LAST_WAIT	  16	/* times ICE_RTO_MS, after the last of them */
#define ICE_NOMINATE_MS	  100	/* after the first valid pair, for better ones */
#define ICE_PATIENCE_MS	  39500 /* before a list without valid pairs has failed (RFC 8863) */
#define ICE_CONSENT_MS	  30000
#define ICE_ASK_MS	  5000 /* between checks of consent, by so much more or less: */
#define ICE_ASK_SPREAD_MS 1000
#define ICE_KEEP_ALIVE_MS 15000
/* So long a selected pair has to be silent for a nomination with a lower priority to replace it. */
#define ICE_SILENT_MS 2000

typedef void (*ice_random_fn)(void *arg, uint8_t *bytes, size_t len);

/**
 * struct ice_local - an own address
 * @component: 1..ICE_COMPONENTS
 * @base: of the socket; @advertised: as the peer reaches it, behind one-to-one NAT
 * Those that should be preferred come first.
 */
struct ice_local {
	unsigned int component;
	struct endpoint base, advertised;
};

/**
 * struct ice_conf
 * @role: the offerer is controlling; ice_remote() corrects it if one side is lite
 * @components: 1..ICE_COMPONENTS
 * @pacing_ms: between new checks, unless the peer's ice-pacing is longer; 0: ICE_PACING_MS
 * @consent_ms: without an answer for so long, sending ends; 0: no checks of consent, but an
 *	indication each ICE_KEEP_ALIVE_MS. A lite agent has neither.
 * @random: for credentials, transactions and the tie-breaker
 */
struct ice_conf {
	bool lite;
	enum ice_role role;
	unsigned int components;
	unsigned int pacing_ms, consent_ms;
	ice_random_fn random;
	void *random_arg;
};

struct ice_agent;

/* Return: the caller's, until ice_free(); NULL: out of memory. All is copied but @random_arg. */
struct ice_agent *ice_new(const struct ice_conf *conf, const struct ice_local *locals,
			  size_t n_locals);
void ice_free(struct ice_agent *agent);
/* An agent that is the same, and goes its own way from then on. NULL: out of memory */
struct ice_agent *ice_copy(const struct ice_agent *agent);

/* --- Signalling ------------------------------------------------------------------------------ */

/**
 * ice_remote() - the peer's lines came in an offer or answer
 * Another ufrag or password is a restart by the peer: in an offer we get new credentials, too,
 * unless we have just made some. The old way carries media until a new pair is selected. The same
 * ones add candidates; remote-candidates select what the peer has selected.
 * Return: 0; -EINVAL, no credentials; -ENOMEM. On an error nothing is changed.
 */
int ice_remote(struct ice_agent *agent, const struct ice_description *lines, bool offer,
	       int64_t now_ms);
/* Later candidates. Return: 0; -EINVAL, they belong to other credentials; -ENOMEM */
int ice_trickle(struct ice_agent *agent, const struct ice_description *lines, int64_t now_ms);
/* New credentials, for an offer of ours. The answer begins the new checks. */
void ice_restart(struct ice_agent *agent);
/* Where the peer reaches the socket of @component from now on: what our lines tell. */
void ice_advertise(struct ice_agent *agent, unsigned int component, const struct endpoint *address);
/*
 * Our lines, slices into @agent. The first ones of new credentials have all candidates, even if the
 * peer's checks were so quick that a pair is selected: it would give what it learned from checks
 * other priorities than we do. Later ones have the selected candidates, and remote-candidates if we
 * are controlling.
 */
void ice_describe(struct ice_agent *agent, struct ice_description *lines);
/* rtcp-mux was answered: the second component goes. */
void ice_mux(struct ice_agent *agent);

/* --- Packets --------------------------------------------------------------------------------- */

/* @local: index of the address whose socket sends it */
struct ice_packet {
	unsigned int local;
	struct endpoint to;
	size_t len;
	uint8_t data[ICE_MESSAGE_MAX];
};

/* What a packet was. */
enum ice_verdict {
	ICE_GOT_CHECK,	    /* answered */
	ICE_GOT_CONFLICT,   /* both want one role: answered with 487 */
	ICE_GOT_UNKNOWN,    /* an attribute that must be understood: answered with 420 */
	ICE_GOT_RESPONSE,   /* to a check of ours */
	ICE_GOT_INDICATION, /* a keep-alive, of anybody */
	/* Not answered: */
	ICE_GOT_NO_STUN,  /* also: a wrong FINGERPRINT */
	ICE_GOT_UNSIGNED, /* USERNAME or MESSAGE-INTEGRITY is missing: 400 */
	ICE_GOT_FORGED,	  /* our ufrag or the integrity is wrong: 401 */
	ICE_GOT_STRAY,	  /* a response that belongs to no check */
	ICE_VERDICTS
};

/**
 * ice_receive() - a packet of the kind STUN
 * @reply: gets the answer, to be sent at once; len 0: none
 */
enum ice_verdict ice_receive(struct ice_agent *agent, unsigned int local,
			     const struct endpoint *from, const uint8_t *data, size_t len,
			     int64_t now_ms, struct ice_packet *reply);
/*
 * Before ice_step(), if there are @others toward the same peer, for the other medias of a call: all
 * together begin one check each Ta, in turns (RFC 8445, 6.1.4.2).
 */
void ice_pace(struct ice_agent *agent, const struct ice_agent *const *others, size_t n);
/* Return: false: there is nothing to send now */
bool ice_step(struct ice_agent *agent, int64_t now_ms, struct ice_packet *packet);
/* When ice_step() has something to do; INT64_MAX: never, before another call */
int64_t ice_due(const struct ice_agent *agent);

/* --- Media ----------------------------------------------------------------------------------- */

/**
 * struct ice_way - where a component's media goes
 * @selected: nominated; before that, media may use any valid pair
 * @lost: no consent for too long: nothing may be sent; a restart can find another way
 */
struct ice_way {
	unsigned int local;
	struct endpoint remote;
	bool selected, lost;
};

/* NULL: there is none yet. @component: 1.. */
const struct ice_way *ice_way(const struct ice_agent *agent, unsigned int component);
/* Has the peer proved that @from is its own? Only then media and DTLS of it are heard. */
bool ice_hears(const struct ice_agent *agent, unsigned int local, const struct endpoint *from);
/**
 * ice_heard_from() - the addresses for which ice_hears() is true, at the own ones of @component
 * @from: gets them; the way first, then those whose checks came last
 * @max: 1..; others are left out
 * Return: how many
 */
size_t ice_heard_from(const struct ice_agent *agent, unsigned int component, struct endpoint *from,
		      size_t max);
/* The own credentials that are answered, as numbers (stun_ufrag_id()). Return: how many */
size_t ice_own_ids(const struct ice_agent *agent, uint64_t ids[ICE_GENERATIONS]);
/* Media came on the way of @component: so it is not silent. */
void ice_heard(struct ice_agent *agent, unsigned int component, int64_t now_ms);

enum ice_state {
	ICE_WAITING,   /* for the peer's credentials */
	ICE_CHECKING,  /* also in a restart, while the old way carries media */
	ICE_CONNECTED, /* each component has a valid pair */
	ICE_COMPLETED, /* and they are selected */
	ICE_FAILED,    /* none was found; a check of the peer may still change it */
	ICE_LOST,      /* consent */
};

/* What has happened. */
enum ice_news {
	ICE_NEWS_WAY = 1 << 0, /* the way of a component is another */
	ICE_NEWS_COMPLETED = 1 << 1,
	ICE_NEWS_FAILED = 1 << 2,
	ICE_NEWS_LOST = 1 << 3,
	ICE_NEWS_ROLE = 1 << 4, /* a conflict changed it */
};

enum ice_state ice_state(const struct ice_agent *agent);
enum ice_role ice_role(const struct ice_agent *agent);
bool ice_is_lite(const struct ice_agent *agent);
unsigned int ice_components(const struct ice_agent *agent);
/* enum ice_news; since it was asked for the last time */
unsigned int ice_news(struct ice_agent *agent);
/* ICE_VERDICTS numbers of packets */
const uint64_t *ice_counts(const struct ice_agent *agent);

#endif
