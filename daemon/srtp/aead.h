/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aead.h - one packet under AES-GCM, whose IV is known
 *
 * In this order: aead_start(), aead_clear(), aead_encrypt() or aead_decrypt(), aead_digest(),
 * aead_end(). Of each kind of bytes only the last piece may have any length; others are whole
 * blocks.
 */
#ifndef RTPRELAY_SRTP_AEAD_H
#define RTPRELAY_SRTP_AEAD_H

#include "srtp/keys.h"

/**
 * struct aead - see above
 * @hash, @clear, @encrypted: with keys.fast; how many bytes so far
 * @ctx, @table: otherwise; of the keys, or @made, which is made for this packet
 */
struct aead {
	const struct srtp_keys *keys;
	uint8_t iv[GCM_IV_SIZE];
	struct ghash hash;
	size_t clear, encrypted;
	struct gcm_ctx ctx;
	const struct gcm_key *table;
	struct gcm_key made;
};

void aead_start(struct aead *aead, const struct srtp_keys *keys, const uint8_t iv[GCM_IV_SIZE]);
/* What is authenticated only. */
void aead_clear(struct aead *aead, const uint8_t *data, size_t len);
/* In place. */
void aead_encrypt(struct aead *aead, uint8_t *data, size_t len);
void aead_decrypt(struct aead *aead, uint8_t *data, size_t len);
void aead_digest(struct aead *aead, uint8_t digest[GCM_DIGEST_SIZE]);
/* After aead_decrypt() of @len bytes: as they were. No digest follows. */
void aead_undo(struct aead *aead, uint8_t *data, size_t len);
/* Wipes what was made of the key. */
void aead_end(struct aead *aead);

#endif
