/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fingerprint.h - the hash of a certificate, as a=fingerprint has it (RFC 8122)
 */
#ifndef RTPRELAY_DTLS_FINGERPRINT_H
#define RTPRELAY_DTLS_FINGERPRINT_H

#include <stdint.h>
#include "base/buf.h"

/* The numbers are in the journal: add at the end only. */
enum dtls_hash {
	DTLS_SHA_1 = 1,
	DTLS_SHA_224,
	DTLS_SHA_256,
	DTLS_SHA_384,
	DTLS_SHA_512,
};
#define DTLS_HASHES	      5
#define DTLS_HASH_MAX	      64  /* bytes */
#define DTLS_FINGERPRINT_TEXT 208 /* "sha-512 AB:CD:...", without NUL */

/* @hash: 0: none */
struct dtls_fingerprint {
	uint8_t hash, len;
	uint8_t bytes[DTLS_HASH_MAX];
};

/* 0: a hash that is not known. @name in any case. */
enum dtls_hash dtls_hash_by_name(struct str name);
const char *dtls_hash_name(enum dtls_hash hash);
/* The length of the hash in bytes. */
unsigned int dtls_hash_len(enum dtls_hash hash);

/**
 * dtls_fingerprint_read() - what stands behind "a=fingerprint:", in any case
 * Return: false: not known, or malformed; @fingerprint is empty then
 */
bool dtls_fingerprint_read(struct str value, struct dtls_fingerprint *fingerprint);
/* In the form of the SDP: upper case, with colons. */
void dtls_fingerprint_write(struct buf *buf, const struct dtls_fingerprint *fingerprint);
bool dtls_fingerprint_eq(const struct dtls_fingerprint *a, const struct dtls_fingerprint *b);
/* Is one of @n_a also one of @n_b? */
bool dtls_fingerprints_meet(const struct dtls_fingerprint *a, unsigned int n_a,
			    const struct dtls_fingerprint *b, unsigned int n_b);

#endif
