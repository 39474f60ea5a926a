/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list.h - a check list: own and remote addresses, their pairs, and which pair is checked next
 *
 * RFC 8445, section 6.1. Which answers came is the agent's business.
 */
#ifndef RTPRELAY_ICE_LIST_H
#define RTPRELAY_ICE_LIST_H

#include "ice/ice.h"

/* @foundation: a number instead of the text */
struct ice_remote {
	struct endpoint address;
	uint32_t priority, foundation;
	uint8_t component;
	enum ice_type type;
};

/*
 * Candidates of a component with the same IP address; more are ignored. Some phones behind one NAT
 * have several; a long list of ports is there to have somebody's ports scanned (RFC 8445, 19.5.1).
 */
#define ICE_PER_ADDRESS 8

enum ice_pair_state { ICE_FROZEN, ICE_PENDING, ICE_RUNNING, ICE_SUCCEEDED, ICE_PAIR_FAILED };

/**
 * struct ice_pair - an own address and a remote one, by their indexes
 * @triggered: its turn among the triggered checks; 0: it is none of them
 * @valid: a check of ours has succeeded, and none has failed since
 * @mapped: the peer sees an address of ours that is no candidate
 * @heard: the peer has sent an authentic check on it
 * @wanted: the controlling peer wants it; @nominating: we, being controlling, want it
 * @sent: of ICE_SENDS; @again_ms: when the next is due, or the check has failed; @wait_ms: RTO
 * @role, @nominates: as the check said
 * @own: the ufrag of ours that the peer's last check has named, as a number; 0: none came
 * @prompt: it is repeated at once, since the peer's check has opened the way; only once: @prompted
 */
struct ice_pair {
	uint8_t local, remote;
	uint8_t state; /* enum ice_pair_state */
	uint8_t sent;
	bool valid, mapped, heard, wanted, nominating, nominates;
	bool prompt, prompted;
	uint8_t role; /* enum ice_role */
	uint32_t triggered;
	uint32_t wait_ms;
	uint64_t priority, own;
	int64_t again_ms;
	uint8_t transaction[STUN_TRANSACTION];
};

struct ice_list {
	enum ice_role role;
	size_t n_locals, n_remotes, n_pairs;
	size_t room_remotes, room_pairs;
	struct ice_local locals[ICE_LOCALS];
	struct ice_remote *remotes;
	struct ice_pair *pairs;
	uint32_t turn; /* of the last triggered check */
};

/* Forgets remotes and pairs, and frees their memory. */
void ice_list_clear(struct ice_list *list);
/* Room for so many more remotes, with their pairs. Return: 0; -ENOMEM */
int ice_list_reserve(struct ice_list *list, size_t n_remotes);

/* A candidate of the peer, with its pairs. Without room for it, it is left out. */
void ice_list_add(struct ice_list *list, const struct ice_candidate *candidate);
/**
 * ice_list_learn() - the pair that a check came on, new if need be (RFC 8445, 7.3.1.3)
 * @priority: of the check; 0: it had none
 * Return: NULL: no memory, or no room
 */
struct ice_pair *ice_list_learn(struct ice_list *list, unsigned int local,
				const struct endpoint *from, uint32_t priority);
/*
 * Of this component only pairs stay that have been of use, or are being checked and are above
 * @priority, which an aggressive peer could still take (RFC 5245, 8.1.2).
 */
void ice_list_prune(struct ice_list *list, unsigned int component, uint64_t priority);
/* All of the component goes; the indexes of the other own addresses stay. */
void ice_list_drop(struct ice_list *list, unsigned int component);
/* New priorities. */
void ice_list_set_role(struct ice_list *list, enum ice_role role);
/* The peer saw an address that is none of ours: it has another priority (RFC 8445, 7.2.5.3.2) */
void ice_pair_set_mapped(struct ice_list *list, struct ice_pair *pair,
			 const struct endpoint *mapped);

struct ice_pair *ice_list_find(struct ice_list *list, unsigned int local,
			       const struct endpoint *remote);
/* The pair whose check has this transaction, or NULL */
struct ice_pair *ice_list_asked(struct ice_list *list, const uint8_t *transaction);
/* The valid pair of the highest priority, or NULL */
struct ice_pair *ice_list_best(struct ice_list *list, unsigned int component);
/* Is a pair of a higher priority not finished? */
bool ice_list_hopes(const struct ice_list *list, const struct ice_pair *pair);

/*
 * The pair comes before all ordinary ones. A check that is running is repeated once instead of
 * replaced (RFC 8445, 7.3.1.4): with a new transaction each, two agents would trigger each other
 * for ever where answers take longer than Ta.
 */
void ice_list_trigger(struct ice_list *list, struct ice_pair *pair);
/* Pairs of the same foundation, which are likely to succeed too, are not frozen any more. */
void ice_list_thaw(struct ice_list *list, const struct ice_pair *pair);
/* The next one to be checked, or NULL */
struct ice_pair *ice_list_next(struct ice_list *list);
/* Would ice_list_next() find one? */
bool ice_list_has_next(const struct ice_list *list);
/* Pairs that are waiting or running. */
size_t ice_list_busy(const struct ice_list *list);

static inline unsigned int ice_pair_component(const struct ice_list *list,
					      const struct ice_pair *pair)
{
	return list->locals[pair->local].component;
}

static inline const struct endpoint *ice_pair_remote(const struct ice_list *list,
						     const struct ice_pair *pair)
{
	return &list->remotes[pair->remote].address;
}

/* As the peer should rank this address, if it does not know it (RFC 8445, 7.1.1). */
uint32_t ice_list_prflx_priority(const struct ice_list *list, unsigned int local);
/* Of an own candidate. */
uint32_t ice_list_priority(const struct ice_list *list, unsigned int local);

#endif
