/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_copies.c - subscribers of a call in a record of the journal
 *
 * Of each its tag and label, numbers of its SDP (8 bytes each), whether it is of SIPREC, paused, of
 * the classic protocol (1 byte each), and its lines: number of the dialog, m= line, side, whether
 * it is wanted, accepted, needs a key (1 byte each), label (4), type, port (2), and if that is not
 * 0 interface and address; the recorder's two addresses, payload types (16); lines a=crypto that
 * were offered, and the one that was taken; if there is one, the indexes of what is sent under it.
 */
#include "call/record_copies.h"
#include "call/record_srtp.h"
#include "record/copy.h"
#include "sdp/sdp.h"

static void wire_port(struct wire *w, struct copy_record *line)
{
	wire_u16(w, &line->port);
	if (line->port)
		wire_place(w, &line->place);
}

static void wire_key(struct wire *w, struct copy_record *line)
{
	wire_lines(w, &line->crypto, false);
	wire_lines(w, &line->key, true);
	if (line->key.len && !w->failed)
		wire_indexes(w, &line->indexes);
}

static void wire_line(struct wire *w, struct copy_record *line, size_t n_dialogs)
{
	wire_u8(w, &line->dialog, CALL_DIALOGS);
	wire_u8(w, &line->index, SDP_MAX_MEDIA - 1);
	wire_u8(w, &line->side, SIDE_B);
	wire_bool(w, &line->wanted);
	wire_bool(w, &line->accepted);
	wire_bool(w, &line->needs_key);
	wire_u32(w, &line->label);
	wire_str(w, &line->type);
	wire_port(w, line);
	for (int i = 0; i < 2; i++) {
		wire_endpoint(w, &line->to[i]);
		wire_u64(w, &line->pts[i]);
	}
	wire_key(w, line);
	w->failed = w->failed || (line->dialog != COPY_NOWHERE && line->dialog >= n_dialogs);
}

static void wire_subscriber(struct wire *w, struct subscriber_record *record, size_t n_dialogs)
{
	wire_str(w, &record->tag);
	wire_str(w, &record->label);
	wire_u64(w, &record->sdp_id);
	wire_u64(w, &record->sdp_version);
	wire_bool(w, &record->siprec);
	wire_bool(w, &record->inactive);
	wire_bool(w, &record->classic);
	wire_array(w, &record->n, &record->line, sizeof(*record->line), COPY_LINES);
	for (size_t i = 0; i < record->n && !w->failed; i++)
		wire_line(w, &record->line[i], n_dialogs);
}

void wire_subscribers(struct wire *w, struct subscriber_record **subscribers, size_t *n,
		      size_t n_dialogs)
{
	wire_array(w, n, subscribers, sizeof(**subscribers), RECORD_SUBSCRIBERS);
	for (size_t i = 0; i < *n && !w->failed; i++)
		wire_subscriber(w, &(*subscribers)[i], n_dialogs);
}
