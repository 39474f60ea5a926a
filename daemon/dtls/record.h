/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - looks at a datagram of DTLS 1.2 before OpenSSL does (RFC 6347, 4.1)
 *
 * Pure. A plain alert, or a record that does not parse, would end OpenSSL's handshake for good:
 * whoever can forge the source of a datagram could do that.
 */
#ifndef RTPRELAY_DTLS_RECORD_H
#define RTPRELAY_DTLS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Larger datagrams are not DTLS of a phone: a handshake has an MTU. */
#define DTLS_DATAGRAM_MAX 1600
#define DTLS_RANDOM	  32

enum dtls_record_fault {
	DTLS_RECORD_OK,
	DTLS_RECORD_MALFORMED, /* or another version */
	DTLS_RECORD_ALERT,     /* without encryption: anybody could have sent it */
	DTLS_RECORD_DATA,      /* of an application, or a kind that is not known */
};

/**
 * struct dtls_datagram - what a datagram has
 * @hello: its first record is plain and has a ClientHello, or a part of one
 * @begins: the hello begins here, @random is the client's
 * @flight: a client's second flight, or its end: messages behind the hello, or encrypted ones
 * @of_client, @of_server: plain messages that only this one sends
 */
struct dtls_datagram {
	bool hello, begins, flight, of_client, of_server;
	uint8_t random[DTLS_RANDOM];
};

/* Any bytes may be asked about. */
enum dtls_record_fault dtls_record_read(const uint8_t *data, size_t len,
					struct dtls_datagram *datagram);

#endif
