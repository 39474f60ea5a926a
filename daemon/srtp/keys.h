/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.h - the session keys of SRTP or SRTCP, derived from a master key (RFC 3711, 4.3)
 *
 * Kept ready for use: the round keys of AES, and the states of HMAC-SHA1 after its key or the table
 * of GCM. Plain structs: they own nothing outside of themselves but the table.
 */
#ifndef RTPRELAY_SRTP_KEYS_H
#define RTPRELAY_SRTP_KEYS_H

#include <nettle/aes.h>
#include <nettle/gcm.h>
#include <nettle/sha1.h>
#include "srtp/ghash.h"
#include "srtp/suite.h"

#define SRTP_AUTH_KEY 20 /* bytes: HMAC-SHA1 (RFC 3711, 5.2) */

struct srtp_aes {
	nettle_cipher_func *encrypt;
	union {
		struct aes128_ctx aes128;
		struct aes192_ctx aes192;
		struct aes256_ctx aes256;
	} round;
};

/**
 * struct srtp_keys - of SRTP or of SRTCP
 * @salt: the session salt, with zeros behind
 * @inner, @outer: HMAC-SHA1 after the first block of either hash; not with AEAD
 * @fast: of AEAD, with srtp/ghash.h, and its key @hash
 * @gcm: otherwise the table of GCM, the owner's memory; NULL: made on the stack for each packet
 */
struct srtp_keys {
	const struct srtp_suite *suite;
	struct srtp_aes aes;
	uint8_t salt[16];
	bool fast;
	union {
		struct {
			struct sha1_ctx inner, outer;
		};
		struct {
			struct ghash_key hash;
			struct gcm_key *gcm;
		};
	};
};

/* Bytes of session keys. @auth: not with AEAD */
struct srtp_session_keys {
	uint8_t key[SRTP_KEY_MAX];
	uint8_t salt[SRTP_SALT_MAX];
	uint8_t auth[SRTP_AUTH_KEY];
};

/* @len: 16, 24 or 32 */
void srtp_aes_set(struct srtp_aes *aes, const uint8_t *key, size_t len);

/**
 * srtp_derive() - session keys from master key and salt of the suite's lengths, without a key
 *		   derivation rate
 */
void srtp_derive(const struct srtp_suite *suite, const uint8_t *key, const uint8_t *salt, bool rtcp,
		 struct srtp_session_keys *session);
/* @gcm: see struct srtp_keys; set here; not used without AEAD, nor if they are fast */
void srtp_keys_set(struct srtp_keys *keys, const struct srtp_suite *suite,
		   const struct srtp_session_keys *session, struct gcm_key *gcm);

#endif
