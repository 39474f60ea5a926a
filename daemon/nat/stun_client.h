/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun_client.h - asks a STUN server for the address that it sees (RFC 8489): request and reply
 *
 * Pure: bytes are handed in.
 */
#ifndef RTPRELAY_NAT_STUN_CLIENT_H
#define RTPRELAY_NAT_STUN_CLIENT_H

#include "base/endpoint.h"
#include "stun/wire.h"

/* Longer replies are none of a Binding without credentials. */
#define STUN_REPLY_MAX 1024

/* @transaction: unpredictable, so that nobody else can answer */
void stun_client_request(uint8_t request[STUN_HEADER], const uint8_t transaction[STUN_TRANSACTION]);
/* Asks for a reply from another place of the server (RFC 5780, section 7.2). */
#define STUN_CHANGE_LEN 28
enum stun_change { STUN_CHANGE_PORT = 2, STUN_CHANGE_BOTH = 6 };

void stun_client_change(uint8_t request[STUN_CHANGE_LEN],
			const uint8_t transaction[STUN_TRANSACTION], enum stun_change change);
/**
 * stun_client_other() - reads where else the server is (OTHER-ADDRESS), from a reply as below
 * Return: 0, and *other; -ENOENT: it does not say, or not of this family; else as below
 */
int stun_client_other(const uint8_t *data, size_t len, const uint8_t request[STUN_HEADER],
		      int family, struct endpoint *other);
/**
 * stun_client_read() - reads what came back
 * @request: that was sent
 * @family: of the socket: of the address that is looked for
 * Return: 0, and *seen; -EAGAIN: it is not the reply to @request; -EPROTO: it is, without an
 * address of this family; -EACCES: it is, and an error
 */
int stun_client_read(const uint8_t *data, size_t len, const uint8_t request[STUN_HEADER],
		     int family, struct endpoint *seen);

#endif
