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
#include "call/table.h"
#include "command/command.h"
#include "command/dialog_find.h"
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

/* What a delete ends. */
enum scope {
	SCOPE_NONE,
	SCOPE_DIALOG, /* this one only */
	SCOPE_TALK,   /* this one; if no other one is answered, the whole call */
	SCOPE_CALL,
};

static struct dialog *find_by_branch(const struct call *call, struct str via_branch)
{
	struct dialog *dialog;

	if (!via_branch.len)
		return NULL;
	DL_FOREACH(call->dialogs, dialog)
		if (str_eq(dialog->via_branch, via_branch))
			return dialog;
	return NULL;
}

/* The caller's tag means all of its forks; an answering party's tag means only its own dialog. */
static enum scope scope_of_tag(const struct call *call, struct str tag, struct dialog **found)
{
	struct dialog *dialog;

	*found = NULL;
	DL_FOREACH(call->dialogs, dialog) {
		int side = dialog_side_of(dialog, tag);

		if (side == SIDE_A)
			return SCOPE_CALL;
		if (side == SIDE_B && !*found)
			*found = dialog;
	}
	return *found ? SCOPE_TALK : SCOPE_NONE;
}

/* A via-branch that no dialog has is ignored: it is the branch of the BYE itself. */
static enum scope scope_of(const struct call *call, const struct request *request,
			   struct dialog **found)
{
	struct str tag = request->from_tag;

	*found = find_by_branch(call, request->via_branch);
	if (*found)
		return SCOPE_DIALOG;
	if (request->to_tag.len && tag.len) {
		*found = dialog_by_tags(call, request);
		if (*found)
			return (*found)->answered ? SCOPE_TALK : SCOPE_DIALOG;
	}
	if (request->to_tag.len && request->flags & REQ_DELETE_TO_TAG)
		tag = request->to_tag;
	return tag.len ? scope_of_tag(call, tag, found) : SCOPE_CALL;
}

static bool another_answered(const struct call *call, const struct dialog *but)
{
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		if (dialog != but && dialog->answered && !dialog->delete_at_ms)
			return true;
	return false;
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

static bool delete_scope(struct call *call, enum scope scope, struct dialog *dialog,
			 int64_t delay_ms, int64_t now_ms)
{
	struct dialog *at, *next;
	bool done = false;

	if (scope == SCOPE_TALK && !another_answered(call, dialog))
		scope = SCOPE_CALL;
	if (scope != SCOPE_CALL)
		return delete_dialog(dialog, delay_ms, now_ms);
	DL_FOREACH_SAFE(call->dialogs, at, next)
		done |= delete_dialog(at, delay_ms, now_ms); /* the last one frees the call */
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
	struct dialog *dialog = NULL;
	enum scope scope = call ? scope_of(call, request, &dialog) : SCOPE_NONE;
	int64_t delay_s = request->delete_delay;

	reply->code = REPLY_OK;
	if (scope == SCOPE_NONE) {
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
	reply->deleted = delete_scope(call, scope, dialog, delay_s * 1000, env->now_ms);
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

static bool signals_address(const struct dialog *dialog, enum side side,
			    const struct endpoint *address)
{
	for (size_t i = 0; i < dialog->n_media; i++) {
		const struct media *media = dialog->media[i];

		if (media && endpoint_addr_eq(&bridge_conf(media->bridge)->side[side].sdp[COMP_RTP],
					      address))
			return true;
	}
	return false;
}

/* Label and address are more exact than the tag; without any of the three all parties are meant. */
static bool is_meant(const struct dialog *dialog, enum side side, const struct request *request)
{
	const struct party *party = &dialog->party[side];

	if (request->flags & REQ_ALL)
		return true;
	if (request->label.len)
		return str_eq(party->label, request->label);
	if (endpoint_is_set(&request->address))
		return signals_address(dialog, side, &request->address);
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
			if (!is_meant(dialog, side, request))
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
