/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal.h - calls on disk, for the daemon that comes after this one
 *
 * Each call has a mark. When the call changes, the mark is touched, which costs a list insertion; some
 * milliseconds later all touched calls are written down together, as they are by then, and handed to a thread that waits
 * for the disk. However slow that is, no command waits, nothing piles up but touched marks, and the newest
 * state of each call is what is written next. Control thread only.
 */
#ifndef RTPRELAY_JOURNAL_H
#define RTPRELAY_JOURNAL_H

#include <event2/event.h>
#include "journal/store.h"

struct journal;
struct journal_mark;

/* Bytes of a batch: what the control thread writes down at once. */
#define JOURNAL_BATCH (256 * 1024)

/**
 * struct journal_conf
 * @dir: of the file; made if it isn't there and the directory above it is
 * @encode: writes the present state of @owner; the bytes, or 0: there is no room for them (JOURNAL_BATCH is
 *	always enough, or the owner is left out)
 * @restore: a record of the daemon before this one, by number; called in journal_open() alone.
 *	0: restored, and journal_mark_old() has made a mark for it; -EBADMSG: unreadable; other -errno: can't be restored
 */
struct journal_conf {
	const char *dir;
	struct event_base *base;
	size_t (*encode)(void *arg, void *owner, uint8_t *to, size_t room);
	int (*restore)(void *arg, struct journal *journal, int64_t id, const uint8_t *bytes,
		       size_t len);
	void *arg;
};

/**
 * journal_open() - opens the file and restores what it holds
 *
 * A file that is damaged or of another version is set aside and a new one is begun; what could be read is
 * restored all the same.
 * Return: NULL and *error: logged; -EBUSY, another daemon has it
 */
struct journal *journal_open(const struct journal_conf *conf, int *error);
/**
 * journal_close() - writes what is touched, and ends; all marks are gone, and *slot of each is NULL
 * Return: 0; -errno: not everything is on disk. Takes NULL.
 */
int journal_close(struct journal *journal);

/**
 * journal_mark_new() - a mark for a new owner, touched
 * @slot: where the owner keeps it; NULL there without a journal
 * Return: 0; -ENOMEM
 */
int journal_mark_new(struct journal *journal, void *owner, struct journal_mark **slot);
/* The same for one whose record was just restored: it is on disk already. */
int journal_mark_old(struct journal *journal, void *owner, struct journal_mark **slot, int64_t id);
/* Its owner has changed. Takes NULL. */
void journal_touch(struct journal_mark *mark);
/* Its owner is no more: the record goes. Takes NULL. */
void journal_mark_end(struct journal_mark *mark);

/* Names and meaning: include/counter_names.h */
struct journal_counters {
	uint64_t restored, not_restored, unreadable; /* in journal_open() */
	uint64_t too_large, write_errors;
};
/* All 0 without a journal. */
struct journal_counters journal_counters(const struct journal *journal);

/* Nothing is touched and nothing is being written. */
bool journal_is_idle(const struct journal *journal);

#endif
