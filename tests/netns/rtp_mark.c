/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtp_mark.c - RTP and RTCP packets of the tests, marked with their sender and number
 */
#include <string.h>
#include <arpa/inet.h>
#include "rtp_mark.h"

#define SEQ_START   1000
#define FAX_PART    0x0106
#define RTCP_SR	    200
#define RTCP_RR	    201
#define RTCP_SDES   202
#define CNAME_BYTES 8

static const uint8_t magic[4] = { 'M', 'a', 'r', 'k' };

static void put32(uint8_t *at, uint32_t value)
{
	value = htonl(value);
	memcpy(at, &value, sizeof(value));
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return ntohl(value);
}

static void put16(uint8_t *at, uint16_t value)
{
	value = htons(value);
	memcpy(at, &value, sizeof(value));
}

void rtp_mark_write(uint8_t packet[RTP_PACKET], uint8_t payload_type, struct rtp_mark mark)
{
	uint8_t *end = packet + RTP_PACKET - RTP_MARK;

	packet[0] = 0x80;
	packet[1] = payload_type;
	put16(packet + 2, (uint16_t)(SEQ_START + mark.count));
	put32(packet + 4, mark.count * RTP_FRAME);
	put32(packet + 8, mark.who);
	memcpy(end, magic, sizeof(magic));
	put32(end + 4, mark.who);
	put32(end + 8, mark.count);
	put32(end + 12, mark.sent_ms);
}

static bool mark_read(const uint8_t *packet, size_t len, struct rtp_mark *mark)
{
	const uint8_t *end = packet + RTP_PACKET - RTP_MARK;

	if (len != RTP_PACKET || memcmp(end, magic, sizeof(magic)) != 0)
		return false;
	mark->who = get32(end + 4);
	mark->count = get32(end + 8);
	mark->sent_ms = get32(end + 12);
	return get32(packet + 8) == mark->who && get32(packet + 4) == mark->count * RTP_FRAME;
}

bool rtp_mark_read(const uint8_t *packet, size_t len, uint8_t *payload_type, struct rtp_mark *mark)
{
	if (!mark_read(packet, len, mark) || packet[0] != 0x80)
		return false;
	*payload_type = packet[1] & 0x7f;
	return true;
}

void fax_mark_write(uint8_t packet[RTP_PACKET], struct rtp_mark mark)
{
	rtp_mark_write(packet, 0, mark);
	put16(packet, (uint16_t)mark.count);
	put16(packet + 2, FAX_PART);
}

bool fax_mark_read(const uint8_t *packet, size_t len, struct rtp_mark *mark)
{
	return mark_read(packet, len, mark) && packet[0] == (uint8_t)(mark->count >> 8) &&
	       packet[1] == (uint8_t)mark->count && packet[2] == FAX_PART >> 8;
}

size_t rtcp_mark_write(uint8_t packet[RTCP_PACKET], uint32_t who, uint32_t sent)
{
	size_t len = sent ? 28 : 8;
	uint8_t *sdes = packet + len;

	memset(packet, 0, RTCP_PACKET);
	packet[0] = 0x80;
	packet[1] = sent ? RTCP_SR : RTCP_RR;
	put16(packet + 2, (uint16_t)(len / 4 - 1));
	put32(packet + 4, who);
	if (sent) {
		put32(packet + 16, sent * RTP_FRAME);
		put32(packet + 20, sent);
		put32(packet + 24, sent * RTP_FRAME);
	}
	/* One chunk: SSRC, CNAME of 8 bytes, end and padding. */
	sdes[0] = 0x81;
	sdes[1] = RTCP_SDES;
	put16(sdes + 2, 4);
	put32(sdes + 4, who);
	sdes[8] = 1;
	sdes[9] = CNAME_BYTES;
	memcpy(sdes + 10, "rtpphone", CNAME_BYTES);
	return len + 20;
}

bool rtcp_is(const uint8_t *packet, size_t len)
{
	return len >= 8 && packet[0] >> 6 == 2 && packet[1] >= 192 && packet[1] <= 223;
}

bool rtcp_mark_read(const uint8_t *packet, size_t len, uint32_t *who)
{
	if (!rtcp_is(packet, len) || (packet[1] != RTCP_SR && packet[1] != RTCP_RR))
		return false;
	*who = get32(packet + 4);
	return true;
}
