/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cipher.c - seals and opens one packet whose index is known: encryption, tag, MKI, SRTCP's trailer
 *
 *   AES-CM, HMAC-SHA1 (RFC 3711)     clear, encrypted, [E and index,] MKI, tag
 *   AES-GCM (RFC 7714)               clear, encrypted, tag, [E and index,] MKI
 */
#include <nettle/ctr.h>
#include <nettle/memops.h>
#include "rtp_wire.h"
#include "srtp/aead.h"
#include "srtp/cipher.h"

#define ROC_LEN 4

static void put_u32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

static void xor_u32(uint8_t *at, uint32_t value)
{
	at[0] ^= (uint8_t)(value >> 24);
	at[1] ^= (uint8_t)(value >> 16);
	at[2] ^= (uint8_t)(value >> 8);
	at[3] ^= (uint8_t)value;
}

/* --- AES-CM and HMAC-SHA1 ------------------------------------------------------------------ */

/* RFC 3711, 4.1.1: salt, xor SSRC from byte 4, xor index in bytes 8 to 13. */
static void counter_crypt(const struct srtp_keys *keys, const struct srtp_place *at, size_t end)
{
	uint8_t counter[AES_BLOCK_SIZE];

	memcpy(counter, keys->salt, sizeof(counter));
	xor_u32(counter + 4, at->ssrc);
	xor_u32(counter + 8, (uint32_t)(at->index >> 16));
	counter[12] ^= (uint8_t)(at->index >> 8);
	counter[13] ^= (uint8_t)at->index;
	ctr_crypt(&keys->aes.round, keys->aes.encrypt, AES_BLOCK_SIZE, counter, end - at->clear,
		  at->data + at->clear, at->data + at->clear);
}

/* @more: what is authenticated behind the packet, but not sent; or NULL */
static void hmac(const struct srtp_keys *keys, const uint8_t *data, size_t len, const uint8_t *more,
		 uint8_t digest[SHA1_DIGEST_SIZE])
{
	struct sha1_ctx hash = keys->inner;

	sha1_update(&hash, len, data);
	if (more)
		sha1_update(&hash, ROC_LEN, more);
	sha1_digest(&hash, SHA1_DIGEST_SIZE, digest);
	hash = keys->outer;
	sha1_update(&hash, SHA1_DIGEST_SIZE, digest);
	sha1_digest(&hash, SHA1_DIGEST_SIZE, digest);
}

static void rtp_hmac(const struct srtp_keys *keys, const struct srtp_place *at, size_t end,
		     uint8_t digest[SHA1_DIGEST_SIZE])
{
	uint8_t roc[ROC_LEN];

	put_u32(roc, (uint32_t)(at->index >> 16));
	hmac(keys, at->data, end, roc, digest);
}

/* --- AES-GCM ------------------------------------------------------------------------------- */

/*
 * RFC 7714, 8.1 and 9.1: two zeros, SSRC, six bytes of index, xor salt; the index of SRTCP stands
 * in the last four bytes.
 */
static void aead_iv(uint8_t iv[GCM_IV_SIZE], const struct srtp_keys *keys,
		    const struct srtp_place *at)
{
	memcpy(iv, keys->salt, GCM_IV_SIZE);
	xor_u32(iv + 2, at->ssrc);
	iv[6] ^= (uint8_t)(at->index >> 40);
	iv[7] ^= (uint8_t)(at->index >> 32);
	xor_u32(iv + 8, (uint32_t)at->index);
}

static void start(struct aead *aead, const struct srtp_keys *keys, const struct srtp_place *at)
{
	uint8_t iv[GCM_IV_SIZE];

	aead_iv(iv, keys, at);
	aead_start(aead, keys, iv);
}

/* Compares the tag at @tag after @len bytes were decrypted; if it is wrong they are as before. */
static bool finish(struct aead *aead, uint8_t *data, size_t len, const uint8_t *tag)
{
	uint8_t digest[GCM_DIGEST_SIZE];
	bool right;

	aead_digest(aead, digest);
	right = memeql_sec(digest, tag, sizeof(digest));
	if (!right)
		aead_undo(aead, data, len);
	return right;
}

static bool decrypt(struct aead *aead, uint8_t *data, size_t len)
{
	aead_decrypt(aead, data, len);
	return finish(aead, data, len, data + len);
}

/* --- Packets ------------------------------------------------------------------------------- */

static size_t put_mki(uint8_t *at, const struct srtp_mki *mki)
{
	memcpy(at, mki->bytes, mki->len);
	return mki->len;
}

static size_t aead_seal(const struct srtp_keys *keys, const struct srtp_place *at,
			const uint8_t *more)
{
	uint8_t *tag = at->data + at->len;
	struct aead aead;

	start(&aead, keys, at);
	if (!more) {
		aead_clear(&aead, at->data, at->clear);
	} else { /* only the last piece may have any length */
		uint8_t clear[16];

		memcpy(clear, at->data, SRTCP_CLEAR);
		memcpy(clear + SRTCP_CLEAR, more, SRTCP_WORD);
		aead_clear(&aead, clear, SRTCP_CLEAR + SRTCP_WORD);
	}
	aead_encrypt(&aead, at->data + at->clear, at->len - at->clear);
	aead_digest(&aead, tag);
	aead_end(&aead);
	return at->len + GCM_DIGEST_SIZE;
}

size_t srtp_seal(const struct srtp_keys *keys, const struct srtp_mki *mki,
		 const struct srtp_place *at)
{
	uint8_t digest[SHA1_DIGEST_SIZE];
	size_t len = at->len;

	if (keys->suite->aead) {
		len = aead_seal(keys, at, NULL);
		return len + put_mki(at->data + len, mki);
	}
	counter_crypt(keys, at, len);
	rtp_hmac(keys, at, len, digest);
	len += put_mki(at->data + len, mki);
	memcpy(at->data + len, digest, keys->suite->tag);
	return len + keys->suite->tag;
}

size_t srtcp_seal(const struct srtp_keys *keys, const struct srtp_mki *mki,
		  const struct srtp_place *at)
{
	uint8_t digest[SHA1_DIGEST_SIZE], word[SRTCP_WORD];
	size_t len = at->len;

	put_u32(word, SRTCP_ENCRYPTED | (uint32_t)at->index);
	if (keys->suite->aead) {
		len = aead_seal(keys, at, word);
		memcpy(at->data + len, word, sizeof(word));
		len += sizeof(word);
		return len + put_mki(at->data + len, mki);
	}
	counter_crypt(keys, at, len);
	memcpy(at->data + len, word, sizeof(word));
	len += sizeof(word);
	hmac(keys, at->data, len, NULL, digest);
	len += put_mki(at->data + len, mki);
	memcpy(at->data + len, digest, keys->suite->rtcp_tag);
	return len + keys->suite->rtcp_tag;
}

bool srtp_open(const struct srtp_keys *keys, const struct srtp_mki *mki,
	       const struct srtp_place *at)
{
	size_t end = at->len - srtp_trailer(keys->suite, mki);
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct aead aead;
	bool right;

	if (keys->suite->aead) {
		start(&aead, keys, at);
		aead_clear(&aead, at->data, at->clear);
		right = decrypt(&aead, at->data + at->clear, end - at->clear);
		aead_end(&aead);
		return right;
	}
	rtp_hmac(keys, at, end, digest);
	if (!memeql_sec(digest, at->data + end + mki->len, keys->suite->tag))
		return false;
	counter_crypt(keys, at, end);
	return true;
}

/* RFC 7714, 9.2 and 9.3: what is not encrypted is authenticated before the word. */
static bool aead_open_rtcp(const struct srtp_keys *keys, const struct srtp_place *at, size_t end,
			   uint32_t word)
{
	bool encrypted = word & SRTCP_ENCRYPTED, right;
	uint8_t clear[SRTCP_CLEAR + SRTCP_WORD];
	uint8_t *body = at->data + at->clear;
	struct aead aead;

	start(&aead, keys, at);
	if (encrypted) {
		memcpy(clear, at->data, SRTCP_CLEAR);
		put_u32(clear + SRTCP_CLEAR, word);
		aead_clear(&aead, clear, sizeof(clear));
		right = decrypt(&aead, body, end - at->clear);
	} else {
		/* In pieces of whole blocks but for the last, which the word belongs to. */
		size_t whole = end & ~(size_t)(GCM_BLOCK_SIZE - 1);
		uint8_t last[GCM_BLOCK_SIZE + SRTCP_WORD];

		aead_clear(&aead, at->data, whole);
		memcpy(last, at->data + whole, end - whole);
		put_u32(last + (end - whole), word);
		aead_clear(&aead, last, end - whole + SRTCP_WORD);
		right = finish(&aead, body, 0, at->data + end);
	}
	aead_end(&aead);
	return right;
}

bool srtcp_open(const struct srtp_keys *keys, const struct srtp_mki *mki,
		const struct srtp_place *at)
{
	size_t end = at->len - srtcp_trailer(keys->suite, mki);
	uint32_t word = srtcp_word(keys->suite, mki, at->data, at->len);
	uint8_t digest[SHA1_DIGEST_SIZE];

	if (keys->suite->aead)
		return aead_open_rtcp(keys, at, end, word);
	hmac(keys, at->data, end + SRTCP_WORD, NULL, digest);
	if (!memeql_sec(digest, at->data + at->len - keys->suite->rtcp_tag, keys->suite->rtcp_tag))
		return false;
	if (word & SRTCP_ENCRYPTED)
		counter_crypt(keys, at, end);
	return true;
}

uint32_t srtcp_word(const struct srtp_suite *suite, const struct srtp_mki *mki, const uint8_t *data,
		    size_t len)
{
	size_t behind = (size_t)mki->len + (suite->aead ? 0 : suite->rtcp_tag);

	return rtp_wire_u32(data + len - behind - SRTCP_WORD);
}

bool srtp_mki_fits(const struct srtp_suite *suite, const struct srtp_mki *mki, bool rtcp,
		   const uint8_t *data, size_t len)
{
	size_t tag = rtcp ? suite->rtcp_tag : suite->tag;
	size_t behind = mki->len + (suite->aead ? 0 : tag);

	return !mki->len || !memcmp(data + len - behind, mki->bytes, mki->len);
}
