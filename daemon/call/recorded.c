/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorded.c - the recording of a call: begun, paused, and ended by commands */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <utlist.h>
#include "base/log.h"
#include "call/events.h"
#include "call/record.h"
#include "call/recorded.h"
#include "call/recorded_media.h"
#include "call/recorded_state.h"
#include "call/table.h"
#include "call/tapped.h"
#include "stats/stats.h"

static const char *text_of_error(int error)
{
	switch (error) {
	case -ENOSPC:
		return "no space is left on the disk, or recording-min-free is reached";
	case -ENOBUFS:
		return "the disk of recording-dir does not answer, and too much waits for it";
	default:
		return strerror(-error);
	}
}

static const char *path_text(const struct call_recording *own)
{
	return own->path ? own->path : own->name;
}

/* --- Its files -------------------------------------------------------------------------------- */

static struct call_recording *own_of(struct call *call)
{
	if (!call->recording)
		call->recording = calloc(1, sizeof(*call->recording));
	if (call->recording)
		call->recording->call = call;
	return call->recording;
}

static void choose_name(struct call *call, struct str file, struct str pattern, uint64_t id,
			char name[RECORD_NAME])
{
	const struct recorded_conf *conf = call->table->conf.recorded;
	char text[256], error[RECORD_NAME_ERROR];

	if (file.len && !record_name_chosen(name, conf->path, file))
		return;
	if (file.len)
		log_call(
			LOG_LEVEL_WARNING, call->id,
			"recording-file is ignored, since it is not a name in recording-dir %s: %s",
			conf->path, log_escape(file, text, sizeof(text)));
	if (pattern.len && record_pattern_check(pattern, error)) {
		log_call(LOG_LEVEL_WARNING, call->id, "recording-pattern is ignored: %s", error);
		pattern = STR_NONE;
	}
	record_name_make(name, pattern.len ? pattern : str_of(conf->pattern), call->id, id,
			 time(NULL));
}

static void release_medias(struct call *call)
{
	struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		for (size_t i = 0; i < dialog->n_media; i++)
			if (dialog->media[i])
				recorded_leave(dialog->media[i]);
}

static void end(struct call *call, enum recording_end how, const char *why)
{
	struct call_recording *own = call->recording;

	if (!own || !own->running)
		return;
	recording_end(own->running, how, why);
	own->running = NULL;
	own->n_media = 0;
	free(own->path);
	own->path = NULL;
	release_medias(call);
}

static void on_failed(void *owner, const struct recording_state *state)
{
	struct call_recording *own = owner;
	struct call *call = own->call;
	const char *why = text_of_error(state->error);

	call->table->conf.stats->recordings_failed++;
	log_call(LOG_LEVEL_ERR, call->id, "the recording has ended: %s; the call goes on: %s", why,
		 path_text(own));
	events_tell_call(call->table->conf.events, RECORDING_FAILED, call, why);
	end(call, RECORDING_FINISHED, "failed"); /* a pause stays: a later one begins paused */
	call_touch(call);
}

/* Its files are there, and may be others than those that were asked for. */
static void on_opened(void *owner, const struct recording_opened *opened)
{
	struct call_recording *own = owner;
	struct call *call = own->call;
	char *path = strdup(opened->path);

	if (path) {
		free(own->path);
		own->path = path;
	}
	if (opened->started_ns)
		own->since_s = opened->started_ns / 1000000000;
	if (own->resumes && opened->resumed) {
		log_call(LOG_LEVEL_INFO, call->id, "recording goes on after the restart: %s",
			 opened->path);
	} else if (own->resumes) {
		log_call(LOG_LEVEL_WARNING, call->id,
			 "the recording has new files after the restart, since its former ones are "
			 "not in .open of recording-dir: %s",
			 opened->path);
		events_tell_call(call->table->conf.events, RECORDING_NEW_FILES, call,
				 "its former files were not found");
		own->id = opened->id;
		call_touch(call);
	}
	own->resumes = false;
}

static int draw(uint64_t *id)
{
	return getrandom(id, sizeof(*id), 0) == sizeof(*id) ? 0 : -errno;
}

/* Under @own->id and @own->name; nothing is tapped yet. */
static int open_files(struct call_recording *own)
{
	struct call *call = own->call;
	const struct call_table_conf *table = &call->table->conf;
	struct recording_conf conf = { .recorder = table->recorder,
				       .dir = table->recorded->dir,
				       .sent = table->recorded->sent,
				       .failed = on_failed,
				       .opened = on_opened,
				       .owner = own,
				       .call_id = call->id,
				       .metadata = call->metadata,
				       .name = own->name,
				       .id = own->id,
				       .resume = own->resumes,
				       .all = table->recorded->all };
	struct timespec now;
	int error = own->resumes ? draw(&conf.fresh_id) : 0;

	if (error)
		return error;
	clock_gettime(CLOCK_REALTIME, &now);
	conf.now_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	own->running = recording_new(&conf, &error);
	if (!own->running)
		return error;
	own->since_s = now.tv_sec;
	if (asprintf(&own->path, "%s/%s.%s", table->recorded->path, own->name,
		     table->recorded->wav ? "wav" : "pcap") < 0)
		own->path = NULL;
	table->stats->recordings++;
	if (own->paused)
		recording_pause(own->running, true);
	return 0;
}

static void tell_refused(struct call *call, int error)
{
	const char *why = text_of_error(error);

	call->table->conf.stats->recordings_failed++;
	log_call(LOG_LEVEL_ERR, call->id, "the recording does not begin: %s; the call goes on",
		 why);
	events_tell_call(call->table->conf.events, RECORDING_FAILED, call, why);
}

static int begin(struct call_recording *own, struct str file, struct str pattern)
{
	int error = draw(&own->id);

	if (error)
		return error;
	choose_name(own->call, file, pattern, own->id, own->name);
	own->resumes = false;
	error = open_files(own);
	if (error == -ENOBUFS)
		tell_refused(own->call, error);
	if (error)
		return error;
	log_call(LOG_LEVEL_INFO, own->call->id, "recording begins: %s", path_text(own));
	recorded_follow(own->call);
	return 0;
}

/* --- Commands --------------------------------------------------------------------------------- */

int recorded_begin(struct call *call, struct str file, struct str pattern)
{
	struct call_recording *own;

	if (!call->table->conf.recorder || !call->table->conf.recorded) {
		log_call(LOG_LEVEL_WARNING, call->id, "nothing is recorded: set recording-dir");
		return -ENOTSUP;
	}
	own = own_of(call);
	if (!own)
		return -ENOMEM;
	if (!own->running)
		return begin(own, file, pattern);
	recorded_follow(call);
	return 0;
}

int recorded_start(struct call *call, struct str file, struct str pattern)
{
	struct call_recording *own = call->recording;

	if (own && own->paused && own->running)
		recording_pause(own->running, false);
	if (own)
		own->paused = false;
	return recorded_begin(call, file, pattern);
}

int recorded_pause(struct call *call)
{
	struct call_recording *own = own_of(call);

	if (!own)
		return -ENOMEM;
	if (own->running)
		recording_pause(own->running, true);
	own->paused = true;
	return 0;
}

void recorded_stop(struct call *call, bool discard)
{
	end(call, discard ? RECORDING_DISCARDED : RECORDING_FINISHED,
	    discard ? "discarded" : "stopped");
	if (call->recording)
		call->recording->paused = false;
}

void recorded_deleted(struct call *call)
{
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		if (!dialog->delete_at_ms)
			return;
	end(call, RECORDING_FINISHED, "deleted");
}

void recorded_call_ends(struct call *call, bool kept, const char *why)
{
	end(call, kept ? RECORDING_SUSPENDED : RECORDING_FINISHED, why);
	free(call->recording);
	call->recording = NULL;
}

/* --- Over a restart --------------------------------------------------------------------------- */

void recorded_note(const struct call *call, struct recording_record *record)
{
	const struct call_recording *own = call->recording;

	*record = (struct recording_record){ 0 };
	if (!own)
		return;
	record->paused = own->paused;
	record->running = own->running;
	record->medias = own->n_media;
	record->id = own->id;
	record->name = str_of(own->name);
}

/* Those that had a number keep it, so that the JSON file goes on with the same. */
static void resume_medias(struct call *call, const struct call_record *record)
{
	const struct dialog_record *from = record->dialogs;
	struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog) {
		for (size_t i = 0; i < dialog->n_media; i++) {
			struct media *media = dialog->media[i];

			if (media && from->media[i].recorded && !tapped_resume(media))
				media->recorded = from->media[i].recorded;
		}
		from++;
	}
}

static void tell_not_resumed(struct call *call, int error)
{
	const char *why = error == -ENOTSUP ? "recording-dir is not set" : text_of_error(error);

	call->table->conf.stats->recordings_failed++;
	log_call(LOG_LEVEL_ERR, call->id,
		 "the recording does not go on after the restart: %s; the call goes on", why);
	events_tell_call(call->table->conf.events, RECORDING_FAILED, call, why);
}

void recorded_resume(struct call *call, const struct call_record *record)
{
	const struct recording_record *from = &record->recording;
	const struct call_table_conf *table = &call->table->conf;
	struct call_recording *own;
	int error = -ENOTSUP;

	if (!from->running && !from->paused)
		return;
	own = own_of(call);
	if (own)
		own->paused = from->paused;
	if (!own)
		error = -ENOMEM;
	else if (!from->running)
		return;
	else if (table->recorder && table->recorded) {
		own->id = from->id;
		own->n_media = from->medias;
		own->resumes = true;
		snprintf(own->name, sizeof(own->name), STR_FMT, STR_ARG(from->name));
		error = open_files(own);
	}
	if (error) {
		tell_not_resumed(call, error);
		return;
	}
	resume_medias(call, record);
	recorded_follow(call);
}

/* --- What others ask -------------------------------------------------------------------------- */

bool recorded_runs(const struct call *call)
{
	return call->recording && call->recording->running && !call->recording->paused;
}

const char *recorded_path(const struct call *call)
{
	const struct call_recording *own = call->recording;

	return own && own->running ? path_text(own) : NULL;
}

bool recorded_report(const struct call *call, struct recorded_report *report)
{
	const struct call_recording *own = call->recording;

	if (!own || !own->running)
		return false;
	*report = (struct recorded_report){ .path = path_text(own),
					    .since_s = own->since_s,
					    .paused = own->paused };
	recording_state(own->running, &report->state);
	return true;
}
