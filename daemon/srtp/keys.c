/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys.c - the session keys of SRTP or SRTCP, derived from a master key
 */
#include <nettle/ctr.h>
#include <nettle/memxor.h>
#include "srtp/keys.h"

/* RFC 3711, 4.3.2; those of SRTCP are greater by LABEL_RTCP. */
enum label { LABEL_KEY, LABEL_AUTH, LABEL_SALT, LABEL_RTCP };
#define LABEL_BYTE 7 /* of the IV, with a key derivation rate of 0 */

void srtp_aes_set(struct srtp_aes *aes, const uint8_t *key, size_t len)
{
	switch (len) {
	case 16:
		aes128_set_encrypt_key(&aes->round.aes128, key);
		aes->encrypt = (nettle_cipher_func *)aes128_encrypt;
		break;
	case 24:
		aes192_set_encrypt_key(&aes->round.aes192, key);
		aes->encrypt = (nettle_cipher_func *)aes192_encrypt;
		break;
	default:
		aes256_set_encrypt_key(&aes->round.aes256, key);
		aes->encrypt = (nettle_cipher_func *)aes256_encrypt;
	}
}

/* The key stream of AES in counter mode under the master key, from an IV of salt and label. */
static void derive(const struct srtp_aes *master, const struct srtp_suite *suite,
		   const uint8_t *salt, unsigned int label, uint8_t *out, size_t len)
{
	uint8_t iv[AES_BLOCK_SIZE] = { 0 };

	memcpy(iv, salt, suite->salt_len);
	iv[LABEL_BYTE] ^= (uint8_t)label;
	memset(out, 0, len);
	ctr_crypt(&master->round, master->encrypt, AES_BLOCK_SIZE, iv, len, out, out);
	explicit_bzero(iv, sizeof(iv));
}

void srtp_derive(const struct srtp_suite *suite, const uint8_t *key, const uint8_t *salt, bool rtcp,
		 struct srtp_session_keys *session)
{
	unsigned int first = rtcp ? LABEL_RTCP : 0;
	struct srtp_aes master;

	memset(session, 0, sizeof(*session));
	srtp_aes_set(&master, key, suite->key_len);
	derive(&master, suite, salt, first + LABEL_KEY, session->key, suite->key_len);
	derive(&master, suite, salt, first + LABEL_SALT, session->salt, suite->salt_len);
	if (!suite->aead)
		derive(&master, suite, salt, first + LABEL_AUTH, session->auth, SRTP_AUTH_KEY);
	explicit_bzero(&master, sizeof(master));
}

/* The hash after the first block: the key, filled up with zeros, xor @pad (RFC 2104). */
static void hmac_start(struct sha1_ctx *hash, const uint8_t *key, uint8_t pad)
{
	uint8_t block[SHA1_BLOCK_SIZE];

	memset(block, pad, sizeof(block));
	memxor(block, key, SRTP_AUTH_KEY);
	sha1_init(hash);
	sha1_update(hash, sizeof(block), block);
	explicit_bzero(block, sizeof(block));
}

void srtp_keys_set(struct srtp_keys *keys, const struct srtp_suite *suite,
		   const struct srtp_session_keys *session, struct gcm_key *gcm)
{
	memset(keys, 0, sizeof(*keys));
	keys->suite = suite;
	srtp_aes_set(&keys->aes, session->key, suite->key_len);
	memcpy(keys->salt, session->salt, suite->salt_len);
	keys->fast = suite->aead && !gcm && ghash_is_fast();
	if (!suite->aead) {
		hmac_start(&keys->inner, session->auth, 0x36);
		hmac_start(&keys->outer, session->auth, 0x5c);
	} else if (keys->fast) {
		uint8_t zeros[AES_BLOCK_SIZE] = { 0 };

		keys->aes.encrypt(&keys->aes.round, sizeof(zeros), zeros, zeros);
		ghash_set(&keys->hash, zeros);
		explicit_bzero(zeros, sizeof(zeros));
	} else if (gcm) {
		gcm_set_key(gcm, &keys->aes.round, keys->aes.encrypt);
		keys->gcm = gcm;
	}
}
