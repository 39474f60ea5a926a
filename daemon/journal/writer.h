/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer.h - the thread that writes to disk, so that the control thread does not wait
 *
 * It receives one batch at a time as a letter, and returns the letter with the result.
 */
#ifndef RTPRELAY_JOURNAL_WRITER_H
#define RTPRELAY_JOURNAL_WRITER_H

#include <pthread.h>
#include "base/mailbox.h"
#include "journal/store.h"

/* @batch: owned by the writer thread until the letter is returned */
struct journal_letter {
	struct letter letter;
	struct journal_batch batch;
	bool stop;
	int error;	       /* 0; -errno: nothing of the batch was written */
	char why[JOURNAL_WHY]; /* of an error */
};

/* @wake_fd, @done_fd: eventfds; the writer thread reads @orders, the control thread reads @done */
struct journal_writer {
	struct journal_store *store;
	struct mailbox orders, done;
	int wake_fd, done_fd;
	pthread_t thread;
};

/* The thread uses @store until journal_writer_stop(). 0; -errno */
int journal_writer_start(struct journal_writer *writer, struct journal_store *store);
/* Posted letters are processed first. */
void journal_writer_stop(struct journal_writer *writer);
void journal_writer_post(struct journal_writer *writer, struct journal_letter *letter);
/* Call it when @done_fd is readable. NULL: no letter was returned */
struct journal_letter *journal_writer_done(struct journal_writer *writer);

#endif
