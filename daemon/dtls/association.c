/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * association.c - DTLS-SRTP with the peer at one port: the handshakes of the whole call
 */
#include <stdlib.h>
#include <string.h>
#include "dtls/association.h"
#include "dtls/record.h"

struct early {
	size_t len;
	uint8_t data[];
};

/**
 * struct dtls_association
 * @engine: the handshake that goes on, or NULL; @active: its role; @began_ms: when
 * @agreed: the terms are those of the SDP
 * @secure: a handshake is done, and its fingerprint is right: the caller has the keys
 * @pending: a handshake is done, but its fingerprint is not the SDP's: perhaps the next one's
 * @failures: in a row
 * @random: of the client's hello that the last handshake began with, if @has_random
 * @not_before_ms: hellos are not answered before
 * @last, @repeated_ms: the last flight of a handshake that is done; when it was sent again
 */
struct dtls_association {
	struct dtls_association_conf conf;
	struct dtls_terms terms;
	struct dtls_engine *engine;
	bool active, agreed, secure, has_random;
	unsigned int failures;
	int64_t began_ms, repeated_ms, not_before_ms;
	struct dtls_keys *pending;
	struct early *early[DTLS_EARLY];
	size_t last_len;
	uint8_t *last;
	uint8_t random[DTLS_RANDOM];
};

struct dtls_association *dtls_association_new(const struct dtls_association_conf *conf)
{
	struct dtls_association *a = calloc(1, sizeof(*a));

	if (a)
		a->conf = *conf;
	return a;
}

static void drop_pending(struct dtls_association *a)
{
	if (a->pending)
		explicit_bzero(a->pending, sizeof(*a->pending));
	free(a->pending);
	a->pending = NULL;
}

static void drop_early(struct dtls_association *a)
{
	for (int i = 0; i < DTLS_EARLY; i++) {
		free(a->early[i]);
		a->early[i] = NULL;
	}
}

static void drop_last(struct dtls_association *a)
{
	free(a->last);
	a->last = NULL;
	a->last_len = 0;
}

static void end_engine(struct dtls_association *a)
{
	dtls_engine_free(a->engine);
	a->engine = NULL;
}

void dtls_association_free(struct dtls_association *a)
{
	if (!a)
		return;
	end_engine(a);
	drop_pending(a);
	drop_early(a);
	drop_last(a);
	free(a);
}

bool dtls_association_busy(const struct dtls_association *a)
{
	return a->engine;
}

static bool matches(const struct dtls_terms *terms, const struct dtls_fingerprint peer[DTLS_HASHES])
{
	return dtls_fingerprints_meet(terms->peer, terms->n, peer, DTLS_HASHES);
}

static unsigned int took_ms(const struct dtls_association *a, int64_t now_ms)
{
	return now_ms > a->began_ms ? (unsigned int)(now_ms - a->began_ms) : 0;
}

static void tell(struct dtls_association *a, enum dtls_event event, const struct dtls_keys *keys,
		 const char *why, int64_t now_ms)
{
	a->conf.event(a->conf.arg, event, keys, why, took_ms(a, now_ms));
}

/* --- The end of a handshake ------------------------------------------------------------------- */

static void keep_last(struct dtls_association *a)
{
	const uint8_t *data;
	size_t len = dtls_engine_last(a->engine, &data);

	drop_last(a);
	a->last = len ? malloc(len) : NULL;
	if (!a->last)
		return;
	memcpy(a->last, data, len);
	a->last_len = len;
}

static void give_keys(struct dtls_association *a, const struct dtls_keys *keys, int64_t now_ms)
{
	a->secure = true;
	a->failures = 0;
	drop_pending(a);
	tell(a, DTLS_EVENT_KEYS, keys, "", now_ms);
}

/* The SDP that names this certificate may be on its way. */
static void wait_for_terms(struct dtls_association *a, const struct dtls_keys *keys, int64_t now_ms)
{
	drop_pending(a);
	a->pending = malloc(sizeof(*a->pending));
	if (a->pending)
		*a->pending = *keys;
	tell(a, DTLS_EVENT_MISMATCH, NULL, "the certificate is not the one of a=fingerprint",
	     now_ms);
}

static void begin(struct dtls_association *a, bool active, int64_t now_ms);

static void fail(struct dtls_association *a, const char *why, int64_t now_ms)
{
	unsigned int doubled = a->failures < 6 ? a->failures : 6;
	int64_t pause_ms = (int64_t)DTLS_PAUSE_MS << doubled;
	bool was_active = a->active;

	end_engine(a);
	a->not_before_ms = now_ms + (pause_ms < DTLS_PAUSE_MAX_MS ? pause_ms : DTLS_PAUSE_MAX_MS);
	a->has_random = false; /* the same hello may begin another one */
	if (++a->failures == DTLS_TRIES)
		tell(a, DTLS_EVENT_FAILED, NULL, why, now_ms);
	else if (was_active && a->failures < DTLS_TRIES)
		begin(a, true, now_ms);
}

static void finish(struct dtls_association *a, int64_t now_ms)
{
	struct dtls_keys keys;

	if (dtls_engine_keys(a->engine, &keys)) {
		fail(a, dtls_engine_why(a->engine), now_ms);
	} else {
		keep_last(a);
		end_engine(a);
		if (matches(&a->terms, keys.peer))
			give_keys(a, &keys, now_ms);
		else
			wait_for_terms(a, &keys, now_ms);
	}
	explicit_bzero(&keys, sizeof(keys));
}

/* @result: of the engine */
static void follow(struct dtls_association *a, int result, int64_t now_ms)
{
	if (result > 0)
		finish(a, now_ms);
	else if (result < 0)
		fail(a, dtls_engine_why(a->engine), now_ms);
}

/* --- The begin of a handshake ----------------------------------------------------------------- */

static void begin(struct dtls_association *a, bool active, int64_t now_ms)
{
	const struct dtls_engine_conf conf = { .cert = a->conf.cert,
					       .active = active,
					       .mtu = a->conf.mtu,
					       .first_ms = a->conf.first_ms,
					       .send = a->conf.send,
					       .arg = a->conf.arg };

	end_engine(a);
	a->has_random = false;
	a->engine = dtls_engine_new(&conf);
	a->active = active;
	a->began_ms = now_ms;
	if (a->engine && active)
		follow(a, dtls_engine_receive(a->engine, NULL, 0), now_ms);
}

static bool is_known_hello(const struct dtls_association *a, const struct dtls_datagram *datagram)
{
	return a->has_random && !memcmp(a->random, datagram->random, DTLS_RANDOM);
}

static void note_hello(struct dtls_association *a, const struct dtls_datagram *datagram)
{
	a->has_random = true;
	memcpy(a->random, datagram->random, DTLS_RANDOM);
}

/* The newest ones: a peer repeats its hello. */
static enum dtls_taken keep_early(struct dtls_association *a, const uint8_t *data, size_t len)
{
	struct early *early = malloc(sizeof(*early) + len);

	if (!early)
		return DTLS_IGNORED;
	early->len = len;
	memcpy(early->data, data, len);
	free(a->early[0]);
	memmove(&a->early[0], &a->early[1], (DTLS_EARLY - 1) * sizeof(a->early[0]));
	a->early[DTLS_EARLY - 1] = early;
	return DTLS_KEPT;
}

static void use_early(struct dtls_association *a, int64_t now_ms)
{
	for (int i = 0; i < DTLS_EARLY; i++) {
		struct early *early = a->early[i];

		a->early[i] = NULL;
		if (early)
			dtls_association_receive(a, early->data, early->len, now_ms);
		free(early);
	}
}

void dtls_association_terms(struct dtls_association *a, const struct dtls_terms *terms,
			    bool resumed, int64_t now_ms)
{
	bool same = a->agreed && !terms->fresh &&
		    dtls_fingerprints_meet(a->terms.peer, a->terms.n, terms->peer, terms->n);
	bool same_role = a->terms.active == terms->active;

	a->terms = *terms;
	a->agreed = true;
	if (resumed) {
		a->secure = true;
		return;
	}
	if (same && (a->secure || same_role))
		return;
	a->secure = false;
	a->failures = 0;
	if (a->pending && matches(terms, a->pending->peer)) {
		struct dtls_keys keys = *a->pending;

		give_keys(a, &keys, now_ms);
		explicit_bzero(&keys, sizeof(keys));
		return;
	}
	/* A passive one that goes on may be with this peer already. */
	if (a->engine && a->active == terms->active && !terms->active)
		return;
	end_engine(a);
	if (terms->active) {
		drop_early(a);
		begin(a, true, now_ms);
	} else {
		use_early(a, now_ms);
	}
}

/* --- Datagrams -------------------------------------------------------------------------------- */

static enum dtls_taken feed(struct dtls_association *a, const uint8_t *data, size_t len,
			    const struct dtls_datagram *datagram, int64_t now_ms)
{
	if (datagram->begins)
		note_hello(a, datagram);
	follow(a, dtls_engine_receive(a->engine, data, len), now_ms);
	return DTLS_USED;
}

/* A client that has not heard the end of the handshake sends its second flight again. */
static enum dtls_taken repeat(struct dtls_association *a, int64_t now_ms)
{
	if (!a->last_len || now_ms - a->repeated_ms < DTLS_REPEAT_MS)
		return DTLS_IGNORED;
	a->repeated_ms = now_ms;
	a->conf.send(a->conf.arg, a->last, a->last_len);
	return DTLS_REPEATED;
}

/*
 * Once the relay has begun, a client's hello at the same time is not for it. Keys are in use: only
 * the begin of a hello tells whether it is a new one.
 */
static bool may_begin(const struct dtls_association *a, const struct dtls_datagram *datagram,
		      int64_t now_ms)
{
	if (now_ms < a->not_before_ms)
		return false;
	return a->secure ? datagram->begins : !a->terms.active || a->failures >= DTLS_TRIES;
}

/*
 * A client that begins again. A hello that somebody forged does not end a handshake that goes on,
 * unless its client is silent, too.
 */
static bool may_replace(const struct dtls_association *a, const struct dtls_datagram *datagram,
			int64_t now_ms)
{
	return datagram->begins && a->has_random && !is_known_hello(a, datagram) &&
	       now_ms - a->began_ms > DTLS_PATIENCE_MS;
}

static bool is_of_other_role(const struct dtls_association *a, const struct dtls_datagram *datagram)
{
	return a->active ? datagram->of_client : datagram->of_server;
}

static enum dtls_taken receive_idle(struct dtls_association *a, const uint8_t *data, size_t len,
				    const struct dtls_datagram *datagram, int64_t now_ms)
{
	if (!datagram->hello)
		return datagram->flight ? repeat(a, now_ms) : DTLS_IGNORED;
	if (datagram->begins && is_known_hello(a, datagram))
		return DTLS_IGNORED; /* late */
	if (!may_begin(a, datagram, now_ms))
		return DTLS_IGNORED;
	begin(a, false, now_ms);
	if (!a->engine)
		return DTLS_IGNORED;
	return feed(a, data, len, datagram, now_ms);
}

enum dtls_taken dtls_association_receive(struct dtls_association *a, const uint8_t *data,
					 size_t len, int64_t now_ms)
{
	struct dtls_datagram datagram;

	if (dtls_record_read(data, len, &datagram) != DTLS_RECORD_OK)
		return DTLS_MALFORMED;
	if (!a->agreed)
		return datagram.hello ? keep_early(a, data, len) : DTLS_IGNORED;
	if (!a->engine)
		return receive_idle(a, data, len, &datagram, now_ms);
	if (may_replace(a, &datagram, now_ms))
		begin(a, false, now_ms);
	if (!a->engine || is_of_other_role(a, &datagram) ||
	    (datagram.begins && a->has_random && !is_known_hello(a, &datagram)))
		return DTLS_IGNORED;
	return feed(a, data, len, &datagram, now_ms);
}

int dtls_association_tick(struct dtls_association *a, int64_t now_ms)
{
	int result;

	if (!a->engine)
		return -1;
	if (dtls_engine_due_ms(a->engine) == 0) {
		result = dtls_engine_tick(a->engine);
		if (result)
			follow(a, result, now_ms);
	}
	return a->engine ? dtls_engine_due_ms(a->engine) : -1;
}
