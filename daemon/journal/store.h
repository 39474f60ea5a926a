/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - numbered records in one file, in SQLite
 *
 * Why SQLite and not LMDB, which is faster: LMDB maps its file into memory and does not check the
 * pages, so a file with one damaged page could crash the daemon at every start. SQLite checks while
 * it reads, and reports the error. Its write-ahead log (PRAGMA journal_mode=WAL) survives a crash
 * of the process at any time; a power failure loses the last transactions at most. Its lock
 * excludes a second daemon.
 *
 * One thread at a time: the control thread reads, then the journal's own thread writes.
 */
#ifndef RTPRELAY_JOURNAL_STORE_H
#define RTPRELAY_JOURNAL_STORE_H

#include "journal/batch.h"

#define JOURNAL_FILE "calls.sqlite"
#define JOURNAL_WHY  256
/* Increase it when the layout of a record (call/record.c) changes. No other version is read. */
#define JOURNAL_VERSION 13

struct journal_store;

/**
 * journal_store_open() - opens or creates the file in @dir
 * @why: JOURNAL_WHY bytes, receives a sentence on each error
 * Return: NULL and *error: -EBUSY, in use by another daemon; -EBADMSG, damaged or of another
 * version: set it aside; other -errno
 */
struct journal_store *journal_store_open(const char *dir, int *error, char *why);
/* After -EBUSY: the process that has the file open; 0: unknown */
long journal_store_user(const char *dir);
/* Accepts NULL. */
void journal_store_close(struct journal_store *store);

/* @bytes: valid until the function returns */
typedef void journal_row_fn(void *arg, int64_t id, const uint8_t *bytes, size_t len);
/* Calls @row for each record, by number. 0; -EBADMSG, damaged (earlier records are good); -errno */
int journal_store_read(struct journal_store *store, journal_row_fn *row, void *arg, char *why);
/*
 * Writes all of @batch or nothing. 0; -ESTALE, the file or its log was removed or replaced: what is
 * written would be lost; another -errno
 */
int journal_store_write(struct journal_store *store, const struct journal_batch *batch, char *why);

/*
 * After -ESTALE: closes *store, creates directory and file if they are missing, and removes all
 * records in it. 0; -errno, and *store is NULL. Accepts NULL in *store.
 */
int journal_store_renew(struct journal_store **store, const char *dir, char *why);

/* Renames the closed file. @as: JOURNAL_WHY bytes, receives the new name. 0; -errno */
int journal_store_set_aside(const char *dir, char *as);

#endif
