/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ghash.c - the hash of AES-GCM, with carry-less multiplication */
#include <string.h>
#include "srtp/ghash.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define FAST __attribute__((target("pclmul,ssse3")))

bool ghash_is_fast(void)
{
	return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("ssse3");
}

/*
 * GCM's first bit is the lowest coefficient, and stands highest in a byte: with the bytes turned
 * around a block is its polynomial from the highest bit down, and a product is one bit too low.
 */
static inline FAST __m128i turned(__m128i block)
{
	return _mm_shuffle_epi8(block,
				_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

static inline FAST __m128i load(const uint8_t *block)
{
	return turned(_mm_loadu_si128((const __m128i *)block));
}

/* 256 bits one to the left, over the borders of the 64-bit words. */
static inline FAST void shift_left(__m128i *low, __m128i *high)
{
	__m128i low_carry = _mm_srli_epi64(*low, 63), high_carry = _mm_srli_epi64(*high, 63);

	*high = _mm_or_si128(_mm_slli_epi64(*high, 1), _mm_slli_si128(high_carry, 8));
	*high = _mm_or_si128(*high, _mm_srli_si128(low_carry, 8));
	*low = _mm_or_si128(_mm_slli_epi64(*low, 1), _mm_slli_si128(low_carry, 8));
}

/*
 * Modulo x^128 + x^7 + x^2 + x + 1, with the coefficients turned around: the low half is multiplied
 * by x^-128, 64 bits at a time. In this order of bits the polynomial's lower part is 0xc2 << 56.
 */
static inline FAST __m128i reduce(__m128i low, __m128i high)
{
	const __m128i poly = _mm_set_epi64x(0, (long long)0xc200000000000000ULL);

	for (int i = 0; i < 2; i++) {
		__m128i product = _mm_clmulepi64_si128(low, poly, 0x00);

		/* The lower word vanishes, and the upper one comes in its place. */
		low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), product);
	}
	return _mm_xor_si128(low, high);
}

/* A sum of products that is not reduced yet. */
struct sum {
	__m128i low, middle, high;
};

static inline FAST void add_product(struct sum *sum, __m128i a, __m128i b)
{
	sum->low = _mm_xor_si128(sum->low, _mm_clmulepi64_si128(a, b, 0x00));
	sum->high = _mm_xor_si128(sum->high, _mm_clmulepi64_si128(a, b, 0x11));
	sum->middle = _mm_xor_si128(sum->middle, _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x01),
							       _mm_clmulepi64_si128(a, b, 0x10)));
}

static inline FAST __m128i reduced(const struct sum *sum)
{
	__m128i low = _mm_xor_si128(sum->low, _mm_slli_si128(sum->middle, 8));
	__m128i high = _mm_xor_si128(sum->high, _mm_srli_si128(sum->middle, 8));

	shift_left(&low, &high);
	return reduce(low, high);
}

static inline FAST __m128i multiply(__m128i a, __m128i b)
{
	struct sum sum = { _mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128() };

	add_product(&sum, a, b);
	return reduced(&sum);
}

static inline FAST __m128i power(const struct ghash_key *key, unsigned int exponent)
{
	return _mm_load_si128((const __m128i *)key->power[exponent - 1]);
}

FAST void ghash_set(struct ghash_key *key, const uint8_t zeros[GHASH_BLOCK])
{
	__m128i first = load(zeros), last = first;

	for (unsigned int i = 0; i < GHASH_AHEAD; i++) {
		_mm_store_si128((__m128i *)key->power[i], last);
		last = multiply(last, first);
	}
}

/* ((((s + a) h + b) h + c) h + d) h = (s + a) h^4 + b h^3 + c h^2 + d h */
static inline FAST __m128i add_ahead(__m128i state, const struct ghash_key *key,
				     const uint8_t *data)
{
	struct sum sum = { _mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128() };

	add_product(&sum, _mm_xor_si128(state, load(data)), power(key, GHASH_AHEAD));
	for (unsigned int i = 1; i < GHASH_AHEAD; i++)
		add_product(&sum, load(data + i * GHASH_BLOCK), power(key, GHASH_AHEAD - i));
	return reduced(&sum);
}

FAST void ghash_add(struct ghash *hash, const struct ghash_key *key, const uint8_t *data,
		    size_t len)
{
	__m128i state = _mm_load_si128((const __m128i *)hash->state), h = power(key, 1);
	const size_t ahead = GHASH_AHEAD * GHASH_BLOCK;
	uint8_t last[GHASH_BLOCK] = { 0 };

	for (; len >= ahead; data += ahead, len -= ahead)
		state = add_ahead(state, key, data);
	for (; len >= GHASH_BLOCK; data += GHASH_BLOCK, len -= GHASH_BLOCK)
		state = multiply(_mm_xor_si128(state, load(data)), h);
	if (len) {
		memcpy(last, data, len);
		state = multiply(_mm_xor_si128(state, load(last)), h);
	}
	_mm_store_si128((__m128i *)hash->state, state);
}

static FAST void turn(struct ghash *hash)
{
	__m128i *state = (__m128i *)hash->state;

	_mm_store_si128(state, turned(_mm_load_si128(state)));
}

#else

bool ghash_is_fast(void)
{
	return false;
}

void ghash_set(struct ghash_key *key, const uint8_t zeros[GHASH_BLOCK])
{
	(void)key;
	(void)zeros;
}

void ghash_add(struct ghash *hash, const struct ghash_key *key, const uint8_t *data, size_t len)
{
	(void)hash;
	(void)key;
	(void)data;
	(void)len;
}

static void turn(struct ghash *hash)
{
	(void)hash;
}

#endif

static void put_bits(uint8_t *at, size_t bytes)
{
	uint64_t bits = __builtin_bswap64((uint64_t)bytes * 8);

	memcpy(at, &bits, sizeof(bits));
}

void ghash_end(struct ghash *hash, const struct ghash_key *key, size_t clear, size_t encrypted)
{
	uint8_t lengths[GHASH_BLOCK];

	put_bits(lengths, clear);
	put_bits(lengths + 8, encrypted);
	ghash_add(hash, key, lengths, sizeof(lengths));
	turn(hash);
}
