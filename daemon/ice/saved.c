/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * saved.c - an agent as bytes: for the journal, for a standby
 */
#include <assert.h>
#include <errno.h>
#include "ice/agent.h"
#include "ice/saved.h"

static_assert(sizeof(struct ice_saved_own) == sizeof(struct ice_own), "credentials differ");
static_assert(sizeof(struct ice_saved_way) == 40, "a gap in struct ice_saved_way");
static_assert(sizeof(struct ice_saved) == 16 + 32 * ICE_GENERATIONS + 8 + 512 + 80,
	      "a gap in struct ice_saved");

/* --- Saving ---------------------------------------------------------------------------------- */

static void save_way(const struct ice_agent *agent, const struct ice_use *use, int64_t now_ms,
		     struct ice_saved_way *way)
{
	const struct endpoint *remote = &use->way.remote;
	bool ip4 = remote->sa.sa_family == AF_INET;

	if (!ice_use_is_current(agent, use))
		return;
	way->family = ip4 ? 4 : 6;
	way->selected = use->way.selected;
	way->lost = use->way.lost;
	way->local = (uint8_t)use->way.local;
	way->own = (uint16_t)use->own;
	way->port = endpoint_port(remote);
	if (ip4)
		memcpy(way->address, &remote->in4.sin_addr, 4);
	else
		memcpy(way->address, &remote->in6.sin6_addr, 16);
	way->priority = use->priority;
	way->left_ms = use->ends_ms > now_ms ? (uint64_t)(use->ends_ms - now_ms) : 0;
}

void ice_save(const struct ice_agent *agent, int64_t now_ms, struct ice_saved *saved)
{
	const struct ice_peer *peer = agent->peer;

	memset(saved, 0, sizeof(*saved));
	saved->version = ICE_SAVED_VERSION;
	saved->role = (uint8_t)agent->list.role;
	saved->components = (uint8_t)agent->conf.components;
	saved->n_own = (uint8_t)agent->n_own;
	saved->renewed = agent->renewed;
	saved->peer_lite = agent->peer_lite;
	saved->ended = agent->ended;
	saved->tie_breaker = agent->tie_breaker;
	memcpy(saved->own, agent->own, agent->n_own * sizeof(*agent->own));
	if (peer) {
		saved->ufrag_len = peer->ufrag_len;
		saved->pwd_len = peer->pwd_len;
		memcpy(saved->peer, peer->text, (size_t)peer->ufrag_len + peer->pwd_len);
	}
	for (unsigned int i = 0; i < ICE_COMPONENTS; i++)
		save_way(agent, &agent->uses[i], now_ms, &saved->ways[i]);
}

/* --- Restoring ------------------------------------------------------------------------------- */

static bool is_valid_way(const struct ice_saved *saved, unsigned int component,
			 const struct ice_local *locals, size_t n_locals)
{
	const struct ice_saved_way *way = &saved->ways[component - 1];

	return !way->family ||
	       ((way->family == 4 || way->family == 6) && component <= saved->components &&
		saved->ufrag_len && way->local < n_locals && way->own < saved->n_own &&
		way->selected <= 1 && way->lost <= 1 && way->port && way->left_ms <= INT32_MAX &&
		locals[way->local].component == component &&
		locals[way->local].base.sa.sa_family == (way->family == 4 ? AF_INET : AF_INET6));
}

static bool is_valid(const struct ice_saved *saved, const struct ice_local *locals, size_t n_locals)
{
	if (n_locals > ICE_LOCALS || saved->version != ICE_SAVED_VERSION ||
	    saved->role > ICE_CONTROLLING || !saved->components ||
	    saved->components > ICE_COMPONENTS || !saved->n_own || saved->n_own > ICE_GENERATIONS ||
	    saved->renewed > 1 || saved->peer_lite > 1 || saved->ended > 1 ||
	    (saved->renewed && saved->n_own < 2) || saved->ufrag_len > ICE_UFRAG_MAX ||
	    saved->pwd_len > ICE_PWD_MAX || !saved->ufrag_len != !saved->pwd_len)
		return false;
	for (unsigned int i = 1; i <= ICE_COMPONENTS; i++)
		if (!is_valid_way(saved, i, locals, n_locals))
			return false;
	return true;
}

static void restore_way(struct ice_agent *agent, const struct ice_saved_way *way, int64_t now_ms,
			struct ice_use *use)
{
	struct endpoint *remote = &use->way.remote;

	if (!way->family)
		return;
	if (way->family == 4) {
		remote->in4.sin_family = AF_INET;
		memcpy(&remote->in4.sin_addr, way->address, 4);
	} else {
		remote->in6.sin6_family = AF_INET6;
		memcpy(&remote->in6.sin6_addr, way->address, 16);
	}
	endpoint_set_port(remote, way->port);
	use->way.local = way->local;
	use->way.selected = way->selected;
	use->way.lost = way->lost;
	use->peer = agent->peer;
	use->peer->users++;
	use->own = way->own;
	use->priority = way->priority;
	use->heard_ms = use->ask_ms = now_ms; /* it is asked at once: time has passed */
	use->ends_ms = now_ms + (int64_t)way->left_ms;
}

int ice_restore(const struct ice_saved *saved, const struct ice_conf *conf,
		const struct ice_local *locals, size_t n_locals, int64_t now_ms,
		struct ice_agent **agent)
{
	struct str ufrag = { saved->peer, saved->ufrag_len };
	struct ice_agent *a;

	if (!is_valid(saved, locals, n_locals))
		return -EINVAL;
	a = ice_new(conf, locals, n_locals);
	if (!a)
		return -ENOMEM;
	if (ufrag.len)
		a->peer = ice_peer_new(ufrag, (struct str){ ufrag.s + ufrag.len, saved->pwd_len });
	if (ufrag.len && !a->peer) {
		ice_free(a);
		return -ENOMEM;
	}
	a->list.role = (enum ice_role)saved->role;
	a->conf.components = saved->components;
	a->n_own = saved->n_own;
	memcpy(a->own, saved->own, sizeof(a->own));
	a->renewed = saved->renewed;
	a->listed = true;
	a->peer_lite = saved->peer_lite;
	a->ended = saved->ended;
	a->tie_breaker = saved->tie_breaker;
	a->started_ms = a->next_ms = now_ms;
	for (unsigned int i = 0; i < ICE_COMPONENTS; i++)
		restore_way(a, &saved->ways[i], now_ms, &a->uses[i]);
	*agent = a;
	return 0;
}
