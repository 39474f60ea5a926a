/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * csum_wire.h - the Internet checksum, and its incremental update (RFC 1071, RFC 1624)
 *
 * Pure inline functions. Sums are of 16-bit words in memory order, with end-around carry, which
 * gives the same bytes on every machine; pseudo-header words that are the same in IPv4 and IPv6 are
 * not needed. A checksum is updated by the difference of the words, never computed again, so that
 * the receiver still detects an error that occurred on the way to the relay.
 */
#ifndef CSUM_WIRE_H
#define CSUM_WIRE_H

#ifdef __KERNEL__
#include <linux/string.h>
#include <linux/types.h>
#else
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#endif

/* Adds the carries (end-around). @sum: of less than 65536 words */
static inline uint16_t csum_wire_fold(uint32_t sum)
{
	/* Adds both halves to each other; the carry of the lower sum goes into the upper. */
	return (uint16_t)((sum + (sum >> 16 | sum << 16)) >> 16);
}

/* @len: even, less than 128 KB */
static inline uint16_t csum_wire_sum(const void *bytes, size_t len)
{
	uint32_t sum = 0;
	uint16_t word;
	size_t at;

	for (at = 0; at < len; at += sizeof(word)) {
		memcpy(&word, (const uint8_t *)bytes + at, sizeof(word));
		sum += word;
	}
	return csum_wire_fold(sum);
}

/* The sum of an IPv4 address. @addr: in memory order */
static inline uint16_t csum_wire_sum_ipv4(uint32_t addr)
{
	return csum_wire_fold((addr & 0xffff) + (addr >> 16));
}

/* The difference of a sum whose words with the sum @from are replaced by words with the sum @to. */
static inline uint16_t csum_wire_gain(uint32_t from, uint32_t to)
{
	return csum_wire_fold((uint32_t)csum_wire_fold(to) + (0xffff ^ csum_wire_fold(from)));
}

/* RFC 1624, equation 3: the checksum @check of an IPv4 header, whose sum changed by @gain. */
static inline uint16_t csum_wire_change(uint16_t check, uint32_t gain)
{
	return 0xffff ^ csum_wire_fold((uint32_t)(0xffff ^ check) + gain);
}

/* The same for UDP. @check: not zero, which means that there is no checksum. Never returns zero. */
static inline uint16_t csum_wire_change_udp(uint16_t check, uint32_t gain)
{
	uint16_t changed = csum_wire_change(check, gain);

	return changed ? changed : 0xffff;
}

/* The same for a pseudo-header's sum, not inverted: a device adds the rest. */
static inline uint16_t csum_wire_change_partial(uint16_t sum, uint32_t gain)
{
	return csum_wire_fold((uint32_t)sum + gain);
}

#endif
