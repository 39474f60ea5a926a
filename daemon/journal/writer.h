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
	bool renewed;	       /* with an error: there is a new file, and it is empty */
	char why[JOURNAL_WHY]; /* of an error */
};

/* @wake_fd, @done_fd: eventfds; the writer thread reads @orders, the control thread reads @done */
struct journal_writer {
	struct journal_store *store; /* NULL: the file was removed, and no new one can be created */
	const char *dir;
	struct mailbox orders, done;
	int wake_fd, done_fd;
	pthread_t thread;
	struct journal_letter stop; /* the last one */
};

/* The thread owns @store, a file in @dir, until journal_writer_stop(). 0; -errno */
int journal_writer_start(struct journal_writer *writer, struct journal_store *store,
			 const char *dir);
/**
 * journal_writer_stop() - ends the thread; posted letters are processed first
 * @store: gets the store, or NULL if there is none
 * Return: 0; -ETIMEDOUT, a write has not ended for WRITER_STOP_MS: until the process ends, the
 * thread uses @writer, its letters and the store
 */
int journal_writer_stop(struct journal_writer *writer, struct journal_store **store);
#define WRITER_STOP_MS 1000
void journal_writer_post(struct journal_writer *writer, struct journal_letter *letter);
/* Call it when @done_fd is readable. NULL: no letter was returned */
struct journal_letter *journal_writer_done(struct journal_writer *writer);

#endif
