/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * association.h - DTLS-SRTP with the peer at one port: the handshakes of the whole call
 *
 * Decides what a datagram is worth before OpenSSL sees it: hellos wait for the SDP, a lost last
 * flight is sent again, a new hello begins a second handshake beside the keys in use. Datagrams and
 * time are handed in; what leaves goes by a callback. Callers have checked the source: so there are
 * no cookies (RFC 6347, 4.2.1), which would cost a round trip. Whoever forges the peer's place gets
 * one handshake in two seconds, and less is sent there than the media of a call.
 */
#ifndef RTPRELAY_DTLS_ASSOCIATION_H
#define RTPRELAY_DTLS_ASSOCIATION_H

#include "dtls/engine.h"

/* a=fingerprint lines of an SDP that are compared; any may match. */
#define DTLS_FINGERPRINTS 4
/* Hellos that are kept until the SDP comes: a browser's has two datagrams. */
#define DTLS_EARLY 2
/* Handshakes that may fail one after the other: forged datagrams end them. */
#define DTLS_TRIES 3
/* A handshake that goes on so long may give way to another hello of the same place. */
#define DTLS_PATIENCE_MS 2000
/* After a failure no other hello is answered for so long; doubles with each one. */
#define DTLS_PAUSE_MS	  20
#define DTLS_PAUSE_MAX_MS 1000
/* The last flight is not sent again earlier: what a peer sends must not cost more. */
#define DTLS_REPEAT_MS 40

/**
 * struct dtls_terms - what the SDP says of the peer
 * @active: the relay is the client, which begins
 * @fresh: a new association, though the fingerprint may be the same: another phone, or a=tls-id
 *	(RFC 8842)
 * @n: so many of @peer are set; its certificate has to match one of them
 */
struct dtls_terms {
	bool active, fresh;
	unsigned int n;
	struct dtls_fingerprint peer[DTLS_FINGERPRINTS];
};

enum dtls_event {
	DTLS_EVENT_KEYS,     /* a handshake is done, and the fingerprint is the SDP's */
	DTLS_EVENT_MISMATCH, /* done, with another certificate than the SDP names */
	DTLS_EVENT_FAILED,   /* DTLS_TRIES handshakes have failed */
};

/* What became of a datagram; for counters. */
enum dtls_taken {
	DTLS_USED,
	DTLS_KEPT,	/* waits for the SDP */
	DTLS_REPEATED,	/* the last flight was sent again */
	DTLS_IGNORED,	/* late, or repeated */
	DTLS_MALFORMED, /* or an alert that anybody could have sent */
	DTLS_TAKEN_KINDS
};

/**
 * struct dtls_association_conf
 * @event: @keys only with DTLS_EVENT_KEYS, wiped after it returns; @why: a short English reason;
 *	@took_ms: since the handshake began
 */
struct dtls_association_conf {
	const struct dtls_cert *cert;
	unsigned int mtu, first_ms;
	dtls_send_fn *send;
	void (*event)(void *arg, enum dtls_event event, const struct dtls_keys *keys,
		      const char *why, unsigned int took_ms);
	void *arg;
};

struct dtls_association;

struct dtls_association *dtls_association_new(const struct dtls_association_conf *conf);
void dtls_association_free(struct dtls_association *association); /* takes NULL; wipes keys */

/**
 * dtls_association_terms() - from the SDP, also from each later one
 * The same fingerprint: nothing changes but the role of a later handshake. Another one: a new
 * handshake; keys of the old one stay with the caller until it is done.
 * @resumed: keys are in use already, of a handshake before a restart
 */
void dtls_association_terms(struct dtls_association *association, const struct dtls_terms *terms,
			    bool resumed, int64_t now_ms);
enum dtls_taken dtls_association_receive(struct dtls_association *association, const uint8_t *data,
					 size_t len, int64_t now_ms);
/* Sends again what is due. Return: milliseconds until the next call; -1: none is necessary */
int dtls_association_tick(struct dtls_association *association, int64_t now_ms);
/* Is a handshake going on? */
bool dtls_association_busy(const struct dtls_association *association);

#endif
