/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - numbered records in one file, in SQLite
 *
 * SQLite and not LMDB, which is faster: LMDB maps its file into memory and believes every page of it, so that
 * a file with one broken page can end the daemon at each of its starts. SQLite reads with checks, and
 * names what is wrong. Its write-ahead log (PRAGMA journal_mode=WAL) survives the end of the process at
 * any moment and of the power with the last transactions lost at most; its lock keeps a second daemon out.
 *
 * One thread at a time: the control thread reads, then the journal's own thread writes.
 */
#ifndef RTPRELAY_JOURNAL_STORE_H
#define RTPRELAY_JOURNAL_STORE_H

#include "journal/batch.h"

#define JOURNAL_FILE "calls.sqlite"
#define JOURNAL_WHY  256
/* Raised whenever the layout of a record (call/record.c) changes: a daemon reads its own version only. */
#define JOURNAL_VERSION 4

struct journal_store;

/**
 * journal_store_open() - opens or makes the file in @dir
 * @why: gets a sentence with each error, JOURNAL_WHY bytes
 * Return: NULL and *error: -EBUSY, another daemon has it; -EBADMSG, it is damaged or of another version: set it
 * aside; other -errno
 */
struct journal_store *journal_store_open(const char *dir, int *error, char *why);
/* Takes NULL. */
void journal_store_close(struct journal_store *store);

/* @bytes: until it returns */
typedef void journal_row_fn(void *arg, int64_t id, const uint8_t *bytes, size_t len);
/* Every record, by number. 0; -EBADMSG, the file is damaged: those that came before are good; other -errno */
int journal_store_read(struct journal_store *store, journal_row_fn *row, void *arg, char *why);
/* All of @batch or nothing. 0; -errno */
int journal_store_write(struct journal_store *store, const struct journal_batch *batch, char *why);

/* Renames the file, which is closed. @as: gets the new name, JOURNAL_WHY bytes. 0; -errno */
int journal_store_set_aside(const char *dir, char *as);

#endif
