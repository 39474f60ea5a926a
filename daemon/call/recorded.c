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
#include "call/media.h"
#include "call/media_path.h"
#include "call/recorded.h"
#include "call/tapped.h"
#include "packet/bridge.h"
#include "stats/stats.h"

/**
 * struct call_recording
 * @running: NULL: it has ended, or did not begin yet
 * @n_media: numbers that were given
 */
struct call_recording {
	struct call *call;
	struct recording *running;
	bool paused;
	uint8_t n_media;
	char path[RECORD_NAME + 256];
};

static bool is_excluded(const struct media *media)
{
	return media->dialog->unrecorded;
}

static const char *text_of_error(int error)
{
	return error == -ENOSPC ? "no space is left on the disk, or recording-min-free is reached"
				: strerror(-error);
}

/* --- What is recorded ------------------------------------------------------------------------- */

static bool is_encrypted(const struct media *media)
{
	return media->flags & (MEDIA_DTLS | MEDIA_SDES) && !media->sdes && !media->dtls;
}

static void tell_parties(struct call_recording *own, const struct dialog *dialog)
{
	for (int side = 0; side < 2; side++) {
		const struct party *party = &dialog->party[side];

		if (party->tag.len)
			recording_party(own->running, (uint8_t)side, party->tag, party->label,
					STR_NONE);
	}
}

/* The payload types that are telephone-event, of what each side sends. */
static void leave_events_out(const struct bridge_conf *conf, struct recording_media *about)
{
	for (int side = 0; side < 2; side++)
		for (int i = 0; i < BRIDGE_EVENTS; i++) {
			uint8_t pt = conf->events[side][i] & 127;

			if (pt)
				about->left_out[side][pt >> 6] |= UINT64_C(1) << (pt & 63);
		}
}

static void tell_media(struct call_recording *own, const struct media *media)
{
	struct recording_media about = { .tap = media->tap, .encrypted = is_encrypted(media) };

	about.about.media = (uint8_t)(media->recorded - 1);
	about.about.index = media->index;
	about.about.type = str_of(media->type);
	for (int side = 0; side < 2; side++)
		about.about.tag[side] = media->dialog->party[side].tag;
	each_component(side, comp) {
		struct stream_report stream;

		if (!bridge_has(media->bridge, side, comp))
			continue;
		bridge_report(media->bridge, side, comp, &stream);
		about.about.local[side][comp] = stream.local;
		about.about.remote[side][comp] = bridge_conf(media->bridge)->side[side].sdp[comp];
	}
	if (media->table->conf.recorded->no_dtmf)
		leave_events_out(bridge_conf(media->bridge), &about);
	recording_media(own->running, &about);
}

static void follow_media(struct call_recording *own, struct media *media)
{
	if (is_excluded(media))
		return;
	if (!media->recorded) {
		if (own->n_media == RECORD_MEDIAS || tapped_hold(media)) {
			log_call(LOG_LEVEL_WARNING, own->call->id,
				 "a media is not recorded: too many medias, or out of memory");
			return;
		}
		media->recorded = ++own->n_media;
	}
	tell_media(own, media);
}

void recorded_follow(struct call *call)
{
	struct call_recording *own = call->recording;
	struct dialog *dialog;

	if (!own || !own->running)
		return;
	DL_FOREACH(call->dialogs, dialog) {
		if (dialog->unrecorded)
			continue;
		tell_parties(own, dialog);
		for (size_t i = 0; i < dialog->n_media; i++)
			if (dialog->media[i])
				follow_media(own, dialog->media[i]);
	}
}

void recorded_media_ends(struct media *media)
{
	if (!media->recorded)
		return;
	media->recorded = 0;
	tapped_release(media);
}

void recorded_leave(struct media *media)
{
	if (!media->recorded)
		return;
	recorded_media_ends(media);
	media_path_follow(media);
}

void recorded_exclude(struct dialog *dialog)
{
	const struct call_recording *own = dialog->call->recording;

	dialog->unrecorded = true;
	for (size_t i = 0; i < dialog->n_media; i++) {
		struct media *media = dialog->media[i];

		if (!media)
			continue;
		if (own && own->running && media->recorded)
			recording_leave_out(own->running, media->tap);
		recorded_leave(media);
	}
}

void recorded_sdp(struct dialog *dialog, enum side side, const char *kind, struct str sdp)
{
	struct call_recording *own = dialog->call->recording;

	if (own && own->running && !dialog->unrecorded)
		recording_sdp(own->running, (uint8_t)side, kind, sdp);
}

void recorded_metadata(struct call *call)
{
	if (call->recording && call->recording->running)
		recording_metadata(call->recording->running, call->metadata);
}

/* --- Commands --------------------------------------------------------------------------------- */

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
	release_medias(call);
}

static void on_failed(void *owner, const struct recording_state *state)
{
	struct call_recording *own = owner;
	struct call *call = own->call;
	const char *why = text_of_error(state->error);

	call->table->conf.stats->recordings_failed++;
	log_call(LOG_LEVEL_ERR, call->id, "the recording has ended: %s; the call goes on: %s", why,
		 own->path);
	events_tell_call(call->table->conf.events, RECORDING_FAILED, call, why);
	end(call, RECORDING_FINISHED, "failed"); /* a pause stays: a later one begins paused */
}

static int begin(struct call_recording *own, struct str file, struct str pattern)
{
	struct call *call = own->call;
	const struct call_table_conf *table = &call->table->conf;
	struct recording_conf conf = { .recorder = table->recorder,
				       .dir = table->recorded->dir,
				       .sent = table->recorded->sent,
				       .failed = on_failed,
				       .owner = own,
				       .call_id = call->id,
				       .metadata = call->metadata };
	char name[RECORD_NAME];
	struct timespec now;

	if (getrandom(&conf.id, sizeof(conf.id), 0) != sizeof(conf.id))
		return -errno;
	clock_gettime(CLOCK_REALTIME, &now);
	conf.now_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	choose_name(call, file, pattern, conf.id, name);
	conf.name = name;
	own->running = recording_new(&conf);
	if (!own->running)
		return -ENOMEM;
	snprintf(own->path, sizeof(own->path), "%s/%s.pcap", table->recorded->path, name);
	table->stats->recordings++;
	log_call(LOG_LEVEL_INFO, call->id, "recording begins: %s", own->path);
	if (own->paused && recording_pause(own->running, true)) {
		end(call, RECORDING_DISCARDED,
		    "discarded"); /* rather nothing than what must not be */
		return -ENOMEM;
	}
	recorded_follow(call);
	return 0;
}

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
	int error;

	if (own && own->paused) {
		error = own->running ? recording_pause(own->running, false) : 0;
		if (error)
			return error;
		own->paused = false;
	}
	return recorded_begin(call, file, pattern);
}

int recorded_pause(struct call *call)
{
	struct call_recording *own = own_of(call);

	if (!own)
		return -ENOMEM;
	if (own->running && recording_pause(own->running, true))
		return -ENOMEM;
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

bool recorded_runs(const struct call *call)
{
	return call->recording && call->recording->running && !call->recording->paused;
}

const char *recorded_path(const struct call *call)
{
	return call->recording && call->recording->running ? call->recording->path : NULL;
}
