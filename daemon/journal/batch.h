/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch.h - records on their way to the disk: numbers and bytes, one after the other in a buffer */
#ifndef RTPRELAY_JOURNAL_BATCH_H
#define RTPRELAY_JOURNAL_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* In the buffer before the bytes of each record; without bytes the record is to be removed. */
struct journal_entry {
	int64_t id;
	uint64_t len;
};

struct journal_batch {
	uint8_t *data;
	size_t len, size;
};

/* Where the bytes of the next record go; room: what is left for them. NULL: the batch is full. */
static inline uint8_t *journal_batch_room(const struct journal_batch *batch, size_t *room)
{
	size_t left = batch->size - batch->len;

	if (left < sizeof(struct journal_entry))
		return NULL;
	*room = left - sizeof(struct journal_entry);
	return batch->data + batch->len + sizeof(struct journal_entry);
}

/* The record @id, whose @len bytes were written to journal_batch_room(), is in. */
static inline void journal_batch_add(struct journal_batch *batch, int64_t id, size_t len)
{
	struct journal_entry entry = { id, len };

	memcpy(batch->data + batch->len, &entry, sizeof(entry));
	batch->len += sizeof(entry) + len;
}

/* Goes through; *at begins with 0. NULL: no more. */
static inline const uint8_t *journal_batch_next(const struct journal_batch *batch, size_t *at,
						struct journal_entry *entry)
{
	const uint8_t *bytes = batch->data + *at + sizeof(*entry);

	if (*at >= batch->len)
		return NULL;
	memcpy(entry, batch->data + *at, sizeof(*entry));
	*at += sizeof(*entry) + entry->len;
	return bytes;
}

#endif
