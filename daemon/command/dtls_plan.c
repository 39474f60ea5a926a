/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dtls_plan.c - DTLS-SRTP that ends in the relay: what an SDP says of its sender, what the receiver
 *		 is told (RFC 5763, 8842)
 *
 * The fingerprint of the sender is kept with the commit. A handshake begins with the answer: then
 * the roles of both sides are known. Roles stay for the whole call.
 */
#include <errno.h>
#include "base/log.h"
#include "base/siphash.h"
#include "call/media_dtls.h"
#include "call/media_sdes.h"
#include "command/exchange.h"
#include "sdp/dtls.h"

/* What the sender's SDP says. */
struct dtls_heard {
	uint8_t setup; /* enum dtls_setup */
	uint64_t tls_id;
	unsigned int n;
	struct dtls_fingerprint peer[DTLS_FINGERPRINTS];
};

static uint8_t setup_of(struct str text)
{
	if (str_eq_nocase(text, STR("actpass")))
		return DTLS_ACTPASS;
	if (str_eq_nocase(text, STR("active")))
		return DTLS_SETUP_ACTIVE;
	if (str_eq_nocase(text, STR("passive")))
		return DTLS_SETUP_PASSIVE;
	return str_eq_nocase(text, STR("holdconn")) ? DTLS_HOLDCONN : DTLS_SETUP_NONE;
}

static void read_heard(const struct exchange *ex, const struct sdp_media *m,
		       struct dtls_heard *heard)
{
	struct sdp_dtls lines;

	sdp_dtls(&ex->sdp, m, &lines);
	*heard = (struct dtls_heard){ .setup = setup_of(lines.setup) };
	if (lines.tls_id.len)
		heard->tls_id = siphash(&ex->call->table->key, lines.tls_id) | 1;
	for (size_t i = 0; i < lines.n && heard->n < DTLS_FINGERPRINTS; i++)
		if (dtls_fingerprint_read(lines.fingerprint[i], &heard->peer[heard->n]))
			heard->n++;
}

bool dtls_plan_has_fingerprint(const struct exchange *ex, const struct sdp_media *m)
{
	struct dtls_heard heard;

	read_heard(ex, m, &heard);
	return heard.n;
}

static bool ends_here(const struct media_plan *plan, int side)
{
	const struct media_sdes *sdes = plan->sdes  ? plan->sdes
					: plan->old ? plan->old->sdes
						    : NULL;

	return sdes && sdes->secure[side] && sdes->dtls[side];
}

/* Not at the port of another media, whose association serves both. */
static bool has_own(const struct exchange *ex, size_t index, int side)
{
	return ends_here(&ex->plan[index], side) && bundle_plan_carrier(ex, index, side) == index;
}

int dtls_plan_open(struct exchange *ex, size_t index)
{
	struct media_plan *plan = &ex->plan[index];
	int error = 0;

	for (int side = 0; side < 2 && plan->media && !error; side++)
		if (has_own(ex, index, side))
			error = media_dtls_open(plan->media, side);
	/* A media without a port says nothing: it may still carry others. */
	if (error || !plan->media || !ex->sdp.media[index].port || !has_own(ex, index, ex->from))
		return error;
	plan->dtls = arena_zalloc(ex->env->arena, sizeof(*plan->dtls));
	if (!plan->dtls)
		return -ENOMEM;
	read_heard(ex, &ex->sdp.media[index], plan->dtls);
	return 0;
}

/* --- Roles ------------------------------------------------------------------------------------ */

/* Another association: another certificate or phone, or a=tls-id says so (RFC 8842, 4). */
static bool is_fresh(const struct exchange *ex, const struct dtls_side *side,
		     const struct dtls_heard *heard)
{
	return ex->new_answerer || side->tls_id != heard->tls_id ||
	       !dtls_fingerprints_meet(side->terms.peer, side->terms.n, heard->peer, heard->n);
}

/*
 * Is the relay active toward a side whose SDP had @setup? Without a=setup who offers is active, and
 * so is who answers actpass (RFC 4145, 4). @wish: of the proxy
 */
static bool is_active(const struct exchange *ex, uint8_t setup, uint8_t wish)
{
	switch (setup) {
	case DTLS_SETUP_PASSIVE:
		return true;
	case DTLS_ACTPASS:
		return wish ? wish == DTLS_ACTIVE : !ex->call->table->conf.dtls_passive;
	default:
		return false;
	}
}

static uint8_t wish_of(const struct exchange *ex, const struct dtls_side *side)
{
	return ex->request->dtls.role ? ex->request->dtls.role : side->wish;
}

/* An association keeps its roles, whatever the SDP says later. */
static bool offerer_is_served_actively(const struct exchange *ex, const struct dtls_side *side)
{
	return side->agreed ? side->terms.active : is_active(ex, side->setup, wish_of(ex, side));
}

/* --- SDP -------------------------------------------------------------------------------------- */

/* The hash that an offer asks for, or that the peer uses, or used. */
static enum dtls_hash hash_of(const struct exchange *ex, const struct dtls_side *side)
{
	if (ex->offer && ex->request->dtls.hash)
		return (enum dtls_hash)ex->request->dtls.hash;
	if (side->hash)
		return (enum dtls_hash)side->hash;
	return side->terms.n ? (enum dtls_hash)side->terms.peer[0].hash : DTLS_SHA_256;
}

int dtls_plan_edit(struct exchange *ex, size_t index, struct sdp_media_edit *edit)
{
	const struct media_plan *plan = &ex->plan[index];
	struct buf buf =
		BUF_INIT(arena_alloc(ex->env->arena, DTLS_FINGERPRINT_TEXT), DTLS_FINGERPRINT_TEXT);
	const struct dtls_side *side;
	bool active;

	const struct media *at = ex->plan[bundle_plan_carrier(ex, index, ex->to)].media;

	if (!ends_here(plan, ex->to) || !at->dtls)
		return 0;
	if (!buf.data)
		return -ENOMEM;
	side = &at->dtls->side[ex->to];
	dtls_fingerprint_write(&buf,
			       dtls_link_fingerprint(side->port[COMP_RTP].link, hash_of(ex, side)));
	active = offerer_is_served_actively(ex, side);
	edit->fingerprint = (struct str){ buf.data, buf.len };
	edit->setup = ex->offer ? STR("actpass") : active ? STR("active") : STR("passive");
	return 0;
}

/* --- Commit ----------------------------------------------------------------------------------- */

static void tell_without(const struct exchange *ex, size_t index, const char *why)
{
	log_call(LOG_LEVEL_WARNING, ex->call->id,
		 "media %zu: the SDP of the %s has %s: no keys, and no media, until it has one",
		 index + 1, side_names[ex->from], why);
}

static void agree(const struct exchange *ex, struct media *media, int side)
{
	if (media_dtls_agree(media, side, false))
		log_call(LOG_LEVEL_ERR, ex->call->id,
			 "media %u: no handshake with the %s: out of memory", media->index + 1U,
			 side_names[side]);
}

/* What the sender said; in an offer it counts from the answer on. */
static void keep_heard(const struct exchange *ex, const struct dtls_heard *heard,
		       struct dtls_side *side)
{
	/* Until the answer: the offer may come twice. */
	if (side->agreed && is_fresh(ex, side, heard)) {
		side->terms.fresh = true;
		side->agreed = false;
	}
	side->setup = heard->setup;
	side->tls_id = heard->tls_id;
	side->terms.n = heard->n;
	memcpy(side->terms.peer, heard->peer, sizeof(side->terms.peer));
	if (ex->offer && ex->request->dtls.role)
		side->wish = ex->request->dtls.role;
}

static void commit_sender(const struct exchange *ex, size_t index, const struct media_plan *plan)
{
	struct dtls_side *side = &plan->media->dtls->side[ex->from];
	const struct dtls_heard *heard = plan->dtls;

	if (!heard)
		return;
	if (!heard->n || heard->setup == DTLS_HOLDCONN)
		tell_without(ex, index, heard->n ? "setup:holdconn" : "no usable fingerprint");
	keep_heard(ex, heard, side);
	if (ex->offer || heard->setup == DTLS_HOLDCONN)
		return;
	if (!side->agreed)
		side->terms.active =
			heard->setup == DTLS_SETUP_PASSIVE || heard->setup == DTLS_ACTPASS;
	agree(ex, plan->media, ex->from);
}

static void commit_receiver(const struct exchange *ex, size_t index, const struct media_plan *plan)
{
	struct dtls_side *side = &plan->media->dtls->side[ex->to];

	if (!has_own(ex, index, ex->to))
		return;
	if (ex->offer && ex->request->dtls.hash)
		side->hash = ex->request->dtls.hash;
	if (ex->offer || side->setup == DTLS_HOLDCONN)
		return;
	side->terms.active = offerer_is_served_actively(ex, side);
	agree(ex, plan->media, ex->to);
}

void dtls_plan_commit(struct exchange *ex, size_t index)
{
	const struct media_plan *plan = &ex->plan[index];

	if (!plan->media || !plan->media->dtls)
		return;
	commit_sender(ex, index, plan);
	commit_receiver(ex, index, plan);
}
