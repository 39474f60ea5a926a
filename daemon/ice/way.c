/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * way.c - where the media of a component goes: the selected pair, before that any valid one
 */
#include "ice/agent.h"

void ice_use_end(struct ice_use *use)
{
	ice_peer_put(use->peer);
	memset(use, 0, sizeof(*use));
}

int64_t ice_ask_pause_ms(const struct ice_agent *agent)
{
	uint16_t random;

	if (!agent->conf.consent_ms)
		return ICE_KEEP_ALIVE_MS;
	ice_random(agent, &random, sizeof(random));
	return ICE_ASK_MS - ICE_ASK_SPREAD_MS + random % (2 * ICE_ASK_SPREAD_MS + 1);
}

static void take_way(struct ice_agent *agent, struct ice_use *use, const struct ice_pair *pair,
		     bool selected, int64_t now_ms)
{
	const struct endpoint *remote = ice_pair_remote(&agent->list, pair);
	bool same = ice_use_is_current(agent, use) && !use->way.lost &&
		    use->way.local == pair->local && endpoint_eq(&use->way.remote, remote);

	use->priority = pair->priority;
	if (same) {
		use->own = ice_own_index(agent, pair->own);
		use->way.selected = use->way.selected || selected;
		return;
	}
	ice_use_end(use);
	use->peer = agent->peer;
	use->peer->users++;
	use->way =
		(struct ice_way){ .local = pair->local, .remote = *remote, .selected = selected };
	use->priority = pair->priority;
	use->own = ice_own_index(agent, pair->own);
	use->heard_ms = now_ms;
	use->ask_ms = now_ms + ice_ask_pause_ms(agent);
	use->ends_ms = now_ms + agent->conf.consent_ms;
	agent->news |= ICE_NEWS_WAY;
}

/*
 * Old peers nominate each pair: the one of the highest priority counts. A later nomination of a
 * lower one is a peer that has moved to another network, if nothing comes by the old way any more.
 */
static bool keeps_way(const struct ice_agent *agent, const struct ice_use *use,
		      const struct ice_pair *pair, int64_t now_ms)
{
	return ice_use_is_selected(agent, use) && !use->way.lost &&
	       use->priority >= pair->priority && now_ms - use->heard_ms < ICE_SILENT_MS;
}

/* RFC 7675, 5.1: only a restart makes a way usable again whose consent has ended. */
static bool is_lost(const struct ice_agent *agent, const struct ice_use *use,
		    const struct ice_pair *pair)
{
	return ice_use_is_current(agent, use) && use->way.lost && use->way.local == pair->local &&
	       endpoint_eq(&use->way.remote, ice_pair_remote(&agent->list, pair));
}

static bool is_complete(const struct ice_agent *agent)
{
	for (unsigned int i = 0; i < agent->conf.components; i++)
		if (!ice_use_is_selected(agent, &agent->uses[i]))
			return false;
	return true;
}

void ice_select(struct ice_agent *agent, struct ice_pair *pair, int64_t now_ms)
{
	unsigned int component = ice_pair_component(&agent->list, pair);
	struct ice_use *use = ice_use_of(agent, component);
	bool was_complete = is_complete(agent);

	pair->nominating = pair->wanted = false;
	if (keeps_way(agent, use, pair, now_ms) || is_lost(agent, use, pair))
		return;
	take_way(agent, use, pair, true, now_ms);
	agent->failed = false;
	ice_list_prune(&agent->list, component, use->priority); /* @pair may have moved */
	if (!was_complete && is_complete(agent))
		agent->news |= ICE_NEWS_COMPLETED;
}

void ice_offer_way(struct ice_agent *agent, const struct ice_pair *pair, int64_t now_ms)
{
	struct ice_use *use = ice_use_of(agent, ice_pair_component(&agent->list, pair));

	if (ice_use_is_current(agent, use) && !use->way.lost && use->way.local == pair->local &&
	    endpoint_eq(&use->way.remote, ice_pair_remote(&agent->list, pair)))
		ice_consented(agent, use, now_ms);
	else if (!use->peer || (use->way.lost && !ice_use_is_current(agent, use)))
		take_way(agent, use, pair, false, now_ms);
	agent->failed = false;
}

void ice_consented(struct ice_agent *agent, struct ice_use *use, int64_t now_ms)
{
	use->ends_ms = now_ms + agent->conf.consent_ms;
	use->heard_ms = now_ms;
}

/*
 * It stays wanted: where only the answers to us were lost, the peer has selected it, and says so no
 * more. Its checks of consent bring another check of ours, which then selects it, too.
 */
void ice_fail(struct ice_agent *agent, struct ice_pair *pair, int64_t now_ms)
{
	unsigned int component = ice_pair_component(&agent->list, pair);
	struct ice_use *use = ice_use_of(agent, component);
	const struct ice_pair *other;

	pair->state = ICE_PAIR_FAILED;
	pair->valid = pair->nominating = false;
	other = ice_list_best(&agent->list, component);
	if (!other)
		agent->first_valid_ms[component - 1] = 0;
	if (!ice_use_is_current(agent, use) || use->way.selected || use->way.local != pair->local ||
	    !endpoint_eq(&use->way.remote, ice_pair_remote(&agent->list, pair)))
		return;
	ice_use_end(use);
	agent->news |= ICE_NEWS_WAY;
	if (other)
		take_way(agent, use, other, false, now_ms);
}

void ice_lose(struct ice_agent *agent, struct ice_use *use, int64_t now_ms)
{
	struct ice_pair *pair = NULL;

	if (ice_use_is_current(agent, use))
		pair = ice_list_find(&agent->list, use->way.local, &use->way.remote);
	if (pair && !use->way.selected) {
		ice_fail(agent, pair, now_ms);
		return;
	}
	use->way.lost = true;
	agent->news |= ICE_NEWS_LOST;
}

/* --- For callers ----------------------------------------------------------------------------- */

const struct ice_way *ice_way(const struct ice_agent *agent, unsigned int component)
{
	const struct ice_use *use = &agent->uses[component - 1];

	return use->peer ? &use->way : NULL;
}

bool ice_hears(const struct ice_agent *agent, unsigned int local, const struct endpoint *from)
{
	const struct ice_list *list = &agent->list;

	for (unsigned int i = 0; i < ICE_COMPONENTS; i++)
		if (agent->uses[i].peer && agent->uses[i].way.local == local &&
		    endpoint_eq(&agent->uses[i].way.remote, from))
			return true;
	for (size_t i = 0; i < list->n_pairs; i++)
		if ((list->pairs[i].valid || list->pairs[i].heard) &&
		    list->pairs[i].local == local &&
		    endpoint_eq(ice_pair_remote(list, &list->pairs[i]), from))
			return true;
	for (unsigned int i = 0; i < agent->n_early; i++)
		if (agent->early[i].local == local && endpoint_eq(&agent->early[i].from, from))
			return true;
	return false;
}

/* An array of addresses, each once. */
struct addresses {
	struct endpoint *at;
	size_t n, max;
};

static void add_address(struct addresses *list, const struct endpoint *address)
{
	for (size_t i = 0; i < list->n; i++)
		if (endpoint_eq(&list->at[i], address))
			return;
	if (list->n < list->max)
		list->at[list->n++] = *address;
}

size_t ice_heard_from(const struct ice_agent *agent, unsigned int component, struct endpoint *from,
		      size_t max)
{
	const struct ice_list *list = &agent->list;
	const struct ice_way *way = ice_way(agent, component);
	struct addresses found = { from, 0, max };

	/* Without consent nobody is heard, before a restart. */
	if (way && way->lost)
		return 0;
	if (way)
		add_address(&found, &way->remote);
	for (size_t i = list->n_pairs; i--;)
		if ((list->pairs[i].valid || list->pairs[i].heard) &&
		    ice_pair_component(list, &list->pairs[i]) == component)
			add_address(&found, ice_pair_remote(list, &list->pairs[i]));
	for (unsigned int i = 0; i < agent->n_early; i++)
		if (list->locals[agent->early[i].local].component == component)
			add_address(&found, &agent->early[i].from);
	return found.n;
}

void ice_heard(struct ice_agent *agent, unsigned int component, int64_t now_ms)
{
	ice_use_of(agent, component)->heard_ms = now_ms;
}

enum ice_state ice_state(const struct ice_agent *agent)
{
	bool connected = true;

	for (unsigned int i = 0; i < agent->conf.components; i++) {
		if (agent->uses[i].way.lost)
			return ICE_LOST;
		connected = connected && ice_use_is_current(agent, &agent->uses[i]);
	}
	if (!agent->peer)
		return ICE_WAITING;
	if (is_complete(agent))
		return ICE_COMPLETED;
	if (connected)
		return ICE_CONNECTED;
	return agent->failed ? ICE_FAILED : ICE_CHECKING;
}
