/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_csum_wire.c - incremental checksum updates, compared with full computations
 */
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include "csum_wire.h"
#include "tests/unit/test.h"

#define PACKETS 20000
#define PAYLOAD 64

/* A UDP packet with its addresses; an IPv4 address is in the first four bytes. */
struct datagram {
	bool ipv6;
	uint8_t src[16], dst[16];
	struct udphdr udp;
	uint8_t payload[PAYLOAD];
	size_t len;
};

static uint32_t seed = 1;

static uint8_t random_byte(void)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint8_t)(seed >> 24);
}

static void random_bytes(void *to, size_t len)
{
	uint8_t *p = to;
	/* Sums of 0 and 0xffff are the error-prone cases: many words have one of these values. */
	uint8_t fill = random_byte();

	for (size_t i = 0; i < len; i++) {
		uint8_t byte = random_byte();

		p[i] = fill < 64 ? 0x00 : fill < 128 ? 0xff : byte;
	}
}

/* The plain algorithm of RFC 1071, in network byte order, byte by byte. */
static uint32_t sum_bytes(const void *bytes, size_t len, uint32_t sum)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static uint16_t fold_plainly(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static size_t addr_len(const struct datagram *d)
{
	return d->ipv6 ? 16 : 4;
}

static uint16_t pseudo_sum(const struct datagram *d)
{
	uint32_t sum = sum_bytes(d->src, addr_len(d), 0);

	sum = sum_bytes(d->dst, addr_len(d), sum);
	return fold_plainly(sum + IPPROTO_UDP + (uint32_t)d->len);
}

/* In network byte order, like the field. */
static uint16_t made_anew(const struct datagram *d)
{
	struct datagram blank = *d;
	uint16_t check;

	blank.udp.uh_sum = 0;
	check = (uint16_t)~fold_plainly(
		sum_bytes(blank.payload, d->len - sizeof(blank.udp),
			  sum_bytes(&blank.udp, sizeof(blank.udp), pseudo_sum(d))));
	return htons(check ? check : 0xffff);
}

static void random_ends(struct datagram *d, bool ipv6)
{
	d->ipv6 = ipv6;
	random_bytes(d->src, sizeof(d->src));
	random_bytes(d->dst, sizeof(d->dst));
	random_bytes(&d->udp.uh_sport, 2);
	random_bytes(&d->udp.uh_dport, 2);
}

static struct datagram random_datagram(bool ipv6)
{
	struct datagram d = { .len = sizeof(d.udp) + random_byte() % (PAYLOAD + 1) };

	random_ends(&d, ipv6);
	random_bytes(d.payload, sizeof(d.payload));
	d.udp.uh_ulen = htons((uint16_t)d.len);
	return d;
}

static uint32_t sum_addrs(const struct datagram *d)
{
	uint32_t src, dst;

	if (d->ipv6)
		return (uint32_t)csum_wire_sum(d->src, 16) + csum_wire_sum(d->dst, 16);
	memcpy(&src, d->src, 4);
	memcpy(&dst, d->dst, 4);
	return (uint32_t)csum_wire_sum_ipv4(src) + csum_wire_sum_ipv4(dst);
}

static uint32_t sum_ends(const struct datagram *d)
{
	return sum_addrs(d) + d->udp.uh_sport + d->udp.uh_dport;
}

static const struct {
	bool from_ipv6, to_ipv6;
} families[] = { { false, false }, { true, true }, { false, true }, { true, false } };

static void test_updated_udp_checksum_equals_a_full_one(void)
{
	for (int i = 0; i < PACKETS; i++) {
		struct datagram from = random_datagram(families[i % 4].from_ipv6), to = from;
		uint16_t gain;

		random_ends(&to, families[i % 4].to_ipv6);
		from.udp.uh_sum = made_anew(&from);
		gain = csum_wire_gain(sum_ends(&from), sum_ends(&to));
		CU_ASSERT_EQUAL_FATAL(csum_wire_change_udp(from.udp.uh_sum, gain), made_anew(&to));
	}
}

static void test_damage_stays_visible(void)
{
	for (int i = 0; i < PACKETS; i++) {
		struct datagram from = random_datagram(families[i % 4].from_ipv6), to = from;
		uint16_t gain;

		random_ends(&to, families[i % 4].to_ipv6);
		/* One bit is wrong: a single flipped bit always changes the sum. */
		from.udp.uh_sum = made_anew(&from) ^ htons((uint16_t)(1 << i % 16));
		if (!from.udp.uh_sum || from.udp.uh_sum == 0xffff)
			continue;
		gain = csum_wire_gain(sum_ends(&from), sum_ends(&to));
		CU_ASSERT_NOT_EQUAL_FATAL(csum_wire_change_udp(from.udp.uh_sum, gain),
					  made_anew(&to));
	}
}

static void test_sum_left_to_the_device_becomes_correct(void)
{
	for (int i = 0; i < PACKETS; i++) {
		struct datagram from = random_datagram(families[i % 4].from_ipv6), to = from;
		uint16_t gain, sum;

		random_ends(&to, families[i % 4].to_ipv6);
		gain = csum_wire_gain(sum_addrs(&from), sum_addrs(&to));
		sum = csum_wire_change_partial(htons(pseudo_sum(&from)), gain);
		CU_ASSERT_EQUAL_FATAL(sum, htons(pseudo_sum(&to)));
	}
}

/* A result of zero would mean that there is no checksum. */
static void test_udp_is_never_zero(void)
{
	for (uint32_t check = 1; check <= 0xffff; check++) {
		uint16_t gain =
			(uint16_t)check; /* ~check + check: all ones, whose inverse is zero */

		CU_ASSERT_EQUAL_FATAL(csum_wire_change((uint16_t)check, gain), 0);
		CU_ASSERT_EQUAL_FATAL(csum_wire_change_udp((uint16_t)check, gain), 0xffff);
	}
}

static void test_no_gain_changes_nothing(void)
{
	for (uint32_t check = 1; check < 0xffff; check++) {
		CU_ASSERT_EQUAL_FATAL(csum_wire_change((uint16_t)check, 0), check);
		CU_ASSERT_EQUAL_FATAL(csum_wire_change((uint16_t)check, 0xffff), check);
		CU_ASSERT_EQUAL_FATAL(csum_wire_gain(check, check), 0xffff);
	}
}

/* Addresses, TTL and TOS of an IPv4 header, as the module writes them. */
static void test_updated_ipv4_header_checksum_equals_a_full_one(void)
{
	for (int i = 0; i < PACKETS; i++) {
		uint8_t header[20], changed[20];
		uint16_t check, word;

		random_bytes(header, sizeof(header));
		header[0] = 0x45;
		memset(header + 10, 0, 2);
		memcpy(changed, header, sizeof(changed));
		random_bytes(changed + 12, 8);
		changed[1] = random_byte();
		changed[8]--;
		check = htons((uint16_t)~fold_plainly(sum_bytes(header, sizeof(header), 0)));
		memcpy(header + 10, &check, 2);
		check = csum_wire_change(
			check,
			csum_wire_gain(csum_wire_sum(header, 10), csum_wire_sum(changed, 10)) +
				csum_wire_gain(csum_wire_sum(header + 12, 8),
					       csum_wire_sum(changed + 12, 8)));
		word = htons((uint16_t)~fold_plainly(sum_bytes(changed, sizeof(changed), 0)));
		CU_ASSERT_EQUAL_FATAL(check, word);
	}
}

TEST_SUITE(csum_wire,
	   { "updated UDP checksum equals a full one",
	     test_updated_udp_checksum_equals_a_full_one },
	   { "damage stays visible", test_damage_stays_visible },
	   { "a sum left to the device becomes correct",
	     test_sum_left_to_the_device_becomes_correct },
	   { "UDP is never zero", test_udp_is_never_zero },
	   { "no gain changes nothing", test_no_gain_changes_nothing },
	   { "updated IPv4 header checksum equals a full one",
	     test_updated_ipv4_header_checksum_equals_a_full_one });
