/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * play.c - play media, stop media: prompts that parties of a call hear
 *
 * The party that a request names is the one that hears it.
 */
#include <utlist.h>
#include "base/log.h"
#include "call/play.h"
#include "call/table.h"
#include "command/command.h"

static void refuse(struct reply *reply, const char *why)
{
	reply->code = REPLY_ERROR;
	reply->error = why;
}

static bool names_party(const struct request *request)
{
	return request->flags & REQ_ALL || request->label.len || request->from_tag.len ||
	       endpoint_is_set(&request->address);
}

static bool is_same_party(const struct dialog *dialog, const struct dialog *other, enum side side)
{
	const struct party *a = &dialog->party[side], *b = &other->party[side];

	return a->tag.len && str_eq(a->tag, b->tag);
}

static int worth(const struct dialog *dialog)
{
	return (dialog->answered ? 1 : 0) + (dialog->delete_at_ms ? 0 : 2);
}

/* A caller is in each fork of its call, but hears one: that which is answered, else the newest. */
static bool is_heard_elsewhere(const struct dialog *dialog, enum side side)
{
	const struct dialog *other;
	bool newer = false;

	DL_FOREACH(dialog->call->dialogs, other) {
		if (other == dialog) {
			newer = true;
			continue;
		}
		if (is_same_party(dialog, other, side) && play_media(other) &&
		    (worth(other) > worth(dialog) || (newer && worth(other) == worth(dialog))))
			return true;
	}
	return false;
}

typedef void listener_fn(void *arg, struct media *media, enum side side);

/* Return: false: no party is meant that could hear something */
static bool each_listener(struct command_env *env, const struct request *request,
			  struct reply *reply, listener_fn *each, void *arg)
{
	struct call *call = call_find(env->calls, request->call_id);
	struct dialog *dialog;
	int meant = 0;

	if (!call) {
		refuse(reply, "Unknown call-id");
		return false;
	}
	if (!names_party(request)) {
		refuse(reply, "No participant party specified");
		return false;
	}
	DL_FOREACH(call->dialogs, dialog) {
		for (int side = 0; side < 2; side++) {
			struct media *media = play_media(dialog);

			if (!media || !command_is_meant(dialog, side, request) ||
			    is_heard_elsewhere(dialog, side))
				continue;
			meant++;
			each(arg, media, side);
		}
	}
	if (!meant)
		refuse(reply, "No such party in this call");
	return meant > 0;
}

/* @why: of one that cannot hear it; NULL: all do */
struct playing {
	struct play_ask ask;
	const struct request *request;
	struct reply *reply;
	const char *why;
};

static void play_one(void *arg, struct media *media, enum side side)
{
	struct playing *playing = arg;
	uint64_t duration_ms = 0;

	const char *why = play_begin(media, side, &playing->ask, &duration_ms);

	if (why) {
		playing->why = why;
		return;
	}
	playing->reply->has_duration = true;
	playing->reply->duration_ms = duration_ms;
}

static const char *read_ask(const struct request *request, struct play_ask *ask)
{
	const struct request_play *play = &request->play;

	if (!play->file.len)
		return play->other ? "Only files of prompt-dir can be played: give \"file\", not "
				     "\"blob\" or \"db-id\""
				   : "No media file specified";
	ask->file = play->file;
	ask->times = play->times_given ? (uint32_t)play->times : play->duration_ms ? 0 : 1;
	ask->duration_ms = (uint32_t)play->duration_ms;
	ask->start_ms = (uint64_t)play->start_ms;
	return NULL;
}

static void log_refused(const struct playing *playing)
{
	char shown[96];

	log_call(LOG_LEVEL_WARNING, playing->request->call_id,
		 "play media: the file \"%s\" is not played: %s",
		 log_escape(playing->ask.file, shown, sizeof(shown)), playing->why);
}

/*
 * Proxies match the text of the error: why stands in the warning. With "all" the others hear it,
 * whom it can be played to.
 */
void command_play_media(struct command_env *env, const struct request *request, struct reply *reply)
{
	struct playing playing = { .request = request, .reply = reply };
	const char *error = read_ask(request, &playing.ask);

	if (error) {
		refuse(reply, error);
		return;
	}
	if (!each_listener(env, request, reply, play_one, &playing) || !playing.why)
		return;
	log_refused(&playing);
	reply->warning = playing.why;
	if (!reply->has_duration)
		refuse(reply, "Failed to start media playback from file");
}

static void stop_one(void *arg, struct media *media, enum side side)
{
	struct reply *reply = arg;

	if (play_stop(media, side, "a command stopped it", &reply->position_ms))
		reply->has_position = true;
}

void command_stop_media(struct command_env *env, const struct request *request, struct reply *reply)
{
	each_listener(env, request, reply, stop_one, reply);
}
