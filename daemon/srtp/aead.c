/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aead.c - one packet under AES-GCM, whose IV is known
 *
 * By our own GHASH where the processor has carry-less multiplication, by nettle elsewhere.
 */
#include <nettle/ctr.h>
#include <nettle/memxor.h>
#include "srtp/aead.h"

/* NIST SP 800-38D, 7.1: with an IV of 12 bytes it is followed by a counter of 32 bits. */
enum { COUNTER_TAG = 1, COUNTER_FIRST = 2 };

static void counter_block(const struct aead *aead, uint8_t block[AES_BLOCK_SIZE], uint8_t counter)
{
	memcpy(block, aead->iv, GCM_IV_SIZE);
	memset(block + GCM_IV_SIZE, 0, AES_BLOCK_SIZE - GCM_IV_SIZE);
	block[AES_BLOCK_SIZE - 1] = counter;
}

/* The whole of what is encrypted: a packet has fewer than 2^32 blocks. */
static void crypt(const struct aead *aead, uint8_t *data, size_t len)
{
	const struct srtp_aes *aes = &aead->keys->aes;
	uint8_t counter[AES_BLOCK_SIZE];

	counter_block(aead, counter, COUNTER_FIRST);
	ctr_crypt(&aes->round, aes->encrypt, AES_BLOCK_SIZE, counter, len, data, data);
}

void aead_start(struct aead *aead, const struct srtp_keys *keys, const uint8_t iv[GCM_IV_SIZE])
{
	aead->keys = keys;
	memcpy(aead->iv, iv, GCM_IV_SIZE);
	aead->table = keys->gcm;
	if (keys->fast) {
		aead->hash = (struct ghash){ { 0 } };
		aead->clear = aead->encrypted = 0;
		return;
	}
	if (!aead->table) {
		gcm_set_key(&aead->made, &keys->aes.round, keys->aes.encrypt);
		aead->table = &aead->made;
	}
	gcm_set_iv(&aead->ctx, aead->table, GCM_IV_SIZE, aead->iv);
}

void aead_clear(struct aead *aead, const uint8_t *data, size_t len)
{
	if (!aead->keys->fast) {
		gcm_update(&aead->ctx, aead->table, len, data);
		return;
	}
	ghash_add(&aead->hash, &aead->keys->hash, data, len);
	aead->clear += len;
}

static void hash_encrypted(struct aead *aead, const uint8_t *data, size_t len)
{
	ghash_add(&aead->hash, &aead->keys->hash, data, len);
	aead->encrypted += len;
}

void aead_encrypt(struct aead *aead, uint8_t *data, size_t len)
{
	const struct srtp_aes *aes = &aead->keys->aes;

	if (!aead->keys->fast) {
		gcm_encrypt(&aead->ctx, aead->table, &aes->round, aes->encrypt, len, data, data);
		return;
	}
	crypt(aead, data, len);
	hash_encrypted(aead, data, len);
}

void aead_decrypt(struct aead *aead, uint8_t *data, size_t len)
{
	const struct srtp_aes *aes = &aead->keys->aes;

	if (!aead->keys->fast) {
		gcm_decrypt(&aead->ctx, aead->table, &aes->round, aes->encrypt, len, data, data);
		return;
	}
	hash_encrypted(aead, data, len);
	crypt(aead, data, len);
}

void aead_digest(struct aead *aead, uint8_t digest[GCM_DIGEST_SIZE])
{
	const struct srtp_aes *aes = &aead->keys->aes;
	uint8_t block[AES_BLOCK_SIZE];

	if (!aead->keys->fast) {
		gcm_digest(&aead->ctx, aead->table, &aes->round, aes->encrypt, GCM_DIGEST_SIZE,
			   digest);
		return;
	}
	ghash_end(&aead->hash, &aead->keys->hash, aead->clear, aead->encrypted);
	counter_block(aead, block, COUNTER_TAG);
	aes->encrypt(&aes->round, sizeof(block), digest, block);
	memxor(digest, aead->hash.state, GCM_DIGEST_SIZE);
}

void aead_undo(struct aead *aead, uint8_t *data, size_t len)
{
	if (len)
		crypt(aead, data, len);
}

void aead_end(struct aead *aead)
{
	if (aead->table == &aead->made)
		explicit_bzero(&aead->made, sizeof(aead->made));
}
