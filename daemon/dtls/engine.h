/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.h - one handshake of DTLS-SRTP (RFC 5764) by OpenSSL
 *
 * Datagrams are handed in, and leave by a callback: one call is one datagram. Nothing waits. The
 * crypto thread frees it as soon as it is done, since it takes 76 KB. OpenSSL reads the clock for
 * its retransmissions; dtls_engine_due_ms() tells when it has to be called.
 */
#ifndef RTPRELAY_DTLS_ENGINE_H
#define RTPRELAY_DTLS_ENGINE_H

#include "dtls/bio.h"
#include "dtls/cert.h"
#include "srtp/srtp.h"

#define DTLS_MTU     1200 /* bytes of a datagram, without IP and UDP; dtls-mtu */
#define DTLS_MTU_MIN 256
#define DTLS_MTU_MAX 1472

/**
 * struct dtls_engine_conf
 * @active: the client, which begins
 * @first_ms: until the first retransmission; doubles up to DTLS_WAIT_MAX_MS
 */
struct dtls_engine_conf {
	const struct dtls_cert *cert;
	bool active;
	unsigned int mtu, first_ms;
	dtls_send_fn *send;
	void *arg;
};
#define DTLS_FIRST_MS	 100
#define DTLS_WAIT_MAX_MS 3200
#define DTLS_SENDS	 12 /* then the handshake has failed: 25 seconds */

/**
 * struct dtls_keys - what a handshake gives
 * @receive, @send: master keys (RFC 5764, 4.2)
 * @peer: the fingerprints of the peer's certificate, by enum dtls_hash - 1. The caller compares
 *	them: before that the keys are of a stranger.
 */
struct dtls_keys {
	struct srtp_master receive, send;
	struct dtls_fingerprint peer[DTLS_HASHES];
};

struct dtls_engine;

/* Return: the caller's, until dtls_engine_free(); NULL: out of memory */
struct dtls_engine *dtls_engine_new(const struct dtls_engine_conf *conf);
void dtls_engine_free(struct dtls_engine *engine); /* takes NULL */

/**
 * dtls_engine_receive() - a datagram; with @len 0 none: the active side begins
 * Return: 1: done; 0: goes on; -EPROTO, it failed: dtls_engine_why()
 */
int dtls_engine_receive(struct dtls_engine *engine, const uint8_t *data, size_t len);
/* When dtls_engine_due_ms() is over: sends the flight again. As dtls_engine_receive() */
int dtls_engine_tick(struct dtls_engine *engine);
/* Milliseconds until dtls_engine_tick(); -1: none is necessary */
int dtls_engine_due_ms(struct dtls_engine *engine);
/* A short English reason. */
const char *dtls_engine_why(const struct dtls_engine *engine);

/* Once it is done. 0; -EPROTO, no profile of SRTP, or no certificate; the caller wipes @keys */
int dtls_engine_keys(struct dtls_engine *engine, struct dtls_keys *keys);
/* The datagram that the peer may ask for again, once done: len 0: none */
size_t dtls_engine_last(const struct dtls_engine *engine, const uint8_t **data);

#endif
