/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorded_media.c - what the recording of a call is told: parties, medias, SDP */
#include <utlist.h>
#include "base/log.h"
#include "call/media.h"
#include "call/media_codecs.h"
#include "call/media_path.h"
#include "call/recorded_conf.h"
#include "call/recorded_media.h"
#include "call/recorded_state.h"
#include "call/tapped.h"
#include "packet/bridge.h"

static bool is_excluded(const struct media *media)
{
	return media->dialog->unrecorded;
}

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

/* Where both sides give a payload type another codec, the callee's is told. */
static void tell_codecs(struct call_recording *own, const struct media *media)
{
	for (int side = 0; side < 2; side++) {
		struct str rest = media->codecs[side];
		struct media_codec codec;

		while (media_codecs_next(&rest, &codec))
			recording_codec(own->running, (uint8_t)(media->recorded - 1), codec.pt,
					codec.name);
	}
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
	tell_codecs(own, media);
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
