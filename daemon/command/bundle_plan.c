/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bundle_plan.c - decides which medias use the port of another one (BUNDLE, RFC 9143), on each side
 * for itself
 *
 * A browser may put all its medias at one port, a plain phone never does. Where keys end in the
 * relay, the group of an offer is accepted, whatever the other phone says: the medias of its sender
 * are at one port from the offer on. Where they pass, both phones have to agree: until the answer
 * each media keeps a transport of its own. The first media of a group carries the others, for as
 * long as there are any, also if its own m= line is refused later.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "call/media_bundle.h"
#include "call/media_sdes.h"
#include "command/exchange.h"
#include "packet/bridge.h"
#include "sdp/bundle.h"

static const struct media_bundle *bundle_now(const struct media_plan *plan)
{
	return plan->bundle ? plan->bundle : plan->old ? plan->old->bundle : NULL;
}

static uint8_t carrier_now(const struct media_plan *plan, int side)
{
	const struct media_bundle *bundle = bundle_now(plan);

	return bundle ? bundle->side[side].carrier : 0;
}

/* The number of @index, from 1, as it is kept. */
static uint8_t number(size_t index)
{
	return (uint8_t)(index + 1);
}

size_t bundle_plan_carrier(const struct exchange *ex, size_t index, enum side side)
{
	uint8_t carrier = carrier_now(&ex->plan[index], side);

	return carrier && carrier <= ex->sdp.n_media && ex->plan[carrier - 1].media ? carrier - 1U
										    : index;
}

/* A copy of what the media had, to be changed. 0; -ENOMEM */
static int reserve(struct media_plan *plan)
{
	if (plan->bundle)
		return 0;
	plan->bundle = calloc(1, sizeof(*plan->bundle));
	if (!plan->bundle)
		return -ENOMEM;
	if (plan->old && plan->old->bundle)
		*plan->bundle = *plan->old->bundle;
	if (plan->replace)
		plan->bundle->told[SIDE_A] = plan->bundle->told[SIDE_B] = false;
	return 0;
}

/* --- What an SDP says ------------------------------------------------------------------------- */

static bool has_mid(const struct exchange *ex, struct str mid)
{
	for (size_t i = 0; i < ex->sdp.n_media; i++)
		if (str_eq(ex->sdp.media[i].mid, mid))
			return true;
	return false;
}

/* The a=mid of a media that has none: its number. */
static void generate_mid(const struct exchange *ex, size_t index, char mid[BUNDLE_MID + 1])
{
	snprintf(mid, BUNDLE_MID + 1, "%zu", index + 1);
	if (has_mid(ex, str_of(mid)))
		snprintf(mid, BUNDLE_MID + 1, "relay%zu", index + 1);
}

static void note_mid(const struct exchange *ex, size_t index, struct media_bundle *bundle)
{
	struct str mid = ex->sdp.media[index].mid;

	if (!mid.len)
		generate_mid(ex, index, bundle->mid);
	else
		snprintf(bundle->mid, sizeof(bundle->mid), STR_FMT,
			 STR_ARG(mid.len > BUNDLE_MID ? STR_NONE : mid));
}

/* What the sender of this SDP will have in its packets. */
static void note_sender(const struct exchange *ex, size_t index, struct media_bundle_side *side)
{
	const struct sdp_media *m = &ex->sdp.media[index];

	side->mid_id = sdp_mid_extension(&ex->sdp, m);
	side->n_ssrc = (uint8_t)sdp_ssrcs(&ex->sdp, m, side->ssrc, BUNDLE_SIGNALLED);
}

/* SDES has a key for each media, which packets at one port would have to be tried with. */
static bool may_join(const struct exchange *ex, size_t index, int side)
{
	const struct media_plan *plan = &ex->plan[index];
	const struct media_sdes *sdes = plan->sdes  ? plan->sdes
					: plan->old ? plan->old->sdes
						    : NULL;

	if (ex->sdp.media[index].transport == SDP_OTHER)
		return false;
	return !media_sdes_ends(sdes) || !sdes->secure[side] || sdes->dtls[side];
}

static bool is_rtp(const struct exchange *ex, size_t index)
{
	return sdp_is_rtp(ex->sdp.media[index].transport);
}

/* Of this group of the SDP, with a port: the first one; ex->sdp.n_media: none has. */
static size_t first_of(const struct exchange *ex, uint8_t group, int side)
{
	size_t first = ex->sdp.n_media;

	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		if (ex->groups->group[i] != group || !ex->sdp.media[i].port || !is_rtp(ex, i) ||
		    !may_join(ex, i, side))
			continue;
		if (first == ex->sdp.n_media || ex->groups->rank[i] < ex->groups->rank[first])
			first = i;
	}
	return first;
}

/* The media that carries others of this group already, and exists; ex->sdp.n_media: none does */
static size_t carries_before(const struct exchange *ex, uint8_t group, int side)
{
	for (size_t i = 0; i < ex->sdp.n_media && i < ex->dialog->n_media; i++) {
		const struct media *old = ex->plan[i].old;
		uint8_t carrier = old && old->bundle && ex->groups->group[i] == group
					  ? old->bundle->side[side].carrier
					  : 0;

		if (carrier && carrier <= ex->sdp.n_media && ex->plan[carrier - 1].old &&
		    !ex->plan[carrier - 1].replace)
			return carrier - 1U;
	}
	return ex->sdp.n_media;
}

/* --- Offer: its sender ------------------------------------------------------------------------ */

static bool sdes_ends(const struct media_plan *plan)
{
	return media_sdes_ends(plan->sdes ? plan->sdes : plan->old ? plan->old->sdes : NULL);
}

/* Can its packets go to single ports of the other phone? Not if the phones have the keys. */
static bool is_firm(const struct exchange *ex, size_t first)
{
	const struct media_plan *plan = &ex->plan[first];

	if (sdes_ends(plan))
		return true;
	return ex->sdp.media[first].transport == SDP_RTP &&
	       (ex->request->bundle == REQUEST_BUNDLE_ACCEPT || plan->ice_used[ex->from]);
}

/* The media without a port is at that of @carrier. 0; -ENOMEM */
static int unfold(struct exchange *ex, size_t index, size_t carrier)
{
	struct sdp_media *m = &ex->sdp.media[index];
	const struct sdp_media *at = &ex->sdp.media[carrier];

	if (!is_rtp(ex, index))
		return 0;
	m->port = at->port;
	m->rtp = at->rtp;
	m->rtcp = at->rtcp;
	m->held = at->held;
	memset(&ex->plan[index], 0, sizeof(ex->plan[index]));
	return media_plan_make(ex, index) || sdes_plan_make(ex, index) ? -ENOMEM : 0;
}

/* A media that is carried has no candidates: its own address tells nothing. */
static void use_transport_of(struct exchange *ex, size_t index, size_t carrier)
{
	const struct media_plan *at = &ex->plan[carrier];
	struct media_plan *plan = &ex->plan[index];
	uint32_t *flags = &plan->conf.side[ex->from].flags;

	if (index == carrier || !ex->sdp.media[carrier].port)
		return;
	plan->ice_mismatch = at->ice_mismatch;
	plan->ice_used[ex->from] = at->ice_used[ex->from];
	*flags = (*flags & ~(uint32_t)SIDE_ICE) | (at->conf.side[ex->from].flags & SIDE_ICE);
}

static int accept_group(struct exchange *ex, uint8_t group)
{
	size_t before = carries_before(ex, group, ex->from), first = first_of(ex, group, ex->from);
	bool known = before < ex->sdp.n_media;
	bool firm = known || (first < ex->sdp.n_media && is_firm(ex, first));
	size_t carrier = known ? before : first;
	int error = 0;

	for (size_t i = 0; i < ex->sdp.n_media && !error; i++) {
		struct media_bundle_side *side;

		if (ex->groups->group[i] != group)
			continue;
		if (firm && first < ex->sdp.n_media && !ex->sdp.media[i].port &&
		    ex->sdp.media[i].bundle_only)
			error = unfold(ex, i, first);
		if (error || !ex->sdp.media[i].port || !may_join(ex, i, ex->from))
			continue;
		/* A data channel is in the association that ends here. */
		ex->plan[i].left_out = firm && !is_rtp(ex, i) && sdes_ends(&ex->plan[carrier]);
		error = reserve(&ex->plan[i]);
		if (error)
			break;
		side = &ex->plan[i].bundle->side[ex->from];
		side->group = group;
		side->carrier = firm && is_rtp(ex, i) ? number(carrier) : 0;
		if (side->carrier)
			use_transport_of(ex, i, carrier);
	}
	return error;
}

/* --- Offer: its receiver ---------------------------------------------------------------------- */

static bool has_own_transport(const struct media_plan *plan, int side)
{
	return plan->ice_used[side] || plan->conf.side[side].flags & SIDE_HANDSHAKE;
}

/*
 * By default who has a group of the relay's is offered it, if the other phone's transport is the
 * relay's, too; a group that concerns both phones passes.
 */
static bool is_offered(const struct exchange *ex, size_t index)
{
	const struct request *request = ex->request;
	const struct media_plan *plan = &ex->plan[index];

	if (!ex->sdp.media[index].port || !may_join(ex, index, ex->to) || plan->left_out ||
	    request->bundle == REQUEST_BUNDLE_REJECT)
		return false;
	if (carrier_now(plan, ex->to))
		return true;
	if (request->bundle_offer || request->bundle_require)
		return is_rtp(ex, index);
	if (request->bundle == REQUEST_BUNDLE_ACCEPT || !ex->groups->group[index])
		return false;
	return !carrier_now(plan, ex->from) || has_own_transport(plan, ex->to);
}

/* The media that carries those of the receiver already, or with "require" the first one. */
static uint8_t carrier_for(const struct exchange *ex, uint8_t group)
{
	size_t first = ex->sdp.n_media;

	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		const struct media_plan *plan = &ex->plan[i];
		uint8_t carrier = carrier_now(plan, ex->to);

		if (!plan->bundle || plan->bundle->side[ex->to].group != group)
			continue;
		if (carrier && carrier <= ex->sdp.n_media && ex->plan[carrier - 1].old &&
		    !ex->plan[carrier - 1].replace)
			return carrier;
		if (first == ex->sdp.n_media && is_rtp(ex, i))
			first = i;
	}
	return ex->request->bundle_require && first < ex->sdp.n_media ? number(first) : 0;
}

/* Without a group in the offer all medias are one. */
static int offer_groups(struct exchange *ex)
{
	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		struct media_plan *plan = &ex->plan[i];
		bool offered = is_offered(ex, i);
		struct media_bundle_side *side;

		if (!offered && !bundle_now(plan))
			continue;
		if (reserve(plan))
			return -ENOMEM;
		side = &plan->bundle->side[ex->to];
		side->group = offered ? ex->groups->group[i] ? ex->groups->group[i] : 1 : 0;
		if (!offered)
			side->carrier = 0;
	}
	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		struct media_bundle *bundle = ex->plan[i].bundle;

		if (bundle && bundle->side[ex->to].group && is_rtp(ex, i))
			bundle->side[ex->to].carrier = carrier_for(ex, bundle->side[ex->to].group);
	}
	return 0;
}

/*
 * With no header extension at all in the offer its receiver gets one for a=mid, so that what it
 * sends can be told apart.
 */
static void note_offer(const struct exchange *ex, size_t index)
{
	struct media_bundle *bundle = ex->plan[index].bundle;
	const struct sdp_media *m = &ex->sdp.media[index];
	struct media_bundle_side *to;

	if (!bundle)
		return;
	note_mid(ex, index, bundle);
	note_sender(ex, index, &bundle->side[ex->from]);
	to = &bundle->side[ex->to];
	to->strip = to->group && is_rtp(ex, index) && !bundle->side[ex->from].mid_id &&
		    !sdp_has_other_extensions(&ex->sdp, m);
}

static int plan_offer(struct exchange *ex)
{
	int error = 0;

	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		struct media_plan *plan = &ex->plan[i];

		if (!plan->old || !plan->old->bundle)
			continue;
		if (reserve(plan)) /* what this SDP does not say again is over */
			return -ENOMEM;
		plan->bundle->side[ex->from].group = plan->bundle->side[ex->from].carrier = 0;
	}
	for (uint8_t group = 1; group <= ex->groups->n_groups && !error; group++)
		if (ex->request->bundle != REQUEST_BUNDLE_REJECT)
			error = accept_group(ex, group);
	if (!error)
		error = offer_groups(ex);
	for (size_t i = 0; i < ex->sdp.n_media && !error; i++)
		note_offer(ex, i);
	return error;
}

/* --- Answer ----------------------------------------------------------------------------------- */

static bool is_accepted(const struct exchange *ex, size_t index)
{
	return ex->sdp.media[index].port && (ex->plan[index].media || !ex->plan[index].old);
}

/* The first accepted media of the answer's group that was in one of the offer's. */
static uint8_t agreed_carrier(const struct exchange *ex, uint8_t group, int side)
{
	size_t first = ex->sdp.n_media;

	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		const struct media_bundle *bundle = ex->plan[i].bundle;

		if (!bundle || ex->groups->group[i] != group || !bundle->side[side].group ||
		    !is_accepted(ex, i) || !is_rtp(ex, i))
			continue;
		if (first == ex->sdp.n_media || ex->groups->rank[i] < ex->groups->rank[first])
			first = i;
	}
	return first < ex->sdp.n_media ? number(first) : 0;
}

static void agree(struct exchange *ex, size_t index, int side)
{
	struct media_bundle_side *own = &ex->plan[index].bundle->side[side];
	uint8_t group = ex->groups->group[index];

	if (own->carrier || !own->group || !is_accepted(ex, index))
		return;
	if (group && !sdes_ends(&ex->plan[index]))
		own->carrier = agreed_carrier(ex, group, side);
	else if (group && side == (int)ex->from && is_rtp(ex, index))
		own->carrier = agreed_carrier(ex, group, side);
	if (!own->carrier)
		own->group = 0;
}

/* With one port there is none for RTCP alone (RFC 9143, 9.3). */
static void join_rtcp(struct exchange *ex, size_t index)
{
	struct media_plan *plan = &ex->plan[index];

	for (int side = 0; side < 2; side++)
		if (plan->bundle->side[side].carrier && plan->conf.kind == BRIDGE_RTP &&
		    (side == (int)ex->from ? ex->sdp.media[index].rtcp_mux
					   : !!(plan->flags & MEDIA_MUX_SEEN)))
			plan->conf.side[side].flags |= SIDE_MUX;
}

/* What comes from the offerer has a=mid, since the relay says so, but the answerer does not. */
static void note_answer(const struct exchange *ex, size_t index)
{
	struct media_bundle *bundle = ex->plan[index].bundle;
	const struct sdp_media *m = &ex->sdp.media[index];
	struct media_bundle_side *to = &bundle->side[ex->to];

	note_sender(ex, index, &bundle->side[ex->from]);
	to->strip = to->carrier && !sdp_mid_extension(&ex->sdp, m) &&
		    !sdp_has_other_extensions(&ex->sdp, m);
}

static int plan_answer(struct exchange *ex)
{
	for (size_t i = 0; i < ex->sdp.n_media; i++)
		if (bundle_now(&ex->plan[i]) && reserve(&ex->plan[i]))
			return -ENOMEM;
	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		if (!ex->plan[i].bundle)
			continue;
		agree(ex, i, ex->from);
		agree(ex, i, ex->to);
	}
	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		if (!ex->plan[i].bundle || !is_accepted(ex, i))
			continue;
		join_rtcp(ex, i);
		note_answer(ex, i);
	}
	return 0;
}

/* --- Both ------------------------------------------------------------------------------------- */

/* A media without an m= line of its own, for those that are at its port. */
static void keep_carriers(struct exchange *ex)
{
	for (size_t i = 0; i < ex->sdp.n_media; i++)
		for (int side = 0; side < 2; side++) {
			uint8_t carrier = is_accepted(ex, i) ? carrier_now(&ex->plan[i], side) : 0;
			struct media_plan *plan;

			if (!carrier || carrier > ex->sdp.n_media)
				continue;
			plan = &ex->plan[carrier - 1];
			if (plan->media || !plan->old || plan->replace)
				continue;
			plan->media = plan->old;
			plan->flags |= MEDIA_REFUSED;
		}
}

static bool concerns(const struct exchange *ex)
{
	for (size_t i = 0; i < ex->sdp.n_media; i++)
		if (bundle_now(&ex->plan[i]))
			return true;
	return ex->offer &&
	       (ex->groups->n_groups || ex->request->bundle_offer || ex->request->bundle_require);
}

int bundle_plan_make(struct exchange *ex)
{
	int error;

	if (ex->request->leg || ex->keeps_ice || !concerns(ex))
		return 0;
	error = (ex->offer ? plan_offer : plan_answer)(ex);
	if (!error)
		keep_carriers(ex);
	return error;
}

int bundle_plan_read(struct exchange *ex)
{
	ex->groups = arena_zalloc(ex->env->arena, sizeof(*ex->groups));
	if (!ex->groups)
		return -ENOMEM;
	sdp_bundle_read(&ex->sdp, ex->groups);
	return 0;
}

void bundle_plan_commit(struct media_plan *plan)
{
	if (!plan->media || !plan->bundle)
		return;
	free(plan->media->bundle);
	plan->media->bundle = plan->bundle;
	plan->bundle = NULL;
}

/* --- SDP -------------------------------------------------------------------------------------- */

/* Is the m= line in a group that its receiver is told? In an answer: one that was agreed on. */
static bool is_told(const struct exchange *ex, size_t index)
{
	const struct media_plan *plan = &ex->plan[index];
	const struct media_bundle *bundle = bundle_now(plan);

	if (!bundle || !ex->sdp.media[index].port || plan->too_many || plan->left_out)
		return false;
	return bundle->side[ex->to].group && (ex->offer || bundle->side[ex->to].carrier);
}

static struct str shown_mid(const struct exchange *ex, size_t index)
{
	const struct media_bundle *bundle = bundle_now(&ex->plan[index]);
	struct str mid = ex->offer ? ex->sdp.media[index].mid : offered_mid(ex, index);

	return mid.len ? mid : str_of(bundle->mid);
}

/* One media alone needs no a=mid in its packets. */
static bool is_alone(const struct exchange *ex)
{
	size_t n = 0;

	for (size_t i = 0; i < ex->sdp.n_media; i++)
		n += is_told(ex, i);
	return n < 2;
}

void bundle_plan_edit(const struct exchange *ex, size_t index, struct sdp_media_edit *edit)
{
	const struct sdp_media *m = &ex->sdp.media[index];
	const struct media_bundle *bundle = bundle_now(&ex->plan[index]);
	bool told = is_told(ex, index);
	char *mid;

	if (told) {
		edit->mid = shown_mid(ex, index);
		edit->with_mid = true;
	} else if (ex->offer && ex->request->generate_mid && m->port && !m->mid.len) {
		mid = arena_alloc(ex->env->arena, BUNDLE_MID + 1);
		if (!mid)
			return;
		generate_mid(ex, index, mid);
		edit->mid = str_of(mid);
		edit->with_mid = true;
	}
	/* RFC 5888, 7: an answer has none that was not offered. */
	if (!ex->offer && m->mid.len && ex->dialog->offered.len && !offered_mid(ex, index).len)
		edit->no_mid = true;
	edit->no_mid_extension = !ex->offer && bundle && bundle->side[ex->from].strip;
	if (!told || is_alone(ex) || !is_rtp(ex, index) || sdp_mid_extension(&ex->sdp, m))
		return;
	if (ex->offer)
		edit->mid_extension = bundle->side[ex->to].strip;
	else
		edit->mid_extension = bundle->side[ex->to].mid_id;
}

/* The candidates are told once: in the m= line of the media that carries, or in the first one. */
bool bundle_plan_has_candidates(const struct exchange *ex, size_t index)
{
	size_t carrier = bundle_plan_carrier(ex, index, ex->to);

	if (carrier == index)
		return true;
	if (ex->sdp.media[carrier].port)
		return false;
	for (size_t i = 0; i < index; i++)
		if (ex->sdp.media[i].port && bundle_plan_carrier(ex, i, ex->to) == carrier)
			return false;
	return true;
}

/* "0 1": of one group, the media that carries first, then in the order of m= lines */
static struct str group_text(const struct exchange *ex, uint8_t group)
{
	size_t size = 1, at;
	struct buf out;

	for (size_t i = 0; i < ex->sdp.n_media; i++)
		if (is_told(ex, i))
			size += shown_mid(ex, i).len + 1;
	out = BUF_INIT(arena_alloc(ex->env->arena, size), size);
	for (size_t pass = 0; out.data && pass < 2; pass++)
		for (at = 0; at < ex->sdp.n_media; at++) {
			const struct media_bundle *bundle = bundle_now(&ex->plan[at]);

			if (!is_told(ex, at) || bundle->side[ex->to].group != group ||
			    (bundle->side[ex->to].carrier == number(at)) != !pass)
				continue;
			if (out.len)
				buf_char(&out, ' ');
			buf_str(&out, shown_mid(ex, at));
		}
	return (struct str){ out.data, out.len };
}

/* A group of the phones' own passes as it is. */
static bool is_ours(const struct exchange *ex)
{
	bool ours = ex->request->bundle == REQUEST_BUNDLE_REJECT;

	if (!ours && !ex->offer && !concerns(ex))
		return false;

	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		const struct media_bundle *bundle = bundle_now(&ex->plan[i]);

		if (bundle && ex->sdp.media[i].port)
			ours = ours || bundle->side[SIDE_A].carrier ||
			       bundle->side[SIDE_B].carrier ||
			       !bundle->side[ex->to].group != !ex->groups->group[i];
		else if (ex->groups->group[i] && ex->sdp.media[i].port)
			ours = true;
	}
	return ours;
}

int bundle_plan_edit_session(const struct exchange *ex, struct sdp_edit *edit)
{
	struct str *groups;

	if (ex->request->leg || ex->keeps_ice || !is_ours(ex))
		return 0;
	groups = arena_zalloc(ex->env->arena, SDP_GROUPS * sizeof(*groups));
	if (!groups)
		return -ENOMEM;
	for (uint8_t group = 1; group <= SDP_GROUPS; group++) {
		struct str text = group_text(ex, group);

		if (text.len)
			groups[edit->n_groups++] = text;
	}
	edit->groups = groups;
	edit->flags |= SDP_OWN_GROUPS;
	return 0;
}
