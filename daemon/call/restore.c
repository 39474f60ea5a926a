/* SPDX-License-Identifier: GPL-2.0-or-later */
/* restore.c - a record of the journal back to a call */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "base/log.h"
#include "call/call.h"
#include "call/copies_restore.h"
#include "call/dialog.h"
#include "call/media_bundle.h"
#include "call/recorded.h"
#include "call/restore.h"
#include "call/restore_media.h"
#include "call/table.h"

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

	party->local = restore_place(r, &record->place);
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
	struct restore r = { .table = calls->table, .record = &record, .now = record_now() };
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
