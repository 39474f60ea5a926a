/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record.c - start, stop and pause recording; what an offer or an answer says of it */
#include <errno.h>
#include "call/dialog.h"
#include "call/recorded.h"
#include "call/recorded_media.h"
#include "call/table.h"
#include "command/command.h"
#include "command/exchange.h"

static struct call *find(struct command_env *env, const struct request *request,
			 struct reply *reply)
{
	struct call *call = call_find(env->calls, request->call_id);

	reply->code = call ? REPLY_OK : REPLY_ERROR;
	if (!call)
		reply->error = "Unknown call-id";
	return call;
}

/* What a proxy is told of a recording that does not begin since the recorder cannot take it. */
#define REFUSED "Recording refused: the recorder waits for its disk"

static void refuse(struct reply *reply)
{
	reply->code = REPLY_ERROR;
	reply->error = "Out of memory";
}

static bool set_metadata(struct call *call, struct str metadata)
{
	if (!metadata.len)
		return true;
	if (text_set(&call->metadata, metadata))
		return false;
	recorded_metadata(call);
	return true;
}

/* Without recording-dir it is logged, and the reply is "ok": proxies would end the call. */
void command_start_recording(struct command_env *env, const struct request *request,
			     struct reply *reply)
{
	struct call *call = find(env, request, reply);
	const struct record_wish *wish = &request->record;
	int error = call && !set_metadata(call, request->metadata) ? -ENOMEM : 0;

	if (!call)
		return;
	error = error ?: recorded_start(call, wish->file, wish->pattern);
	if (error == -ENOMEM || error == -ENOBUFS)
		refuse(reply);
	if (error == -ENOBUFS)
		reply->error = REFUSED;
	call_touch(call);
}

void command_pause_recording(struct command_env *env, const struct request *request,
			     struct reply *reply)
{
	struct call *call = find(env, request, reply);

	if (!call)
		return;
	if (!set_metadata(call, request->metadata) || recorded_pause(call))
		refuse(reply);
	call_touch(call);
}

void command_stop_recording(struct command_env *env, const struct request *request,
			    struct reply *reply)
{
	struct call *call;

	if (request->record.pause) {
		command_pause_recording(env, request, reply);
		return;
	}
	call = find(env, request, reply);
	if (!call)
		return;
	if (!set_metadata(call, request->metadata))
		refuse(reply);
	recorded_stop(call, request->record.discard);
	call_touch(call);
}

const char *record_exchange(struct exchange *ex)
{
	const struct record_wish *wish = &ex->request->record;
	struct call *call = ex->call;
	int error = 0;

	if (wish->exclude)
		recorded_exclude(ex->dialog); /* a later offer without the flag changes nothing */
	if (wish->call == RECORD_CALL_ON)
		error = recorded_begin(call, wish->file, wish->pattern);
	else if (wish->call != RECORD_CALL_UNSET)
		recorded_stop(call, wish->call == RECORD_CALL_DISCARD);
	else
		recorded_follow(call);
	if (ex->request->metadata.len)
		recorded_metadata(call);
	if (ex->request->sdp.len)
		recorded_sdp(ex->dialog, ex->from, ex->offer ? "offer" : "answer",
			     ex->request->sdp);
	return error == -ENOBUFS ? REFUSED : NULL;
}
