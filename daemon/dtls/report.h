/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h - what the crypto thread is told at the start, and what it tells */
#ifndef RTPRELAY_DTLS_REPORT_H
#define RTPRELAY_DTLS_REPORT_H

#include "dtls/association.h"
#include "dtls/link.h"

/* In the crypto thread: a datagram leaves by the port of @link. */
typedef void dtls_link_send_fn(void *arg, struct dtls_link *link, const uint8_t *data, size_t len);

/**
 * struct dtls_report - what happened at a link
 * @owner, @link: of dtls_link_open()
 * @keys: with DTLS_EVENT_KEYS; wiped afterwards
 */
struct dtls_report {
	void *owner;
	const struct dtls_link *link;
	enum dtls_event event;
	const struct dtls_keys *keys;
	const char *why; /* static */
	unsigned int took_ms;
};

/**
 * struct dtls_service_conf
 * @path: of key and certificate; NULL: they end with the daemon
 * @threads: media threads
 * @event: called by dtls_service_dispatch()
 */
struct dtls_service_conf {
	const char *path;
	unsigned int threads, mtu;
	void (*event)(void *arg, const struct dtls_report *report);
	void *arg;
};

/* Datagrams by enum dtls_taken, since the start; written by the crypto thread. */
struct dtls_counts {
	uint64_t taken[DTLS_TAKEN_KINDS];
};

#endif
