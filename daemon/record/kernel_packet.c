/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_packet.c - the UDP datagram in an IP packet, as read from rtprelay0
 *
 * The module takes no packet with IPv6 extension headers, and no fragment, so none is expected.
 */
#include "record/kernel_packet.h"

#define IPV4_MIN   20
#define IPV6_LEN   40
#define UDP_LEN	   8
#define IPV4_PARTS 0x3fff /* of the field: more fragments, offset */

static uint16_t get_16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void set_ipv4(struct endpoint *ep, const uint8_t *addr, const uint8_t *port)
{
	memset(ep, 0, sizeof(*ep));
	ep->in4.sin_family = AF_INET;
	memcpy(&ep->in4.sin_addr, addr, sizeof(ep->in4.sin_addr));
	memcpy(&ep->in4.sin_port, port, sizeof(ep->in4.sin_port));
}

static void set_ipv6(struct endpoint *ep, const uint8_t *addr, const uint8_t *port)
{
	memset(ep, 0, sizeof(*ep));
	ep->in6.sin6_family = AF_INET6;
	memcpy(&ep->in6.sin6_addr, addr, sizeof(ep->in6.sin6_addr));
	memcpy(&ep->in6.sin6_port, port, sizeof(ep->in6.sin6_port));
}

/*
 * @head: bytes before UDP; @whole: of the packet by its IP header, which may be more than @len that
 * were captured
 */
static bool read_udp(const uint8_t *bytes, size_t len, size_t head, size_t whole,
		     struct kernel_packet *packet)
{
	size_t udp, there;

	if (len < head + UDP_LEN || whole < head + UDP_LEN)
		return false;
	udp = get_16(bytes + head + 4);
	if (udp < UDP_LEN || udp > whole - head)
		return false;
	there = len - head < udp ? len - head : udp;
	packet->data = bytes + head + UDP_LEN;
	packet->len = there - UDP_LEN;
	packet->cut = udp - there;
	return true;
}

static bool read_ipv4(const uint8_t *bytes, size_t len, struct kernel_packet *packet)
{
	size_t head;

	if (len < IPV4_MIN)
		return false;
	head = (size_t)(bytes[0] & 15) * 4;
	if (head < IPV4_MIN || get_16(bytes + 6) & IPV4_PARTS || bytes[9] != IPPROTO_UDP)
		return false;
	if (!read_udp(bytes, len, head, get_16(bytes + 2), packet))
		return false;
	set_ipv4(&packet->from, bytes + 12, bytes + head);
	set_ipv4(&packet->to, bytes + 16, bytes + head + 2);
	return true;
}

static bool read_ipv6(const uint8_t *bytes, size_t len, struct kernel_packet *packet)
{
	if (len < IPV6_LEN || bytes[6] != IPPROTO_UDP)
		return false;
	if (!read_udp(bytes, len, IPV6_LEN, (size_t)IPV6_LEN + get_16(bytes + 4), packet))
		return false;
	set_ipv6(&packet->from, bytes + 8, bytes + IPV6_LEN);
	set_ipv6(&packet->to, bytes + 24, bytes + IPV6_LEN + 2);
	return true;
}

bool kernel_packet_read(const uint8_t *bytes, size_t len, struct kernel_packet *packet)
{
	if (!len)
		return false;
	switch (bytes[0] >> 4) {
	case 4:
		return read_ipv4(bytes, len, packet);
	case 6:
		return read_ipv6(bytes, len, packet);
	default:
		return false;
	}
}
