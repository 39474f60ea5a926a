/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * receive.c - a packet of STUN: a check of the peer, a response to one of ours
 */
#include "ice/agent.h"
#include "stun/stun.h"

/* A packet on its way through the agent. */
struct receipt {
	const uint8_t *data;
	struct ice_message message;
	unsigned int local;
	const struct endpoint *from;
	int64_t now_ms;
	struct ice_packet *reply;
};

/* --- Roles ----------------------------------------------------------------------------------- */

static struct ice_pair *find_wanted(struct ice_list *list)
{
	for (size_t i = 0; i < list->n_pairs; i++)
		if (list->pairs[i].wanted && list->pairs[i].valid)
			return &list->pairs[i];
	return NULL;
}

/* Being controlled, we follow what the peer has nominated before, too. */
static void change_role(struct ice_agent *agent, int64_t now_ms)
{
	enum ice_role role = agent->list.role == ICE_CONTROLLED ? ICE_CONTROLLING : ICE_CONTROLLED;
	struct ice_pair *pair;

	ice_list_set_role(&agent->list, role);
	for (size_t i = 0; i < agent->list.n_pairs; i++)
		agent->list.pairs[i].nominating = false;
	while (role == ICE_CONTROLLED && (pair = find_wanted(&agent->list)))
		ice_select(agent, pair, now_ms);
	agent->news |= ICE_NEWS_ROLE;
}

/* RFC 8445, 7.3.1.1. A lite agent is controlled: it has nothing to change to. */
static bool resolves_conflict(struct ice_agent *agent, const struct ice_message *m, int64_t now_ms)
{
	bool wins = agent->tie_breaker >= m->tie_breaker;

	if (!m->claims || m->role != agent->list.role)
		return true;
	if (agent->conf.lite || wins == (m->role == ICE_CONTROLLING))
		return false;
	change_role(agent, now_ms);
	return true;
}

/* The peer has not changed: we do, unless we have since (RFC 8445, 7.2.5.1). */
static void yield_role(struct ice_agent *agent, enum ice_role claimed, int64_t now_ms)
{
	if (claimed != agent->list.role || agent->peer_lite)
		return;
	change_role(agent, now_ms);
	ice_random(agent, &agent->tie_breaker, sizeof(agent->tie_breaker));
}

/* --- Checks of the peer ---------------------------------------------------------------------- */

static bool is_wanted(const struct ice_agent *agent, const struct ice_pair *pair)
{
	return pair->wanted && agent->list.role == ICE_CONTROLLED;
}

static void take_as_lite(struct ice_agent *agent, struct ice_pair *pair, bool use_candidate,
			 int64_t now_ms)
{
	pair->state = ICE_SUCCEEDED;
	if (!use_candidate)
		return;
	pair->valid = true;
	ice_select(agent, pair, now_ms);
}

void ice_take_check(struct ice_agent *agent, const struct ice_early *check, int64_t now_ms)
{
	struct ice_pair *pair = NULL;

	if (agent->list.locals[check->local].component) /* it may have gone since */
		pair = ice_list_learn(&agent->list, check->local, &check->from, check->priority);
	if (!pair) /* no memory: the peer repeats it */
		return;
	pair->heard = true;
	pair->own = check->own;
	if (agent->conf.lite) {
		take_as_lite(agent, pair, check->use_candidate, now_ms);
		return;
	}
	pair->wanted = pair->wanted || check->use_candidate;
	if (pair->state != ICE_SUCCEEDED)
		ice_list_trigger(&agent->list, pair);
	else if (is_wanted(agent, pair))
		ice_select(agent, pair, now_ms);
}

/* Until its offer or answer comes. The oldest gives way. */
static void keep_early(struct ice_agent *agent, const struct ice_early *check)
{
	unsigned int at = 0;

	while (at < agent->n_early && (agent->early[at].local != check->local ||
				       !endpoint_eq(&agent->early[at].from, &check->from)))
		at++;
	if (at == agent->n_early && agent->n_early < ICE_EARLY)
		agent->n_early++;
	else if (at == agent->n_early)
		at = agent->oldest_early++ % ICE_EARLY;
	agent->early[at] = *check;
}

static void note_life(struct ice_agent *agent, const struct receipt *r)
{
	for (unsigned int i = 0; i < ICE_COMPONENTS; i++) {
		struct ice_use *use = &agent->uses[i];

		if (use->peer && use->way.local == r->local &&
		    endpoint_eq(&use->way.remote, r->from))
			use->heard_ms = r->now_ms;
	}
}

/* By an earlier peer: it still uses the way that it had, until the new one is selected. */
static bool is_of_earlier(const struct ice_agent *agent, struct str ufrag)
{
	for (unsigned int i = 0; i < ICE_COMPONENTS; i++)
		if (agent->uses[i].peer && agent->uses[i].peer != agent->peer &&
		    str_eq(ice_peer_ufrag(agent->uses[i].peer), ufrag))
			return true;
	return false;
}

static void learn(struct ice_agent *agent, const struct receipt *r, struct str sender,
		  const struct ice_own *own)
{
	struct ice_early check = { .from = *r->from,
				   .local = r->local,
				   .priority = r->message.priority,
				   .use_candidate = r->message.use_candidate,
				   .ufrag = stun_ufrag_id(sender),
				   .own = stun_ufrag_id(ice_own_ufrag(own)) };

	note_life(agent, r);
	if (agent->peer && str_eq(ice_peer_ufrag(agent->peer), sender))
		ice_take_check(agent, &check, r->now_ms);
	else if (!is_of_earlier(agent, sender))
		keep_early(agent, &check);
}

static const struct ice_own *find_own(const struct ice_agent *agent, struct str ufrag)
{
	for (unsigned int i = 0; i < agent->n_own; i++)
		if (str_eq(ice_own_ufrag(&agent->own[i]), ufrag))
			return &agent->own[i];
	return NULL;
}

static enum ice_verdict take_request(struct ice_agent *agent, const struct receipt *r)
{
	const struct ice_message *m = &r->message;
	struct str sender = m->username, receiver = str_split(&sender, ':');
	const struct ice_own *own = find_own(agent, receiver);
	struct ice_packet *reply = r->reply;
	struct str pwd;

	if (!m->username.s || !m->integrity.size)
		return ICE_GOT_UNSIGNED;
	if (!own || !ice_message_is_authentic(r->data, m, ice_own_pwd(own)))
		return ICE_GOT_FORGED;
	reply->local = r->local;
	reply->to = *r->from;
	pwd = ice_own_pwd(own);
	if (m->n_unknown) {
		reply->len = ice_write_error(reply->data, m, ICE_UNKNOWN_ATTRIBUTE, pwd);
		return ICE_GOT_UNKNOWN;
	}
	if (!resolves_conflict(agent, m, r->now_ms)) {
		reply->len = ice_write_error(reply->data, m, ICE_ROLE_CONFLICT, pwd);
		return ICE_GOT_CONFLICT;
	}
	reply->len = ice_write_success(reply->data, m->id, r->from, pwd);
	learn(agent, r, sender, own);
	return ICE_GOT_CHECK;
}

/* --- Responses ------------------------------------------------------------------------------- */

static void succeed(struct ice_agent *agent, struct ice_pair *pair, const struct receipt *r)
{
	unsigned int component = ice_pair_component(&agent->list, pair);
	bool nominated = pair->nominating && pair->nominates;

	pair->valid = true;
	pair->state = ICE_SUCCEEDED;
	ice_pair_set_mapped(&agent->list, pair, &r->message.mapped);
	ice_list_thaw(&agent->list, pair);
	if (!agent->first_valid_ms[component - 1])
		agent->first_valid_ms[component - 1] = r->now_ms;
	ice_offer_way(agent, pair, r->now_ms);
	if (nominated || is_wanted(agent, pair))
		ice_select(agent, pair, r->now_ms);
}

/* Our check was refused for its role; the next one has the role that we have then. */
static void take_conflict(struct ice_agent *agent, struct ice_pair *pair, int64_t now_ms)
{
	enum ice_role claimed = (enum ice_role)pair->role;

	pair->state = ICE_PAIR_FAILED; /* its transaction has ended */
	ice_list_trigger(&agent->list, pair);
	yield_role(agent, claimed, now_ms); /* @pair may have moved */
}

static enum ice_verdict take_response(struct ice_agent *agent, struct ice_pair *pair,
				      const struct receipt *r)
{
	const struct ice_message *m = &r->message;

	/* From elsewhere: not both directions work (RFC 8445, 7.2.5.2.1). */
	if (pair->local != r->local || !endpoint_eq(ice_pair_remote(&agent->list, pair), r->from) ||
	    (m->class == STUN_ERROR && m->error != ICE_ROLE_CONFLICT))
		ice_fail(agent, pair, r->now_ms);
	else if (m->class == STUN_SUCCESS)
		succeed(agent, pair, r);
	else
		take_conflict(agent, pair, r->now_ms);
	return ICE_GOT_RESPONSE;
}

/* The check of consent that it answers: @asked is its place there; or NULL */
static struct ice_use *find_use(struct ice_agent *agent, const uint8_t *transaction,
				uint8_t **asked)
{
	for (unsigned int i = 0; i < ICE_COMPONENTS; i++) {
		struct ice_use *use = &agent->uses[i];

		for (unsigned int k = 0; use->peer && k < ICE_ASKED; k++) {
			*asked = use->asked[k];
			if (!memcmp(*asked, transaction, STUN_TRANSACTION))
				return use;
		}
	}
	return NULL;
}

/*
 * Each check is answered once: whoever has recorded an answer, and sends it again from the phone's
 * address, does not keep the consent of one that has gone.
 */
static enum ice_verdict take_consent(struct ice_agent *agent, struct ice_use *use, uint8_t *asked,
				     const struct receipt *r)
{
	const struct ice_message *m = &r->message;

	if (use->way.lost || use->way.local != r->local || !endpoint_eq(&use->way.remote, r->from))
		return ICE_GOT_STRAY;
	memset(asked, 0, STUN_TRANSACTION);
	if (m->error == ICE_ROLE_CONFLICT && ice_use_is_current(agent, use))
		yield_role(agent, use->role, r->now_ms);
	if (m->class != STUN_SUCCESS)
		return ICE_GOT_RESPONSE;
	ice_consented(agent, use, r->now_ms);
	return ICE_GOT_RESPONSE;
}

static enum ice_verdict take_answer(struct ice_agent *agent, const struct receipt *r)
{
	const uint8_t *transaction = r->message.id + 4;
	uint8_t *asked;
	struct ice_use *use = find_use(agent, transaction, &asked);
	struct ice_pair *pair = use ? NULL : ice_list_asked(&agent->list, transaction);
	const struct ice_peer *peer = use ? use->peer : agent->peer;

	if (!use && !pair)
		return ICE_GOT_STRAY;
	/* Without it, as of a peer that does not know us yet, it says nothing: we ask again. */
	if (!ice_message_is_authentic(r->data, &r->message, ice_peer_pwd(peer)))
		return ICE_GOT_FORGED;
	return use ? take_consent(agent, use, asked, r) : take_response(agent, pair, r);
}

/* --- Together -------------------------------------------------------------------------------- */

static enum ice_verdict take(struct ice_agent *agent, const struct receipt *r)
{
	switch (r->message.class) {
	case STUN_REQUEST:
		return take_request(agent, r);
	case STUN_INDICATION:
		return ICE_GOT_INDICATION;
	default:
		return take_answer(agent, r);
	}
}

enum ice_verdict ice_receive(struct ice_agent *agent, unsigned int local,
			     const struct endpoint *from, const uint8_t *data, size_t len,
			     int64_t now_ms, struct ice_packet *reply)
{
	struct receipt r = {
		.data = data, .local = local, .from = from, .now_ms = now_ms, .reply = reply
	};
	enum ice_verdict verdict = ICE_GOT_NO_STUN;

	reply->len = 0;
	if (local < agent->list.n_locals && agent->list.locals[local].component &&
	    ice_message_read(data, len, &r.message))
		verdict = take(agent, &r);
	agent->counts[verdict]++;
	return verdict;
}
