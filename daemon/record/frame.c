/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame.c - a datagram's payload with made-up headers in front, as it goes into a pcap file */
#include <netinet/in.h>
#include "csum_wire.h"
#include "record/frame.h"

#define ETHERTYPE_V4 0x0800
#define ETHERTYPE_V6 0x86dd
#define HOPS	     64

static void put16(uint8_t *to, size_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

/* An address as bytes; 0 if it is of another family, which no datagram has. */
static const uint8_t *addr_bytes(const struct endpoint *ep, int family)
{
	static const uint8_t none[16];

	if (ep->sa.sa_family != family)
		return none;
	return family == AF_INET6 ? ep->in6.sin6_addr.s6_addr
				  : (const uint8_t *)&ep->in4.sin_addr.s_addr;
}

/* The sum of @len bytes; a last odd one counts as the upper half of a word (RFC 1071). */
static uint32_t sum_of(const uint8_t *bytes, size_t len)
{
	uint32_t sum = csum_wire_sum(bytes, len & ~(size_t)1);
	uint8_t last[2] = { 0, 0 };

	if (len & 1) {
		last[0] = bytes[len - 1];
		sum += csum_wire_sum(last, sizeof(last));
	}
	return sum;
}

static void put_check(uint8_t *to, uint16_t sum)
{
	uint16_t check = (uint16_t)~sum;

	memcpy(to, &check, sizeof(check));
}

static void put_mac(uint8_t *to, const uint8_t *last_of_addr)
{
	to[0] = 0x02; /* locally administered */
	to[1] = 0x00;
	memcpy(to + 2, last_of_addr, 4);
}

static size_t put_ethernet(uint8_t *out, const struct record_packet *packet, int family)
{
	size_t tail = family == AF_INET6 ? 12 : 0;

	put_mac(out, addr_bytes(&packet->to, family) + tail);
	put_mac(out + 6, addr_bytes(&packet->from, family) + tail);
	put16(out + 12, family == AF_INET6 ? ETHERTYPE_V6 : ETHERTYPE_V4);
	return 14;
}

static size_t put_ipv4(uint8_t *out, const struct record_packet *packet, size_t udp_len)
{
	memset(out, 0, 20);
	out[0] = 0x45;
	put16(out + 2, 20 + udp_len);
	out[6] = 0x40; /* don't fragment */
	out[8] = HOPS;
	out[9] = IPPROTO_UDP;
	memcpy(out + 12, addr_bytes(&packet->from, AF_INET), 4);
	memcpy(out + 16, addr_bytes(&packet->to, AF_INET), 4);
	put_check(out + 10, csum_wire_sum(out, 20));
	return 20;
}

static size_t put_ipv6(uint8_t *out, const struct record_packet *packet, size_t udp_len)
{
	memset(out, 0, 8);
	out[0] = 0x60;
	put16(out + 4, udp_len);
	out[6] = IPPROTO_UDP;
	out[7] = HOPS;
	memcpy(out + 8, addr_bytes(&packet->from, AF_INET6), 16);
	memcpy(out + 24, addr_bytes(&packet->to, AF_INET6), 16);
	return 40;
}

/* @udp: with its payload; @addrs: both addresses. RFC 8200, section 8.1 */
static void check_udp_v6(uint8_t *udp, size_t udp_len, const uint8_t *addrs)
{
	uint8_t pseudo[4] = { 0, IPPROTO_UDP, 0, 0 };
	uint32_t sum;
	uint16_t folded;

	put16(pseudo + 2, udp_len);
	sum = sum_of(udp, udp_len) + csum_wire_sum(addrs, 32) +
	      csum_wire_sum(pseudo, sizeof(pseudo));
	folded = csum_wire_fold(sum);
	/* 0 would say that there is none. */
	put_check(udp + 6, folded == 0xffff ? 0 : folded);
}

size_t record_frame(uint8_t *out, enum record_linktype linktype, const struct record_packet *packet)
{
	int family = packet->from.sa.sa_family == AF_INET6 ? AF_INET6 : AF_INET;
	size_t len = packet->len < RECORD_PAYLOAD_MAX ? packet->len : RECORD_PAYLOAD_MAX;
	size_t udp_len = 8 + len, at = 0, ip;
	uint8_t *udp;

	if (linktype == RECORD_ETHERNET)
		at = put_ethernet(out, packet, family);
	ip = at;
	at += family == AF_INET6 ? put_ipv6(out + at, packet, udp_len)
				 : put_ipv4(out + at, packet, udp_len);
	udp = out + at;
	put16(udp, endpoint_port(&packet->from));
	put16(udp + 2, endpoint_port(&packet->to));
	put16(udp + 4, udp_len);
	put16(udp + 6, 0);
	if (len)
		memcpy(udp + 8, packet->data, len);
	if (family == AF_INET6)
		check_udp_v6(udp, udp_len, out + ip + 8);
	return at + udp_len;
}
