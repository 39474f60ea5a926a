/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.h - a datagram's payload with made-up headers in front, as it goes into a pcap file
 *
 * IPv4 or IPv6 by the source's family, and UDP, with the true addresses, ports and lengths; before
 * them an Ethernet header, if asked for, whose addresses are "02:00" and the last four bytes of the
 * IP address. The checksum of IPv4 is right, that of UDP 0 ("none") over IPv4 and right over IPv6,
 * where it may not be missing (RFC 8200, section 8.1).
 */
#ifndef RTPRELAY_RECORD_FRAME_H
#define RTPRELAY_RECORD_FRAME_H

#include "record/facts.h"
#include "record/settings.h"

/* The longest payload of UDP over IPv4. */
#define RECORD_PAYLOAD_MAX 65507
/* Ethernet, IPv6 and UDP. */
#define RECORD_HEADERS_MAX (14 + 40 + 8)
#define RECORD_FRAME_MAX   (RECORD_HEADERS_MAX + RECORD_PAYLOAD_MAX)
/* IPv4 and UDP without a payload: no frame is shorter. */
#define RECORD_FRAME_MIN (20 + 8)

/* @out: RECORD_FRAME_MAX bytes. Return: bytes of the frame */
size_t record_frame(uint8_t *out, enum record_linktype linktype,
		    const struct record_packet *packet);

#endif
