/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exchange.c - common part of offer and answer, with or without SDP: ports, bridges, commit, undo
 *
 * Everything that can fail comes first: medias are planned and opened, bridges that stay get their
 * new settings. Then follows either exchange_commit(), which cannot fail, or exchange_undo(), which
 * restores the state before the request.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <utlist.h>
#include "base/log.h"
#include "call/call.h"
#include "call/dialog.h"
#include "call/copies.h"
#include "call/media.h"
#include "call/media_bundle.h"
#include "call/media_codecs.h"
#include "call/media_ice.h"
#include "call/play.h"
#include "call/table.h"
#include "command/exchange.h"
#include "packet/bridge.h"

static const char *refusal_text(int error)
{
	if (error == -EADDRINUSE)
		return "no pair of ports is free; see rtprelayctl status";
	if (error == -ENOBUFS)
		return "no pair of ports that the router forwards is free; see rtprelayctl nat";
	if (error == -EMFILE)
		return "no descriptor is free; raise LimitNOFILE= or ulimit -n";
	if (error == -EADDRNOTAVAIL) /* it may come back: a device or a link that flaps */
		return "an address of \"interface\" is not one of this host now; see rtprelayctl "
		       "doctor";
	if (error == -EHOSTUNREACH)
		return "the address of \"interface\" outside of the NAT is not known; see "
		       "rtprelayctl status";
	return strerror(-error);
}

void exchange_refuse(struct exchange *ex, struct reply *reply, int error)
{
	const struct request *request = ex->request;

	reply->code = REPLY_ERROR;
	if (error == -ENOMEM) {
		reply->error = "Out of memory";
	} else if (error == -EDQUOT) {
		reply->error = "Too many medias in this call";
		return; /* is logged */
	} else if (error == -EMSGSIZE) {
		reply->error = "Reply too large";
		ex->env->stats->reply_too_large++;
	} else {
		/* No port can be bound, for any reason: on this text proxies try another relay. */
		reply->error = "Ran out of ports";
		if (error == -EADDRNOTAVAIL || error == -EHOSTUNREACH)
			reply->warning = refusal_text(error);
		if (ex->new_call && error == -EADDRNOTAVAIL)
			ex->env->stats->calls_no_address++;
		else if (ex->new_call && error == -EHOSTUNREACH)
			ex->env->stats->calls_no_outside++;
		else if (ex->new_call)
			ex->env->stats->calls_rejected++;
	}
	log_call(LOG_LEVEL_WARNING, request->call_id, "%s refused: %s (%s)",
		 ex->offer ? "offer" : "answer", reply->error, refusal_text(error));
}

/* --- Planning --------------------------------------------------------------------------------- */

/*
 * Any media of the dialog; one that ends with this request is better than none: it passes on
 * whether the parties were heard.
 */
static struct bridge *open_sibling(const struct exchange *ex)
{
	for (size_t i = ex->first; i < ex->sdp.n_media; i++)
		if (ex->plan[i].media)
			return ex->plan[i].media->bridge;
	for (size_t i = 0; i < ex->dialog->n_media; i++)
		if (ex->dialog->media[i])
			return ex->dialog->media[i]->bridge;
	return NULL;
}

static int open_media(struct exchange *ex, size_t index)
{
	struct media_plan *plan = &ex->plan[index];
	struct media_open open = {
		.dialog = ex->dialog,
		.local = { ex->local[SIDE_A], ex->local[SIDE_B] },
		.sibling = open_sibling(ex),
		.index = (unsigned int)index,
	};
	int error;

	plan->media = media_open(&open, &plan->conf, ex->env->now_ms, &error);
	if (!plan->media)
		return error;
	if (plan->old)
		plan->media->holds = plan->old->holds;
	if (plan->old)
		memcpy(plan->media->protocol, plan->old->protocol, sizeof(plan->media->protocol));
	return 0;
}

/* Medias of the dialog that have ports and keep them, or get others, after all are planned. */
static size_t count_held(const struct exchange *ex)
{
	size_t n = 0;

	for (size_t i = 0; i < ex->dialog->n_media; i++) {
		const struct media_plan *plan = &ex->plan[i];

		if (i < ex->first || i >= ex->sdp.n_media)
			n += ex->dialog->media[i] != NULL;
		else
			n += plan->media || (plan->old && plan->replace);
	}
	return n;
}

/* Opens the medias that have no ports yet, max-medias in all. */
static int open_medias(struct exchange *ex)
{
	size_t held = count_held(ex), max = ex->call->table->conf.max_medias, refused = 0;
	int error = 0;

	for (size_t i = ex->first; i < ex->sdp.n_media && !error; i++) {
		struct media_plan *plan = &ex->plan[i];

		if (plan->media || plan->left_out || !exchange_wants_ports(ex, &ex->sdp.media[i]))
			continue;
		plan->too_many = !plan->replace && held >= max;
		refused += plan->too_many;
		held += !plan->replace;
		if (!plan->too_many)
			error = open_media(ex, i);
	}
	if (refused)
		log_call(LOG_LEVEL_WARNING, ex->call->id,
			 "%s: m= lines refused, because the call has max-medias (%zu) with ports: "
			 "%zu",
			 ex->offer ? "offer" : "answer", max, refused);
	return error || !refused || !ex->request->leg ? error : -EDQUOT;
}

/* The codecs that the sender names, for an SDP of our own (command/subscription.c). */
static int keep_codecs(struct exchange *ex, size_t index)
{
	struct media_plan *plan = &ex->plan[index];
	char memory[MEDIA_CODECS_TEXT];
	struct str text;

	if (!plan->media || ex->request->leg || !ex->sdp.media[index].port)
		return 0;
	text = media_codecs_text(&ex->sdp, &ex->sdp.media[index], memory);
	if (!text.len || str_eq(text, plan->media->codecs[ex->from]))
		return 0;
	plan->codecs = text_dup(text);
	return plan->codecs.s ? 0 : -ENOMEM;
}

int exchange_media(struct exchange *ex)
{
	const struct sdp *sdp = &ex->sdp;
	struct dialog *dialog = ex->dialog;
	int error;

	ex->plan = arena_zalloc(ex->env->arena, (sdp->n_media + 1) * sizeof(*ex->plan));
	if (!ex->plan)
		return -ENOMEM;
	if (sdp->n_media > dialog->n_media) {
		ex->media_table = calloc(sdp->n_media, sizeof(*ex->media_table));
		if (!ex->media_table)
			return -ENOMEM;
	}
	ex->keeps_ice = ice_plan_keeps(ex);
	if (bundle_plan_read(ex))
		return -ENOMEM;
	/* Plan all first: a new media learns from a sibling, which may be a bridge that stays. */
	for (size_t i = ex->first; i < sdp->n_media; i++) {
		if (media_plan_make(ex, i) || sdes_plan_make(ex, i))
			return -ENOMEM;
		dtmf_plan_make(ex, i);
	}
	error = bundle_plan_make(ex) ?: open_medias(ex);
	for (size_t i = ex->first; i < sdp->n_media && !error; i++)
		error = agent_plan_make(ex, i) ?: dtls_plan_open(ex, i) ?: keep_codecs(ex, i);
	return error;
}

/* --- Settings, undo, commit ------------------------------------------------------------------- */

/* New settings for the bridges that stay: all of them, or none. */
static int update_bridges(struct exchange *ex)
{
	for (size_t i = ex->first; i < ex->sdp.n_media; i++) {
		struct media_plan *plan = &ex->plan[i];

		if (!plan->media || plan->media != plan->old)
			continue;
		if (!bridge_update(plan->media->bridge, &plan->conf, &plan->change)) {
			/* Its keys are the bridge's now. */
			memset(plan->change.receive, 0, sizeof(plan->change.receive));
			memset(plan->change.send, 0, sizeof(plan->change.send));
			continue;
		}
		while (i-- > ex->first) {
			plan = &ex->plan[i];
			if (plan->media && plan->media == plan->old)
				bridge_update(plan->media->bridge, &plan->before, NULL);
		}
		return -ENOMEM;
	}
	return 0;
}

int exchange_settle(struct exchange *ex)
{
	int error = ex->new_call ? call_link(ex->call) : 0;

	return error ? error : update_bridges(ex);
}

void exchange_undo(struct exchange *ex)
{
	for (size_t i = ex->first; ex->plan && i < ex->sdp.n_media; i++)
		if (ex->plan[i].media != ex->plan[i].old)
			media_close(ex->plan[i].media);
	for (size_t i = ex->first; ex->plan && i < ex->sdp.n_media; i++) {
		sdes_plan_undo(&ex->plan[i]);
		media_ice_free(ex->plan[i].ice);
		free(ex->plan[i].bundle);
		text_free(&ex->plan[i].codecs);
	}
	while (ex->n_text)
		text_free(&ex->text[--ex->n_text].copy);
	text_free(&ex->alias);
	if (ex->new_shown)
		shown_free(ex->shown);
	free(ex->media_table);
	if (ex->new_dialog)
		dialog_free(ex->dialog);
	if (ex->new_call)
		call_free(ex->call);
}

static void describe(struct exchange *ex, struct media *media, const struct sdp_media *m)
{
	media_describe(media, ex->from, m);
	play_describe(media, ex->from, m, sdp_ptime(&ex->sdp, m));
	play_mind(media);
}

static void commit_media(struct exchange *ex)
{
	struct dialog *dialog = ex->dialog;

	if (ex->media_table) {
		if (dialog->n_media)
			memcpy(ex->media_table, dialog->media,
			       dialog->n_media * sizeof(*dialog->media));
		free(dialog->media);
		dialog->media = ex->media_table;
		dialog->n_media = ex->sdp.n_media;
	}
	for (size_t i = ex->first; i < ex->sdp.n_media; i++) {
		struct media_plan *plan = &ex->plan[i];

		dialog->media[i] = plan->media;
		if (plan->old && plan->old != plan->media)
			call_end_media(ex->call, plan->old);
		sdes_plan_commit(plan);
		sdes_plan_undo(plan);
		if (!plan->media) {
			free(plan->bundle);
			continue;
		}
		agent_plan_commit(plan);
		dtls_plan_commit(ex, i);
		bundle_plan_commit(plan);
		plan->media->flags = plan->flags;
		plan->media->answers = plan->answers;
		media_moved(plan->media);
		if (!ex->sdp.media[i].port)
			continue;
		describe(ex, plan->media, &ex->sdp.media[i]);
		if (!plan->codecs.s)
			continue;
		text_free(&plan->media->codecs[ex->from]);
		plan->media->codecs[ex->from] = plan->codecs;
		plan->codecs = STR_NONE;
	}
	media_bundle_tell(dialog);
}

static void commit_parties(struct exchange *ex)
{
	struct dialog *dialog = ex->dialog;

	for (int side = 0; side < 2; side++)
		dialog->party[side].local = ex->local[side];
	if (ex->new_answerer || ex->final)
		party_drop_aliases(&dialog->party[ex->from]);
	for (size_t i = 0; i < ex->n_text; i++) {
		text_free(ex->text[i].slot);
		*ex->text[i].slot = ex->text[i].copy;
	}
	if (ex->alias.s)
		party_take_alias(&dialog->party[ex->from], ex->alias);
	if (ex->shown) {
		ex->shown->version = ex->version;
		ex->shown->hash = ex->hash;
		dialog->party[ex->to].shown = ex->shown;
	}
}

void exchange_commit(struct exchange *ex)
{
	const struct request *request = ex->request;
	struct dialog *dialog = ex->dialog;
	struct call *call = ex->call;

	commit_media(ex);
	commit_parties(ex);
	if (ex->new_dialog)
		DL_APPEND(call->dialogs, dialog);
	call->tos = ex->tos;
	call->keepalive_s = ex->keepalive_s;
	call->latching = ex->latching;
	call->last_signal_s = time(NULL);
	dialog->last_signal_ms = ex->env->now_ms;
	dialog->delete_at_ms = 0;
	if (ex->offer) {
		dialog->offer_branch = dialog_branch_id(dialog, request->via_branch);
		dialog->inner = request->to_tag.len;
		dialog->initial = dialog->initial || !request->to_tag.len;
	} else {
		dialog->answered = true;
		dialog->final = dialog->final || ex->final;
		dialog->inner = false;
	}
	if (ex->offer && dialog_side_of(dialog, request->to_tag) < 0 && ex->from == SIDE_A)
		dialog->answered = dialog->final = false; /* to another party (serial fork) */
	copies_apply(call);				  /* medias may be others */
	call_watch(call, ex->env->now_ms);
}
