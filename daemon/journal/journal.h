/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal.h - calls on disk, so that the next daemon can restore them
 *
 * Each call has a mark. A change of the call touches the mark, which costs a list insertion. Some
 * milliseconds later the current state of all touched calls is encoded and passed to a thread that
 * writes it to disk. If the disk is slow, no command waits; only touched marks accumulate, and the
 * next write has the newest state of each call. The larger the record of a call, the less often it
 * is encoded: up to a second later. Control thread only.
 */
#ifndef RTPRELAY_JOURNAL_H
#define RTPRELAY_JOURNAL_H

#include <event2/event.h>
#include "journal/store.h"

struct journal;
struct journal_mark;

/* Maximum size of a batch in bytes. */
#define JOURNAL_BATCH (256 * 1024)

/**
 * struct journal_conf
 * @dir: directory of the file; created if its parent exists
 * @encode: writes the current state of @owner. Return: bytes written; 0: they do not fit in @room.
 *	An owner that does not fit in an empty batch (JOURNAL_BATCH) is not saved
 * @restore: restores a record of the previous daemon; called only by journal_open(). Return:
 *	0: restored, and journal_mark_old() called; -EBADMSG: unreadable; other -errno: failed
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
 * journal_open() - opens the file and restores its calls
 *
 * A file that is damaged or of another version is renamed, and a new one is created; the readable
 * records are restored.
 * Return: NULL and *error: logged; -EBUSY, in use by another daemon
 */
struct journal *journal_open(const struct journal_conf *conf, int *error);
/**
 * journal_close() - writes all touched calls, frees all marks and sets *slot of each to NULL
 * Waits 3 s for the disk at most. If a write does not end, the thread and its memory stay until the
 * process ends.
 * Return: 0; -errno: not everything is on disk. Accepts NULL.
 */
int journal_close(struct journal *journal);

/**
 * journal_mark_new() - creates a touched mark for a new owner
 * @slot: the owner's pointer to the mark; set to NULL if @journal is NULL
 * Return: 0; -ENOMEM
 */
int journal_mark_new(struct journal *journal, void *owner, struct journal_mark **slot);
/* The same for an owner whose record was just restored: it is already on disk, so not touched. */
int journal_mark_old(struct journal *journal, void *owner, struct journal_mark **slot, int64_t id);
/* The owner has changed. Accepts NULL. */
void journal_touch(struct journal_mark *mark);
/* The owner has ended: removes its record. Accepts NULL. */
void journal_mark_end(struct journal_mark *mark);

/* Names and meaning: include/counter_names.h */
struct journal_counters {
	uint64_t restored, not_restored, unreadable, lost, damaged; /* in journal_open() */
	uint64_t too_large, write_errors;
};
/* All 0 without a journal. */
struct journal_counters journal_counters(const struct journal *journal);

enum journal_state {
	JOURNAL_OFF,	 /* not configured */
	JOURNAL_OK,	 /* what changes is written */
	JOURNAL_FAILING, /* the last write failed: it is tried again */
	JOURNAL_STALLED, /* a write has not ended for JOURNAL_STALL_MS */
	JOURNAL_ABSENT,	 /* configured, but it could not be used at the start */
	JOURNAL_STATES,
};

#define JOURNAL_STALL_MS 3000

/* For reports and monitoring. */
extern const char *const journal_state_names[JOURNAL_STATES];
/* JOURNAL_OFF for NULL. */
enum journal_state journal_state(const struct journal *journal);

/* Is no mark touched and no batch being written? */
bool journal_is_idle(const struct journal *journal);

#endif
