/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.c - looks at a datagram of DTLS 1.2 before OpenSSL does (RFC 6347, 4.1)
 */
#include <string.h>
#include "dtls/record.h"

/* type, version (2), epoch (2), sequence number (6), length (2) */
#define HEADER 13
/* type, length (3), number (2), offset (3), length of the fragment (3) */
#define MESSAGE 12
/* In a ClientHello, behind the header: version (2), random */
#define HELLO_FIXED (2 + DTLS_RANDOM)

enum { CHANGE_CIPHER = 20, ALERT = 21, HANDSHAKE = 22 };
enum { CLIENT_HELLO = 1 };
/* Messages of one side only, as bits: ServerHello, HelloVerifyRequest, ServerKeyExchange, ... */
#define OF_SERVER (1U << 2 | 1U << 3 | 1U << 4 | 1U << 12 | 1U << 13 | 1U << 14 | 1U << 22)
#define OF_CLIENT (1U << CLIENT_HELLO | 1U << 15 | 1U << 16)
#define OF_BOTH	  (1U << 11 | 1U << 20)

struct record {
	uint8_t type;
	uint16_t epoch;
	const uint8_t *body;
	size_t len;
};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get24(const uint8_t *at)
{
	return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

/* The next record; its bytes are taken from @data. */
static bool next_record(const uint8_t **data, size_t *len, struct record *record)
{
	const uint8_t *at = *data;

	/* FE FF: DTLS 1.0, in the first hello; FE FD: DTLS 1.2 */
	if (*len < HEADER || at[1] != 0xfe || (at[2] != 0xff && at[2] != 0xfd))
		return false;
	record->type = at[0];
	record->epoch = get16(at + 3);
	record->len = get16(at + 11);
	record->body = at + HEADER;
	if (!record->len || record->len > *len - HEADER)
		return false;
	*data += HEADER + record->len;
	*len -= HEADER + record->len;
	return true;
}

static void read_begin(const uint8_t *body, size_t len, struct dtls_datagram *datagram)
{
	if (len < HELLO_FIXED)
		return;
	datagram->begins = true;
	memcpy(datagram->random, body + 2, DTLS_RANDOM);
}

/* A plain record of the handshake; several messages may be in it, the first one tells. */
static bool read_message(const struct record *record, struct dtls_datagram *datagram, bool first)
{
	const uint8_t *at = record->body;
	uint32_t offset, fragment;

	if (record->len < MESSAGE)
		return false;
	offset = get24(at + 6);
	fragment = get24(at + 9);
	if (fragment > record->len - MESSAGE || offset + fragment > get24(at + 1) || at[0] > 31 ||
	    !((OF_SERVER | OF_CLIENT | OF_BOTH) >> at[0] & 1))
		return false;
	datagram->of_server |= OF_SERVER >> at[0] & 1;
	datagram->of_client |= OF_CLIENT >> at[0] & 1;
	if (at[0] != CLIENT_HELLO) {
		datagram->flight = true;
		return true;
	}
	if (first)
		datagram->hello = true;
	if (first && !offset)
		read_begin(at + MESSAGE, fragment, datagram);
	return true;
}

static enum dtls_record_fault read_record(const struct record *record,
					  struct dtls_datagram *datagram, bool first)
{
	switch (record->type) {
	case HANDSHAKE:
		if (record->epoch) {
			datagram->flight = true;
			return DTLS_RECORD_OK;
		}
		return read_message(record, datagram, first) ? DTLS_RECORD_OK
							     : DTLS_RECORD_MALFORMED;
	case CHANGE_CIPHER:
		return record->len == 1 ? DTLS_RECORD_OK : DTLS_RECORD_MALFORMED;
	case ALERT:
		return record->epoch ? DTLS_RECORD_OK : DTLS_RECORD_ALERT;
	default:
		return DTLS_RECORD_DATA;
	}
}

enum dtls_record_fault dtls_record_read(const uint8_t *data, size_t len,
					struct dtls_datagram *datagram)
{
	enum dtls_record_fault fault = DTLS_RECORD_OK;
	struct record record;

	memset(datagram, 0, sizeof(*datagram));
	if (!len || len > DTLS_DATAGRAM_MAX)
		return DTLS_RECORD_MALFORMED;
	for (bool first = true; len; first = false) {
		if (!next_record(&data, &len, &record))
			return DTLS_RECORD_MALFORMED;
		fault = read_record(&record, datagram, first);
		if (fault)
			return fault;
	}
	return fault;
}
