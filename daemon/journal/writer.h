/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer.h - the thread that waits for the disk, so that nobody else has to
 *
 * It has one batch at a time, as a letter; the letter comes back with what became of it.
 */
#ifndef RTPRELAY_JOURNAL_WRITER_H
#define RTPRELAY_JOURNAL_WRITER_H

#include <pthread.h>
#include "base/mailbox.h"
#include "journal/store.h"

/* @batch: the thread's while it is out */
struct journal_letter {
	struct letter letter;
	struct journal_batch batch;
	bool stop;
	int error;	       /* 0; -errno: nothing of it was written */
	char why[JOURNAL_WHY]; /* of an error */
};

/* @wake_fd, @done_fd: eventfds; @orders is read by the thread, @done by the control thread */
struct journal_writer {
	struct journal_store *store;
	struct mailbox orders, done;
	int wake_fd, done_fd;
	pthread_t thread;
};

/* The store is the thread's until journal_writer_stop(). 0; -errno */
int journal_writer_start(struct journal_writer *writer, struct journal_store *store);
/* What was posted is done first. */
void journal_writer_stop(struct journal_writer *writer);
void journal_writer_post(struct journal_writer *writer, struct journal_letter *letter);
/* When @done_fd is readable. NULL: nothing came back */
struct journal_letter *journal_writer_done(struct journal_writer *writer);

#endif
