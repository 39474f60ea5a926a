/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - links and the service, as the files of dtls/ share them
 *
 * Each member belongs to one thread, unless it is shared.
 */
#ifndef RTPRELAY_DTLS_STATE_H
#define RTPRELAY_DTLS_STATE_H

#include <pthread.h>
#include <unistd.h>
#include "base/mailbox.h"
#include "base/ring.h"
#include "base/wake.h"
#include "dtls/report.h"
#include "dtls/ring.h"

/* A certificate and those who show it. */
struct shown_cert {
	unsigned int refs; /* shared */
	struct dtls_cert *cert;
};

enum letter_kind { LETTER_OPEN, LETTER_TERMS, LETTER_CLOSE, LETTER_SAVE, LETTER_STOP };

/* To the crypto thread. */
struct to_crypto {
	struct letter letter;
	enum letter_kind kind;
	struct dtls_link *link; /* with a reference, or NULL */
	struct shown_cert *save;
	struct dtls_terms terms;
	bool resumed;
};

/* To the control thread. */
struct to_control {
	struct letter letter;
	struct dtls_link *link; /* with a reference */
	struct dtls_report report;
	struct dtls_keys keys;
};

/**
 * struct dtls_link
 * @refs, @queued: shared
 * @owner, @closed, @close: control thread; the letter that closes it
 * @port: media thread
 * @association, @busy, @due_ms: crypto thread; its place in the list of those that are busy, if
 *	@is_busy, and when it has to be looked at
 */
struct dtls_link {
	unsigned int refs, queued;
	struct dtls_service *service;
	struct shown_cert *cert;
	dtls_link_send_fn *send;
	void *arg;
	void *owner;
	void *port;
	struct dtls_association *association;
	struct ring busy;
	bool is_busy;
	int64_t due_ms;
	struct to_crypto close;
};

/**
 * struct dtls_service
 * @letters, @wake_fd: to the crypto thread; @news, @news_fd: to the control thread
 * @busy: links with a handshake; @due_ms: when the first of them is due
 * @cert: for new links (control thread)
 */
struct dtls_service {
	struct dtls_service_conf conf;
	char *path;
	struct shown_cert *cert;
	pthread_t thread;
	bool running, stopping;
	struct mailbox letters, news;
	int wake_fd, news_fd;
	struct ring busy;
	int64_t due_ms, looked_ms;
	struct dtls_counts counts;
	struct to_crypto stop;
	struct dtls_ring rings[];
};

/* To the crypto thread, which owns it from now on. */
static inline void dtls_post(struct dtls_service *service, struct to_crypto *letter)
{
	if (mailbox_put(&service->letters, &letter->letter))
		wake_post(service->wake_fd);
}

/* Gives the reference back. Takes NULL. */
void shown_cert_put(struct shown_cert *cert);
/* Return: another one */
struct shown_cert *shown_cert_get(struct shown_cert *cert);

#endif
