/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent.c - an agent of ICE: its life, the peer's lines and ours
 */
#include <errno.h>
#include <stdlib.h>
#include "ice/agent.h"
#include "stun/stun.h"

/* --- Credentials ----------------------------------------------------------------------------- */

void ice_random(const struct ice_agent *agent, void *bytes, size_t len)
{
	agent->conf.random(agent->conf.random_arg, bytes, len);
}

static void fill_text(const struct ice_agent *agent, char *text, size_t len)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	ice_random(agent, text, len);
	for (size_t i = 0; i < len; i++)
		text[i] = alphabet[(unsigned char)text[i] % 64];
}

/* Ways of earlier credentials go on with them; the oldest credentials are not answered any more. */
static void renew(struct ice_agent *agent)
{
	memmove(&agent->own[1], &agent->own[0], sizeof(agent->own) - sizeof(agent->own[0]));
	fill_text(agent, agent->own[0].ufrag, sizeof(agent->own[0].ufrag));
	fill_text(agent, agent->own[0].pwd, sizeof(agent->own[0].pwd));
	if (agent->n_own < ICE_GENERATIONS)
		agent->n_own++;
	agent->listed = false;
	for (unsigned int i = 0; i < ICE_COMPONENTS; i++)
		if (agent->uses[i].peer && ++agent->uses[i].own == ICE_GENERATIONS) {
			ice_use_end(&agent->uses[i]);
			agent->news |= ICE_NEWS_WAY;
		}
}

/* Our offer with new credentials was not taken: the peer knows only the ones before. */
static void return_to_earlier(struct ice_agent *agent)
{
	struct ice_own last = agent->own[0];

	agent->own[0] = agent->own[1];
	agent->own[1] = last;
	agent->listed = true;
	for (unsigned int i = 0; i < ICE_COMPONENTS; i++)
		if (agent->uses[i].peer && agent->uses[i].own == 1)
			agent->uses[i].own = 0;
	agent->renewed = false;
}

struct ice_peer *ice_peer_new(struct str ufrag, struct str pwd)
{
	struct ice_peer *peer = malloc(sizeof(*peer) + ufrag.len + pwd.len);

	if (!peer)
		return NULL;
	peer->users = 1;
	peer->ufrag_len = (uint16_t)ufrag.len;
	peer->pwd_len = (uint16_t)pwd.len;
	memcpy(peer->text, ufrag.s, ufrag.len);
	memcpy(peer->text + ufrag.len, pwd.s, pwd.len);
	return peer;
}

void ice_peer_put(struct ice_peer *peer)
{
	if (!peer || --peer->users)
		return;
	explicit_bzero(peer->text, (size_t)peer->ufrag_len + peer->pwd_len);
	free(peer);
}

/* --- Life ------------------------------------------------------------------------------------ */

static void take_locals(struct ice_agent *agent, const struct ice_local *locals, size_t n)
{
	struct ice_list *list = &agent->list;

	for (size_t i = 0; i < n && i < ICE_LOCALS; i++) {
		list->locals[i] = locals[i];
		ice_foundation(&locals[i].advertised, ICE_HOST, agent->foundations[i]);
	}
	list->n_locals = n < ICE_LOCALS ? n : ICE_LOCALS;
}

struct ice_agent *ice_new(const struct ice_conf *conf, const struct ice_local *locals,
			  size_t n_locals)
{
	struct ice_agent *agent = calloc(1, sizeof(*agent));

	if (!agent)
		return NULL;
	agent->conf = *conf;
	if (!agent->conf.pacing_ms)
		agent->conf.pacing_ms = ICE_PACING_MS;
	agent->pacing_ms = agent->conf.pacing_ms;
	agent->turns = 1;
	agent->checked_ms = INT64_MIN / 2; /* never */
	/* Checks may come before the peer is known: no conflict with a lite agent. */
	agent->list.role = conf->lite ? ICE_CONTROLLED : conf->role;
	ice_random(agent, &agent->tie_breaker, sizeof(agent->tie_breaker));
	take_locals(agent, locals, n_locals);
	renew(agent);
	return agent;
}

void ice_free(struct ice_agent *agent)
{
	if (!agent)
		return;
	for (unsigned int i = 0; i < ICE_COMPONENTS; i++)
		ice_use_end(&agent->uses[i]);
	ice_peer_put(agent->peer);
	ice_list_clear(&agent->list);
	explicit_bzero(agent, sizeof(*agent));
	free(agent);
}

static struct ice_peer *share(struct ice_peer *peer)
{
	if (peer)
		peer->users++;
	return peer;
}

/* NULL: no memory; @from may be empty, and @room is what it needs then, too */
static void *duplicate(const void *from, size_t n, size_t room, size_t size)
{
	void *copy = malloc((room ? room : 1) * size);

	if (copy && n)
		memcpy(copy, from, n * size);
	return copy;
}

struct ice_agent *ice_copy(const struct ice_agent *agent)
{
	const struct ice_list *list = &agent->list;
	struct ice_agent *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *agent;
	copy->list.remotes = duplicate(list->remotes, list->n_remotes, list->room_remotes,
				       sizeof(*list->remotes));
	copy->list.pairs =
		duplicate(list->pairs, list->n_pairs, list->room_pairs, sizeof(*list->pairs));
	copy->peer = share(agent->peer);
	for (unsigned int i = 0; i < ICE_COMPONENTS; i++)
		copy->uses[i].peer = share(agent->uses[i].peer);
	if (copy->list.remotes && copy->list.pairs)
		return copy;
	ice_free(copy);
	return NULL;
}

/* --- The peer's lines ------------------------------------------------------------------------ */

/* Both lite: nobody checks, so the best pair is selected (RFC 8445, 8.2). */
static void select_unchecked(struct ice_agent *agent, int64_t now_ms)
{
	for (unsigned int component = 1; component <= agent->conf.components; component++) {
		struct ice_pair *best = NULL;

		for (size_t i = 0; i < agent->list.n_pairs; i++) {
			struct ice_pair *pair = &agent->list.pairs[i];

			if (ice_pair_component(&agent->list, pair) == component &&
			    (!best || pair->priority > best->priority))
				best = pair;
		}
		if (!best)
			continue;
		best->valid = true;
		ice_select(agent, best, now_ms);
	}
}

/* @ended: no more will come */
static void add_candidates(struct ice_agent *agent, const struct ice_description *lines, bool ended,
			   int64_t now_ms)
{
	agent->ended = agent->ended || ended;
	for (unsigned int i = 0; i < lines->n_candidates; i++)
		if (lines->candidates[i].component <= agent->conf.components)
			ice_list_add(&agent->list, &lines->candidates[i]);
	if (agent->conf.lite && agent->peer_lite)
		select_unchecked(agent, now_ms);
}

/* Without trickle the lines are complete. */
static bool is_last(const struct ice_description *lines)
{
	return lines->end || !lines->trickle;
}

/* Its checks may have overtaken its lines. */
static void take_early(struct ice_agent *agent, int64_t now_ms)
{
	uint64_t ufrag = stun_ufrag_id(ice_peer_ufrag(agent->peer));
	unsigned int n = agent->n_early;

	agent->n_early = agent->oldest_early = 0;
	for (unsigned int i = 0; i < n; i++)
		if (agent->early[i].ufrag == ufrag)
			ice_take_check(agent, &agent->early[i], now_ms);
}

/* RFC 8445, 6.1.1: of a full and a lite agent the full one is controlling. */
static enum ice_role role_for(const struct ice_agent *agent, bool peer_lite)
{
	if (agent->conf.lite == peer_lite)
		return agent->peer && agent->peer_lite != peer_lite ? agent->conf.role
								    : agent->list.role;
	return peer_lite ? ICE_CONTROLLING : ICE_CONTROLLED;
}

/* RFC 8839, 5.8: the longer of both */
static void take_pacing(struct ice_agent *agent, unsigned int theirs_ms)
{
	agent->pacing_ms = theirs_ms > agent->conf.pacing_ms ? theirs_ms : agent->conf.pacing_ms;
}

static int64_t next_turn_ms(const struct ice_agent *agent, int64_t now_ms)
{
	int64_t next_ms = agent->checked_ms + agent->pacing_ms;

	return next_ms > now_ms ? next_ms : now_ms;
}

/* A new check list. Nothing has changed if there is no memory for it. */
static int begin(struct ice_agent *agent, const struct ice_description *lines, bool renews,
		 int64_t now_ms)
{
	struct ice_peer *peer = ice_peer_new(lines->ufrag, lines->pwd);
	struct ice_list list = agent->list;

	list.remotes = NULL;
	list.pairs = NULL;
	list.n_remotes = list.n_pairs = list.room_remotes = list.room_pairs = 0;
	list.turn = 0;
	if (!peer || ice_list_reserve(&list, lines->n_candidates)) {
		ice_list_clear(&list);
		ice_peer_put(peer);
		return -ENOMEM;
	}
	list.role = role_for(agent, lines->lite);
	if (renews)
		renew(agent);
	ice_peer_put(agent->peer);
	ice_list_clear(&agent->list);
	agent->peer = peer;
	agent->list = list;
	agent->peer_lite = lines->lite;
	agent->renewed = agent->ended = agent->failed = false;
	take_pacing(agent, lines->pacing_ms);
	agent->started_ms = now_ms;
	agent->next_ms = next_turn_ms(agent, now_ms);
	memset(agent->first_valid_ms, 0, sizeof(agent->first_valid_ms));
	add_candidates(agent, lines, is_last(lines), now_ms);
	take_early(agent, now_ms);
	return 0;
}

static bool is_known(const struct ice_agent *agent, const struct ice_description *lines)
{
	return agent->peer && str_eq(ice_peer_ufrag(agent->peer), lines->ufrag) &&
	       str_eq(ice_peer_pwd(agent->peer), lines->pwd);
}

static bool is_own(const struct ice_local *local, const struct endpoint *address)
{
	return endpoint_eq(&local->advertised, address) || endpoint_eq(&local->base, address);
}

/* The peer has selected a pair whose nomination we have not heard (RFC 8839, 4.4.1.2.2). */
static void follow(struct ice_agent *agent, const struct ice_candidate *theirs,
		   const struct endpoint *ours, int64_t now_ms)
{
	struct ice_list *list = &agent->list;
	struct ice_pair *pair = NULL;

	for (unsigned int i = 0; !pair && i < list->n_locals; i++)
		if (list->locals[i].component == theirs->component &&
		    is_own(&list->locals[i], ours))
			pair = ice_list_find(list, i, &theirs->address);
	if (!pair)
		return;
	if (pair->valid) {
		ice_select(agent, pair, now_ms);
		return;
	}
	pair->wanted = true;
	ice_list_trigger(list, pair);
}

static void follow_peer(struct ice_agent *agent, const struct ice_description *lines,
			int64_t now_ms)
{
	if (agent->conf.lite || agent->list.role == ICE_CONTROLLING)
		return;
	for (unsigned int i = 0; i < lines->n_candidates; i++) {
		const struct ice_candidate *theirs = &lines->candidates[i];
		const struct endpoint *ours = &lines->remote[theirs->component - 1];

		if (endpoint_is_set(ours) && theirs->component <= agent->conf.components)
			follow(agent, theirs, ours, now_ms);
	}
}

int ice_remote(struct ice_agent *agent, const struct ice_description *lines, bool offer,
	       int64_t now_ms)
{
	if (!ice_is_offered(lines))
		return -EINVAL;
	if (!is_known(agent, lines))
		return begin(agent, lines, agent->peer && offer && !agent->renewed, now_ms);
	if (agent->renewed && !offer)
		return begin(agent, lines, false, now_ms);
	if (ice_list_reserve(&agent->list, lines->n_candidates))
		return -ENOMEM;
	if (agent->renewed)
		return_to_earlier(agent);
	add_candidates(agent, lines, is_last(lines), now_ms);
	follow_peer(agent, lines, now_ms);
	return 0;
}

int ice_trickle(struct ice_agent *agent, const struct ice_description *lines, int64_t now_ms)
{
	if (!agent->peer ||
	    (lines->ufrag.len && !str_eq(ice_peer_ufrag(agent->peer), lines->ufrag)))
		return -EINVAL;
	if (ice_list_reserve(&agent->list, lines->n_candidates))
		return -ENOMEM;
	add_candidates(agent, lines, lines->end, now_ms);
	return 0;
}

/* --- Our lines ------------------------------------------------------------------------------- */

void ice_restart(struct ice_agent *agent)
{
	if (agent->renewed)
		return;
	renew(agent);
	agent->renewed = true;
}

/* After selection only the selected addresses count (RFC 8839, 4.4.1.1); others were told before */
static bool is_listed(const struct ice_agent *agent, unsigned int local, bool selected)
{
	unsigned int component = agent->list.locals[local].component;

	return component && component <= agent->conf.components &&
	       (!selected || agent->uses[component - 1].way.local == local);
}

void ice_advertise(struct ice_agent *agent, unsigned int component, const struct endpoint *address)
{
	struct ice_list *list = &agent->list;

	for (unsigned int i = 0; i < list->n_locals; i++)
		if (list->locals[i].component == component)
			list->locals[i].advertised = *address;
}

void ice_describe(struct ice_agent *agent, struct ice_description *lines)
{
	bool selected = agent->listed && !agent->renewed && ice_state(agent) == ICE_COMPLETED;
	const struct ice_list *list = &agent->list;

	*lines = (struct ice_description){ .ufrag = ice_own_ufrag(&agent->own[0]),
					   .pwd = ice_own_pwd(&agent->own[0]),
					   .lite = agent->conf.lite };
	for (unsigned int i = 0; i < list->n_locals; i++)
		if (is_listed(agent, i, selected))
			lines->candidates[lines->n_candidates++] = (struct ice_candidate){
				.foundation = str_of(agent->foundations[i]),
				.component = (uint8_t)list->locals[i].component,
				.type = ICE_HOST,
				.priority = ice_list_priority(list, i),
				.address = list->locals[i].advertised,
			};
	for (unsigned int i = 0; selected && i < agent->conf.components; i++)
		if (list->role == ICE_CONTROLLING)
			lines->remote[i] = agent->uses[i].way.remote;
	agent->listed = true;
}

void ice_mux(struct ice_agent *agent)
{
	if (agent->conf.components == 1)
		return;
	ice_list_drop(&agent->list, 2);
	ice_use_end(&agent->uses[1]);
	agent->conf.components = 1;
	if (ice_state(agent) == ICE_COMPLETED)
		agent->news |= ICE_NEWS_COMPLETED;
}

/* --- For callers ----------------------------------------------------------------------------- */

enum ice_role ice_role(const struct ice_agent *agent)
{
	return agent->list.role;
}

bool ice_is_lite(const struct ice_agent *agent)
{
	return agent->conf.lite;
}

unsigned int ice_components(const struct ice_agent *agent)
{
	return agent->conf.components;
}

size_t ice_own_ids(const struct ice_agent *agent, uint64_t ids[ICE_GENERATIONS])
{
	for (unsigned int i = 0; i < agent->n_own; i++)
		ids[i] = stun_ufrag_id(ice_own_ufrag(&agent->own[i]));
	return agent->n_own;
}

unsigned int ice_news(struct ice_agent *agent)
{
	unsigned int news = agent->news;

	agent->news = 0;
	return news;
}

const uint64_t *ice_counts(const struct ice_agent *agent)
{
	return agent->counts;
}
