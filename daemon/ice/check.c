/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.c - what an agent sends, and when: checks, their repetitions, nominations, consent
 */
#include "ice/agent.h"

/* --- New checks ------------------------------------------------------------------------------ */

static bool nominates(const struct ice_agent *agent, const struct ice_pair *pair)
{
	return pair->nominating && agent->list.role == ICE_CONTROLLING;
}

static uint32_t first_wait_ms(const struct ice_agent *agent)
{
	size_t wait = agent->pacing_ms * ice_list_busy(&agent->list);

	return wait > ICE_RTO_MS ? (uint32_t)wait : ICE_RTO_MS;
}

/*
 * A browser that restarts ICE checks before our new credentials reach it, and then keeps to those
 * of before for this pair: it refuses a check that names others.
 */
static void write_check(const struct ice_agent *agent, const struct ice_pair *pair,
			struct ice_packet *packet)
{
	struct ice_request request = {
		.transaction = pair->transaction,
		.receiver = ice_peer_ufrag(agent->peer),
		.sender = ice_own_ufrag(&agent->own[ice_own_index(agent, pair->own)]),
		.password = ice_peer_pwd(agent->peer),
		.priority = ice_list_prflx_priority(&agent->list, pair->local),
		.role = (enum ice_role)pair->role,
		.tie_breaker = agent->tie_breaker,
		.use_candidate = pair->nominates,
	};

	packet->local = pair->local;
	packet->to = *ice_pair_remote(&agent->list, pair);
	packet->len = ice_write_request(packet->data, &request);
}

static bool waits(const struct ice_agent *agent)
{
	return agent->peer && !agent->conf.lite && ice_list_has_next(&agent->list);
}

void ice_pace(struct ice_agent *agent, const struct ice_agent *const *others, size_t n)
{
	agent->turns = 1;
	for (size_t i = 0; i < n; i++) {
		int64_t free_ms = others[i]->checked_ms + agent->pacing_ms;

		if (agent->next_ms < free_ms)
			agent->next_ms = free_ms;
		agent->turns += waits(others[i]);
	}
}

static bool send_next(struct ice_agent *agent, int64_t now_ms, struct ice_packet *packet)
{
	struct ice_pair *pair = now_ms >= agent->next_ms ? ice_list_next(&agent->list) : NULL;

	if (!pair)
		return false;
	agent->checked_ms = now_ms;
	agent->next_ms = now_ms + (int64_t)agent->pacing_ms * agent->turns;
	pair->state = ICE_RUNNING;
	pair->triggered = 0;
	pair->sent = 1;
	pair->wait_ms = first_wait_ms(agent);
	pair->again_ms = now_ms + pair->wait_ms;
	pair->role = (uint8_t)agent->list.role;
	pair->nominates = nominates(agent, pair);
	pair->prompt = pair->prompted = false;
	ice_random(agent, pair->transaction, sizeof(pair->transaction));
	write_check(agent, pair, packet);
	return true;
}

/* --- Repetitions ----------------------------------------------------------------------------- */

/* Was only the nomination lost? The pair itself works, as the answers to checks of consent show. */
static bool still_works(const struct ice_agent *agent, const struct ice_pair *pair)
{
	const struct ice_use *use = &agent->uses[ice_pair_component(&agent->list, pair) - 1];

	return pair->nominating && ice_use_is_current(agent, use) &&
	       use->way.local == pair->local &&
	       endpoint_eq(&use->way.remote, ice_pair_remote(&agent->list, pair)) &&
	       use->ends_ms - agent->conf.consent_ms > pair->again_ms - ICE_LAST_WAIT * ICE_RTO_MS;
}

static void give_up(struct ice_agent *agent, struct ice_pair *pair, int64_t now_ms)
{
	if (!still_works(agent, pair)) {
		ice_fail(agent, pair, now_ms);
		return;
	}
	pair->state = ICE_SUCCEEDED;
	ice_list_trigger(&agent->list, pair);
}

/* RFC 8489, 6.2.1: the waits double, and the last one is fixed. */
static void wait_longer(struct ice_pair *pair, int64_t now_ms)
{
	pair->sent++;
	pair->wait_ms *= 2;
	pair->again_ms =
		now_ms + (pair->sent == ICE_SENDS ? ICE_LAST_WAIT * ICE_RTO_MS : pair->wait_ms);
}

static bool send_again(struct ice_agent *agent, int64_t now_ms, struct ice_packet *packet)
{
	for (size_t i = 0; i < agent->list.n_pairs; i++) {
		struct ice_pair *pair = &agent->list.pairs[i];

		if (pair->state != ICE_RUNNING || (now_ms < pair->again_ms && !pair->prompt))
			continue;
		if (now_ms >= pair->again_ms)
			wait_longer(pair, now_ms);
		pair->prompt = false;
		write_check(agent, pair, packet);
		return true;
	}
	return false;
}

/* --- Nomination ------------------------------------------------------------------------------ */

static bool is_nominating(const struct ice_agent *agent, unsigned int component)
{
	for (size_t i = 0; i < agent->list.n_pairs; i++)
		if (agent->list.pairs[i].nominating &&
		    ice_pair_component(&agent->list, &agent->list.pairs[i]) == component)
			return true;
	return false;
}

/* Would a nomination be up to us? */
static bool is_undecided(const struct ice_agent *agent, unsigned int component)
{
	return agent->list.role == ICE_CONTROLLING && agent->first_valid_ms[component - 1] &&
	       !ice_use_is_selected(agent, &agent->uses[component - 1]) &&
	       !is_nominating(agent, component);
}

/* Regular nomination: one pair, after better ones had some time. */
static void nominate(struct ice_agent *agent, unsigned int component, int64_t now_ms)
{
	struct ice_pair *best;

	if (!is_undecided(agent, component))
		return;
	best = ice_list_best(&agent->list, component);
	if (!best || (ice_list_hopes(&agent->list, best) &&
		      now_ms < agent->first_valid_ms[component - 1] + ICE_NOMINATE_MS))
		return;
	best->nominating = true;
	ice_list_trigger(&agent->list, best);
}

/* A lite agent sends no checks, so that it gets no answers either. */
static bool has_consent(const struct ice_agent *agent)
{
	return agent->conf.consent_ms && !agent->conf.lite;
}

/* --- Consent --------------------------------------------------------------------------------- */

static void write_consent(const struct ice_agent *agent, struct ice_use *use,
			  struct ice_packet *packet)
{
	uint8_t *transaction = use->asked[use->next++ % ICE_ASKED];
	struct ice_request request = {
		.transaction = transaction,
		.receiver = ice_peer_ufrag(use->peer),
		.sender = ice_own_ufrag(&agent->own[use->own]),
		.password = ice_peer_pwd(use->peer),
		.priority = ice_list_prflx_priority(&agent->list, use->way.local),
		.role = agent->list.role,
		.tie_breaker = agent->tie_breaker,
	};

	use->role = agent->list.role;
	ice_random(agent, transaction, STUN_TRANSACTION);
	packet->len = ice_write_request(packet->data, &request);
}

static void write_keep_alive(const struct ice_agent *agent, struct ice_packet *packet)
{
	uint8_t transaction[STUN_TRANSACTION];

	ice_random(agent, transaction, sizeof(transaction));
	packet->len = ice_write_indication(packet->data, transaction);
}

static bool send_consent(struct ice_agent *agent, int64_t now_ms, struct ice_packet *packet)
{
	for (unsigned int i = 0; i < ICE_COMPONENTS; i++) {
		struct ice_use *use = &agent->uses[i];

		if (!use->peer || use->way.lost)
			continue;
		if (now_ms < use->ask_ms)
			continue;
		use->ask_ms = now_ms + ice_ask_pause_ms(agent);
		packet->local = use->way.local;
		packet->to = use->way.remote;
		if (agent->conf.consent_ms)
			write_consent(agent, use, packet);
		else
			write_keep_alive(agent, packet);
		return true;
	}
	return false;
}

/* --- Together -------------------------------------------------------------------------------- */

/* When a component that has no way yet has failed. INT64_MAX: it has not to be looked at */
static int64_t patience_ends_ms(const struct ice_agent *agent)
{
	for (unsigned int i = 0; i < agent->conf.components; i++)
		if (!ice_use_is_current(agent, &agent->uses[i]) && agent->peer && agent->ended &&
		    !agent->failed)
			return agent->started_ms + ICE_PATIENCE_MS;
	return INT64_MAX;
}

/* What has ended without an answer. */
static void expire(struct ice_agent *agent, int64_t now_ms)
{
	for (unsigned int i = 0; i < ICE_COMPONENTS; i++)
		if (agent->uses[i].peer && !agent->uses[i].way.lost && has_consent(agent) &&
		    now_ms >= agent->uses[i].ends_ms)
			ice_lose(agent, &agent->uses[i], now_ms);
	for (size_t i = 0; i < agent->list.n_pairs; i++)
		if (agent->list.pairs[i].state == ICE_RUNNING &&
		    agent->list.pairs[i].sent == ICE_SENDS &&
		    now_ms >= agent->list.pairs[i].again_ms)
			give_up(agent, &agent->list.pairs[i], now_ms);
	if (now_ms >= patience_ends_ms(agent)) {
		agent->failed = true;
		agent->news |= ICE_NEWS_FAILED;
	}
}

bool ice_step(struct ice_agent *agent, int64_t now_ms, struct ice_packet *packet)
{
	expire(agent, now_ms);
	if (agent->conf.lite)
		return false;
	for (unsigned int i = 1; i <= agent->conf.components; i++)
		nominate(agent, i, now_ms);
	return send_consent(agent, now_ms, packet) || send_again(agent, now_ms, packet) ||
	       send_next(agent, now_ms, packet);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t consent_due(const struct ice_agent *agent, int64_t due)
{
	for (unsigned int i = 0; i < ICE_COMPONENTS; i++) {
		const struct ice_use *use = &agent->uses[i];

		if (!use->peer || use->way.lost)
			continue;
		due = earlier(due, use->ask_ms);
		if (agent->conf.consent_ms)
			due = earlier(due, use->ends_ms);
	}
	return due;
}

int64_t ice_due(const struct ice_agent *agent)
{
	int64_t due = patience_ends_ms(agent);

	if (agent->conf.lite)
		return due;
	due = consent_due(agent, due);
	if (ice_list_has_next(&agent->list))
		due = earlier(due, agent->next_ms);
	for (size_t i = 0; i < agent->list.n_pairs; i++)
		if (agent->list.pairs[i].state == ICE_RUNNING)
			due = earlier(due, agent->list.pairs[i].prompt
						   ? INT64_MIN
						   : agent->list.pairs[i].again_ms);
	for (unsigned int i = 1; i <= agent->conf.components; i++)
		if (is_undecided(agent, i))
			due = earlier(due, agent->first_valid_ms[i - 1] + ICE_NOMINATE_MS);
	return due;
}
