/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * offer_answer.c - SDP in, ports taken and bridges told, SDP out
 *
 * Offer and answer are one thing seen from two ends: the SDP of one party (from) is shown to the other (to) with
 * our addresses in place of its own. In order: parse, find the dialog, plan each m= line, open what is new,
 * write the SDP, tell what stays; only then is anything that lasts changed (commit). Up to there all is undone.
 */
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>
#include "exchange.h"
#include "log.h"

static void fail(struct exchange *ex, struct reply *reply, int error)
{
	const struct request *request = ex->request;

	reply->code = REPLY_ERROR;
	if (error == -ENOMEM) {
		reply->error = "Out of memory";
	} else {
		/* Whatever keeps us from binding a port: another node may do better, and proxies try one on these words. */
		reply->error = "Ran out of ports";
		if (ex->new_call)
			ex->env->stats->calls_rejected++;
	}
	log_call(LOG_LEVEL_WARNING, request->call_id, "refused: %s (%s)", reply->error,
		 strerror(-error));
}

/* --- Planning ----------------------------------------------------------------------------------- */

static struct bridge *open_sibling(const struct exchange *ex)
{
	for (size_t i = 0; i < ex->sdp.n_media; i++)
		if (ex->plan[i].media)
			return ex->plan[i].media->bridge;
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
		memcpy(plan->media->protocol, plan->old->protocol, sizeof(plan->media->protocol));
	return 0;
}

static int plan_media(struct exchange *ex)
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
	/* First what stays, so that what is new learns from it. */
	for (size_t i = 0; i < sdp->n_media; i++)
		media_plan_make(ex, i);
	for (size_t i = 0; i < sdp->n_media; i++) {
		const struct sdp_media *m = &sdp->media[i];

		if (ex->plan[i].media || !m->port || m->transport == SDP_OTHER)
			continue;
		error = open_media(ex, i);
		if (error)
			return error;
	}
	return 0;
}

/* --- Doing it ------------------------------------------------------------------------------------- */

/* New settings for the bridges that stay: all, or none. */
static int update_bridges(struct exchange *ex)
{
	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		struct media_plan *plan = &ex->plan[i];

		if (!plan->media || plan->media != plan->old)
			continue;
		if (!bridge_update(plan->media->bridge, &plan->conf))
			continue;
		while (i--) {
			plan = &ex->plan[i];
			if (plan->media && plan->media == plan->old)
				bridge_update(plan->media->bridge, &plan->before);
		}
		return -ENOMEM;
	}
	return 0;
}

static void undo(struct exchange *ex)
{
	for (size_t i = 0; ex->plan && i < ex->sdp.n_media; i++)
		if (ex->plan[i].media != ex->plan[i].old)
			media_close(ex->plan[i].media);
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
	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		struct media_plan *plan = &ex->plan[i];

		dialog->media[i] = plan->media;
		if (plan->old && plan->old != plan->media)
			call_end_media(ex->call, plan->old);
		if (!plan->media)
			continue;
		plan->media->flags = plan->flags;
		if (ex->sdp.media[i].port)
			media_describe(plan->media, ex->from, &ex->sdp.media[i]);
	}
}

static void commit_parties(struct exchange *ex)
{
	struct dialog *dialog = ex->dialog;

	for (int side = 0; side < 2; side++)
		dialog->party[side].local = ex->local[side];
	if (ex->new_answerer)
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

/* A 2xx decides among forks: those of the same caller that nobody has answered are over. */
static void end_losers(struct exchange *ex)
{
	struct dialog *dialog, *next;

	if (ex->request->sip_code < 200 || ex->request->sip_code > 299)
		return;
	DL_FOREACH_SAFE(ex->call->dialogs, dialog, next)
		if (dialog != ex->dialog && !dialog->answered &&
		    party_has_tag(&dialog->party[SIDE_A], ex->dialog->party[SIDE_A].tag))
			call_end_dialog(ex->call, dialog, CALL_DELETED);
}

/* Plain RTP was asked for, and this SDP has SRTP: that passes through as it is. */
static bool asks_for_decryption(const struct exchange *ex)
{
	for (size_t i = 0; ex->request->transport_protocol.len && i < ex->sdp.n_media; i++)
		if (ex->sdp.media[i].transport == SDP_SRTP ||
		    ex->sdp.media[i].transport == SDP_DTLS)
			return true;
	return false;
}

/* What the request asks for and we don't do: one line for each call. */
static void tell_ignored(const struct exchange *ex)
{
	struct str ignored = ex->request->ignored;
	bool srtp = asks_for_decryption(ex);
	struct call *call = ex->call;
	char text[256];

	if (call->ignored_told || !(ignored.len || srtp))
		return;
	call->ignored_told = true;
	log_call(LOG_LEVEL_INFO, call->id, "not supported, ignored: %s%s",
		 srtp ? "transport-protocol for SRTP, " : "",
		 log_escape(ignored, text, sizeof(text)));
}

static void commit(struct exchange *ex)
{
	struct dialog *dialog = ex->dialog;
	struct call *call = ex->call;
	const struct request *request = ex->request;

	commit_media(ex);
	commit_parties(ex);
	if (ex->new_dialog)
		DL_APPEND(call->dialogs, dialog);
	call->tos = ex->tos;
	call->latching = ex->latching;
	call->last_signal_s = time(NULL);
	dialog->last_signal_ms = ex->env->now_ms;
	dialog->delete_at_ms = 0;
	if (!ex->offer)
		dialog->answered = true;
	else if (dialog_side_of(dialog, request->to_tag) < 0 && ex->from == SIDE_A)
		dialog->answered = false; /* offered to somebody anew */
	end_losers(ex);
	if (ex->new_call)
		log_call(LOG_LEVEL_INFO, call->id, "made: %zu m-lines", ex->sdp.n_media);
	tell_ignored(ex);
	call_watch(call, ex->env->now_ms);
}

static bool is_incomplete(const struct exchange *ex)
{
	if (ex->sdp.session_connection || endpoint_is_set(&ex->request->media_address))
		return false;
	for (size_t i = 0; i < ex->sdp.n_media; i++) {
		const struct sdp_media *m = &ex->sdp.media[i];

		if (m->port && m->transport != SDP_OTHER && !m->connection)
			return true;
	}
	return false;
}

static int plan_all(struct exchange *ex, struct reply *reply)
{
	const struct request *request = ex->request;
	struct party *sender;
	int error = exchange_find(ex, reply);

	if (error)
		return error;
	ex->tos = request->tos == TOS_UNSET ? ex->call->tos : (int16_t)request->tos;
	ex->latching =
		request->flags & REQ_LATCHING ? (uint8_t)request->latching : ex->call->latching;
	sender = &ex->dialog->party[ex->from];
	if (exchange_text(ex, &sender->label,
			  request->set_label.len ? request->set_label : request->label) ||
	    exchange_text(ex, &ex->call->metadata, request->metadata))
		return -ENOMEM;
	error = exchange_locals(ex);
	if (!error)
		error = plan_media(ex);
	if (!error)
		error = sdp_plan_write(ex, &reply->sdp);
	if (!error && ex->new_call)
		error = call_link(ex->call);
	if (!error)
		error = update_bridges(ex);
	return error;
}

static void run(struct command_env *env, const struct request *request, struct reply *reply,
		bool offer)
{
	struct exchange ex = { .env = env, .request = request, .offer = offer };
	const char *why;
	int error;

	reply->code = REPLY_ERROR;
	error = sdp_parse(env->arena, request->sdp, &ex.sdp, &why);
	if (error) {
		reply->error = error == -ENOMEM ? "Out of memory" : "Failed to parse SDP";
		log_call(LOG_LEVEL_INFO, request->call_id, "SDP refused: %s", why);
		return;
	}
	if (request->flags & REQ_LOOP_PROTECT &&
	    sdp_has_mark(&ex.sdp, (struct str){ env->calls->mark, CALL_MARK_LEN })) {
		reply->code = REPLY_OK;
		reply->sdp = request->sdp;
		return;
	}
	if (is_incomplete(&ex)) {
		reply->error = "Incomplete SDP specification";
		return;
	}
	reply->code = REPLY_OK;
	error = plan_all(&ex, reply);
	if (error) {
		if (!reply->error)
			fail(&ex, reply, error);
		undo(&ex);
		return;
	}
	commit(&ex);
}

void command_offer(struct command_env *env, const struct request *request, struct reply *reply)
{
	run(env, request, reply, true);
}

void command_answer(struct command_env *env, const struct request *request, struct reply *reply)
{
	run(env, request, reply, false);
}
