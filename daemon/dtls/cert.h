/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cert.h - the relay's own key and certificate for DTLS, and the OpenSSL settings with them
 *
 * Self-signed, P-256, 30 days: peers compare its fingerprint with that in the SDP, nothing else.
 * Headers of OpenSSL define names of srtp/suite.h as numbers: only files here that need them
 * include them, behind all others.
 */
#ifndef RTPRELAY_DTLS_CERT_H
#define RTPRELAY_DTLS_CERT_H

#include <time.h>
#include "dtls/fingerprint.h"

#define DTLS_CERT_DAYS 30

/**
 * struct dtls_cert - read only once it is made
 * @fingerprint: by enum dtls_hash - 1
 */
struct dtls_cert {
	struct ssl_ctx_st *ctx;
	struct bio_method_st *method; /* dtls/bio.h */
	struct evp_pkey_st *key;
	struct x509_st *x509;
	time_t from, until, renew_at; /* wall clock */
	struct dtls_fingerprint fingerprint[DTLS_HASHES];
};

/* Return: the caller's, until dtls_cert_free(); NULL: OpenSSL refused or is out of memory */
struct dtls_cert *dtls_cert_make(time_t now);
/**
 * dtls_cert_load() - from a PEM file with key and certificate
 * Return: 0; -ENOENT; -EBADMSG, not such a file, or they do not fit; -ESTALE, it is past
 *	its end or begins later; -errno
 */
int dtls_cert_load(const char *path, time_t now, struct dtls_cert **cert);
/* Replaces the file at once; mode 0600. 0; -errno */
int dtls_cert_save(const struct dtls_cert *cert, const char *path);
void dtls_cert_free(struct dtls_cert *cert); /* takes NULL */

/* All hashes of a certificate. 0; -ENOMEM */
int dtls_cert_hashes(const struct x509_st *x509, struct dtls_fingerprint fingerprint[DTLS_HASHES]);

#endif
