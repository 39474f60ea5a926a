/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list.c - a check list: own and remote addresses, their pairs, and which pair is checked next
 */
#include <errno.h>
#include <stdlib.h>
#include "base/siphash.h"
#include "ice/list.h"

/* --- Memory ---------------------------------------------------------------------------------- */

void ice_list_clear(struct ice_list *list)
{
	free(list->remotes);
	free(list->pairs);
	list->remotes = NULL;
	list->pairs = NULL;
	list->n_remotes = list->n_pairs = list->room_remotes = list->room_pairs = 0;
	list->turn = 0;
}

static size_t at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

/* NULL: no memory; the array is as it was */
static void *grow(void *array, size_t *room, size_t n, size_t max, size_t size)
{
	size_t wanted = at_most(n > 2 * *room ? n : 2 * *room, max);
	void *grown = n <= *room ? array : realloc(array, wanted * size);

	if (grown && n > *room)
		*room = wanted;
	return grown;
}

int ice_list_reserve(struct ice_list *list, size_t n_remotes)
{
	size_t remotes = at_most(list->n_remotes + n_remotes, ICE_REMOTES);
	size_t pairs = at_most(list->n_pairs + n_remotes * list->n_locals, ICE_PAIRS);
	void *grown;

	if (remotes) {
		grown = grow(list->remotes, &list->room_remotes, remotes, ICE_REMOTES,
			     sizeof(*list->remotes));
		if (!grown)
			return -ENOMEM;
		list->remotes = grown;
	}
	if (pairs) {
		grown = grow(list->pairs, &list->room_pairs, pairs, ICE_PAIRS,
			     sizeof(*list->pairs));
		if (!grown)
			return -ENOMEM;
		list->pairs = grown;
	}
	return 0;
}

/* --- Priorities ------------------------------------------------------------------------------ */

/* The place of an address among those of its component: the first has the highest. */
static uint16_t preference(const struct ice_list *list, unsigned int local)
{
	uint16_t preference = UINT16_MAX;

	for (unsigned int i = 0; i < local; i++)
		if (list->locals[i].component == list->locals[local].component)
			preference--;
	return preference;
}

uint32_t ice_list_priority(const struct ice_list *list, unsigned int local)
{
	return ice_priority(ICE_HOST, preference(list, local), list->locals[local].component);
}

uint32_t ice_list_prflx_priority(const struct ice_list *list, unsigned int local)
{
	return ice_priority(ICE_PRFLX, preference(list, local), list->locals[local].component);
}

static void rank(const struct ice_list *list, struct ice_pair *pair)
{
	uint32_t theirs = list->remotes[pair->remote].priority;
	uint32_t ours = pair->mapped ? ice_list_prflx_priority(list, pair->local)
				     : ice_list_priority(list, pair->local);

	pair->priority = list->role == ICE_CONTROLLING ? ice_pair_priority(ours, theirs)
						       : ice_pair_priority(theirs, ours);
}

void ice_list_set_role(struct ice_list *list, enum ice_role role)
{
	list->role = role;
	for (size_t i = 0; i < list->n_pairs; i++)
		rank(list, &list->pairs[i]);
}

void ice_pair_set_mapped(struct ice_list *list, struct ice_pair *pair,
			 const struct endpoint *mapped)
{
	unsigned int component = ice_pair_component(list, pair);

	pair->mapped = true;
	for (size_t i = 0; i < list->n_locals; i++)
		if (list->locals[i].component == component &&
		    (endpoint_eq(&list->locals[i].advertised, mapped) ||
		     endpoint_eq(&list->locals[i].base, mapped)))
			pair->mapped = false;
	rank(list, pair);
}

/* --- Foundations ----------------------------------------------------------------------------- */

static uint32_t foundation_of(struct str text)
{
	static const struct siphash_key key = { { 0x666f756e64, 0x6174696f6e } };

	return (uint32_t)siphash(&key, text);
}

/* Same own address and same remote foundation: they work or fail together. */
static bool is_akin(const struct ice_list *list, const struct ice_pair *a, const struct ice_pair *b)
{
	return list->remotes[a->remote].foundation == list->remotes[b->remote].foundation &&
	       endpoint_addr_eq(&list->locals[a->local].base, &list->locals[b->local].base);
}

/* Is a pair of the same foundation being checked, or about to be? */
static bool is_covered(const struct ice_list *list, const struct ice_pair *pair)
{
	for (size_t i = 0; i < list->n_pairs; i++) {
		const struct ice_pair *other = &list->pairs[i];

		if (other != pair && (other->state == ICE_PENDING || other->state == ICE_RUNNING) &&
		    is_akin(list, other, pair))
			return true;
	}
	return false;
}

void ice_list_thaw(struct ice_list *list, const struct ice_pair *pair)
{
	for (size_t i = 0; i < list->n_pairs; i++)
		if (list->pairs[i].state == ICE_FROZEN && is_akin(list, &list->pairs[i], pair))
			list->pairs[i].state = ICE_PENDING;
}

/* --- Pairs ----------------------------------------------------------------------------------- */

/* May it give way to a better one? */
static bool is_spare(const struct ice_pair *pair)
{
	return !pair->heard && !pair->valid && pair->state != ICE_RUNNING;
}

static void remove_pair(struct ice_list *list, size_t at)
{
	list->n_pairs--;
	memmove(&list->pairs[at], &list->pairs[at + 1],
		(list->n_pairs - at) * sizeof(*list->pairs));
}

/* Makes room by removing the worst spare pair, if it is below @priority. */
static bool has_room(struct ice_list *list, uint64_t priority)
{
	size_t worst = list->n_pairs;

	if (list->n_pairs < ICE_PAIRS)
		return true;
	for (size_t i = 0; i < list->n_pairs; i++)
		if (is_spare(&list->pairs[i]) && list->pairs[i].priority < priority) {
			worst = i;
			priority = list->pairs[i].priority;
		}
	if (worst == list->n_pairs)
		return false;
	remove_pair(list, worst);
	return true;
}

/* The memory is there: ice_list_reserve(). */
static struct ice_pair *add_pair(struct ice_list *list, unsigned int local, size_t remote,
				 bool at_any_cost)
{
	struct ice_pair pair = { .local = (uint8_t)local,
				 .remote = (uint8_t)remote,
				 .state = ICE_PENDING };

	rank(list, &pair);
	if (!has_room(list, at_any_cost ? UINT64_MAX : pair.priority))
		return NULL;
	if (is_covered(list, &pair))
		pair.state = ICE_FROZEN;
	list->pairs[list->n_pairs] = pair;
	return &list->pairs[list->n_pairs++];
}

/* A socket with several advertised addresses is checked from once. */
static bool is_repeated(const struct ice_list *list, unsigned int local)
{
	for (unsigned int i = 0; i < local; i++)
		if (list->locals[i].component == list->locals[local].component &&
		    endpoint_eq(&list->locals[i].base, &list->locals[local].base))
			return true;
	return false;
}

static bool fits(const struct ice_local *local, const struct ice_remote *remote)
{
	return local->component == remote->component &&
	       local->base.sa.sa_family == remote->address.sa.sa_family;
}

static void add_pairs(struct ice_list *list, size_t remote)
{
	for (unsigned int i = 0; i < list->n_locals; i++)
		if (fits(&list->locals[i], &list->remotes[remote]) && !is_repeated(list, i))
			add_pair(list, i, remote, false);
}

struct ice_pair *ice_list_find(struct ice_list *list, unsigned int local,
			       const struct endpoint *remote)
{
	for (size_t i = 0; i < list->n_pairs; i++)
		if (list->pairs[i].local == local &&
		    endpoint_eq(ice_pair_remote(list, &list->pairs[i]), remote))
			return &list->pairs[i];
	return NULL;
}

/* --- Remotes --------------------------------------------------------------------------------- */

/* Return: its index, or @n_remotes */
static size_t find_remote(const struct ice_list *list, unsigned int component,
			  const struct endpoint *address)
{
	size_t i = 0;

	while (i < list->n_remotes && (list->remotes[i].component != component ||
				       !endpoint_eq(&list->remotes[i].address, address)))
		i++;
	return i;
}

static void remove_pairs_of(struct ice_list *list, size_t remote)
{
	for (size_t i = list->n_pairs; i--;)
		if (list->pairs[i].remote == remote)
			remove_pair(list, i);
}

static void remove_remote(struct ice_list *list, size_t remote)
{
	remove_pairs_of(list, remote);
	list->n_remotes--;
	memmove(&list->remotes[remote], &list->remotes[remote + 1],
		(list->n_remotes - remote) * sizeof(*list->remotes));
	for (size_t i = 0; i < list->n_pairs; i++)
		if (list->pairs[i].remote > remote)
			list->pairs[i].remote--;
}

static bool is_useless(const struct ice_list *list, size_t remote)
{
	for (size_t i = 0; i < list->n_pairs; i++)
		if (list->pairs[i].remote == remote && list->pairs[i].state != ICE_PAIR_FAILED)
			return false;
	return list->remotes[remote].type == ICE_PRFLX;
}

/* A learned address whose checks have failed gives way. */
static bool has_room_for_remote(struct ice_list *list)
{
	for (size_t i = 0; list->n_remotes == ICE_REMOTES && i < list->n_remotes; i++)
		if (is_useless(list, i))
			remove_remote(list, i);
	return list->n_remotes < ICE_REMOTES;
}

/* What was learned from a check is now known to be this candidate (RFC 8838, section 11). */
static void confirm(struct ice_list *list, size_t remote, const struct ice_candidate *candidate)
{
	struct ice_remote *r = &list->remotes[remote];

	if (r->type != ICE_PRFLX)
		return;
	r->type = candidate->type;
	r->priority = candidate->priority;
	r->foundation = foundation_of(candidate->foundation);
	ice_list_set_role(list, list->role);
}

static bool has_enough_at(const struct ice_list *list, const struct ice_candidate *candidate)
{
	unsigned int n = 0;

	for (size_t i = 0; i < list->n_remotes; i++)
		n += list->remotes[i].type != ICE_PRFLX &&
		     list->remotes[i].component == candidate->component &&
		     endpoint_addr_eq(&list->remotes[i].address, &candidate->address);
	return n >= ICE_PER_ADDRESS;
}

void ice_list_add(struct ice_list *list, const struct ice_candidate *candidate)
{
	size_t at = find_remote(list, candidate->component, &candidate->address);

	if (at < list->n_remotes) {
		confirm(list, at, candidate);
		return;
	}
	if (has_enough_at(list, candidate) || !has_room_for_remote(list) ||
	    ice_list_reserve(list, 1))
		return;
	at = list->n_remotes++;
	list->remotes[at] = (struct ice_remote){
		.address = candidate->address,
		.priority = candidate->priority,
		.foundation = foundation_of(candidate->foundation),
		.component = candidate->component,
		.type = candidate->type,
	};
	add_pairs(list, at);
}

/* Each learned address has a foundation of its own (RFC 8445, 7.3.1.3). */
static size_t learn_remote(struct ice_list *list, unsigned int local, const struct endpoint *from,
			   uint32_t priority)
{
	unsigned int component = list->locals[local].component;
	size_t at = find_remote(list, component, from);
	struct str text = { (const char *)from, endpoint_len(from) };

	if (at < list->n_remotes || !has_room_for_remote(list))
		return at;
	at = list->n_remotes++;
	list->remotes[at] = (struct ice_remote){
		.address = *from,
		.priority = priority ? priority : ice_priority(ICE_PRFLX, 0, component),
		.foundation = foundation_of(text),
		.component = (uint8_t)component,
		.type = ICE_PRFLX,
	};
	return at;
}

struct ice_pair *ice_list_learn(struct ice_list *list, unsigned int local,
				const struct endpoint *from, uint32_t priority)
{
	struct ice_pair *pair = ice_list_find(list, local, from);
	size_t remote;

	if (pair)
		return pair;
	if (ice_list_reserve(list, 1))
		return NULL;
	remote = learn_remote(list, local, from, priority);
	return remote < list->n_remotes ? add_pair(list, local, remote, true) : NULL;
}

/* --- Fewer ----------------------------------------------------------------------------------- */

/* The smaller block is never needed: without it, the larger one stays. */
static void shrink(struct ice_list *list)
{
	struct ice_pair *pairs;

	if (!list->n_pairs || list->room_pairs < 2 * list->n_pairs)
		return;
	pairs = realloc(list->pairs, list->n_pairs * sizeof(*pairs));
	if (!pairs)
		return;
	list->pairs = pairs;
	list->room_pairs = list->n_pairs;
}

void ice_list_prune(struct ice_list *list, unsigned int component, uint64_t priority)
{
	for (size_t i = list->n_pairs; i--;) {
		const struct ice_pair *pair = &list->pairs[i];

		if (ice_pair_component(list, pair) == component && !pair->valid && !pair->heard &&
		    (pair->state != ICE_RUNNING || pair->priority < priority))
			remove_pair(list, i);
	}
	shrink(list);
}

void ice_list_drop(struct ice_list *list, unsigned int component)
{
	for (size_t i = list->n_remotes; i--;)
		if (list->remotes[i].component == component)
			remove_remote(list, i);
	for (size_t i = 0; i < list->n_locals; i++)
		if (list->locals[i].component == component)
			list->locals[i].component = 0;
}

/* --- Order ----------------------------------------------------------------------------------- */

struct ice_pair *ice_list_asked(struct ice_list *list, const uint8_t *transaction)
{
	for (size_t i = 0; i < list->n_pairs; i++)
		if (list->pairs[i].state == ICE_RUNNING &&
		    !memcmp(list->pairs[i].transaction, transaction, STUN_TRANSACTION))
			return &list->pairs[i];
	return NULL;
}

struct ice_pair *ice_list_best(struct ice_list *list, unsigned int component)
{
	struct ice_pair *best = NULL;

	for (size_t i = 0; i < list->n_pairs; i++) {
		struct ice_pair *pair = &list->pairs[i];

		if (pair->valid && ice_pair_component(list, pair) == component &&
		    (!best || pair->priority > best->priority))
			best = pair;
	}
	return best;
}

bool ice_list_hopes(const struct ice_list *list, const struct ice_pair *pair)
{
	for (size_t i = 0; i < list->n_pairs; i++) {
		const struct ice_pair *other = &list->pairs[i];

		if (!other->valid && other->state < ICE_SUCCEEDED &&
		    other->priority > pair->priority &&
		    ice_pair_component(list, other) == ice_pair_component(list, pair))
			return true;
	}
	return false;
}

void ice_list_trigger(struct ice_list *list, struct ice_pair *pair)
{
	if (pair->state == ICE_RUNNING) {
		pair->prompt = pair->prompt || !pair->prompted;
		pair->prompted = true;
		return;
	}
	pair->state = ICE_PENDING;
	if (!pair->triggered)
		pair->triggered = ++list->turn;
}

static bool comes_before(const struct ice_pair *a, const struct ice_pair *b)
{
	if (a->triggered || b->triggered)
		return a->triggered && (!b->triggered || a->triggered < b->triggered);
	return a->priority > b->priority;
}

static struct ice_pair *first_of(const struct ice_list *list, enum ice_pair_state state)
{
	struct ice_pair *first = NULL;

	for (size_t i = 0; i < list->n_pairs; i++) {
		struct ice_pair *pair = &list->pairs[i];

		if (pair->state == state && (!first || comes_before(pair, first)) &&
		    (state != ICE_FROZEN || !is_covered(list, pair)))
			first = pair;
	}
	return first;
}

struct ice_pair *ice_list_next(struct ice_list *list)
{
	struct ice_pair *next = first_of(list, ICE_PENDING);

	return next ? next : first_of(list, ICE_FROZEN);
}

bool ice_list_has_next(const struct ice_list *list)
{
	return first_of(list, ICE_PENDING) || first_of(list, ICE_FROZEN);
}

size_t ice_list_busy(const struct ice_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n_pairs; i++)
		n += list->pairs[i].state == ICE_PENDING || list->pairs[i].state == ICE_RUNNING;
	return n;
}
