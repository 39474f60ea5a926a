/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine.c - one handshake of DTLS-SRTP (RFC 5764) by OpenSSL
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dtls/engine.h"
#include <openssl/err.h>
#include <openssl/ssl.h>

/* @sends: flights that were sent again; @why: it has failed */
struct dtls_engine {
	struct dtls_engine_conf conf;
	struct dtls_bio bio;
	SSL *ssl;
	unsigned int sends;
	const char *why;
};

/* --- Handshake -------------------------------------------------------------------------------- */

/* Microseconds; 0: the first. */
static unsigned int next_wait(SSL *ssl, unsigned int before)
{
	const struct dtls_engine *engine = SSL_get_app_data(ssl);

	if (!before)
		return engine->conf.first_ms * 1000;
	return before * 2 > DTLS_WAIT_MAX_MS * 1000 ? DTLS_WAIT_MAX_MS * 1000 : before * 2;
}

static bool open_ssl(struct dtls_engine *engine)
{
	BIO *bio = dtls_bio_open(engine->conf.cert->method, &engine->bio);
	SSL *ssl;

	if (!bio)
		return false;
	ssl = engine->ssl = SSL_new(engine->conf.cert->ctx);
	if (!ssl) {
		BIO_free(bio);
		return false;
	}
	SSL_set_bio(ssl, bio, bio); /* takes it */
	if (!SSL_set_app_data(ssl, engine))
		return false;
	DTLS_set_timer_cb(ssl, next_wait);
	if (engine->conf.active)
		SSL_set_connect_state(ssl);
	else
		SSL_set_accept_state(ssl);
	return SSL_set_mtu(ssl, engine->conf.mtu) > 0;
}

struct dtls_engine *dtls_engine_new(const struct dtls_engine_conf *conf)
{
	struct dtls_engine *engine = calloc(1, sizeof(*engine));

	if (!engine)
		return NULL;
	engine->conf = *conf;
	engine->bio = (struct dtls_bio){ .mtu = conf->mtu, .send = conf->send, .arg = conf->arg };
	if (open_ssl(engine))
		return engine;
	dtls_engine_free(engine);
	ERR_clear_error();
	return NULL;
}

void dtls_engine_free(struct dtls_engine *engine)
{
	if (!engine)
		return;
	SSL_free(engine->ssl);
	free(engine);
}

/* Of OpenSSL's queue of errors, which is emptied. */
static const char *reason(void)
{
	unsigned long code = ERR_get_error();
	const char *text = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return text ? text : "the handshake failed";
}

static int fail(struct dtls_engine *engine, const char *why)
{
	engine->why = why;
	return -EPROTO;
}

static int judge(struct dtls_engine *engine, int result)
{
	if (result == 1) {
		ERR_clear_error();
		return 1;
	}
	switch (SSL_get_error(engine->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		ERR_clear_error();
		return 0;
	default:
		return fail(engine, reason());
	}
}

int dtls_engine_receive(struct dtls_engine *engine, const uint8_t *data, size_t len)
{
	int result;

	if (engine->why)
		return -EPROTO;
	ERR_clear_error();
	dtls_bio_hand_in(&engine->bio, data, len);
	result = judge(engine, SSL_do_handshake(engine->ssl));
	engine->bio.in_len = 0; /* the memory is the caller's */
	return result;
}

int dtls_engine_tick(struct dtls_engine *engine)
{
	int result;

	if (engine->why)
		return -EPROTO;
	if (dtls_engine_due_ms(engine) != 0)
		return 0;
	if (engine->sends++ >= DTLS_SENDS)
		return fail(engine, "no answer");
	ERR_clear_error();
	dtls_bio_hand_in(&engine->bio, NULL, 0);
	result = (int)DTLSv1_handle_timeout(engine->ssl);
	if (result < 0)
		return fail(engine, reason());
	return 0;
}

int dtls_engine_due_ms(struct dtls_engine *engine)
{
	struct timeval left;

	if (engine->why || !DTLSv1_get_timeout(engine->ssl, &left))
		return -1;
	return (int)(left.tv_sec * 1000 + (left.tv_usec + 999) / 1000);
}

const char *dtls_engine_why(const struct dtls_engine *engine)
{
	return engine->why ? engine->why : "";
}

size_t dtls_engine_last(const struct dtls_engine *engine, const uint8_t **data)
{
	*data = engine->bio.last;
	return engine->conf.active ? 0 : engine->bio.last_len;
}

/* --- Keys ------------------------------------------------------------------------------------- */

static void take(struct srtp_master *master, const struct srtp_suite *suite, const uint8_t *key,
		 const uint8_t *salt)
{
	memset(master, 0, sizeof(*master));
	master->suite = suite;
	memcpy(master->key, key, suite->key_len);
	memcpy(master->salt, salt, suite->salt_len);
}

/* Client's key, server's key, client's salt, server's salt (RFC 5764, 4.2). */
static int export_keys(struct dtls_engine *engine, const struct srtp_suite *suite,
		       struct dtls_keys *keys)
{
	static const char label[] = "EXTRACTOR-dtls_srtp";
	uint8_t bytes[2 * (SRTP_KEY_MAX + SRTP_SALT_MAX)];
	size_t key = suite->key_len, salt = suite->salt_len, len = 2 * (key + salt);
	struct srtp_master *client = engine->conf.active ? &keys->send : &keys->receive;
	struct srtp_master *server = engine->conf.active ? &keys->receive : &keys->send;

	if (SSL_export_keying_material(engine->ssl, bytes, len, label, sizeof(label) - 1, NULL, 0,
				       0) != 1) {
		OPENSSL_cleanse(bytes, sizeof(bytes));
		return fail(engine, reason());
	}
	take(client, suite, bytes, bytes + 2 * key);
	take(server, suite, bytes + key, bytes + 2 * key + salt);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return 0;
}

int dtls_engine_keys(struct dtls_engine *engine, struct dtls_keys *keys)
{
	const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(engine->ssl);
	const struct srtp_suite *suite =
		profile ? srtp_suite_by_profile((unsigned int)profile->id) : NULL;
	X509 *x509;
	int error;

	memset(keys, 0, sizeof(*keys));
	if (!suite)
		return fail(engine, "no common profile of SRTP (use_srtp)");
	x509 = SSL_get1_peer_certificate(engine->ssl);
	if (!x509)
		return fail(engine, "the peer has no certificate");
	error = dtls_cert_hashes(x509, keys->peer);
	X509_free(x509);
	if (error)
		return fail(engine, "out of memory");
	return export_keys(engine, suite, keys);
}
