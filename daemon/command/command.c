/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.c - ping, delete, query, list, statistics, block and silence: one function each
 *
 * offer and answer: command/offer_answer.c
 */
#include <utlist.h>
#include "base/log.h"
#include "call/call.h"
#include "call/dialog.h"
#include "call/recorded.h"
#include "call/ended_branch.h"
#include "call/table.h"
#include "command/command.h"
#include "packet/bridge.h"
#include "report/report.h"

static void refuse(struct reply *reply, const char *why)
{
	reply->code = REPLY_ERROR;
	reply->error = why;
}

void command_ping(struct command_env *env, const struct request *request, struct reply *reply)
{
	(void)env;
	(void)request;
	reply->code = REPLY_PONG;
}

/* --- delete ----------------------------------------------------------------------------------- */

/* The dialogs that a delete ends. */
struct selection {
	struct dialog *dialog[CALL_DIALOGS];
	size_t n;
};

typedef bool selects_fn(const struct dialog *dialog, const struct request *request);

static bool is_any(const struct dialog *dialog, const struct request *request)
{
	(void)dialog;
	(void)request;
	return true;
}

static bool has_from_tag(const struct dialog *dialog, const struct request *request)
{
	return dialog_side_of(dialog, request->from_tag) >= 0;
}

/* A proxy that numbers the branches of each INVITE uses "0" for every leg of a call. */
static bool has_branch(const struct dialog *dialog, const struct request *request)
{
	return str_eq(dialog->via_branch, request->via_branch) &&
	       (!request->from_tag.len || has_from_tag(dialog, request));
}

static bool has_to_tag(const struct dialog *dialog, const struct request *request)
{
	return dialog_side_of(dialog, request->to_tag) >= 0;
}

static bool has_both_tags(const struct dialog *dialog, const struct request *request)
{
	return dialog_side_with(dialog, request->from_tag, request->to_tag) >= 0;
}

/* Offered by the party with the From-tag, and no party has answered. */
static bool is_unanswered(const struct dialog *dialog, const struct request *request)
{
	return party_has_tag(&dialog->party[SIDE_A], request->from_tag) && !dialog->answered &&
	       !dialog->party[SIDE_B].tag.len;
}

/* Has the selection a dialog now? */
static bool select_dialogs(struct selection *selection, const struct call *call,
			   const struct request *request, selects_fn *selects)
{
	struct dialog *dialog;

	selection->n = 0;
	DL_FOREACH(call->dialogs, dialog)
		if (selects(dialog, request))
			selection->dialog[selection->n++] = dialog;
	return selection->n > 0;
}

static bool is_selected(const struct selection *selection, const struct dialog *dialog)
{
	for (size_t i = 0; i < selection->n; i++)
		if (selection->dialog[i] == dialog)
			return true;
	return false;
}

static bool same_caller(const struct dialog *dialog, const struct dialog *other)
{
	return party_has_tag(&other->party[SIDE_A], dialog->party[SIDE_A].tag);
}

/* Does @dialog's caller still talk in a dialog that is not selected? */
static bool talks_elsewhere(const struct selection *selection, const struct dialog *dialog)
{
	const struct dialog *other;

	DL_FOREACH(dialog->call->dialogs, other)
		if (other->answered && !other->delete_at_ms && same_caller(dialog, other) &&
		    !is_selected(selection, other))
			return true;
	return false;
}

/*
 * A reply of 300 and above is that of a fork that has lost, or refuses a re-INVITE: the call that
 * another phone has answered goes on (RFC 3261, sections 13.2.2.4 and 14.1).
 */
static void spare_decided(struct selection *selection, const struct request *request)
{
	size_t n = 0;

	if (request->sip_code < 300)
		return;
	for (size_t i = 0; i < selection->n; i++)
		if (!selection->dialog[i]->final)
			selection->dialog[n++] = selection->dialog[i];
	selection->n = n;
}

/* With the end of a caller's last answered dialog, the caller's other forks are over too. */
static void select_forks(struct selection *selection)
{
	size_t named = selection->n;
	struct dialog *other;

	for (size_t i = 0; i < named; i++) {
		const struct dialog *dialog = selection->dialog[i];

		if (!dialog->answered || talks_elsewhere(selection, dialog))
			continue;
		DL_FOREACH(dialog->call->dialogs, other)
			if (same_caller(dialog, other) && !is_selected(selection, other))
				selection->dialog[selection->n++] = other;
	}
}

/*
 * A via-branch that no dialog has is ignored: it is the branch of the BYE itself, unless it was
 * that of a fork that is over. A To-tag that no party has belongs to a phone that has not answered:
 * the delete concerns only what is unanswered.
 */
static void select_named(struct selection *selection, const struct call *call,
			 const struct request *request)
{
	bool by_to_tag = request->to_tag.len && request->flags & REQ_DELETE_TO_TAG;
	bool both = request->to_tag.len && request->from_tag.len;

	if (request->via_branch.len && select_dialogs(selection, call, request, has_branch)) {
		spare_decided(selection, request);
		return;
	}
	if (both && select_dialogs(selection, call, request, has_both_tags)) {
		spare_decided(selection, request);
		select_forks(selection);
		return;
	}
	if (request->via_branch.len && ended_branch_has(call, request->via_branch)) {
		selection->n = 0;
		return;
	}
	if (both && !by_to_tag && select_dialogs(selection, call, request, has_from_tag)) {
		select_dialogs(selection, call, request, is_unanswered);
		return;
	}
	select_dialogs(selection, call, request,
		       by_to_tag	       ? has_to_tag
		       : request->from_tag.len ? has_from_tag
					       : is_any);
	spare_decided(selection, request);
	select_forks(selection);
}

/* Media is still relayed during the delay. False: a delete is pending already. */
static bool delete_dialog(struct dialog *dialog, int64_t delay_ms, int64_t now_ms)
{
	if (!delay_ms) {
		call_end_dialog(dialog->call, dialog, CALL_DELETED);
		return true;
	}
	if (dialog->delete_at_ms)
		return false;
	dialog->delete_at_ms = now_ms + delay_ms;
	dialog->deleted_ms = now_ms;
	call_watch(dialog->call, now_ms);
	return true;
}

static bool delete_selected(struct call *call, const struct selection *selection, int64_t delay_ms,
			    int64_t now_ms)
{
	bool done = false;

	/* The last one frees the call. */
	for (size_t i = 0; i < selection->n; i++)
		done |= delete_dialog(selection->dialog[i], delay_ms, now_ms);
	if (done && delay_ms)
		recorded_deleted(call);
	return done;
}

static void nothing_to_delete(const struct request *request, struct reply *reply)
{
	static const char why[] = "Call-ID not found or tags didn't match";

	reply->call = NULL;
	if (request->flags & REQ_FATAL)
		refuse(reply, why);
	else
		reply->warning = why;
}

void command_delete(struct command_env *env, const struct request *request, struct reply *reply)
{
	struct call *call = call_find(env->calls, request->call_id);
	int64_t delay_s = request->delete_delay;
	struct selection selection = { .n = 0 };

	reply->code = REPLY_OK;
	if (call)
		select_named(&selection, call, request);
	if (!selection.n) {
		nothing_to_delete(request, reply);
		return;
	}
	if (delay_s < 0)
		delay_s = env->calls->conf.delete_delay_s;
	if (!(request->flags & REQ_FAST)) {
		reply->call = call_report_make(env->arena, call, env->now_ms);
		if (!reply->call) {
			refuse(reply, "Out of memory");
			return;
		}
	}
	if (request->record.discard)
		recorded_stop(call, true);
	reply->deleted = delete_selected(call, &selection, delay_s * 1000, env->now_ms);
	if (!reply->deleted)
		nothing_to_delete(request, reply);
}

/* --- Reports ---------------------------------------------------------------------------------- */

void command_query(struct command_env *env, const struct request *request, struct reply *reply)
{
	const struct call *call = call_find(env->calls, request->call_id);

	if (!call) {
		refuse(reply, "Unknown call-id");
		return;
	}
	reply->call = call_report_make(env->arena, call, env->now_ms);
	if (!reply->call)
		refuse(reply, "Out of memory");
}

void command_list(struct command_env *env, const struct request *request, struct reply *reply)
{
	size_t n = call_table_count(env->calls);
	const struct call *call;
	struct str *calls;

	if (request->limit < 0) {
		refuse(reply, "invalid limit, must be >= 0");
		return;
	}
	if ((uint64_t)request->limit < n)
		n = (size_t)request->limit;
	calls = arena_alloc(env->arena, (n + 1) * sizeof(*calls));
	if (!calls) {
		refuse(reply, "Out of memory");
		return;
	}
	for (call = env->calls->calls; reply->n_calls < n; call = call->hh.next)
		calls[reply->n_calls++] = call->id;
	reply->calls = calls;
}

void command_statistics(struct command_env *env, const struct request *request, struct reply *reply)
{
	(void)request;
	reply->statistics = daemon_report_make(env->arena, env->calls, env->stats, env->now_ms);
	if (!reply->statistics)
		refuse(reply, "Out of memory");
}

/* --- block and silence ------------------------------------------------------------------------ */

struct muting {
	uint8_t party_flag; /* enum party_flag */
	uint32_t side_flag; /* enum side_flag */
	bool on;
};

/* Label and address are more exact than the tag; without any of the three all parties are meant. */
bool command_is_meant(const struct dialog *dialog, enum side side, const struct request *request)
{
	const struct party *party = &dialog->party[side];

	if (request->flags & REQ_ALL)
		return true;
	if (request->label.len)
		return str_eq(party->label, request->label);
	if (endpoint_is_set(&request->address))
		return dialog_signals(dialog, side, &request->address);
	return !request->from_tag.len || party_has_tag(party, request->from_tag);
}

static int mute_media(struct media *media, enum side side, const struct muting *muting)
{
	struct bridge_conf conf = *bridge_conf(media->bridge);
	uint32_t flags = conf.side[side].flags;

	conf.side[side].flags = muting->on ? flags | muting->side_flag : flags & ~muting->side_flag;
	return bridge_update(media->bridge, &conf, NULL);
}

/* True: this party has the requested setting. False: out of memory, and nothing has changed. */
static bool mute_party(struct dialog *dialog, enum side side, const struct muting *muting)
{
	struct muting back = *muting;
	struct party *party = &dialog->party[side];

	if (!!(party->flags & muting->party_flag) == muting->on)
		return true;
	for (size_t i = 0; i < dialog->n_media; i++) {
		if (!dialog->media[i] || !mute_media(dialog->media[i], side, muting))
			continue;
		back.on = !muting->on;
		while (i--)
			if (dialog->media[i])
				mute_media(dialog->media[i], side, &back);
		return false;
	}
	party->flags ^= muting->party_flag;
	call_touch(dialog->call);
	return true;
}

static void mute(struct command_env *env, const struct request *request, struct reply *reply,
		 const struct muting *muting)
{
	struct call *call = call_find(env->calls, request->call_id);
	struct dialog *dialog;
	bool found = false;

	if (!call) {
		refuse(reply, "Unknown call-id");
		return;
	}
	DL_FOREACH(call->dialogs, dialog) {
		for (int side = 0; side < 2; side++) {
			if (!command_is_meant(dialog, side, request))
				continue;
			found = true;
			if (!mute_party(dialog, side, muting)) {
				refuse(reply, "Out of memory");
				return;
			}
		}
	}
	if (!found)
		refuse(reply, "No such party in this call");
}

void command_block_media(struct command_env *env, const struct request *request,
			 struct reply *reply)
{
	mute(env, request, reply, &(struct muting){ PARTY_BLOCKED, SIDE_BLOCK, true });
}

void command_unblock_media(struct command_env *env, const struct request *request,
			   struct reply *reply)
{
	mute(env, request, reply, &(struct muting){ PARTY_BLOCKED, SIDE_BLOCK, false });
}

void command_block_dtmf(struct command_env *env, const struct request *request, struct reply *reply)
{
	mute(env, request, reply, &(struct muting){ PARTY_DTMF_BLOCKED, SIDE_DTMF_BLOCK, true });
}

void command_unblock_dtmf(struct command_env *env, const struct request *request,
			  struct reply *reply)
{
	mute(env, request, reply, &(struct muting){ PARTY_DTMF_BLOCKED, SIDE_DTMF_BLOCK, false });
}

void command_silence_media(struct command_env *env, const struct request *request,
			   struct reply *reply)
{
	mute(env, request, reply, &(struct muting){ PARTY_SILENCED, SIDE_SILENCE, true });
}

void command_unsilence_media(struct command_env *env, const struct request *request,
			     struct reply *reply)
{
	mute(env, request, reply, &(struct muting){ PARTY_SILENCED, SIDE_SILENCE, false });
}
