/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ghash.h - the hash of AES-GCM (NIST SP 800-38D, 6.4), with carry-less multiplication
 *
 * For processors that multiply so (PCLMULQDQ): a key is then one block instead of nettle's table of
 * 4 KiB, and a packet costs less. Others use nettle's GCM.
 */
#ifndef RTPRELAY_SRTP_GHASH_H
#define RTPRELAY_SRTP_GHASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GHASH_BLOCK 16
#define GHASH_AHEAD 4 /* blocks that are multiplied side by side */

/* Powers of the block of zeros, encrypted, from the first on. */
struct ghash_key {
	_Alignas(GHASH_BLOCK) uint8_t power[GHASH_AHEAD][GHASH_BLOCK];
};

/* All zeros at first. */
struct ghash {
	_Alignas(GHASH_BLOCK) uint8_t state[GHASH_BLOCK];
};

/* Can this processor do it? If not, the other functions must not be called. */
bool ghash_is_fast(void);
/* @zeros: the block of zeros, encrypted */
void ghash_set(struct ghash_key *key, const uint8_t zeros[GHASH_BLOCK]);
/* Adds @len bytes, filled up with zeros to whole blocks. */
void ghash_add(struct ghash *hash, const struct ghash_key *key, const uint8_t *data, size_t len);
/* Adds the lengths, in bytes, of what is authenticated only, and of what is encrypted. */
void ghash_end(struct ghash *hash, const struct ghash_key *key, size_t clear, size_t encrypted);

#endif
