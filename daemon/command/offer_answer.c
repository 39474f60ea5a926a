/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * offer_answer.c - offer and answer: SDP in, ports and bridges, SDP out
 *
 * Both do the same: the SDP of one party (from) goes to the other (to) with the relay's addresses
 * in place of its own. In this order: parse, find the dialog, plan each m= line, open new medias,
 * write the SDP, give bridges that stay their new settings, commit. If a step before the commit
 * fails, all is undone. Steps that do not need SDP are in command/exchange.c.
 */
#include <errno.h>
#include <utlist.h>
#include "base/log.h"
#include "call/call.h"
#include "call/dialog.h"
#include "call/media.h"
#include "call/recorded.h"
#include "command/exchange.h"
#include "packet/bridge.h"

/*
 * Does the offer of @inner come from @outer? In a spiral the call passes the relay twice, and the
 * second offer has the port of the first pass.
 */
static bool passes_to(const struct dialog *outer, const struct dialog *inner)
{
	for (size_t i = 0; i < outer->n_media; i++) {
		const struct media *from = dialog_media(outer, i), *to = dialog_media(inner, i);
		struct endpoint told;

		if (!from || !to)
			continue;
		told = media_advertised(from, SIDE_B, COMP_RTP);
		if (endpoint_eq(&bridge_conf(to->bridge)->side[SIDE_A].sdp[COMP_RTP], &told))
			return true;
	}
	return false;
}

static bool contains(const struct dialog *const list[], size_t count, const struct dialog *dialog)
{
	while (count--)
		if (list[count] == dialog)
			return true;
	return false;
}

/* Writes the dialog of @ex and those that the call passed before it. Return: how many */
static size_t find_passes(const struct exchange *ex, const struct dialog *passes[CALL_DIALOGS])
{
	const struct dialog *dialog;
	size_t count = 0;

	passes[count++] = ex->dialog;
	for (size_t i = 0; i < count; i++)
		DL_FOREACH(ex->call->dialogs, dialog)
			if (count < CALL_DIALOGS && passes_to(dialog, passes[i]) &&
			    !contains(passes, count, dialog))
				passes[count++] = dialog;
	return count;
}

/*
 * A 2xx ends the other forks of the same caller that are not answered; but not earlier passes of
 * this call, to which the 2xx is on its way. A 2xx to UPDATE or PRACK decides nothing.
 */
static void end_other_forks(struct exchange *ex)
{
	const struct dialog *passes[CALL_DIALOGS];
	struct dialog *dialog, *next;
	size_t count;

	if (!ex->final)
		return;
	count = find_passes(ex, passes);
	DL_FOREACH_SAFE(ex->call->dialogs, dialog, next)
		if (!contains(passes, count, dialog) && !dialog->answered &&
		    party_has_tag(&dialog->party[SIDE_A], ex->dialog->party[SIDE_A].tag))
			call_end_dialog(ex->call, dialog, CALL_DELETED);
}

/* Is plain RTP requested, but this SDP has SRTP? It is passed through unchanged. */
static bool asks_for_decryption(const struct exchange *ex)
{
	for (size_t i = 0; ex->request->transport_protocol.len && i < ex->sdp.n_media; i++) {
		const struct media *media = ex->plan[i].media;

		enum sdp_transport transport = ex->sdp.media[i].transport;

		if ((transport == SDP_DTLS || transport == SDP_SRTP) && !(media && media->sdes))
			return true;
	}
	return false;
}

/* Logs what the request asks for and does not get: once for each call. */
static void log_ignored(const struct exchange *ex)
{
	struct str ignored = ex->request->ignored;
	bool srtp = asks_for_decryption(ex);
	struct call *call = ex->call;
	char text[256];

	if (call->ignored_told || !(ignored.len || srtp || ex->strip_ignored))
		return;
	call->ignored_told = true;
	if (ignored.len || srtp)
		log_call(LOG_LEVEL_INFO, call->id,
			 "the proxy asked for what the relay does not support; ignored: %s%s%s",
			 srtp ? "transport-protocol for SRTP" : "", srtp && ignored.len ? ", " : "",
			 log_escape(ignored, text, sizeof(text)));
	if (ex->strip_ignored)
		log_call(LOG_LEVEL_INFO, call->id,
			 "codec-strip would leave no codec of a media: all of its codecs stay; "
			 "with allow-no-codec-media it gets port 0");
}

static void commit(struct exchange *ex, struct reply *reply)
{
	exchange_commit(ex);
	end_other_forks(ex);
	reply->warning = record_exchange(ex);
	reply->recording = recorded_path(ex->call);
	if (ex->new_call)
		log_call(LOG_LEVEL_INFO, ex->call->id, "call created: medias: %zu",
			 ex->sdp.n_media);
	log_ignored(ex);
}

static bool is_incomplete(const struct exchange *ex)
{
	if (ex->sdp.session_connection)
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
	if (ex->late)
		return late_answer_plan(ex, &reply->sdp);
	ex->tos = request->tos == TOS_UNSET ? ex->call->tos : (int16_t)request->tos;
	ex->keepalive_s =
		request->keepalive_s ? (uint16_t)request->keepalive_s : ex->call->keepalive_s;
	ex->latching =
		request->flags & REQ_LATCHING ? (uint8_t)request->latching : ex->call->latching;
	sender = &ex->dialog->party[ex->from];
	if (exchange_text(ex, &sender->label,
			  request->set_label.len ? request->set_label : request->label) ||
	    exchange_text(ex, &ex->call->metadata, request->metadata) ||
	    exchange_text(ex, &ex->call->dtmf_place, request->dtmf_place))
		return -ENOMEM;
	error = ex->offer ? offered_keep(ex) : offered_complete(ex);
	if (error)
		return error;
	error = exchange_locals(ex);
	if (!error)
		error = exchange_media(ex);
	if (!error)
		error = sdp_plan_write(ex, &reply->sdp);
	return error ? error : exchange_settle(ex);
}

static void run(struct command_env *env, const struct request *request, struct reply *reply,
		bool offer)
{
	struct exchange ex = { .env = env, .request = request, .offer = offer };
	const char *why;
	int error;

	if (request->fragment) {
		trickle_fragment(env, request, reply);
		return;
	}
	reply->code = REPLY_ERROR;
	error = sdp_parse(env->arena, request->sdp, &ex.sdp, &why);
	if (error) {
		reply->error = error == -ENOMEM ? "Out of memory" : "Failed to parse SDP";
		log_call(LOG_LEVEL_INFO, request->call_id, "%s refused: %s (%s)",
			 offer ? "offer" : "answer", reply->error, why);
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
		log_call(LOG_LEVEL_INFO, request->call_id, "%s refused: %s (no c= for an m=)",
			 offer ? "offer" : "answer", reply->error);
		return;
	}
	reply->code = REPLY_OK;
	error = plan_all(&ex, reply);
	if (error) {
		if (!reply->error)
			exchange_refuse(&ex, reply, error);
		exchange_undo(&ex);
		return;
	}
	if (ex.late) {
		log_call(LOG_LEVEL_INFO, ex.call->id,
			 "answer of another phone, after a 2xx: the media stays as it is");
		exchange_undo(&ex);
		return;
	}
	commit(&ex, reply);
}

void command_offer(struct command_env *env, const struct request *request, struct reply *reply)
{
	run(env, request, reply, true);
}

void command_answer(struct command_env *env, const struct request *request, struct reply *reply)
{
	run(env, request, reply, false);
}
