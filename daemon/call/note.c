/* SPDX-License-Identifier: GPL-2.0-or-later */
/* note.c - a call to a record of the journal */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "call/copies_restore.h"
#include "call/media.h"
#include "call/media_dtls.h"
#include "call/media_ice.h"
#include "call/media_path.h"
#include "call/media_sdes.h"
#include "call/note.h"
#include "call/record.h"
#include "call/record_time.h"
#include "call/recorded.h"
#include "packet/bridge.h"
#include "port/iface.h"

static void latch_to_wall(struct latch_record *latch, const struct record_now *now)
{
	latch->heard_ms = record_time_to_wall(now, latch->heard_ms);
	latch->window_end_ms = record_time_to_wall(now, latch->window_end_ms);
	latch->opened_ms = record_time_to_wall(now, latch->opened_ms);
	latch->pending_end_ms = record_time_to_wall(now, latch->pending_end_ms);
	latch->final_end_ms = record_time_to_wall(now, latch->final_end_ms);
	latch->rtcp_ms = record_time_to_wall(now, latch->rtcp_ms);
}

static struct place_record place_of(const struct iface_addr *local)
{
	return (struct place_record){ local->name, local->bind };
}

static void note_dtls(struct dtls_record *record, const struct dtls_side *side)
{
	*record = (struct dtls_record){
		.agreed = side->agreed,
		.active = side->terms.active,
		.setup = side->setup,
		.wish = side->wish,
		.hash = side->hash,
		.state = side->port[COMP_RTP].state,
		.n = (uint8_t)side->terms.n,
		.tls_id = side->tls_id,
		.took_ms = side->port[COMP_RTP].took_ms,
	};
	memcpy(record->peer, side->terms.peer, sizeof(record->peer));
}

/* Lines are borrowed from the media. */
static struct sdes_record *note_sdes(struct arena *arena, const struct media *media)
{
	struct sdes_record *record = arena_zalloc(arena, sizeof(*record));

	if (!record)
		return NULL;
	memcpy(record->secure, media->sdes->secure, sizeof(record->secure));
	memcpy(record->optional, media->sdes->optional, sizeof(record->optional));
	memcpy(record->text, media->sdes->text, sizeof(record->text));
	memcpy(record->dtls, media->sdes->dtls, sizeof(record->dtls));
	for (int side = 0; side < 2 && media->dtls; side++)
		note_dtls(&record->handshake[side], &media->dtls->side[side]);
	for (int side = 0; side < 2; side++)
		for (int to = 0; to < 2; to++)
			if (!bridge_indexes(media->bridge, side, to, &record->indexes[side][to]))
				record->indexes[side][to] = (struct srtp_indexes){ 0 };
	return record;
}

static void note_media(struct arena *arena, struct media_record *record, const struct media *media,
		       const struct record_now *now)
{
	record->there = media;
	if (!media)
		return;
	record->flags = media->flags;
	record->holds = media->holds;
	record->answers = media->answers;
	record->has_notice = media->notice;
	if (media->notice) {
		record->notice_target = media->notice->target;
		record->notice_source = media->notice->source;
		record->notice_tag = media->notice->tag;
	}
	record->type = str_of(media->type);
	record->codec = str_of(media->codec);
	record->conf = *bridge_conf(media->bridge);
	for (int side = 0; side < 2; side++) {
		record->place[side] = place_of(media->local[side]);
		record->port[side] = media->port[side];
		record->direction[side] = media->direction[side];
		record->protocol[side] = str_of(media->protocol[side]);
		record->dtmf[side] = media->dtmf[side];
		record->codecs[side] = media->codecs[side];
		record->listener[side] = media->listener[side];
		for (int comp = 0; comp < 2; comp++) {
			struct stream_record *stream = &record->stream[side][comp];
			struct stream_report report;

			bridge_latch(media->bridge, side, comp, &stream->latch);
			latch_to_wall(&stream->latch, now);
			media_report(media, side, comp, &report);
			stream->last_in_ms = record_time_to_wall(now, report.last_in_ms);
		}
	}
	if (media->sdes)
		record->sdes = note_sdes(arena, media);
	record->bundle = media->bundle;
	record->recorded = media->recorded;
	if (!media->ice)
		return;
	record->ice = arena_zalloc(arena, sizeof(*record->ice));
	if (record->ice)
		media_ice_note(media->ice, record->ice);
}

static void note_party(struct party_record *record, const struct party *party)
{
	record->tag = party->tag;
	record->label = party->label;
	record->aliases = party->aliases;
	record->n_aliases = party->n_aliases;
	record->flags = party->flags;
	record->place = place_of(party->local);
	record->has_shown = party->shown;
	if (party->shown)
		record->shown = *party->shown;
}

static void note_dialog(struct arena *arena, struct dialog_record *record,
			const struct dialog *dialog, const struct record_now *now)
{
	note_party(&record->party[SIDE_A], &dialog->party[SIDE_A]);
	note_party(&record->party[SIDE_B], &dialog->party[SIDE_B]);
	record->via_branch = dialog->via_branch;
	record->offered = dialog->offered;
	record->created_s = dialog->created_s;
	record->last_signal_ms = record_time_to_wall(now, dialog->last_signal_ms);
	record->delete_at_ms = record_time_to_wall(now, dialog->delete_at_ms);
	record->answered = dialog->answered;
	record->final = dialog->final;
	record->unrecorded = dialog->unrecorded;
	record->timeout_s = dialog->timeout_s;
	record->media = arena_zalloc(arena, (dialog->n_media + 1) * sizeof(*record->media));
	if (!record->media)
		return;
	record->n_media = dialog->n_media;
	for (size_t i = 0; i < dialog->n_media; i++)
		note_media(arena, &record->media[i], dialog->media[i], now);
}

static uint64_t packets_of(const struct call *call, enum side side)
{
	uint64_t sum = call->packets[side];
	const struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		for (size_t i = 0; i < dialog->n_media; i++)
			if (dialog->media[i])
				sum += media_packets_in(dialog->media[i], side);
	return sum;
}

static void note_call(struct arena *arena, struct call_record *record, const struct call *call)
{
	const struct record_now at = record_now();
	const struct dialog *dialog;
	size_t n = 0;

	*record = (struct call_record){ .id = call->id,
					.metadata = call->metadata,
					.dtmf_place = call->dtmf_place,
					.created_us = call->created_us,
					.last_signal_s = call->last_signal_s,
					.written_ms = at.wall_ms,
					.packets = { packets_of(call, SIDE_A),
						     packets_of(call, SIDE_B) },
					.tos = call->tos,
					.keepalive_s = call->keepalive_s,
					.latching = call->latching,
					.ignored_told = call->ignored_told };
	recorded_note(call, &record->recording);
	DL_FOREACH(call->dialogs, dialog)
		n++;
	record->dialogs = arena_zalloc(arena, n * sizeof(*record->dialogs));
	if (!record->dialogs)
		return;
	DL_FOREACH(call->dialogs, dialog)
		note_dialog(arena, &record->dialogs[record->n_dialogs++], dialog, &at);
	copies_note(arena, record, call);
}

/* Lines with keys of SRTP are borrowed, and stay. */
static void wipe_passwords(const struct call_record *record)
{
	for (size_t i = 0; i < record->n_dialogs; i++)
		for (size_t k = 0; k < record->dialogs[i].n_media; k++)
			if (record->dialogs[i].media[k].ice)
				explicit_bzero(record->dialogs[i].media[k].ice,
					       sizeof(struct ice_record));
}

size_t journal_call_encode(void *arg, void *owner, uint8_t *to, size_t room)
{
	struct journal_calls *calls = arg;
	struct call_record record;
	size_t len;

	arena_reset(calls->arena);
	note_call(calls->arena, &record, owner);
	len = arena_failed(calls->arena) ? 0 : journal_record_write(&record, to, room);
	wipe_passwords(&record);
	return len;
}
