/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * siphash.h - SipHash-1-3 (Aumasson and Bernstein): collisions cannot be prepared without the key
 *
 * Phones choose the call-ids; without a key, an attacker could put all calls into one bucket.
 */
#ifndef RTPRELAY_SIPHASH_H
#define RTPRELAY_SIPHASH_H

#include <endian.h>
#include "base/str.h"

struct siphash_key {
	uint64_t k[2]; /* from getrandom() */
};

static inline uint64_t siphash_rotl(uint64_t x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void siphash_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = siphash_rotl(v[1], 13) ^ v[0];
	v[0] = siphash_rotl(v[0], 32);
	v[2] += v[3];
	v[3] = siphash_rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = siphash_rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = siphash_rotl(v[1], 17) ^ v[2];
	v[2] = siphash_rotl(v[2], 32);
}

static inline uint64_t siphash(const struct siphash_key *key, struct str text)
{
	uint64_t v[4] = { key->k[0] ^ 0x736f6d6570736575, key->k[1] ^ 0x646f72616e646f6d,
			  key->k[0] ^ 0x6c7967656e657261, key->k[1] ^ 0x7465646279746573 };
	uint64_t word;
	size_t at = 0;

	for (; at + sizeof(word) <= text.len; at += sizeof(word)) {
		memcpy(&word, text.s + at, sizeof(word));
		v[3] ^= le64toh(word);
		siphash_round(v);
		v[0] ^= le64toh(word);
	}
	word = (uint64_t)text.len << 56;
	for (size_t i = 0; at + i < text.len; i++)
		word |= (uint64_t)(unsigned char)text.s[at + i] << (8 * i);
	v[3] ^= word;
	siphash_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	siphash_round(v);
	siphash_round(v);
	siphash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif
