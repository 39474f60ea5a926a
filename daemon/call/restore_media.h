/* SPDX-License-Identifier: GPL-2.0-or-later */
/* restore_media.h - a media of a record of the journal is opened again; a part of call/restore.c */
#ifndef RTPRELAY_RESTORE_MEDIA_H
#define RTPRELAY_RESTORE_MEDIA_H

#include "call/record.h"
#include "call/record_time.h"
#include "call/tree.h"

/* A record that becomes a call again. */
struct restore {
	struct call_table *table;
	const struct call_record *record;
	struct call *call;
	struct record_now now;
};

/* The monotonic time of a past event. */
static inline int64_t past(const struct restore *r, int64_t wall_ms)
{
	return record_time_past(&r->now, wall_ms);
}

/* The monotonic time of a deadline that was pending when the record was written. */
static inline int64_t awaited(const struct restore *r, int64_t wall_ms)
{
	return record_time_awaited(&r->now, r->record->written_ms, wall_ms);
}

/* NULL: the configuration does not have it any more. */
struct iface_addr *restore_place(const struct restore *r, const struct place_record *place);
/*
 * Opens media @index of @dialog with its ports; media before it are there already. Return: 0;
 * -EBADMSG: the record contradicts itself; other -errno: the media may be there in part
 */
int restore_media(struct restore *r, struct dialog *dialog, size_t index,
		  const struct media_record *record);

#endif
