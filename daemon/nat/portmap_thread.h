/* SPDX-License-Identifier: GPL-2.0-or-later */
/* portmap_thread.h - the thread that asks routers about mappings, and writes the file of them */
#ifndef RTPRELAY_NAT_PORTMAP_THREAD_H
#define RTPRELAY_NAT_PORTMAP_THREAD_H

#include "base/addr_ports.h"
#include "base/mailbox.h"
#include "nat/portmap_job.h"

struct portmap_thread;

/**
 * struct portmap_order - to the thread, and back
 * @place: of the owner: the place that it is about
 * @ask: is there a job, or only a file to be written?
 * @text: owned; for the file, written before the job; NULL: none
 * @file_error: of it, or 0
 */
struct portmap_order {
	struct letter letter;
	size_t place;
	bool ask;
	struct portmap_job job;
	struct portmap_result result;
	char *text;
	size_t text_len;
	int file_error;
};

/* @dir: of the file, or NULL; @media: copied: ports that no question is asked from. 0; -errno */
int portmap_thread_start(const char *dir, const struct addr_ports *media, size_t n_media,
			 struct portmap_thread **thread);
/* A thread that waits for a router is left to itself. Takes NULL. */
void portmap_thread_end(struct portmap_thread *thread);
/* The thread owns @order until it comes back. */
void portmap_thread_put(struct portmap_thread *thread, struct portmap_order *order);
/* Readable when orders have come back. */
int portmap_thread_fd(const struct portmap_thread *thread);
/* Those that have come back, oldest first, linked by their letters; the caller's. */
struct letter *portmap_thread_take(struct portmap_thread *thread);
/* Takes NULL. */
void portmap_order_free(struct portmap_order *order);

#endif
