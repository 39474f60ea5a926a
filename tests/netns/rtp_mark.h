/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_mark.h - RTP and RTCP packets of the tests, marked with their sender and number
 *
 * Each sender has a number, used as its SSRC; the last bytes of each RTP payload repeat it with the
 * packet's count from 0. So a receiver detects packets of another call, of the attacker, packets
 * that were changed, and each missing packet, even if sequence numbers were changed.
 */
#ifndef RTPRELAY_TESTS_NETNS_RTP_MARK_H
#define RTPRELAY_TESTS_NETNS_RTP_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_HEADER    12
#define RTP_FRAME     160 /* bytes of payload: 20 ms of PCMU */
#define RTP_MARK      16
#define RTP_PACKET    (RTP_HEADER + RTP_FRAME)
#define RTCP_PACKET   64 /* at most */
#define MARK_ATTACKER 0x66666666u

struct rtp_mark {
	uint32_t who;
	uint32_t count;
	uint32_t sent_ms; /* CLOCK_MONOTONIC, the same for all programs of a machine */
};

/* Writes header and mark; the caller writes the RTP_FRAME - RTP_MARK bytes after the header. */
void rtp_mark_write(uint8_t packet[RTP_PACKET], uint8_t payload_type, struct rtp_mark mark);
/* False: not an RTP packet of these tests, or changed on its way. */
bool rtp_mark_read(const uint8_t *packet, size_t len, uint8_t *payload_type, struct rtp_mark *mark);

/* The same as packets of a fax, UDPTL: in place of RTP's header a number that begins at 0. */
void fax_mark_write(uint8_t packet[RTP_PACKET], struct rtp_mark mark);
bool fax_mark_read(const uint8_t *packet, size_t len, struct rtp_mark *mark);

/* Sender report (@sent packets) or, if 0, receiver report; with a CNAME. Return: its length */
size_t rtcp_mark_write(uint8_t packet[RTCP_PACKET], uint32_t who, uint32_t sent);
/* False: not an RTCP packet of these tests. */
bool rtcp_mark_read(const uint8_t *packet, size_t len, uint32_t *who);
/* RFC 5761, section 4: tells RTCP from RTP on one port. */
bool rtcp_is(const uint8_t *packet, size_t len);

#endif
