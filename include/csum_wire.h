/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * csum_wire.h - the Internet checksum, and how it changes when the header does (RFC 1071, RFC 1624)
 *
 * Pure inline functions. Sums are of 16-bit words as they lie in memory, with the carries put back in, which
 * gives the same bytes on every machine; the words of the two families' pseudo-headers that do not differ
 * need not be looked at. A checksum is changed by what the words gain, never made anew, so that damage done
 * to a packet on its way stays visible to the receiver.
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

/* Puts the carries back in. @sum: of less than 65536 words */
static inline uint16_t csum_wire_fold(uint32_t sum)
{
	/* Both halves are added to each other, and the carry of the lower sum goes into the upper. */
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

/* Of an IPv4 address, as it lies in memory. */
static inline uint16_t csum_wire_sum_ipv4(uint32_t addr)
{
	return csum_wire_fold((addr & 0xffff) + (addr >> 16));
}

/* What a sum gains when words that add up to @from are replaced by others, that add up to @to. */
static inline uint16_t csum_wire_gain(uint32_t from, uint32_t to)
{
	return csum_wire_fold((uint32_t)csum_wire_fold(to) + (0xffff ^ csum_wire_fold(from)));
}

/* RFC 1624, equation 3: a checksum whose words gained @gain. Of an IPv4 header. */
static inline uint16_t csum_wire_change(uint16_t check, uint32_t gain)
{
	return 0xffff ^ csum_wire_fold((uint32_t)(0xffff ^ check) + gain);
}

/* That of UDP, which is not zero: zero says that there is none, and stays that. */
static inline uint16_t csum_wire_change_udp(uint16_t check, uint32_t gain)
{
	uint16_t changed = csum_wire_change(check, gain);

	return changed ? changed : 0xffff;
}

/* The field holds the pseudo-header's sum alone, not inverted; a device will add the rest. */
static inline uint16_t csum_wire_change_partial(uint16_t sum, uint32_t gain)
{
	return csum_wire_fold((uint32_t)sum + gain);
}

#endif
