/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copies_restore.c - subscribers of a call to a record of the journal, and back */
#include <errno.h>
#include <stdio.h>
#include <utlist.h>
#include "base/log.h"
#include "call/copies.h"
#include "call/copies_restore.h"
#include "call/dialog.h"
#include "call/record.h"
#include "call/table.h"
#include "call/tapped.h"
#include "port/iface.h"

/* --- To a record ------------------------------------------------------------------------------ */

static uint8_t number_of(const struct call *call, const struct dialog *wanted)
{
	const struct dialog *dialog;
	uint8_t n = 0;

	DL_FOREACH(call->dialogs, dialog) {
		if (dialog == wanted)
			return n;
		n++;
	}
	return COPY_NOWHERE;
}

static void note_line(struct copy_record *record, const struct call *call,
		      const struct subscriber_line *line)
{
	*record = (struct copy_record){ .dialog = number_of(call, line->dialog),
					.index = line->index,
					.side = (uint8_t)line->side,
					.wanted = line->wanted,
					.accepted = line->accepted,
					.needs_key = line->needs_key,
					.label = line->label,
					.type = str_of(line->type),
					.port = line->port,
					.to = { line->to[0], line->to[1] },
					.pts = { line->pts[0], line->pts[1] },
					.crypto = line->crypto,
					.key = line->key };
	if (line->port)
		record->place = (struct place_record){ line->local->name, line->local->bind };
	if (line->sockets)
		copy_port_indexes(line->sockets, &record->indexes);
}

void copies_note(struct arena *arena, struct call_record *record, const struct call *call)
{
	const struct subscriber *subscriber;

	static_assert(RECORD_SUBSCRIBERS == CALL_SUBSCRIBERS, "the journal has room for all");
	record->subscribers = arena_zalloc(arena, CALL_SUBSCRIBERS * sizeof(*record->subscribers));
	if (!record->subscribers)
		return;
	DL_FOREACH(call->subscribers, subscriber) {
		struct subscriber_record *to = &record->subscribers[record->n_subscribers];

		*to = (struct subscriber_record){ .tag = subscriber->tag,
						  .label = subscriber->label,
						  .sdp_id = subscriber->sdp_id,
						  .sdp_version = subscriber->sdp_version,
						  .siprec = subscriber->siprec,
						  .inactive = subscriber->inactive,
						  .classic = subscriber->classic,
						  .n = subscriber->n };
		to->line = arena_zalloc(arena, (to->n + 1) * sizeof(*to->line));
		if (!to->line)
			return;
		for (size_t i = 0; i < to->n; i++)
			note_line(&to->line[i], call, &subscriber->line[i]);
		record->n_subscribers++;
	}
}

void copies_mind_indexes(struct call *call)
{
	const struct subscriber *subscriber;
	bool due = false;

	DL_FOREACH(call->subscribers, subscriber)
		for (size_t i = 0; i < subscriber->n; i++)
			due |= subscriber->line[i].sockets &&
			       copy_port_due(subscriber->line[i].sockets);
	if (due)
		call_touch(call);
}

/* --- To subscribers --------------------------------------------------------------------------- */

static struct dialog *dialog_of(const struct call *call, uint8_t number)
{
	struct dialog *dialog;

	DL_FOREACH(call->dialogs, dialog)
		if (!number--)
			return dialog;
	return NULL;
}

/* Why it cannot have these ports or send there; NULL: it can */
static const char *open_line(struct subscriber *subscriber, struct subscriber_line *line,
			     const struct copy_record *record, int64_t now_ms)
{
	const struct call *call = subscriber->call;
	struct iface_addr *local =
		iface_find(call->table->conf.ifaces, record->place.iface, &record->place.bind);
	const char *why = local ? NULL : "its address is not configured any more";
	int error;

	for (int comp = 0; comp < 2 && !why; comp++)
		if (endpoint_port(&record->to[comp]))
			why = copies_why_not(call, local, &record->to[comp], now_ms);
	if (why)
		return why;
	error = subscriber_line_open(subscriber, line, local, record->port, now_ms);
	return error ? strerror(-error) : NULL;
}

static int fill_line(struct subscriber_line *line, const struct copy_record *record)
{
	line->wanted = record->wanted;
	line->accepted = record->accepted;
	line->needs_key = record->needs_key;
	line->label = record->label;
	snprintf(line->type, sizeof(line->type), STR_FMT, STR_ARG(record->type));
	memcpy(line->to, record->to, sizeof(line->to));
	memcpy(line->pts, record->pts, sizeof(line->pts));
	return text_set(&line->crypto, record->crypto);
}

static int resume_line(struct subscriber *subscriber, const struct copy_record *record,
		       int64_t now_ms)
{
	struct subscriber_line *line =
		subscriber_line_add(subscriber, dialog_of(subscriber->call, record->dialog),
				    record->index, record->side);
	int error = line ? fill_line(line, record) : -EBADMSG;
	const char *why;

	if (error || !record->port)
		return error;
	why = open_line(subscriber, line, record, now_ms);
	if (!why) {
		error = subscriber_line_secure(line, record->key);
		if (!error && record->key.len)
			error = copy_port_resume(line->sockets, &record->indexes, now_ms);
		return error;
	}
	log_call(LOG_LEVEL_WARNING, subscriber->call->id,
		 "copies: line %zu of the recorder ends with the restart: port %u: %s",
		 subscriber->n, record->port, why);
	subscriber_line_close(subscriber, line);
	return 0;
}

/* Without media_path_follow(), which comes later. */
static void tap_lines(struct subscriber *subscriber)
{
	for (size_t i = 0; i < subscriber->n; i++) {
		struct subscriber_line *line = &subscriber->line[i];
		struct media *media = subscriber_line_sends(subscriber, line)
					      ? subscriber_line_media(line)
					      : NULL;

		if (media && !tapped_resume(media))
			line->tapped = media;
	}
}

static int resume(struct call *call, const struct subscriber_record *record, int64_t now_ms)
{
	struct subscriber *subscriber = subscriber_new(call, record->tag);
	int error = subscriber ? text_set(&subscriber->label, record->label) : -ENOMEM;

	if (subscriber) {
		subscriber->sdp_id = record->sdp_id;
		subscriber->sdp_version = record->sdp_version;
		subscriber->siprec = record->siprec;
		subscriber->inactive = record->inactive;
		subscriber->classic = record->classic;
	}
	for (size_t i = 0; i < record->n && !error; i++)
		error = resume_line(subscriber, &record->line[i], now_ms);
	if (!error) {
		subscriber_link(subscriber);
		tap_lines(subscriber);
		error = subscriber_apply(subscriber);
	}
	if (error)
		subscriber_free(subscriber);
	return error;
}

void copies_resume(struct call *call, const struct call_record *record, int64_t now_ms)
{
	for (size_t i = 0; i < record->n_subscribers; i++) {
		int error = call->table->conf.copies ? resume(call, &record->subscribers[i], now_ms)
						     : -ENOTSUP;

		if (error)
			log_call(LOG_LEVEL_ERR, call->id,
				 "copies: a recorder gets none after the restart: %s; the call "
				 "goes on: subscribe again",
				 strerror(-error));
	}
}
