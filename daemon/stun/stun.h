/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stun.h - reads the STUN messages of ICE (RFC 8489, RFC 8445): kind, transaction, USERNAME
 *
 * Pure: bytes are handed in. What only the two agents can check, as MESSAGE-INTEGRITY, is not.
 */
#ifndef RTPRELAY_STUN_H
#define RTPRELAY_STUN_H

#include "base/str.h"
#include "stun/wire.h"

/* Slices into the message. */
struct stun {
	enum stun_class class;
	const uint8_t *transaction; /* STUN_TRANSACTION bytes */
	struct str username;	    /* STR_NONE: it has none */
};

/**
 * stun_read() - reads a message of the method Binding, which has to be the whole datagram
 * Return: false: it is none, or malformed
 */
bool stun_read(const uint8_t *data, size_t len, struct stun *stun);

/*
 * A username fragment as a number, always the same, also in another process; 0: none. Texts of
 * phones have no fixed length, and are not needed: they are only compared.
 */
uint64_t stun_ufrag_id(struct str ufrag);
/**
 * stun_username_ids() - the USERNAME of a request, RECEIVER:SENDER (RFC 8445, 7.2.2)
 * Return: false: it has not this form
 */
bool stun_username_ids(struct str username, uint64_t *receiver, uint64_t *sender);

#endif
