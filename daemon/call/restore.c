/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * restore.c - a call to a record of the journal, and a record back to a call
 *
 * Calls use the monotonic clock, records the wall clock. Even if the wall clock was set in between,
 * a past time of a record does not become a future one, and no remaining wait becomes longer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>
#include "base/clock.h"
#include "base/log.h"
#include "call/call.h"
#include "call/copies_restore.h"
#include "call/dialog.h"
#include "call/ice_run.h"
#include "call/media.h"
#include "call/media_bundle.h"
#include "call/media_ice.h"
#include "call/media_path.h"
#include "call/record.h"
#include "call/recorded.h"
#include "call/restore.h"
#include "call/table.h"
#include "packet/bridge.h"
#include "port/iface.h"

/* Both clocks at the same moment: their difference converts one time into the other. */
struct now {
	int64_t wall_ms, mono_ms;
};

static struct now now(void)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct now){ (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000, clock_ms() };
}

/* 0 means never, in both. */
static int64_t to_wall(const struct now *now, int64_t mono_ms)
{
	int64_t wall_ms = mono_ms + now->wall_ms - now->mono_ms;

	return mono_ms && wall_ms > 0 ? wall_ms : 0;
}

/* --- To a record ------------------------------------------------------------------------------ */

static void latch_to_wall(struct latch_record *latch, const struct now *now)
{
	latch->heard_ms = to_wall(now, latch->heard_ms);
	latch->window_end_ms = to_wall(now, latch->window_end_ms);
	latch->opened_ms = to_wall(now, latch->opened_ms);
	latch->pending_end_ms = to_wall(now, latch->pending_end_ms);
	latch->final_end_ms = to_wall(now, latch->final_end_ms);
	latch->rtcp_ms = to_wall(now, latch->rtcp_ms);
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
		       const struct now *now)
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
			stream->last_in_ms = to_wall(now, report.last_in_ms);
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
			const struct dialog *dialog, const struct now *now)
{
	note_party(&record->party[SIDE_A], &dialog->party[SIDE_A]);
	note_party(&record->party[SIDE_B], &dialog->party[SIDE_B]);
	record->via_branch = dialog->via_branch;
	record->offered = dialog->offered;
	record->created_s = dialog->created_s;
	record->last_signal_ms = to_wall(now, dialog->last_signal_ms);
	record->delete_at_ms = to_wall(now, dialog->delete_at_ms);
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
	const struct now at = now();
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

/* --- To a call -------------------------------------------------------------------------------- */

/* A record that becomes a call again. */
struct restore {
	struct call_table *table;
	const struct call_record *record;
	struct call *call;
	struct now now;
};

/* The monotonic time of a past event. */
static int64_t past(const struct restore *r, int64_t wall_ms)
{
	int64_t mono_ms = wall_ms - r->now.wall_ms + r->now.mono_ms;

	if (!wall_ms)
		return 0;
	return mono_ms < r->now.mono_ms ? mono_ms : r->now.mono_ms;
}

/* The monotonic time of a deadline that was pending when the record was written. */
static int64_t awaited(const struct restore *r, int64_t wall_ms)
{
	int64_t mono_ms = wall_ms - r->now.wall_ms + r->now.mono_ms;
	int64_t left_ms = wall_ms - r->record->written_ms;

	if (!wall_ms)
		return 0;
	left_ms = left_ms > 0 ? left_ms : 0;
	return mono_ms < r->now.mono_ms + left_ms ? mono_ms : r->now.mono_ms + left_ms;
}

static void seed_stream(const struct restore *r, const struct stream_record *record, bool mux,
			struct stream_seed *seed)
{
	struct latch_record *latch = &seed->latch;

	*latch = record->latch;
	latch->heard_ms = past(r, record->latch.heard_ms);
	latch->opened_ms = past(r, record->latch.opened_ms);
	latch->window_end_ms = awaited(r, record->latch.window_end_ms);
	latch->pending_end_ms = awaited(r, record->latch.pending_end_ms);
	latch->final_end_ms = awaited(r, record->latch.final_end_ms);
	/* It may have come while nobody was here to note it. */
	latch->rtcp_ms = record->latch.rtcp_ms || mux ? r->now.mono_ms : 0;
	seed->last_in_ms = past(r, record->last_in_ms);
}

/* NULL: the configuration does not have it any more. */
static struct iface_addr *find_place(const struct restore *r, const struct place_record *place)
{
	return iface_find(r->table->conf.ifaces, place->iface, &place->bind);
}

static bool is_of_family(const struct endpoint *ep, const struct iface_addr *local)
{
	return !endpoint_is_set(ep) || ep->sa.sa_family == local->bind.sa.sa_family;
}

/* All addresses of a side must have the family of its socket. */
static bool is_plausible(const struct media_record *record, struct iface_addr *const local[2])
{
	for (int i = 0; i < 4; i++) {
		int side = i >> 1, comp = i & 1;
		const struct latch_record *latch = &record->stream[side][comp].latch;

		if (!is_of_family(&latch->source, local[side]) ||
		    !is_of_family(&latch->replaced, local[side]) ||
		    !is_of_family(&record->conf.side[side].sdp[comp], local[side]) ||
		    !is_of_family(&record->conf.side[side].sip, local[side]))
			return false;
	}
	return true;
}

static void log_lost(const struct restore *r, const struct media_record *record,
		     const struct media_open *open, int error)
{
	char a[ENDPOINT_TEXT], b[ENDPOINT_TEXT];
	struct endpoint ep[2];

	for (int side = 0; side < 2; side++) {
		ep[side] = open->local[side]->bind;
		endpoint_set_port(&ep[side], record->port[side]);
	}
	log_call(LOG_LEVEL_WARNING, r->record->id,
		 "ended: not restored after the restart: media %u: ports %s, %s: %s",
		 open->index + 1, endpoint_print(&ep[SIDE_A], a), endpoint_print(&ep[SIDE_B], b),
		 error == -ERANGE ? "not among the ports of the interface" : strerror(-error));
}

static void copy_cut(char *to, size_t size, struct str text)
{
	snprintf(to, size, STR_FMT, STR_ARG(text));
}

static void describe(struct media *media, const struct media_record *record)
{
	media->flags = record->flags;
	media->holds = record->holds;
	media->answers = record->answers;
	copy_cut(media->type, sizeof(media->type), record->type);
	copy_cut(media->codec, sizeof(media->codec), record->codec);
	for (int side = 0; side < 2; side++) {
		media->direction[side] = record->direction[side];
		media->listener[side] = record->listener[side];
		copy_cut(media->protocol[side], sizeof(media->protocol[side]),
			 record->protocol[side]);
	}
}

static int restore_notice(struct media *media, const struct media_record *record)
{
	struct str tag = record->notice_tag;
	struct notice *notice;

	if (!record->has_notice)
		return 0;
	notice = calloc(1, sizeof(*notice) + tag.len);
	if (!notice)
		return -ENOMEM;
	notice->target = record->notice_target;
	notice->source = record->notice_source;
	if (tag.len)
		memcpy(notice->text, tag.s, tag.len);
	notice->tag = (struct str){ notice->text, tag.len };
	media->notice = notice;
	return 0;
}

static int restore_sdes(const struct restore *r, struct media *media,
			const struct sdes_record *record)
{
	if (!record)
		return 0;
	media->sdes = media_sdes_copy(NULL);
	if (!media->sdes)
		return -ENOMEM;
	memcpy(media->sdes->secure, record->secure, sizeof(record->secure));
	memcpy(media->sdes->optional, record->optional, sizeof(record->optional));
	memcpy(media->sdes->dtls, record->dtls, sizeof(record->dtls));
	for (int i = 0; i < 2 * SDES_KINDS; i++) {
		int side = i / SDES_KINDS, kind = i % SDES_KINDS;

		if (media_sdes_set_text(media->sdes, side, kind, record->text[side][kind]))
			return -ENOMEM;
	}
	return media_sdes_resume(media->sdes, media->bridge, record->indexes, r->now.mono_ms);
}

/* The bridge is to hear and to send from the start, so that its flows in the kernel stay. */
static int seed_ice(const struct restore *r, const struct media_record *record,
		    struct iface_addr *const local[2], struct media_seed *seed,
		    struct media_ice **ice)
{
	int error;

	if (!record->ice)
		return 0;
	error = media_ice_restore(r->table, record->ice, local, record->port, ice);
	for (int i = 0; i < 4 && !error; i++) {
		const struct media_ice_side *side = &(*ice)->side[i >> 1];
		struct stream_seed *stream = &seed->stream[i >> 1][i & 1];

		/* A media without a port for RTCP has no ICE. */
		if (!side->agent || (i & 1 && record->conf.kind != BRIDGE_RTP))
			continue;
		stream->ice = media_ice_stream(side, i & 1);
		error = stream->ice ? 0 : -ENOMEM;
	}
	return error;
}

static void unseed_ice(struct media_seed *seed, struct media_ice *ice)
{
	for (int i = 0; i < 4; i++)
		free(seed->stream[i >> 1][i & 1].ice);
	media_ice_free(ice);
}

/* With keys no handshake is necessary; without, it begins again. */
static int restore_dtls(struct media *media, enum side side, const struct dtls_record *record)
{
	bool keys = media->sdes->text[side][SDES_HEARD].len;
	int error = media_dtls_open(media, side);
	struct dtls_side *dtls;

	if (error)
		return error;
	dtls = &media->dtls->side[side];
	dtls->setup = record->setup;
	dtls->wish = record->wish;
	dtls->hash = record->hash;
	dtls->tls_id = record->tls_id;
	dtls->terms.active = record->active;
	dtls->terms.n = record->n;
	memcpy(dtls->terms.peer, record->peer, sizeof(dtls->terms.peer));
	dtls->port[COMP_RTP].took_ms = record->took_ms;
	if (keys)
		dtls->port[COMP_RTP].state = DTLS_CONNECTED;
	return record->agreed ? media_dtls_agree(media, side, keys) : 0;
}

/* The media whose port it uses may not be there yet. */
static bool is_carried(const struct media *media, int side)
{
	uint8_t carrier = media->bundle ? media->bundle->side[side].carrier : 0;

	return carrier && carrier != media->index + 1U;
}

static int restore_handshakes(struct media *media, const struct sdes_record *record)
{
	int error = 0;

	for (int side = 0; side < 2 && !error && record && media->table->conf.dtls; side++)
		if (record->dtls[side] && !is_carried(media, side))
			error = restore_dtls(media, side, &record->handshake[side]);
	return error;
}

static int restore_bundle(struct media *media, const struct media_bundle *record)
{
	if (!record)
		return 0;
	media->bundle = malloc(sizeof(*record));
	if (!media->bundle)
		return -ENOMEM;
	*media->bundle = *record;
	return 0;
}

static int restore_media(struct restore *r, struct dialog *dialog, size_t index,
			 const struct media_record *record)
{
	struct media_seed seed = { .port = { record->port[SIDE_A], record->port[SIDE_B] } };
	struct media_open open = { .dialog = dialog, .index = (unsigned int)index, .seed = &seed };
	struct media_ice *ice = NULL;
	int error;

	for (int side = 0; side < 2; side++) {
		open.local[side] = find_place(r, &record->place[side]);
		if (!open.local[side])
			return -EADDRNOTAVAIL;
		for (int comp = 0; comp < 2; comp++)
			seed_stream(r, &record->stream[side][comp],
				    record->conf.side[side].flags & SIDE_MUX,
				    &seed.stream[side][comp]);
	}
	if (!is_plausible(record, open.local))
		return -EBADMSG;
	for (size_t i = 0; i < index && !open.sibling; i++)
		if (dialog->media[i])
			open.sibling = dialog->media[i]->bridge;
	error = seed_ice(r, record, open.local, &seed, &ice);
	if (!error)
		dialog->media[index] = media_open(&open, &record->conf, r->now.mono_ms, &error);
	if (!dialog->media[index]) {
		unseed_ice(&seed, ice);
		log_lost(r, record, &open, error);
		return error;
	}
	if (ice)
		ice_run_commit(dialog->media[index], ice);
	describe(dialog->media[index], record);
	error = restore_notice(dialog->media[index], record);
	for (int side = 0; side < 2 && !error; side++)
		error = text_set(&dialog->media[index]->dtmf[side], record->dtmf[side])
				?: text_set(&dialog->media[index]->codecs[side],
					    record->codecs[side]);
	if (!error)
		error = restore_bundle(dialog->media[index], record->bundle);
	if (!error)
		error = restore_sdes(r, dialog->media[index], record->sdes);
	return error ? error : restore_handshakes(dialog->media[index], record->sdes);
}

static int restore_shown(struct party *party, const struct shown_sdp *record)
{
	struct shown_sdp *shown = calloc(1, sizeof(*shown));

	party->shown = shown;
	if (!shown)
		return -ENOMEM;
	shown->version = record->version;
	shown->hash = record->hash;
	if (text_set(&shown->username, record->username) || text_set(&shown->o_id, record->o_id) ||
	    text_set(&shown->session_name, record->session_name))
		return -ENOMEM;
	return 0;
}

static int restore_party(struct restore *r, struct party *party, const struct party_record *record)
{
	struct str alias;

	party->local = find_place(r, &record->place);
	if (!party->local)
		return -EADDRNOTAVAIL;
	party->flags = record->flags;
	if (text_set(&party->tag, record->tag) || text_set(&party->label, record->label) ||
	    (record->n_aliases && party_reserve_alias(party)))
		return -ENOMEM;
	for (size_t i = 0; i < record->n_aliases; i++) {
		alias = text_dup(record->aliases[i]);
		if (!alias.s)
			return record->aliases[i].len ? -ENOMEM : -EBADMSG;
		party_take_alias(party, alias);
	}
	return record->has_shown ? restore_shown(party, &record->shown) : 0;
}

static int fill_dialog(struct restore *r, struct dialog *dialog, const struct dialog_record *record)
{
	int error = restore_party(r, &dialog->party[SIDE_A], &record->party[SIDE_A]);

	if (!error)
		error = restore_party(r, &dialog->party[SIDE_B], &record->party[SIDE_B]);
	if (!error)
		error = text_set(&dialog->offered, record->offered);
	if (error)
		return error;
	dialog->created_s = record->created_s;
	dialog->last_signal_ms = past(r, record->last_signal_ms);
	dialog->delete_at_ms = awaited(r, record->delete_at_ms);
	dialog->answered = record->answered;
	dialog->final = record->final;
	dialog->initial = !record->final;
	dialog->unrecorded = record->unrecorded;
	dialog->timeout_s = record->timeout_s;
	dialog->media = calloc(record->n_media + 1, sizeof(*dialog->media));
	if (!dialog->media)
		return -ENOMEM;
	dialog->n_media = record->n_media;
	for (size_t i = 0; i < record->n_media && !error; i++)
		if (record->media[i].there)
			error = restore_media(r, dialog, i, &record->media[i]);
	if (!error)
		media_bundle_tell(dialog);
	return error;
}

static int restore_dialogs(struct restore *r)
{
	int error = 0;

	for (size_t i = 0; i < r->record->n_dialogs && !error; i++) {
		const struct dialog_record *record = &r->record->dialogs[i];
		struct dialog *dialog = dialog_new(r->call, record->party[SIDE_A].tag, STR_NONE,
						   record->via_branch);

		if (!dialog)
			return -ENOMEM;
		DL_APPEND(r->call->dialogs, dialog);
		error = fill_dialog(r, dialog, record);
	}
	return error;
}

static int fill_call(struct restore *r)
{
	const struct call_record *record = r->record;
	struct call *call = r->call;

	call->created_us = record->created_us;
	call->created_ms = past(r, record->created_us / 1000);
	call->last_signal_s = record->last_signal_s;
	call->packets[SIDE_A] = record->packets[SIDE_A];
	call->packets[SIDE_B] = record->packets[SIDE_B];
	call->tos = record->tos;
	call->keepalive_s = record->keepalive_s;
	call->latching = record->latching;
	call->ignored_told = record->ignored_told;
	call->grace_until_ms = r->now.mono_ms + RESTORED_GRACE_MS;
	return text_set(&call->metadata, record->metadata)
		       ?: text_set(&call->dtmf_place, record->dtmf_place);
}

/* Removes a call that is restored in part; its ports are released when BRIDGE_CLOSED arrives. */
static void undo(struct call *call)
{
	struct dialog *dialog, *next;

	DL_FOREACH_SAFE(call->dialogs, dialog, next) {
		DL_DELETE(call->dialogs, dialog);
		dialog_free(dialog);
	}
	call_free(call);
}

static int restore_call(struct restore *r, struct journal *journal, int64_t id)
{
	int error;

	if (!r->record->id.len || call_find(r->table, r->record->id))
		return -EEXIST;
	r->call = call_new(r->table, r->record->id, r->now.mono_ms);
	if (!r->call)
		return -ENOMEM;
	error = fill_call(r);
	if (!error)
		error = restore_dialogs(r);
	if (!error)
		error = journal_mark_old(journal, r->call, &r->call->mark, id);
	if (!error) {
		error = call_link(r->call);
		if (error)
			journal_mark_end(r->call->mark);
	}
	if (error) {
		undo(r->call);
		return error;
	}
	recorded_resume(r->call, r->record);
	copies_resume(r->call, r->record, r->now.mono_ms);
	call_watch(r->call, r->now.mono_ms);
	return 0;
}

int journal_call_restore(void *arg, struct journal *journal, int64_t id, const uint8_t *bytes,
			 size_t len)
{
	struct journal_calls *calls = arg;
	struct call_record record;
	struct restore r = { .table = calls->table, .record = &record, .now = now() };
	int error;

	arena_reset(calls->arena);
	error = journal_record_read(calls->arena, bytes, len, &record);
	if (!error)
		error = restore_call(&r, journal, id);
	if (error && error != -EBADMSG && error != -EADDRINUSE && error != -ERANGE)
		log_call(LOG_LEVEL_WARNING, record.id, "ended: not restored after the restart: %s",
			 strerror(-error));
	journal_record_wipe(&record);
	return error;
}
