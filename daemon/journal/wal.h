/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wal.h - is the write-ahead log of the file damaged, and which records were in the lost part?
 *
 * SQLite reads the log up to the first frame whose checksum is wrong, and ignores the rest without
 * a word: that is right for a transaction that a crash interrupted, but the same happens to good
 * transactions behind a damaged byte. So the log is read here before SQLite opens it.
 */
#ifndef RTPRELAY_JOURNAL_WAL_H
#define RTPRELAY_JOURNAL_WAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wal_record {
	int64_t id;
	bool there; /* it was read nevertheless: an older state of it is in the file */
};

/* @record: sorted by id; freed by wal_loss_fini() */
struct wal_loss {
	bool damaged;
	uint64_t frame; /* number of the damaged frame, from 1; 0: the header of the log */
	struct wal_record *record;
	size_t n;
};

/* A log that is missing, empty or unreadable is not damaged: SQLite reports such errors. */
void wal_check(const char *path, struct wal_loss *loss);
/* The record with this number was read. */
void wal_loss_found(struct wal_loss *loss, int64_t id);
/* How many records are lost as a whole. */
size_t wal_loss_count(const struct wal_loss *loss);
void wal_loss_fini(struct wal_loss *loss);

#endif
