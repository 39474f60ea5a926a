/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtcp_wire.h - compound RTCP packets: sender and receiver reports (RFC 3550, section 6.4)
 *
 * Pure inline functions over bytes; they never read beyond the given length. A packet is used
 * completely or not at all: if its parts do not fill it exactly, it is damaged or encrypted
 * (RFC 3711).
 */
#ifndef RTCP_WIRE_H
#define RTCP_WIRE_H

#include "rtp_wire.h"

/* One packet of a compound. */
struct rtcp_part {
	const uint8_t *bytes;
	size_t len;
	uint8_t type;
	uint8_t count; /* of report blocks, if the type is SR or RR */
};

/**
 * struct rtcp_report - report of one receiver about one sender
 * @ssrc: the sender
 * @lost: packets since the beginning; negative when more were received than expected
 * @fraction: lost since the last report, of 256
 * @jitter: in units of the RTP clock
 * @lsr: rtcp_sr_time() of the last sender report that was received; 0: none
 * @dlsr: delay since then, in units of 1/65536 seconds
 */
struct rtcp_report {
	uint32_t ssrc, highest, jitter, lsr, dlsr;
	int32_t lost;
	uint8_t fraction;
};

/**
 * rtcp_next() - the part of a compound that begins at @at
 * @at: start with 0; advanced to the end of the part
 * Return: false: there is no part, or it is not complete
 */
static inline bool rtcp_next(const uint8_t *p, size_t len, size_t *at, struct rtcp_part *part)
{
	size_t left = len - *at;

	if (*at > len || left < 4 || p[*at] >> 6 != 2 || !rtp_wire_is_rtcp_type(p[*at + 1]))
		return false;
	part->bytes = p + *at;
	part->len = 4 * ((size_t)rtp_wire_u16(part->bytes + 2) + 1);
	part->type = part->bytes[1];
	part->count = part->bytes[0] & 0x1f;
	if (part->len > left)
		return false;
	*at += part->len;
	return true;
}

/* The middle 32 bits of a sender report's NTP time, as in LSR. False: not a sender report. */
static inline bool rtcp_sr_time(const struct rtcp_part *part, uint32_t *time)
{
	if (part->type != RTCP_SR || part->len < 28)
		return false;
	*time = rtp_wire_u32(part->bytes + 10);
	return true;
}

static inline int32_t rtcp_signed24(uint32_t value)
{
	value &= 0xffffff;
	return value & 0x800000 ? (int32_t)value - 0x1000000 : (int32_t)value;
}

/* Reads report block @n, counted from 0. False: there is none. */
static inline bool rtcp_report_at(const struct rtcp_part *part, unsigned int n,
				  struct rtcp_report *report)
{
	size_t head = part->type == RTCP_SR ? 28 : 8;
	const uint8_t *p = part->bytes + head + (size_t)n * RTCP_REPORT_LEN;

	if ((part->type != RTCP_SR && part->type != RTCP_RR) || n >= part->count ||
	    head + ((size_t)n + 1) * RTCP_REPORT_LEN > part->len)
		return false;
	report->ssrc = rtp_wire_u32(p);
	report->fraction = p[4];
	report->lost = rtcp_signed24(rtp_wire_u32(p + 4));
	report->highest = rtp_wire_u32(p + 8);
	report->jitter = rtp_wire_u32(p + 12);
	report->lsr = rtp_wire_u32(p + 16);
	report->dlsr = rtp_wire_u32(p + 20);
	return true;
}

#endif
