/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record_copies.h - subscribers of a call in a record of the journal */
#ifndef RTPRELAY_RECORD_COPIES_H
#define RTPRELAY_RECORD_COPIES_H

#include "call/record_wire.h"
#include "call/tree.h"
#include "srtp/srtp.h"

/* As CALL_SUBSCRIBERS of call/copies.h, which is above this. */
#define RECORD_SUBSCRIBERS 4

/* copy_record.dialog: the source is gone */
#define COPY_NOWHERE CALL_DIALOGS

/**
 * struct copy_record - one m= line of a subscriber (struct subscriber_line)
 * @dialog: number of the source's dialog in the record
 * @place: if there is a @port
 * @indexes: if there is a @key
 */
struct copy_record {
	uint8_t dialog, index, side;
	bool wanted, accepted, needs_key;
	uint32_t label;
	struct str type;
	struct place_record place;
	uint16_t port;
	struct endpoint to[2];
	uint64_t pts[2];
	struct str crypto, key;
	struct srtp_indexes indexes;
};

struct subscriber_record {
	struct str tag, label;
	uint64_t sdp_id, sdp_version;
	bool siprec, inactive, classic;
	struct copy_record *line;
	size_t n;
};

/* Behind the dialogs of the call, @n_dialogs of them. */
void wire_subscribers(struct wire *w, struct subscriber_record **subscribers, size_t *n,
		      size_t n_dialogs);

#endif
