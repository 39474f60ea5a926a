/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch.h - records to be written: number and bytes of each, one after the other in a buffer */
#ifndef RTPRELAY_JOURNAL_BATCH_H
#define RTPRELAY_JOURNAL_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Header of each record in the buffer; len 0: remove the record. */
struct journal_entry {
	int64_t id;
	uint64_t len;
};

struct journal_batch {
	uint8_t *data;
	size_t len, size;
};

/* Where to write the bytes of the next record; *room: how many fit. NULL: the batch is full. */
static inline uint8_t *journal_batch_room(const struct journal_batch *batch, size_t *room)
{
	size_t left = batch->size - batch->len;

	if (left < sizeof(struct journal_entry))
		return NULL;
	*room = left - sizeof(struct journal_entry);
	return batch->data + batch->len + sizeof(struct journal_entry);
}

/* Adds record @id, whose @len bytes were written to journal_batch_room(). */
static inline void journal_batch_add(struct journal_batch *batch, int64_t id, size_t len)
{
	struct journal_entry entry = { id, len };

	memcpy(batch->data + batch->len, &entry, sizeof(entry));
	batch->len += sizeof(entry) + len;
}

/* The next record; *at starts at 0. NULL: no more. */
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
