/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_mark.h - RTP and RTCP packets of the tests, each saying whose it is and which
 *
 * A sender is known by a number, which is its SSRC; the last bytes of each RTP payload repeat it with the
 * packet's count from 0. So a receiver knows a packet of another call, of the attacker, or one that
 * was changed on its way, and every packet that is missing, whatever became of sequence numbers.
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
	uint32_t sent_ms; /* by the sender's monotonic clock, which is everybody's on one machine */
};

/* Header and mark; the RTP_FRAME - RTP_MARK bytes after the header are the caller's. */
void rtp_mark_write(uint8_t packet[RTP_PACKET], uint8_t payload_type, struct rtp_mark mark);
/* False: not an RTP packet of these tests, or not as it was sent. */
bool rtp_mark_read(const uint8_t *packet, size_t len, uint8_t *payload_type, struct rtp_mark *mark);

/* Sender report (@sent packets) or, when nothing was sent, receiver report; with a CNAME. Return: its length. */
size_t rtcp_mark_write(uint8_t packet[RTCP_PACKET], uint32_t who, uint32_t sent);
/* False: not an RTCP packet of these tests. */
bool rtcp_mark_read(const uint8_t *packet, size_t len, uint32_t *who);
/* RFC 5761, section 4: the two on one port. */
bool rtcp_is(const uint8_t *packet, size_t len);

#endif
