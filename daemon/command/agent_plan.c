/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent_plan.c - decides for each m= line which sides have ICE that ends in the relay, and what its
 * SDP says (RFC 8839)
 *
 * Each side has an agent of its own: a browser with ICE can talk to a phone without. An offer with
 * ICE is answered with ICE, and the receiver is offered it as the key ICE says. What changes is a
 * copy of the agents, which takes their place with the commit.
 */
#include <errno.h>
#include "call/ice_run.h"
#include "call/media.h"
#include "call/media_bundle.h"
#include "call/media_ice.h"
#include "command/exchange.h"
#include "packet/bridge.h"
#include "sdp/ice.h"

/* --- Who has ICE ----------------------------------------------------------------------------- */

static bool has_agent(const struct media_plan *plan, enum side side)
{
	const struct media *at = plan->old ? media_carrier(plan->old, side) : NULL;

	return at && at->ice && at->ice->side[side].agent;
}

static bool has_refused(const struct media_plan *plan, enum side side)
{
	return plan->old && plan->old->ice && plan->old->ice->side[side].refused;
}

/* A side that has ICE keeps it, unless it is taken from it. */
static bool is_to_be_offered(const struct exchange *ex, const struct media_plan *plan)
{
	const struct request *request = ex->request;

	if (request->ice == REQUEST_ICE_REMOVE)
		return false;
	if (plan->before.side[ex->to].flags & SIDE_ICE)
		return true;
	if (has_refused(plan, ex->to) && !request->ice_reset)
		return false;
	return request->ice == REQUEST_ICE_FORCE || plan->ice_used[ex->from];
}

static void set_flag(struct side_conf *side, bool on)
{
	side->flags = on ? side->flags | SIDE_ICE : side->flags & ~(uint32_t)SIDE_ICE;
}

static void decide_offer(const struct exchange *ex, struct media_plan *plan)
{
	bool offered = ice_is_offered(plan->ice_lines) && !ex->request->reject_ice;

	plan->ice_mismatch = offered && ice_is_mismatch(plan->ice_lines, 1, &plan->ice_address);
	plan->ice_used[ex->from] = offered && !plan->ice_mismatch;
	plan->ice_used[ex->to] = is_to_be_offered(ex, plan);
	set_flag(&plan->conf.side[ex->from], plan->ice_used[ex->from]);
	if (!plan->ice_used[ex->to])
		set_flag(&plan->conf.side[ex->to], false);
}

static void decide_answer(const struct exchange *ex, struct media_plan *plan)
{
	plan->ice_used[ex->from] = has_agent(plan, ex->from) && ice_is_offered(plan->ice_lines);
	plan->ice_used[ex->to] = has_agent(plan, ex->to) &&
				 plan->conf.side[ex->to].flags & SIDE_ICE &&
				 ex->request->ice != REQUEST_ICE_REMOVE;
	set_flag(&plan->conf.side[ex->from], plan->ice_used[ex->from]);
	if (!plan->ice_used[ex->to])
		set_flag(&plan->conf.side[ex->to], false);
}

int agent_plan_decide(struct exchange *ex, const struct sdp_media *m, struct media_plan *plan)
{
	if (ex->request->leg || ex->keeps_ice || plan->conf.kind != BRIDGE_RTP) {
		set_flag(&plan->conf.side[ex->to], false);
		return 0;
	}
	plan->ice_lines = arena_zalloc(ex->env->arena, sizeof(*plan->ice_lines));
	if (!plan->ice_lines)
		return -ENOMEM;
	plan->ice_address = m->rtp;
	sdp_ice_read(&ex->sdp, m, plan->ice_lines);
	/* What came before in the settings of this side went with its other flags. */
	set_flag(&plan->conf.side[ex->from], plan->before.side[ex->from].flags & SIDE_ICE);
	if (ex->offer)
		decide_offer(ex, plan);
	else
		decide_answer(ex, plan);
	return 0;
}

/* --- The agents ------------------------------------------------------------------------------ */

/* Toward O, the sender of an offer, "backward" is meant; toward its receiver "forward". */
static bool is_lite(const struct exchange *ex, enum side side, bool otherwise)
{
	enum request_ice_lite lite = ex->request->ice_lite;

	if (lite == REQUEST_LITE_UNSET)
		return otherwise;
	return lite == REQUEST_LITE_BOTH ||
	       lite == (side == ex->to ? REQUEST_LITE_FORWARD : REQUEST_LITE_BACKWARD);
}

/* Makes the agent of @side, if it has none; another one, if it is to be lite and is full. */
static int make_agent(const struct exchange *ex, struct media_plan *plan, enum side side)
{
	const struct ice_agent *agent = plan->ice->side[side].agent;
	struct ice_conf conf;

	media_ice_conf(ex->call->table, &conf);
	conf.lite = is_lite(ex, side, agent ? ice_is_lite(agent) : conf.lite);
	conf.role = side == ex->to ? ICE_CONTROLLING : ICE_CONTROLLED;
	if (side == ex->to && ex->request->flags & REQ_MUX_REQUIRE)
		conf.components = 1;
	if (plan->conf.side[side].flags & SIDE_MUX)
		conf.components = 1;
	if (agent && ice_is_lite(agent) != conf.lite)
		media_ice_drop(plan->ice, side);
	return media_ice_agent(plan->ice, plan->media, side, &conf);
}

static int hear_lines(const struct exchange *ex, struct media_plan *plan)
{
	struct media_ice_side *side = &plan->ice->side[ex->from];

	side->trickle = plan->ice_lines->trickle;
	side->refused = false;
	return ice_remote(side->agent, plan->ice_lines, ex->offer, ex->env->now_ms);
}

/* Is it at the port of another media, whose agent serves both? */
static bool is_carried(const struct exchange *ex, const struct media_plan *plan, enum side side)
{
	size_t index = (size_t)(plan - ex->plan);

	return bundle_plan_carrier(ex, index, side) != index;
}

static int make_offer(const struct exchange *ex, struct media_plan *plan)
{
	bool from = plan->ice_used[ex->from] && !is_carried(ex, plan, ex->from);
	bool to = plan->ice_used[ex->to] && !is_carried(ex, plan, ex->to);
	int error = 0;

	plan->ice->side[ex->from].mismatch = plan->ice_mismatch;
	if (from)
		error = make_agent(ex, plan, ex->from);
	else
		media_ice_drop(plan->ice, ex->from);
	if (!error && from)
		error = hear_lines(ex, plan);
	if (!error && to)
		error = make_agent(ex, plan, ex->to);
	else
		media_ice_drop(plan->ice, ex->to);
	if (ex->request->ice_reset)
		plan->ice->side[ex->to].refused = false;
	return error;
}

static int make_answer(const struct exchange *ex, struct media_plan *plan)
{
	struct media_ice_side *from = &plan->ice->side[ex->from];
	int error = 0;

	if (is_carried(ex, plan, ex->from))
		media_ice_drop(plan->ice, ex->from);
	else if (plan->ice_used[ex->from])
		error = hear_lines(ex, plan);
	else
		from->refused = from->refused || from->agent;
	if (!plan->ice_used[ex->to] || is_carried(ex, plan, ex->to))
		media_ice_drop(plan->ice, ex->to);
	for (int side = 0; side < 2 && !error; side++)
		if (plan->ice->side[side].agent && plan->conf.side[side].flags & SIDE_MUX)
			ice_mux(plan->ice->side[side].agent);
	return error;
}

int agent_plan_make(struct exchange *ex, size_t index)
{
	struct media_plan *plan = &ex->plan[index];
	const struct media_ice *before = plan->old ? plan->old->ice : NULL;

	if (!plan->media || !plan->ice_lines)
		return 0;
	if (!before && !plan->ice_used[SIDE_A] && !plan->ice_used[SIDE_B] && !plan->ice_mismatch)
		return 0;
	plan->ice = media_ice_copy(before);
	if (!plan->ice)
		return -ENOMEM;
	for (int side = 0; side < 2 && plan->media != plan->old; side++) /* other ports */
		media_ice_drop(plan->ice, side);
	return (ex->offer ? make_offer : make_answer)(ex, plan);
}

void agent_plan_commit(struct media_plan *plan)
{
	if (!plan->ice)
		return;
	ice_run_commit(plan->media, plan->ice);
	plan->ice = NULL;
}

/* --- SDP ------------------------------------------------------------------------------------- */

static const struct media_ice *ice_now(const struct media_plan *plan)
{
	return plan->ice ? plan->ice : plan->old ? plan->old->ice : NULL;
}

/*
 * Candidates name what m=, c= and a=rtcp do: a media-address, the port that a router maps, the
 * bound address for a phone in local-networks.
 */
static void advertise(struct ice_agent *agent, const struct sdp_media_edit *edit)
{
	ice_advertise(agent, 1, &edit->rtp);
	if (endpoint_is_set(&edit->rtcp) && !endpoint_eq(&edit->rtcp, &edit->rtp))
		ice_advertise(agent, 2, &edit->rtcp);
}

int agent_plan_edit(const struct exchange *ex, size_t index, struct sdp_media_edit *edit)
{
	const struct media_plan *plan = &ex->plan[index];
	const struct media_plan *at = &ex->plan[bundle_plan_carrier(ex, index, ex->to)];
	const struct media_ice *ice = ice_now(at);
	const struct media_ice_side *to = ice ? &ice->side[ex->to] : NULL;
	struct ice_description *lines;

	if (!to || !plan->ice_lines || (!to->agent && (ex->offer || !to->mismatch)))
		return 0;
	lines = arena_zalloc(ex->env->arena, sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	if (to->agent && at->ice)
		advertise(to->agent, edit);
	if (to->agent)
		ice_describe(to->agent, lines);
	else
		lines->mismatch = true;
	if (!bundle_plan_has_candidates(ex, index))
		lines->n_candidates = 0;
	/* Ours are complete at once. */
	lines->trickle = lines->end = ex->offer ? ex->request->trickle_ice : to->trickle;
	edit->ice = lines;
	return 0;
}
