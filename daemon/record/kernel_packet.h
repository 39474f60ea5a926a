/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_packet.h - the UDP datagram in an IP packet, as read from rtprelay0
 *
 * Pure. The kernel module has checked these packets, but whoever may send on the device, or give
 * another device its name, chooses the bytes: they are hostile.
 */
#ifndef RTPRELAY_RECORD_KERNEL_PACKET_H
#define RTPRELAY_RECORD_KERNEL_PACKET_H

#include "base/endpoint.h"

/**
 * struct kernel_packet - one datagram (RFC 768)
 * @from, @to: as on the wire; no scope
 * @data: its payload, @len bytes, inside of the bytes that were read
 * @cut: bytes of the payload that are missing, because the capture has only its beginning
 */
struct kernel_packet {
	struct endpoint from, to;
	const uint8_t *data;
	size_t len, cut;
};

/**
 * kernel_packet_read() - finds the datagram of an IPv4 or IPv6 packet without a link-layer header
 * @bytes: @len of them, from the IP header on
 * Return: false: it is not IP (RFC 791, RFC 8200), not UDP, a fragment, has extension headers, or
 *	its lengths contradict each other
 */
bool kernel_packet_read(const uint8_t *bytes, size_t len, struct kernel_packet *packet);

#endif
